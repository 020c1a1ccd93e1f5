"""An import, its lists and its export, measured: every row is counted."""

import pytest

from infra.bench import imported, vendor


def test_all_licenses_are_imported_once_listed_and_exported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vendor, "LICENSES", 0)
    monkeypatch.setattr(vendor, "USERS", 0)
    monkeypatch.setattr(imported, "PAGE", 10)
    assert imported.main(["--licenses", "30"]) == 0
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()]
    cells = {row[0]: row[1:] for row in rows if row}
    verdicts = {name: cells[name][0] for name in ("plan", "apply", "apply again", "verify")}
    assert verdicts == {"plan": "30 new", "apply": "30 new", "apply again": "30 same", "verify": "30 same"}
    assert {name: cells[name][:3] for name in ("none", "none, newest first", "customer", "license key")} == {
        "none": ["30", "3", "2"],
        "none, newest first": ["30", "3", "2"],
        "customer": ["10", "1", "2"],
        "license key": ["1", "1", "2"],
    }
    assert cells["whole"][0] == cells["the rest, behind a kill"][0]
