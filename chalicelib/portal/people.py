"""People: everyone who may use a license that the manager shares out, once; and what is done when somebody leaves."""

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import gettext, ngettext
from chalicelib.portal.context import Loaded
from chalicelib.portal.handlers import Change, Confirmation, FormResult, action, page
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.request import PortalRequest
from chalicelib.usecases import portal_queries
from chalicelib.usecases.portal_queries import PersonRow, PersonView
from chalicelib.usecases.remove_person import Removed, remove_person

PEOPLE = "/portal/people"


@page("people.html")
def people(request: PortalRequest, claims: SessionClaims) -> Loaded:
    """Everyone who has a seat on a license that the user manages."""
    asked = ListRequest.of(request, claims)
    return asked.shown(portal_queries.managed_people(claims, asked.query, now=request.now))


@page("person.html")
def person(request: PortalRequest, claims: SessionClaims, user_id: int) -> Loaded:
    """One of them, with all these seats."""
    return portal_queries.managed_person(claims, user_id, now=request.now)


def _load_leave(request: PortalRequest, claims: SessionClaims, user_id: int) -> Loaded:
    view = portal_queries.managed_person(claims, user_id, now=request.now)
    who = name_of(view.row)
    products = ", ".join(held.product for held in view.row.seats)
    return view, {
        "title": gettext("{who} leaves the company", who=who),
        "sentences": [
            gettext("{who} can no longer use: {products}.", who=who, products=products),
            ngettext("{n} active device is deactivated.", "{n} active devices are deactivated.", view.row.devices),
            *([] if view.is_all else [gettext("Seats on licenses that are older than your newest ones stay.")]),
            gettext(
                "That makes room for others. The account itself stays, with its password and what it has elsewhere."
            ),
        ],
        "button": gettext("Remove {who}", who=who),
        "danger": True,
    }


@action("confirm.html", Confirmation, _load_leave)
def leave(request: PortalRequest, view: PersonView, _form: Confirmation) -> Change[Removed]:
    """Take all these seats away."""
    me, row = view.principal.user, view.row
    ids = [held.license.id for held in row.seats]
    given = (me.company, ids, row.user.id, request.actor(me.email))
    return Change(
        lambda: remove_person(*given, now=request.now), lambda removed: FormResult(PEOPLE, _said(row, removed))
    )


def name_of(row: PersonRow) -> str:
    """First and last name; of somebody without, the e-mail."""
    return f"{row.first_name} {row.last_name}".strip() or display_email(row.user.email)


def _said(row: PersonRow, removed: Removed) -> str:
    who, left = name_of(row), len(removed.licenses)
    said = ngettext("{who} was removed from {n} license.", "{who} was removed from {n} licenses.", left, who=who)
    busy = [id for id, error in removed.refused.items() if isinstance(error, Unavailable)]
    if bound := [held.product for held in row.seats if held.license.id in removed.refused.keys() - busy]:
        said += " " + gettext(
            "The seat stays on {products}: its transfers are used up, so nobody could take its place.",
            products=", ".join(bound),
        )
    if busy:
        said += " " + gettext("The database was busy: please do it once more, for the seats that are left.")
    return said
