"""Devices as a vendor's server and operators find them: by id, on a license, by hardware id."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.license import Device, License, hash_hardware_id, hash_host_name
from chalicelib.domain.paging import cut, search
from chalicelib.store import activations, license_lists, licenses
from chalicelib.store import devices as stored
from chalicelib.store.devices import DeviceKey, WholeDevice, device_before, key_of, key_of_device

__all__ = [
    "DeviceFilter",
    "DeviceKey",
    "DevicePage",
    "WholeDevice",
    "find_device",
    "find_devices",
    "license_of_device",
    "license_of_variable",
    "read_devices",
]


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices: on a license, or of a hardware id or host name, or several of these."""

    license_id: int | None = None
    hardware_id: str | None = None
    hostname: str | None = None
    """Large and small letters are alike. Looked for among the devices of the license, where one is named."""
    is_blacklisted: bool | None = None
    """Looked for there, too; None: whether they are or not."""


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Part of a list of devices."""

    keys: list[DeviceKey]
    """Where they lie: `read_devices` reads them."""
    after: str
    """To go on behind; empty where there are no more."""
    count: int | None
    """Of all that there are; None where nobody counts."""


def find_device(company: str, device_id: int) -> WholeDevice:
    """One device by its id, in two reads. Raises `NotFound`: `device_not_found`, also of another company's id."""
    key = key_of_device(company, device_id)
    found = [] if key is None else read_devices(company, [key])
    if not found or found[0].device.id != device_id:
        raise NotFound("device_not_found", of="id")
    return found[0]


def license_of_device(company: str, device_id: int) -> int | None:
    """The license that a device is on; None where there is no such device."""
    key = key_of_device(company, device_id)
    return None if key is None else key.license_id


def license_of_variable(company: str, variable_id: int) -> int | None:
    """The license of the device that would have the variable with this id; None where there is none."""
    found = device_before(company, variable_id)
    return None if found is None else found[1].license_id


def find_devices(company: str, wanted: DeviceFilter, after: str, limit: int) -> DevicePage:
    """At most `limit` devices behind the position `after`: of a license by their hash, else the newest license first.

    Raises `Invalid`: `filter_required` where neither a license nor a hardware id nor a host name is, for nothing else
    is filed.
    """
    if wanted.license_id is not None:
        license = licenses.read_license(company, wanted.license_id)
        return DevicePage([], "", 0) if license is None else _on_license(license, wanted, after, limit)
    if wanted.is_blacklisted is not None or (wanted.hardware_id is None and wanted.hostname is None):
        raise Invalid("filter_required", of="devices", field="license")
    if wanted.hostname is not None:
        return _of_host_name(company, wanted.hostname, wanted.hardware_id, after, limit)
    return _of_hardware(company, wanted.hardware_id or "", after, limit)


def read_devices(company: str, keys: list[DeviceKey]) -> list[WholeDevice]:
    """The devices of a page, those that are still there; 20 in one round trip."""
    return list(stored.read_devices(company, keys))


def _on_license(license: License, wanted: DeviceFilter, after: str, limit: int) -> DevicePage:
    def read(after: str, limit: int) -> tuple[list[Device], bool]:
        behind = _position(after) if after else None
        read = activations.devices(license.company, license.id, wanted.hardware_id, after=behind, limit=limit + 1)
        return cut(read, limit)

    keep = _keep(license, wanted)
    devices, further = search(read, _key, after, limit, keep)
    count = license.known_devices if wanted.hardware_id is None and keep is None else None
    return DevicePage([key_of(license, device) for device in devices], further, count)


def _keep(license: License, wanted: DeviceFilter) -> Callable[[list[Device]], list[Device]] | None:
    """What lets through those that are asked for by what no key serves; None where nothing is."""
    if wanted.hostname is None and wanted.is_blacklisted is None:
        return None

    host_hash = None if wanted.hostname is None else hash_host_name(wanted.hostname)

    def keep(devices: list[Device]) -> list[Device]:
        named = [device for device in devices if host_hash in (None, hash_host_name(device.hostname or ""))]
        if wanted.is_blacklisted is None:
            return named
        hashes = {hash_hardware_id(device.hardware_id) for device in named}
        refused = license.blacklist | (activations.blocked(license, hashes) if license.blocked_devices else set())
        return [one for one in named if (hash_hardware_id(one.hardware_id) in refused) == wanted.is_blacklisted]

    return keep


def _of_hardware(company: str, hardware_id: str, after: str, limit: int) -> DevicePage:
    hardware_hash = hash_hardware_id(hardware_id)

    def read(after: str, limit: int) -> tuple[list[DeviceKey], bool]:
        behind = None
        if after:
            license_id, _, user_id = after.partition("#")
            behind = int(license_id), int(user_id) if user_id else None
        seen = license_lists.seen_by_hardware(company, hardware_id, limit + 1, after=behind)
        return cut((DeviceKey(license_id, hardware_hash, user_id) for license_id, user_id in seen), limit)

    def position(key: DeviceKey) -> str:
        return f"{key.license_id}#{'' if key.user_id is None else key.user_id}"

    return DevicePage(*search(read, position, after, limit), count=None)


def _of_host_name(company: str, host_name: str, hardware_id: str | None, after: str, limit: int) -> DevicePage:
    hardware_hash = None if hardware_id is None else hash_hardware_id(hardware_id)

    def read(after: str, limit: int) -> tuple[list[DeviceKey], bool]:
        license_id, _, device = after.partition("#")
        behind = (int(license_id), *_position(device)) if after else None
        return cut(
            (DeviceKey(*one) for one in license_lists.seen_by_host_name(company, host_name, limit + 1, after=behind)),
            limit,
        )

    def keep(keys: list[DeviceKey]) -> list[DeviceKey]:
        return [key for key in keys if key.hardware_hash == hardware_hash]

    def position(key: DeviceKey) -> str:
        return f"{key.license_id}#{key.hardware_hash}#{'' if key.user_id is None else key.user_id}"

    found = search(read, position, after, limit, None if hardware_hash is None else keep)
    return DevicePage(*found, count=None)


def _key(device: Device) -> str:
    return f"{hash_hardware_id(device.hardware_id)}#{'' if device.user_id is None else device.user_id}"


def _position(text: str) -> tuple[str, int | None]:
    hardware_hash, _, user_id = text.partition("#")
    return hardware_hash, int(user_id) if user_id else None
