"""`Any` tells a reader nothing: where it stands, a comment on its line or the one above says why it has to."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
MODULES = [HERE / "app.py", *sorted((HERE / "chalicelib").rglob("*.py")), *sorted((HERE / "infra").rglob("*.py"))]


def unexplained(source: str) -> Iterator[int]:
    """The lines of a module on which `Any` stands, with a comment neither there nor above."""
    lines = ["", *source.splitlines()]
    nodes = ast.walk(ast.parse(source))
    for number in sorted({node.lineno for node in nodes if isinstance(node, ast.Name) and node.id == "Any"}):
        if "#" not in lines[number] and not lines[number - 1].lstrip().startswith("#"):
            yield number


def test_a_comment_says_why_a_thing_has_no_type() -> None:
    sources = {path: source for path in MODULES if "Any" in (source := path.read_text())}
    found = {path: list(unexplained(source)) for path, source in sources.items()}
    assert [f"{path.relative_to(HERE)}:{number}" for path, numbers in found.items() for number in numbers] == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x: Any = f()", [1]),
        ("x: Any = f()  # of chalice", []),
        ("# of chalice\nx: Any = f()\ny: dict[str, Any] = {}", [3]),
        ("from typing import Any", []),
    ],
)
def test_one_without_a_comment_is_found(source: str, lines: list[int]) -> None:
    assert list(unexplained(source)) == lines
