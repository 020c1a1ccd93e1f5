"""The server for one machine: the app, answered by as many processes as there are processors, on a loopback port.

    .venv/bin/python -m infra.serve --port 8000      in the environment of `infra.local.environment`

From Python, as a child process: `with start(environment(data_dir)) as server: … server.base_url`.
What its limits hold, and why it is as it is: `docs/serving.md`.
"""

import argparse
import errno
import gc
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from wsgiref.types import WSGIApplication

if __name__ == "__main__":  # Ctrl-C ends it without a word while the libraries come, which takes its time
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from chalicelib import observability
from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import runtime, using
from chalicelib.settings import SettingsError
from chalicelib.store.probe import probe
from chalicelib.version import commit
from chalicelib.web import clock
from infra import output
from infra.child import Child, die_with
from infra.embedded.errors import EngineError
from infra.health import Readiness, with_readiness
from infra.http_server import DRAIN_SECONDS, HttpServer
from infra.malloc import share_freed_memory
from infra.quiet import OncePerMinute
from infra.shares import Common, Share
from infra.signals import ENDING, end_on_signals
from infra.version import add_version, this_version
from infra.workers import Workers

LOOPBACK = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
BEHIND_PROXY_HELP = "take the client's address from X-Forwarded-For, which a reverse proxy on this machine sets"
WORKERS_HELP = "processes that answer (default: as many as there are processors)"

OPEN_WARNING = (
    "listening on %s without TLS: passwords and license keys can be read on the way. "
    "Put a reverse proxy with a certificate before it, and say --behind-proxy."
)
HOST_HELP = "address to listen on: 0.0.0.0 for all, as in a container; there is no TLS (default: 127.0.0.1)"

log = logging.getLogger("seatkeeper")
_FIRST_PASSED = 3  # standard input, output and error are before it
_START_SECONDS = 60.0
"""On a busy machine; a start takes two."""
_STOP_SECONDS = DRAIN_SECONDS + 2.0
_PORT_SECONDS = 1.0
"""For the server of somebody who was killed a moment ago to end."""
_PORT_TAKEN = {errno.EADDRINUSE, errno.EACCES}
_OTHER_PORT = " Choose another one: PORT=… make run, or --port of infra.serve."
_BACKLOG = 1024
_MOST_WORKERS = 64
_SAID = "Serving on "


class ServeError(Exception):
    """The server did not start; the text is one sentence for the operator."""


class Server(Child):
    """A server that runs as a child process, with processes of its own."""

    stop_seconds = _STOP_SECONDS + 1

    @property
    def base_url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pids(self) -> list[int]:
        """Its processes, those that answer last (Linux)."""
        return [self.pid, *map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())]

    def kill(self) -> None:
        """End it at once (SIGKILL); returns when all its processes are gone."""
        with ExitStack() as stack:
            ends = [os.pidfd_open(pid) for pid in self.pids] if self.process.poll() is None else []
            for end in ends:
                stack.callback(os.close, end)
            super().kill()
            for end in ends:
                select.select([end], [], [])


def start(
    environment: dict[str, str],
    port: int = 0,
    *,
    listening: socket.socket | None = None,
    workers: int | None = None,
    behind_proxy: bool = False,
) -> Server:
    """Start a server as a child process and return when it answers; port 0 means any free one.

    `listening`: a socket that takes the place of the port. `workers`: as many as there are processors where None.
    It ends with the thread that started it, at once, even where it is stopped (Linux). Its log goes to our standard
    error. Raises `ServeError`.
    """
    where = ["--port", str(port)] if listening is None else ["--socket", str(listening.fileno())]
    workers_given = [] if workers is None else ["--workers", str(workers)]
    command = ["infra.serve", *where, *workers_given, *["--behind-proxy"] * behind_proxy]
    return start_module(command, environment, passed=[] if listening is None else [listening.fileno()])


def start_module(
    command: list[str], environment: dict[str, str], root: Path = ROOT, *, passed: Sequence[int] = ()
) -> Server:
    """Start a module that says where it serves as this one does, by its name and what it is given, from a checkout.

    `passed`: open files that it inherits. It ends with the thread that started it. Raises `ServeError`.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pass_fds=passed,
        start_new_session=True,
        preexec_fn=die_with(os.getpid(), signal.SIGKILL),  # noqa: PLW1509 - it takes no lock and loads nothing
    )
    try:
        return Server(process, _port_said_by(process))
    except BaseException:
        Child(process, 0).kill()
        raise


def listen(port: int, host: str = LOOPBACK) -> socket.socket:
    """A socket that listens, and takes no connection yet. Raises `ServeError` where it cannot have the port.

    `host`: an address of this machine, or `0.0.0.0` or `::` for all. A socket that systemd passes on takes the place
    of both.
    """
    try:
        address = ip_address(host)
    except ValueError:
        raise ServeError(f"The host must be an address, as 127.0.0.1 or 0.0.0.0, not {host!r}.") from None
    if (passed := _passed_socket()) is not None:
        return passed
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    deadline = time.monotonic() + _PORT_SECONDS
    while True:
        try:
            return socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            if time.monotonic() > deadline or error.errno != errno.EADDRINUSE:
                advice = _OTHER_PORT if error.errno in _PORT_TAKEN else ""
                reason = os.strerror(error.errno or 0)
                raise ServeError(f"Port {port} of {host} cannot be had: {reason}.{advice}") from None
        time.sleep(0.02)


def base_url_of(listening: socket.socket) -> str:
    """Where a listening socket answers this machine, without a slash at the end."""
    host, port = listening.getsockname()[:2]
    address = ip_address(host)
    if address.is_unspecified:
        return f"http://{'[::1]' if address.version == 6 else LOOPBACK}:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


def portal_url_of(listening: socket.socket) -> str:
    """Where a browser on this machine opens the portal, likewise: by name, for at a number there are no passkeys."""
    host, port = listening.getsockname()[:2]
    is_named_so = host in (LOOPBACK, "::1") or ip_address(host).is_unspecified
    return f"http://localhost:{port}" if is_named_so else base_url_of(listening)


def load_app(behind_proxy: bool) -> WSGIApplication:
    """The app, and `/readyz` beside it. `behind_proxy`: the client's address is the last one in X-Forwarded-For."""
    # It reads the environment, and takes its time and memory: whoever only starts a server needs none of it.
    from app import app  # noqa: PLC0415
    from infra.wsgi import wsgi  # noqa: PLC0415

    return with_readiness(wsgi(app, behind_proxy=behind_proxy), Readiness(lambda: probe(clock.now())))


