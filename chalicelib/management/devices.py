"""Management API: devices."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import Device
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.device_variables import VariableBody, variable_body
from chalicelib.management.models import Id, ListBody, ListQuery, QueryId, Sent, SentFlag, part_of_walk
from chalicelib.management.reach import its_device, listed_by_license
from chalicelib.usecases import devices, slots
from chalicelib.usecases.change_device import allow_device as allow
from chalicelib.usecases.change_device import blacklist_device as blacklist
from chalicelib.usecases.change_device import reset_device as reset
from chalicelib.usecases.devices import DeviceFilter, DeviceKey, WholeDevice
from chalicelib.web.freshness import Date

MAX_TEXT = 255


class DevicePath(Sent):
    """Which device."""

    device_id: Id


class DevicesQuery(ListQuery):
    """Which devices: all, or those of a license, or of a hardware id or host name, or of several of these."""

    order_by: Literal["id", "-id"] | None = None
    """Of all devices; others have the order in which they are filed."""

    license: QueryId | None = None
    hardware_id: Annotated[StrictStr, Field(max_length=MAX_TEXT)] | None = None
    hostname: Annotated[StrictStr, Field(max_length=MAX_TEXT)] | None = None
    """Large and small letters are alike. With a license, looked for among its devices."""
    blacklisted: SentFlag | None = None
    """Looked for among the others."""


class LicenseOfDevice(TypedDict):
    """The license that a device is on."""

    id: int
    license_key: str | None


class DeviceFacts(TypedDict):
    """What is known of a device, as an application has reported it last."""

    id: int
    device_variables: Sequence[VariableBody] | None
    """None in a list, of devices behind so many variables as an answer holds."""
    created_at: Date
    updated_at: Date
    """When it was activated or heard of last."""
    hardware_id: str
    time_activated: Date
    time_deactivated: None
    """Stands in its history."""
    validity_period: Date | None
    """That of its license."""
    device_active: bool
    type: Literal["desktop"]
    os: str | None
    sdk_build_version: str | None
    last_check: Date
    app_ver: str | None
    hostname: str | None
    ip: str | None
    external_ip: None
    mac_address: str | None
    is_vm: bool
    vm_info: str | None
    floating_last_seen: None
    """Stands in `last_check`."""
    floating_in_use: bool
    """Whether it holds a slot of a floating license."""
    blacklisted: bool
    legacy: bool
    """Whether it holds a place that waits to be adopted, as a device of another license system."""
    license_user: int | None
    """Whose it is, on a license of users."""


class DeviceBody(DeviceFacts):
    """A device."""

    license: LicenseOfDevice


class DeviceList(ListBody):
    """A page of devices."""

    results: list[DeviceBody]


class Message(TypedDict):
    """What was done."""

    message: str


@endpoint("GET", "/devices", writes=False, scope="devices:read", reach=listed_by_license)
def list_devices(query: DevicesQuery, caller: Caller) -> DeviceList:
    """The devices of the company by their ids; or those of a license, of a hardware id or host name."""
    wanted = DeviceFilter(
        query.license,
        query.hardware_id,
        query.hostname,
        query.blacklisted,
        caller.key.products,
        None if query.order_by is None else query.order_by.startswith("-"),
    )
    count: int | None = None

    def read(after: str, limit: int) -> tuple[list[DeviceKey], str]:
        nonlocal count
        found = devices.find_devices(caller.company, wanted, after, limit)
        count = found.count
        return found.keys, found.after

    keys, page = part_of_walk(read, query, caller, "devices")
    rows = devices.read_devices(caller.company, list(keys))
    return {
        **page,
        "count": page["count"] if count is None else count,
        "results": [device_body(row, caller.now) for row in rows],
    }


@endpoint("GET", "/devices/{device_id}", writes=False, scope="devices:read", reach=its_device)
def show_device(path: DevicePath, caller: Caller) -> DeviceBody:
    """One device."""
    return device_body(devices.find_device(caller.company, path.device_id), caller.now)


@endpoint("POST", "/devices/{device_id}/reset", writes=True, scope="devices:write", reach=its_device)
def reset_device(path: DevicePath, caller: Caller) -> Message:
    """End the activation of a device, so that another can be activated; that counts as no transfer."""

    def change() -> int:
        on, device = _found(path, caller)
        return reset(*on, caller.actor, user_id=device.user_id, now=caller.now)

    return caller.once(change, lambda _: Message(message="Device reset and license updated."))


@endpoint("POST", "/devices/{device_id}/floating_release", writes=True, scope="devices:write", reach=its_device)
def take_slot_back(path: DevicePath, caller: Caller) -> Message:
    """Free the slot of a floating license that a device holds; it stays active, and takes one again when it checks."""

    def change() -> int:
        on, device = _found(path, caller)
        return slots.take_slot_back(*on, caller.actor, user_id=device.user_id, now=caller.now)

    return caller.once(change, lambda _: Message(message="Floating license released."))


@endpoint("POST", "/devices/{device_id}/blacklist", writes=True, scope="devices:write", reach=its_device)
def blacklist_device(path: DevicePath, caller: Caller) -> Message:
    """Refuse the hardware id of a device on its license from now on, and end its activations there."""
    return caller.once(
        lambda: blacklist(*_found(path, caller)[0], caller.actor, now=caller.now),
        lambda _: Message(message="Device blacklisted."),
    )


@endpoint("POST", "/devices/{device_id}/allow", writes=True, scope="devices:write", reach=its_device)
def allow_device(path: DevicePath, caller: Caller) -> Message:
    """Let a device that was blacklisted be activated again."""
    return caller.once(
        lambda: allow(*_found(path, caller)[0], caller.actor, now=caller.now),
        lambda _: Message(message="Device allowed."),
    )


def device_facts(found: WholeDevice, now: Instant) -> DeviceFacts:
    """What is known of a device, without its license."""
    device, variables = found.device, found.variables
    return {
        "id": device.id,
        "device_variables": None if variables is None else [variable_body(one, device.id) for one in variables],
        "created_at": to_iso(device.first_activated_at),
        "updated_at": to_iso(max(device.activated_at, device.last_check_at)),
        "hardware_id": device.hardware_id,
        "time_activated": to_iso(device.activated_at),
        "time_deactivated": None,
        "validity_period": to_iso(found.license.validity_period),
        "device_active": found.is_live,
        "type": "desktop",
        "os": device.os_ver,
        "sdk_build_version": device.sdk_ver,
        "last_check": to_iso(device.last_check_at),
        "app_ver": device.app_ver,
        "hostname": device.hostname,
        "ip": device.ip,
        "external_ip": None,
        "mac_address": device.mac_address,
        "is_vm": bool(device.is_vm),
        "vm_info": device.vm_info,
        "floating_last_seen": None,
        "floating_in_use": found.slot_until(now) is not None,
        "blacklisted": found.is_blacklisted,
        "legacy": found.is_live and device.legacy,
        "license_user": device.user_id,
    }


def device_body(found: WholeDevice, now: Instant) -> DeviceBody:
    """A device as it is answered."""
    license: LicenseOfDevice = {"id": found.license.id, "license_key": found.license.license_key}
    return {**device_facts(found, now), "license": license}


def _found(path: DevicePath, caller: Caller) -> tuple[tuple[str, int, str], Device]:
    """What the use cases know a device by, and the device."""
    found = devices.find_device(caller.company, path.device_id)
    return (caller.company, found.license.id, found.device.hardware_id), found.device
