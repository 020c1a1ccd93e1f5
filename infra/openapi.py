"""docs/openapi.json and docs/openapi-management.json, the OpenAPI documents of the License API and the Management API:
written from the routes, their models and the errors. What is here is of the first; the second is served by the app, too
(`chalicelib.management.openapi`).

A call is what its endpoint declares: path, query and body, who may make it and whether it writes (`x-writes`: not by a
key that may only read), and what its function returns. The errors are those of the one table.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from chalicelib.domain.types import Json
from chalicelib.licenseapi.routes import endpoint
from chalicelib.management import openapi as management
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.errors import CLIENT_ERRORS, CODE_BY_STATUS
from chalicelib.web.openapi import Kind, body_schemas, parameters
from infra.version import add_version

DOCS = Path(__file__).parents[1] / "docs"
FILE, MANAGEMENT_FILE = DOCS / "openapi.json", DOCS / "openapi-management.json"
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


def document() -> Json:
    """The OpenAPI document of the License API."""
    schemas, models = body_schemas(endpoint.declared)
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


def _operation(declared: Endpoint, schemas: dict[Kind, Json]) -> Json:
    sent: Json = {}
    if declared.query is not None:
        sent["parameters"] = parameters(declared.query, "query")
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


def text(document: Json) -> str:
    """A document as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both documents."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.openapi",
        description="Write docs/openapi.json and docs/openapi-management.json, the OpenAPI documents, from the code.",
        epilog="example: .venv/bin/python -m infra.openapi",
    )
    add_version(parser)
    parser.parse_args()
    for file, written in ((FILE, document()), (MANAGEMENT_FILE, management.document())):
        try:
            file.write_text(text(written), encoding="utf-8")
        except OSError as error:
            print(f"{file} cannot be written ({error.strerror}).", file=sys.stderr)
            sys.exit(2)
        print(f"wrote {file}")


if __name__ == "__main__":
    main()
