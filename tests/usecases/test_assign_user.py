"""Assign a user to a license."""

from itertools import count

import pytest

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.store import accounts
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import remove_user
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import kinds, refused

ADA, BOB = "ada@customer.test", "bob@customer.test"


def test_a_new_user_gets_a_seat_and_an_initial_password(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    user, password = vendor.assign(license, " Ada@Customer.TEST ")
    assert (user.email, user.is_initial_password) == (ADA, True)
    assert vendor.activate(ADA, "pc", password).device
    assert vendor.stored(license).users_assigned == 1
    assert [event.user for event in vendor.history(license) if event.type == "user_assigned"] == [ADA]


def test_a_user_of_another_license_keeps_the_account_and_the_password(vendor: Vendor) -> None:
    first, second = (vendor.issue("revit", max_license_users=1) for _ in range(2))
    user, initial = vendor.assign(first, ADA)
    assert vendor.assign(second, ADA.upper()) == (user, initial)
    change_password(vendor.code, ADA, initial or "", "chosen by ada", ADMIN, now=NOW)
    third = vendor.issue("revit", max_license_users=1)
    again, password = vendor.assign(third, ADA)
    assert (again.id, password) == (user.id, None)
    assert vendor.activate(ADA, "pc", "chosen by ada").device


def test_a_second_assignment_is_refused_and_costs_no_seat(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    vendor.assign(license, ADA)
    with refused("user_already_assigned"):
        vendor.assign(license, ADA)
    assert vendor.stored(license).users_assigned == 1
    assert kinds(vendor, license) == ["user_assigned"]


def test_a_full_license_takes_nobody_until_somebody_is_removed(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, ADA)
    with refused("license_users_limit_reached"):
        vendor.assign(license, BOB)
    remove_user(vendor.code, license.id, ADA, ADMIN, now=NOW)
    vendor.assign(license, BOB)
    assert vendor.stored(license).users_assigned == 1


@pytest.mark.usefixtures("costly_passwords")
def test_users_at_once_fill_the_license_exactly(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=3)

    def assign(n: int) -> str:
        try:
            vendor.assign(license, f"user{n}@customer.test")
        except SeatkeeperError as refused:
            return refused.code
        return "assigned"

    with ThreadPool(12) as threads:
        answers = list(threads.map(assign, range(12)))
    assert sorted(answers) == ["assigned"] * 3 + ["license_users_limit_reached"] * 9


def test_one_user_at_once_gets_one_seat_and_one_account(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=9)

    def assign(_: int) -> str:
        try:
            vendor.assign(license, ADA)
        except SeatkeeperError as refused:
            return refused.code
        return "assigned"

    with ThreadPool(8) as threads:
        answers = list(threads.map(assign, range(8)))
    assert sorted(answers) == ["assigned"] + ["user_already_assigned"] * 7
    assert vendor.stored(license).users_assigned == 1


@pytest.mark.parametrize("limit", [6, None])
def test_a_seat_cannot_have_more_activations_than_the_license(vendor: Vendor, limit: int | None) -> None:
    license = vendor.issue("revit", max_activations=5, max_license_users=1)
    with refused("max_activations_too_high"):
        vendor.assign(license, ADA, limit)
    vendor.assign(license, ADA, 5)


def test_a_negative_limit_is_refused_and_none_is_unlimited_where_the_license_is(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=None, max_license_users=None)
    with pytest.raises(Invalid):
        vendor.assign(license, ADA, -1)
    _, password = vendor.assign(license, ADA, None)
    for n in range(7):
        vendor.activate(ADA, f"pc {n}", password)
    vendor.assign(license, BOB, 0)


def test_a_license_with_a_key_has_no_users(vendor: Vendor) -> None:
    license = vendor.issue("viewer")
    with pytest.raises(Invalid):
        vendor.assign(license, ADA)


def test_who_is_removed_while_he_is_assigned_is_not_told_that_all_places_are_taken(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which the license would say of before, and the seat of after: no one instant."""
    license, find, reads = vendor.issue("revit", max_license_users=1), accounts.user_of_email, count(1)
    vendor.assign(license, ADA)

    def and_remove(company: str, email: str) -> int | None:
        if next(reads) == 2:  # the read that confirms a refusal
            monkeypatch.setattr(accounts, "user_of_email", find)
            remove_user(vendor.code, license.id, ADA, ADMIN, now=NOW)
        return find(company, email)

    monkeypatch.setattr(accounts, "user_of_email", and_remove)
    vendor.assign(license, ADA)
    assert vendor.stored(license).users_assigned == 1


def test_what_is_no_email_is_no_user(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    for text in ("", "ada", "m\xfcller@customer.test"):
        with pytest.raises(Invalid):
            vendor.assign(license, text)
    assert vendor.stored(license).users_assigned == 0
