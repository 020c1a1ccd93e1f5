"""A list of people in the portal: its columns are shown and chosen, its file is read or refused in the form."""

import re
from contextlib import ExitStack

import pytest

from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.runtime import runtime
from chalicelib.store import licenses
from chalicelib.turns import BATCHES
from chalicelib.usecases.batch_assign import start_batch
from tests.portal.browser import Browser, Page, at
from tests.support import NOW, Vendor
from tests.usecases.people import MANAGER, issued

LIST = "Telefon;Handy;E-Mail;Abteilung\n1;2;info@b\xfccher.test;K\xfcche"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor)


def uploaded(browser: Browser, license: License, content: bytes) -> Page:
    """The preview of a file."""
    form = browser.get(at(license, "/users/batch")).form(at(license, "/users/batch"))
    files = {"file": ("people.csv", content)}
    fields = {name: value for name, value in form.fields.items() if name != "file"}
    return Page(browser.http.post(form.action, data=fields, files=files))


def test_columns_are_chosen_in_the_preview_without_a_script(vendor: Vendor, manager: Browser, license: License) -> None:
    page = uploaded(manager, license, LIST.encode("cp1252"))
    assert "not used is \u201cAbteilung\u201d" in page.words
    assert "\u201cTelefon\u201d and \u201cHandy\u201d all mean 'Phone number': choose one of them." in page.words
    chosen = {"column-0": "", "column-3": "last_name"}
    page = manager.send(page, at(license, "/users/batch"), **chosen)
    assert "not used is \u201cTelefon\u201d" in page.words
    assert "info@b\xfccher.test" in page.words
    page = manager.send(page, at(license, "/users/batch/start"))
    page = manager.send(page)
    assert "1 of 1 people were assigned." in page.words
    [seat] = licenses.seats(vendor.code, license.id)
    assert (seat.email, seat.phone_number, seat.last_name) == ("info@xn--bcher-kva.test", "2", "K\xfcche")


def test_a_file_of_unreadable_bytes_is_refused_in_the_form(manager: Browser, license: License) -> None:
    page = uploaded(manager, license, b"E-Mail\n\x81\x8d@x.test")
    assert page.status == 400
    assert "This file cannot be read as text" in page.words
    assert page.form(at(license, "/users/batch")).method == "post"


def test_batches_leave_threads_to_others_and_go_on_when_it_is_their_turn(
    vendor: Vendor, manager: Browser, license: License
) -> None:
    page = manager.send(at(license, "/users/batch"), people="p1@customer.test")
    page = manager.send(page, at(license, "/users/batch/start"))
    with ExitStack() as others:
        for _ in range(BATCHES):
            others.enter_context(runtime().turns.batches)
        page = manager.send(page)
        assert (page.status, list(licenses.seats(vendor.code, license.id))) == (200, [])
    assert "1 of 1 people were assigned." in manager.send(page).words


def test_a_batch_that_was_left_says_who_has_begun_it_and_when(
    vendor: Vendor, manager: Browser, license: License
) -> None:
    page = manager.send(at(license, "/users/batch"), people="p1@customer.test")
    manager.send(page, at(license, "/users/batch/start"))
    start_batch(vendor.code, license.id, "p2@customer.test", False, Actor("api:1"), now=NOW)
    other, note = re.findall(
        r"Their seats are reserved\. (Begun .+?)\. Continue", manager.get(at(license, "/users")).words
    )
    assert re.fullmatch(rf"Begun \d+ \w+ \d+, \d\d:\d\d by {MANAGER}", note)
    assert other == "Begun 24 Nov 2026, 06:00 by application"


def test_rows_for_whom_no_place_is_left_are_marked(manager: Browser, license: License) -> None:
    people = "\n".join(f"p{n}@customer.test" for n in range(6))
    page = manager.send(at(license, "/users/batch"), people=people)
    assert page.answer.text.count('<tr class="problem">') == 1
    assert "No seat is left" in page.words
