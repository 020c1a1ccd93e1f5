"""The bucket of changes of a license: a rollout passes, and one key does not move places without end."""

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


@given(st.integers(1, 50), st.lists(st.integers(0, HOUR_MS), max_size=200))
def test_no_hour_takes_more_than_two_buckets(changes: int, gaps: list[int]) -> None:
    moments = [NOW]
    for gap in gaps:
        moments.append(moments[-1] + gap % (2 * HOUR_MS // changes))
    bucket = Bucket(changes)
    granted = [now for now, ok in zip(moments, taken(bucket, moments), strict=True) if ok]
    for first in granted:
        assert sum(first <= now < first + HOUR_MS for now in granted) <= 2 * changes + 1
