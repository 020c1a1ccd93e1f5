"""The HTTP server in this process: the test turns its clock."""

import itertools
import json
import select
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from selectors import SelectorKey
from typing import Any

import pytest

from chalicelib.runtime import runtime
from chalicelib.turns import HASHES
from chalicelib.web.request_limits import MAX_BODY_BYTES
from infra import connections, http_request, http_server, lead, serve, shares
from infra.crowd import STALL_SECONDS
from infra.embedded.write_queue import WriteQueue
from infra.http_server import HttpServer
from infra.lead import PATIENCE_SECONDS, about_to_wait
from infra.shares import Common, Share
from tests.infra.test_serve import is_closed

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


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A server that echoes."""
    with watching() as watched:
        yield watched


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


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    """An app that goes on when the test is over, at the latest."""
    stuck = Stuck()
    yield stuck
    stuck.go_on.set()


# --- what is given up ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n", connections.HEADER_SECONDS),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", connections.REQUEST_SECONDS),
    ],
    ids=["headers", "body"],
)
def test_a_request_that_only_drips_is_given_up(sent: bytes, seconds: int, watched: Watched) -> None:
    with watched.connected(sent) as connection:
        watched.connections[0].last_activity = watched.now + 1000  # its last byte has just come
        assert watched.is_open_after(seconds - 5)
        assert not watched.is_open_after(seconds + 5)
        assert connection.recv(1) == b""


def test_a_client_that_takes_nothing_of_its_answer_is_closed(watched: Watched) -> None:
    with watched.connected():
        watched.have_done(lambda: watched.connections[0].send(bytes(50_000_000)))  # more than any buffer between us
        assert watched.is_open_after(connections.IDLE_SECONDS - 5)
        assert not watched.is_open_after(connections.IDLE_SECONDS + 5)


def test_a_client_that_takes_nothing_of_its_last_answer_and_goes_on_sending_is_closed() -> None:
    with watching(much) as watched, watched.connected(LAST) as connection:
        watched.turn(until=lambda: watched.connections[0].is_sending)
        watched.now += connections.IDLE_SECONDS - 5
        connection.sendall(b"x")
        watched.turn(rounds=3)
        assert not watched.is_open_after(connections.IDLE_SECONDS + 5)


def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(watched: Watched) -> None:
    with watched.connected() as connection:
        watched.have_done(lambda: watched.connections[0].send(bytes(50_000_000)))
        connection.setblocking(False)
        for second in range(connections.IDLE_SECONDS - 5, 10 * connections.IDLE_SECONDS, connections.IDLE_SECONDS - 5):
            wanted = 4_000_000
            while wanted > 0:
                watched.turn(rounds=1)
                with suppress(BlockingIOError):
                    wanted -= len(connection.recv(1_000_000)) or wanted
            assert watched.is_open_after(second)


@pytest.mark.parametrize("sent", [1, 2], ids=["one request", "another ahead"])
def test_who_takes_nothing_of_its_answer_makes_room(sent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MAX_CONNECTIONS", 1)
    with watching(much) as watched, watched.connected(GET * sent):
        [stalling] = watched.connections
        watched.turn(until=lambda: stalling.is_sending)
        watched.now += STALL_SECONDS + 1
        with watched.connected(client="127.0.0.2"):
            assert stalling.is_gone


def test_a_connection_that_is_idle_for_long_is_closed(watched: Watched) -> None:
    with watched.connected() as connection:
        assert watched.is_open_after(connections.IDLE_SECONDS - 5)
        assert not watched.is_open_after(connections.IDLE_SECONDS + 5)
        assert connection.recv(1) == b""


def test_who_comes_at_the_instant_at_which_another_is_closed_is_served(watched: Watched) -> None:
    """The closed one's file descriptor is the next one's."""

    def numbers() -> list[int]:
        return [open.socket.fileno() for open in watched.connections]

    with watched.connected() as idle:
        [number] = numbers()
        watched.now += connections.IDLE_SECONDS + 1
        with socket.socket() as newcomer:

            def come_and_tidy() -> None:
                newcomer.connect(("127.0.0.1", watched.port))
                watched.server.tidy()

            watched.have_done(come_and_tidy)
            watched.turn(rounds=3)
            assert idle.recv(1) == b""
            assert numbers() == [number]
            assert not is_closed(newcomer)


def test_a_client_that_does_not_close_after_the_last_answer_is_not_waited_for(watched: Watched) -> None:
    with watched.connected(b"NONSENSE\r\n\r\n") as connection:
        watched.turn(until=lambda: watched.connections[0].lingers_until)
        assert connection.recv(8).startswith(b"HTTP/1.")
        connection.sendall(b"and more" * 1000)
        assert watched.is_open_after(0)
        assert not watched.is_open_after(connections.LINGER_SECONDS + 5)


# --- who waits -----------------------------------------------------------------------------------------------------


def answer_to(watched: Watched, connection: socket.socket) -> bytes:
    """What comes next on a connection."""
    watched.turn(until=lambda: select.select([connection], [], [], 0)[0])
    connection.setblocking(False)
    return connection.recv(65536)


def say_so(go_on: threading.Event) -> None:
    about_to_wait()
    go_on.wait(60)


def wait_for_a_hash(go_on: threading.Event) -> None:
    turns = Share(Common(1)).turns.hashes
    for _ in range(HASHES):
        turns.acquire(blocking=False)

    def release() -> None:
        go_on.wait(60)
        turns.release()

    threading.Thread(target=release).start()
    turns.acquire()


def wait_for_a_commit(go_on: threading.Event) -> None:
    WriteQueue(lambda _jobs: say_nothing(go_on), 30).do(lambda: None)


def say_nothing(go_on: threading.Event) -> None:
    go_on.wait(60)


@pytest.mark.parametrize(
    ("wait", "patience_seconds"),
    [(say_nothing, PATIENCE_SECONDS), (say_so, 90), (wait_for_a_hash, 90), (wait_for_a_commit, 90)],
)
def test_who_waits_in_a_call_holds_up_nobody(
    wait: Callable[[threading.Event], None], patience_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead, "PATIENCE_SECONDS", patience_seconds)
    stuck = Stuck(wait)
    with watching(stuck) as watched, watched.connected(GET) as waiting, watched.connected(QUICK) as other:
        assert asked_of(answer_to(watched, other))["PATH_INFO"] == "/quick"
        assert stuck.asked == 1
        stuck.go_on.set()
        assert asked_of(answer_to(watched, waiting))["PATH_INFO"] == "/"


def test_while_all_threads_are_in_calls_connections_are_looked_after_and_requests_wait(stuck: Stuck) -> None:
    with watching(stuck) as watched, ExitStack() as stack:
        calls = [stack.enter_context(watched.connected(GET)) for _ in range(shares.THREADS)]
        watched.turn(until=lambda: stuck.asked == shares.THREADS)
        waiting = stack.enter_context(watched.connected(QUICK))
        half = stack.enter_context(watched.connected(b"GET / HTTP/1.1\r\n"))
        watched.now += connections.HEADER_SECONDS + 1
        watched.have_done(watched.server.tidy)
        assert is_closed(half)
        assert not select.select([waiting], [], [], 0)[0]
        looks, look = itertools.count(1), watched.server.selector.select

        def counted(timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
            next(looks)
            return look(timeout)

        watched.server.selector.select = counted  # type: ignore[method-assign]
        watched.turn(rounds=20)
        assert next(looks) < 200, "who can do nothing sleeps"
        stuck.go_on.set()
        for connection in (*calls, waiting):
            assert answer_to(watched, connection).startswith(b"HTTP/1.1 200 ")


def test_a_request_is_not_answered_once_its_client_has_gone(stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would wait, and be kept, however many came and went meanwhile."""
    monkeypatch.setattr(http_server, "THREADS", 1)
    with watching(stuck) as watched, watched.connected(GET) as asking:
        watched.turn(until=lambda: stuck.asked)
        with watched.connected(GET) as leaving:
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close resets it
        watched.turn(until=lambda: len(watched.connections) == 1)
        stuck.go_on.set()
        for connection in (asking, asking):
            assert answer_to(watched, connection).startswith(b"HTTP/1.1 200 ")
            connection.sendall(QUICK)
        assert stuck.asked == 1


