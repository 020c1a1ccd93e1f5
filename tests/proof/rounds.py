"""A round: a few licenses, all kinds of callers at once, something that goes wrong amid it, and the judgement.

A round is thrown by its seed: who calls what in which order, and what is killed when, for how long. How the calls
interleave, and whose call meets the weather, is up to the machine.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from chalicelib.domain.instants import to_iso
from chalicelib.runtime import Caches, runtime, using
from chalicelib.store import activations, licenses
from chalicelib.usecases.audit import audit
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import create_endpoint
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from infra.admin.differences import differences
from infra.serve import Server
from tests.model import license as model
from tests.model.license import Verb
from tests.proof import actors
from tests.proof.actors import (
    SETTLING_SECONDS,
    Subject,
)
from tests.proof.hearsay import Due, Listener, due_of, listening, wrongly_heard
from tests.proof.history import Op
from tests.proof.importers import IMPORTERS, ROWS, Brought, bring_in, brought_in, importer, wrongly_brought_in
from tests.proof.linear import Undecided, is_linearizable
from tests.proof.parts import ENDS_OF, PARTS, Part, started
from tests.proof.rules import Aftermath, Violation, violations
from tests.proof.sellers import Seller
from tests.proof.server import Conditions
from tests.proof.weather import calm, storms
from tests.race.clients import LOST
from tests.race.crew import PROCESSES
from tests.race.site import SERVERS, WORKERS, Site, StartServer, running
from tests.support import ADMIN, DAY, Vendor

CLOCKS = (-240, 240)
"""Seconds by which the clocks of the two servers are wrong: less than the window of signed requests."""
DOWNTIME = 40 * DAY
"""After which the last sweep of a round comes."""
ANSWERS = 600
"""That applications are given in a round."""
OUTAGE_SECONDS = 1.0
"""For which what is killed is down, at most."""
FELT_SECONDS = 10.0
"""For which that may be felt afterwards: on connections that are dead, by calls that wait."""
RATE, CREW_RATE = 0.05, 0.2
"""The share of calls to the database that meet a fault: of servers, and of managers and sweeps, who make fewer."""
LINEARIZABLE, DECIDED = "linearizable", "decided"

Task = Callable[[], list[Op]]
Blow = Literal["nothing", "kill a worker", "kill a server", "kill all servers"]
BLOWS: tuple[Blow, ...] = get_args(Blow)
"""What is killed, amid whatever it writes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One license's part of a round."""

    start: model.License
    history: tuple[Op, ...]
    violations: tuple[Violation, ...]


@dataclass(slots=True)
class Ground:
    """Where rounds are played: two servers with clocks of their own, in bad weather, and a crew that manages in it."""

    site: Site
    seed: int
    listener: Listener
    """Who is told of all that happens."""
    clocks: dict[int, int] = field(default_factory=dict)
    """By how many seconds the clock of the server on a port is wrong."""

    @property
    def notes(self) -> Path:
        """What the weather did to all processes."""
        return _notes(self.site.home)

    def become(self, mutant: str) -> None:
        """From now on all is of a broken build; of the real one, where that is empty."""
        site = self.site
        site.kill(range(SERVERS))
        site.start_server = _starter(site.home, self.seed, mutant, self.clocks)
        site.restart()
        _enter_all(site, self.seed, mutant)


@contextmanager
def ground(home: Path, seed: int) -> Iterator[Ground]:
    """A ground with its data in `home`, as long as the context lasts."""
    clocks: dict[int, int] = {}
    with running(home, _starter(home, seed, "", clocks)) as site, listening(seed) as listener:
        _enter_all(site, seed, "")
        yield Ground(site, seed, listener, clocks)


