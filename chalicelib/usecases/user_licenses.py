"""The licenses of a product that a user may use."""

from chalicelib.domain.instants import Instant
from chalicelib.domain.places import Place
from chalicelib.store import accounts, places
from chalicelib.usecases.catalogue import find_product
from chalicelib.usecases.log_in import log_in


def user_licenses(company: str, product: str, email: str, password: str, *, now: Instant) -> list[Place]:
    """Newest first. Raises `Refused`: `invalid_credentials`, `unknown_product`, …"""
    found = find_product(company, product, now=now)
    user = log_in(company, email, password, now=now)
    ids = accounts.licenses_of_user(company, user.id, found.code)
    held = places.read_places(company, [(license_id, user.id) for license_id in ids], None, consistent=True)
    return [place for place in held if place.license is not None and place.seat is not None]
