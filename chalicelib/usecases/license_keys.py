"""License keys for a vendor's shop, before anything is sold."""

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import Instant
from chalicelib.domain.keys import new_license_key
from chalicelib.usecases.catalog import find_product


def generate_keys(company: str, product: str, quantity: int, *, now: Instant) -> list[str]:
    """Make keys for licenses of a product. None is kept: with 120 random bits each, nobody has one of them.

    Raises `unknown_product`, …; `Invalid`: `product_has_no_keys`.
    """
    if find_product(company, product, now=now).authorization_method != "license-key":
        raise Invalid("product_has_no_keys", field="product")
    return [new_license_key() for _ in range(quantity)]
