"""License keys: ``ABCDE-FGH23-…``, five groups of five symbols, the last of which checks the others.

24 symbols are random, 120 bits. The check symbol (Luhn mod N, N = 32) catches every single wrong symbol, and
every swap of two neighbours but that of the alphabet's first and last symbol; so a typing mistake gets a
better answer than "not found". Vendors bring keys of their own, of any shape: those are never judged. Keys that another
system has made are stored letter by letter, for there `a` may be another letter than `A`.

Keys are pasted out of mails and documents, which put in what nobody sees, break lines, and make one dash of another;
and typed as keyboards of all countries have it. So a key is looked up in the forms that it may have been stored in.
"""

import math
import re
import secrets
import unicodedata

from chalicelib.domain.pasted import MAX_TYPED, unquoted, visible

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 symbols, without the look-alikes 0 O 1 I."""

MAX_LENGTH = 255
"""Characters of any key, a vendor's own, too; what is longer is none."""

LEAST_BITS = 80
"""That are random, of any key that is made."""

_GROUPS = 5
_GROUP_SIZE = 5
_DASHES = re.compile("[\\-\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d\u00ad]")
_BREAKS = re.compile(r"[^\S\n\r\x0b\x0c\x85\u2028\u2029]*+[\n\r\x0b\x0c\x85\u2028\u2029]\s*+")
_PARTING = re.compile(r"[\W_]++")
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
_DOUBLED = {symbol: sum(divmod(2 * value, len(ALPHABET))) for symbol, value in _VALUE.items()}


def new_license_key() -> str:
    """Make a license key: 29 characters, 120 random bits."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_GROUPS * _GROUP_SIZE - 1))
    return _grouped(body + _check_symbol(body))


def new_key_of(length: int, alphabet: str) -> str:
    """Make a key of so many of these letters and digits, as it is stored: in capitals, without dashes or check symbol.

    One that would be stored otherwise, for by chance it is like ours, is drawn again.
    """
    symbols = sorted(set(alphabet.upper()))
    while True:
        key = "".join(secrets.choice(symbols) for _ in range(length))
        if normalize(key) == key:
            return key


def least_length(alphabet: str) -> int:
    """How long a key of these letters and digits, two or more, is at least, so that nobody guesses it."""
    return math.ceil(LEAST_BITS / math.log2(len(set(alphabet.upper()))))


def normalize(key: str) -> str:
    """Bring a key, as somebody typed or pasted it, to the form in which keys are stored and compared.

    One of our symbols and check symbol gets our dashes, whatever parts it or stands around it. Of a vendor's own what
    cannot be seen is left out, line breaks and quotation marks around it too; every dash is the plain one, every letter
    of the usual width, and white space between its parts is one space.
    """
    usual = _usual(key)
    grouped = _grouped(_PARTING.sub("", usual))
    return grouped if _is_one_of_ours(grouped) else usual


def as_given(key: str) -> str:
    """Bring a key of another system to the form in which it is stored: without what nobody sees, else as it is."""
    return visible(key)


def forms(key: str) -> list[str]:
    """The forms in which a key may be stored: letter by letter, as those of other systems are; as it is typed in
    capitals, for older keys were stored so; its normal form, and what that was before letters of every width were the
    same.
    """
    if len(key) > MAX_TYPED:
        return []
    if _is_one_of_ours(key):  # as nearly every call has it: all its forms are this one
        return [key]
    exact = as_given(key)
    ours = (form for form in (key.strip().upper(), normalize(key), _plain(key)) if not is_mistyped(form))
    return [form for form in dict.fromkeys((exact, *ours)) if len(form) <= MAX_LENGTH]


def is_mistyped(key: str) -> bool:
    """Tell whether the key has our shape and a wrong check symbol.

    A key of any other shape is a vendor's own, and never mistyped. It may have our shape by chance, so ask
    only about a key that was looked up and not found.
    """
    groups = _usual(key).split("-")
    if [len(group) for group in groups] != [_GROUP_SIZE] * _GROUPS:
        return False
    symbols = "".join(groups)
    return _is_ours(symbols) and _check_symbol(symbols[:-1]) != symbols[-1]


def _plain(key: str) -> str:
    """Without what nobody sees; a text that is too long for a key stays as it is."""
    if len(key) > MAX_TYPED:
        return key
    seen = visible(_DASHES.sub("-", _BREAKS.sub("", key.strip()))).upper()
    return " ".join(seen.split())


def _usual(key: str) -> str:
    """As `_plain`, in letters of the usual width and without quotation marks around it."""
    plain = _plain(key)
    if len(plain) > MAX_TYPED:
        return plain
    return unquoted(_plain(unicodedata.normalize("NFKC", plain)))


def _is_one_of_ours(key: str) -> bool:
    """Whether this is one of our keys, letter by letter, with its check symbol."""
    symbols = key.replace("-", "")
    return _is_ours(symbols) and key == _grouped(symbols) and _check_symbol(symbols[:-1]) == symbols[-1]


def _is_ours(symbols: str) -> bool:
    return len(symbols) == _GROUPS * _GROUP_SIZE and _VALUE.keys() >= set(symbols)


def _grouped(symbols: str) -> str:
    return "-".join(symbols[start : start + _GROUP_SIZE] for start in range(0, len(symbols), _GROUP_SIZE))


def _check_symbol(body: str) -> str:
    """Luhn mod N: every second value from the right is doubled, and its digits in base N are added up."""
    total = sum(map(_DOUBLED.__getitem__, body[::-2])) + sum(map(_VALUE.__getitem__, body[-2::-2]))
    return ALPHABET[-total % len(ALPHABET)]
