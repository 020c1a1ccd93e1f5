"""What a device's item is made of: its links, what its client reports, and when it is live."""

from dataclasses import fields

from chalicelib.domain.license import Device, DeviceReport, License, Seat, hash_hardware_id, hash_host_name
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.licenses import DeviceItem
from chalicelib.store.items.links import LookupItem, UserDeviceItem
from chalicelib.store.keys import (
    device_id_sort_key,
    device_sort_key,
    hardware_sort_key,
    host_sort_key,
    license_pk,
    user_device_sort_key,
)
from chalicelib.store.transactions import THERE_OR_NOT, Transaction


def link_device(
    write: Transaction,
    license: License,
    device_id: int,
    hardware_hash: str,
    user_id: int | None,
    host_name: str | None,
) -> None:
    """Add to a transaction that makes a device what leads to it: from its hardware id, its own id, its host name, and
    its user.

    An id that another device has fails the write.
    """
    link, item = LookupItem(license.company, hardware_sort_key(hardware_hash, license.id, user_id)), LookupItem
    none_or_same = item.target_id.does_not_exist() | (item.target_id == license.id)
    write.update(link, [item.target_id.set(license.id), item.product.set(license.product)], none_or_same)
    write.put(id_link(license, device_id, hardware_hash, user_id), item.pk.does_not_exist())
    if (by_name := host_link(license.company, license.id, host_name, hardware_hash, user_id)) is not None:
        write.put(by_name, THERE_OR_NOT)  # a repair may have filed it
    if user_id is not None:
        own = UserDeviceItem(license_pk(license.company, license.id), user_device_sort_key(user_id, hardware_hash))
        write.put(own, THERE_OR_NOT)  # a repair may have filed it


def id_link(license: License, device_id: int, hardware_hash: str, user_id: int | None) -> LookupItem:
    """The link from the id of a device to it, as it is filed."""
    device = device_sort_key(hardware_hash, user_id)
    return LookupItem(license.company, device_id_sort_key(device_id), target_id=license.id, device=device)


def host_link(
    company: str, license_id: int, host_name: str | None, hardware_hash: str, user_id: int | None
) -> LookupItem | None:
    """The link from the host name of a device to it, as it is filed. None where it has no name."""
    if not (host_name or "").strip():
        return None
    part = host_sort_key(hash_host_name(host_name or ""), license_id, hardware_hash, user_id)
    return LookupItem(company, part, target_id=license_id)


def renames(device: Device, report: DeviceReport) -> bool:
    """Whether a client reports another host name than the one by which its device is found."""
    return report.hostname is not None and hash_host_name(report.hostname) != hash_host_name(device.hostname or "")


def move_host_link(write: Transaction, license: License, device: Device, report: DeviceReport) -> None:
    """Let a transaction that writes what a client reports, if `is_named_as` holds, file the device under its name."""
    if not renames(device, report):
        return
    of_device = hash_hardware_id(device.hardware_id), device.user_id
    if (old := host_link(license.company, license.id, device.hostname, *of_device)) is not None:
        write.delete(old, THERE_OR_NOT)  # an older process has filed none
    if (new := host_link(license.company, license.id, report.hostname, *of_device)) is not None:
        write.put(new, THERE_OR_NOT)


def is_named_as(device: Device, report: DeviceReport) -> Condition:
    """That a device has the host name that was read, where its client reports one: each knows which link it moves."""
    if report.hostname is None:
        there: Condition = DeviceItem.pk.exists()
        return there
    return DeviceItem.unchanged(device, DeviceItem.hostname)


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
