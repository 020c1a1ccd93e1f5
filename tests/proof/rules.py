"""What has to hold of every history, rule by rule, each found in the history itself and in what is stored afterwards.

A history that is linearizable obeys most of these; but a rule says in one sentence what went wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf

from chalicelib.domain.events import Event, EventType
from chalicelib.domain.license import License, Phase
from chalicelib.domain.users import LOST_MS
from tests.model.license import SHARES, Key, Verb
from tests.proof.history import BUSY, CRASHED, Op
from tests.race.clients import LOST, OK, OK_EXPIRED

OVERSOLD = "live places never above the limit"

UNANSWERED = {LOST: "every call is answered", BUSY: "no call is busy without a cause"}
"""The rules that no answer breaks, and `service_busy`."""
RELEASING: dict[Verb, str] = {
    "deactivate": "device",
    "reset device": "device",
    "bar": "hardware",
    "remove": "user",
    "replace": "user",
    "reset user": "user",
    "reset license": "license",
}
"""The calls that give places back, and of what: a device, a hardware id whoever uses it, all of a user's, or all."""
RESIZING: tuple[Verb, ...] = ("resize", "resize strictly", "resize as seen")
"""The calls that sell more places, or fewer."""
CAUSES: dict[EventType, tuple[Verb, ...]] = {
    "device_activated": ("activate",),
    "device_deactivated": ("deactivate",),
    "device_reset": ("reset device", "bar"),
    "slot_taken": ("check",),
    "slot_released": ("release", "take slot back"),
    "license_reset": ("reset license",),
    "license_enabled": ("enable",),
    "license_disabled": ("disable",),
    "license_extended": ("expire", "lapse", "renew"),
    "license_changed": (*RESIZING, "resize slots", "resize uses", "expire", "lapse", "renew"),
    "user_assigned": ("assign", "fill"),
    "user_removed": ("remove",),
    "user_replaced": ("replace",),
    "user_limit_changed": ("limit",),
    "user_activations_reset": ("reset user",),
}
"""Which calls may leave which event."""
ALWAYS: dict[EventType, Verb] = {"user_assigned": "assign", "user_removed": "remove", "user_replaced": "replace"}
"""The events that such a call always leaves: of the others, a repeat changes nothing."""
PHASES: tuple[Phase, ...] = ("valid", "grace", "expired")
ANNOUNCED_AS: dict[Phase, EventType] = {"grace": "grace_started", "expired": "license_expired"}
ENDS: dict[str, Phase] = {"past": "expired", "near": "grace", "far": "valid"}
"""The phase that an end of `tests.model.license` brings about at once."""


_About = tuple[Verb, str | None, str | None]
"""A call, its device and its user."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, in a sentence, with the calls that show it."""

    rule: str
    sentence: str
    shown_by: tuple[Op, ...] = ()


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is stored when a round is over, after a last sweep that comes after all ends."""

    license: License
    events: tuple[Event, ...]
    """The history, oldest first."""
    before: frozenset[str] = frozenset()
    """The keys of the events that were there before the round."""
    known: frozenset[str] = frozenset()
    """The hardware ids that the license has devices of."""
    ends: dict[str, str] = field(default_factory=dict)
    """Which end of the model each `validity_period` is, as events tell it."""
    bystanders: tuple[tuple[EventType, ...], ...] = ()
    """What was announced of licenses that ended amid the downtime, and that nobody called."""
    differences: tuple[str, ...] = ()
    """What the audit finds."""
    outages: tuple[tuple[float, float], ...] = ()
    """When something was killed, and until when that may have been felt."""
    storms: tuple[tuple[float, float], ...] = ()
    reserved: tuple[int, ...] = ()
    """Of each batch that is under way: seats that count as assigned, and are still to be given."""
    between: frozenset[str] = frozenset()
    """Those of `ends` that are over by the clock of one of the callers, and not of another."""
    mails: tuple[str, ...] = ()
    """To whom mails are queued, where none is sent."""
    sold: int = 0
    """The places of the license before the first call."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A place that a device held for certain, from a grant's end to the start of what may have released it."""

    key: Key
    granted: Op
    start: float
    end: float


