"""Who leads the HTTP server in this process: who waits in a call, or fails, holds up nobody."""

import itertools
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from selectors import SelectorKey
from typing import Any

import pytest

from chalicelib.turns import HASHES
from infra import connections, http_server, lead, shares
from infra.embedded.write_queue import WriteQueue
from infra.http_server import HttpServer
from infra.lead import PATIENCE_SECONDS, Lead, about_to_wait
from infra.shares import Common, Share
from tests.infra.test_serve import is_closed
from tests.infra.watched import (
    GET,
    QUICK,
    Stuck,
    Watched,
    answer_to,
    asked_of,
    echo,
    say_nothing,
    watching,
)


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
    def act(take: Callable[[], object], *, at_once: bool) -> None:
        go_on.wait(60)
        take()

    WriteQueue(act, 30).do(lambda: None)


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
    monkeypatch.setattr(http_server, "READ_SECONDS", 1000)
    looks, answered_after = 0, set[int]()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        watched.now += 1
        answered_after.add(looks)
        return echo(environ, start_response)

    def look(timeout: float | None) -> Any:
        nonlocal looks
        looks += 1
        return select_now(timeout)

    def note(connection: connections.Connection) -> None:
        taken_at.append(looks)
        make_room(connection)

    def read_slowly(*_: object) -> None:
        watched.now += 0.5  # twice: once the headers are here, and once the request is

    with watching(app) as watched, ExitStack() as stack:
        select_now = watched.server.selector.select
        monkeypatch.setattr(watched.server.selector, "select", look)
        make_room, taken_at = watched.server.make_room, list[int]()
        monkeypatch.setattr(watched.server, "make_room", note)
        monkeypatch.setattr(HttpServer, "admit", read_slowly)
        clients = [stack.enter_context(watched.connected()) for _ in range(10)]
        watched.have_the_leader(*(partial(client.sendall, GET) for client in clients))
        for client in clients:
            assert answer_to(watched, client).startswith(b"HTTP/1.1 200 ")
        assert len(answered_after) == 1

        newcomers = [stack.enter_context(socket.socket()) for _ in range(10)]
        coming = [partial(newcomer.connect, ("127.0.0.1", watched.port)) for newcomer in newcomers]
        watched.have_the_leader(*(partial(client.sendall, GET) for client in clients), *coming)
        for newcomer in newcomers:
            newcomer.sendall(GET)
            assert answer_to(watched, newcomer).startswith(b"HTTP/1.1 200 ")
        assert taken_at[-10] >= taken_at[-1] - 1, "who comes waits for all others once, and not for each before"


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


def test_an_error_of_our_own_in_the_place_of_an_answer_costs_one_connection(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched.connected() as other:
        with monkeypatch.context() as broken, watched.connected() as unlucky:
            broken.setattr(http_server, "answer", lambda *_, **__: 1 / 0)
            unlucky.sendall(GET)
            watched.turn(until=lambda: len(watched.connections) == 1)
            assert is_closed(unlucky)
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


def test_an_end_while_a_thread_takes_the_lead_leaves_no_thread_waiting_for_it() -> None:
    looks = iter([False])

    class Ending(Lead):
        """Is over right after somebody has looked for the first time."""

        is_over = property(lambda _: next(looks, True), lambda _, __: None)

    lead = Ending(2)

    def work() -> None:
        while lead.take():
            lead.hand_over()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
