"""Whatever happens to a write on its way, the answer and the stored items are those of a day without faults.

Each use case is run once to count its writes, then once for each fault at each of its writes.
"""

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
from argon2 import PasswordHasher

from chalicelib.store import dynamo
from tests.store.cases import CASES, Case
from tests.store.effects import Effects, effects
from tests.store.faults import ANSWER_LOST, NOT_COMMITTED, Fault

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _nothing_takes_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamo, "_wait", lambda _attempt: None)
    monkeypatch.setattr("chalicelib.usecases.log_in.time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setattr("chalicelib.usecases.passwords._hasher", lambda: CHEAP)


@cache
def undisturbed(case: Case) -> Effects:
    """What a case does without faults."""
    return effects(case)


def named(value: Any) -> str:
    return value.name if isinstance(value, Case) else str(value.__name__)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_each_change_has_one_event(case: Case) -> None:
    assert undisturbed(case).wire.bodies, "a case without a write proves nothing"
    assert undisturbed(case).events == sorted(case.events)


@pytest.mark.parametrize("fault", [*NOT_COMMITTED, *ANSWER_LOST], ids=named)
@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_fault_at_any_write_changes_nothing_for_anybody(case: Case, fault: Fault) -> None:
    expected = undisturbed(case)
    for number in range(1, len(expected.wire.bodies) + 1):
        assert effects(case, fault, range(number, number + 1)) == expected, f"at write {number}"
