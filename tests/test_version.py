"""Which Seatkeeper this is: told alike by the changelog, the project and every command; the commit by git alone."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from chalicelib import version
from chalicelib.version import UNKNOWN, VERSION, git_commit
from infra.stage.stages import ROOT


def git(folder: Path, *arguments: str) -> str:
    """What git answers, whoever the developer is."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@vendor.test", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit, which has a tag."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "app.py").write_text("")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "One"], ["tag", "-m", "Nine", "v9"]):
        git(root, *arguments)
    return root


def test_the_project_and_the_changelog_tell_the_same_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0].split()[1] == VERSION


def test_the_commit_is_that_of_the_checkout_and_says_when_files_differ(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")[:12]
    assert git_commit(checkout) == head
    (checkout / "app.py").write_text("changed = True")
    assert git_commit(checkout) == f"{head}-dirty"


def test_asking_for_the_commit_leaves_the_index_to_whoever_works_there(checkout: Path) -> None:
    index = checkout / ".git" / "index"
    os.utime(checkout / "app.py", (1, 1))  # git has to look whether it differs, and could note that it does not
    before = index.read_bytes()
    assert git_commit(checkout) == git(checkout, "rev-parse", "HEAD")[:12]
    assert index.read_bytes() == before


def test_a_worktree_tells_its_own_commit(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", str(tmp_path / "other"))
    git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "Two")
    assert git_commit(tmp_path / "other") == git(tmp_path / "other", "rev-parse", "HEAD")[:12] != git_commit(checkout)


def test_a_copy_inside_another_repository_is_not_that_ones_commit(checkout: Path) -> None:
    (checkout / "vendored").mkdir()
    assert git_commit(checkout / "vendored") == UNKNOWN


def test_without_git_or_without_a_commit_it_is_unknown(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    assert git_commit(tmp_path / "empty") == UNKNOWN
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(checkout) == UNKNOWN


@pytest.fixture
def of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
    """The commit of the code in a folder."""

    def ask(root: Path) -> str:
        monkeypatch.setattr(version, "ROOT", root)
        return version.commit.__wrapped__()

    return ask


def test_a_package_tells_what_was_noted_in_it_and_starts_no_process(
    of: Callable[[Path], str], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "chalicelib").mkdir()
    (checkout / "chalicelib" / "COMMIT").write_text("0123456789ab\n")
    monkeypatch.setattr(subprocess, "run", None)
    assert of(checkout) == "0123456789ab"


def test_a_folder_that_is_no_checkout_starts_no_process(
    of: Callable[[Path], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert of(tmp_path) == UNKNOWN


COMMANDS = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).replace("infra.admin.__main__", "infra.admin.main")
    for path in (ROOT / "infra").rglob("*.py")
    if '__name__ == "__main__"' in path.read_text()
]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_tells_version_and_commit(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = import_module(command)
    monkeypatch.setattr(sys, "argv", [command, "--version"])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert (ended.value.code, capsys.readouterr().out) == (0, f"Seatkeeper {VERSION}, commit {version.commit()}\n")
