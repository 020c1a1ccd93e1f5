"""What the pages of the portal show. Each view proves who asks, and answers nothing of what he may not see."""

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib import telemetry
from chalicelib.domain.access import opens, opens_all
from chalicelib.domain.batch import Pending
from chalicelib.domain.catalogue import Company, Sold
from chalicelib.domain.email import shown_email
from chalicelib.domain.history import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, LicenseState, Seat, Status, device_tag, is_live, status
from chalicelib.domain.paging import PAGE_SIZE, Page, page_of
from chalicelib.domain.pasted import composed, visible
from chalicelib.domain.people import User, as_told
from chalicelib.domain.refusal import Refused
from chalicelib.domain.session import TOUCH_MS, Asker, PasswordToChoose, SessionOver, is_open
from chalicelib.domain.variables import Variable
from chalicelib.store import licenses, sessions, views
from chalicelib.store.dynamo import Stale
from chalicelib.store.orders import managed_by
from chalicelib.store.views import Found, Wanted
from chalicelib.usecases.catalogue import known_product

STORY = 100
"""Devices and events that the details of a license are made of; more of them have pages of their own."""
RECENT = 10
"""Events among the details."""
DEVICE_STORY = 500
"""Events of a license among which those of one device are looked for."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, proved."""

    asker: Asker
    user: User
    company: Company
    outcome: dict[str, Any] | None
    """What came of the form that led here, if one did."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of a list."""

    search: str = ""
    product: str = ""
    status: str = ""
    sort: str = ""
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """A license in a list."""

    license: License
    product: str
    """Its name, as people read it."""
    status: Status


@dataclass(frozen=True, slots=True)
class LicensesView:
    """The licenses that a user manages."""

    visit: Visit
    page: Page[LicenseRow]
    products: dict[str, str]
    """Codes and names of all products among them."""
    any: bool
    """Whether the user manages any license at all."""


@dataclass(frozen=True, slots=True)
class LicenseView:
    """One license, with what all its pages show."""

    visit: Visit
    license: License
    product: str
    """The product's name, as people read it."""
    prevent_vm: bool
    status: Status


@dataclass(frozen=True, slots=True)
class DetailsView(LicenseView):
    """The snapshot of a license."""

    events: list[Event]
    """The newest ones."""
    more_events: bool
    last_check: Instant | None
    all_devices: bool
    """Whether `last_check` is of all devices."""


@dataclass(frozen=True, slots=True)
class HistoryView(LicenseView):
    """A page of a license's history."""

    events: list[Event]
    after: str
    """The key to go on from; empty on the last page."""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device in a list. `state`: active, deactivated or blacklisted."""

    device: Device
    key: str
    email: str
    state: str


@dataclass(frozen=True, slots=True)
class DevicesView(LicenseView):
    """The devices of a license; of a user's own license: the own ones."""

    page: Page[DeviceRow]


@dataclass(frozen=True, slots=True)
class DeviceView(LicenseView):
    """One device."""

    row: DeviceRow
    variables: list[Variable]
    events: list[Event]
    all_events: bool
    """Whether no older event of the device was left out."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A license user in a list."""

    seat: Seat
    user: User
    taken: int
    first_name: str
    last_name: str
    phone_number: str
    opened: bool
    """Whether the account's password opens the license; else the seat waits for a mailed code."""


@dataclass(frozen=True, slots=True)
class UsersView(LicenseView):
    """The users of a license."""

    page: Page[UserRow]
    pending: list[Pending]
    """Batches that are under way."""


@dataclass(frozen=True, slots=True)
class UserView(LicenseView):
    """One user of a license."""

    row: UserRow


@dataclass(frozen=True, slots=True)
class SeatRow:
    """An own license in a list."""

    license: License
    seat: Seat
    product: str
    status: Status


@dataclass(frozen=True, slots=True)
class SeatsView:
    """The licenses that a user may use."""

    visit: Visit
    page: Page[SeatRow]


