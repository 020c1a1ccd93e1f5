"""A request's path, query and body as models. What is wrong with them is said before anything is looked up."""

from typing import Literal, TypeVar
from urllib.parse import unquote

from chalice.app import Request
from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from chalicelib.domain.errors import Invalid, NotFound, at_field
from chalicelib.domain.people_list import read_file
from chalicelib.domain.types import Json
from chalicelib.web.error_responses import MAX_FIELDS
from chalicelib.web.multipart import read_parts
from chalicelib.web.strict_json import parse_json

M = TypeVar("M", bound=BaseModel)
MAX_KIND = 1000
"""Characters of a type that are looked at."""
FORM = "multipart/form-data"


class FileBody(BaseModel):
    """A body that may be a form with a `file`, which is its `csv_file` then."""

    csv_file: str


def read_path(model: type[M], parts: dict[str, str]) -> M:
    """The parameters of the path, as Chalice hands them on: percent-encoded. Raises `SeatkeeperError` `not_found`."""
    try:
        return model.model_validate({name: unquote(text, errors="strict") for name, text in parts.items()})
    except (UnicodeDecodeError, ValidationError):  # such an id does not exist
        raise NotFound("not_found") from None


def read_query(model: type[M], request: Request) -> M:
    """The query; of a name that comes twice the last value. Raises `Invalid` that names the wrong fields."""
    given = request.query_params
    fields = {} if given is None else {name: given.getlist(name)[-1] for name in given}
    return _validated(model, fields, "query")


def read_body(model: type[M], request: Request) -> M:
    """The JSON body. Raises `SeatkeeperError`: it is missing or no JSON, or names the wrong fields."""
    if not request.raw_body.strip():
        raise Invalid("missing_content")
    kind = request.headers.get("content-type", "")[:MAX_KIND]
    if issubclass(model, FileBody) and kind.lower().startswith(FORM):
        return _validated(model, _form(kind, bytes(request.raw_body)), "body")  # type: ignore[arg-type] # as below
    try:
        body = parse_json(bytes(request.raw_body))  # type: ignore[arg-type] # never a str
    except ValueError as error:
        raise Invalid("invalid_json", reason=str(error)) from None
    if not (isinstance(body, dict) or issubclass(model, RootModel)):
        raise Invalid("validation_error", of="object", field="body")
    return _validated(model, body, "body")


def _form(kind: str, body: bytes) -> Json:
    """The `file` of a form, as a text. Raises `Invalid` where there is none, or it is no text."""
    _, files = read_parts(kind, body)
    if "file" not in files:
        raise Invalid("missing_parameters", field="file")
    with at_field("file"):
        return {"csv_file": read_file(files["file"])}


def _validated(model: type[M], given: object, where: Literal["query", "body"]) -> M:
    """`where` is what validators find as their context: a query has texts alone."""
    try:
        return model.model_validate(given, context=where)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise Invalid.all([_invalid(one) for one in found[:MAX_FIELDS]]) from None


def _invalid(found: ErrorDetails) -> Invalid:
    """What pydantic finds wrong with one field."""
    field = ".".join(f"{part:.64}" if isinstance(part, str) else str(part) for part in found["loc"]) or "body"
    if found["type"] == "missing" or (len(found["loc"]) == 1 and found["input"] in (None, "")):
        return Invalid("missing_hardware_id" if field == "hardware_id" else "missing_parameters", field=field)
    return Invalid("field_malformed", field=field, reason=found["msg"])
