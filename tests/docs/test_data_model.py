"""docs/data-model.md: every kind of item stands in the section of its table, and no other."""

import re

import pytest

from chalicelib.store.items.kinds import KINDS, Kind
from chalicelib.store.tables import TABLE_KEYS
from tests.docs.pages import DOCS

PAGE = (DOCS / "data-model.md").read_text()


def section(table: str) -> str:
    return PAGE.partition(f"\n## {table}: ")[2].partition("\n## ")[0]


def documented(table: str) -> set[str]:
    """What the keys in a section's table begin with."""
    rows = [row.split(" | ")[0] for row in re.findall(r"^\| (`.*)$", section(table), re.MULTILINE)]
    return {re.match(r"[a-z]+#?", name)[0] for row in rows for name in re.findall(r"`([^`]+)`", row)}  # type: ignore[index]


def begins(kind: Kind) -> str:
    return re.match(r"[a-z]*#?", kind.prefix)[0]  # type: ignore[index] # matches everything


@pytest.mark.parametrize("table", TABLE_KEYS)
def test_every_kind_of_item_is_told_and_no_other(table: str) -> None:
    kinds = [kind for kind in KINDS if kind.item.Meta.table_name == table]
    assert documented(table) == {begins(kind) for kind in kinds if not kind.partition}
    for kind in kinds:
        assert f"`{kind.partition}" in section(table), kind
