"""People: everyone who may use a license of the manager's, once; and all seats of somebody who leaves."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.license import License
from chalicelib.domain.paging import PAGE_SIZE
from chalicelib.store import licenses as store_licenses
from chalicelib.store import writes
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.licenses import LicenseItem, SeatItem
from chalicelib.store.keys import LICENSE, license_pk, manager_license_sort_key, seat_sort_key, user_sort_key
from chalicelib.store.orders import sold_item, summary_of
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.change_seat import remove_account
from chalicelib.usecases.portal_queries.overview import READ_AT_ONCE
from chalicelib.usecases.remove_person import remove_person
from chalicelib.web import clock
from infra.cost.inputs import DEFAULT, read_inputs
from tests.portal.browser import Page, at, browser_of
from tests.store.costs import counted
from tests.support import ADMIN, DAY, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

ANN, BEN = "ann@customer.test", "ben@customer.test"
CID, OTHER = "cid@customer.test", "other@customer.test"


def figures() -> list[tuple[int, int, int, int, float]]:
    """The table of docs/portal.md by which it was decided: licenses, reads, how many waits, read units, USD."""
    text = Path("docs/portal.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+)[^|]* \| (\d+) \| (\d+) \| (\d+) \| ([\d.]+) USD \|", text, re.MULTILINE)
    assert rows, "the table is no longer there"
    return [(int(row[0]), int(row[1]), int(row[2]), int(row[3]), float(row[4])) for row in rows]


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(now=clock.now())


@pytest.fixture
def licenses(vendor: Vendor) -> list[License]:
    """Two of the manager's; Ann has a seat on both, and a device on one; Ben has a seat on the second."""
    one, two = issued(vendor, "revit", max_activations=9), issued(vendor, "revit", max_activations=9)
    issued(vendor, "viewer")
    for license in (one, two):
        profile = Profile("Ann", "Schäfer", "+49 30 1")
        assign_user(vendor.code, license.id, ANN, 2, ADMIN, profile=profile, now=vendor.now)
    vendor.assign(two, BEN)
    chosen(vendor, ANN)
    vendor.activate(ANN, "pc", PASSWORD, license_id=two.id)
    return [one, two]


def person(vendor: Vendor, email: str) -> str:
    return f"/portal/people/{account(vendor, email).id}"


def left(page: Page) -> bool:
    return "was removed from" in page.words


def test_everyone_is_listed_once_with_all_licenses_and_devices(vendor: Vendor, licenses: list[License]) -> None:
    page = browser_of(vendor, MANAGER).get("/portal/people")
    assert page.words.count(ANN) == 1
    assert "Ann Schäfer +49 30 1 Revit, Revit 1" in page.words
    assert "2 people" in page.words


@pytest.mark.parametrize(("managed", "reads", "waits", "units", "usd"), figures())
def test_a_page_of_people_costs_what_the_docs_reckon_with(
    vendor: Vendor, managed: int, reads: int, waits: int, units: int, usd: float
) -> None:
    some = [issued(vendor, "revit", max_license_users=13) for _ in range(managed)]
    vendor.assign(some[0], ANN)
    like, license = account(vendor, ANN), some[0]
    seat = next(store_licenses.seats(vendor.code, license.id))
    for one in some:
        writes.update(LicenseItem(license_pk(vendor.code, one.id), LICENSE), [LicenseItem.users_assigned.set(13)])
    writes.batch_put(
        SeatItem.of(
            replace(seat, user_id=number % 80 + 1), license_pk(vendor.code, one.id), seat_sort_key(number % 80 + 1)
        )
        for turn, one in enumerate(some)
        for number in range(13 * turn, 13 * (turn + 1))
    )
    people = [replace(like, id=number, email=f"person-{number}@customer.test") for number in range(1, 81)]
    writes.batch_put(UserItem.of(one, vendor.code, user_sort_key(one.id)) for one in people)
    browser = browser_of(vendor, MANAGER)
    browser.get("/portal/people")
    with counted() as cost:
        assert browser.get("/portal/people").status == 200
    assert (len(cost.calls), round(cost.read_units)) == (reads, units)
    assert (reads - managed, waits) == (3, 3 + math.ceil(managed / READ_AT_ONCE))
    price = read_inputs(DEFAULT).prices.read_unit
    assert f"{price.of(units * 1000):.3f}" == f"{usd:.3f}"


def used(vendor: Vendor, license: License, email: str, at: int) -> None:
    """Somebody was heard of then for the last time."""
    seat = SeatItem(license_pk(vendor.code, license.id), seat_sort_key(account(vendor, email).id))
    writes.update(seat, [SeatItem.last_used_at.set(at)])


