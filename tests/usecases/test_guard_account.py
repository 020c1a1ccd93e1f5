"""Whose account a manager may touch: nobody's who also has something of another order, at no instant."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.domain.people import User
from chalicelib.domain.refusal import Refused
from chalicelib.usecases import change_email as change_email_module
from chalicelib.usecases import change_seat as change_seat_module
from chalicelib.usecases import guard_account
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_seat import remove_user, set_password
from chalicelib.usecases.initial_password import reveal_initial_password
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued

ADA, OTHER = "ada@customer.test", "other@customer.test"

Touch = Callable[[Vendor, License, int], Any]
TOUCHES: dict[str, Touch] = {
    "set a password": lambda v, li, m: set_password(v.code, li.id, ADA, None, ADMIN, manager_id=m, now=NOW),
    "change the e-mail": lambda v, li, m: change_email(v.code, li.id, ADA, "x@y.test", ADMIN, manager_id=m, now=NOW),
    "see the initial password": lambda v, li, m: reveal_initial_password(v.code, li.id, ADA, m),
}


@pytest.fixture
def license(vendor: Vendor) -> License:
    license = issued(vendor, order_id="ours")
    vendor.assign(license, ADA)
    return license


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
    guard_account.MAX_MANAGED = 0


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
@pytest.mark.parametrize("given", [seat_elsewhere, seat_of_nobody, manages_elsewhere, manages_very_much])
def test_an_account_that_others_have_given_something_is_not_his_to_touch(
    vendor: Vendor,
    license: License,
    touch: Touch,
    given: Callable[[Vendor], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard_account, "MAX_MANAGED", guard_account.MAX_MANAGED)  # given back after the test
    given(vendor)
    before = account(vendor, ADA)
    with pytest.raises(Refused) as refused:
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


@pytest.mark.parametrize("given", [seat_elsewhere, manages_elsewhere])
@pytest.mark.parametrize("touch", ["set a password", "change the e-mail"])
def test_what_is_given_between_the_look_and_the_write_is_seen(
    vendor: Vendor,
    license: License,
    touch: str,
    given: Callable[[Vendor], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, looks = account(vendor, ADA), []

    def look(manager_id: int, user: User) -> None:
        guard_account.guard_account(manager_id, user)
        looks.append(user)
        if len(looks) == 1:
            given(vendor)

    for module in (change_seat_module, change_email_module):
        monkeypatch.setattr(module, "guard_account", look)
    with pytest.raises(Refused) as refused:
        TOUCHES[touch](vendor, license, account(vendor, MANAGER).id)
    assert (refused.value.code, len(looks)) == ("not_your_user", 1)
    after = account(vendor, ADA)
    assert (after.password_hash, after.email) == (before.password_hash, before.email)
