"""People: everyone who may use a license that the manager shares out, once; and what is done when somebody leaves."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Denied, Forbidden, SeatkeeperError, Unavailable
from chalicelib.domain.license import License
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import gettext, ngettext
from chalicelib.portal.chosen_users import chosen_ids
from chalicelib.portal.context import Loaded
from chalicelib.portal.handlers import Change, Confirmation, FormResult, action, page
from chalicelib.portal.licenses import deactivated
from chalicelib.portal.lists import ListRequest, offered_filters
from chalicelib.portal.one_by_one import Outcome, change_one, changed, with_refusals
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import portal_queries
from chalicelib.usecases.cursors import to_cursor
from chalicelib.usecases.invitations import invite_again
from chalicelib.usecases.permissions import not_allowed, permitted
from chalicelib.usecases.portal_queries import ChosenInvitedView, HeldSeat, PersonRow, PersonView
from chalicelib.usecases.remove_person import Removed, remove_person

PEOPLE, INVITED = "/portal/people", "/portal/invited"
_ID = re.compile(r"[0-9]{1,16}")


@page("people.html")
def people(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """Everyone who has a seat on a license that the user manages."""
    asked = ListRequest.of(request, claims)
    view, context = asked.shown(portal_queries.managed_people(claims, asked.query, now=request.now))
    return view, context | {"filters": offered_filters(["using", "idle"], view.counts)}


@page("person.html")
def person(request: PortalRequest, claims: SessionClaims, user_id: int) -> Loaded:
    """One of them, with all these seats."""
    return portal_queries.managed_person(claims, user_id, now=request.now)


def _removable(view: PersonView) -> list[HeldSeat]:
    """The seats that the manager may take away."""
    return [held for held in view.row.seats if held.removable]


def _load_leave(request: PortalRequest, claims: SessionClaims, user_id: int) -> Loaded:
    view = portal_queries.managed_person(claims, user_id, now=request.now)
    seats, who = _removable(view), name_of(view.row)
    if not seats:
        raise not_allowed(view.principal.company)
    kept = ", ".join(held.title for held in view.row.seats if not held.removable)
    return view, {
        "title": gettext("{who} leaves the company", who=who),
        "sentences": [
            gettext("{who} can no longer use: {products}.", who=who, products=", ".join(held.title for held in seats)),
            *([deactivated(devices)] if (devices := sum(held.devices for held in seats)) else []),
            *([_not_yours(view, kept)] if kept else []),
            *([] if view.is_all else [gettext("Older seats than these stay: do the same again to take them away.")]),
            gettext(
                "That makes room for others. The account itself stays, with its password and what it has elsewhere."
            ),
        ],
        "button": gettext("Remove {who}", who=who),
        "danger": True,
    }


def _not_yours(view: PersonView, products: str) -> str:
    vendor = view.principal.company.name
    return gettext(
        "The seat stays on {products}: {vendor} has not allowed you to remove users there.",
        products=products,
        vendor=vendor,
    )


@action("confirm.html", Confirmation, _load_leave)
def leave(request: PortalRequest, view: PersonView, _form: Confirmation) -> Change[Removed]:
    """Take all these seats away."""
    me, row = view.principal.user, view.row
    ids = [held.license.id for held in _removable(view)]
    given = (me.company, ids, row.user.id, request.actor(me.email))
    return Change(
        lambda: remove_person(*given, manager_id=me.id, now=request.now),
        lambda removed: FormResult(PEOPLE, _said(view, removed)),
    )


@page("invited.html")
def invited(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """Who was invited, and has never logged in."""
    asked = ListRequest.of(request, claims)
    view = portal_queries.managed_invited(claims, asked.query.after, now=request.now)
    due = [(row.user.id, row.invited_on.id) for row in view.due(request.now) if row.invited_on is not None]
    form = urlencode([(f"user-{user_id}", license_id) for user_id, license_id in due])
    return view, {"after": to_cursor(asked.scope, view.behind), "form": form}


def _load_again(request: PortalRequest, claims: SessionClaims) -> Loaded:
    view = portal_queries.chosen_invited(claims, _chosen(request.given), now=request.now)
    return view, {"back": INVITED, "is_offered": bool(view.rows)}


def _chosen(fields: Mapping[str, str]) -> list[tuple[int, int]]:
    """Whom the form is about: by a license for which they are invited, and the account."""
    named = ((fields[f"user-{user_id}"], user_id) for user_id in chosen_ids(fields))
    return [(int(license_id), user_id) for license_id, user_id in named if _ID.fullmatch(license_id)]


def _late(people: int) -> str:
    """Of those who were to be invited, and have chosen a password, or can log in no more, since the form was shown."""
    if not people:
        return ""
    return ngettext(
        "One person no longer waits for an invitation.", "{n} people no longer wait for an invitation.", people
    )


@action("invite_again.html", Confirmation, _load_again)
def again(request: PortalRequest, view: ChosenInvitedView, _form: Confirmation) -> Change[list[Outcome]]:
    """Mail those who were shown another link, one by one, each for a license for which the vendor allows it."""
    me = view.principal.user

    def invite(row: PersonRow, license: License) -> Outcome:
        def send() -> None:
            with permitted(me.company, me.id, license.id, ("assign_users",)):
                invite_again(me.company, license.id, row.user.email, request.actor(me.email), now=request.now)

        return change_one(request, view.principal, row.user.id, row.user.email, send)

    def result(outcomes: list[Outcome]) -> FormResult:
        done, count = changed(outcomes), len(set(chosen_ids(request.fields)))
        if not done:
            words = gettext("No invitation was sent.")
        elif done == count:
            words = ngettext("One invitation is on its way.", "{n} invitations are on their way.", count)
        else:
            words = ngettext(
                "One of {all} invitations is on its way.",
                "{n} of {all} invitations are on their way.",
                done,
                all=count,
            )
        return FormResult(INVITED, with_refusals(words, outcomes, _late(count - len(outcomes))))

    return Change(lambda: [invite(row, on) for row in view.rows if (on := row.invited_on) is not None], result)


def name_of(row: PersonRow) -> str:
    """First and last name; of somebody without, the email."""
    return f"{row.first_name} {row.last_name}".strip() or display_email(row.user.email)


def _said(view: PersonView, removed: Removed) -> str:
    who, left = name_of(view.row), len(removed.licenses)
    said = (
        ngettext("{who} was removed from one license.", "{who} was removed from {n} licenses.", left, who=who)
        if left
        else gettext("{who} was not removed from any license.", who=who)
    )
    if denied := _titles(view, removed, Forbidden):
        said += " " + _not_yours(view, denied)
    if bound := _titles(view, removed, Denied):
        said += " " + gettext(
            "The seat stays on {products}: its transfers are used up, so nobody could take its place.", products=bound
        )
    if _titles(view, removed, Unavailable):
        said += " " + gettext("The database was busy: please try again for the remaining seats.")
    return said


def _titles(view: PersonView, removed: Removed, why: type[SeatkeeperError]) -> str:
    """Where the seat has stayed for this reason."""
    kept = {id for id, error in removed.refused.items() if isinstance(error, why)}
    return ", ".join(held.title for held in view.row.seats if held.license.id in kept)
