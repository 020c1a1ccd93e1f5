"""Deleting a license: nothing is left of it but its history, and its key is nobody's ever again."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.errors import AlreadyExists, NotFound, SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.store import accounts, batches, customers, licenses, orders
from chalicelib.store.counts import read_count
from chalicelib.store.customers import Sold
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.usecases.batch_assign import continue_batch, start_batch
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_license import extend, reset_license, set_archived, set_enabled
from chalicelib.usecases.change_seat import set_max_activations
from chalicelib.usecases.customers import change_customer, delete_customer
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.license_events import EventFilter, find_events
from chalicelib.usecases.operator_queries import license_history
from chalicelib.usecases.order_managers import add_manager, find_numbered_order, remove_manager
from chalicelib.usecases.repair_links import repair_links
from tests.store.faults import Crash, wire
from tests.store.seam import Request, Send, every_item
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor
from tests.usecases.support import before_write, refused

ADA, BEA, MIA, MAX = "ada@user.test", "bea@user.test", "mia@customer.test", "max@customer.test"
KEPT = ("at#", "deleted#", "key#", "company", "order#")
"""How the sort keys begin of what stays: history, what is known of it, its key, the company of its id, and the order,
whose number is the id of its first license."""


def by_key(vendor: Vendor) -> License:
    """A license with all that one by key can have."""
    license = vendor.issue(manager=MIA, order_id="A-1", license_type="time-limited", validity_period=NOW + 40 * DAY)
    vendor.grant(license, "export")
    for device in ("pc", "mac"):
        vendor.activate(license, device)
        track_variables(vendor.code, vendor.lookup(license, device), {"color": "red"}, ADMIN, now=vendor.now)
    vendor.deactivate(license, "mac")
    blacklist_device(vendor.code, license.id, "barred", ADMIN, now=vendor.now)
    return license


def by_user(vendor: Vendor) -> License:
    """A license with users, one with a device, and a list of people under way."""
    license = vendor.issue("revit", MIA, order_id="A-1", max_license_users=20)
    for email in (ADA, BEA):
        _, password = vendor.assign(license, email, 2)
        vendor.activate(email, "pc", password, license_id=license.id)
    start_batch(vendor.code, license.id, "email\ncid@user.test\ndan@user.test\n", True, ADMIN, now=vendor.now)
    return license


MADE = pytest.mark.parametrize("make", [by_key, by_user])


def delete(vendor: Vendor, license: License) -> None:
    delete_license(vendor.code, license.id, ADMIN, now=vendor.now + 1)


def left(vendor: Vendor, license: License) -> list[str]:
    """What names the license and should not be there any more."""
    items = [item for table in (LicenseItem, LookupItem) for item in every_item(table.Meta.table_name)]
    ours = (item for item in items if vendor.code in json.dumps(item) and str(license.id) in json.dumps(item))
    return [f"{item['pk']['S']} {item['part']['S']}" for item in ours if not item["part"]["S"].startswith(KEPT)]


def sold(vendor: Vendor, email: str = CUSTOMER) -> Sold:
    sales = customers.read_sales(vendor.code, email)
    assert sales is not None
    return Sold(sales.licenses, sales.orders)


@MADE
def test_nothing_is_left_but_its_history(vendor: Vendor, make: Callable[[Vendor], License]) -> None:
    license = make(vendor)
    history = vendor.history(license)
    delete(vendor, license)
    assert left(vendor, license) == []
    assert vendor.differences() == []
    (*before, event) = vendor.history(license)
    assert before == history
    assert (event.type, event.detail["license_key"], event.actor) == ("license_deleted", license.license_key, ADMIN)
    with refused("license_not_found"):
        delete(vendor, license)


def test_its_history_is_read_by_its_id_and_by_no_other_company(vendor: Vendor) -> None:
    license = by_key(vendor)
    delete(vendor, license)
    assert license_history(license.id, vendor.code, 1, None).events[0].type == "license_deleted"
    rows, _ = find_events(vendor.code, EventFilter(license.id), "", 1)
    assert [row.type for _, row in rows] == ["license_deleted"]
    with refused("license_not_found"):
        find_events(Vendor().code, EventFilter(license.id), "", 1)


def test_its_key_is_nobodys_ever_again(vendor: Vendor) -> None:
    license = vendor.issue(license_key="OLD-KEY-1")
    delete(vendor, license)
    assert license.license_key is not None
    for given in (license.license_key, "old-key-1"):
        with pytest.raises(AlreadyExists):
            vendor.issue(license_key=given)
    repair_links(vendor.code, ADMIN, now=vendor.now)
    assert accounts.find_license_id_by_key(vendor.code, license.license_key) == license.id


def test_applications_are_answered_that_there_is_none_and_of_an_archived_one_that_it_is_disabled(
    vendor: Vendor,
) -> None:
    license, archived = by_key(vendor), vendor.issue()
    vendor.activate(archived, "pc")
    set_archived(vendor.code, archived.id, True, ADMIN, now=vendor.now)
    delete(vendor, license)
    for call in (vendor.check, vendor.activate, vendor.deactivate):
        with refused("license_not_found"):
            call(license, "pc")
    for call in (vendor.check, vendor.activate):
        with refused("license_not_enabled"):
            call(archived, "pc")


def test_counts_follow_and_its_order_stays(vendor: Vendor) -> None:
    license, other = vendor.issue(order_id="A-1"), vendor.issue(customer="others@customer.test", order_id="A-2")
    before = read_count(vendor.code, "licenses")
    assert before is not None
    assert sold(vendor) == Sold(1, 1)
    delete(vendor, license)
    assert read_count(vendor.code, "licenses") == before - 1
    assert sold(vendor) == Sold(0, 1)
    assert find_numbered_order(vendor.code, license.id).id == "A-1"
    again = vendor.issue(order_id="A-1")
    assert sold(vendor) == Sold(1, 1)
    for one in (other, again):
        delete(vendor, one)
    customer = find_customer_by_email(vendor.code, CUSTOMER)
    assert customer is not None
    assert vendor.differences() == []
    delete_customer(vendor.code, customer.id, ADMIN, now=vendor.now)
    vendor.issue(order_id="A-1")  # to whom the order is, and who is new
    assert sold(vendor) == Sold(1, 1)


def test_a_customer_who_moves_is_counted_once(vendor: Vendor) -> None:
    license = vendor.issue(order_id="A-1")
    customer = find_customer_by_email(vendor.code, CUSTOMER)
    assert customer is not None
    with wire(dies_at(2)), pytest.raises(Crash):
        change_customer(vendor.code, customer.id, {}, ADMIN, email="new@customer.test", now=vendor.now)
    delete(vendor, license)
    repair_links(vendor.code, ADMIN, now=vendor.now)
    assert (sold(vendor, "new@customer.test"), vendor.differences()) == (Sold(0, 1), [])


# --- who dies, and who comes beside it ---------------------------------------------------------------------------


def dies_at(number: int) -> Callable[[Request, Send], Any]:
    """The process is gone at its write of this number; every second of them has come."""
    writes = count(1)

    def fault(request: Request, send: Send) -> Any:
        if next(writes) < number:
            return send(request)
        if number % 2:
            send(request)
        raise Crash

    return fault


@MADE
@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("by_repair", [False, True])
def test_whoever_dies_it_is_finished_by_a_repeat_or_the_repair(
    vendor: Vendor, make: Callable[[Vendor], License], number: int, by_repair: bool
) -> None:
    license = make(vendor)
    try:
        with wire(dies_at(number)):
            delete(vendor, license)
    except Crash:
        if by_repair and licenses.read_license(vendor.code, license.id) is None:
            repair_links(vendor.code, ADMIN, now=vendor.now)
        else:
            with suppress(NotFound):  # all but the answer had come
                delete(vendor, license)
    assert (left(vendor, license), vendor.differences()) == ([], [])


@MADE
@pytest.mark.parametrize("number", range(1, 7))
def test_what_comes_beside_it_leaves_nothing(vendor: Vendor, make: Callable[[Vendor], License], number: int) -> None:
    license = make(vendor)

    def everything() -> None:
        code, id, now = vendor.code, license.id, vendor.now
        acts: list[Callable[[], object]] = [
            *(partial(act, vendor, license) for act in DECIDED.values()),
            lambda: track_variables(code, vendor.lookup(license, "pc"), {"late": "1"}, ADMIN, now=now),
            lambda: extend(code, id, NOW + 90 * DAY, None, ADMIN, now=now),
            lambda: set_enabled(code, id, False, Actor(f"user:{MIA}"), now=now),
            lambda: reset_license(code, id, ADMIN, now=now),
            lambda: remove_manager(code, "A-1", MIA, ADMIN, now=now),
        ]
        for act in acts:
            with suppress(SeatkeeperError):
                act()

    with before_write(number, everything):
        delete(vendor, license)
    assert (left(vendor, license), vendor.differences()) == ([], [])


def continue_all(vendor: Vendor, license: License) -> None:
    for batch in batches.all_pending(vendor.code, license.id):
        continue_batch(vendor.code, license.id, batch.id, ADMIN, lambda: True, now=vendor.now)


DECIDED: dict[str, Callable[[Vendor, License], object]] = {
    "activate": lambda vendor, license: vendor.activate(license, "late"),
    "assign": lambda vendor, license: vendor.assign(license, "late@user.test"),
    "blacklist": lambda vendor, license: blacklist_device(vendor.code, license.id, "late", ADMIN, now=vendor.now),
    "join": lambda vendor, _: add_manager(vendor.code, "A-1", MAX, ADMIN, now=vendor.now),
    "limit": lambda vendor, license: set_max_activations(vendor.code, license.id, ADA, 5, ADMIN, now=vendor.now),
    "go on": continue_all,
}


@pytest.mark.parametrize("act", DECIDED.values(), ids=list(DECIDED))
@MADE
def test_nothing_is_left_of_what_was_decided_before_it(
    vendor: Vendor, make: Callable[[Vendor], License], act: Callable[[Vendor, License], object]
) -> None:
    license = make(vendor)
    with before_write(1, lambda: delete(vendor, license)) as was_deleted, suppress(SeatkeeperError):
        act(vendor, license)
    if not was_deleted():  # it is none that such a license takes
        delete(vendor, license)
    assert (left(vendor, license), vendor.differences()) == ([], [])


def test_variables_of_a_device_that_goes_meanwhile_are_not_kept(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    with before_write(1, lambda: delete(vendor, license)), refused("license_not_found"):
        track_variables(vendor.code, vendor.lookup(license, "pc"), {"color": "red"}, ADMIN, now=vendor.now)
    assert left(vendor, license) == []


def test_a_manager_who_joins_meanwhile_is_not_shown_it(vendor: Vendor) -> None:
    """His licenses are read before the deletion, and filed after it."""
    license, other = vendor.issue(order_id="A-1"), vendor.issue(order_id="A-1")
    right = orders.sold_in_order

    def and_delete(*asked: Any, **more: Any) -> Any:
        found = list(right(*asked, **more))
        if license.id in [one.license_id for one in found]:
            delete(vendor, license)
        return iter(found)

    with patch.object(orders, "backfill_managers"):
        user = add_manager(vendor.code, "A-1", MAX, ADMIN, now=vendor.now)
    with patch.object(orders, "sold_in_order", and_delete):
        add_manager(vendor.code, "A-1", MAX, ADMIN, now=vendor.now)
    assert [one.license_id for one in orders.read_managed_licenses(vendor.code, user.id)] == [other.id]
    assert left(vendor, license) == []


def test_a_deleted_license_is_gone_with_its_company(vendor: Vendor) -> None:
    license = by_key(vendor)
    delete(vendor, license)
    delete_company(vendor.code)
    assert vendor.history(license) == []
    assert licenses.company_of(license.id) is None
