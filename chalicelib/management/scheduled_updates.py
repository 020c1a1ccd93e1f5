"""Management API: changes of a license's terms that are made at an instant to come."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Literal

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.days import first_instant
from chalicelib.domain.errors import NotFound, Rejected, sent_as
from chalicelib.domain.instants import to_iso
from chalicelib.domain.scheduled_updates import MAX_NAME, MAX_NOTE, ScheduledUpdate, UpdateStatus
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_changes import LicenseChange, terms_of
from chalicelib.management.models import Id, ListBody, ListQuery, QueryId, Sent, SentMoment, part_of_walk
from chalicelib.management.reach import by, guard_own, named_license
from chalicelib.usecases import scheduled_updates
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_license import product_of_license
from chalicelib.usecases.scheduled_updates import UpdateFilter
from chalicelib.web.freshness import Date
from chalicelib.web.messages import message

SentStatus = Literal["pending", "applied", "cancelled", "failed"]
"""As the public reference spells it."""
_SENT: Mapping[UpdateStatus, SentStatus] = {
    "pending": "pending",
    "applied": "applied",
    "canceled": "cancelled",
    "failed": "failed",
}
_STATUS: Mapping[SentStatus, UpdateStatus] = {sent: status for status, sent in _SENT.items()}
_DATES = ("validity_period", "start_date", "maintenance_period")


class UpdatePath(Sent):
    """Which update."""

    update_id: Id


class UpdatesQuery(ListQuery):
    """Which updates."""

    license: QueryId | None = None
    status: SentStatus | None = None


class UpdateItem(Sent):
    """What is to be changed."""

    action: Literal["license-update"]
    update_data: LicenseChange


class NewUpdate(Sent):
    """POST scheduled-updates."""

    license: Id
    scheduled_at: SentMoment
    """A date alone is that day's first instant."""
    name: Annotated[StrictStr, Field(max_length=MAX_NAME)] = ""
    note: Annotated[StrictStr, Field(max_length=MAX_NOTE)] = ""
    scheduled_update_data: Annotated[list[UpdateItem], Field(min_length=1, max_length=1)]


class UpdateChange(Sent):
    """PATCH scheduled-updates: what is not given, or null, stays."""

    scheduled_at: SentMoment | None = None
    name: Annotated[StrictStr, Field(max_length=MAX_NAME)] | None = None
    note: Annotated[StrictStr, Field(max_length=MAX_NOTE)] | None = None
    scheduled_update_data: Annotated[list[UpdateItem], Field(min_length=1, max_length=1)] | None = None
    """What is changed besides, or otherwise: a term that is not named stays as it was scheduled."""


class UpdateItemBody(TypedDict):
    """What is to be changed."""

    action: Literal["license-update"]
    update_data: Json
    error_message: str | None
    """Why it has failed."""


class UpdateBody(TypedDict):
    """A scheduled update."""

    id: int
    license: int
    created_at: Date
    scheduled_at: Date
    status: SentStatus
    applied_at: Date | None
    cancelled_at: Date | None
    failed_at: Date | None
    name: str
    note: str
    scheduled_update_data: list[UpdateItemBody]
    error_code: str | None
    """Of why it has failed."""
    revision: int


class UpdateList(ListBody):
    """A page of updates, oldest first."""

    results: list[UpdateBody]


def own_update(caller: Caller, update_id: int) -> None:
    """By its license."""
    update = scheduled_updates.find_update(caller.company, update_id)
    guard_own(caller, product_of_license(caller.company, update.license), NotFound("scheduled_update_not_found"))


its_update = by("update_id", own_update)


@endpoint("GET", "/scheduled-updates", writes=False, scope="licenses:read", reach=named_license)
def list_scheduled_updates(query: UpdatesQuery, caller: Caller) -> UpdateList:
    """What is scheduled, of one license or of all, and what came of it; in the order in which it was scheduled."""
    wanted = UpdateFilter(query.license, None if query.status is None else _STATUS[query.status])
    find = partial(scheduled_updates.find_updates, caller.company, wanted)
    rows, page = part_of_walk(find, query, caller, "scheduled-updates")
    return {**page, "results": [update_body(row) for row in rows]}


