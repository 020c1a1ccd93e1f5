"""Management API: what licenses and refusals come to, in parts that are added up."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.license import Status
from chalicelib.domain.reports import DayCount, ProductSums, in_order
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


class RefusalSumsQuery(ListQuery):
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


@endpoint("GET", "/reports/refusals", writes=False, scope="events:read", reach=itself)
def sum_refusals(query: RefusalSumsQuery, caller: Caller) -> RefusalSumsList:
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


def _refusal_sums(of: DayCount, times: int) -> RefusalSums:
    day, product, code = of
    return {"day": day.isoformat(), "product_code": product or None, "code": code, "times": times}
