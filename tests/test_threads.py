"""Rows that are done some at once: those of the same one after the other, and the answers in the order of the rows."""

from collections import Counter
from itertools import count
from threading import Barrier

import pytest

from chalicelib import threads
from chalicelib.threads import map_in_turns


def test_rows_of_the_same_one_come_one_after_the_other() -> None:
    under_way, most = Counter[str](), Counter[str]()

    def do(row: tuple[str, int]) -> tuple[str, int]:
        whose, _ = row
        under_way[whose] += 1
        most[whose] = max(most[whose], under_way[whose])
        meeting.wait(timeout=10)  # each of the two lets the other one come, too
        under_way[whose] -= 1
        return row

    meeting = Barrier(2)
    rows = [(whose, number) for number in range(20) for whose in ("ada", "ben")]
    assert list(map_in_turns(do, rows, lambda row: row[0])) == rows
    assert most == {"ada": 1, "ben": 1}


def test_answers_come_in_the_order_of_the_rows_though_those_of_the_same_one_are_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "_READ_AHEAD", 7)
    assert list(map_in_turns(str, range(40), lambda row: row % 3)) == [str(row) for row in range(40)]


def test_rows_are_read_as_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_READ_AHEAD", 5)
    endless = count()
    answers = map_in_turns(str, endless, lambda row: row)
    assert [next(answers) for _ in range(5)] == list("01234")
    assert next(endless) == 5


def test_what_is_done_when_one_fails_is_answered_before_its_error() -> None:
    under_way = Barrier(2)

    def do(row: int) -> int:
        if row in (2, 5):
            under_way.wait(timeout=10)  # 5 is begun when 2 fails, and done afterwards or before
        if row == 2:
            raise ValueError(row)
        return row

    answers = map_in_turns(do, range(6), lambda row: row < 4)
    assert [next(answers) for _ in range(4)] == [0, 1, 4, 5], "3 comes after 2"
    with pytest.raises(ValueError, match="2"):
        next(answers)


def test_an_error_ends_it() -> None:
    def refuse(row: int) -> int:
        raise ValueError(row)

    with pytest.raises(ValueError, match="0"):
        list(map_in_turns(refuse, range(3), lambda _: ""))
