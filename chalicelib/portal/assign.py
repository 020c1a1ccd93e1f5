"""Who gets a seat: one person, several as a list, or somebody in the place of a license user."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalice.app import Response

from chalicelib.domain.access import opens
from chalicelib.domain.batch import DEFAULT_MAX_ACTIVATIONS
from chalicelib.domain.email import display_email
from chalicelib.domain.errors import raise_all, wrong_in
from chalicelib.domain.invitation import VALID_DAYS
from chalicelib.domain.license import License, Seat
from chalicelib.domain.people_list import read_one
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.languages import gettext
from chalicelib.portal.batch import list_form
from chalicelib.portal.context import Loaded, Parts
from chalicelib.portal.handlers import Change, FormResult, PageHandler, Undo, action, always
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.users import (
    ProfileForm,
    can_come_back,
    invites,
    leaving,
    list_path,
    load_license,
    load_user,
    person,
    seat_fields,
    typed_count,
)
from chalicelib.usecases.assign_user import Assigned, Profile, assign_user, wrong_assignment
from chalicelib.usecases.portal_queries import LicenseView, UserView
from chalicelib.usecases.replace_user import replace_user

Seated = tuple[License, Seat, User]
"""What `replace_user` answers: the seat that was given, with its license and the account."""


@dataclass(frozen=True, slots=True)
class NewUser(ProfileForm):
    """Somebody who gets a seat, whichever way."""

    how: str = ""
    """How who has no password gets one: `show` an initial one; anything else: by an invitation."""
    undo: str = ""
    """Anything: it takes back what has just been done."""

    def invites(self, view: LicenseView) -> bool:
        """Who comes back by an undo gets in as before."""
        return invites(view, self.how) and not self.undo


@dataclass(frozen=True, slots=True)
class ReplaceForm(NewUser):
    """Who comes in the place of a license user."""

    email: str = ""


@dataclass(frozen=True, slots=True)
class AssignForm(NewUser):
    """A new license user; `unlimited` as in `LimitForm`, which only who was removed a moment ago can be."""

    people: str = ""
    """The email, also as mail programs write it, with the name. Several people are a list: `_assign_list`."""
    max_activations: str = ""
    unlimited: str = ""


@action("assign.html", AssignForm, load_license, always("assign_users"))
def _assign_one(request: PortalRequest, view: LicenseView, form: AssignForm) -> Change[Assigned]:
    """Give a person a seat."""

    def result(assigned: Assigned) -> FormResult:
        done = gettext("{who} was assigned.", who=display_email(assigned.seat.email))
        return _seated(assigned.license, assigned.seat, assigned.user, form, done, invited=form.invites(view))

    return Change(assigning(request, view, form), result)


def assigning(request: PortalRequest, view: LicenseView, form: AssignForm) -> Callable[[], Assigned]:
    """What gives the person of a form a seat. Raises `Invalid` for what is wrong with its fields."""
    me = view.principal.user
    email, profile = _who(form)
    if malformed := [*wrong_in("max_activations", typed_count, form.max_activations)]:
        raise_all([*wrong_assignment(view.license, email, 0, profile), *malformed])
    typed = None if form.unlimited else typed_count(form.max_activations)
    limit = DEFAULT_MAX_ACTIVATIONS if typed is None and not form.unlimited else typed
    given = (me.company, view.license.id, email, limit, request.actor(me.email))
    return lambda: assign_user(*given, profile=profile, manager_id=me.id, invite=form.invites(view), now=request.now)


def _who(form: AssignForm) -> tuple[str, Profile]:
    """The email and the names: as they are typed, else as they stand in the address."""
    first, last, email = read_one(form.people) or ("", "", form.people)
    typed = form.profile()
    return email, typed if typed.first_name or typed.last_name else replace(typed, first_name=first, last_name=last)


_assign_list = list_form("assign.html")


def _assign(request: PortalRequest, parts: Parts) -> Response:
    """One person gets a seat; what several would get is shown first."""
    one = read_one(request.fields.get("people", "")) is not None
    post = _assign_one.post if one else _assign_list.post
    assert post is not None, "both are forms"
    return post(request, parts)


assign = PageHandler(_assign_one.get, _assign)


def _seated(license: License, seat: Seat, user: User, form: NewUser, done: str, *, invited: bool) -> FormResult:
    """That it is done, and how the person gets in; of an undo, what it could not bring back."""
    back = list_path(license.id)
    if form.undo:
        who = display_email(seat.email)
        flash = gettext(
            "{who} has the seat again, with the same limit as before. Devices have to be activated again.", who=who
        )
        return FormResult(back, flash)
    if invited and user.is_initial_password:
        way = gettext("An invitation is on its way; its link is valid for {days} days.", days=VALID_DAYS)
        return FormResult(back, f"{done} {way}")
    if not (user.is_initial_password and opens(user, license)):
        way = gettext("This person has chosen their own password.")
        return FormResult(back, f"{done} {way}")
    way = gettext("Copy the initial password now, or show it later in the list.")
    return FormResult(back, f"{done} {way}", f"{back}/{user.id}/initial-password")


def _load_replacement(request: PortalRequest, claims: SessionClaims, license_id: int, user_id: int) -> Loaded:
    view, more = load_user(request, claims, license_id, user_id)
    return view, more | {
        "name": person(view.row),
        "sentences": leaving(view),
        "button": gettext("Replace {who}", who=person(view.row)),
    }


@action("replace.html", ReplaceForm, _load_replacement, always("remove_users", "assign_users"))
def replacement(request: PortalRequest, view: UserView, form: ReplaceForm) -> Change[Seated]:
    """Give the user's seat to another person."""
    me, row = view.principal.user, view.row
    given = (me.company, view.license.id, row.user.email, form.email, request.actor(me.email))

    def result(replaced: Seated) -> FormResult:
        _, seat, user = replaced
        done = gettext("{who} was replaced by {other}.", who=person(row), other=display_email(seat.email))
        to = f"{list_path(view.license.id)}/{user.id}/replace"
        possible = can_come_back(view, row) and not form.undo
        undo = Undo.now(request, to, email=row.user.email, **seat_fields(row)) if possible else None
        return replace(_seated(*replaced, form, done, invited=form.invites(view)), undo=undo)

    return Change(
        lambda: replace_user(
            *given, profile=form.profile(), manager_id=me.id, invite=form.invites(view), now=request.now
        ),
        result,
    )
