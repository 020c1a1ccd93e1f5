"""Walks over all that a company has: each row once, from wherever they go on, whatever others write meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.usecases import export
from chalicelib.usecases.customers import create_customer, delete_customer
from chalicelib.usecases.export import Walk
from infra.budgets import EXPORT_PAGE_READS
from tests.store.costs import counted
from tests.support import ADMIN, Vendor
from tests.whole_vendor import fill

Walks = Callable[..., Walk[Any]]
PAGES = 3
ONCE = 3
"""Reads of a walk besides those of its pages: the company, its labels, that there is no more."""
WALKS: dict[str, Walks] = {
    name: walk
    for name, walk in vars(export).items()
    if name.startswith("export_")
    and name != "export_licenses_of_order"  # a part of all: tests/management/test_exports.py
}


def test_every_kind_is_walked() -> None:
    assert len(WALKS) == 15


@pytest.mark.parametrize("name", WALKS)
def test_a_walk_goes_on_behind_each_of_its_rows(vendor: Vendor, name: str) -> None:
    fill(vendor)
    rows = list(WALKS[name](vendor.code))
    positions = [position for position, _ in rows]
    assert len(rows) >= 2
    assert len({*positions}) == len(rows)
    for number, position in enumerate(positions):
        assert list(WALKS[name](vendor.code, position)) == rows[number + 1 :]


@pytest.mark.parametrize("name", WALKS)
def test_nothing_is_walked_in_a_company_that_has_nothing(vendor: Vendor, name: str) -> None:
    few = {"export_products": 2, "export_company_history": 4}
    assert len(list(WALKS[name](vendor.code))) == few.get(name, 0)


def test_what_is_there_all_the_time_comes_once_while_others_write(vendor: Vendor, monkeypatch: Any) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 2)
    licenses = sorted(vendor.issue().id for _ in range(7))
    customers = [create_customer(vendor.code, f"{n}@c.test", {}, ADMIN, now=vendor.now) for n in range(6)]
    seen = []
    for position, (license, _) in export.export_licenses(vendor.code):
        assert position == str(license.id)
        seen.append(license.id)
        if len(seen) < 5:
            vendor.now += 1
            vendor.issue()
    assert [id for id in seen if id in licenses] == licenses
    assert len(seen) == len({*seen})
    customers.sort(key=lambda one: one.id)
    kept, emails = [one.email for one in customers[1:5]], []
    for _, found in export.export_customers(vendor.code):
        emails.append(found.customer.email)
        if len(emails) == 1:
            delete_customer(vendor.code, customers[0].id, ADMIN, now=vendor.now)
            delete_customer(vendor.code, customers[5].id, ADMIN, now=vendor.now)
    assert [email for email in emails if email in kept] == kept


@pytest.mark.parametrize("kind", ["licenses", "orders", "customers", "devices"])
def test_each_page_of_a_walk_takes_few_reads(vendor: Vendor, kind: str) -> None:
    count = PAGES * (20 if kind == "devices" else 50)
    fleet = vendor.issue(max_activations=None)
    for number in range(count - 1):
        if kind == "devices":
            vendor.activate(fleet, f"device {number}")
        else:
            vendor.issue(customer=f"{number}@c.test", order_id=f"A-{number}")
    with counted() as cost:
        rows = list(WALKS[f"export_{kind}"](vendor.code))
    assert len(rows) in (count - 1, count)
    assert len(cost.calls) <= PAGES * EXPORT_PAGE_READS + ONCE
