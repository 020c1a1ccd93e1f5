"""A company's logo: an SVG, as it is given.

Nothing in it is looked for. Pages show it as an image, in which a browser runs and loads nothing, and whoever opens its
address opens a sandbox that may load nothing (`portal.assets`; tests/e2e/test_logo.py). What is refused here would be
no picture.
"""

from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

from chalicelib.domain.errors import Code, Invalid, Param

MAX_LOGO_BYTES = 20 * 1024
_SVG = "http://www.w3.org/2000/svg"


def svg_logo(text: str) -> str:
    """The stored form of a logo; empty means none. Raises `Invalid`."""
    logo = text.strip()
    raw = logo.encode(errors="surrogatepass")
    if len(raw) > MAX_LOGO_BYTES:
        raise _invalid("logo_too_large", most=MAX_LOGO_BYTES // 1024)
    if logo and _root(raw) != f"{_SVG} svg":
        raise _invalid("logo_root", namespace=_SVG)
    return logo


def _root(raw: bytes) -> str:
    """The outermost element of a document, its namespace before its name."""
    elements: list[str] = []
    parser = ParserCreate("utf-8", " ")
    parser.StartElementHandler = lambda name, _attributes: elements.append(name)
    try:
        parser.Parse(raw, True)
    except ExpatError as error:
        raise _invalid("logo_malformed", line=error.lineno, cause=ErrorString(error.code)) from None
    return elements[0]


def _invalid(code: Code, **params: Param) -> Invalid:
    return Invalid(code, field="logo", errors=(), **params)
