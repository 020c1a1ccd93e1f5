"""The command `report`: what a company's licenses come to."""

from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License
from chalicelib.domain.reports import in_order
from chalicelib.domain.types import Json
from chalicelib.usecases.reports import report_days, report_licenses
from infra.admin.command_result import CommandResult
from infra.progress import counting


def report(company: str, days: int, ending: int, limit: int, *, now: Instant) -> CommandResult:
    with counting("licenses summed up") as tell:
        sums = report_licenses(company, ending_days=ending, most=limit, now=now, progress=tell)
    with counting("histories read") as tell:
        found = report_days(company, days, now=now, progress=tell)
    products = [
        {
            "product": code,
            "licenses": one.licenses,
            **{
                word: one.by_status[word]
                for word in ("active", "inactive", "scheduled", "grace", "expired", "disabled")
            },
            "never_used": one.never_used,
            "ending_soon": one.ending_soon,
            "active_devices": one.active_devices,
        }
        for code, one in sorted(sums.products.items())
    ]
    rows = [
        {"day": day.isoformat(), "product": product or None, "what": what, "times": times}
        for (day, product, what), times in in_order(found.counts)
    ]
    return CommandResult(
        {
            "company": company,
            "products": products,
            "ending_soon": [_named(one, validity_period=to_iso(one.validity_period)) for one in sums.ending_soon],
            "most_devices": [_named(one, active_devices=one.times_activated) for one in sums.most_devices],
            "days": rows,
            "incomplete": [{"license": id} for id in found.incomplete],
        }
    )


def _named(license: License, **more: object) -> Json:
    return {"license": license.id, "product": license.product, "customer": license.customer, **more}
