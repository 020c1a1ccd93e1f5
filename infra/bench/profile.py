"""Where the CPU of a call goes, by line and by layer: `.venv/bin/python -m infra.bench.profile`, in Markdown.

A call is answered again and again in this process, from its bytes to the bytes of its answer. Meanwhile the kernel's
timer of CPU time interrupts it, and the line that is at work is noted. What C code takes (SQLite, RSA, JSON) counts
for the line of Python that has called it. What is missing is sockets, and what threads do to one another.
"""

import argparse
import linecache
import os
import re
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import output
from infra.bench import vendor
from infra.bench.clients import BenchError, request_bytes
from infra.bench.in_process import Respond, responder, writing_here
from infra.bench.layer_floors import layer_floors
from infra.bench.page import PROFILE, about, add_report, write_into
from infra.bench.rows import ROWS
from infra.bench.servers import environment
from infra.call import signed_headers
from infra.markdown import markdown_table
from infra.progress import Progress
from infra.scratch import scratch_folder
from infra.stage.stages import ROOT
from infra.version import add_version

CALLS: dict[str, tuple[vendor.Calls, int]] = {
    "check": (vendor.checks, 10_000),
    "activate by key": (vendor.activations, 2500),
    "activate by user": (vendor.activations_by_user, 300),
}
LINES = 20
"""That are shown of each call."""
_PERIOD_SECONDS = 0.001
_WARM_UP = 100

LAYERS = (
    (r"infra/(http_|answers|connections|bodies|addresses|lead|shares)|httptools/", "HTTP"),
    (r"infra/wsgi|chalice/|app\.py$", "Chalice, and Lambda's part (`infra/wsgi.py`)"),
    (r"chalicelib/(web|licenseapi)/", "adapter: signatures of calls, models, bodies"),
    (r"chalicelib/observability", "log record"),
    (r"chalicelib/usecases/passwords|argon2/", "argon2 of the password"),
    (r"chalicelib/(usecases|domain|cache|runtime|turns)", "use cases and rules"),
    (r"chalicelib/signing", "RSA signatures"),
    (r"chalicelib/(store|encryption)|pynamodb/", "store and pynamodb"),
    (r"infra/embedded/", "engine"),
)
"""By the file of the innermost frame that is of one of these; first come, first served."""
_SQLITE = "SQLite"
_IS_SQL = re.compile(r"\.(execute|executemany|fetchall|fetchone)\(|take\(rows\)")

Line = tuple[str, int]
"""A file, below the project's folder or the libraries', and a line of it."""


@dataclass
class Profile:
    """Of a call: its CPU, in µs, and how much of it fell on which line and layer."""

    microseconds: float
    lines: dict[Line, float]
    layers: dict[str, float]
    floors: dict[str, float] = field(default_factory=dict)
    """Of layers that have one (`infra.bench.layer_floors`)."""


