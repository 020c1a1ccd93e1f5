"""Waitress with our error shape, and with bounds on what one client holds and on the time that a request may take.

What the limits hold, and for whom: docs/serving.md.
"""

import re
import socket
import time
from http import HTTPStatus
from http.client import responses

from chalice.app import Response
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from chalicelib.runtime import Runtime, using
from chalicelib.web.errors import error_response
from chalicelib.web.request_limits import MAX_BODY_BYTES
from chalicelib.web.request_log import new_request_id, respond_in_record
from infra.addresses import client_of, forwarded_for
from infra.crowd import Waitress, first_to_leave

MAX_CONNECTIONS = 800
"""Open at once, idle ones included. Below the 1024 files that a process usually may open."""
MAX_OF_CLIENT = 200
"""Connections of one address; behind a proxy, whose connections they all are, requests under way for one."""
IDLE_SECONDS = 60
"""After so long without a byte a connection is closed."""
HEADER_SECONDS = 10
"""A request whose headers have not arrived by then is given up, however steadily its bytes drip."""
REQUEST_SECONDS = 30
"""And one that has not arrived whole."""
LINGER_SECONDS = 2
"""After the last answer on a connection, for the client to close it too."""
MAX_HEADER_BYTES = 32 * 1024
"""Of the request line and the headers together."""
MAX_READ_BYTES = 4 * MAX_BODY_BYTES
"""Of a body, that are read. One that is too long, but not by so much, is read to its end: a client that is still
sending may not look for an answer."""

FRAMING = re.compile(rb"^(content-length|transfer-encoding)[ \t]*+:([^\n]*+)", re.IGNORECASE | re.MULTILINE)
_CODE_OF_STATUS = {413: "payload_too_large", 429: "rate_limit_exceeded", 500: "internal_error"}
_MESSAGE_OF_STATUS = {
    400: "The request is not valid HTTP.",
    431: f"The request line and headers are longer than {MAX_HEADER_BYTES} bytes.",
    501: "The only transfer encoding taken is chunked.",
}


class _Request(HTTPRequestParser):
    def __init__(self, adj: Waitress) -> None:
        super().__init__(adj)
        self.begun = time.time()

    def parse_header(self, header_plus: bytes) -> None:
        """Raises `ParsingError` for what is no request, or has no one length.

        Waitress lets Python's own error on some addresses pass, and of two lengths takes one: before us another server
        may have taken the other, and what is body to it would be a request to us.
        """
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(str(error)) from None
        framing = [(name.lower(), value.strip().lower()) for name, value in FRAMING.findall(header_plus)]
        codings = [value for name, value in framing if name == b"transfer-encoding"]
        if len(framing) > 1 or codings != ([b"chunked"] if self.chunked else []):
            raise ParsingError("the length of the body is not given in one way")


class _TooManyRequests(Error):
    code, reason = HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests"


class _ErrorTask(ErrorTask):
    """What waitress answers by itself, in our one error shape."""

    def execute(self) -> None:
        answer = respond_in_record(self._answer, request_id=new_request_id())
        body = answer.body.encode()
        self.status = f"{answer.status_code} {responses[answer.status_code]}"
        self.response_headers = [(name, str(value)) for name, value in answer.headers.items()]
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)

    def _answer(self) -> Response:
        request: Waitress = self.request
        status = request.error.code
        code = _CODE_OF_STATUS.get(status, "validation_error")
        wait = 1 if status == HTTPStatus.TOO_MANY_REQUESTS else None
        return error_response(code, _MESSAGE_OF_STATUS.get(status), retry_after=wait)


