"""License users: the list, and all that a manager does with one of them."""

from dataclasses import dataclass

from chalicelib.domain.batch import MAX_COUNT
from chalicelib.domain.counts import read_count
from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.invitation import VALID_DAYS
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.languages import gettext, ngettext
from chalicelib.portal.context import Changed, Loaded
from chalicelib.portal.handlers import Change, Confirmation, FormResult, Undo, action, always, page
from chalicelib.portal.licenses import reset_button, transfer_hint
from chalicelib.portal.lists import ListRequest, offered_filters
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import change_seat, portal_queries
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.initial_password import reveal_initial_password
from chalicelib.usecases.invitations import invite_again
from chalicelib.usecases.permissions import guard_permitted
from chalicelib.usecases.portal_queries import LicenseView, UserRow, UserView


@dataclass(frozen=True, slots=True)
class ProfileForm:
    """Names and phone number."""

    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""

    def profile(self) -> Profile:
        """As the use cases take it."""
        return Profile(self.first_name.strip(), self.last_name.strip(), self.phone_number.strip())


@dataclass(frozen=True, slots=True)
class EmailForm:
    """Another email."""

    email: str = ""


@dataclass(frozen=True, slots=True)
class PasswordForm:
    """A password that a manager sets for a user: what is typed, where `how` is `own` or anything is."""

    how: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class LimitForm:
    """A user's own limit; `unlimited` is empty where its box is not ticked."""

    max_activations: str = ""
    unlimited: str = ""


def typed_count(text: str) -> int | None:
    """A number of activations as it is typed; None where nothing is. Raises `Invalid`: `count_malformed`."""
    plain = text.strip()
    count = read_count(plain) if plain else None
    if plain and (count is None or count > MAX_COUNT):
        raise Invalid("count_malformed", field="max_activations")
    return count


def wanted_limit(form: LimitForm) -> int | None:
    """The limit that a form asks for; None: unlimited. Raises `Invalid`: `count_malformed`."""
    wanted = None if form.unlimited else typed_count(form.max_activations)
    if wanted is None and not form.unlimited:
        raise Invalid("count_malformed", of="unlimited", field="max_activations")
    return wanted


