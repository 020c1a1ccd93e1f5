"""The clients of a measurement: each waits for its answer, and what is answered wrongly is no figure."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.bench.clients import LOOKED_AT, BenchError, drive, look_at, request_bytes
from infra.bench.latencies import Latencies
from tests import signing_keys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
SIGNER = signing_keys.key(1)


@contextmanager
def answering(*parts: bytes) -> Iterator[tuple[int, list[tuple[str, bytes]]]]:
    """A port at which each request is answered by these bytes, sent part by part; and who has sent what.

    Nothing at all closes the connection.
    """
    received: list[tuple[str, bytes]] = []

    def serve(connection: socket.socket, address: str) -> None:
        with connection:
            while request := connection.recv(10_000):
                received.append((address, request))
                if not parts:
                    return
                for part in parts:
                    connection.sendall(part)

    def accept() -> None:
        while True:
            try:
                connection, (address, _) = listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threads.append(threading.Thread(target=serve, args=(connection, address)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threads = [threading.Thread(target=accept)]
        threads[0].start()
        yield listening.getsockname()[1], received
        listening.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()


def driven(port: int, count: int, clients: int) -> tuple[Latencies, list[bytes]]:
    return drive(port, [b"%d" % number for number in range(count)], clients, lambda: 0.0)


@pytest.mark.parametrize("parts", [[ANSWER], [ANSWER[:30], ANSWER[30:39], ANSWER[39:]]], ids=["whole", "in parts"])
def test_each_request_is_sent_once_and_by_a_client_that_has_its_answer(parts: list[bytes]) -> None:
    with answering(*parts) as (port, received):
        calls, answers = driven(port, 40, 3)
    assert sorted(int(request) for _, request in received) == list(range(40))  # never two in one
    assert len({address for address, _ in received}) == 3
    assert calls.statuses == {200: 40}
    assert len(calls.latencies) == 40
    assert answers == [ANSWER] * -(-40 // LOOKED_AT)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([], "closed a connection"),
        ([b"HTTP/1.1 200 OK\r\n\r\n{}"], "does not say how long it is"),
    ],
)
def test_what_cannot_be_measured_is_no_figure(parts: list[bytes], sentence: str) -> None:
    with answering(*parts) as (port, _), pytest.raises(BenchError, match=sentence):
        driven(port, 1, 1)


def _answer(body: bytes, signature: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nLicenseSignature: {signature}\r\n\r\n".encode() + body


def test_an_answer_that_was_granted_is_json_and_signed() -> None:
    look_at(_answer(b'{"a": 1}', SIGNER.sign(b'{"a": 1}')), SIGNER.public_key)
    with pytest.raises(BenchError, match="not signed"):
        look_at(_answer(b'{"a": 2}', SIGNER.sign(b'{"a": 1}')), SIGNER.public_key)
    with pytest.raises(BenchError, match="no JSON"):
        look_at(_answer(b"yes", SIGNER.sign(b"yes")), SIGNER.public_key)


def test_a_refusal_is_json_and_not_signed() -> None:
    look_at(_answer(b'{"code": "x"}', "", "400 Bad Request"), SIGNER.public_key)


def test_a_request_says_what_it_is_and_how_long() -> None:
    fields = {"product": "viewer", "hardware_id": "é 1"}
    head, _, body = request_bytes("activate_license", fields, {"Date": "now"}).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/v4/activate_license HTTP/1.1\r\nHost: ")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == fields
    head, _, body = request_bytes("check_license", fields, {"Date": "now"}).partition(b"\r\n\r\n")
    assert head.startswith(b"GET /api/v4/check_license?product=viewer&hardware_id=%C3%A9+1 HTTP/1.1\r\n")
    assert b"\r\nDate: now" in head
    assert not body
