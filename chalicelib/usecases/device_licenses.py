"""The licenses on which a device is active, found by its hardware id alone."""

from chalicelib.domain.catalogue import Product
from chalicelib.domain.instants import Instant
from chalicelib.domain.places import Place
from chalicelib.store import accounts, places
from chalicelib.usecases.catalogue import find_product, known_product
from chalicelib.usecases.identify import holds

MAX_LICENSES = 100
"""Of those that have seen a device, the newest that are looked at."""


def device_licenses(
    company: str, hardware_id: str, product: str | None, only: frozenset[str], *, now: Instant
) -> list[tuple[Place, Product]]:
    """Newest first, of one product or all; `only` of some products, where any are named. Raises `Refused`."""
    if product is not None:
        only = frozenset({find_product(company, product, now=now).code})
    found = []
    seen_by = accounts.seen_by_hardware(company, hardware_id, MAX_LICENSES)
    for place in places.read_places(company, seen_by, hardware_id, consistent=True):
        if place.license is None or not holds(place):
            continue
        known = known_product(company, place.license.product, now=now)
        if known is not None and (not only or known.code in only):
            found.append((place, known))
    return found
