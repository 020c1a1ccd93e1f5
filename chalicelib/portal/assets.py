"""What pages load: stylesheets, scripts, a company's color and logo. Addresses change with what they hold."""

import re
from functools import cache
from pathlib import Path

from chalice.app import Response

from chalicelib.domain.color import accent_pair, ink_on
from chalicelib.domain.errors import NotFound
from chalicelib.portal.context import Parts
from chalicelib.portal.handlers import PageHandler
from chalicelib.portal.render import STATIC, logo_path, static_path
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.branding import known_company
from chalicelib.web.errors import FinalResponse

FOR_EVER = "public, max-age=31536000, immutable"
KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
}
_THEME = re.compile(r"([0-9a-f]{6})\.css")


def _static(_request: PortalRequest, parts: Parts) -> Response:
    """A file of `static/`, by its hashed name."""
    file = _served().get(parts["name"])
    if file is None:
        raise NotFound("not_found")
    return _file(file.read_text(), file.suffix[1:], FOR_EVER)


@cache
def _served() -> dict[str, Path]:
    """What of `static/` is served, by the names that stand in pages: no other name leads to a file."""
    return {static_path(file.name).rpartition("/")[2]: file for file in STATIC.iterdir() if file.suffix[1:] in KINDS}


def _theme(_request: PortalRequest, parts: Parts) -> Response:
    """The stylesheet of an accent color, whose digits are its name."""
    match = _THEME.fullmatch(parts["name"])
    if match is None:
        raise NotFound("not_found")
    light, dark = accent_pair(f"#{match[1]}")
    rule = ":root{{--accent:{};--accent-ink:{}}}"
    plain, at_night = rule.format(light, ink_on(light)), rule.format(dark, ink_on(dark))
    return _file(f"{plain}@media(prefers-color-scheme:dark){{{at_night}}}", "css", FOR_EVER)


def _logo(_request: PortalRequest, parts: Parts) -> Response:
    """A logo of the company that the name begins with: its log-in shows it to everybody."""
    company = known_company(parts["name"].rpartition("-")[0])
    logos = [] if company is None else [(company.code, logo) for logo in (company.logo, company.logo_dark) if logo]
    for code, drawing in logos:
        if logo_path(code, drawing) == f"/portal/logo/{parts['name']}":
            return _file(drawing, "svg", FOR_EVER)
    raise NotFound("not_found")


static, theme, logo = PageHandler(_static), PageHandler(_theme), PageHandler(_logo)


def _file(text: str, kind: str, caching: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": KINDS[kind],
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return FinalResponse(text, headers, 200)
