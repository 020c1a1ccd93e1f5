"""Find a license and a seat, for those who manage them."""

from chalicelib.usecases.find_license import find_license, find_owner, find_seat
from tests.support import Vendor
from tests.usecases.support import refused


def test_a_license_is_found_by_its_id_and_its_company(vendor: Vendor) -> None:
    license = vendor.issue()
    assert find_license(vendor.code, license.id) == license
    for company, id in ((vendor.code, license.id + 1), (vendor.code, 0), ("NOBODY", license.id)):
        with refused("license_not_found"):
            find_license(company, id)


def test_an_operator_finds_the_owner_and_is_held_to_the_company_named(vendor: Vendor) -> None:
    license = vendor.issue()
    assert find_owner(license.id, None) == vendor.code
    assert find_owner(license.id, vendor.code) == vendor.code
    for id, company in ((1, None), (license.id, "NOBODY")):
        with refused("license_not_found"):
            find_owner(id, company)


def test_a_seat_is_found_by_the_email_in_any_case(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    user, _ = vendor.assign(license, "ada@customer.test")
    found, seat = find_seat(vendor.code, license.id, " ADA@customer.test")
    assert (found, seat.user_id) == (vendor.stored(license), user.id)
    with refused("user_not_found"):
        find_seat(vendor.code, license.id, "bob@customer.test")
