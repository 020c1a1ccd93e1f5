"""docs/serving.md: its systemd units are such as systemd takes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks

PAGE = (DOCS / "serving.md").read_text()
UNITS = blocks(PAGE, "ini")


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_read_by_systemd_without_a_word(unit: str, tmp_path: Path) -> None:
    """By systemd itself where it is there; and everywhere by its rule that a comment has a line of its own."""
    first, *lines = unit.splitlines()
    path = re.fullmatch(r"# /etc/systemd/system/(seatkeeper\.(?:service|socket))", first)
    assert path, first
    wrong = [
        line for line in lines if not re.fullmatch(r"#.*|\[(Unit|Service|Socket|Install)\]|[A-Z]\w+=\S*(?: \S+)*", line)
    ]
    assert wrong == []
    if analyze := shutil.which("systemd-analyze"):
        for other in UNITS:  # a service may ask for its socket
            (tmp_path / other.split()[1].rsplit("/", 1)[1]).write_text(_elsewhere(other))
        (tmp_path / path[1]).write_text(_elsewhere(unit))
        done = subprocess.run(
            [analyze, "verify", f"./{path[1]}"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_unit_is_started_with_the_machine() -> None:
    assert len(UNITS) == 3
    for unit in UNITS:
        assert "\n[Install]\nWantedBy=" in unit


def _elsewhere(unit: str) -> str:
    """On a machine where it is not installed."""
    return re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit, flags=re.MULTILINE)
