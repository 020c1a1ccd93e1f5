"""Licenses that are deleted: first the license itself, with what lists it, in one transaction; then, in steps, all that
it had. Its history and the link from its key stay: nobody is ever sold that key again.

Whatever gives a seat, activates a device or begins a batch requires the license in its own transaction. So nothing
comes to what the steps find, and a step that was cut short is done by whoever goes on.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import Sales
from chalicelib.domain.events import Event
from chalicelib.domain.license import DeletedLicense, License
from chalicelib.store import batches, reads, scheduled_updates, writes
from chalicelib.store.counts import put_count
from chalicelib.store.customers import put_unsold
from chalicelib.store.device_items import host_link
from chalicelib.store.due import adoption_entry, as_filed, filed, notice_entry
from chalicelib.store.items.accounts import DeletedLicenseItem
from chalicelib.store.items.events import RefusalItem, event_item
from chalicelib.store.items.kinds import KINDS
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SeatItem, VariablesItem
from chalicelib.store.items.links import LookupItem, UserDeviceItem
from chalicelib.store.keys import (
    LICENSE,
    company_license_sort_key,
    customer_license_sort_key,
    deleted_license_sort_key,
    device_id_sort_key,
    device_prefix,
    event_sort_key,
    hardware_sort_key,
    license_pk,
    product_license_sort_key,
    refusal_sort_key,
    refusals_pk,
    seat_sort_key,
    user_device_sort_key,
    user_license_sort_key,
    variables_sort_key,
)
from chalicelib.store.orders import take_out
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

T = TypeVar("T")

SEATS_AT_ONCE = 45
DEVICES_AT_ONCE = 16
"""In one transaction of a hundred items: a seat is two, a device six."""
_KEPT = (LICENSE, event_sort_key())


def read(company: str, license_id: int) -> DeletedLicense | None:
    """What stays known of a license that was deleted. Consistent."""
    item = reads.get(DeletedLicenseItem(company, deleted_license_sort_key(license_id)))
    return None if item is None else item.to_domain()


def read_all(
    company: str, *, after: int | None = None, backwards: bool = False, limit: int | None = None
) -> Iterator[DeletedLicense]:
    """Of all that were deleted, oldest license first or `backwards`, behind the id `after`, at most `limit`.

    Consistent, read in pages.
    """
    prefix, behind = deleted_license_sort_key(), None if after is None else deleted_license_sort_key(after)
    return reads.query_readable(DeletedLicenseItem, company, prefix, backwards=backwards, after=behind, limit=limit)


def delete(license: License, deleted: DeletedLicense, order: Order | None, sales: Sales | None, event: Event) -> None:
    """Delete a license with what lists it; what it had is left to `clear`.

    `sales`: of its customer, None where there is none or no record. Raises `ConditionFailed` where its terms, its
    order's managers or its customer have changed since they were read.
    """
    company, id, pk = license.company, license.id, license_pk(license.company, license.id)
    write = Transaction(event_item(pk, event))
    unchanged = LicenseItem.unchanged(license, LicenseItem.revision, LicenseItem.adopt_until)
    write.delete(LicenseItem(pk, LICENSE), unchanged & as_filed(license))
    put = DeletedLicenseItem.of(deleted, company, deleted_license_sort_key(id))
    write.put(put, DeletedLicenseItem.pk.does_not_exist())
    lists = [company_license_sort_key(id), product_license_sort_key(license.product, id)]
    if license.customer is not None:
        lists.append(customer_license_sort_key(license.customer, id))
        put_unsold(write, company, license.customer, sales)
    _delete_all(write, (LookupItem(company, part) for part in lists))
    _delete_all(write, filter(None, (filed(license), notice_entry(license), adoption_entry(license))))
    if order is not None:
        take_out(write, order, id)
    put_count(write, "licenses", company, company_license_sort_key(id), -1)
    write.commit()


def clear(company: str, license_id: int) -> Iterator[int]:
    """Delete all that a deleted license had, but its history; how many items, step by step. Raises `Unavailable`."""
    pk = license_pk(company, license_id)
    yield from batches.forget_all(company, license_id)  # their steps give seats, and ask for no license
    if updates := list(scheduled_updates.items_of(scheduled_updates.read_of_license(company, license_id))):
        yield _delete_together(updates)
    for seats in _some(reads.query(SeatItem, pk, seat_sort_key()), SEATS_AT_ONCE):
        links = [LookupItem(company, user_license_sort_key(seat.user_id, license_id)) for seat in seats]
        yield _delete_together([*(SeatItem(pk, seat.sort_key) for seat in seats), *links])
    for devices in _some(reads.query(DeviceItem, pk, device_prefix()), DEVICES_AT_ONCE):
        yield _delete_together(_with_devices(company, license_id, devices))
    for prefix in dict.fromkeys(kind.prefix for kind in KINDS if kind.is_of_license and kind.prefix not in _KEPT):
        yield from writes.delete_all(LicenseItem(pk, part) for part in reads.sort_keys(LicenseItem, pk, prefix))
    refused = reads.sort_keys(RefusalItem, refusals_pk(company), refusal_sort_key(license_id))
    yield from writes.delete_all(RefusalItem(refusals_pk(company), part) for part in refused)


def end(company: str, license_id: int) -> None:
    """Note that all is gone. Raises `ConditionFailed` where nobody knows of it any more."""
    item = DeletedLicenseItem(company, deleted_license_sort_key(license_id))
    writes.update(item, [DeletedLicenseItem.is_cleared.set(True)], DeletedLicenseItem.pk.exists())


def _with_devices(company: str, license_id: int, devices: list[DeviceItem]) -> list[AnyItem]:
    """Devices, and all that goes with each. Of two of older code that have one id, one has its link."""
    gone = list[AnyItem]()
    for item in devices:
        _, hardware_hash, user = item.sort_key.split("#")
        user_id = int(user) if user else None
        gone.append(DeviceItem(item.pk, item.sort_key))
        gone.append(LookupItem(company, hardware_sort_key(hardware_hash, license_id, user_id)))
        gone.append(VariablesItem(item.pk, variables_sort_key(hardware_hash, user_id)))
        if (by_name := host_link(company, license_id, item.hostname, hardware_hash, user_id)) is not None:
            gone.append(by_name)
        if user_id is not None:
            gone.append(UserDeviceItem(item.pk, user_device_sort_key(user_id, hardware_hash)))
    by_id = reads.batch_get([LookupItem(company, device_id_sort_key(item.id)) for item in devices], consistent=True)
    parts = {item.sort_key for item in devices}
    return gone + [link for link in by_id if link and link.target_id == license_id and link.device in parts]


def _delete_together(items: list[AnyItem]) -> int:
    write = Transaction(None)
    _delete_all(write, items)
    write.commit()
    return len(items)


def _delete_all(write: Transaction, items: Iterable[AnyItem]) -> None:
    for item in items:
        write.delete(item, THERE_OR_NOT)


def _some(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while few := list(islice(items, size)):
        yield few
