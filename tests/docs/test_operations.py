"""docs/operations.md: its commands exist, every alarm has its row, and its costs are what the script reckons today."""

import re
from collections.abc import Iterator

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import StructureShape

from infra.admin.parser import read_command_line
from infra.cost.__main__ import main as cost
from infra.stage.__main__ import VERBS
from infra.stage.alarms import ALARMS
from tests.docs.pages import DOCS, PAGES, ROOT, blocks

PAGE = (DOCS / "operations.md").read_text()
OF_EVERY_COMMAND = {"query", "output", "region"}
RENAMED = {("sns", "subscribe"): {"notification-endpoint": "endpoint"}}
"""Options that the AWS CLI calls otherwise than the service does."""
_SESSION = botocore.session.get_session()


def lines() -> list[str]:
    """Every command line of the page: of its blocks, and between backticks."""
    shown = [line for block in blocks(PAGE, "console") for line in re.sub(r"\\\n *", "", block).splitlines()]
    return shown + [text for text in re.findall(r"`([^`\n]+)`", PAGE) if re.match(r"(aws|make|python|\.venv)\b", text)]


def aws_commands() -> Iterator[str]:
    for line in lines():
        plain = re.sub(r"\$\((?!aws)[^()]*\)", "answered", line)
        yield from re.findall(r"\baws ([a-z0-9-]+ [a-z0-9-]+[^|;)&>]*)", plain)


@pytest.mark.parametrize("command", sorted(set(aws_commands())))
def test_a_command_of_the_aws_cli_is_one_that_aws_takes(command: str) -> None:
    service, operation, rest = (*command.split(maxsplit=2), "")[:3]
    given = set(re.findall(r"--([a-z0-9-]+)", re.sub(r"'[^']*'|\"[^\"]*\"", "", rest)))
    if operation == "wait":
        waiter, rest = (*rest.split(maxsplit=1), "")[:2]
        operation = _operation_of_waiter(service, waiter)
    taken, needed = _options(service, operation)
    renamed = RENAMED.get((service, operation), {})
    given = {renamed.get(option, option) for option in given}
    assert given - taken - OF_EVERY_COMMAND == set()
    assert needed - given == set()


def _operation_of_waiter(service: str, waiter: str) -> str:
    model = _SESSION.get_waiter_model(service)
    named = {xform_name(name, "-"): name for name in model.waiter_names}
    return xform_name(model.get_waiter(named[waiter]).operation, "-")


def _options(service: str, operation: str) -> tuple[set[str], set[str]]:
    """What an operation takes, and what it cannot do without."""
    model = _SESSION.get_service_model(service)
    named = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(named[operation]).input_shape
    assert isinstance(shape, StructureShape)
    options = {xform_name(name, "-"): member for name, member in shape.members.items()}
    switches = {f"no-{name}" for name, member in options.items() if member.type_name == "boolean"}
    return set(options) | switches, {xform_name(name, "-") for name in shape.required_members}


def test_every_admin_command_is_one() -> None:
    said = [line.partition("infra.admin ")[2] for line in lines() if "infra.admin " in line]
    assert said
    for line in said:
        read_command_line(_words(line))


def _words(line: str) -> list[str]:
    return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line.partition(" > ")[0])]


def test_every_target_and_verb_of_a_stage_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = {name for line in lines() for name in re.findall(r"^make ([a-z-]+)", line)}
    assert made - targets == set()
    verbs = {verb for line in lines() for verb in re.findall(r"infra\.stage (\w+)", line)}
    assert verbs - set(VERBS) == set()
    assert (set(VERBS) & targets) - made == set()


def test_every_alarm_has_its_row_and_no_other() -> None:
    section = PAGE.partition("\n## Alarms")[2].partition("\n## ")[0]
    rows = [re.findall(r"`([a-z0-9-]+)`", row) for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)]
    assert sorted(name for names in rows for name in names) == sorted(alarm.name for alarm in ALARMS)


def test_a_month_costs_what_the_script_reckons(capsys: pytest.CaptureFixture[str]) -> None:
    assert cost([]) == 0
    assert capsys.readouterr().out in PAGE


def test_every_variable_that_is_read_is_documented() -> None:
    sources = [ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "infra").rglob("*.py")]
    read = {name for file in sources for name in re.findall(r"\"((?:AWS|SEATKEEPER)_[A-Z_]+)\"", file.read_text())}
    text = "".join(page.read_text() for page in PAGES)
    assert {name for name in read if name not in text} == set()
