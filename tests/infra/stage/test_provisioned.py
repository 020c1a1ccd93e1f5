"""Functions that are kept started: a version of the API's function, and an alias that API Gateway calls."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.stage.functions import ALIAS_RESOURCE, FUNCTIONS
from infra.stage.stages import read_stage
from tests.infra.stage.templates import STAGES, Template, template, template_of, texts


@pytest.fixture(scope="module")
def provisioned() -> Template:
    """Of a stage that keeps two functions started."""
    return template_of(replace(read_stage("dev"), provisioned_concurrency=2))


def test_the_alias_keeps_as_many_started_and_no_schedule_does(provisioned: Template) -> None:
    made = {
        name: r["Properties"] for name, r in provisioned["Resources"].items() if "Serverless::Function" in r["Type"]
    }
    assert {name for name, function in made.items() if "AutoPublishAlias" in function} == {FUNCTIONS["api"]}
    assert f"{FUNCTIONS['api']}Alias{made[FUNCTIONS['api']]['AutoPublishAlias']}" == ALIAS_RESOURCE
    assert made[FUNCTIONS["api"]]["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 2}


def test_every_call_goes_to_the_alias_which_the_gateway_may_call(provisioned: Template) -> None:
    led = [text for text in texts(provisioned["Resources"]["RestAPI"]) if ":lambda:path/" in text]
    assert len(led) > 50
    assert [text for text in led if f"/functions/${{{ALIAS_RESOURCE}}}/invocations" not in text] == []
    allowed = [
        r["Properties"]["FunctionName"]
        for r in provisioned["Resources"].values()
        if r["Type"] == "AWS::Lambda::Permission" and r["Properties"]["Principal"] == "apigateway.amazonaws.com"
    ]
    assert allowed == [{"Ref": ALIAS_RESOURCE}]


def test_a_changed_setting_is_a_new_version(provisioned: Template) -> None:
    assert provisioned["Resources"][FUNCTIONS["api"]]["Properties"]["AutoPublishAliasAllProperties"] is True


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_does_not_say_so_keeps_none_started(stage: str) -> None:
    assert read_stage(stage).provisioned_concurrency == 0
    assert ALIAS_RESOURCE not in json.dumps(template(stage))
    assert "AutoPublishAlias" not in json.dumps(template(stage))


@pytest.mark.slow
def test_cfn_lint_finds_nothing(tmp_path: Path, provisioned: Template) -> None:
    (tmp_path / "template.json").write_text(json.dumps(provisioned))
    lint = [str(Path(sys.executable).with_name("cfn-lint")), "template.json"]
    done = subprocess.run(lint, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