def test_to_answer_gets_as_much_time_as_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, answered_after = 0, set[int]()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        watched.now += 1
        answered_after.add(looks)
        return echo(environ, start_response)

    def look(timeout: float | None) -> Any:
        nonlocal looks
        looks += 1
        return select_now(timeout)

    def read_slowly(*_: object) -> None:
        watched.now += 0.5  # twice: once the headers are here, and once the request is

    with watching(app) as watched, ExitStack() as stack:
        select_now = watched.server.selector.select
        monkeypatch.setattr(watched.server.selector, "select", look)
        monkeypatch.setattr(HttpServer, "admit", read_slowly)
        clients = [stack.enter_context(watched.connected()) for _ in range(10)]
        watched.have_the_leader(*(partial(client.sendall, GET) for client in clients))
        for client in clients:
            assert answer_to(watched, client).startswith(b"HTTP/1.1 200 ")
    assert len(answered_after) == 1


def test_time_passes_without_any_call(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "TICK_SECONDS", 0.01)
    with watched.connected() as idle:
        watched.now += connections.IDLE_SECONDS + 1
        watched.turn(until=lambda: not watched.connections)
        assert idle.recv(1) == b""


def test_an_error_of_our_own_costs_one_connection(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    with watched.connected() as other:
        with monkeypatch.context() as broken:
            broken.setattr(HttpServer, "admit", lambda *_: 1 / 0)
            with watched.connected(GET) as unlucky:
                assert unlucky.recv(1) == b""
        other.sendall(GET)
        assert answer_to(watched, other).startswith(b"HTTP/1.1 200 ")


def test_an_error_of_our_own_behind_an_answer_costs_one_connection(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted: Iterator[object] = iter((None, None, None))  # the headers of two requests, and one of them whole
    monkeypatch.setattr(HttpServer, "admit", lambda *_: next(admitted))
    with watched.connected(GET + GET) as unlucky:
        assert answer_to(watched, unlucky).startswith(b"HTTP/1.1 200 ")
        watched.turn(until=lambda: not watched.connections)
        assert is_closed(unlucky)


def test_after_errors_of_our_own_all_threads_go_on_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "THREADS", 2)
    with watching() as watched:
        for _ in range(10):
            watched.have_the_leader(lambda: 1 / 0)  # type: ignore[arg-type]
        with watched.connected(GET) as other:
            assert answer_to(watched, other).startswith(b"HTTP/1.1 200 ")


def test_time_passes_after_an_error_of_our_own(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "TICK_SECONDS", 0.01)
    with watched.connected() as idle:
        with monkeypatch.context() as broken:
            broken.setattr(connections.Connection, "tick", lambda *_: 1 / 0)
            watched.turn(rounds=120)
        watched.now += connections.IDLE_SECONDS + 1
        watched.turn(until=lambda: not watched.connections)
        assert idle.recv(1) == b""


# --- how many ----------------------------------------------------------------------------------------------------


def test_a_client_all_of_whose_connections_are_being_answered_gets_no_more(
    stuck: Stuck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "MAX_OF_CLIENT", 1)
    with watching(stuck) as watched, watched.connected(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
        [first] = watched.connections
        with watched.connected() as second, watched.connected(client="127.0.0.2") as other:
            assert second.recv(1) == b""
            assert not is_closed(other)
            assert watched.connections[0] is first
        stuck.go_on.set()


def test_a_client_may_send_requests_ahead_and_gets_each_answer_in_its_turn(watched: Watched) -> None:
    requests = [b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n%s" % (n, b"x" * 900) for n in range(200)]
    said = watched.answers(b"".join(requests))
    asked = [json.loads(part.partition(b"HTTP/1.1")[0]) for part in said.split(b"\r\n\r\n")[1:]]
    assert [(one["PATH_INFO"], len(one["body"])) for one in asked] == [(f"/{n}", 900) for n in range(200)]


def test_of_requests_that_are_sent_ahead_one_is_answered_and_little_is_read(stuck: Stuck) -> None:
    with watching(stuck) as watched, watched.connected() as connection:
        connection.setblocking(False)
        sent, stalled, request = 0, 0, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10_000
        while stalled < 20:
            try:
                sent += connection.send(request)
                stalled = 0
            except BlockingIOError:
                stalled += 1
            watched.turn(rounds=1)
            assert sent < 15_000_000, "more than any buffer between us"
        assert stuck.asked == 1
        assert len(watched.connections[0].requests) < connections.READ_BYTES / 18 + 1
        stuck.go_on.set()


# --- behind a proxy, all connections are the proxy's ---------------------------------------------------------------


@pytest.fixture
def proxied(stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, bytes], socket.socket]]:
    """Sends a request of a client, as a proxy does, to a server that answers nothing as long as the test lasts."""
    monkeypatch.setattr(shares, "MAX_OF_CLIENT", 3)
    with ExitStack() as stack:
        watched = stack.enter_context(watching(stuck, behind_proxy=True))
        stack.callback(stuck.go_on.set)

        def send(client: str, rest: bytes) -> socket.socket:
            watched.now += 0.001
            head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.9, %b\r\n" % client.encode()
            return stack.enter_context(watched.connected(head + rest))

        yield send


def test_behind_a_proxy_a_clients_oldest_half_sent_request_makes_room(
    proxied: Callable[[str, bytes], socket.socket],
) -> None:
    others = [proxied(f"198.51.100.{number}", HALF) for number in range(3)]
    halves = [proxied("2001:db8::%d" % number, HALF) for number in range(5)]  # noqa: UP031 - braces are no better
    proxied("[2001:db8::77]:443", WHOLE)
    assert [is_closed(connection) for connection in halves] == [True, True, True, False, False]
    assert not any(is_closed(connection) for connection in others)


def test_behind_a_proxy_a_client_with_too_many_calls_under_way_is_refused(
    proxied: Callable[[str, bytes], socket.socket],
) -> None:
    proxied("198.51.100.1", HALF).close()
    for _ in range(3):
        proxied("198.51.100.1", WHOLE)
    refused = proxied("198.51.100.1:5678", WHOLE)
    deadline = time.monotonic() + 30
    while not select.select([refused], [], [], 0)[0] and time.monotonic() < deadline:
        proxied("198.51.100.2", WHOLE[:-2])
    head, _, body = refused.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 429 ")
    assert b"Retry-After: 1" in head
    assert json.loads(body)["code"] == "rate_limit_exceeded"


# --- what a request is ---------------------------------------------------------------------------------------------


def asked_of(said: bytes) -> dict[str, Any]:
    """What the app was asked, of its answer."""
    head, _, body = said.rpartition(b"\r\n\r\n")
    assert b"HTTP/1.1 200 OK\r\n" in head
    answer: dict[str, Any] = json.loads(body)
    return answer


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/a%20b?c=%ff&d", "/a b", "c=%ff&d"),
        (b"//example.com/a", "//example.com/a", ""),
        (b"/a#b?c", "/a", ""),
        (b"http://example.com/a?b", "/a", "b"),
        (b"/%ff%00", "/\xff\x00", ""),
    ],
)
def test_an_address_is_a_path_and_a_query(target: bytes, path: str, query: str, watched: Watched) -> None:
    asked = asked_of(watched.answers(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target))
    assert (asked["PATH_INFO"], asked["QUERY_STRING"]) == (path, query)


