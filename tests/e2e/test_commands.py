"""The commands of the bench, and what becomes of its tests where a tool is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.serve import ROOT
from tests.e2e import install
from tests.e2e.screenshots import SHOTS, main


def run(*arguments: str, is_bare: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module, on a bare machine if told so: without Chromium, and without a way to have it."""
    given = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    given |= ({"PATH": "/nowhere"} if is_bare else {}) | environment
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("ci", "outcome"), [({}, "ARE SKIPPED"), ({"CI": "true"}, "FAIL")])
def test_what_cannot_be_installed_is_told_loudly(ci: dict[str, str], outcome: str) -> None:
    done = run("tests.e2e.install", is_bare=True, **ci)
    assert f"*** Chromium IS MISSING: THE TESTS THAT NEED IT {outcome}. Install the package chromium-" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("there", "taken"), [((install.SHELL, install.WHOLE), install.SHELL), ((install.WHOLE,), install.WHOLE)]
)
def test_the_shell_of_chromium_is_taken_and_without_it_the_whole_one(
    there: tuple[str, ...], taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in there:
        (tmp_path / name).touch(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install.chromium() == str(tmp_path / taken)


@pytest.mark.parametrize(("ci", "outcome"), [({}, "1 skipped"), ({"CI": "true"}, "1 error")])
def test_without_chromium_a_test_is_skipped_and_in_ci_it_fails(ci: dict[str, str], outcome: str) -> None:
    which = "tests/e2e/test_bench.py::test_not_found_and_refused_are_pages_like_others"
    done = run("pytest", "-p", "no:cacheprovider", "-p", "no:xdist", which, is_bare=True, **ci)
    assert f"{outcome} in" in done.stdout, done.stdout
    assert "Chromium is missing: `make test` installs it where it can" in done.stdout


@pytest.mark.usefixtures("browser")
def test_screenshots_are_as_wide_as_their_names_say(tmp_path: Path) -> None:
    some = ("--language", "de", "--width", "390", "--width", "1920")
    done = run("tests.e2e.screenshots", "--out", str(tmp_path), *some, "log-in", "licenses")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"8 pictures in {tmp_path}\n"
    names = [
        f"{shot}-de-{width}-{scheme}"
        for shot in ("log-in", "licenses")
        for width in (390, 1920)
        for scheme in ("light", "dark")
    ]
    assert sorted(file.stem for file in tmp_path.iterdir()) == sorted(names)
    for file in tmp_path.iterdir():
        assert int.from_bytes(file.read_bytes()[16:20]) == int(file.stem.split("-")[-2]), file  # of the PNG's header


def test_screenshots_help_shows_an_example_and_an_unknown_name_tells_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(argument: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["screenshots", argument])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()  # type: ignore[return-value] # a number

    code, out, err = said("--help")
    assert (code, err) == (0, "")
    assert "example: .venv/bin/python -m tests.e2e.screenshots --out pictures" in out
    code, out, err = said("lincenses")
    assert (code, out) == (2, "")
    assert "there is no shot named lincenses; there are: styles, log-in, " in err
    assert len({shot.name for shot in SHOTS}) == len(SHOTS)
