"""The licenses of a round: how each starts, and who calls. They are made in one of the crew's processes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.license import hash_hardware_id
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.management_keys import create_management_key
from chalicelib.web import clock
from tests.model import license as model
from tests.model.license import Verb
from tests.proof import actors
from tests.proof.actors import (
    NOBODY,
    OF_DEVICES,
    OF_ENDS,
    OF_LEGACY,
    OF_LICENSES,
    OF_USERS,
    SEATED,
    Subject,
    User,
)
from tests.proof.sellers import OF_SELLERS, OF_SUSPENDING_SELLERS
from tests.proof.weather import calm
from tests.race.site import SERVERS
from tests.support import ADMIN, DAY, HOUR, Vendor, cheap_passwords

NEAR_SECONDS = 230
"""From a round's start to its near end: past for the server whose clock is ahead, and for nobody else."""
BYSTANDERS: tuple[model.End, ...] = ("far", "far", "near", "near")
"""When the licenses end that nobody calls: some are in their grace from the start."""
GRACE_HOURS = 24
PLACES, MOVING_PLACES, MAX_TRANSFERS, SHARED_PLACES, MAX_USERS = 2, 2, 2, 4, 3
OVERAGE = "1.5x"
PEOPLE, SEAT = 4, 1
"""Who use a license that is shared out, and the limit of a seat at the start."""
ENDS_OF: Mapping[Verb, model.End] = {"expire": "past", "lapse": "near", "renew": "far"}
ALL = (*OF_DEVICES, *OF_LICENSES, *OF_ENDS)
MOVED = frozenset({("d0", None), ("d1", None), ("d2", None)})


@dataclass(frozen=True, slots=True)
class Part:
    """A license of a round: how it starts, and who calls."""

    start: model.License
    make: Callable[[Vendor], Subject]
    applications: int
    managers: tuple[tuple[Verb, ...], ...]
    """What each of them does."""
    sizes: tuple[int, ...] = ()
    """How many places are sold amid it, in turn."""
    selling: tuple[tuple[Verb, ...], ...] = ()
    """What each of the sellers does."""


def started(start: model.License, subject: Subject) -> model.License:
    """The license of a part before the first call, with what is of this one alone."""
    seated = subject.users[: 0 if start.users is None else SEATED]
    return replace(
        start,
        barred=subject.barred,
        seats=frozenset((user.email or "", SEAT) for user in seated),
        live=start.live.union(subject.waiting),
        known=start.known.union(subject.waiting),
        imported=subject.waiting,
        revision=subject.license.revision if subject.sellers else None,
    )


def _keyed(vendor: Vendor) -> Subject:
    """A license with more devices than activations, one that is blacklisted, and two of another system that wait.

    Of what is imported amid it, one calls by itself, too.
    """
    with calm():
        subject = _issued(vendor, "viewer", 6, max_activations=PLACES, overage=OVERAGE)
        stranger = subject.devices[-1]
        blacklist_device(vendor.code, subject.license.id, stranger, ADMIN, now=clock.now())
        subject = _coming_along(subject, NOBODY, NOBODY)
        devices = (*subject.legacy[: len(subject.waiting) + 1], *subject.devices)
        barred, sellers = frozenset({stranger}), _sellers(vendor, SERVERS)
        return replace(subject, devices=devices, barred=barred, before=_events(subject), sellers=sellers)


def _moving(vendor: Vendor) -> Subject:
    """A license whose places have been given up, and that may move once more."""
    with calm():
        subject = _issued(vendor, "viewer", 4, max_activations=MOVING_PLACES, max_transfers=MAX_TRANSFERS)
        license = subject.license
        vendor.activate(license, "d0")
        vendor.activate(license, "d1")
        vendor.deactivate(license, "d0")
        vendor.activate(license, "d2")
        vendor.deactivate(license, "d1")
        vendor.deactivate(license, "d2")
        return replace(subject, before=_events(subject))


