"""How what runs until it is told to end does end: early, with nobody left to read, or with what started it."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from infra import local
from infra.serve import ROOT
from infra.shares import THREADS

PATIENCE_SECONDS = 60
PIPE = subprocess.PIPE
RUNS = [["infra.run", "--home", "{home}"], ["infra.serve", "--port", "0"], ["infra.chalice_local", "--home", "{home}"]]


@contextmanager
def begun(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of ours, on any free port, that hears of its terminal's end; killed behind the block."""
    command, environment = [sys.executable, *arguments], dict(os.environ) | {"PORT": "0"}

    def hear() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=PIPE,
        stderr=PIPE,
        preexec_fn=hear,  # noqa: PLW1509 - it takes no lock and loads nothing
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def children(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have (Linux)."""
    own = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*own, *(grandchild for child in own for grandchild in children(child))]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run[0])
def test_ctrl_c_before_all_libraries_have_come_ends_a_run_without_a_word(run: list[str], tmp_path: Path) -> None:
    arguments = [one.format(home=tmp_path / "home") for one in run]
    with begun("-X", "importtime", "-m", *arguments) as process:
        assert process.stderr is not None
        assert any("| " in line and "pydantic" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate()
    assert (said, "Traceback" in errors) == ("", False), errors
    assert process.returncode in (-signal.SIGINT, 0)


def test_a_run_goes_on_and_ends_in_good_order_where_nobody_reads_on_what_it_says(tmp_path: Path) -> None:
    """As in `make run | head -1`."""
    with begun("-m", "infra.run", "--home", str(tmp_path / "home")) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        base_url = process.stdout.readline().split()[2]
        process.stdout.close()
        assert httpx.get(base_url, timeout=PATIENCE_SECONDS).status_code == 200
        process.terminate()
        errors = process.stderr.read()
    assert (process.wait(), errors) == (0, "")


@pytest.mark.parametrize("run", RUNS[:2], ids=lambda run: run[0])
def test_the_end_of_its_terminal_ends_a_run_in_good_order(run: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    with begun("-m", *(one.format(home=home) for one in run)) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Serving on ")
        process.send_signal(signal.SIGHUP)
        assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert not local.environment_file(home).exists()


def test_no_process_is_left_of_a_server_that_was_stopped_when_its_run_was_killed(tmp_path: Path) -> None:
    """SIGTERM reaches no process that is stopped: its workers would hold the port for ever."""
    with begun("-m", "infra.run", "--home", str(tmp_path / "home"), "--workers", "2") as run, ExitStack() as stack:
        assert run.stdout is not None
        assert run.stdout.readline().startswith("Serving on ")
        first, *workers = children(run.pid)
        assert len(workers) == 2
        ends = []
        for pid in (first, *workers):
            ends.append(os.pidfd_open(pid))
            stack.callback(os.close, ends[-1])
        os.kill(first, signal.SIGSTOP)
        run.kill()
        try:
            assert all(select.select([end], [], [], PATIENCE_SECONDS)[0] for end in ends)
        finally:
            for end in ends:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(end, signal.SIGKILL)


@pytest.mark.parametrize("closed", [False, True], ids=["on a full disk", "closed"])
def test_calls_are_answered_where_their_records_cannot_be_written(closed: bool, tmp_path: Path) -> None:
    """More of them than there are threads: none is lost with a record."""
    environment = dict(os.environ) | local.environment(tmp_path) | {"SEATKEEPER_LOG": "brief"}
    command = [sys.executable, "-m", "infra.serve", "--workers", "1", "--port", "0"]
    with (
        Path("/dev/full").open("w") as full,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=PIPE,
            stderr=full,
            preexec_fn=partial(os.close, 2) if closed else None,  # noqa: PLW1509 - it takes no lock and loads nothing
        ) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)
        assert process.stdout is not None
        base_url = process.stdout.readline().split()[2]
        for _ in range(THREADS + 2):
            assert httpx.get(f"{base_url}/healthz", timeout=PATIENCE_SECONDS).status_code == 200
        with socket.create_connection(
            ("127.0.0.1", int(base_url.rpartition(":")[2])), timeout=PATIENCE_SECONDS
        ) as other:
            other.sendall(b"NONSENSE\r\n\r\n")
            assert other.recv(12) == b"HTTP/1.1 400"
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


def test_a_server_without_standard_output_ends_in_good_order(tmp_path: Path) -> None:
    """What a worker does at its end must not fail: it would go on as the process that watches over all."""
    environment = dict(os.environ) | local.environment(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "infra.serve", "--workers", "2", "--socket", str(listening.fileno())]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            text=True,
            stderr=PIPE,
            pass_fds=[listening.fileno()],
            preexec_fn=partial(os.close, 1),  # noqa: PLW1509 - it takes no lock and loads nothing
        ) as process:
            port = listening.getsockname()[1]
            assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_SECONDS).status_code == 200
            process.terminate()
            errors = process.communicate()[1]
    assert (process.returncode, errors) == (0, "")