class _Channel(HTTPChannel):
    """A connection that is closed with the client, so that it sees the last answer.

    Closed with bytes unread, as after an error, it would be reset, and the answer lost on its way.
    """

    parser_class = _Request
    error_task_class = _ErrorTask
    lingers_until = 0.0

    def __init__(
        self, server: "BoundedServer", sock: Waitress, addr: Waitress, adj: Waitress, map: Waitress = None
    ) -> None:
        super().__init__(server, sock, addr, adj, map=map)
        self.client = client_of(addr[0])
        server.make_room(self)

    def handle_write(self) -> None:
        ends, self.close_when_flushed = self.close_when_flushed, False
        super().handle_write()
        if ends and self.connected:
            if self.total_outbufs_len:
                self.close_when_flushed = True
            else:
                self._linger()

    def _linger(self) -> None:
        assert self.socket is not None
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the client has gone
            self.will_close = True
        self.lingers_until = time.time() + LINGER_SECONDS

    # A connection that was closed while the loop asked all of them is asked too, and its number may be the next one's
    # before the loop acts on it: what it asked for would happen to that one.
    def readable(self) -> bool:
        return self.socket is not None and (bool(self.lingers_until and not self.will_close) or super().readable())

    def writable(self) -> bool:
        return self.socket is not None and bool(super().writable())

    def service(self) -> None:
        """Answer the requests that have arrived, in one of the server's threads and in its runtime."""
        server: Waitress = self.server
        with using(server.runtime):
            super().service()

    def received(self, data: bytes) -> bool:
        taken = not self.lingers_until and super().received(data)
        if self.request is not None and self.request.headers_finished:
            server: Waitress = self.server
            server.admit(self, self.request)
        return taken

    def is_under_way(self) -> bool:
        """Whether a request is being answered, or its headers are here and we wait for its body."""
        half = self.request is not None and self.request.headers_finished
        return not self.will_close and bool(self.requests or half)

    def drips(self, now: float) -> bool:
        """Whether a request takes too long to arrive."""
        request: Waitress = self.request
        return request is not None and request.begun < now - (
            REQUEST_SECONDS if request.headers_finished else HEADER_SECONDS
        )


class BoundedServer(TcpWSGIServer):
    """A server whose connections and requests are bounded."""

    channel_class = _Channel
    behind_proxy = False
    runtime: Runtime
    """In which requests are answered; set before the server runs."""

    def make_room(self, newest: Waitress) -> None:
        """Close a connection where the one that has just come is one too many."""
        connected: Waitress = self.active_channels
        channels = connected.values()
        client = None if self.behind_proxy else newest.client
        if client and sum(channel.client == client for channel in channels) > MAX_OF_CLIENT:
            (first_to_leave(channels, time.time(), newest=newest, client=client) or newest).handle_close()
        elif len(channels) > MAX_CONNECTIONS and (leaving := first_to_leave(channels, time.time(), newest=newest)):
            leaving.handle_close()

    def admit(self, channel: Waitress, request: Waitress) -> None:
        """Behind a proxy, once a request's headers are read: refuse it where its client has too many under way.

        Rather than that, one of the client's is given up that is only half here.
        """
        if not self.behind_proxy or request.error:
            return
        channel.client = client_of(forwarded_for(request.headers.get("X_FORWARDED_FOR", ""), channel.addr[0]))
        channels: Waitress = self.active_channels
        others = [other for other in list(channels.values()) if other.client == channel.client]
        if sum(other.is_under_way() for other in others) <= MAX_OF_CLIENT:
            return
        halves = [other for other in others if other is not channel and other.is_under_way() and not other.requests]
        if halves:
            min(halves, key=lambda other: other.request.begun).will_close = True
        elif channel.requests:
            request.error = _TooManyRequests("too many requests of one client")

    def add_task(self, task: Waitress) -> None:
        """Queue the request of a connection that has arrived whole."""
        self.admit(task, task.requests[0])
        super().add_task(task)

    def maintenance(self, now: int) -> None:
        """Close what is idle, what only drips, and what does not close with us or takes no answer."""
        super().maintenance(now)
        channels: Waitress = self.active_channels
        for channel in list(channels.values()):
            if channel.will_close or channel.drips(now) or 0 < channel.lingers_until < now:
                channel.handle_close()  # now: a client that reads nothing would never be ready for it
