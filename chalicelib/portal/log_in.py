"""Log in, log out, a forgotten password: the pages of a browser that is not logged in."""

import re
from collections.abc import Callable
from typing import Any

from chalice.app import Response

from chalicelib import telemetry
from chalicelib.domain.history import Actor
from chalicelib.domain.refusal import Refused
from chalicelib.portal.forms import FIELD, nonce_of
from chalicelib.portal.render import render
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import (
    LOG_IN,
    OUT_OF_DATE,
    OUT_OF_DATE_CODE,
    Screen,
    end_session,
    redirect,
    say_when,
    set_browser,
    set_session,
    set_visitor,
    visitor,
)
from chalicelib.portal.words import refusal_words
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.known_browser import origin_of
from chalicelib.usecases.sessions import log_in_to_portal, log_out
from chalicelib.web.errors import ERRORS

HOME = "/portal"
_OURS = re.compile(r"/portal(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""No part begins with a dot: browsers go up at `..`, out of the portal."""


def _form(template: str) -> Callable[[Callable[[Ask], Response]], Screen]:
    """A form for a browser that is not logged in: GET shows it, POST has to carry its token."""

    def decorate(act: Callable[[Ask], Response]) -> Screen:
        def show(ask: Ask, _parts: dict[str, Any], status: int = 200, error: str = "") -> Response:
            secret, typed = visitor(ask), ask.fields or ask.query
            response = render(template, ask, secret, None, status=status, error=error, typed=typed)
            set_visitor(ask, response, secret)
            return response

        def carry_out(ask: Ask, parts: dict[str, Any]) -> Response:
            if nonce_of(visitor(ask), ask.path, ask.fields.get(FIELD, "")) is None:
                telemetry.refuse(OUT_OF_DATE_CODE)
                return show(ask, parts, 403, OUT_OF_DATE)
            try:
                return act(ask)
            except Refused as refused:
                telemetry.refuse(refused.code)
                return say_when(show(ask, parts, ERRORS[refused.code][0], refusal_words(refused)), refused)

        return Screen(show, carry_out)

    return decorate


@_form("log_in.html")
def log_in(ask: Ask) -> Response:
    """Open a session for who knows company code, e-mail and password."""
    given, (company, email) = ask.fields, _account(ask)
    origin = origin_of(ask.browser, company, email, ask.ip)
    user, asker = log_in_to_portal(company, email, given.get("password", ""), origin, now=ask.now)
    if ask.asker is not None:
        log_out(ask.asker)
    to = given.get("next", "")
    response = redirect(ask, to if _OURS.fullmatch(to) else HOME)
    set_session(ask, response, asker)
    set_browser(ask, response, user)
    return response


@_form("forgotten.html")
def forgotten(ask: Ask) -> Response:
    """Send a code by mail, if there is such an account; nothing tells whether there is."""
    (company, email), secret = _account(ask), visitor(ask)
    request_code(company, email, secret, origin_of(ask.browser, company, email, ask.ip), now=ask.now)
    response = render("forgotten_code.html", ask, secret, None, typed={"company": company, "email": email})
    set_visitor(ask, response, secret)
    return response


@_form("forgotten_code.html")
def forgotten_code(ask: Ask) -> Response:
    """Set a new password by the code. Who reads the mail of the account is no stranger to it, in this browser."""
    given, (company, email) = ask.fields, _account(ask)
    user = set_password_by_code(
        company,
        email,
        given.get("code", ""),
        given.get("new_password", ""),
        Actor("code", ask.ip),
        visitor(ask),
        now=ask.now,
    )
    response = redirect(ask, f"{LOG_IN}?changed=yes")
    set_browser(ask, response, user)
    return response


def _account(ask: Ask) -> tuple[str, str]:
    """Company code and e-mail, as typed."""
    return ask.fields.get("company", ""), ask.fields.get("email", "")


def _leave(ask: Ask, _parts: dict[str, Any]) -> Response:
    """End the session, also by a form of an earlier one. Who is not logged in comes to the same page."""
    asker, token = ask.asker, ask.fields.get(FIELD, "")
    response = redirect(ask, LOG_IN)
    if asker is not None and any(nonce_of(key, ask.path, token) for key in (visitor(ask), asker.token)):
        log_out(asker)
        end_session(ask, response)
    return response


leave = Screen(None, _leave)
