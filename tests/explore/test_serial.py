"""The judge that knows no model: in which orders calls may have come."""

import pytest

from tests.explore.faults import LAG
from tests.explore.pairs import walk_named
from tests.explore.schedule import Task
from tests.explore.scripts import Point
from tests.explore.serial import orders
from tests.model.account import OK
from tests.proof.history import DIED


def tasks(*began: frozenset[int]) -> list[Task]:
    """That were begun when these were over."""
    return [Task(number, Point(), began=over) for number, over in enumerate(began)]


@pytest.mark.parametrize(
    ("began", "right"),
    [
        ((frozenset(), frozenset()), {(0, 1), (1, 0)}),
        ((frozenset(), frozenset({0})), {(0, 1)}),
        ((frozenset({1}), frozenset()), {(1, 0)}),
        ((frozenset(), frozenset({0}), frozenset()), {(0, 1, 2), (0, 2, 1), (2, 0, 1)}),
    ],
)
def test_who_was_answered_before_another_began_comes_first(
    began: tuple[frozenset[int], ...], right: set[tuple[int, ...]]
) -> None:
    assert set(orders(dict.fromkeys(range(len(began)), OK), tasks(*began))) == right


def test_whom_a_replica_has_answered_may_have_come_before() -> None:
    first, second = tasks(frozenset(), frozenset({0}))
    lagged = second._replace(met=(LAG,))
    assert set(orders({0: OK, 1: OK}, [first, lagged])) == {(0, 1), (1, 0)}


def test_who_has_died_may_have_done_nothing() -> None:
    over = tasks(frozenset(), frozenset({0}))
    assert list(orders({0: OK, 1: DIED}, over)) == [(0, 1), (0,)]


def test_who_has_called_again_may_have_come_after_all_others() -> None:
    over = tasks(frozenset(), frozenset({0}))
    assert set(orders({0: OK, 1: OK}, over, [0])) == {(0, 1), (1, 0)}


@pytest.mark.parametrize("name", ["sell@order/new~1", "sell+remove-manager@order/begun~1"])
def test_an_order_that_was_cut_short_is_sold_once_when_it_is_sold_again(name: str) -> None:
    walked = walk_named(name)
    assert walked.found == []
    assert any(DIED in answers for answers in walked.answers)
