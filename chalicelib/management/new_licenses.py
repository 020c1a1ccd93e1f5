"""Management API: licenses that are made one by one, and keys for those that are to be."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_checks import QueryText
from chalicelib.management.models import Sent, sent_number
from chalicelib.management.reach import by, own_product_code
from chalicelib.usecases.license_keys import generate_keys

MAX_KEYS = 100


class KeysQuery(Sent):
    """For which product, and how many."""

    product: QueryText
    """Its short code."""
    quantity: Annotated[int, BeforeValidator(sent_number), Field(ge=1, le=MAX_KEYS)] = 1


@endpoint("GET", "/orders/generate_license", writes=False, scope="orders:write", reach=by("product", own_product_code))
def generate_license(query: KeysQuery, caller: Caller) -> list[str]:
    """Keys that nobody has, for `orders/create_order`; none is kept, or sold, by this."""
    return generate_keys(caller.company, query.product, query.quantity, now=caller.now)
