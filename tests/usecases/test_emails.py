"""One rule for emails, whoever takes them: what is assigned logs in, activates, and is named by every command."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import buyer
from chalicelib.domain.catalog import company_code
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import Event
from chalicelib.domain.ids import new_id
from chalicelib.domain.license import License, Seat
from chalicelib.domain.mail import Mail
from chalicelib.domain.users import User
from chalicelib.store import seats
from chalicelib.usecases.batch_assign import preview
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_seat import remove_user, set_password
from chalicelib.usecases.find_license import find_user
from chalicelib.usecases.initial_password import new_user
from chalicelib.usecases.log_in import log_in
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD
from tests.usecases.support import refused

TYPED = ["Info@B\xfccher.de", "info@xn--bcher-kva.de", "\u200binfo@b\xfccher.de\ufeff", " info@bu\u0308cher.de "]
NOT_MAILED = [
    *("m\xfcller@example.com", "o\u2019brien@example.com", "d\u043en@example.com", "mailto:don@example.com"),
    *("a..b@x.com", "a,b@x.com", "user@1.2.3.4"),
]


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With room for many users, of an order that somebody manages."""
    return vendor.issue("revit", MANAGER, max_license_users=20)


@pytest.mark.parametrize("typed", TYPED, ids=ascii)
def test_what_is_assigned_in_any_spelling_is_one_account(vendor: Vendor, license: License, typed: str) -> None:
    user, password = vendor.assign(license, TYPED[0])
    assert user.email == "info@xn--bcher-kva.de"
    assert find_user(vendor.code, license.id, typed).id == user.id
    assert log_in(vendor.code, typed, password or "", now=vendor.now).id == user.id
    assert vendor.activate(typed.strip(), "pc", password).device is not None
    assert preview(vendor.code, license.id, typed).results[0].code == "has_seat"
    with refused("user_already_assigned"):
        vendor.assign(license, typed)
    remove_user(vendor.code, license.id, typed, ADMIN, now=vendor.now)


def _batch(vendor: Vendor, license: License, email: str) -> None:
    [result] = preview(vendor.code, license.id, f"email\n{email}").results
    assert not result.ok
    vendor.assign(license, email)


CALLS_WITH_EMAIL: dict[str, Callable[[Vendor, License, str], Any]] = {
    "assign": lambda vendor, license, email: vendor.assign(license, email),
    "batch": _batch,
    "change": lambda vendor, license, email: change_email(
        vendor.code, license.id, "ada@example.com", email, ADMIN, manager_id=None, now=vendor.now
    ),
    "manager": lambda vendor, _, email: vendor.issue("revit", email),
    "customer": lambda vendor, _, email: vendor.issue("revit", customer=email),
}


@pytest.mark.parametrize("take", CALLS_WITH_EMAIL.values(), ids=list(CALLS_WITH_EMAIL))
def test_nobody_takes_an_email_that_cannot_be_mailed(
    vendor: Vendor, license: License, take: Callable[[Vendor, License, str], Any]
) -> None:
    vendor.assign(license, "ada@example.com")
    for email in NOT_MAILED:
        with pytest.raises(Invalid):
            take(vendor, license, email)


def _of_yesterday(vendor: Vendor, license: License, email: str) -> User:
    """An account as it was made before the rule, with a seat."""
    scope = frozenset({buyer(license)})
    user = replace(new_user(vendor.code, "x@example.com", scope, now=vendor.now), email=known_email(email))
    seat = Seat(user.id, user.email, 0, new_id(vendor.now), license.epoch, vendor.now, 1)
    seats.assign(
        license, seat, None, user, Event.new("user_assigned", ADMIN, vendor.now, user=user.email), Mail("", "", "")
    )
    return user


@pytest.mark.parametrize("email", NOT_MAILED, ids=ascii)
def test_an_account_of_yesterday_logs_in_activates_and_can_be_changed(
    vendor: Vendor, license: License, email: str
) -> None:
    user = _of_yesterday(vendor, license, email)
    set_password(vendor.code, license.id, email, PASSWORD, ADMIN, now=vendor.now)
    assert log_in(vendor.code, email.upper(), PASSWORD, now=vendor.now).id == user.id
    assert vendor.activate(email, "pc", PASSWORD).device is not None
    vendor.now += 1000
    second = vendor.issue("revit", email, max_license_users=20)  # he may come to manage an order
    assert vendor.assign(second, email)[0].id == user.id
    changed = change_email(vendor.code, license.id, email, "new@x.com", ADMIN, manager_id=None, now=vendor.now)
    assert (changed.id, changed.email) == (user.id, "new@x.com")


def test_a_company_code_is_read_as_it_is_pasted() -> None:
    assert company_code("\u200b qbi\u00adtec\ufeff ") == "QBITEC"
