"""The HTTP server of one process: threads of which one leads. It reads requests whole, and answers them (`infra.lead`).

A request is answered only once it is here; so whoever is slow holds up nobody. What the limits hold, and for whom:
docs/serving.md.
"""

import logging
import sched
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ, DefaultSelector
from wsgiref.types import WSGIApplication

from chalicelib.runtime import Runtime, using
from infra.addresses import client_of, forwarded_for
from infra.answers import answer
from infra.connections import Connection
from infra.crowd import first_to_leave, in_turns
from infra.http_request import ArrivingRequest
from infra.lead import Lead
from infra.shares import THREADS, Share

DRAIN_SECONDS = 5
"""For the calls that are under way when the server is to end."""
TICK_SECONDS = 1
BACK_OFF_SECONDS = 0.005
"""That a process which has more connections than another leaves it to take one."""
READ_SECONDS = 0.01
"""So long is read at a look, however much has come."""
_FULL_SECONDS = 0.1

_log = logging.getLogger("seatkeeper")


@dataclass(frozen=True)
class _Own:
    """What comes to the server itself, and to no connection."""

    on_event: Callable[[int], None]


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
        self.selector = DefaultSelector()
        """What the leader waits for; of their data `on_event` is called with what has come."""
        self.is_draining = False
        self._listening, self._app, self._runtime = listening, app, runtime
        self._share, self._behind_proxy = share, behind_proxy
        self._lead = Lead(THREADS + 1)
        self._due: OrderedDict[Connection, None] = OrderedDict()
        """Those whose first request is to be answered next."""
        self._calls: deque[Callable[[], None]] = deque()
        """What other threads have the leader do."""
        self._have_come = 1
        """To how many connections something had come at the last look: so many new ones are taken at once."""
        self._reads_long = False
        """Whether more had come at the last look than was read: then no client has two turns before each has one."""
        self._timers = sched.scheduler()
        self._woken, self._waking = socket.socketpair()
        self._is_closed = threading.Event()
        """Whether, in draining, no connection is left."""
        for taken in (listening, self._woken, self._waking):
            taken.setblocking(False)

    def start(self) -> None:
        """Begin to take connections, and to answer what comes."""
        self.selector.register(self._woken, EVENT_READ, _Own(self._do_calls))
        self._accept_again()
        self._tick()
        for number in range(THREADS + 1):  # one of them reads and sends, whatever the others wait for
            threading.Thread(target=self._serve, name=f"answers-{number}", daemon=True).start()
        threading.Thread(target=self._lead.watch, name="watch", daemon=True).start()

    def drain(self) -> None:
        """End in good order: no connection is taken any more, and calls that are under way are answered.

        Returns when all are, or after `DRAIN_SECONDS`.
        """
        self.soon(self._finish_connections)
        if not self._is_closed.wait(DRAIN_SECONDS):
            _log.warning("%d connections were still being answered at the end", len(self.connections))
        self._lead.end()
        self.soon(lambda: None)

    def soon(self, call: Callable[[], None]) -> None:
        """Have the leader do this, which alone may touch the connections."""
        self._calls.append(call)
        self._wake()

    def _wake(self) -> None:
        with suppress(OSError):  # it is woken often enough, or nobody leads any more
            self._waking.send(b".")

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
        self._due.pop(connection, None)
        self._share.note_connections(len(self.connections))
        if self.is_draining and not self.connections:
            self._is_closed.set()

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
        """The first request of a connection is to be answered, in its turn."""
        self.admit(connection, connection.requests[0])
        self._due[connection] = None

    # --- what a thread does ------------------------------------------------------------------------------------

    def _serve(self) -> None:
        with using(self._runtime):
            while self._lead.take():
                try:
                    self._work_while_leading()
                except Exception:
                    _log.exception("the server goes on after an error of its own")
                    self._wake()  # there may be more to do
                finally:
                    self._lead.hand_over()
            self._close()

    def _work_while_leading(self) -> None:
        """Read, answer and send, until another thread has the lead, or all is over."""
        while not self._lead.is_over:
            until = self._poll()
            while self._may_answer():
                if not self._answer_next():
                    return  # another thread leads
                if self.now() >= until:
                    break

    def _may_answer(self) -> bool:
        return bool(self._due) and self._lead.may_begin_call()

    def _answer_next(self) -> bool:
        """Answer a request that is due. False: this thread does not lead any more, and who does sends the answer."""
        connection, _ = self._due.popitem(last=False)
        request = connection.requests[0]
        self._lead.begin_call()
        try:
            payload, keep_alive = answer(self._app, request, connection.peer, is_last=lambda: self.is_draining)
        except Exception:
            self.soon(connection.leave)
            raise
        finally:
            leads = self._lead.end_call()
        if leads:
            connection.send_answer(payload, keep_alive)
        else:
            self.soon(partial(connection.send_answer, payload, keep_alive))
        return leads

    def _close(self) -> None:
        """Nobody leads any more."""
        for open_file in (self.selector, self._woken, self._waking, self._listening):
            open_file.close()
        for connection in list(self.connections):  # of a drain that was cut short
            connection.socket.close()

    # --- what the leader does ----------------------------------------------------------------------------------

    def _poll(self) -> float:
        """Do what there is to do for whatever has come; wait for it where no request can be answered now.

        Returns until when to answer what is due: as long as this took, so that clients that send much and ask for
        nothing take half of the time at most.
        """
        until_timer = self._timers.run(blocking=False)
        has_come = self.selector.select(0 if self._may_answer() else until_timer)
        self._have_come = len(has_come) or 1
        begun = now = self.now()
        for key, events in in_turns(has_come) if self._reads_long else has_come:
            key.data.on_event(events)
            now = self.now()
            if now >= begun + READ_SECONDS:  # what is left is there at the next look
                break
        self._reads_long = now >= begun + READ_SECONDS
        return now + (now - begun)

    def _do_calls(self, _events: int) -> None:
        self._woken.recv(4096)
        while self._calls:
            self._calls.popleft()()

    def _finish_connections(self) -> None:
        self.is_draining = True
        if self._listening in self.selector.get_map():
            self.selector.unregister(self._listening)
        self._listening.close()
        for connection in list(self.connections):
            connection.finish()
        if not self.connections:
            self._is_closed.set()

    def _accept_again(self) -> None:
        if not self.is_draining:
            self.selector.register(self._listening, EVENT_READ, _Own(self._accept))

    def _accept(self, _events: int) -> None:
        """Take connections, so that other processes have their turns, or leave them to one that has fewer.

        Of those who come, none waits until all others have been looked after for each of those before.
        """
        if self.is_draining:  # since this has come
            return
        for _ in range(self._have_come):
            if self._is_full():
                self._pause_accepting(_FULL_SECONDS, self._accept_again)
                return
            if self._share.is_ahead(len(self.connections)):
                self._pause_accepting(BACK_OFF_SECONDS, self._accept_what_is_left)
                return
            if not self._take():
                return

    def _accept_what_is_left(self) -> None:
        if not self.is_draining:
            self._accept_again()
            for _ in range(self._have_come):
                if self._is_full() or not self._take():
                    return

    def _is_full(self) -> bool:
        return len(self.connections) > self._share.connections  # and each is being answered

    def _take(self) -> bool:
        try:
            taken, address = self._listening.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another process was faster, or the client has gone
            return False
        except OSError as error:  # as where this process has as many files open as it may
            _log.error("no connection can be taken: %s", error.strerror)
            leaving = first_to_leave(self.connections, self.now())
            if leaving:
                leaving.leave()
            self._pause_accepting(BACK_OFF_SECONDS if leaving else TICK_SECONDS, self._accept_again)
            return False
        taken.setblocking(False)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.make_room(Connection(self, taken, address[0]))
        return True

    def _pause_accepting(self, seconds: float, then: Callable[[], None]) -> None:
        self.selector.unregister(self._listening)
        self._later(seconds, then)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.enter(seconds, 0, call)

    def _tick(self) -> None:
        self._later(TICK_SECONDS, self._tick)
        self.tidy()

    def tidy(self) -> None:
        """Close the connections whose time is over."""
        now = self.now()
        for connection in list(self.connections):
            connection.tick(now)
