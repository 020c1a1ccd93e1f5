"""The OpenAPI document of the Management API: written from its endpoints, their models and its errors."""

from collections.abc import Iterable
from functools import cache
from typing import NoReturn

from chalicelib.domain.types import Json
from chalicelib.management.errors import CODES, status_of
from chalicelib.management.routes import PREFIX, endpoint
from chalicelib.web.endpoint import Csv, Endpoint
from chalicelib.web.errors import CODE_BY_STATUS, ERRORS
from chalicelib.web.headers import MAX_IDEMPOTENCY_KEY
from chalicelib.web.openapi import Kind, body_schemas, parameters

_ABOUT = (
    "What a vendor's own servers call. docs/management-api.md says what each call means, with an example. Every path "
    "is answered with and without a slash at its end; unknown fields are refused."
)
_KEY = "`Api-Key skm_…`: a key of `infra.admin management-key create`."
_HEADERS: Json = {
    "X-Request-Id": "Made by the server; by it the call is found in the server's log.",
    "RateLimit": "How many calls the key has left at once (`r`), and in how many seconds it has all again (`t`).",
    "RateLimit-Policy": "How many calls a key has (`q`) in how many seconds (`w`).",
    "Link": 'Of an export that goes on: the address of what follows, as `<…>; rel="next"`.',
    "Retry-After": "Seconds after which the same call may succeed.",
    "Idempotency-Replayed": "`true`, where the answer is that of an earlier call with this `Idempotency-Key`.",
}
_PARAMETERS: Json = {
    "Idempotency-Key": {
        "description": "Of your own: within a day the same call under it is answered as before, and done once.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY},
    },
    "If-Match": {
        "description": (
            'The `revision` that you have seen, as `"3"`: what has another one by now is not changed. '
            "Heeded where one object is changed, replaced or deleted."
        ),
        "schema": {"type": "string"},
    },
}
_UNREACHED = {*CODE_BY_STATUS.values(), "validation_error", "internal_error"} & set(CODES)
"""What a call that asks nobody who they are can be answered."""
_ERROR: Json = {
    "type": "object",
    "description": "Every error of this API. `errors` has for each wrong field the sentences about it.",
    "properties": {
        "detail": {"type": "string"},
        "code": {"type": "string", "enum": list(CODES)},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "request_id": {"type": "string"},
    },
    "required": ["detail", "code", "errors", "request_id"],
    "additionalProperties": False,
}


@cache
def document() -> Json:
    """The document, made when it is first asked for."""
    schemas, models = body_schemas([one for one in endpoint.declared if one.returns not in (Csv, NoReturn)])
    paths: dict[str, Json] = {}
    for declared in sorted(endpoint.declared, key=lambda one: one.route):
        paths.setdefault(PREFIX + declared.route, {})[declared.method.lower()] = _operation(declared, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Seatkeeper: Management API", "version": "1", "description": _ABOUT},
        "servers": [{"url": "https://{domain}", "variables": {"domain": {"default": "licenses.example"}}}],
        "paths": paths,
        "components": {
            "schemas": models | {"Error": _ERROR},
            "responses": {f"Error{status}": _error(status) for status in _statuses(CODES)},
            "parameters": {
                name: {"name": name, "in": "header", "required": False} | parameter
                for name, parameter in _PARAMETERS.items()
            },
            "headers": {name: {"description": about, "schema": {"type": "string"}} for name, about in _HEADERS.items()},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "Authorization", "description": _KEY}
            },
        },
    }


def _operation(declared: Endpoint, schemas: dict[Kind, Json]) -> Json:
    sent = parameters(declared.path, "path") + parameters(declared.query, "query")
    if declared.writes:
        sent += [{"$ref": f"#/components/parameters/{name}"} for name in _PARAMETERS]
    operation: Json = {
        "operationId": declared.name,
        "summary": declared.summary,
        "security": [] if declared.public else [{"key": []}],
        **({} if declared.scope is None else {"x-scope": declared.scope}),
        **({} if declared.reach is None else {"x-product-keys": True}),
        "parameters": sent,
    }
    if declared.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(schemas[declared.body])}
    codes = _UNREACHED if declared.public else set(CODES)
    refused = {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in _statuses(codes)}
    return operation | {"responses": _granted(declared, schemas) | refused}


def _granted(declared: Endpoint, schemas: dict[Kind, Json]) -> Json:
    """The answer to who may call; of a call that is refused to all, none."""
    if declared.returns is NoReturn:
        return {}
    names = ["X-Request-Id"] if declared.public else ["X-Request-Id", "RateLimit", "RateLimit-Policy"]
    headers = _headers(*names, *(["Idempotency-Replayed"] if declared.writes else []))
    if declared.returns is type(None):
        return {"204": {"description": "Done.", "headers": headers}}
    if declared.returns is Csv:
        content: Json = {"text/csv": {"schema": {"type": "string"}}}
        headers |= _headers("Link")
    else:
        content = _json(schemas[declared.returns])
    return {str(declared.status): {"description": "Done.", "headers": headers, "content": content}}


def _statuses(codes: Iterable[str]) -> list[int]:
    return sorted({status_of(code) for code in codes})


def _error(status: int) -> Json:
    """The answer of each code of this status, in the one shape."""
    about = "\n".join(f"- `{code}`: {ERRORS[code][1]}" for code in CODES if status_of(code) == status)
    more = {429: ["Retry-After", "RateLimit", "RateLimit-Policy"], 503: ["Retry-After"]}
    headers = _headers("X-Request-Id", *more.get(status, ()))
    return {"description": about, "headers": headers, "content": _json({"$ref": "#/components/schemas/Error"})}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
