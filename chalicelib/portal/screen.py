"""What every page and every form of the portal goes through.

    @page("license.html")                        a view, shown
    @action("confirm.html", Nothing, look)       a form: GET shows it, POST carries it out, once

`look` and the views prove who asks and that what he names is his (`usecases.views`); nothing is carried out before.
A form is carried out once: its token is claimed first, and what came of it is shown after a redirect, also to who sends
it again. One that is refused is shown again, with what was typed and why.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from http.cookies import Morsel
from secrets import token_urlsafe
from typing import Any, TypeVar
from urllib.parse import quote

from chalice.app import Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib import telemetry
from chalicelib.domain.people import User
from chalicelib.domain.refusal import Refused
from chalicelib.domain.session import ABSOLUTE_MS, Asker, PasswordToChoose, SessionOver
from chalicelib.portal.forms import FIELD, nonce_of
from chalicelib.portal.render import render
from chalicelib.portal.request import BROWSER_COOKIE, SESSION_COOKIE, VISITOR_COOKIE, Ask, read_request, unread
from chalicelib.portal.words import invalid_words, refusal_words
from chalicelib.store.dynamo import Busy
from chalicelib.usecases.known_browser import VALID_MS
from chalicelib.usecases.known_browser import to_cookie as browser_to_cookie
from chalicelib.usecases.once import once, outcome_of
from chalicelib.usecases.sessions import to_cookie
from chalicelib.usecases.views import Visit
from chalicelib.web.errors import ERRORS, FinalResponse, RequestError

log = logging.getLogger("seatkeeper")

STRICT_TRANSPORT = "max-age=31536000"
"""A browser that has come over HTTPS once comes in no other way for a year."""
LOG_IN, CHOOSE = "/portal/log-in", "/portal/password"
OUT_OF_DATE = "This form is out of date. Here is a fresh one with what you typed: please send it again."
OUT_OF_DATE_CODE = "form_out_of_date"
"""What the log calls that; all its other codes are those of `web.errors`."""
_VISITOR = re.compile(r"[A-Za-z0-9_-]{43}")

F = TypeVar("F", bound=BaseModel)
Handler = Callable[[Ask, dict[str, Any]], Response]
"""Answers a request, given the parts of its path."""
Look = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a form: where to go on, and what is said there."""

    to: str
    says: str = ""
    reveal: str = ""
    """Where an initial password can be seen, if one was made."""
    epoch: int | None = None
    """Of the own account, where its other sessions were ended: this one and this browser go on."""


class Nothing(BaseModel):
    """A form that only asks to confirm."""


class NotFound(Exception):
    """There is nothing at this address."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What answers at an address: `get`, and `post` where there is a form."""

    get: Handler | None
    post: Handler | None = None

    def answer(self, request: Request, parts: dict[str, str]) -> Response:
        """What is at the address, or a page that says why not."""
        try:
            ask = read_request(request)
        except RequestError as error:
            return unreadable(unread(request), error)
        return _strict(ask, self._handled(request, ask, parts))

    def _handled(self, request: Request, ask: Ask, parts: dict[str, str]) -> Response:
        handle = self.post if ask.method == "POST" else self.get
        assert handle is not None, "the route table names the methods that a screen has"
        try:
            return handle(ask, {name: _part(name, text) for name, text in parts.items()})
        except SessionOver:
            return _to_log_in(ask)
        except PasswordToChoose:
            return redirect(ask, CHOOSE)
        except Exception as error:
            code, status, title, sentence = _told(error)
            if status == 500:
                log.exception("bug in %s %s", request.method, request.path)
            telemetry.refuse(code)
            return failed(ask, status, title, sentence)


def unreadable(ask: Ask, error: RequestError) -> Response:
    """The page for a request that cannot be read; `ask` tells where it has come in."""
    status, standard = ERRORS[error.code]
    telemetry.refuse(error.code)
    title = "Not found" if status == 404 else "Refused"
    return _strict(ask, failed(ask, status, title, error.message or standard))


