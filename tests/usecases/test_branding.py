"""A company's name, color and logo: what is given is set, the rest stays, and the history says so."""

from dataclasses import replace
from hashlib import sha256

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import Event
from chalicelib.store import accounts, database, reads
from chalicelib.store.items.events import AccountEventItem
from chalicelib.store.keys import event_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.create import find_company
from chalicelib.usecases.forgotten_password import request_code
from tests.mailbox import mails
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import refused

LOGO = '<svg xmlns="http://www.w3.org/2000/svg"><title>Größe</title></svg>'


def changes(vendor: Vendor) -> list[Event]:
    """The events of changes to the company, oldest first."""
    events = [item.to_domain() for item in reads.query(AccountEventItem, vendor.code, event_sort_key())]
    return [event for event in events if event.type == "company_changed"]


def test_a_new_company_has_no_color_and_no_logo_of_its_own(vendor: Vendor) -> None:
    company = find_company(vendor.code)
    assert (company.accent, company.logo) == ("", "")


def test_what_is_given_is_set_in_its_stored_form(vendor: Vendor) -> None:
    company = set_branding(vendor.code.lower(), " #0A6E5C", f"\n{LOGO}\n", ADMIN, name=" Qbitec GmbH ", now=NOW)
    assert company == find_company(vendor.code)
    assert (company.name, company.accent, company.logo) == ("Qbitec GmbH", "#0a6e5c", LOGO)


def test_mails_lead_to_the_addresses_that_are_given(vendor: Vendor) -> None:
    company = set_branding(
        *(vendor.code, None, None, ADMIN), reply_to=" Sales@Vendor.test", support_email="help@b\xfccher.test", now=NOW
    )
    assert company == find_company(vendor.code)
    assert (company.reply_to, company.support_email) == ("sales@vendor.test", "help@xn--bcher-kva.test")
    with pytest.raises(Invalid) as error:
        set_branding(vendor.code, None, None, ADMIN, reply_to="sales", support_email="help@", now=NOW)
    assert [wrong.field for wrong in error.value.errors] == ["reply_to", "support_email"]
    company = set_branding(vendor.code, None, None, ADMIN, reply_to="", now=NOW)
    assert (company.reply_to, company.support_email) == ("", "help@xn--bcher-kva.test")


def test_a_company_is_mailed_for_in_its_language(vendor: Vendor) -> None:
    assert set_branding(vendor.code, None, None, ADMIN, language="de", now=NOW).language == "de"
    assert set_branding(vendor.code, None, None, ADMIN, name="Qbitec", now=NOW).language == "de"
    ada, _ = vendor.assign(vendor.issue("revit"), "ada@customer.test")
    request_code(vendor.code, ada.email, now=vendor.now)
    subjects = {mail["Subject"] for mail in mails(vendor, ada.email)}
    assert subjects == {"Sie können Revit nutzen (Qbitec)", "Ihr Code für Qbitec"}


def test_what_is_not_given_stays_and_empty_takes_away(vendor: Vendor) -> None:
    set_branding(vendor.code, "#0a6e5c", LOGO, ADMIN, name="Qbitec", now=NOW)
    assert set_branding(vendor.code, "", None, ADMIN, now=NOW + 1).logo == LOGO
    company = set_branding(vendor.code, None, "", ADMIN, now=NOW + 2)
    assert company == find_company(vendor.code)
    assert (company.name, company.accent, company.logo) == ("Qbitec", "", "")


def test_each_change_is_told_once_and_a_drawing_by_its_hash(vendor: Vendor) -> None:
    for now in (NOW, NOW + 1):
        set_branding(vendor.code, "#0a6e5c", LOGO, ADMIN, now=now)
    set_branding(vendor.code, None, "", ADMIN, name="Qbitec", now=NOW + 2)
    set_branding(vendor.code, None, None, ADMIN, now=NOW + 3)
    answers = [{"accent": "#0a6e5c", "logo": sha256(LOGO.encode()).hexdigest()}, {"name": "Qbitec", "logo": ""}]
    assert [event.detail for event in changes(vendor)] == answers
    assert [event.at for event in changes(vendor)] == [NOW, NOW + 2]


def test_a_logo_for_dark_pages_is_one_of_its_own(vendor: Vendor) -> None:
    at_night = LOGO.replace("/>", "><g/></svg>")
    company = set_branding(vendor.code, None, LOGO, ADMIN, logo_dark=f" {at_night} ", now=NOW)
    assert company == find_company(vendor.code)
    assert (company.logo, company.logo_dark) == (LOGO, at_night)
    digests = {
        name: sha256(drawing.encode()).hexdigest() for name, drawing in [("logo", LOGO), ("logo_dark", at_night)]
    }
    assert changes(vendor)[-1].detail == digests
    assert set_branding(vendor.code, None, None, ADMIN, logo_dark="", now=NOW + 1).logo == LOGO
    with pytest.raises(Invalid) as error:
        set_branding(vendor.code, None, None, ADMIN, logo_dark="<script/>", now=NOW)
    assert [wrong.field for wrong in error.value.errors] == ["logo_dark"]


def test_two_changes_at_once_do_not_undo_each_other(vendor: Vendor) -> None:
    with ThreadPool(2) as threads:
        first = threads.submit(set_branding, vendor.code, "#0a6e5c", None, ADMIN, now=NOW)
        second = threads.submit(set_branding, vendor.code, None, LOGO, ADMIN, now=NOW)
        first.result(), second.result()
    company = find_company(vendor.code)
    assert (company.accent, company.logo) == ("#0a6e5c", LOGO)


@pytest.mark.parametrize(
    ("accent", "logo", "name"),
    [("red", None, None), (None, "<script/>", None), ("#0a6e5c", LOGO, " "), ("#fff", LOGO, "a")],
)
def test_what_cannot_be_shown_changes_nothing(
    vendor: Vendor, accent: str | None, logo: str | None, name: str | None
) -> None:
    before = find_company(vendor.code)
    with pytest.raises(Invalid):
        set_branding(vendor.code, accent, logo, ADMIN, name=name, now=NOW)
    assert find_company(vendor.code) == before
    assert changes(vendor) == []


def test_a_company_that_does_not_exist_is_not_made(vendor: Vendor) -> None:
    with refused("company_not_found"):
        set_branding(f"{vendor.code}-2", "#0a6e5c", None, ADMIN, now=NOW)
    nobody = replace(find_company(vendor.code), code=f"{vendor.code}-2")
    with pytest.raises(database.ConditionFailed):  # and the write sees to it by itself
        accounts.update_company(nobody, replace(nobody, accent="#0a6e5c"), Event.new("company_changed", ADMIN, NOW))
    assert accounts.read_company(f"{vendor.code}-2") is None
