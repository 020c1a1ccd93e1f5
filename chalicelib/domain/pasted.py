"""What people copy and paste: texts with what nobody sees in them, or beside them."""

import unicodedata

MAX_TYPED = 320
"""Characters of any one thing that people type: no e-mail, name, password or key is longer."""
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def visible(text: str, *, joiners: bool = False) -> str:
    """The text without white space around it, and without what cannot be seen: zero-width spaces, soft hyphens, …

    `joiners`: keep the two invisible joiners, by which some scripts tell words apart.
    """
    if text.isascii():
        return text.strip()
    kept = _JOINERS if joiners else ""
    return "".join(c for c in text if c in kept or unicodedata.category(c) != "Cf").strip()


def composed(text: str) -> str:
    """The one form (NFC) in which what people type is kept and compared: an ü is one letter, however it was typed.

    A text beyond `MAX_TYPED` characters stays as it is, and is refused for its length: a long row of marks would take
    minutes.
    """
    return unicodedata.normalize("NFC", text) if len(text) <= MAX_TYPED else text