def _strict(ask: Ask, response: Response) -> Response:
    if ask.secure:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    return response


def page(template: str) -> Callable[[Callable[..., Any]], Screen]:
    """`@page(template)`: a function of the request, who asks and the path's parts, that answers a view to show.

    Or a view and a dict of what the template shows besides it.
    """

    def decorate(view: Callable[..., Any]) -> Screen:
        def show(ask: Ask, asker: Asker, parts: dict[str, Any]) -> Response:
            shown, more = _parted(view(ask, asker, **parts))
            return render(template, ask, asker.token, _visit(shown), view=shown, **more)

        return Screen(logged_in(show))

    return decorate


def action(template: str, schema: type[F], look: Look) -> Callable[[Callable[[Ask, Any, F], Said]], Screen]:
    """`@action(template, Schema, look)`: a function of the request, the view and the form, that carries it out.

    `look` answers what a page's function does; it is asked before the form is shown, and before it is carried out.
    """

    def decorate(act: Callable[[Ask, Any, F], Said]) -> Screen:
        def shown(ask: Ask, looked: Any, **more: Any) -> Response:
            view, besides = _parted(looked)
            visit = _visit(view)
            context = {"view": view, "back": _back(ask.path)} | besides | more
            return render(template, ask, visit.asker.token, visit, **context)

        def show(ask: Ask, asker: Asker, parts: dict[str, Any]) -> Response:
            return shown(ask, look(ask, asker, **parts))

        def carry_out(ask: Ask, asker: Asker, parts: dict[str, Any]) -> Response:
            nonce = nonce_of(asker.token, ask.path, ask.fields.get(FIELD, ""))
            try:
                looked = look(ask, asker, **parts)
            except Refused:  # what it is about may be gone by the very form, sent before
                done = _done(asker, nonce)
                if done is None:
                    raise
                return _see(ask, *done)

            def again(code: str, status: int, error: str) -> Response:
                telemetry.refuse(code)
                return shown(ask, looked, status=status, error=error, typed=ask.fields)

            if nonce is None:
                return again(OUT_OF_DATE_CODE, 403, OUT_OF_DATE)
            try:
                form = schema.model_validate(ask.fields)
                view = _parted(looked)[0]
                outcome = once(asker, nonce, lambda: asdict(act(ask, view, form)), now=ask.now)
            except (ValidationError, Refused) as error:
                return say_when(again(*_why(error)), error)
            response = _see(ask, outcome["to"] if outcome else _back(ask.path), nonce)
            _keep_known(ask, response, _visit(view).user, outcome or {})
            return response

        return Screen(logged_in(show), logged_in(carry_out))

    return decorate


def logged_in(handle: Callable[[Ask, Asker, dict[str, Any]], Response]) -> Handler:
    """For who has a session cookie; whether the session lasts, the views look at."""

    def answer(ask: Ask, parts: dict[str, Any]) -> Response:
        asker = ask.asker
        if asker is None:
            raise SessionOver
        return handle(ask, asker, parts)

    return answer


def _why(error: ValidationError | Refused) -> tuple[str, int, str]:
    """The code, the status and the words of a refusal."""
    if isinstance(error, ValidationError):
        return "validation_error", 400, invalid_words(error)
    return error.code, _status(error), refusal_words(error)


def _done(asker: Asker, nonce: str | None) -> tuple[str, str] | None:
    """Where it is told what came of a form that was sent before, and the form's nonce; None where it was not."""
    outcome = None if nonce is None else outcome_of(asker, nonce)
    return None if nonce is None or outcome is None else (outcome["to"], nonce)


def _see(ask: Ask, to: str, nonce: str) -> Response:
    """Go on to where it is told what came of a form."""
    return redirect(ask, f"{to}{'&' if '?' in to else '?'}done={nonce}")


def _keep_known(ask: Ask, response: Response, user: User, outcome: dict[str, Any]) -> None:
    """Where the form has ended the other sessions of the account, let this browser be known to it as before."""
    if outcome.get("epoch") is not None:
        set_browser(ask, response, replace(user, session_epoch=outcome["epoch"]))


