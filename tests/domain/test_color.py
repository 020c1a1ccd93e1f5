"""An accent can be read whatever a company chooses, and is changed no more than that takes."""

import colorsys
import random

import pytest

from chalicelib.domain.color import (
    BLACK,
    DARK_GROUND,
    READABLE,
    WHITE,
    accent_color,
    accent_pair,
    contrast,
    ink_on,
)
from chalicelib.domain.errors import SeatkeeperError

CORNERS = (
    "#000000",
    "#ffffff",
    "#808080",
    "#ff0000",
    "#00ff00",
    "#0000ff",
    "#ffff00",
    "#00ffff",
    "#ff00ff",
    DARK_GROUND,
)


def colors() -> list[str]:
    """The corners of all colors, and some at random: the seed is printed where a test fails."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    return [*CORNERS, *(f"#{drawn.randrange(2**24):06x}" for _ in range(500))]


def hls(color: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(color[1:])
    return colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#0a6e5c", "#0a6e5c", 1),
    ],
)
def test_contrast_is_that_of_wcag_in_either_order(one: str, other: str, ratio: float) -> None:
    assert round(contrast(one, other), 2) == ratio == round(contrast(other, one), 2)


def test_any_accent_can_be_read_on_both_grounds_and_ink_on_it() -> None:
    for accent in colors():
        light, dark = accent_pair(accent)
        assert contrast(light, WHITE) >= READABLE, accent
        assert contrast(dark, DARK_GROUND) >= READABLE, accent
        assert contrast(light, ink_on(light)) >= READABLE, accent
        assert contrast(dark, ink_on(dark)) >= READABLE, accent


def test_an_accent_that_can_be_read_already_is_left_as_it_is() -> None:
    for accent in colors():
        light, dark = accent_pair(accent)
        assert (light == accent) is (contrast(accent, WHITE) >= READABLE)
        assert (dark == accent) is (contrast(accent, DARK_GROUND) >= READABLE)


def test_an_accent_moves_no_further_than_it_must() -> None:
    """A color two steps of lightness nearer to the accent could not be read."""
    for accent in colors():
        hue, lightness, saturation = hls(accent)
        for moved, ground, back in zip(accent_pair(accent), (WHITE, DARK_GROUND), (2 / 255, -2 / 255), strict=True):
            if moved != accent:
                nearer = colorsys.hls_to_rgb(hue, hls(moved)[1] + back, saturation)
                parts = [min(255, max(0, round(255 * part))) for part in nearer]
                assert contrast(f"#{bytes(parts).hex()}", ground) < READABLE, accent
                assert (hls(moved)[1] < lightness) is (ground == WHITE)


@pytest.mark.parametrize(
    ("accent", "light", "dark"),
    [
        ("#0a6e5c", "#0a6e5c", "#0d9179"),
        ("#ffd400", "#8b7400", "#ffd400"),
        ("#000000", "#000000", "#808080"),
        ("#ffffff", "#767676", "#ffffff"),
    ],
)
def test_accents_as_they_are_shown(accent: str, light: str, dark: str) -> None:
    assert accent_pair(accent) == (light, dark)


def test_hue_stays() -> None:
    light, dark = accent_pair("#ffd400")
    for moved in (light, dark):
        assert abs(hls(moved)[0] - hls("#ffd400")[0]) < 0.01


def test_ink_is_the_better_of_black_and_white() -> None:
    assert [ink_on(ground) for ground in ("#ffffff", "#ffd400", "#0a6e5c", "#000000")] == [BLACK, BLACK, WHITE, WHITE]
    for ground in colors():
        assert contrast(ink_on(ground), ground) == max(contrast(WHITE, ground), contrast(BLACK, ground))


@pytest.mark.parametrize(("text", "stored"), [("#0A6E5C", "#0a6e5c"), (" #ffffff\n", "#ffffff"), ("", ""), (" ", "")])
def test_an_accent_is_stored_in_small_letters(text: str, stored: str) -> None:
    assert accent_color(text) == stored


@pytest.mark.parametrize(
    "text", ["#fff", "0a6e5c", "#0a6e5g", "#0a6e5c;", "red", "#\u0661\u0661\u0661\u0661\u0661\u0661"]
)
def test_what_is_no_color_is_refused(text: str) -> None:
    with pytest.raises(SeatkeeperError, match="accent_malformed"):
        accent_color(text)
