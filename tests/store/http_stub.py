"""A server that answers requests by a script: as DynamoDB does, as nobody should, or not at all."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any
from zlib import crc32


@dataclass(frozen=True)
class Received:
    """A request, as it came."""

    method: str
    path: str
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes
    peer: tuple[str, int]
    """Of the connection that it came by."""


Line = Callable[[BaseHTTPRequestHandler], None]
"""Answers one request."""


class Stub:
    """What was received, and the lines that are left; the last one answers all further requests."""

    def __init__(self, scheme: str, port: int, lines: list[Line]) -> None:
        self.url = f"{scheme}://localhost:{port}"
        self.received: list[Received] = []
        self.hung_up: SimpleQueue[None] = SimpleQueue()
        """Has one for each connection that this side has closed."""
        self._lines = lines

    def play(self, *lines: Line) -> None:
        """Begin another script, with nothing received."""
        self.received, self._lines = [], list(lines)

    def next(self) -> Line:
        """The line for the next request."""
        return self._lines.pop(0) if len(self._lines) > 1 else self._lines[0]


@contextmanager
def answering(*lines: Line, tls: ssl.SSLContext | None = None) -> Iterator[Stub]:
    """It listens on a free loopback port, as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): text for name, text in self.headers.items()}
            stub.received.append(Received(self.command, self.path, headers, body, self.client_address))
            stub.next()(self)

        do_GET = do_POST = answer  # noqa: N815 - so they are called

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            stub.hung_up.put(None)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever breaks off is no matter."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    stub = Stub("http" if tls is None else "https", server.server_port, list(lines))
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield stub
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def says(
    what: object,
    status: int = 200,
    checksum: str | None = None,
    missing: int = 0,
    hang_up: bool = False,
    **headers: str,
) -> Line:
    """Answers JSON, or bytes as they are.

    `checksum`: that it gives for the right one; `missing`: of so many bytes at the end it is silent, and closes;
    `hang_up`: closes afterwards, without having said so.
    """
    body = what if isinstance(what, bytes) else json.dumps(what).encode()

    def line(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, text in headers.items():
            handler.send_header(name.replace("_", "-"), text)
        handler.send_header("x-amzn-requestid", "R1")
        handler.send_header("x-amz-crc32", checksum or str(crc32(body)))
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) - missing])
        handler.wfile.flush()
        handler.close_connection = bool(missing) or hang_up

    return line


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    """Closes the connection, and says nothing."""
    handler.close_connection = True


def is_silent(handler: BaseHTTPRequestHandler) -> None:
    """Says nothing until whoever has asked hangs up."""
    handler.rfile.read(1)
    handler.close_connection = True
