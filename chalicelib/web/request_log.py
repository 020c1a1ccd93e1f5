"""One log record for each request and each scheduled run, with what Chalice and Lambda know of it.

See `chalicelib.observability`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal

from chalice.app import CloudWatchEvent, Request, Response

from chalicelib import observability
from chalicelib.settings import settings


def log_request(request: Request | None, get_response: Callable[[Any], Response]) -> Response:
    """Respond to a request, in a log record of its own. `request` is None for what is none of API Gateway's."""
    with observability.log_record(settings().table_prefix, "request", **({} if request is None else _fields(request))):
        response = get_response(request)
        observability.add_fields(status=response.status_code)
        return response


def run_log(kind: Literal["sweep", "mail"], event: CloudWatchEvent) -> AbstractContextManager[None]:
    """Open the log record of a run that a schedule has started."""
    return observability.log_record(settings().table_prefix, kind, lambda_request_id=_lambda_request_id(event.context))


def _fields(request: Request) -> dict[str, str]:
    """Never the path or the query as they were sent."""
    return {
        "request_id": str(request.context.get("requestId", "")),
        "lambda_request_id": _lambda_request_id(request.lambda_context),
        "route": request.path,
        "method": request.method,
    }


def _lambda_request_id(context: object) -> str:
    return str(getattr(context, "aws_request_id", ""))
