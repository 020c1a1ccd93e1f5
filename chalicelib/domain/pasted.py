"""Texts as they come: with what nobody sees in them or beside them, pasted by people or reported by programs."""

import re
import unicodedata

MAX_TYPED = 320
"""Characters of any one thing that people type: no email, name, password or key is longer."""
MAX_REPORTED = 1000
"""Characters that are looked at of what a program reports."""
MAX_KEPT = 255
"""Characters of it that are kept."""
_QUOTES = frozenset("\"'`\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a\uff02\uff07")
_BREAKS = re.compile(r"[^\S ]++")
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def visible(text: str, *, joiners: bool = False) -> str:
    """The text without white space around it, and without what cannot be seen: zero-width spaces, soft hyphens, …

    `joiners`: keep the two invisible joiners, by which some scripts tell words apart.
    """
    if text.isascii():
        return text.strip()
    kept = _JOINERS if joiners else ""
    return "".join(c for c in text if c in kept or unicodedata.category(c) != "Cf").strip()


def one_line(text: str) -> str:
    """A name or number as it is kept (`composed`): without what cannot be seen, and with spaces for line breaks."""
    return composed(" ".join(filter(None, map(str.strip, _BREAKS.split(visible(text))))))


def unquoted(text: str) -> str:
    """The text without quotation marks of any country around it; one beyond `MAX_TYPED` characters stays as it is."""
    while 1 < len(text) <= MAX_TYPED and _QUOTES.issuperset((text[0], text[-1])):
        text = text[1:-1].strip()
    return text


def safe_to_show(text: str, most: int) -> str:
    """What a program reports, of at most so many characters: shown anywhere it disturbs nothing around it.

    Controls become their pictures (`␀`), and marks that turn the direction of what follows are left out.
    """
    return "".join(_picture(letter) for letter in text[:MAX_REPORTED] if letter not in _TURNING)[:most]


def _picture(letter: str) -> str:
    if letter < " ":
        return chr(0x2400 + ord(letter))
    return (
        letter if unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") else "\N{SYMBOL FOR SUBSTITUTE FORM TWO}"
    )


def composed(text: str) -> str:
    """The one form (NFC) in which what people type is kept and compared: an ü is one letter, however it was typed.

    A text beyond `MAX_TYPED` characters stays as it is, and is refused for its length: a long row of marks would take
    minutes.
    """
    return unicodedata.normalize("NFC", text) if len(text) <= MAX_TYPED else text
