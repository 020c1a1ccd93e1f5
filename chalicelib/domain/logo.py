"""A company's logo: an SVG that draws, and does nothing else.

Pages show it as an image, in which a browser runs and loads nothing. But whoever opens its address opens a document
of our host, so all that is not drawing is refused: what is allowed is listed, not what is forbidden.
"""

import re
from typing import Never
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

from chalicelib.domain.errors import Invalid

MAX_LOGO_BYTES = 20 * 1024
_SVG = "http://www.w3.org/2000/svg"
_XML = "http://www.w3.org/XML/1998/namespace"
_DRAWING = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "style"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"),
        *("linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern"),
    )
)
_ADVICE = "draw with paths, and save it as plain SVG."
_URL = re.compile(r"url\(\s*+[\"']?\s*+([^)]?)", re.IGNORECASE)
_LOADS = re.compile(r"\\|@import|\b(?:image|image-set|cross-fade|src)\(", re.IGNORECASE)
"""What loads without `url()`, and the escapes by which any of these could be written so that nobody finds them."""


def svg_logo(text: str) -> str:
    """The stored form of a logo; empty means none. Raises `Invalid`."""
    logo = text.strip()
    raw = logo.encode(errors="surrogatepass")
    if len(raw) > MAX_LOGO_BYTES:
        _refuse(f"it may have up to {MAX_LOGO_BYTES // 1024} KB.")
    if logo:
        _read(raw)
    return logo


def _read(raw: bytes) -> None:
    parser, guard = ParserCreate("utf-8", " "), _Guard()
    parser.XmlDeclHandler = guard.declared
    parser.StartDoctypeDeclHandler = lambda *_: _refuse(f"leave its DOCTYPE out; {_ADVICE}")
    parser.ProcessingInstructionHandler = lambda *_: _refuse(f"leave its processing instructions out; {_ADVICE}")
    parser.StartElementHandler, parser.EndElementHandler = guard.opened, guard.closed
    parser.CharacterDataHandler = guard.said
    try:
        parser.Parse(raw, True)
    except ExpatError as error:
        _refuse(f"line {error.lineno} is no well-formed XML ({ErrorString(error.code)}).")


class _Guard:
    """Follows the parser, and refuses what is no drawing."""

    def __init__(self) -> None:
        self._around: list[str] = []
        """The names of the elements that are open."""
        self._style: list[str] = []

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() != "utf-8":
            _refuse("save it in UTF-8.")

    def opened(self, element: str, attributes: dict[str, str]) -> None:
        space, _, name = element.rpartition(" ")
        if not self._around and element != f"{_SVG} svg":
            _refuse(f"it must begin with <svg xmlns={_SVG!r}>.")
        # What a browser reads as one stylesheet is what stands beside the elements in it.
        if space != _SVG or name not in _DRAWING or self._around[-1:] == ["style"]:
            _refuse(f"{name!a} is no part of a drawing; {_ADVICE}")
        for attribute, value in attributes.items():
            _guard_attribute(attribute, value)
        self._around.append(name)

    def said(self, text: str) -> None:
        if self._around[-1] == "style":
            self._style.append(text)

    def closed(self, _element: str) -> None:
        if self._around.pop() == "style":  # each is a stylesheet of its own
            _guard_style("".join(self._style))
            self._style.clear()


def _guard_attribute(attribute: str, value: str) -> None:
    space, _, name = attribute.rpartition(" ")
    if name.lower().startswith("on") or attribute == f"{_XML} base":
        _refuse(f"leave its attribute {name!a} out; {_ADVICE}")
    if name.lower() in {"href", "src"} and not value.strip().startswith("#"):
        _refuse("its links may lead to its own #ids alone.")
    if not space:  # those of other namespaces draw nothing
        _guard_style(value)


def _guard_style(text: str) -> None:
    """What stands in a stylesheet, or in an attribute, which may be one."""
    if _LOADS.search(text) or any(first != "#" for first in _URL.findall(text)):
        _refuse("its styles may refer to its own #ids alone.")


def _refuse(sentence: str) -> Never:
    raise Invalid("validation_error", f"logo: {sentence}")
