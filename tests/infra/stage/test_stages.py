"""A configuration that an operator has broken is a sentence, before anything is done."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.stage import stages
from infra.stage.__main__ import VERBS, main
from infra.stage.stages import StageError, read_stage

DEV = {"SEATKEEPER_TABLE_PREFIX": "seatkeeper-dev", "SEATKEEPER_SECRETS": "ssm:/seatkeeper-dev"}


def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any) -> None:
    """Let this be what `.chalice/config.json` says."""
    path = tmp_path / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    monkeypatch.setattr(stages, "CONFIG", path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "all of it"),
        ({"lambda_architecture": "arm64"}, "stages"),
        ({"lambda_architecture": "arm64", "stages": []}, "stages"),
        ({"lambda_architecture": "arm64", "stages": {"dev": {}}}, "stages.dev.environment_variables"),
        ({"stages": {"dev": {"environment_variables": DEV}}}, "lambda_architecture"),
    ],
)
@pytest.mark.parametrize("verb", VERBS)
def test_a_malformed_configuration_stops_every_verb_with_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    content: Any,
    says: str,
) -> None:
    config(tmp_path, monkeypatch, content)
    assert main([verb, "dev"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert says in sentence


@pytest.mark.parametrize("variable", sorted(DEV))
def test_a_stage_that_was_copied_does_not_work_on_the_data_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    own = {name: value.replace("dev", "qa") for name, value in DEV.items()}
    declared = {"dev": {"environment_variables": DEV}, "qa": {"environment_variables": own | {variable: DEV[variable]}}}
    config(tmp_path, monkeypatch, {"lambda_architecture": "arm64", "stages": declared})
    assert read_stage("dev").environment == DEV
    with pytest.raises(StageError, match=f"^{variable} of stage qa in .chalice/config.json must be .*seatkeeper-qa.$"):
        read_stage("qa")
