"""Log in, log out, a forgotten password: the pages of a browser that is not logged in."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

from chalice.app import Response

from chalicelib import observability
from chalicelib.domain.errors import Rejected, Unauthenticated
from chalicelib.domain.events import Actor
from chalicelib.domain.origin import network_of
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.languages import gettext
from chalicelib.portal.context import Context, Parts
from chalicelib.portal.error_pages import FORM_EXPIRED, FORM_EXPIRED_CODE
from chalicelib.portal.forms import FIELD, nonce_of
from chalicelib.portal.handlers import (
    LOG_IN,
    Handler,
    PageHandler,
    end_session,
    redirect,
    say_when,
    set_browser,
    set_cookie,
    set_session,
    set_visitor,
    visitor,
)
from chalicelib.portal.messages import error_message, field_messages
from chalicelib.portal.render import render
from chalicelib.portal.request import PENDING_COOKIE, PortalRequest
from chalicelib.usecases.branding import company_of_host, known_company
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.known_browser import origin_of
from chalicelib.usecases.log_in_code import (
    VALID_MS,
    PendingLogIn,
    ask_passkey,
    from_cookie,
    log_in_by_code,
    pending_log_in,
    to_cookie,
)
from chalicelib.usecases.passkey_answers import PasskeyAnswer
from chalicelib.usecases.sessions import log_in_to_portal, log_out
from chalicelib.web.error_responses import wire_code
from chalicelib.web.errors import ERRORS

HOME = "/portal"
LOG_IN_CODE = "/portal/log-in/code"
_OURS = re.compile(r"/portal(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*(\?[A-Za-z0-9._~%&=+*-]*)?")
"""No part begins with a dot: browsers go up at `..`, out of the portal. A query may follow."""


def visitor_form(
    template: str, load: Callable[[PortalRequest], Context]
) -> Callable[[Callable[[PortalRequest], Response]], PageHandler]:
    """A form for a browser that is not logged in: GET shows it, POST has to carry its token.

    `load` answers what the template shows besides what was typed; what it raises is a page that says why.
    """

    def decorate(act: Callable[[PortalRequest], Response]) -> PageHandler:
        def show(
            request: PortalRequest,
            _parts: Parts,
            status: int = 200,
            error: str = "",
            wrong: dict[str, str] | None = None,
        ) -> Response:
            secret, submitted = visitor(request), request.fields or request.query
            context: Context = {"error": error, "submitted": submitted, "wrong": wrong or {}} | load(request)
            response = render(template, request, secret, None, status=status, **context)
            set_visitor(request, response, secret)
            return response

        def carry_out(request: PortalRequest, parts: Parts) -> Response:
            if nonce_of(visitor(request), request.path, request.fields.get(FIELD, "")) is None:
                observability.set_error(FORM_EXPIRED_CODE)
                return show(request, parts, 403, gettext(FORM_EXPIRED))
            try:
                return act(request)
            except Rejected as error:
                code = wire_code(error)
                observability.set_error(code)
                response = show(request, parts, ERRORS[code][0], error_message(error), field_messages(error))
                return say_when(response, error)

        return PageHandler(show, carry_out)

    return decorate


def _branded(request: PortalRequest) -> Context:
    """The company that has this host, or else that the address names. What is typed names none: no answer tells
    whether the code was right.
    """
    own = company_of_host(request.host, now=request.now)
    return {"company": own or known_company(request.query.get("company", "")), "is_own_host": own is not None}


@visitor_form("log_in.html", _branded)
def log_in(request: PortalRequest) -> Response:
    """Open a session for who knows company code, email and password."""
    given, (company, email) = request.fields, _account(request)
    origin = origin_of(request.browser, company, email, request.ip)
    try:
        user, claims = log_in_to_portal(company, email, given.get("password", ""), origin, now=request.now)
    except Unauthenticated:
        if company_of_host(request.host, now=request.now) is None:
            raise
        raise Unauthenticated("invalid_credentials", of="own_host") from None  # the code cannot be wrong there
    if claims is not None:
        return _entered(request, user, claims)
    response = redirect(request, f"{LOG_IN_CODE}?{urlencode({'next': given.get('next', '')})}")
    pending = to_cookie(pending_log_in(user, origin, now=request.now), visitor(request))
    set_cookie(request, response, PENDING_COOKIE, pending, VALID_MS // 1000)
    return response


def _entered(request: PortalRequest, user: User, claims: SessionClaims) -> Response:
    """Go on to the page that was asked for, in the place of the session that the browser had."""
    if request.claims is not None:
        log_out(request.claims)
    to = request.fields.get("next", "")
    response = redirect(request, to if _OURS.fullmatch(to) else HOME)
    set_session(request, response, claims)
    set_browser(request, response, user)
    return response


def _pending(request: PortalRequest) -> PendingLogIn | None:
    return from_cookie(request.cookies.get(PENDING_COOKIE, ""), visitor(request), request.now)


def _branded_by_pending(request: PortalRequest) -> Context:
    """The company of who has entered the password, and what passkeys are asked; nothing else is shown of the person."""
    pending = _pending(request)
    if pending is None:
        return {"company": None, "asked": ""}
    company = known_company(pending.company)
    host = "" if company is None else request.own_host(company)
    return {"company": company, "asked": ask_passkey(pending, host=host, now=request.now)}


@visitor_form("log_in_code.html", _branded_by_pending)
def _enter_code(request: PortalRequest) -> Response:
    """Open a session for who has entered the password, and a code; or the password, and a passkey has answered."""
    pending = _pending(request)
    assert pending is not None, "`code` asks for it"
    answer = request.fields.get("passkey", "")
    given = PasskeyAnswer(answer, pending.id) if answer else request.fields.get("code", "")
    try:
        user, claims = log_in_by_code(pending, given, network_of(request.ip), now=request.now)
    except Unauthenticated:
        return redirect(request, LOG_IN)
    response = _entered(request, user, claims)
    set_cookie(request, response, PENDING_COOKIE, "", 0)
    return response


def _after_password(handle: Handler | None) -> Handler:
    """For who has entered the password, in this browser and of late; who has not begins anew."""
    assert handle is not None, "a form is shown and sent"
    return lambda request, parts: handle(request, parts) if _pending(request) else redirect(request, LOG_IN)


code = PageHandler(_after_password(_enter_code.get), _after_password(_enter_code.post))
"""The code of a second factor, behind the password."""


@visitor_form("forgotten.html", _branded)
def forgotten(request: PortalRequest) -> Response:
    """Send a code by mail, if there is such an account; nothing tells whether there is."""
    (company, email), secret = _account(request), visitor(request)
    request_code(company, email, secret, origin_of(request.browser, company, email, request.ip), now=request.now)
    submitted = {"company": company, "email": email}
    response = render("forgotten_code.html", request, secret, None, submitted=submitted, **_branded(request))
    set_visitor(request, response, secret)
    return response


@visitor_form("forgotten_code.html", _branded)
def forgotten_code(request: PortalRequest) -> Response:
    """Set a new password by the code. Who reads the mail of the account is no stranger to it, in this browser."""
    given, (company, email) = request.fields, _account(request)
    user = set_password_by_code(
        company,
        email,
        given.get("code", ""),
        given.get("new_password", ""),
        Actor("code", request.ip),
        visitor(request),
        now=request.now,
    )
    response = redirect(request, log_in_changed(user))
    set_browser(request, response, user)
    return response


def log_in_changed(user: User) -> str:
    """The address of the log-in that says that the password was changed, with all else filled in."""
    return f"{LOG_IN}?{urlencode({'changed': 'yes', 'company': user.company, 'email': user.email})}"


def _account(request: PortalRequest) -> tuple[str, str]:
    """Company code and email, as typed; on a company's own host it is that company, whatever is sent as its code."""
    own = company_of_host(request.host, now=request.now)
    return request.fields.get("company", "") if own is None else own.code, request.fields.get("email", "")


def _leave(request: PortalRequest, _parts: Parts) -> Response:
    """End the session, also by a form of an earlier one. Who is not logged in comes to the same page."""
    claims, token = request.claims, request.fields.get(FIELD, "")
    response = redirect(request, LOG_IN if claims is None else f"{LOG_IN}?{urlencode({'company': claims.company})}")
    if claims is not None and any(nonce_of(key, request.path, token) for key in (visitor(request), claims.token)):
        log_out(claims)
        end_session(request, response)
    return response


leave = PageHandler(None, _leave)
