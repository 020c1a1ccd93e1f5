"""The server for one machine: the app under waitress, one process with threads, on a loopback port.

    python -m infra.serve --port 8000      in the environment of `infra.local.environment`

From Python, as a child process: `with start(environment(data_dir, engine.endpoint)) as server: … server.base_url`.
What the limits below hold, and why waitress: `docs/serving.md`.
"""

import argparse
import logging
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Never

from chalice.app import Chalice

from chalicelib import observability
from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import runtime, using
from chalicelib.settings import SettingsError
from chalicelib.store.probe import probe
from chalicelib.web import clock
from chalicelib.web.request_limits import MAX_BODY_BYTES
from infra.connections import IDLE_SECONDS, MAX_CONNECTIONS, MAX_HEADER_BYTES, MAX_READ_BYTES, BoundedServer
from infra.engine import Child, die_with
from infra.health import Readiness, with_readiness
from infra.quiet import OncePerMinute
from infra.version import add_version, this_version
from infra.wsgi import wsgi

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
THREADS = 48
"""Calls under way at once, of which 40 may be log-ins that wait for their turn to hash (`chalicelib.turns`). Python
runs one at a time: more threads would wait for each other, not for the database."""
BEHIND_PROXY_HELP = "take the client's address from X-Forwarded-For, which a reverse proxy on this machine sets"

OPEN_WARNING = (
    "listening on %s without TLS: passwords and license keys can be read on the way. "
    "Put a reverse proxy with a certificate before it, and say --behind-proxy."
)
HOST_HELP = "address to listen on: 0.0.0.0 for all, as in a container; there is no TLS (default: 127.0.0.1)"

log = logging.getLogger("seatkeeper")
_FIRST_PASSED = 3  # standard input, output and error are before it
_START_SECONDS = 20.0
_SAID = "Serving on "


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


class LocalServer(BoundedServer):
    """What serves the app."""

    @property
    def base_url(self) -> str:
        """Where it answers this machine, without a slash at the end."""
        assert self.socket is not None
        host, port = self.socket.getsockname()[:2]
        address = ip_address(host)
        if address.is_unspecified:
            return f"http://{'[::1]' if address.version == 6 else LOOPBACK}:{port}"
        return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"

    def serve(self, announce: Callable[[str], None], *, behind_proxy: bool = False) -> None:
        """Answer until SIGTERM or SIGINT; calls under way are answered first. `announce` gets the base URL.

        Requests are answered in the runtime in which this is called.
        `behind_proxy`: the client's address is the last one in X-Forwarded-For. Raises `SettingsError`.
        """
        end_on_signals()
        self.behind_proxy, self.runtime = behind_proxy, runtime()
        self.runtime.open()
        host = self.socket.getsockname()[0] if self.socket else LOOPBACK
        if not behind_proxy and not ip_address(host).is_loopback:
            log.warning(OPEN_WARNING, host)
        served = wsgi(_app(), behind_proxy=behind_proxy)
        self.runtime.log.take_logs()
        _calm()
        self.application = with_readiness(served, Readiness(lambda: probe(clock.now())))
        announce(self.base_url)
        self.run()
        self.close()


def end_on_signals() -> None:
    """SIGTERM and SIGINT end this process in good order, by `SystemExit`; once they have, they are not heard again."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


class RequestFormatter(logging.Formatter):
    """Plain text that names the request under way, by the id that its answer carries."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - that of the class
        """The line of a record, before any traceback."""
        request_id = observability.request_id()
        return super().formatMessage(record) + (f" (request {request_id})" if request_id else "")


def log_to_stderr() -> None:
    """Where and how a server logs: standard error, what is wrong and nothing else."""
    handler = logging.StreamHandler()
    handler.setFormatter(RequestFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
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
        announce = lambda base_url: print(f"{_SAID}{base_url} ({this_version()})", flush=True)  # noqa: E731 - short
        with using(bootstrap(os.environ)):
            server.serve(announce, behind_proxy=given.behind_proxy)
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
    return int(line.split()[2].rsplit(":", 1)[1])


if __name__ == "__main__":
    main()
