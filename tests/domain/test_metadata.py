"""Metadata: whatever a vendor keeps, as long as every answer can hold it."""

from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.metadata import MAX_LEVELS, MAX_METADATA, guard_metadata


def nested(levels: int, inner: Any = 1) -> Any:
    """Objects and lists in each other."""
    for level in range(levels):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


def test_what_json_has_is_kept() -> None:
    guard_metadata({"a": [1, -0.5, None, True, "é\U0001f600", {"": {}}], "b": 2**53 - 1, "c": -(2**53) + 1, "d": 1e300})
    guard_metadata({"a": nested(MAX_LEVELS - 1)})


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud83d", {"\ude00": 1}, [[2**60]]])
def test_what_no_answer_can_have_is_refused(value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        guard_metadata({"a": value})
    assert (refused.value.code, refused.value.field) == ("metadata_malformed", "metadata")


@pytest.mark.parametrize("levels", [MAX_LEVELS, 200, 100_000])
def test_what_is_nested_too_deep_is_refused(levels: int) -> None:
    with pytest.raises(Invalid, match="metadata_malformed"):
        guard_metadata({"a": nested(levels)})


def test_it_is_measured_in_bytes() -> None:
    with pytest.raises(Invalid, match="metadata_too_large"):
        guard_metadata({"a": "é" * (MAX_METADATA // 2)})
