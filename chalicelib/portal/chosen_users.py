"""What a manager does with several users of a license at once: with each by itself, and it is said what came of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import NotFound, SeatkeeperError, Unavailable
from chalicelib.domain.paging import PAGE_SIZE
from chalicelib.domain.session import SessionClaims
from chalicelib.languages import gettext, ngettext
from chalicelib.portal.context import Context, Loaded
from chalicelib.portal.handlers import Change, FormResult, action, idempotency_key
from chalicelib.portal.licenses import transfer_hint
from chalicelib.portal.messages import error_message
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.users import LimitForm, list_path, wanted_limit
from chalicelib.usecases import change_seat, portal_queries
from chalicelib.usecases.assign_user import guard_seat_limit
from chalicelib.usecases.idempotency import perform_once
from chalicelib.usecases.portal_queries import ChosenView, UserRow

_BOX = re.compile(r"user-([0-9]{1,16})")
"""The name of the box of a user in the list."""


@dataclass(frozen=True, slots=True)
class ChosenForm(LimitForm):
    """What to do with the users whose boxes are ticked."""

    do: str = ""
    """`reset` their devices, `remove` them; anything else: set their limit."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one user. `why` nothing was changed; empty where it was."""

    email: str
    why: str


def chosen_ids(fields: Mapping[str, str]) -> list[int]:
    """The ids of users whose boxes are ticked, at most as many as a page shows."""
    boxes = (_BOX.fullmatch(name) for name in fields)
    return [int(box[1]) for box in boxes if box is not None][:PAGE_SIZE]


def _load(request: PortalRequest, claims: SessionClaims, license_id: int) -> Loaded:
    fields = request.fields if request.method == "POST" else request.query
    view = portal_queries.chosen_users(claims, license_id, chosen_ids(fields), now=request.now)
    return view, _question(view, fields.get("do", "")) | {"back": list_path(license_id)}


def _question(view: ChosenView, do: str) -> Context:
    devices = sum(row.taken for row in view.rows)
    off = ngettext(
        "One active device of these users is deactivated.",
        "{n} active devices of these users are deactivated.",
        devices,
    )
    match do:
        case "reset":
            title, sentences = gettext("Reset devices"), [off]
        case "remove":
            title, sentences = gettext("Remove users"), [gettext("These users can no longer use this license."), off]
        case _:
            title, sentences = (
                gettext("Set max activations"),
                [gettext("On how many devices each of these users may use this license.")],
            )
    danger = do in ("reset", "remove")
    hint = transfer_hint(view.license) if danger and devices else []
    button = f"{title} ({len(view.rows)})"
    return {"do": do, "title": title, "sentences": [*sentences, *hint], "button": button, "danger": danger}


@action("chosen_users.html", ChosenForm, _load)
def chosen(request: PortalRequest, view: ChosenView, form: ChosenForm) -> Change[list[Outcome]]:
    """Reset, limit or remove the users one by one: each once, also where the form is sent again."""
    change = _change(request, view, form)

    def each() -> list[Outcome]:
        if not view.rows:
            raise NotFound("user_not_found")
        return [_outcome(request, view, row, change) for row in view.rows]

    return Change(each, lambda outcomes: FormResult(list_path(view.license.id), _flash(form.do, outcomes)))


def _change(request: PortalRequest, view: ChosenView, form: ChosenForm) -> Callable[[str], None]:
    """What is done to the user with an e-mail."""
    me = view.principal.user
    company, license_id, actor = me.company, view.license.id, request.actor(me.email)
    match form.do:
        case "reset":
            return lambda email: change_seat.reset_activations(company, license_id, email, actor, now=request.now)
        case "remove":
            return lambda email: change_seat.remove_user(company, license_id, email, actor, now=request.now)
    limit = wanted_limit(form)
    guard_seat_limit(view.license, limit)
    return lambda email: change_seat.set_max_activations(company, license_id, email, limit, actor, now=request.now)


def _outcome(request: PortalRequest, view: ChosenView, row: UserRow, change: Callable[[str], None]) -> Outcome:
    """Change one user under a key of the form's and the user's own."""
    email, why = row.user.email, ""
    form_key = idempotency_key(request, view.principal.claims)
    assert form_key is not None, "only a form with a token is carried out"
    key = replace(form_key, key=f"{form_key.key}-{row.user.id}")
    try:
        perform_once(key, lambda: change(email), lambda _: {}, now=request.now)
    except Unavailable:
        why = gettext("The database is busy. Nothing was changed: please try again in a moment.")
    except SeatkeeperError as error:
        why = error_message(error)
    return Outcome(display_email(email), why)


def _flash(do: str, outcomes: list[Outcome]) -> str:
    """How many were changed, and a line for each who was not."""
    done, count = sum(not outcome.why for outcome in outcomes), len(outcomes)
    match do:
        case "reset":
            words = gettext("The devices of {done} of {count} users are deactivated.", done=done, count=count)
        case "remove":
            words = gettext("{done} of {count} users were removed.", done=done, count=count)
        case _:
            words = gettext("The limit of {done} of {count} users is set.", done=done, count=count)
    return "\n".join([words, *(f"{outcome.email}: {outcome.why}" for outcome in outcomes if outcome.why)])
