"""What every page and every form of the portal goes through.

    @page("license.html")                        a view, shown
    @action("confirm.html", Confirmation, load)  a form: GET shows it, POST carries it out, once

`load` and the views prove who asks and that what he names is his (`usecases.portal_queries`); nothing is carried out
before. A form is carried out once: its token is claimed first, and what came of it is shown after a redirect, also to
who sends it again. One that is refused is shown again, with what was typed and why.
"""

import inspect
import json
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from http.cookies import Morsel
from secrets import token_urlsafe
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

from chalice.app import Request, Response

from chalicelib import observability
from chalicelib.domain.errors import Forbidden, NotFound, SeatkeeperError, Unauthenticated
from chalicelib.domain.instants import Instant
from chalicelib.domain.permissions import Permission
from chalicelib.domain.session import ABSOLUTE_MS, SessionClaims
from chalicelib.domain.users import User
from chalicelib.languages import Reader, gettext, writing_for
from chalicelib.portal.browser_name import browser_name
from chalicelib.portal.context import Changed, Context, Loaded, Parts, View
from chalicelib.portal.error_pages import FORM_EXPIRED, FORM_EXPIRED_CODE, failed, why
from chalicelib.portal.forms import FIELD, nonce_of
from chalicelib.portal.lists import in_list, list_query_of, row_of
from chalicelib.portal.messages import field_messages
from chalicelib.portal.render import render
from chalicelib.portal.request import (
    BROWSER_COOKIE,
    MAX_TEXT,
    SESSION_COOKIE,
    VISITOR_COOKIE,
    WAY_COOKIE,
    WAYS_IN,
    PortalRequest,
    read_request,
    unread,
)
from chalicelib.usecases.idempotency import Answer, IdempotencyKey, Performed, find_performed, perform_once
from chalicelib.usecases.known_browser import VALID_MS
from chalicelib.usecases.known_browser import to_cookie as browser_to_cookie
from chalicelib.usecases.permissions import guard_permitted, permitted
from chalicelib.usecases.portal_queries import LicenseView, Principal
from chalicelib.usecases.session_list import note_session
from chalicelib.usecases.sessions import to_cookie
from chalicelib.web.errors import FinalResponse

log = logging.getLogger("seatkeeper")

STRICT_TRANSPORT = "max-age=31536000"
"""A browser that has come over HTTPS once comes in no other way for a year."""
LOG_IN, CHOOSE, SET_UP = "/portal/log-in", "/portal/password", "/portal/account/second-factor"
UNDO_MS = 10_000
"""How long what a form has done can be taken back by one click."""
_VISITOR = re.compile(r"[A-Za-z0-9_-]{43}")

F = TypeVar("F")
R = TypeVar("R")
Handler = Callable[[PortalRequest, Parts], Response]
"""Answers a request, given the parts of its path."""
Load = Callable[..., Loaded]
Needs = Callable[[Mapping[str, str]], tuple[Permission, ...]]
"""What the vendor must allow a manager for a form, given its fields."""


@dataclass(frozen=True, slots=True)
class Undo:
    """The form that takes back what a form has done: one of the portal's own, filled in, which is offered for a moment.

    It may be refused like any other: somebody else may have been there first.
    """

    to: str
    """Its address."""
    until: Instant
    fields: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def now(request: PortalRequest, to: str, **fields: str) -> "Undo":
        """As it is offered after this request."""
        return Undo(to, request.now + UNDO_MS, fields)


@dataclass(frozen=True, slots=True)
class FormResult:
    """What came of a form: the location to go on at, and the message that is shown there once."""

    location: str
    flash: str = ""
    reveal: str = ""
    """Where an initial password can be seen, if one was made."""
    epoch: int | None = None
    """Of the own account, where its other sessions were ended: this one and this browser go on."""
    undo: Undo | None = None
    row: str = ""
    """The name of the row that it is about, where the location is a list."""
    codes: tuple[str, ...] = ()
    """Recovery codes that were made, which the page shows up to `codes_until`."""
    codes_until: Instant = 0

    def as_answer(self) -> Answer:
        """As it is stored with the change: by the names of the first version, which older processes read."""
        answer: Answer = {
            "to": self.location,
            "says": self.flash,
            "reveal": self.reveal,
            "epoch": self.epoch,
            "row": self.row,
        }
        answer |= {} if self.undo is None else {"undo": asdict(self.undo)}
        return answer | ({"codes": self.codes, "codes_until": self.codes_until} if self.codes else {})


