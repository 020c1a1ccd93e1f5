"""What the pages of the portal read: one Query of what lies side by side, then one BatchGet of all it refers to.

Who asks is read in that same BatchGet, so nothing may be shown before it has been looked at
(`usecases.portal_queries`). All reads are consistent: a page that follows a change shows it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.catalogue import Company, Order, Product
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, LicenseState, Seat
from chalicelib.domain.session import Session, SessionClaims
from chalicelib.domain.users import User
from chalicelib.domain.variables import Variable
from chalicelib.store import reads
from chalicelib.store.idempotency import Answer, answer_of, idempotency_item
from chalicelib.store.items import events as event_items
from chalicelib.store.items import licenses as license_items
from chalicelib.store.items import work as work_items
from chalicelib.store.items.accounts import CompanyItem, OrderItem, ProductItem, UserItem
from chalicelib.store.items.events import EventItem
from chalicelib.store.items.kinds import item_of_license
from chalicelib.store.items.licenses import BlockItem, DeviceItem, LicenseItem, SeatItem, VariablesItem
from chalicelib.store.items.links import LicenseSummaryItem, UserDeviceItem
from chalicelib.store.items.work import BatchProgressItem
from chalicelib.store.keys import (
    COMPANY,
    LICENSE,
    block_sort_key,
    device_sort_key,
    event_sort_key,
    license_pk,
    manager_license_sort_key,
    order_sort_key,
    product_sort_key,
    seat_sort_key,
    user_device_sort_key,
    user_sort_key,
    variables_sort_key,
)
from chalicelib.store.reads import BATCH_GET_LIMIT
from chalicelib.store.schema import Raw
from chalicelib.store.sessions import session_item
from chalicelib.store.variables import to_variables

_STATE = LicenseItem.reader(LicenseState)
_AFTER_ALL = "~"
"""Sorts behind every sort key that begins as what it is put behind."""


@dataclass(slots=True)
class BatchRead:
    """What a BatchGet has found, by kind."""

    session: Session | None = None
    user: User | None = None
    company: Company | None = None
    outcome: Answer | None = None
    managed: bool = False
    """Whether the user manages the license that was asked for."""
    licenses: dict[int, License] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    seats: dict[tuple[int, int], Seat] = field(default_factory=dict)
    """By license and user."""
    users: dict[int, User] = field(default_factory=dict)
    devices: list[Device] = field(default_factory=list)
    device: Device | None = None
    """The last of them: where one was asked for, that."""
    all_linked: bool = False
    """Whether every device of a user of the license is linked to him."""
    blocked: bool = False
    """Whether the device may not be used on the license."""
    variables: list[Variable] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What a page refers to, besides who asks."""

    managed: int | None = None
    """The license that the user should manage."""
    licenses: Iterable[int] = ()
    products: Iterable[str] = ()
    seats: Iterable[tuple[int, int]] = ()
    users: Iterable[int] = ()
    device: tuple[int, str, int | None] | None = None
    """License, hardware hash and user; its variables come with it."""
    user_devices: tuple[int, int, Sequence[str]] | None = None
    """License, user and hardware hashes of the user's devices; whether all are linked comes with them."""


def batch_read(claims: SessionClaims, wanted: ReadRequest, now: Instant) -> BatchRead:
    """Who asks, and what is wanted: in one round trip, where it is no more than a hundred items."""
    found, left = BatchRead(), _items(claims, wanted)
    while chunk := list(islice(left, BATCH_GET_LIMIT)):
        for item in reads.batch_get(chunk, consistent=True, now=now):
            if item is not None:
                _note(found, claims, item)
    return found


def license_states(company: str, ids: list[int]) -> dict[int, LicenseState]:
    """The present state of licenses, at most a hundred, in one round trip."""
    wanted = [LicenseItem(license_pk(company, id), LICENSE) for id in ids]
    raws = reads.batch_get_raw(wanted, consistent=True, only=_STATE.stored_names) if wanted else []
    states = [_STATE.read(raw) for raw in raws if raw is not None]
    return {state.id: state for state in states}


@dataclass(slots=True)
class Partition:
    """What a Query has found in a license's partition."""

    license: License | None = None
    devices: list[Device] = field(default_factory=list)
    seats: dict[int, Seat] = field(default_factory=dict)
    pending: list[BatchProgress] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def license_with_users(
    company: str, license_id: int, *, after: int | None, backwards: bool, limit: int
) -> tuple[Partition, bool]:
    """At most `limit` seats of a license, by user, and whether there may be more behind them: then they are so many.

    `after`: the user to go on behind. From the beginning, the license and its batches under way come with them.
    """
    pk, last = license_pk(company, license_id), seat_sort_key() + _AFTER_ALL
    behind, room = None if after is None else seat_sort_key(after), limit + 2  # one to see that there are more
    raws = list[Raw]()
    while True:
        read = reads.query_between(LicenseItem, pk, LICENSE, last, backwards=backwards, limit=room, after=behind)
        raws, seen = [*raws, *read], len(raws)
        part, is_full = _partition(iter(raws)), len(raws) - seen == room
        if not is_full or len(part.seats) >= limit:
            break
        behind = raws[-1]["part"]["S"]  # batches took the room of seats
    seats = list(part.seats.items())
    part.seats = dict(seats[:limit])
    return part, len(seats) > limit or is_full


