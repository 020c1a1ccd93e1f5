"""A logo draws and does nothing else: whatever could run or load something is refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.logo import MAX_LOGO_BYTES, svg_logo

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
    assert caught.value.code == "validation_error"
    said = caught.value.detail
    assert said.startswith("logo: ")
    assert said.endswith(".")
    assert "\n" not in said
    return said.removeprefix("logo: ")


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
    assert "is no well-formed XML (" in no(text)


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


@pytest.mark.parametrize(
    "doctype",
    ["<!DOCTYPE svg>", '<!DOCTYPE svg SYSTEM "http://evil.test/a.dtd">', '<!DOCTYPE svg [<!ENTITY a "aaaa">]>'],
)
def test_a_doctype_is_refused_before_what_it_declares(doctype: str) -> None:
    assert "DOCTYPE" in no(f"{doctype}{SVG}&a;</svg>")


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-7"])
def test_a_drawing_that_a_browser_would_read_otherwise_is_refused(encoding: str) -> None:
    assert no(f'<?xml version="1.0" encoding="{encoding}"?>{SVG}</svg>') == "save it in UTF-8."


def test_a_stylesheet_from_elsewhere_is_refused() -> None:
    assert "processing instructions" in no(f'<?xml-stylesheet href="http://evil.test/a.css"?>{SVG}</svg>')


@pytest.mark.parametrize(
    "element",
    [
        *("<script>alert(1)</script>", "<script/>", "<foreignObject/>", "<a/>", "<image/>", "<feImage/>", "<handler/>"),
        *('<set attributeName="href"/>', "<animate/>", "<animateTransform/>", "<iframe/>", "<audio/>", "<SCRIPT/>"),
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>',
        '<x:path xmlns:x="http://evil.test/"/>',
        "<style>@imp<title/>ort 'http://evil.test/a.css';</style>",
    ],
)
def test_what_does_not_draw_is_refused(element: str) -> None:
    for text in (f"{SVG}{element}</svg>", f"{SVG}<g><g>{element}</g></g></svg>"):
        assert "is no part of a drawing; draw with paths" in no(text)


@pytest.mark.parametrize(
    "attribute",
    ["onload", "onclick", "onLoad", "ONLOAD", "on", 'xmlns:e="http://e.test/" e:onload', "xml:base"],
)
def test_what_would_run_or_lead_elsewhere_by_an_attribute_is_refused(attribute: str) -> None:
    assert no(f'{SVG}<path {attribute}="alert(1)"/></svg>').startswith("leave its attribute ")
    assert no(f'{SVG.removesuffix(">")} {attribute}="alert(1)"></svg>').startswith("leave its attribute ")


@pytest.mark.parametrize(
    "link",
    [
        *("http://evil.test/a.svg#a", "//evil.test", "a.svg", "/a.svg#a", "javascript:alert(1)", "", " x#a"),
        "data:image/svg+xml,<svg/>",
    ],
)
def test_a_link_to_elsewhere_is_refused(link: str) -> None:
    link = link.replace("<", "&lt;")
    for name in ("href", "xlink:href", "src"):
        assert no(f'{SVG}<use {name}="{link}"/></svg>') == "its links may lead to its own #ids alone."


@pytest.mark.parametrize(
    "style",
    [
        *("fill:url(http://evil.test/a.svg#a)", "fill: URL( 'a.svg#a' )", 'fill:url("//evil.test")', "fill:url()"),
        *("fill:url(#a) url(b#c)", "fill:u\\72l(a)", "@import 'a.css';", "@IMPORT url(#a);", "a:image-set('a' 1x)"),
        *("a:-webkit-image-set('a' 1x)", "a:image('a')", "a:src('a')", "@font-face{src:url(a)}", "fill:url("),
    ],
)
def test_a_style_that_loads_something_is_refused(style: str) -> None:
    quoted = style.replace('"', "&quot;")
    for text in (
        f"{SVG}<style>{style}</style></svg>",
        f"{SVG}<style>a{{}}<!-- x --><![CDATA[{style}]]></style></svg>",
        f"{SVG}<g><style>{style[:9]}<!-- -->{style[9:]}</style></g></svg>",
        f'{SVG}<path style="{quoted}"/></svg>',
        f'{SVG}<path fill="{quoted}"/></svg>',
    ):
        assert no(text) == "its styles may refer to its own #ids alone."


@given(st.text())
def test_any_text_is_a_logo_or_refused_with_a_sentence(text: str) -> None:
    for whole in (text, f"{SVG}{text}</svg>"):
        try:
            assert svg_logo(whole) == whole.strip()
        except SeatkeeperError as refused:
            assert refused.detail.startswith("logo: ")
