"""A password that its owner has not proved goes from one customer to another by no seat, and is lost by none."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from chalicelib.domain.access import opens
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.domain.paging import Page
from chalicelib.store import accounts, one_time_codes, seats, writes
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.keys import user_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases import activate as activate_module
from chalicelib.usecases import portal_queries
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.batch_assign import continue_batch, start_batch
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import remove_user, set_password
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.initial_password import initial_password, reveal_initial_password
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.portal_queries import ListQuery, SeatRow
from chalicelib.usecases.sessions import open_session
from chalicelib.usecases.user_licenses import user_licenses
from tests.mailbox import mailed_code
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import PASSWORD, account, chosen, issued
from tests.usecases.support import refused

VICTIM = "victim@three.example"
KNOWN = "known to a squatter"


@dataclass
class Two:
    """Two customers with a license and a manager each; the managers have chosen their passwords."""

    vendor: Vendor
    second: License
    third: License

    def manager(self, license: License) -> int:
        return account(self.vendor, "m2@two.example" if license is self.second else "m3@three.example").id

    def give(self, license: License, email: str = VICTIM, manager_id: int | None = None) -> None:
        given = (self.vendor.code, license.id, email, 5, ADMIN)
        assign_user(*given, manager_id=manager_id or self.manager(license), now=NOW)

    def squat(self, email: str = VICTIM) -> None:
        """The manager of the second customer assigns somebody, and knows the password."""
        self.give(self.second, email)
        given = (self.vendor.code, self.second.id, email, KNOWN, ADMIN)
        set_password(*given, manager_id=self.manager(self.second), now=NOW)

    def prove(self, email: str = VICTIM) -> None:
        request_code(self.vendor.code, email, now=NOW)
        code = mailed_code(self.vendor, email)
        set_password_by_code(self.vendor.code, email, code, PASSWORD, ADMIN, now=NOW)

    def opened(self, password: str, email: str = VICTIM) -> list[str]:
        """The customers whose licenses a password opens, in every way: it activates, is listed, and its pages are."""
        at = {"second": self.second, "third": self.third}
        try:
            user = log_in(self.vendor.code, email, password, now=NOW)
        except SeatkeeperError:
            return []
        found = [name for name, license in at.items() if self.activates(license, password, email)]
        listed = {p.license.id for p in user_licenses(self.vendor.code, "revit", email, password, now=NOW) if p.license}
        assert listed == {at[name].id for name in found}
        if not user.is_initial_password:
            session = open_session(user, now=NOW)
            own = portal_queries.own_licenses(session, ListQuery(), now=NOW).page
            assert ({row.license.id for row in own.rows}, own.total) == (listed, len(listed))
            for name, license in at.items():
                if name not in found:
                    with refused("license_not_found"):
                        portal_queries.own_devices(session, license.id, ListQuery(), now=NOW)
        return found

    def activates(self, license: License, password: str, email: str = VICTIM) -> bool:
        try:
            return bool(self.vendor.activate(email, "pc", password, license_id=license.id).device)
        except SeatkeeperError as refusal:
            assert refusal.code in ("invalid_credentials", "license_not_found")
            return False


@pytest.fixture
def two(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Two:
    monkeypatch.setattr("chalicelib.usecases.forgotten_password.LEAST_SECONDS", 0.0, raising=False)
    sold = [
        issued(vendor, manager=f"m{n}@{name}.example", customer=f"office@{name}.example", max_activations=50)
        for n, name in ((2, "two"), (3, "three"))
    ]
    for email in ("m2@two.example", "m3@three.example"):
        chosen(vendor, email)
    return Two(vendor, *sold)


def test_no_page_shows_or_counts_what_the_password_does_not_open(two: Two) -> None:
    """Whatever page is asked for, forwards and backwards, and wherever in the list that stands."""
    two.squat()
    change_password(two.vendor.code, VICTIM, KNOWN, PASSWORD, ADMIN, now=NOW)
    own = [two.second.id]
    for customer in ("three", *["two"] * 20, "three", *["two"] * 7, "three"):
        two.vendor.now += 1
        license = two.vendor.issue("revit", customer=f"office@{customer}.example", max_license_users=2)
        two.give(license)
        own += [license.id] if customer == "two" else []
    two.give(two.third)

    def page(**asked: str) -> Page[SeatRow]:
        return portal_queries.own_licenses(session, ListQuery(**asked), now=NOW).page

    def ids(page: Page[SeatRow]) -> list[int]:
        return [row.license.id for row in page.rows]

    session, newest = open_session(account(two.vendor, VICTIM), now=NOW), own[::-1]
    first = page()
    second = page(after=first.after)
    assert (ids(first), first.first, first.total, first.before) == (newest[:25], 1, 28, "")
    assert (ids(second), second.first, second.total, second.after) == (newest[25:], 26, 28, "")
    assert page(before=second.before) == first


def by_assign(two: Two) -> None:
    two.give(two.third)


def by_batch(two: Two) -> None:
    given = (two.vendor.code, two.third.id)
    batch_id = start_batch(*given, VICTIM, True, ADMIN, now=NOW)
    continue_batch(*given, batch_id, ADMIN, lambda: True, manager_id=two.manager(two.third), now=NOW)


def by_operator(two: Two) -> None:
    assign_user(two.vendor.code, two.third.id, VICTIM, 5, ADMIN, now=NOW)


WAYS = pytest.mark.parametrize("give", [by_assign, by_batch, by_operator])


@WAYS
@pytest.mark.parametrize("is_chosen", [False, True], ids=["initial", "chosen at the first log-in"])
def test_an_account_that_was_made_and_left_gets_a_new_password_with_its_next_seat(
    two: Two, give: Callable[[Two], None], is_chosen: bool
) -> None:
    two.squat()
    user = chosen(two.vendor, VICTIM) if is_chosen else account(two.vendor, VICTIM)
    squatter = open_session(user, now=NOW)
    remove_user(two.vendor.code, two.second.id, VICTIM, ADMIN, now=NOW)
    give(two)
    assert two.opened(PASSWORD if is_chosen else KNOWN) == []
    with refused("session_expired"):
        portal_queries.authenticate_session(squatter, allow_initial_password=True, now=NOW)
    handed_out = reveal_initial_password(two.vendor.code, two.third.id, VICTIM, two.manager(two.third), ADMIN, now=NOW)
    assert two.opened(handed_out or "") == ["third"]
    assert [e.detail for e in two.vendor.history(two.third) if e.type == "user_assigned"] == [
        {"new_initial_password": 1}
    ]


@WAYS
@pytest.mark.parametrize("is_chosen", [False, True], ids=["initial", "chosen at the first log-in"])
def test_a_seat_of_another_customer_waits_for_a_mailed_code(
    two: Two, give: Callable[[Two], None], is_chosen: bool
) -> None:
    two.squat()
    password = PASSWORD if is_chosen else KNOWN
    if is_chosen:
        chosen(two.vendor, VICTIM)
    session = open_session(account(two.vendor, VICTIM), now=NOW)
    give(two)
    assert two.opened(password) == ["second"]  # nothing is lost by what a stranger does
    assert portal_queries.authenticate_session(session, allow_initial_password=True, now=NOW)
    two.prove()
    assert two.opened(password) == ([] if password != PASSWORD else ["second", "third"])
    assert two.opened(PASSWORD) == ["second", "third"]


def test_a_strangers_seat_takes_no_rights_from_the_manager_whose_password_it_is(two: Two) -> None:
    two.squat()
    two.give(two.third)
    ours, theirs = two.manager(two.second), two.manager(two.third)
    code, second, third = two.vendor.code, two.second.id, two.third.id
    assert reveal_initial_password(code, second, VICTIM, ours, ADMIN, now=NOW) == KNOWN
    set_password(code, second, VICTIM, "another one of ours", ADMIN, manager_id=ours, now=NOW)
    assert two.opened("another one of ours") == ["second"]
    for touch in (
        lambda: reveal_initial_password(code, third, VICTIM, theirs, ADMIN, now=NOW),
        lambda: set_password(code, third, VICTIM, None, ADMIN, manager_id=theirs, now=NOW),
        lambda: change_email(code, second, VICTIM, "x@two.example", ADMIN, manager_id=ours, now=NOW),
    ):
        with refused("not_your_user"):
            touch()


def test_nobody_reads_a_password_that_another_customer_may_let_open_again(two: Two) -> None:
    code, second, third = two.vendor.code, two.second.id, two.third.id
    two.give(two.third)
    handed_out = reveal_initial_password(code, third, VICTIM, two.manager(two.third), ADMIN, now=NOW)
    two.give(two.second)
    remove_user(code, third, VICTIM, ADMIN, now=NOW)
    with refused("not_your_user"):
        reveal_initial_password(code, second, VICTIM, two.manager(two.second), ADMIN, now=NOW)
    two.give(two.third)
    assert two.opened(handed_out or "") == ["third"]
    remove_user(code, third, VICTIM, ADMIN, now=NOW)
    _, ours = set_password(code, second, VICTIM, None, ADMIN, manager_id=two.manager(two.second), now=NOW)
    assert reveal_initial_password(code, second, VICTIM, two.manager(two.second), ADMIN, now=NOW) == ours
    two.give(two.third)
    assert two.opened(ours) == ["second"]


def test_who_manages_something_of_all_whom_it_is_for_reads_it_whatever_was_taken(two: Two) -> None:
    orders = [issued(two.vendor, manager="m2@two.example", customer=None) for _ in range(2)]
    ours = two.manager(two.second)
    for license in orders:
        two.give(license, manager_id=ours)
    remove_user(two.vendor.code, orders[0].id, VICTIM, ADMIN, now=NOW)
    assert reveal_initial_password(two.vendor.code, orders[1].id, VICTIM, ours, ADMIN, now=NOW)


def test_an_operator_opens_all_that_the_account_has(two: Two) -> None:
    two.squat()
    two.give(two.third)
    _, password = set_password(two.vendor.code, two.third.id, VICTIM, None, ADMIN, now=NOW)
    assert two.opened(password) == ["second", "third"]
    assert two.opened(KNOWN) == []


def test_one_customer_assigns_a_person_twice_without_a_new_password(two: Two) -> None:
    two.squat()
    another = issued(two.vendor, manager="m4@two.example", customer="office@two.example")
    two.give(another, manager_id=account(two.vendor, "m4@two.example").id)
    assert two.activates(another, KNOWN)
    remove_user(two.vendor.code, two.second.id, VICTIM, ADMIN, now=NOW)
    two.give(two.second)
    assert two.activates(two.second, KNOWN)


def test_who_manages_all_that_the_password_opens_may_let_it_open_more(two: Two) -> None:
    two.squat()
    unnamed = issued(two.vendor, manager="m2@two.example", customer=None)
    two.give(unnamed, manager_id=two.manager(two.second))
    assert two.activates(unnamed, KNOWN)
    assert two.activates(two.second, KNOWN)


@WAYS
def test_a_proved_password_opens_whatever_the_account_is_given(two: Two, give: Callable[[Two], None]) -> None:
    two.squat()
    two.prove()
    give(two)
    assert two.opened(PASSWORD) == ["second", "third"]


def without_scope(two: Two) -> None:
    """As accounts were stored before there were scopes."""
    item = UserItem(two.vendor.code, user_sort_key(account(two.vendor, VICTIM).id))
    writes.update(item, [UserItem.password_scope.remove()])


@WAYS
@pytest.mark.parametrize("stays", [True, False], ids=["in use", "left"])
def test_an_account_of_before_keeps_what_it_had_and_no_more(two: Two, give: Callable[[Two], None], stays: bool) -> None:
    two.squat()
    without_scope(two)
    assert two.opened(KNOWN) == ["second"]
    if not stays:
        remove_user(two.vendor.code, two.second.id, VICTIM, ADMIN, now=NOW)
    give(two)
    assert two.opened(KNOWN) == (["second"] if stays else [])


def test_an_account_of_before_goes_on_with_all_its_customers(two: Two) -> None:
    two.squat()
    two.give(two.third)
    without_scope(two)
    assert two.opened(KNOWN) == ["second", "third"]
    fourth = issued(two.vendor, customer="office@four.example")
    assign_user(two.vendor.code, fourth.id, VICTIM, 5, ADMIN, now=NOW)
    assert two.opened(KNOWN) == ["second", "third"]
    assert not two.activates(fourth, KNOWN)


@WAYS
@pytest.mark.parametrize("is_proved", [True, False])
def test_an_account_that_was_renamed_to_somebodys_email_brings_no_password(
    two: Two, give: Callable[[Two], None], is_proved: bool
) -> None:
    own = "squatter@two.example"
    two.squat(own)
    if is_proved:
        two.prove(own)
    given = (two.vendor.code, two.second.id, own, VICTIM, ADMIN)
    change_email(*given, manager_id=two.manager(two.second), now=NOW)
    give(two)
    assert two.opened(PASSWORD if is_proved else KNOWN) == ["second"]


def test_a_manager_of_one_customer_comes_to_manage_anothers_order_with_a_new_password(two: Two) -> None:
    before = account(two.vendor, "m2@two.example")
    issued(two.vendor, manager="m2@two.example", customer="office@two.example")
    issued(two.vendor, manager="m2@two.example", customer=None)
    assert account(two.vendor, "m2@two.example").password_hash == before.password_hash
    issued(two.vendor, manager="m2@two.example", customer="office@three.example")
    after = account(two.vendor, "m2@two.example")
    assert (after.is_initial_password, after.session_epoch) == (True, before.session_epoch + 1)


def test_of_two_customers_at_once_one_hands_out_a_password_and_the_other_waits(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = issued(two.vendor, customer="office@one.example", manager="m1@one.example")
    two.give(first, manager_id=account(two.vendor, "m1@one.example").id)
    remove_user(two.vendor.code, first.id, VICTIM, ADMIN, now=NOW)
    before, assign, decided = account(two.vendor, VICTIM), seats.assign, Barrier(2)

    def assign_at_once(*given: Any) -> None:
        with suppress(BrokenBarrierError):  # both have decided, and one of them decides anew
            decided.wait(timeout=2)
            decided.abort()
        assign(*given)

    monkeypatch.setattr(seats, "assign", assign_at_once)
    with ThreadPool(2) as threads:
        list(threads.map(two.give, (two.second, two.third)))
    user = account(two.vendor, VICTIM)
    assert (user.session_epoch, user.access_revision) == (before.session_epoch + 1, before.access_revision + 2)
    assert [opens(user, license) for license in (two.second, two.third)].count(True) == 1
    assert two.opened(initial_password(before) or "") == []
    assert len(two.opened(initial_password(user) or "")) == 1


def test_who_logged_in_before_the_password_was_renewed_activates_nothing(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.squat()
    remove_user(two.vendor.code, two.second.id, VICTIM, ADMIN, now=NOW)

    def and_give(*given: Any, **more: Any) -> Any:
        user = log_in(*given, **more)
        two.give(two.third)
        return user

    monkeypatch.setattr(activate_module, "log_in", and_give)
    with refused("invalid_credentials"):
        two.vendor.activate(VICTIM, "pc", KNOWN, license_id=two.third.id)
    assert two.vendor.stored(two.third).times_activated == 0


def test_a_code_that_was_mailed_before_still_proves(two: Two) -> None:
    two.squat()
    request_code(two.vendor.code, VICTIM, now=NOW)
    two.give(two.third)
    code = mailed_code(two.vendor, VICTIM)
    set_password_by_code(two.vendor.code, VICTIM, code, PASSWORD, ADMIN, now=NOW)
    assert two.opened(PASSWORD) == ["second", "third"]
    assert accounts.read_user(two.vendor.code, account(two.vendor, VICTIM).id) == account(two.vendor, VICTIM)
    assert one_time_codes.read_code(two.vendor.code, VICTIM, "", two.vendor.now).used
