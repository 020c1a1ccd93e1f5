"""docs/openapi.json, the OpenAPI document of the License API: written from the routes, their models and the errors.

A call is what its endpoint declares: path, query and body, who may make it and whether it writes (`x-writes`: not by a
key that may only read), and what its function returns. The errors are those of the one table.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from chalicelib.domain.types import Json
from chalicelib.licenseapi.routes import endpoint
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.errors import CLIENT_ERRORS, CODE_BY_STATUS
from infra.version import add_version

Kind = Any  # a type that pydantic has a schema for: a model, a list of models, str
FILE = Path(__file__).parents[1] / "docs" / "openapi.json"
PREFIX = "/api/v4"
_ABOUT = (
    "What a vendor's application calls. docs/license-api.md tells how a call is signed and an answer verified, and "
    "what each call means. Every path is answered with and without a slash at its end; unknown fields are ignored."
)
_AUTHENTICATION = {
    "date": ("Date", "The time, as `Tue, 24 Nov 2026 03:04:56 GMT`; at most 15 minutes from the server's clock."),
    "authorization": (
        "Authorization",
        'algorithm="hmac-sha256",headers="date",signature="…",apiKey="…": the HMAC-SHA256 over the Date, in base64.',
    ),
}
_REQUEST_ID = "Made by the server; by it the call is found in the server's log."
_SIGNATURE = "RSASSA-PKCS1-v1_5 with SHA-256 over the exact bytes of the body, in base64."


_UNREACHED = {*CODE_BY_STATUS.values(), "internal_error", "validation_error"}
"""What a call that asks nobody who they are can be answered."""


_ERROR_SHAPE = "#/components/schemas/Error"
_ERROR: Json = {
    "type": "object",
    "description": "Every error, whoever answers.",
    "properties": {
        "status": {"type": "integer", "enum": sorted({status for status, _ in CLIENT_ERRORS.values()})},
        "code": {"type": "string", "enum": list(CLIENT_ERRORS)},
        "message": {"type": "string"},
    },
    "required": ["status", "code", "message"],
    "additionalProperties": False,
}


class _Terse(GenerateJsonSchema):
    """Without a title that only repeats a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - that of the class
        return False


def document() -> Json:
    """The OpenAPI document of the License API."""
    schemas, models = _schemas(endpoint.declared)
    paths: dict[str, Json] = {}
    for declared in sorted(endpoint.declared, key=lambda one: one.route):
        path = (PREFIX + declared.route).rstrip("/")
        paths.setdefault(path, {})[declared.method.lower()] = _operation(declared, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Seatkeeper: License API", "version": "4", "description": _ABOUT},
        "servers": [{"url": "https://{domain}", "variables": {"domain": {"default": "licenses.example"}}}],
        "paths": paths,
        "components": {
            "schemas": models | {"Error": _ERROR},
            "responses": {f"Error{status}": _error(status) for status in _statuses(CLIENT_ERRORS)},
            "headers": {
                "LicenseSignature": {"description": _SIGNATURE, "required": True, "schema": {"type": "string"}},
                "X-Request-Id": {"description": _REQUEST_ID, "schema": {"type": "string"}},
            },
            "securitySchemes": {
                key: {"type": "apiKey", "in": "header", "name": name, "description": description}
                for key, (name, description) in _AUTHENTICATION.items()
            },
        },
    }


def _schemas(declared: Sequence[Endpoint]) -> tuple[dict[Kind, Json], Json]:
    """The schema of each body that is sent or answered, by its type; and the models that these refer to."""
    kinds: Iterator[Kind] = (kind for one in declared for kind in (one.returns, one.body))
    bodies = dict.fromkeys(kind for kind in kinds if kind is not None)
    # "validation", also for answers: a field that has a default may be absent there, for what was not set is left out.
    wanted: list[tuple[Kind, JsonSchemaMode, TypeAdapter[Kind]]] = [(k, "validation", TypeAdapter(k)) for k in bodies]
    where = "#/components/schemas/{model}"
    schemas, models = TypeAdapter.json_schemas(wanted, ref_template=where, schema_generator=_Terse)
    return {kind: schema for (kind, _), schema in schemas.items()}, models["$defs"]


def _operation(declared: Endpoint, schemas: dict[Kind, Json]) -> Json:
    sent: Json = {}
    if declared.query is not None:
        sent["parameters"] = _query(declared.query)
    if declared.body is not None:
        schema = schemas[declared.body]
        sent["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    kind = "text/plain" if declared.returns is str else "application/json"
    granted = {
        "description": "Done. The answer is signed.",
        "headers": _headers("LicenseSignature", "X-Request-Id"),
        "content": {kind: {"schema": schemas[declared.returns]}},
    }
    codes = _UNREACHED if declared.public else CLIENT_ERRORS
    refused = {str(status): {"$ref": f"#/components/responses/Error{status}"} for status in _statuses(codes)}
    return {
        "operationId": declared.name,
        "summary": declared.summary,
        "security": [] if declared.public else [{key: [] for key in _AUTHENTICATION}],
        "x-writes": declared.writes,
        **({} if declared.scope is None else {"x-scope": declared.scope}),
        **sent,
        "responses": {str(declared.status): granted} | refused,
    }


def _query(model: type[BaseModel]) -> list[Json]:
    schema = model.model_json_schema(schema_generator=_Terse)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(field)}
        for name, field in schema["properties"].items()
    ]


def _without_null(field: Json) -> Json:
    """A query has no null: what may be null may be absent."""
    return next((kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}), field)


def _statuses(codes: Iterable[str]) -> list[int]:
    return sorted({CLIENT_ERRORS[code][0] for code in codes})


def _error(status: int) -> Json:
    """The answer of each code of this status, in the one shape."""
    messages = {code: message for code, (of, message) in CLIENT_ERRORS.items() if of == status}
    description = "\n".join(f"- `{code}`: {message}" for code, message in messages.items())
    content = {"application/json": {"schema": {"$ref": _ERROR_SHAPE}}}
    return {"description": description, "headers": _headers("X-Request-Id"), "content": content}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def text() -> str:
    """The document as it stands in the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the document."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.openapi",
        description="Write docs/openapi.json, the OpenAPI document of the License API, from the code.",
        epilog="example: python -m infra.openapi",
    )
    add_version(parser)
    parser.parse_args()
    try:
        FILE.write_text(text(), encoding="utf-8")
    except OSError as error:
        print(f"{FILE} cannot be written ({error.strerror}).", file=sys.stderr)
        sys.exit(2)
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
