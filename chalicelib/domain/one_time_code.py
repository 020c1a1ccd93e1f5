"""The code by which a forgotten password is set anew: for whom, how long, how often.

Eight digits are guessed in five tries once in twenty million times. Tries are counted *before* the code is looked at
(`store.codes`), so guesses made at once get no more of them.
"""

import secrets
from dataclasses import dataclass

from chalicelib.domain.instants import Instant

VALID_MS = 15 * 60_000
MAX_TRIES = 5
"""After so many a code is void, the right one too."""
MAX_MAILS, MAIL_WINDOW_MS = 3, 60 * 60_000
"""So many to one account in any such time: nobody's mailbox is flooded by strangers."""
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """The newest code of an account, whether the account exists or not."""

    code_hash: str = ""
    until: Instant = 0
    tries: int = 0
    used: bool = False
    mailed: tuple[Instant, ...] = ()
    """When codes were mailed, the oldest first; those alone that still count."""


def new_code() -> str:
    """Draw a code: eight digits, as they are mailed."""
    return f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}d}"


def typed_code(text: str) -> str:
    """What somebody has typed, without the spaces that mail programs and people put in."""
    return "".join(text.split())


def replaced(old: OneTimeCode, code_hash: str, now: Instant) -> OneTimeCode | None:
    """The code that takes the place of the old one; None while no further mail may be sent."""
    counting = tuple(at for at in old.mailed if at > now - MAIL_WINDOW_MS)
    if len(counting) >= MAX_MAILS:
        return None
    return OneTimeCode(code_hash, now + VALID_MS, mailed=(*counting, now))
