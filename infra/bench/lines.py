"""What a log record costs: CPU of a request in which nothing else is done."""

import os
import time
from pathlib import Path

from chalicelib import observability
from chalicelib.observability import Log

LINES, RUNS = 5000, 7
_ID = "5f0c9f6e-4f1b-4d0e-9d57-6c1f3f1f0a11"


def lines() -> None:
    """Print the best of `RUNS` for a record of fields, and for one with a metric."""
    print(f"\nLog records, CPU each: best of {RUNS} times {LINES:,}")
    for what, metrics in {"fields": (), "fields and a metric": (observability.ACTIVATIONS,)}.items():
        print(f"  {min(_microseconds(metrics) for _ in range(RUNS)):.0f} µs   {what}")


def _microseconds(metrics: tuple[str, ...]) -> float:
    with Path(os.devnull).open("w") as nowhere:
        log = Log("bench", "full", lambda text: print(text, file=nowhere, flush=True))
        started = time.process_time()
        for _ in range(LINES):
            _request(log, metrics)
        return (time.process_time() - started) / LINES * 1e6


def _request(log: Log, metrics: tuple[str, ...]) -> None:
    """As a check of a license, and an activation."""
    with log.record("request", request_id=_ID, lambda_request_id=_ID, route="/bench", method="GET"):
        observability.add_fields(company="BENCH")
        observability.add_fields(license_id=1_548_467_203_541)
        for metric in metrics:
            observability.add_metric(metric)
        observability.add_fields(status=200)
