"""The answer to one request, as bytes: what the app says, or why it was not asked."""

import logging
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from http.client import responses
from wsgiref.types import WSGIApplication

from chalice.app import Response

from chalicelib.web.errors import error_response
from chalicelib.web.request_log import new_request_id, respond_in_record
from infra.http_request import MAX_HEADER_BYTES, ArrivingRequest, Refused

_log = logging.getLogger("seatkeeper")
_CODE_OF_STATUS = {413: "payload_too_large", 429: "rate_limit_exceeded", 500: "internal_error"}
_MESSAGE_OF_STATUS = {
    400: "The request is not valid HTTP.",
    431: f"The request line and headers are longer than {MAX_HEADER_BYTES} bytes.",
}
Headers = list[tuple[str, str]]


def answer(
    app: WSGIApplication, request: ArrivingRequest, peer: str, *, is_last: Callable[[], bool]
) -> tuple[bytes, bool]:
    """The answer to a request that has arrived, and whether its connection may be kept."""
    refused = request.refused
    try:
        if refused is None:
            status, headers, body = _of_app(app, request, peer)
    except Refused as error:
        refused = error.status
    except Exception:
        _log.exception("a request could not be answered")
        refused = HTTPStatus.INTERNAL_SERVER_ERROR
    if refused is not None:
        status, headers, body = _of_refusal(refused)
    keep_alive = request.keep_alive and refused is None and not is_last()
    headers += [("Date", _date(int(time.time()))), ("Server", "Seatkeeper")]
    if not keep_alive:
        headers.append(("Connection", "close"))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    sent = b"" if request.method == "HEAD" else body
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + sent, keep_alive


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _of_app(app: WSGIApplication, request: ArrivingRequest, peer: str) -> tuple[str, Headers, bytes]:
    status, headers = "", Headers()

    def start_response(line: str, of_app: Headers, _error: object = None, /) -> Callable[[bytes], object]:
        nonlocal status, headers
        status, headers = line, list(of_app)
        return bytes  # what a server of yore wrote at once: our app answers in one piece

    body = b"".join(app(request.environ(peer), start_response))
    return status, headers, body


def _of_refusal(status: HTTPStatus) -> tuple[str, Headers, bytes]:
    def respond() -> Response:
        code = _CODE_OF_STATUS.get(status, "validation_error")
        wait = 1 if status == HTTPStatus.TOO_MANY_REQUESTS else None
        return error_response(code, _MESSAGE_OF_STATUS.get(status), retry_after=wait)

    response = respond_in_record(respond, request_id=new_request_id())
    body = response.body.encode()
    headers = [(name, str(value)) for name, value in response.headers.items()]
    headers.append(("Content-Length", str(len(body))))
    return f"{response.status_code} {responses[response.status_code]}", headers, body
