"""Import a file of a vendor's own by the Management API: what came of it is kept, to be looked at."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from itertools import islice

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid, NotFound, Rejected
from chalicelib.domain.events import Actor
from chalicelib.domain.ids import new_id
from chalicelib.domain.import_files import FileRow, read_rows, unknown_columns
from chalicelib.domain.import_results import MAX_INVALID, MAX_ROWS, ImportKind, ImportResult, ImportStatus
from chalicelib.domain.instants import Instant
from chalicelib.domain.keys import forms
from chalicelib.domain.license_rows import (
    CUSTOMER_COLUMNS,
    FEATURE_COLUMNS,
    LICENSE_COLUMNS,
    customer_row,
    feature_row,
)
from chalicelib.domain.paging import cut, search
from chalicelib.domain.types import Json
from chalicelib.store import accounts, import_results
from chalicelib.threads import map_in_turns
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customers import change_customer, create_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.idempotency import in_steps
from chalicelib.usecases.import_rows import import_rows
from chalicelib.usecases.license_extras import Wanted, set_feature

Refusal = Json
"""A row that was refused: its number, and the code, field and params of the error."""


def import_licenses_file(company: str, text: str, file_name: str, actor: Actor, *, now: Instant) -> ImportResult:
    """Import a file of licenses, as `import_rows` does. Raises `Invalid` where it cannot be read, or is too long."""
    rows = _rows(text)
    counts, refused = Counter[str](), list[Refusal]()
    with in_steps():
        for done in import_rows(company, rows, "csv", actor, now=now):
            if done.outcome is None:
                refused.append(_refusal(done.number, done.error))
            else:
                counts["new" if done.outcome.verdict == "new" else "there"] += 1
    counted: Json = {
        "created_licenses_count": counts["new"],
        "existed_licenses_count": counts["there"],
        "unknown_columns": unknown_columns(text, LICENSE_COLUMNS),
    }
    return _keep(company, "licenses", file_name, len(rows), counted, refused, now)


def import_features_file(company: str, text: str, file_name: str, actor: Actor, *, now: Instant) -> ImportResult:
    """Let licenses have the features of a file, each row by a license key and a code; what else they have stays.

    Raises as `import_licenses_file`.
    """
    zone = find_company(company).time_zone

    def set_one(row: Json, at: Instant) -> bool:
        key, feature = feature_row(row, zone)
        found = (accounts.find_license_id_by_key(company, form) for form in forms(key))
        license_id = next((id for id in found if id is not None), None)
        if license_id is None:
            raise NotFound("license_not_found", field="license_key")
        had = any(one.code == feature.code for one in find_sold(company, license_id)[1].features)
        set_feature(company, license_id, Wanted(feature.code, feature.expires_at, feature.more), actor, now=at)
        return not had

    rows = _rows(text)
    new, there, refused = _each(rows, "license_key", set_one, now)
    counted: Json = {
        "created_license_features": new,
        "existed_license_features": there,
        "unknown_columns": unknown_columns(text, FEATURE_COLUMNS),
    }
    return _keep(company, "features", file_name, len(rows), counted, refused, now)


def import_customers_file(company: str, text: str, file_name: str, actor: Actor, *, now: Instant) -> ImportResult:
    """Make the customers of a file, by their emails; of one who is there the row's texts are taken over.

    Raises as `import_licenses_file`.
    """
    zone = find_company(company).time_zone

    def make_one(row: Json, at: Instant) -> bool:
        texts = customer_row(row, zone)
        email = texts.pop("email")
        there = find_customer_by_email(company, known_email(email))
        if there is None:
            create_customer(company, email, texts, actor, now=at)
        elif texts:
            change_customer(company, there.id, texts, actor, now=at)
        return there is None

    rows = _rows(text)
    new, there, refused = _each(rows, "email", make_one, now)
    counted: Json = {
        "created_customers_count": new,
        "existed_customers_count": there,
        "unknown_columns": unknown_columns(text, CUSTOMER_COLUMNS),
    }
    return _keep(company, "customers", file_name, len(rows), counted, refused, now)


def find_import_result(company: str, kind: ImportKind, id: int) -> ImportResult:
    """What came of a file. Raises `NotFound`: `import_result_not_found`."""
    found = import_results.read(company, kind, id)
    if found is None:
        raise NotFound("import_result_not_found")
    return found


def find_import_results(
    company: str, kind: ImportKind, statuses: Collection[str] | None, after: str, limit: int
) -> tuple[list[ImportResult], str]:
    """What came of files, oldest first: at most `limit` behind the position `after`, and the one to go on behind, which
    is empty at the end.

    `statuses`: those that are shown; None: all. No key serves them: there may be fewer rows, or none, and more behind.
    """

    def read(after: str, limit: int) -> tuple[list[ImportResult], bool]:
        behind = int(after) if after else None
        return cut(import_results.read_page(company, kind, after=behind, limit=limit + 1), limit)

    keep = None if statuses is None else lambda rows: [row for row in rows if row.status in statuses]
    return search(read, lambda row: str(row.id), after, limit, keep)


def _rows(text: str) -> list[FileRow]:
    rows = list(islice(read_rows(text), MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise Invalid("count_out_of_range", field="file", least=1, most=MAX_ROWS)
    return rows


def _each(
    rows: Sequence[FileRow], of: str, do: Callable[[Json, Instant], bool], now: Instant
) -> tuple[int, int, list[Refusal]]:
    """Do each row, some at once, but not those that name the same one by `of`: how many made something new, how many
    did not, and which were refused.
    """

    def outcome(row: FileRow) -> bool | Refusal:
        try:
            if row.problem is not None:
                raise row.problem
            return do(row.row, now + row.number)  # ids of one millisecond may be equal
        except Rejected as error:
            return _refusal(row.number, error)

    with in_steps():
        done = list(map_in_turns(outcome, rows, lambda row: str(row.row.get(of))))
    refused = [one for one in done if isinstance(one, dict)]
    return done.count(True), done.count(False), refused


def _refusal(number: int, error: Rejected | None) -> Refusal:
    assert error is not None  # what has no outcome has an error
    return {"row": number, "code": error.code, "field": error.field, "params": error.params}


def _keep(
    company: str,
    kind: ImportKind,
    file_name: str,
    rows: int,
    counted: Json,
    refused: Sequence[Refusal],
    now: Instant,
) -> ImportResult:
    totals = {"total_row_count": rows, "valid_row_count": rows - len(refused)}
    result = totals | {"invalid_rows": list(refused[:MAX_INVALID])} | counted
    status: ImportStatus = "error" if refused else "success"
    kept = ImportResult(company, new_id(now), kind, status, now, now, file_name, result)
    import_results.keep(kept)
    return kept
