"""People, activity and search, of more licenses than one page looks at: nothing is passed over, nor shown to others."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.license import Device, License, Seat, hash_hardware_id, hash_host_name
from chalicelib.domain.session import SessionClaims
from chalicelib.store import writes
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SeatItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    device_sort_key,
    email_sort_key,
    hardware_sort_key,
    host_sort_key,
    license_pk,
    manager_license_sort_key,
    seat_sort_key,
    user_license_sort_key,
    user_sort_key,
)
from chalicelib.store.orders import sold_item, summary_of
from chalicelib.usecases import portal_queries
from chalicelib.usecases.portal_queries import ListQuery
from chalicelib.usecases.portal_queries.listing import FileQuery
from chalicelib.usecases.portal_queries.overview import MAX_COUNTED
from chalicelib.usecases.portal_queries.parts import MAX_READS
from chalicelib.usecases.portal_queries.search import MAX_FOUND
from infra.budgets import LIST_PAGE_READS, PART_PAGE_READS, SEARCH_PAGE_READS, SEARCHED_PART_READS
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued, logged_in

LICENSES, EVERYWHERE = 2 * MAX_COUNTED + 5, 50
"""Of the manager, of which every fifth has no users; and the account that has a seat on each that has."""
OTHER = "other@customer.test"
FIRST = 10_000
"""The id of the oldest of them."""


def with_users() -> list[int]:
    return [id for id in range(FIRST, FIRST + LICENSES) if id % 5]


@pytest.fixture
def claims() -> SessionClaims:
    """Of the manager of all."""
    return stored()[0]


@cache
def stored() -> tuple[SessionClaims, SessionClaims]:
    """Of the manager of all, and of one who manages the second as well.

    Stored once, item by item. Each license has one user of its own as well, a device of theirs, and an event.
    """
    vendor = Vendor()
    mine, theirs = issued(vendor, max_activations=9), issued(vendor, manager=OTHER)
    manager, other = account(vendor, MANAGER), account(vendor, OTHER)
    writes.batch_put(_licenses(vendor, mine))
    writes.batch_put(_links(vendor))
    writes.batch_put(_managed(vendor, mine, manager.id, other.id))
    writes.batch_put(
        UserItem.of(replace(manager, id=id, email=email(id)), vendor.code, user_sort_key(id))
        for id in (EVERYWHERE, FIRST - 1, *with_users())
    )
    assert min(theirs.id, mine.id) > FIRST + LICENSES
    return logged_in(vendor, MANAGER), logged_in(vendor, OTHER)


def _links(vendor: Vendor) -> Iterator[Any]:
    """From the names of the user and the device of the oldest license, and of one that nobody here manages."""
    company = vendor.code
    for id in (FIRST - 1, with_users()[0]):
        hardware = hash_hardware_id(f"hardware-{id}")
        yield LookupItem(company, email_sort_key(email(id)), target_id=id)
        yield LookupItem(company, user_license_sort_key(id, id))
        yield LookupItem(company, hardware_sort_key(hardware, id, id), target_id=id)
        yield LookupItem(company, host_sort_key(hash_host_name(f"host-{id}"), id, hardware, id))


def _managed(vendor: Vendor, like: License, manager: int, other: int) -> Iterator[Any]:
    for id in range(FIRST, FIRST + LICENSES):
        sold = replace(summary_of(like), license_id=id)
        yield sold_item(sold, vendor.code, manager_license_sort_key(manager, id))
        if id == FIRST + 1:
            yield sold_item(sold, vendor.code, manager_license_sort_key(other, id))


def _licenses(vendor: Vendor, like: License) -> Iterator[Any]:
    for id in range(FIRST - 1, FIRST + LICENSES):
        pk, has_users = license_pk(vendor.code, id), bool(id % 5)
        license = replace(
            like,
            id=id,
            users_assigned=2 if has_users else 0,
            times_activated=1 if has_users else 0,
            known_devices=1 if has_users else 0,
            first_activated_at=NOW if has_users else None,
            floating_users=3 if has_users else 0,
            blocked_devices=1 if has_users else 0,
        )
        yield LicenseItem.of(license, pk, "license")
        yield event_item(pk, Event.new("license_named", ADMIN, NOW - 1000 + id - FIRST))
        for user_id in (EVERYWHERE, id) if has_users else ():
            yield SeatItem.of(Seat(user_id, email(user_id), 1, 0, 0, NOW), pk, seat_sort_key(user_id))
        if has_users:
            hardware, host = f"hardware-{id}", f"host-{id}"
            device = Device(id, hardware, True, 0, NOW, NOW, NOW, user_id=id, seat_epoch=0, hostname=host, slot=1)
            yield DeviceItem.of(device, pk, device_sort_key(hash_hardware_id(hardware), id))


def email(user_id: int) -> str:
    return f"user-{user_id:06}@customer.test"


def walked(view: Callable[[ListQuery], Any]) -> Iterator[Any]:
    """All pages of a list, in order, each within the budget."""
    query = ListQuery()
    for _ in range(LICENSES):
        with counted() as cost:
            shown = view(query)
        assert len(cost.calls) <= PART_PAGE_READS, cost.calls
        yield shown
        if not shown.page.after:
            return
        query = ListQuery(after=shown.page.after)
    raise AssertionError("it has no end")


def test_everyone_is_shown_in_parts_with_each_license(claims: SessionClaims, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ListQuery, "size", MAX_READS)
    pages = list(walked(lambda query: portal_queries.managed_people(claims, query, now=NOW)))
    rows = [row for shown in pages for row in shown.page.rows]
    assert sorted(held.license.id for row in rows for held in row.seats) == sorted([*with_users()] * 2)
    alone = [row.user.id for row in rows if row.user.id != EVERYWHERE]
    assert sorted(alone) == with_users()
    first, *others = pages
    assert (first.is_first, first.is_all, first.page.total, first.counts) == (True, False, None, {})
    parts = [shown for shown in pages if shown.page.is_cut or not shown.page.after]
    assert len(parts) < len(pages)
    assert {held.license.id for row in pages[1].page.rows for held in row.seats} <= set(with_users()[-MAX_READS:])
    assert not any(shown.is_all for shown in others)


def test_within_a_part_there_is_a_way_back(claims: SessionClaims, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ListQuery, "size", 10)
    first = portal_queries.managed_people(claims, ListQuery(), now=NOW).page
    second = portal_queries.managed_people(claims, ListQuery(after=first.after), now=NOW).page
    assert first.rows == portal_queries.managed_people(claims, ListQuery(before=second.before), now=NOW).page.rows
    assert (first.is_cut, second.is_cut) == (False, False)


def test_somebody_is_found_on_the_oldest_license_by_searching_on(claims: SessionClaims) -> None:
    oldest = with_users()[0]
    pages = [
        shown.page
        for shown in walked(
            lambda query: portal_queries.managed_people(claims, replace(query, search=email(oldest)), now=NOW)
        )
    ]
    assert [row.user.id for page in pages for row in page.rows] == [oldest]
    assert len(pages) > LICENSES // MAX_COUNTED
    assert all(page.is_cut for page in pages[:-1])


def test_who_manages_one_of_them_sees_the_seats_and_devices_and_events_of_that_alone() -> None:
    other, mine = stored()[1], FIRST + 1
    shown = portal_queries.managed_people(other, ListQuery(), now=NOW)
    assert (shown.is_all, shown.page.total, shown.counts) == (True, 2, {"using": 2, "idle": 0})
    assert {held.license.id for row in shown.page.rows for held in row.seats} == {mine}
    found = portal_queries.search_managed(other, "host", now=NOW)
    assert ([one.license.id for one in found.devices], found.is_all) == ([mine], True)
    activity = portal_queries.recent_activity(other, ListQuery(kind="license"), now=NOW).page
    assert {row.license.id for row in activity.rows if row.event.type == "license_named"} == {mine}


def test_a_file_has_everyone_once_with_all_licenses(claims: SessionClaims) -> None:
    page = portal_queries.managed_people(claims, FileQuery(), now=NOW).page
    assert page.after == ""
    assert len(page.rows) == 1 + len(with_users())
    (everywhere,) = (row for row in page.rows if row.user.id == EVERYWHERE)
    assert sorted(held.license.id for held in everywhere.seats) == with_users()


def test_a_file_for_which_there_is_no_time_says_that_more_is_there(
    claims: SessionClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileQuery, "seconds", 0)
    assert portal_queries.managed_people(claims, FileQuery(), now=NOW).page.after


def test_all_that_has_happened_is_shown_in_parts_the_most_active_licenses_first(claims: SessionClaims) -> None:
    pages = list(walked(lambda query: portal_queries.recent_activity(claims, query, now=NOW)))
    named = [row.license.id for shown in pages for row in shown.page.rows if row.event.type == "license_named"]
    assert sorted(named) == [*range(FIRST, FIRST + LICENSES)]
    first = pages[0]
    assert (first.followed, first.is_first, first.is_all) == (MAX_READS, True, False)
    assert all(row.license.times_activated for row in first.page.rows)
    assert [shown.is_first for shown in pages[1:]].count(True) == 0


@pytest.mark.parametrize("id", [with_users()[0], with_users()[-1]])
def test_a_search_goes_on_until_all_was_looked_at_and_shows_each_license_once(claims: SessionClaims, id: int) -> None:
    licenses, people, devices, start = list[int](), list[int](), list[int](), ""
    for page in range(LICENSES):
        with counted() as cost:
            view = portal_queries.search_managed(claims, str(id), start, now=NOW)
        assert len(cost.calls) <= (SEARCHED_PART_READS if page else SEARCH_PAGE_READS), cost.calls
        assert (view.is_first, view.is_all) == (page == 0, False)
        licenses += [one.license.id for one in view.licenses]
        people += [row.user.id for row in view.people]
        devices += [one.row.device.id for one in view.devices]
        if not (start := view.behind):
            break
    assert (start, licenses, people, devices) == ("", [id], [id], [id])


def test_a_search_takes_what_its_budget_says_where_devices_of_many_licenses_are_found(claims: SessionClaims) -> None:
    """They are of floating licenses with blacklisted devices: it costs a read more to say how each stands."""
    start = ""
    for most in (SEARCH_PAGE_READS, SEARCHED_PART_READS):
        with counted() as cost:
            view = portal_queries.search_managed(claims, "hardware-", start, now=NOW)
        assert (len(cost.calls), len(view.devices)) == (most - 1, MAX_FOUND), "no person is found and read"
        start = view.behind


@pytest.mark.parametrize("kind", ["email", "host", "hardware"])
def test_whose_whole_name_is_searched_for_is_found_first_on_whichever_license(claims: SessionClaims, kind: str) -> None:
    oldest = with_users()[0]
    name = {"email": email(oldest), "host": f" HOST-{oldest} ", "hardware": f"hardware-{oldest}"}[kind]
    with counted() as cost:
        view = portal_queries.search_managed(claims, name, now=NOW)
    assert len(cost.calls) <= 2 + LIST_PAGE_READS + (2 if view.devices else 0), cost.calls
    assert [row.user.id for row in view.people] == ([oldest] if kind == "email" else [])
    assert [one.row.device.id for one in view.devices] == ([] if kind == "email" else [oldest])
    assert (view.is_all, view.is_first) == (False, True)
    again = portal_queries.search_managed(claims, name, view.behind, now=NOW)
    assert ([row.user.id for row in again.people], again.is_first) == ([], True)
    nobody = portal_queries.search_managed(claims, name.replace(str(oldest), str(oldest - 1)), now=NOW)
    assert (nobody.people, nobody.devices) == ([], [])


def test_what_has_such_a_name_elsewhere_is_not_found(claims: SessionClaims) -> None:
    theirs = FIRST - 1
    for name in (email(theirs), f"host-{theirs}", f"hardware-{theirs}"):
        view = portal_queries.search_managed(claims, name, now=NOW)
        assert (view.people, view.devices) == ([], [])


def test_a_license_of_many_users_or_devices_takes_as_many_reads(
    claims: SessionClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.usecases.portal_queries.people.SEATS_AT_ONCE", 2 / MAX_READS)
    page = portal_queries.managed_people(claims, ListQuery(), now=NOW).page
    assert {held.license.id for row in page.rows for held in row.seats} == {with_users()[-1]}
    monkeypatch.undo()
    monkeypatch.setattr("chalicelib.usecases.portal_queries.search.DEVICES_AT_ONCE", 1 / MAX_READS)
    view = portal_queries.search_managed(claims, "host", now=NOW)
    assert [one.license.id for one in view.devices] == [with_users()[-1]]