def visit(asker: Asker, *, choosing: bool = False, now: Instant) -> Visit:
    """Who asks, for pages that show nothing else. Raises `SessionOver`, `PasswordToChoose` unless `choosing`."""
    return _enter(asker, views.look_up(asker, Wanted()), now, choosing=choosing)


def managed_licenses(asker: Asker, asked: Asked, *, now: Instant) -> LicensesView:
    """The list of licenses. Two reads, unless a status is asked for or sorted by: then each license is looked at."""
    all_sold = managed_by(asker.company, asker.user_id)
    codes = sorted({sold.product for sold in all_sold})
    sold = [s for s in all_sold if _matches(s, asked)]
    sold.sort(key=_BY_FACT.get(asked.sort, lambda s: -s.license_id))
    if asked.status or asked.sort in _BY_STATE:
        states = views.license_states(asker.company, [s.license_id for s in sold])
        sold = [s for s in sold if s.license_id in states and _has_status(states[s.license_id], asked.status, now)]
        if asked.sort in _BY_STATE:
            sold.sort(key=lambda s: _BY_STATE[asked.sort](states[s.license_id]))
    page = page_of(sold, lambda s: str(s.license_id), asked.after, asked.before)
    found = views.look_up(asker, Wanted(licenses=[s.license_id for s in page.rows], products=codes))
    known = found.licenses
    entered = _enter(asker, found, now)
    names = {code: found.products[code].name for code in codes if code in found.products}
    rows = [
        LicenseRow(known[s.license_id], names.get(s.product, s.product), status(known[s.license_id], now))
        for s in page.rows
        if s.license_id in known
    ]
    return LicensesView(entered, _page(page, rows), names, bool(all_sold))


def license_details(asker: Asker, license_id: int, *, now: Instant) -> DetailsView:
    """The snapshot of a license that the asker manages. Raises `SessionOver`, `Refused`: `license_not_found`."""
    part = views.license_with_history(asker.company, license_id, STORY)
    base = _managed(asker, part.license, license_id, now)
    # Backwards from the license: its devices come first, so an event says that no device is missing.
    told = 1 + len(part.devices) + len(part.events)
    complete = bool(part.events) or told < STORY
    events = part.events
    if not complete:
        events = list(licenses.events(asker.company, license_id, limit=RECENT + 1))
    checks = [device.last_check_at for device in part.devices]
    last_check = max(checks) if checks and complete else None
    return DetailsView(*_fields(base), events[:RECENT], len(events) > RECENT, last_check, complete)


def license_history(asker: Asker, license_id: int, after: str, *, now: Instant) -> HistoryView:
    """A page of history, newest first. Raises as `license_details`."""
    size = 2 * PAGE_SIZE
    events = list(licenses.events(asker.company, license_id, after=after or None, limit=size + 1))
    base = _managed(asker, None, license_id, now)
    return HistoryView(*_fields(base), events[:size], events[size - 1].key if len(events) > size else "")


def license_devices(asker: Asker, license_id: int, asked: Asked, *, now: Instant) -> DevicesView:
    """The devices of a license that the asker manages. Raises as `license_details`."""
    part = views.license_with_devices(asker.company, license_id)
    base = _managed(asker, part.license, license_id, now)
    rows = [_device_row(d, base.license, part.seats.get(d.user_id or 0), part.blocked) for d in part.devices]
    return DevicesView(*_fields(base), _device_page(rows, asked))


def license_device(asker: Asker, license_id: int, key: str, *, now: Instant) -> DeviceView:
    """One device of a license that the asker manages. Raises as `license_details`, and `device_not_found`."""
    tag, owner = _device_key(key)
    events = list(licenses.events(asker.company, license_id, limit=DEVICE_STORY))
    seats = [] if owner is None else [(license_id, owner)]
    wanted = Wanted(managed=license_id, licenses=[license_id], seats=seats, device=(license_id, tag, owner))
    found = views.look_up(asker, wanted)
    base = _proved(asker, found, license_id, None, now)
    return _device_view(base, found, owner, events)


