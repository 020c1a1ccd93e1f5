"""A round: a few licenses, all kinds of callers at once, something that goes wrong amid it, and the judgement.

A round is thrown by its seed: who calls what in which order, and what goes wrong when. How the calls interleave is up
to the machine.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal

from chalicelib.domain.license import License
from chalicelib.store import licenses, places
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from infra.serve import Server
from tests.proof import actors, model
from tests.proof.actors import Subject, User
from tests.proof.history import Op
from tests.proof.linear import Undecided, is_linearizable
from tests.proof.rules import Aftermath, Violation, violations
from tests.proof.server import Conditions
from tests.race.clients import LOST
from tests.race.crew import PROCESSES
from tests.race.site import Site, StartServer, running
from tests.support import ADMIN, DAY, Vendor

PLACES, SHARED_PLACES, MAX_USERS, SEATED, SEAT = 3, 4, 2, 1, 2
DEVICES, SHARED_DEVICES, PEOPLE = 7, 4, 3
APPLICATIONS, SHARED_APPLICATIONS = 7, 7
ANSWERS = 500
"""That applications are given in a round."""
CLOCKS = (-240, 240)
"""Seconds by which the clocks of the two servers are wrong: less than the window of signed requests."""
DOWNTIME = 40 * DAY
"""After which the last sweep of a round comes."""
RATE = 0.03
"""The share of calls to the database that meet a fault."""

LINEARIZABLE = "linearizable"

Task = Callable[[], list[Op]]
Blow = Literal["nothing", "kill a server", "kill the engine", "kill everything"]
BLOWS: dict[Blow, dict[str, Any]] = {
    "nothing": {},
    "kill a server": {"servers": 1},
    "kill the engine": {"engine": True},
    "kill everything": {"servers": 2, "engine": True},
}


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

    @property
    def notes(self) -> Path:
        """What the weather did to all processes."""
        return _notes(self.site.home)

    def become(self, mutant: str) -> None:
        """From now on all is of a broken build; of the real one, where that is empty."""
        site = self.site
        site.kill(servers=len(site.servers))
        site.start_server = _starter(site.home, self.seed, mutant)
        site.restart()
        site.vendor = site.crew.do(Vendor, now=clock.now())  # whose licenses no other build has touched
        _enter_all(site, self.seed, mutant)


@contextmanager
def ground(home: Path, seed: int) -> Iterator[Ground]:
    """A ground with its data in `home`, as long as the context lasts."""
    with running(home, _starter(home, seed, "")) as site:
        _enter_all(site, seed, "")
        yield Ground(site, seed)


def play(ground: Ground, seed: int, blow: Blow = "nothing", answers: int = ANSWERS) -> list[Judged]:
    """Play a round, and judge it license by license."""
    site, dice = ground.site, random.Random(seed)
    keyed, shared = site.crew.do(_keyed, site.vendor), site.crew.do(_shared, site.vendor)
    casts = [_cast(site, keyed, APPLICATIONS, 1, dice), _cast(site, shared, SHARED_APPLICATIONS, 2, dice)]
    ended = site.crew.begin([task for cast in casts for task in cast])
    site.crew.wait_for(answers // 2)
    site.kill(**BLOWS[blow])
    site.restart()
    back = time.monotonic()
    site.crew.wait_for(answers // 2)
    site.crew.end()
    notes = iter(ended())
    histories = [[_settled(op, back) for part in islice(notes, len(cast)) for op in part] for cast in casts]
    return [_judged(site, subject, history) for subject, history in zip((keyed, shared), histories, strict=True)]


def _cast(site: Site, subject: Subject, applications: int, managers: int, dice: random.Random) -> list[Task]:
    clients = [site.client(0, subject.license) for _ in range(applications)]  # connections are no thread's but its own
    callers: list[Task] = [partial(actors.application, subject, client, dice.getrandbits(32)) for client in clients]
    callers += [
        partial(actors.manager, subject, dice.getrandbits(32), subject.users[-1 - number]) for number in range(managers)
    ]
    return [*callers, partial(actors.sweeper, subject)]


def _starter(home: Path, seed: int, mutant: str) -> StartServer:
    dice, turn = random.Random(seed), count()

    def start(environment: dict[str, str], port: int) -> Server:
        ahead = CLOCKS[next(turn) % len(CLOCKS)]
        return Conditions(str(_notes(home)), dice.getrandbits(32), RATE, ahead, mutant).start(environment, port)

    return start


def _enter_all(site: Site, seed: int, mutant: str) -> None:
    conditions = (Conditions(str(_notes(site.home)), seed + i, RATE, 0, mutant) for i in range(PROCESSES))
    site.crew.at_once([partial(_enter, each) for each in conditions])


def _notes(home: Path) -> Path:
    return home / "notes"


def _settled(op: Op, back: float) -> Op:
    """A call that was lost to a kill can take effect no more when what was killed is back."""
    return replace(op, end=back) if op.answer == LOST and op.start < back else op


def _judged(site: Site, subject: Subject, history: list[Op]) -> Judged:
    """With a last look at every device, and the last sweep, several times at once."""
    client = site.client(0, subject.license)
    for device in subject.devices:
        for user in subject.users:
            history.append(actors.noted(actors.at(client, device, user).check()))
    client.close()
    site.crew.at_once([partial(sweep, now=clock.now() + DOWNTIME)] * PROCESSES)
    start = _start(subject)
    found = violations(history, site.crew.do(_aftermath, subject))
    try:
        if not is_linearizable(history, start):
            found.append(Violation(LINEARIZABLE, "no order of the calls explains all answers"))
    except Undecided as error:
        found.append(Violation("decided", str(error)))
    return Judged(start, tuple(history), tuple(found))


def _start(subject: Subject) -> model.License:
    license, seats = subject.license, frozenset((user.email or "", SEAT) for user in subject.users[:SEATED])
    if not subject.by_user:
        return model.License(license.max_activations or 0)
    return model.License(license.max_activations or 0, license.max_license_users, seats=seats)


# --- in one of the crew's processes ------------------------------------------------------------------------------


_entered = ExitStack()


def _enter(conditions: Conditions) -> None:
    _entered.close()
    conditions.enter(_entered)


def _keyed(vendor: Vendor) -> Subject:
    license, past, future = _issued(vendor, "viewer", max_activations=PLACES)
    return Subject(vendor, license, past, future, tuple(f"d{n}" for n in range(DEVICES)))


def _shared(vendor: Vendor) -> Subject:
    """A license with one seat left, and people with an account who have none."""
    terms = {"max_activations": SHARED_PLACES, "max_license_users": MAX_USERS}
    license, past, future = _issued(vendor, "revit", **terms)
    users: list[User] = []
    for number in reversed(range(PEOPLE)):
        email = f"{'abc'[number]}-{license.id}@customer.test"
        user, password = vendor.assign(license, email, SEAT)
        users.insert(0, User(email, password, user.id))
        if number >= SEATED:
            remove_user(vendor.code, license.id, email, ADMIN, now=clock.now())
    return Subject(vendor, license, past, future, tuple(f"d{n}" for n in range(SHARED_DEVICES)), tuple(users))


def _issued(vendor: Vendor, product: str, **terms: Any) -> tuple[License, int, int]:
    past, future = clock.now() - 10 * DAY, clock.now() + 10 * DAY
    given: dict[str, Any] = {"license_type": "time-limited", "validity_period": future, "grace_period": 24}
    return vendor.issue(product, **given, **terms), past, future


def _aftermath(subject: Subject) -> Aftermath:
    vendor, license = subject.vendor, subject.license
    stored = licenses.read_license(vendor.code, license.id)
    assert stored is not None
    devices = frozenset(device.hardware_id for device in places.devices(vendor.code, license.id))
    return Aftermath(stored, tuple(vendor.history(license)), devices, tuple(vendor.differences()), subject.past)
