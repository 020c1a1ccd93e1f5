"""How many devices were active on each day, told from the history: nothing is stored for it."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from chalicelib.domain.days import day_of, last_instant
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.instants import Instant

USAGE_DAYS = 90
"""Days that are shown, today among them."""

_ONE_MORE: frozenset[EventType] = frozenset({"device_activated"})
_ONE_LESS: frozenset[EventType] = frozenset({"device_deactivated", "device_reset", "device_lapsed"})
_FREED: dict[EventType, str] = {
    "license_reset": "times_activated",
    "user_activations_reset": "devices",
    "user_removed": "devices",
    "user_replaced": "devices",
}
"""Events that free several activations at once, and which of their details says how many."""


def recent_days(now: Instant, zone: str) -> list[date]:
    """The days that are shown, in a time zone, oldest first; the last one is today."""
    today = day_of(now, zone)
    return [today - timedelta(days=back) for back in reversed(range(USAGE_DAYS))]


def active_by_day(active: int, events: Iterable[Event], days: Sequence[date], zone: str) -> list[int]:
    """How many devices were active when each of the days ended, or are now.

    `active`: how many are now. `events`: all of since the first of the days ended, newest first. `days`: oldest first.
    """
    changes = iter(events)
    event = next(changes, None)
    counts = []
    for day in reversed(days):
        end = last_instant(day, zone)
        while event is not None and event.at > end:
            active -= activations_of(event)
            event = next(changes, None)
        counts.append(active)
    return counts[::-1]


def activations_of(event: Event) -> int:
    """By how many an event has changed the number of active devices."""
    if event.type in _ONE_MORE:
        return int("adopted" not in event.detail)  # else it was active before, by the device whose place it is
    if event.type == "legacy_devices_added":
        return int(event.detail["devices"] or 0)
    if event.type in _ONE_LESS:
        return -1
    return -int(event.detail.get(_FREED.get(event.type, "")) or 0)
