"""What a license user sees: the licenses that he may use, and his devices on one of them."""

from dataclasses import dataclass

from chalicelib.domain.access import opens
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, Seat, license_title
from chalicelib.domain.paging import Page, Rows, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.standing import Standing
from chalicelib.store import accounts, activations, batch_reads
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.portal_queries.devices import (
    DeviceRow,
    DevicesView,
    device_key,
    device_page,
    device_rows,
    with_seats,
)
from chalicelib.usecases.portal_queries.listing import ListQuery, list_page, page_with
from chalicelib.usecases.portal_queries.principal import (
    LicenseView,
    Principal,
    authenticate,
    fields,
    guard_seat,
    standing_of,
)

AT_ONCE = 45
"""Licenses that fit into one BatchGet with their seats, and with who asks."""


@dataclass(frozen=True, slots=True)
class SeatRow:
    """An own license in a list."""

    license: License
    seat: Seat
    product: str
    standing: Standing

    @property
    def title(self) -> str:
        """What people call it."""
        return license_title(self.product, self.license)


@dataclass(frozen=True, slots=True)
class SeatsView:
    """The licenses that a user may use."""

    principal: Principal
    page: Page[SeatRow]


@dataclass(frozen=True, slots=True)
class _Held:
    """What a link from a user to a license leads to."""

    license_id: int
    license: License | None
    seat: Seat | None


def own_licenses(claims: SessionClaims, list_query: ListQuery, *, now: Instant) -> SeatsView:
    """A page of the licenses on which the user has a seat, newest first, if the password opens them.

    Two reads; more where the password opens few of many: what it does not open is neither shown nor counted.
    Raises `session_expired`.
    """
    principals: list[Principal] = []

    def read(after: str, backwards: bool, limit: int) -> tuple[list[_Held], bool]:
        position = int(after) if after else None
        held = accounts.held_license_ids(
            claims.company, claims.user_id, after=position, newest_first=not backwards, limit=limit + 1
        )
        ids, more = cut(held, limit)
        seats = [(license_id, claims.user_id) for license_id in ids]
        found = batch_reads.batch_read(claims, ReadRequest(licenses=ids, seats=seats), now)
        principals.append(authenticate(claims, found, now))
        return [_Held(id, found.licenses.get(id), found.seats.get((id, claims.user_id))) for id in ids], more

    def keep(rows: list[_Held]) -> list[_Held]:
        user = principals[-1].user
        return [row for row in rows if row.license is not None and row.seat is not None and opens(user, row.license)]

    page = list_page(Rows(read, lambda row: str(row.license_id), AT_ONCE, AT_ONCE), list_query, keep)
    rows = [
        _seat_row(row.license, row.seat, now) for row in page.rows if row.license is not None and row.seat is not None
    ]
    return SeatsView(principals[-1], page_with(page, rows))


def own_devices(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> DevicesView:
    """A page of the user's devices on a license with a seat of his.

    Two reads; one more where devices are blacklisted, one of a floating license, and more on a license whose devices
    are not linked to their users: then all are looked through. Raises `session_expired`, `license_not_found`.
    """
    views: list[LicenseView] = []

    def read(after: str, backwards: bool, limit: int) -> tuple[list[DeviceRow], bool]:
        position = device_key(after)[0] if after else None
        linked = activations.user_devices(
            claims.company, license_id, claims.user_id, after=position, backwards=backwards, limit=limit + 1
        )
        hashes, more = cut(linked, limit)
        seat = (license_id, claims.user_id)
        found = batch_reads.batch_read(
            claims, ReadRequest(licenses=[license_id], seats=[seat], user_devices=(*seat, hashes)), now
        )
        views.append(guard_seat(claims, found, license_id, now))
        license, all_of_list = views[-1].license, not (after or more)
        rows = device_rows(with_seats(found.devices.get(license_id, []), license, found), now)
        held = found.seats[seat].activations_in(license)
        if found.all_linked and not (all_of_list and sum(row.is_live for row in rows) < held):
            return rows, more
        return device_rows(with_seats(_all_devices(claims, license_id), license, found), now), False

    page = device_page(read, list_query)
    return DevicesView(*fields(views[-1]), page)


def _seat_row(license: License, seat: Seat, now: Instant) -> SeatRow:
    product = known_product(license.company, license.product, now=now)
    name = license.product if product is None else product.name
    return SeatRow(license, seat, name, standing_of(license, product, now))


def _all_devices(claims: SessionClaims, license_id: int) -> list[Device]:
    """The user's devices, looked for among all of the license: as older code has left them, without links."""
    known = activations.devices(claims.company, license_id)
    return [device for device in known if device.user_id == claims.user_id]
