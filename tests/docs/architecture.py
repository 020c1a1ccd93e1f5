"""The rooms of chalicelib, and their picture in docs: `.venv/bin/python -m tests.docs.architecture` prints it."""

import pkgutil
import tomllib
from collections import Counter
from typing import Any

import grimp

import chalicelib
from tests.docs.pages import ROOT

CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
LAYERS = [layer.split(" | ") for contract in CONTRACTS if contract["type"] == "layers" for layer in contract["layers"]]
"""The rooms as pyproject.toml has them, from the roof down."""
ADAPTERS = next(layer for layer in LAYERS if "portal" in layer)


def rooms() -> set[str]:
    """The packages and modules that lie in `chalicelib`, but its version."""
    return {found.name for found in pkgutil.iter_modules(chalicelib.__path__)} - {"version"}


def room(module: str) -> str:
    """The package that a module belongs to, as the picture calls it: `infra`, or what lies in `chalicelib`."""
    first, _, rest = module.partition(".")
    return first if first == "infra" else rest.partition(".")[0]


def arrows() -> Counter[tuple[str, str]]:
    """How many modules of a room import how many of another: (importing, imported)."""
    graph = grimp.build_graph("chalicelib", "infra")
    found: Counter[tuple[str, str]] = Counter()
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            pair = room(module), room(imported)
            if pair[0] != pair[1] and "" not in pair and "version" not in pair:
                found[pair] += 1
    return found


def picture() -> str:
    """The rooms and their arrows as a Mermaid graph."""
    lines = [f"  {importing} --> {imported}" for importing, imported in sorted(arrows())]
    return "\n".join(["graph TD", *lines])


if __name__ == "__main__":
    print(picture())
