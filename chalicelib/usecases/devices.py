"""Devices as a vendor's server and operators find them: by id, all of them, on a license, by hardware id."""

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
    "those_wanted",
]


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices: all, or those on a license, or of a hardware id or host name, or of several of these."""

    license_id: int | None = None
    hardware_id: str | None = None
    hostname: str | None = None
    """Large and small letters are alike. Looked for among the devices of the license, where one is named."""
    is_blacklisted: bool | None = None
    """Looked for among those that the others let through; None: whether they are or not."""
    products: frozenset[str] = frozenset()
    """Codes, of which one is that of its license, likewise; empty: any. A license that is named is of one of them."""
    newest_first: bool | None = None
    """By their ids: the order of a list of all, which is oldest first where nothing is said."""


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
    """At most `limit` devices behind the position `after`: all by their ids, those of a license by their hash, else
    those of the newest license first.

    What is looked for may be short, or empty, and go on. Raises `Invalid`: `order_not_filed` where `newest_first` is
    asked of some of them.
    """
    is_of_all = (wanted.license_id, wanted.hardware_id, wanted.hostname) == (None, None, None)
    if wanted.newest_first is not None and not is_of_all:
        raise Invalid("order_not_filed", field="order_by")
    if wanted.license_id is not None:
        license = licenses.read_license(company, wanted.license_id)
        return DevicePage([], "", 0) if license is None else _on_license(license, wanted, after, limit)
    if is_of_all:
        return _of_company(company, wanted, after, limit)
    if wanted.hostname is not None:
        return _of_host_name(company, wanted, wanted.hostname, after, limit)
    return _of_hardware(company, wanted, wanted.hardware_id or "", after, limit)


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


def _of_company(company: str, wanted: DeviceFilter, after: str, limit: int) -> DevicePage:
    def read(after: str, limit: int) -> tuple[list[tuple[int, DeviceKey]], bool]:
        behind = int(after) if after else None
        newest_first = bool(wanted.newest_first)
        return cut(stored.devices_by_id(company, after=behind, backwards=newest_first, limit=limit + 1), limit)

    def keep(rows: list[tuple[int, DeviceKey]]) -> list[tuple[int, DeviceKey]]:
        kept = those_wanted(company, wanted, [key for _, key in rows])
        return [row for row in rows if row[1] in kept]

    found, further = search(read, lambda row: str(row[0]), after, limit, keep if _looks(wanted) else None)
    return DevicePage([key for _, key in found], further, None)


def _of_hardware(company: str, wanted: DeviceFilter, hardware_id: str, after: str, limit: int) -> DevicePage:
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

    def keep(keys: list[DeviceKey]) -> list[DeviceKey]:
        kept = those_wanted(company, wanted, keys)
        return [key for key in keys if key in kept]

    return DevicePage(*search(read, position, after, limit, keep if _looks(wanted) else None), count=None)


def _of_host_name(company: str, wanted: DeviceFilter, host_name: str, after: str, limit: int) -> DevicePage:
    hardware_hash = None if wanted.hardware_id is None else hash_hardware_id(wanted.hardware_id)

    def read(after: str, limit: int) -> tuple[list[DeviceKey], bool]:
        license_id, _, device = after.partition("#")
        behind = (int(license_id), *_position(device)) if after else None
        return cut(
            (DeviceKey(*one) for one in license_lists.seen_by_host_name(company, host_name, limit + 1, after=behind)),
            limit,
        )

    def keep(keys: list[DeviceKey]) -> list[DeviceKey]:
        named = [key for key in keys if hardware_hash in (None, key.hardware_hash)]
        kept = those_wanted(company, wanted, named)
        return [key for key in named if key in kept]

    def position(key: DeviceKey) -> str:
        return f"{key.license_id}#{key.hardware_hash}#{'' if key.user_id is None else key.user_id}"

    is_all = hardware_hash is None and not _looks(wanted)
    return DevicePage(*search(read, position, after, limit, None if is_all else keep), count=None)


def _looks(wanted: DeviceFilter) -> bool:
    """Whether something is asked for that no key serves, where no license is named."""
    return wanted.is_blacklisted is not None or bool(wanted.products)


def those_wanted(company: str, wanted: DeviceFilter, keys: list[DeviceKey]) -> set[DeviceKey]:
    """Those of a hundred devices, of several licenses, that no key serves: two reads."""
    if not _looks(wanted):
        return {*keys}
    some = {one.id: one for one in licenses.read_some(company, sorted({key.license_id for key in keys}))}
    own = [
        key
        for key in keys
        if (on := some.get(key.license_id)) is not None and (not wanted.products or on.product in wanted.products)
    ]
    if wanted.is_blacklisted is None:
        return {*own}
    of_items = stored.blocked(company, [key for key in own if some[key.license_id].blocked_devices])
    refused = {key for key in own if key in of_items or _is_named_of_old(some[key.license_id], key)}
    return refused if wanted.is_blacklisted else {*own} - refused


def _is_named_of_old(license: License, key: DeviceKey) -> bool:
    """Whether a device was blacklisted before each had an item."""
    return key.hardware_hash in license.blacklist


def _key(device: Device) -> str:
    return f"{hash_hardware_id(device.hardware_id)}#{'' if device.user_id is None else device.user_id}"


def _position(text: str) -> tuple[str, int | None]:
    hardware_hash, _, user_id = text.partition("#")
    return hardware_hash, int(user_id) if user_id else None
