"""Who brings licenses of another system in amid the storm: the same few rows again and again, several at once."""

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from chalicelib.domain.events import Event
from chalicelib.domain.license_rows import license_row
from chalicelib.store import licenses
from chalicelib.usecases.import_license import import_license
from chalicelib.web import clock
from tests.proof.answers import answer_of
from tests.proof.history import Op
from tests.proof.rules import Violation
from tests.race.clients import OK
from tests.race.crew import has_ended
from tests.support import ADMIN, DAY, Vendor

IMPORTERS = 2
PAUSE_SECONDS = 0.25
DEVICES = ("m0", "m1")
ROWS: Mapping[str, dict[str, Any]] = {
    name: {"id": name, "name": name, "product": "viewer", "max_activations": len(DEVICES), "devices": list(DEVICES)}
    for name in ("row 1", "row 2", "row 3", "row 4")
}
ONCE, WHOLE, DONE = "a row makes one license", "a row is brought in as a whole", "no row is refused"
Brought = list[tuple[str, list[Event]]]
"""Of each license its name and its history."""


def importer(company: str, seed: int) -> list[Op]:
    """Rush for the first row, as all others do; then bring in any, until told to end."""
    dice, rows = random.Random(seed), [*ROWS]
    history = [bring_in(company, rows[0])]
    while not has_ended(PAUSE_SECONDS):
        history.append(bring_in(company, dice.choice(rows)))
    return history


def bring_in(company: str, row: str) -> Op:
    """One row, whoever brings it in at the same time."""
    start, now = time.monotonic(), clock.now()
    wanted = license_row(ROWS[row], "")
    answer = answer_of(partial(import_license, company, wanted, "csv", ADMIN, adopt_until=now + 5 * DAY, now=now))
    return Op("bring in", start, time.monotonic(), answer, row)


def brought_in(vendor: Vendor) -> Brought:
    """Of each license of a company its name and its history."""
    sold = licenses.read_some(vendor.code, list(licenses.license_ids(vendor.code)))
    return [(one.name or "", vendor.history(one)) for one in sold]


def wrongly_brought_in(history: Sequence[Op], there: Brought) -> Iterator[Violation]:
    """Every rule that was broken."""
    made = Counter(name for name, _ in there)
    for row in ROWS:
        if made[row] != 1:
            yield Violation(ONCE, f"{row} made {made[row]} licenses", tuple(op for op in history if op.device == row))
    for name, events in there:
        added = sum(int(event.detail["devices"] or 0) for event in events if event.type == "legacy_devices_added")
        if name in ROWS and added != len(DEVICES):
            yield Violation(WHOLE, f"{name}: {added} devices were added")
    yield from (Violation(DONE, str(op), (op,)) for op in history if op.answer != OK and not op.is_open)
