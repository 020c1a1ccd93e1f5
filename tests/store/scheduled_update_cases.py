"""Changes of terms that are scheduled, as cases of `tests.store.cases`."""

from collections.abc import Callable
from typing import Any

from chalicelib.domain.license import License
from chalicelib.domain.scheduled_updates import MAX_UPDATES, ScheduledUpdate
from chalicelib.usecases import scheduled_updates
from tests.store.case import Case
from tests.support import ADMIN, DAY, NOW, Vendor

AT = NOW + 9000 * DAY
"""Behind all that a sweep of another test is of."""


def schedule(vendor: Vendor, license: License, now: int = NOW, **more: Any) -> ScheduledUpdate:
    changes = {"max_activations": 9, "note": "Paid"}
    return scheduled_updates.schedule_update(vendor.code, license.id, AT, changes, ADMIN, now=now, **more)


def _one(vendor: Vendor) -> ScheduledUpdate:
    return schedule(vendor, vendor.issue())


def _refused(vendor: Vendor) -> ScheduledUpdate:
    """A strict one, below what is in use by then."""
    license = vendor.issue()
    changes = {"max_activations": 0}
    update = scheduled_updates.schedule_update(vendor.code, license.id, AT, changes, ADMIN, strict=True, now=NOW)
    vendor.activate(license, "pc")
    return update


def _all_places_taken(vendor: Vendor) -> License:
    """One of them is over."""
    license = vendor.issue()
    updates = [schedule(vendor, license, NOW + step) for step in range(MAX_UPDATES)]
    scheduled_updates.cancel_update(vendor.code, updates[3].id, ADMIN, now=NOW + MAX_UPDATES)
    return license


def _by_id(use_case: Callable[..., Any]) -> Callable[[Vendor, ScheduledUpdate], Any]:
    return lambda vendor, update: use_case(vendor.code, update.id, ADMIN, now=NOW + DAY)


def _put_off(vendor: Vendor, update: ScheduledUpdate) -> ScheduledUpdate:
    """And let it be called so, and do something else."""
    fields, changes = {"at": AT + DAY, "name": "Renewal"}, {"max_activations": 8}
    where = (vendor.code, update.id, fields, ADMIN)
    return scheduled_updates.change_update(*where, changes=changes, now=NOW + DAY)


SCHEDULED_UPDATE_CASES = (
    Case("schedule an update", scheduled_updates.schedule_update, Vendor.issue, schedule, ("update_scheduled",)),
    Case(
        "schedule an update in the place of one that is over",
        scheduled_updates.schedule_update,
        _all_places_taken,
        lambda vendor, license: schedule(vendor, license, NOW + DAY),
        ("update_scheduled",),
    ),
    Case(
        "make a scheduled update",
        scheduled_updates.apply_update,
        _one,
        _by_id(scheduled_updates.apply_update),
        ("license_changed", "update_applied"),
    ),
    Case(
        "let a scheduled update fail",
        scheduled_updates.apply_update,
        _refused,
        _by_id(scheduled_updates.apply_update),
        ("update_failed",),
    ),
    Case(
        "change a scheduled update",
        scheduled_updates.change_update,
        _one,
        _put_off,
        ("update_changed",),
    ),
    Case(
        "cancel a scheduled update",
        scheduled_updates.cancel_update,
        _one,
        _by_id(scheduled_updates.cancel_update),
        ("update_canceled",),
    ),
    Case(
        "delete a scheduled update",
        scheduled_updates.delete_update,
        _one,
        _by_id(scheduled_updates.delete_update),
        ("update_deleted",),
    ),
)
