"""Attacks of one company on the devices and the histories of another, for tests/usecases/test_access.py."""

from typing import Any

from chalicelib.domain.events import Event
from chalicelib.domain.license import DeviceReport, hash_hardware_id
from chalicelib.store import activations
from chalicelib.usecases import add_consumption, devices, license_events, meters, slots, variables
from chalicelib.usecases.devices import DeviceFilter, DeviceKey
from chalicelib.usecases.license_events import EventFilter
from tests.support import ADMIN, NOW
from tests.usecases.support import there


def device_of(victim: Any) -> int:
    """The device by its key, which has a variable."""
    (device,) = activations.devices(victim.vendor.code, victim.by_key.id)
    return device.id


def key_of(victim: Any) -> DeviceKey:
    """Of that device."""
    return DeviceKey(victim.by_key.id, hash_hardware_id("pc"), None)


def events_of(victim: Any) -> list[tuple[int, Event]]:
    """Of the license by its key."""
    return [(victim.by_key.id, event) for event in victim.vendor.history(victim.by_key)]


OF_DEVICES: list[tuple[Any, str, list[Any]]] = [
    (
        slots.release_slot,
        "license_not_found",
        [lambda c, v: slots.release_slot(c, v.vendor.lookup(v.by_key, "pc"), ADMIN, now=NOW)],
    ),
    (
        add_consumption.add_consumption,
        "license_not_found",
        [
            lambda c, v: add_consumption.add_consumption(
                c, v.vendor.lookup(v.by_key, "pc"), 1, DeviceReport("pc"), ADMIN, now=NOW
            )
        ],
    ),
    (
        meters.set_consumption,
        "license_not_found",
        [lambda c, v: meters.set_consumption(c, v.by_key.id, 0, ADMIN, now=NOW)],
    ),
    (devices.find_device, "device_not_found", [lambda c, v: devices.find_device(c, device_of(v))]),
    (
        devices.license_of_device,
        "license_not_found",
        [lambda c, v: there(devices.license_of_device(c, device_of(v)))],
    ),
    (
        devices.license_of_variable,
        "license_not_found",
        [lambda c, v: there(devices.license_of_variable(c, device_of(v) + 1))],
    ),
    (
        devices.find_devices,
        "license_not_found",
        [
            lambda c, v: there(devices.find_devices(c, DeviceFilter(v.by_key.id), "", 9).keys),
            lambda c, _v: there(devices.find_devices(c, DeviceFilter(hardware_id="pc"), "", 9).keys),
            lambda c, _v: there(devices.find_devices(c, DeviceFilter(), "", 9).keys),
            lambda c, v: there(devices.find_devices(c, DeviceFilter(), str(device_of(v) - 1), 9).keys),
        ],
    ),
    (
        devices.those_wanted,
        "license_not_found",
        [lambda c, v: there(devices.those_wanted(c, DeviceFilter(is_blacklisted=False), [key_of(v)]))],
    ),
    (
        devices.read_devices,
        "license_not_found",
        [lambda c, v: there(devices.read_devices(c, [key_of(v)]))],
    ),
    (
        license_events.find_events,
        "license_not_found",
        [
            lambda c, v: license_events.find_events(c, EventFilter(v.by_key.id), "", 9),
            lambda c, v: there(license_events.find_events(c, EventFilter(None), str(v.by_key.id + 1), 9)[0]),
        ],
    ),
    (
        license_events.find_event,
        "event_not_found",
        [lambda c, v: license_events.find_event(c, v.by_key.id, v.vendor.history(v.by_key)[0].key)],
    ),
    (
        license_events.count_transfers,
        "license_not_found",
        [lambda c, v: license_events.count_transfers(c, EventFilter(v.by_key.id), "")],
    ),
    (
        license_events.devices_of,
        "license_not_found",
        [lambda c, v: there(license_events.devices_of(c, events_of(v)))],
    ),
    (
        license_events.device_ids_of,
        "license_not_found",
        [lambda c, v: there(license_events.device_ids_of(c, events_of(v)))],
    ),
    (
        variables.set_variables,
        "device_not_found",
        [lambda c, v: variables.set_variables(c, device_of(v), {"plan": "theirs"}, ADMIN, now=NOW)],
    ),
    (variables.variables_of_device, "device_not_found", [lambda c, v: variables.variables_of_device(c, device_of(v))]),
    (
        variables.find_variables,
        "license_not_found",
        [lambda c, v: there(variables.find_variables(c, frozenset(), f"{device_of(v)}-0", 9)[0])],
    ),
    (variables.find_variable, "variable_not_found", [lambda c, v: variables.find_variable(c, device_of(v) + 1)]),
    (
        variables.change_variable,
        "variable_not_found",
        [lambda c, v: variables.change_variable(c, device_of(v) + 1, ADMIN, value="c", now=NOW)],
    ),
    (
        variables.delete_variable,
        "variable_not_found",
        [lambda c, v: variables.delete_variable(c, device_of(v) + 1, ADMIN, now=NOW)],
    ),
]
