"""Which passwords people may choose: none of those that are guessed first."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from string import digits, punctuation

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.pasted import visible
from chalicelib.domain.users import MIN_PASSWORD, guard_new_password

_COMMON = Path(__file__).parent / "data" / "common_passwords.txt"
"""The 10,000 commonest passwords of eight characters and more: by zxcvbn 4.5.0 (MIT, see the licence beside them)."""
_LEAST_WORD, _LEAST_BESIDES = 4, 6
_LETTERS_OF_A_ROW = 4
"""Rows of so many letters on average are no better than one: `abcd1234`."""
_LOOKS_LIKE = str.maketrans("013457@$!", "oieastasi")
"""What people write for a letter: `P@ssw0rd`."""
_AT_ENDS = digits + punctuation
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST_WORD = 9
"""Letters of a word that a year makes no better: `Sommer2026` is tried first where everybody has to choose anew."""
_TIMES_OF_THE_YEAR = re.compile(
    "(january?|february?|march|april|may|june?|july?|august|september|o[ck]tober|november|de[cz]ember|m(ä|ae)rz|mai|"
    "spring|summer|autumn|fall|winter|fr(ü|ue)h(ling|jahr)|sommer|herbst)+"
)
"""In English and German. No number makes these better."""
_KEYBOARDS = (
    "1234567890 qwertyuiop asdfghjkl zxcvbnm !@#$%^&*() qwertzuiopü asdfghjklöä yxcvbnm azertyuiop qsdfghjklm wxcvbn"
)
_BESIDE = {frozenset(pair) for row in _KEYBOARDS.split() for pair in pairwise(row)}


def guard_chosen(password: str, company: str, email: str) -> None:
    """Refuse a password that is too short or long, common, a row of letters, or little more than whose account it is.

    It is judged without what cannot be seen; letters that differ in width or case alone are one, and so are those and
    what is written for them (`0` for `o`); digits and marks at its ends and what is repeated add nothing. Raises
    `Invalid`: `validation_error`, with the reason.
    """
    guard_new_password(password)
    plain = unicodedata.normalize("NFKC", visible(password)).casefold()
    bare = plain.strip(_AT_ENDS)
    words = _words(company, email)
    for spelled in (plain, (bare if len(bare) >= MIN_PASSWORD else plain).translate(_LOOKS_LIKE)):
        letters = _letters(spelled)
        besides = _without(letters, words)
        if besides != letters and len(besides) < _LEAST_BESIDES:
            raise Invalid("password_of_account", field="new_password")
        _guard_guesses(spelled, letters, besides)


def _guard_guesses(*guesses: str) -> None:
    """Refuse what is guessed first, of the forms of one password."""
    for guess in guesses:
        piece = _piece(guess)
        if {guess, piece} & common_passwords():
            raise Invalid("password_common", field="new_password")
        if guess and (len(piece) < min(len(guess), MIN_PASSWORD) or _is_row(guess)):
            raise Invalid("password_of_a_row", field="new_password")
        if _is_time_of_year(guess) or _is_time_of_year(piece):
            raise Invalid("password_word_and_year", field="new_password")


def _letters(text: str) -> str:
    """Letters and digits alone: dots and dashes make nothing harder to guess."""
    return "".join(letter for letter in text if letter.isalnum())


def _without(letters: str, words: set[str]) -> str:
    """What is left once all words are taken out, the longest first."""
    pattern = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.sub(pattern, "", letters) if words else letters


def _words(company: str, email: str) -> set[str]:
    """What stands for a company or a person: whole, and each part of it."""
    return {word for text in _named(company, email) if len(word := _letters(text.casefold())) >= _LEAST_WORD}


def _named(company: str, email: str) -> Iterator[str]:
    for text in {company, email, display_email(email)}:
        name, _, domain = text.partition("@")
        yield from (text, text.rpartition(".")[0], name, domain, domain.rpartition(".")[0])
        yield from re.split(r"[\W_]+", text)


def _piece(text: str) -> str:
    """What is there again and again, or all of it: of `xk7pxk7px` it is `xk7p`."""
    sizes = range(1, len(text) // 2 + 1)
    return next((text[:size] for size in sizes if text[size:] == text[:-size]), text)


def _is_row(text: str) -> bool:
    """Whether nearly each letter is the one before again, or its neighbour in the alphabet or on a keyboard."""
    rows = 1 + sum(abs(ord(a) - ord(b)) > 1 and frozenset((a, b)) not in _BESIDE for a, b in pairwise(text))
    return rows * _LETTERS_OF_A_ROW <= len(text)


def _is_time_of_year(text: str) -> bool:
    """Whether it is a word and a year, in any order and as often as anybody likes; or a month or a season and a number.

    Digits stand for letters in the word alone: the year is one as it is.
    """
    words = {word for part in _YEAR.split(text) if (word := part.strip(digits).translate(_LOOKS_LIKE))}
    if words and all(_TIMES_OF_THE_YEAR.fullmatch(word) for word in words):
        return True
    one = next(iter(words), "") if len(words) == 1 else ""
    return bool(_YEAR.search(text)) and one.isalpha() and len(one) <= _LONGEST_WORD


@cache
def common_passwords() -> frozenset[str]:
    """The ten thousand commonest of those that would be long enough."""
    return frozenset(_COMMON.read_text(encoding="utf-8").splitlines())
