"""The code by which a forgotten password is set anew: for whom, how long, how often.

Eight digits are guessed in five tries once in twenty million times. Tries are counted *before* the code is looked at
(`store.one_time_codes`), so guesses made at once get no more of them. A code belongs to the browser that asked for it:
a stranger can neither use up its tries nor replace it.
"""

import secrets
import unicodedata
from dataclasses import dataclass

from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin
from chalicelib.domain.pasted import MAX_TYPED, visible

VALID_MS = 15 * 60_000
MAX_TRIES = 5
"""After so many a code is void, the right one too."""
MAX_MAILS, MAIL_WINDOW_MS = 3, 60 * 60_000
"""So many to one account in any such time, for one browser that is known to the account, or for one address."""
MAX_FOR_STRANGERS = 9
"""So many to one account, for all addresses: nobody's mailbox is flooded by strangers."""
MAX_FIRST_FOR_STRANGERS = 30
"""So many where an address asks for the first time: a few addresses keep from nobody else the code that ends a lock."""
MAX_OF_ADDRESS = 40
"""So many for one address, whichever accounts are asked for, in `domain.origin.WINDOW_MS`."""
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """The newest code of an account in one browser, whether the account exists or not."""

    code_hash: str = ""
    until: Instant = 0
    tries: int = 0
    used: bool = False

    @property
    def mailed_at(self) -> Instant:
        """When it was drawn."""
        return self.until - VALID_MS


@dataclass(frozen=True, slots=True)
class MailedCode:
    """That a code was mailed: when, and for whom, as `Origin.source` names it."""

    at: Instant
    source: str


@dataclass(frozen=True, slots=True)
class CodeRequests:
    """What codes were mailed to an account of late."""

    revision: int = 0
    mailed: tuple[MailedCode, ...] = ()


def new_code() -> str:
    """Draw a code: eight digits, as they are mailed."""
    return f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"


def typed_code(text: str) -> str:
    """What somebody has typed or pasted, without what mail programs and people put to it: spaces, dashes, …"""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", visible(text[:MAX_TYPED]))))


def with_request(old: CodeRequests, origin: Origin, now: Instant) -> CodeRequests | None:
    """What was asked for, with a mail more; None while no further mail may be sent for this origin."""
    who = origin.source
    counting = tuple(mailed for mailed in old.mailed if mailed.at > now - MAIL_WINDOW_MS)
    own = [mailed for mailed in counting if mailed.source == who]
    strangers = [mailed for mailed in counting if not mailed.source.startswith("known ")]
    most = MAX_FOR_STRANGERS if own else MAX_FIRST_FOR_STRANGERS
    if len(own) >= MAX_MAILS or (not origin.known and len(strangers) >= most):
        return None
    return CodeRequests(old.revision + 1, (*counting, MailedCode(now, who)))
