"""The HTTP server of one process: an event loop that reads requests whole, and threads that answer them.

A request takes a thread only once it is here; so whoever is slow holds up nobody. What the limits hold, and for whom:
docs/serving.md.
"""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from queue import SimpleQueue
from wsgiref.types import WSGIApplication

from chalicelib.runtime import Runtime, using
from infra.addresses import client_of, forwarded_for
from infra.answers import answer
from infra.connections import Connection
from infra.crowd import first_to_leave
from infra.http_request import ArrivingRequest
from infra.shares import THREADS, Share

DRAIN_SECONDS = 5
"""For the calls that are under way when the server is to end."""
TICK_SECONDS = 1
READ_BYTES = 8 * 1024
"""Read at once: a client that sends requests ahead has no more of them here."""
_FULL_SECONDS = 0.1
_BACK_OFF_SECONDS = 0.005

_log = logging.getLogger("seatkeeper")


class HttpServer:
    """Serves a WSGI app on a listening socket, in one runtime, within the share of the machine that it is given."""

    def __init__(
        self,
        listening: socket.socket,
        app: WSGIApplication,
        runtime: Runtime,
        share: Share,
        *,
        behind_proxy: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.now = now
        self.connections: dict[Connection, None] = {}
        """Those that are open, the oldest first."""
        self.buffer = memoryview(bytearray(READ_BYTES))
        """What has just been read, of any connection: it is looked at before anything else is read."""
        self.is_draining = False
        self._listening, self._app, self._runtime = listening, app, runtime
        self._share, self._behind_proxy = share, behind_proxy
        self._due: SimpleQueue[tuple[Connection, ArrivingRequest] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()
        self._coming: set[asyncio.Task[None]] = set()
        """What takes up a connection: the loop itself would not keep it."""
        listening.setblocking(False)

    def start(self) -> None:
        """Begin to take connections, and to answer what comes."""
        for number in range(THREADS):
            threading.Thread(target=self._answer_requests, name=f"answers-{number}", daemon=True).start()
        self._accept_again()
        self._loop.call_later(TICK_SECONDS, self._tick)

    async def drain(self) -> None:
        """End in good order: no connection is taken any more, and calls that are under way are answered.

        Returns when all are, or after `DRAIN_SECONDS`.
        """
        self.is_draining = True
        self._loop.remove_reader(self._listening)
        self._listening.close()
        for connection in list(self.connections):
            connection.finish()
        if self.connections:
            try:
                await asyncio.wait_for(self._closed.wait(), DRAIN_SECONDS)
            except TimeoutError:
                _log.warning("%d connections were still being answered at the end", len(self.connections))
        for _ in range(THREADS):
            self._due.put(None)

    # --- what connections ask for ------------------------------------------------------------------------------

    def make_room(self, newest: Connection) -> None:
        """Note a connection that has just come, and close another one where it is one too many."""
        self.connections[newest] = None
        self._share.note_connections(len(self.connections))
        client = None if self._behind_proxy else newest.client
        of_client = sum(connection.client == client for connection in self.connections)
        if client and of_client > self._share.of_client:
            (first_to_leave(self.connections, self.now(), newest=newest, client=client) or newest).leave()
        elif len(self.connections) > self._share.connections:
            leaving = first_to_leave(self.connections, self.now(), newest=newest)
            if leaving:
                leaving.leave()

    def forget(self, connection: Connection) -> None:
        """A connection is closed."""
        self.connections.pop(connection, None)
        self._share.note_connections(len(self.connections))
        if self.is_draining and not self.connections:
            self._closed.set()

    def admit(self, connection: Connection, request: ArrivingRequest) -> None:
        """Behind a proxy, once a request's headers are read: refuse it where its client has too many under way.

        Rather than that, one of the client's is given up that is only half here.
        """
        if not self._behind_proxy or request.refused:
            return
        connection.client = client_of(forwarded_for(request.headers.get("X_FORWARDED_FOR", ""), connection.peer))
        others = [other for other in self.connections if other.client == connection.client]
        if sum(other.is_under_way() for other in others) <= self._share.of_client:
            return
        halves = [
            (other.arriving.begun, other)
            for other in others
            if other is not connection and other.is_under_way() and other.arriving and not other.requests
        ]
        if halves:
            min(halves, key=lambda half: half[0])[1].leave()
        elif connection.requests:
            request.refused = HTTPStatus.TOO_MANY_REQUESTS

    def dispatch(self, connection: Connection) -> None:
        """The first request of a connection is to be answered: by the thread that is free next."""
        request = connection.requests[0]
        self.admit(connection, request)
        self._due.put((connection, request))

    # --- threads -----------------------------------------------------------------------------------------------

    def _answer_requests(self) -> None:
        with using(self._runtime):
            while (due := self._due.get()) is not None:
                connection, request = due
                payload, keep_alive = answer(self._app, request, connection.peer, is_last=lambda: self.is_draining)
                try:
                    self._loop.call_soon_threadsafe(connection.answer, payload, keep_alive)
                except RuntimeError:  # the loop has ended: nobody is left to be answered
                    return

    # --- the event loop ----------------------------------------------------------------------------------------

    def _accept_again(self) -> None:
        if not self.is_draining:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        """Take one connection, so that other processes have their turns, or leave it to one that has fewer."""
        if len(self.connections) > self._share.connections:  # and each is being answered
            self._pause_accepting(_FULL_SECONDS, self._accept_again)
        elif self._share.is_ahead(len(self.connections)):
            self._pause_accepting(_BACK_OFF_SECONDS, self._accept_what_is_left)
        else:
            self._take()

    def _accept_what_is_left(self) -> None:
        if not self.is_draining:
            self._accept_again()
            self._take()

    def _take(self) -> None:
        try:
            taken, _ = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):  # another process was faster
            return
        except OSError as error:
            _log.error("no connection can be taken: %s", error.strerror)
            self._pause_accepting(TICK_SECONDS, self._accept_again)
            return
        taken.setblocking(False)
        coming = self._loop.create_task(self._serve(taken))
        self._coming.add(coming)
        coming.add_done_callback(self._coming.discard)

    def _pause_accepting(self, seconds: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listening)
        self._loop.call_later(seconds, then)

    async def _serve(self, taken: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: Connection(self), taken)
        except OSError:  # the client has gone already
            taken.close()

    def _tick(self) -> None:
        self.tidy()
        self._loop.call_later(TICK_SECONDS, self._tick)

    def tidy(self) -> None:
        """Close the connections whose time is over."""
        now = self.now()
        for connection in list(self.connections):
            connection.tick(now)