def license_users(asker: Asker, license_id: int, asked: Asked, *, now: Instant) -> UsersView:
    """The users of a license that the asker manages, by e-mail. Raises as `license_details`."""
    part = views.license_with_users(asker.company, license_id)
    seats = sorted(
        (s for s in part.seats.values() if _hold((s.email, shown_email(s.email)), asked.search)),
        key=_SEATS.get(asked.sort, _by_email),
    )
    page = page_of(seats, lambda seat: str(seat.user_id), asked.after, asked.before)
    base, found = _managed_with(asker, part.license, license_id, [s.user_id for s in page.rows], now)
    rows = [_user_row(base.license, s, found.users[s.user_id]) for s in page.rows if s.user_id in found.users]
    return UsersView(*_fields(base), _page(page, rows), part.pending)


def license_user(asker: Asker, license_id: int, user_id: int, *, now: Instant) -> UserView:
    """One user of a license that the asker manages. Raises as `license_details`, and `user_not_found`."""
    seats, users = [(license_id, user_id)], [user_id]
    found = views.look_up(asker, Wanted(managed=license_id, licenses=[license_id], seats=seats, users=users))
    base = _proved(asker, found, license_id, None, now)
    seat, user = found.seats.get((license_id, user_id)), found.users.get(user_id)
    if seat is None or user is None:
        raise Refused("user_not_found")
    return UserView(*_fields(base), _user_row(base.license, seat, user))


def one_license(asker: Asker, license_id: int, *, now: Instant) -> LicenseView:
    """A license that the asker manages, for the pages that ask what to do with it. Raises as `license_details`."""
    return _managed(asker, None, license_id, now)


def user_license(asker: Asker, license_id: int, *, now: Instant) -> LicenseView:
    """The same, of a license that has users; one that is authorized by its key has no such pages."""
    view = one_license(asker, license_id, now=now)
    if view.license.authorization_method != "user":
        raise Refused("user_not_found", "This license is authorized by its key; it has no users.")
    return view


def own_licenses(asker: Asker, asked: Asked, *, now: Instant) -> SeatsView:
    """The licenses on which the asker has a seat, newest first, if the password opens them. Raises `SessionOver`.

    Two reads; more where the password opens some alone: what it does not open is neither shown nor counted.
    """
    held = [license_id for license_id, _ in views.held_licenses(asker.company, asker.user_id)]
    page, found = _own_page(asker, held, asked)
    entered = _enter(asker, found, now)
    if (opened := _opened(entered.user, held, found)) != held:
        page, found = _own_page(asker, opened, asked)
    rows = []
    for license_id in page.rows:
        license, seat = found.licenses.get(license_id), found.seats.get((license_id, asker.user_id))
        if license is not None and seat is not None:
            base = _license_view(entered, license, now)
            rows.append(SeatRow(license, seat, base.product, base.status))
    return SeatsView(entered, _page(page, rows))


def _own_page(asker: Asker, license_ids: list[int], asked: Asked) -> tuple[Page[int], Found]:
    page = page_of(license_ids, str, asked.after, asked.before)
    seats = [(license_id, asker.user_id) for license_id in page.rows]
    return page, views.look_up(asker, Wanted(licenses=page.rows, seats=seats))


def _opened(user: User, held: list[int], found: Found) -> list[int]:
    """Those of a user's licenses that the password opens; `found` holds them, where they fit on a page."""
    if opens_all(user):
        return held
    known = found.licenses.values() if len(held) <= PAGE_SIZE else licenses.read_some(user.company, held)
    return sorted((license.id for license in known if opens(user, license)), reverse=True)


