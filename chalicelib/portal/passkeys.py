"""Passkeys on the account page: made by the browser, named, and taken away."""

from dataclasses import dataclass

from chalicelib.domain.errors import NotFound
from chalicelib.domain.passkeys import MAX_NAME, Passkey, passkeys_in
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.languages import gettext
from chalicelib.portal.account import ACCOUNT, wrong_at_password
from chalicelib.portal.context import Loaded
from chalicelib.portal.handlers import Change, FormResult, action
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.second_factor import CodeForm, once_off, with_codes
from chalicelib.usecases import portal_queries
from chalicelib.usecases.passkey_answers import PasskeyAnswer, ask, ask_for_new
from chalicelib.usecases.passkeys import add_passkey, remove_passkey
from chalicelib.usecases.portal_queries import Principal
from chalicelib.usecases.sessions import keep_session


@dataclass(frozen=True, slots=True)
class AddForm:
    """What the browser has made, how it is to be called, and who asks."""

    name: str = ""
    passkey: str = ""
    password: str = ""


def _load_new(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """What the browser is asked. What it has made already stays, where the form comes back for something else."""
    view = portal_queries.authenticate_session(claims, allow_one_factor=True, now=request.now)
    asked = ask_for_new(view.user, view.company, claims.token, host=request.own_host(view.company), now=request.now)
    if not asked:
        raise NotFound("not_found")
    return view, {"asked": asked, "most": MAX_NAME, "back": ACCOUNT}


@action("passkey.html", AddForm, _load_new)
def add(request: PortalRequest, view: Principal, form: AddForm) -> Change[tuple[User, tuple[str, ...]]]:
    """Add a passkey. With the first all other sessions are over, and recovery codes are shown."""
    me = view.user
    answer = PasskeyAnswer(form.passkey, view.claims.token)
    sent = (me.company, me.id, form.name, answer, form.password, request.actor(me.email))

    def change() -> tuple[User, tuple[str, ...]]:
        with wrong_at_password():
            changed, codes = add_passkey(*sent, epoch=me.session_epoch, now=request.now)
        keep_session(view.claims, changed.session_epoch, now=request.now)
        return changed, codes

    def result(made: tuple[User, tuple[str, ...]]) -> FormResult:
        changed, codes = made
        if not codes:
            return FormResult(ACCOUNT, gettext("The passkey was added."))
        flash = gettext("Two-factor log-in is on. All other sessions have ended.")
        return with_codes(request, flash, codes, changed.session_epoch)

    return Change(change, result)


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """One of the person's passkeys."""

    principal: Principal
    passkey: Passkey


def _load_one(request: PortalRequest, claims: SessionClaims, passkey: str) -> Loaded:
    principal = portal_queries.authenticate_session(claims, now=request.now)
    user, mine = principal.user, {one.key: one for one in passkeys_in(principal.user.passkeys)}
    if passkey not in mine:
        raise NotFound("not_found", of="passkey")
    is_last = len(mine) == 1 and user.sealed_totp_secret is None
    no_more = gettext("You can no longer log in with “{name}”.", name=mine[passkey].name)
    off = gettext("It is the last one: two-factor log-in is off then, and your recovery codes are void.")
    return PasskeyView(principal, mine[passkey]), {
        "back": ACCOUNT,
        "title": gettext("Remove a passkey"),
        "sentences": [no_more, *([once_off(principal, off)] if is_last else [])],
        "asked": ask(user, claims.token, host=request.own_host(principal.company), now=request.now),
        "button": gettext("Remove the passkey"),
        "danger": True,
    }


@action("second_factor_code.html", CodeForm, _load_one)
def remove(request: PortalRequest, view: PasskeyView, form: CodeForm) -> Change[User]:
    """Take a passkey away, given a code or the answer of any passkey."""
    me = view.principal.user
    sent = (me.company, me.id, view.passkey.key, form.given(view.principal), request.actor(me.email))
    return Change(
        lambda: remove_passkey(*sent, epoch=me.session_epoch, now=request.now),
        lambda _: FormResult(ACCOUNT, gettext("The passkey was removed.")),
    )