def play(ground: Ground, seed: int, blow: Blow = "nothing", answers: int = ANSWERS) -> list[Judged]:
    """Play a round, and judge it license by license."""
    site, dice = ground.site, random.Random(seed)
    site.vendor = site.crew.do(_vendor, ground.listener.port)
    subjects = [site.crew.do(part.make, site.vendor) for part in PARTS]
    casts = [_cast(site, part, subject, dice) for part, subject in zip(PARTS, subjects, strict=True)]
    casts.append([partial(importer, site.vendor.code, dice.getrandbits(32)) for _ in range(IMPORTERS)])
    before = dice.randrange(answers // 4, answers * 3 // 4)
    begin = time.monotonic()
    ended = site.crew.begin([task for cast in casts for task in cast])
    site.crew.wait_for(before)
    outage = _strike(site, blow, dice)
    site.crew.wait_for(answers - before)
    site.crew.end()
    notes = iter(ended())
    *histories, rows = [[op for part in islice(notes, len(cast)) for op in part] for cast in casts]
    for subject, history in zip(subjects, histories, strict=True):
        history.extend(_last_look(site, subject))
    site.crew.at_once([partial(actors.do, subjects[0], "sweep", later=DOWNTIME)] * PROCESSES)
    site.crew.do(_sweep)
    with ground.listener.calm():
        site.crew.do(_deliver)
    heard = ground.listener.heard(site.vendor.code)
    felt = () if outage is None else ((outage[0], outage[1] + FELT_SECONDS),)
    stormy = tuple(storms(ground.seed, begin, time.monotonic()))
    judged = []
    for part, subject, history in zip(PARTS, subjects, histories, strict=True):
        after = replace(site.crew.do(_aftermath, subject), outages=felt, storms=stormy)
        known = [_seen_from_here(op, ground.clocks, outage) for op in history]
        due = site.crew.do(_due, subject)
        found = wrongly_heard(due, [one for one in heard if one.license in {other.license for other in due}])
        judged.append(_judged(part.start, subject, known, after, found))
    finished, there = site.crew.do(_brought_in, site.vendor)
    wrong = [*wrongly_brought_in([*rows, *finished], there), *site.crew.do(_differences, site.vendor)]
    return [*judged, Judged(model.License(0), (*rows, *finished), tuple(wrong))]


def _cast(site: Site, part: Part, subject: Subject, dice: random.Random) -> list[Task]:
    clients = [site.client(0, subject.license) for _ in range(part.applications)]  # each with its own connections
    callers: list[Task] = [partial(actors.application, subject, client, dice.getrandbits(32)) for client in clients]
    for number, verbs in enumerate(part.managers, start=1):
        callers.append(partial(actors.manager, subject, dice.getrandbits(32), subject.users[-number], verbs))
    ends: dict[Verb, str] = {verb: to_iso(subject.ends[end]) for verb, end in ENDS_OF.items()}
    for key, verbs, server in zip(subject.sellers, part.selling, site.servers, strict=False):
        seller = Seller(key, server.port, subject.license.id, part.sizes, verbs, ends, SETTLING_SECONDS)
        callers.append(partial(seller.sell, dice.getrandbits(32)))
    return [*callers, partial(actors.sweeper, subject), actors.sender]


def _strike(site: Site, blow: Blow, dice: random.Random) -> tuple[float, float] | None:
    """Kill, and start again; answers from when to when something was down."""
    if blow == "nothing":
        return None
    start = time.monotonic()
    if blow == "kill a worker":  # its server starts another
        site.kill_worker(dice.randrange(SERVERS), dice.randrange(WORKERS))
    else:
        site.kill(dice.sample(range(SERVERS), SERVERS if blow == "kill all servers" else 1))
        time.sleep(dice.uniform(0, OUTAGE_SECONDS))
        site.restart()
    return start, time.monotonic()


def _last_look(site: Site, subject: Subject) -> list[Op]:
    client = site.client(0, subject.license)
    calls = [actors.at(client, device, user).check() for device in subject.devices for user in subject.users]
    client.close()
    return [actors.noted(call) for call in calls]


def _seen_from_here(op: Op, clocks: dict[int, int], outage: tuple[float, float] | None) -> Op:
    """With what its caller cannot know: the server's clock, and that a call to one that was killed is over since."""
    if outage is not None and op.answer == LOST and op.start < outage[1]:
        op = replace(op, end=min(op.end, outage[1]))
    return replace(op, ahead=op.server is not None and clocks[op.server] > 0)


def _judged(
    start: model.License, subject: Subject, history: list[Op], after: Aftermath, heard: Iterable[Violation]
) -> Judged:
    start = started(start, subject)
    found = [*violations(history, after), *heard]
    try:
        if not is_linearizable(history, start):
            found.append(Violation(LINEARIZABLE, "no order of the calls explains all answers"))
    except Undecided as error:
        found.append(Violation(DECIDED, str(error)))
    return Judged(start, tuple(history), tuple(found))


def _starter(home: Path, seed: int, mutant: str, clocks: dict[int, int]) -> StartServer:
    dice = random.Random(seed)

    def start(environment: dict[str, str], port: int) -> Server:
        ahead = clocks.get(port, CLOCKS[len(clocks) % len(CLOCKS)])
        conditions = Conditions(str(_notes(home)), dice.getrandbits(32), RATE, seed, clock=ahead, mutant=mutant)
        server = conditions.start(environment, port)
        clocks[server.port] = ahead
        return server

    return start


def _enter_all(site: Site, seed: int, mutant: str) -> None:
    notes = str(_notes(site.home))
    conditions = (Conditions(notes, seed + i, CREW_RATE, seed, is_mortal=True, mutant=mutant) for i in range(PROCESSES))
    site.crew.at_once([partial(_authenticate, each) for each in conditions])


def _notes(home: Path) -> Path:
    return home / "notes"


# --- in one of the crew's processes ------------------------------------------------------------------------------


_entered = ExitStack()


def _authenticate(conditions: Conditions) -> None:
    _entered.close()
    conditions.enter(_entered)


def _vendor(port: int) -> Vendor:
    """With an endpoint that listens to all; what this process has known before there was one is forgotten."""
    with calm(), using(replace(runtime(), caches=Caches())):
        vendor = Vendor(now=clock.now())
        url = f"http://127.0.0.1:{port}/{vendor.code}"
        create_endpoint(vendor.code, url, frozenset({"*"}), ADMIN, now=clock.now())
        return vendor


def _sweep() -> None:
    """One more after all that may have died, which comes to its end."""
    with calm():
        sweep(now=clock.now() + DOWNTIME)


def _deliver() -> None:
    """What is left, when all leases are over and all that failed is tried again."""
    with calm():
        deliver_events(now=clock.now() + DOWNTIME + DAY)


def _brought_in(vendor: Vendor) -> tuple[list[Op], Brought]:
    """What is there, once each row has come to its end; and how it came to that."""
    with calm():
        return [bring_in(vendor.code, row) for row in ROWS], brought_in(vendor)


def _differences(vendor: Vendor) -> list[Violation]:
    """What the audit finds in the whole company, the links by which all is found among it."""
    with calm():
        return [Violation("counters equal items", difference) for difference in vendor.differences()]


def _due(subject: Subject) -> list[Due]:
    """What is to be told of all licenses of a part."""
    with calm():
        all_licenses = [subject.vendor.stored(license) for license in (subject.license, *subject.bystanders)]
        return [due for license in all_licenses for due in due_of(license, subject.vendor.history(license))]


def _aftermath(subject: Subject) -> Aftermath:
    vendor, license = subject.vendor, subject.license
    with calm():
        stored = licenses.read_license(vendor.code, license.id)
        assert stored is not None
        waiting = {hardware_id for hardware_id, _ in subject.waiting}
        events = (tuple(event.type for event in vendor.history(other)) for other in subject.bystanders)
        return Aftermath(
            stored,
            tuple(vendor.history(license)),
            subject.before,
            frozenset(device.hardware_id for device in activations.devices(vendor.code, license.id)) - waiting,
            {to_iso(instant): end for end, instant in subject.ends.items()},
            tuple(tuple(kind for kind in kinds if kind != "license_issued") for kinds in events),
            tuple(one for id, found in audit(vendor.code) if id == license.id for one in differences(found)),
            sold=license.max_activations or 0,
        )
