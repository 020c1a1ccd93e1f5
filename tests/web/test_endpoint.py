"""What an endpoint declares, tried with an adapter of its own: unsigned, with ids in paths, PATCH and DELETE."""

import json
from collections.abc import Callable
from typing import Annotated, Any, NotRequired, TypedDict

import httpx
import pytest
from chalice.app import Blueprint, Chalice, Request
from pydantic import BaseModel, ConfigDict, Field, RootModel

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import Instant
from chalicelib.web.endpoint import Arguments, Endpoint, Endpoints
from chalicelib.web.errors import FinalResponse
from chalicelib.web.request_limits import MAX_BODY_BYTES
from infra.wsgi import wsgi


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class NotePath(BaseModel):
    note_id: Annotated[int, Field(ge=1)]


class NamePath(BaseModel):
    name: Annotated[str, Field(max_length=9)]


class Page(BaseModel):
    limit: Annotated[int, Field(le=100)] = 20


class Note(Strict):
    text: str
    pinned: bool = False


class NoteBody(TypedDict):
    text: str
    pinned: NotRequired[bool]


class Ids(RootModel[list[int]]):
    """A bare array."""


class Notes(Endpoints[str]):
    """Who calls says so himself, and what he may."""

    def authenticate(self, request: Request, endpoint: Endpoint, now: Instant) -> str:
        name: str = request.headers.get("who", "")
        if not name:
            raise SeatkeeperError("invalid_api_key")
        if endpoint.writes and name == "reader":
            raise SeatkeeperError("api_key_read_only")
        return name

    def authorize(self, caller: str, endpoint: Endpoint, arguments: Arguments) -> None:
        if endpoint.scope is not None and caller != endpoint.scope:
            raise SeatkeeperError("api_key_scope_missing", scope=endpoint.scope)

    def respond_to_error(self, error: SeatkeeperError | None) -> FinalResponse:
        answer = super().respond_to_error(error)
        shape = {"detail": json.loads(answer.body)["message"], "code": json.loads(answer.body)["code"]}
        return FinalResponse(json.dumps(shape), dict(answer.headers), answer.status_code)


blueprint = Blueprint(__name__)
endpoint = Notes(blueprint)


@endpoint("GET", "/notes/{note_id}", writes=False)
def show(path: NotePath, caller: str) -> NoteBody:
    """A note."""
    assert path.note_id != 13
    return {"text": f"{path.note_id!r} of {caller}"}


@endpoint("GET", "/named/{name}", writes=False)
def named(path: NamePath, query: Page, caller: str) -> str:
    return f"{path.name} {query.limit!r}"


@endpoint("POST", "/notes", writes=True, scope="editor", status=201)
def create(body: Note, caller: str) -> NoteBody:
    return {"text": body.text}


@endpoint("PATCH", "/notes/{note_id}", writes=True)
def change(path: NotePath, query: Page, body: Note, caller: str) -> list[NoteBody]:
    return [{"text": body.text, "pinned": body.pinned}] * path.note_id


@endpoint("DELETE", "/notes/{note_id}", writes=True)
def delete(path: NotePath, caller: str) -> None:
    """It is gone."""


@endpoint("GET", "/notes/{note_id}/lease", writes=True)
def lease(path: NotePath, caller: str) -> str:
    return "leased"


@endpoint("POST", "/notes/search", writes=False)
def search(body: Ids, caller: str) -> str:
    return f"{body.root!r}"


@endpoint("GET", "/about", writes=False, public=True)
def about() -> str:
    return "notes"


app = Chalice("notes")
app.register_blueprint(blueprint, url_prefix="/v1")


@pytest.fixture
def ask() -> Callable[..., tuple[int, Any]]:
    http = httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://notes.test/v1")

    def send(method: str, path: str, who: str = "editor", **sent: Any) -> tuple[int, Any]:
        answer = http.request(method, path, headers={"who": who} | sent.pop("headers", {}), **sent)
        assert "LicenseSignature" not in answer.headers
        kind = answer.headers["Content-Type"]
        return answer.status_code, answer.json() if kind == "application/json" and answer.content else answer.text

    return send


Ask = Callable[..., tuple[int, Any]]


