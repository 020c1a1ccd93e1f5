"""The licenses that a name leads to, by their ids: lists as they are filed. Consistent, read in pages."""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice

from chalicelib.domain.license import hash_hardware_id, hash_host_name
from chalicelib.store import reads
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    company_license_sort_key,
    customer_license_sort_key,
    hardware_sort_key,
    host_sort_key,
    manager_license_sort_key,
    order_license_sort_key,
    product_license_sort_key,
    user_license_sort_key,
)

_MORE = 1000
"""Links that are read at once where several are of one license."""
_LAST = "~"
"""Sorts behind all that stands behind a license's id."""


def seen_by_hardware(
    company: str, hardware_id: str, limit: int, *, after: tuple[int, int | None] | None = None
) -> list[tuple[int, int | None]]:
    """The licenses that have seen a hardware id, each with the user there, the newest `limit` first, consistently.

    `after`: the license and the user to go on behind.
    """
    hardware_hash = hash_hardware_id(hardware_id)
    behind = None if after is None else hardware_sort_key(hardware_hash, *after)
    links = reads.query(
        LookupItem, company, hardware_sort_key(hardware_hash), backwards=True, limit=limit, after=behind
    )
    ends = (link.sort_key.split("#")[2:] for link in links)
    return [(int(license_id), int(user_id) if user_id else None) for license_id, user_id in ends]


def seen_by_host_name(
    company: str, host_name: str, limit: int, *, after: tuple[int, str, int | None] | None = None
) -> list[tuple[int, str, int | None]]:
    """The devices with a host name: the license, the hash of the hardware id and the user of each, as
    `seen_by_hardware` orders them. Consistent.
    """
    host_hash = hash_host_name(host_name)
    prefix, behind = host_sort_key(host_hash), None if after is None else host_sort_key(host_hash, *after)
    links = reads.query(LookupItem, company, prefix, backwards=True, limit=limit, after=behind)
    ends = (link.sort_key.split("#")[2:] for link in links)
    return [(int(license_id), hardware, int(user_id) if user_id else None) for license_id, hardware, user_id in ends]


class Filed:
    """The licenses that are filed under one name of a company, in the order of their ids."""

    def __init__(self, company: str, prefix: str) -> None:
        self._company, self._prefix = company, prefix

    def ids(self, after: int | None, limit: int, *, backwards: bool = False) -> Iterator[int]:
        """At most `limit` of them, with greater ids than `after`, or `backwards` with smaller ones.

        One that is filed several times, as a device of several users is, comes once.
        """
        left = size = limit
        while left > 0:
            behind = None if after is None else f"{self._prefix}{after:016d}" + ("" if backwards else _LAST)
            where = (LookupItem, self._company, self._prefix)
            raws = reads.query_raw(*where, backwards=backwards, limit=size, after=behind)
            parts = [raw["part"]["S"].removeprefix(self._prefix) for raw in raws]
            found = list(dict.fromkeys(int(part.partition("#")[0]) for part in parts))[:left]
            yield from found
            if len(parts) < size:
                return
            after, left, size = found[-1], left - len(found), _MORE

    def among(self, license_ids: list[int]) -> set[int]:
        """Those of these licenses, at most a hundred, that are filed here. Consistent, one round trip."""
        links = [LookupItem(self._company, f"{self._prefix}{id:016d}") for id in license_ids]
        found = reads.batch_get_raw(links, consistent=True) if links else []
        return {id for id, raw in zip(license_ids, found, strict=True) if raw is not None}


def of_company(company: str) -> Filed:
    """All of them."""
    return Filed(company, company_license_sort_key())


def of_product(company: str, code: str) -> Filed:
    """Of a product. Those that older code has issued are filed by `audit --repair`."""
    return Filed(company, product_license_sort_key(code))


def ids_of_products(
    company: str, codes: Iterable[str], after: int | None, limit: int, *, backwards: bool = False
) -> Iterator[int]:
    """As `Filed.ids`, of several products together: a read or two for each of them."""
    each = (of_product(company, code).ids(after, limit, backwards=backwards) for code in sorted(codes))
    return islice(merge(*each, reverse=backwards), limit)


def of_order(company: str, order_id: str) -> Filed:
    """Sold in an order."""
    return Filed(company, order_license_sort_key(order_id))


def of_customer(company: str, email: str) -> Filed:
    """Sold to a customer."""
    return Filed(company, customer_license_sort_key(email))


def of_user(company: str, user_id: int) -> Filed:
    """On which a user has a seat."""
    return Filed(company, user_license_sort_key(user_id))


def of_manager(company: str, user_id: int) -> Filed:
    """Which a user manages."""
    return Filed(company, manager_license_sort_key(user_id))


def of_host_name(company: str, host_name: str) -> Filed:
    """That have a device with a host name. What older code has activated is filed by `audit --repair`."""
    return Filed(company, host_sort_key(hash_host_name(host_name)))


def of_hardware(company: str, hardware_id: str) -> Filed:
    """That have seen a hardware id."""
    return Filed(company, hardware_sort_key(hash_hardware_id(hardware_id)))
