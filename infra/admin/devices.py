"""The commands that find devices, on a license, by their hardware id or host name or by their id, and change them."""

from collections.abc import Iterable

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.days import Moment, last_instant
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import DeviceReport
from chalicelib.domain.types import Json
from chalicelib.domain.variables import Variable
from chalicelib.usecases import devices
from chalicelib.usecases.adopt import add_legacy_devices
from chalicelib.usecases.create import find_company
from chalicelib.usecases.cursors import from_cursor, to_cursor
from chalicelib.usecases.devices import DeviceFilter, WholeDevice
from chalicelib.usecases.find_license import find_owner
from chalicelib.usecases.license_events import EventFilter, find_events
from chalicelib.usecases.variables import set_variables
from infra.admin.command_result import CommandResult
from infra.admin.histories import event_row
from infra.admin.operator_name import operator
from infra.admin.pages import full_page
from infra.admin.parser import UsageError


def device_list(
    license: int,
    company: str | None,
    host_name: str | None,
    limit: int,
    after: str | None,
    *,
    now: Instant,
) -> CommandResult:
    owner = find_owner(license, company)
    return _page(owner, DeviceFilter(license, hostname=host_name), limit, after, now)


def device_find(
    company: str,
    hardware_id: str | None,
    host_name: str | None,
    limit: int,
    after: str | None,
    *,
    now: Instant,
) -> CommandResult:
    if hardware_id is None and host_name is None:
        raise UsageError("Say which devices: --hardware-id or --host-name.")
    return _page(find_company(company).code, DeviceFilter(None, hardware_id, host_name), limit, after, now)


def device_show(device: int, company: str, *, now: Instant) -> CommandResult:
    found = devices.find_device(find_company(company).code, device)
    return _shown(found, found.variables or (), now)


def device_set(device: int, company: str, variable: list[tuple[str, str]], *, now: Instant) -> CommandResult:
    code = find_company(company).code
    variables = set_variables(code, device, dict(variable), operator(), now=now)
    return _shown(devices.find_device(code, device), variables, now)


def device_history(
    license: int,
    company: str | None,
    hardware_id: str,
    limit: int,
    after: str | None,
    *,
    now: Instant,  # noqa: ARG001 - history is of before
) -> CommandResult:
    owner, wanted = find_owner(license, company), EventFilter(license, hardware_id=hardware_id)

    def read(after: str | None, limit: int) -> tuple[list[Event], str | None]:
        events, behind = find_events(owner, wanted, after or "", limit)
        return [event for _, event in events], behind or None

    rows, behind = full_page(read, after, limit)
    document: Json = {"license": license, "hardware_id": hardware_id, "after": behind}
    return CommandResult(document | {"events": [event_row(event) for event in rows]})


def device_add_legacy(
    license: int,
    company: str | None,
    hardware_id: str,
    user: str | None,
    host_name: str | None,
    adopt_until: Moment,
    *,
    now: Instant,
) -> CommandResult:
    owner = find_owner(license, company)
    until = last_instant(adopt_until, find_company(owner).time_zone)
    given = LegacyDevice(DeviceReport(hardware_id, hostname=host_name), user)
    added = add_legacy_devices(owner, license, [given], until, operator(), now=now)
    document = {"license": license, "hardware_id": hardware_id, "added": added, "adopt_until": to_iso(until)}
    return CommandResult(document, "" if added else "The license knows this device already: nothing was added.")


def _page(company: str, wanted: DeviceFilter, limit: int, after: str | None, now: Instant) -> CommandResult:
    """The devices, and the cursor to go on behind; None where there are no more."""
    scope = (company, "devices", str(wanted))
    found = devices.find_devices(company, wanted, from_cursor(scope, after or ""), limit)
    rows = [_row(device, now) for device in devices.read_devices(company, found.keys)]
    return CommandResult({"after": to_cursor(scope, found.after) or None, "devices": rows})


def _shown(found: WholeDevice, variables: Iterable[Variable], now: Instant) -> CommandResult:
    """A device with what it has reported, and what is kept with it."""
    reported = {name: getattr(found.device, name) for name in ("os_ver", "app_ver", "sdk_ver", "ip", "mac_address")}
    kept = [{"variable": one.name, "value": one.value} for one in variables]
    return CommandResult(_row(found, now) | reported | {"variables": kept})


def _row(found: WholeDevice, now: Instant) -> Json:
    return {
        "id": found.device.id,
        "license": found.license.id,
        "hardware_id": found.device.hardware_id,
        "active": found.is_live,
        "legacy": found.is_live and found.device.legacy,
        "blacklisted": found.is_blacklisted,
        "email": None if found.seat is None else found.seat.email,
        "hostname": found.device.hostname,
        "activated_at": to_iso(found.device.activated_at),
        "last_check_at": to_iso(found.device.last_check_at),
        "slot_until": to_iso(found.slot_until(now)),
    }
