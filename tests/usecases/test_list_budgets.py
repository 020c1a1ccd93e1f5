"""A page of a list costs the same at any size: a manager of 10,000 licenses, a license of 5,000 devices, 1,000 users
and a long history, a customer with 3,000 licenses of other products, a user and a device with 300 licenses. Counted
are the reads of the database, not the time.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from inspect import signature
from types import FunctionType
from typing import Any, cast

import pytest

from chalicelib.domain.access import buyer
from chalicelib.domain.events import Event
from chalicelib.domain.keys import new_license_key
from chalicelib.domain.license import Device, License, Seat, hash_hardware_id
from chalicelib.domain.paging import PAGE_SIZE, Page
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.store import writes
from chalicelib.store.items.accounts import ProductItem, UserItem
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SeatItem
from chalicelib.store.items.links import LookupItem, UserDeviceItem
from chalicelib.store.keys import (
    LICENSE,
    customer_license_sort_key,
    device_sort_key,
    hardware_sort_key,
    license_key_sort_key,
    license_pk,
    manager_license_sort_key,
    product_sort_key,
    seat_sort_key,
    user_device_sort_key,
    user_license_sort_key,
    user_sort_key,
)
from chalicelib.store.orders import sold_item, summary_of
from chalicelib.store.reads import BATCH_GET_LIMIT
from chalicelib.usecases import portal_queries
from chalicelib.usecases.account_access import read_holdings
from chalicelib.usecases.catalog import find_product, products
from chalicelib.usecases.customer_license_users import page_of_license_users
from chalicelib.usecases.device_licenses import MAX_LICENSES as MAX_OF_DEVICE
from chalicelib.usecases.device_licenses import device_licenses
from chalicelib.usecases.portal_queries import ListQuery
from chalicelib.usecases.portal_queries.managed import MAX_PRODUCTS
from chalicelib.usecases.user_licenses import user_licenses
from infra.budgets import LIST_PAGE_READS, PAGES_OF_MORE_READS, SEARCHED_PAGE_READS
from tests.store.costs import counted
from tests.support import ADMIN, CUSTOMER, NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, issued, logged_in

LICENSES, DEVICES, USERS, EVENTS, OWN, OTHERS, HELD = 10_000, 5_000, 1_000, 200, 30, 3_000, 300
ADA = "ada@customer.test"
PRODUCTS, OF_BEFORE = 300, 100
"""Products of the vendor; seats whose links do not say whose the license is."""
EVERYWHERE = "on all licenses"
NAMED, KEY = 100_000_005_001, new_license_key()
FOREIGN_KEY = "alt/7 \u00fc"
"""Of the oldest license, as another system has made it."""
"""The id and the key of a license."""


@dataclass(frozen=True)
class Big:
    """A vendor with all of it."""

    vendor: Vendor
    manager: SessionClaims
    ada: SessionClaims
    license: License
    """Of 5,000 devices and 1,000 users."""


@cache
def big() -> Big:
    """Stored once, item by item: what makes them is tried elsewhere."""
    vendor = Vendor()
    license = issued(vendor, max_license_users=None, max_activations=None)
    vendor.assign(license, ADA)
    manager, ada = logged_in(vendor, MANAGER), logged_in(vendor, ADA)
    pk = license_pk(vendor.code, license.id)
    writes.update(LicenseItem(pk, LICENSE), [LicenseItem.first_activated_at.set(NOW)])
    writes.batch_put(event_item(pk, Event.new("license_reset", ADMIN, NOW + n)) for n in range(EVENTS))
    writes.batch_put(_licenses(vendor, license, manager.user_id, ada.user_id))
    writes.batch_put(_names(vendor, license, manager.user_id, ada.user_id))
    writes.batch_put(_people(vendor, license))
    find_product(vendor.code, "revit", now=NOW)  # from now on it is remembered
    return Big(vendor, manager, ada, license)


def _licenses(vendor: Vendor, like: License, manager: int, ada: int) -> Iterator[Any]:
    """Those that are shown first: the newest and the oldest; with the devices and seats of the big one."""
    for number in (*range(1, HELD), *range(LICENSES - 200, LICENSES), NAMED):
        license = replace(like, id=number, enabled=number % 100 != 0)
        yield LicenseItem.of(license, license_pk(vendor.code, number), "license")
        if number < HELD:
            yield SeatItem.of(_seat(ada, ADA), license_pk(vendor.code, number), seat_sort_key(ada))
            yield _device(license_pk(vendor.code, number), number, EVERYWHERE, ada)
    pk = license_pk(vendor.code, like.id)
    for number in range(DEVICES):
        user_id = ada if number < OWN else number % USERS + 1
        device = _device(pk, number + 1, f"hardware-{number}", user_id)
        yield device
        if number < OWN:
            yield UserDeviceItem(pk, user_device_sort_key(user_id, hash_hardware_id(device.hardware_id)))
    for number in range(1, USERS):
        yield SeatItem.of(_seat(number, f"user-{number:04}@customer.test"), pk, seat_sort_key(number))


def _names(vendor: Vendor, like: License, manager: int, ada: int) -> Iterator[Any]:
    yield LookupItem(vendor.code, license_key_sort_key(KEY), target_id=NAMED)
    yield LookupItem(vendor.code, license_key_sort_key(FOREIGN_KEY), target_id=1)
    for number in (*range(1, LICENSES), NAMED):
        key, product = KEY if number == NAMED else "", f"product-{number % PRODUCTS}"
        sold = replace(summary_of(like), license_id=number, license_key=key, product=product)
        yield sold_item(sold, vendor.code, manager_license_sort_key(manager, number))
        if number < HELD:
            held = LookupItem(vendor.code, user_license_sort_key(ada, number), product="revit")
            held.buyer = None if number <= OF_BEFORE else buyer(like)
            yield held
            seen = hardware_sort_key(hash_hardware_id(EVERYWHERE), number, ada)
            yield LookupItem(vendor.code, seen, target_id=number, product="revit")
        if number <= OTHERS:
            yield LookupItem(vendor.code, customer_license_sort_key(CUSTOMER, number), product="viewer")


def _people(vendor: Vendor, license: License) -> Iterator[Any]:
    for number in range(PRODUCTS):
        product = replace(vendor.products["viewer"], code=f"product-{number}")
        yield ProductItem.of(product, vendor.code, product_sort_key(product.code))
    like = account(vendor, ADA)
    for number in range(1, 4 * PAGE_SIZE):
        user: User = replace(like, id=number, email=f"user-{number:04}@customer.test")
        yield UserItem.of(user, vendor.code, user_sort_key(number))


def _device(pk: str, number: int, hardware_id: str, user_id: int) -> DeviceItem:
    device = Device(
        id=number,
        hardware_id=hardware_id,
        active=True,
        epoch=0,
        first_activated_at=NOW,
        activated_at=NOW,
        last_check_at=NOW,
        user_id=user_id,
        seat_epoch=0,
        hostname=f"workstation-{number}",
    )
    return DeviceItem.of(device, pk, device_sort_key(hash_hardware_id(hardware_id), user_id))


def _seat(user_id: int, email: str) -> Seat:
    return Seat(user_id, email, 0, 0, 0, NOW)


View = Callable[[Big, ListQuery], Any]
LISTS: dict[str, View] = {
    "licenses": lambda b, q: portal_queries.managed_licenses(b.manager, q, now=NOW),
    "devices": lambda b, q: portal_queries.license_devices(b.manager, b.license.id, q, now=NOW),
    "users": lambda b, q: portal_queries.license_users(b.manager, b.license.id, q, now=NOW),
    "history": lambda b, q: portal_queries.license_history(b.manager, b.license.id, q, now=NOW),
    "own licenses": lambda b, q: portal_queries.own_licenses(b.ada, q, now=NOW),
    "own devices": lambda b, q: portal_queries.own_devices(b.ada, b.license.id, q, now=NOW),
}


def test_every_list_of_the_portal_is_counted_here() -> None:
    named = {name for view in LISTS.values() for name in cast(FunctionType, view).__code__.co_names}
    functions = {name: one for name, one in vars(portal_queries).items() if callable(one)}
    listing = {name for name, one in functions.items() if "list_query" in signature(one).parameters}
    # tests/usecases/test_overview.py, and tests/portal/test_people.py
    of_many_licenses = {"recent_activity", "managed_people"}
    assert listing <= named | of_many_licenses


def page_of(name: str, query: ListQuery, most: int = LIST_PAGE_READS) -> Page[Any]:
    """A page, within the budget."""
    stored = big()
    with counted() as cost:
        page: Page[Any] = LISTS[name](stored, query).page
    assert len(cost.calls) <= most, (name, query, cost.calls)
    assert cost.write_units == 0
    return page


@pytest.mark.parametrize(
    ("name", "sort"), [*((name, "") for name in LISTS), ("licenses", "oldest"), ("devices", "first")]
)
def test_a_page_is_three_reads_at_any_size(name: str, sort: str) -> None:
    first = page_of(name, ListQuery(sort=sort))
    second = page_of(name, ListQuery(sort=sort, after=first.after))
    back = page_of(name, ListQuery(sort=sort, before=second.before))
    assert len(first.rows) == PAGE_SIZE
    assert len(second.rows) == min(PAGE_SIZE, OWN - PAGE_SIZE if name == "own devices" else PAGE_SIZE)
    assert first.rows == back.rows
    assert not any(row in first.rows for row in second.rows)


@pytest.mark.parametrize(
    ("name", "query", "rows"),
    [
        ("licenses", ListQuery(status="disabled"), 2),
        ("devices", ListQuery(search="no such text"), 0),
        ("devices", ListQuery(status="blacklisted"), 0),
        ("users", ListQuery(search="no such text"), 0),
        ("licenses", ListQuery(search="no such text"), 0),
        ("history", ListQuery(search="no such text"), 0),
    ],
)
def test_what_no_key_serves_is_looked_for_within_a_bound(name: str, query: ListQuery, rows: int) -> None:
    page = page_of(name, query, SEARCHED_PAGE_READS)
    assert len(page.rows) <= rows
    assert bool(page.after) == page.is_cut
    if page.is_cut:
        page_of(name, replace(query, after=page.after), SEARCHED_PAGE_READS)


@pytest.mark.parametrize(
    "search", [str(NAMED), KEY, f" {KEY.replace('-', '').lower()} "], ids=["id", "key", "key as typed"]
)
def test_a_license_is_found_by_its_whole_key_or_id_at_any_size(search: str) -> None:
    page = page_of("licenses", ListQuery(search=search))
    assert ([row.license.id for row in page.rows], page.total) == ([NAMED], 1)
    assert not portal_queries.managed_licenses(big().ada, ListQuery(search=search), now=NOW).page.rows  # not Ada's


def test_a_license_is_found_by_its_whole_key_of_another_system_behind_what_a_page_looks_at() -> None:
    page = page_of("licenses", ListQuery(search=f" {FOREIGN_KEY} "), SEARCHED_PAGE_READS)
    assert ([row.license.id for row in page.rows], page.is_cut) == ([1], True)
    assert 1 not in [row.license.id for row in page_of("licenses", ListQuery(search="alt"), SEARCHED_PAGE_READS).rows]
    not_hers = portal_queries.managed_licenses(big().ada, ListQuery(search=FOREIGN_KEY), now=NOW)
    assert not_hers.page.rows == []


def test_licenses_of_a_product_are_three_reads_and_the_products_that_are_offered_are_those_of_the_page() -> None:
    shown = portal_queries.managed_licenses(big().manager, ListQuery(), now=NOW)
    assert len(shown.products) == MAX_PRODUCTS < PRODUCTS
    page = page_of("licenses", ListQuery(product="product-7"))
    assert ([row.license.id for row in page.rows], page.is_cut) == ([LICENSES - 93], True)
    assert page_of("licenses", ListQuery(product="product-7", search="no such text", after=page.after)).is_cut


def test_what_an_account_has_and_all_products_are_few_reads() -> None:
    user = account(big().vendor, ADA)
    with counted() as cost:
        held = read_holdings(user)
    assert (len(held.used), len(held.buyers)) == (HELD, 1)
    assert len(cost.calls) <= LIST_PAGE_READS, cost.calls
    with counted() as cost:
        assert len(products(big().vendor.code, frozenset())) == PRODUCTS + 2
    assert len(cost.calls) == 1


def test_a_person_with_all_seats_is_two_reads_for_31_and_one_more_for_each_33() -> None:
    stored = big()
    with counted() as cost:
        view = portal_queries.managed_person(stored.manager, stored.ada.user_id, now=NOW)
    assert (len(view.row.seats), view.is_all) == (HELD, True)
    assert len(cost.calls) == 1 + math.ceil((4 + 3 * HELD) / BATCH_GET_LIMIT), cost.calls


def test_the_users_of_a_customer_are_three_reads_a_page_beside_all_licenses_of_other_products() -> None:
    asked, cursor, seen = (big().vendor.code, "revit", CUSTOMER), "", list[int]()
    for _ in range(2):
        with counted() as cost:
            _, rows, cursor = page_of_license_users(*asked, cursor, PAGE_SIZE, now=NOW)
        assert len(cost.calls) <= LIST_PAGE_READS, cost.calls
        seen += [seat.user_id for _, _, seat, _ in rows]
    assert seen == list(range(1, 2 * PAGE_SIZE + 1))


def test_what_is_answered_whole_is_20_rows_or_more_a_read() -> None:
    code, ada = big().vendor.code, big().ada.user_id
    with counted() as cost:
        found = device_licenses(code, EVERYWHERE, None, frozenset(), now=NOW)
    newest = list(range(HELD - 1, 0, -1))
    assert [snapshot.license and snapshot.license.id for snapshot in found] == newest[:MAX_OF_DEVICE]
    assert len(cost.calls) <= 1 + len(found) / 20, cost.calls
    with counted() as cost:
        found = user_licenses(code, "revit", ADA, PASSWORD, now=NOW)
    assert [snapshot.license and snapshot.license.id for snapshot in found] == [big().license.id, *newest]
    assert {snapshot.user and snapshot.user.id for snapshot in found} == {ada}
    logged_in_by = 3 + 2  # reads and writes
    assert len(cost.calls) <= logged_in_by + 1 + len(found) / 20, cost.calls


def test_a_user_of_a_license_is_found_by_the_whole_email_at_any_size() -> None:
    page = page_of("users", ListQuery(search=f" {ADA.upper()} ", sort="newest"))
    assert ([row.user.email for row in page.rows], page.total) == ([ADA], 1)
    assert not page_of("users", ListQuery(search=MANAGER), SEARCHED_PAGE_READS).rows  # has no seat


@pytest.mark.parametrize(
    ("view", "most"),
    [
        (portal_queries.license_details, PAGES_OF_MORE_READS["/portal/licenses/{license_id}"]),
        (portal_queries.one_license, 1),
    ],
)
def test_the_pages_of_a_license_are_few_reads_however_many_devices_it_has(view: Callable[..., Any], most: int) -> None:
    stored = big()
    with counted() as cost:
        view(stored.manager, stored.license.id, now=NOW)
    assert len(cost.calls) <= most
