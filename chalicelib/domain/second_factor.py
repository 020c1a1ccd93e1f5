"""The second factor of a log-in: codes that an app shows (TOTP, RFC 6238), and recovery codes where no app is at hand.

Each is good once. An app's code is guessed in ten tries once in thirty thousand times, so tries are counted. A recovery
code has 60 random bits, which nobody guesses; tries are counted, too, for each of them costs reads, and the owner is to
know.
"""

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

from chalicelib.domain.catalog import Company
from chalicelib.domain.instants import Instant
from chalicelib.domain.keys import ALPHABET
from chalicelib.domain.users import User

STEP_MS = 30_000
"""For so long an app shows one code."""
DRIFT = 1
"""Steps that the clock of an app may be ahead or behind."""
DIGITS = 6
SECRET_BYTES = 20
"""As long as what the hash puts out (RFC 4226, 4)."""
MAX_WRONG, WRONG_WINDOW_MS = 10, 60 * 60_000
"""So many wrong codes of one kind on one account in any such time, beginning with the first; then none is looked at."""
MAX_SHOWN = 60
"""Characters of a name that an app is told: it shows one line, and a long name in another script is more than a QR code
can hold."""
RECOVERY_CODES = 10
"""So many are made at a time; those of before are void."""
_RECOVERY_GROUPS, _GROUP_SIZE = 3, 4


def is_missing(user: User, company: Company) -> bool:
    """Whether the company asks this person for a second factor, and there is none."""
    return company.second_factor == "managers" and user.is_manager and not user.has_second_factor


def new_secret() -> str:
    """Draw the secret that an app shares with us: 160 bits, as apps take it (base32)."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def setup_uri(secret: str, issuer: str, email: str) -> str:
    """What a QR code tells an app: the secret, and under which name to show its codes."""
    shown = issuer[:MAX_SHOWN]
    label = f"{quote(shown, safe='')}:{quote(email[:MAX_SHOWN], safe='@')}"
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': shown}, quote_via=quote)}"


def app_code(secret: str, step: int) -> str:
    """What an app shows in this step, counted from 1970."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(secret: str, code: str, now: Instant) -> int | None:
    """The latest step that shows this code, of the present one and those beside it; None where none does."""
    present = now // STEP_MS
    steps = range(present - DRIFT, present + DRIFT + 1)
    showing = [step for step in steps if hmac.compare_digest(app_code(secret, step).encode(), code.encode())]
    return max(showing, default=None)


def is_app_code(code: str) -> bool:
    """Whether what was typed (`one_time_code.typed_code`) has the form of an app's code; else it is for recovery."""
    return len(code) == DIGITS and code.isascii() and code.isdecimal()


def new_recovery_codes() -> tuple[str, ...]:
    """Draw recovery codes, in groups as people write them down."""
    return tuple("-".join(_group() for _ in range(_RECOVERY_GROUPS)) for _ in range(RECOVERY_CODES))


def _group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(_GROUP_SIZE))
