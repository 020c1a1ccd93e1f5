"""The home folder: whose it is, and what is said where its files are not as they have to be."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from chalicelib.web import clock
from infra import demo, local
from tests.infra.operator import DEMO

CONTENTS: dict[str, Any] = {
    "empty object": {},
    "list": [],
    "null": None,
    "without manager": {name: value for name, value in DEMO.items() if name != "manager"},
    "license without key": DEMO | {"licenses": [{}]},
}
BROKEN = [pytest.param(json.dumps(content), id=name) for name, content in CONTENTS.items()]
"""What a `demo.json` may not say."""


def test_what_a_killed_run_left_behind_counts_for_nothing(tmp_path: Path) -> None:
    names = ("SEATKEEPER_DATABASE", "SEATKEEPER_TABLE_PREFIX", "SEATKEEPER_SECRETS", "SEATKEEPER_MAIL", "base_url")
    answer = dict.fromkeys(names, "x")
    local.write_private(local.environment_file(tmp_path), dict(answer))
    assert local.running(tmp_path) is None
    with local.held(tmp_path):
        assert local.running(tmp_path) == answer


def test_a_folder_that_was_there_before_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with local.held(tmp_path):
        local.prepare(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert local.secrets_file(tmp_path).exists()


def test_a_folder_that_cannot_be_written_to_is_one_sentence() -> None:
    """Nobody writes there, not even root."""
    home = Path("/proc/self")
    with pytest.raises(local.DataDirError, match=r"^/proc/\d+/secrets\.new cannot be written: "):
        local.secrets_file(home)


@pytest.mark.parametrize("content", BROKEN)
def test_a_demo_json_that_is_broken_is_one_sentence(content: str, tmp_path: Path) -> None:
    local.demo_file(tmp_path).write_text(content)
    sentence = f"{tmp_path}/demo.json cannot be read: remove it, and `make run` makes it again from the data."
    with pytest.raises(local.DataDirError) as error:
        demo.seed(tmp_path, "http://127.0.0.1:1", now=clock.now())
    assert str(error.value) == sentence
    assert local.demo_file(tmp_path).read_text() == content


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"base_url": "http://127.0.0.1:1"}', "{", "null"])
def test_an_environment_json_that_is_broken_is_one_sentence(content: str, tmp_path: Path) -> None:
    """With half of it a command would reach for AWS."""
    local.environment_file(tmp_path).write_text(content)
    with local.held(tmp_path), pytest.raises(local.DataDirError) as error:
        local.running(tmp_path)
    answer = "is not what the server has written: stop the server, and start it again."
    assert str(error.value) == f"{tmp_path}/environment.json {answer}"


def test_a_folder_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    """As the current one is, where the name of the home was empty."""
    (tmp_path / "app.py").touch()
    tmp_path.chmod(0o755)
    sentence = rf"^{tmp_path} holds other files: choose a folder of its own for the data\.$"
    with pytest.raises(local.DataDirError, match=sentence), local.held(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