class Sampler:
    """Notes the line that is at work, whenever the timer of CPU time of this process says so.

    A sample weighs the CPU since the one before: C code is not interrupted, so what is long in it has one sample alone.
    """

    def __init__(self) -> None:
        self.lines: defaultdict[Line, float] = defaultdict(float)
        self.layers: defaultdict[str, float] = defaultdict(float)
        """Seconds of CPU."""
        self._noted_at, self._is_noting = 0.0, False

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Note what is at work inside. In the main thread alone, where signals are handled."""
        before = signal.signal(signal.SIGPROF, lambda _, frame: self.note(frame))
        self._noted_at = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, _PERIOD_SECONDS, _PERIOD_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    def note(self, frame: FrameType | None) -> None:
        """One sample: its layer, and the innermost line of this project. While it does so it takes no other."""
        if self._is_noting:
            return
        self._is_noting = True
        weight, layer, line = time.process_time() - self._noted_at, "", None
        while frame is not None and not (layer and line):
            path, number = frame.f_code.co_filename, frame.f_lineno or 0
            layer = layer or layer_of(path, number)
            if line is None and _is_ours(path):
                line = (str(Path(path).relative_to(ROOT)), number)
            frame = frame.f_back
        self.layers[layer or "else"] += weight
        self.lines[line or ("else", 0)] += weight
        self._noted_at, self._is_noting = time.process_time(), False


@cache
def layer_of(path: str, number: int) -> str:
    """The layer of a line; '' where it is of none."""
    name = str(Path(path).relative_to(ROOT)) if _is_ours(path) else path.rpartition("site-packages/")[2]
    layer = next((layer for pattern, layer in LAYERS if re.match(pattern, name)), "")
    if layer == "engine" and _IS_SQL.search(linecache.getline(path, number)):
        return _SQLITE
    return layer


def _is_ours(path: str) -> bool:
    return path.startswith(f"{ROOT}/") and "site-packages" not in path


def profile(calls: vendor.Calls, count: int, of: vendor.Vendor, respond: Callable[[bytes], bytes]) -> Profile:
    """Make so many calls, then as many with the sampler on. Raises `BenchError`: one was refused."""
    headers = signed_headers(of.api_key, of.shared_key)
    jobs, before = calls(of, _WARM_UP + 2 * count)
    requests = [request_bytes(*job, headers) for job in jobs]
    _make([request_bytes(*job, headers) for job in before] + requests[:_WARM_UP], respond)
    started = time.process_time()
    _make(requests[_WARM_UP : _WARM_UP + count], respond)
    microseconds = (time.process_time() - started) / count * 1e6
    sampler = Sampler()
    with sampler.sampling():
        _make(requests[_WARM_UP + count :], respond)
    unit = microseconds / max(1e-9, sum(sampler.layers.values()))  # without what the sampler itself has cost
    lines = {line: seconds * unit for line, seconds in sampler.lines.items()}
    return Profile(microseconds, lines, {layer: seconds * unit for layer, seconds in sampler.layers.items()})


def _make(requests: Iterable[bytes], respond: Callable[[bytes], bytes]) -> None:
    for request in requests:
        answer = respond(request)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise BenchError(f"A call was refused: {answer[:300]!r}.")


def table(profiles: dict[str, Profile]) -> str:
    """In Markdown: the layers of all, each beside its floor, then the lines of each."""
    layers = [*(layer for _, layer in LAYERS), _SQLITE, "else"]
    rows = [["µs of CPU a call"], ["---"], *([layer] for layer in layers), ["**all**"]]
    for name, one in profiles.items():
        shares = [f"{one.layers.get(layer, 0.0):,.0f}" for layer in layers]
        floors = [f"{one.floors[layer]:,.0f}" if layer in one.floors else "" for layer in layers]
        columns = [[name, "--:", *shares, f"**{one.microseconds:,.0f}**"]]
        columns += [["floor", "--:", *floors, f"**{sum(one.floors.values()):,.0f}**"]] if one.floors else []
        rows = [[*row, *cells] for row, *cells in zip(rows, *columns, strict=True)]
    parts = [markdown_table(rows)]
    for name, one in profiles.items():
        lines = [["µs", f"{name}: line", ""], ["--:", "---", "---"]]
        for (path, number), share in sorted(one.lines.items(), key=lambda line: -line[1])[:LINES]:
            source = linecache.getline(str(ROOT / path), number).strip().replace("|", "\\|")
            lines.append([f"{share:,.0f}", f"{path}:{number}", f"`` {source} ``"])
        parts.append(markdown_table(lines))
    return "\n\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Profile and print; answers the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if unknown := set(given.call) - CALLS.keys():
        parser.error(f"there is no call {min(unknown)!r}: there are {', '.join(CALLS)}")
    try:
        text = table(_profiles(given.call or [*CALLS]))
        text = f"{about()}.\n\n{text}"
        if given.report:
            write_into(given.report, PROFILE, text)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2
    output.answer(text)
    return 0


def _profiles(names: list[str]) -> dict[str, Profile]:
    with scratch_folder("seatkeeper-profile-") as folder:
        os.environ |= environment(folder)
        with using(bootstrap(os.environ)), writing_here():
            of, respond = vendor.prepare(), responder()
            progress, profiles = Progress("calls profiled", len(names)), {}
            for number, name in enumerate(names):
                calls, count = CALLS[name]
                profiles[name] = profile(calls, count, of, respond)
                profiles[name].floors = _floors(name, folder, of, respond)
                progress.show(number + 1)
    return profiles


def _floors(name: str, home: Path, of: vendor.Vendor, respond: Respond) -> dict[str, float]:
    row = next(row for row in ROWS if row.name == name)
    jobs, before = row.calls(of, 1)
    headers = signed_headers(of.api_key, of.shared_key)
    *earlier, request = (request_bytes(*job, headers) for job in before + jobs)
    _make(earlier, respond)
    return layer_floors(row, home, request, respond)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.bench.profile",
        description="Where the CPU of a call goes, by layer and by line: as tables in Markdown, in a minute or two.",
        epilog="example: .venv/bin/python -m infra.bench.profile check 'activate by key'",
    )
    parser.add_argument("call", nargs="*", metavar="CALL", help=f"of {', '.join(CALLS)} (default: all)")
    add_report(parser, PROFILE)
    add_version(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
