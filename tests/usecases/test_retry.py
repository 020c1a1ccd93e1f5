"""Read, decide, write: refusals are confirmed, lost races decided anew, and not for ever."""

from collections.abc import Callable

import pytest

from chalicelib.domain.errors import NotFound, SeatkeeperError, Unavailable
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.retry import MAX_ATTEMPTS, decide_and_write


def reading(lagging: int, current: int) -> Callable[[bool], int]:
    """What a replica tells, and what a consistent read does."""
    return lambda consistent: current if consistent else lagging


def positive(state: int) -> int:
    if state <= 0:
        raise NotFound("license_not_found")
    return -state


def no_write(_state: int, _decision: int) -> None:
    """Nothing is in the way."""


def losing(times: int) -> Callable[[int, int], None]:
    """A write that loses so many races."""
    left = iter(range(times))

    def write(_state: int, _decision: int) -> None:
        if next(left, None) is not None:
            raise ConditionFailed

    return write


def test_a_grant_rests_on_the_first_read() -> None:
    assert decide_and_write(reading(5, 6), positive, no_write) == (5, -5)


def test_a_refusal_by_a_read_that_lags_is_no_refusal() -> None:
    assert decide_and_write(reading(0, 6), positive, no_write) == (6, -6)


def test_that_nothing_is_to_be_done_is_confirmed_as_well() -> None:
    done = [5, 6]
    assert decide_and_write(reading(5, 7), positive, no_write, changes=lambda decision: -decision not in done) == (
        7,
        -7,
    )
    assert decide_and_write(reading(5, 6), positive, no_write, changes=lambda decision: -decision not in done) == (
        6,
        -6,
    )
    assert decide_and_write(reading(4, 6), positive, no_write, changes=lambda decision: -decision not in done) == (
        4,
        -4,
    )


def test_a_refusal_by_a_consistent_read_is_final() -> None:
    with pytest.raises(SeatkeeperError, match="license_not_found"):
        decide_and_write(reading(0, 0), positive, no_write)


def test_a_refusal_while_reading_is_confirmed_as_well() -> None:
    def read(consistent: bool) -> int:
        return positive(-1 if consistent else 0)

    with pytest.raises(SeatkeeperError):
        decide_and_write(read, positive, no_write)
    assert decide_and_write(lambda consistent: 7 if consistent else positive(0), positive, no_write) == (7, -7)


def test_a_lost_race_is_decided_anew_on_a_consistent_read() -> None:
    assert decide_and_write(reading(5, 6), positive, losing(1)) == (6, -6)
    with pytest.raises(SeatkeeperError):
        decide_and_write(reading(5, 0), positive, losing(1))


def test_what_a_read_had_to_change_is_read_anew_and_not_for_ever() -> None:
    left = iter([True, False])

    def changing(consistent: bool) -> int:
        if next(left, True):
            raise ConditionFailed
        return 5 + consistent

    assert decide_and_write(changing, positive, no_write) == (6, -6)
    with pytest.raises(Unavailable):
        decide_and_write(changing, positive, no_write)


def test_what_was_in_the_way_spares_the_read_and_confirms_a_refusal() -> None:
    assert decide_and_write(reading(5, 6), positive, losing(1), lambda _state, _stale: 7) == (7, -7)
    with pytest.raises(SeatkeeperError):
        decide_and_write(reading(5, 6), positive, losing(1), lambda _state, _stale: 0)


def test_rivals_without_end_end_as_busy() -> None:
    assert decide_and_write(reading(5, 6), positive, losing(MAX_ATTEMPTS - 1))
    with pytest.raises(Unavailable):
        decide_and_write(reading(5, 6), positive, losing(MAX_ATTEMPTS))
