"""What the pages of the portal read besides their lists: one BatchGet of all that a page refers to.

Who asks is read in that same BatchGet, so nothing may be shown before it has been looked at
(`usecases.portal_queries`). All reads are consistent: a page that follows a change shows it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from chalicelib.domain.catalog import Company, LicenseSummary, Order, Product
from chalicelib.domain.extras import NO_EXTRAS, Extras
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, LicenseState, Seat
from chalicelib.domain.scheduled_updates import ScheduledUpdate
from chalicelib.domain.session import ListedSession, Session, SessionClaims
from chalicelib.domain.users import User
from chalicelib.domain.variables import Variable
from chalicelib.store import reads
from chalicelib.store.idempotency import Answer, answer_of, idempotency_item
from chalicelib.store.items.accounts import CompanyItem, OrderItem, ProductItem, UserItem
from chalicelib.store.items.ephemera import IdempotencyItem, ListedSessionsItem, SessionItem
from chalicelib.store.items.licenses import BlockItem, DeviceItem, ExtrasItem, LicenseItem, SeatItem, VariablesItem
from chalicelib.store.items.links import LicenseSummaryItem, UserDeviceItem
from chalicelib.store.items.work import ScheduledUpdateItem
from chalicelib.store.keys import (
    COMPANY,
    EXTRAS,
    LICENSE,
    block_sort_key,
    device_sort_key,
    license_pk,
    manager_license_sort_key,
    order_sort_key,
    product_sort_key,
    scheduled_update_sort_key,
    seat_sort_key,
    user_device_sort_key,
    user_sort_key,
    variables_sort_key,
)
from chalicelib.store.reads import Unreadable
from chalicelib.store.schema import AnyItem, Item, Raw
from chalicelib.store.sessions import listed_in, listed_item, session_item
from chalicelib.store.variables import to_variables

T = TypeVar("T")

_STATE = LicenseItem.reader(LicenseState)


@dataclass(frozen=True, slots=True)
class BatchRead:
    """What a BatchGet has found, by kind."""

    session: Session | None
    user: User | None
    company: Company | None
    outcome: Answer | None
    managed: dict[int, LicenseSummary]
    """Those of the licenses that were asked for which the user manages, each with what he may do there."""
    licenses: dict[int, License]
    extras: Extras
    """Of the license that was asked for with all that it carries."""
    scheduled_updates: list[ScheduledUpdate]
    products: dict[str, Product]
    seats: dict[tuple[int, int], Seat]
    """By license and user."""
    users: dict[int, User]
    devices: dict[int, list[Device]]
    """By license."""
    all_linked: bool
    """Whether every device of a user of the license is linked to him."""
    blocked: bool
    """Whether the device may not be used on the license."""
    variables: list[Variable]
    sessions: list[ListedSession]
    """Of who asks, also some that are over."""

    @property
    def device(self) -> Device | None:
        """The one that was asked for, where it was one."""
        return next((device for some in self.devices.values() for device in some), None)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What a page refers to, besides who asks."""

    managed: Iterable[int] = ()
    """The licenses that the user should manage."""
    licenses: Iterable[int] = ()
    extras: int | None = None
    """The license of which all is told that it carries."""
    scheduled_updates: Iterable[int] = ()
    products: Iterable[str] = ()
    seats: Iterable[tuple[int, int]] = ()
    users: Iterable[int] = ()
    device: tuple[int, str, int | None] | None = None
    """License, hardware hash and user; its variables come with it."""
    devices: Iterable[tuple[int, str, int | None]] = ()
    """Further ones, likewise, without variables."""
    sessions: bool = False
    """Whether all sessions of who asks are listed."""
    user_devices: tuple[int, int, Sequence[str]] | None = None
    """License, user and hardware hashes of the user's devices; whether all are linked comes with them."""


def batch_read(claims: SessionClaims, wanted: ReadRequest, now: Instant) -> BatchRead:
    """Who asks, and what is wanted: in one round trip, where it is no more than a hundred items."""
    found = _Found(_items(claims, wanted), now)
    users = {user.id: user for user in found.values(UserItem)}
    answers = [answer_of(IdempotencyItem.from_raw_data(raw)) for raw in found.raws[IdempotencyItem]]
    variables = [to_variables(VariablesItem.from_raw_data(raw)) for raw in found.raws[VariablesItem]]
    listed = found.raws[ListedSessionsItem]
    devices: dict[int, list[Device]] = {}
    for license_id, device in found.of_licenses(DeviceItem):
        devices.setdefault(license_id, []).append(device)
    return BatchRead(
        session=next(iter(found.values(SessionItem)), None),
        user=users.get(claims.user_id),
        company=next(iter(found.values(CompanyItem)), None),
        outcome=answers[0] if answers else None,
        managed={sold.license_id: sold for sold in found.readable(LicenseSummaryItem)},
        licenses={license.id: license for license in found.readable(LicenseItem)},
        extras=next(found.readable(ExtrasItem), NO_EXTRAS),
        scheduled_updates=list(found.readable(ScheduledUpdateItem)),
        products={product.code: product for product in found.readable(ProductItem)},
        seats={(license_id, seat.user_id): seat for license_id, seat in found.of_licenses(SeatItem)},
        users=users,
        devices=devices,
        all_linked=bool(found.raws[UserDeviceItem]),
        blocked=bool(found.raws[BlockItem]),
        variables=variables[0] if variables else [],
        sessions=listed_in(ListedSessionsItem.from_raw_data(listed[0])) if listed else [],
    )


