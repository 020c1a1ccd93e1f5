"""What is done with several users at once: to those that are chosen, to each once, and it is said what came of each."""

import json
import re
from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.domain.paging import PAGE_SIZE
from chalicelib.portal.chosen_users import chosen_ids
from chalicelib.store.licenses import seats
from chalicelib.threads import ThreadPool
from chalicelib.usecases.initial_password import initial_password
from tests.portal.browser import Browser, Page, at
from tests.support import Vendor
from tests.usecases.people import account, issued

ADA, BOB, EVE = EMAILS = ("ada@customer.test", "bob@customer.test", "eve@customer.test")


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Three users with a device each, of which one may move to another."""
    license = issued(vendor, max_activations=10, max_license_users=10, max_transfers=1)
    for email in EMAILS:
        _, password = vendor.assign(license, email)
        vendor.activate(email, f"pc of {email}", password)
    return license


def form(manager: Browser, license: License, vendor: Vendor, do: str, *emails: str) -> dict[str, str]:
    """The fields of the form that asks what to do, with these users chosen."""
    path = at(license, "/users/chosen")
    boxes = {f"user-{account(vendor, email).id}": "on" for email in emails}
    return manager.get(path, do=do, **boxes).form(path).fields


def state(vendor: Vendor, license: License) -> dict[str, tuple[int, int | None]]:
    """Activations and limits of the users."""
    stored = vendor.stored(license)
    found = {seat.email: (seat.activations_in(stored), seat.max_activations) for seat in seats(vendor.code, license.id)}
    return dict(sorted(found.items()))


@pytest.mark.parametrize(
    ("do", "typed", "words", "left"),
    [
        ("reset", {}, "The devices of one user are deactivated.", {ADA: (0, 1), BOB: (1, 1), EVE: (1, 1)}),
        ("remove", {}, "One user was removed.", {BOB: (1, 1), EVE: (1, 1)}),
        (
            "limit",
            {"max_activations": "7"},
            "The limit of one user is set.",
            {ADA: (1, 7), BOB: (1, 1), EVE: (1, 1)},
        ),
    ],
)
def test_what_is_chosen_is_done_to_those_who_are_chosen_alone(
    vendor: Vendor, license: License, manager: Browser, do: str, typed: dict[str, str], words: str, left: Any
) -> None:
    page = manager.post(at(license, "/users/chosen"), form(manager, license, vendor, do, ADA) | typed)
    assert (page.path, words in page.words) == (at(license, "/users"), True)
    assert state(vendor, license) == left


def test_a_reset_is_offered_where_a_device_is_active_and_says_how_many(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    vendor.assign(license, "idle@customer.test")
    path = at(license, "/users/chosen")
    ids = {email: f"user-{account(vendor, email).id}" for email in (*EMAILS, "idle@customer.test")}
    page = manager.get(path, do="reset", **dict.fromkeys(ids.values(), "on"))
    assert "Reset 3 devices" in page.words
    page = manager.get(path, do="reset", **{ids["idle@customer.test"]: "on"})
    assert "No device is active." in page.words
    assert '<button type="submit"' not in page.answer.text.partition('id="form"')[2]
    assert manager.get(at(license, "/users")).answer.text.count("data-active") == len(EMAILS)


def test_each_who_is_chosen_is_replaced_by_who_is_named_beside_once(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    fields = form(manager, license, vendor, "replace", BOB, EVE, ADA)
    names = [f"user-{account(vendor, email).id}" for email in (ADA, BOB, EVE)]
    typed = dict(zip(names, ("ann@customer.test", "ben@customer.test", ADA), strict=True))
    pages = [manager.post(at(license, "/users/chosen"), fields | typed | {"how": "show"}) for _ in range(2)]
    assert all("One of 3 users was replaced. Initial passwords can be copied from the list." in p.words for p in pages)
    assert f"{EVE}: This email is already assigned to the license." in pages[1].words
    assert f"{ADA}: " in pages[1].words
    assert "than are left (1)." in pages[1].words
    assert state(vendor, license) == {ADA: (1, 1), "ben@customer.test": (0, 1), EVE: (1, 1)}
    assert initial_password(account(vendor, "ben@customer.test")) is not None
    assert [event.type for event in vendor.history(license)].count("user_replaced") == 1


def test_all_wrong_emails_of_who_comes_are_said_at_once_and_nobody_is_replaced(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    fields = form(manager, license, vendor, "replace", *EMAILS)
    ada, bob, eve = (f"user-{account(vendor, email).id}" for email in EMAILS)
    page = manager.post(at(license, "/users/chosen"), fields | {ada: "nobody", bob: "ben@customer.test", eve: ""})
    assert page.status == 400
    assert re.findall(r'id="wrong-([\w-]+)"', page.answer.text) == [ada, eve]
    again = page.form(at(license, "/users/chosen")).fields
    assert (again[ada], again[bob], again[eve]) == ("nobody", "ben@customer.test", "")
    assert state(vendor, license) == dict.fromkeys(EMAILS, (1, 1))


def removed(vendor: Vendor, license: License, manager: Browser, *emails: str) -> Page:
    """The page after these were removed."""
    return manager.post(at(license, "/users/chosen"), form(manager, license, vendor, "remove", *emails))


def test_who_was_removed_with_others_comes_back_by_an_undo_with_limit_and_names(
    vendor: Vendor, manager: Browser
) -> None:
    free = issued(vendor, max_activations=None)
    for email, limit in ((ADA, None), (BOB, 3), (EVE, 1)):
        vendor.assign(free, email, limit)
    change_profile = {"people": "zoe@customer.test", "first_name": "Zoë", "last_name": "King", "phone_number": "+41"}
    manager.send(at(free, "/users/assign"), **change_profile)
    before = {seat.email: seat for seat in seats(vendor.code, free.id)}
    invited = account(vendor, "zoe@customer.test").invitation_hash
    page = removed(vendor, free, manager, *before)
    assert state(vendor, free) == {}
    vendor.assign(free, EVE, 2)
    path = at(free, "/users/restore")
    fields = page.form(path).fields
    for _ in range(2):
        page = manager.post(path, fields)
        assert "3 of 4 users have their seats again, as before." in page.words
        assert f"{EVE}: This email is already assigned to the license." in page.words
        assert "Undo" not in page.words
    assert state(vendor, free) == {ADA: (0, None), BOB: (0, 3), EVE: (0, 2), "zoe@customer.test": (0, 1)}
    found = {seat.email: seat for seat in seats(vendor.code, free.id)}
    zoe = found["zoe@customer.test"]
    assert (zoe.first_name, zoe.last_name, zoe.phone_number) == ("Zoë", "King", "+41")
    assert account(vendor, "zoe@customer.test").invitation_hash == invited
    assert [event.type for event in vendor.history(free)].count("user_assigned") == 3 + 1 + 1 + 3


@pytest.mark.parametrize(
    ("people", "status"),
    [
        ([{"people": "x" * 100_000}], 400),
        ([{"people": "x" * 3000 + str(number)} for number in range(PAGE_SIZE)], 400),
        ([{"people": "é" * 20_000}], 400),
        ([{"people": "x" * 23_000}], 200),
    ],
)
def test_what_no_undo_would_write_is_refused_before_anybody_has_a_seat(
    vendor: Vendor, manager: Browser, people: list[dict[str, str]], status: int
) -> None:
    free = issued(vendor)
    vendor.assign(free, ADA)
    path = at(free, "/users/restore")
    fields = removed(vendor, free, manager, ADA).form(path).fields
    text = json.dumps([{"people": BOB}, *people], ensure_ascii=False)
    page = manager.post(path, fields | {"people": text})
    assert page.status == status
    assert list(state(vendor, free)) == ([BOB] if status == 200 else [])


def test_no_undo_is_offered_where_a_device_would_need_a_transfer_or_nobody_was_removed(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    assert "Undo" not in removed(vendor, license, manager, ADA).words
    assert "Undo" not in removed(vendor, license, manager, BOB).words  # no transfer is left
    vendor.assign(license, "zoe@customer.test")
    assert "Undo" in removed(vendor, license, manager, "zoe@customer.test").words


def test_no_undo_is_offered_of_more_than_can_be_kept(
    vendor: Vendor, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = issued(vendor)
    vendor.assign(free, ADA)
    monkeypatch.setattr("chalicelib.portal.chosen_users.MAX_UNDO", 50)
    assert "Undo" not in removed(vendor, free, manager, ADA).words


@pytest.mark.parametrize("people", ["", "x", "[1]", '[{"people": 1}]', '{"people": "a"}', "[" * 9999])
def test_an_undo_that_we_have_not_written_is_refused(
    vendor: Vendor, license: License, manager: Browser, people: str
) -> None:
    vendor.assign(license, "zoe@customer.test")
    path = at(license, "/users/restore")
    fields = removed(vendor, license, manager, "zoe@customer.test").form(path).fields
    page = manager.post(path, fields | {"people": people})
    assert (page.status, "The form cannot be read." in page.words) == (400, True)
    assert "zoe@customer.test" not in state(vendor, license)


def test_an_undo_whose_form_has_expired_is_asked_for_again(vendor: Vendor, license: License, manager: Browser) -> None:
    vendor.assign(license, "zoe@customer.test")
    path = at(license, "/users/restore")
    fields = removed(vendor, license, manager, "zoe@customer.test").form(path).fields
    page = manager.post(path, fields | {"form": "x.y"})
    assert (page.status, "This form has expired." in page.words) == (403, True)
    manager.send(page, path)
    assert "zoe@customer.test" in state(vendor, license)


def test_of_several_each_is_done_or_refused_by_itself_and_the_page_says_which(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    fields = form(manager, license, vendor, "remove", *EMAILS)
    pages = [manager.post(at(license, "/users/chosen"), fields) for _ in range(2)]
    for page in pages:
        assert "One of 3 users was removed." in page.words
        assert [f"{email}: " in page.words for email in EMAILS] == [False, True, True]
        assert page.words.count("than are left (1).") == 2
    fields = form(manager, license, vendor, "remove", BOB, EVE)
    assert "No user was removed." in manager.post(at(license, "/users/chosen"), fields).words
    assert state(vendor, license) == {BOB: (1, 1), EVE: (1, 1)}


def test_a_form_that_is_sent_many_times_at_once_is_done_to_each_once(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    fields = form(manager, license, vendor, "limit", *EMAILS) | {"max_activations": "4"}
    with ThreadPool(4) as threads:
        pages = list(threads.map(lambda _: manager.post(at(license, "/users/chosen"), fields), range(4)))
    assert all("The limit of 3 users is set." in page.words for page in pages)
    assert [event.type for event in vendor.history(license)].count("user_limit_changed") == 3


def test_who_has_no_seat_any_more_is_left_out_and_nobody_at_all_is_refused(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    other = issued(vendor, manager="other@customer.test")
    vendor.assign(other, "zoe@customer.test")
    fields = form(manager, license, vendor, "remove", "zoe@customer.test")
    assert [name for name in fields if name.startswith("user-")] == []
    page = manager.post(at(license, "/users/chosen"), fields)
    assert (page.status, "This user no longer has a seat on the license." in page.words) == (404, True)
    assert [seat.email for seat in seats(vendor.code, other.id)] == ["zoe@customer.test"]


def test_a_limit_that_is_none_is_asked_for_again_with_the_same_users(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    fields = form(manager, license, vendor, "limit", ADA, BOB)
    page = manager.post(at(license, "/users/chosen"), fields | {"max_activations": "many"})
    again = page.form(at(license, "/users/chosen")).fields
    assert (page.status, again["max_activations"]) == (400, "many")
    assert {name for name in again if name.startswith("user-")} == {name for name in fields if name.startswith("user-")}


def test_as_many_are_chosen_as_a_page_shows_and_nothing_else_is() -> None:
    boxes = {f"user-{number}": "on" for number in range(100)}
    assert chosen_ids(boxes) == list(range(PAGE_SIZE))
    assert chosen_ids({"user-": "on", "user-x": "on", "user-12345678901234567": "on", "auser-1": "on"}) == []
