"""What the pages of the portal show. Each view proves who asks, and answers nothing of what he may not see."""

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from chalicelib import observability
from chalicelib.domain.access import opens, opens_all
from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.catalogue import Company, LicenseSummary
from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Denied
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, LicenseState, Seat, Status, hash_hardware_id, is_live, status
from chalicelib.domain.paging import PAGE_SIZE, Page, page_of
from chalicelib.domain.pasted import composed, visible
from chalicelib.domain.session import TOUCH_MS, PasswordChangeRequired, SessionClaims, SessionExpired, is_open
from chalicelib.domain.users import User, as_told
from chalicelib.domain.variables import Variable
from chalicelib.store import batch_reads, licenses, sessions
from chalicelib.store.batch_reads import BatchRead, ReadRequest
from chalicelib.store.database import ConditionFailed
from chalicelib.store.orders import read_managed_licenses
from chalicelib.usecases.catalogue import known_product

MAX_SNAPSHOT_ROWS = 100
"""Devices and events that the details of a license are made of; more of them have pages of their own."""
RECENT_EVENTS = 10
"""Events among the details."""
MAX_DEVICE_EVENTS = 500
"""Events of a license among which those of one device are looked for."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, proved."""

    claims: SessionClaims
    user: User
    company: Company
    outcome: dict[str, Any] | None
    """What came of the form that led here, if one did."""


@dataclass(frozen=True, slots=True)
class ListQuery:
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

    principal: Principal
    page: Page[LicenseRow]
    products: dict[str, str]
    """Codes and names of all products among them."""
    any: bool
    """Whether the user manages any license at all."""


@dataclass(frozen=True, slots=True)
class LicenseView:
    """One license, with what all its pages show."""

    principal: Principal
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
    pending: list[BatchProgress]
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

    principal: Principal
    page: Page[SeatRow]


def authenticate_session(claims: SessionClaims, *, allow_initial_password: bool = False, now: Instant) -> Principal:
    """Who asks, for pages that show nothing else.

    Raises `SessionExpired`, `PasswordChangeRequired` unless `allow_initial_password`.
    """
    return _authenticate(
        claims, batch_reads.batch_read(claims, ReadRequest()), now, allow_initial_password=allow_initial_password
    )


def managed_licenses(claims: SessionClaims, list_query: ListQuery, *, now: Instant) -> LicensesView:
    """The list of licenses. Two reads, unless a status is asked for or sorted by: then each license is looked at."""
    all_sold = list(read_managed_licenses(claims.company, claims.user_id))
    codes = sorted({sold.product for sold in all_sold})
    sold = [s for s in all_sold if _matches(s, list_query)]
    sold.sort(key=_BY_FACT.get(list_query.sort, lambda s: -s.license_id))
    if list_query.status or list_query.sort in _BY_STATE:
        states = batch_reads.license_states(claims.company, [s.license_id for s in sold])
        sold = [s for s in sold if s.license_id in states and _has_status(states[s.license_id], list_query.status, now)]
        if list_query.sort in _BY_STATE:
            sold.sort(key=lambda s: _BY_STATE[list_query.sort](states[s.license_id]))
    page = page_of(sold, lambda s: str(s.license_id), list_query.after, list_query.before)
    found = batch_reads.batch_read(claims, ReadRequest(licenses=[s.license_id for s in page.rows], products=codes))
    known = found.licenses
    principal = _authenticate(claims, found, now)
    names = {code: found.products[code].name for code in codes if code in found.products}
    rows = [
        LicenseRow(known[s.license_id], names.get(s.product, s.product), status(known[s.license_id], now))
        for s in page.rows
        if s.license_id in known
    ]
    return LicensesView(principal, _page(page, rows), names, bool(all_sold))


def license_details(claims: SessionClaims, license_id: int, *, now: Instant) -> DetailsView:
    """The snapshot of a license that the user manages. Raises `SessionExpired`, `Denied`: `license_not_found`."""
    part = batch_reads.license_with_history(claims.company, license_id, MAX_SNAPSHOT_ROWS)
    base = _managed(claims, part.license, license_id, now)
    # Backwards from the license: its devices come first, so an event says that no device is missing.
    rows_read = 1 + len(part.devices) + len(part.events)
    complete = bool(part.events) or rows_read < MAX_SNAPSHOT_ROWS
    events = part.events
    if not complete:
        events = list(licenses.events(claims.company, license_id, limit=RECENT_EVENTS + 1))
    checks = [device.last_check_at for device in part.devices]
    last_check = max(checks) if checks and complete else None
    return DetailsView(*_fields(base), events[:RECENT_EVENTS], len(events) > RECENT_EVENTS, last_check, complete)


