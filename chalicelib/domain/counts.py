"""Whole numbers as people and spreadsheets write them.

What would be another number in another country is none: `1,000` and `1.000` are a thousand there, and one here.
"""

import re

from chalicelib.domain.pasted import MAX_TYPED, visible

_COUNT = re.compile(r"\+?([0-9]{1,16})(?:[.,](?:00?|0000))?")
_DIGITS = str.maketrans("\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19", "0123456789")


def read_count(text: str) -> int | None:
    """`5`, `+5`, `5.0`, `5,00` or full-width digits, with white space around; None for no whole number from 0."""
    count = _COUNT.fullmatch(visible(text[:MAX_TYPED]).translate(_DIGITS))
    return None if count is None else int(count[1])
