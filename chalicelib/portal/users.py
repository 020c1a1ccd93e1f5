"""License users: the list, and all that a manager does with one of them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from chalicelib.domain.access import opens
from chalicelib.domain.batch import DEFAULT_MAX_ACTIVATIONS, MAX_COUNT
from chalicelib.domain.counts import COUNT_ASKED, read_count
from chalicelib.domain.email import shown_email
from chalicelib.domain.people import MAX_NAME, MAX_PHONE
from chalicelib.domain.refusal import Refused
from chalicelib.domain.session import Asker
from chalicelib.portal.licenses import asked, transfer_hint
from chalicelib.portal.request import Ask
from chalicelib.portal.screen import Nothing, Said, action, page
from chalicelib.usecases import change_seat, views
from chalicelib.usecases.assign_user import Person, assign_user
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.initial_password import reveal_initial_password
from chalicelib.usecases.views import LicenseView, UserView


def _count(text: Any) -> Any:
    """A number of activations as it is typed; nothing typed is None."""
    plain = str(text).strip()
    count = read_count(plain) if plain else None
    if plain and (count is None or count > MAX_COUNT):
        raise ValueError(f"Max activations: {COUNT_ASKED}")
    return count


Count = Annotated[int | None, BeforeValidator(_count)]


class PersonForm(BaseModel):
    """Names and phone number."""

    first_name: str = Field("", max_length=MAX_NAME)
    last_name: str = Field("", max_length=MAX_NAME)
    phone_number: str = Field("", max_length=MAX_PHONE)

    def person(self) -> Person:
        """As the use cases take it."""
        return Person(self.first_name.strip(), self.last_name.strip(), self.phone_number.strip())


class AssignForm(PersonForm):
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
def users(ask: Ask, asker: Asker, license_id: int) -> Any:
    """Who uses the license."""
    return views.license_users(asker, license_id, asked(ask), now=ask.now), {"asked": asked(ask)}


def _license(ask: Ask, asker: Asker, license_id: int) -> LicenseView:
    return views.user_license(asker, license_id, now=ask.now)


def _user(ask: Ask, asker: Asker, license_id: int, user_id: int) -> Any:
    return views.license_user(asker, license_id, user_id, now=ask.now), {"back": list_path(license_id)}


def list_path(license_id: int) -> str:
    """The address of a license's users."""
    return f"/portal/licenses/{license_id}/users"


@action("assign.html", AssignForm, _license)
def assign(ask: Ask, view: LicenseView, form: AssignForm) -> Said:
    """Give a person a seat."""
    me = view.visit.user
    limit = DEFAULT_MAX_ACTIVATIONS if form.max_activations is None else form.max_activations
    _, seat, user = assign_user(
        me.company,
        view.license.id,
        form.email,
        limit,
        ask.actor(me.email),
        person=form.person(),
        manager_id=me.id,
        now=ask.now,
    )
    back = list_path(view.license.id)
    if not (user.is_initial_password and opens(user, view.license)):
        return Said(back, f"{shown_email(seat.email)} was assigned. The password is this person's own.")
    reveal = f"{back}/{user.id}/initial-password"
    return Said(
        back,
        f"{shown_email(seat.email)} was assigned. Copy the initial password now, or show it later in the list.",
        reveal,
    )


def _reveal(ask: Ask, view: UserView) -> str | None:
    me = view.visit.user
    given = (me.company, view.license.id, view.row.user.email, me.id, ask.actor(me.email))
    return reveal_initial_password(*given, now=ask.now)


@page("initial_password.html")
def initial_password(ask: Ask, asker: Asker, license_id: int, user_id: int) -> Any:
    """The initial password, until the user has chosen one."""
    view = views.license_user(asker, license_id, user_id, now=ask.now)
    password = _reveal(ask, view)
    return view, {"password": password, "back": list_path(license_id)}


@action("change_email.html", EmailForm, _user)
def email(ask: Ask, view: UserView, form: EmailForm) -> Said:
    """Change the e-mail of the account."""
    me, old = view.visit.user, view.row.user.email
    changed = change_email(
        me.company, view.license.id, old, form.email, ask.actor(me.email), manager_id=me.id, now=ask.now
    )
    return Said(
        list_path(view.license.id),
        f"{shown_email(old)} is now {shown_email(changed.email)}, on all licenses. The password stays.",
    )


@action("set_password.html", PasswordForm, _user)
def password(ask: Ask, view: UserView, form: PasswordForm) -> Said:
    """Set or generate a password, which the user has to change at the next log-in."""
    me, who = view.visit.user, view.row.user.email
    own = form.password if form.password or form.how == "own" else None  # what is typed counts
    change_seat.set_password(me.company, view.license.id, who, own, ask.actor(me.email), manager_id=me.id, now=ask.now)
    back = list_path(view.license.id)
    told = f"{shown_email(who)} has a new initial password"
    says = f"{told}, and chooses another one at the next log-in. All sessions are ended."
    return Said(back, says, f"{back}/{view.row.user.id}/initial-password")


@action("set_limit.html", LimitForm, _user)
def limit(ask: Ask, view: UserView, form: LimitForm) -> Said:
    """Change the user's own limit."""
    me, who = view.visit.user, view.row.user.email
    if form.max_activations is None and not form.unlimited:
        raise Refused("validation_error", "Give a number, or tick unlimited.")
    wanted = None if form.unlimited else form.max_activations
    change_seat.set_max_activations(me.company, view.license.id, who, wanted, ask.actor(me.email), now=ask.now)
    told = "may now activate any number of devices" if wanted is None else f"may now activate {wanted} devices"
    return Said(list_path(view.license.id), f"{shown_email(who)} {told}. Devices that are active stay so.")


def _look_reset(ask: Ask, asker: Asker, license_id: int, user_id: int) -> Any:
    view, more = _user(ask, asker, license_id, user_id)
    who = shown_email(view.row.user.email)
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


@action("confirm.html", Nothing, _look_reset)
def reset(ask: Ask, view: UserView, _form: Nothing) -> Said:
    """Deactivate the user's devices on this license."""
    me, who = view.visit.user, view.row.user.email
    change_seat.reset_activations(me.company, view.license.id, who, ask.actor(me.email), now=ask.now)
    return Said(list_path(view.license.id), f"The devices of {shown_email(who)} on this license are deactivated.")


def _look_remove(ask: Ask, asker: Asker, license_id: int, user_id: int) -> Any:
    view, more = _user(ask, asker, license_id, user_id)
    who = shown_email(view.row.user.email)
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


@action("confirm.html", Nothing, _look_remove)
def remove(ask: Ask, view: UserView, _form: Nothing) -> Said:
    """Take the seat away."""
    me, who = view.visit.user, view.row.user.email
    change_seat.remove_user(me.company, view.license.id, who, ask.actor(me.email), now=ask.now)
    return Said(list_path(view.license.id), f"{shown_email(who)} was removed. There is room for another user.")
