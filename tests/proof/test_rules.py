"""Each rule finds what breaks it, in a history that is short enough to read, and nothing in one that is right."""

import re
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from tests.domain.samples import DAY, NOW, a_license
from tests.model.license import Verb
from tests.proof.draw import svg
from tests.proof.history import BUSY, CRASHED, Op
from tests.proof.rules import UNANSWERED, Aftermath, violations
from tests.race.clients import LOST, OK

PAST, NEAR, FUTURE = NOW - DAY, NOW, NOW + DAY
ABSENT = "device_not_found"


def event(type: str, device: str | None = None, **detail: int | str) -> Event:
    return Event.new(type, Actor("admin"), NOW, hardware_id=device, **detail)  # type: ignore[arg-type]


def extended(end: int) -> Event:
    return event("license_extended", validity_period=to_iso(end))


HISTORY = [
    Op("activate", 0, 1, OK, "a", place=1),
    Op("activate", 2, 3, OK, "b", place=2),
    Op("activate", 4, 5, "license_activated_max_times", "c"),
    Op("check", 6, 7, OK, "a"),
    Op("deactivate", 8, 9, OK, "a"),
    Op("check", 10, 11, ABSENT, "a"),
]
LICENSE: License = a_license(max_activations=2, times_activated=1, validity_period=FUTURE)
DONE = (event("device_activated", "a"), event("device_activated", "b"), event("device_deactivated", "a"))
GRACE, END = event("grace_started"), event("license_expired")
AFTER = Aftermath(
    LICENSE,
    (*DONE, GRACE, END),
    known=frozenset({"a", "b"}),
    ends={to_iso(PAST): "past", to_iso(NEAR): "near", to_iso(FUTURE): "far"},
    bystanders=(("grace_started", "license_expired"),),
)
EXPIRE, LAPSE, RENEW = (Op(verb, 20, 21, OK) for verb in ("expire", "lapse", "renew"))


def rules(history: list[Op], after: Aftermath = AFTER) -> list[str]:
    return [violation.rule for violation in violations(history, after)]


def test_a_history_that_is_right_breaks_no_rule() -> None:
    assert rules(HISTORY) == []


def test_where_places_were_sold_meanwhile_the_most_there_were_are_the_limit() -> None:
    third = Op("activate", 3.5, 4, OK, "d")
    sold = Op("resize", 3, 3.2, OK, limit=3)
    known = replace(
        AFTER,
        events=(*DONE, event("device_activated", "d"), event("license_changed", max_activations=3), GRACE, END),
        known=frozenset({"a", "b", "d"}),
        license=replace(LICENSE, times_activated=2),
    )
    assert rules([*HISTORY, sold, third], known) == []
    assert rules([*HISTORY, replace(sold, limit=2), third], known) == ["live places never above the limit"]
    assert rules([*HISTORY, replace(sold, limit=2), third], replace(known, sold=3)) == []


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ([Op("activate", 3.5, 4, OK, "d")], "live places never above the limit"),
        ([Op("check", 7, 7.5, ABSENT, "b")], "a granted place lasts until released"),
        ([Op("check", 10, 12, OK, "a")], "after a reset no old place answers"),
        ([Op("activate", 12, 13, OK, "b", place=3)], "same device, same place"),
        ([Op("check", 12, 13, f"{CRASHED}: KeyError", "b")], "no bug"),
    ],
)
def test_a_call_that_breaks_a_rule_is_found(more: list[Op], rule: str) -> None:
    known = replace(AFTER, known=AFTER.known | {op.device or "" for op in more})
    assert rule in rules(HISTORY + more, known)


@pytest.mark.parametrize(
    ("after", "rule"),
    [
        (replace(AFTER, known=frozenset("abc")), "a refusal leaves no trace"),
        (replace(AFTER, events=(*AFTER.events, event("device_reset", "b"), DONE[1])), "a refusal leaves no trace"),
        (replace(AFTER, events=(*AFTER.events, event("license_disabled"))), "a refusal leaves no trace"),
        (replace(AFTER, differences=("wrong",)), "counters equal items"),
        (replace(AFTER, events=AFTER.events[1:]), "the history adds up to the state"),
        (replace(AFTER, events=AFTER.events[:-1]), "transitions announced exactly once"),
        (replace(AFTER, events=(*AFTER.events, GRACE, END)), "transitions announced exactly once"),
        (replace(AFTER, events=(*DONE, END, GRACE)), "transitions monotone"),
        (replace(AFTER, bystanders=(("grace_started",),)), "transitions announced exactly once"),
    ],
)
def test_a_trace_that_breaks_a_rule_is_found(after: Aftermath, rule: str) -> None:
    assert set(rules(HISTORY, after)) == {rule}


@pytest.mark.parametrize(
    ("expected", "done"),
    [
        ([extended(PAST), GRACE, END], [EXPIRE]),
        ([extended(PAST), GRACE, END, extended(FUTURE), GRACE, END], [EXPIRE, RENEW]),
        ([extended(NEAR), GRACE, extended(FUTURE), GRACE, END], [LAPSE, RENEW]),
        ([extended(NEAR), GRACE, END], [LAPSE]),
    ],
)
def test_each_end_is_due_to_be_announced_with_the_grace_before_it(expected: list[Event], done: list[Op]) -> None:
    assert rules([*HISTORY, *done], replace(AFTER, events=(*DONE, *expected))) == []
    for missed in (number for number, one in enumerate(expected) if one.type != "license_extended"):
        assert (
            rules([*HISTORY, *done], replace(AFTER, events=(*DONE, *expected[:missed], *expected[missed + 1 :]))) != []
        )


