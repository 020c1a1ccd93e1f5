"""The commands that find devices: on a license, by their hardware id or host name, by their id."""

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.days import Moment, last_instant
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import DeviceReport
from chalicelib.domain.types import Json
from chalicelib.usecases import devices
from chalicelib.usecases.adopt import add_legacy_devices
from chalicelib.usecases.create import find_company
from chalicelib.usecases.cursors import from_cursor, to_cursor
from chalicelib.usecases.devices import DeviceFilter, WholeDevice
from chalicelib.usecases.find_license import find_owner
from infra.admin.command_result import CommandResult
from infra.admin.operator_name import operator
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
    reported = {name: getattr(found.device, name) for name in ("os_ver", "app_ver", "sdk_ver", "ip", "mac_address")}
    variables = [{"variable": one.name, "value": one.value} for one in found.variables or ()]
    return CommandResult(_row(found, now) | reported | {"variables": variables})


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