def violations(history: Sequence[Op], after: Aftermath) -> list[Violation]:
    """Every rule that was broken."""
    sizes = (op.limit or 0 for op in history if op.verb in RESIZING)
    sold = max(after.license.max_activations or 0, after.sold, *sizes)
    found = seen_in(history, sold * SHARES[after.license.overage])
    found += [*_traces(history, after), *_events_disagree(after), *_transitions(after)]
    found += [Violation("counters equal items", difference) for difference in after.differences]
    crashed = (op for op in history if op.answer.startswith(CRASHED) or op.answer == "internal_error")
    return [*found, *_unanswered(history, after), *(Violation("no bug", str(op), (op,)) for op in crashed)]


def seen_in(history: Sequence[Op], places: float) -> list[Violation]:
    """The rules that the answers alone show to be broken, on a license of so many places."""
    holds = certain(history)
    found = [*_limit_passed(holds, places), *_place_lost(history, holds)]
    return [*found, *_old_place_answers(history), *_place_changed(history)]


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
    if what in ("device", "hardware"):
        return op.key == key if what == "device" else op.device == key[0]
    return what == "license" or op.user == key[1]


def _limit_passed(holds: list[Hold], places: float) -> Iterator[Violation]:
    """Live places are never above the limit, at any instant."""
    crowd: dict[Key, Hold] = {}
    for hold in sorted(holds, key=lambda hold: hold.start):
        crowd = {key: other for key, other in crowd.items() if other.end > hold.start} | {hold.key: hold}
        if len(crowd) > places:
            shown = tuple(other.granted for other in crowd.values())
            sentence = f"{len(crowd)} devices held {places} places at {hold.start:.4f}"
            yield Violation(OVERSOLD, sentence, shown)
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
                    rule = "a granted place lasts until released"
                    if any(_lowers(other, hold, op) for other in history):
                        rule = "lowering a limit evicts nobody"
                    yield Violation(rule, f"{op.device} had a place, and nobody released it", (hold.granted, op))
                    return


def _lowers(other: Op, hold: Hold, missed: Op) -> bool:
    """Whether a user's limit was set to so little, between the grant and the check that missed the place."""
    is_between = hold.start <= other.end and other.start <= missed.end
    return is_between and other.verb == "limit" and other.user == missed.user and (other.limit or 0) <= 1


def _old_place_answers(history: Sequence[Op]) -> Iterator[Violation]:
    """After a reset no old place answers."""
    taking = [op for op in history if op.verb in ("activate", "import") and (op.answer == OK or op.is_open)]
    resets = [op for op in history if op.answer == OK and op.verb in RELEASING]
    for op in history:
        if op.verb == "check" and op.answer in (OK, OK_EXPIRED):
            before = [other for other in resets if other.end < op.start and _releases(other, op.key)]
            if not before:
                continue
            last = max(before, key=lambda other: other.end)
            since = (a for a in taking if a.key == op.key and a.end > last.start and a.start < op.end)
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


def _traces(history: Sequence[Op], after: Aftermath) -> Iterator[Violation]:
    """A refusal leaves no trace, and what was done leaves its own: event by event, for each device and each user."""
    done = Counter((op.verb, op.device, op.user) for op in history if op.answer == OK)
    maybe = Counter((op.verb, op.device, op.user) for op in history if op.is_open)
    new = [event for event in after.events if event.key not in after.before and not _is_claim(event)]
    left = Counter((event.type, event.hardware_id, event.user) for event in new)
    for kind, verbs in CAUSES.items():
        about = {(op.device, op.user) for op in history if op.verb in verbs}
        about |= {(event.hardware_id, event.user) for event in new if event.type == kind}
        for device, user in sorted(about, key=str):
            times = left[kind, device, user]
            sure = sum(_times(done, verb, device, user) for verb in verbs)
            most = sure + sum(_times(maybe, verb, device, user) for verb in verbs)
            sentence = f"{times} times {kind} of {device} and {user}, granted {sure} to {most} times"
            if times > most:
                yield Violation("a refusal leaves no trace", sentence)
            elif kind in ALWAYS and times < _times(done, ALWAYS[kind], device, user):
                yield Violation("the history adds up to the state", sentence)
    granted = {device for verb, device, _ in done + maybe if verb in ("activate", "import")}
    granted |= {event.hardware_id for event in after.events if event.key in after.before}
    for stranger in sorted(after.known - granted):
        yield Violation("a refusal leaves no trace", f"{stranger} was always refused, and yet it is known")


def _is_claim(event: Event) -> bool:
    """Whether it says that a legacy device has called itself: no place is taken, and a check leaves it, too."""
    return event.type == "device_activated" and event.detail.get("adopted") == event.hardware_id


