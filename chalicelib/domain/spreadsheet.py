"""CSV texts that spreadsheets of every language open as they are meant: no cell is taken for a formula.

Where a cell begins like one, an apostrophe is put before it; so too behind each mark that parts cells in some country,
for a spreadsheet there takes what follows for a cell of its own. `as_meant` takes exactly those apostrophes away.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence

_FORMULA = (
    "=+@|\\-\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}\N{FULLWIDTH HYPHEN-MINUS}"
)
_PARTS = frozenset(';,"\t\r\n')
_GAP = ';,"\\s\ufeff\u200b\u00ad'
_RUN = rf"(?:\A|(?<![{_GAP}])(?=[{_GAP}]))([{_GAP}]*+)"
_BEGINS = rf"(?='*+[{_FORMULA}])"
_WRITE = re.compile(_RUN + _BEGINS)
_READ = re.compile(rf"{_RUN}'{_BEGINS}")
_LINE_WRITE, _LINE_READ = re.compile(r"\A(?='*+[\t\r\n])"), re.compile(r"\A'(?='*+[\t\r\n])")


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV text, comma and CRLF, that no spreadsheet takes for formulas."""
    return csv_lines((header, *rows))


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """The same of some rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_safe(cell) for cell in row])
    return out.getvalue()


def cell_of(value: object) -> str:
    """The cell of a value of JSON: a list or an object as JSON, null as an empty one."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_meant(cell: str) -> str:
    """A cell without the apostrophes that `to_csv` has put into it."""
    if "'" not in cell:
        return cell
    return _READ.sub(lambda found: found[1] if _is_begin(found) else found[0], _LINE_READ.sub("", cell))


def _safe(cell: str) -> str:
    marked = _WRITE.sub(lambda found: f"{found[1]}'" if _is_begin(found) else found[0], cell)
    return _LINE_WRITE.sub("'", marked)


def _is_begin(found: re.Match[str]) -> bool:
    """Whether what follows begins a cell, in some country at least."""
    return not found.start() or not _PARTS.isdisjoint(found[1])
