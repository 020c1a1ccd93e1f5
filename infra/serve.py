"""The server for one machine: the app under waitress, one process with threads, on a loopback port.

    python -m infra.serve --port 8000      in the environment of `infra.local.environment`

From Python, as a child process: `with start(environment(home, engine.endpoint)) as server: … server.base_url`.
What the limits below hold, and why waitress: `docs/serving.md`.
"""

import argparse
import logging
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from http.client import responses
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Any, Never

from chalice.app import Chalice
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from chalicelib import telemetry
from chalicelib.settings import SettingsError, settings
from chalicelib.web import clock
from chalicelib.web.errors import error_response
from chalicelib.web.limits import MAX_BODY_BYTES
from infra.addresses import client_of, forwarded_for
from infra.crowd import first_to_leave
from infra.engine import Child, die_with
from infra.health import Readiness, with_readiness
from infra.quiet import OncePerMinute
from infra.version import add_version
from infra.wsgi import wsgi

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
THREADS = 8
"""Calls under way at once. Python runs one at a time: more threads would wait for each other, not for the database."""
MAX_CONNECTIONS = 800
"""Open at once, idle ones included. Below the 1024 files that a process usually may open."""
MAX_OF_CLIENT = 200
"""Connections of one address; behind a proxy, whose connections they all are, requests under way for one."""
IDLE_SECONDS = 60
"""After so long without a byte a connection is closed."""
HEADER_SECONDS = 10
"""A request whose headers have not arrived by then is given up, however steadily its bytes drip."""
REQUEST_SECONDS = 30
"""And one that has not arrived whole."""
LINGER_SECONDS = 2
"""After the last answer on a connection, for the client to close it too."""
MAX_HEADER_BYTES = 32 * 1024
"""Of the request line and the headers together."""
MAX_READ_BYTES = 4 * MAX_BODY_BYTES
"""Of a body, that are read. One that is too long, but not by so much, is read to its end: a client that is still
sending may not look for an answer."""

BEHIND_PROXY_HELP = "take the client's address from X-Forwarded-For, which a reverse proxy on this machine sets"

OPEN_WARNING = (
    "listening on %s without TLS: passwords and license keys can be read on the way. "
    "Put a reverse proxy with a certificate before it, and say --behind-proxy."
)
HOST_HELP = "address to listen on: 0.0.0.0 for all, as in a container; there is no TLS (default: 127.0.0.1)"