def _times(calls: Counter[_About], verb: Verb, device: str | None, user: str | None) -> int:
    """How often it was called; what is of a hardware id is of each of its users."""
    return calls[verb, device, None if RELEASING.get(verb) == "hardware" else user]


def _events_disagree(after: Aftermath) -> Iterator[Violation]:
    """The events add up to the state: none is missing, none is there twice."""
    live = users = 0
    for event in after.events:
        match event.type:
            case "device_activated":
                live += "adopted" not in event.detail
            case "legacy_devices_added":
                live += int(event.detail["devices"] or 0)
            case "device_deactivated" | "device_reset" | "device_lapsed":
                live -= 1
            case "license_reset":
                live -= int(event.detail["times_activated"] or 0)
            case "user_removed" | "user_replaced" | "user_activations_reset":
                live -= int(event.detail["devices"] or 0)
        users += (event.type == "user_assigned") - (event.type == "user_removed")
    for name, counted in (("times_activated", live), ("users_assigned", users + sum(after.reserved))):
        if counted != getattr(after.license, name):
            sentence = f"the history adds up to {name} {counted}, and {getattr(after.license, name)} is stored"
            yield Violation("the history adds up to the state", sentence)


def _transitions(after: Aftermath) -> Iterator[Violation]:
    """Each grace and each end is announced exactly once, the grace before the end.

    The order is asked of licenses alone that were not given new dates between two sweeps: an event tells when its sweep
    began, and the one that began first may be the one that comes last.
    """
    events = Counter(event.type for event in after.events if event.type in ANNOUNCED_AS.values())
    due = [Counter(_due(phases)) for phases in _phases(after)]
    if events not in due:
        sentence = f"announced: {dict(events)}, and what came about: {' or '.join(str(dict(one)) for one in due)}"
        yield Violation("transitions announced exactly once", sentence)
    for announced in after.bystanders:
        if sorted(announced) != sorted(ANNOUNCED_AS.values()):
            yield Violation(
                "transitions announced exactly once", f"announced of a license that ended once: {announced}"
            )
    own = tuple(event.type for event in after.events)
    for order in after.bystanders if any(_given_ends(after)) else (*after.bystanders, own):
        ahead = 0
        for kind in order:
            ahead += (kind == "grace_started") - (kind == "license_expired")
            if ahead < 0:
                yield Violation("transitions monotone", "an end was announced before its grace")
                return


def _given_ends(after: Aftermath) -> Iterator[str]:
    """The ends that the license was given, as the events tell them."""
    dated = (event for event in after.events if event.type in ("license_extended", "license_changed"))
    return (str(event.detail["validity_period"]) for event in dated if "validity_period" in event.detail)


def _phases(after: Aftermath) -> Iterator[tuple[int, ...]]:
    """What each of the ends that a license was given has brought about: of what clocks differ about, either."""
    given = list(_given_ends(after))
    expired = len(PHASES) - 1
    yield from product(*((PHASES.index(ENDS[after.ends[end]]), expired)[: 1 + (end in after.between)] for end in given))


def _due(phases: Sequence[int]) -> Iterator[EventType]:
    """What has to be announced of a license: of each of its ends what came about before the next, of the last all.

    New dates take back what they undo: it will be announced again.
    """
    announced = 0
    for phase, is_last in [(0, not phases), *((phase, i == len(phases)) for i, phase in enumerate(phases, start=1))]:
        announced = min(announced, phase)
        reached = len(PHASES) - 1 if is_last else phase
        yield from (ANNOUNCED_AS[come] for come in PHASES[announced + 1 : reached + 1])
        announced = reached


def _unanswered(history: Sequence[Op], after: Aftermath) -> Iterator[Violation]:
    """Who stays for an answer gets one, and what was asked for: unless something was killed, or a storm came."""
    excuses = {LOST: after.outages, BUSY: after.outages + after.storms}
    for answer, times in excuses.items():
        calls = (op for op in history if op.answer == answer)
        unexcused = next((op for op in calls if not any(_felt(op, *time) for time in times)), None)
        if unexcused is not None:
            yield Violation(UNANSWERED[answer], str(unexcused), (unexcused,))


def _felt(op: Op, start: float, end: float) -> bool:
    """Whether a call met what was wrong in that time.

    A log-in may meet it later: those that died count as under way for a while, and there may only be so many at once.
    """
    waits = op.answer == BUSY and op.verb == "activate" and op.user is not None
    return op.start <= end + waits * LOST_MS / 1000 and op.end >= start
