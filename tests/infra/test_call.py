"""The command that makes one call: what it sends how, and what it says where it cannot."""

import json
import sys
from pathlib import Path

import pytest

from app import app
from infra import call
from tests.infra.operator import DEMO


def test_infra_call_knows_which_calls_take_a_body() -> None:
    calls = {path.removeprefix("/api/v4/"): methods for path, methods in app.routes.items() if "/api/v4/" in path}
    posts = {name for name, methods in calls.items() if "POST" in methods}
    assert posts == call.POST_CALLS


@pytest.mark.parametrize(
    ("arguments", "demo_json", "sentence"),
    [
        (["check_license"], None, "There is no {home}/demo.json: start `make run` first."),
        (["check_license"], "{", "{home}/demo.json cannot be read: remove it, and `make run` makes it again"),
        (["check_license"], "null", "{home}/demo.json cannot be read: "),
        (["check\nlicense"], json.dumps(DEMO), r"The call 'check\nlicense' cannot be sent so: "),
        (["check_license", "a=\udcff"], json.dumps(DEMO), "The call 'check_license' cannot be sent so: "),
        (["activate_license", "a=\udcff"], json.dumps(DEMO), "The call 'activate_license' cannot be sent so: "),
        (["check\udcff"], json.dumps(DEMO), r"The call 'check\udcff' cannot be sent so: "),
        (["check_license", "product"], "{}", "A parameter is written name=value, not 'product'."),
        (["check_license", "variables={"], "{}", "The value of variables is no JSON: "),
        (
            ["about"],
            json.dumps(DEMO),
            "Nothing answers at http://127.0.0.1:1/api/v4/about ([Errno 111] Connection refused)",
        ),
    ],
)
def test_a_call_that_cannot_be_made_is_one_sentence(
    arguments: list[str],
    demo_json: str | None,
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if demo_json is not None:
        (tmp_path / "demo.json").write_text(demo_json)
    monkeypatch.setattr(sys, "argv", ["infra.call", "--home", str(tmp_path), *arguments])
    with pytest.raises(SystemExit) as ended:
        call.main()
    said, errors = capsys.readouterr()
    assert (ended.value.code, said, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(sentence.format(home=tmp_path) if "{home}" in sentence else sentence)
