"""One log record for each request and each scheduled run, and the id that leads from an answer to its record.

See `chalicelib.observability`.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal

from chalice.app import Request, Response

from chalicelib import observability
from chalicelib.runtime import runtime

REQUEST_ID = "X-Request-Id"
"""The header in which every answer carries the id of its request."""


def new_request_id() -> str:
    """An id for a request that has none yet."""
    return secrets.token_hex(8)


def log_request(request: Request | None, get_response: Callable[..., Response]) -> Response:
    """Respond to a request, in a log record of its own. `request` is None for what is none of API Gateway's."""
    fields = {"request_id": new_request_id()} if request is None else _fields(request)
    return respond_in_record(lambda: get_response(request), **fields)


def respond_in_record(get_response: Callable[[], Response], *, request_id: str, **fields: str) -> Response:
    """Respond with the request's id in the header, in a log record with these fields besides the status."""
    with runtime().log.record("request", request_id=request_id, **fields):
        response = get_response()
        observability.add_fields(status=response.status_code)
        response.headers[REQUEST_ID] = request_id
        return response


def run_log(kind: Literal["sweep", "mail", "events"], context: object) -> AbstractContextManager[None]:
    """Open the log record of a run that no request has started. `context`: that of Lambda."""
    return runtime().log.record(kind, lambda_request_id=_lambda_request_id(context))


def _fields(request: Request) -> dict[str, str]:
    """Never the path or the query as they were sent, nor `requestId`: an id that a client of API Gateway may choose."""
    return {
        "request_id": str(request.context.get("extendedRequestId") or new_request_id()),
        "lambda_request_id": _lambda_request_id(request.lambda_context),
        "route": request.path,
        "method": request.method,
    }


def _lambda_request_id(context: object) -> str:
    return str(getattr(context, "aws_request_id", ""))
