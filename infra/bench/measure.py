"""What is measured, one section after the other."""

import compileall
import os
import statistics
import time
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from chalicelib.usecases.audit import audit
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from infra.bench import figures as shown
from infra.bench import imports
from infra.bench.clients import BenchError
from infra.bench.figures import Figures
from infra.bench.imports import INSTALLED, LIBRARIES, cpu_ms
from infra.bench.lines import lines
from infra.bench.page import about
from infra.bench.portal import portal
from infra.bench.rows import OURS, WITH_LOG_IN, WITHOUT_LOG_IN, Row, measure_row
from infra.bench.seed import seed_licenses
from infra.bench.servers import Subject, environment
from infra.bench.vendor import BY_KEY, COMPANY, issue, storm
from infra.stage.stages import ROOT

STORM_DEVICES, STORM_PLACES, STORM_CLIENTS = 1000, 500, 64
SWEEPS = {1_000: 10_000, 10_000: 100_000}
"""Due licenses: of so many that are stored."""
IMPORT_RUNS = 7


def measure(home: Path, real: dict[str, Subject]) -> Figures:
    """Measure the server of a home, and whatever else is given, by turns; print, and answer the figures.

    Raises `BenchError`.
    """
    found: Figures = {"about": about(), "cores": os.cpu_count(), "rows": {}, "others": {}}
    print(found["about"], flush=True)

    def measure_rows(*rows: Row) -> None:
        for row in rows:
            parts = measure_row(row, home, real)
            found["rows"][row.title] = {name: part.figures for name, part in parts.items()}
            print(shown.show_row(row, found["rows"][row.title]), flush=True)

    measure_rows(*WITHOUT_LOG_IN)
    with using(bootstrap(environment(home))):
        found["others"] |= _storm(real[OURS])
        for due, stored in SWEEPS.items():
            found["others"]["sweep_ms"] = _sweep(due, stored)
        portal(real[OURS].server)
    found["others"]["memory_mb"] = _memory(real[OURS].server.pids)
    measure_rows(WITH_LOG_IN)
    found["others"]["memory_log_ins_mb"] = _memory(real[OURS].server.pids)
    _imports()
    lines()
    return found


def _storm(subject: Subject) -> dict[str, float]:
    """Devices that rush one license, of which half may come in. Raises `BenchError`: not so many have."""
    calls = subject.do(storm(issue(STORM_PLACES), STORM_DEVICES), STORM_CLIENTS)
    granted, refused, found = calls.statuses[200], calls.statuses[400], calls.figures
    _title(f"Storm: {STORM_DEVICES:,} devices, {STORM_CLIENTS} at once, on one license of {STORM_PLACES}")
    other = STORM_DEVICES - granted - refused
    print(f"  granted {granted}, refused {refused}, answered otherwise {other}")
    print(f"  {calls.seconds:.1f} s, p50 {found['p50_ms']:.0f} ms, p99 {found['p99_ms']:.0f} ms")
    print(f"  differences that the audit finds: {sum(len(found) for _, found in audit(COMPANY))}")
    if granted > STORM_PLACES:
        raise BenchError(f"{granted} devices are active on a license of {STORM_PLACES}.")
    return {"storm_seconds": calls.seconds, "storm_errors": other}


def _sweep(due: int, stored: int) -> float:
    """The first sweep with so many due, in milliseconds a license; and the next one, for which nothing is left."""
    now, first = clock.now(), stored * 1000
    company = f"{COMPANY}-{stored}"
    seed_licenses(company, BY_KEY, first, due, now - 1)
    seed_licenses(company, BY_KEY, first + due, stored - due, now + 10**9)
    started = time.perf_counter()
    announced = sweep(now=now)["license_expired"]
    swept = time.perf_counter()
    again = sweep(now=now)["license_expired"]
    each = (swept - started) / due * 1000
    _title(f"Sweep: {due:,} due of {stored:,}")
    print(f"  announced {announced:,} in {swept - started:.1f} s, {each:.2f} ms each;", end=" ")
    print(f"the next one {again} in {(time.perf_counter() - swept) * 1000:.0f} ms")
    return each


def _imports() -> None:
    """CPU of a process that imports the app, and of one that imports what it is built on, by turns."""
    for path in (ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")):
        compileall.compile_file(path, quiet=1)  # as the libraries are, and a package is
    bare, ours = [], []
    for _ in range(IMPORT_RUNS):
        bare.append(cpu_ms(LIBRARIES, INSTALLED))
        ours.append(cpu_ms(imports.OURS, ROOT, INSTALLED))
    app, floor = statistics.median(ours), statistics.median(bare)
    _title(f"Import, median CPU of {IMPORT_RUNS}")
    print(f"  ours     {app:.0f} ms   the app")
    print(f"  floor    {floor:.0f} ms   chalice, pydantic, pynamodb and its client")
    print(f"  {app / floor:.2f} times the floor")


def _memory(pids: list[int]) -> float:
    megabytes = _megabytes(pids)
    _title(f"Memory with {max(SWEEPS.values()):,} licenses stored, after all of this")
    print(f"  server {megabytes:.0f} MB in {len(pids)} processes")
    return megabytes


def _title(text: str) -> None:
    print(f"\n{text}", flush=True)


def _megabytes(pids: list[int]) -> float:
    """Resident memory of processes; what some have in common is counted once (Linux)."""
    maps = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(one.split("\nPss:")[1].split()[0]) for one in maps) / 1024