def license_history(claims: SessionClaims, license_id: int, after: str, *, now: Instant) -> HistoryView:
    """A page of history, newest first. Raises as `license_details`."""
    size = 2 * PAGE_SIZE
    events = list(licenses.events(claims.company, license_id, after=after or None, limit=size + 1))
    base = _managed(claims, None, license_id, now)
    return HistoryView(*_fields(base), events[:size], events[size - 1].key if len(events) > size else "")


def license_devices(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> DevicesView:
    """The devices of a license that the user manages. Raises as `license_details`."""
    part = batch_reads.license_with_devices(claims.company, license_id)
    base = _managed(claims, part.license, license_id, now)
    rows = [_device_row(d, base.license, part.seats.get(d.user_id or 0), part.blocked) for d in part.devices]
    return DevicesView(*_fields(base), _device_page(rows, list_query))


def license_device(claims: SessionClaims, license_id: int, key: str, *, now: Instant) -> DeviceView:
    """One device of a license that the user manages. Raises as `license_details`, and `device_not_found`."""
    hardware_hash, owner = _device_key(key)
    events = list(licenses.events(claims.company, license_id, limit=MAX_DEVICE_EVENTS))
    seats = [] if owner is None else [(license_id, owner)]
    wanted = ReadRequest(
        managed=license_id, licenses=[license_id], seats=seats, device=(license_id, hardware_hash, owner)
    )
    found = batch_reads.batch_read(claims, wanted)
    base = _guard_manager(claims, found, license_id, None, now)
    return _device_view(base, found, owner, events)


def license_users(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> UsersView:
    """The users of a license that the user manages, by e-mail. Raises as `license_details`."""
    part = batch_reads.license_with_users(claims.company, license_id)
    seats = sorted(
        (s for s in part.seats.values() if _hold((s.email, display_email(s.email)), list_query.search)),
        key=_SEATS.get(list_query.sort, _by_email),
    )
    page = page_of(seats, lambda seat: str(seat.user_id), list_query.after, list_query.before)
    base, found = _managed_with(claims, part.license, license_id, [s.user_id for s in page.rows], now)
    rows = [_user_row(base.license, s, found.users[s.user_id]) for s in page.rows if s.user_id in found.users]
    return UsersView(*_fields(base), _page(page, rows), part.pending)


def license_user(claims: SessionClaims, license_id: int, user_id: int, *, now: Instant) -> UserView:
    """One user of a license that the user manages. Raises as `license_details`, and `user_not_found`."""
    seats, users = [(license_id, user_id)], [user_id]
    found = batch_reads.batch_read(
        claims, ReadRequest(managed=license_id, licenses=[license_id], seats=seats, users=users)
    )
    base = _guard_manager(claims, found, license_id, None, now)
    seat, user = found.seats.get((license_id, user_id)), found.users.get(user_id)
    if seat is None or user is None:
        raise Denied("user_not_found")
    return UserView(*_fields(base), _user_row(base.license, seat, user))


def one_license(claims: SessionClaims, license_id: int, *, now: Instant) -> LicenseView:
    """A license that the user manages, for the pages that ask what to do with it. Raises as `license_details`."""
    return _managed(claims, None, license_id, now)


def user_license(claims: SessionClaims, license_id: int, *, now: Instant) -> LicenseView:
    """The same, of a license that has users; one that is authorized by its key has no such pages."""
    view = one_license(claims, license_id, now=now)
    if view.license.authorization_method != "user":
        raise Denied("user_not_found", "This license is authorized by its key; it has no users.")
    return view


def own_licenses(claims: SessionClaims, list_query: ListQuery, *, now: Instant) -> SeatsView:
    """The licenses on which the user has a seat, newest first, if the password opens them. Raises `SessionExpired`.

    Two reads; more where the password opens some alone: what it does not open is neither shown nor counted.
    """
    held = [license_id for license_id, _ in batch_reads.held_licenses(claims.company, claims.user_id)]
    page, found = _own_page(claims, held, list_query)
    principal = _authenticate(claims, found, now)
    if (opened := _opened(principal.user, held, found)) != held:
        page, found = _own_page(claims, opened, list_query)
    rows = []
    for license_id in page.rows:
        license, seat = found.licenses.get(license_id), found.seats.get((license_id, claims.user_id))
        if license is not None and seat is not None:
            base = _license_view(principal, license, now)
            rows.append(SeatRow(license, seat, base.product, base.status))
    return SeatsView(principal, _page(page, rows))


def _own_page(claims: SessionClaims, license_ids: list[int], list_query: ListQuery) -> tuple[Page[int], BatchRead]:
    page = page_of(license_ids, str, list_query.after, list_query.before)
    seats = [(license_id, claims.user_id) for license_id in page.rows]
    return page, batch_reads.batch_read(claims, ReadRequest(licenses=page.rows, seats=seats))


def _opened(user: User, held: list[int], found: BatchRead) -> list[int]:
    """Those of a user's licenses that the password opens; `found` holds them, where they fit on a page."""
    if opens_all(user):
        return held
    known = found.licenses.values() if len(held) <= PAGE_SIZE else licenses.read_some(user.company, held)
    return sorted((license.id for license in known if opens(user, license)), reverse=True)


def own_devices(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> DevicesView:
    """The user's devices on a license with a seat of his. Raises `SessionExpired`, `Denied`: `license_not_found`."""
    part = batch_reads.license_with_devices(claims.company, license_id)
    found = batch_reads.batch_read(claims, ReadRequest(licenses=[license_id], seats=[(license_id, claims.user_id)]))
    base, seat = _owned(claims, found, license_id, now), part.seats.get(claims.user_id)
    own = [device for device in part.devices if device.user_id == claims.user_id]
    rows = [_device_row(device, base.license, seat, part.blocked) for device in own]
    return DevicesView(*_fields(base), _device_page(rows, list_query))


def own_device(claims: SessionClaims, license_id: int, key: str, *, now: Instant) -> DeviceView:
    """One of them. Raises as `own_devices`, and `device_not_found`."""
    hardware_hash, owner = _device_key(key)
    if owner != claims.user_id:
        raise Denied("device_not_found")
    wanted = ReadRequest(licenses=[license_id], seats=[(license_id, owner)], device=(license_id, hardware_hash, owner))
    found = batch_reads.batch_read(claims, wanted)
    return _device_view(_owned(claims, found, license_id, now), found, owner, [])


# --- who asks ---------------------------------------------------------------------------------------------------


def _authenticate(
    claims: SessionClaims, found: BatchRead, now: Instant, *, allow_initial_password: bool = False
) -> Principal:
    session, user, company = found.session, found.user, found.company
    if session is None or user is None or company is None or not is_open(session, user, now):
        raise SessionExpired
    observability.add_fields(company=user.company, user_id=user.id)
    if user.is_initial_password and not allow_initial_password:
        raise PasswordChangeRequired
    if now - session.seen_at >= TOUCH_MS:
        with suppress(ConditionFailed):  # ended in this very moment
            sessions.touch_session(claims.token, now)
    return Principal(claims, user, company, found.outcome)


def _managed(claims: SessionClaims, license: License | None, license_id: int, now: Instant) -> LicenseView:
    return _managed_with(claims, license, license_id, [], now)[0]


def _managed_with(
    claims: SessionClaims, license: License | None, license_id: int, users: list[int], now: Instant
) -> tuple[LicenseView, BatchRead]:
    wanted = ReadRequest(managed=license_id, licenses=[] if license else [license_id], users=users)
    found = batch_reads.batch_read(claims, wanted)
    return _guard_manager(claims, found, license_id, license, now), found


def _guard_manager(
    claims: SessionClaims, found: BatchRead, license_id: int, license: License | None, now: Instant
) -> LicenseView:
    """A license that the user manages; any other does not exist."""
    principal, license = _authenticate(claims, found, now), license or found.licenses.get(license_id)
    if not found.managed or license is None:
        raise Denied("license_not_found")
    observability.add_fields(license_id=license.id)
    return _license_view(principal, license, now)


def _owned(claims: SessionClaims, found: BatchRead, license_id: int, now: Instant) -> LicenseView:
    """A license on which the user has a seat, and that his password opens; any other does not exist."""
    principal, license = _authenticate(claims, found, now), found.licenses.get(license_id)
    if (license_id, claims.user_id) not in found.seats or license is None or not opens(principal.user, license):
        raise Denied("license_not_found")
    observability.add_fields(license_id=license.id)
    return _license_view(principal, license, now)


def _license_view(principal: Principal, license: License, now: Instant) -> LicenseView:
    product = known_product(license.company, license.product, now=now)
    name, prevent_vm = (license.product, False) if product is None else (product.name, product.prevent_vm)
    return LicenseView(principal, license, name, prevent_vm, status(license, now))


def _fields(base: LicenseView) -> tuple[Principal, License, str, bool, Status]:
    return base.principal, base.license, base.product, base.prevent_vm, base.status


# --- lists ------------------------------------------------------------------------------------------------------

_LAST = 2**63
_BY_FACT: dict[str, Callable[[LicenseSummary], Any]] = {
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


def _matches(sold: LicenseSummary, list_query: ListQuery) -> bool:
    if list_query.product and sold.product != list_query.product:
        return False
    texts = (sold.license_key, sold.product, sold.order_id, sold.customer, str(sold.license_id))
    return _hold(texts, list_query.search)


def _has_status(state: LicenseState, wanted: str, now: Instant) -> bool:
    return not wanted or status(state, now) == wanted


def _page(page: Page[Any], rows: list[Any]) -> Page[Any]:
    """The same page, of what the rows have become."""
    return Page(rows, page.first, page.total, page.before, page.after)


def _user_row(license: License, seat: Seat, user: User) -> UserRow:
    return UserRow(seat, user, seat.activations_in(license), *as_told(seat, user), opens(user, license))


def _device_row(device: Device, license: License, seat: Seat | None, blocked: Collection[str]) -> DeviceRow:
    hardware_hash = hash_hardware_id(device.hardware_id)
    key = hardware_hash if device.user_id is None else f"{hardware_hash}-{device.user_id}"
    state = "active" if is_live(device, license, seat) else "deactivated"
    if hardware_hash in blocked or hardware_hash in license.blacklist:
        state = "blacklisted"
    return DeviceRow(device, key, "" if seat is None else seat.email, state)


def _device_page(rows: list[DeviceRow], list_query: ListQuery) -> Page[DeviceRow]:
    found = [
        row
        for row in rows
        if (not list_query.status or row.state == list_query.status) and _names(row, list_query.search)
    ]
    found.sort(key=_DEVICES.get(list_query.sort, lambda row: (-row.device.last_check_at, row.key)))
    return page_of(found, lambda row: row.key, list_query.after, list_query.before)


def _names(row: DeviceRow, search: str) -> bool:
    device = row.device
    texts = (
        device.hostname or "",
        device.hardware_id,
        display_email(row.email),
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


def _device_view(base: LicenseView, found: BatchRead, owner: int | None, events: list[Event]) -> DeviceView:
    if found.device is None:
        raise Denied("device_not_found")
    seat = None if owner is None else found.seats.get((base.license.id, owner))
    blocked = {hash_hardware_id(found.device.hardware_id)} if found.blocked else set[str]()
    row = _device_row(found.device, base.license, seat, blocked)
    own = [event for event in events if _is_of(event, found.device, row.email)]
    return DeviceView(*_fields(base), row, found.variables, own, len(events) < MAX_DEVICE_EVENTS)


def _is_of(event: Event, device: Device, email: str) -> bool:
    """Whether an event is of a device. Older ones name its user by the e-mail alone, which may be another since."""
    if event.hardware_id != device.hardware_id:
        return False
    return event.user in (None, email) if event.user_id is None else event.user_id == device.user_id


def _device_key(key: str) -> tuple[str, int | None]:
    """Hardware hash and user of a device, from its name in an address. Raises `Denied`: `device_not_found`."""
    parts = _DEVICE_KEY.fullmatch(key)
    if parts is None:
        raise Denied("device_not_found")
    return parts[1], None if parts[2] is None else int(parts[2])


_DEVICE_KEY = re.compile(r"([0-9a-f]{24})(?:-([0-9]{1,16}))?")
