"""A request's path, query and body as models. What is wrong with them is said before anything is looked up."""

from typing import Literal, TypeVar
from urllib.parse import unquote

from chalice.app import Request
from pydantic import BaseModel, PrivateAttr, RootModel, ValidationError

from chalicelib.domain.errors import Invalid, NotFound, at_field
from chalicelib.domain.people_list import read_file
from chalicelib.domain.types import Json
from chalicelib.web.field_errors import field_errors
from chalicelib.web.multipart import read_parts
from chalicelib.web.strict_json import parse_json

M = TypeVar("M", bound=BaseModel)
MAX_KIND = 1000
"""Characters of a type that are looked at."""
FORM = "multipart/form-data"


class FileBody(BaseModel):
    """A body that may be a form with a `file`, which is its `csv_file` then."""

    csv_file: str
    _is_form: bool = PrivateAttr(default=False)

    @property
    def file_field(self) -> str:
        """What its sender calls the file."""
        return "file" if self._is_form else "csv_file"

    def model_post_init(self, context: object, /) -> None:
        """A form has another name for the file."""
        self._is_form = context == "form"


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
        return _validated(model, _form(kind, bytes(request.raw_body)), "form")  # type: ignore[arg-type] # as below
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


def _validated(model: type[M], given: object, where: Literal["query", "body", "form"]) -> M:
    """`where` is what validators find as their context: a query has texts alone."""
    try:
        return model.model_validate(given, context=where)
    except ValidationError as error:
        raise Invalid.all(field_errors(model, given, error, where)) from None
