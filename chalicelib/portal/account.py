"""The own account: names, phone, mails, password, sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from chalicelib.domain.days import time_zones
from chalicelib.domain.errors import Invalid, NotFound, Unauthenticated, raise_all, wrong_in
from chalicelib.domain.mail import TO_MANAGERS, MailCode
from chalicelib.domain.passkeys import MAX_PASSKEYS, passkeys_in
from chalicelib.domain.pasted import composed
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.languages import gettext, go_on_for, languages
from chalicelib.portal.context import Changed, Loaded
from chalicelib.portal.handlers import Change, Confirmation, FormResult, action, page
from chalicelib.portal.messages import MAIL_KINDS
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.users import ProfileForm
from chalicelib.usecases import portal_queries
from chalicelib.usecases.change_account import (
    change_profile,
    choose_language,
    choose_mails,
    choose_password,
    end_other_sessions,
)
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.passkey_answers import are_offered
from chalicelib.usecases.portal_queries import OwnSessionsView, Principal
from chalicelib.usecases.readers import reader_of
from chalicelib.usecases.session_list import end_one_session
from chalicelib.usecases.sessions import keep_session

ACCOUNT = "/portal/account"


@dataclass(frozen=True, slots=True)
class NewPasswordForm:
    """A password that somebody chooses for himself."""

    password: str = ""
    new_password: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True)
class MailsForm:
    """Which mails a person wants: of each kind (`domain.mail.OF_PERSON`), empty where its box is not ticked."""

    seat_given: str = ""
    order_given: str = ""
    license_ends: str = ""
    license_grace: str = ""
    license_expired: str = ""
    users_taken: str = ""
    devices_taken: str = ""
    invitation_bounced: str = ""


@dataclass(frozen=True, slots=True)
class LanguageForm:
    """In which language and time zone a person reads; empty: not chosen."""

    language: str = ""
    time_zone: str = ""


@page("account.html")
def account(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """What the account says."""
    view = portal_queries.own_sessions(claims, now=request.now)
    passkeys = passkeys_in(view.principal.user.passkeys)
    may_add = are_offered(request.own_host(view.principal.company)) and len(passkeys) < MAX_PASSKEYS
    return view, {"languages": languages(), "passkeys": passkeys, "may_add": may_add}


def _me(request: PortalRequest, claims: SessionClaims) -> Principal:
    return portal_queries.authenticate_session(claims, now=request.now)


@action("profile.html", ProfileForm, _me)
def profile(request: PortalRequest, view: Principal, form: ProfileForm) -> Change[Changed]:
    """Change the own names and phone number."""
    given = (view.user.company, view.user.id, form.profile(), request.actor(view.user.email))
    return Change(
        lambda: change_profile(*given, now=request.now),
        lambda _: FormResult(ACCOUNT, gettext("Your name and phone number were saved.")),
    )


def _load_mails(request: PortalRequest, claims: SessionClaims) -> Loaded:
    principal = _me(request, claims)
    return principal, {"kinds": _kinds(principal.user)}


def _kinds(user: User) -> dict[MailCode, str]:
    """What the person may choose to be mailed or not, in the words of the form."""
    return {code: gettext(words) for code, words in MAIL_KINDS.items() if user.is_manager or code not in TO_MANAGERS}


@action("mails.html", MailsForm, _load_mails)
def mails(request: PortalRequest, view: Principal, form: MailsForm) -> Change[Changed]:
    """Choose which mails to get. What the form does not show stays as it is."""
    me, shown = view.user, _kinds(view.user)
    off = (me.mails_off - shown.keys()) | {code for code in shown if not getattr(form, code)}
    return Change(
        lambda: choose_mails(me.company, me.id, off, request.actor(me.email), now=request.now),
        lambda _: FormResult(ACCOUNT, gettext("Your choice of emails was saved.")),
    )


def _load_language(request: PortalRequest, claims: SessionClaims) -> Loaded:
    return _me(request, claims), {"languages": languages(), "zones": time_zones()}


@action("language.html", LanguageForm, _load_language)
def language(request: PortalRequest, view: Principal, form: LanguageForm) -> Change[User]:
    """Choose language and time zone; what is said of it is in the language that was chosen."""
    given = (view.user.company, view.user.id, form.language, form.time_zone, request.actor(view.user.email))

    def result(changed: User) -> FormResult:
        go_on_for(reader_of(changed, view.company, request.language))
        return FormResult(ACCOUNT, gettext("Your language and time zone were saved."))

    return Change(lambda: choose_language(*given, now=request.now), result)


def _load_sessions(request: PortalRequest, claims: SessionClaims) -> Loaded:
    return portal_queries.authenticate_session(claims, now=request.now), {
        "title": gettext("End other sessions"),
        "sentences": [gettext("This logs you out everywhere but here: on other computers and in other browsers.")],
        "button": gettext("End other sessions"),
        "danger": False,
    }


@action("confirm.html", Confirmation, _load_sessions)
def sessions(request: PortalRequest, view: Principal, _form: Confirmation) -> Change[int]:
    """End all sessions but this one."""
    me = view.user

    def end() -> int:
        epoch = end_other_sessions(me.company, me.id, request.actor(me.email), epoch=me.session_epoch, now=request.now)
        keep_session(view.claims, epoch, now=request.now)
        return epoch

    return Change(end, lambda epoch: FormResult(ACCOUNT, gettext("All other sessions have ended."), epoch=epoch))


@contextmanager
def wrong_at_password() -> Iterator[None]:
    """A password that is wrong inside is that of the form: who is logged in has given no company and no email."""
    try:
        yield
    except Unauthenticated as error:
        if error.code != "invalid_credentials":
            raise
        raise Unauthenticated("invalid_credentials", of="old_password", field="password") from None


def _load_one_session(request: PortalRequest, claims: SessionClaims, session: str) -> Loaded:
    view = portal_queries.own_sessions(claims, now=request.now)
    rows = [row for row in view.rows if row.listed.key == session and not row.is_this]
    if not rows:
        raise NotFound("not_found")
    listed = rows[0].listed
    out = gettext("You are logged out there: {browser}.", browser=listed.browser or gettext("Unknown browser"))
    where = [gettext("It was opened from {address}.", address=listed.address)] if listed.address else []
    return replace(view, rows=rows), {
        "back": ACCOUNT,
        "title": gettext("End session"),
        "sentences": [out, *where],
        "button": gettext("End session"),
        "danger": False,
    }


@action("confirm.html", Confirmation, _load_one_session)
def end_session(request: PortalRequest, view: OwnSessionsView, _form: Confirmation) -> Change[None]:
    """End one of the other sessions."""
    me, (row,) = view.principal.user, view.rows
    return Change(
        lambda: end_one_session(me, row.listed, request.actor(me.email), now=request.now),
        lambda _: FormResult(ACCOUNT, gettext("The session has ended.")),
    )


def _load_password(request: PortalRequest, claims: SessionClaims) -> Loaded:
    principal = portal_queries.authenticate_session(claims, allow_initial_password=True, now=request.now)
    initial = principal.user.is_initial_password
    return principal, {"initial": initial, "back": "/portal/account"}


@action("choose_password.html", NewPasswordForm, _load_password)
def password(request: PortalRequest, view: Principal, form: NewPasswordForm) -> Change[User]:
    """Choose a new password; all other sessions end."""
    me = view.user
    if composed(form.new_password) != composed(form.again):
        chosen = wrong_in("new_password", lambda new: guard_chosen(new, me.company, me.email), form.new_password)
        raise_all([*chosen, Invalid("passwords_differ", field="again")])
    old = None if me.is_initial_password else form.password
    given = (me.company, me.id, form.new_password, request.actor(me.email))

    def choose() -> User:
        with wrong_at_password():
            changed = choose_password(*given, old_password=old, epoch=me.session_epoch, now=request.now)
        keep_session(view.claims, changed.session_epoch, now=request.now)
        return changed

    flash = gettext("Your new password is set. All other sessions have ended.")
    to = "/portal" if me.is_manager and me.is_initial_password else ACCOUNT
    return Change(choose, lambda changed: FormResult(to, flash, epoch=changed.session_epoch))