def test_headers_are_those_that_stand_before_the_body_and_have_one_spelling(watched: Watched) -> None:
    """Of a header with a line below, or behind the body, no server before us has known what it means."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: a \r\nx-forwarded-for: b\r\n"
    head += b"X_Forwarded_For: evil\r\nContent_Length: 9\r\n"
    asked = asked_of(
        watched.answers(head + b"Transfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\nX-Forwarded-For: evil\r\n\r\n")
    )
    assert (asked["HTTP_X_FORWARDED_FOR"], asked["CONTENT_LENGTH"], asked["body"]) == ("a, b", "1", "a")
    assert "HTTP_TRANSFER_ENCODING" not in asked
    assert "HTTP_CONTENT_LENGTH" not in asked


def test_behind_a_trailer_section_stands_the_next_request(watched: Watched) -> None:
    head = b"POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    trailers = b"Checksum: 9\r\nHost: evil\r\n\r\n"
    said = watched.answers(head + b"1\r\na\r\n0\r\n" + trailers + b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
    parts = said.split(b"HTTP/1.1 200 OK\r\n")[1:]
    asked = [json.loads(part.rpartition(b"\r\n\r\n")[2]) for part in parts]
    assert [(one["PATH_INFO"], one["body"], one["HTTP_HOST"]) for one in asked] == [("/1", "a", "x"), ("/2", "", "x")]


@pytest.mark.parametrize("body", [b"", b"Content-Length: 2\r\n"])
def test_who_would_speak_another_protocol_is_answered_in_this_one(body: bytes, watched: Watched) -> None:
    first = b"POST /1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n%b\r\n%b" % (
        body,
        b"xx" if body else b"",
    )
    said = watched.answers(first + b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [said.count(part) for part in (b"HTTP/1.1 200", b'"/1"', b'"/2"')] == [2, 1, 1]


def test_who_waits_for_leave_to_send_a_body_gets_it(watched: Watched) -> None:
    with watched.connected(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    ) as connection:
        assert connection.recv(1000) == connections.CONTINUE
        connection.sendall(b"xx")
        watched.turn(until=lambda: select.select([connection], [], [], 0)[0])
        assert asked_of(connection.recv(65536))["body"] == "xx"


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
)
def test_the_last_answer_of_a_connection_says_so(first: bytes, watched: Watched) -> None:
    said = watched.answers(first + b"GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert said.count(b"HTTP/1.1 ") == said.count(b"Connection: close") == 1
    assert asked_of(said)["PATH_INFO"] == "/"


def test_headers_without_end_are_bounded(watched: Watched) -> None:
    with watched.connected(
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 2 * http_request.MAX_HEADER_BYTES
    ) as connection:
        watched.turn(until=lambda: select.select([connection], [], [], 0)[0])
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nab\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"%d:\r\n"),
    ],
    ids=["chunks", "headers"],
)
def test_small_parts_of_a_request_take_no_more_room_than_large_ones(head: bytes, part: bytes) -> None:
    refused: list[http_request.ArrivingRequest] = []
    reader = http_request.RequestReader(time.monotonic, lambda: None, refused.append)
    reader.read(head)
    tracemalloc.start()
    try:
        for number in range(MAX_BODY_BYTES // 2):
            reader.read(part % number if b"%" in part else part)
            if refused:
                break
        assert tracemalloc.get_traced_memory()[0] < 1.25 * MAX_BODY_BYTES
    finally:
        tracemalloc.stop()


def test_chunks_of_one_byte_are_bounded_too(watched: Watched) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    framed = b"1;" + b"x" * 4000 + b"\r\na\r\n"
    assert b'"payload_too_large"' in watched.answers(head + framed * 600)


# --- the end -------------------------------------------------------------------------------------------------------


def test_a_call_that_is_under_way_at_the_end_is_answered_and_nobody_else_is_waited_for(stuck: Stuck) -> None:
    with (
        watching(stuck) as watched,
        watched.connected(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n") as asking,
        watched.connected() as idle,
        watched.connected(b"GET / HTTP/1.1\r\nHost: x\r\nA") as half,
    ):
        watched.turn(until=lambda: stuck.asked)
        draining = threading.Thread(target=watched.server.drain)
        draining.start()
        assert (idle.recv(1), half.recv(1), draining.is_alive()) == (b"", b"", True)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", watched.port))
        stuck.go_on.set()
        draining.join(30)
        said = asking.recv(65536)
        assert asked_of(said)["PATH_INFO"] == "/1"
        assert b"Connection: close" in said
        assert asking.recv(1) == b""


def test_who_comes_at_the_instant_of_the_end_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_server, "DRAIN_SECONDS", 0)
    with socket.socket() as newcomer:

        def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            ending.server.soon(ending.server.drain)
            newcomer.connect(("127.0.0.1", ending.port))  # both are there at the next look
            return echo(environ, start_response)

        with watching(app) as ending, ending.connected() as asking:
            asking.sendall(GET)
            assert asking.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


# --- several processes ---------------------------------------------------------------------------------------------


def test_connections_are_spread_over_the_processes() -> None:
    with watching(processes=3) as watched, ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(watched.connected())
        assert [len(server.connections) for server in watched.servers] == [4, 4, 4]
