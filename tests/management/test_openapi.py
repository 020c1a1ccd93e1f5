"""docs/openapi-management.json: current, valid, complete, and served."""

from typing import Any

import httpx
import pytest
import schemathesis

from chalicelib.management import openapi as management
from chalicelib.management.activities import ROUTES
from chalicelib.management.errors import CODES, status_of
from infra import openapi
from tests.management.calls import CALLS
from tests.management.server import VendorsServer

DOCUMENT = management.document()
OPERATIONS = {
    operation["operationId"]: operation for methods in DOCUMENT["paths"].values() for operation in methods.values()
}


def test_the_document_is_that_of_the_code() -> None:
    written = openapi.MANAGEMENT_FILE.read_text(encoding="utf-8")
    assert written == openapi.text(DOCUMENT), "run: .venv/bin/python -m infra.openapi"


def test_anybody_is_served_the_document(http: httpx.Client) -> None:
    answer = http.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT


def test_the_document_is_valid() -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.validate()
    assert [result.err() for result in schema.get_all_operations() if not hasattr(result, "ok")] == []


def test_every_call_is_in_it_with_its_scope_and_the_headers_that_it_takes() -> None:
    taken = ["#/components/parameters/Idempotency-Key", "#/components/parameters/If-Match"]
    for declared in CALLS:
        operation = OPERATIONS.pop(declared.name)
        assert (operation["x-scope"], operation["security"]) == (declared.scope, [{"key": []}])
        assert operation.get("x-product-keys", False) == (declared.reach is not None)
        assert [one["$ref"] for one in operation["parameters"] if "$ref" in one] == (taken if declared.writes else [])
    for name in ROUTES:  # refused to all
        operation = OPERATIONS.pop(name)
        assert (operation["security"], [one for one in operation["responses"] if one < "400"]) == ([{"key": []}], [])
    assert [(name, left["security"]) for name, left in OPERATIONS.items()] == [("openapi", [])]


def test_there_is_one_error_with_every_code_and_status() -> None:
    parts: dict[str, Any] = DOCUMENT["components"]
    fields = ["detail", "code", "errors", "request_id"]
    assert (list(parts["schemas"]["Error"]["properties"]), parts["schemas"]["Error"]["required"]) == (fields, fields)
    for code in CODES:
        assert f"- `{code}`: " in parts["responses"][f"Error{status_of(code)}"]["description"]


@pytest.mark.parametrize("path", ["", "nothing", "webhooks/1/nothing", "licences"])
def test_an_address_that_there_is_not_is_told(shop: VendorsServer, path: str) -> None:
    answer = shop.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
