"""The page on the architecture: its picture is what the imports say, and a new room is named wherever it must be."""

import re

import pytest

from app import app
from tests.docs.architecture import ADAPTERS, CONTRACTS, LAYERS, picture, rooms
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
STEPS = 'The steps are in docs/architecture.md, under "Another adapter".'


def test_the_picture_is_drawn_from_the_imports() -> None:
    assert f"```mermaid\n{picture()}\n```" in PAGE, (
        "run .venv/bin/python -m tests.docs.architecture, and put what it prints there"
    )


@pytest.mark.parametrize("room", sorted(rooms()))
def test_every_room_has_a_layer_and_a_row_in_the_table(room: str) -> None:
    assert any(room in layer for layer in LAYERS), (
        f"chalicelib/{room} may import anything: name it in `layers` of pyproject.toml (an adapter: beside `portal`). "
        f"{STEPS}"
    )
    first_cells = " ".join(re.findall(r"^\| (`[^|]+) \|", PAGE, re.MULTILINE))
    assert re.search(rf"[`/]{room}(\.py|/)`", first_cells), (
        f"chalicelib/{room} is not in the table of docs/architecture.md, below the picture: say what is in it. {STEPS}"
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_what_no_adapter_may_import_every_adapter_may_not(adapter: str) -> None:
    adapters = {f"chalicelib.{each}" for each in ADAPTERS}
    for contract in CONTRACTS:
        sources = set(contract.get("source_modules", ()))
        assert not sources & adapters or f"chalicelib.{adapter}" in sources, (
            f'chalicelib.{adapter} is not among the `source_modules` of "{contract["name"]}" in pyproject.toml: '
            f"put it beside the other adapters. {STEPS}"
        )


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_every_adapter_is_registered_and_tested(adapter: str) -> None:
    answering = {entry.view_function.__module__ for methods in app.routes.values() for entry in methods.values()}
    assert f"chalicelib.{adapter}.routes" in answering, (
        f"nobody can call chalicelib/{adapter}: register the blueprint of its routes.py in app.py. {STEPS}"
    )
    assert [*(ROOT / "tests" / adapter).glob("test_*.py")], f"tests/{adapter}/ has no test of {adapter}. {STEPS}"
