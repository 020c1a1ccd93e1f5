"""Whoever calls a stage waits longer than httpx's five seconds: on a busy machine a function's start takes as long."""

import ast
from collections.abc import Iterator

from infra.stage.stages import ROOT

FOLDERS = ("infra", "tests/stage", "tests/licenseapi")
SENDS = {f"httpx.{name}" for name in ("get", "post", "put", "head", "request", "stream", "Client", "AsyncClient")}


def test_every_client_says_how_long_it_waits() -> None:
    clients = list(calls())
    assert len(clients) >= 7, "none is found any more"
    assert [where for where, has_timeout in clients if not has_timeout] == []


def calls() -> Iterator[tuple[str, bool]]:
    """Each use of httpx that sends, by its place, and whether it names a timeout."""
    for source in (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in SENDS:
                place = f"{source.relative_to(ROOT)}:{node.lineno}"
                yield place, "timeout" in {keyword.arg for keyword in node.keywords}
