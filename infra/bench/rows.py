"""The calls that are measured, by turns with their floor and, where it is asked for, with another commit."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import local
from infra.bench import vendor
from infra.bench.clients import Job, request_bytes
from infra.bench.floor import Plan
from infra.bench.in_process import Respond, responder
from infra.bench.latencies import Latencies
from infra.bench.plans import watch
from infra.bench.servers import Subject, environment, floor
from infra.call import signed_headers
from infra.progress import Progress
from infra.scratch import scratch_folder

ROUNDS = 4
"""All are measured by turns, so many times, for a machine is never the same for long."""
OURS, FLOOR, BASE = "ours", "floor", "base"
_WARM_UP = 2


@dataclass(frozen=True)
class Row:
    """So many calls by so many clients; what their floor has to sign and to hash; and what is at least wanted."""

    name: str
    calls: vendor.Calls
    clients: int
    count: int
    signatures: int = 0
    hashes: int = 0
    targets: dict[str, float] = field(default_factory=dict)
    """By the name of a figure (`Latencies.figures`)."""

    @property
    def title(self) -> str:
        return f"{self.name}, {self.clients} client{'s' * (self.clients > 1)}"


WITHOUT_LOG_IN = (
    Row("check", vendor.checks, 16, 12_000, targets={"calls_per_second": 2200, "cpu_ms": 0.8}),
    Row("check", vendor.checks, 1, 3000, targets={"p50_ms": 0.9}),
    Row("check with a nonce", vendor.fresh_checks, 16, 6000, signatures=1),
    Row("activate by key", vendor.activations, 16, 6000, 2, targets={"calls_per_second": 1100, "cpu_ms": 1.5}),
    Row("activate by key", vendor.activations, 1, 1500, 2),
    Row("activate, all on one license", vendor.activations_on_one, 16, 4000, 2, targets={"calls_per_second": 700}),
)
WITH_LOG_IN = Row("activate by user", vendor.activations_by_user, 16, 800, 2, hashes=1)
"""The last one: a server that has hashed passwords has more memory than one that has not."""
ROWS = (*WITHOUT_LOG_IN, WITH_LOG_IN)


def measure_row(row: Row, home: Path, real: dict[str, Subject]) -> dict[str, Latencies]:
    """What the calls came to, for ours, its floor and whatever else is given. Raises `BenchError`."""
    jobs: dict[str, list[Job]] = {}
    for name, subject in real.items():
        jobs[name], before = row.calls(subject.vendor, row.count + _WARM_UP + 1)
        if before:
            subject.do(before, 1)
    progress = Progress(f"rounds of {row.title}", ROUNDS)
    parts: dict[str, list[Latencies]] = {name: [] for name in (OURS, FLOOR, *real)}
    with _floor_of(row, home, real[OURS].vendor, jobs[OURS][row.count :]) as bare:
        jobs[FLOOR] = jobs[OURS]
        subjects = {OURS: real[OURS], FLOOR: bare} | real
        for number in range(ROUNDS):
            for name, subject in subjects.items():
                parts[name].append(subject.do(jobs[name][number : row.count : ROUNDS], row.clients))
            progress.show(number + 1)
    return {name: Latencies.sum(of) for name, of in parts.items()}


@contextmanager
def _floor_of(row: Row, home: Path, of: vendor.Vendor, jobs: list[Job]) -> Iterator[Subject]:
    """The floor of the last of some calls; the others are made to warm this process up."""
    headers = signed_headers(of.api_key, of.shared_key)
    with ExitStack() as stack:
        plan = Plan(
            f"{stack.enter_context(scratch_folder('floor-', home))}/floor.db",
            signatures=row.signatures,
            hashes=row.hashes,
        )
        with using(bootstrap(environment(home))):
            respond: Respond = responder()
            *others, last = (request_bytes(*job, headers) for job in jobs)
            for other in others:
                respond(other)
            watch(respond, last, local.database_file(home), plan)
        yield stack.enter_context(floor(plan, home, of))
