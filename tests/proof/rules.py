"""What has to hold of every history, rule by rule, each found in the history itself and in what is stored afterwards.

A history that is linearizable obeys most of these; but a rule says in one sentence what went wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License
from tests.proof.history import Key, Op, Verb
from tests.race.clients import OK, OK_EXPIRED

RELEASING: dict[Verb, str] = {
    "deactivate": "device",
    "reset device": "device",
    "remove": "user",
    "reset user": "user",
    "reset license": "license",
}
"""The calls that give places back, and of what: a device, all of a user's, or all."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, in a sentence, with the calls that show it."""

    rule: str
    sentence: str
    shown_by: tuple[Op, ...] = ()


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is stored when a round is over."""

    license: License
    events: tuple[Any, ...]
    """The history, oldest first (`chalicelib.domain.history.Event`)."""
    known: frozenset[str]
    """The hardware ids that the license has devices of."""
    differences: tuple[str, ...]
    """What the audit finds."""
    past: Instant
    """The end that "expire" gives."""


@dataclass(slots=True)
class Hold:
    """A place that a device held for certain, from a grant's end to the start of what may have released it."""

    key: Key
    granted: Op
    start: float
    end: float = inf
    seen: list[Op] = field(default_factory=list)


def violations(history: Sequence[Op], after: Aftermath) -> list[Violation]:
    """Every rule that was broken."""
    holds = certain(history)
    found = [*_limit_passed(holds, after.license), *_place_lost(history, holds), *_old_place_answers(history)]
    found += [*_place_changed(history), *_refusal_left_trace(history, after), *_events_disagree(after)]
    found += [Violation("counters equal items", difference) for difference in after.differences]
    crashed = (op for op in history if op.answer.startswith("crashed") or op.answer == "internal_error")
    return [*found, *_transitions(after), *(Violation("no bug", str(op), (op,)) for op in crashed)]


def certain(history: Iterable[Op]) -> list[Hold]:
    """The places that were held for certain.

    A call that may release a place ends what is certain where it starts, however it is answered; and what was granted
    while such a call was under way is not certain.
    """
    ordered = sorted(history, key=lambda op: op.start)
    releases = [op for op in ordered if op.verb in RELEASING]
    holds = []
    by_key: dict[Key, list[Op]] = defaultdict(list)
    for op in ordered:
        if op.verb == "activate" and op.answer == OK:
            by_key[op.key].append(op)
    for key, grants in by_key.items():
        own = [op for op in releases if _releases(op, key)]
        for grant in grants:
            if not any(op.start < grant.end and op.end > grant.start for op in own):
                end = min((op.start for op in own if op.start >= grant.end), default=inf)
                holds.append(Hold(key, grant, grant.end, end))
    return holds


def _releases(op: Op, key: Key) -> bool:
    what = RELEASING[op.verb]
    return what == "license" or (what == "user" and op.user == key[1]) or (what == "device" and op.key == key)


def _limit_passed(holds: list[Hold], license: License) -> Iterator[Violation]:
    """Live places are never above the limit, at any instant."""
    places = license.max_activations or 0
    crowd: dict[Key, Hold] = {}
    for hold in sorted(holds, key=lambda hold: hold.start):
        crowd = {key: other for key, other in crowd.items() if other.end > hold.start} | {hold.key: hold}
        if len(crowd) > places:
            shown = tuple(other.granted for other in crowd.values())
            sentence = f"{len(crowd)} devices held {places} places at {hold.start:.4f}"
            yield Violation("live places never above the limit", sentence, shown)
            return


def _place_lost(history: Sequence[Op], holds: list[Hold]) -> Iterator[Violation]:
    """A granted place lasts until it is released: not by another's release, nor by a lower limit."""
    by_key: dict[Key, list[Hold]] = defaultdict(list)
    for hold in holds:
        by_key[hold.key].append(hold)
    for op in history:
        if op.verb == "check" and op.answer == "device_not_found":
            for hold in by_key.get(op.key, ()):
                if hold.start <= op.start and op.end <= hold.end:
                    between = [other for other in history if hold.start <= other.end and other.start <= op.start]
                    lowered = [other for other in between if other.verb == "limit" and other.user == op.user]
                    rule = "lowering a limit evicts nobody" if lowered else "a granted place lasts until released"
                    yield Violation(rule, f"{op.device} had a place, and nobody released it", (hold.granted, op))
                    return


def _old_place_answers(history: Sequence[Op]) -> Iterator[Violation]:
    """After a reset no old place answers."""
    activations = [op for op in history if op.verb == "activate"]
    resets = [op for op in history if op.answer == OK and op.verb in RELEASING]
    for op in history:
        if op.verb == "check" and op.answer in (OK, OK_EXPIRED):
            before = [other for other in resets if other.end < op.start and _releases(other, op.key)]
            if not before:
                continue
            last = max(before, key=lambda other: other.end)
            since = (a for a in activations if a.key == op.key and a.end > last.start and a.start < op.end)
            if not any(since):
                rule = "after a reset no old place answers"
                yield Violation(rule, f"{op.device} answered after {last.verb}", (last, op))
                return


def _place_changed(history: Sequence[Op]) -> Iterator[Violation]:
    """The same device is the same place."""
    first: dict[Key, Op] = {}
    for op in history:
        if op.place is not None and first.setdefault(op.key, op).place != op.place:
            shown = first[op.key], op
            yield Violation("same device, same place", f"{op.device} was given two places", shown)
            return


def _refusal_left_trace(history: Sequence[Op], after: Aftermath) -> Iterator[Violation]:
    """A refusal leaves no trace: who was never granted a place, nor may have been, is not known to the license."""
    maybe = {op.device for op in history if op.verb == "activate" and (op.answer == OK or op.is_open)}
    named = {event.hardware_id for event in after.events if event.hardware_id}
    for stranger in sorted((after.known | named) - maybe):
        yield Violation("a refusal leaves no trace", f"{stranger} was always refused, and yet it is known")


def _events_disagree(after: Aftermath) -> Iterator[Violation]:
    """The events add up to the state: none is missing, none is there twice."""
    live = users = 0
    for event in after.events:
        match event.type:
            case "device_activated":
                live += 1
            case "device_deactivated" | "device_reset":
                live -= 1
            case "license_reset":
                live -= event.detail["times_activated"]
            case "user_removed" | "user_activations_reset":
                live -= event.detail["devices"]
        users += (event.type == "user_assigned") - (event.type == "user_removed")
    for name, counted in (("times_activated", live), ("users_assigned", users)):
        if counted != getattr(after.license, name):
            sentence = f"the history adds up to {name} {counted}, and {getattr(after.license, name)} is stored"
            yield Violation("the history adds up to the state", sentence)


def _transitions(after: Aftermath) -> Iterator[Violation]:
    """Each end is announced exactly once, its grace before it."""
    ends = Counter(event.detail.get("validity_period") for event in after.events if event.type == "license_extended")
    told = [event for event in after.events if event.type in ("grace_started", "license_expired")]
    due = ends[to_iso(after.past)] + (after.license.validity_period != after.past)  # the last sweep is after all ends
    for kind in ("grace_started", "license_expired"):
        times = sum(event.type == kind for event in told)
        if times != due:
            yield Violation("transitions announced exactly once", f"{kind} was announced {times} times, due {due}")
    for first, second in zip(told[::2], told[1::2], strict=False):
        if (first.type, second.type) != ("grace_started", "license_expired"):
            yield Violation("transitions monotone", f"{second.type} was announced after {first.type}")
            return
