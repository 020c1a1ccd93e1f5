"""A cursor opens the one list that it was made for, and nothing else."""

import base64

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.usecases.cursors import from_cursor, to_cursor

SCOPE: tuple[str | int, ...] = ("/portal/licenses", "QBITEC", 7, "tower", "viewer", "", "oldest")


@pytest.mark.parametrize("position", ["", "123", "=123", "0123456789abcdef01234567-42", "ä"])
def test_a_cursor_holds_its_position(position: str) -> None:
    cursor = to_cursor(SCOPE, position)
    assert from_cursor(SCOPE, cursor) == position
    assert all(char.isascii() and (char.isalnum() or char in "-_") for char in cursor)


@pytest.mark.parametrize("at", range(len(SCOPE)))
def test_a_cursor_of_another_list_person_or_filter_is_none(at: int) -> None:
    other: list[str | int] = ["x" if n == at else part for n, part in enumerate(SCOPE)]
    with pytest.raises(SeatkeeperError) as refused:
        from_cursor(other, to_cursor(SCOPE, "123"))
    assert refused.value.code == "cursor_invalid"


@pytest.mark.parametrize("cursor", ["x", "123", "=", "é", "%", "A" * 43, "-" * 1000, "\ud800"])
def test_what_nobody_sealed_is_no_cursor(cursor: str) -> None:
    with pytest.raises(SeatkeeperError):
        from_cursor(SCOPE, cursor)


@pytest.mark.parametrize("position", ["1234567890123456", "SHOP-4711"])
def test_nobody_reads_a_position_from_a_cursor(position: str) -> None:
    """Which may be a row of which he is shown nothing."""
    raw = base64.urlsafe_b64decode(to_cursor(SCOPE, position) + "==")
    assert len(raw) == 16 + len(position)
    assert position[:3].encode() not in raw
    assert to_cursor(SCOPE, position) == to_cursor(SCOPE, position) != to_cursor([*SCOPE, ""], position)


def test_a_cursor_that_was_changed_is_none() -> None:
    raw = base64.urlsafe_b64decode(to_cursor(SCOPE, "1234567890") + "==")
    for n in range(len(raw)):
        changed = raw[:n] + bytes([raw[n] ^ 1]) + raw[n + 1 :]
        with pytest.raises(SeatkeeperError):
            from_cursor(SCOPE, base64.urlsafe_b64encode(changed).decode())
