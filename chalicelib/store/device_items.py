"""What a device's item is made of: its links, what its client reports, and when it is live."""

from dataclasses import fields

from chalicelib.domain.license import DeviceReport, License, Seat
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.licenses import DeviceItem
from chalicelib.store.items.links import LookupItem, UserDeviceItem
from chalicelib.store.keys import (
    device_id_sort_key,
    device_sort_key,
    hardware_sort_key,
    license_pk,
    user_device_sort_key,
)
from chalicelib.store.transactions import Transaction


def link_device(write: Transaction, license: License, device_id: int, hardware_hash: str, user_id: int | None) -> None:
    """Add to a transaction that makes a device what leads to it: from its hardware id, its own id, and its user.

    An id that another device has fails the write.
    """
    link, item = LookupItem(license.company, hardware_sort_key(hardware_hash, license.id, user_id)), LookupItem
    none_or_same = item.target_id.does_not_exist() | (item.target_id == license.id)
    write.update(link, [item.target_id.set(license.id), item.product.set(license.product)], none_or_same)
    write.put(id_link(license, device_id, hardware_hash, user_id), item.pk.does_not_exist())
    if user_id is not None:
        own = UserDeviceItem(license_pk(license.company, license.id), user_device_sort_key(user_id, hardware_hash))
        write.put(own, UserDeviceItem.pk.does_not_exist() | UserDeviceItem.pk.exists())  # a repair may have filed it


def id_link(license: License, device_id: int, hardware_hash: str, user_id: int | None) -> LookupItem:
    """The link from the id of a device to it, as it is filed."""
    device = device_sort_key(hardware_hash, user_id)
    return LookupItem(license.company, device_id_sort_key(device_id), target_id=license.id, device=device)


def leads_nowhere_else(link: LookupItem) -> Condition:
    """That a link is not there, or is as this one: of two devices of older code with one id, one has it."""
    same = (LookupItem.target_id == link.target_id) & (LookupItem.device == link.device)
    return LookupItem.target_id.does_not_exist() | same


def reported(report: DeviceReport) -> list[Action]:
    """What a client says of its device, as far as it says anything."""
    given = {f.name: getattr(report, f.name) for f in fields(report) if f.name != "hardware_id"}
    return [getattr(DeviceItem, name).set(value) for name, value in given.items() if value is not None]


def is_live(license: License, seat: Seat | None) -> Condition:
    """That a device is live in the epochs that were read (`domain.license.is_live`)."""
    live: Condition = (DeviceItem.active == True) & (DeviceItem.epoch == license.epoch)  # noqa: E712 - an expression
    if seat is not None:
        live &= DeviceItem.seat_epoch == seat.epoch
    return live