@endpoint("POST", "/scheduled-updates", writes=True, scope="licenses:write", reach=named_license, status=201)
def create_scheduled_update(body: NewUpdate, caller: Caller) -> UpdateBody:
    """Let the terms of a license be changed at an instant to come."""
    zone, (item,) = find_company(caller.company).time_zone, body.scheduled_update_data
    with sent_as(_sent_name):
        return caller.once(
            lambda: scheduled_updates.schedule_update(
                caller.company,
                body.license,
                first_instant(body.scheduled_at, zone),
                lambda sold: terms_of(item.update_data, sold[0].created_at, zone),
                caller.actor,
                strict=item.update_data.strict,
                name=body.name,
                note=body.note,
                now=caller.now,
            ),
            update_body,
        )


@endpoint("GET", "/scheduled-updates/{update_id}", writes=False, scope="licenses:read", reach=its_update)
def show_scheduled_update(path: UpdatePath, caller: Caller) -> UpdateBody:
    """One update."""
    return update_body(scheduled_updates.find_update(caller.company, path.update_id))


@endpoint("PATCH", "/scheduled-updates/{update_id}", writes=True, scope="licenses:write", reach=its_update)
def change_scheduled_update(path: UpdatePath, body: UpdateChange, caller: Caller) -> UpdateBody:
    """Change a pending update; what is not given stays, and the same once more changes nothing."""
    zone, data = find_company(caller.company).time_zone, body.scheduled_update_data
    fields: Json = {name: value for name in ("name", "note") if (value := getattr(body, name)) is not None}
    if body.scheduled_at is not None:
        fields["at"] = first_instant(body.scheduled_at, zone)
    terms = None if data is None else data[0].update_data
    if terms is not None and "strict" in terms.model_fields_set:
        fields["strict"] = terms.strict
    with sent_as(_sent_name):
        return caller.once(
            lambda: scheduled_updates.change_update(
                caller.company,
                path.update_id,
                fields,
                caller.actor,
                changes=None if terms is None else lambda sold: terms_of(terms, sold[0].created_at, zone),
                revision=caller.if_match,
                now=caller.now,
            ),
            update_body,
        )


@endpoint("POST", "/scheduled-updates/{update_id}/apply", writes=True, scope="licenses:write", reach=its_update)
def apply_scheduled_update(path: UpdatePath, caller: Caller) -> UpdateBody:
    """Make a pending update now. Where its terms are refused it has failed, which is answered 200, too."""
    return caller.once(
        lambda: scheduled_updates.apply_update(
            caller.company, path.update_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        update_body,
    )


@endpoint("POST", "/scheduled-updates/{update_id}/cancel", writes=True, scope="licenses:write", reach=its_update)
def cancel_scheduled_update(path: UpdatePath, caller: Caller) -> UpdateBody:
    """Let a pending update never be made; it stays in the list."""
    return caller.once(
        lambda: scheduled_updates.cancel_update(
            caller.company, path.update_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        update_body,
    )


@endpoint("DELETE", "/scheduled-updates/{update_id}", writes=True, scope="licenses:write", reach=its_update)
def delete_scheduled_update(path: UpdatePath, caller: Caller) -> None:
    """Take an update away; one that is pending is never made."""
    caller.once(
        lambda: scheduled_updates.delete_update(
            caller.company, path.update_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


def _sent_name(field: str) -> str:
    """What the use case names `max_activations` or `update_data`, as the body has it, whose one item has the terms."""
    if field in ("license", "scheduled_at"):
        return field
    return "scheduled_update_data.0.update_data" + ("" if field == "update_data" else f".{field}")


def update_body(update: ScheduledUpdate) -> UpdateBody:
    """An update as it is answered."""
    terms: Json = {name: to_iso(value) if name in _DATES else value for name, value in update.terms.items()}
    error = update.error
    why = message(Rejected(error["code"], field=error["field"], **error["params"])) if error else None
    return {
        "id": update.id,
        "license": update.license,
        "created_at": to_iso(update.created_at),
        "scheduled_at": to_iso(update.at),
        "status": _SENT[update.status],
        "applied_at": to_iso(update.over_at if update.status == "applied" else None),
        "cancelled_at": to_iso(update.over_at if update.status == "canceled" else None),
        "failed_at": to_iso(update.over_at if update.status == "failed" else None),
        "name": update.name,
        "note": update.note,
        "scheduled_update_data": [
            {
                "action": "license-update",
                "update_data": terms | ({"strict": True} if update.strict else {}),
                "error_message": why,
            }
        ],
        "error_code": error.get("code"),
        "revision": update.revision,
    }
