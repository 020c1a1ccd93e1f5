"""What is wrong with a call is said by the names that its sender wrote, in our words, and in no library's."""

from typing import Any

import pytest

from chalicelib.licenseapi.routes import endpoint
from chalicelib.web.endpoint import Endpoint
from tests.support import Application
from tests.web.fields import PYDANTIC

WRONG: tuple[Any, ...] = (True, -1, 1.5, 2**60, "x" * 3000, [], {}, {"x": []}, {"x" * 65: 1}, {"x": "x" * 513})
CALLS = [one for one in endpoint.declared if not one.public]


@pytest.mark.parametrize("declared", CALLS, ids=[one.name for one in CALLS])
def test_what_is_wrong_with_a_call_is_said_in_our_words(application: Application, declared: Endpoint) -> None:
    model = declared.query or declared.body
    assert model is not None
    ask = application.get if declared.method == "GET" else application.post
    path, found = declared.route.removeprefix("/"), list[str]()
    for value in ("", *WRONG):
        for sent in [dict.fromkeys(model.model_fields, value), *({name: value} for name in model.model_fields)]:
            answer = ask(path, **sent)
            if answer.status_code >= 400:
                found.append(answer.json()["message"])
    assert found
    assert [sentence for sentence in found if PYDANTIC.search(sentence) or sentence[-1] != "."] == []
