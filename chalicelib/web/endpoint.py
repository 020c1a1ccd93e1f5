"""The endpoint decorator: a call declared in one place, and what every call goes through, in order.

    @endpoint("PATCH", "/licenses/{license_id}", writes=True, scope="people")
    def change_license(path: LicensePath, body: LicenseTerms, caller: Caller) -> LicenseBody: ...

The function takes what it names: `path`, `query` and `body` are pydantic models, `caller` is whoever was authenticated.

size → authentication → path, query and body → authorization → the adapter's function → its answer; whatever is raised
on the way becomes an answer in the adapter's error shape.
"""

import functools
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel

from chalicelib.domain.errors import Invalid, Rejected, SeatkeeperError
from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.web import clock
from chalicelib.web.canonical import canonical_json
from chalicelib.web.cors import preflight
from chalicelib.web.error_responses import response_to
from chalicelib.web.errors import FinalResponse, error_response
from chalicelib.web.request_limits import MAX_BODY_BYTES
from chalicelib.web.request_models import FORM, FileBody, read_body, read_path, read_query

C = TypeVar("C")
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Csv(str):
    """A text of values that are separated by commas. `next`: the address of what follows, None at the end."""

    __slots__ = ("next",)
    next: str | None

    def __new__(cls, text: str, next: str | None = None) -> "Csv":
        made = super().__new__(cls, text)
        made.next = next
        return made


ResponseBody = Mapping[str, object] | Sequence[Mapping[str, object] | str] | str | None
"""A dict or a list of dicts is sent as JSON, a str as plain text; None is 204, without a body."""
Arguments = Json
"""What a call's function is called with, by the names of its parameters."""

log = logging.getLogger("seatkeeper")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a call declares. The OpenAPI document is made of this, and tests ask each of it."""

    function: Callable[..., ResponseBody]
    method: Method
    route: str
    """Below the adapter's prefix: `/licenses/{license_id}`."""
    writes: bool
    """Whether the call changes something for its caller, by whatever method: read-only keys may not make it. What the
    server notes of a call, such as when a device was last checked, does not count."""
    scope: str | None
    """That the caller needs."""
    reach: Callable[[Any, Arguments], None] | None  # each API has a caller of its own
    """What keeps a caller to his part who may not reach all of a company; None: he is refused. Given him, and the
    arguments."""
    public: bool
    """Whether anybody may call."""
    status: Literal[200, 201]
    """Of an answer that has a body."""
    path: type[BaseModel] | None
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    returns: object

    @property
    def name(self) -> str:
        """That of the function."""
        return self.function.__name__

    @property
    def summary(self) -> str:
        """What the function's docstring says."""
        return (self.function.__doc__ or "").strip()


