"""Management API: files of licenses, of features and of customers that are imported, and what has come of them."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.errors import NotFound, Rejected, Unavailable, sent_as
from chalicelib.domain.import_results import ImportKind, ImportResult, ImportStatus
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import Id, ListBody, ListQuery, Sent, part_of_walk
from chalicelib.management.reach import Own, by, itself, not_of_one_product, own_product
from chalicelib.usecases import import_files
from chalicelib.usecases.find_customer import find_customer
from chalicelib.usecases.products import find_product_by_id
from chalicelib.web import clock
from chalicelib.web.freshness import Date
from chalicelib.web.messages import message
from chalicelib.web.request_limits import MAX_BODY_BYTES
from chalicelib.web.request_models import FileBody

MAX_NAME = 255
CALL_SECONDS = 10.0
"""For so long a call goes on with its file; what it does not come to, the sweep does."""
Status = Annotated[StrictStr, Field(max_length=MAX_NAME)]


class ImportFile(Sent, FileBody):
    """A file, as one part of a form that has the name `file`, or as a text of JSON."""

    csv_file: Annotated[StrictStr, Field(max_length=MAX_BODY_BYTES)]
    file_name: Annotated[StrictStr, Field(max_length=MAX_NAME)] = ""


class LicenseFile(ImportFile):
    """A file of licenses."""

    product_id: Id | None = None
    """Of rows that name none."""
    customer_id: Id | None = None
    """Likewise: who has bought."""


class LicenseImportPath(Sent):
    """Which file of licenses."""

    license_import_id: Id


class FeatureImportPath(Sent):
    """Which file of features."""

    feature_import_id: Id


class CustomerImportPath(Sent):
    """Which file of customers."""

    customer_import_id: Id


class ResultsQuery(ListQuery):
    """Which results."""

    status__iexact: Status | None = None
    status_iexact: Status | None = None
    """The same: the public reference and its collection name it otherwise."""


class JobBody(TypedDict):
    """By which id it is looked up what came of a file."""

    job_id: int


class ImportResultBody(TypedDict):
    """What has come of a file."""

    id: int
    file_name: str
    status: ImportStatus
    """`error`: at least one row was refused; the others are imported."""
    created_at: Date
    started_at: Date | None
    finished_at: Date | None
    result: Json


class ImportResultList(ListBody):
    """A page of results, oldest first."""

    results: list[ImportResultBody]


def _own_result(kind: ImportKind) -> Own:
    """By the products of the key that has sent the file: of who may see them all."""

    def own(caller: Caller, id: int) -> None:
        if not import_files.find_import_result(caller.company, kind, id).is_shown_to(caller.key.products):
            raise NotFound("import_result_not_found")

    return own


its_licenses = by("license_import_id", _own_result("licenses"))
its_features = by("feature_import_id", _own_result("features"))


@endpoint("POST", "/licenses/import_from_csv", writes=True, scope="licenses:write", reach=itself)
def import_licenses(body: LicenseFile, caller: Caller) -> JobBody:
    """Import licenses, each row once: the same file again imports what is left, and what differs."""
    return _import("licenses", body, caller, lambda: _said(body, caller))


def _said(body: LicenseFile, caller: Caller) -> Json:
    """What is said of all rows. The records of customers are the whole company's."""
    said: Json = {}
    if body.product_id is not None:
        own_product(caller, body.product_id)
        said["product"] = {"short_code": find_product_by_id(caller.company, body.product_id).code}
    if body.customer_id is not None:
        if caller.key.products:
            raise not_of_one_product()
        said["customer"] = {"email": find_customer(caller.company, body.customer_id).email}
    return said


@endpoint("POST", "/licenses/import_features_from_csv", writes=True, scope="licenses:write", reach=itself)
def import_license_features(body: ImportFile, caller: Caller) -> JobBody:
    """Let licenses have the features of a file, each by a license key and a code; what else they have stays."""
    return _import("features", body, caller)


@endpoint("POST", "/customers/import_from_csv", writes=True, scope="customers:write")
def import_customers(body: ImportFile, caller: Caller) -> JobBody:
    """Make customers by their emails, or change those who are there."""
    return _import("customers", body, caller)


