"""The commands that bring in what was sold elsewhere."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path

from chalicelib.domain.days import Moment, last_instant
from chalicelib.domain.errors import Invalid, Rejected, Unavailable, at_field
from chalicelib.domain.import_files import unknown_columns
from chalicelib.domain.import_sources import import_rows_of
from chalicelib.domain.instants import Instant
from chalicelib.domain.license_rows import DEVICE_COLUMNS, LICENSE_COLUMNS
from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.people_list import read_file
from chalicelib.domain.source_rows import System
from chalicelib.domain.types import Json, JsonValue
from chalicelib.usecases.create import find_company
from chalicelib.usecases.import_export import bring_in_export
from chalicelib.usecases.import_rows import RowResult, import_rows, plan_rows
from chalicelib.web.messages import message
from infra.admin.command_result import CommandResult
from infra.admin.export_files import reader_of
from infra.admin.messages import MESSAGES
from infra.admin.operator_name import operator
from infra.admin.parser import UsageError
from infra.progress import counting

_APPLY = "It is safe to repeat: what is there stays."
MAX_VALUE = 100
"""Characters that are shown of what a row says."""
_NAMED = {"order_id": "order_store_id", "custom_fields": "product_custom_fields"}
"""What a row names otherwise than the rules do."""
_NAMES = ("short_code", "code", "true_email", "email", "name", "hardware_id", "id")
"""By which an object of a row is known."""
TRIES, WAIT_SECONDS = 5, 5
"""How often rows are begun again while the database is busy, and how much longer is waited before each."""


def import_plan(
    company: str, file: list[str], from_: System, product: list[tuple[str, str]], limit: int, *, now: Instant
) -> CommandResult:
    planned, note = _planned(company, file, from_, product, now)
    return CommandResult(_counted(company, planned, limit), note)


def import_apply(
    company: str,
    file: list[str],
    from_: System,
    product: list[tuple[str, str]],
    limit: int,
    adopt_until: Moment | None,
    *,
    now: Instant,
) -> CommandResult:
    until = None if adopt_until is None else last_instant(adopt_until, find_company(company).time_zone)
    note = ""
    if from_ == "seatkeeper":
        read = _read_export(file, product)
        done = bring_in_export(company, read, operator(), adopt_until=until, now=now)
    else:
        texts = _read(file)
        note = _passed_over(from_, texts)

        def rows_but(known: Collection[int]) -> Iterator[RowResult]:
            rows = import_rows_of(from_, texts, dict(product))
            return import_rows(company, rows, from_, operator(), adopt_until=until, known=known, now=now)

        done = _with_patience(rows_but)
    busy = list[Unavailable]()
    document = _counted(company, _until_busy(done, busy), limit)
    refused = document["refused"]
    left = "The database is busy or out of reach: not all rows are done." if busy else ""
    notes = (note, f"{refused} rows were refused." if refused else "", left, _APPLY if refused or busy else "")
    return CommandResult(document, " ".join(filter(None, notes)), 1 if refused or busy else 0)


def _with_patience(rows_but: Callable[[Collection[int]], Iterator[RowResult]]) -> Iterator[RowResult]:
    """What has come of all rows. While the database is busy, those of which it is not known yet are begun again.

    `rows_but`: does all rows but those with these numbers. Raises `Unavailable` after `TRIES` without any that is done.
    """
    known, tries = set[int](), 0
    while True:
        try:
            for result in rows_but(known):
                known.add(result.number)
                tries = 0
                yield result
        except Unavailable:
            tries += 1
            if tries == TRIES:
                raise
            time.sleep(WAIT_SECONDS * tries)
        else:
            return


def _until_busy(results: Iterable[RowResult], busy: list[Unavailable]) -> Iterator[RowResult]:
    """Results up to the error that ends them, which `busy` is told."""
    try:
        yield from results
    except Unavailable as error:
        busy.append(error)


def import_verify(
    company: str, file: list[str], from_: System, product: list[tuple[str, str]], limit: int, *, now: Instant
) -> CommandResult:
    planned, note = _planned(company, file, from_, product, now)
    document = _counted(company, planned, limit)
    return CommandResult(document, note, 0 if document["same"] == document["read"] else 1)


def _planned(
    company: str, file: list[str], from_: System, product: list[tuple[str, str]], now: Instant
) -> tuple[Iterator[RowResult], str]:
    """What an import would do, and a note on what it would pass over. Raises `UsageError`, `Invalid`."""
    if from_ == "seatkeeper":
        return bring_in_export(company, _read_export(file, product), operator(), writes=False, now=now), ""
    texts = _read(file)
    rows = import_rows_of(from_, texts, dict(product))
    return plan_rows(company, rows, from_, now=now), _passed_over(from_, texts)


def _passed_over(from_: System, texts: list[str]) -> str:
    """A note on the columns of our own tables that say nothing here; what other systems say more is theirs."""
    unknown = dict.fromkeys(chain.from_iterable(map(_unknown_columns, texts)))
    return f"Columns that say nothing here: {', '.join(unknown)}." if from_ == "csv" and unknown else ""


def _unknown_columns(text: str) -> list[str]:
    unknown = unknown_columns(text, LICENSE_COLUMNS)
    return unknown_columns(text, DEVICE_COLUMNS) if "hardware_id" in unknown else unknown


def _read_export(file: list[str], product: list[tuple[str, str]]) -> Callable[[str], Iterator[Json]]:
    """What reads the files of an export, whose folder is the one file that is named. Raises `UsageError`."""
    if product:
        raise UsageError.of("--product", "products of a Seatkeeper keep their codes.")
    if len(file) != 1:
        raise UsageError.of("FILE", "name one folder of an export.")
    return reader_of(Path(file[0]))


def _read(files: list[str]) -> list[str]:
    """The texts of files. Raises `UsageError`, `Invalid`."""
    texts = []
    for name in files:
        try:
            content = Path(name).read_bytes()
        except OSError as error:
            raise UsageError(f"{name!a} cannot be read: {error.strerror}.") from None
        with at_field("file"):
            texts.append(read_file(content))
    return texts


def _counted(company: str, results: Iterable[RowResult], limit: int) -> Json:
    """How many rows there are of each verdict; of `limit` of those that are not as they are stored, which and why."""
    verdicts, listed = Counter[str](), list[Json]()
    for verdict, row in _rows(results):
        verdicts[verdict] += 1
        if verdict != "same" and len(listed) < limit:
            listed.append(row)
    counted = {verdict: verdicts[verdict] for verdict in ("new", "same", "changed", "refused")}
    return {"company": company, "read": verdicts.total(), **counted, "rows": listed}


def _rows(results: Iterable[RowResult]) -> Iterator[tuple[str, Json]]:
    with counting("rows") as done:
        for result in results:
            done(1)
            row: Json = {"row": result.number, "name": result.name or None}
            if result.error is not None:
                yield "refused", row | {"verdict": "refused", "license": None, "why": _why(result.error, result.given)}
            elif result.outcome is not None:
                outcome = result.outcome
                said = {"verdict": outcome.verdict, "license": outcome.license_id, "why": ", ".join(outcome.differs)}
                yield outcome.verdict, row | said


def _why(error: Rejected, row: Json) -> str:
    """A sentence for each field of a row that is wrong, with its name and what the row says there."""
    return " ".join(_sentence(one, row) for one in (error.errors if isinstance(error, Invalid) else (error,)))


def _sentence(error: Rejected, row: Json) -> str:
    sentence = message(error, MESSAGES)
    if error.field is None:
        return sentence
    value = _value_at(row, _NAMED.get(error.field, error.field))
    return f"{error.field}: {sentence}" if value in sentence else f"{error.field} {value!r}: {sentence}"


def _value_at(row: JsonValue, path: str) -> str:
    """What a row says at a path, such as `license_users.1`, in short; empty for a list, and where it says nothing."""
    value = row
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
    if isinstance(value, dict):
        value = next((value[name] for name in _NAMES if isinstance(value.get(name), str | int)), None)
    return safe_to_show(str(value), MAX_VALUE) if isinstance(value, str | int | float) else ""