def license_states(company: str, ids: list[int]) -> dict[int, LicenseState]:
    """The present state of licenses, at most a hundred, in one round trip."""
    wanted = [LicenseItem(license_pk(company, id), LICENSE) for id in ids]
    raws = reads.batch_get_raw(wanted, consistent=True, only=_STATE.stored_names) if wanted else []
    states = [reads.readable(_STATE.read, raw) for raw in raws if raw is not None]
    return {state.id: state for state in states if not isinstance(state, Unreadable)}


@dataclass(frozen=True, slots=True)
class People:
    """Users, and the orders and licenses that they belong to, by id."""

    users: dict[int, User]
    orders: dict[str, Order]
    licenses: dict[int, License]


def read_people(company: str, user_ids: Iterable[int], order_ids: Iterable[str], license_ids: Iterable[int]) -> People:
    """What is there of these: orders and licenses, at most a hundred, as they stood at one instant, and users, in the
    same round trip where they fit.

    Read one by one, a license and its order may be of two instants, between which another order has got the name.
    """
    orders: list[AnyItem] = [OrderItem(company, order_sort_key(id)) for id in sorted(order_ids)]
    licenses = [LicenseItem(license_pk(company, id), LICENSE) for id in sorted(license_ids)]
    users = [UserItem(company, user_sort_key(id)) for id in sorted(user_ids)]
    together = [*orders, *licenses, *users[: reads.BATCH_GET_LIMIT - len(orders) - len(licenses)]]
    there, rest = _Found(), _Found(users[len(together) - len(orders) - len(licenses) :])
    there.add(together, reads.transact_get(together) if together else [])
    return People(
        {user.id: user for user in [*there.values(UserItem), *rest.values(UserItem)]},
        {order.id: order for order in there.values(OrderItem)},
        {license.id: license for license in there.values(LicenseItem)},
    )


class _Found:
    """What is there of items, by their kinds and in their order: read a hundred at a time, as they are stored."""

    def __init__(self, wanted: Iterable[AnyItem] = (), now: Instant | None = None) -> None:
        self.raws: defaultdict[type[AnyItem], list[Raw]] = defaultdict(list)
        left = iter(wanted)
        while chunk := list(islice(left, reads.BATCH_GET_LIMIT)):
            self.add(chunk, reads.batch_get_raw(chunk, consistent=True, now=now))

    def add(self, wanted: Iterable[AnyItem], raws: Iterable[Raw | None]) -> None:
        """What is stored of items, as they were asked for."""
        for item, raw in zip(wanted, raws, strict=True):
            if raw is not None:
                self.raws[type(item)].append(raw)

    def values(self, kind: type[Item[T]]) -> list[T]:
        """The values of a kind."""
        return [kind.from_raw(raw) for raw in self.raws[kind]]

    def of_licenses(self, kind: type[Item[T]]) -> Iterator[tuple[int, T]]:
        """The same, each with the license in whose partition it is."""
        return ((int(raw["pk"]["S"].rsplit("#", 1)[1]), kind.from_raw(raw)) for raw in self.raws[kind])

    def readable(self, kind: type[Item[T]]) -> Iterator[T]:
        """The same, of what is a row of a list, or its name: what cannot be read is logged and left out."""
        return reads.those_readable(reads.readable(kind.from_raw, raw) for raw in self.raws[kind])


def _items(claims: SessionClaims, wanted: ReadRequest) -> Iterator[AnyItem]:
    company = claims.company
    yield from _of_who_asks(claims, wanted)
    for license_id in wanted.licenses:
        yield LicenseItem(license_pk(company, license_id), LICENSE)
    if wanted.extras is not None:
        yield ExtrasItem(license_pk(company, wanted.extras), EXTRAS)
    for update_id in wanted.scheduled_updates:
        yield ScheduledUpdateItem(company, scheduled_update_sort_key(update_id))
    for code in wanted.products:
        yield ProductItem(company, product_sort_key(code))
    for license_id, user_id in wanted.seats:
        yield SeatItem(license_pk(company, license_id), seat_sort_key(user_id))
    for user_id in wanted.users:
        yield UserItem(company, user_sort_key(user_id))
    yield from _of_devices(company, wanted)


def _of_devices(company: str, wanted: ReadRequest) -> Iterator[AnyItem]:
    if wanted.device is not None:
        license_id, hardware_hash, owner = wanted.device
        yield DeviceItem(license_pk(company, license_id), device_sort_key(hardware_hash, owner))
        yield BlockItem(license_pk(company, license_id), block_sort_key(hardware_hash))
        yield VariablesItem(license_pk(company, license_id), variables_sort_key(hardware_hash, owner))
    for license_id, hardware_hash, owner in wanted.devices:
        yield DeviceItem(license_pk(company, license_id), device_sort_key(hardware_hash, owner))
    if wanted.user_devices is not None:
        license_id, user_id, hashes = wanted.user_devices
        pk = license_pk(company, license_id)
        yield UserDeviceItem(pk, user_device_sort_key())
        for hardware_hash in hashes:
            yield DeviceItem(pk, device_sort_key(hardware_hash, user_id))


def _of_who_asks(claims: SessionClaims, wanted: ReadRequest) -> Iterator[AnyItem]:
    company = claims.company
    yield session_item(claims.token)
    yield UserItem(company, user_sort_key(claims.user_id))
    yield CompanyItem(company, COMPANY)
    if claims.nonce:
        yield idempotency_item(claims.token, claims.nonce)
    if wanted.sessions:
        yield listed_item(company, claims.user_id)
    for license_id in wanted.managed:
        yield LicenseSummaryItem(company, manager_license_sort_key(claims.user_id, license_id))
