"""What operators read: a license with who uses it, an order, and history. Of whatever company they name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chalicelib.domain.catalog import Company, LicenseSummary, Order
from chalicelib.domain.events import Event
from chalicelib.domain.extras import Extras
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, Seat, is_live
from chalicelib.domain.paging import cut
from chalicelib.domain.scheduled_updates import ScheduledUpdate
from chalicelib.domain.users import User
from chalicelib.store import accounts, activations, counts, histories, licenses, orders, scheduled_updates
from chalicelib.store.seats import read_seats
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_customer import find_customer
from chalicelib.usecases.find_license import find_account, find_owner, guard_known
from chalicelib.usecases.order_managers import find_order, read_in_order
from chalicelib.usecases.products import show_product
from chalicelib.usecases.slots import held_slots


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device of a license, and the seat of its user: None where it is nobody's, or the seat is gone."""

    device: Device
    seat: Seat | None
    is_live: bool
    slot_until: Instant | None
    """Until when it holds a slot of a floating license, if it checks no more; None: it holds none."""


@dataclass(frozen=True, slots=True)
class LicenseDetails:
    """A license with what it carries besides, what is scheduled for it next, the first of its seats and of its devices,
    and whether there are more of either.
    """

    license: License
    extras: Extras
    next_update: ScheduledUpdate | None
    seats: list[Seat]
    more_seats: bool
    devices: list[DeviceRow]
    more_devices: bool
    slots_in_use: int
    """Of a floating license, by how many devices."""


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """An order with its managers and a page of its licenses, oldest first, and whether there are more of these."""

    order: Order
    managers: list[User]
    licenses: list[LicenseSummary]
    more_licenses: bool


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of history, newest first, and whether there are older events."""

    events: list[Event]
    more: bool


def list_companies(limit: int, after: str | None) -> tuple[list[Company], str | None]:
    """At most `limit` companies behind the code `after`, by their codes, and the code to go on behind: a read for each.

    That is None where there are no more.
    """
    codes, more = cut(accounts.company_codes(after=after), limit)
    found = (accounts.read_company(code) for code in codes)
    return [company for company in found if company is not None], codes[-1] if more else None


def company_details(company: str) -> tuple[Company, dict[str, int | None]]:
    """A company, and how many licenses, orders, customers and users it has; None: not all were ever counted.

    Raises `NotFound`: `company_not_found`.
    """
    found = find_company(company)
    return found, {noun: counts.read_count(found.code, noun) for noun in counts.COUNTED}


def license_details(license_id: int, company: str | None, limit: int, *, now: Instant) -> LicenseDetails:
    """At most `limit` seats and devices of a license. Raises `NotFound`: `license_not_found`."""
    license, extras = find_sold(find_owner(license_id, company), license_id)
    pending = [one for one in scheduled_updates.read_of_license(license.company, license.id) if one.is_pending]
    next_update = min(pending, key=lambda update: (update.at, update.id), default=None)
    shown, more_seats = cut(licenses.seats(license.company, license.id, limit=limit + 1), limit)
    devices, more_devices = cut(activations.devices(license.company, license.id, limit=limit + 1), limit)
    seats = read_seats(license, [device.user_id for device in devices if device.user_id is not None])
    held = {slot.holder: slot.held_until for slot in held_slots(license, now)}
    rows = []
    for device in devices:
        seat = None if device.user_id is None else seats.get(device.user_id)
        rows.append(DeviceRow(device, seat, is_live(device, license, seat), held.get(device.id)))
    return LicenseDetails(license, extras, next_update, shown, more_seats, rows, more_devices, len(held))


def order_details(company: str, order_id: str, limit: int, after: int | None) -> OrderDetails:
    """At most `limit` licenses behind `after`. Raises `NotFound`: `company_not_found`, `order_not_found`."""
    code = find_company(company).code

    def read(order: Order) -> tuple[list[LicenseSummary], bool]:
        return cut(orders.sold_in_order(code, order.id, after=after, limit=limit + 1), limit)

    order, (shown, more) = read_in_order(find_order(code, order_id), read)
    managers = accounts.read_users(code, sorted(order.managers))
    return OrderDetails(order, list(managers.values()), shown, more)


def license_history(license_id: int, company: str | None, limit: int, after: str | None) -> EventPage:
    """At most `limit` events behind the key `after`. Raises `NotFound`: `license_not_found`."""
    owner = find_owner(license_id, company)
    guard_known(owner, license_id)
    return EventPage(*cut(licenses.events(owner, license_id, after=after, limit=limit + 1), limit))


def company_history(company: str, limit: int, after: str | None) -> EventPage:
    """Of a company, its people and orders, as above. Raises `NotFound`: `company_not_found`."""
    return EventPage(*cut(histories.company_events(find_company(company).code, after=after, limit=limit + 1), limit))


def product_history(company: str, code: str, limit: int, after: str | None) -> EventPage:
    """Of a product, its features, custom fields and policies, looked for in the company's: it takes as long as that.

    Raises `NotFound`: `company_not_found`, `unknown_product`.
    """
    product = show_product(company, code)
    return _about(product.company, lambda event: event.detail.get("product") == product.code, limit, after)


def order_history(company: str, order_id: str, limit: int, after: str | None) -> EventPage:
    """Of an order and its managers, under whatever names it had, as above; each page is looked for from the newest on,
    for what it was called follows from there. Raises `NotFound`: `company_not_found`, `order_not_found`.
    """
    owner = find_company(company).code
    events = _of_order(owner, find_order(owner, order_id).id)
    return EventPage(*cut((event for event in events if after is None or event.key < after), limit))


def customer_history(company: str, customer_id: int, limit: int, after: str | None) -> EventPage:
    """Of a customer, also of one who was deleted or merged into another. Raises `NotFound`: `company_not_found`,
    `customer_not_found` where there never was one.
    """
    owner = find_company(company).code
    page = _about(owner, lambda event: customer_id in _customers_of(event), limit, after)
    if not page.events and after is None:
        find_customer(owner, customer_id)  # of before there were events of customers
    return page


def account_history(company: str, email: str, limit: int, after: str | None) -> tuple[User, EventPage]:
    """Of one account, under whatever email, and whose it is. Raises `NotFound`: `user_not_found`."""
    user = find_account(company, email)
    return user, EventPage(*cut(histories.account_events(user, after=after), limit))


def _of_order(company: str, name: str) -> Iterator[Event]:
    """What happened to an order that has this name now, the newest first: before it got a name, what names the one that
    it had then. Another order may have had the same names before and behind it.
    """
    for event in histories.company_events(company):
        is_new_name = event.type == "order_renamed"
        if event.detail.get("order") == name:
            yield event
            name = str(event.detail["order_before"]) if is_new_name else name
        elif is_new_name and event.detail["order_before"] == name:
            return  # until then the name was that other one's, and this order was not there


def _about(company: str, is_meant: Callable[[Event], bool], limit: int, after: str | None) -> EventPage:
    """Looked for in the history of the company, page by page."""
    found = filter(is_meant, histories.company_events(company, after=after))
    return EventPage(*cut(found, limit))


def _customers_of(event: Event) -> tuple[object, object]:
    """The ids of whom an event is about."""
    return event.detail.get("customer_id"), event.detail.get("merged_id")
