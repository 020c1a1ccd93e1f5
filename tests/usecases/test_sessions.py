"""Sessions: opened by all three together, carried by a cookie that nobody else can make."""

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.users import MAX_FAILURES
from chalicelib.store import reads
from chalicelib.store.items.ephemera import SessionItem
from chalicelib.usecases import portal_queries, sessions
from tests.support import NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, chosen, issued, logged_in
from tests.usecases.support import refused


@pytest.fixture
def manager(vendor: Vendor) -> str:
    issued(vendor)
    return chosen(vendor, MANAGER).email


def test_a_log_in_opens_a_session(vendor: Vendor, manager: str) -> None:
    company, email = f" {vendor.code.lower()} ", manager.upper()
    user, claims = sessions.log_in_to_portal(company, email, PASSWORD, now=NOW)
    assert claims is not None
    assert portal_queries.authenticate_session(claims, now=NOW).user == user


@pytest.mark.parametrize(
    ("company", "email", "password"),
    [
        ("{}", MANAGER, "another password"),
        ("{}", "nobody@customer.test", PASSWORD),
        ("{}", "no email", PASSWORD),
        ("{}X", MANAGER, PASSWORD),
        ("no company code", "{}@customer.test", PASSWORD),
        ("companies", "{}@customer.test", PASSWORD),
        ("", "", ""),
        ("#" * 3000, "x" * 3000, "x" * 3000),
        ("\ud800", "\ud800", "\ud800"),
    ],
)
def test_what_was_wrong_is_told_by_nothing(
    vendor: Vendor, manager: str, company: str, email: str, password: str
) -> None:
    with pytest.raises(SeatkeeperError) as refused:
        sessions.log_in_to_portal(company.format(vendor.code), email.format(vendor.code), password, now=NOW)
    assert (refused.value.code, refused.value.params) == ("invalid_credentials", {})


def test_guesses_at_no_company_are_slowed_as_all_others(vendor: Vendor) -> None:
    codes = []
    for n in range(MAX_FAILURES):
        with pytest.raises(SeatkeeperError) as refused:
            sessions.log_in_to_portal("no code", f"{vendor.code}@customer.test", "guess", now=NOW + n)
        codes.append(refused.value.code)
    assert codes[-1] == "account_locked"


def test_the_token_is_stored_hashed(vendor: Vendor, manager: str) -> None:
    claims = logged_in(vendor, manager)
    assert reads.get(SessionItem(f"session#{claims.token}"), now=NOW) is None
    assert portal_queries.authenticate_session(claims, now=NOW)


def test_a_cookie_is_ours_or_nothing(vendor: Vendor, manager: str) -> None:
    claims = logged_in(vendor, manager)
    cookie = sessions.to_cookie(claims)
    assert sessions.from_cookie(cookie) == claims
    assert claims.token not in cookie
    other = "B" if cookie[0] == "A" else "A"
    for forged in ("", "x", "é", cookie[:-8], other + cookie[1:], cookie[4:], "\x00", "=" * 5000):
        assert sessions.from_cookie(forged) is None


def test_a_log_out_ends_one_session_and_may_be_repeated(vendor: Vendor, manager: str) -> None:
    here, there = logged_in(vendor, manager), logged_in(vendor, manager)
    for _ in range(2):
        sessions.log_out(here)
    with refused("session_expired"):
        portal_queries.authenticate_session(here, now=NOW)
    assert portal_queries.authenticate_session(there, now=NOW)


def test_a_session_can_be_kept_when_all_others_end(vendor: Vendor, manager: str) -> None:
    here = logged_in(vendor, manager)
    sessions.keep_session(here, chosen(vendor, manager).session_epoch, now=NOW)
    assert portal_queries.authenticate_session(here, now=NOW)
    sessions.keep_session(here, 7, now=NOW)
    with refused("session_expired"):
        portal_queries.authenticate_session(here, now=NOW)
