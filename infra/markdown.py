"""Tables as Markdown has them, which commands print and pages hold."""

from collections.abc import Iterable


def markdown_table(rows: Iterable[Iterable[str]]) -> str:
    """The first row is the head, the second says how columns are aligned."""
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
