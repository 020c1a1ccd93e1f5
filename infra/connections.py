"""A connection to the server: one answer at a time, in the order of the requests, and a bound on all that it holds."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

from infra.addresses import client_of
from infra.http_request import ArrivingRequest, RequestReader

if TYPE_CHECKING:
    from infra.http_server import HttpServer

HEADER_SECONDS = 10
"""A request whose headers have not arrived by then is given up, however steadily its bytes drip."""
REQUEST_SECONDS = 30
"""And one that has not arrived whole."""
LINGER_SECONDS = 2
"""After the last answer on a connection, for the client to close it too."""
IDLE_SECONDS = 60
"""After so long without a byte a connection is closed."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.BufferedProtocol):
    """A connection, in the server's event loop.

    It is closed with the client, so that it sees the last answer: closed with bytes unread, as after an error, it
    would be reset, and the answer lost on its way.
    """

    transport: asyncio.Transport

    def __init__(self, server: "HttpServer") -> None:
        self.server = server
        self.requests: deque[ArrivingRequest] = deque()
        """Those that are here whole; the first is being answered."""
        self.peer = self.client = ""
        self.last_activity = server.now()
        self.lingers_until = 0.0
        self.is_sending = False
        """Whether the client has not taken all of its answers yet."""
        self.is_gone = False
        self._reader = RequestReader(server.now, self._headers_are_here, self._request_is_here)
        self._unread = b""
        self._unsent_bytes = 0
        self._is_last = self._has_ended = False
        """Whether no further request is read; whether the client sends no more."""

    @property
    def arriving(self) -> ArrivingRequest | None:
        """The request that is half here."""
        return self._reader.arriving

    def is_under_way(self) -> bool:
        """Whether a request is being answered, or its headers are here and we wait for its body."""
        half = self.arriving is not None and self.arriving.headers_finished
        return not self.is_gone and (bool(self.requests) or half)

    def leave(self) -> None:
        """Close it now, whatever is under way."""
        self.is_gone = True
        self.server.forget(self)
        self.transport.abort()

    def tick(self, now: float) -> None:
        """Close it where it is idle, only drips, takes nothing of its answer, or does not close with us."""
        if self.is_sending and self.transport.get_write_buffer_size() != self._unsent_bytes:
            self._unsent_bytes, self.last_activity = self.transport.get_write_buffer_size(), now
        is_idle = self.last_activity < now - IDLE_SECONDS and (self.is_sending or not self.requests)
        if is_idle or self._drips(now) or 0 < self.lingers_until < now:
            self.leave()

    def _drips(self, now: float) -> bool:
        request = self.arriving
        if request is None or self.requests:
            return False
        return request.begun < now - (REQUEST_SECONDS if request.headers_finished else HEADER_SECONDS)

    def answer(self, payload: bytes, keep_alive: bool) -> None:
        """Send the answer of the first request, and go on with what has come behind it."""
        if self.is_gone:
            return
        self.requests.popleft()
        self.last_activity = self.server.now()
        if not keep_alive:
            self._is_last = True
            self.requests.clear()
        self.transport.write(payload)
        if not self.is_sending:
            self._go_on()

    def finish(self) -> None:
        """End it in good order: what is being answered still is."""
        if self.requests or self.is_sending:
            self._is_last = True
        else:
            self.leave()

    def _go_on(self) -> None:
        if self.requests:
            self.server.dispatch(self)
        elif self._is_last:
            self._linger()
        elif self._unread:
            unread, self._unread = self._unread, b""
            self.transport.resume_reading()
            self._read(unread)

    def _linger(self) -> None:
        if self.server.is_draining or self._has_ended:
            self.transport.close()
            return
        self.lingers_until = self.server.now() + LINGER_SECONDS
        self.transport.resume_reading()
        try:
            self.transport.write_eof()
        except OSError:  # the client has reset it since
            self.leave()

    def _read(self, data: bytes) -> None:
        if self._is_last:
            return
        if self.requests or self.is_sending:  # one at a time: what a client sends ahead waits, and little of it
            self._unread += data
            self.transport.pause_reading()
        elif rest := self._reader.read(data):
            self._read(rest)

    def _headers_are_here(self) -> None:
        request = self.arriving
        assert request is not None
        self.server.admit(self, request)
        if request.framing and request.headers.get("EXPECT", "").lower() == "100-continue" and not self.requests:
            self.transport.write(CONTINUE)

    def _request_is_here(self, request: ArrivingRequest) -> None:
        if self._is_last or self.is_gone:
            return
        self.requests.append(request)
        self._is_last = not request.keep_alive
        if len(self.requests) == 1:
            self.server.dispatch(self)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=0)  # pause_writing is called for all that is not sent at once
        peer = self.transport.get_extra_info("peername")
        if peer is None:  # the client has gone already
            self.leave()
            return
        self.peer = peer[0]
        self.client = client_of(self.peer)
        self.server.make_room(self)

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self.server.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.last_activity = self.server.now()
        self._read(bytes(self.server.buffer[:nbytes]))

    def eof_received(self) -> bool:
        """The client sends no more; it may still read."""
        if not self.requests and not self.is_sending:
            return False
        self._is_last = self._has_ended = True
        return True

    def pause_writing(self) -> None:
        self.is_sending, self._unsent_bytes = True, self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        self.is_sending = False
        self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_gone = True
        self.server.forget(self)
