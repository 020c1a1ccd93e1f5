"""What the portal says where it refuses something, or fails: the code for the log, the status, and the words."""

from chalice.app import Response

from chalicelib import observability
from chalicelib.domain.catalog import Company
from chalicelib.domain.errors import NotFound, SeatkeeperError, Unavailable
from chalicelib.languages import gettext, mark
from chalicelib.portal.context import Context
from chalicelib.portal.messages import error_message
from chalicelib.portal.render import render
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.branding import company_of_host, face_without_a_read
from chalicelib.usecases.portal_queries import Principal, who_is_told
from chalicelib.web.error_responses import wire_code
from chalicelib.web.errors import ERRORS

BUSY = mark("The database is busy. Nothing was changed: please try again in a moment.")
FORM_EXPIRED = mark("This form has expired. Here is a new one with what you typed: please send it again.")
FORM_EXPIRED_CODE = "form_out_of_date"
"""What the log calls that; all its other codes are those of `web.errors`."""


def why(error: SeatkeeperError) -> tuple[str, int, str]:
    """The code, the status and the words of a refusal. Raises what is unavailable: that is no word on the form."""
    if isinstance(error, Unavailable):
        raise error
    if error.code == "idempotency_key_reused":
        return FORM_EXPIRED_CODE, 403, gettext(FORM_EXPIRED)  # it was sent before, with something else typed
    return wire_code(error), _status(error), error_message(error)


def _error_page(error: Exception) -> tuple[str, int, str, str]:
    """Code, status, title and sentence of a page that says what is wrong."""
    match error:
        case Unavailable():
            observability.add_fields(unavailable_reason=str(error))
            return "service_busy", 503, gettext("Busy"), gettext(BUSY)
        case SeatkeeperError():
            code, status, words = why(error)
            return code, status, _title_of(status), words
    sentence = gettext("Something went wrong on the server, and was logged. Please try again.")
    return "internal_error", 500, gettext("Server error"), sentence


def _title_of(status: int) -> str:
    """Of a page that refuses something."""
    match status:
        case 403:
            return gettext("Not allowed")
        case 404:
            return gettext("Not found")
    return gettext("Refused")


def _status(error: SeatkeeperError) -> int:
    """As browsers know it: the wire contract of applications answers 400 for a license that is not found."""
    return 404 if isinstance(error, NotFound) else ERRORS[wire_code(error)][0]


def failed(request: PortalRequest, error: Exception) -> Response:
    """A page that says what is wrong: with the navigation of who is logged in, and else with the face of the company
    whose session the browser had, or whose host this is.

    A server in trouble is asked for nothing more: there it is what this process knows of the company.
    """
    principal, company = None, None
    is_trouble = isinstance(error, Unavailable) or not isinstance(error, SeatkeeperError)
    try:
        if not is_trouble:
            principal, company = _who_is_told(request)
    except Unavailable as trouble:
        error, is_trouble = trouble, True
    if is_trouble:
        code = request.claims.company if request.claims else ""
        company = face_without_a_read(code, request.host, now=request.now)
    code, status, title, sentence = _error_page(error)  # in the language of who is told
    observability.set_error(code)
    more: Context = {"title": title, "sentence": sentence, "request_id": observability.request_id()}
    more |= {"is_trouble": is_trouble, "company": company, "path": ""}  # it is none of those that the navigation names
    secret = principal.claims.token if principal else ""
    response = render("error.html", request, secret, principal, status=status, **more)
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def _who_is_told(request: PortalRequest) -> tuple[Principal | None, Company | None]:
    principal, company = who_is_told(request.claims, now=request.now) if request.claims else (None, None)
    return principal, company or company_of_host(request.host, now=request.now)
