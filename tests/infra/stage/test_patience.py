"""Whoever calls a server waits longer than httpx's five seconds: on a busy machine its start takes as long."""

import ast
from collections.abc import Iterator

from infra.stage.stages import ROOT

FOLDERS = ("infra", "tests/stage", "tests/licenseapi", "tests/infra", "tests/e2e", "tests/race", "tests/proof")
SENDS = {f"httpx.{name}" for name in ("get", "post", "put", "head", "request", "stream", "Client", "AsyncClient")}


def test_every_client_says_how_long_it_waits() -> None:
    clients = list(calls())
    assert len(clients) >= 30, "none is found any more"
    assert [where for where, has_timeout in clients if not has_timeout] == []


def calls() -> Iterator[tuple[str, bool]]:
    """Each use of httpx that sends, by its place, and whether it names a timeout, or reaches no server."""
    for source in (file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in SENDS:
                place = f"{source.relative_to(ROOT)}:{node.lineno}"
                yield place, bool({"timeout", "transport"} & {keyword.arg for keyword in node.keywords})
