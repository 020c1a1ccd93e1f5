"""Who acts in a round: applications, managers and the clock. Each runs in a thread of one of the crew's processes.

All of them note what they did and what they were answered, a call after the other.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import DeviceReport, License
from chalicelib.store.deliveries import LEASE_MS
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.adopt import add_legacy_devices
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.replace_user import replace_user
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from tests.model.license import End, Key, Verb
from tests.proof.answers import answer_of
from tests.proof.history import BUSY, CRASHED, UNHEARD, Op
from tests.proof.sellers import OF_SELLERS, USABLE_AGAIN
from tests.proof.weather import LAG_SECONDS
from tests.race.clients import OK, OK_EXPIRED, UNSENT, Call, Client
from tests.race.crew import has_ended, note_answer
from tests.support import ADMIN, DAY, Vendor

MANAGER_PAUSE_SECONDS = 0.06
SWEEP_PAUSE_SECONDS = 0.3
SEND_PAUSE_SECONDS = 0.3
LOST_PAUSE_SECONDS = 0.02
SETTLING_SECONDS = 20.0
"""In which a call that was not answered may still take effect:

the server gives up before (`store.database.DEADLINE`).
"""
OF_DEVICES: tuple[Verb, ...] = ("reset device",) * 5
OF_LICENSES: tuple[Verb, ...] = ("disable", "reset license")
OF_ENDS: tuple[Verb, ...] = ("expire", "lapse")
OF_USERS: tuple[Verb, ...] = ("limit",) * 6 + ("assign",) * 6 + ("remove",) * 2 + ("replace",) * 2 + ("reset user",)
OF_LEGACY: tuple[Verb, ...] = ("import",) * 3
"""What managers do, each as often as it stands there."""
ALL: frozenset[Verb] = frozenset(
    (
        *(*OF_DEVICES, *OF_LICENSES, *OF_ENDS, *OF_USERS, *OF_LEGACY, *OF_SELLERS),
        *("enable", "renew", "activate", "check", "deactivate", "sweep", "bring in"),
    )
)
"""What all do: what was disabled is enabled again, and what has ended gets another end."""
LIMITS = (0, 1, 2, 2)
SEATED = 2
"""Of the users, those who have a seat at the start. They rush for few devices, so that two soon hold the same one."""
WEIGHTS = (45, 35, 28)
"""Of activations, checks and deactivations."""
UNHEARD_RATE = 0.03
"""The share of answers that are lost on the way to the application."""
HOSTNAMES = ("atelier", "studio", "office", "lab")
"""More than two: of two who rename a device at once, each to the other name, both are right."""
ADOPTED_WITHIN = 5 * DAY
"""Before the downtime is over, and after all else."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who may be given a seat. A key-based license is called by nobody in particular."""

    email: str | None = None
    password: str | None = None
    id: int | None = None


NOBODY = User()


@dataclass(frozen=True, slots=True)
class Subject:
    """The license that a part of a round is about, and those who may call."""

    vendor: Vendor
    license: License
    ends: dict[End, Instant]
    """The ends that it is given in turn."""
    devices: tuple[str, ...]
    users: tuple[User, ...] = (NOBODY,)
    barred: frozenset[str] = frozenset()
    """The devices that are blacklisted."""
    bystanders: tuple[License, ...] = ()
    """Licenses that nobody calls, and that end as this one does."""
    before: frozenset[str] = frozenset()
    """The keys of the events that are there before the first call."""
    sellers: tuple[str, ...] = ()
    """Keys of the Management API: each of a program that changes what was sold, and calls a server of its own."""
    legacy: tuple[str, ...] = ()
    """Hardware ids of another system, in the order in which they are imported and adopted."""
    waiting: tuple[Key, ...] = ()
    """The first of them, which are imported before the first call."""

    @property
    def by_user(self) -> bool:
        """Whether it has license users."""
        return self.license.authorization_method == "user"


def application(subject: Subject, client: Client, seed: int) -> list[Op]:
    """Rush for a place of one who has a seat, as all others do; then call from any device for anybody, until the end.

    What was not answered is called again, as applications do; and so is what was answered, and not heard.
    """
    dice, history = random.Random(seed), []
    one = at(client, dice.choice(subject.devices), dice.choice(subject.users[:SEATED]), dice.randrange(2))
    call: Callable[[], Call] = one.activate
    while not has_ended():
        made = call()
        is_heard = made.is_answered and dice.random() >= UNHEARD_RATE
        if made.outcome != UNSENT:
            history.append(noted(made) if is_heard or not made.is_answered else unheard(made))
        if is_heard:
            note_answer()
            one = at(client, dice.choice(subject.devices), dice.choice(subject.users), dice.randrange(2))
            one.lookup["hostname"] = dice.choice(HOSTNAMES)
            call = dice.choices([one.activate, one.check, one.deactivate], WEIGHTS)[0]
        else:
            has_ended(LOST_PAUSE_SECONDS)
            call = {"activate": one.activate, "check": one.check, "deactivate": one.deactivate}[made.verb]
    client.close()
    return history


def at(client: Client, device: str, user: User, turn: int = 0) -> Client:
    """The client on a device, for a user; it goes on with the same connections."""
    lookup = client.lookup | ({"username": user.email} if user.email else {})
    return replace(client, lookup=lookup, password=user.password, hardware_id=device, turn=turn)


