"""The floors of the layers of a call: what each costs in this process where nothing is decided (`infra.bench.floor`).

A layer that is Python has none: there is nothing that it could not do without.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chalicelib.runtime import runtime
from infra import local
from infra.bench.floor import Floor, Plan
from infra.bench.in_process import Respond, responding
from infra.bench.plans import watch
from infra.bench.rows import Row
from infra.scratch import scratch_folder

TIMES = 500
"""That each is done; hashes of a password a tenth of them."""


def layer_floors(row: Row, home: Path, request: bytes, respond: Respond) -> dict[str, float]:
    """µs of CPU by the layer of `infra.bench.profile`; the request is made once, on this home. Raises `BenchError`."""
    with scratch_folder("floor-", home) as folder:
        plan = Plan(str(folder / "floor.db"))
        watch(respond, request, local.database_file(home), plan)
        nothing = replace(plan, steps=[])
        bare = responding(_floor(nothing))
        return {
            "HTTP": _microseconds(lambda: bare(request)),
            "argon2 of the password": _cost(replace(nothing, hashes=row.hashes), TIMES // 10),
            "RSA signatures": _cost(replace(nothing, signatures=row.signatures)),
            "SQLite": _cost(plan),
        }


def _floor(plan: Plan) -> Floor:
    return Floor(plan, runtime().secrets.read().signing_key)


def _cost(plan: Plan, times: int = TIMES) -> float:
    floor = _floor(plan)
    return _microseconds(lambda: floor({}, lambda *_: bytes), times)


def _microseconds(do: Callable[[], object], times: int = TIMES) -> float:
    do()
    started = time.process_time()
    for _ in range(times):
        do()
    return (time.process_time() - started) / times * 1e6
