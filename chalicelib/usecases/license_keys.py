"""License keys for a vendor's shop, before anything is sold."""

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import Instant
from chalicelib.domain.keys import least_length, new_key_of, new_license_key
from chalicelib.usecases.catalog import find_product


def generate_keys(
    company: str, product: str, quantity: int, shape: tuple[int, str] | None = None, *, now: Instant
) -> list[str]:
    """Make keys for licenses of a product: ours, or each of so many of these letters and digits (`shape`).

    None is kept: with 80 random bits each, and ours with 120, nobody has one of them.

    Raises `unknown_product`, …; `Invalid`: `product_has_no_keys`, and where they could be guessed.
    """
    if shape is not None and shape[0] < (least := least_length(shape[1])):
        raise Invalid("number_too_small", field="key_length", least=least)
    if find_product(company, product, now=now).authorization_method != "license-key":
        raise Invalid("product_has_no_keys", field="product")
    return [new_license_key() if shape is None else new_key_of(*shape) for _ in range(quantity)]
