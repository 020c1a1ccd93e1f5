"""What pages load: stylesheets, scripts, a company's colour and logo. Addresses change with what they hold."""

import re

from chalice.app import Response

from chalicelib.domain.colour import accent_pair, ink_on
from chalicelib.domain.session import Asker, SessionOver
from chalicelib.portal.render import STATIC, logo_path, static_path
from chalicelib.portal.request import Ask
from chalicelib.portal.routing import NotFound, face, guarded
from chalicelib.usecases import views
from chalicelib.web.errors import FinalResponse

FOR_EVER = "public, max-age=31536000, immutable"
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_HASHED = re.compile(r"([a-z.-]+)\.[0-9a-f]{12}\.(css|js|svg)")
_THEME = re.compile(r"([0-9a-f]{6})\.css")


@face.route("/static/{name}", methods=["GET"])
def static(name: str) -> Response:
    """A file of `static/`, by its hashed name."""

    def answer(_ask: Ask) -> Response:
        parts = _HASHED.fullmatch(name)
        file = f"{parts[1]}.{parts[2]}" if parts else ""
        if parts is None or not (STATIC / file).is_file() or static_path(file) != f"/static/{name}":
            raise NotFound
        return _file((STATIC / file).read_text(), parts[2], FOR_EVER)

    return guarded(answer)


@face.route("/portal/theme/{name}", methods=["GET"])
def theme(name: str) -> Response:
    """The stylesheet of an accent colour, whose digits are its name."""

    def answer(_ask: Ask) -> Response:
        parts = _THEME.fullmatch(name)
        if parts is None:
            raise NotFound
        light, dark = accent_pair(f"#{parts[1]}")
        rule = ":root{{--accent:{};--accent-ink:{}}}"
        text = (
            f"{rule.format(light, ink_on(light))}@media(prefers-color-scheme:dark){{{rule.format(dark, ink_on(dark))}}}"
        )
        return _file(text, "css", FOR_EVER)

    return guarded(answer)


@face.route("/portal/logo/{name}", methods=["GET"])
def logo(name: str) -> Response:
    """The logo of the company whose portal this is, for who is logged in."""

    def answer(ask: Ask) -> Response:
        asker: Asker | None = ask.asker
        if asker is None:
            raise SessionOver
        company = views.visit(asker, choosing=True, now=ask.now).company
        if not company.logo or logo_path(company.logo) != f"/portal/logo/{name}":
            raise NotFound
        return _file(company.logo, "svg", "private, max-age=31536000, immutable")

    return guarded(answer)


def _file(text: str, kind: str, caching: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": KINDS[kind],
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return FinalResponse(text, headers, 200)