def own_devices(asker: Asker, license_id: int, asked: Asked, *, now: Instant) -> DevicesView:
    """The asker's devices on a license with a seat of his. Raises `SessionOver`, `Refused`: `license_not_found`."""
    part = views.license_with_devices(asker.company, license_id)
    found = views.look_up(asker, Wanted(licenses=[license_id], seats=[(license_id, asker.user_id)]))
    base, seat = _owned(asker, found, license_id, now), part.seats.get(asker.user_id)
    own = [device for device in part.devices if device.user_id == asker.user_id]
    rows = [_device_row(device, base.license, seat, part.blocked) for device in own]
    return DevicesView(*_fields(base), _device_page(rows, asked))


def own_device(asker: Asker, license_id: int, key: str, *, now: Instant) -> DeviceView:
    """One of them. Raises as `own_devices`, and `device_not_found`."""
    tag, owner = _device_key(key)
    if owner != asker.user_id:
        raise Refused("device_not_found")
    wanted = Wanted(licenses=[license_id], seats=[(license_id, owner)], device=(license_id, tag, owner))
    found = views.look_up(asker, wanted)
    return _device_view(_owned(asker, found, license_id, now), found, owner, [])


# --- who asks ---------------------------------------------------------------------------------------------------


def _enter(asker: Asker, found: Found, now: Instant, *, choosing: bool = False) -> Visit:
    session, user, company = found.session, found.user, found.company
    if session is None or user is None or company is None or not is_open(session, user, now):
        raise SessionOver
    telemetry.note(company=user.company, user_id=user.id)
    if user.is_initial_password and not choosing:
        raise PasswordToChoose
    if now - session.seen_at >= TOUCH_MS:
        with suppress(Stale):  # ended in this very moment
            sessions.touch_session(asker.token, now)
    return Visit(asker, user, company, found.outcome)


def _managed(asker: Asker, license: License | None, license_id: int, now: Instant) -> LicenseView:
    return _managed_with(asker, license, license_id, [], now)[0]


def _managed_with(
    asker: Asker, license: License | None, license_id: int, users: list[int], now: Instant
) -> tuple[LicenseView, Found]:
    wanted = Wanted(managed=license_id, licenses=[] if license else [license_id], users=users)
    found = views.look_up(asker, wanted)
    return _proved(asker, found, license_id, license, now), found


def _proved(asker: Asker, found: Found, license_id: int, license: License | None, now: Instant) -> LicenseView:
    """A license that the asker manages; any other does not exist."""
    entered, license = _enter(asker, found, now), license or found.licenses.get(license_id)
    if not found.managed or license is None:
        raise Refused("license_not_found")
    telemetry.note(license_id=license.id)
    return _license_view(entered, license, now)


def _owned(asker: Asker, found: Found, license_id: int, now: Instant) -> LicenseView:
    """A license on which the asker has a seat, and that his password opens; any other does not exist."""
    entered, license = _enter(asker, found, now), found.licenses.get(license_id)
    if (license_id, asker.user_id) not in found.seats or license is None or not opens(entered.user, license):
        raise Refused("license_not_found")
    telemetry.note(license_id=license.id)
    return _license_view(entered, license, now)


def _license_view(entered: Visit, license: License, now: Instant) -> LicenseView:
    product = known_product(license.company, license.product, now=now)
    name, prevent_vm = (license.product, False) if product is None else (product.name, product.prevent_vm)
    return LicenseView(entered, license, name, prevent_vm, status(license, now))


def _fields(base: LicenseView) -> tuple[Visit, License, str, bool, Status]:
    return base.visit, base.license, base.product, base.prevent_vm, base.status


# --- lists ------------------------------------------------------------------------------------------------------

_LAST = 2**63
_BY_FACT: dict[str, Callable[[Sold], Any]] = {
    "oldest": lambda s: s.license_id,
    "product": lambda s: (s.product.lower(), -s.license_id),
    "order": lambda s: (s.order_id.lower(), -s.license_id),
}
_BY_STATE: dict[str, Callable[[LicenseState], Any]] = {
    "ends": lambda state: (state.validity_period or _LAST, -state.id),
    "users": lambda state: (-state.users_assigned, -state.id),
    "activations": lambda state: (-state.times_activated, -state.id),
}
_SEATS: dict[str, Callable[[Seat], Any]] = {
    "newest": lambda seat: (-seat.assigned_at, seat.email),
    "activations": lambda seat: (-seat.activations, seat.email),
}
_DEVICES: dict[str, Callable[[DeviceRow], Any]] = {
    "host": lambda row: ((row.device.hostname or "").lower(), row.key),
    "user": lambda row: (row.email, row.key),
    "first": lambda row: (-row.device.first_activated_at, row.key),
}


