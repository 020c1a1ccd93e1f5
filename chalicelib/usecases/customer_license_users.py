"""Who uses what a customer has bought of a product: page by page, or all of it."""

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace

from chalicelib.domain.catalog import Order, Product
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Denied, Invalid, NotFound, Unavailable
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.paging import cut
from chalicelib.domain.users import User
from chalicelib.store import accounts, batch_reads, licenses
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.cursors import from_cursor, to_cursor
from chalicelib.usecases.retry import MAX_ATTEMPTS

MAX_LIMIT = 100
"""Rows of a page."""
MAX_LICENSES = 25
"""Licenses whose users are read for one page: where they have few users, the page is short, and not the last."""
MAX_LOOKED_AT = 5_000
"""Licenses of the customer, of whatever product, among which those of one are looked for: one read."""

Row = tuple[License, Order | None, Seat, User]
"""A seat on one of the customer's licenses."""


@dataclass(frozen=True, slots=True)
class _List:
    """The seats on a customer's licenses of a product."""

    product: Product
    customer: str

    @property
    def scope(self) -> tuple[str, ...]:
        """What its cursors are good for."""
        return ("customer_license_users", self.product.company, self.product.code, self.customer)


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a page begins: at a license, behind one of its users; 0: with all of them.

    `order_id`: the license's, where it begins behind a user, for processes of before its link named it.
    """

    license_id: int
    user_id: int
    order_id: str


def customer_license_users(company: str, product: str, customer: str, *, now: Instant) -> tuple[Product, Iterator[Row]]:
    """The product, and every seat on the customer's licenses of it, oldest license first, read in pages as they are
    taken. Raises `NotFound`: `customer_not_found`, …
    """
    listed = _find_list(company, product, customer, now)
    return listed.product, _rows(listed, *_page(listed, None, MAX_LIMIT))


def page_of_license_users(
    company: str, product: str, customer: str, cursor: str, limit: int, *, now: Instant
) -> tuple[Product, list[Row], str]:
    """The product, at most `limit` of them, and the cursor to go on from; empty: there are no more.

    Three reads, however many licenses of other products the customer has, and one for each further license whose users
    are on the page. Raises as `customer_license_users`, and `cursor_invalid`.
    """
    listed = _find_list(company, product, customer, now)
    given = from_cursor(listed.scope, cursor)
    rows, further = _page(listed, _Position(*json.loads(given)) if given else None, limit)
    position = "" if further is None else json.dumps(astuple(further), ensure_ascii=False)  # a third of the length
    return listed.product, rows, to_cursor(listed.scope, position)


def _find_list(company: str, product: str, customer: str, now: Instant) -> _List:
    found = find_product(company, product, now=now)
    if found.authorization_method != "user":
        raise Denied("invalid_product_auth_method")
    try:
        return _List(found, known_email(customer))
    except Invalid:
        raise Invalid("email_malformed", field="customer") from None


def _rows(listed: _List, rows: list[Row], further: _Position | None) -> Iterator[Row]:
    yield from rows
    while further is not None:
        rows, further = _page(listed, further, MAX_LIMIT)
        yield from rows


def _page(listed: _List, start: _Position | None, limit: int) -> tuple[list[Row], _Position | None]:
    company = listed.product.company
    order_ids, behind_all = _next_licenses(listed, start)
    seats, further = list[tuple[int, Seat]](), behind_all
    last = next(reversed(order_ids), None)
    for license_id in order_ids:
        behind = start.user_id if start is not None and start.license_id == license_id and start.user_id else None
        room = limit - len(seats)
        read, is_cut = cut(licenses.seats(company, license_id, after=behind, limit=room + 1), room)
        seats += [(license_id, seat) for seat in read]
        further = behind_all if license_id == last else _Position(license_id + 1, 0, "")
        if is_cut:
            further = _Position(license_id, seats[-1][1].user_id, "")
        if len(seats) >= limit:
            break
    rows = _with_people(listed, seats, order_ids)
    if further is None or not further.user_id:
        return rows, further
    inside = (license.order_id for license, *_ in rows if license.id == further.license_id)
    return rows, replace(further, order_id=next(inside, None) or "")


def _next_licenses(listed: _List, start: _Position | None) -> tuple[dict[int, str | None], _Position | None]:
    """The next licenses of the product, at most `MAX_LICENSES`, each with the order that its link names, and where to
    look for further ones; None: there are no more. One read. Raises `NotFound`: `customer_not_found`.
    """
    company, before = listed.product.company, None if start is None else start.license_id - 1
    sold = accounts.licenses_of_customer(company, listed.customer, after=before, limit=MAX_LOOKED_AT)
    if not sold and start is None:
        raise NotFound("customer_not_found")
    bought = [one for one in sold if one.product == listed.product.code]
    order_ids = {one.license_id: one.order_id for one in bought[:MAX_LICENSES]}
    if len(bought) > MAX_LICENSES:
        return order_ids, _Position(bought[MAX_LICENSES].license_id, 0, "")
    return order_ids, _Position(sold[-1].license_id + 1, 0, "") if len(sold) == MAX_LOOKED_AT else None


def _with_people(listed: _List, seats: list[tuple[int, Seat]], order_ids: dict[int, str | None]) -> list[Row]:
    """The seats with all else, licenses and orders as they stood at one instant; with one read more where a license is
    in another order than `order_ids` has: links of older code name none, and it may have got another name since.

    A license that is another customer's by then is left out. Raises `Unavailable`.
    """
    company, ids, users = listed.product.company, {id for id, _ in seats}, {seat.user_id for _, seat in seats}
    known = {order_id for id in ids if (order_id := order_ids[id])}
    for _ in range(MAX_ATTEMPTS):
        read = batch_reads.read_people(company, users, known, ids)
        own = {id: one for id, one in read.licenses.items() if one.customer == listed.customer}
        sold_in = {one.order_id for one in own.values() if one.order_id}
        if sold_in <= known:
            return [
                (own[id], read.orders.get(own[id].order_id or ""), seat, read.users[seat.user_id])
                for id, seat in seats
                if id in own and seat.user_id in read.users
            ]
        known = sold_in
    raise Unavailable("too_many_rivals")
