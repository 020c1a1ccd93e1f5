"""A company's one color, so that it can be read: as text, and as the ground of text.

Contrast is that of WCAG 2.2, from 1 to 21. Colors are `#rrggbb`.
"""

import colorsys
import re
from bisect import bisect_left
from collections.abc import Callable

from chalicelib.domain.errors import Invalid

READABLE = 4.5
"""The contrast that text of any size needs (WCAG 2.2, level AA)."""
WHITE, BLACK = "#ffffff", "#000000"
LIGHT_GROUND, DARK_GROUND = WHITE, "#14181f"
"""What the pages are drawn on. The dark ground is also our ink on a bright accent."""
_STEPS = 255
"""Of lightness, from black to white."""
_COLOR = re.compile(r"#[0-9a-f]{6}")


def accent_color(text: str) -> str:
    """The stored form of an accent, in small letters; empty means ours. Raises `Invalid`."""
    color = text.strip().lower()
    if color and not _COLOR.fullmatch(color):
        raise Invalid("accent_malformed", field="accent")
    return color


def accent_pair(accent: str) -> tuple[str, str]:
    """The accent for the light ground and for the dark one: hue and saturation stay, lightness moves if it must.

    The first can be read on white, and white on it; the second on the dark ground, and the dark ground's color on it.
    """
    return _moved(accent, LIGHT_GROUND, lambda lightness, step: max(0.0, lightness - step / _STEPS)), _moved(
        accent, DARK_GROUND, lambda lightness, step: min(1.0, lightness + step / _STEPS)
    )


def ink_on(ground: str) -> str:
    """White or black: the color of text that stands out most on a ground."""
    return max(WHITE, BLACK, key=lambda ink: contrast(ink, ground))


def contrast(one: str, other: str) -> float:
    """The contrast of two colors, in either order."""
    darker, brighter = sorted((_luminance(one), _luminance(other)))
    return (brighter + 0.05) / (darker + 0.05)


def _moved(accent: str, ground: str, move: Callable[[float, int], float]) -> str:
    """The accent, moved by as few steps as make it readable on the ground. Luminance follows lightness."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(accent))

    def moved(step: int) -> str:
        rgb = colorsys.hls_to_rgb(hue, move(lightness, step), saturation)
        return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)

    return moved(bisect_left(range(_STEPS), True, key=lambda step: contrast(moved(step), ground) >= READABLE))


def _luminance(color: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(color: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red / 255, green / 255, blue / 255
