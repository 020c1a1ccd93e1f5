"""License users: the list, and all that a manager does with one of them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from chalicelib.domain.access import opens
from chalicelib.domain.batch import DEFAULT_MAX_ACTIVATIONS, MAX_COUNT
from chalicelib.domain.counts import COUNT_ASKED, read_count
from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import MAX_NAME, MAX_PHONE
from chalicelib.portal.handlers import Confirmation, FormResult, action, page
from chalicelib.portal.licenses import transfer_hint
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import change_seat, portal_queries
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.initial_password import reveal_initial_password
from chalicelib.usecases.portal_queries import LicenseView, UserView


def _count(text: Any) -> Any:
    """A number of activations as it is typed; nothing typed is None."""
    plain = str(text).strip()
    count = read_count(plain) if plain else None
    if plain and (count is None or count > MAX_COUNT):
        raise ValueError(f"Max activations: {COUNT_ASKED}")
    return count


Count = Annotated[int | None, BeforeValidator(_count)]


class ProfileForm(BaseModel):
    """Names and phone number."""

    first_name: str = Field("", max_length=MAX_NAME)
    last_name: str = Field("", max_length=MAX_NAME)
    phone_number: str = Field("", max_length=MAX_PHONE)

    def profile(self) -> Profile:
        """As the use cases take it."""
        return Profile(self.first_name.strip(), self.last_name.strip(), self.phone_number.strip())


class AssignForm(ProfileForm):
    """A new license user."""

    email: str = ""
    max_activations: Count = None


class EmailForm(BaseModel):
    """Another e-mail."""

    email: str = ""


class PasswordForm(BaseModel):
    """A password that a manager sets for a user."""

    how: Literal["generate", "own"] = "generate"
    password: str = ""


class LimitForm(BaseModel):
    """A user's own limit."""

    max_activations: Count = None
    unlimited: bool = False


@page("users.html")
def users(request: PortalRequest, claims: SessionClaims, license_id: int) -> Any:
    """Who uses the license."""
    asked = ListRequest.of(request, claims)
    return asked.shown(portal_queries.license_users(claims, license_id, asked.query, now=request.now))


def _license(request: PortalRequest, claims: SessionClaims, license_id: int) -> LicenseView:
    return portal_queries.user_license(claims, license_id, now=request.now)


def _user(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Any:
    return portal_queries.license_user(claims, license_id, user_id, now=request.now), {"back": list_path(license_id)}


def list_path(license_id: int) -> str:
    """The address of a license's users."""
    return f"/portal/licenses/{license_id}/users"


@action("assign.html", AssignForm, _license)
def assign(request: PortalRequest, view: LicenseView, form: AssignForm) -> FormResult:
    """Give a person a seat."""
    me = view.principal.user
    limit = DEFAULT_MAX_ACTIVATIONS if form.max_activations is None else form.max_activations
    _, seat, user = assign_user(
        me.company,
        view.license.id,
        form.email,
        limit,
        request.actor(me.email),
        profile=form.profile(),
        manager_id=me.id,
        now=request.now,
    )
    back = list_path(view.license.id)
    if not (user.is_initial_password and opens(user, view.license)):
        return FormResult(back, f"{display_email(seat.email)} was assigned. The password is this person's own.")
    reveal = f"{back}/{user.id}/initial-password"
    return FormResult(
        back,
        f"{display_email(seat.email)} was assigned. Copy the initial password now, or show it later in the list.",
        reveal,
    )


def _reveal(request: PortalRequest, view: UserView) -> str | None:
    me = view.principal.user
    given = (me.company, view.license.id, view.row.user.email, me.id, request.actor(me.email))
    return reveal_initial_password(*given, now=request.now)


@page("initial_password.html")
def initial_password(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Any:
    """The initial password, until the user has chosen one."""
    view = portal_queries.license_user(claims, license_id, user_id, now=request.now)
    password = _reveal(request, view)
    return view, {"password": password, "back": list_path(license_id)}


@action("change_email.html", EmailForm, _user)
def email(request: PortalRequest, view: UserView, form: EmailForm) -> FormResult:
    """Change the e-mail of the account."""
    me, old = view.principal.user, view.row.user.email
    changed = change_email(
        me.company, view.license.id, old, form.email, request.actor(me.email), manager_id=me.id, now=request.now
    )
    return FormResult(
        list_path(view.license.id),
        f"{display_email(old)} is now {display_email(changed.email)}, on all licenses. The password stays.",
    )


@action("set_password.html", PasswordForm, _user)
def password(request: PortalRequest, view: UserView, form: PasswordForm) -> FormResult:
    """Set or generate a password, which the user has to change at the next log-in."""
    me, who = view.principal.user, view.row.user.email
    own = form.password if form.password or form.how == "own" else None  # what is typed counts
    change_seat.set_password(
        me.company, view.license.id, who, own, request.actor(me.email), manager_id=me.id, now=request.now
    )
    back = list_path(view.license.id)
    message = f"{display_email(who)} has a new initial password"
    says = f"{message}, and chooses another one at the next log-in. All sessions are ended."
    return FormResult(back, says, f"{back}/{view.row.user.id}/initial-password")


@action("set_limit.html", LimitForm, _user)
def limit(request: PortalRequest, view: UserView, form: LimitForm) -> FormResult:
    """Change the user's own limit."""
    me, who = view.principal.user, view.row.user.email
    if form.max_activations is None and not form.unlimited:
        raise Invalid("validation_error", "Give a number, or tick unlimited.")
    wanted = None if form.unlimited else form.max_activations
    change_seat.set_max_activations(me.company, view.license.id, who, wanted, request.actor(me.email), now=request.now)
    message = "may now activate any number of devices" if wanted is None else f"may now activate {wanted} devices"
    return FormResult(list_path(view.license.id), f"{display_email(who)} {message}. Devices that are active stay so.")


def _look_reset(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Any:
    view, more = _user(request, claims, license_id, user_id)
    who = display_email(view.row.user.email)
    return view, more | {
        "title": "Reset total activations",
        "sentences": [
            f"All {view.row.taken} active devices of {who} on this license are deactivated.",
            "The places are free at once, and the user can activate again.",
            *transfer_hint(view.license),
        ],
        "button": "Reset activations",
        "danger": True,
    }


@action("confirm.html", Confirmation, _look_reset)
def reset(request: PortalRequest, view: UserView, _form: Confirmation) -> FormResult:
    """Deactivate the user's devices on this license."""
    me, who = view.principal.user, view.row.user.email
    change_seat.reset_activations(me.company, view.license.id, who, request.actor(me.email), now=request.now)
    return FormResult(
        list_path(view.license.id), f"The devices of {display_email(who)} on this license are deactivated."
    )


def _look_remove(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Any:
    view, more = _user(request, claims, license_id, user_id)
    who = display_email(view.row.user.email)
    return view, more | {
        "title": "Remove user",
        "sentences": [
            f"{who} can no longer use this license; {view.row.taken} active devices are deactivated.",
            "That makes room for another user. The account itself stays, with its password and other licenses.",
            *(transfer_hint(view.license) if view.row.taken else []),
        ],
        "button": "Remove user",
        "danger": True,
    }


@action("confirm.html", Confirmation, _look_remove)
def remove(request: PortalRequest, view: UserView, _form: Confirmation) -> FormResult:
    """Take the seat away."""
    me, who = view.principal.user, view.row.user.email
    change_seat.remove_user(me.company, view.license.id, who, request.actor(me.email), now=request.now)
    return FormResult(list_path(view.license.id), f"{display_email(who)} was removed. There is room for another user.")