def manager(subject: Subject, seed: int, first: User, verbs: tuple[Verb, ...]) -> list[Op]:
    """Rush for the last seat with a user of one's own; then change what may be changed, until told to end.

    What was not answered is done again. What was made unusable is made usable with the next call.
    """
    dice, legacy = random.Random(seed), list(subject.legacy[len(subject.waiting) :])

    def deed_after(last: Verb) -> partial[Op]:
        verb = USABLE_AGAIN[last] if last in USABLE_AGAIN else dice.choice(verbs)
        device, (user, other), limit = (
            dice.choice(subject.devices),
            dice.choices(subject.users, k=2),
            dice.choice(LIMITS),
        )
        if verb == "import":  # the next one, once this is there: so each comes behind those that wait
            device, user = legacy[0], dice.choice((user, NOBODY))
        return partial(do, subject, verb, device, user, limit, other=other)

    if subject.by_user:
        deed = partial(do, subject, "assign", user=first, limit=max(LIMITS))
    else:
        has_ended(MANAGER_PAUSE_SECONDS)  # leaves the machine to the rush of the others
        deed = deed_after("enable")
    history = [deed()]
    while not has_ended(MANAGER_PAUSE_SECONDS):
        if not history[-1].is_open:
            if (history[-1].verb, history[-1].answer) == ("import", OK) and len(legacy) > 1:
                del legacy[0]
            deed = deed_after(history[-1].verb)
        history.append(deed())
    return [*history, *(do(subject, USABLE_AGAIN[verb]) for verb in ("disable", "expire") if verb in verbs)]


def sweeper(subject: Subject) -> list[Op]:
    """Sweep now and then, as the clock does; with others at the same time."""
    history = []
    while not has_ended(SWEEP_PAUSE_SECONDS):
        history.append(do(subject, "sweep"))
    return history


def sender() -> list[Op]:
    """Deliver what leaves the house now and then, each time when the lease of whoever has died is over."""
    number = 0
    while not has_ended(SEND_PAUSE_SECONDS):
        number += 1
        answer = answer_of(partial(deliver_events, now=clock.now() + number * LEASE_MS))
        assert not answer.startswith(CRASHED), answer
    return []


def do(
    subject: Subject,
    verb: Verb,
    device: str = "",
    user: User = NOBODY,
    limit: int = 0,
    *,
    other: User = NOBODY,
    later: Instant = 0,
) -> Op:
    """One call of a manager, the vendor or the clock, with what it needs of what is given.

    `later`: milliseconds from now, when it is made.
    """
    code, license, email, now = subject.vendor.code, subject.license.id, user.email or "", clock.now() + later

    def extend(end: End) -> None:
        change_license.extend(code, license, subject.ends[end], None, ADMIN, now=now)

    deeds: dict[Verb, Callable[[], object]] = {
        "reset device": lambda: change_device.reset_device(code, license, device, ADMIN, user_id=user.id, now=now),
        "reset license": lambda: change_license.reset_license(code, license, ADMIN, now=now),
        "disable": lambda: change_license.set_enabled(code, license, False, ADMIN, now=now),
        "enable": lambda: change_license.set_enabled(code, license, True, ADMIN, now=now),
        "expire": lambda: extend("past"),
        "lapse": lambda: extend("near"),
        "renew": lambda: extend("far"),
        "assign": lambda: assign_user(code, license, email, limit, ADMIN, now=now),
        "remove": lambda: change_seat.remove_user(code, license, email, ADMIN, now=now),
        "replace": lambda: replace_user(code, license, email, other.email or "", ADMIN, now=now),
        "limit": lambda: change_seat.set_max_activations(code, license, email, limit, ADMIN, now=now),
        "reset user": lambda: change_seat.reset_activations(code, license, email, ADMIN, now=now),
        "import": lambda: import_device(subject, device, user, now=now),
        "sweep": lambda: sweep(now=now),
    }
    start = time.monotonic()
    answer = answer_of(deeds[verb])
    end = time.monotonic() + (SETTLING_SECONDS if answer == BUSY else 0)
    of_device = verb in OF_DEVICES or verb in OF_LEGACY
    return Op(
        verb,
        start,
        end,
        answer,
        device if of_device else None,
        user.email if of_device or verb in OF_USERS else None,
        limit if verb in ("assign", "limit") else None,
        other=other.email if verb == "replace" else None,
    )


def import_device(subject: Subject, hardware_id: str, user: User, *, now: Instant) -> None:
    """Let a device of another system hold a place; of nobody, where the license has users and none is given."""
    given = LegacyDevice(DeviceReport(hardware_id, hostname=HOSTNAMES[0]), user.email)
    code, license = subject.vendor.code, subject.license.id
    add_legacy_devices(code, license, [given], now + ADOPTED_WITHIN, ADMIN, now=now)


def noted(call: Call) -> Op:
    """A call of an application, as it stands in the history.

    What a check grants may be read from a replica, and so be of a moment before: the one answer that may lag.
    """
    may_lag = call.verb == "check" and call.outcome in (OK, OK_EXPIRED)
    return Op(
        call.verb,
        call.start - LAG_SECONDS * may_lag,
        call.end + SETTLING_SECONDS * call.is_open,
        call.outcome,
        call.hardware_id,
        call.user,
        place=call.device_id,
        server=call.port,
    )


def unheard(call: Call) -> Op:
    """A call whose answer was lost on the way: it took effect in its time, or was refused."""
    return replace(noted(call), start=call.start, answer=UNHEARD, place=None)
