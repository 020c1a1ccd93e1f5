"""What one customer says of a person, or asks about one, another customer does not learn. The person is mailed."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.store import writes
from chalicelib.store.items.licenses import SeatItem
from chalicelib.store.keys import license_pk, seat_sort_key
from chalicelib.usecases import portal_queries
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.batch_assign import continue_batch, preview, start_batch
from chalicelib.usecases.change_account import change_profile, choose_password
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.portal_queries import ListQuery
from tests.mailbox import code_mails, mailed_code, mails, said
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import account, issued, logged_in, result_of
from tests.usecases.support import refused

CHOSEN, CHANGED = "chosen by herself", "Your password was changed (A vendor)"
ADA, NEW, LEFT = "ada@three.example", "new@three.example", "left@three.example"


@pytest.fixture
def sold(vendor: Vendor) -> tuple[License, License]:
    """Licenses of two customers, and a person of the first one."""
    second, third = [
        issued(vendor, manager=f"m@{name}.example", customer=f"office@{name}.example", max_license_users=None)
        for name in ("two", "three")
    ]
    assign_user(vendor.code, second.id, ADA, 1, ADMIN, profile=Profile("Ada", "King", "+44 1"), now=NOW)
    return second, third


def shown(vendor: Vendor, license: License, manager: str) -> list[tuple[str, str, str]]:
    """Names and phone numbers in the list of users."""
    rows = portal_queries.license_users(logged_in(vendor, manager), license.id, ListQuery(), now=NOW).page.rows
    return [(row.first_name, row.last_name, row.phone_number) for row in rows]


def by_assign(vendor: Vendor, license: License, email: str, first_name: str) -> None:
    assign_user(vendor.code, license.id, email, 1, ADMIN, profile=Profile(first_name), now=NOW)


def by_batch(vendor: Vendor, license: License, email: str, first_name: str) -> None:
    batch_id = start_batch(vendor.code, license.id, f"email,first name\n{email},{first_name}", True, ADMIN, now=NOW)
    continue_batch(vendor.code, license.id, batch_id, ADMIN, lambda: True, now=NOW)


WAYS = pytest.mark.parametrize("give", [by_assign, by_batch])


@WAYS
@pytest.mark.parametrize("name", ["Augusta", ""])
def test_each_customer_sees_what_he_has_told(
    vendor: Vendor, sold: tuple[License, License], give: Callable[..., None], name: str
) -> None:
    change_profile(vendor.code, account(vendor, ADA).id, Profile("Countess", "of Lovelace", "+44 2"), ADMIN, now=NOW)
    give(vendor, sold[1], ADA, name)
    assert shown(vendor, sold[0], "m@two.example") == [("Ada", "King", "+44 1")]
    assert shown(vendor, sold[1], "m@three.example") == [(name, "", "")]
    assert account(vendor, ADA).first_name == "Countess"


def test_a_seat_of_before_shows_what_the_account_says(vendor: Vendor, sold: tuple[License, License]) -> None:
    change_profile(vendor.code, account(vendor, ADA).id, Profile("Countess"), ADMIN, now=NOW)
    item = SeatItem(license_pk(vendor.code, sold[0].id), seat_sort_key(account(vendor, ADA).id))
    writes.update(item, [getattr(SeatItem, name).remove() for name in ("first_name", "last_name", "phone_number")])
    assert shown(vendor, sold[0], "m@two.example") == [("Countess", "", "")]


@WAYS
def test_the_account_itself_is_told_nothing(
    vendor: Vendor, sold: tuple[License, License], give: Callable[..., None]
) -> None:
    give(vendor, sold[1], NEW, "Typed")
    assert account(vendor, NEW).first_name == ""


def test_a_preview_is_the_same_for_known_and_unknown(vendor: Vendor, sold: tuple[License, License]) -> None:
    known, unknown = preview(vendor.code, sold[1].id, f"email,first name\n{ADA},Eve\n{NEW},Eve").results
    assert (known.code, known.ok) == (unknown.code, unknown.ok)


def test_a_result_tells_of_a_known_account_no_more_than_of_one_whose_password_is_chosen(
    vendor: Vendor, sold: tuple[License, License]
) -> None:
    batch_id = start_batch(vendor.code, sold[1].id, f"{ADA}\n{NEW}", True, ADMIN, now=NOW)
    continue_batch(vendor.code, sold[1].id, batch_id, ADMIN, lambda: True, now=NOW)
    logged_in(vendor, NEW)
    known, chosen = result_of(vendor, sold[1], batch_id)
    assert (known.code, known.password) == (chosen.code, chosen.password)


# --- mail -------------------------------------------------------------------------------------------------------

MANAGER = "m@two.example"
TOUCHES: dict[str, tuple[Callable[[Vendor, License], Any], list[str]]] = {
    "assign": (lambda v, li: by_assign(v, li, NEW, ""), [NEW]),
    "assign somebody known": (lambda v, _: by_assign(v, issued(v, max_license_users=1), ADA, ""), [ADA]),
    "assign in a batch": (lambda v, li: by_batch(v, li, NEW, ""), [NEW]),
    "set a password": (lambda v, li: set_password(v.code, li.id, ADA, None, ADMIN, now=NOW), [ADA]),
    "change the email": (
        lambda v, li: change_email(v.code, li.id, ADA, NEW, ADMIN, manager_id=None, now=NOW),
        [ADA, NEW],
    ),
    "let manage": (lambda v, _: issued(v, manager=ADA), [ADA]),
    "let somebody new manage": (lambda v, _: issued(v, manager=NEW, order_id="A"), [NEW]),
}


@pytest.mark.parametrize(("touch", "expected"), TOUCHES.values(), ids=TOUCHES)
def test_a_person_is_mailed_what_others_do_with_the_account(
    vendor: Vendor, sold: tuple[License, License], touch: Callable[[Vendor, License], Any], expected: list[str]
) -> None:
    before = {email: len(mails(vendor, email)) for email in (ADA, NEW, MANAGER)}
    touch(vendor, sold[0])
    assert {email for email in before if len(mails(vendor, email)) > before[email]} >= set(expected)
    assert len(mails(vendor, expected[0])) == before[expected[0]] + 1


def by_session(vendor: Vendor, initial: str) -> None:
    user = account(vendor, ADA)
    choose_password(vendor.code, user.id, CHOSEN, ADMIN, old_password=initial, epoch=user.session_epoch, now=NOW)


def by_first_session(vendor: Vendor, _: str) -> None:
    user = account(vendor, ADA)
    choose_password(vendor.code, user.id, CHOSEN, ADMIN, old_password=None, epoch=user.session_epoch, now=NOW)


def by_application(vendor: Vendor, initial: str) -> None:
    change_password(vendor.code, ADA, initial, CHOSEN, ADMIN, now=NOW)


def by_code(vendor: Vendor, _: str) -> None:
    """The code works twice, and changes the password once."""
    if not code_mails(vendor, ADA):
        request_code(vendor.code, ADA, now=NOW)
    set_password_by_code(vendor.code, ADA, mailed_code(vendor, ADA), CHOSEN, ADMIN, now=NOW)


@pytest.mark.parametrize("change", [by_session, by_first_session, by_application, by_code])
def test_a_person_is_mailed_once_when_the_password_is_changed_in_the_own_name(
    vendor: Vendor, change: Callable[[Vendor, str], None]
) -> None:
    _, initial = vendor.assign(issued(vendor, max_license_users=1), ADA)
    assert initial
    change(vendor, initial)
    (mail,) = [mail for mail in mails(vendor, ADA) if mail["Subject"] == CHANGED]
    content = " ".join(said(mail).split())
    how = "a code that was emailed to you" if change is by_code else "by somebody who knew the old one"
    for words in (how, "All other sessions have ended", "If that was not you", "Forgotten password", vendor.code, ADA):
        assert words in content
    assert CHOSEN not in content
    assert max(len(line) for line in said(mail).splitlines()) <= 100
    with suppress(SeatkeeperError):
        change(vendor, initial)
    assert len([mail for mail in mails(vendor, ADA) if mail["Subject"] == CHANGED]) == 1, "nothing is changed again"


def test_what_is_refused_mails_nobody(vendor: Vendor) -> None:
    full = issued(vendor, max_license_users=0)
    with refused("license_users_limit_reached"):
        by_assign(vendor, full, LEFT, "")
    assert mails(vendor, LEFT) == []
