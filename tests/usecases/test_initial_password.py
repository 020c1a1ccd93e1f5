"""Initial passwords: of each user's own, and readable only in their own place."""

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag

from chalicelib.usecases.initial_password import initial_password, new_user, reveal_initial_password
from chalicelib.usecases.passwords import verify_password
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, chosen, issued

SCOPE = frozenset({"a customer"})


def test_a_new_user_has_a_password_that_can_be_read_and_that_fits_the_hash() -> None:
    user = new_user("ACME", "ada@customer.test", SCOPE, now=NOW)
    password = initial_password(user)
    assert password is not None
    assert verify_password(user.password_hash, password)
    assert not verify_password(user.password_hash, password.lower())
    assert password != initial_password(new_user("ACME", "ada@customer.test", SCOPE, now=NOW))


def test_a_seal_that_was_moved_to_another_account_does_not_open() -> None:
    user = new_user("ACME", "ada@customer.test", SCOPE, now=NOW)
    for other in (replace(user, id=user.id + 1), replace(user, company="OTHER")):
        with pytest.raises(InvalidTag):
            initial_password(other)


def test_a_manager_sees_it_until_the_user_has_chosen_another(vendor: Vendor) -> None:
    license = issued(vendor)
    user, password = vendor.assign(license, "ada@customer.test")
    manager_id = account(vendor, MANAGER).id
    assert reveal_initial_password(vendor.code, license.id, user.email, manager_id, ADMIN, now=NOW) == password
    chosen(vendor, user.email)
    assert reveal_initial_password(vendor.code, license.id, user.email, manager_id, ADMIN, now=NOW) is None
