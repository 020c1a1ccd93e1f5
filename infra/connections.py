"""A connection to the server: one answer at a time, in the order of the requests, and a bound on all that it holds."""

import logging
import socket
from collections import deque
from selectors import EVENT_READ, EVENT_WRITE
from typing import TYPE_CHECKING

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
READ_BYTES = 8 * 1024
"""Read at once: a client that sends requests ahead has no more of them here."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_log = logging.getLogger("seatkeeper")


class Connection:
    """A connection; the thread that leads the server is the only one to touch it.

    It is closed with the client, so that it sees the last answer: closed with bytes unread, as after an error, it
    would be reset, and the answer lost on its way.
    """

    def __init__(self, server: "HttpServer", taken: socket.socket, peer: str) -> None:
        self.server, self.socket, self.peer = server, taken, peer
        self.client = client_of(peer)
        self.requests: deque[ArrivingRequest] = deque()
        """Those that are here whole; the first is being answered."""
        self.last_activity = server.now()
        self.lingers_until = 0.0
        self.is_gone = False
        self._reader = RequestReader(server.now, self._headers_are_here, self._request_is_here)
        self._unread, self._unsent = b"", bytearray()
        """Read from the socket, and not by `_reader`; of answers, what the client has not taken yet."""
        self._unsent_bytes = 0
        """How much that was when somebody last looked whether the client takes any."""
        self._is_last = self._has_ended = False
        """Whether no further request is read; whether the client sends no more."""
        self._is_paused = False
        """Whether what the client sends is left where it is."""
        self._listens_for = 0
        self._listen()

    @property
    def arriving(self) -> ArrivingRequest | None:
        """The request that is half here."""
        return self._reader.arriving

    @property
    def is_sending(self) -> bool:
        """Whether the client has not taken all of its answers yet."""
        return bool(self._unsent)

    def is_under_way(self) -> bool:
        """Whether a request is being answered, or its headers are here and we wait for its body."""
        half = self.arriving is not None and self.arriving.headers_finished
        return not self.is_gone and (bool(self.requests) or half)

    def leave(self) -> None:
        """Close it now, whatever is under way."""
        if self.is_gone:
            return
        self.is_gone = True
        if self._listens_for:
            self.server.selector.unregister(self.socket)
        self.socket.close()
        self.server.forget(self)

    def tick(self, now: float) -> None:
        """Close it where it is idle, only drips, takes nothing of its answer, or does not close with us."""
        if self.is_sending and len(self._unsent) != self._unsent_bytes:
            self._unsent_bytes, self.last_activity = len(self._unsent), now
        is_idle = self.last_activity < now - IDLE_SECONDS and (self.is_sending or not self.requests)
        if is_idle or self._drips(now) or 0 < self.lingers_until < now:
            self.leave()

    def _drips(self, now: float) -> bool:
        request = self.arriving
        if request is None or self.requests:
            return False
        return request.begun < now - (REQUEST_SECONDS if request.headers_finished else HEADER_SECONDS)

    def send_answer(self, payload: bytes, keep_alive: bool) -> None:
        """Send the answer of the first request, and go on with what has come behind it."""
        if self.is_gone:
            return
        try:
            self._send_answer(payload, keep_alive)
        except Exception:
            self._give_up()

    def _send_answer(self, payload: bytes, keep_alive: bool) -> None:
        self.requests.popleft()
        self.last_activity = self.server.now()
        if not keep_alive:
            self._is_last = True
            self.requests.clear()
        self.send(payload)
        if not self.is_sending:
            self._go_on()

    def send(self, payload: bytes) -> None:
        """Send what can be sent now, and the rest as the client takes it."""
        sent = 0
        if not self._unsent:
            try:
                sent = self.socket.send(payload)
            except BlockingIOError:
                pass
            except OSError:  # the client has gone
                self.leave()
                return
        if sent < len(payload):
            self._unsent += memoryview(payload)[sent:]
            self._unsent_bytes = len(self._unsent)
            self._listen()

    def finish(self) -> None:
        """End it in good order: what is being answered still is, and what has come to us and was not read yet."""
        if not self.requests and not self.is_sending:
            self.on_event(EVENT_READ)
        if self.requests or self.is_sending:
            self._is_last = True
        else:
            self.leave()

    def _go_on(self) -> None:
        """What comes next, once the client has taken an answer."""
        if self.is_gone:
            return
        if self.requests:
            self.server.dispatch(self)
        elif self._is_last:
            self._linger()
        elif self._is_paused:
            unread, self._unread = self._unread, b""
            self._pause(False)
            self._read(unread)

    def _linger(self) -> None:
        if self.server.is_draining or self._has_ended:
            self.leave()
            return
        self.lingers_until = self.server.now() + LINGER_SECONDS
        self._pause(False)
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the client has reset it since
            self.leave()

    def _read(self, data: bytes) -> None:
        if self._is_last:
            return
        self.last_activity = self.server.now()
        if self.requests or self.is_sending:  # one at a time: what a client sends ahead waits, and little of it
            self._unread += data
            self._pause(True)
        elif rest := self._reader.read(data):
            self._read(rest)

    def _headers_are_here(self) -> None:
        request = self.arriving
        assert request is not None
        self.server.admit(self, request)
        if request.framing and request.headers.get("EXPECT", "").lower() == "100-continue" and not self.requests:
            self.send(CONTINUE)

    def _request_is_here(self, request: ArrivingRequest) -> None:
        if self._is_last or self.is_gone:
            return
        self.requests.append(request)
        self._is_last = not request.keep_alive
        if len(self.requests) == 1:
            self.server.dispatch(self)

    # --- the socket --------------------------------------------------------------------------------------------

    def on_event(self, events: int) -> None:
        """The socket can be read, or written to."""
        try:
            if events & EVENT_WRITE and not self.is_gone:
                self._send_rest()
            if events & EVENT_READ and not self.is_gone:
                self._receive()
        except Exception:
            self._give_up()

    def _give_up(self) -> None:
        _log.exception("a connection is given up after an error of our own")
        self.leave()

    def _receive(self) -> None:
        try:
            data = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # the client has reset it
            self.leave()
            return
        if data:
            self._read(data)
        elif self.requests or self.is_sending:  # it may still read
            self._is_last = self._has_ended = True
            self._listen()
        else:
            self.leave()

    def _send_rest(self) -> None:
        try:
            del self._unsent[: self.socket.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:  # the client has gone
            self.leave()
            return
        if not self._unsent:
            self._listen()
            self._go_on()

    def _pause(self, paused: bool) -> None:
        self._is_paused = paused
        self._listen()

    def _listen(self) -> None:
        """Have `on_event` called for what concerns us now."""
        reads = not self._is_paused and not self._has_ended
        before, self._listens_for = self._listens_for, EVENT_READ * reads | EVENT_WRITE * self.is_sending
        if self._listens_for == before or self.is_gone:
            return
        if not self._listens_for:
            self.server.selector.unregister(self.socket)
        elif not before:
            self.server.selector.register(self.socket, self._listens_for, self)
        else:
            self.server.selector.modify(self.socket, self._listens_for, self)
