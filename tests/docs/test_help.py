"""`--help` of every command ends with an example of the command; what needs what tests says so where it is missing."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.admin.command_table import COMMANDS
from tests import NOT_INSTALLED
from tests.docs.pages import ROOT

MODULES = [path for folder in ("infra", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
SAYS = re.compile(r"\b(help|description|epilog)=")


def without_example(source: str) -> Iterator[int]:
    """The lines of a module on which a parser is made whose `epilog` is no example of its `prog`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("ArgumentParser"):
            given = {word.arg: ast.unparse(word.value).lstrip("f").strip("\"'") for word in node.keywords}
            example = given.get("epilog", "")
            if not (example.startswith("example: ") and given["prog"] in example):
                yield node.lineno


def beyond_ascii(source: str) -> Iterator[int]:
    """The lines of a module on which something is said in `--help` that not every terminal can show."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and SAYS.fullmatch(f"{node.arg}="):
            texts = [part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            if not all(str(text).isascii() for text in texts):
                yield node.value.lineno


def test_help_is_shown_on_every_terminal() -> None:
    """Where its encoding lacks a letter the command would end with an error in the place of its help."""
    sources = {path: source for path in MODULES if SAYS.search(source := path.read_text())}
    assert len(sources) > 10
    found = {path: list(beyond_ascii(source)) for path, source in sources.items()}
    assert [f"{path.relative_to(ROOT)}:{number}" for path, numbers in found.items() for number in numbers] == []
    texts = [text for command in COMMANDS for text in (command.help, *(option.help for option in command.options))]
    assert [text for text in texts if not text.isascii()] == []
    assert list(beyond_ascii("add_argument('-x', help=f'{y} of …')")) == [1]


def test_each_command_has_an_example() -> None:
    found = {path: list(without_example(path.read_text())) for path in MODULES if "ArgumentParser" in path.read_text()}
    assert len(found) > 10
    assert [f"{path.relative_to(ROOT)}:{number}" for path, numbers in found.items() for number in numbers] == []


def test_a_command_that_needs_what_tests_says_how_to_install_it() -> None:
    commands = [path for path in MODULES if ROOT / "tests" in path.parents and "ArgumentParser(" in path.read_text()]
    commands.remove(Path(__file__))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__") for path in commands]
    assert "tests.explore" in names
    for name in names:  # `-S`: nothing that is installed is found
        ended = subprocess.run(
            [sys.executable, "-S", "-m", name], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stderr.splitlines()) == (1, [NOT_INSTALLED]), name


def test_what_make_starts_keeps_its_bytecode_whatever_the_machine_says() -> None:
    """Else each process of a test compiles all that it loads, and pytest rewrites each assertion anew."""
    shown = ["make", "-s", "--eval", 'shown:; @echo "[$$PYTHONDONTWRITEBYTECODE]"', "shown"]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    assert subprocess.check_output(shown, cwd=ROOT, env=environment, text=True) == "[]\n"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("ArgumentParser(prog='-m p', epilog='example: -m p 1')", []),
        ("ArgumentParser(prog='p')", [1]),
        ("\nargparse.ArgumentParser(prog='-m p', epilog='example: -m q')", [2]),
    ],
)
def test_one_without_an_example_is_found(source: str, lines: list[int]) -> None:
    assert list(without_example(source)) == lines
