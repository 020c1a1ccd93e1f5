"""Whose account a manager may touch: nobody's who also has something of another order, at no instant."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.domain.users import User
from chalicelib.store import accounts, seats, writes
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import user_license_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases import account_access
from chalicelib.usecases import change_email as change_email_module
from chalicelib.usecases import change_seat as change_seat_module
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_seat import remove_user, set_password
from chalicelib.usecases.initial_password import reveal_initial_password
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued

ADA, OTHER = "ada@customer.test", "other@customer.test"

Touch = Callable[[Vendor, License, int], Any]
TOUCHES: dict[str, Touch] = {
    "set a password": lambda v, li, m: set_password(v.code, li.id, ADA, None, ADMIN, manager_id=m, now=NOW),
    "change the email": lambda v, li, m: change_email(v.code, li.id, ADA, "x@y.test", ADMIN, manager_id=m, now=NOW),
    "see the initial password": lambda v, li, m: reveal_initial_password(v.code, li.id, ADA, m, ADMIN, now=NOW),
}


@pytest.fixture
def license(vendor: Vendor) -> License:
    license = issued(vendor, order_id="ours")
    vendor.assign(license, ADA)
    return license


def test_what_an_account_has_is_the_same_by_links_that_do_not_say_whose_it_is(vendor: Vendor, license: License) -> None:
    """Links of seats that older processes have given do not; others cost no read of the license."""
    for customer in (None, "studio@customer.test"):
        vendor.assign(issued(vendor, customer=customer), ADA)
    user = account(vendor, ADA)
    with counted() as cost:
        held = account_access.read_holdings(user)
    assert cost.round_trips == "1 read"
    assert len(held.used) == len(held.buyers) == 3
    for license_id in held.used:
        link = LookupItem(vendor.code, user_license_sort_key(user.id, license_id))
        writes.update(link, [LookupItem.buyer.remove()])
    assert account_access.read_holdings(user) == held
    assert vendor.differences() == []


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
def test_a_manager_touches_the_accounts_of_his_orders(vendor: Vendor, license: License, touch: Touch) -> None:
    vendor.assign(issued(vendor, order_id="ours too"), ADA)
    assert touch(vendor, license, account(vendor, MANAGER).id)


def seat_elsewhere(vendor: Vendor) -> None:
    vendor.assign(issued(vendor, manager=OTHER), ADA)


def seat_of_nobody(vendor: Vendor) -> None:
    vendor.assign(vendor.issue("revit"), ADA)


def manages_elsewhere(vendor: Vendor) -> None:
    issued(vendor, "viewer", ADA)


def manages_very_much(vendor: Vendor) -> None:
    issued(vendor, "viewer", ADA, order_id="ours")
    account_access.MAX_MANAGED = 0


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
@pytest.mark.parametrize("given", [seat_elsewhere, seat_of_nobody, manages_elsewhere, manages_very_much])
def test_an_account_that_others_have_given_something_is_not_his_to_touch(
    vendor: Vendor,
    license: License,
    touch: Touch,
    given: Callable[[Vendor], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(account_access, "MAX_MANAGED", account_access.MAX_MANAGED)  # given back after the test
    given(vendor)
    before = account(vendor, ADA)
    with pytest.raises(SeatkeeperError) as refused:
        touch(vendor, license, account(vendor, MANAGER).id)
    assert refused.value.code == "not_your_user"
    assert account(vendor, ADA) == before


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
def test_it_is_again_when_the_others_have_taken_it_back(vendor: Vendor, license: License, touch: Touch) -> None:
    foreign = issued(vendor, manager=OTHER)
    vendor.assign(foreign, ADA)
    remove_user(vendor.code, foreign.id, ADA, ADMIN, now=NOW)
    assert touch(vendor, license, account(vendor, MANAGER).id)


def test_a_manager_of_the_same_order_can_be_helped(vendor: Vendor, license: License) -> None:
    issued(vendor, "viewer", ADA, order_id="ours")
    assert set_password(vendor.code, license.id, ADA, None, ADMIN, manager_id=account(vendor, MANAGER).id, now=NOW)


def test_operators_touch_every_account(vendor: Vendor, license: License) -> None:
    seat_elsewhere(vendor)
    assert set_password(vendor.code, license.id, ADA, None, ADMIN, now=NOW)


@pytest.mark.parametrize("is_manager", [False, True], ids=["user", "manager"])
@pytest.mark.parametrize("given", [seat_elsewhere, manages_elsewhere])
@pytest.mark.parametrize("touch", ["set a password", "change the email"])
def test_what_is_given_between_the_look_and_the_write_is_seen(
    vendor: Vendor,
    license: License,
    touch: str,
    given: Callable[[Vendor], None],
    is_manager: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if is_manager:  # of the same order, as yet
        issued(vendor, "viewer", ADA, order_id="ours")
    looks: list[User] = []

    def watched(guard: Callable[[int, User], Any]) -> Callable[[int, User], Any]:
        def look(manager_id: int, user: User) -> Any:
            found = guard(manager_id, user)
            looks.append(user)
            if len(looks) == 1:
                given(vendor)
                looks[0] = account(vendor, ADA)
            return found

        return look

    monkeypatch.setattr(change_seat_module, "guard_password", watched(account_access.guard_password))
    monkeypatch.setattr(change_email_module, "guard_account", watched(account_access.guard_account))
    with pytest.raises(SeatkeeperError) as refused:
        TOUCHES[touch](vendor, license, account(vendor, MANAGER).id)
    assert (refused.value.code, len(looks)) == ("not_your_user", 1)
    after = account(vendor, ADA)
    assert (after.password_hash, after.email) == (looks[0].password_hash, looks[0].email)


@pytest.mark.usefixtures("costly_passwords")
def test_at_once_a_password_is_set_before_a_seat_is_given_elsewhere_or_not_at_all(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = 8
    ours, theirs = issued(vendor, max_license_users=rounds), issued(vendor, manager=OTHER, max_license_users=rounds)
    manager_id, steps = account(vendor, MANAGER).id, list[str]()
    assign, change_password = seats.assign, accounts.change_password

    def give(*given: Any) -> None:
        assign(*given)
        steps.append("seat was given")

    def change(*given: Any, **more: Any) -> None:
        steps.append("password is about to be set")
        change_password(*given, **more)
        steps.append("password was set")

    monkeypatch.setattr(seats, "assign", give)
    monkeypatch.setattr(accounts, "change_password", change)
    with ThreadPool(1) as threads:
        for n in range(rounds):
            email = f"user{n}@customer.test"
            vendor.assign(ours, email)
            steps.clear()
            giving = threads.submit(vendor.assign, theirs, email)
            try:
                set_password(vendor.code, ours.id, email, None, ADMIN, manager_id=manager_id, now=NOW)
            except SeatkeeperError as refused:
                assert refused.code == "not_your_user"
            giving.result()
            if "password was set" in steps:
                assert "seat was given" not in steps[: steps.index("password was set") - 1]
            assert seats.read_seat(vendor.code, theirs.id, account(vendor, email).id)