@dataclass(frozen=True, slots=True)
class Change(Generic[R]):
    """What a form does, and what came of that: `result` is asked before it is done, and again where nothing was."""

    make: Callable[[], R]
    result: Callable[[R], FormResult]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A form that only asks to confirm."""


@dataclass(frozen=True, slots=True)
class PageHandler:
    """What answers at an address: `get`, and `post` where there is a form."""

    get: Handler | None
    post: Handler | None = None

    def answer(self, raw_request: Request, parts: dict[str, str]) -> Response:
        """What is at the address, or a page that says why not."""
        try:
            request = read_request(raw_request)
        except SeatkeeperError as error:
            return unreadable(unread(raw_request), error)
        with writing_for(Reader(request.language)):
            return _strict(request, self._handled(raw_request, request, parts))

    def _handled(self, raw_request: Request, request: PortalRequest, parts: dict[str, str]) -> Response:
        handle = self.post if request.method == "POST" else self.get
        assert handle is not None, "the route table names the methods that a handler has"
        try:
            return handle(request, {name: _part(name, text) for name, text in parts.items()})
        except Exception as error:
            if isinstance(error, SeatkeeperError) and error.code in _LEADS_TO:
                return _LEADS_TO[error.code](request, _asked_for(request) if self.get else "")
            if not isinstance(error, SeatkeeperError):
                log.exception("bug in %s %s", raw_request.method, raw_request.path)
            return failed(request, error)


def unreadable(request: PortalRequest, error: SeatkeeperError) -> Response:
    """The page for a request that cannot be read; `request` tells where it has come in."""
    with writing_for(Reader(request.language)):
        return _strict(request, failed(request, error))


def _strict(request: PortalRequest, response: Response) -> Response:
    if request.secure:
        response.headers["Strict-Transport-Security"] = STRICT_TRANSPORT
    return response


def page(template: str) -> Callable[[Load], PageHandler]:
    """`@page(template)`: a function of the request, who asks and the path's parts, that answers a view to show.

    Or a view and a dict of what the template shows besides it.
    """

    def decorate(load: Load) -> PageHandler:
        def show(request: PortalRequest, claims: SessionClaims, parts: Parts) -> Response:
            return shown(template, request, load(request, claims, **parts))

        return PageHandler(logged_in(show))

    return decorate


def always(*permissions: Permission) -> Needs:
    """What a form needs, whatever is in it."""
    return lambda _fields: permissions


def action(
    template: str,
    schema: type[F],
    load: Load,
    needs: Needs = always(),  # noqa: B008 - it makes a function
) -> Callable[[Callable[[PortalRequest, View, F], Change[Changed]]], PageHandler]:
    """`@action(template, Schema, load)`: a function of the request, the view and the form, that says what to change.

    `schema` is a dataclass of texts, as they were typed. None is refused before all are read: what is wrong with a form
    is found at once, by who knows the rules. `load` answers what a page's function does; it is asked before the form is
    shown, and before it is carried out. `needs`: what the vendor must allow the manager of the license that `load`
    answers, also in the instant in which the form writes.
    """

    def decorate(change_of: Callable[[PortalRequest, View, F], Change[Changed]]) -> PageHandler:
        form = _FormHandler(template, schema, load, needs, change_of)
        return PageHandler(logged_in(form.show), logged_in(form.carry_out))

    return decorate


@dataclass(frozen=True, slots=True)
class _FormHandler(Generic[F]):
    """What `action` makes of its arguments: the two methods of a form's address."""

    template: str
    schema: type[F]
    load: Load
    needs: Needs
    change_of: Callable[[PortalRequest, View, F], Change[Changed]]

    def show(self, request: PortalRequest, claims: SessionClaims, parts: Parts) -> Response:
        return self._form(request, self._loaded(request, claims, parts))

    def carry_out(self, request: PortalRequest, claims: SessionClaims, parts: Parts) -> Response:
        key = idempotency_key(request, claims)
        try:
            loaded = self._loaded(request, claims, parts)
        except (NotFound, Forbidden):  # it was sent before, and what it is about is gone by that, or denied since
            if key is None or (before := find_performed(key, now=request.now)) is None:
                raise
            return _to_result(request, key, before)
        if key is None:
            return self._refused(request, loaded, FORM_EXPIRED_CODE, 403, gettext(FORM_EXPIRED))
        view, context = _with_context(loaded)
        try:
            performed = self._perform(request, view, key, _list_path(request, context))
        except SeatkeeperError as error:
            return say_when(self._refused(request, loaded, *why(error), wrong=field_messages(error)), error)
        response = _to_result(request, key, performed)
        if request.fields.get("how") in WAYS_IN:
            set_cookie(request, response, WAY_COOKIE, request.fields["how"], VALID_MS // 1000)
        _keep_known(request, response, _principal(view).user, performed.answer or {})
        return response

    def _loaded(self, request: PortalRequest, claims: SessionClaims, parts: Parts) -> Loaded:
        """What the form is about. Raises `SeatkeeperError`, where the vendor does not allow it, too."""
        loaded = self.load(request, claims, **parts)
        if needed := self.needs(request.given):
            guard_permitted(_with_context(loaded)[0], needed)
        return loaded

    def _perform(self, request: PortalRequest, view: View, key: IdempotencyKey, list_path: str) -> Performed:
        """Make the change, unless this form has made it before; its answer is that of a `FormResult`."""
        known = inspect.signature(self.schema).parameters
        form = self.schema(**{name: text for name, text in request.fields.items() if name in known})
        change = self.change_of(request, view, form)

        def answer(result: object) -> Answer:
            return _in_its_list(request, list_path, change.result(result)).as_answer()

        with self._permitted(request, view):
            return perform_once(key, change.make, answer, now=request.now)

    def _permitted(self, request: PortalRequest, view: View) -> AbstractContextManager[None]:
        """The condition of all that is written by who manages a license."""
        if not isinstance(view, LicenseView) or view.denied is None:
            return nullcontext()
        user = view.principal.user
        return permitted(user.company, user.id, view.license.id, self.needs(request.given))

    def _refused(
        self, request: PortalRequest, loaded: Loaded, code: str, status: int, error: str, **more: object
    ) -> Response:
        """The form again, with what was typed and why it was refused."""
        observability.set_error(code)
        return self._form(request, loaded, status=status, error=error, submitted=request.fields, **more)

    def _form(self, request: PortalRequest, loaded: Loaded, **more: object) -> Response:
        view, context = _with_context(loaded)
        path = _list_path(request, context)
        kept = list_query_of(request, path)
        return shown(self.template, request, (view, context | {"back": in_list(path, kept), "kept": kept}), **more)


def logged_in(handle: Callable[[PortalRequest, SessionClaims, Parts], Response]) -> Handler:
    """For who has a session cookie; whether the session lasts, the views look at."""

    def answer(request: PortalRequest, parts: Parts) -> Response:
        claims = request.claims
        if claims is None:
            raise Unauthenticated("session_expired")
        return handle(request, claims, parts)

    return answer


def idempotency_key(request: PortalRequest, claims: SessionClaims) -> IdempotencyKey | None:
    """What tells a form from another one; None where its token is not this session's, or not for this address."""
    nonce = nonce_of(claims.token, request.path, request.fields.get(FIELD, ""))
    content = json.dumps(sorted(request.fields.items()))
    return None if nonce is None else IdempotencyKey(claims.token, nonce, content)


def _to_result(request: PortalRequest, key: IdempotencyKey, performed: Performed) -> Response:
    """Redirect to the location that shows the result of a form."""
    location = performed.answer["to"] if performed.answer else _back(request.path)
    row = (performed.answer or {}).get("row")  # older versions have stored none
    behind = f"#row-{row}" if row else ""
    return redirect(request, f"{location}{'&' if '?' in location else '?'}done={key.key}{behind}")


def _keep_known(request: PortalRequest, response: Response, user: User, answer: Answer) -> None:
    """Where the form has ended the other sessions of the account, let this browser be known to it as before."""
    if answer.get("epoch") is not None:
        set_browser(request, response, replace(user, session_epoch=answer["epoch"]))


def _list_path(request: PortalRequest, context: Context) -> str:
    """The list that a form belongs to."""
    return str(context.get("back", _back(request.path)))


def _in_its_list(request: PortalRequest, path: str, result: FormResult) -> FormResult:
    """The result, shown in the list that the form was opened from, as that was, where it is one of this list."""
    if result.location != path:
        return result
    return replace(result, location=in_list(path, list_query_of(request, path)), row=row_of(request, path))


def _back(path: str) -> str:
    """The list that a form belongs to: its address without the last part."""
    return path.rpartition("/")[0]


def say_when(response: Response, error: Exception) -> Response:
    """With the seconds after which a refusal ends by itself, where it does."""
    if isinstance(error, SeatkeeperError) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def redirect(request: PortalRequest, path: str) -> Response:
    """Go on there, by GET."""
    return FinalResponse("", {"Location": request.prefix + path, "Cache-Control": "no-store"}, 303)


def set_session(request: PortalRequest, response: Response, claims: SessionClaims) -> None:
    """List a session that was opened, and let the browser keep it."""
    note_session(claims, browser_name(request.agent), request.ip, now=request.now)
    set_cookie(request, response, SESSION_COOKIE, to_cookie(claims), ABSOLUTE_MS // 1000)


def end_session(request: PortalRequest, response: Response) -> None:
    """Let the browser forget its session."""
    set_cookie(request, response, SESSION_COOKIE, "", 0)


def visitor(request: PortalRequest) -> str:
    """The secret of a browser that is not logged in; a new one where it keeps none."""
    known = request.cookies.get(VISITOR_COOKIE, "")
    return known if _VISITOR.fullmatch(known) else token_urlsafe(32)


def set_browser(request: PortalRequest, response: Response, user: User) -> None:
    """Let the browser keep that it has logged in to an account, as it is now."""
    cookie = browser_to_cookie(request.browser, user, request.now)
    set_cookie(request, response, BROWSER_COOKIE, cookie, VALID_MS // 1000)


def set_visitor(request: PortalRequest, response: Response, secret: str) -> None:
    """Let the browser keep that secret."""
    set_cookie(request, response, VISITOR_COOKIE, secret, ABSOLUTE_MS // 1000)


def set_cookie(request: PortalRequest, response: Response, name: str, value: str, seconds: int) -> None:
    """Let the browser keep a cookie of ours for so long; for 0 seconds: forget it."""
    morsel: Morsel[str] = Morsel()
    morsel.set(request.cookie_name(name), value, value)
    attributes: Context = {"path": request.cookie_path, "max-age": seconds, "httponly": True}
    morsel.update(attributes | {"samesite": "Lax", "secure": request.secure})
    others = response.headers.get("Set-Cookie", [])
    response.headers["Set-Cookie"] = [*others, morsel.OutputString()]


def _asked_for(request: PortalRequest) -> str:
    """The address of a page, to come back to after the log-in: with its query, where that is no longer than a field."""
    query = urlencode({name: text for name, text in request.query.items() if name != "done"})
    whole = in_list(request.path, query)
    return whole if len(whole) <= MAX_TEXT else request.path


def _to_log_in(request: PortalRequest, back: str) -> Response:
    """And from there `back` to what was asked for. Where a session has ended the page says so, and has the company."""
    query = {}
    if back and request.path != LOG_IN:
        query["next"] = back
    if request.claims is not None:
        query |= {"company": request.claims.company, "ended": "yes"}
    response = redirect(request, f"{LOG_IN}?{urlencode(query, safe='/', quote_via=quote)}" if query else LOG_IN)
    if SESSION_COOKIE in request.cookies:
        end_session(request, response)
    return response


_LEADS_TO: dict[str, Callable[[PortalRequest, str], Response]] = {
    "session_expired": _to_log_in,
    "password_change_required": lambda request, _: redirect(request, CHOOSE),
    "second_factor_required": lambda request, _: redirect(request, SET_UP),
}
"""Errors that lead to another page instead of one that says what is wrong, and from there, maybe, back: to the address
of a page; of a form, to its own; empty: there is none.
"""


def _part(name: str, text: str) -> int | str:
    if not name.endswith("_id"):
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise NotFound("not_found")
    return int(text)


def shown(template: str, request: PortalRequest, loaded: Loaded, **more: object) -> Response:
    """The page of what was loaded, and of `more`."""
    view, context = _with_context(loaded)
    principal = _principal(view)
    return render(template, request, principal.claims.token, principal, **{"view": view} | context | more)


def _with_context(loaded: Loaded) -> tuple[View, Context]:
    """A view, and what is shown besides it."""
    return loaded if isinstance(loaded, tuple) else (loaded, {})


def _principal(view: View) -> Principal:
    return view if isinstance(view, Principal) else view.principal
