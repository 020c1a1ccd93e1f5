"""A user chooses a password: the initial one is gone for good."""

import pytest

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.store import accounts
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.log_in import log_in
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import refused

ADA = "ada@customer.test"


@pytest.fixture
def initial(vendor: Vendor) -> str:
    """Ada's initial password."""
    _, password = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    assert password is not None
    return password


def change(vendor: Vendor, old: str, new: str) -> None:
    change_password(vendor.code, ADA, old, new, ADMIN, now=NOW)


def test_a_chosen_password_replaces_the_initial_one_which_nobody_can_read_any_more(
    vendor: Vendor, initial: str
) -> None:
    change(vendor, initial, "chosen by ada")
    user = log_in(vendor.code, ADA, "chosen by ada", now=NOW)
    assert (user.is_initial_password, user.sealed_initial_password, initial_password(user)) == (False, None, None)
    assert accounts.read_user(vendor.code, user.id) == user
    with refused("invalid_credentials"):
        log_in(vendor.code, ADA, initial, now=NOW)


@pytest.mark.usefixtures("costly_passwords")
def test_the_stored_forms_tell_no_password(vendor: Vendor, initial: str) -> None:
    user = log_in(vendor.code, ADA, initial, now=NOW)
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert initial not in repr(user)
    change(vendor, initial, "chosen by ada")
    assert "chosen by ada" not in repr(log_in(vendor.code, ADA, "chosen by ada", now=NOW))


def test_the_old_password_is_needed(vendor: Vendor, initial: str) -> None:
    for wrong in ("", "wrong", initial.lower()):
        with refused("invalid_credentials"):
            change(vendor, wrong, "chosen by ada")
    with refused("account_locked"):
        change(vendor, initial, "chosen by ada")  # guesses are counted here as everywhere


@pytest.mark.parametrize("new", ["", "7 chars", "x" * 129])
def test_a_password_that_cannot_be_chosen_changes_nothing(vendor: Vendor, initial: str, new: str) -> None:
    with pytest.raises(Invalid):
        change(vendor, initial, new)
    assert log_in(vendor.code, ADA, initial, now=NOW).is_initial_password


def test_the_new_password_must_differ(vendor: Vendor, initial: str) -> None:
    with pytest.raises(Invalid):
        change(vendor, initial, initial)


@pytest.mark.usefixtures("costly_passwords")
def test_of_two_changes_at_once_one_wins_and_the_other_is_reported(vendor: Vendor, initial: str) -> None:
    def choose(new: str) -> str:
        try:
            change(vendor, initial, new)
        except SeatkeeperError as refused:
            return refused.code
        return new

    with ThreadPool(2) as threads:
        answers = list(threads.map(choose, ["the first one", "the second one"]))
    assert "invalid_credentials" in answers
    (chosen,) = set(answers) - {"invalid_credentials"}
    assert not log_in(vendor.code, ADA, chosen, now=NOW).is_initial_password


def test_an_unknown_user_is_answered_like_a_wrong_password(vendor: Vendor) -> None:
    with refused("invalid_credentials"):
        change_password(vendor.code, "nobody@customer.test", "whatever", "chosen by nobody", ADMIN, now=NOW)
