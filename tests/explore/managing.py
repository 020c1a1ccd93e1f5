"""Who gets a seat and manages the order from then on: both or neither, whatever becomes of seat, order and license."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from unittest.mock import patch

from chalicelib.domain.errors import AlreadyExists, NotFound
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts, histories, licenses, mails, orders
from chalicelib.usecases.assign_manager import assign_manager
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.order_managers import add_manager, remove_manager
from chalicelib.usecases.rename_order import rename_order
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import new_engine
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor

STARTS = ("last", "managed", "cut")
"""One seat is left, and the person is unknown; he has none, and manages the order, and another, so that he manages
something when he is taken off; he was given one of two and manages, and whoever did that died before all that was sold
in the order was shown to him.
"""
SOLD, RENAMED, ELSEWHERE = "A-1", "A-2", "B-1"
MIA, MAX, ADA, BEN = "mia@customer.test", "max@customer.test", "ada@user.test", "ben@user.test"


@dataclass(frozen=True, slots=True, eq=False)
class ManagingWorld:
    """A vendor, a license with users in an order of two licenses, and another order of the customer."""

    name: str
    state: State
    vendor: Vendor
    license: int
    order: int
    """The number of the license's order."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> ManagingWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=NOW - DAY)
        for order in (ELSEWHERE, SOLD):
            sold = vendor.issue("viewer", MIA, order_id=order)
            vendor.now += 1
        license = vendor.issue("revit", order_id=SOLD, max_license_users=1 if start == "last" else 2)
        vendor.now += 1
        if start == "managed":
            for order in (ELSEWHERE, SOLD):
                add_manager(vendor.code, order, BEN, ADMIN, now=vendor.now)
        if start == "cut":
            with patch.object(orders, "backfill_managers"):
                assign_manager(vendor.code, license.id, BEN, 1, ADMIN, now=vendor.now)
    return ManagingWorld(start, engine.state, vendor, license.id, sold.id)


def view(world: ManagingWorld) -> object:
    """What is stored of licenses, orders and people, in words of people."""
    code = world.vendor.code
    sold = [license for id in licenses.license_ids(code) if (license := licenses.read_license(code, id)) is not None]
    people = {id: email for email in (MIA, MAX, ADA, BEN) if (id := accounts.user_of_email(code, email)) is not None}
    events = [*histories.company_events(code), *(event for one in sold for event in licenses.events(code, one.id))]
    # That a limit was reached is noted where the note finds its way: no answer waits for it.
    written = Counter((event.type, event.user or "") for event in events if event.type != "license_limit_reached")
    found = {name: orders.read_order(code, name) for name in (SOLD, RENAMED, ELSEWHERE)}
    return {
        "licenses": sorted((one.product, one.order_id or "", one.users_assigned) for one in sold),
        "seats": sorted(people[seat.user_id] for seat in licenses.seats(code, world.license)),
        "orders": {
            name: order and [sorted(people[id] for id in ids) for ids in (order.managers, order.pending_managers)]
            for name, order in found.items()
        },
        "seen": {email: len([*orders.read_managed_licenses(code, id)]) for id, email in people.items()},
        "accounts": {email: _account(code, id) for id, email in people.items()},
        "events": sorted(written.items()),
        "mails": sorted(Counter((mail.to, mail.subject) for _, mail in mails.mails_of(code)).items()),
    }


def _account(code: str, id: int) -> tuple[object, ...]:
    user = accounts.read_user(code, id)
    assert user is not None  # it has an email
    return user.is_manager, user.is_initial_password, user.access_revision, sorted(user.password_scope or ())


def _assign_manager(email: str) -> Callable[[ManagingWorld], None]:
    """That he has the seat is as well: what is stored tells whether he manages the order."""

    def do(world: ManagingWorld) -> None:
        with suppress(AlreadyExists):
            assign_manager(world.vendor.code, world.license, email, 1, ADMIN, now=world.now)

    return do


def _to_it(use_case: Callable[..., object], *given: object) -> Callable[[ManagingWorld], None]:
    def do(world: ManagingWorld) -> None:
        use_case(world.vendor.code, world.license, *given, ADMIN, now=world.now)

    return do


def _in_order(use_case: Callable[..., object], *given: object) -> Callable[[ManagingWorld], None]:
    """By its number, as the Management API does."""

    def do(world: ManagingWorld) -> None:
        use_case(world.vendor.code, world.order, *given, ADMIN, now=world.now)

    return do


def _issue(world: ManagingWorld) -> None:
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id=SOLD)
    issue_license(world.vendor.code, "viewer", terms, None, ADMIN, now=world.now)


def _delete(world: ManagingWorld) -> None:
    """Who finds it half removed goes on; that it is gone is as well."""
    with suppress(NotFound):
        _to_it(delete_license)(world)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("manage", _assign_manager(BEN), in_steps=True)
    yield SerialDeed("manage-rival", _assign_manager(MAX), in_steps=True)
    yield SerialDeed("assign", _to_it(assign_user, BEN, 1))
    yield SerialDeed("assign-rival", _to_it(assign_user, ADA, 1))
    yield SerialDeed("remove", _to_it(remove_user, BEN))
    yield SerialDeed("add-manager", _in_order(add_manager, BEN), in_steps=True)
    yield SerialDeed("remove-manager", _in_order(remove_manager, BEN), in_steps=True)
    yield SerialDeed("rename", _in_order(rename_order, RENAMED), in_steps=True)
    yield SerialDeed("issue", _issue, in_steps=True)
    yield SerialDeed("move", _to_it(move_license, ELSEWHERE), in_steps=True)
    yield SerialDeed("delete-license", _delete, in_steps=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
LEFT_OUT = frozenset(
    f"{one}+{other}/{start}"
    for one, other in combinations_with_replacement(DEEDS, 2)
    for start in STARTS
    if not {one, other} & {"manage", "manage-rival"}
)
"""What makes nobody a manager by a seat is walked beside each other elsewhere (`shop.py`, `orders.py`, `moves.py`)."""
