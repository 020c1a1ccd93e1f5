"""Which passwords people may choose: none of those that are guessed first."""

import re
from functools import cache
from pathlib import Path

from chalicelib.domain.people import guard_new_password
from chalicelib.domain.refusal import Refused

_COMMON = Path(__file__).parent / "data" / "common_passwords.txt"
"""The 10,000 commonest passwords of eight characters and more: by zxcvbn 4.5.0 (MIT, see the licence beside them)."""
_LEAST_WORD, _LEAST_BESIDES = 4, 6
_APART = re.compile(r"[^a-z0-9]+")


def guard_chosen(password: str, company: str, email: str) -> None:
    """Refuse a password that is too short or too long, blank, common, or little more than whose account it is.

    Raises `Refused`: `validation_error`, with the reason.
    """
    guard_new_password(password)
    plain = password.casefold().strip()
    if plain in _common():
        raise Refused("validation_error", "new_password: choose one that is not among the commonest passwords.")
    for word in _words(company, email):
        if word in plain and len(_APART.sub("", plain.replace(word, ""))) < _LEAST_BESIDES:
            raise Refused("validation_error", "new_password: choose one that is not your company or your e-mail.")


def _words(company: str, email: str) -> list[str]:
    """What stands for a company or a person, the longest first."""
    name, _, domain = email.casefold().partition("@")
    whole = [name, domain.rpartition(".")[0], company.casefold()]
    parts = [part for text in whole for part in _APART.split(text)]
    return sorted({word for word in whole + parts if len(word) >= _LEAST_WORD}, key=len, reverse=True)


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").splitlines())
