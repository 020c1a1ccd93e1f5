"""A customer gives so many seats of a license within an hour: each makes an account, and a mail to somebody."""

from collections.abc import Callable

import pytest

from chalicelib.domain import activation
from chalicelib.domain.errors import Forbidden, SeatkeeperError, Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.usecases import assign_user as assigning
from chalicelib.usecases import batch_assign as batches
from chalicelib.usecases import change_email as emails
from chalicelib.usecases import replace_user as replacing
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.close_account import close_account
from tests.mailbox import mails
from tests.support import ADMIN, HOUR, NOW, Vendor
from tests.usecases.people import result_of
from tests.usecases.support import refused

MANAGER = Actor("user:manager@customer.test")
MOST = 4


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """No license may have more than is sold twice, or so few."""
    monkeypatch.setattr(activation, "LEAST_CHANGES", MOST)


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=2)


def one_by_one(vendor: Vendor, license: License, number: int, by: Actor, now: int) -> None:
    email = f"u{number}@elsewhere.test"
    assigning.assign_user(vendor.code, license.id, email, 1, by, now=now)
    remove_user(vendor.code, license.id, email, by, now=now)


def by_lists(vendor: Vendor, license: License, number: int, by: Actor, now: int) -> None:
    batch = batches.start_batch(vendor.code, license.id, f"u{number}@elsewhere.test", True, by, now=now)
    assert batches.continue_batch(vendor.code, license.id, batch, by, lambda: True, now=now) is None
    remove_user(vendor.code, license.id, f"u{number}@elsewhere.test", by, now=now)


def by_other_emails(vendor: Vendor, license: License, number: int, by: Actor, now: int) -> None:
    if number == 0:
        assigning.assign_user(vendor.code, license.id, "u-1@elsewhere.test", 1, ADMIN, now=now)
    was, email = f"u{number - 1}@elsewhere.test", f"u{number}@elsewhere.test"
    emails.change_email(vendor.code, license.id, was, email, by, manager_id=None, now=now)


def by_replacing(vendor: Vendor, license: License, number: int, by: Actor, now: int) -> None:
    if number == 0:
        assigning.assign_user(vendor.code, license.id, "u-1@elsewhere.test", 1, ADMIN, now=now)
    was, email = f"u{number - 1}@elsewhere.test", f"u{number}@elsewhere.test"
    replacing.replace_user(vendor.code, license.id, was, email, by, now=now)


WAYS = pytest.mark.parametrize("give", [one_by_one, by_lists, by_other_emails, by_replacing])
Give = Callable[[Vendor, License, int, Actor, int], None]


@WAYS
def test_a_customer_mails_no_more_strangers_than_twice_what_he_has_bought(
    vendor: Vendor, license: License, give: Give
) -> None:
    for number in range(MOST):
        give(vendor, license, number, MANAGER, NOW)
    with pytest.raises(SeatkeeperError) as why:
        give(vendor, license, MOST, MANAGER, NOW)
    assert (why.value.code, why.value.retry_after) == ("rate_limit_exceeded", HOUR // MOST // 1000)
    mailed = [bool(mails(vendor, f"u{number}@elsewhere.test")) for number in range(MOST + 1)]
    assert mailed == [True] * MOST + [False]
    give(vendor, license, MOST, ADMIN, NOW)
    give(vendor, license, MOST + 1, MANAGER, NOW + HOUR // MOST)
    with refused("rate_limit_exceeded"):
        give(vendor, license, MOST + 2, MANAGER, NOW + HOUR // MOST)


@WAYS
def test_seats_that_are_given_at_once_are_counted_by_the_write(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch, give: Give
) -> None:
    """As if each had read the license before the others wrote."""
    for module in (assigning, batches, emails, replacing):
        monkeypatch.setattr(module, "guard_seats_rate", lambda *_: None)
    for number in range(MOST):
        give(vendor, license, number, MANAGER, NOW)
    with pytest.raises(Unavailable):
        give(vendor, license, MOST, MANAGER, NOW)


def by_one(vendor: Vendor, license: License, email: str, by: Actor) -> None:
    assigning.assign_user(vendor.code, license.id, email, 1, by, now=NOW)


def by_list(vendor: Vendor, license: License, email: str, by: Actor) -> None:
    batch = batches.start_batch(vendor.code, license.id, email, True, by, now=NOW)
    batches.continue_batch(vendor.code, license.id, batch, by, lambda: True, now=NOW)
    if not result_of(vendor, license, batch)[0].ok:
        raise Forbidden("account_closed")


def by_replacement(vendor: Vendor, license: License, email: str, by: Actor) -> None:
    if not vendor.stored(license).users_assigned:
        vendor.assign(license, "ben@customer.test")
    replacing.replace_user(vendor.code, license.id, "ben@customer.test", email, by, now=NOW)


@pytest.mark.parametrize("ask", [by_one, by_list, by_replacement])
def test_who_asks_which_accounts_are_closed_is_told_as_often_as_he_may_give_seats(
    vendor: Vendor, license: License, ask: Callable[[Vendor, License, str, Actor], None]
) -> None:
    elsewhere = vendor.issue("revit", max_license_users=MOST + 2)
    for number in range(MOST + 2):
        vendor.assign(elsewhere, f"u{number}@elsewhere.test")
        if number <= MOST:
            close_account(vendor.code, f"u{number}@elsewhere.test", ADMIN, now=NOW)
    codes = []
    for number in range(MOST + 2):
        with pytest.raises(SeatkeeperError) as why:
            ask(vendor, license, f"u{number}@elsewhere.test", MANAGER)
        codes.append(why.value.code)
    assert codes == ["account_closed"] * MOST + ["rate_limit_exceeded"] * 2
    with refused("account_closed"):
        ask(vendor, license, "u0@elsewhere.test", ADMIN)


def test_what_is_asked_at_once_of_accounts_that_are_closed_is_counted_by_the_write(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.assign(vendor.issue("revit"), "u0@elsewhere.test")
    close_account(vendor.code, "u0@elsewhere.test", ADMIN, now=NOW)
    monkeypatch.setattr(assigning, "guard_seats_rate", lambda *_: None)
    for _ in range(MOST):
        with refused("account_closed"):
            by_one(vendor, license, "u0@elsewhere.test", MANAGER)
    with pytest.raises(Unavailable):
        by_one(vendor, license, "u0@elsewhere.test", MANAGER)


def test_a_list_takes_as_many_as_it_has_people_and_the_whole_of_what_was_bought_fits(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=3)
    people = "\n".join(f"u{number}@elsewhere.test" for number in range(3))
    for _ in range(2):
        batch = batches.start_batch(vendor.code, license.id, people, True, MANAGER, now=NOW)
        batches.end_batch(vendor.code, license.id, batch, MANAGER, now=NOW)
    with refused("rate_limit_exceeded"):
        batches.start_batch(vendor.code, license.id, people, True, MANAGER, now=NOW)
