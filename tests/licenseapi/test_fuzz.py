"""What the OpenAPI document allows, and what it forbids, sent by schemathesis: each answer is one that it names.

The seed is fixed, so a run can be repeated; a failure prints the request and how to send it again.
"""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import app
from infra import openapi
from infra.wsgi import wsgi
from tests.licenseapi.test_hostile import judge
from tests.support import Application, Vendor

pytestmark = pytest.mark.in_process("schemathesis asks the app through the WSGI adapter")

SEED = 20261124
EXAMPLES = 10
"""Of each operation, allowed and forbidden requests each, with and without valid authentication."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EMAIL = "don.joe@qbitec.com"


def operations() -> list[Any]:
    """Each operation that can be asked in a wrong way, to be sent to the app in process."""
    schema = schemathesis.openapi.from_path(openapi.FILE)
    schema.app = wsgi(app)
    found: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return [pytest.param(operation, id=operation.label) for operation in found if operation.definition.raw["security"]]


@pytest.fixture
def true(vendor: Vendor) -> list[dict[str, str]]:
    """What is true of two devices, one by key and one by user: without it a generated request finds nothing."""
    by_key, by_user = vendor.issue(customer=EMAIL), vendor.issue("revit", customer=EMAIL)
    _, password = vendor.assign(by_user, EMAIL)
    assert password is not None
    assert by_key.license_key is not None
    vendor.activate(by_key, "hw-1")
    vendor.activate(EMAIL, "hw-1", password)
    device = {"hardware_id": "hw-1", "customer": EMAIL}
    return [
        device | {"product": "viewer", "license_key": by_key.license_key},
        device | {"product": "revit", "username": EMAIL, "password": password},
    ]


def put(case: Any, facts: dict[str, str]) -> None:
    """Let a part of a request be true: fields that the call does not know are ignored, as any."""
    if case.operation.method == "get":
        case.query = (case.query or {}) | facts
    elif isinstance(case.body, dict):
        case.body = case.body | facts


@pytest.mark.parametrize("authenticated", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("operation", operations())
def test_each_answer_is_one_that_the_document_names(
    operation: Any, mode: GenerationMode, authenticated: bool, application: Application, true: list[dict[str, str]]
) -> None:
    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck)
    )
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        facts = data.draw(st.sampled_from(true))
        left_out = data.draw(st.sets(st.sampled_from(sorted(facts)), max_size=3))
        put(case, {name: fact for name, fact in facts.items() if name not in left_out})
        answer = case.call(headers=application.headers() if authenticated else {})
        case.validate_response(answer, checks=CHECKS)
        headers = [(name, value) for name, values in answer.headers.items() for value in values]
        judge(httpx.Response(answer.status_code, headers=headers, content=answer.content))
        assert authenticated or answer.status_code != 200

    send()
