"""The endpoint decorator: what every call of the License API goes through, in order.

size → authentication → parsing → the adapter's function → serialising → signing; whatever is raised on the way becomes
an answer in the one error shape.
"""

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib import observability, signing
from chalicelib.domain.catalogue import Scope
from chalicelib.domain.errors import Denied, Unavailable
from chalicelib.web import clock
from chalicelib.web.authentication import Caller, authenticate
from chalicelib.web.canonical import canonical_json
from chalicelib.web.cors import preflight, readable
from chalicelib.web.errors import BUSY_RETRY_SECONDS, RequestError, error_response
from chalicelib.web.freshness import Call, freshness
from chalicelib.web.hmac_signature import AuthError
from chalicelib.web.request_limits import MAX_BODY_BYTES
from chalicelib.web.strict_json import parse_json

Q = TypeVar("Q", bound=Call)
ResponseBody = BaseModel | Sequence[BaseModel] | str
"""A model or a list of models is sent as JSON, a str as plain text."""

log = logging.getLogger("seatkeeper")


class Endpoints:
    """Makes the decorators of one adapter."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint

    def __call__(
        self, schema: type[Q], scope: Scope | None = None
    ) -> Callable[[Callable[[Q, Caller], ResponseBody]], Callable[[], Response]]:
        """`@endpoint(Schema)`: an authenticated call, by keys with `scope`; GET takes the query, POST a JSON body."""

        def decorate(function: Callable[[Q, Caller], ResponseBody]) -> Callable[[], Response]:
            @functools.wraps(function)
            def view() -> Response:
                return self._guarded(lambda request: self._answer(request, schema, scope, function))

            return view

        return decorate

    def public(self, function: Callable[[], ResponseBody]) -> Callable[[], Response]:
        """`@endpoint.public`: a call that anybody may make."""

        @functools.wraps(function)
        def view() -> Response:
            return self._guarded(lambda request: self._answer_anybody(request, function))

        return view

    def _answer_anybody(self, request: Request, function: Callable[[], ResponseBody]) -> Response:
        answer = signed(function(), signing.current(), freshness(parse(Call, request), clock.now()))
        answer.headers |= readable()
        return answer

    def _answer(
        self, request: Request, schema: type[Q], scope: Scope | None, function: Callable[[Q, Caller], ResponseBody]
    ) -> Response:
        if len(request.raw_body) > MAX_BODY_BYTES:
            raise RequestError("payload_too_large")
        caller = authenticate(request, now=clock.now())
        caller.guard_origin(origin := request.headers.get("origin"))
        parsed = parse(schema, request)
        if (product := getattr(parsed, "product", None)) is not None:
            caller.guard_product(product)
        caller.guard_scope(scope)
        answer = signed(function(parsed, caller), caller.signer, freshness(parsed, caller.now))
        if origin and caller.api_key.origins:
            answer.headers |= readable(origin)
        return answer

    def _guarded(self, answer: Callable[[Request], Response]) -> Response:
        # Chalice turns exceptions into answers of its own before any middleware sees them: catch them here.
        request = self._blueprint.current_request
        try:
            return preflight() if request.method == "OPTIONS" else answer(request)
        except Denied as denied:
            return error_response(denied.code, denied.detail, retry_after=denied.retry_after)
        except RequestError as error:
            return error_response(error.code, error.message)
        except AuthError as error:
            return error_response(error.code)
        except Unavailable as unavailable:
            observability.add_fields(unavailable_reason=str(unavailable))
            return error_response("service_busy", retry_after=BUSY_RETRY_SECONDS)
        except Exception:
            log.exception("bug in %s %s", request.method, request.path)
            return error_response("internal_error")


def parse(schema: type[Q], request: Request) -> Q:
    """The request's query or JSON body as a model. Raises `RequestError` that names the first wrong field."""
    given, where = (_body(request), "body") if request.method == "POST" else (_query(request), "query")
    try:
        return schema.model_validate(given, context=where)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(f"{part:.64}" if isinstance(part, str) else str(part) for part in first["loc"]) or "body"
        if first["type"] == "missing" or (len(first["loc"]) == 1 and first["input"] in (None, "")):
            code = "missing_hardware_id" if field == "hardware_id" else "missing_parameters"
            raise RequestError(code, f"{field}: this parameter is required.") from None
        raise RequestError("validation_error", f"{field}: {first['msg']}.") from None


def signed(answer: ResponseBody, signer: signing.Signer, fresh: dict[str, Any]) -> Response:
    """The answer with its signature in the header `LicenseSignature`, over the exact bytes of the body.

    `fresh` is added to an object; a list or a text has no place for it.
    """
    if isinstance(answer, str):
        kind, body = "text/plain; charset=utf-8", answer.encode()
    else:
        plain = _plain(answer)
        kind, body = "application/json", canonical_json(plain | fresh if isinstance(plain, dict) else plain)
    headers: dict[str, str | list[str]] = {
        "Content-Type": kind,
        "LicenseSignature": signer.sign(body),
        "Cache-Control": "no-store",
    }
    return Response(body.decode(), headers)


def _plain(answer: Any) -> Any:
    if isinstance(answer, BaseModel):
        return answer.model_dump(exclude_unset=True)
    return [_plain(part) for part in answer]


def _query(request: Request) -> dict[str, str]:
    given = request.query_params
    return {} if given is None else {name: given.getlist(name)[-1] for name in given}


def _body(request: Request) -> dict[str, Any]:
    if not request.raw_body.strip():
        raise RequestError("missing_content")
    try:
        body = parse_json(bytes(request.raw_body))  # type: ignore[arg-type] # never a str
    except ValueError as error:
        raise RequestError("invalid_json", f"The body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise RequestError("validation_error", "body: a JSON object is expected.")
    return body
