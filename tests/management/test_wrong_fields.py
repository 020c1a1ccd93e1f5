"""What is wrong with a request is said by the paths that its sender wrote, in our words, and in no library's."""

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import BaseModel

from chalicelib.management import caller
from chalicelib.management.models import Sent
from chalicelib.usecases.call_rate import take_call
from chalicelib.usecases.management_keys import find_caller
from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.field_errors import names_at
from tests.management.calls import CALLS, Made, named
from tests.management.server import VendorsServer
from tests.web.fields import PYDANTIC

WRONG: tuple[Any, ...] = (None, True, -1, 1.5, 2**60, "", "x", "x" * 3000, [], ["x"], {}, {"x": 1})
WRONG_BY_RULE = (None, "9999y", "2026-13-45", "9999-12-31", "a\nb", -5, 2**53 - 1, True, 0, {"x": 1})
"""Of the right type for some field, and against a rule; null is what many fields say of nothing."""
WRONG_TEXTS = ("", "x", "-1", "9" * 20, "x" * 3000)
Path = tuple[str | int, ...]


def models(kind: type[Sent] = Sent) -> Iterator[str]:
    """The names of all models of what is sent."""
    for one in kind.__subclasses__():
        yield one.__name__
        yield from models(one)


NOT_OURS = re.compile(rf"{PYDANTIC.pattern}|\b({'|'.join(models())})\b")


def places(body: Any, path: Path = ()) -> Iterator[Path]:
    """Where something stands in a body."""
    if path:
        yield path
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, one in inner:
        yield from places(one, (*path, name))


def changed(body: Any, path: Path, *value: Any) -> Any:
    """A body with another value at a place, or with none."""
    if not path:
        return value[0]
    *parts, last = path
    made = inside = copy.deepcopy(body)
    for part in parts:
        inside = inside[part]
    if value:
        inside[last] = value[0]
    else:
        del inside[last]
    return made


def wrong_bodies(body: Any, model: type[BaseModel]) -> Iterator[Any]:
    """A body with something wrong in each of its places in turn, and in each that it could have."""
    yield from (value for value in WRONG if value is not None)  # null is no body
    for path in places(body):
        yield changed(body, path)
        yield from (changed(body, path, value) for value in WRONG)
    for path in [(), *places(body)]:
        inside = body
        for part in path:
            inside = inside[part]
        if isinstance(inside, dict):
            names = [*names_at(model, [str(part) for part in path]), "unheard_of"]
            yield from (changed(body, path, inside | dict.fromkeys(names, value)) for value in WRONG)
            yield from (changed(body, (*path, name), value) for value in WRONG_BY_RULE for name in names)


def is_of(path: str, body: Any, model: type[BaseModel]) -> bool:
    """Whether a path leads to something in a body, or to what an object in it lacks."""
    *parts, last = path.split(".")
    for part in parts:
        try:
            body = body[int(part) if isinstance(body, list) else part]
        except (LookupError, TypeError, ValueError):
            return False
    if isinstance(body, list):
        return last.isdigit() and int(last) < len(body)
    return isinstance(body, dict) and (last in body or last in names_at(model, parts))


def faults(answer: httpx.Response, sent: Any, model: type[BaseModel]) -> Iterator[str]:
    """What is wrong with a refusal: what is not in our words, and what does not name what was sent."""
    if answer.status_code < 400:
        return
    body = answer.json()
    for sentence in [body["detail"], *(one for found in body["errors"].values() for one in found)]:
        if NOT_OURS.search(sentence) or sentence[-1] != ".":
            yield sentence
    yield from (path for path in body["errors"] if path != "body" and not is_of(path, sent, model))
    if answer.status_code == 500 or (answer.status_code == 400 and not body["errors"]):
        yield f"{body['code']} names no field"


@pytest.fixture(autouse=True)
def _one_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of calls have one key, and more of them than it may make: it is found and counted with the first."""
    found = cache(lambda secret: find_caller(secret, now=clock.now()))
    counted = cache(lambda key: take_call(key, now=clock.now()))
    monkeypatch.setattr(caller, "find_caller", lambda secret, **_: found(secret))
    monkeypatch.setattr(caller, "take_call", lambda key, **_: counted(key))


@pytest.mark.parametrize("declared", [one for one in CALLS if one.body is not None], ids=named)
def test_what_is_wrong_with_a_body_is_said_by_its_paths(shop: VendorsServer, declared: Endpoint) -> None:
    assert declared.body is not None
    made = Made.by(shop, declared)
    path = made.path(declared) + made.query(declared)
    found = {
        fault: body
        for body in {str(body): body for body in wrong_bodies(made.body(declared), declared.body)}.values()
        for fault in faults(shop.call(declared.method, path, body), body, declared.body)
    }
    assert found == {}


@pytest.mark.parametrize("declared", [one for one in CALLS if one.query is not None], ids=named)
def test_what_is_wrong_with_a_query_is_said_by_its_names(shop: VendorsServer, declared: Endpoint) -> None:
    assert declared.query is not None
    made = Made.by(shop, declared)
    names = [*names_at(declared.query, []), "unheard_of"]
    found = dict[str, Any]()
    for query in ({name: text} for text in WRONG_TEXTS for name in names):
        answer = shop.call(declared.method, f"{made.path(declared)}?{urlencode(query)}", made.body(declared))
        found |= dict.fromkeys(faults(answer, query, declared.query), query)
    assert found == {}
