"""What the portal says where it refuses something, or fails: the code for the log, the status, and the words."""

from contextlib import suppress

from chalice.app import Response

from chalicelib import observability
from chalicelib.domain.errors import NotFound, SeatkeeperError, Unavailable
from chalicelib.languages import gettext, mark
from chalicelib.portal.context import Context
from chalicelib.portal.messages import error_message
from chalicelib.portal.render import render
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.branding import company_of_host, known_company
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


def error_page(error: Exception) -> tuple[str, int, str, str]:
    """Code, status, title and sentence of a page that says what is wrong."""
    match error:
        case Unavailable():
            observability.add_fields(unavailable_reason=str(error))
            return "service_busy", 503, gettext("Busy"), gettext(BUSY)
        case SeatkeeperError():
            code, status, words = why(error)
            return code, status, title_of(status), words
    sentence = gettext("Something went wrong on the server, and was logged. Please try again.")
    return "internal_error", 500, gettext("Server error"), sentence


def title_of(status: int) -> str:
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


def failed(request: PortalRequest, status: int, title: str, sentence: str) -> Response:
    """A page that says what is wrong, with the face of the company whose session the browser has, or whose host this
    is.
    """
    more: Context = {"title": title, "sentence": sentence, "request_id": observability.request_id()}
    more["is_trouble"] = status >= 500
    if status < 500:  # a server in trouble is asked for nothing more
        with suppress(Unavailable):
            known = request.claims and known_company(request.claims.company)
            more["company"] = known or company_of_host(request.host, now=request.now)
    response = render("error.html", request, "", None, status=status, **more)
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response
