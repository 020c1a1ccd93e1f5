"""`roto-server`, an engine that others have written: it speaks DynamoDB on a loopback port.

with start(Path("data")) as engine:
    subprocess.run([...], env=environment(engine.endpoint))
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from unittest.mock import patch

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import file_lock
from infra.child import Child, die_with
from tests.support import AWS_NOWHERE

_READY = b"roto listening"
_START_SECONDS = 60.0
_LOCK_SECONDS = 3.0
"""For the engine of somebody who was killed a moment ago to end."""
_KEPT_LOG_BYTES = 64 * 1024
"""Of what engines said before: the last words of one that has ended by itself are wanted later."""


class EngineError(Exception):
    """The engine did not start; the text is one sentence for the operator, then the engine's last words if any."""


class Engine(Child):
    """A running engine."""

    @property
    def endpoint(self) -> str:
        """What `AWS_ENDPOINT_URL` has to be."""
        return f"http://127.0.0.1:{self.port}"


def start(data_dir: Path | None, port: int = 0, *, prepare: Callable[[], None] = lambda: None) -> Engine:
    """Start the engine on `data_dir`, or in memory alone when that is None, and return when it answers.

    Every acknowledged write is on the disk (`--durable`). Port 0 means any free one. The engine dies with the thread
    that started it (Linux): start it from one that lives as long as the engine is to. `prepare` is called when the
    data is nobody else's and not yet opened. Raises `EngineError`.
    """
    with _locked_log(data_dir) if data_dir else tempfile.TemporaryFile() as log:
        prepare()
        said_before = log.seek(0, os.SEEK_END)
        port = free_port(port)
        store = ["--data-dir", str(data_dir), "--durable"] if data_dir else ["--ephemeral"]
        process = subprocess.Popen(
            [binary(), "--port", str(port), *store],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Nothing of ours: the engine has variables of its own that would move its data or silence its log.
            env={"NO_COLOR": "1"},
            # A Ctrl-C at the terminal is for us; we stop the engine last.
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - it takes no lock and loads nothing
        )
        engine = Engine(process, port)
        try:
            _wait_until_ready(process, log, said_before)
        except BaseException:
            engine.kill()
            raise
    return engine


def is_running(data_dir: Path) -> bool:
    """Whether an engine runs on this directory, whoever started it."""
    return file_lock.is_held(_log_of(data_dir))


@contextmanager
def as_aws(data_dir: Path | None = None) -> Iterator[None]:
    """What is done inside takes an engine, on `data_dir`, for AWS: in this process, and in those that it starts."""
    with (
        start(data_dir) as running,
        patch.dict(os.environ, environment(running.endpoint), clear=True),
        using(bootstrap(os.environ)),
    ):
        yield


def environment(endpoint: str) -> dict[str, str]:
    """The environment of a process that is to use the engine: ours, without any AWS setting of the developer's own.

    In a test: `mock.patch.dict(os.environ, environment(engine.endpoint), clear=True)`.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return ours | AWS_NOWHERE | {"SEATKEEPER_DATABASE": "dynamodb", "AWS_ENDPOINT_URL": endpoint}


def binary() -> str:
    """The path of the engine's program. Raises `EngineError`."""
    path = Path(sys.executable).parent / "roto-server"
    if not path.exists():
        raise EngineError(f"There is no roto-server beside {sys.executable}: install requirements-dev.txt.")
    return str(path)


def _locked_log(data_dir: Path) -> BinaryIO:
    """Open the engine's log, which is also the lock on its data.

    Two engines on one directory: each opens it without a word, or one of them fails half-way. The engine inherits
    the open file as its output, so the lock lives exactly as long as the engine does, whatever becomes of us.
    """
    try:
        data_dir.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir.mkdir(exist_ok=True)
        log = _log_of(data_dir).open("ab+")
    except OSError as error:
        raise EngineError(f"The data cannot be kept in {data_dir}: {error.strerror}.") from None
    deadline = time.monotonic() + _LOCK_SECONDS
    while not file_lock.take(log.fileno()):
        if time.monotonic() > deadline:
            log.close()
            raise EngineError(f"Another engine is running on {data_dir}: stop it first.")
        time.sleep(0.02)
    _shorten(log)
    return log


def _shorten(log: BinaryIO) -> None:
    """Keep the end of the log. In place: another file would not be locked."""
    log.seek(max(0, log.seek(0, os.SEEK_END) - _KEPT_LOG_BYTES))
    kept = log.read()
    log.truncate(0)
    log.write(kept if kept.endswith(b"\n") or not kept else kept + b"\n")
    log.flush()


def _log_of(data_dir: Path) -> Path:
    return data_dir.with_name(data_dir.name + ".log")


def free_port(port: int = 0) -> int:
    """`port` if it is free, or any free one for 0. The engine would not say which one it took.

    Raises `EngineError` where it is in use.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EngineError(f"The engine cannot have port {port}: {error.strerror}.") from None
        found: int = probe.getsockname()[1]
        return found


def _wait_until_ready(process: subprocess.Popen[bytes], log: BinaryIO, said_before: int) -> None:
    """Wait for the engine's own word: a connection would be answered by whoever has the port."""
    deadline = time.monotonic() + _START_SECONDS
    while _READY not in (words := os.pread(log.fileno(), 65536, said_before)):
        if process.poll() is not None:
            raise EngineError(f"The engine ended at once (exit {process.returncode}). {_last(words)}")
        if time.monotonic() > deadline:
            raise EngineError(f"The engine did not answer within {_START_SECONDS:.0f} seconds. {_last(words)}")
        time.sleep(0.002)


def _last(words: bytes) -> str:
    return "It said: " + (words.decode(errors="replace").strip()[-1000:] or "nothing") if words else "It said nothing."
