"""An answer as text: a document's values line by line, its lists as tables; or its rows as CSV."""

import json
from typing import Any

from chalicelib.domain.spreadsheet import cell_of, csv_lines
from chalicelib.domain.types import Json
from infra.admin.values import UNLIMITED

_WORD_OF_NONE = {"max_activations": UNLIMITED, "max_license_users": UNLIMITED, "products": "all"}
_WORD_OF = {("max_transfers", -1): "none", ("max_transfers", 0): UNLIMITED}
_BLOCKS = ("public_key", "old_public_key")
"""Ours to the letter, and to be copied as it stands."""
_GAP = "  "


def as_text(document: Json) -> str:
    """For people to read. What does not print is escaped: a client that names its device is not to write here."""
    values = {n: value for n, value in document.items() if n not in _BLOCKS and not isinstance(value, list)}
    lines = _aligned([[name.replace("_", " "), _word(name, value)] for name, value in values.items()])
    for name in _BLOCKS:
        if document.get(name):
            lines += ["", f"{name.replace('_', ' ')}:", *document[name].splitlines()]
    for name, rows in document.items():
        if isinstance(rows, list):
            lines += ["", *_table(name.replace("_", " "), rows)]
    return "\n".join(lines)


def as_csv(document: Json) -> str:
    """The rows of a document's first list, which no spreadsheet takes for formulas; nothing where there are none."""
    rows: list[Json] = next((value for value in document.values() if isinstance(value, list)), [])
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = csv_lines([columns, *([cell_of(row.get(name)) for name in columns] for row in rows)])
    return lines.removesuffix("\r\n") if rows else ""


def _table(title: str, rows: list[Json]) -> list[str]:
    if not rows:
        return [f"{title}: none"]
    if not isinstance(rows[0], dict):
        return [f"{title}:", *(f"{_GAP}{_word('', row)}" for row in rows)]
    heads = [name.replace("_", " ") for name in rows[0]]
    cells = [heads, *([_word(name, value) for name, value in row.items()] for row in rows)]
    return [f"{title}:", *(f"{_GAP}{line}" for line in _aligned(cells))]


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (_GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [line.rstrip() for line in padded]


def _word(name: str, value: Any) -> str:  # whatever stands in a document
    if value in (None, "", []):
        return _WORD_OF_NONE.get(name, "-")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return json.dumps(value) if value else "-"
    if isinstance(value, list):
        return ", ".join(_word("", one) for one in value)
    if (name, value) in _WORD_OF:
        return _WORD_OF[name, value]
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(value))
