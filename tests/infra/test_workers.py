"""A server of several processes: what they share, and what becomes of them."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from chalicelib.turns import BATCHES, HASHES, LOG_INS, STRANGERS, TokenBuckets, Turns
from infra import serve, shares
from infra.shares import Common, Share

PATIENCE_SECONDS = 60


@pytest.fixture
def server() -> Iterator[serve.Server]:
    """A server of two processes."""
    with serve.start(dict(os.environ), workers=2) as server:
        yield server


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes about by itself."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def connections_of(pid: int) -> int:
    """Open sockets of a process, the listening one among them."""
    links = [path.readlink() for path in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(str(link).startswith("socket:") for link in links)


def test_as_many_answer_as_there_are_processors_by_default() -> None:
    for given, number in ((None, len(os.sched_getaffinity(0))), (3, 3)):
        with serve.start(dict(os.environ), workers=given) as server:
            assert len(server.pids) == 1 + number
            assert httpx.get(f"{server.base_url}/readyz", timeout=60).status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "65", "two", "1.5", "٣", ""])
def test_a_number_of_workers_that_is_none_is_one_sentence(number: str) -> None:
    with pytest.raises(serve.ServeError, match=r"^The number of workers must be from 1 to 64, not "):
        serve.worker_number(number)


def test_each_of_the_processes_answers(server: serve.Server) -> None:
    before = [connections_of(pid) for pid in server.pids[1:]]
    with ExitStack() as stack:
        for _ in range(8):
            client = stack.enter_context(httpx.Client(base_url=server.base_url, timeout=60))
            assert client.get("/healthz").status_code == 200
        now = [connections_of(pid) for pid in server.pids[1:]]
    taken = [more - some for more, some in zip(now, before, strict=True)]
    assert (sum(taken), min(taken) > 0) == (8, True), taken


def test_in_the_place_of_one_that_is_killed_another_answers_and_it_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    with serve.start(dict(os.environ), workers=2) as server:
        first, killed, other = server.pids
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(server.pids) == 3 and killed not in server.pids)
        assert (server.pids[0], other in server.pids) == (first, True)
        for _ in range(8):
            assert httpx.get(f"{server.base_url}/healthz", timeout=PATIENCE_SECONDS).status_code == 200
    assert capfd.readouterr().err.count("worker 0 has ended (SIGKILL): another takes its place") == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_however_the_first_process_ends_none_is_left(number: signal.Signals, server: serve.Server) -> None:
    with ExitStack() as stack:
        ends = []
        for pid in server.pids:
            ends.append(os.pidfd_open(pid))
            stack.callback(os.close, ends[-1])
        os.kill(server.pid, number)
        for end in ends:
            assert select.select([end], [], [], PATIENCE_SECONDS)[0]
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.base_url, timeout=60)


def test_a_worker_that_cannot_begin_is_the_end_and_says_why_once(tmp_path: Path) -> None:
    secrets = tmp_path / "none.json"
    done = subprocess.run(
        [sys.executable, "-m", "infra.serve", "--port", "0", "--workers", "2"],
        cwd=serve.ROOT,
        env=dict(os.environ) | {"SEATKEEPER_SECRETS": f"file:{secrets}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The secrets cannot be read: No such file or directory.\n"


ENDED_AMID_FORK = """
import os, signal, sys
from infra.signals import end_on_signals
from infra.workers import Workers

def fork_and_signal(fork=os.fork):
    pid = fork()
    if (pid == 0) == (sys.argv[1] == "child"):
        os.kill(os.getpid(), signal.SIGTERM)
    return pid

os.fork, first = fork_and_signal, os.getpid()
end_on_signals()
workers = Workers(1, lambda number, ready: signal.pause())
try:
    workers.start()
finally:
    workers.stop(60)
    try:
        left = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        left = "none"
    print("the first" if os.getpid() == first else "the child", "ends, and leaves", left, flush=True)
"""


@pytest.mark.parametrize("who", ["child", "parent"])
def test_a_signal_that_comes_amid_a_fork_ends_each_as_what_it_is(who: str) -> None:
    """No child ends as if it were its parent, and no parent without a child that it does not know yet."""
    command = [sys.executable, "-c", ENDED_AMID_FORK, who]
    said = subprocess.run(command, cwd=serve.ROOT, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "the first ends, and leaves none\n", "")


# --- what they share -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_all_processes_together_hold_no_more_than_one_alone(processes: int) -> None:
    common = Common(processes)
    of_all = [Share(common, number) for number in range(processes)]
    assert sum(share.connections for share in of_all) <= shares.MAX_CONNECTIONS
    assert sum(share.of_client for share in of_all) <= shares.MAX_OF_CLIENT
    turns, whole = [share.turns for share in of_all], Turns()
    for name in ("log_ins_of_address", "refusals_of_address", "refusals_of_license"):
        buckets: list[TokenBuckets] = [getattr(turn, name) for turn in turns]
        assert sum(bucket.burst for bucket in buckets) <= getattr(whole, name).burst
        assert sum(bucket.per_second for bucket in buckets) <= getattr(whole, name).per_second * 1.001
    common.close()


TAKE = """
import sys
from infra.shares import Common, Share
common = Common(3)
common.turns = int(sys.argv[1])
turns = getattr(Share(common).turns, sys.argv[2])
for asked in sys.stdin:
    blocking, number = asked.split()
    print(sum(turns.acquire(blocking == "wait") for _ in range(int(number))), flush=True)
"""


class Holder:
    """A process that takes turns, and says how many it got."""

    def __init__(self, file: int, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE, str(file), name],
            cwd=serve.ROOT,
            pass_fds=[file],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, how: str, number: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{how} {number}\n")
        self.process.stdin.flush()

    def said(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


@pytest.mark.parametrize("name", ["hashes", "log_ins", "strangers", "device_looks", "batches"])
def test_turns_are_those_of_all_processes_and_come_back_from_one_that_is_killed(name: str) -> None:
    common, most = Common(3), {"hashes": HASHES, "log_ins": LOG_INS, "strangers": STRANGERS}.get(name, BATCHES)
    holders = [Holder(common.turns, name) for _ in range(3)]
    try:
        for holder, number, got in zip(holders, (most - 1, most, most), (most - 1, 1, 0), strict=True):
            holder.ask("now", number)
            assert holder.said() == got
        holders[2].ask("wait", 1)
        holders[0].process.kill()
        assert holders[2].said() == 1
    finally:
        for holder in holders:
            holder.process.kill()
            holder.process.communicate()
        common.close()


def test_turns_of_one_kind_take_none_of_another() -> None:
    common = Common(3)
    holders = [Holder(common.turns, name) for name in ("strangers", "log_ins", "hashes")]
    try:
        for holder, most in zip(holders, (STRANGERS, LOG_INS, HASHES), strict=True):
            holder.ask("now", most)
            assert holder.said() == most
    finally:
        for holder in holders:
            holder.process.kill()
            holder.process.communicate()
        common.close()


def test_one_process_gives_its_turns_back() -> None:
    common = Common(2)
    turns = Share(common).turns.log_ins
    for _ in range(3):
        assert [turns.acquire(blocking=False) for _ in range(LOG_INS + 1)] == [True] * LOG_INS + [False]
        for _ in range(LOG_INS):
            turns.release()
    common.close()


def test_who_needs_neither_a_password_nor_a_list_of_people_finds_a_thread() -> None:
    assert LOG_INS + BATCHES < shares.THREADS
