"""The checker against an oracle that tries every order, and against histories that are right by construction."""

from dataclasses import replace
from itertools import permutations
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.license import ENDS, License, Verb, call
from tests.proof.history import Op
from tests.proof.linear import is_linearizable
from tests.proof.shrink import guilty, shrink
from tests.race.clients import LOST, OK

KEYED, SHARED, ALONE = License(places=2), License(places=2, users=1), License(places=1)
MOVING = License(places=1, transfers=1, barred=frozenset("z"))
DEVICES, USERS = ("a", "b"), ("ada", "bob")
FULL = "license_activated_max_times"

of_devices: st.SearchStrategy[Verb] = st.sampled_from(
    ["activate", "activate", "activate", "check", "deactivate", "reset device"]
)
of_licenses: st.SearchStrategy[Verb] = st.sampled_from(
    ["reset license", "enable", "disable", "expire", "lapse", "renew", "sweep"]
)
of_users: st.SearchStrategy[Verb] = st.sampled_from(["assign", "remove", "replace", "limit", "reset user"])


@st.composite
def histories(draw: st.DrawFn, license: License, size: int, overlap: float) -> list[Op]:
    """Calls that took effect one after the other, each somewhere in its own time; some lost, with effect or without."""
    history, user = [], license.users is not None
    for instant in range(draw(st.integers(1, size))):
        kind = draw(st.sampled_from([of_devices] * 4 + [of_licenses] + [of_users] * user))
        verb = draw(kind)
        op = Op(
            verb,
            instant - draw(st.floats(0, overlap)),
            instant + draw(st.floats(0, overlap)),
            OK,
            draw(st.sampled_from(DEVICES)) if kind is of_devices else None,
            draw(st.sampled_from(USERS)) if user and kind in (of_devices, of_users) else None,
            draw(st.integers(0, 2)) if verb in ("assign", "limit") else None,
        )
        other = draw(st.sampled_from(USERS)) if verb == "replace" else None
        op = replace(op, ahead=draw(st.booleans()), other=other)
        fate = draw(st.sampled_from(["answered"] * 3 + ["lost", "lost without effect"]))
        answer, after = call(license, op)
        license = license if fate == "lost without effect" else after
        end = draw(st.sampled_from([op.end, op.end + 5, inf]))
        history.append(replace(op, answer=answer) if fate == "answered" else replace(op, end=end, answer=LOST))
    return history


def test_of_two_edits_by_the_same_revision_one_alone_takes_effect() -> None:
    license = replace(KEYED, revision=4)
    first = Op("resize as seen", 0, 2, OK, limit=1, seen=4, revision=5)
    second = Op("resize as seen", 1, 3, OK, limit=3, seen=4, revision=5)
    late = replace(second, answer="revision_changed", revision=None)
    assert not is_linearizable([first, second], license)
    assert is_linearizable([first, late], license)
    assert is_linearizable([replace(first, answer=LOST, revision=None), late], license)
    unchanged = replace(first, limit=2, revision=4)
    assert is_linearizable([unchanged, replace(second, start=4, end=5)], license)
    assert not is_linearizable([late], license)


def test_an_edit_takes_effect_once_however_often_it_is_sent() -> None:
    license = replace(KEYED, revision=4)
    history = [Op("resize", 0, 5, OK, limit=3), Op("resize", 1, 2, OK, limit=1, revision=6)]
    assert is_linearizable(history, license)
    assert not is_linearizable([*history, Op("resize", 6, 7, OK, limit=1, revision=8)], license)


def test_what_is_granted_again_may_have_been_granted_anew() -> None:
    history = [
        Op("activate", 0, 0, OK, "a"),
        Op("reset license", 1, 1, OK),
        Op("activate", 1, 3, OK, "a"),
        Op("check", 6, 6, OK, "a"),
    ]
    assert is_linearizable(history, KEYED)


@given(st.data(), st.sampled_from([KEYED, SHARED, MOVING]))
def test_a_history_that_is_right_by_construction_is_linearizable(data: st.DataObject, license: License) -> None:
    assert is_linearizable(data.draw(histories(license, size=40, overlap=3)), license)


@settings(max_examples=300)
@given(st.data(), st.sampled_from([KEYED, SHARED, ALONE, MOVING]))
def test_the_checker_decides_as_trying_every_order_does(data: st.DataObject, license: License) -> None:
    history = data.draw(histories(license, size=5, overlap=2))
    answers = [OK, FULL, "device_not_found", "license_not_enabled", "user_activated_max_times"]
    wrong = data.draw(st.integers(0, len(history) - 1))
    if not history[wrong].is_open:
        history[wrong] = replace(history[wrong], answer=data.draw(st.sampled_from(answers)))
    assert is_linearizable(history, license) == _some_order_fits(history, license)


def _some_order_fits(history: list[Op], license: License) -> bool:
    answered = [op for op in history if not op.is_open]
    lost = [op for op in history if op.is_open]
    choices = range(2 ** len(lost))
    return any(
        _fits(order, license)
        for choice in choices
        for order in permutations([*answered, *(op for i, op in enumerate(lost) if choice >> i & 1)])
    )


def _fits(order: tuple[Op, ...], license: License) -> bool:
    latest = -inf
    for op in order:
        latest = max(latest, op.start)
        if op.end < latest:
            return False
        answer, license = call(license, op)
        if not op.is_open and answer != op.answer:
            return False
    return True