def _back(path: str) -> str:
    """The list that a form belongs to: its address without the last part."""
    return path.rpartition("/")[0]


def _told(error: Exception) -> tuple[str, int, str, str]:
    """Code, status, title and sentence of a page that says what is wrong."""
    match error:
        case NotFound():
            return "not_found", 404, "Not found", "There is nothing at this address."
        case Refused():
            code, status, words = _why(error)
            return code, status, "Not found" if status == 404 else "Refused", words
        case Busy():
            telemetry.note(busy=str(error))
            sentence = "The database is busy. Nothing was changed: please try again in a moment."
            return "service_busy", 503, "Busy", sentence
    sentence = "Something went wrong here, and it was noted. Please try again."
    return "internal_error", 500, "A mistake of ours", sentence


def _status(refused: Refused) -> int:
    """As browsers know it: the wire contract of applications answers 400 for a license that is not found."""
    return 404 if refused.code.endswith("_not_found") else ERRORS[refused.code][0]


def failed(ask: Ask, status: int, title: str, sentence: str) -> Response:
    """A page that says what is wrong."""
    response = render("error.html", ask, "", None, status=status, title=title, sentence=sentence)
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def say_when(response: Response, error: Exception) -> Response:
    """With the seconds after which a refusal ends by itself, where it does."""
    if isinstance(error, Refused) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def redirect(ask: Ask, path: str) -> Response:
    """Go on there, by GET."""
    return FinalResponse("", {"Location": ask.prefix + path, "Cache-Control": "no-store"}, 303)


def set_session(ask: Ask, response: Response, asker: Asker) -> None:
    """Let the browser keep a session."""
    _set_cookie(ask, response, SESSION_COOKIE, to_cookie(asker), ABSOLUTE_MS // 1000)


def end_session(ask: Ask, response: Response) -> None:
    """Let the browser forget its session."""
    _set_cookie(ask, response, SESSION_COOKIE, "", 0)


def visitor(ask: Ask) -> str:
    """The secret of a browser that is not logged in; a new one where it keeps none."""
    known = ask.cookies.get(VISITOR_COOKIE, "")
    return known if _VISITOR.fullmatch(known) else token_urlsafe(32)


def set_browser(ask: Ask, response: Response, user: User) -> None:
    """Let the browser keep that it has logged in to an account, as it is now."""
    cookie = browser_to_cookie(ask.browser, user, ask.now)
    _set_cookie(ask, response, BROWSER_COOKIE, cookie, VALID_MS // 1000)


def set_visitor(ask: Ask, response: Response, secret: str) -> None:
    """Let the browser keep that secret."""
    _set_cookie(ask, response, VISITOR_COOKIE, secret, ABSOLUTE_MS // 1000)


def _set_cookie(ask: Ask, response: Response, name: str, value: str, seconds: int) -> None:
    morsel: Morsel[str] = Morsel()
    morsel.set(ask.cookie_name(name), value, value)
    attributes: dict[str, Any] = {"path": ask.cookie_path, "max-age": seconds, "httponly": True}
    morsel.update(attributes | {"samesite": "Lax", "secure": ask.secure})
    others = response.headers.get("Set-Cookie", [])
    response.headers["Set-Cookie"] = [*others, morsel.OutputString()]


def _to_log_in(ask: Ask) -> Response:
    where = ask.path if ask.method == "GET" and ask.path != LOG_IN else ""
    response = redirect(ask, f"{LOG_IN}?next={quote(where)}" if where else LOG_IN)
    if SESSION_COOKIE in ask.cookies:
        end_session(ask, response)
    return response


def _part(name: str, text: str) -> Any:
    if not name.endswith("_id"):
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise NotFound
    return int(text)


def _parted(shown: Any) -> tuple[Any, dict[str, Any]]:
    """A view, and what is shown besides it."""
    return shown if isinstance(shown, tuple) else (shown, {})


def _visit(view: Any) -> Visit:
    return view if isinstance(view, Visit) else view.visit