@page("users.html")
def users(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    """Who uses the license."""
    asked = ListRequest.of(request, claims)
    view, context = asked.shown(portal_queries.license_users(claims, license_id, asked.query, now=request.now))
    return view, context | {"filters": offered_filters(["invited", "using", "idle"], view.counts)}


def load_license(request: PortalRequest, claims: SessionClaims, license_id: int) -> LicenseView:
    """A license with users, for the forms by which somebody gets a seat."""
    return portal_queries.user_license(claims, license_id, now=request.now)


def load_user(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Loaded:
    """One user of a license, for the forms that are about him."""
    return portal_queries.license_user(claims, license_id, user_id, now=request.now), {"back": list_path(license_id)}


def person(row: UserRow) -> str:
    """A license user by name, or by email where none was given."""
    return f"{row.first_name} {row.last_name}".strip() or display_email(row.user.email)


def invites(view: LicenseView, how: str) -> bool:
    """Whether who gets a seat is mailed a link, as was chosen (`show` an initial password, or anything else).

    Whatever was chosen, where the manager may see no passwords.
    """
    return how != "show" or not view.allows("set_passwords")


def list_path(license_id: int) -> str:
    """The address of a license's users."""
    return f"/portal/licenses/{license_id}/users"


def leaving(view: UserView) -> list[str]:
    """What becomes of who loses the seat, and of the activations."""
    row, who = view.row, person(view.row)
    if not row.taken:
        return [gettext("{who} can no longer use this license.", who=who)]
    deactivated = ngettext(
        "{who} can no longer use this license; {n} active device is deactivated.",
        "{who} can no longer use this license; {n} active devices are deactivated.",
        row.taken,
        who=who,
    )
    return [deactivated, *transfer_hint(view.license)]


def can_come_back(view: LicenseView, row: UserRow) -> bool:
    """Whether the manager could give the seat back to a user who loses it, to be used as before: no device needs a
    transfer.
    """
    return view.allows("assign_users") and not (row.taken and transfer_hint(view.license))


def seat_fields(row: UserRow) -> dict[str, str]:
    """The fields of a form by which a user who has lost the seat gets it again, but for the email."""
    names = {"first_name": row.first_name, "last_name": row.last_name, "phone_number": row.phone_number}
    return {"undo": "yes"} | names | _limit_fields(row.seat.max_activations)


def _limit_fields(limit: int | None) -> dict[str, str]:
    """A limit as a form has it."""
    return {"unlimited": "yes"} if limit is None else {"max_activations": str(limit)}


def _load_invitation(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Loaded:
    view, more = load_user(request, claims, license_id, user_id)
    who = display_email(view.row.user.email)
    mailed = gettext(
        "{who} is emailed a link to choose a password, which is valid for {days} days.", who=who, days=VALID_DAYS
    )
    void = gettext("The link that was emailed earlier no longer works.")
    return view, more | {
        "title": gettext("Send invitation"),
        "sentences": [mailed, void] if view.row.invitation != "none" else [mailed],
        "button": gettext("Send invitation"),
    }


@action("confirm.html", Confirmation, _load_invitation, always("assign_users"))
def invitation(request: PortalRequest, view: UserView, _form: Confirmation) -> Change[User]:
    """Mail the user a link to choose a password, once more or for the first time."""
    me, who = view.principal.user, view.row.user.email
    given = (me.company, view.license.id, who, request.actor(me.email))
    flash = gettext(
        "An invitation is on its way to {who}. The link is valid for {days} days.",
        who=display_email(who),
        days=VALID_DAYS,
    )
    return Change(
        lambda: invite_again(*given, now=request.now),
        lambda _: FormResult(list_path(view.license.id), flash),
    )


def _reveal(request: PortalRequest, view: UserView) -> str | None:
    me = view.principal.user
    given = (me.company, view.license.id, view.row.user.email, me.id, request.actor(me.email))
    return reveal_initial_password(*given, now=request.now)


@page("initial_password.html")
def initial_password(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Loaded:
    """The initial password, until the user has chosen one."""
    view = portal_queries.license_user(claims, license_id, user_id, now=request.now)
    guard_permitted(view, ("set_passwords",))
    password = _reveal(request, view)
    return view, {"password": password, "back": list_path(license_id)}


@action("change_email.html", EmailForm, load_user, always("change_emails"))
def email(request: PortalRequest, view: UserView, form: EmailForm) -> Change[User]:
    """Change the email of the account."""
    me, old = view.principal.user, view.row.user.email
    given = (me.company, view.license.id, old, form.email, request.actor(me.email))

    def result(changed: User) -> FormResult:
        flash = gettext(
            "{old} is now {new}, on all licenses. The password stays.",
            old=display_email(old),
            new=display_email(changed.email),
        )
        return FormResult(list_path(view.license.id), flash)

    return Change(lambda: change_email(*given, manager_id=me.id, now=request.now), result)


@action("set_password.html", PasswordForm, load_user, always("set_passwords"))
def password(request: PortalRequest, view: UserView, form: PasswordForm) -> Change[Changed]:
    """Set or generate a password, which the user has to change at the next log-in."""
    me, who = view.principal.user, view.row.user.email
    own = form.password if form.password or form.how == "own" else None  # what is typed counts
    given = (me.company, view.license.id, who, own, request.actor(me.email))
    back = list_path(view.license.id)
    flash = gettext(
        "{who} has a new initial password, and chooses another one at the next log-in. All sessions have ended.",
        who=display_email(who),
    )
    return Change(
        lambda: change_seat.set_password(*given, manager_id=me.id, now=request.now),
        lambda _: FormResult(back, flash, f"{back}/{view.row.user.id}/initial-password"),
    )


@action("set_limit.html", LimitForm, load_user, always("set_max_activations"))
def limit(request: PortalRequest, view: UserView, form: LimitForm) -> Change[None]:
    """Change the user's own limit."""
    me, who, wanted = view.principal.user, view.row.user.email, wanted_limit(form)
    given = (me.company, view.license.id, who, wanted, request.actor(me.email))
    flash = _limit_set(display_email(who), wanted)
    undo = Undo.now(request, request.path, **_limit_fields(view.row.seat.max_activations))
    return Change(
        lambda: change_seat.set_max_activations(*given, now=request.now),
        lambda _: FormResult(list_path(view.license.id), flash, undo=undo),
    )


def _limit_set(who: str, limit: int | None) -> str:
    if limit is None:
        return gettext("{who} may now activate any number of devices. Devices that are active stay active.", who=who)
    if not limit:
        return gettext("{who} may now activate no device. Devices that are active stay active.", who=who)
    return ngettext(
        "{who} may now activate one device. Devices that are active stay active.",
        "{who} may now activate {n} devices. Devices that are active stay active.",
        limit,
        who=who,
    )


def _load_reset(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Loaded:
    view, more = load_user(request, claims, license_id, user_id)
    who, devices = display_email(view.row.user.email), view.row.taken
    return view, more | {
        "title": gettext("Reset total activations"),
        "sentences": [
            ngettext(
                "{n} active device of {who} on this license is deactivated.",
                "{n} active devices of {who} on this license are deactivated.",
                devices,
                who=who,
            ),
            gettext("Their activations are free at once, and the user can activate again."),
            *transfer_hint(view.license),
        ]
        if devices
        else [gettext("No device is active.")],
        "button": reset_button(devices, gettext("Reset activations")),
        "danger": True,
        "is_offered": bool(devices),
    }


@action("confirm.html", Confirmation, _load_reset, always("reset_devices"))
def reset(request: PortalRequest, view: UserView, _form: Confirmation) -> Change[None]:
    """Deactivate the user's devices on this license."""
    me, who = view.principal.user, view.row.user.email
    given = (me.company, view.license.id, who, request.actor(me.email))
    flash = gettext("The devices of {who} on this license are deactivated.", who=display_email(who))
    return Change(
        lambda: change_seat.reset_activations(*given, now=request.now),
        lambda _: FormResult(list_path(view.license.id), flash),
    )


def _load_remove(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Loaded:
    view, more = load_user(request, claims, license_id, user_id)
    return view, more | {
        "title": gettext("Remove user"),
        "sentences": [
            *leaving(view),
            gettext(
                "That makes room for another user. The account itself stays, with its password and other licenses."
            ),
        ],
        "button": gettext("Remove {who}", who=person(view.row)),
        "danger": True,
    }


@action("confirm.html", Confirmation, _load_remove, always("remove_users"))
def remove(request: PortalRequest, view: UserView, _form: Confirmation) -> Change[None]:
    """Take the seat away."""
    me, who = view.principal.user, view.row.user.email
    given = (me.company, view.license.id, who, request.actor(me.email))
    flash = gettext("{who} was removed. There is room for another user.", who=display_email(who))
    back = list_path(view.license.id)
    possible = can_come_back(view, view.row)
    undo = Undo.now(request, f"{back}/assign", people=who, **seat_fields(view.row)) if possible else None
    return Change(
        lambda: change_seat.remove_user(*given, now=request.now),
        lambda _: FormResult(back, flash, undo=undo),
    )