def _by_email(seat: Seat) -> Any:
    return seat.email


def _matches(sold: Sold, asked: Asked) -> bool:
    if asked.product and sold.product != asked.product:
        return False
    texts = (sold.license_key, sold.product, sold.order_id, sold.customer, str(sold.license_id))
    return _hold(texts, asked.search)


def _has_status(state: LicenseState, wanted: str, now: Instant) -> bool:
    return not wanted or status(state, now) == wanted


def _page(page: Page[Any], rows: list[Any]) -> Page[Any]:
    """The same page, of what the rows have become."""
    return Page(rows, page.first, page.total, page.before, page.after)


def _user_row(license: License, seat: Seat, user: User) -> UserRow:
    return UserRow(seat, user, seat.taken(license), *as_told(seat, user), opens(user, license))


def _device_row(device: Device, license: License, seat: Seat | None, blocked: Collection[str]) -> DeviceRow:
    tag = device_tag(device.hardware_id)
    key = tag if device.user_id is None else f"{tag}-{device.user_id}"
    state = "active" if is_live(device, license, seat) else "deactivated"
    if tag in blocked or tag in license.blacklist:
        state = "blacklisted"
    return DeviceRow(device, key, "" if seat is None else seat.email, state)


def _device_page(rows: list[DeviceRow], asked: Asked) -> Page[DeviceRow]:
    found = [row for row in rows if (not asked.status or row.state == asked.status) and _names(row, asked.search)]
    found.sort(key=_DEVICES.get(asked.sort, lambda row: (-row.device.last_check_at, row.key)))
    return page_of(found, lambda row: row.key, asked.after, asked.before)


def _names(row: DeviceRow, search: str) -> bool:
    device = row.device
    texts = (
        device.hostname or "",
        device.hardware_id,
        shown_email(row.email),
        device.os_ver or "",
        device.app_ver or "",
    )
    return _hold(texts, search)


def _hold(texts: Iterable[str], search: str) -> bool:
    """Whether each word that is searched for stands in one of the texts, in whatever form either was typed."""
    plain = [_plain(text) for text in texts]
    return all(any(word in text for text in plain) for word in _plain(search).split())


def _plain(text: str) -> str:
    return composed(visible(text).lower())


def _device_view(base: LicenseView, found: Found, owner: int | None, events: list[Event]) -> DeviceView:
    if found.device is None:
        raise Refused("device_not_found")
    seat = None if owner is None else found.seats.get((base.license.id, owner))
    blocked = {device_tag(found.device.hardware_id)} if found.blocked else set[str]()
    row = _device_row(found.device, base.license, seat, blocked)
    own = [event for event in events if _is_of(event, found.device, row.email)]
    return DeviceView(*_fields(base), row, found.variables, own, len(events) < DEVICE_STORY)


def _is_of(event: Event, device: Device, email: str) -> bool:
    """Whether an event is of a device. Older ones name its user by the e-mail alone, which may be another since."""
    if event.hardware_id != device.hardware_id:
        return False
    return event.user in (None, email) if event.user_id is None else event.user_id == device.user_id


def _device_key(key: str) -> tuple[str, int | None]:
    """Tag and user of a device, from its name in an address. Raises `Refused`: `device_not_found`."""
    parts = _DEVICE_KEY.fullmatch(key)
    if parts is None:
        raise Refused("device_not_found")
    return parts[1], None if parts[2] is None else int(parts[2])


_DEVICE_KEY = re.compile(r"([0-9a-f]{24})(?:-([0-9]{1,16}))?")
