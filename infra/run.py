"""Everything on one machine: the tables, a demo, the sweep and the server, until Ctrl-C.

    .venv/bin/python -m infra.run                 what `make run` does; PORT in the environment (8000)

All that is kept is in one folder, `.local`: the data, the secrets, `demo.json`. While it runs, `environment.json`
there says how to reach it (`infra.local.running`).
"""

import argparse
import logging
import os
import shlex
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from itertools import islice
from pathlib import Path

if __name__ == "__main__":  # Ctrl-C ends it without a word while the libraries come, which takes its time
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidTag

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.types import Json
from chalicelib.mail.sender import MailError
from chalicelib.runtime import runtime, using
from chalicelib.settings import SettingsError
from chalicelib.store import accounts
from chalicelib.store.database import connection, create_tables, table_name
from chalicelib.store.items.base import EphemeraItem
from chalicelib.usecases.create import shared_key
from chalicelib.usecases.deliver_events import keep_delivering
from chalicelib.usecases.import_files import IMPORT_SECONDS, continue_imports
from chalicelib.usecases.send_mails import RUN_SECONDS, send_mails
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from infra import local, output, serve
from infra.demo import seed
from infra.embedded.engine import EmbeddedEngine
from infra.embedded.errors import EngineError, Refused
from infra.signals import end_on_signals
from infra.version import add_version, this_version

SWEEP_SECONDS = 5 * 60
EXPIRED_SECONDS = 60
"""So long what has expired is kept: whole seconds are stored, and clocks differ."""
TIDIED_AT_ONCE = 100
"""Items that one commit deletes: whoever writes waits no longer than that takes."""
MAIL_SECONDS = 1
EVENT_SECONDS = 1
DISK_SECONDS = 60
LOW_DISK_BYTES = 256 * 2**20
STOP_SECONDS = 1.5
"""So long what goes on beside the server may take to end: a receiver that hangs would take ten."""
_log = logging.getLogger("seatkeeper")


class Stopping(threading.Event):
    """Tells threads to come to their end; once it is set, all of them together are waited for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds, self._until = seconds, 0.0

    def set(self) -> None:
        """The first time counts."""
        if not self.is_set():
            self._until = time.monotonic() + self._seconds
        super().set()

    def seconds_left(self) -> float:
        """How long to wait yet, once it is set."""
        return max(0.0, self._until - time.monotonic())


def run(
    data_dir: Path,
    port: int,
    *,
    host: str = serve.LOOPBACK,
    mail_by: str | None = None,
    with_demo: bool = True,
    behind_proxy: bool = False,
    workers: int | None = None,
) -> None:
    """Serve `data_dir` on `host`:`port` (0: any free one) until SIGTERM or SIGINT.

    This process sweeps, tidies up, mails and watches the disk; `workers` others answer (`serve.start`).
    `mail_by`: how mail is sent (`Settings.mail`), if not into the folder's `mail`.
    `with_demo`: a demo company is made at the first start, and what may be tried with it is printed at each.
    Leaves threads behind that wait for a receiver which hangs (`STOP_SECONDS`): what they send is sent again, with the
    same id. Raises `DataDirError`, `MailError`, `ServeError`, `SettingsError`, `SystemExit`.
    """
    begun = time.monotonic()
    end_on_signals()
    with local.held(data_dir):
        local.prepare(data_dir)
        local.remove(local.environment_file(data_dir))  # of a run that was killed
        listening = serve.listen(port, host)
        base_url = serve.base_url_of(listening)
        portal = {"SEATKEEPER_PORTAL_URL": serve.portal_url_of(listening)}
        environment = portal | local.environment(data_dir)  # behind a proxy, what is given
        environment |= {"SEATKEEPER_MAIL": mail_by} if mail_by else {}
        os.environ.clear()
        os.environ.update(environment)
        with using(bootstrap(environment)):
            runtime().mailer.check()
            to_do = _prepare(data_dir, base_url, with_demo)
            stopping = Stopping(STOP_SECONDS)
            reachable = _reachable(data_dir, environment | {"base_url": base_url})
            with (
                reachable,
                sweeping(stopping),
                importing(stopping),
                tidying(stopping),
                mailing(stopping),
                delivering(stopping),
                watching_disk(data_dir, stopping),
                serve.start(environment, listening=listening, workers=workers, behind_proxy=behind_proxy) as server,
                suppress(SystemExit),  # by a signal
            ):
                listening.close()
                _say(base_url, data_dir, to_do, begun)
                try:
                    server.process.wait()
                finally:
                    stopping.set()  # all come to their end while calls that are under way are answered
                raise serve.ServeError("The server has ended by itself.")
    output.tell("\nStopped. All data is kept.")


def main() -> None:
    """Run until a signal ends it. Exit 2 and one sentence on standard error for what cannot be run."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.run",
        description="Run sweep and server on 127.0.0.1:$PORT (8000), with all data in one folder.",
        epilog="example: PORT=8001 .venv/bin/python -m infra.run --home .local",
    )
    parser.add_argument("--home", type=Path, default=Path(".local"), help="folder of the data (default: .local)")
    parser.add_argument("--no-demo", action="store_true", help="make no demo company: for a server in real use")
    parser.add_argument("--host", default=serve.LOOPBACK, help=serve.HOST_HELP)
    parser.add_argument("--mail", metavar="URL", help="send mail by smtp://... or smtps://..., as docs/serving.md says")
    parser.add_argument("--behind-proxy", action="store_true", help=serve.BEHIND_PROXY_HELP)
    parser.add_argument("--workers", help=serve.WORKERS_HELP)
    add_version(parser)
    given = parser.parse_args()
    serve.log_to_stderr()
    code = 0
    try:
        port = serve.port_number(os.environ.get("PORT") or "8000")
        run(
            given.home,
            port,
            host=given.host,
            mail_by=given.mail,
            with_demo=not given.no_demo,
            behind_proxy=given.behind_proxy,
            workers=serve.worker_number(given.workers),
        )
    except (EngineError, local.DataDirError, MailError, serve.ServeError, SettingsError) as error:
        print(error, file=sys.stderr)
        code = 2
    os._exit(code)  # the end of Python would wait for threads that wait for a receiver


