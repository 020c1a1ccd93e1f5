"""What operators write wrong is said in our words: no text of a library is shown, whatever is wrong."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from chalicelib.settings import Secrets, Settings
from chalicelib.wrong_values import wrong_values
from infra.cost.inputs import DEFAULT, Inputs
from infra.stage.stages import Config, read_config

WRONG: list[Any] = [
    None,
    "",
    "x",
    "1.5",
    -1,
    1.5,
    10**12,
    float("nan"),
    True,
    [],
    {},
    [[1]],
    [[1, 2, 3]],
    {"a": 1},
]
WHOLE: dict[type[BaseModel], Any] = {
    Settings: {"table_prefix": "t", "secrets": "file:x", "mail": "file:m"},
    Secrets: {},
    Inputs: tomllib.loads(DEFAULT.read_text()),
    Config: read_config(),
}
"""A right one of each, or nothing."""


@pytest.mark.parametrize("model", WHOLE)
def test_whatever_is_wrong_is_said_in_our_words(model: type[BaseModel]) -> None:
    said = set[str]()
    for given in (*changed(WHOLE[model]), *({name: wrong} for name in model.model_fields for wrong in WRONG)):
        try:
            model.model_validate(given)
        except ValidationError as error:
            text = wrong_values(model, error)
            said.add(text)
            for one in error.errors():
                assert one["msg"] not in text, text
    assert said
    assert [text for text in said if "is malformed" in text or "Value error" in text or "\n" in text] == []


def changed(given: Any) -> Iterator[Any]:
    """Objects with one value of theirs, however deep, wrong, missing or more."""
    if not isinstance(given, dict | list):
        return
    for place in given if isinstance(given, dict) else range(len(given)):
        for wrong in (*WRONG, *changed(given[place])):
            yield {**given, place: wrong} if isinstance(given, dict) else [*given[:place], wrong, *given[place + 1 :]]
        if isinstance(given, dict):
            yield {name: value for name, value in given.items() if name != place}
    yield {**given, "unknown": 1} if isinstance(given, dict) else [*given, 1]
