"""How calls grow: each case is measured on what its name says."""

import sqlite3
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from infra import local
from infra.bench import growth, vendor


def test_each_case_stands_on_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "LICENSES", 2)
    monkeypatch.setattr(vendor, "USERS", 0)
    with ExitStack() as stack:
        cases = growth.cases(stack, tmp_path, few=1, many=20, stored=30)
        found = growth.measure(cases, checks=8, activations=8)
    assert [case.name for case in cases] == [*found]
    assert {both[number].figures["not_granted"] for both in found.values() for number in (0, 1)} == {0}
    licenses, devices = {}, {}
    for home in ("home", "full"):
        with closing(sqlite3.connect(local.database_file(tmp_path / home))) as stored:
            parts = stored.execute("SELECT pk, part FROM items").fetchall()
        licenses[home] = sum(part == "license" for _, part in parts)
        devices[home] = Counter(pk for pk, part in parts if part.startswith("device#"))
    assert licenses["full"] >= 30 + 2
    assert max(devices["home"].values()) == 20 + 8
    assert growth.table(found).count("\n") == len(cases) + 1