def test_a_function_gets_typed_values_and_what_it_returns_is_sent(ask: Ask) -> None:
    assert ask("GET", "/notes/7") == (200, {"text": "7 of editor"})
    assert ask("GET", "/named/a%20b?limit=3&limit=4") == (200, "a b 4")
    assert ask("POST", "/notes", json={"text": "a"}) == (201, {"text": "a"})
    assert ask("PATCH", "/notes/2", json={"text": "a", "pinned": True}) == (200, [{"text": "a", "pinned": True}] * 2)
    assert ask("POST", "/notes/search", json=[1, 2]) == (200, "[1, 2]")
    assert ask("GET", "/about", who="") == (200, "notes")


def test_what_has_no_body_needs_none_and_answers_none(ask: Ask) -> None:
    assert ask("DELETE", "/notes/7") == (204, "")
    assert ask("DELETE", "/notes/7", headers={"Content-Type": "text/plain"}) == (204, "")
    assert ask("DELETE", "/notes/7", content=bytes(MAX_BODY_BYTES + 1))[0] == 413


@pytest.mark.parametrize("path", ["/notes/0", "/notes/x", "/notes/%ff", "/named/longer-than-that"])
def test_a_path_that_names_nothing_is_not_found(ask: Ask, path: str) -> None:
    assert ask("GET", path) == (404, {"detail": "There is nothing at this address.", "code": "not_found"})


def test_a_bug_has_the_adapters_shape_too(ask: Ask) -> None:
    assert ask("GET", "/notes/13") == (500, {"detail": "Something went wrong on our side.", "code": "internal_error"})


def test_what_is_wrong_is_said_of_query_and_body(ask: Ask) -> None:
    for answer in (
        ask("PATCH", "/notes/1?limit=101", json={"text": "a"}),
        ask("PATCH", "/notes/1", json={"text": 1}),
        ask("PATCH", "/notes/1", json=["a"]),
        ask("POST", "/notes/search", json=["a"]),
    ):
        assert (answer[0], answer[1]["code"]) == (400, "validation_error")
    assert ask("PATCH", "/notes/1", headers={"Content-Type": "application/json"})[1]["code"] == "missing_content"
    assert ask("PATCH", "/notes/1", json={})[1]["code"] == "missing_parameters"
    assert ask("PATCH", "/notes/1", content=b"a=b", headers={"Content-Type": "text/plain"})[0] == 415


def test_who_may_not_write_is_refused_by_what_is_declared_and_not_by_the_method(ask: Ask) -> None:
    assert ask("POST", "/notes/search", "reader", json=[]) == (200, "[]")
    assert ask("GET", "/notes/7", "reader")[0] == 200
    for method, path in (("GET", "/notes/7/lease"), ("DELETE", "/notes/7"), ("PATCH", "/notes/7")):
        document = ask(method, path, "reader", headers={"Content-Type": "application/json"})
        assert (document[0], document[1]["code"]) == (403, "api_key_read_only")


def test_who_calls_is_asked_first_and_a_scope_before_the_function(ask: Ask) -> None:
    assert ask("POST", "/notes", who="", content=b"{")[1]["code"] == "invalid_api_key"
    assert ask("POST", "/notes", who="somebody", json={"text": "a"})[1]["code"] == "api_key_scope_missing"


def test_all_calls_are_known_by_what_they_declare() -> None:
    answers = {one.name: (one.method, one.route, one.writes, one.scope, one.public) for one in endpoint.declared}
    assert answers["create"] == ("POST", "/notes", True, "editor", False)
    assert answers["about"] == ("GET", "/about", False, None, True)
    by_name = {one.name: one for one in endpoint.declared}
    assert (by_name["change"].path, by_name["change"].query, by_name["change"].body) == (NotePath, Page, Note)
    assert (by_name["delete"].returns, by_name["delete"].summary) == (type(None), "It is gone.")
    assert json.dumps(Note.model_json_schema())


def test_a_function_that_does_not_fit_its_route_stops_the_import() -> None:
    def no_path(caller: str) -> str: ...  # type: ignore[empty-body]
    def more(path: NotePath, nonsense: int, caller: str) -> str: ...  # type: ignore[empty-body]
    def nobody(path: NotePath) -> str: ...  # type: ignore[empty-body]

    for function in (no_path, more, nobody):
        with pytest.raises(TypeError, match=function.__name__):
            endpoint("GET", "/other/{note_id}", writes=False)(function)
    with pytest.raises(TypeError, match="nobody"):
        endpoint("GET", "/other/{id}", writes=False, public=True)(nobody)
    assert "/other/{id}" not in {one.route for one in endpoint.declared}