class Endpoints(Generic[C]):
    """The calls of one adapter. A subclass says who may call and what an answer is; this one signs nothing."""

    cross_origin = False
    """Whether pages in browsers may call."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self.declared: list[Endpoint] = []
        """All calls, in the order of their declaration."""

    def __call__(
        self,
        method: Method,
        route: str,
        *,
        writes: bool,
        scope: str | None = None,
        reach: Callable[[Any, Arguments], None] | None = None,  # as it is declared
        public: bool = False,
        status: Literal[200, 201] = 200,
    ) -> Callable[[Callable[..., ResponseBody]], Callable[..., Response]]:
        """`@endpoint(method, route, writes=…)`: see the module. Raises `TypeError` where function and route differ."""

        def decorate(function: Callable[..., ResponseBody]) -> Callable[..., Response]:
            types = _parameter_types(function, route, public=public)
            endpoint = Endpoint(
                function, method, route, writes=writes, scope=scope, reach=reach, public=public, status=status, **types
            )

            @functools.wraps(function)
            def view(**parts: str) -> Response:
                return self._guarded(lambda request: self._call(endpoint, request, parts))

            self.declared.append(endpoint)
            methods = [method, "OPTIONS"] if self.cross_origin else [method]
            kinds = [] if endpoint.body is None else ["application/json"]  # what has no body may claim any type
            if endpoint.body is not None and issubclass(endpoint.body, FileBody):
                kinds.append(FORM)
            self._blueprint.route(route, methods=methods, content_types=kinds)(view)
            return view

        return decorate

    def authenticate(self, request: Request, endpoint: Endpoint, now: Instant) -> C:
        """Who calls, by the headers and by what the endpoint declares. Raises what becomes an answer."""
        raise NotImplementedError

    def authorize(self, caller: C, endpoint: Endpoint, arguments: Arguments) -> None:
        """Refuse what the caller may not ask for. Raises what becomes an answer."""

    def record_denial(self, error: SeatkeeperError, caller: C, endpoint: Endpoint, arguments: Arguments) -> None:
        """Note for support that a call was denied, before that is answered. Raises nothing."""

    def respond(self, endpoint: Endpoint, answer: ResponseBody, arguments: Arguments, caller: C | None) -> Response:  # noqa: ARG002
        """The answer that leaves. `caller` is None where anybody may call."""
        return response_of(answer, endpoint.status, {})

    def respond_to_error(self, error: SeatkeeperError | None) -> FinalResponse:
        """An error in the adapter's shape, by default that of the License API. None: a bug of the server."""
        return error_response("internal_error") if error is None else response_to(error)

    def _call(self, endpoint: Endpoint, request: Request, parts: dict[str, str]) -> Response:
        if len(request.raw_body) > MAX_BODY_BYTES:
            raise Invalid("payload_too_large")
        if endpoint.public:
            arguments = _arguments(endpoint, request, parts)
            return self.respond(endpoint, endpoint.function(**arguments), arguments, None)
        caller = self.authenticate(request, endpoint, clock.now())
        arguments = _arguments(endpoint, request, parts)
        self.authorize(caller, endpoint, arguments)
        try:
            answer = endpoint.function(**arguments, caller=caller)
        except Rejected as error:
            self.record_denial(error, caller, endpoint, arguments)
            raise
        return self.respond(endpoint, answer, arguments, caller)

    def _guarded(self, answer: Callable[[Request], Response]) -> Response:
        # Chalice turns exceptions into answers of its own before any middleware sees them: catch them here.
        request = self._blueprint.current_request
        try:
            return preflight() if request.method == "OPTIONS" else answer(request)
        except SeatkeeperError as error:
            return self.respond_to_error(error)
        except Exception:
            log.exception("bug in %s %s", request.method, request.path)
            return self.respond_to_error(None)


def response_of(answer: ResponseBody, status: int, added: Mapping[str, object]) -> Response:
    """An answer as it is sent; `added` are members of an object, for which a list or a text has no place."""
    if answer is None:
        return Response("", {"Cache-Control": "no-store"}, 204)
    if isinstance(answer, str):
        kind, body = f"text/{'csv' if isinstance(answer, Csv) else 'plain'}; charset=utf-8", str(answer)
    else:
        whole = {**answer, **added} if isinstance(answer, Mapping) else answer
        kind, body = "application/json", canonical_json(whole).decode()
    return Response(body, {"Content-Type": kind, "Cache-Control": "no-store"}, status)


def _parameter_types(function: Callable[..., ResponseBody], route: str, *, public: bool) -> Json:
    """What a call's function takes and returns. Raises `TypeError` where that is not what the route needs."""
    types = {"path": None, "query": None, "body": None} | get_type_hints(function)
    returns, has_caller = types.pop("return"), types.pop("caller", None) is not None
    if has_caller == public or len(types) > 3:
        raise TypeError(f"{function.__name__} takes path, query and body, and a caller unless anybody may call")
    in_path = () if types["path"] is None else types["path"].model_fields
    if set(re.findall(r"{(\w+)}", route)) != set(in_path):
        raise TypeError(f"{function.__name__} has another path than {route}")
    return types | {"returns": returns}


def _arguments(endpoint: Endpoint, request: Request, parts: dict[str, str]) -> Arguments:
    arguments: Arguments = {}
    if endpoint.path is not None:
        arguments["path"] = read_path(endpoint.path, parts)
    if endpoint.query is not None:
        arguments["query"] = read_query(endpoint.query, request)
    if endpoint.body is not None:
        arguments["body"] = read_body(endpoint.body, request)
    return arguments