log = logging.getLogger("seatkeeper")
_FRAMING = re.compile(rb"^(content-length|transfer-encoding)[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_FIRST_PASSED = 3  # standard input, output and error are before it
_START_SECONDS = 20.0
_SAID = "Serving on "
_CODE_OF_STATUS = {413: "payload_too_large", 429: "rate_limit_exceeded", 500: "internal_error"}
_MESSAGE_OF_STATUS = {
    400: "The request is not valid HTTP.",
    431: f"The request line and headers are longer than {MAX_HEADER_BYTES} bytes.",
    501: "The only transfer encoding taken is chunked.",
}


class ServeError(Exception):
    """The server did not start; the text is one sentence for the operator."""


class Server(Child):
    """A server that runs as a child process."""

    @property
    def base_url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"


def start(environment: dict[str, str], port: int = 0) -> Server:
    """Start a server as a child process and return when it answers; port 0 means any free one.

    It ends with the thread that started it (Linux). Its log goes to our standard error. Raises `ServeError`.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.serve", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it takes no lock and loads nothing
    )
    try:
        return Server(process, _port_said_by(process))
    except BaseException:
        Child(process, port).kill()
        raise


def listen(port: int, host: str = LOOPBACK) -> "LocalServer":
    """A server that has the port and does not answer yet. Raises `ServeError` where it cannot have it.

    `host`: an address of this machine, or `0.0.0.0` or `::` for all. A socket that systemd passes on takes the place
    of both.
    """
    try:
        address = ip_address(host)
    except ValueError:
        raise ServeError(f"The host must be an address, as 127.0.0.1 or 0.0.0.0, not {host!r}.") from None
    passed = _passed_socket()
    try:
        return LocalServer(
            _not_yet,
            _sock=passed,
            bind_socket=passed is None,
            listen=f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}",
            threads=THREADS,
            ident="Seatkeeper",
            connection_limit=MAX_CONNECTIONS + 3,  # listener, trigger, and one that comes while all are answered
            asyncore_use_poll=True,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=MAX_READ_BYTES,
            inbuf_overflow=MAX_BODY_BYTES,
        )
    except OSError as error:
        raise ServeError(f"Port {port} cannot be had: {error.strerror}. Choose another one.") from None


def _passed_socket() -> socket.socket | None:
    """The listening socket of a systemd socket unit, if there is one (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_PASSED)


class _Request(HTTPRequestParser):
    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self.begun = time.time()

    def parse_header(self, header_plus: bytes) -> None:
        """Raises `ParsingError` for what is no request, or has no one length.

        Waitress lets Python's own error on some addresses pass, and of two lengths takes one: before us another server
        may have taken the other, and what is body to it would be a request to us.
        """
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError(str(error)) from None
        told = [(name.lower(), value.lower()) for name, value in _FRAMING.findall(header_plus)]
        codings = [value for name, value in told if name == b"transfer-encoding"]
        if len(told) > 1 or codings != ([b"chunked"] if self.chunked else []):
            raise ParsingError("the length of the body is not told in one way")


class _TooManyRequests(Error):
    code, reason = HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests"


class _ErrorTask(ErrorTask):
    """What waitress answers by itself, in our one error shape."""

    def execute(self) -> None:
        with telemetry.line(settings().table_prefix, "request"):
            self._execute()

    def _execute(self) -> None:
        request: Any = self.request
        status = request.error.code
        code, wait = (
            _CODE_OF_STATUS.get(status, "validation_error"),
            1 if status == HTTPStatus.TOO_MANY_REQUESTS else None,
        )
        answer = error_response(code, _MESSAGE_OF_STATUS.get(status), retry_after=wait)
        telemetry.note(status=answer.status_code)
        body = answer.body.encode()
        self.status = f"{answer.status_code} {responses[answer.status_code]}"
        self.response_headers = [(name, str(value)) for name, value in answer.headers.items()]
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


class _Channel(HTTPChannel):
    """A connection that is closed with the client, so that it sees the last answer.

    Closed with bytes unread, as after an error, it would be reset, and the answer lost on its way.
    """

    parser_class = _Request
    error_task_class = _ErrorTask
    lingers_until = 0.0

    def __init__(self, server: "LocalServer", sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map=map)
        self.client = client_of(addr[0])
        server.make_room(self)

    def handle_write(self) -> None:
        ends, self.close_when_flushed = self.close_when_flushed, False
        super().handle_write()
        if ends and self.connected:
            if self.total_outbufs_len:
                self.close_when_flushed = True
            else:
                self._linger()

    def _linger(self) -> None:
        assert self.socket is not None
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the client has gone
            self.will_close = True
        self.lingers_until = time.time() + LINGER_SECONDS

    def readable(self) -> bool:
        return bool(self.lingers_until and not self.will_close) or super().readable()

    def received(self, data: bytes) -> bool:
        taken = not self.lingers_until and super().received(data)
        if self.request is not None and self.request.headers_finished:
            server: Any = self.server
            server.admit(self, self.request)
        return taken

    def is_under_way(self) -> bool:
        """Whether a request is being answered, or its headers are here and we wait for its body."""
        half = self.request is not None and self.request.headers_finished
        return not self.will_close and bool(self.requests or half)

    def drips(self, now: float) -> bool:
        """Whether a request takes too long to arrive."""
        request: Any = self.request
        return request is not None and request.begun < now - (
            REQUEST_SECONDS if request.headers_finished else HEADER_SECONDS
        )


class LocalServer(TcpWSGIServer):
    """Waitress with our error shape, and with bounds on what one client holds and on the time a request may take."""

    channel_class = _Channel
    behind_proxy = False

    @property
    def base_url(self) -> str:
        """Where it answers this machine, without a slash at the end."""
        assert self.socket is not None
        host, port = self.socket.getsockname()[:2]
        address = ip_address(host)
        if address.is_unspecified:
            return f"http://{'[::1]' if address.version == 6 else LOOPBACK}:{port}"
        return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"

    def make_room(self, newest: Any) -> None:
        """Close a connection where the one that has just come is one too many."""
        connected: Any = self.active_channels
        channels = connected.values()
        client = None if self.behind_proxy else newest.client
        if client and sum(channel.client == client for channel in channels) > MAX_OF_CLIENT:
            (first_to_leave(channels, time.time(), newest=newest, client=client) or newest).handle_close()
        elif len(channels) > MAX_CONNECTIONS and (leaving := first_to_leave(channels, time.time(), newest=newest)):
            leaving.handle_close()

    def admit(self, channel: Any, request: Any) -> None:
        """Behind a proxy, once a request's headers are read: refuse it where its client has too many under way.

        Rather than that, one of the client's is given up that is only half here.
        """
        if not self.behind_proxy or request.error:
            return
        channel.client = client_of(forwarded_for(request.headers.get("X_FORWARDED_FOR", ""), channel.addr[0]))
        channels: Any = self.active_channels
        others = [other for other in list(channels.values()) if other.client == channel.client]
        if sum(other.is_under_way() for other in others) <= MAX_OF_CLIENT:
            return
        halves = [other for other in others if other is not channel and other.is_under_way() and not other.requests]
        if halves:
            min(halves, key=lambda other: other.request.begun).will_close = True
        elif channel.requests:
            request.error = _TooManyRequests("too many requests of one client")

    def add_task(self, task: Any) -> None:
        """Queue the request of a connection that has arrived whole."""
        self.admit(task, task.requests[0])
        super().add_task(task)

    def maintenance(self, now: int) -> None:
        """Close what is idle, what only drips, and what does not close with us or takes no answer."""
        super().maintenance(now)
        channels: Any = self.active_channels
        for channel in list(channels.values()):
            if channel.will_close or channel.drips(now) or 0 < channel.lingers_until < now:
                channel.handle_close()  # now: a client that reads nothing would never be ready for it

    def serve(self, announce: Callable[[str], None], *, behind_proxy: bool = False) -> None:
        """Answer until SIGTERM or SIGINT; calls under way are answered first. `announce` is told the base URL.

        `behind_proxy`: the client's address is the last one in X-Forwarded-For. Raises `SettingsError`.
        """
        from chalicelib.store.probe import probe  # noqa: PLC0415 - see _app

        end_on_signals()
        telemetry.write_to_standard_error(settings().log)
        self.behind_proxy = behind_proxy
        host = self.socket.getsockname()[0] if self.socket else LOOPBACK
        if not behind_proxy and not ip_address(host).is_loopback:
            log.warning(OPEN_WARNING, host)
        served = wsgi(_app(), behind_proxy=behind_proxy)
        telemetry.take_logs()
        _calm()
        self.application = with_readiness(served, Readiness(lambda: probe(clock.now())))
        announce(self.base_url)
        self.run()
        self.close()


def end_on_signals() -> None:
    """SIGTERM and SIGINT end this process in good order, by `SystemExit`; once they have, they are not heard again."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def log_to_stderr() -> None:
    """Where and how a server logs: standard error, what is wrong and nothing else."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that calls wait for a thread is no news
    _calm()


def port_number(text: str) -> int:
    """A port, 0 for any free one. Raises `ServeError`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise ServeError(f"The port must be a number from 0 to 65535, not {text!r}.")
    return int(text)


def main() -> None:
    """Serve until told to end. Exit 2 and one sentence on standard error for what cannot be served."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.serve",
        description="Serve the License API on 127.0.0.1, in the environment of infra.local.environment.",
        epilog="example: python -m infra.serve --port 8000",
    )
    parser.add_argument("--port", default="8000", help="0 means any free one (default: 8000)")
    parser.add_argument("--host", default=LOOPBACK, help=HOST_HELP)
    parser.add_argument("--behind-proxy", action="store_true", help=BEHIND_PROXY_HELP)
    add_version(parser)
    given = parser.parse_args()
    log_to_stderr()
    try:
        server = listen(port_number(given.port), given.host)
        server.serve(lambda base_url: print(_SAID + base_url, flush=True), behind_proxy=given.behind_proxy)
    except (ServeError, SettingsError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _calm() -> None:
    for handler in logging.getLogger().handlers:
        if not handler.filters:
            handler.addFilter(OncePerMinute())


def _app() -> Chalice:
    from app import app  # noqa: PLC0415 - it reads the environment, and takes its time

    return app


def _not_yet(*_: object) -> Never:
    raise AssertionError("nothing is read before the app is there")


def _end(_signal: int, _frame: FrameType | None) -> Never:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit


def _port_said_by(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    with process.stdout as said:  # it says nothing more
        if not select.select([said], [], [], _START_SECONDS)[0]:
            raise ServeError(f"The server did not answer within {_START_SECONDS:.0f} seconds.")
        line = said.readline().decode()
    if not line.startswith(_SAID):
        raise ServeError(f"The server did not start (exit {process.wait()}).")
    return int(line.rsplit(":", 1)[1])


if __name__ == "__main__":
    main()
