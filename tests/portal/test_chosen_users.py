"""What is done with several users at once: to those that are chosen, to each once, and it is said what came of each."""

from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.domain.paging import PAGE_SIZE
from chalicelib.portal.chosen_users import chosen_ids
from chalicelib.store.licenses import seats
from chalicelib.threads import ThreadPool
from tests.portal.browser import Browser, at
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
        ("reset", {}, "The devices of 1 of 1 users are deactivated.", {ADA: (0, 1), BOB: (1, 1), EVE: (1, 1)}),
        ("remove", {}, "1 of 1 users were removed.", {BOB: (1, 1), EVE: (1, 1)}),
        (
            "limit",
            {"max_activations": "7"},
            "The limit of 1 of 1 users is set.",
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


def test_of_several_each_is_done_or_refused_by_itself_and_the_page_says_which(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    fields = form(manager, license, vendor, "remove", *EMAILS)
    pages = [manager.post(at(license, "/users/chosen"), fields) for _ in range(2)]
    for page in pages:
        assert "1 of 3 users were removed." in page.words
        assert [f"{email}: " in page.words for email in EMAILS] == [False, True, True]
        assert page.words.count("could be activated again as transfers only, and 1 transfers are left.") == 2
    assert state(vendor, license) == {BOB: (1, 1), EVE: (1, 1)}


def test_a_form_that_is_sent_many_times_at_once_is_done_to_each_once(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    fields = form(manager, license, vendor, "limit", *EMAILS) | {"max_activations": "4"}
    with ThreadPool(4) as threads:
        pages = list(threads.map(lambda _: manager.post(at(license, "/users/chosen"), fields), range(4)))
    assert all("The limit of 3 of 3 users is set." in page.words for page in pages)
    assert [event.type for event in vendor.history(license)].count("user_limit_changed") == 3


def test_who_has_no_seat_any_more_is_left_out_and_nobody_at_all_is_refused(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    other = issued(vendor, manager="other@customer.test")
    vendor.assign(other, "zoe@customer.test")
    fields = form(manager, license, vendor, "remove", "zoe@customer.test")
    assert [name for name in fields if name.startswith("user-")] == []
    page = manager.post(at(license, "/users/chosen"), fields)
    assert (page.status, "This user has no seat on the license any more." in page.words) == (404, True)
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