def test_between_new_dates_a_sweep_that_began_first_may_announce_last() -> None:
    answer = (extended(NEAR), END, GRACE, extended(PAST))
    assert rules([*HISTORY, LAPSE, EXPIRE], replace(AFTER, events=(*DONE, *answer))) == []


def test_an_end_that_was_given_by_an_edit_of_terms_is_announced_as_any_other() -> None:
    edited = event("license_changed", validity_period=to_iso(PAST))
    assert rules([*HISTORY, EXPIRE], replace(AFTER, events=(*DONE, edited, GRACE, END))) == []
    missed = replace(AFTER, events=(*DONE, edited, GRACE))
    assert rules([*HISTORY, EXPIRE], missed) == ["transitions announced exactly once"]


def test_a_device_that_is_imported_after_a_reset_answers() -> None:
    reset, imported = Op("reset license", 12, 13, OK), Op("import", 14, 15, OK, "l")
    added = event("legacy_devices_added", devices=1)
    events = (*DONE, event("license_reset", times_activated=1), added, GRACE, END)
    answered = [*HISTORY, reset, Op("check", 16, 17, OK, "l")]
    after = replace(AFTER, events=events, known=AFTER.known | {"l"})
    assert rules([*answered[:-1], imported, answered[-1]], after) == []
    assert "after a reset no old place answers" in rules(answered, after)


def test_a_device_that_was_there_before_is_no_trace_of_a_refusal() -> None:
    earlier = event("device_activated", "c"), event("device_deactivated", "c")
    after = replace(AFTER, events=(*earlier, *AFTER.events), known=frozenset("abc"))
    assert rules(HISTORY, replace(after, before=frozenset(one.key for one in earlier))) == []


def test_an_assignment_that_was_granted_is_reported() -> None:
    granted = [*HISTORY, Op("assign", 20, 21, OK, user="ada", limit=1)]
    assert rules(granted) == ["the history adds up to the state"]


def test_after_a_reset_a_refused_activation_excuses_no_old_place() -> None:
    full = "license_activated_max_times"
    history = [*HISTORY, Op("activate", 12, 13, full, "a"), Op("check", 14, 15, OK, "a")]
    assert rules(history) == ["after a reset no old place answers"]


@pytest.mark.parametrize(("answer", "excuse"), [(LOST, "outages"), (BUSY, "storms"), (BUSY, "outages")])
def test_every_call_is_answered_but_in_a_storm_or_at_a_kill(answer: str, excuse: str) -> None:
    history = [*HISTORY, Op("check", 20, 30, answer, "b")]
    excused: dict[str, Any] = {excuse: ((25, 26),)}
    elsewhere: dict[str, Any] = {excuse: ((31, 32),)}
    assert rules(history, replace(AFTER, **excused)) == []
    assert rules(history, replace(AFTER, **elsewhere)) == [UNANSWERED[answer]]


def test_a_log_in_may_have_to_wait_for_those_that_died() -> None:
    def found(verb: Verb, answer: str) -> list[str]:
        history = [*HISTORY, Op(verb, 60, 70, answer, "b", "ada")]
        return rules(history, replace(AFTER, outages=((20, 21),), storms=((20, 21),)))

    assert found("activate", BUSY) == []
    assert found("activate", LOST) == [UNANSWERED[LOST]]
    assert found("check", BUSY) == [UNANSWERED[BUSY]]


def test_a_lower_limit_that_evicts_is_told_as_that() -> None:
    history = [
        Op("activate", 0, 1, OK, "a", "ada"),
        Op("limit", 2, 3, OK, user="ada", limit=0),
        Op("check", 4, 5, ABSENT, "a", "ada"),
    ]
    assert "lowering a limit evicts nobody" in rules(history)


def test_a_release_that_was_lost_may_have_freed_the_place() -> None:
    lost = Op("deactivate", 3, 20, LOST, "b")
    granted = [*HISTORY, lost, Op("activate", 3.5, 4, OK, "d"), Op("check", 7, 7.5, ABSENT, "b")]
    assert rules(granted, replace(AFTER, known=frozenset("abd"), outages=((0, 20),))) == []


def test_a_history_is_drawn_with_a_lane_for_each_device() -> None:
    drawn = svg(HISTORY, "two <places>")
    assert "two &lt;places&gt;" in drawn
    assert drawn.count("<rect") == 1 + len(HISTORY)
    assert all(f">{device}</text>" in drawn for device in "abc")


def test_no_bar_of_a_drawing_covers_another() -> None:
    drawn = svg([Op("check", 0, 9, OK, "a"), Op("check", 1, 2, OK, "a"), Op("check", 3, 4, OK, "a")], "at once")
    bars = re.findall(r'<rect x="([\d.]+)" y="(\d+)"', drawn)
    assert len({y for _, y in bars}) == 2
    assert len(set(bars)) == 3
