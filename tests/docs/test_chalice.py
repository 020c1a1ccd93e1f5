"""docs/chalice.md: what Chalice's commands do here is what the page says; all of them tried in one process.

`chalice local`, by the command of ours, is tried by `tests/infra/test_chalice_local.py`; how `chalice package` is
used, by `tests/infra/stage`.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chalice.cli import cli

from infra.stage.package import default_architecture
from infra.stage.project import prepare
from infra.stage.stages import read_stage
from tests.docs.pages import DOCS

PAGE = (DOCS / "chalice.md").read_text()
TABLE = PAGE.split("| command | here | instead |", 1)[1].split("\n\n", 1)[0]
NOT_RUN = {"local"}
IN_TURN = """
import json, sys
from chalice.cli import cli
from click.testing import CliRunner
results = {}
for command in json.load(sys.stdin):
    done = CliRunner().invoke(cli, command.split(), obj={})
    results[command] = [done.exit_code, done.output, str(done.exception or "")]
print(json.dumps(results))
"""
COMMANDS = [
    "package --stage dev packaged",
    "deploy --stage dev",
    "dev plan --stage dev",
    "delete --stage dev",
    "url --stage dev",
    "logs --stage dev",
    "invoke -n sweep_due --stage dev",
    "generate-sdk --stage dev sdk",
    "gen-policy",
    "generate-models --stage dev",
    "generate-pipeline --pipeline-version v2 pipeline.json",
    "dev appgraph --stage dev",
    "new-project another",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ships of the working copy, without libraries: their wheels would be fetched."""
    folder = tmp_path_factory.mktemp("chalice") / "project"
    prepare(folder, read_stage("dev"), default_architecture())
    return folder


@pytest.fixture(scope="module")
def command_results(project: Path) -> dict[str, tuple[int, str, str]]:
    """What each command has answered: its exit code, its output, and the exception that has ended it."""
    # Nobody's account is asked: there is none, and nothing listens there.
    aws = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "eu-central-1"}
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SEATKEEPER_"))}
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN],
        input=json.dumps(COMMANDS),
        env=kept | aws | nowhere,
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    return {command: tuple(said) for command, said in json.loads(done.stdout.splitlines()[-1]).items()}


def test_every_command_of_chalice_has_its_place_in_the_table() -> None:
    dev: Any = cli.commands["dev"]
    every = {*cli.commands} - {"dev"} | {f"dev {name}" for name in dev.commands}
    rows = [row.split(" | ")[0] for row in TABLE.splitlines()]
    named = {name.removeprefix("chalice ") for row in rows for name in re.findall(r"`([\w -]+)`", row)}
    assert named == every
    tried = {name for name in every for command in COMMANDS if f"{command} ".startswith(f"{name} ")}
    assert tried == every - NOT_RUN


@pytest.mark.parametrize("command", ["deploy", "dev plan", "delete"])
def test_what_would_deploy_ends_with_the_sentence_of_the_page(
    command: str, command_results: dict[str, tuple[int, str, str]]
) -> None:
    code, _, error = command_results[f"{command} --stage dev"]
    sentence = re.search(r'ends with "(.+?)"', TABLE)
    assert sentence
    assert (code != 0, "".join(sentence[1].split()) in "".join(error.split())) == (True, True), error


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("url --stage dev", "Could not find a record"),
        ("logs --stage dev", ""),
        ("invoke -n sweep_due --stage dev", "could not find a lambda function"),
        ("generate-sdk --stage dev sdk", "Could not find API ID"),
    ],
)
def test_what_asks_for_a_deployment_of_chalices_own_finds_nothing(
    command: str, says: str, command_results: dict[str, tuple[int, str, str]]
) -> None:
    code, output, _ = command_results[command]
    assert says in output if says else (code, output) == (0, "")


def test_what_works_works(project: Path, command_results: dict[str, tuple[int, str, str]]) -> None:
    working = [command for command in COMMANDS if command.split()[0] in ("package", "gen-policy", "new-project")]
    working += [command for command in COMMANDS if command.startswith(("generate-m", "generate-p", "dev appgraph"))]
    assert [(command, command_results[command]) for command in working if command_results[command][0] != 0] == []
    assert json.loads(command_results["gen-policy"][1])["Statement"] == []
    definitions = json.loads(command_results["generate-models --stage dev"][1])["definitions"]
    assert set(definitions) == {"Empty"}
    assert "chalice package" in (project / "pipeline.json").read_text()
    assert {"app.py", ".chalice"} <= {path.name for path in (project / "another").iterdir()}


def test_packaged_alone_a_template_points_to_what_is_not_in_it(
    project: Path, command_results: dict[str, tuple[int, str, str]]
) -> None:
    assert command_results["package --stage dev packaged"][0] == 0
    template = json.loads((project / "packaged" / "sam.json").read_bytes())
    text = json.dumps(template)
    assert "Mappings" not in template
    assert '"Fn::FindInMap": ["Mail"' in text
    for name in ("LicensesTable", "SweepLogs", "DeadLetters"):
        assert name in text
        assert name not in template["Resources"]
