"""What grants has the fields that the OpenAPI document names, in its order, and shares nothing with another answer."""

import inspect
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from chalicelib.usecases.create import create_api_key
from chalicelib.web import clock
from tests.licenseapi.test_error_shape import ROUTES
from tests.licenseapi.test_openapi import DOCUMENT, resolve
from tests.support import ADMIN, Application, Vendor
from tests.test_module_state import modules

USER = "ada@customer.test"
FRESH = {"nonce": "n-1"}
ADDED_LAST = ("nonce", "server_time")
PUBLIC = [("GET", "/api/v4/")]
ENDS = ("deactivate_license", "change_password")


@pytest.fixture
def answers(vendor: Vendor, http: httpx.Client) -> dict[str, list[Any]]:
    """What each call grants: to a device by user and, where that can be, to one by key."""
    by_user = vendor.issue("revit", customer="purchasing@customer.test")
    by_key = vendor.issue(license_type="consumption", max_consumptions=9)
    _, password = vendor.assign(by_user, USER)
    vendor.activate(USER, "hw-1", password)
    vendor.activate(by_key, "hw-1")
    for license in (by_user, by_key):
        vendor.grant(license, "export")
    key, shared_key = create_api_key(
        vendor.code, frozenset(), False, ADMIN, scopes=frozenset({"people"}), now=clock.now()
    )
    application = Application(key.api_key, shared_key, http)
    given = FRESH | {"hardware_id": "hw-1", "customer": "purchasing@customer.test", "new_password": "another password"}
    given |= {"feature": "export"}
    keyed = given | {"product": "viewer", "license_key": by_key.license_key}
    named = given | {"product": "revit", "username": USER, "password": password}
    found: dict[str, list[Any]] = {}
    for method, path in sorted(ROUTES + PUBLIC, key=lambda route: route[1].endswith(ENDS)):
        call = path.removeprefix("/api/v4/")
        for asked in (keyed, named):
            sent = (
                application.get(call, **asked)
                if method == "GET"
                else application.post(call, **asked, variables={"a": "1"})
            )
            if sent.status_code == 200 and "json" in sent.headers["Content-Type"]:
                found.setdefault(path, []).append(sent.json())
    return found


def test_the_fields_of_an_answer_are_those_of_the_document_in_its_order(answers: dict[str, list[Any]]) -> None:
    schemas = {}
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            content = operation["responses"]["200"]["content"]
            if "application/json" in content:
                schemas[path] = content["application/json"]["schema"]
    assert {path.rstrip("/") for path in answers} == schemas.keys()
    for path, bodies in answers.items():
        for body in bodies:
            for schema, fields in objects(schemas[path.rstrip("/")], body):
                assert list(fields) == [name for name in in_order(schema) if name in fields], path


def in_order(schema: dict[str, Any]) -> list[str]:
    """The fields of an object; what makes an answer fresh comes after all others."""
    return sorted(schema["properties"], key=ADDED_LAST.__contains__)


def objects(schema: Any, value: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each object of an answer that the document has a model of, with that model."""
    if "$ref" in schema:
        schema = resolve(schema)
    if value is None:
        return
    for kind in schema.get("anyOf", ()):
        if kind.get("type") != "null":
            yield from objects(kind, value)
    if isinstance(value, list):
        for item in value:
            yield from objects(schema["items"], item)
    elif "properties" in schema:
        yield schema, value
        for name, part in value.items():
            yield from objects(schema["properties"][name], part)


def constants(values: dict[str, Any]) -> dict[str, str]:
    """What a module keeps that a function could change; not what holds objects, which differ by their address."""
    kept = {name: spelt(value) for name, value in values.items() if isinstance(value, dict | list | set)}
    return {name: text for name, text in kept.items() if not name.startswith("__") and " at 0x" not in text}


def spelt(value: Any) -> str:
    """As `repr` does, but what has no order in an order."""
    if isinstance(value, dict):
        return str({repr(name): spelt(part) for name, part in value.items()})
    return str(sorted(map(repr, value))) if isinstance(value, set | frozenset) else repr(value)


def test_no_call_changes_what_all_calls_are_made_of(answers: dict[str, list[Any]]) -> None:
    assert answers
    for module in modules():
        if module.__name__.startswith("chalicelib."):
            anew = {"__name__": module.__name__, "__package__": module.__package__, "__file__": module.__file__}
            exec(inspect.getsource(module), anew)  # noqa: S102 - our own module
            assert constants(vars(module)) == constants(anew), module.__name__
