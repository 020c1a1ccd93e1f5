"""Who uses what a customer has bought of a product."""

from collections.abc import Iterator

from chalicelib.domain.catalogue import Order, Product
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Denied, Invalid, NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User
from chalicelib.store import accounts, licenses, orders
from chalicelib.usecases.catalogue import find_product


def customer_license_users(
    company: str, product: str, customer: str, *, now: Instant
) -> tuple[Product, Iterator[tuple[License, Order | None, Seat, User]]]:
    """The product, and every seat on the customer's licenses of it. Raises `NotFound`: `customer_not_found`, …"""
    found = find_product(company, product, now=now)
    if found.authorization_method != "user":
        raise Denied("invalid_product_auth_method")
    try:
        email = known_email(customer)
    except Invalid:
        raise Invalid("validation_error", "customer: this is not an e-mail address.") from None
    ids = list(accounts.licenses_of_customer(company, email, found.code))
    if not ids and not accounts.is_customer(company, email):
        raise NotFound("customer_not_found")
    return found, _seats(company, ids)


def _seats(company: str, ids: list[int]) -> Iterator[tuple[License, Order | None, Seat, User]]:
    order: Order | None = None
    for license_id in ids:
        license = licenses.read_license(company, license_id)
        seats = list(licenses.seats(company, license_id))
        users = accounts.read_users(company, [seat.user_id for seat in seats])
        if license is not None and (order is None or order.id != license.order_id):
            order = orders.read_order(company, license.order_id or "")
        for seat in seats:
            if license is not None and seat.user_id in users:
                yield license, order, seat, users[seat.user_id]
