"""What a manager does with several users of a license at once: with each by itself, and it is said what came of it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid, NotFound, raise_all, wrong_in
from chalicelib.domain.paging import PAGE_SIZE
from chalicelib.domain.permissions import Permission
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import gettext, ngettext
from chalicelib.portal.assign import AssignForm, assigning
from chalicelib.portal.context import Context, Loaded
from chalicelib.portal.handlers import Change, FormResult, Undo, action, always
from chalicelib.portal.licenses import deactivated, reset_button, transfer_hint
from chalicelib.portal.one_by_one import Outcome, change_one, changed, with_refusals
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.users import (
    LimitForm,
    can_come_back,
    invites,
    list_path,
    load_license,
    seat_fields,
    wanted_limit,
)
from chalicelib.usecases import change_seat, portal_queries
from chalicelib.usecases.assign_user import Assigned, guard_seat_limit
from chalicelib.usecases.portal_queries import ChosenView, LicenseView, UserRow
from chalicelib.usecases.replace_user import replace_user

MAX_UNDO = 24_000
"""Characters of what is kept to take a removal back: an answer that may come again is bounded. Names are short."""
_BOX = re.compile(r"user-(0|[1-9][0-9]{0,15})")
"""The name of the box of a user in the list; where users are replaced, of the field for the email of who comes."""


@dataclass(frozen=True, slots=True)
class ChosenForm(LimitForm):
    """What to do with the users whose boxes are ticked."""

    do: str = ""
    """`reset` their devices, `remove` or `replace` them; anything else: set their limit."""
    how: str = ""
    """As in `assign.NewUser`."""


@dataclass(frozen=True, slots=True)
class RestoreForm:
    """Users who were removed a moment ago, as `_undo` writes them."""

    people: str = ""


def chosen_ids(fields: Mapping[str, str]) -> list[int]:
    """The ids of users whose boxes are ticked, at most as many as a page shows."""
    boxes = (_BOX.fullmatch(name) for name in fields)
    return [int(box[1]) for box in boxes if box is not None][:PAGE_SIZE]


def _load(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    view = portal_queries.chosen_users(claims, license_id, chosen_ids(request.given), now=request.now)
    return view, _question(view, request.given.get("do", "")) | {"back": list_path(license_id)}


def _needs(fields: Mapping[str, str]) -> tuple[Permission, ...]:
    match fields.get("do", ""):
        case "reset":
            return ("reset_devices",)
        case "remove":
            return ("remove_users",)
        case "replace":
            return ("remove_users", "assign_users")
    return ("set_max_activations",)


def _question(view: ChosenView, do: str) -> Context:
    devices, users = sum(row.taken for row in view.rows), len(view.rows)
    off = deactivated(devices)
    match do:
        case "reset":
            title, sentences = gettext("Reset devices"), [off]
        case "remove":
            title = gettext("Remove users") if users > 1 else gettext("Remove user")
            over = ngettext(
                "This user can no longer use this license.", "These users can no longer use this license.", users
            )
            sentences = [over, off]
        case "replace":
            title = gettext("Replace users") if users > 1 else gettext("Replace user")
            seats = ngettext(
                "Give the email of who gets the seat; its limit stays. The new person is told by email.",
                "Give the email of who gets each seat; its limit stays. The new people are told by email.",
                users,
            )
            sentences = [seats, off]
        case _:
            title = gettext("Set max activations")
            sentences = [
                ngettext(
                    "On how many devices this user may use this license.",
                    "On how many devices each of these users may use this license.",
                    users,
                )
            ]
    hint = transfer_hint(view.license) if do in ("reset", "remove", "replace") and devices else []
    count = f"{title} ({users})" if users > 1 else title
    return {
        "do": do,
        "title": title,
        "sentences": [*sentences, *hint],
        "button": reset_button(devices, count) if do == "reset" else count,
        "danger": do in ("reset", "remove"),
        "is_offered": bool(devices if do == "reset" else view.rows),
    }


@action("chosen_users.html", ChosenForm, _load, _needs)
def chosen(request: PortalRequest, view: ChosenView, form: ChosenForm) -> Change[list[Outcome]]:
    """Reset, limit, replace or remove the users one by one: each once, also where the form is sent again."""
    change = _change(request, view, form)

    def each() -> list[Outcome]:
        if not view.rows:
            raise NotFound("user_not_found")
        return [_changed(request, view, row, change) for row in view.rows]

    def result(outcomes: list[Outcome]) -> FormResult:
        undo = _undo(request, view, outcomes) if form.do == "remove" else None
        gone = len(set(chosen_ids(request.fields))) - len(view.rows)
        words = _said(view, form, changed(outcomes), len(outcomes) + gone)
        return FormResult(list_path(view.license.id), with_refusals(words, outcomes, _gone(gone)), undo=undo)

    return Change(each, result)


def _gone(users: int) -> str:
    """Of those who were chosen, and lost the seat before the form was sent."""
    if not users:
        return ""
    return ngettext(
        "One of them no longer has a seat on the license.", "{n} of them no longer have a seat on the license.", users
    )


def _change(request: PortalRequest, view: ChosenView, form: ChosenForm) -> Callable[[UserRow], object]:
    """What is done to each of the users. Raises `Invalid` for what is wrong with the fields."""
    me, now = view.principal.user, request.now
    company, license_id, actor = me.company, view.license.id, request.actor(me.email)
    match form.do:
        case "reset":
            return lambda row: change_seat.reset_activations(company, license_id, row.user.email, actor, now=now)
        case "remove":
            return lambda row: change_seat.remove_user(company, license_id, row.user.email, actor, now=now)
        case "replace":
            raise_all([error for row in view.rows for error in _wrong_email(request, row)])
            who: Context = {"manager_id": me.id, "invite": invites(view, form.how)}
            return lambda row: replace_user(
                company, license_id, row.user.email, _typed(request, row), actor, **who, now=now
            )
    limit = wanted_limit(form)
    guard_seat_limit(view.license, limit)
    return lambda row: change_seat.set_max_activations(company, license_id, row.user.email, limit, actor, now=now)


def _typed(request: PortalRequest, row: UserRow) -> str:
    """The email of who comes in the place of a user."""
    return request.fields.get(f"user-{row.user.id}", "")


def _wrong_email(request: PortalRequest, row: UserRow) -> list[Invalid]:
    return [*wrong_in(f"user-{row.user.id}", known_email, _typed(request, row))]


def _changed(request: PortalRequest, view: ChosenView, row: UserRow, change: Callable[[UserRow], object]) -> Outcome:
    return change_one(request, view.principal, row.user.id, row.user.email, lambda: change(row))


def _said(view: ChosenView, form: ChosenForm, done: int, count: int) -> str:
    """What came of it: of so many users who were chosen, so many were changed."""
    if not done:
        return _none_done(form.do)
    words = _all_done(form.do, count) if done == count else _some_done(form.do, done, count)
    if form.do == "replace" and not invites(view, form.how):
        words += " " + gettext("Initial passwords can be copied from the list.")
    return words


def _all_done(do: str, count: int) -> str:
    match do:
        case "reset":
            return ngettext(
                "The devices of one user are deactivated.", "The devices of {n} users are deactivated.", count
            )
        case "remove":
            return ngettext("One user was removed.", "{n} users were removed.", count)
        case "replace":
            return ngettext("One user was replaced.", "{n} users were replaced.", count)
    return ngettext("The limit of one user is set.", "The limit of {n} users is set.", count)


def _some_done(do: str, done: int, count: int) -> str:
    match do:
        case "reset":
            return ngettext(
                "The devices of one of {all} users are deactivated.",
                "The devices of {n} of {all} users are deactivated.",
                done,
                all=count,
            )
        case "remove":
            return ngettext("One of {all} users was removed.", "{n} of {all} users were removed.", done, all=count)
        case "replace":
            return ngettext("One of {all} users was replaced.", "{n} of {all} users were replaced.", done, all=count)
    return ngettext(
        "The limit of one of {all} users is set.", "The limit of {n} of {all} users is set.", done, all=count
    )


def _none_done(do: str) -> str:
    match do:
        case "reset":
            return gettext("No device was deactivated.")
        case "remove":
            return gettext("No user was removed.")
        case "replace":
            return gettext("No user was replaced.")
    return gettext("No limit was changed.")


def _undo(request: PortalRequest, view: ChosenView, outcomes: list[Outcome]) -> Undo | None:
    """The form by which all who were removed get their seats again; None where not all devices could come back."""
    removed = [row for row, outcome in zip(view.rows, outcomes, strict=True) if not outcome.why]
    people = json.dumps([seat_fields(row) | {"people": row.user.email} for row in removed])
    possible = removed and len(people) <= MAX_UNDO and all(can_come_back(view, row) for row in removed)
    return Undo.now(request, f"{list_path(view.license.id)}/restore", people=people) if possible else None


def _load_restore(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    view = load_license(request, claims, license_id)
    return view, {"title": gettext("Undo"), "button": gettext("Undo"), "back": list_path(license_id)}


@action("restore_users.html", RestoreForm, _load_restore, always("assign_users"))
def restore(request: PortalRequest, view: LicenseView, form: RestoreForm) -> Change[list[Outcome]]:
    """Give users who were removed their seats again, one by one, as by the form that assigns one of them."""
    people = read_removed(form.people)

    def each() -> list[Outcome]:
        return [_restored(request, view, one) for one in people]

    def result(outcomes: list[Outcome]) -> FormResult:
        done, count = changed(outcomes), len(outcomes)
        again = gettext("Devices have to be activated again.")
        if not done:
            return FormResult(list_path(view.license.id), with_refusals(gettext("Nobody got a seat again."), outcomes))
        if done == count:
            words = ngettext(
                "The user has the seat again, as before.", "{n} users have their seats again, as before.", count
            )
        else:
            words = ngettext(
                "One of {all} users has the seat again, as before.",
                "{n} of {all} users have their seats again, as before.",
                done,
                all=count,
            )
        return FormResult(list_path(view.license.id), with_refusals(f"{words} {again}", outcomes))

    return Change(each, result)


def _restored(request: PortalRequest, view: LicenseView, form: AssignForm) -> Outcome:
    def give() -> Assigned:  # what is wrong with it is said of this one alone
        return assigning(request, view, form)()

    return change_one(request, view.principal, form.people, form.people, give)


def read_removed(text: str) -> list[AssignForm]:
    """The forms that assign the users of an undo again. Raises `Invalid`: `validation_error`, also for what is longer
    than `_undo` writes it: what is said of each would be more than is kept.
    """
    if len(text) > MAX_UNDO or not text.isascii():
        raise Invalid("validation_error", of="form")
    try:
        return TypeAdapter(list[AssignForm]).validate_json(text)[:PAGE_SIZE]
    except ValidationError:
        raise Invalid("validation_error", of="form") from None