def test_people_who_are_idle_are_told_from_those_who_use_a_license(vendor: Vendor, licenses: list[License]) -> None:
    """Ben has used one long ago, Cid none yet."""
    used(vendor, licenses[1], BEN, vendor.now - 91 * DAY)
    vendor.assign(issued(vendor, "revit"), CID)
    browser = browser_of(vendor, MANAGER)
    page = browser.get("/portal/people")
    assert "All Using 1 Idle 90 d 1" in page.words
    assert "Revit 0 never" in page.words

    def people(**asked: str) -> list[str]:
        words = browser.get("/portal/people", **asked).words
        return sorted((who for who in (ANN, BEN, CID) if who in words), key=words.index)

    assert (people(status="using"), people(status="idle"), people(status="idle", search="ann")) == ([ANN], [BEN], [])
    assert (people(), people(sort="unused")) == ([ANN, BEN, CID], [CID, BEN, ANN])
    files = [browser.http.get("/portal/export/people", params={"status": status}).text for status in ("using", "idle")]
    assert [[who for who in (ANN, BEN, CID) if who in file] for file in files] == [[ANN], [BEN]]
    assert "Nobody matches" in browser.get("/portal/people", status="idle", search="ann").words


def test_who_has_used_any_license_is_not_idle(vendor: Vendor, licenses: list[License]) -> None:
    for license, days in zip(licenses, (91, 89), strict=True):
        used(vendor, license, ANN, vendor.now - days * DAY)
    assert "Idle 90 d 0" in browser_of(vendor, MANAGER).get("/portal/people").words


def test_one_who_is_alone_is_counted_in_the_singular(vendor: Vendor, licenses: list[License]) -> None:
    browser = browser_of(vendor, MANAGER)
    assert "1 person All times" in browser.get("/portal/people", search="ann").words
    browser.http.headers["Accept-Language"] = "de"
    assert "1 Person Alle Zeiten" in browser.get("/portal/people", search="ann").words


def test_of_devices_that_there_are_not_nothing_is_said(vendor: Vendor, licenses: list[License]) -> None:
    browser, off = browser_of(vendor, MANAGER), "deactivated"
    assert "1 active device is deactivated." in browser.get(f"{person(vendor, ANN)}/leave").words
    assert off not in browser.get(f"{person(vendor, BEN)}/leave").words
    ben, chosen_users = account(vendor, BEN).id, at(licenses[1], "/users/chosen")
    assert off not in browser.get(at(licenses[1], f"/users/{ben}/reset")).words
    assert off not in browser.get(chosen_users, do="reset", **{f"user-{ben}": "on"}).words


@pytest.mark.parametrize(("search", "found"), [("Schäfer", True), ("ann", True), ("30 1", True), ("ben", False)])
def test_people_are_found_by_name_email_and_phone(
    vendor: Vendor, licenses: list[License], search: str, found: bool
) -> None:
    assert (ANN in browser_of(vendor, MANAGER).get("/portal/people", search=search).words) is found


def test_who_leaves_has_no_seat_and_no_active_device_of_this_customer(vendor: Vendor, licenses: list[License]) -> None:
    elsewhere = issued(vendor, "revit", OTHER)
    vendor.assign(elsewhere, ANN)
    browser = browser_of(vendor, MANAGER)
    assert at(elsewhere, "") not in browser.get(person(vendor, ANN)).answer.text
    page = browser.send(f"{person(vendor, ANN)}/leave")
    assert (page.path, left(page)) == ("/portal/people", True)
    assert "Ann Schäfer was removed from 2 licenses." in page.words
    one, two = map(vendor.stored, licenses)
    assert (one.users_assigned, two.users_assigned, two.times_activated) == (0, 1, 0)
    assert vendor.stored(elsewhere).users_assigned == 1
    assert ANN not in browser.get("/portal/people").words
    assert [event.type for event in vendor.history(two)][-1] == "user_removed"
    assert vendor.differences() == []


def managed_besides(vendor: Vendor, like: License, count: int) -> None:
    """So many licenses more that the manager has, newer ones, as far as his list tells."""
    who, sold = account(vendor, MANAGER).id, summary_of(like)
    newer = (replace(sold, license_id=like.id + 2**20 + number) for number in range(count))
    rows = [sold_item(one, vendor.code, manager_license_sort_key(who, one.license_id)) for one in newer]
    writes.batch_put(rows)


