"""Attempts of one company to schedule, read, make or undo what is another's, for tests/usecases/test_access.py."""

from typing import Any

from chalicelib.domain.scheduled_updates import ScheduledUpdate
from chalicelib.usecases.scheduled_updates import (
    UpdateFilter,
    apply_update,
    cancel_update,
    change_update,
    delete_update,
    find_update,
    find_updates,
    schedule_update,
)
from tests.support import ADMIN, DAY, NOW
from tests.usecases.support import there

NOTE = {"note": "x"}


def _scheduled(victim: Any) -> ScheduledUpdate:
    """An update of the victim, on a license of its own: the history of the others stays as it is."""
    return schedule_update(victim.vendor.code, victim.vendor.issue().id, NOW + DAY, NOTE, ADMIN, now=NOW)


OF_UPDATES: list[tuple[Any, str, list[Any]]] = [
    (
        schedule_update,
        "license_not_found",
        [lambda c, v: schedule_update(c, v.by_key.id, NOW + DAY, NOTE, ADMIN, now=NOW)],
    ),
    (find_update, "scheduled_update_not_found", [lambda c, v: find_update(c, _scheduled(v).id)]),
    (
        find_updates,
        "license_not_found",
        [lambda c, v: there(find_updates(c, UpdateFilter(license=_scheduled(v).license), "", 9)[0])],
    ),
    (apply_update, "scheduled_update_not_found", [lambda c, v: apply_update(c, _scheduled(v).id, ADMIN, now=NOW)]),
    (
        change_update,
        "scheduled_update_not_found",
        [lambda c, v: change_update(c, _scheduled(v).id, {}, ADMIN, changes={"note": "theirs"}, now=NOW)],
    ),
    (cancel_update, "scheduled_update_not_found", [lambda c, v: cancel_update(c, _scheduled(v).id, ADMIN, now=NOW)]),
    (delete_update, "scheduled_update_not_found", [lambda c, v: delete_update(c, _scheduled(v).id, ADMIN, now=NOW)]),
]
