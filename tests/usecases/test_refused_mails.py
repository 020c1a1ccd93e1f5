"""Mails whose recipient is refused for good: given up at once, and of an invitation its managers are told, once."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.invitation import AGAIN_MS
from chalicelib.domain.license import License
from chalicelib.domain.mail import DAY_MS, FIRST_WAIT_MS, GATHER_MS, MailCode
from chalicelib.store.mails import mails_of, queue_mail
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.invitations import invite_again
from chalicelib.usecases.notices import bounced_notices
from chalicelib.usecases.refused_mails import give_up_refused
from chalicelib.usecases.send_mails import send_mails
from tests.mailbox import Refusing, deliver
from tests.store.faults import (
    Crash,
    Fault,
    answer_timed_out,
    crash_after,
    crash_before,
    in_conflict,
    out_of_reach,
    wire,
)
from tests.support import ADMIN, NOW, ChangeRuntime, Vendor
from tests.usecases.people import MANAGER, account, issued

ADA, ANN = "ada@customer.test", "ann@customer.test"
GIVEN_UP = {"sent": 0, "failed": 0, "given_up": 1}


@pytest.fixture(autouse=True)
def refusing(change_runtime: ChangeRuntime) -> Iterator[None]:
    """Nobody is mailed anything; nothing is queued before."""
    deliver()
    change_runtime(mailer=Refusing())
    yield
    send_mails(now=NOW + 100 * DAY_MS)


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Of a managed order, with Ada, who was invited."""
    license = issued(vendor)
    deliver()  # what its manager is mailed
    assign_user(vendor.code, license.id, ADA, 1, ADMIN, invite=True, now=NOW)
    return license


def waiting(vendor: Vendor) -> list[tuple[str, MailCode | None]]:
    """To whom is mailed what."""
    return sorted((mail.to, mail.code) for _, mail in mails_of(vendor.code))


def test_an_invitation_that_is_refused_is_noted_and_its_managers_are_told(vendor: Vendor, license: License) -> None:
    assert send_mails(now=NOW + 1) == GIVEN_UP
    assert account(vendor, ADA).invitation_refused_at == NOW + 1
    ((_, notice),) = mails_of(vendor.code)
    assert (notice.to, notice.code, ADA in notice.item) == (MANAGER, "invitation_bounced", True)
    assert f"/portal/licenses/{license.id}" in notice.item


def test_who_has_switched_such_mails_off_is_not_told(vendor: Vendor, license: License) -> None:
    set_branding(vendor.code, None, None, ADMIN, mails_off=frozenset({"invitation_bounced"}), now=NOW)
    assert send_mails(now=NOW) == GIVEN_UP
    assert account(vendor, ADA).invitation_refused_at == NOW
    assert waiting(vendor) == []


def test_of_an_invitation_that_counts_no_more_nobody_is_told(vendor: Vendor, license: License) -> None:
    invite_again(vendor.code, license.id, ADA, ADMIN, now=NOW + AGAIN_MS)
    assert send_mails(now=NOW) == GIVEN_UP
    assert account(vendor, ADA).invitation_refused_at is None
    change_password(vendor.code, ADA, initial_password(account(vendor, ADA)) or "", "turnip-Glow-19", ADMIN, now=NOW)
    send_mails(now=NOW + AGAIN_MS)
    assert account(vendor, ADA).invitation_refused_at is None
    assert waiting(vendor) == []


def test_the_note_goes_with_another_invitation_or_another_e_mail(vendor: Vendor, license: License) -> None:
    send_mails(now=NOW)
    invite_again(vendor.code, license.id, ADA, ADMIN, now=NOW + AGAIN_MS)
    assert account(vendor, ADA).invitation_refused_at is None
    send_mails(now=NOW + AGAIN_MS)
    assert account(vendor, ADA).invitation_refused_at == NOW + AGAIN_MS
    change_email(vendor.code, license.id, ADA, ANN, ADMIN, manager_id=None, now=NOW + 2 * AGAIN_MS)
    assert account(vendor, ANN).invitation_refused_at is None


def test_every_other_mail_is_given_up_at_once_too(vendor: Vendor) -> None:
    license = issued(vendor)
    deliver()
    manager = account(vendor, MANAGER)
    assert send_mails(now=NOW + 1) == {"sent": 0, "failed": 0, "given_up": 0}
    for email in (ADA, ANN):
        queue_mail(bounced_notices([manager], license, email)[0], NOW)
    assert send_mails(now=NOW + GATHER_MS) == GIVEN_UP
    assert waiting(vendor) == []


def test_two_senders_that_are_refused_tell_once(vendor: Vendor, license: License) -> None:
    ((queued, invitation),) = mails_of(vendor.code)
    for now in (NOW, NOW + FIRST_WAIT_MS):
        give_up_refused(queued, invitation, now=now)
    assert account(vendor, ADA).invitation_refused_at == NOW
    assert waiting(vendor) == [(MANAGER, "invitation_bounced")]


@pytest.mark.parametrize("fault", [crash_before, crash_after, answer_timed_out, in_conflict, out_of_reach])
@pytest.mark.parametrize("number", range(1, 5))
def test_a_fault_at_any_write_tells_once(vendor: Vendor, license: License, number: int, fault: Fault) -> None:
    with wire(fault, range(number, number + 1)), suppress(Crash, Unavailable):
        send_mails(now=NOW)
    send_mails(now=NOW + FIRST_WAIT_MS)
    assert account(vendor, ADA).invitation_refused_at in (NOW, NOW + FIRST_WAIT_MS)
    assert waiting(vendor) == [(MANAGER, "invitation_bounced")]
