"""License keys: ``ABCDE-FGH23-…``, five groups of five symbols, the last of which checks the others.

24 symbols are random, 120 bits. The check symbol (Luhn mod N, N = 32) catches every single wrong symbol, and
every swap of two neighbours but that of the alphabet's first and last symbol; so a typing mistake gets a
better answer than "not found". Vendors bring keys of their own, of any shape: those are never judged.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 symbols, without the look-alikes 0 O 1 I."""

MAX_LENGTH = 100
"""Characters of any key, a vendor's own, too; what is longer is none."""

_GROUPS = 5
_GROUP_SIZE = 5
_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}


def new_license_key() -> str:
    """Make a license key: 29 characters, 120 random bits."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_GROUPS * _GROUP_SIZE - 1))
    symbols = body + _check_symbol(body)
    return "-".join(symbols[start : start + _GROUP_SIZE] for start in range(0, len(symbols), _GROUP_SIZE))


def normalise(key: str) -> str:
    """Bring a key, as somebody typed it, to the form in which keys are stored and compared."""
    return key.strip().upper()


def is_mistyped(key: str) -> bool:
    """Tell whether the key has our shape and a wrong check symbol.

    A key of any other shape is a vendor's own, and never mistyped. It may have our shape by chance, so ask
    only about a key that was looked up and not found.
    """
    groups = normalise(key).split("-")
    if [len(group) for group in groups] != [_GROUP_SIZE] * _GROUPS:
        return False
    symbols = "".join(groups)
    if not _VALUE.keys() >= set(symbols):
        return False
    return _check_symbol(symbols[:-1]) != symbols[-1]


def _check_symbol(body: str) -> str:
    """Luhn mod N: every second value from the right is doubled, and its digits in base N are added up."""
    base = len(ALPHABET)
    total = 0
    for position, symbol in enumerate(reversed(body)):
        value = _VALUE[symbol] * (1 if position % 2 else 2)
        total += value // base + value % base
    return ALPHABET[-total % base]
