"""The licenses on which a device is active, found by its hardware id alone."""

from dataclasses import replace

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.instants import Instant
from chalicelib.store import activations, license_lists
from chalicelib.usecases.catalog import find_product, known_product
from chalicelib.usecases.license_lookup import holds
from chalicelib.usecases.meters import with_meter
from chalicelib.usecases.slots import with_slots_in_use

MAX_LICENSES = 100
"""Of those that have seen a device, the newest that are looked at."""


def device_licenses(
    company: str, hardware_id: str, product: str | None, only: frozenset[str], *, now: Instant
) -> list[Snapshot]:
    """Newest first, of one product or all; `only` of some products, where any are named.

    One read, one for each 20 licenses that have seen the device, and those of `with_slots_in_use` and
    `with_meter`. Raises `SeatkeeperError`.
    """
    if product is not None:
        only = frozenset({find_product(company, product, now=now).code})
    found = []
    seen_by = license_lists.seen_by_hardware(company, hardware_id, MAX_LICENSES)
    for snapshot in activations.read_snapshots(
        company, seen_by, hardware_id, consistent=True, blocks=False, extras=True
    ):
        if snapshot.license is None or not holds(snapshot):
            continue
        known = known_product(company, snapshot.license.product, now=now)
        if known is not None and (not only or known.code in only):
            found.append(with_meter(with_slots_in_use(replace(snapshot, product=known), now), now))
    return found
