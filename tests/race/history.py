"""What the notes of many clients prove: places held for certain, and answers that contradict each other.

Each device is one client's, and a client makes one call after the other. So its notes tell its state, except where a
call was not answered. A place is held for certain from the end of the call that was granted to the start of the next
one that may give it back; it may have been held from the start of the former to the end of the latter.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Literal

from tests.race.clients import OK, Call

FULL = "license_activated_max_times"
REFUSALS = {
    FULL,
    "user_activated_max_times",
    "device_transfer_not_allowed",
    "device_transfer_limit_reached",
}
"""Answers that an activation may be given when there is no place for it."""
ABSENT = "device_not_found"

State = Literal["never active", "live", "given back", "unknown"]


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a device held a place."""

    hardware_id: str
    user: str | None
    start: float
    end: float


def held(calls: Iterable[Call]) -> list[Span]:
    """The places held for certain."""
    spans = []
    for device in by_device(calls):
        since: float | None = None
        for call in device:
            if since is None and call.outcome == OK and call.verb != "deactivate":
                since = call.end
            elif since is not None and call.verb == "deactivate":
                spans.append(Span(call.hardware_id, call.user, since, call.start))
                since = None
        if since is not None:
            spans.append(Span(device[0].hardware_id, device[0].user, since, inf))
    return spans


def most_at_once(spans: Iterable[Span]) -> list[Span]:
    """The largest number of spans that have an instant in common."""
    at_once: list[Span] = []
    most: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        at_once = [other for other in at_once if other.end > span.start] + [span]
        most = max(most, at_once, key=len)
    return most


def contradictions(calls: Iterable[Call]) -> list[str]:
    """Each answer that does not fit what the same device was answered before, with that device's notes."""
    return [f"{wrong}\n{told(device)}" for device in by_device(calls) for wrong in _contradictions(device)]


def needless_refusals(calls: Iterable[Call], places: int) -> list[str]:
    """Each refusal for want of a place in whose whole time fewer than `places` may have been held."""
    calls = list(calls)
    maybe = _maybe_held(calls)

    def held_at(instant: float) -> int:
        return sum(span.start <= instant <= span.end for span in maybe)

    found = []
    for call in calls:
        if call.outcome == FULL:
            starts = [span.start for span in maybe if call.start <= span.start <= call.end]
            most = max(map(held_at, [call.start, *starts]))
            if most < places:
                found.append(f"{call}: at most {most} of {places} places were held")
    return found


def by_device(calls: Iterable[Call]) -> list[list[Call]]:
    """The calls of each device, in order."""
    devices: dict[str, list[Call]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.start):
        devices[call.hardware_id].append(call)
    return list(devices.values())


def told(calls: Iterable[Call], of: Iterable[Span] = ()) -> str:
    """The notes as text, one call a line; only those of the devices in `of`, where given."""
    devices = {span.hardware_id for span in of}
    lines = [str(call) for call in sorted(calls, key=lambda call: call.start)]
    return "\n".join(line for line in lines if not devices or line.split()[1] in devices)


def _maybe_held(calls: Iterable[Call]) -> list[Span]:
    spans = []
    for device in by_device(calls):
        since: float | None = None
        for call in device:
            if since is None and call.verb == "activate" and (call.outcome == OK or call.is_open):
                since = call.start
            elif since is not None and call.verb == "deactivate" and call.outcome == OK:
                spans.append(Span(call.hardware_id, call.user, since, call.end))
                since = None
        if since is not None:
            spans.append(Span(device[0].hardware_id, device[0].user, since, inf))
    return spans


def _contradictions(device: list[Call]) -> Iterator[str]:
    state: State = "never active"
    device_id: int | None = None
    for call in device:
        if call.is_open:
            state = _after_open(state, call)
            continue
        if not _fits(state, call):
            yield f"{state}, and yet: {call}"
        if call.outcome == OK:
            state = "given back" if call.verb == "deactivate" else "live"
            if call.device_id is not None:
                if device_id not in (None, call.device_id):
                    yield f"the device was {device_id}, and yet: {call}"
                device_id = call.device_id


def _after_open(state: State, call: Call) -> State:
    if call.verb == "activate" and state != "live":
        return "unknown"
    if call.verb == "deactivate" and state == "live":
        return "unknown"
    return state


def _fits(state: State, call: Call) -> bool:
    allowed: dict[str, dict[State, set[str]]] = {
        "activate": {"live": {OK}, "never active": {OK, *REFUSALS}},
        "check": {"live": {OK}, "never active": {ABSENT}, "given back": {ABSENT}},
        "deactivate": {"live": {OK}, "never active": {ABSENT}, "given back": {OK}},
    }
    anything = {OK, ABSENT} if call.verb != "activate" else {OK, *REFUSALS}
    return call.outcome in allowed[call.verb].get(state, anything)
