"""The buckets of changes: a rollout passes, one key does not move places without end, and one user not those of all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.rate import HOUR_MS, UNLIMITED_CHANGES, Bucket, bucket_of
from tests.domain.samples import NOW


def taken(bucket: Bucket, moments: list[int]) -> list[bool]:
    """Which of the changes that are asked for at these moments are granted."""
    full_at, granted = None, []
    for now in moments:
        granted.append(not bucket.wait_ms(full_at, now))
        full_at = bucket.after_change(full_at, now) if granted[-1] else full_at
    return granted


def test_a_bucket_is_taken_at_once_and_comes_back_within_the_hour() -> None:
    bucket = Bucket(4)
    assert taken(bucket, [NOW] * 5) == [True] * 4 + [False]
    assert taken(bucket, [NOW] * 4 + [NOW + HOUR_MS // 4 - 1, NOW + HOUR_MS // 4]) == [True] * 4 + [False, True]
    assert taken(bucket, [NOW] * 4 + [NOW + HOUR_MS] * 5) == [True] * 8 + [False]
    assert taken(bucket, [NOW] * 4 + [NOW + 99 * HOUR_MS] * 5) == [True] * 8 + [False]


def test_how_long_to_wait_is_exact() -> None:
    bucket = Bucket(10)
    full_at = None
    for _ in range(10):
        full_at = bucket.after_change(full_at, NOW)
    wait = bucket.wait_ms(full_at, NOW)
    assert bucket.wait_ms(full_at, NOW + wait - 1) == 1
    assert bucket.wait_ms(full_at, NOW + wait) == 0


@pytest.mark.parametrize(
    ("max_activations", "least", "changes"),
    [
        *[(1, 100, 100), (50, 100, 100), (51, 100, 102), (10_000, 100, 20_000), (0, 100, 100), (1, 1, 2)],
        *[(None, 100, UNLIMITED_CHANGES), (None, 20_000, 20_000)],
    ],
)
def test_the_bucket_follows_from_what_was_sold(max_activations: int | None, least: int, changes: int) -> None:
    assert bucket_of(max_activations, least) == Bucket(changes)


@given(st.integers(1, 10_000_000), st.integers(1, 1000))
def test_all_devices_may_come_at_once_and_come_again(max_activations: int, least: int) -> None:
    bucket = bucket_of(max_activations, least)
    full_at = NOW + (2 * max_activations - 1) * bucket.interval  # after all but one of them
    assert bucket.wait_ms(full_at, NOW) == 0
    assert bucket.interval >= 1


@pytest.mark.parametrize(
    ("changes", "devices", "share"),
    [
        *[(100, 1, 20), (100, 10, 20), (100, 11, 22), (100, 50, 100), (100, 99, 100), (100, None, 20), (100, 0, 20)],
        *[(10_000, 1, 2000), (10_000, None, 2000), (4, 1, 2), (4, 0, 1), (1, 1, 1), (1, None, 1)],
    ],
)
def test_one_user_takes_a_fifth_or_what_his_own_devices_need_twice(
    changes: int, devices: int | None, share: int
) -> None:
    assert Bucket(changes).share(devices) == Bucket(share)


@given(st.integers(1, 10_000), st.integers(1, 1000), st.data())
def test_all_devices_of_one_user_may_come_at_once_and_come_again(sold: int, least: int, data: st.DataObject) -> None:
    devices, whole = data.draw(st.integers(1, sold)), bucket_of(sold, least)
    assert 2 * devices <= whole.share(devices).changes <= whole.changes


@given(st.integers(1, 50), st.lists(st.integers(0, HOUR_MS), max_size=200))
def test_no_hour_takes_more_than_two_buckets(changes: int, gaps: list[int]) -> None:
    moments = [NOW]
    for gap in gaps:
        moments.append(moments[-1] + gap % (2 * HOUR_MS // changes))
    bucket = Bucket(changes)
    granted = [now for now, ok in zip(moments, taken(bucket, moments), strict=True) if ok]
    for first in granted:
        assert sum(first <= now < first + HOUR_MS for now in granted) <= 2 * changes + 1
