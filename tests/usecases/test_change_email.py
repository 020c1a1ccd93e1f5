"""Another e-mail for an account: on all its seats at once, unique, and the old one is nobody's."""

import pytest

from chalicelib.domain.license import License
from chalicelib.domain.refusal import Refused
from chalicelib.store import accounts, seats
from chalicelib.usecases import change_email as module
from chalicelib.usecases.change_email import change_email
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import account

ADA, NEW = "ada@customer.test", "countess@customer.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=5)


def change(vendor: Vendor, license: License, old: str = ADA, new: str = NEW) -> None:
    change_email(vendor.code, license.id, old, new, ADMIN, manager_id=None, now=NOW)


def test_the_account_its_seats_and_its_devices_go_with_it(vendor: Vendor, license: License) -> None:
    second = vendor.issue("revit", max_license_users=5)
    user, password = vendor.assign(license, ADA)
    vendor.assign(second, ADA)
    vendor.activate(ADA, "pc", password, license_id=license.id)
    change(vendor, license, new=f" {NEW.upper()} ")
    assert account(vendor, NEW).id == user.id
    assert accounts.user_of_email(vendor.code, ADA) is None
    for held in (license, second):
        seat = seats.read_seat(vendor.code, held.id, user.id)
        assert seat is not None
        assert seat.email == NEW
    assert vendor.check(NEW, "pc").device
    assert vendor.activate(NEW, "pc", password).device
    with pytest.raises(Refused):
        vendor.check(ADA, "pc")
    event = vendor.history(license)[-1] if vendor.history(license)[-1].type == "email_changed" else None
    told = event or next(e for e in vendor.history(license) if e.type == "email_changed")
    assert (told.user, told.detail) == (ADA, {"email": NEW})


def test_the_old_one_can_be_anothers(vendor: Vendor, license: License) -> None:
    user, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    change(vendor, license)
    other, other_password = vendor.assign(license, ADA)
    assert other.id != user.id
    assert vendor.activate(ADA, "laptop", other_password).device
    assert vendor.check(NEW, "pc").device


def test_one_that_is_in_use_is_refused(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    vendor.assign(license, NEW)
    with pytest.raises(Refused) as refused:
        change(vendor, license)
    assert refused.value.code == "already_exists"
    assert account(vendor, ADA)


@pytest.mark.parametrize("new", ["", "nobody", "a@b", "\u200bada@customer.test"])
def test_what_is_no_email_is_refused(vendor: Vendor, license: License, new: str) -> None:
    vendor.assign(license, ADA)
    with pytest.raises(Refused) as refused:
        change(vendor, license, new=new)
    assert refused.value.code == "validation_error"


def test_the_same_one_changes_nothing(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    before = vendor.history(license)
    change(vendor, license, new=ADA.upper())
    assert vendor.history(license) == before


def test_more_seats_than_one_write_can_hold_are_refused(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SEATS", 1)
    for held in (license, vendor.issue("revit", max_license_users=5)):
        vendor.assign(held, ADA)
    with pytest.raises(Refused) as refused:
        change(vendor, license)
    assert "up to 1 licenses" in refused.value.detail
