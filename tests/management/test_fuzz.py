"""What the OpenAPI document allows, and what it forbids, sent by schemathesis: each answer is one that it names.

As tests/licenseapi/test_fuzz.py, with the same seed and the same `FUZZ_SEED` and `FUZZ_EXAMPLES`.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from app import app
from chalicelib.domain.rate import Bucket
from chalicelib.usecases import call_rate
from infra import openapi
from infra.wsgi import wsgi
from tests.licenseapi.test_fuzz import CHECKS, EXAMPLES, SEED
from tests.management.calls import Made
from tests.management.server import VendorsServer


def operations() -> list[Any]:
    """Each operation that can be asked in a wrong way, to be sent to the app in process."""
    schema = schemathesis.openapi.from_path(openapi.MANAGEMENT_FILE)
    schema.app = wsgi(app)
    found: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return [pytest.param(one, id=one.label) for one in found if one.definition.raw["security"]]


def ask(case: Any, authorization: str) -> int:
    """Send a request with this key, judge the answer by the document, and tell its status."""
    # a long refusal would be compressed, which the document's client does not undo
    case.headers = dict(case.headers or {}) | {"Authorization": authorization, "Accept-Encoding": "identity"}
    answer = case.call()
    case.validate_response(answer, checks=CHECKS)
    return int(answer.status_code)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("operation", operations())
def test_each_answer_is_one_that_the_document_names(
    operation: Any, mode: GenerationMode, shop: VendorsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_rate, "CALLS", Bucket(60_000, within_ms=60_000))
    made = Made.by(shop)
    requests = operation.as_strategy(generation_mode=mode)
    is_refused_to_all = not any(status.startswith("2") for status in operation.definition.raw["responses"])

    @seed(SEED)
    @settings(max_examples=EXAMPLES, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        note(f"FUZZ_SEED={SEED} FUZZ_EXAMPLES={EXAMPLES}")
        case = data.draw(requests)
        if case.path_parameters and data.draw(st.booleans()):  # else what is asked for is hardly ever there
            case.path_parameters = dict(case.path_parameters) | {name: made.ids[name] for name in case.path_parameters}
        assert ask(case, "Api-Key skm_nobody") in (403, 404, 413)  # an address or a body may be too long for one
        assert (ask(case, f"Api-Key {shop.key}") == 403) == is_refused_to_all

    send()
