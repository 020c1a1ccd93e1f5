"""Receivers of webhooks on this machine, each on a free port: they answer as they are told, byte by byte."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOT_FOR_LONG = 20
"""Seconds after which a receiver gives up a client of which nothing comes: a test that hangs ends."""


@dataclass
class Arrived:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    """By name in small letters."""
    body: bytes


Behavior = Callable[["Receiver", socket.socket, Arrived], None]
"""What a receiver does with a request: on this connection, which stays open if it says nothing else."""


@dataclass
class Receiver:
    """Takes connections, and requests on them; `behave` says what it answers."""

    behave: Behavior
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    greeting: bytes = b""
    """What it says before it is asked."""
    requests: list[Arrived] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)
    """Of the server that TLS clients asked for."""

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.ended = Event()
        self._listening = socket.create_server((self.host, 0), family=family)
        self.port: int = self._listening.getsockname()[1]
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Take no more; who waits in `behave` is let go."""
        self.ended.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(NOT_FOR_LONG)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            thread = Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(NOT_FOR_LONG)
        with connection, suppress(OSError):
            connection.sendall(self.greeting)
            if self.tls:
                with self.tls.wrap_socket(connection, server_side=True) as encrypted:
                    self._answer_all(encrypted)
            else:
                self._answer_all(connection)

    def _answer_all(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while line := stream.readline():
                headers = {}
                while header := (read := stream.readline()).decode("latin-1").strip():
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = stream.read(length := int(headers.get("content-length", 0)))
                if not read or len(body) < length:
                    return  # the client was killed amid its request: that is none
                arrived = Arrived(line.decode("latin-1").strip(), headers, body)
                self.requests.append(arrived)
                self.behave(self, connection, arrived)


def answers(answer: bytes) -> Behavior:
    """Send these bytes."""

    def behave(_: Receiver, connection: socket.socket, _arrived: Arrived) -> None:
        connection.sendall(answer)

    return behave


def answers_and_closes(answer: bytes) -> Behavior:
    """Send these bytes, and close."""

    def behave(_: Receiver, connection: socket.socket, _arrived: Arrived) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    return behave


def drips(head: bytes, every: float) -> Behavior:
    """Send these bytes, and then one byte at a time, without end."""

    def behave(receiver: Receiver, connection: socket.socket, _arrived: Arrived) -> None:
        connection.sendall(head)
        while not receiver.ended.wait(every):
            connection.sendall(b"x")

    return behave


def floods(head: bytes) -> Behavior:
    """Send these bytes, and then as many as the client takes."""

    def behave(receiver: Receiver, connection: socket.socket, _arrived: Arrived) -> None:
        connection.sendall(head)
        while not receiver.ended.is_set():
            connection.sendall(b"x: y\r\n" * 1000)

    return behave


def is_silent(receiver: Receiver, _connection: socket.socket, _arrived: Arrived) -> None:
    """Answer nothing."""
    receiver.ended.wait(NOT_FOR_LONG)
