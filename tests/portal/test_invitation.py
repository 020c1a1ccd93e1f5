"""The link of an invitation in a browser: from the manager's form to the log-in of the person."""

import pytest

from chalicelib.domain.invitation import AGAIN_MS, VALID_MS
from chalicelib.domain.license import License
from chalicelib.portal.error_pages import FORM_EXPIRED
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.send_mails import send_mails
from tests.mailbox import Refusing, deliver, mailed_link
from tests.portal.browser import Browser, Page, at
from tests.support import ADMIN, ChangeRuntime, Vendor
from tests.usecases.people import account, issued

ADA, NEW = "ada@customer.test", "turnip-Glow-vessel-19"
PATH = "/portal/invitation"
DID_NOT_ARRIVE = "email did not arrive"
OVER = "This link no longer works"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor)


def invited(vendor: Vendor, license: License, manager: Browser) -> str:
    """The link that Ada is mailed."""
    page = manager.send(at(license, "/users/assign"), people=ADA)
    assert f"{ADA} was assigned. An invitation is on its way; its link is valid for 7 days." in page.words
    assert "initial password now" not in page.words
    return mailed_link(vendor, ADA)


def choose(browser: Browser, link: str, password: str = NEW) -> Page:
    return browser.send(browser.get(PATH, link=link), new_password=password)


def test_an_invited_person_chooses_a_password_and_logs_in(vendor: Vendor, license: License, manager: Browser) -> None:
    link, ada = invited(vendor, license, manager), Browser()
    page = choose(ada, link)
    assert (page.path, "Your new password is set." in page.words) == ("/portal/log-in", True)
    fields = page.form("/portal/log-in").fields
    assert (fields["company"], fields["email"]) == (vendor.code, ADA)
    assert ada.send(page, password=NEW).path == "/portal/seats"
    assert choose_again(ada, link).status == 400


def choose_again(browser: Browser, link: str) -> Page:
    page = browser.get(PATH, link=link)
    assert OVER in page.words
    return page


def test_to_look_at_the_link_changes_nothing(vendor: Vendor, license: License, manager: Browser) -> None:
    link = invited(vendor, license, manager)
    before = account(vendor, ADA)
    for _ in range(3):
        answer = Browser().http.get(PATH, params={"link": link})
        assert (answer.status_code, ADA in answer.text) == (200, True)
    assert account(vendor, ADA) == before


def test_no_page_of_the_link_is_kept_or_told_to_others(vendor: Vendor, license: License, manager: Browser) -> None:
    link = invited(vendor, license, manager)
    for shown in (link, link[:-1] + "x", ""):
        answer = Browser().http.get(PATH, params={"link": shown})
        assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_wrong_or_an_old_or_a_used_link_is_one_page_that_says_what_to_do(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    link = invited(vendor, license, manager)
    old = vendor.assign(license, "old@customer.test")
    assert old
    wrong = [choose_again(Browser(), text) for text in ("", "x", link[:-1], link[:-32] + "0" * 32)]
    assert choose(Browser(), link).status == 200
    wrong.append(choose_again(Browser(), link))
    assert len({page.words.replace("A vendor", "Seatkeeper") for page in wrong}) == 1  # with the name that the link has
    assert {page.status for page in wrong} == {400}
    assert {"/portal/log-in", "/portal/forgotten"} <= set(wrong[0].links)
    assert ADA not in wrong[0].answer.text


def test_a_link_that_ends_while_the_form_is_open_leads_to_that_page(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    link, first, second = invited(vendor, license, manager), Browser(), Browser()
    late = second.get(PATH, link=link)
    choose(first, link)
    page = second.send(late, new_password="pebble-Frost-anchor-3")
    assert (page.status, OVER in page.words) == (400, True)


def test_a_form_from_elsewhere_is_not_carried_out(vendor: Vendor, license: License, manager: Browser) -> None:
    link, browser = invited(vendor, license, manager), Browser()
    before = account(vendor, ADA)
    page = browser.post(PATH, {"link": link, "new_password": NEW, "form": "x.y"})
    assert (page.status, FORM_EXPIRED in page.words) == (403, True)
    assert account(vendor, ADA) == before
    assert browser.send(page, new_password=NEW).path == "/portal/log-in"


def test_a_password_that_cannot_be_chosen_is_said_at_its_field(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    link, browser = invited(vendor, license, manager), Browser()
    page = choose(browser, link, "12345678")
    assert (page.status, 'aria-invalid="true"' in page.answer.text) == (400, True)
    assert browser.send(page, new_password=NEW).path == "/portal/log-in"


def test_the_list_says_who_is_invited_and_sends_it_again(vendor: Vendor, license: License, manager: Browser) -> None:
    link = invited(vendor, license, manager)
    page = manager.get(at(license, "/users"))
    one = at(license, f"/users/{account(vendor, ADA).id}")
    assert "invited" in page.words
    assert {one + "/invitation", one + "/initial-password"} <= set(page.links)
    again = manager.send(one + "/invitation")
    assert (again.status, "This person was invited a moment ago." in again.words) == (429, True)
    assert choose(Browser(), link).path == "/portal/log-in"
    page = manager.get(at(license, "/users"))
    assert "chosen" in page.words
    assert one + "/invitation" not in page.links


def test_the_list_says_that_an_invitation_is_over(
    vendor: Vendor, license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = invited(vendor, license, manager)
    monkeypatch.setattr("chalicelib.domain.invitation.VALID_MS", -VALID_MS)
    assert "expired" in manager.get(at(license, "/users")).words
    assert choose_again(Browser(), link).status == 400


def test_the_list_says_that_an_invitation_did_not_arrive_until_it_is_sent_again(
    vendor: Vendor, license: License, manager: Browser, change_runtime: ChangeRuntime
) -> None:
    deliver()
    change_runtime(mailer=Refusing())
    assign_user(vendor.code, license.id, ADA, 1, ADMIN, invite=True, now=vendor.now - AGAIN_MS)
    assert DID_NOT_ARRIVE not in manager.get(at(license, "/users")).words
    send_mails(now=vendor.now)
    assert DID_NOT_ARRIVE in manager.get(at(license, "/users")).words
    manager.send(at(license, f"/users/{account(vendor, ADA).id}/invitation"))
    assert DID_NOT_ARRIVE not in manager.get(at(license, "/users")).words


def test_an_initial_password_is_shown_where_that_was_chosen(vendor: Vendor, license: License, manager: Browser) -> None:
    page = manager.send(at(license, "/users/assign"), people=ADA, how="show")
    assert "Copy the initial password now" in page.words
    one = at(license, f"/users/{account(vendor, ADA).id}")
    assert one + "/invitation" in page.links
    sent = manager.send(one + "/invitation")
    assert f"An invitation is on its way to {ADA}." in sent.words
    assert choose(Browser(), mailed_link(vendor, ADA)).path == "/portal/log-in"


@pytest.mark.parametrize(("how", "words"), [("invite", "Assigned, and invited by email"), ("show", "with an initial")])
def test_a_list_invites_where_nothing_else_is_chosen(
    vendor: Vendor, license: License, manager: Browser, how: str, words: str
) -> None:
    preview = manager.send(at(license, "/users/batch"), people=ADA)
    start = at(license, "/users/batch/start")
    assert preview.form(start).fields["how"] == "invite"
    page = manager.send(manager.send(preview, start, how=how))
    assert words in page.words
    assert ("The file contains the initial passwords" in page.words) == (how == "show")
