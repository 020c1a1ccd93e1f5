"""A logo is an SVG, kept as it is; what is none is refused with a sentence. That it does nothing: tests/e2e."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.logo import MAX_LOGO_BYTES, svg_logo
from chalicelib.web.messages import message

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
DRAWING = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!-- as a drawing program saves it -->
{SVG}
  <title>Größe &amp; Söhne, see url(none)</title>
  <defs>
    <style type="text/css"><![CDATA[.a {{ fill: url(#g); clip-path: url( '#c' ) }} .b>.c {{ stroke: #123 }}]]></style>
    <linearGradient id="g"><stop offset="0" stop-color="#0a6e5c"/></linearGradient>
    <linearGradient id="h" xlink:href="#g"/>
    <clipPath id="c"><rect width="9" height="9"/></clipPath>
  </defs>
  <g class="a" style="fill:url(&quot;#g&quot;);stroke:none" xml:space="preserve"><path d="M0 0L9 9z" fill="url(#g)"/>
  </g>
  <use href="#g" transform="rotate(45)"/>
</svg>
"""


def no(text: str) -> str:
    """The sentence that refuses a logo."""
    with pytest.raises(SeatkeeperError) as caught:
        svg_logo(text)
    assert isinstance(caught.value, Invalid)
    assert caught.value.field == "logo"
    said = message(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_a_drawing_is_kept_as_it_is() -> None:
    assert svg_logo(f"\n{DRAWING}\n") == DRAWING.strip()


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_nothing_is_no_logo(text: str) -> None:
    assert svg_logo(text) == ""


def test_twenty_kilobytes_are_taken_and_no_byte_more() -> None:
    room = MAX_LOGO_BYTES - len(f"{SVG}<title></title></svg>") - 1
    fits = f"{SVG}<title>{'x' * (room - 1)}ü</title></svg>"
    assert len(fits.encode()) == MAX_LOGO_BYTES
    assert svg_logo(fits) == fits
    assert no(fits.replace("ü", "üx")) == "it may have up to 20 KB."


@pytest.mark.parametrize(
    "text",
    [
        *("<svg", f"{SVG}", f"{SVG}<g></svg>", f"{SVG}</svg><svg/>", "no XML", "{}", f"{SVG}<g a=1/></svg>", "\x00"),
        *(f"{SVG}&nbsp;</svg>", f"{SVG}<x:g/></svg>", f"{SVG}\ud800</svg>", f"{SVG}\x01</svg>"),
    ],
)
def test_what_is_no_well_formed_xml_is_refused(text: str) -> None:
    assert "is not well-formed XML (" in no(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "<svg/>",
            "<html/>",
            '<html xmlns="http://www.w3.org/1999/xhtml"/>',
            '<g xmlns="http://www.w3.org/2000/svg"/>',
        ),
        '<svg xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_what_is_no_svg_is_refused(text: str) -> None:
    assert no(text) == "it must begin with <svg xmlns='http://www.w3.org/2000/svg'>."


@given(st.text())
def test_any_text_is_a_logo_or_refused_with_a_sentence(text: str) -> None:
    for whole in (text, f"{SVG}{text}</svg>"):
        try:
            assert svg_logo(whole) == whole.strip()
        except SeatkeeperError as refused:
            assert refused.field == "logo"
