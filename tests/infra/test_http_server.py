"""The HTTP server in this process: the test turns its clock."""

import itertools
import json
import select
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest

from chalicelib.web.request_limits import MAX_BODY_BYTES
from infra import connections, http_request, http_server, shares
from infra.crowd import STALL_SECONDS
from tests.infra.test_serve import is_closed
from tests.infra.watched import (
    GET,
    HALF,
    LAST,
    WHOLE,
    Stuck,
    Watched,
    asked_of,
    echo,
    much,
    say_nothing,
    watching,
)

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


@pytest.mark.parametrize("clients", [1, 2])
def test_who_sends_on_many_connections_has_a_turn_like_any_other(clients: int) -> None:
    asked: list[str] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(environ["REMOTE_ADDR"])
        return echo(environ, start_response)

    with watching(app) as watched, ExitStack() as stack:
        crowd = [stack.enter_context(watched.connected(client=f"127.0.0.{1 + n % clients}")) for n in range(20)]
        single = stack.enter_context(watched.connected(client="127.0.0.9"))
        clock = itertools.count(watched.now, http_server.READ_SECONDS / 8)

        def all_at_once() -> None:
            for connection in (*crowd, single):
                connection.sendall(GET)
            watched.server.now = lambda: next(clock)  # so some four are read at a look

        watched.have_done(all_at_once)
        watched.turn(until=lambda: len(asked) == 21)
    assert asked.index("127.0.0.9") <= 4 + clients
    assert len(asked) == 21, "and all have had theirs"


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


def test_an_answer_has_the_second_in_which_it_is_made(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    for second, said in ((0.9, b"00:00:00"), (61.0, b"00:01:01"), (61.9, b"00:01:01"), (0.0, b"00:00:00")):
        monkeypatch.setattr("infra.answers.time.time", partial(float, second))
        assert b"Date: Thu, 01 Jan 1970 %b GMT\r\n" % said in watched.answers(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


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


@pytest.mark.parametrize("part", [b"a" * 8192, b"A: b\r\n" * 1000], ids=["one", "many"])
def test_trailers_without_end_are_bounded_as_headers_are(part: bytes) -> None:
    refused: list[http_request.ArrivingRequest] = []
    reader, sent = http_request.RequestReader(time.monotonic, lambda: None, refused.append), 0
    reader.read(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: ")
    while not refused and sent < 2 * http_request.MAX_HEADER_BYTES:
        reader.read(part)
        sent += len(part)
    assert [request.refused for request in refused] == [HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE]


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


def test_a_request_that_has_come_by_the_end_is_answered_though_it_was_not_read_before(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon, go_on, is_to_end = watched.server.soon, threading.Event(), threading.Event()

    def hand_in(call: Callable[[], None]) -> None:
        soon(call)
        is_to_end.set()

    with watched.connected() as asking:
        soon(partial(say_nothing, go_on))
        monkeypatch.setattr(watched.server, "soon", hand_in)
        draining = threading.Thread(target=watched.server.drain)
        draining.start()
        assert is_to_end.wait(30)
        asking.sendall(GET)
        go_on.set()
        said = asking.recv(65536)
        draining.join(30)
    assert asked_of(said)["PATH_INFO"] == "/"
    assert b"Connection: close" in said


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


def test_an_end_that_is_cut_short_leaves_nothing_open(stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "DRAIN_SECONDS", 0)
    with watching(stuck) as ending, ending.connected(GET) as asking, ending.connected() as idle:
        ending.turn(until=lambda: stuck.asked)
        ending.server.drain()
        assert [connection.recv(1) for connection in (asking, idle)] == [b"", b""]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", ending.port))


# --- several processes ---------------------------------------------------------------------------------------------


def test_connections_are_spread_over_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "BACK_OFF_SECONDS", 0.2)  # long enough for a thread that finds no processor
    with watching(processes=3) as watched, ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(watched.connected())
        watched.turn(until=lambda: sum(len(server.connections) for server in watched.servers) == 12)
        assert [len(server.connections) for server in watched.servers] == [4, 4, 4]
