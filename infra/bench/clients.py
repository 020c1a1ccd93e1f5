"""Client applications for a measurement, all driven by one process, so that a call costs them next to nothing.

Requests are bytes before the time begins. The loop is closed: each client sends its next one when it has its answer.
"""

import json
import os
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import httpx

from chalicelib.domain.types import Json
from infra.bench.latencies import Latencies
from infra.call import POST_CALLS, is_signed
from infra.serve import LOOPBACK

Job = tuple[str, Json]
"""A call of the License API: its name, and its fields."""

LOOKED_AT = 16
"""Of so many answers one is looked at whole, once the time is over; of each of them the status."""
_READ_BYTES = 64 * 1024
_ANSWER_SECONDS = 60
_HEAD_END, _LENGTH = b"\r\n\r\n", b"\r\nContent-Length: "


class BenchError(Exception):
    """What answers is not what is to be measured; the text is one sentence."""


def request_bytes(name: str, fields: Json, headers: dict[str, str]) -> bytes:
    """A call as it is sent."""
    if name in POST_CALLS:
        body = json.dumps(fields).encode()
        line = f"POST /api/v4/{name} HTTP/1.1"
        headers = headers | {"Content-Type": "application/json", "Content-Length": str(len(body))}
    else:
        body = b""
        line = f"GET /api/v4/{name}?{urlencode(fields)} HTTP/1.1"
    lines = [line, "Host: bench.test", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def drive(
    port: int, requests: list[bytes], clients: int, server_cpu: Callable[[], float]
) -> tuple[Latencies, list[bytes]]:
    """Send the requests to a port of this machine by so many clients; what they came to, and the answers to look at.

    Each client has a connection, and an address of its own. Raises `BenchError`.
    """
    with ExitStack() as stack:
        connections = [stack.enter_context(_connect(port, number)) for number in range(clients)]
        crowd = _Crowd(connections, iter(requests), stack.enter_context(select.epoll()))
        of_server, of_clients, start = server_cpu(), time.process_time(), time.perf_counter()
        crowd.call()
        seconds, spent = time.perf_counter() - start, time.process_time() - of_clients
        of_server = server_cpu() - of_server
    return Latencies(seconds, of_server, crowd.latencies, Counter(map(int, crowd.statuses)), spent), crowd.answers


class _Crowd:
    """Clients that send requests, each of them one that is left when it has the answer to the one before."""

    def __init__(self, connections: list[socket.socket], requests: Iterator[bytes], poll: select.epoll) -> None:
        self.latencies: list[float] = []
        self.statuses: list[bytes] = []
        self.answers: list[bytes] = []
        """One of `LOOKED_AT`."""
        self._requests, self._poll = requests, poll
        self._of_number = {connection.fileno(): connection for connection in connections}
        self._sent_at: dict[int, float] = {}
        """Of those that wait for an answer."""
        self._begun: dict[int, bytes] = {}
        """What is here of an answer that is not here whole."""

    def call(self) -> None:
        """Send all; returns when all are answered. Raises `BenchError`."""
        for number, connection in self._of_number.items():
            self._poll.register(connection, select.EPOLLIN)
            self._send_next(number)
        while self._sent_at:
            ready = self._poll.poll(_ANSWER_SECONDS)
            if not ready:
                raise BenchError(f"{len(self._sent_at)} calls were not answered within {_ANSWER_SECONDS} seconds.")
            for number, _ in ready:
                self._receive(number)

    def _send_next(self, number: int) -> None:
        request = next(self._requests, None)
        if request is None:
            return
        self._sent_at[number] = time.perf_counter()
        if self._of_number[number].send(request) < len(request):
            raise BenchError("A request does not fit into the buffer of its connection.")

    def _receive(self, number: int) -> None:
        data = self._of_number[number].recv(_READ_BYTES)
        if not data:
            raise BenchError("The server has closed a connection amid its calls.")
        answer = self._begun.pop(number, b"") + data
        if not _is_whole(answer):
            self._begun[number] = answer
            return
        self.latencies.append(time.perf_counter() - self._sent_at.pop(number))
        self.statuses.append(answer[9:12])
        if len(self.latencies) % LOOKED_AT == 1:
            self.answers.append(answer)
        self._send_next(number)


def _connect(port: int, number: int) -> socket.socket:
    source = f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
    connection = socket.create_connection((LOOPBACK, port), _ANSWER_SECONDS, (source, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    return connection


def _is_whole(answer: bytes) -> bool:
    end, at = answer.find(_HEAD_END), answer.find(_LENGTH)
    if end < 0:
        return False
    if not 0 <= at < end:
        raise BenchError(f"An answer does not say how long it is: {answer[:200]!r}.")
    at += len(_LENGTH)
    return len(answer) >= end + len(_HEAD_END) + int(answer[at : answer.find(b"\r", at)])


def look_at(answer: bytes, public_key: str) -> None:
    """An answer has to be JSON, and signed where the call was granted. Raises `BenchError`."""
    head, _, body = answer.partition(_HEAD_END)
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    response = httpx.Response(int(line.split()[1]), headers=headers, content=body)
    try:
        json.loads(body)
    except ValueError:
        raise BenchError(f"An answer is no JSON: {body[:200]!r}.") from None
    if response.is_success and not is_signed(response, public_key):
        raise BenchError(f"An answer is not signed: {body[:200]!r}.")


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of processes so far (Linux)."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / os.sysconf("SC_CLK_TCK")
