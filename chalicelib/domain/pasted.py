"""What people copy and paste: texts with what nobody sees in them, or beside them."""

import unicodedata

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def visible(text: str, *, joiners: bool = False) -> str:
    """The text without white space around it, and without what cannot be seen: zero-width spaces, soft hyphens, …

    `joiners`: keep the two invisible joiners, by which some scripts tell words apart.
    """
    if text.isascii():
        return text.strip()
    kept = _JOINERS if joiners else ""
    return "".join(c for c in text if c in kept or unicodedata.category(c) != "Cf").strip()
