"""Whatever is found can be told and drawn, and the page is made of what was counted."""

from collections import Counter

import pytest

from tests.model.license import License
from tests.proof import actors
from tests.proof.campaign import ERROR_RESPONSES, Caught, Failure, Result, evidence, plainest
from tests.proof.history import UNHEARD, Op
from tests.proof.report import failure_text, page, picture
from tests.proof.rounds import BLOWS, LINEARIZABLE, Judged
from tests.proof.rules import OVERSOLD, Violation
from tests.proof.weather import FAULT, LAG, STORM, noted
from tests.race.clients import LOST, OK, OK_EXPIRED
from tests.store.faults import ANSWER_LOST, NOT_COMMITTED

FULL = "license_activated_max_times"
SOLD_TWICE = (
    Op("check", 0, 1, "device_not_found", "a"),
    Op("activate", 2, 3, OK, "a"),
    Op("check", 4, 5, "device_not_found", "b"),
    Op("activate", 6, 7, OK, "b"),
)


def judged(*violations: Violation) -> Judged:
    return Judged(License(places=1), SOLD_TWICE, violations)


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (judged(Violation("counters equal items", "wrong")), SOLD_TWICE),
        (judged(Violation("counters equal items", "wrong"), Violation(LINEARIZABLE, "no")), SOLD_TWICE[1::2]),
        (judged(Violation(LINEARIZABLE, "no"), Violation("limit", "two", SOLD_TWICE[1::2])), SOLD_TWICE[1::2]),
    ],
)
def test_a_failure_is_told_by_the_fewest_calls_that_show_it(found: Judged, shown: tuple[Op, ...]) -> None:
    assert evidence(found)[1] == list(shown)
    answer = failure_text(Failure(7, "kill a server", found))
    assert all(str(op) in answer for op in shown)
    assert ".venv/bin/python -m tests.proof --seed 7 --blow 'kill a server'" in answer
    assert picture(found).count("<rect") == 1 + len(shown)


def test_of_what_was_caught_the_oversell_with_the_fewest_calls_is_drawn() -> None:
    found = [
        judged(Violation("no bug", "crashed", SOLD_TWICE[:1])),
        judged(Violation(OVERSOLD, "at once", SOLD_TWICE)),
        judged(Violation(LINEARIZABLE, "no"), Violation(OVERSOLD, "at once", SOLD_TWICE[1::2])),
    ]

    def drawn(caught: list[Judged | None]) -> Judged | None:
        return plainest(Result(7, mutants=[Caught("a", ("b",), 1, 99, 1.5, one) for one in caught]))

    assert drawn([*found, None]) is found[2]
    assert drawn([None, *found[:1]]) is found[0]
    assert drawn([None]) is None


def test_the_page_says_what_was_counted() -> None:
    result = Result(7, Counter({"nothing": 1, "kill a server": 2}))
    result.answers.update({("activate", OK): 1200, ("activate", FULL): 30, ("check", OK): 9, ("check", LOST): 3})
    result.weather.update({f"{FAULT}throttled": 4, "retry": 5})
    result.webhooks.update({"taken": 7000, "refused": 700})
    result.mutants = [Caught("count, then write", ("linearizable",), 1, 99, 1.5, None), Caught("a", (), 20, 9, 1, None)]
    text = page(result, "make proof")
    for row in (
        "| calls | 1,242 |",
        "| activations granted | 1,200 |",
        "| refusals | 30 |",
        "| answers lost to a kill | 3 |",
        "| throttled | 4 |",
        "| webhooks taken, by who listens to all | 7,000 |",
        "| kills, of a worker, a server or all | 2 |",
        "| **broken builds caught** | **1 of 2** |",
        "| count, then write | linearizable | 1 | 99 | 1.5 |",
        "| a | **nothing** | 20 | 9 | 1.0 |",
    ):
        assert row in text
    assert result.has_failed


def test_a_run_in_which_little_came_about_is_no_proof() -> None:
    result = Result(7, Counter({"nothing": 1}), Counter({("activate", OK): 1}))
    missing = result.missing()
    assert {"deactivate", FULL, "throttled", "kill a worker", "kill all servers"} <= set(missing)
    assert "activate" not in missing
    assert result.has_failed


def test_a_run_in_which_all_came_about_is_one() -> None:
    result = Result(7, Counter(BLOWS))
    result.answers.update([("check", answer) for answer in (OK_EXPIRED, UNHEARD, *ERROR_RESPONSES)])
    result.answers.update((verb, OK) for verb in actors.ALL)
    result.weather.update([LAG, STORM, *map(noted, NOT_COMMITTED + ANSWER_LOST)])
    result.webhooks.update(["taken", "refused"])
    assert result.missing() == []
    assert not result.has_failed