def test_two_devices_in_one_place_are_found_and_told_by_their_two_activations() -> None:
    history = [
        Op("activate", 0, 1, OK, "a"),
        Op("check", 2, 3, OK, "a"),
        Op("activate", 2, 4, FULL, "c"),
        Op("activate", 3, 5, OK, "b"),
        Op("check", 6, 7, OK, "b"),
        Op("deactivate", 8, 9, OK, "a"),
    ]
    assert not is_linearizable(history, ALONE)
    events = shrink(history, lambda part: not is_linearizable(part, ALONE))
    assert [(op.verb, op.device) for op in events] == [("activate", "a"), ("activate", "b")]


def test_the_one_call_without_which_all_is_explained_is_named() -> None:
    history = [
        Op("activate", 0, 1, OK, "a"),
        Op("activate", 2, 3, FULL, "a"),
        Op("activate", 4, 5, FULL, "b"),
        Op("check", 6, 7, OK, "a"),
    ]
    assert guilty(history, ALONE) == [history[1]]


def test_an_activation_that_was_lost_may_have_taken_the_place_or_not() -> None:
    lost = Op("activate", 0, inf, LOST, "a")
    for answer in (OK, FULL):
        assert is_linearizable([lost, Op("activate", 5, 6, answer, "b")], ALONE)
    refused = [lost, Op("activate", 5, 6, FULL, "b"), Op("check", 7, 8, "device_not_found", "a")]
    assert not is_linearizable(refused, ALONE)


def test_of_lost_calls_that_are_alike_one_that_starts_before_is_no_worse_for_ending_later() -> None:
    history = [
        Op("activate", 0, 10, LOST, "a"),
        Op("activate", 5, 7, LOST, "a"),
        Op("deactivate", 0, 3, LOST, "a"),
        Op("activate", 20, 21, OK, "b"),
        Op("deactivate", 22, 23, OK, "a"),
    ]
    assert is_linearizable(history, ALONE)


def test_of_lost_calls_that_are_alike_the_one_that_ends_later_is_left_for_later() -> None:
    history = [
        Op("activate", 0, 10, LOST, "a"),
        Op("activate", 1, 4, LOST, "a"),
        Op("activate", 2, 3, FULL, "b"),
        Op("deactivate", 5, 6, OK, "a"),
        Op("activate", 7, 8, FULL, "b"),
    ]
    assert is_linearizable(history, ALONE)


def test_lost_calls_by_clocks_that_differ_are_not_alike() -> None:
    lost = [Op("activate", 0, inf, LOST, "a", ahead=ahead) for ahead in (True, False)]
    assert is_linearizable([*lost, Op("activate", 1, 2, FULL, "b")], replace(ALONE, end=ENDS["near"]))


def test_a_lost_call_takes_effect_after_its_start() -> None:
    lost, refused = Op("activate", 3, inf, LOST, "a"), Op("activate", 1, 2, FULL, "b")
    assert not is_linearizable([lost, refused], ALONE)
    over = [Op("deactivate", 0, 2, LOST, "a"), Op("activate", 3, 4, LOST, "a")]
    assert not is_linearizable([*over, Op("activate", 5, 6, OK, "b"), Op("reset device", 7, 8, OK, "a")], ALONE)


def test_many_lost_calls_that_may_have_led_to_nothing_are_decided() -> None:
    devices = "abcdefgh"
    license = License(places=len(devices), known=frozenset((device, None) for device in devices))
    lost = [Op(verb, 0, inf, LOST, device) for device in devices for verb in ("activate", "deactivate")]
    never = Op("activate", 1, 2, "license_not_enabled", "z")
    assert not is_linearizable([*lost, never], license, steps=10_000)


def test_a_near_end_is_past_for_a_clock_that_is_ahead_and_for_no_other() -> None:
    lapsed = Op("lapse", 0, 1, OK)
    refused, granted = Op("activate", 2, 3, "license_expired", "a"), Op("activate", 2, 3, OK, "a")
    for ahead in (True, False):
        seen = [[lapsed, replace(op, ahead=ahead)] for op in (refused, granted)]
        assert [is_linearizable(history, ALONE) for history in seen] == [ahead, not ahead]


def test_a_place_moves_to_another_device_as_often_as_transfers_are_allowed() -> None:
    def moved(devices: str, refused: str) -> list[Op]:
        calls = [(verb, OK, device) for device in devices for verb in ("activate", "deactivate")]
        calls.append(("activate", "device_transfer_limit_reached", refused))
        return [Op(verb, at, at, answer, device) for at, (verb, answer, device) in enumerate(calls)]  # type: ignore

    license = License(places=1, transfers=2)
    assert is_linearizable(moved("aaabc", "a"), license)
    assert not is_linearizable(moved("aaabc", "c"), license)  # it comes back to its own place
    assert not is_linearizable(moved("aaab", "c"), license)


def test_a_lost_call_takes_effect_by_its_end_or_never() -> None:
    taken, free = Op("activate", 5, 6, FULL, "b"), Op("activate", 3, 4, OK, "b")
    lost, late = Op("activate", 0, 2, LOST, "a"), Op("check", 7, 8, OK, "a")
    assert is_linearizable([lost, Op("check", 3, 4, "device_not_found", "b"), late], ALONE)
    assert is_linearizable([lost, taken, late], ALONE)
    assert not is_linearizable([lost, free, Op("deactivate", 5, 6, OK, "b"), late], ALONE)