def _prepare(data_dir: Path, base_url: str, with_demo: bool) -> str:
    """Make the tables, and the demo if it is asked for; answers what to try next. Raises `DataDirError`."""
    try:
        create_tables()
        if not with_demo:
            _open_one_secret()
            return _first_steps(data_dir)
        return _trial(data_dir, base_url, *seed(data_dir, base_url, now=clock.now()))
    except InvalidTag:
        raise local.DataDirError(
            f"{local.secrets_file(data_dir)} is not what the data was sealed with: restore it."
        ) from None
    except (ClientError, Unavailable):  # the engine has logged why
        raise local.DataDirError(f"The data in {data_dir} cannot be read or written now: see the line above.") from None


def _open_one_secret() -> None:
    """Raises `InvalidTag` where what is stored was sealed with other secrets than these."""
    keys = (key for code in accounts.company_codes() for key in accounts.read_api_keys(code))
    for key in islice(keys, 1):
        shared_key(key)


@contextmanager
def _reachable(data_dir: Path, environment: dict[str, str]) -> Iterator[None]:
    """While this lasts, the other commands find the data and the server by `local.running`."""
    ours = {n: value for n, value in environment.items() if n.startswith("SEATKEEPER_") or n == "base_url"}
    local.write_private(local.environment_file(data_dir), dict(ours))
    try:
        yield
    finally:
        local.remove(local.environment_file(data_dir))


@contextmanager
def sweeping(stopping: Stopping) -> Iterator[None]:
    """While this lasts, sweep now and every `SWEEP_SECONDS`. An error is logged and the next sweep catches up.

    `stopping`: as for all that is below, makes it come to its end, and says how long that may take; it is set at the
    end, too.
    """

    def stop_if_asked(_done: int) -> None:
        if stopping.is_set():
            raise InterruptedError("the server is stopping")

    def act() -> None:
        with runtime().log.record("sweep"):
            sweep(now=clock.now(), progress=stop_if_asked)

    with _repeating("sweep", act, SWEEP_SECONDS, stopping):
        yield


@contextmanager
def importing(stopping: Stopping) -> Iterator[None]:
    """While this lasts, go on with files that are imported, now and every `SWEEP_SECONDS`: no sweep waits for that."""

    def go_on() -> None:
        continue_imports(clock.now, _until(stopping, IMPORT_SECONDS))

    with _repeating("import", go_on, SWEEP_SECONDS, stopping):
        yield


@contextmanager
def mailing(stopping: Stopping) -> Iterator[None]:
    """While this lasts, send what is queued now and every `MAIL_SECONDS`; the next run catches up as a sweep does."""

    def send() -> None:
        send_mails(now=clock.now(), keep_going=_until(stopping))

    with _repeating("mail", send, MAIL_SECONDS, stopping):
        yield


@contextmanager
def delivering(stopping: Stopping) -> Iterator[None]:
    """While this lasts, deliver what stands in the outbox, now and every `EVENT_SECONDS`; the next run catches up."""

    def deliver() -> None:
        keep_delivering(clock.now, _until(stopping))

    with _repeating("delivery of events", deliver, EVENT_SECONDS, stopping):
        yield


