"""`/readyz`: whether the database takes a write and gives it back, for whoever watches over a server.

`/healthz`, which asks the process alone, is a route of the app, and answers on AWS too.
"""

import logging
import time
from collections.abc import Callable, Iterable
from http.client import responses
from threading import Lock
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from chalice.app import Response

from chalicelib.web.errors import BUSY_RETRY_SECONDS, error_response
from chalicelib.web.request_log import REQUEST_ID, new_request_id

READY_PATH = "/readyz"
CACHE_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
"""A probe that takes longer is taken for one that fails; it goes on, and nobody else waits for it."""

_log = logging.getLogger("seatkeeper")


class Readiness:
    """Asks at most once a second, and one at a time: to be watched closely costs nothing."""

    def __init__(self, probe: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._probe, self._clock, self.probing = probe, clock, Lock()
        self._ready, self._asked_at = False, -PATIENCE_SECONDS

    def is_ready(self) -> bool:
        """Whether the last probe went well; asks anew where that is old."""
        if self._clock() - self._asked_at >= CACHE_SECONDS and self.probing.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self.probing.release()
        return self._ready and self._clock() - self._asked_at < PATIENCE_SECONDS

    def _ask(self) -> None:
        try:
            self._probe()
            self._ready = True
        except Exception as error:
            self._ready = False
            _log.warning("not ready: %s", error)
        self._asked_at = self._clock()


def with_readiness(app: WSGIApplication, readiness: Readiness) -> WSGIApplication:
    """`app`, and `/readyz` beside it: 200, or 503 `service_busy` in the one error shape."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").rstrip("/") != READY_PATH:
            return app(environ, start_response)
        method = environ["REQUEST_METHOD"]
        answer = _answer(readiness) if method in {"GET", "HEAD"} else error_response("method_not_allowed")
        if method not in {"GET", "HEAD"}:
            answer.headers["Allow"] = "GET, HEAD"
        answer.headers[REQUEST_ID] = new_request_id()
        body = answer.body.encode()
        headers = [(name, str(value)) for name, value in answer.headers.items()]
        status = f"{answer.status_code} {responses[answer.status_code]}"
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [] if method == "HEAD" else [body]

    return serve


def _answer(readiness: Readiness) -> Response:
    if not readiness.is_ready():
        message = "The database does not take a write now."
        return error_response("service_busy", message, retry_after=BUSY_RETRY_SECONDS)
    return Response('{"status":"ready"}', {"Content-Type": "application/json", "Cache-Control": "no-store"})
