"""The commands that list, find and show licenses."""

from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, Status, status
from chalicelib.domain.types import Json
from chalicelib.usecases.create import find_company
from chalicelib.usecases.license_list import LicenseFilter, Sold, count_licenses, list_licenses
from chalicelib.usecases.license_search import search_licenses
from chalicelib.usecases.operator_queries import license_details
from infra.admin.command_result import CommandResult
from infra.admin.commands import consumption_document, extras_document, license_document
from infra.admin.pages import full_page
from infra.admin.scheduled_updates import next_update


def license_list(
    company: str,
    *,
    product: str | None,
    order: str | None,
    customer: str | None,
    user: str | None,
    manager: str | None,
    hardware_id: str | None,
    host_name: str | None,
    license_status: Status | None,
    newest_first: bool,
    limit: int,
    after: int | None,
    now: Instant,
) -> CommandResult:
    code = find_company(company).code
    tests = () if license_status is None else (lambda license, _: status(license, now) == license_status,)
    wanted = LicenseFilter(
        product=product,
        order_id=order,
        customer=customer,
        users=() if user is None else (user,),
        manager=manager,
        hardware_id=hardware_id,
        host_name=host_name,
        tests=tests,
    )

    def read(after: int | None, size: int) -> tuple[list[Sold], int | None]:
        part = list_licenses(code, wanted, after=after, newest_first=newest_first, size=size)
        return part.rows, part.after

    rows, behind = full_page(read, after, limit)
    document: Json = {"company": code, "count": count_licenses(code, wanted), "after": behind}
    return CommandResult(document | {"licenses": [license_row(license, now) for license, _ in rows]})


def license_show(license: int, company: str | None, limit: int, *, now: Instant) -> CommandResult:
    found = license_details(license, company, limit, now=now)
    users = [
        {
            "email": seat.email,
            "activations": seat.activations_in(found.license),
            "max_activations": seat.max_activations,
        }
        for seat in found.seats
    ]
    devices = [
        {
            "hardware_id": row.device.hardware_id,
            "active": row.is_live,
            "legacy": row.is_live and row.device.legacy,
            "email": None if row.seat is None else row.seat.email,
            "hostname": row.device.hostname,
            "last_check_at": to_iso(row.device.last_check_at),
            "slot_until": to_iso(row.slot_until),
        }
        for row in found.devices
    ]
    more = [name for name, is_more in (("users", found.more_seats), ("devices", found.more_devices)) if is_more]
    note = f"There are more {' and '.join(more)}: --limit shows them." if more else ""
    document = license_document(found.license, now) | extras_document(found.extras)
    coming: Json = {"next_update": None if found.next_update is None else next_update(found.next_update)}
    coming |= {"slots_in_use": found.slots_in_use} | consumption_document(found.license, now)
    return CommandResult(document | coming | {"users": users, "devices": devices}, note)


def license_find(company: str, text: str, limit: int, *, now: Instant) -> CommandResult:
    found = search_licenses(company, text, limit)
    rows = [{"matches": ", ".join(match.by)} | license_row(match.license, now) for match in found]
    return CommandResult({"text": text, "licenses": rows})


def license_row(license: License, now: Instant) -> Json:
    """A license in a list."""
    return {
        "license": license.id,
        "product": license.product,
        "status": status(license, now),
        "license_key": license.license_key,
        "order": license.order_id,
        "customer": license.customer,
        "times_activated": license.times_activated,
        "max_activations": license.max_activations,
        "validity_period": to_iso(license.validity_period),
        "name": license.name,
    }
