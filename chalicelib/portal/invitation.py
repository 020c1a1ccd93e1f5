"""The link of an invitation: the page where an invited person chooses a password.

GET changes nothing. The secret stands in the address: it is told to no other page, by no referrer.
"""

from chalice.app import Response

from chalicelib import observability
from chalicelib.domain.catalog import Company
from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import Actor
from chalicelib.domain.invitation import read_invitation
from chalicelib.portal.context import Context, Parts
from chalicelib.portal.handlers import Handler, PageHandler, redirect, set_browser
from chalicelib.portal.log_in import log_in_changed, visitor_form
from chalicelib.portal.render import render
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases.branding import company_of_host, known_company
from chalicelib.usecases.invitations import accept_invitation, find_invited


def _invited(request: PortalRequest) -> Context:
    """Whose password is chosen here, and by which link."""
    link = _link(request)
    user = find_invited(link, request.ip, now=request.now)
    return {"user": user, "link": link, "company": known_company(user.company)}


@visitor_form("invitation.html", _invited)
def _choose(request: PortalRequest) -> Response:
    """Set the password. Who reads the mail of the account is no stranger to it, in this browser."""
    password = request.fields.get("new_password", "")
    user = accept_invitation(_link(request), password, Actor("invitation", request.ip), now=request.now)
    response = redirect(request, log_in_changed(user))
    set_browser(request, response, user)
    return response


def _link(request: PortalRequest) -> str:
    """The link; empty for one of another company than that whose host this is."""
    link = (request.fields or request.query).get("link", "")
    invitation, own = read_invitation(link), company_of_host(request.host, now=request.now)
    is_anothers = own is not None and invitation is not None and invitation.company != own.code
    return "" if is_anothers else link


def _company(request: PortalRequest) -> Company | None:
    """Whose face the page has: of the company that the link names, which is no secret (`portal.nowhere`), or that has
    this host.
    """
    invitation = read_invitation(_link(request))
    known = invitation and known_company(invitation.company)
    return known or company_of_host(request.host, now=request.now)


def _or_what_to_do(handle: Handler) -> Handler:
    """Where the link is no good, one page that says what to do, whatever is wrong with it."""

    def answer(request: PortalRequest, parts: Parts) -> Response:
        try:
            response = handle(request, parts)
        except Invalid as error:
            if error.code != "invalid_invitation":
                raise
            observability.set_error(error.code)
            response = render("invitation_over.html", request, "", None, status=400, company=_company(request))
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return answer


invitation = PageHandler(*(handle and _or_what_to_do(handle) for handle in (_choose.get, _choose.post)))
