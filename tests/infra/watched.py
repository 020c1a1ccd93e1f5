"""An HTTP server in this process, whose clock the test turns, and apps that it serves."""

import json
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from chalicelib.runtime import runtime
from infra import connections, serve
from infra.http_server import HttpServer
from infra.shares import Common, Share

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
GET, QUICK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
WHOLE, HALF = b"Content-Length: 0\r\n\r\n", b"Content-Length: 9\r\n\r\n{"


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answers what it is asked, but for what a server makes of it."""
    names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_LENGTH", "CONTENT_TYPE", "REMOTE_ADDR")
    given = {name: environ[name] for name in environ if name in names or name.startswith("HTTP_")}
    body = json.dumps(given | {"body": environ["wsgi.input"].read().decode()}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def much(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answers more than any buffer between us holds."""
    body = bytes(50_000_000)
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Watched:
    """A server whose clock the test turns."""

    def __init__(self, app: Application, *, behind_proxy: bool = False, processes: int = 1) -> None:
        self.now = self._begun = 1000.0
        self._common = Common(processes)
        with closing(serve.listen(0)) as listening:
            self.port = int(listening.getsockname()[1])
            self.servers = [
                HttpServer(
                    listening.dup(),
                    app,
                    runtime(),
                    Share(self._common, number),
                    behind_proxy=behind_proxy,
                    now=lambda: self.now,
                )
                for number in range(processes)
            ]
        self.server = self.servers[0]
        for server in self.servers:
            server.start()

    @property
    def connections(self) -> list[connections.Connection]:
        """Those that are open, the oldest first."""
        return list(self.server.connections)

    def have_done(self, call: Callable[[], None], server: HttpServer | None = None) -> None:
        """Have the server, the first if none is named, do this between two looks at what has come."""
        done = threading.Event()
        for one in (call, done.set):
            (server or self.server).soon(one)
        assert done.wait(30)

    def turn(self, *, until: Callable[[], object] = lambda: False, rounds: int = 500) -> None:
        """Let the server do what there is to do."""
        waiting = threading.Event()
        for _ in range(rounds):
            if until():
                return
            waiting.wait(0.01)
            for server in self.servers:
                self.have_done(lambda: None, server)

    def is_open_after(self, seconds: int) -> bool:
        """Whether the server keeps the connection once so much time has passed."""
        self.now = self._begun + seconds
        self.have_done(self.server.tidy)
        return bool(self.connections)

    def have_the_leader(self, *calls: Callable[[], None]) -> None:
        """Have it do these between two looks at what has come; returns when the last is done."""
        done = threading.Event()

        def hand_all() -> None:
            for call in (*calls, done.set):
                self.server.soon(call)

        self.have_done(hand_all)
        assert done.wait(30)

    @contextmanager
    def connected(self, sent: bytes = b"", client: str = "127.0.0.1") -> Iterator[socket.socket]:
        """A connection that the server has taken, and from which it has read what is sent."""
        address = ("127.0.0.1", self.port)
        with socket.create_connection(address, timeout=30, source_address=(client, 0)) as connection:
            connection.sendall(sent)
            self.turn(rounds=5)
            yield connection

    def answers(self, sent: bytes) -> bytes:
        """All that is answered to bytes after which the client sends no more."""
        with self.connected(sent) as connection:
            connection.shutdown(socket.SHUT_WR)
            said = b""
            connection.setblocking(False)
            for _ in range(500):
                self.turn(rounds=1)
                try:
                    more = connection.recv(65536)
                except BlockingIOError:
                    continue
                if not more:
                    break
                said += more
        return said

    def end(self) -> None:
        for server in (server for server in self.servers if not server.is_draining):
            server.drain()
        self._common.close()


@contextmanager
def watching(app: Application = echo, **given: Any) -> Iterator[Watched]:
    watched = Watched(app, **given)
    try:
        yield watched
    finally:
        watched.end()


class Stuck:
    """An app that answers nothing before it may, but for what is asked at `/quick`."""

    def __init__(self, wait: Callable[[threading.Event], object] = lambda go_on: go_on.wait(60)) -> None:
        self.go_on, self._wait = threading.Event(), wait
        self.asked = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] != "/quick":
            self.asked += 1
            self._wait(self.go_on)
        return echo(environ, start_response)


def say_nothing(go_on: threading.Event) -> None:
    """Wait for it, as somebody who does not say so."""
    go_on.wait(60)


def answer_to(watched: Watched, connection: socket.socket) -> bytes:
    """What comes next on a connection."""
    watched.turn(until=lambda: select.select([connection], [], [], 0)[0])
    connection.setblocking(False)
    return connection.recv(65536)


def asked_of(said: bytes) -> dict[str, Any]:
    """What the app was asked, of its answer."""
    head, _, body = said.rpartition(b"\r\n\r\n")
    assert b"HTTP/1.1 200 OK\r\n" in head
    answer: dict[str, Any] = json.loads(body)
    return answer