def test_who_leaves_has_no_seat_either_on_a_license_that_is_older_than_any_list_shows(
    vendor: Vendor, licenses: list[License], monkeypatch: pytest.MonkeyPatch
) -> None:
    managed_besides(vendor, licenses[1], 4 * PAGE_SIZE)
    browser = browser_of(vendor, MANAGER)
    assert browser.get(person(vendor, ANN)).words.count("Revit") == 2
    monkeypatch.setattr("chalicelib.usecases.portal_queries.people.MAX_HELD", 1)
    older = "Older seats than these stay: do the same again to take them away."
    assert older in browser.get(f"{person(vendor, ANN)}/leave").words
    assert "removed from one license." in browser.send(f"{person(vendor, ANN)}/leave").words
    assert older not in browser.get(f"{person(vendor, ANN)}/leave").words
    assert left(browser.send(f"{person(vendor, ANN)}/leave"))
    assert [vendor.stored(license).users_assigned for license in licenses] == [0, 1]


def test_a_license_without_a_transfer_left_keeps_the_seat_and_the_others_do_not(
    vendor: Vendor, licenses: list[License]
) -> None:
    fixed = issued(vendor, "revit", max_activations=9, max_transfers=-1)
    vendor.assign(fixed, ANN)
    vendor.activate(ANN, "pc", PASSWORD, license_id=fixed.id)
    browser = browser_of(vendor, MANAGER)
    page = browser.send(f"{person(vendor, ANN)}/leave")
    assert "removed from 2 licenses. The seat stays on Revit: its transfers are used up" in page.words
    assert vendor.stored(fixed).times_activated == 1
    assert "Ann" not in browser.get(f"/portal/licenses/{licenses[0].id}/users").words


def test_a_license_that_another_vendor_has_is_left_alone(vendor: Vendor, licenses: list[License]) -> None:
    other = Vendor(now=vendor.now)
    removed = remove_person(other.code, [licenses[0].id], account(vendor, ANN).id, ADMIN, now=vendor.now)
    assert (removed.licenses, removed.refused) == ([], {})
    assert vendor.stored(licenses[0]).users_assigned == 1


@pytest.mark.parametrize("which", [0, 1])
def test_what_the_database_has_no_time_for_is_left_and_said(
    vendor: Vendor, licenses: list[License], monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    def remove_but_one(company: str, license_id: int, *args: Any, **more: Any) -> None:
        if license_id == licenses[which].id:
            raise Unavailable("database_busy", cause="a storm")
        remove_account(company, license_id, *args, **more)

    monkeypatch.setattr("chalicelib.usecases.remove_person.remove_account", remove_but_one)
    page = browser_of(vendor, MANAGER).send(f"{person(vendor, ANN)}/leave")
    assert "was removed from one license. The database was busy: please try again" in page.words
    assigned = [vendor.stored(license).users_assigned for license in licenses]
    assert assigned == ([1, 1] if which == 0 else [0, 2])


def test_the_same_form_again_removes_nobody_else(vendor: Vendor, licenses: list[License]) -> None:
    browser = browser_of(vendor, MANAGER)
    form = browser.get(f"{person(vendor, ANN)}/leave").form(f"{person(vendor, ANN)}/leave")
    assert left(browser.post(form.action, form.fields))
    vendor.assign(licenses[0], ANN)
    assert left(browser.post(form.action, form.fields))
    assert vendor.stored(licenses[0]).users_assigned == 1


def test_nobody_sees_people_of_another_customer(vendor: Vendor, licenses: list[License]) -> None:
    theirs = issued(vendor, "revit", OTHER)
    vendor.assign(theirs, "guest@customer.test")
    browser = browser_of(vendor, OTHER)
    assert ANN not in browser.get("/portal/people").words
    for rest in ("", "/leave"):
        page = browser.get(person(vendor, ANN) + rest)
        assert (page.status, "This person has no seat on a license that you manage." in page.words) == (404, True)
    shown = browser_of(vendor, MANAGER).get(person(vendor, ANN))
    assert str(theirs.id) not in shown.answer.text
    user = browser_of(vendor, ANN)
    assert "Nobody yet" in user.get("/portal/people").words
    assert user.get(person(vendor, BEN)).status == 404


@pytest.mark.usefixtures("licenses")
def test_who_has_no_name_is_called_by_the_email_which_is_not_said_again(vendor: Vendor) -> None:
    browser = browser_of(vendor, MANAGER)
    assert f'<p class="under">{ANN} · +49 30 1</p>' in browser.get(person(vendor, ANN)).answer.text
    nameless = browser.get(person(vendor, BEN)).answer.text
    assert f"<h1>{BEN}</h1>" in nameless
    assert f'<p class="under">{BEN}' not in nameless


def test_a_page_of_people_is_a_read_for_each_license_with_users(vendor: Vendor, licenses: list[License]) -> None:
    browser = browser_of(vendor, MANAGER)
    browser.get("/portal/people")
    with counted() as cost:
        browser.get("/portal/people")
    assert len(cost.calls) == 3 + len(licenses)
