"""docs/openapi.json: current, valid, and complete."""

import re
from typing import Any

import pytest
import schemathesis

from chalicelib.domain.users import MAX_PASSWORD, MIN_PASSWORD
from chalicelib.web.errors import CLIENT_ERRORS
from infra import openapi
from tests.licenseapi.test_error_shape import ROUTES

DOCUMENT = openapi.document()
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
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(DOCUMENT), "run: .venv/bin/python -m infra.openapi"


def test_the_document_is_valid() -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.validate()
    assert [result.err() for result in schema.get_all_operations() if not hasattr(result, "ok")] == []


def test_every_route_is_in_it_and_says_whether_it_asks_who_calls() -> None:
    answers = {
        (method.upper(), path): tuple(operation["security"])
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    nobody: tuple[Any, ...] = ()
    both = ({"date": list[str](), "authorization": list[str]()},)
    public = [("GET", "/api/v4"), ("GET", "/api/v4/public_key")]
    assert answers == dict.fromkeys(public, nobody) | dict.fromkeys(ROUTES, both)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_names_its_errors_in_the_one_shape(operation: dict[str, Any]) -> None:
    refusals = {int(status): resolve(answer) for status, answer in operation["responses"].items() if status != "200"}
    codes: list[str] = []
    for status, answer in refusals.items():
        assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}
        answers = re.findall(r"^- `(\w+)`", answer["description"], re.MULTILINE)
        assert {CLIENT_ERRORS[code][0] for code in answers} == {status}
        codes += answers
    if operation["security"]:
        assert sorted(codes) == sorted(CLIENT_ERRORS)
    else:
        assert {"method_not_allowed", "internal_error", "service_busy"} <= set(codes)
        assert "invalid_api_key" not in codes


def test_there_is_one_error_and_it_has_the_one_shape() -> None:
    shape = DOCUMENT["components"]["schemas"]["Error"]
    fields = ["status", "code", "message"]
    assert (list(shape["properties"]), shape["required"], shape["additionalProperties"]) == (fields, fields, False)
    assert shape["properties"]["code"]["enum"] == list(CLIENT_ERRORS)
    assert set(shape["properties"]["status"]["enum"]) == {status for status, _ in CLIENT_ERRORS.values()}


def kinds(schema: Any) -> list[Any]:
    """The kinds that a field may have, but null."""
    return [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]


DATES = {"created_at", "updated_at", "validity_period", "start_date", "maintenance_period", "borrowed_until"}
DATES |= {"expiry_date"}
ENUMS = {
    "license_type": ["perpetual", "time-limited", "subscription", "consumption"],
    "default_license_type": ["perpetual", "time-limited", "subscription"],
    "authorization_method": ["license-key", "user"],
}


def test_dates_closed_lists_and_bounds_are_told_wherever_they_stand() -> None:
    seen = set()
    for model in DOCUMENT["components"]["schemas"].values():
        for name, field in model["properties"].items():
            seen.add(name)
            for kind in kinds(field):
                assert ("date-time" in kind.values()) == (name in DATES | {"release_date", "server_time"}), name
                assert kind.get("enum") == ENUMS[name] if name in ENUMS else True, name
    assert seen > DATES | set(ENUMS)
    new_password = DOCUMENT["components"]["schemas"]["ChangePasswordRequest"]["properties"]["new_password"]
    assert (new_password["minLength"], new_password["maxLength"]) == (MIN_PASSWORD, MAX_PASSWORD)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_grant_is_signed(operation: dict[str, Any]) -> None:
    assert resolve(operation["responses"]["200"]["headers"]["LicenseSignature"])["required"] is True
