"""What a function has left is told by values: what others could tell apart is told apart, and nothing else."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import pytest

from tests.explore.returning import left


@dataclass(frozen=True, slots=True)
class Seat:
    user: str
    places: Any = ()


@dataclass(frozen=True, slots=True)
class Chair:
    user: str
    places: Any = ()


class Plain:
    def __init__(self, value: object) -> None:
        self.value, self.lock = value, Lock()


def made(value: object) -> Callable[[], object]:
    return lambda: value


def other_made(value: object) -> Callable[[], object]:
    return lambda: (value,)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Seat("ada"), Seat("bob")),
        (Seat("ada"), Chair("ada")),
        (Seat("ada"), ("ada", ())),
        (Seat("ada", frozenset({1})), Seat("ada", (1,))),
        ({1, 2}, {1, 3}),
        (Plain(1), Plain(2)),
        (Plain(Seat("ada")), Plain(Seat("bob"))),
        (made(1), made(2)),
        (made(1), other_made(1)),
        (OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)),
        (OrderedDict(a=1), {"a": 1}),
        (ValueError("a"), ValueError("b")),
        (1, True),
        (Seat, Chair),
    ],
)
def test_what_differs_is_told_apart(one: object, other: object) -> None:
    assert left([one]) is not None
    assert left([one]) != left([other])


@pytest.mark.parametrize("make", [lambda: Plain(Seat("ada", {"b", "a"})), lambda: made([1]), lambda: {"x", "y", "z"}])
def test_what_is_the_same_is_told_alike(make: Callable[[], object]) -> None:
    assert left(make()) == left(make()) is not None


def test_a_generator_that_others_go_on_with_tells_nothing() -> None:
    assert left(one for one in "ab") is None