def serve(
    listening: socket.socket,
    announce: Callable[[str], None],
    *,
    workers: int,
    behind_proxy: bool = False,
    load: Callable[[bool], WSGIApplication] = load_app,
) -> None:
    """Answer by so many processes until SIGTERM or SIGINT; calls under way are answered first.

    Requests are answered in the runtime in which this is called, which must not be opened yet: nothing that is open
    may be shared with a fork. This process does nothing but watch over them. `announce` gets the base URL.
    `load`: what each process answers by, called here, too, so that its modules are imported once for all. Raises
    `SystemExit`.
    """
    end_on_signals()
    _warn_if_open(listening, behind_proxy=behind_proxy)
    load(behind_proxy)
    commit()  # what is checked out now: git is asked once for all of them
    gc.freeze()  # a search for garbage would copy what they have in common
    common = Common(workers)

    def work(number: int, ready: Callable[[], None]) -> None:
        with _exiting():
            answer(listening, ready, Share(common, number), behind_proxy=behind_proxy, load=load)

    processes = Workers(workers, work)
    try:
        processes.start()
        announce(base_url_of(listening))
        processes.watch()
    finally:
        listening.close()
        processes.stop(_STOP_SECONDS)


def answer(
    listening: socket.socket,
    ready: Callable[[], None],
    share: Share | None = None,
    *,
    behind_proxy: bool = False,
    load: Callable[[bool], WSGIApplication] = load_app,
) -> None:
    """Answer in this process alone until SIGTERM or SIGINT; calls under way are answered first.

    `ready` is called once it answers; `share`: what it may hold of what the server may (default: all). Requests are
    answered in the runtime in which this is called, with turns of that share. Raises `SettingsError`.
    """
    share = share or Share(Common(1))
    share_freed_memory()
    with using(replace(runtime(), turns=share.turns)) as ours:
        ours.open()
        served = load(behind_proxy)
        ours.log.take_logs()
        _calm()

        server = HttpServer(listening, served, ours, share, behind_proxy=behind_proxy)
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        server.start()
        ready()
        signal.sigwait(ENDING)
        server.drain()


def say_where(base_url: str) -> None:
    """Print what `start_module` waits for."""
    output.tell(f"{_SAID}{base_url} ({this_version()})")


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
    _calm()


def port_number(text: str) -> int:
    """A port, 0 for any free one. Raises `ServeError`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise ServeError(f"The port must be a number from 0 to 65535, not {text!r}.")
    return int(text)


def worker_number(text: str | None) -> int:
    """How many processes answer; None: as many as there are processors for us. Raises `ServeError`."""
    if text is None:
        return min(_MOST_WORKERS, len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1)
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and 1 <= int(text) <= _MOST_WORKERS):
        raise ServeError(f"The number of workers must be from 1 to {_MOST_WORKERS}, not {text!r}.")
    return int(text)


def main() -> None:
    """Serve until a signal ends it. Exit 2 and one sentence on standard error for what cannot be served."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.serve",
        description="Serve the License API and the portal on 127.0.0.1, by the settings in the environment.",
        epilog="example: .venv/bin/python -m infra.serve --port 8000",
    )
    parser.add_argument("--port", default="8000", help="0 means any free one (default: 8000)")
    parser.add_argument("--host", default=LOOPBACK, help=HOST_HELP)
    parser.add_argument("--socket", type=int, help="number of an open file: a listening socket, in place of both")
    parser.add_argument("--workers", help=WORKERS_HELP)
    parser.add_argument("--behind-proxy", action="store_true", help=BEHIND_PROXY_HELP)
    add_version(parser)
    given = parser.parse_args()
    log_to_stderr()
    try:
        workers = worker_number(given.workers)
        listening = listen(port_number(given.port), given.host) if given.socket is None else _inherited(given.socket)
        with using(bootstrap(os.environ)):
            serve(listening, say_where, workers=workers, behind_proxy=given.behind_proxy)
    except (ServeError, SettingsError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _inherited(number: int) -> socket.socket:
    try:
        return socket.socket(fileno=number)
    except OSError as error:
        raise ServeError(f"File {number} is no socket: {error.strerror}.") from None


def _passed_socket() -> socket.socket | None:
    """The listening socket of a systemd socket unit, if there is one (sd_listen_fds(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_PASSED)


def _warn_if_open(listening: socket.socket, *, behind_proxy: bool) -> None:
    host = listening.getsockname()[0]
    if not behind_proxy and not ip_address(host).is_loopback:
        log.warning(OPEN_WARNING, host)


@contextmanager
def _exiting() -> Iterator[None]:
    """What cannot be served ends this process, with one sentence."""
    try:
        yield
    except (EngineError, SettingsError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _calm() -> None:
    for handler in logging.getLogger().handlers:
        if not handler.filters:
            handler.addFilter(OncePerMinute())


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
