"""The commands that list, find and show accounts of people."""

import pytest

from chalicelib.domain.license import License
from chalicelib.store import accounts
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.license_users import change_user
from tests.infra.operator import Operator
from tests.support import ADMIN, Vendor

ADA, BOB, CEM = "ada@customer.test", "bob@customer.test", "cem@other.test"


@pytest.fixture
def shared(vendor: Vendor) -> License:
    """A license of Ada and Bob. Cem manages it, and is closed by now."""
    license = vendor.issue("revit", CEM, max_license_users=2, max_activations=5)
    for email in (ADA, BOB):
        vendor.now += 1
        vendor.assign(license, email, 2)
    names = {"first_name": "Ada", "last_name": "Lovelace", "phone_number": "+49 30 1234"}
    change_user(vendor.code, id_of(vendor, ADA), names, ADMIN, now=vendor.now)
    close_account(vendor.code, CEM, ADMIN, now=vendor.now)
    return vendor.stored(license)


def id_of(vendor: Vendor, email: str) -> int:
    found = accounts.user_of_email(vendor.code, email)
    assert found is not None
    return found


def emails(operator: Operator, line: str) -> list[str]:
    return [row["email"] for row in operator.asks(line)["users"]]


def test_accounts_are_listed_page_by_page(operator: Operator, vendor: Vendor, shared: License) -> None:
    page = operator.asks(f"user list --company {vendor.code} --limit 2")
    assert (len(page["users"]), page["count"], page["after"]) == (2, 3, page["users"][-1]["id"])
    rest = operator.asks(f"user list --company {vendor.code} --after {page['after']}")
    assert {row["email"] for row in page["users"] + rest["users"]} == {ADA, BOB, CEM}
    assert rest["after"] is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("--license {license}", {ADA, BOB}),
        ("--managers", {CEM}),
        ("--closed", {CEM}),
        ("--license {license} --closed", set()),
        ("--license {license} --limit 1", {ADA}),
    ],
)
def test_accounts_are_listed_by_what_is_asked_of_them(
    operator: Operator, vendor: Vendor, shared: License, asked: str, found: set[str]
) -> None:
    assert set(emails(operator, f"user list --company {vendor.code} {asked.format(license=shared.id)}")) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" ADA@Customer.test ", {ADA}),
        ("customer.TEST", {ADA, BOB}),
        ("ada love", {ADA}),
        ("30 1234", {ADA}),
        ("@", {ADA, BOB, CEM}),
        ("nobody", set()),
        ("4711", set()),
    ],
)
def test_accounts_are_found_by_what_is_known_of_them(
    operator: Operator, vendor: Vendor, shared: License, text: str, found: set[str]
) -> None:
    assert set(emails(operator, f"user find --company {vendor.code} '{text}'")) == found


def test_an_account_is_found_by_its_id_and_no_other_company_finds_it(
    operator: Operator, vendor: Vendor, shared: License
) -> None:
    line = f"user find --company {{}} {id_of(vendor, BOB)}"
    assert emails(operator, line.format(vendor.code)) == [BOB]
    assert emails(operator, line.format(Vendor().code)) == []


def test_what_is_looked_for_goes_on_until_the_page_is_full(
    operator: Operator, vendor: Vendor, shared: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.domain.paging.CHUNK", 1)
    monkeypatch.setattr("chalicelib.domain.paging.MAX_SCANNED", 1)
    assert emails(operator, f"user list --company {vendor.code} --closed") == [CEM]


def test_an_account_is_shown_with_what_it_uses_and_what_it_manages(
    operator: Operator, vendor: Vendor, shared: License
) -> None:
    vendor.now += 1
    vendor.activate(ADA, "pc", vendor.assign(vendor.issue("revit", ADA, max_license_users=1), ADA)[1])
    shown = operator.asks(f"user show --company {vendor.code} --email {ADA}")
    assert (shown["first_name"], shown["is_initial_password"], shown["closed_at"]) == ("Ada", True, None)
    assert [row["max_activations"] for row in shown["licenses"]] == [1, 2]
    assert sum(row["activations"] for row in shown["licenses"]) == 1
    assert [row["license"] for row in shown["managed_licenses"]] == [shown["licenses"][0]["license"]]
    assert operator.noted(f"user show --company {vendor.code} --email {ADA} --limit 1") == (
        "There are more licenses: --limit shows them.\n"
    )
    assert "password_hash" not in operator.reads(f"user show --company {vendor.code} --email {ADA}")
    assert operator.refused(f"user show --company {vendor.code} --email a@b.example") == "There is no such account."
