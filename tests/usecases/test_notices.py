"""What people are mailed of their accounts and licenses, and when not."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.mail import ABOUT_SECURITY, ASKED_FOR, OF_PERSON, TO_MANAGERS, TO_VENDOR, Mail, MailCode
from chalicelib.domain.origin import Origin
from chalicelib.domain.users import User
from chalicelib.store import histories
from chalicelib.usecases import create, notices
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_account import choose_language, choose_mails, choose_password
from chalicelib.usecases.forgotten_password import request_code
from chalicelib.usecases.sessions import log_in_to_portal
from tests.mailbox import code_mails, mails, said
from tests.store.seam import Request, noted
from tests.support import ADMIN, NOW, Vendor

ADA, OWN = "ada@customer.test", "turnip-Glow-vessel-19"
DAY_MS = 24 * 3_600_000
ENDS = NOW + 7 * DAY_MS
STRANGER, KNOWN = Origin("198.51.100.0"), Origin("198.51.100.0", "browser b1")


@pytest.fixture
def managed(vendor: Vendor) -> tuple[User, License]:
    """Ada, and a license that she manages, which ends in a week."""
    license = vendor.issue(
        "revit", max_license_users=3, order_id="A-1", license_type="time-limited", validity_period=ENDS
    )
    return vendor.assign(license, ADA)[0], license


TO_ALL: dict[MailCode, Callable[[list[User], License], list[Mail]]] = {
    "license_ends": lambda managers, license: notices.license_ends_notices(managers, license, 7),
    "license_grace": lambda managers, license: notices.grace_notices(managers, license, NOW + DAY_MS),
    "license_expired": lambda managers, license: notices.expired_notices(managers, license, NOW),
    "users_taken": lambda managers, license: notices.limit_notices(managers, license, "users"),
    "devices_taken": lambda managers, license: notices.limit_notices(managers, license, "devices"),
    "invitation_bounced": lambda managers, license: notices.bounced_notices(managers, license, "bob@customer.test"),
}


def to_one(write: Callable[[list[User], License], list[Mail]]) -> Callable[[User, License], list[Mail]]:
    """What writes to one manager, of what writes to all."""
    return lambda manager, license: write([manager], license)


NOTICES: dict[MailCode, Callable[[User, License], list[Mail]]] = {
    **{code: to_one(write) for code, write in TO_ALL.items()},
    "new_log_in": lambda ada, _: [notices.new_log_in_notice(ada, "198.51.100.0", NOW)],
    "endpoint_disabled": lambda ada, _: [notices.endpoint_disabled_notice(ada.company, "https://vendor.test/hook", 5)],
    "sweep_late": lambda ada, _: [notices.sweep_late_notice(ada.company, 20)],
}


def mailed(code: MailCode, ada: User, license: License) -> list[Mail]:
    """The notices of a kind that are for somebody."""
    return [mail for mail in NOTICES[code](ada, license) if mail.to]


def test_each_that_is_about_licenses_or_for_the_vendor_is_tried_here() -> None:
    assert NOTICES.keys() == TO_MANAGERS | TO_VENDOR | {"new_log_in"}


@pytest.mark.parametrize("code", NOTICES)
def test_a_notice_says_what_it_is_about_to_whom_it_concerns(
    vendor: Vendor, managed: tuple[User, License], code: MailCode
) -> None:
    set_branding(vendor.code, None, None, ADMIN, name="Qbitec", support_email="help@vendor.test", now=NOW)
    [mail] = NOTICES[code](*managed)
    assert (mail.code, mail.company, "(Qbitec)" in mail.subject) == (code, vendor.code, True)
    assert mail.to == ("help@vendor.test" if code in TO_VENDOR else ADA)
    assert "{" not in mail.text
    if code in TO_MANAGERS:
        assert f"    License:       /portal/licenses/{managed[1].id}\n" in mail.item
        assert "    Order:         A-1\n" in mail.item
        assert mail.item in mail.text


def test_a_day_is_that_of_the_companys_time_zone(vendor: Vendor, managed: tuple[User, License]) -> None:
    ada, license = managed
    license = replace(license, validity_period=1_796_511_599_999)  # the last millisecond of 5 December in Berlin
    assert "Ends:          5 Dec 2026, in 7 days\n" in notices.license_ends_notices([ada], license, 7)[0].text
    set_branding(vendor.code, None, None, ADMIN, zone="Asia/Tokyo", now=NOW)
    assert "Ends:          6 Dec 2026, in 7 days\n" in notices.license_ends_notices([ada], license, 7)[0].text


@pytest.mark.parametrize("code", TO_ALL)
def test_the_company_and_the_product_are_read_once_however_many_managers_are_mailed(
    managed: tuple[User, License], code: MailCode
) -> None:
    ada, license = managed
    reads: list[Request] = []
    with noted(reads.append):
        mails = TO_ALL[code]([replace(ada, email=f"{name}@customer.test") for name in "abc"], license)
    assert [mail.to for mail in mails] == ["a@customer.test", "b@customer.test", "c@customer.test"]
    assert len(reads) == 2


@pytest.mark.parametrize("name", [None, "B\u00fcro Berlin"])
def test_a_license_is_called_by_the_name_of_its_product(
    managed: tuple[User, License], vendor: Vendor, name: str | None
) -> None:
    ada, license = managed
    license = replace(license, name=name)
    title = "Revit" if name is None else f"Revit \N{EM DASH} {name}"
    mails = [mail for write in TO_ALL.values() for mail in write([ada], license)]
    mails += [notices.seat_notice(vendor.code, ADMIN)(ada, license, secret) for secret in ("", "5ec2e7" * 5 + "00")]
    assert [title in mail.text for mail in mails] == [True] * (len(TO_ALL) + 2)
    assert [mail.code for mail in mails if "revit" in mail.text] == []


def test_how_many_are_over_the_limit_is_said(managed: tuple[User, License]) -> None:
    ada, license = managed
    [mail] = notices.limit_notices([ada], replace(license, max_activations=2, times_activated=4), "devices")
    assert "    Devices:       4 / 2, 2 over the limit\n" in mail.item


def test_a_license_of_a_product_that_there_is_no_more_is_called_by_its_code(managed: tuple[User, License]) -> None:
    ada, license = managed
    [mail] = notices.limit_notices([ada], replace(license, product="gone"), "users")
    assert "gone" in mail.text


def test_many_who_are_given_seats_at_once_cost_one_read_of_the_product(
    managed: tuple[User, License], vendor: Vendor
) -> None:
    ada, license = managed
    tell = notices.seat_notice(vendor.code, ADMIN)
    reads: list[Request] = []
    with noted(reads.append):
        assert [tell(replace(ada, email=f"{name}@customer.test"), license).to[:1] for name in "abc"] == list("abc")
    assert len(reads) == 1


def test_the_vendor_is_mailed_only_where_it_says_whither(managed: tuple[User, License]) -> None:
    assert [mailed(code, *managed) for code in TO_VENDOR] == [[]] * len(TO_VENDOR)


# --- a log-in by a browser that the account does not know --------------------------------------------------------


def new_log_ins(vendor: Vendor) -> list[str]:
    """The texts of the mails about new log-ins, oldest first."""
    return [said(mail) for mail in mails(vendor, ADA) if mail["Subject"].startswith("New log-in")]


@pytest.fixture
def owner(vendor: Vendor, managed: tuple[User, License]) -> User:
    """Ada, once she has chosen a password."""
    ada, _ = managed
    given = {"old_password": None, "epoch": ada.session_epoch, "now": vendor.now}
    return choose_password(vendor.code, ada.id, OWN, ADMIN, **given)  # type: ignore[arg-type]


def test_the_owner_is_mailed_of_a_log_in_by_a_browser_that_the_account_does_not_know(
    vendor: Vendor, owner: User
) -> None:
    log_in_to_portal(vendor.code, ADA, OWN, KNOWN, now=vendor.now)
    assert new_log_ins(vendor) == []
    log_in_to_portal(vendor.code, ADA, OWN, STRANGER, now=vendor.now)
    (text,) = new_log_ins(vendor)
    assert "    Address:       198.51.100.0\n" in text


def test_of_the_first_log_in_with_what_was_handed_out_nobody_is_mailed(
    vendor: Vendor, managed: tuple[User, License]
) -> None:
    _, password = vendor.assign(vendor.issue("revit", max_license_users=1), "bob@customer.test")
    assert password
    log_in_to_portal(vendor.code, "bob@customer.test", password, STRANGER, now=vendor.now)
    assert [mail["Subject"] for mail in mails(vendor, "bob@customer.test")] == ["You may use Revit (A vendor)"]


def test_what_is_about_security_is_no_mail_to_managers() -> None:
    assert not ABOUT_SECURITY & (TO_MANAGERS | TO_VENDOR)


# --- what nobody, or one person, is not mailed -------------------------------------------------------------------


@pytest.mark.parametrize("code", sorted(NOTICES))
def test_each_kind_can_be_switched_off_by_the_company(
    vendor: Vendor, managed: tuple[User, License], code: MailCode
) -> None:
    set_branding(vendor.code, None, None, ADMIN, mails_off=frozenset({code}), support_email="help@vendor.test", now=NOW)
    assert {kind for kind in NOTICES if not mailed(kind, *managed)} == {code}


def test_what_somebody_has_asked_for_is_mailed_whatever_the_company_says(
    vendor: Vendor, managed: tuple[User, License]
) -> None:
    everything = frozenset(get_args(MailCode))
    assert (
        set_branding(vendor.code, None, None, ADMIN, mails_off=everything, now=NOW).mails_off == everything - ASKED_FOR
    )
    before = len(code_mails(vendor, ADA))
    request_code(vendor.code, ADA, now=vendor.now)
    assert len(code_mails(vendor, ADA)) == before + 1


def test_a_person_switches_off_what_is_not_about_security(vendor: Vendor, managed: tuple[User, License]) -> None:
    ada, license = managed
    changed = choose_mails(vendor.code, ada.id, frozenset(get_args(MailCode)), ADMIN, now=NOW)
    assert changed.mails_off == OF_PERSON
    assert {code for code in NOTICES if not mailed(code, changed, license)} == TO_MANAGERS | TO_VENDOR
    actor = Actor("user:bob@customer.test")
    assert notices.seat_notice(vendor.code, actor)(changed, license).to == ""
    assert notices.manager_notice(changed, license, vendor.code, actor).to == ""
    assert notices.password_notice(changed, actor).to == ADA
    assert set() == OF_PERSON & (ASKED_FOR | ABOUT_SECURITY | TO_VENDOR)


def test_a_choice_of_mails_stands_in_the_history_once(vendor: Vendor, managed: tuple[User, License]) -> None:
    ada, _ = managed
    for now in (NOW, NOW + 1):
        choose_mails(vendor.code, ada.id, frozenset({"seat_given", "users_taken"}), ADMIN, now=now)
    [event] = [event for event in histories.account_events(ada) if event.type == "person_changed"]
    assert (event.at, event.detail) == (NOW, {"mails_off": "seat_given users_taken"})


def test_a_mail_is_in_the_language_and_time_zone_of_its_reader_else_of_the_company(
    vendor: Vendor, managed: tuple[User, License]
) -> None:
    ada, _ = managed
    set_branding(vendor.code, None, None, ADMIN, language="de", zone="Asia/Tokyo", now=NOW)
    mail = notices.new_log_in_notice(ada, "203.0.113.7", NOW)
    assert (mail.language, mail.subject[:14]) == ("de", "Neue Anmeldung")
    assert re.search(r"^    Zeit: +24\. Nov\. 2026, 15:00 \(JST\)$", mail.text, re.MULTILINE)
    chosen = choose_language(vendor.code, ada.id, "en", "America/New_York", ADMIN, now=NOW)
    mail = notices.new_log_in_notice(chosen, "203.0.113.7", NOW)
    assert (mail.language, mail.subject[:10]) == ("en", "New log-in")
    assert re.search(r"^    Time: +24 Nov 2026, 01:00 \(EST\)$", mail.text, re.MULTILINE)
    request_code(vendor.code, ADA, now=vendor.now)
    assert code_mails(vendor, ADA)[-1]["Subject"] == f"Your code for {create.find_company(vendor.code).name}"
