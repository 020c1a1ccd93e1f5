"""The portal on one page: every address, and the handler that answers there.

Handlers are imported when they are first asked for: an application's call does not wait for the portal.
"""

from collections.abc import Callable
from importlib import import_module

from chalice.app import Blueprint, Request, Response

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.web.errors import FinalResponse
from chalicelib.web.paths import is_below

blueprint = Blueprint(__name__)

FORM_TYPES = ["application/x-www-form-urlencoded", "multipart/form-data"]
PAGE, FORM, POST = ("GET",), ("GET", "POST"), ("POST",)
LICENSE = "/portal/licenses/{license_id}"
USER = LICENSE + "/users/{user_id}"
SEAT = "/portal/seats/{license_id}"

NOWHERE = "/portal/{nowhere}"
"""What stands directly below the portal and is no page; whoever serves asks it for other unknown addresses, too."""

TABLE = (
    ("/portal", "overview.home", PAGE),
    ("/portal/activity", "overview.activity", PAGE),
    ("/portal/log-in", "log_in.log_in", FORM),
    ("/portal/log-in/code", "log_in.code", FORM),
    ("/portal/log-out", "log_in.leave", POST),
    ("/portal/forgotten", "log_in.forgotten", FORM),
    ("/portal/forgotten/code", "log_in.forgotten_code", FORM),
    ("/portal/invitation", "invitation.invitation", FORM),
    ("/portal/licenses", "licenses.licenses", PAGE),
    ("/portal/export/licenses", "exports.licenses", PAGE),
    ("/portal/export/people", "exports.people", PAGE),
    (LICENSE, "licenses.license", PAGE),
    (LICENSE + "/history", "licenses.history", PAGE),
    (LICENSE + "/export/{name}", "exports.of_license", PAGE),
    (LICENSE + "/name", "licenses.name", FORM),
    (LICENSE + "/reset", "licenses.reset", FORM),
    (LICENSE + "/disable", "licenses.disable", FORM),
    (LICENSE + "/enable", "licenses.enable", FORM),
    (LICENSE + "/devices", "devices.devices", PAGE),
    (LICENSE + "/devices/{device}", "devices.device", PAGE),
    (LICENSE + "/devices/{device}/reset", "devices.reset", FORM),
    (LICENSE + "/users", "users.users", PAGE),
    (LICENSE + "/users/assign", "assign.assign", FORM),
    (LICENSE + "/users/chosen", "chosen_users.chosen", FORM),
    (LICENSE + "/users/restore", "chosen_users.restore", POST),
    (LICENSE + "/users/batch", "batch.batch", FORM),
    (LICENSE + "/users/batch/start", "batch.start", POST),
    (LICENSE + "/users/batch/{batch_id}", "batch.run", FORM),
    (LICENSE + "/users/batch/{batch_id}/end", "batch.end", FORM),
    (LICENSE + "/users/batch/{batch_id}/result.csv", "batch.result", PAGE),
    (USER + "/initial-password", "users.initial_password", PAGE),
    (USER + "/invitation", "users.invitation", FORM),
    (USER + "/email", "users.email", FORM),
    (USER + "/password", "users.password", FORM),
    (USER + "/limit", "users.limit", FORM),
    (USER + "/reset", "users.reset", FORM),
    (USER + "/replace", "assign.replacement", FORM),
    (USER + "/remove", "users.remove", FORM),
    ("/portal/search", "search.search", PAGE),
    ("/portal/people", "people.people", PAGE),
    ("/portal/people/{user_id}", "people.person", PAGE),
    ("/portal/people/{user_id}/leave", "people.leave", FORM),
    ("/portal/invited", "people.invited", PAGE),
    ("/portal/invited/again", "people.again", FORM),
    ("/portal/seats", "own_licenses.seats", PAGE),
    (SEAT, "own_licenses.devices", PAGE),
    (SEAT + "/devices/{device}", "own_licenses.device", PAGE),
    (SEAT + "/devices/{device}/reset", "own_licenses.reset", FORM),
    ("/portal/account", "account.account", PAGE),
    ("/portal/account/person", "account.profile", FORM),
    ("/portal/account/mails", "account.mails", FORM),
    ("/portal/account/language", "account.language", FORM),
    ("/portal/account/sessions", "account.sessions", FORM),
    ("/portal/account/sessions/{session}/end", "account.end_session", FORM),
    ("/portal/account/second-factor", "second_factor.set_up", FORM),
    ("/portal/account/second-factor/codes", "second_factor.codes", FORM),
    ("/portal/account/second-factor/off", "second_factor.off", FORM),
    ("/portal/account/passkeys/add", "passkeys.add", FORM),
    ("/portal/account/passkeys/{passkey}/remove", "passkeys.remove", FORM),
    ("/portal/password", "account.password", FORM),
    ("/portal/logo/{name}", "assets.logo", PAGE),
    ("/portal/theme/{name}", "assets.theme", PAGE),
    ("/static/{name}", "assets.static", PAGE),
    (NOWHERE, "nowhere.nowhere", PAGE),
)


def _handler(name: str) -> Callable[..., Response]:
    def view(**parts: str) -> Response:
        module, handler = name.split(".")
        response: Response = getattr(import_module(f"{__package__}.{module}"), handler).answer(
            blueprint.current_request, parts
        )
        return response

    return view


def in_pages(request: Request | None, get_response: Callable[..., Response]) -> Response:
    """The answer; of a form in a type that is none of ours, which Chalice refuses by itself, a page like all others."""
    response = get_response(request)
    if request is None or response.status_code != 415 or not is_below(request.path, "/portal"):
        return response
    error = Invalid("unsupported_media_type", of="form", types=" or ".join(FORM_TYPES))
    return refused_page(request, error)


def refused_page(request: Request, error: SeatkeeperError) -> Response:
    """The page for a request that cannot be read."""
    handlers, requests = (import_module(f"{__package__}.{name}") for name in ("handlers", "request"))
    response: Response = handlers.unreadable(requests.unread(request), error)
    return response


def to_portal(request: Request) -> Response:
    """Who opens the server's own address in a browser goes on to the portal, below any stage."""
    prefix = str(request.context.get("path") or "").rstrip("/")
    return FinalResponse("", {"Location": f"{prefix}/portal", "Cache-Control": "no-store", "Vary": "Accept"}, 303)


for _path, _name, _methods in TABLE:
    for _method in _methods:
        _types = FORM_TYPES if _method == "POST" else []
        blueprint.route(_path, methods=[_method], name=f"{_method} {_path}", content_types=_types)(_handler(_name))
