"""Admin commands find a stage by its name, in the operator's own account and region; what is missing is a sentence."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.store.tables import table_definition
from infra.admin import main as admin
from infra.serve import ROOT
from infra.stage.stages import read_stage
from tests import roto
from tests.infra.operator import Operator

LINE = "company create --code QBITEC --name Qbitec --stage dev"
STAGE = read_stage("dev").environment


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names neither a stage nor an account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SEATKEEPER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return monkeypatch


@pytest.fixture
def somebody(nobody: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment with the keys of an account."""
    with mock_aws():
        nobody.delenv("AWS_DEFAULT_REGION", raising=False)
        yield nobody


# --- which stage, which account ----------------------------------------------------------------------------------


def test_a_stage_is_what_its_functions_have_in_the_region_of_the_operator(somebody: pytest.MonkeyPatch) -> None:
    somebody.setenv("AWS_REGION", "eu-central-1")
    region = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1"}
    assert admin.environment(os.environ, None, "dev") == dict(os.environ) | STAGE | region


def test_the_region_may_be_that_of_a_profile(somebody: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile licenses]\nregion = eu-west-1\n")
    somebody.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    somebody.setenv("AWS_PROFILE", "licenses")
    found = admin.environment(os.environ, None, "prod")
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == ("eu-west-1", "eu-west-1")
    assert found["SEATKEEPER_TABLE_PREFIX"] == "seatkeeper-prod"


def test_a_stage_that_the_environment_names_as_well_is_no_contradiction(somebody: pytest.MonkeyPatch) -> None:
    somebody.setenv("AWS_REGION", "eu-central-1")
    for name, value in STAGE.items():
        somebody.setenv(name, value)
    assert admin.environment(os.environ, None, "dev")["SEATKEEPER_SECRETS"] == "ssm:/seatkeeper-dev"


@pytest.mark.parametrize(
    ("environment", "line", "sentence"),
    [
        ({}, f"{LINE} --home .", "Say --stage or --home, not both."),
        ({}, "sweep --stage live", "There is no stage 'live' in .chalice/config.json, but dev, staging, prod."),
        (
            {"SEATKEEPER_SECRETS": "file:hunter2", "SEATKEEPER_TABLE_PREFIX": "seatkeeper-dev"},
            LINE,
            "SEATKEEPER_SECRETS in the environment means something else than --stage dev: unset it.",
        ),
        (
            {"SEATKEEPER_SECRETS": "ssm:/seatkeeper-prod", "SEATKEEPER_TABLE_PREFIX": "seatkeeper-prod"},
            LINE,
            "SEATKEEPER_TABLE_PREFIX and SEATKEEPER_SECRETS in the environment mean something else than --stage dev: "
            "unset them.",
        ),
        ({}, LINE, "No region is set: put one into AWS_REGION, or name a profile that has one in AWS_PROFILE."),
        (
            {"AWS_REGION": "eu-central-1"},
            LINE,
            "There are no AWS credentials: log in (aws sso login), or set AWS_PROFILE.",
        ),
        ({"AWS_REGION": "eu-central-1", "AWS_PROFILE": "gone"}, LINE, "The config profile (gone) could not be found."),
    ],
)
def test_what_does_not_say_which_stage_is_meant_is_one_sentence(
    operator: Operator, nobody: pytest.MonkeyPatch, environment: dict[str, str], line: str, sentence: str
) -> None:
    for name, value in environment.items():
        nobody.setenv(name, value)
    assert operator.refused(line) == sentence


# --- the whole way -----------------------------------------------------------------------------------------------


class _Identity(BaseHTTPRequestHandler):
    """AWS, as far as it tells who calls."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b"<R><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></R>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def identity() -> Iterator[str]:
    """Where it answers."""
    with HTTPServer(("127.0.0.1", 0), _Identity) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def started(line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A real run, in the account that this process's engine plays."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SEATKEEPER_")}
    command = [sys.executable, "-m", "infra.admin", *line.split()]
    return subprocess.run(command, cwd=ROOT, env=own | more, capture_output=True, text=True, check=False)


def test_a_command_works_on_the_tables_of_the_stage_once_it_is_deployed() -> None:
    with roto.as_aws(), identity() as sts:
        dynamodb = boto3.client("dynamodb")
        done = started(LINE, AWS_ENDPOINT_URL_STS=sts)
        answer = "There are no tables seatkeeper-dev-… in us-east-1: deploy the stage (make deploy), or set AWS_REGION."
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{answer}\n")
        name = f"{STAGE['SEATKEEPER_TABLE_PREFIX']}-accounts"
        dynamodb.create_table(TableName=name, **table_definition("accounts"))
        done = started(f"{LINE} --json", AWS_ENDPOINT_URL_STS=sts)
        assert (done.returncode, done.stderr) == (0, "")
        key = {"pk": {"S": "QBITEC"}, "part": {"S": "company"}}
        stored = dynamodb.get_item(TableName=name, Key=key)["Item"]
    assert json.loads(done.stdout) == {"code": "QBITEC", "id": int(stored["id"]["N"]), "name": "Qbitec"}


def test_secrets_come_before_tables(tmp_path: Path) -> None:
    secrets = f"file:{tmp_path}/secrets.json"
    names = {"SEATKEEPER_TABLE_PREFIX": "seatkeeper-none", "SEATKEEPER_SECRETS": secrets, "SEATKEEPER_MAIL": "file:m"}
    with roto.as_aws():  # no table is there
        done = started("secrets create --json", **names)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["made"] == ["data_key", "signing_key"]
