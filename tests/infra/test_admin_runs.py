"""What every command of the table takes by itself: --dry-run, --yes, and `-` for many from standard input."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import SecretSource
from chalicelib.store import licenses
from chalicelib.usecases.dry_run import NotWritten, dry_run
from infra.admin import commands, keys
from infra.admin.command import FINAL, READING, SUBJECTS, Command
from infra.admin.command_table import COMMANDS
from infra.admin.completion import SHELLS, options_of, script
from infra.admin.parser import Many, UsageError, read_command_line
from infra.admin.runs import run
from tests.infra.operator import Operator
from tests.infra.test_admin import OF_SECRETS, TEXTS, things
from tests.infra.test_admin_mistakes import arguments, page
from tests.store.seam import Answer, Request, Send, intercepted
from tests.support import ChangeRuntime, Vendor

each_that_changes = pytest.mark.parametrize(
    "command", [one.name for one in COMMANDS if one.changes and one.name not in OF_SECRETS]
)
MAY_BE_UNDONE = {
    *(
        "add-label",
        "add-legacy",
        "add-manager",
        "allow",
        "apply",
        "archive",
        "assign",
        "audit",
        "blacklist",
        "cancel",
        "change-email",
        "close",
        "create",
        "disable",
    ),
    "release",
    *("enable", "extend", "issue", "mail", "policy", "remove", "remove-label", "remove-manager", "reopen", "replace"),
    *(
        "reset",
        "reset-activations",
        "resend",
        "restore",
        "rotate",
        "rotate-key",
        "move",
        "rotate-secret",
        "set",
        "set-consumption",
        "set-features",
        "set-fields",
        "schedule",
    ),
    *("set-max-activations", "set-password", "set-permissions", "sweep", "test", "unlock", "remove-second-factor"),
}
"""Verbs of commands after which another command, or the customer, can make it as it was, or nothing is lost."""


def verb(command: Command) -> str:
    return command.name.rpartition(" ")[2]


@contextmanager
def writes() -> Iterator[list[str]]:
    """The writes that the database has done inside."""
    done: list[str] = []

    def answer(request: Request, send: Send) -> Answer:
        answered = send(request)
        if request.operation not in ("GetItem", "Query", "BatchGetItem", "TransactGetItems", "Scan"):
            done.append(request.operation)
        return answered

    with intercepted(answer):
        yield done


# --- the table -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_of_every_verb_it_is_said_whether_it_changes_anything_for_good(command: Command) -> None:
    kinds = [verb(command) in kind for kind in (READING, FINAL, MAY_BE_UNDONE)]
    assert kinds.count(True) == 1, "name the verb in infra/admin/command.py, or here where it can be undone"
    if verb(command) in FINAL:
        assert command.is_final or any(option.name == "--confirm" for option in command.options)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_that_changes_something_takes_dry_run_and_no_other(command: Command) -> None:
    line = [*arguments(command.line), "--dry-run"]
    if command.changes:
        assert read_command_line(line)[2].dry_run
    else:
        with pytest.raises(UsageError, match="unrecognized arguments: --dry-run"):
            read_command_line(line)


def test_a_command_that_is_named_as_if_it_read_writes_nothing(vendor: Vendor) -> None:
    license = vendor.issue()
    wrong = Command("license show", "", "", ())
    with writes() as done, pytest.raises(AssertionError, match="its verb says that it does not"):
        run(wrong, lambda: commands.license_disable(license=license.id, company=None, now=vendor.now), is_dry=False)
    assert (done, vendor.stored(license)) == ([], license)


# --- --dry-run -----------------------------------------------------------------------------------------------------


@each_that_changes
def test_a_dry_run_tells_whether_anything_changes_and_changes_nothing(
    operator: Operator, vendor: Vendor, tmp_path: Path, command: str
) -> None:
    line = f"{command} {TEXTS[command][0].format(**things(vendor, tmp_path))}"
    with writes() as tried:
        answer = operator.asks(f"{line} --dry-run")
    assert (answer["dry_run"], tried) == (True, [])
    with writes() as done:
        operator.reads(line)
    assert answer["changes"] == bool(done)


def test_a_dry_run_of_a_command_for_secrets_keeps_them(
    operator: Operator, change_runtime: ChangeRuntime, tmp_path: Path
) -> None:
    kept = tmp_path / "secrets.json"
    change_runtime(secrets=SecretSource(f"file:{kept}"))
    with dry_run(), pytest.raises(NotWritten):
        keys.create(lambda: False)
    assert not kept.exists()


def test_a_dry_run_tells_what_history_would_and_refuses_what_would_be_refused(
    operator: Operator, vendor: Vendor
) -> None:
    license = vendor.issue(max_activations=5)
    line = f"license set {license.id} --max-activations 3 --dry-run"
    assert operator.asks(line) == {
        "dry_run": True,
        "changes": True,
        "event": "license_changed",
        "max_activations": 3,
        "max_activations_before": 5,
    }
    vendor.activate(license, "pc")
    assert "in use: 1" in operator.refused(f"license set {license.id} --max-activations 0 --strict --dry-run")
    assert vendor.stored(license).max_activations == 5
    assert operator.asks(f"license enable {license.id} --dry-run") == {"dry_run": True, "changes": False}
    assert operator.asks(f"license archive {license.id} --dry-run")["fields"] == ["is_archived", "enabled"]


def test_what_only_the_database_knows_is_told_by_a_dry_run_too(operator: Operator, vendor: Vendor) -> None:
    """Each condition of the write is asked for, as it stands."""
    refused = operator.refused(f"company create --code {vendor.code} --name Two --dry-run")
    assert "there is already a company with the code" in refused


# --- --yes ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_undone_is_done_with_yes_alone(operator: Operator, vendor: Vendor) -> None:
    line = f"apikey revoke {vendor.api_key}"
    sentence = "It cannot be undone: look at it with --dry-run, then say --yes.\n"
    with writes() as done:
        assert operator.run(line, sure=False) == (2, "", sentence)
        assert operator.asks(f"{line} --dry-run")["event"] == "api_key_revoked"
        assert done == []
    assert operator.asks(line)["revoked"]


# --- many ----------------------------------------------------------------------------------------------------------


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: object) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_many_are_named_on_standard_input_and_each_is_done_whatever_becomes_of_the_others(
    operator: Operator, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [vendor.issue() for _ in range(3)]
    type_in(monkeypatch, some[0].id, "", 7, "x", some[1].id)
    rows = operator.asks("license disable -", exit_code=1)["rows"]
    assert [(row["license"], row["status"]) for row in rows] == [
        (str(some[0].id), "done"),
        ("7", "refused"),
        ("x", "refused"),
        (str(some[1].id), "done"),
    ]
    assert rows[0]["answer"]["status"] == "disabled"
    assert (rows[1]["note"], rows[2]["answer"]) == ("There is no license 7.", None)
    assert [vendor.stored(license).enabled for license in some] == [False, False, True]


def test_many_are_named_by_an_option_too(operator: Operator, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    license = vendor.issue("revit", max_license_users=2)
    for email in ("ann@b.example", "bob@b.example"):
        vendor.assign(license, email)
    type_in(monkeypatch, "ann@b.example", "nobody@b.example", "bob@b.example")
    rows = operator.asks(f"user close --company {vendor.code} --email -", exit_code=1)["rows"]
    assert [(row["email"], row["status"]) for row in rows] == [
        ("ann@b.example", "done"),
        ("nobody@b.example", "refused"),
        ("bob@b.example", "done"),
    ]
    assert vendor.stored(license).users_assigned == 0


@pytest.mark.parametrize("noun", SUBJECTS)
def test_of_every_noun_many_are_named_wherever_one_is(noun: str) -> None:
    of_one = [one for one in COMMANDS if one.name.split()[0] == noun and SUBJECTS[noun] in one.example.split()]
    assert [one.name for one in of_one if one.subject is None] == []
    assert len(of_one) > 1
    for one in of_one:
        line = re.sub(rf"{SUBJECTS[noun]} \S+", f"{SUBJECTS[noun]} -", one.line, count=1)
        assert one.subject is not None
        assert read_command_line(arguments(line))[1][one.subject.argument] is Many, one.name


def test_many_are_answered_as_a_table_and_looked_at_before(
    operator: Operator, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    license = vendor.issue()
    type_in(monkeypatch, license.id)
    (row,) = operator.asks("license disable - --dry-run")["rows"]
    assert (row["answer"]["event"], vendor.stored(license).enabled) == ("license_disabled", True)
    type_in(monkeypatch, license.id)
    heads, done = operator.reads("license disable -").splitlines()[-2:]
    assert (heads.split(), done.split()) == (["license", "status", "note"], [str(license.id), "done", "-"])
    type_in(monkeypatch)
    assert operator.reads("license show -") == "\nrows: none\n"


def test_two_hundred_are_done_in_one_process(
    operator: Operator, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for _ in range(200):
        vendor.now += 1
        ids.append(vendor.issue().id)
    type_in(monkeypatch, *ids)
    assert len(operator.asks("license set - --note renewed")["rows"]) == 200
    found = licenses.read_some_with_extras(vendor.code, ids)
    assert {extras.note for _, extras in found} == {"renewed"}


def test_standard_input_that_cannot_be_read_is_one_sentence(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n")))
    assert operator.refused("license show -") == "-: it is not valid UTF-8."
    closed: Any = None
    monkeypatch.setattr(sys, "stdin", closed)
    assert operator.refused("license show -") == "-: standard input is closed."


# --- completion ----------------------------------------------------------------------------------------------------


def completed(typed: str) -> list[str]:
    """What bash offers behind a line."""
    line = f"COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _seatkeeper; echo ${{COMPREPLY[*]}}"
    shell = ["bash", "-c", f"{script('bash')}\n{line}"]
    return subprocess.run(shell, capture_output=True, text=True, check=True).stdout.split()


def test_bash_completes_nouns_verbs_and_options() -> None:
    assert completed("seatkeeper lic") == ["license"]
    assert {"completion", "company", "sweep"} < {*completed("seatkeeper ''")}
    assert completed("seatkeeper license dis") == ["disable"]
    assert completed("seatkeeper completion ''") == ["bash", "zsh"]
    assert {"--max-activations", "--dry-run", "--json"} < {*completed("seatkeeper license set 1 --note x --")}
    assert completed("seatkeeper webhook delete --y") == ["--yes"]
    assert completed("seatkeeper license list --dry") == []
    assert completed("seatkeeper license list --cs") == ["--csv"]
    assert completed("seatkeeper license show --cs") == []
    assert "--repair" in completed("seatkeeper audit --")


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_needs_no_database_and_offers_all_that_a_command_takes(
    operator: Operator, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        operator.run(f"completion {shell}")
    said = capsys.readouterr().out
    assert (ended.value.code, said) == (0, f"{script(shell)}\n")
    for command in COMMANDS:
        taken = re.findall(r"^  (?:-h, )?(--[\w-]+)", page(capsys, *command.name.split()), re.MULTILINE)
        assert sorted(options_of(command)) == sorted(taken)
        assert " ".join(options_of(command)) in said


def test_the_command_of_the_shell_is_this_one() -> None:
    shell = ["bash", "-c", f"cd /; {script('bash')}\nseatkeeper --version"]
    assert "Seatkeeper" in subprocess.run(shell, capture_output=True, text=True, check=True).stdout