@contextmanager
def tidying(stopping: Stopping) -> Iterator[None]:
    """While this lasts, delete what has expired, now and every `SWEEP_SECONDS`: a database of a file has no TTL."""
    table, engine = table_name(EphemeraItem), connection().send
    assert isinstance(engine, EmbeddedEngine)  # as `local.environment` names it

    def act() -> None:
        before = clock.now() // 1000 - EXPIRED_SECONDS
        while engine.delete_expired(table, before, TIDIED_AT_ONCE) == TIDIED_AT_ONCE and not stopping.is_set():
            pass

    with _repeating("tidying", act, SWEEP_SECONDS, stopping):
        yield


@contextmanager
def watching_disk(data_dir: Path, stopping: Stopping) -> Iterator[None]:
    """While this lasts, warn of a disk that is nearly full, now and every `DISK_SECONDS`."""

    def look() -> None:
        left = shutil.disk_usage(data_dir).free
        if left < LOW_DISK_BYTES:
            sentence = "the disk of %s has %d MB left; when it is full, whatever has to be written is answered 503"
            _log.warning(sentence, data_dir, left // 2**20)

    with _repeating("look at the disk", look, DISK_SECONDS, stopping):
        yield


def _until(stopping: Stopping, seconds: float = RUN_SECONDS) -> Callable[[], bool]:
    """Whether a run that begins now is to go on."""
    has_time = clock.lasting(seconds)
    return lambda: has_time() and not stopping.is_set()


@contextmanager
def _repeating(name: str, act: Callable[[], object], seconds: float, stopping: Stopping) -> Iterator[None]:
    """While this lasts, act now and every so many seconds, in a thread of its own."""

    def keep_acting() -> None:
        while True:
            try:
                act()
            except (Refused, Unavailable) as error:
                _log.warning("the %s could not be done now (%s); the next one catches up", name, error.code)
            except Exception:
                if not stopping.is_set():
                    _log.exception("the %s failed; the next one catches up", name)
            if stopping.wait(seconds):
                return

    thread = threading.Thread(target=copy_context().run, args=(keep_acting,), name=name)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(stopping.seconds_left())


def _say(base_url: str, data_dir: Path, to_do: str, begun: float) -> None:
    seconds = time.monotonic() - begun
    served = f"{base_url} ({this_version()}) after {seconds:.1f} s"
    output.tell(f"Serving on {served}; data in {_short(data_dir)}. Ctrl-C stops all.\n{to_do}")


_FIRST_STEPS = (
    'company create --code ACME --name "Acme Ltd."',
    'product create --company ACME --code viewer --name "Acme Viewer" --authorization-method license-key',
    "apikey create --company ACME",
    "license issue --company ACME --product viewer --license-type perpetual --max-activations 3",
)
"""Admin commands after which an application can use a license."""


def _first_steps(data_dir: Path) -> str:
    lines = [f"  {_python()} -m infra.admin {step}{_with_home(data_dir)}" for step in _FIRST_STEPS]
    return "\n".join(["A company of your own, in another terminal (--help of each tells more):", *lines])


def _trial(data_dir: Path, base_url: str, demo: Json, is_new: bool) -> str:
    """What may be tried with the demo."""
    call = f"{_python()} -m infra.call{_with_home(data_dir)}"
    key = next((license["license_key"] for license in demo["licenses"] if license["license_key"]), "…")
    who = f"product=viewer license_key={key} hardware_id=my-laptop"
    return (
        f"Try, in another terminal:\n"
        f"  curl {base_url}/\n"
        f"  {call} activate_license {who}\n"
        f"  {call} check_license {who}\n"
        f"  {call} deactivate_license {who}\n"
        f"\n"
        f"The portal, in a browser: {runtime().settings.portal_url or base_url}/portal\n"
        f"  {_log_in(demo, is_new)}\n"
        f"\n"
        f"Keys and passwords of the demo: {_short(data_dir / 'demo.json')}"
    )


def _log_in(demo: Json, is_new: bool) -> str:
    """The demo manager's log-in. The password is shown once, when it is made: what is printed may end in a journal."""
    manager = demo["manager"]
    who = f"company code {demo['company_code']}, email {manager['email']}"
    if not is_new or manager["password"] is None:
        return f"{who}, the password in demo.json or the one that you have chosen since"
    lasts = "(that is the initial password: it lasts until you have chosen another one)"
    return f"{who}, password {manager['password']}\n  {lasts}"


def _python() -> Path:
    return _short(Path(sys.executable))


def _with_home(data_dir: Path) -> str:
    return "" if data_dir == Path(".local") else f" --home {shlex.quote(str(data_dir))}"


def _short(path: Path) -> Path:
    """The path from here, where it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    main()
