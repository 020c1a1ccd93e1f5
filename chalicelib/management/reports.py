"""Management API: what licenses, activations and refusals come to, in parts that are added up."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.license import License, Status
from chalicelib.domain.reports import ACTIVATED, DayCount, ProductSums, in_order
from chalicelib.domain.usage import USAGE_DAYS
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import ListBody, ListQuery, part_of_walk, sent_number
from chalicelib.management.reach import itself
from chalicelib.usecases import reports

Days = Annotated[int, BeforeValidator(sent_number), Field(ge=1, le=USAGE_DAYS)]


class LicenseSumsQuery(ListQuery):
    """Which part. An answer sums up to 800 licenses, whatever `limit` says."""

    ending_days: Days = 30
    """What ends within so many days ends soon."""


class DaysQuery(ListQuery):
    """Which part, of so many days up to today."""

    days: Days = 30


class LicenseSums(TypedDict):
    """The licenses of a product, of those that this part has looked at."""

    product_code: str
    licenses: int
    by_status: dict[Status, int]
    never_used: int
    ending_soon: int
    active_devices: int


class LicenseSumsList(ListBody):
    """A part: the sums of all parts are those of the company."""

    results: list[LicenseSums]


class MostDevices(TypedDict):
    """A license with many active devices."""

    id: int
    product_code: str
    customer_email: str | None
    active_devices: int
    max_activations: int | None


class MostDevicesList(ListBody):
    """A part: of those of all parts, the first ones of the company are the ones with the most."""

    results: list[MostDevices]


class ActivationSums(TypedDict):
    """Activations of a day, of the licenses that this part has looked at."""

    day: str
    product_code: str
    what: Literal["activated", "freed"]
    times: int


class ActivationSumsList(ListBody):
    """A part, as of licenses."""

    results: list[ActivationSums]
    incomplete_licenses: list[int]
    """Those of this part that had more than 10,000 events in these days: their newest ones are counted."""


class RefusalSums(TypedDict):
    """Calls that were refused on a day, of those that this part has looked at."""

    day: str
    product_code: str | None
    code: str
    times: int


class RefusalSumsList(ListBody):
    """A part, likewise."""

    results: list[RefusalSums]


@endpoint("GET", "/reports/licenses", writes=False, scope="licenses:read", reach=itself)
def sum_licenses(query: LicenseSumsQuery, caller: Caller) -> LicenseSumsList:
    """Licenses by product and state; how many were never used, and end soon. Follow `next`, and add up."""

    def read(after: str, _limit: int) -> tuple[list[tuple[str, ProductSums]], str]:
        behind = int(after) if after else None
        report, further = reports.sum_some_licenses(
            caller.company, caller.key.products, behind, ending_days=query.ending_days, now=caller.now
        )
        return sorted(report.products.items()), "" if further is None else str(further)

    rows, page = part_of_walk(read, query, caller, "sums of licenses")
    return {**page, "count": None, "results": [_license_sums(*row) for row in rows]}


@endpoint("GET", "/reports/most-devices", writes=False, scope="licenses:read", reach=itself)
def list_most_devices(query: ListQuery, caller: Caller) -> MostDevicesList:
    """The licenses with the most active devices, of those that this part has looked at. Follow `next`, and compare."""

    def read(after: str, limit: int) -> tuple[list[License], str]:
        behind = int(after) if after else None
        found, further = reports.some_with_most_devices(caller.company, caller.key.products, behind, limit)
        return found, "" if further is None else str(further)

    rows, page = part_of_walk(read, query, caller, "most devices")
    return {**page, "count": None, "results": [_most_devices(one) for one in rows]}


@endpoint("GET", "/reports/activations", writes=False, scope="events:read", reach=itself)
def sum_activations(query: DaysQuery, caller: Caller) -> ActivationSumsList:
    """How many activations were taken and given back, by day and product. Follow `next`, and add up."""

    incomplete = list[int]()

    def read(after: str, _limit: int) -> tuple[list[tuple[DayCount, int]], str]:
        behind = int(after) if after else None
        found, further = reports.sum_some_activations(
            caller.company, caller.key.products, behind, query.days, now=caller.now
        )
        incomplete.extend(found.incomplete)
        return list(in_order(found.counts)), "" if further is None else str(further)

    rows, page = part_of_walk(read, query, caller, "sums of activations")
    sums = [_activation_sums(*row) for row in rows]
    return {**page, "count": None, "results": sums, "incomplete_licenses": incomplete}


@endpoint("GET", "/reports/refusals", writes=False, scope="events:read", reach=itself)
def sum_refusals(query: DaysQuery, caller: Caller) -> RefusalSumsList:
    """How many calls of applications were refused, by day, product and code. Follow `next`, and add up."""

    def read(after: str, _limit: int) -> tuple[list[tuple[DayCount, int]], str]:
        counts, further = reports.sum_some_refusals(caller.company, after or None, query.days, now=caller.now)
        return [one for one in in_order(counts) if caller.key.is_for(one[0][1])], further or ""

    rows, page = part_of_walk(read, query, caller, "sums of refusals")
    return {**page, "count": None, "results": [_refusal_sums(*row) for row in rows]}


def _license_sums(code: str, sums: ProductSums) -> LicenseSums:
    return {
        "product_code": code,
        "licenses": sums.licenses,
        "by_status": dict(sorted(sums.by_status.items())),
        "never_used": sums.never_used,
        "ending_soon": sums.ending_soon,
        "active_devices": sums.active_devices,
    }


def _most_devices(license: License) -> MostDevices:
    return {
        "id": license.id,
        "product_code": license.product,
        "customer_email": license.customer,
        "active_devices": license.times_activated,
        "max_activations": license.max_activations,
    }


def _activation_sums(of: DayCount, times: int) -> ActivationSums:
    day, product, what = of
    return {
        "day": day.isoformat(),
        "product_code": product,
        "what": "activated" if what == ACTIVATED else "freed",
        "times": times,
    }


def _refusal_sums(of: DayCount, times: int) -> RefusalSums:
    day, product, code = of
    return {"day": day.isoformat(), "product_code": product or None, "code": code, "times": times}
