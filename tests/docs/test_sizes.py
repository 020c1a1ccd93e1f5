"""A file is one idea, and a function fits on a screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT

PRODUCT = [ROOT / "app.py", *ROOT.glob("chalicelib/**/*.py"), *ROOT.glob("infra/**/*.py")]
TESTS = [*ROOT.glob("tests/**/*.py")]
FILE_LINES, TEST_FILE_LINES, FUNCTION_LINES = 450, 600, 50
"""At most; a function's docstring does not count."""


def long_functions(source: str) -> list[str]:
    """Those of a module whose code has too many lines to be seen at once."""
    found = []
    for node in functions(ast.parse(source)):
        if node.end_lineno - node.lineno + 1 > FUNCTION_LINES:  # type: ignore[operator]
            first = node.body[0]
            docstring = 0 if ast.get_docstring(node) is None else first.end_lineno - first.lineno + 1  # type: ignore[operator]
            if node.end_lineno - node.lineno + 1 - docstring > FUNCTION_LINES:  # type: ignore[operator]
                found.append(node.name)
    return found


def functions(inside: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Those of a module, also within others. No expression holds one: none is looked into, and they are most of it."""
    for node in ast.iter_child_nodes(inside):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            yield from functions(node)


def too_long(files: list[Path], most: int) -> list[str]:
    """The files that have more lines."""
    return [str(file.relative_to(ROOT)) for file in files if len(file.read_text().splitlines()) > most]


def test_no_file_is_too_long() -> None:
    assert too_long(PRODUCT, FILE_LINES) + too_long(TESTS, TEST_FILE_LINES) == [], "part it by what it is about"


def test_every_function_fits_on_a_screen() -> None:
    sources = {file: source for file in PRODUCT + TESTS if (source := file.read_text()).count("\n") > FUNCTION_LINES}
    found = {str(file.relative_to(ROOT)): long_functions(source) for file, source in sources.items()}
    assert {file: names for file, names in found.items() if names} == {}, "give a part of it a name of its own"


def test_a_long_function_is_found_and_its_docstring_does_not_count() -> None:
    lines = "    x = 1\n" * (FUNCTION_LINES - 1)
    assert long_functions(f"def f():\n{lines}") == []
    assert long_functions(f'def f():\n    """Says\n    much."""\n{lines}') == []
    assert long_functions(f"class A:\n  def f():\n{lines}    y = 2\n") == ["f"]
    for block in ("try:\n {}\nexcept E:\n f()", "try:\n f()\nexcept E:\n {}", "match x:\n case 1:\n  {}", "if x:\n {}"):
        inner = f"async def g():\n{lines}    y = 2\n"
        assert long_functions(block.format(inner)) == ["g"], block
