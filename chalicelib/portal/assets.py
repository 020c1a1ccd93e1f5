"""What pages load: stylesheets, scripts, a company's colour and logo. Addresses change with what they hold."""

import re
from typing import Any

from chalice.app import Response

from chalicelib.domain.colour import accent_pair, ink_on
from chalicelib.domain.session import Asker
from chalicelib.portal.render import STATIC, logo_path, static_path
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import NotFound, Screen, logged_in
from chalicelib.usecases import views
from chalicelib.web.errors import FinalResponse

FOR_EVER = "public, max-age=31536000, immutable"
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_HASHED = re.compile(r"([a-z.-]+)\.[0-9a-f]{12}\.(css|js|svg)")
_THEME = re.compile(r"([0-9a-f]{6})\.css")


def _static(_ask: Ask, parts: dict[str, Any]) -> Response:
    """A file of `static/`, by its hashed name."""
    name = parts["name"]
    told = _HASHED.fullmatch(name)
    file = f"{told[1]}.{told[2]}" if told else ""
    if told is None or not (STATIC / file).is_file() or static_path(file) != f"/static/{name}":
        raise NotFound
    return _file((STATIC / file).read_text(), told[2], FOR_EVER)


def _theme(_ask: Ask, parts: dict[str, Any]) -> Response:
    """The stylesheet of an accent colour, whose digits are its name."""
    told = _THEME.fullmatch(parts["name"])
    if told is None:
        raise NotFound
    light, dark = accent_pair(f"#{told[1]}")
    rule = ":root{{--accent:{};--accent-ink:{}}}"
    plain, at_night = rule.format(light, ink_on(light)), rule.format(dark, ink_on(dark))
    return _file(f"{plain}@media(prefers-color-scheme:dark){{{at_night}}}", "css", FOR_EVER)


def _logo(ask: Ask, asker: Asker, parts: dict[str, Any]) -> Response:
    """The logo of the company whose portal this is, for who is logged in."""
    company = views.visit(asker, choosing=True, now=ask.now).company
    if not company.logo or logo_path(company.logo) != f"/portal/logo/{parts['name']}":
        raise NotFound
    return _file(company.logo, "svg", "private, max-age=31536000, immutable")


static, theme, logo = Screen(_static), Screen(_theme), Screen(logged_in(_logo))


def _file(text: str, kind: str, caching: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": KINDS[kind],
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return FinalResponse(text, headers, 200)