def _shared(vendor: Vendor) -> Subject:
    """A license with one seat left, people with an account who have none, and two devices of another system.

    One waits for a user, and one for anybody.
    """
    with calm(), cheap_passwords():  # a log-in takes most of a call's time, and is not what is raced for
        terms = {"max_activations": SHARED_PLACES, "max_license_users": MAX_USERS}
        subject = _issued(vendor, "revit", 2, **terms)
        license, users = subject.license, list[User]()
        for number in reversed(range(PEOPLE)):
            email = f"{'abcd'[number]}-{license.id}@customer.test"
            user, password = vendor.assign(license, email, SEAT)
            users.insert(0, User(email, password, user.id))
            if number >= SEATED:
                remove_user(vendor.code, license.id, email, ADMIN, now=clock.now())
        subject = _coming_along(replace(subject, users=tuple(users)), users[0], NOBODY)
        return replace(subject, before=_events(subject), sellers=_sellers(vendor, 1))


def _issued(vendor: Vendor, product: str, devices: int, **terms: Any) -> Subject:
    now = clock.now()
    ends: dict[model.End, int] = {
        "far": now + 10 * DAY,
        "near": now + NEAR_SECONDS * 1000 - GRACE_HOURS * HOUR,
        "past": now - 10 * DAY,
    }
    given: dict[str, Any] = {"license_type": "time-limited", "grace_period": GRACE_HOURS}
    issued = []
    for end in ("far", *BYSTANDERS):
        # Ids of one millisecond may clash, and not every broken build draws anew.
        vendor.now = max(clock.now(), vendor.now + 1)
        issued.append(vendor.issue(product, **given | {"validity_period": ends[end]}, **terms))
    return Subject(vendor, issued[0], ends, tuple(f"d{n}" for n in range(devices)), bystanders=tuple(issued[1:]))


def _coming_along(subject: Subject, *owners: User) -> Subject:
    """With hardware ids of another system, and a device of each owner that waits.

    Devices are adopted in the order of the hashes of their ids, from the adopter's on: these come behind all others.
    """
    last = max(map(hash_hardware_id, subject.devices))
    names = sorted((f"l{number}" for number in range(1000)), key=hash_hardware_id)
    legacy = tuple(name for name in names if hash_hardware_id(name) > last)
    for name, owner in zip(legacy, owners, strict=False):
        actors.import_device(subject, name, owner, now=clock.now())
    waiting = tuple((name, owner.email) for name, owner in zip(legacy, owners, strict=False))
    return replace(subject, legacy=legacy, waiting=waiting, license=subject.vendor.stored(subject.license))


def _sellers(vendor: Vendor, number: int) -> tuple[str, ...]:
    def make() -> str:
        return create_management_key(vendor.code, "Shop", frozenset({"licenses:write"}), ADMIN, now=clock.now())[1]

    return tuple(make() for _ in range(number))


def _events(subject: Subject) -> frozenset[str]:
    return frozenset(event.key for event in subject.vendor.history(subject.license))


PARTS = (
    Part(
        model.License(PLACES, share=model.SHARES[OVERAGE]),
        _keyed,
        5,
        ((*OF_DEVICES, *OF_LICENSES, *OF_LEGACY),),
        sizes=(1, 2, 3),
        selling=(OF_SUSPENDING_SELLERS, OF_SELLERS),
    ),
    Part(
        model.License(MOVING_PLACES, None, MAX_TRANSFERS, transferred=1, released=2, last="d2", known=MOVED),
        _moving,
        4,
        (ALL,),
    ),
    Part(
        model.License(SHARED_PLACES, MAX_USERS),
        _shared,
        9,
        ((*ALL, *OF_USERS, *OF_LEGACY), (*OF_DEVICES, *OF_USERS)),
        sizes=(3, 4, 5),
        selling=(OF_SELLERS,),
    ),
)
"""One manager or seller of a license alone changes its end: of two at once, the history would not tell who was last.

And one alone resets it as a whole: that makes good whatever was wrong until then.
"""
APPLICATIONS = sum(part.applications for part in PARTS)
