"""The commands for changes of terms that are made at an instant to come."""

from typing import Any

from chalicelib.domain.days import Moment, first_instant
from chalicelib.domain.errors import Rejected, sent_as
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.scheduled_updates import ScheduledUpdate, UpdateStatus
from chalicelib.domain.types import Json
from chalicelib.usecases import scheduled_updates
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_license import find_owner
from chalicelib.usecases.scheduled_updates import UpdateFilter
from chalicelib.web.messages import message
from infra.admin.command import NotGiven
from infra.admin.command_result import CommandResult
from infra.admin.operator_name import operator
from infra.admin.terms import given_terms

_DATES = ("validity_period", "start_date", "maintenance_period")


def license_schedule(
    license: int,
    company: str | None,
    at: Moment,
    strict: bool,
    *,
    now: Instant,
    **terms: Any,  # as `TermChanges` has them
) -> CommandResult:
    owner = find_owner(license, company)
    when = first_instant(at, find_company(owner).time_zone)
    changes = given_terms(owner, terms)
    with sent_as(lambda field: "at" if field == "scheduled_at" else field):
        made = scheduled_updates.schedule_update(owner, license, when, changes, operator(), strict=strict, now=now)
    return CommandResult(_document(made))


def scheduled_update_list(
    company: str,
    license: int | None,
    update_status: UpdateStatus | None,
    limit: int,
    after: int | None,
    *,
    now: Instant,  # noqa: ARG001 - a list has no time
) -> CommandResult:
    wanted = UpdateFilter(license, update_status)
    rows, behind = scheduled_updates.find_updates(company, wanted, "" if after is None else str(after), limit)
    return CommandResult({"company": company, "updates": [*map(_row, rows)], "after": int(behind) if behind else None})


def scheduled_update_show(company: str, update: int, *, now: Instant) -> CommandResult:  # noqa: ARG001
    return CommandResult(_document(scheduled_updates.find_update(company, update)))


def scheduled_update_set(
    company: str,
    update: int,
    at: Moment | type[NotGiven],
    strict: bool,
    revision: int | None,
    *,
    now: Instant,
    **terms: Any,  # as `TermChanges` has them
) -> CommandResult:
    fields: Json = {"strict": True} if strict else {}
    if not isinstance(at, type):
        fields["at"] = first_instant(at, find_company(company).time_zone)
    has_terms = any(value is not NotGiven for value in terms.values())
    changes = given_terms(company, terms) if has_terms else None
    with sent_as(lambda field: "at" if field == "scheduled_at" else field):
        done = scheduled_updates.change_update(
            company, update, fields, operator(), changes=changes, revision=revision, now=now
        )
    return CommandResult(_document(done))


def scheduled_update_apply(company: str, update: int, revision: int | None, *, now: Instant) -> CommandResult:
    done = scheduled_updates.apply_update(company, update, operator(), revision=revision, now=now)
    return CommandResult(_document(done), "" if done.status == "applied" else "Its terms were refused.")


def scheduled_update_cancel(company: str, update: int, revision: int | None, *, now: Instant) -> CommandResult:
    return CommandResult(
        _document(scheduled_updates.cancel_update(company, update, operator(), revision=revision, now=now))
    )


def scheduled_update_delete(company: str, update: int, revision: int | None, *, now: Instant) -> CommandResult:
    scheduled_updates.delete_update(company, update, operator(), revision=revision, now=now)
    return CommandResult({"company": company, "id": update, "deleted": True})


def next_update(update: ScheduledUpdate) -> Json:
    """What a license is shown with: which update is next, when, and what it changes."""
    return {"id": update.id, "at": to_iso(update.at), "changes": _changes(update)}


def _changes(update: ScheduledUpdate) -> Json:
    """None in a limit is unlimited, and dates are in ISO form."""
    return {name: to_iso(value) if name in _DATES else value for name, value in update.terms.items()}


def _row(update: ScheduledUpdate) -> Json:
    return {
        "id": update.id,
        "license": update.license,
        "at": to_iso(update.at),
        "status": update.status,
        "changes": ", ".join(sorted(update.terms)),
        "over_at": to_iso(update.over_at),
        "error": _why(update),
    }


def _document(update: ScheduledUpdate) -> Json:
    """An update as JSON."""
    more: Json = {"strict": update.strict, "name": update.name, "note": update.note, "revision": update.revision}
    return _row(update) | {"changes": _changes(update), "created_at": to_iso(update.created_at)} | more


def _why(update: ScheduledUpdate) -> str | None:
    """Why it has failed."""
    error = update.error
    return message(Rejected(error["code"], field=error["field"], **error["params"])) if error else None
