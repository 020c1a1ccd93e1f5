"""What the OpenAPI document allows, and what it forbids, sent by schemathesis: each answer is one that it names.

The seed is fixed, so a run can be repeated; a failure prints the request and how to send it again. A longer run:

    FUZZ_SEED=$RANDOM FUZZ_EXAMPLES=500 pytest tests/licenseapi/test_fuzz.py      prints its seed where it fails
"""

import os
from typing import Any

import httpx
import jsonschema_rs  # by which schemathesis itself tells right from wrong
import pytest
import schemathesis
from hypothesis import HealthCheck, given, note, seed, settings
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

SEED = int(os.environ.get("FUZZ_SEED", "20261124"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
"""Of each operation, allowed and forbidden requests each. Each is sent without valid authentication, then with it."""
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
    asked = (operation for operation in found if operation.definition.raw["security"])
    return [pytest.param(operation, id=operation.label) for operation in asked if operation.query or operation.body]


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
    """Let what the request says be true, but for what it has wrong by the document: that stays wrong."""
    part, known = ("body", case.operation.body[0]) if case.operation.body else ("query", case.operation.query)
    schema, sent = known.validation_schema, getattr(case, part)
    if not isinstance(sent, dict):
        return

    def is_right(name: str) -> bool:
        if name in sent:
            return jsonschema_rs.is_valid(schema["properties"][name], sent[name])
        return name not in schema["required"]

    true = {name: fact for name, fact in facts.items() if name in schema["properties"] and is_right(name)}
    setattr(case, part, sent | true)


def ask(case: Any, headers: dict[str, str]) -> int:
    """Send a request with these headers, judge the answer by the document, and tell its status."""
    case.headers = headers
    answer = case.call()
    case.validate_response(answer, checks=CHECKS)
    answers = [(name, value) for name, values in answer.headers.items() for value in values]
    judge(httpx.Response(answer.status_code, headers=answers, content=answer.content))
    return int(answer.status_code)


def nobody(headers: dict[str, str]) -> st.SearchStrategy[dict[str, str]]:
    """Headers that do not tell who calls."""
    text = st.text(st.characters(min_codepoint=32, max_codepoint=126)).map(str.strip)
    return st.fixed_dictionaries({}, optional={"Date": st.just(headers["Date"]) | text, "Authorization": text})


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("operation", operations())
def test_each_answer_is_one_that_the_document_names(
    operation: Any, mode: GenerationMode, application: Application, true: list[dict[str, str]]
) -> None:
    @seed(SEED)
    @settings(max_examples=EXAMPLES, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        note(f"FUZZ_SEED={SEED} FUZZ_EXAMPLES={EXAMPLES}")
        headers = application.headers()
        case = data.draw(operation.as_strategy(generation_mode=mode, headers=headers))  # it is to break something else
        facts = data.draw(st.sampled_from(true))
        left_out = data.draw(st.sets(st.sampled_from(sorted(facts)), max_size=3))
        put(case, {name: fact for name, fact in facts.items() if name not in left_out})
        assert case.meta.generation.mode == mode, "what is true has made it another kind of request"
        assert ask(case, data.draw(nobody(headers))) != 200
        ask(case, headers)

    send()
