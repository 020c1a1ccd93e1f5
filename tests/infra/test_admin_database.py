"""Where the admin commands find the database, and what they say when it is in trouble."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Never

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.store import accounts, database
from infra import local
from infra.admin import main as admin
from infra.admin.parser import UsageError
from infra.serve import ROOT
from tests.infra.operator import Operator
from tests.store.seam import Request, Send, intercepted
from tests.support import Vendor


def started(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A real run of `.venv/bin/python -m infra.admin`."""
    line = [sys.executable, "-m", "infra.admin", *arguments]
    return subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def strangers() -> dict[str, str]:
    """The environment of an operator who knows nothing of a stage, and has an AWS profile of another kind."""
    kept = {n: value for n, value in os.environ.items() if not n.startswith(("AWS_", "SEATKEEPER_"))}
    return kept | {"AWS_PROFILE": "another", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


def test_a_command_finds_the_data_of_a_folder(vendor: Vendor) -> None:
    home = str(Path(os.environ["SEATKEEPER_SECRETS"].removeprefix("file:")).parent)
    done = started(["audit", "--company", vendor.code, "--json", "--home", home], strangers())
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"companies": 1, "licenses": 0, "names": 0, "differences": []}


def test_a_command_that_finds_no_data_says_how_to_start(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sentence = f"There is no data in {tmp_path}: start Seatkeeper there first, as `make run` does."
    assert operator.refused(f"audit --home {tmp_path}") == sentence
    monkeypatch.setattr(admin, "HOME", tmp_path)
    assert admin.environment({"SEATKEEPER_SECRETS": "file:x"}, None) == {"SEATKEEPER_SECRETS": "file:x"}
    with pytest.raises(UsageError, match="There is no data in"):
        admin.environment({}, None)


def test_a_command_has_the_settings_of_the_server_that_runs_on_the_data(tmp_path: Path) -> None:
    local.database_file(tmp_path).parent.mkdir()
    local.database_file(tmp_path).touch()
    of_server = local.settings(tmp_path) | {"SEATKEEPER_WEBHOOKS": "any", "base_url": "http://127.0.0.1:8000"}
    with local.held(tmp_path):
        local.write_private(local.environment_file(tmp_path), dict(of_server))
        found = admin.environment({}, tmp_path)
    assert found == local.settings(tmp_path) | {"SEATKEEPER_WEBHOOKS": "any"}


@pytest.mark.parametrize("module", ["infra.admin audit", "infra.serve --port 0"])
def test_data_that_cannot_be_opened_is_one_sentence(tmp_path: Path, module: str) -> None:
    local.database_file(tmp_path).parent.mkdir()
    local.database_file(tmp_path).write_bytes(b"no database" * 1000)
    command = [sys.executable, "-m", *module.split()]
    environment = strangers() | local.settings(tmp_path)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    why = "the file is damaged, or no database at all; restore it from the backup"
    sentence = f"The data cannot be kept in {local.database_file(tmp_path)}: {why}.\n"
    assert (done.returncode, done.stderr.count(sentence)) == (2, done.stderr.count("\n")), done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_that_is_not_named_whole_is_one_sentence() -> None:
    done = started(["audit"], {**strangers(), "SEATKEEPER_TABLE_PREFIX": "stage"} | {"SEATKEEPER_SECRETS": "nowhere"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("The environment is malformed: SEATKEEPER_SECRETS")
    assert done.stderr.count("\n") == 1


# --- standard input and output, and Ctrl-C -----------------------------------------------------------------------


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell, in which `admin` is the command."""
    script = f'admin() {{ "{sys.executable}" -m infra.admin "$@"; }}; set -o pipefail; {line}'
    own = dict(os.environ) | environment
    return subprocess.run(["bash", "-c", script], cwd=ROOT, env=own, capture_output=True, text=True, check=False)


def test_letters_that_the_output_lacks_are_escaped(vendor: Vendor) -> None:
    done = shell(f"admin company set --code {vendor.code} --name 'Qbitec № 1'", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"Qbitec \u2116 1" in done.stdout


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (">/dev/full", "No space left on device"),
        (">&-", "Bad file descriptor"),
        ("| true", "Broken pipe"),
    ],
)
def test_an_answer_that_cannot_be_written_is_one_sentence_and_exit_3(vendor: Vendor, output: str, reason: str) -> None:
    """It is done, and what it says (a shared key, a password) is not to be had again."""
    done = shell(f"admin company set --code {vendor.code} --name Other {output}")
    sentence = f"It is done, but the answer could not be written ({reason}): look before you repeat it.\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", sentence)
    company = accounts.read_company(vendor.code)
    assert company is not None
    assert company.name == "Other"


@pytest.mark.parametrize("line", ["license list --json", "license list --csv", "product list"])
def test_who_reads_no_more_of_what_changes_nothing_ends_it_in_silence(vendor: Vendor, line: str) -> None:
    for _ in range(3):
        vendor.issue()
    done = shell(f"admin {line} --company {vendor.code} | true")
    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (r"< <(printf 'pass w\xf6rd\n')", "--password-stdin: it is not valid UTF-8.\n"),
        ("<&-", "--password-stdin: standard input is closed.\n"),
        ("</proc/self/mem", "--password-stdin: it cannot be read: Input/output error.\n"),
    ],
)
def test_a_password_that_cannot_be_read_is_one_sentence(vendor: Vendor, given: str, sentence: str) -> None:
    license = vendor.issue("revit")
    vendor.assign(license, "a@b.example")
    line = f"admin user set-password --license {license.id} --email a@b.example --password-stdin {given}"
    done = shell(line, PYTHONIOENCODING="utf-8:surrogateescape")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)


@pytest.mark.parametrize("loading", ["pydantic", "botocore"])
def test_ctrl_c_is_one_sentence_and_exit_3(vendor: Vendor, tmp_path: Path, loading: str) -> None:
    """Exit 1 would say that the audit has found a difference. Struck when the command is loaded, and at work."""
    (tmp_path / f"{loading}.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = started(["audit", "--company", vendor.code], dict(os.environ) | {"PYTHONPATH": str(tmp_path)})
    sentence = "Interrupted: it may have been done or not, look before you repeat it.\n"
    assert (done.returncode, done.stdout, done.stderr) == (3, "", sentence)


# --- trouble with the database -----------------------------------------------------------------------------------


@pytest.fixture
def ailing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Exception], None]]:
    """Let every call to the database end in an error, at the first attempt."""
    monkeypatch.setattr(database, "ATTEMPTS", 1)
    with ExitStack() as stack:

        def fail(error: Exception) -> None:
            def handler(_request: Request, _send: Send) -> Never:
                raise error

            stack.enter_context(intercepted(handler))

        yield fail


def test_a_database_out_of_reach_is_one_sentence_and_exit_3(
    operator: Operator, vendor: Vendor, ailing: Callable[[Exception], None]
) -> None:
    license = vendor.issue()
    ailing(EndpointConnectionError(endpoint_url="http://127.0.0.1:9"))
    assert operator.run(f"license disable {license.id}") == (
        *(3, ""),
        "It may have been done or not, look before you repeat it: the database is busy or out of reach: "
        "EndpointConnectionError.\n",
    )


def test_a_database_that_refuses_is_one_sentence_and_exit_3(
    operator: Operator, vendor: Vendor, ailing: Callable[[Exception], None]
) -> None:
    license = vendor.issue()
    denied = {"Error": {"Code": "AccessDeniedException", "Message": "You may not."}}
    ailing(ClientError(denied, "BatchGetItem"))  # type: ignore[arg-type] # a part of it
    assert operator.run(f"license show {license.id}") == (3, "", "The database refuses it: You may not.\n")


def test_secrets_of_other_data_are_one_sentence_and_exit_3(
    operator: Operator, vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = vendor.issue("revit"), vendor.issue("revit")
    vendor.assign(first, "a@b.example")
    monkeypatch.setenv("SEATKEEPER_SECRETS", f"file:{local.secrets_file(tmp_path)}")
    code, output, errors = operator.run(f"user assign --license {other.id} --email a@b.example")
    assert (code, output) == (3, "")
    assert errors == "SEATKEEPER_SECRETS are not those that this data was sealed with.\n"
