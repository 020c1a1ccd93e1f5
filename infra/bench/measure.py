"""What is measured, and how it is printed: every figure of ours beside its baseline, or beside the work that it did."""

import compileall
import os
import platform
import statistics
import time
from pathlib import Path
from secrets import token_hex

from chalicelib.domain.events import Actor
from chalicelib.runtime import runtime
from chalicelib.store import database
from chalicelib.store.database import create_tables
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.usecases import create
from chalicelib.usecases.audit import audit
from chalicelib.usecases.issue_license import Terms, issue_license
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from infra.bench.baseline import measure_baseline
from infra.bench.clients import Application, Job
from infra.bench.imports import INSTALLED, LIBRARIES, OURS, cpu_ms
from infra.bench.latencies import Latencies
from infra.bench.lines import lines
from infra.bench.portal import portal
from infra.bench.seed import seed_licenses
from infra.serve import Server
from infra.stage.stages import ROOT

COMPANY, PRODUCT = "BENCH", "viewer"
CALLS = {1: 2000, 16: 8000}
"""Calls measured, by the number of clients at once."""
ROUNDS = 4
"""Ours and the baseline are measured by turns, so many times, for a machine is never the same for long."""
LICENSES = 64
"""Licenses that the calls are spread over: rivalry is measured by the storm alone."""
STORM_DEVICES, STORM_PLACES, STORM_CLIENTS = 1000, 500, 64
SWEEPS = {1_000: 10_000, 10_000: 100_000}
"""Due licenses: of so many that are stored."""
IMPORT_RUNS = 7

_ADMIN = Actor("bench")


def measure(server: Server) -> None:
    """Print one section after the other."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{time.strftime('%Y-%m-%d')}, {machine}")
    application = _application(server)
    license_keys = [_issue(None) for _ in range(LICENSES)]
    _imports()
    lines()
    for call in ("check_license", "activate_license"):
        for clients, calls in CALLS.items():
            _call(application, license_keys, call, clients, calls)
    _storm(application)
    for due, stored in SWEEPS.items():
        _sweep(due, stored)
    portal(server)
    _title(f"Memory with {max(SWEEPS.values()):,} licenses stored, after all of this")
    print(f"  server {_megabytes(server.pids):.0f} MB in {len(server.pids)} processes")


def _application(server: Server) -> Application:
    create_tables()
    now = clock.now()
    create.create_company(COMPANY, "Bench", _ADMIN, now=now)
    create.create_product(COMPANY, PRODUCT, "Viewer", "license-key", _ADMIN, now=now)
    key, shared_key = create.create_api_key(COMPANY, frozenset(), False, _ADMIN, now=now)
    return Application(server, key.api_key, shared_key, runtime().keyring.current.public_key)


def _issue(max_activations: int | None) -> str:
    terms = Terms("perpetual", max_activations)
    license, _ = issue_license(COMPANY, PRODUCT, terms, None, _ADMIN, now=clock.now())
    assert license.license_key is not None
    return license.license_key


def _imports() -> None:
    """CPU of a process that imports the app, and of one that imports what it is built on, by turns."""
    for path in (ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")):
        compileall.compile_file(path, quiet=1)  # as the libraries are, and a package is
    bare, ours = [], []
    for _ in range(IMPORT_RUNS):
        bare.append(cpu_ms(LIBRARIES, INSTALLED))
        ours.append(cpu_ms(OURS, ROOT, INSTALLED))
    app, base = statistics.median(ours), statistics.median(bare)
    _title(f"Import, median CPU of {IMPORT_RUNS}")
    print(f"  ours     {app:.0f} ms   the app")
    print(f"  baseline {base:.0f} ms   chalice, pydantic, pynamodb and its client")
    print(f"  {app / base:.2f} of the baseline")


def _call(application: Application, license_keys: list[str], call: str, clients: int, calls: int) -> None:
    """One call of the License API, and by turns its baseline."""
    is_activation = call == "activate_license"
    devices = [_device(license_keys[n % LICENSES]) for n in range(calls if is_activation else LICENSES)]
    if not is_activation:
        application.do([("activate_license", device) for device in devices], clients)
    jobs: list[Job] = [(call, devices[n % len(devices)]) for n in range(calls)]
    rounds = [
        (
            application.do(jobs[n::ROUNDS], clients),
            measure_baseline(call, database.table_name(LicenseItem), calls // ROUNDS, clients),
        )
        for n in range(ROUNDS)
    ]
    ours, bare = Latencies.sum([round[0] for round in rounds]), Latencies.sum([round[1] for round in rounds])
    _title(f"{call}, {clients} client{'s' * (clients > 1)}, {calls:,} calls")
    print(f"  ours     {ours}")
    print(f"  baseline {bare}")
    print(f"  {ours.per_second / bare.per_second:.2f} of the baseline's calls a second,", end=" ")
    print(f"{ours.cpu_ms - bare.cpu_ms:+.2f} ms of CPU a call, {calls - ours.statuses[200]} not granted")


def _storm(application: Application) -> None:
    key = _issue(STORM_PLACES)
    answers = application.do([("activate_license", _device(key)) for _ in range(STORM_DEVICES)], STORM_CLIENTS)
    _title(f"Storm: {STORM_DEVICES:,} devices, {STORM_CLIENTS} at once, on one license of {STORM_PLACES}")
    other = STORM_DEVICES - answers.statuses[200] - answers.statuses[400]
    print(f"  granted {answers.statuses[200]}, refused {answers.statuses[400]}, answered otherwise {other}")
    print(f"  {answers.seconds:.1f} s, p50 {answers.percentile(50):.0f} ms, p99 {answers.percentile(99):.0f} ms")
    print(f"  differences that the audit finds: {sum(len(found) for _, found in audit(COMPANY))}")


def _sweep(due: int, stored: int) -> None:
    """The first sweep with so many due, and the next one, for which nothing is left."""
    now, first = clock.now(), stored * 1000
    company = f"{COMPANY}-{stored}"
    seed_licenses(company, PRODUCT, first, due, now - 1)
    seed_licenses(company, PRODUCT, first + due, stored - due, now + 10**9)
    started = time.perf_counter()
    announced = sweep(now=now)["license_expired"]
    swept = time.perf_counter()
    again = sweep(now=now)["license_expired"]
    _title(f"Sweep: {due:,} due of {stored:,}")
    print(
        f"  announced {announced:,} in {swept - started:.1f} s, {(swept - started) / due * 1000:.2f} ms each;", end=" "
    )
    print(f"the next one {again} in {(time.perf_counter() - swept) * 1000:.0f} ms")


def _device(license_key: str) -> dict[str, str]:
    return {"product": PRODUCT, "license_key": license_key, "hardware_id": token_hex(16)}


def _title(text: str) -> None:
    print(f"\n{text}", flush=True)


def _megabytes(pids: list[int]) -> float:
    """Resident memory of processes; what some have in common is counted once (Linux)."""
    maps = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    return sum(int(one.split("\nPss:")[1].split()[0]) for one in maps) / 1024
