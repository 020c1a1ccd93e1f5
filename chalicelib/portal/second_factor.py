"""The second factor on the account page: turned on with an app and a code of it, turned off, and recovery codes.

Passkeys are added and removed in `portal.passkeys`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import NotFound
from chalicelib.domain.second_factor import is_missing, setup_uri
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.languages import gettext
from chalicelib.portal.account import ACCOUNT, wrong_at_password
from chalicelib.portal.context import Changed, Context, Loaded
from chalicelib.portal.handlers import Change, FormResult, action
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import portal_queries
from chalicelib.usecases.passkey_answers import PasskeyAnswer, are_offered, ask
from chalicelib.usecases.portal_queries import Principal
from chalicelib.usecases.second_factor import (
    offer_secret,
    renew_recovery_codes,
    turn_off,
    turn_on,
    without_second_factor,
)
from chalicelib.usecases.sessions import keep_session

if TYPE_CHECKING:
    from markupsafe import Markup

SHOWN_MS = 10 * 60_000
"""How long recovery codes stand on the page that follows the form, however often that is loaded."""
_GROUP = 4


@dataclass(frozen=True, slots=True)
class TurnOnForm:
    """What proves that an app knows the secret of the form, and who asks."""

    offer: str = ""
    code: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class CodeForm:
    """A code of the app, or for recovery; or what a passkey has answered."""

    code: str = ""
    passkey: str = ""

    def given(self, principal: Principal) -> str | PasskeyAnswer:
        """What of the two was given, by whom."""
        return PasskeyAnswer(self.passkey, principal.claims.token) if self.passkey else self.code


def _load_set_up(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """The secret to set the app up with: the same as before, where the form comes back."""
    view = portal_queries.authenticate_session(claims, allow_one_factor=True, now=request.now)
    if view.user.sealed_totp_secret is not None:
        raise NotFound("not_found", of="second_factor_on")
    offer = offer_secret(view.user, request.fields.get("offer", ""))
    uri = setup_uri(offer.secret, view.company.name, display_email(view.user.email))
    groups = [offer.secret[start : start + _GROUP] for start in range(0, len(offer.secret), _GROUP)]
    shown = {"offer": offer, "key": " ".join(groups), "uri": uri, "drawing": _drawing(uri)}
    offered = {"passkeys": are_offered(request.own_host(view.company))}
    return view, shown | offered | {"held": view.is_held, "back": ACCOUNT}


@action("second_factor.html", TurnOnForm, _load_set_up)
def set_up(request: PortalRequest, view: Principal, form: TurnOnForm) -> Change[Changed]:
    """Turn the second factor on. All other sessions are over; the recovery codes are shown."""
    me = view.user
    given = (me.company, me.id, form.offer, form.code, form.password, request.actor(me.email))

    def change() -> tuple[User, tuple[str, ...]]:
        with wrong_at_password():
            changed, codes = turn_on(*given, epoch=me.session_epoch, now=request.now)
        keep_session(view.claims, changed.session_epoch, now=request.now)
        return changed, codes

    flash = gettext("Two-factor log-in is on. All other sessions have ended.")
    return Change(change, lambda made: with_codes(request, flash, made[1], made[0].session_epoch))


def _load(request: PortalRequest, claims: SessionClaims) -> tuple[Principal, Context]:
    """Who has a second factor, and what a passkey may be asked in the place of a code."""
    view = portal_queries.authenticate_session(claims, now=request.now)
    if not view.user.has_second_factor:
        raise NotFound("not_found", of="second_factor")
    return view, {"asked": ask(view.user, claims.token, host=request.own_host(view.company), now=request.now)}


def _load_codes(request: PortalRequest, claims: SessionClaims) -> Loaded:
    view, context = _load(request, claims)
    return view, context | {
        "title": gettext("New recovery codes"),
        "sentences": [gettext("You get ten new codes; the ones that you have stop working.")],
        "button": gettext("Make new codes"),
        "danger": False,
    }


@action("second_factor_code.html", CodeForm, _load_codes)
def codes(request: PortalRequest, view: Principal, form: CodeForm) -> Change[Changed]:
    """Make new recovery codes, and show them."""
    me = view.user
    given = (me.company, me.id, form.given(view), request.actor(me.email))
    flash = gettext("You have new recovery codes. Those of before are void.")
    return Change(
        lambda: renew_recovery_codes(*given, epoch=me.session_epoch, now=request.now),
        lambda made: with_codes(request, flash, made[1]),
    )


def _load_off(request: PortalRequest, claims: SessionClaims) -> Loaded:
    view, context = _load(request, claims)
    off = gettext(
        "After that, a log-in takes only your password. Your app, your passkeys and your recovery codes stop working."
    )
    return view, context | {
        "title": gettext("Turn two-factor log-in off"),
        "sentences": [once_off(view, off)],
        "button": gettext("Turn it off"),
        "danger": True,
    }


def once_off(view: Principal, otherwise: str) -> str:
    """What it means to have no second factor any more: another has to be set up, where the company asks for one."""
    if not is_missing(without_second_factor(view.user), view.company):
        return otherwise
    return gettext(
        "{company} asks managers for it: until you set it up again, nothing else of the portal opens.",
        company=view.company.name,
    )


@action("second_factor_code.html", CodeForm, _load_off)
def off(request: PortalRequest, view: Principal, form: CodeForm) -> Change[User]:
    """Turn the second factor off, given a code."""
    me = view.user
    given = (me.company, me.id, form.given(view), request.actor(me.email))
    return Change(
        lambda: turn_off(*given, epoch=me.session_epoch, now=request.now),
        lambda _: FormResult(ACCOUNT, gettext("Two-factor log-in is off.")),
    )


def with_codes(
    request: PortalRequest, flash: str, recovery_codes: tuple[str, ...], epoch: int | None = None
) -> FormResult:
    """The account page, which shows the codes for a while. `epoch`: of the account, where other sessions were ended."""
    return FormResult(ACCOUNT, flash, epoch=epoch, codes=recovery_codes, codes_until=request.now + SHOWN_MS)


def _drawing(uri: str) -> "Markup":
    """A QR code, dark on light whatever the page's colors: apps read no other."""
    import segno  # noqa: PLC0415 - only this page needs it
    from markupsafe import Markup  # noqa: PLC0415 - comes with jinja2

    code = segno.make(uri, error="m", micro=False)
    return Markup(code.svg_inline(scale=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 - drawn here