@endpoint("GET", "/licenses-import-results", writes=False, scope="licenses:read", reach=itself)
def list_license_import_results(query: ResultsQuery, caller: Caller) -> ImportResultList:
    """What has come of files of licenses, oldest first."""
    return _list("licenses", query, caller)


@endpoint(
    "GET", "/licenses-import-results/{license_import_id}", writes=False, scope="licenses:read", reach=its_licenses
)
def show_license_import_result(path: LicenseImportPath, caller: Caller) -> ImportResultBody:
    """What has come of a file of licenses."""
    return _body(import_files.find_import_result(caller.company, "licenses", path.license_import_id))


@endpoint("GET", "/license-features-import-results", writes=False, scope="licenses:read", reach=itself)
def list_feature_import_results(query: ResultsQuery, caller: Caller) -> ImportResultList:
    """What has come of files of features, oldest first."""
    return _list("features", query, caller)


@endpoint(
    "GET",
    "/license-features-import-results/{feature_import_id}",
    writes=False,
    scope="licenses:read",
    reach=its_features,
)
def show_feature_import_result(path: FeatureImportPath, caller: Caller) -> ImportResultBody:
    """What has come of a file of features."""
    return _body(import_files.find_import_result(caller.company, "features", path.feature_import_id))


@endpoint("GET", "/customers-import-results", writes=False, scope="customers:read")
def list_customer_import_results(query: ResultsQuery, caller: Caller) -> ImportResultList:
    """What has come of files of customers, oldest first."""
    return _list("customers", query, caller)


@endpoint("GET", "/customers-import-results/{customer_import_id}", writes=False, scope="customers:read")
def show_customer_import_result(path: CustomerImportPath, caller: Caller) -> ImportResultBody:
    """What has come of a file of customers."""
    return _body(import_files.find_import_result(caller.company, "customers", path.customer_import_id))


def _list(kind: ImportKind, query: ResultsQuery, caller: Caller) -> ImportResultList:
    asked, codes = {text.lower() for text in (query.status__iexact, query.status_iexact) if text}, caller.key.products

    def keep(result: ImportResult) -> bool:
        return asked <= {result.status} and result.is_shown_to(codes)

    find = partial(import_files.find_import_results, caller.company, kind, keep if asked or codes else None)
    rows, page = part_of_walk(find, query, caller, f"imports of {kind}")
    return {**page, "results": [_body(one) for one in rows]}


def _import(kind: ImportKind, body: ImportFile, caller: Caller, said: Callable[[], Json] = lambda: {}) -> JobBody:
    company, given = caller.company, (body.csv_file, body.file_name)
    with sent_as(lambda name: body.file_field if name == "file" else name):
        job = caller.once(
            lambda: import_files.start_import(
                company, kind, *given, caller.actor, products=caller.key.products, said=said(), now=caller.now
            ),
            lambda result: JobBody(job_id=result.id),
        )
    if not caller.is_replayed:
        with suppress(Unavailable):  # the file is kept: the sweep goes on with it
            import_files.continue_import(company, kind, job["job_id"], clock.now, clock.lasting(CALL_SECONDS))
    return job


def _body(result: ImportResult) -> ImportResultBody:
    refused = [_refused(row) for row in result.result["invalid_rows"]]
    return {
        "id": result.id,
        "file_name": result.file_name,
        "status": result.status,
        "created_at": to_iso(result.created_at),
        "started_at": to_iso(_started_at(result)),
        "finished_at": to_iso(result.finished_at if result.is_finished else None),
        "result": result.result | {"done_row_count": _done(result), "invalid_rows": refused},
    }


def _started_at(result: ImportResult) -> Instant | None:
    """Of before files were imported in steps, each began with its call."""
    return result.created_at if result.done is None else result.started_at


def _done(result: ImportResult) -> int:
    """How many rows are done, whatever came of them."""
    total: int = result.result["total_row_count"]
    return total if result.done is None else result.done


def _refused(row: Json) -> Json:
    """Why a row was refused, with a sentence."""
    error = Rejected(row["code"], field=row["field"], **row["params"])
    return {"row": row["row"], "code": row["code"], "field": row["field"], "detail": message(error)}
