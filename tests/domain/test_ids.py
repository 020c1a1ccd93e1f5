"""Identifiers order by time, fit where they go, and carry the randomness they promise."""

import re

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.ids import DEVICE_STEP, new_device_id, new_epoch, new_event_key, new_id, new_initial_password

NOW = 1_795_489_496_000
ID_EPOCH = 1_577_836_800_000
LAST_ID_TIME = ID_EPOCH + 2**41 - 1


def test_an_id_holds_its_milliseconds_and_twelve_random_bits() -> None:
    ids = {new_id(NOW) for _ in range(2000)}
    assert {number >> 12 for number in ids} == {NOW - ID_EPOCH}
    assert len(ids) > 1000


def test_ids_order_by_time() -> None:
    assert new_id(NOW) < new_id(NOW + 1)


def test_ids_are_safe_integers_of_javascript_from_the_first_to_the_last() -> None:
    assert 0 <= new_id(ID_EPOCH) < 2**12
    assert 2**53 - 2**12 <= new_id(LAST_ID_TIME) <= 2**53 - 1


@pytest.mark.parametrize("now", [-1, 0, ID_EPOCH - 1, LAST_ID_TIME + 1, NOW * 1000])
def test_an_id_of_a_time_out_of_range_is_refused(now: int) -> None:
    with pytest.raises(Invalid, match="clock_out_of_range"):
        new_id(now)


def test_an_id_of_a_device_is_of_its_second_and_leaves_numbers_for_variables() -> None:
    ids = {new_device_id(NOW + 999) for _ in range(2000)}
    assert {(number >> 12) // 1000 for number in ids} == {(NOW - ID_EPOCH) // 1000}
    assert {number % DEVICE_STEP for number in ids} == {0}
    assert len(ids) > 1800
    assert new_device_id(NOW) < new_id(NOW + 1000)


def test_no_two_epochs_are_equal_however_many_a_millisecond_has() -> None:
    assert len({new_epoch() for _ in range(10_000)}) == 10_000


def test_an_event_key_is_the_time_and_ten_symbols() -> None:
    assert re.fullmatch(r"1795489496000#[A-Z2-7]{10}", new_event_key(NOW))
    assert len({new_event_key(NOW) for _ in range(1000)}) == 1000


def test_every_symbol_of_an_event_key_is_random() -> None:
    keys = [new_event_key(NOW)[-10:] for _ in range(500)]
    assert all(len(set(column)) == 32 for column in zip(*keys, strict=True))


def test_event_keys_order_by_time_as_text() -> None:
    assert new_event_key(0) < new_event_key(999) < new_event_key(NOW) < new_event_key(10**13 - 1)


@pytest.mark.parametrize("now", [-1, 10**13])
def test_an_event_of_a_time_out_of_range_is_refused(now: int) -> None:
    with pytest.raises(Invalid, match="clock_out_of_range"):
        new_event_key(now)


def test_an_initial_password_has_sixteen_symbols_that_nobody_confuses() -> None:
    passwords = {new_initial_password() for _ in range(1000)}
    assert len(passwords) == 1000
    assert all(re.fullmatch(r"[2-9A-HJ-NP-Z]{16}", password) for password in passwords)


def test_every_symbol_of_an_initial_password_is_drawn_from_32() -> None:
    passwords = [new_initial_password() for _ in range(500)]
    assert all(len(set(column)) == 32 for column in zip(*passwords, strict=True))
