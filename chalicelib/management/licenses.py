"""Management API: licenses, as they are listed, found and shown."""

from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, bodies_of, body_of
from chalicelib.management.license_filters import LicensesQuery, guard_filters, license_filter
from chalicelib.management.models import Id, ListBody, Sent, part_of
from chalicelib.management.reach import its_license, itself
from chalicelib.usecases import license_list
from chalicelib.usecases.change_terms import find_sold


class LicensePath(Sent):
    """Which license."""

    license_id: Id


class LicenseList(ListBody):
    """A page of licenses."""

    results: list[LicenseBody]


@endpoint("GET", "/licenses", writes=False, scope="licenses:read", reach=itself)
def list_licenses(query: LicensesQuery, caller: Caller) -> LicenseList:
    """The licenses of the company that a filter lets through, oldest first or newest first."""
    asked = query.model_dump(exclude={"cursor", "offset", "limit"}, exclude_none=True)
    guard_filters(caller, asked)
    wanted = license_filter(asked, caller.company, caller.now).of_products(caller.key.products)
    newest_first = query.order_by.startswith("-")
    rows, page = part_of(
        lambda after, skip, size: license_list.list_licenses(
            caller.company,
            wanted,
            after=int(after) if after else None,
            newest_first=newest_first,
            skip=skip,
            size=size,
        ),
        query,
        caller,
        "licenses",
        license_list.count_licenses(caller.company, wanted),
    )
    return {**page, "results": bodies_of(caller, rows)}


@endpoint("GET", "/licenses/{license_id}", writes=False, scope="licenses:read", reach=its_license)
def show_license(path: LicensePath, caller: Caller) -> LicenseBody:
    """One license, with its first hundred users."""
    return body_of(caller)(find_sold(caller.company, path.license_id))
