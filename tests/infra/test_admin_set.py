"""What all commands that change or make something say alike: of nothing to change, of what is empty, of what is new."""

import shlex

import pytest

from infra.admin.command import Command
from infra.admin.command_table import COMMANDS
from infra.admin.text_output import as_text
from tests.infra.operator import Operator


def without_changes(command: Command) -> str:
    """How a command is typed, as its example, but for what it changes."""
    changing = {option.name: option for option in command.changing}
    words, left = iter(shlex.split(command.example)), [command.name]
    for word in words:
        if word not in changing:
            left.append(shlex.quote(word))
        elif changing[word].read is not None:
            next(words)
    return " ".join(left)


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.changing], ids=lambda one: one.name)
def test_a_set_that_is_given_nothing_to_change_says_so(operator: Operator, command: Command) -> None:
    assert operator.refused(without_changes(command)) == "Say what is to be changed."


def test_each_set_has_what_it_changes_or_has_to_be_given_it() -> None:
    names = [one.name for one in COMMANDS if one.name.endswith(" set") and not one.changing]
    assert names == ["device set"]


def test_what_is_made_has_nothing_that_was_there() -> None:
    made = [one for one in COMMANDS if one.name.endswith((" create", " issue"))]
    assert [(one.name, option.name) for one in made for option in one.options if "was there" in option.help] == []


def test_what_is_empty_is_a_dash_in_text() -> None:
    lines = as_text({"phone_number": "", "note": None, "rows": [{"name": "", "of": [], "last": 1}]}).splitlines()
    assert [line.split()[-1] for line in lines[:2]] == ["-", "-"]
    assert lines[-1].split() == ["-", "-", "1"]
