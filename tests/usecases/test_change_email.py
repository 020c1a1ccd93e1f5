"""Another email for an account: on all its seats at once, unique, and the old one is nobody's."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.probes import MAX_TAKEN, TAKEN_WINDOW_MS
from chalicelib.store import accounts, batches, histories, licenses, reads, seats
from chalicelib.store.items.events import AccountEventItem
from chalicelib.store.keys import event_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases import batch_assign, portal_queries
from chalicelib.usecases import change_email as change_email_module
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.close_account import close_account
from tests.mailbox import mails
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued, logged_in

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
    with pytest.raises(SeatkeeperError):
        vendor.check(ADA, "pc")


def test_the_history_of_the_license_and_of_the_company_tell_it(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    change(vendor, license)
    of_company = [item.to_domain() for item in reads.query(AccountEventItem, vendor.code, event_sort_key())]
    for history in (vendor.history(license), of_company):
        assert [(e.user, e.detail) for e in history if e.type == "email_changed"] == [(ADA, {"email": NEW})]


def test_who_is_logged_in_stays_so(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    session = logged_in(vendor, ADA)
    change(vendor, license)
    assert portal_queries.authenticate_session(session, now=NOW).user.email == NEW


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
    with pytest.raises(SeatkeeperError) as refused:
        change(vendor, license)
    assert refused.value.code == "already_exists"
    assert account(vendor, ADA)


def test_at_once_only_one_account_gets_an_email(vendor: Vendor, license: License) -> None:
    people = [f"user{n}@customer.test" for n in range(4)]
    for person in people:
        vendor.assign(license, person)

    def attempt(old: str) -> str:
        try:
            change(vendor, license, old)
        except SeatkeeperError as refused:
            return refused.code
        return "changed"

    with ThreadPool(4) as threads:
        assert sorted(threads.map(attempt, people)) == ["already_exists"] * 3 + ["changed"]


def by_itself(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)


def by_batch(vendor: Vendor, license: License) -> None:
    batch_id = batch_assign.start_batch(vendor.code, license.id, ADA, True, ADMIN, now=NOW)
    batch_assign.continue_batch(vendor.code, license.id, batch_id, ADMIN, lambda: True, now=NOW)


@pytest.mark.parametrize(("give", "module", "write"), [(by_itself, seats, "assign"), (by_batch, batches, "fill")])
def test_a_seat_that_is_given_meanwhile_is_of_who_has_the_email_then(
    vendor: Vendor,
    license: License,
    give: Callable[[Vendor, License], None],
    module: Any,
    write: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user, _ = vendor.assign(license, ADA)
    other, changes, real = vendor.issue("revit", max_license_users=5), iter([change]), getattr(module, write)

    def late(*given: Any) -> None:
        for first_change in changes:
            first_change(vendor, license)
        real(*given)

    monkeypatch.setattr(module, write, late)
    give(vendor, other)
    assert seats.read_seat(vendor.code, other.id, user.id) is None
    newcomer = account(vendor, ADA)
    assert newcomer.id != user.id
    seat = seats.read_seat(vendor.code, other.id, newcomer.id)
    assert seat is not None
    assert seat.email == ADA


@pytest.mark.parametrize("new", ["", "nobody", "a@b", "m\xfcller@customer.test"])
def test_what_is_no_email_is_refused(vendor: Vendor, license: License, new: str) -> None:
    vendor.assign(license, ADA)
    with pytest.raises(SeatkeeperError) as refused:
        change(vendor, license, new=new)
    assert isinstance(refused.value, Invalid)


def test_the_same_one_changes_nothing(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    before = vendor.history(license)
    change(vendor, license, new=ADA.upper())
    assert vendor.history(license) == before


def test_more_seats_than_one_write_can_hold_are_refused(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_email_module, "MAX_SEATS", 1)
    for held in (license, vendor.issue("revit", max_license_users=5)):
        vendor.assign(held, ADA)
    with pytest.raises(SeatkeeperError) as refused:
        change(vendor, license)
    assert (refused.value.code, refused.value.params) == ("email_on_too_many_licenses", {"most": 1})


@pytest.mark.parametrize("seats_held", [0, 2])
def test_an_operator_changes_it_of_whoever_manages_with_or_without_a_seat(vendor: Vendor, seats_held: int) -> None:
    managed = issued(vendor, "viewer", manager=ADA)
    held = [issued(vendor) for _ in range(seats_held)]
    for seat in held:
        vendor.assign(seat, ADA)
    user, session, operator = account(vendor, ADA), logged_in(vendor, ADA), Actor("admin:petra")
    changed = change_email(vendor.code, None, ADA, NEW, operator, manager_id=None, now=NOW)
    assert (changed.id, changed.email, changed) == (user.id, NEW, account(vendor, NEW))
    assert portal_queries.license_details(session, managed.id, now=NOW)
    assert [seat.email for license in held for seat in licenses.seats(vendor.code, license.id)] == [NEW] * seats_held
    events = [(e.user, e.actor) for e in histories.account_events(changed) if e.type == "email_changed"]
    assert events == [(ADA, operator)]
    assert vendor.differences() == []
    with pytest.raises(SeatkeeperError) as refused:
        change_email(vendor.code, None, ADA, NEW, operator, manager_id=None, now=NOW)
    assert (refused.value.code, refused.value.params) == ("user_not_found", {"of": "account"})
    (to_the_new_one,) = mails(vendor, NEW)
    assert to_the_new_one["Subject"] in [mail["Subject"] for mail in mails(vendor, ADA)]


def test_the_email_of_a_closed_account_is_nobodys_and_stays_its_own(vendor: Vendor, license: License) -> None:
    for email in (ADA, NEW):
        vendor.assign(license, email)
    close_account(vendor.code, ADA, ADMIN, now=NOW)
    for old, new, code in ((ADA, "another@customer.test", "account_closed"), (NEW, ADA, "already_exists")):
        with pytest.raises(SeatkeeperError) as refused:
            change_email(vendor.code, None, old, new, ADMIN, manager_id=None, now=NOW)
        assert refused.value.code == code


# --- who has an email is no manager's to find out ----------------------------------------------------------------


@pytest.fixture
def boss(vendor: Vendor) -> License:
    """A license with a manager; Ada has a seat on it, and others have theirs elsewhere."""
    mine, elsewhere = issued(vendor, max_license_users=5), vendor.issue("revit", max_license_users=50)
    vendor.assign(mine, ADA)
    for number in range(MAX_TAKEN + 2):
        vendor.assign(elsewhere, taken(number))
    return mine


def taken(number: int) -> str:
    return f"taken{number}@elsewhere.test"


def asked(vendor: Vendor, license: License, new: str, *, old: str = ADA, now: int = NOW, by: int | None = 0) -> Any:
    """What a manager is told who gives an account of his another email."""
    manager = account(vendor, MANAGER)
    try:
        by = manager.id if by == 0 else by
        change_email(vendor.code, license.id, old, new, Actor(f"user:{MANAGER}"), manager_id=by, now=now)
    except SeatkeeperError as refused:
        return refused.code, refused.retry_after
    return "changed"


def test_a_manager_is_told_so_often_a_day_that_an_email_is_anothers_and_then_the_same_of_any(
    vendor: Vendor, boss: License
) -> None:
    answers = [asked(vendor, boss, taken(n)) for n in range(MAX_TAKEN)]
    assert answers == [("already_exists", None)] * MAX_TAKEN
    held = ("rate_limit_exceeded", TAKEN_WINDOW_MS // 1000)
    assert [asked(vendor, boss, new) for new in (taken(MAX_TAKEN), "free@customer.test", ADA)] == [held] * 3
    assert asked(vendor, boss, taken(0), by=None) == ("already_exists", None), "an operator is no manager"
    assert asked(vendor, boss, "free@customer.test", now=NOW + TAKEN_WINDOW_MS - 1) == ("rate_limit_exceeded", 1)
    assert asked(vendor, boss, "free@customer.test", now=NOW + TAKEN_WINDOW_MS) == "changed"


def test_what_a_manager_asks_at_once_tells_no_more_than_in_a_row(vendor: Vendor, boss: License) -> None:
    assert asked(vendor, boss, taken(0)) == ("already_exists", None)
    with ThreadPool(8) as threads:
        answers = list(threads.map(lambda n: asked(vendor, boss, taken(n % 8)), range(2 * MAX_TAKEN)))
    assert answers.count(("already_exists", None)) == MAX_TAKEN - 1


def test_what_tells_nothing_of_others_does_not_count(vendor: Vendor, boss: License) -> None:
    for number in range(2 * MAX_TAKEN):
        old, new = (ADA, NEW)[:: 1 if number % 2 == 0 else -1]
        assert asked(vendor, boss, new, old=old) == "changed"
        assert asked(vendor, boss, new, old="nobody@customer.test") == ("user_not_found", None)
    assert asked(vendor, boss, taken(0)) == ("already_exists", None)


def test_that_an_email_was_tried_stands_in_the_history_of_who_has_it(vendor: Vendor, boss: License) -> None:
    asked(vendor, boss, taken(0))
    asked(vendor, boss, "free@customer.test")
    of_company = [item.to_domain() for item in reads.query(AccountEventItem, vendor.code, event_sort_key())]
    (event,) = [event for event in of_company if event.type == "email_probed"]
    assert (event.user, event.user_id) == (taken(0), account(vendor, taken(0)).id)
    assert event.actor.name == f"user:{MANAGER}"
