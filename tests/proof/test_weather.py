"""The weather does to a call what it says, and leaves the others alone."""

import random
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.proof import weather
from tests.proof.weather import STORM_EVERY_SECONDS, STORM_SECONDS, Notes, Weather, calm, counted, storms
from tests.store.seam import Answer, Request

SEED = 5


class Database:
    """Answers each call with its number."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, _request: Request) -> Answer:
        self.calls += 1
        return {"call": self.calls}


def reading(*, consistent: bool) -> Request:
    return asking("BatchGetItem", {"RequestItems": {"licenses": {"Keys": [], "ConsistentRead": consistent}}})


def asking(operation: str, body: dict[str, Any]) -> Request:
    return Request(operation, body)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def quiet(monkeypatch: pytest.MonkeyPatch, at: float = 0.0) -> None:
    """At an instant without a storm; `at`: seconds after it."""
    start = next(storms(SEED, 0, STORM_EVERY_SECONDS))[1] + 0.001
    monkeypatch.setattr(time, "monotonic", lambda: start + at)


def answers(sky: Weather, database: Database, request: Request, times: int) -> list[int]:
    return [sky(request, database)["call"] for _ in range(times)]


def test_a_read_that_may_lag_is_sometimes_answered_as_before_and_never_by_much(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sky, database = Weather(SEED, 0, SEED, Notes(notes), is_mortal=False), Database()
    quiet(monkeypatch)
    result = answers(sky, database, reading(consistent=False), 200)
    assert 0 < counted(notes)[weather.LAG] < 100
    assert len(set(result)) == 200 - counted(notes)[weather.LAG]
    assert all(before <= after for before, after in pairwise(result))
    quiet(monkeypatch, at=weather.LAG_SECONDS + 0.1)
    assert answers(sky, database, reading(consistent=False), 1) == [database.calls]
    fresh = answers(sky, database, reading(consistent=True), 50)
    assert fresh == list(range(fresh[0], fresh[0] + 50))


def test_in_a_calm_nothing_happens(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sky, database = Weather(SEED, 1, SEED, Notes(notes), is_mortal=True), Database()
    quiet(monkeypatch)
    with calm():
        assert answers(sky, database, reading(consistent=False), 50) == list(range(1, 51))
    assert counted(notes) == Counter()


def test_who_is_mortal_dies_at_a_call_some_time_and_who_is_not_does_not(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weather, "DELAY_SECONDS", 0)
    quiet(monkeypatch)
    died = Counter[bool]()
    for is_mortal in (True, False):
        sky, database = Weather(SEED, 1, SEED, Notes(notes), is_mortal=is_mortal), Database()
        for _ in range(200):
            try:
                sky(asking("TransactWriteItems", {"TransactItems": [{}]}), database)
            except weather.Died:
                died[is_mortal] += 1
            except Exception:  # noqa: S112 - what else happens is no matter here
                continue
    assert died[True] > 0
    assert died[False] == 0


def test_a_storm_comes_once_in_its_time_and_is_the_same_for_all_who_know_its_seed() -> None:
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    for number in range(100):
        first = number * STORM_EVERY_SECONDS
        ((start, end),) = storms(seed, first, first + STORM_EVERY_SECONDS - 0.001)
        assert first <= start <= end - STORM_SECONDS + 1e-6 <= first + STORM_EVERY_SECONDS
        assert list(storms(seed, start + 1, start + 1)) == [(start, end)]
        assert list(storms(seed, end + 0.001, end + 0.001)) == []
