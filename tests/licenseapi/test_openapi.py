"""docs/openapi.json: current, valid, and complete."""

from typing import Any

import pytest
import schemathesis

from app import app
from chalicelib.web.errors import CLIENT_ERRORS
from infra import openapi
from tests.licenseapi.test_error_shape import ROUTES

DOCUMENT = openapi.document(app.routes)
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def resolve(part: Any) -> Any:
    """What a reference leads to."""
    found: Any = DOCUMENT
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_the_document_is_that_of_the_code() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(app.routes), "run: python -m infra.openapi"


def test_the_document_is_valid() -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.validate()
    assert [result.err() for result in schema.get_all_operations() if not hasattr(result, "ok")] == []


def test_every_route_is_in_it_and_says_whether_it_asks_who_calls() -> None:
    told = {
        (method.upper(), path): tuple(operation["security"])
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    nobody: tuple[Any, ...] = ()
    both = ({"date": list[str](), "authorization": list[str]()},)
    public = [("GET", "/api/v4"), ("GET", "/api/v4/public_key")]
    assert told == dict.fromkeys(public, nobody) | dict.fromkeys(ROUTES, both)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_names_its_errors_in_the_one_shape(operation: dict[str, Any]) -> None:
    refusals = {int(status): resolve(answer) for status, answer in operation["responses"].items() if status != "200"}
    codes = []
    for status, answer in refusals.items():
        shape = answer["content"]["application/json"]["schema"]
        fields = shape["properties"]
        assert (list(fields), shape["required"], shape["additionalProperties"]) == (
            ["status", "code", "message"],
            ["status", "code", "message"],
            False,
        )
        assert {CLIENT_ERRORS[code][0] for code in fields["code"]["enum"]} == {status} == {fields["status"]["const"]}
        codes += fields["code"]["enum"]
    if operation["security"]:
        assert sorted(codes) == sorted(CLIENT_ERRORS)
    else:
        assert {"method_not_allowed", "internal_error", "service_busy"} <= set(codes)
        assert "invalid_api_key" not in codes


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_grant_is_signed(operation: dict[str, Any]) -> None:
    assert resolve(operation["responses"]["200"]["headers"]["LicenseSignature"])["required"] is True
