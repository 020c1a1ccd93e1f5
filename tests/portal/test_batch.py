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
from chalicelib.usecases.initial_password import initial_password
from tests.portal.browser import Browser, Page, at
from tests.support import NOW, Vendor
from tests.usecases.people import MANAGER, account, issued

ADA = "ada@customer.test"
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
    assert "\u201cAbteilung\u201d is not used" in page.words
    assert "\u201cTelefon\u201d and \u201cHandy\u201d all mean 'Phone number': choose one of them." in page.words
    chosen = {"column-0": "", "column-3": "last_name"}
    page = manager.send(page, at(license, "/users/batch"), **chosen)
    assert "\u201cTelefon\u201d is not used" in page.words
    assert "info@b\xfccher.test" in page.words
    page = manager.send(page, at(license, "/users/batch/start"))
    page = manager.send(page)
    assert "One person was assigned." in page.words
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
    assert "One person was assigned." in manager.send(page).words


def test_a_batch_that_was_left_says_who_has_begun_it_and_when(
    vendor: Vendor, manager: Browser, license: License
) -> None:
    page = manager.send(at(license, "/users/batch"), people="p1@customer.test")
    manager.send(page, at(license, "/users/batch/start"))
    start_batch(vendor.code, license.id, "p2@customer.test", False, Actor("api:1"), now=NOW)
    other, note = re.findall(
        r"Seats are reserved for the rest\. (Started .+?)\. Continue", manager.get(at(license, "/users")).words
    )
    assert re.fullmatch(rf"Started \d+ \w+ \d+, \d\d:\d\d by {MANAGER}", note)
    assert other == "Started 24 Nov 2026, 06:00 by application"


def test_rows_for_whom_no_place_is_left_are_marked(manager: Browser, license: License) -> None:
    people = "\n".join(f"p{n}@customer.test" for n in range(6))
    page = manager.send(at(license, "/users/batch"), people=people)
    assert page.answer.text.count('<tr class="problem">') == 1
    assert "No seat is left" in page.words


def test_what_to_do_is_not_asked_where_nobody_needs_a_seat(manager: Browser, license: License) -> None:
    assert "What to do" in uploaded(manager, license, b"email\nann@customer.test\nbob@customer.test").words
    assert "What to do" not in uploaded(manager, license, b"email\nann@customer.test").words
    page = uploaded(manager, license, b"email\nno email")
    assert "Nobody on this list gets a seat; the list below says why." in page.words
    assert "What to do" not in page.words


@pytest.mark.parametrize(
    ("good", "bad", "said", "others", "done"),
    [
        (0, 2, "Nobody on this list gets a seat; the list below says why.", "", ""),
        (1, 0, "One person needs a seat.", "", "One person was assigned."),
        (2, 0, "2 people need a seat.", "", "2 people were assigned."),
        (1, 1, "One of 2 rows needs a seat.", "The other row gets no seat;", "One of 2 people was assigned."),
        (2, 2, "2 of 4 rows need a seat.", "The other rows get no seat;", "2 of 4 people were assigned."),
    ],
)
def test_a_batch_is_told_as_one_says_it_of_none_of_one_and_of_several(
    manager: Browser, license: License, good: int, bad: int, said: str, others: str, done: str
) -> None:
    people = "\n".join([*(f"p{n}@customer.test" for n in range(good)), *(f"no email {n}" for n in range(bad))])
    page = manager.send(at(license, "/users/batch"), people=people)
    assert f"{said} Free seats: 5." in page.words
    assert ("The other row" in page.words, others in page.words) == (bool(others), True)
    if done:
        page = manager.send(page, at(license, "/users/batch/start"))
        while "Assigning" in page.words:
            page = manager.send(page)
        assert done in page.words


def test_several_who_are_typed_where_one_is_assigned_are_shown_first_and_get_in_the_way_that_was_chosen(
    vendor: Vendor, manager: Browser, license: License
) -> None:
    page = manager.send(at(license, "/users/assign"), people=f"{ADA}\nBob <bob@customer.test>", how="show")
    assert "2 people need a seat." in page.words
    assert list(licenses.seats(vendor.code, license.id)) == []
    assert page.form(at(license, "/users/batch/start")).fields["how"] == "show"
    manager.send(manager.send(page, at(license, "/users/batch/start")))
    names = [(seat.email, seat.first_name) for seat in licenses.seats(vendor.code, license.id)]
    assert names == [(ADA, ""), ("bob@customer.test", "Bob")]
    assert initial_password(account(vendor, ADA)) is not None


def test_one_who_is_pasted_with_a_name_keeps_it_unless_another_is_typed(
    vendor: Vendor, manager: Browser, license: License
) -> None:
    manager.send(at(license, "/users/assign"), people=f"King, Ada <{ADA}>", phone_number="+41")
    manager.send(at(license, "/users/assign"), people="B <bob@customer.test>", last_name="Roy")
    names = [(seat.first_name, seat.last_name) for seat in licenses.seats(vendor.code, license.id)]
    assert names == [("Ada", "King"), ("", "Roy")]


def test_what_is_of_one_person_is_refused_beside_a_list_and_nothing_is_lost(
    vendor: Vendor, manager: Browser, license: License
) -> None:
    typed = {"people": f"{ADA}, bob@customer.test", "last_name": "King", "max_activations": "2", "how": "show"}
    page = manager.send(at(license, "/users/assign"), **typed)
    assert (page.status, page.words.count("It can be given for one person alone")) == (400, 2)
    again = page.form(at(license, "/users/assign")).fields
    assert {name: again[name] for name in typed} == typed
    page = manager.send(page, last_name="", max_activations="1")
    assert (page.status, "2 people need a seat." in page.words) == (200, True)


def test_a_list_in_an_old_form_comes_back_fresh(manager: Browser, license: License) -> None:
    page = manager.post(at(license, "/users/assign"), {"people": f"{ADA}, bob@customer.test", "form": "x.y"})
    assert (page.status, "This form has expired." in page.words) == (403, True)
    assert manager.send(page).status == 200
