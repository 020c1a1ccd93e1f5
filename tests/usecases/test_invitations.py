"""Invitations: who reads the mail chooses the password, once, within a week, by the newest link alone."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.access import opens
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.invitation import AGAIN_MS, VALID_MS, invitation_state
from chalicelib.domain.license import License
from chalicelib.domain.probes import MAX_GUESSES
from chalicelib.domain.users import User
from chalicelib.store import accounts, histories
from chalicelib.threads import ThreadPool
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.batch_assign import continue_batch, start_batch
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.close_account import close_account, reopen_account
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.invitations import accept_invitation, find_invited, invite_again
from chalicelib.usecases.log_in import log_in
from tests.mailbox import mailed_code, mailed_link, mails, said
from tests.store.faults import wire
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import account, result_of
from tests.usecases.support import before_write, calls_counted, refused

ADA, BOB, NEW = "ada@customer.test", "bob@customer.test", "turnip-Glow-vessel-19"
MANAGER = Actor("user:mia@customer.test", "203.0.113.7")
VISITOR = Actor("invitation", "198.51.100.1")


def invited(vendor: Vendor, license: License, email: str = ADA, now: int = NOW) -> str:
    """The link that a new user of a license is mailed."""
    assign_user(vendor.code, license.id, email, 1, MANAGER, invite=True, now=now)
    return mailed_link(vendor, email)


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=5)


def enter(link: str, *, password: str = NEW, now: int = NOW) -> str:
    """What came of a link: the refusal, or that it was taken."""
    try:
        accept_invitation(link, password, VISITOR, now=now)
    except SeatkeeperError as refused:
        return refused.code
    return "taken"


# --- the mail ----------------------------------------------------------------------------------------------------


def test_who_is_invited_is_mailed_a_link_and_no_password(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    (mail,) = mails(vendor, ADA)
    text = said(mail)
    for answer in ("mia@customer.test has given you a license for Revit", link, "7 days", vendor.code, "A vendor"):
        assert answer in text
    assert link not in mail["Subject"]
    assert (initial_password(account(vendor, ADA)) or "?") not in text
    assert link.split(".")[-1] not in str(accounts.read_user(vendor.code, account(vendor, ADA).id))


def test_the_event_of_the_seat_says_that_the_user_was_invited(vendor: Vendor, license: License) -> None:
    invited(vendor, license)
    vendor.assign(license, BOB)
    details = {event.user: event.detail for event in vendor.history(license) if event.type == "user_assigned"}
    assert details == {ADA: {"invited": 1}, BOB: {}}


def test_who_has_chosen_a_password_is_told_of_the_seat_and_needs_no_link(vendor: Vendor, license: License) -> None:
    _, initial = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    change_password(vendor.code, ADA, initial or "", NEW, ADMIN, now=NOW)
    assign_user(vendor.code, license.id, ADA, 1, MANAGER, invite=True, now=NOW)
    assert invitation_state(account(vendor, ADA), NOW) == "none"
    texts = [said(mail) for mail in mails(vendor, ADA)]
    assert not any("/portal/invitation" in text for text in texts)
    assert any("mia@customer.test has given you a license" in text for text in texts)


def test_who_has_an_initial_password_is_invited_and_may_use_it_still(vendor: Vendor, license: License) -> None:
    first, initial = vendor.assign(vendor.issue("revit", max_license_users=1, customer="a@other.test"), ADA)
    link = invited(vendor, license)
    assert account(vendor, ADA).password_hash == first.password_hash
    assert log_in(vendor.code, ADA, initial or "", now=NOW)
    assert not opens(account(vendor, ADA), license), "that was handed out by another customer"
    assert enter(link) == "taken"
    assert opens(account(vendor, ADA), license)


# --- the link ----------------------------------------------------------------------------------------------------


def test_the_link_sets_a_password_that_is_proved_and_the_initial_one_is_gone(vendor: Vendor, license: License) -> None:
    link, before = invited(vendor, license), account(vendor, ADA)
    user = accept_invitation(link, NEW, VISITOR, now=NOW + 1)
    assert user == account(vendor, ADA) == log_in(vendor.code, ADA, NEW, now=NOW)
    assert (user.is_initial_password, user.sealed_initial_password, user.email_verified) == (False, None, True)
    assert user.session_epoch == before.session_epoch + 1
    with refused("invalid_credentials"):
        log_in(vendor.code, ADA, initial_password(before) or "", now=NOW)
    (event,) = [event for event in histories.company_events(vendor.code) if event.type == "password_changed"]
    assert (event.user, event.user_id, event.actor, event.detail) == (ADA, user.id, VISITOR, {"by": "invitation"})
    assert mails(vendor, ADA)[-1]["Subject"] == "You have a password (A vendor)"


def test_a_look_at_the_link_changes_nothing(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    with calls_counted() as sent:
        assert [find_invited(link, "198.51.100.1", now=NOW) for _ in range(2)] == [account(vendor, ADA)] * 2
    assert "UpdateItem" not in sent
    assert enter(link) == "taken"


def test_a_link_is_good_for_a_week(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    assert enter(link, now=NOW + VALID_MS) == "invalid_invitation"
    with refused("invalid_invitation"):
        find_invited(link, "", now=NOW + VALID_MS)
    assert enter(link, now=NOW + VALID_MS - 1) == "taken"


def test_a_used_link_sets_no_other_password(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    assert [enter(link), enter(link, password="pebble-Frost-anchor-3")] == ["taken", "invalid_invitation"]
    with refused("invalid_invitation"):
        find_invited(link, "", now=NOW)
    assert log_in(vendor.code, ADA, NEW, now=NOW)


def test_the_same_call_once_more_is_answered_the_same_and_changes_nothing(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    first = accept_invitation(link, NEW, VISITOR, now=NOW)
    with wire() as sent:
        assert accept_invitation(link, NEW, VISITOR, now=NOW) == first
    assert sent.bodies == []
    assert account(vendor, ADA) == first


@pytest.mark.usefixtures("costly_passwords")
def test_of_two_who_use_one_link_at_once_one_sets_the_password(vendor: Vendor, license: License) -> None:
    link, words = invited(vendor, license), ["turnip-Glow-vessel-19", "pebble-Frost-anchor-3"]
    with ThreadPool(2) as threads:
        answers = list(threads.map(lambda new: enter(link, password=new), words))
    assert sorted(answers) == ["invalid_invitation", "taken"]
    assert log_in(vendor.code, ADA, words[answers.index("taken")], now=NOW)


@pytest.mark.parametrize(
    ("password", "code"), [("7 chars", "password_length"), ("ada@customer.test", "password_of_account")]
)
def test_a_password_that_cannot_be_chosen_leaves_the_link(
    vendor: Vendor, license: License, password: str, code: str
) -> None:
    link = invited(vendor, license)
    assert [enter(link, password=password), enter(link)] == [code, "taken"]


# --- what makes a link void --------------------------------------------------------------------------------------

VOID: dict[str, Callable[[Vendor, License], Any]] = {
    "a newer one": lambda v, x: invite_again(v.code, x.id, ADA, ADMIN, now=NOW + AGAIN_MS),
    "another seat": lambda v, _: invited(v, v.issue("revit", max_license_users=1)),
    "a password that was set": lambda v, x: set_password(v.code, x.id, ADA, None, ADMIN, now=NOW),
    "a password that was changed": lambda v, _: change_password(
        v.code, ADA, initial_password(account(v, ADA)) or "", "pebble-Frost-anchor-3", ADMIN, now=NOW
    ),
    "an emailed code": lambda v, _: by_code(v),
    "another email": lambda v, x: change_email(v.code, x.id, ADA, BOB, ADMIN, manager_id=None, now=NOW),
    "another email, by the vendor": lambda v, _: change_email(v.code, None, ADA, BOB, ADMIN, manager_id=None, now=NOW),
    "the end of the account": lambda v, _: close_account(v.code, ADA, ADMIN, now=NOW),
    "an account that is opened again": lambda v, _: [
        close_account(v.code, ADA, ADMIN, now=NOW),
        reopen_account(v.code, ADA, ADMIN, now=NOW),
        vendor_assigns(v),
    ],
}


def by_code(vendor: Vendor) -> User:
    request_code(vendor.code, ADA, now=NOW)
    code = mailed_code(vendor, ADA)
    return set_password_by_code(vendor.code, ADA, code, "pebble-Frost-anchor-3", ADMIN, now=NOW)


def vendor_assigns(vendor: Vendor) -> Any:
    return vendor.assign(vendor.issue("revit", max_license_users=1), ADA)


@pytest.mark.parametrize("change", VOID.values(), ids=VOID.keys())
def test_a_link_is_void_after(vendor: Vendor, license: License, change: Callable[[Vendor, License], Any]) -> None:
    link = invited(vendor, license)
    change(vendor, license)
    user_id = int(link.split(".")[1])
    before = accounts.read_user(vendor.code, user_id)
    assert enter(link) == "invalid_invitation"
    with refused("invalid_invitation"):
        find_invited(link, "", now=NOW)
    assert accounts.read_user(vendor.code, user_id) == before


@pytest.mark.parametrize("change", VOID.values(), ids=VOID.keys())
def test_a_link_that_becomes_void_while_it_is_used_sets_no_password(
    vendor: Vendor, license: License, change: Callable[[Vendor, License], Any]
) -> None:
    link = invited(vendor, license)
    with before_write(1, lambda: change(vendor, license)) as was_amid:
        assert enter(link) == "invalid_invitation"
    assert was_amid()
    user = accounts.read_user(vendor.code, int(link.split(".")[1]))
    assert user is not None
    assert not [e for e in histories.company_events(vendor.code) if e.detail.get("by") == "invitation"]


def test_who_gets_another_email_is_invited_there(vendor: Vendor, license: License) -> None:
    invited(vendor, license)
    change_email(vendor.code, license.id, ADA, BOB, MANAGER, manager_id=None, now=NOW + 1)
    assert find_invited(mailed_link(vendor, BOB), "", now=NOW + 1) == account(vendor, BOB)
    assert mails(vendor, ADA)[-1]["Subject"] == "Your email was changed (A vendor)"
    assert enter(mailed_link(vendor, BOB)) == "taken"


def test_who_gets_another_email_from_the_vendor_is_told_and_not_invited(vendor: Vendor, license: License) -> None:
    invited(vendor, license)
    change_email(vendor.code, None, ADA, BOB, ADMIN, manager_id=None, now=NOW + 1)
    assert [mail["Subject"] for mail in mails(vendor, BOB)] == ["Your email was changed (A vendor)"]
    assert invitation_state(account(vendor, BOB), NOW) == "none"


# --- guesses -----------------------------------------------------------------------------------------------------


def guess(link: str, number: int = 0) -> str:
    """A link with another secret."""
    return f"{link[:-32]}{number:032x}"


@pytest.mark.parametrize("wrong", ["", "x", "QBITEC.1.", "\ud800", "A" * 1000])
def test_what_is_no_link_is_refused_without_a_read(vendor: Vendor, wrong: str) -> None:
    with calls_counted() as sent:
        assert enter(wrong) == "invalid_invitation"
    assert sent == []


def test_a_wrong_link_does_the_same_work_whether_there_is_an_account_or_not(vendor: Vendor, license: License) -> None:
    link, work = invited(vendor, license), []
    wrong = [guess(link), f"{vendor.code}.1.{'0' * 32}", f"{vendor.code}0.1.{'0' * 32}"]
    for number, text in enumerate(wrong):
        with calls_counted() as sent, refused("invalid_invitation"):
            find_invited(text, f"198.51.100.{number}", now=NOW)
        work.append(sent)
    assert work[0] == work[1] == work[2]


def test_wrong_links_from_one_address_are_bounded_and_then_nothing_is_looked_at(
    vendor: Vendor, license: License
) -> None:
    link = invited(vendor, license)
    assert {enter(guess(link, number)) for number in range(MAX_GUESSES)} == {"invalid_invitation"}
    assert enter(link) == enter(guess(link)) == "rate_limit_exceeded"
    with refused("rate_limit_exceeded"):
        find_invited(link, VISITOR.ip or "", now=NOW)
    assert find_invited(link, "198.51.100.2", now=NOW), "nobody else waits"


def test_a_used_link_is_no_way_to_guess_the_password_that_was_chosen(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    assert enter(link) == "taken"
    tried = [enter(link, password=f"pebble-Frost-anchor-{number}") for number in range(MAX_GUESSES)]
    assert (set(tried), enter(link)) == ({"invalid_invitation"}, "rate_limit_exceeded")


def test_a_used_link_says_nothing_of_the_password_once_its_week_is_over(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    assert enter(link) == enter(link, now=NOW + VALID_MS - 1) == "taken"
    assert enter(link, now=NOW + VALID_MS) == "invalid_invitation"


# --- once more ---------------------------------------------------------------------------------------------------


def test_an_invitation_is_sent_again_after_a_quarter_of_an_hour(vendor: Vendor, license: License) -> None:
    link = invited(vendor, license)
    with refused("rate_limit_exceeded"):
        invite_again(vendor.code, license.id, ADA, MANAGER, now=NOW + AGAIN_MS - 1)
    user = invite_again(vendor.code, license.id, ADA, MANAGER, now=NOW + AGAIN_MS)
    newest = mailed_link(vendor, ADA)
    assert newest != link
    assert user.invited_at == NOW + AGAIN_MS
    assert find_invited(newest, "", now=NOW + AGAIN_MS + VALID_MS - 1) == user
    (event,) = [event for event in vendor.history(license) if event.type == "user_invited"]
    assert (event.user, event.detail, event.actor) == (ADA, {"invited": 1}, MANAGER)


def test_of_many_who_send_it_again_at_once_one_does(vendor: Vendor, license: License) -> None:
    invited(vendor, license)

    def again(_: int) -> str:
        try:
            invite_again(vendor.code, license.id, ADA, MANAGER, now=NOW + AGAIN_MS)
        except SeatkeeperError as refused:
            return refused.code
        return "sent"

    with ThreadPool(4) as threads:
        answers = list(threads.map(again, range(4)))
    assert sorted(answers) == ["rate_limit_exceeded"] * 3 + ["sent"]
    assert find_invited(mailed_link(vendor, ADA), "", now=NOW + AGAIN_MS)


def test_who_was_handed_an_initial_password_can_be_invited_later(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    invite_again(vendor.code, license.id, ADA, MANAGER, now=NOW)
    assert enter(mailed_link(vendor, ADA)) == "taken"


def test_who_has_a_password_or_a_closed_account_or_no_seat_is_not_invited(vendor: Vendor, license: License) -> None:
    assert enter(invited(vendor, license)) == "taken"
    later = NOW + AGAIN_MS
    with refused("password_chosen"):
        invite_again(vendor.code, license.id, ADA, MANAGER, now=later)
    with refused("user_not_found"):
        invite_again(vendor.code, license.id, BOB, MANAGER, now=later)


# --- a list ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("invite", [True, False])
def test_a_list_invites_all_who_have_chosen_no_password(vendor: Vendor, license: License, invite: bool) -> None:
    _, initial = vendor.assign(vendor.issue("revit", max_license_users=1), "carl@customer.test")
    change_password(vendor.code, "carl@customer.test", initial or "", NEW, ADMIN, now=NOW)
    vendor.assign(vendor.issue("revit", max_license_users=1), BOB)
    people = f"{ADA}\n{BOB}\ncarl@customer.test"
    batch = start_batch(vendor.code, license.id, people, True, MANAGER, invite=invite, now=NOW)
    continue_batch(vendor.code, license.id, batch, MANAGER, lambda: True, now=NOW)
    results = {result.row.email: (result.code, bool(result.password)) for result in result_of(vendor, license, batch)}
    expected = (
        {ADA: ("assigned_invited", False), BOB: ("assigned_invited", False)}
        if invite
        else {ADA: ("assigned_with_password", True), BOB: ("assigned", False)}
    )
    assert results == expected | {"carl@customer.test": ("assigned", False)}
    if invite:
        assert [enter(mailed_link(vendor, email)) for email in (ADA, BOB)] == ["taken", "taken"]
        assert {r.code for r in result_of(vendor, license, batch)} == {"assigned"}
