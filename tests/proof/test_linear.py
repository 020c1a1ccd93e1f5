"""The checker against an oracle that tries every order, and against histories that are right by construction."""

from dataclasses import replace
from itertools import permutations
from math import inf

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.proof.history import Op, Verb
from tests.proof.linear import is_linearizable
from tests.proof.model import License, call
from tests.proof.shrink import shrink
from tests.race.clients import LOST, OK

KEYED, SHARED, ALONE = License(places=2), License(places=2, users=1), License(places=1)
DEVICES, USERS = ("a", "b"), ("ada", "bob")
FULL = "license_activated_max_times"

of_devices: st.SearchStrategy[Verb] = st.sampled_from(
    ["activate", "activate", "activate", "check", "deactivate", "reset device"]
)
of_licenses: st.SearchStrategy[Verb] = st.sampled_from(
    ["reset license", "enable", "disable", "expire", "renew", "sweep"]
)
of_users: st.SearchStrategy[Verb] = st.sampled_from(["assign", "remove", "limit", "reset user"])


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
        fate = draw(st.sampled_from(["answered"] * 6 + ["lost", "lost without effect"]))
        answer, after = call(license, op)
        license = license if fate == "lost without effect" else after
        end = draw(st.sampled_from([op.end, op.end + 5, inf]))
        history.append(replace(op, answer=answer) if fate == "answered" else replace(op, end=end, answer=LOST))
    return history


@given(st.data(), st.sampled_from([KEYED, SHARED]))
def test_a_history_that_is_right_by_construction_is_linearizable(data: st.DataObject, license: License) -> None:
    assert is_linearizable(data.draw(histories(license, size=40, overlap=3)), license)


@settings(max_examples=300)
@given(st.data(), st.sampled_from([KEYED, SHARED, ALONE]))
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
        Op("activate", 2, 4, "license_activated_max_times", "c"),
        Op("activate", 3, 5, OK, "b"),
        Op("check", 6, 7, OK, "b"),
        Op("deactivate", 8, 9, OK, "a"),
    ]
    license = License(places=1)
    assert not is_linearizable(history, license)
    told = shrink(history, lambda part: not is_linearizable(part, license))
    assert [(op.verb, op.device) for op in told] == [("activate", "a"), ("activate", "b")]


def test_an_activation_that_was_lost_may_have_taken_the_place_or_not() -> None:
    lost = Op("activate", 0, inf, LOST, "a")
    for answer in (OK, FULL):
        assert is_linearizable([lost, Op("activate", 5, 6, answer, "b")], License(places=1))
    refused = [lost, Op("activate", 5, 6, FULL, "b"), Op("check", 7, 8, "device_not_found", "a")]
    assert not is_linearizable(refused, License(places=1))


def test_a_lost_call_takes_effect_by_its_end_or_never() -> None:
    taken, free = Op("activate", 5, 6, FULL, "b"), Op("activate", 3, 4, OK, "b")
    lost, late = Op("activate", 0, 2, LOST, "a"), Op("check", 7, 8, OK, "a")
    assert is_linearizable([lost, Op("check", 3, 4, "device_not_found", "b"), late], License(places=1))
    assert is_linearizable([lost, taken, late], License(places=1))
    assert not is_linearizable([lost, free, Op("deactivate", 5, 6, OK, "b"), late], License(places=1))
