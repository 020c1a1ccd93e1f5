"""What a command makes for itself is gone when it ends, also where a signal ends it."""

import ast
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.scratch import scratch_folder
from infra.serve import ROOT
from infra.signals import held_back

ENDS = [signal.SIGTERM, signal.SIGHUP]


def ended(act: Callable[[], object]) -> object:
    """The status with which a command ends that does this."""
    with pytest.raises(SystemExit) as end:
        act()
    return end.value.code


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_ends_a_command_and_its_folder_goes_with_it(number: signal.Signals, tmp_path: Path) -> None:
    def act() -> None:
        with scratch_folder("outer-", tmp_path) as outer, scratch_folder("inner-", outer) as inner:
            (inner / "file").touch()
            signal.raise_signal(number)

    assert ended(act) == 128 + number
    assert list(tmp_path.iterdir()) == []
    assert [signal.getsignal(one) for one in ENDS] == [signal.SIG_DFL] * 2


def test_a_second_signal_does_not_disturb_the_end(tmp_path: Path) -> None:
    def act() -> None:
        with scratch_folder("outer-", tmp_path):
            try:
                signal.raise_signal(signal.SIGHUP)
            finally:
                signal.raise_signal(signal.SIGTERM)

    assert ended(act) == 128 + signal.SIGHUP
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_comes_while_the_folder_is_removed_is_heard_behind_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def signal_first(*given: Any, rmdir: Callable[..., None] = os.rmdir, **more: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        rmdir(*given, **more)

    def act() -> None:
        with scratch_folder("outer-", tmp_path) as folder:
            (folder / "below").mkdir()
            monkeypatch.setattr(os, "rmdir", signal_first)

    assert ended(act) == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_what_is_held_back_is_heard_behind_it() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            assert heard == []
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_thread_beside_the_main_one_may_have_a_folder_too() -> None:
    found: list[bool] = []

    def work() -> None:
        with scratch_folder("beside-") as folder:
            found.append(folder.is_dir())
        found.append(folder.exists())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True, False]


@pytest.mark.parametrize("module", ["infra.bench.growth", "infra.bench.profile"])
def test_a_command_that_is_stopped_leaves_nothing(module: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", module]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        while running.poll() is None and not list(tmp_path.glob("seatkeeper-*/*")):  # it has begun
            pass
        running.send_signal(signal.SIGTERM)
        _, error = running.communicate()
    assert running.returncode == 128 + signal.SIGTERM, error
    assert list(tmp_path.iterdir()) == []


def commands() -> Iterator[Path]:
    """Every module that is run as one."""
    for folder in ("infra", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name == "__main__.py" or '__name__ == "__main__"' in path.read_text():
                yield path


def test_no_command_makes_a_folder_that_a_signal_would_leave() -> None:
    """Nor do the modules of `infra`, which commands are made of."""
    makers = {"TemporaryDirectory", "mkdtemp", "NamedTemporaryFile", "mkstemp"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in {*commands(), *(ROOT / "infra").rglob("*.py")} - {ROOT / "infra/scratch.py"}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and name_of(node) in makers
    ]
    assert found == []


def name_of(node: ast.Name | ast.Attribute | ast.alias) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else node.name
