"""The files of an export, and how far they are: whenever it ends, the next one goes on.

`export.json` in the folder says of each file how many of its bytes are whole, and behind which row to go on. It is
written when those are on the disk; what a crash has left behind them is cut off, and read again.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from chalicelib.domain.spreadsheet import cell_of, csv_lines
from chalicelib.domain.types import Json
from infra import file_lock
from infra.admin.parser import UsageError

Format = Literal["jsonl", "csv"]
STATE = "export.json"
_NEW_STATE = f"{STATE}.new"
VERSION = 1
"""Of the rows' form."""
ROWS_AT_ONCE = 500
"""Rows that are on the disk together, before it is said how far a file is."""
_MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""


@dataclass
class File:
    """How far one file is."""

    rows: int = 0
    bytes: int = 0
    after: str = ""
    """The position behind the last row."""
    done: bool = False


@dataclass
class Export:
    """An export as its folder says it."""

    company: str
    format: Format
    begun_at: str
    version: int = VERSION
    files: dict[str, File] = field(default_factory=dict)


@contextmanager
def open_export(folder: Path, company: str, format: Format, begun_at: str) -> Iterator[Export]:
    """The export in a folder, which is made if it is not there; nobody else writes there meanwhile.

    Raises `UsageError` where the folder holds anything else, or cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if not file_lock.take(held):
                raise UsageError.of("FOLDER", f"another export is writing to {str(folder)!a}.")
            yield _begun(folder, company, format, begun_at)
        finally:
            os.close(held)
    except OSError as error:
        raise UsageError.of("FOLDER", f"{str(folder)!a} cannot be written: {error.strerror}.") from None


def read_export(folder: Path) -> Export | None:
    """The export that a folder holds; None: it holds none. Raises `OSError`, `ValueError`."""
    try:
        said = json.loads((folder / STATE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    try:
        return Export(**said | {"files": {name: File(**file) for name, file in said["files"].items()}})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{STATE} is not as it was written") from error


def reader_of(folder: Path) -> Callable[[str], Iterator[Json]]:
    """What reads the rows of a file of a complete export as JSON lines, one after the other. Raises `UsageError`."""
    try:
        export = read_export(folder)
    except (OSError, ValueError):
        export = None
    if export is None or export.format != "jsonl" or not all(file.done for file in export.files.values()):
        raise UsageError.of("FILE", f"{str(folder)!a} is no folder of a complete export as JSON lines.")
    if export.version != VERSION:
        raise UsageError.of("FILE", f"{str(folder)!a} is of a newer Seatkeeper.")

    def read(name: str) -> Iterator[Json]:
        path = folder / file_name(name, "jsonl")
        try:
            with path.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)
        except (OSError, ValueError):
            raise UsageError.of("FILE", f"{str(path)!a} is not as it was written.") from None

    return read


def write_rows(
    folder: Path,
    export: Export,
    name: str,
    columns: tuple[str, ...],
    rows: Callable[[str], Iterable[tuple[str, Json]]],
    tell: Callable[[int], None],
) -> File:
    """Write the rows of a file that are not there yet. `rows` reads on behind a position; `tell` is told of each few.

    Raises `UsageError` where the file is shorter than it was, `OSError`.
    """
    file = export.files.setdefault(name, File())
    if file.done:
        return file
    with _opened(folder / file_name(name, export.format), file) as out:
        if export.format == "csv" and not file.bytes:
            _write(out, file, _MARK + csv_lines([columns]))
        left = iter(rows(file.after))
        while few := list(islice(left, ROWS_AT_ONCE)):
            _write(out, file, _text([row for _, row in few], columns, export.format))
            file.rows, file.after = file.rows + len(few), few[-1][0]
            _keep(folder, export)
            tell(len(few))
        file.done = True
        _keep(folder, export)
    return file


def file_name(name: str, format: Format) -> str:
    """The file of a noun."""
    return f"{name}.{format}"


def _begun(folder: Path, company: str, format: Format, begun_at: str) -> Export:
    try:
        export = read_export(folder)
    except ValueError:
        raise UsageError.of("FOLDER", f"{str(folder / STATE)!a} is not as it was written.") from None
    if export is None:
        if any(path.name != _NEW_STATE for path in folder.iterdir()):
            raise UsageError.of("FOLDER", f"{str(folder)!a} is not empty, and holds no export.")
        export = Export(company, format, begun_at)
        _keep(folder, export)
    if (export.company, export.format, export.version) != (company, format, VERSION):
        of = f"of {export.company} as {export.format}"
        raise UsageError.of("FOLDER", f"{str(folder)!a} holds another export, {of}.")
    return export


@contextmanager
def _opened(path: Path, file: File) -> Iterator[BinaryIO]:
    """The file behind its last byte that is whole."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as out:
        if os.fstat(out.fileno()).st_size < file.bytes:
            raise UsageError.of("FOLDER", f"{str(path)!a} is shorter than it was: remove the folder, and begin anew.")
        out.truncate(file.bytes)
        out.seek(file.bytes)
        yield out


def _text(rows: list[Json], columns: tuple[str, ...], format: Format) -> str:
    if format == "csv":
        return csv_lines([cell_of(row[column]) for column in columns] for row in rows)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write(out: BinaryIO, file: File, text: str) -> None:
    """Write to the disk, and not to its cache alone."""
    file.bytes += out.write(text.encode())
    out.flush()
    os.fsync(out.fileno())


def _keep(folder: Path, export: Export) -> None:
    """Say how far all files are, whole or not at all."""
    new = folder / _NEW_STATE
    with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as out:
        json.dump(asdict(export), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    new.replace(folder / STATE)