@dataclass(slots=True)
class People:
    """Users, and the orders and licenses that they belong to, by id."""

    users: dict[int, User] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    licenses: dict[int, License] = field(default_factory=dict)


def read_people(company: str, user_ids: Iterable[int], order_ids: Iterable[str], license_ids: Iterable[int]) -> People:
    """What is there of these, consistently, a hundred in one round trip."""
    people = People()
    wanted: list[Any] = [UserItem(company, user_sort_key(id)) for id in sorted(user_ids)]
    wanted += [OrderItem(company, order_sort_key(id)) for id in sorted(order_ids)]
    wanted += [LicenseItem(license_pk(company, id), LICENSE) for id in license_ids]
    for start in range(0, len(wanted), BATCH_GET_LIMIT):
        for item in reads.batch_get(wanted[start : start + BATCH_GET_LIMIT], consistent=True):
            match item:
                case UserItem():
                    user = item.to_domain()
                    people.users |= {user.id: user}
                case OrderItem():
                    order = item.to_domain()
                    people.orders |= {order.id: order}
                case LicenseItem():
                    license = item.to_domain()
                    people.licenses |= {license.id: license}
    return people


def license_with_history(company: str, license_id: int, limit: int) -> tuple[Partition, bool]:
    """A license, its devices and its newest events, of `limit` items at most, and whether there may be more of them.

    What is blacklisted stands between devices and events, and takes room as they do.
    """
    pk = license_pk(company, license_id)
    raws = list(reads.query_between(LicenseItem, pk, event_sort_key(), LICENSE, backwards=True, limit=limit))
    return _partition(iter(raws)), len(raws) == limit


def _partition(raws: Iterator[Raw]) -> Partition:
    found = Partition()
    for raw in raws:
        match item_of_license(raw):
            case license_items.LicenseItem:
                found.license = LicenseItem.from_raw(raw)
            case license_items.DeviceItem:
                found.devices.append(DeviceItem.from_raw(raw))
            case license_items.SeatItem:
                seat = SeatItem.from_raw(raw)
                found.seats[seat.user_id] = seat
            case work_items.BatchProgressItem:
                found.pending.append(BatchProgressItem.from_raw(raw))
            case event_items.EventItem:
                found.events.append(EventItem.from_raw(raw))
    return found


def _items(claims: SessionClaims, wanted: ReadRequest) -> Iterator[Any]:
    company = claims.company
    yield session_item(claims.token)
    yield UserItem(company, user_sort_key(claims.user_id))
    yield CompanyItem(company, COMPANY)
    if claims.nonce:
        yield idempotency_item(claims.token, claims.nonce)
    if wanted.managed is not None:
        yield LicenseSummaryItem(company, manager_license_sort_key(claims.user_id, wanted.managed))
    for license_id in wanted.licenses:
        yield LicenseItem(license_pk(company, license_id), LICENSE)
    for code in wanted.products:
        yield ProductItem(company, product_sort_key(code))
    for license_id, user_id in wanted.seats:
        yield SeatItem(license_pk(company, license_id), seat_sort_key(user_id))
    for user_id in wanted.users:
        yield UserItem(company, user_sort_key(user_id))
    if wanted.device is not None:
        license_id, hardware_hash, owner = wanted.device
        yield DeviceItem(license_pk(company, license_id), device_sort_key(hardware_hash, owner))
        yield BlockItem(license_pk(company, license_id), block_sort_key(hardware_hash))
        yield VariablesItem(license_pk(company, license_id), variables_sort_key(hardware_hash, owner))
    if wanted.user_devices is not None:
        license_id, user_id, hashes = wanted.user_devices
        pk = license_pk(company, license_id)
        yield UserDeviceItem(pk, user_device_sort_key())
        for hardware_hash in hashes:
            yield DeviceItem(pk, device_sort_key(hardware_hash, user_id))


def _note(found: BatchRead, claims: SessionClaims, item: Any) -> None:  # noqa: C901, PLR0912 - one line a kind
    match type(item).__name__:
        case "SessionItem":
            found.session = item.to_domain()
        case "UserItem":
            user = item.to_domain()
            found.users[user.id] = user
            if user.id == claims.user_id:
                found.user = user
        case "CompanyItem":
            found.company = item.to_domain()
        case "IdempotencyItem":
            found.outcome = answer_of(item)
        case "LicenseSummaryItem":
            found.managed = True
        case "LicenseItem":
            license = item.to_domain()
            found.licenses[license.id] = license
        case "ProductItem":
            product = item.to_domain()
            found.products[product.code] = product
        case "SeatItem":
            seat = item.to_domain()
            found.seats[int(item.pk.rsplit("#", 1)[1]), seat.user_id] = seat
        case "DeviceItem":
            found.device = item.to_domain()
            found.devices.append(found.device)
        case "UserDeviceItem":
            found.all_linked = True
        case "BlockItem":
            found.blocked = True
        case "VariablesItem":
            found.variables = to_variables(item)
