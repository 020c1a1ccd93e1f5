"""The servers of a measurement, each a child process on a home: ours, that of another commit, and the floor."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import local
from infra.bench.clients import BenchError, Job, cpu_seconds, drive, look_at, request_bytes
from infra.bench.floor import Plan
from infra.bench.latencies import Latencies
from infra.bench.vendor import Vendor, prepare
from infra.call import signed_headers
from infra.serve import ROOT, Server, start_module


@dataclass(frozen=True)
class Subject:
    """A server that is measured, what is stored in it, and whether its answers are looked at."""

    server: Server
    vendor: Vendor
    is_real: bool = True

    def do(self, calls: list[Job], clients: int) -> Latencies:
        """Have so many clients make the calls as fast as they are answered, each the next one that is left.

        Raises `BenchError`.
        """
        headers = signed_headers(self.vendor.api_key, self.vendor.shared_key)
        requests = [request_bytes(*call, headers) for call in calls]
        done, answers = drive(self.server.port, requests, clients, lambda: cpu_seconds(self.server.pids))
        for answer in answers if self.is_real else []:
            look_at(answer, self.vendor.public_key)
        return done


def environment(home: Path) -> dict[str, str]:
    """Of all processes that work on a home of a measurement."""
    return local.environment(home) | {"SEATKEEPER_LICENSE_CHANGES_PER_HOUR": "1000000"}  # many devices, few licenses


@contextmanager
def serving(home: Path, root: Path = ROOT) -> Iterator[Subject]:
    """A server by the code in a folder, on a new home that is filled by ours."""
    with using(bootstrap(environment(home))):
        vendor = prepare()
    with serving_again(home, vendor, root) as subject:
        yield subject


@contextmanager
def serving_again(home: Path, vendor: Vendor, root: Path = ROOT, *, workers: int | None = None) -> Iterator[Subject]:
    """A server on a home that is filled; `workers`: as many as there are processors where None."""
    given = [] if workers is None else ["--workers", str(workers)]
    with start_module(["infra.serve", "--port", "0", *given], environment(home), root) as server:
        yield Subject(server, vendor)


@contextmanager
def floor(plan: Plan, home: Path, vendor: Vendor) -> Iterator[Subject]:
    """A server that carries out a plan for each request."""
    written = Path(f"{plan.database}.json")
    written.write_text(json.dumps(asdict(plan)))
    with start_module(["infra.bench.floor", str(written)], environment(home)) as server:
        yield Subject(server, vendor, is_real=False)


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """The files of a commit, in a folder that is removed in the end. Raises `BenchError`."""
    _git("worktree", "add", "--detach", str(folder), commit)
    try:
        yield folder
    finally:
        _git("worktree", "remove", "--force", str(folder))


def _git(*words: str) -> None:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"git {' '.join(words)}: {done.stderr.strip()}")
