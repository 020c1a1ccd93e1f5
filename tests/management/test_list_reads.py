"""A page of a list is three reads, with all that is said of each row: who has bought it, who has a seat, its features.

Counted without the two that begin each call: the key is read, and the call is counted. `count` of a list without a
filter is one more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.domain.license import MAX_LISTED_USERS, License
from chalicelib.store import writes
from chalicelib.store.expressions import Action
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.keys import LICENSE, license_pk
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.customer_moves import merge_customers
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.replace_user import replace_user
from infra.budgets import LIST_PAGE_READS
from tests.management.server import VendorsServer, granted
from tests.store.costs import counted
from tests.support import ADMIN, CUSTOMER, NOW, Vendor
from tests.usecases.test_batch_assign import people, run

ROWS = 19
"""Of as many customers and users: three items of each customer, two of each user, the company, the product and the
feature are a hundred, which is one read.
"""
KEY, BY_ID = 1, 2
"""The read of the key; and of licenses that are named by their ids, which nothing has to be read for."""


def email(number: int) -> str:
    return f"buyer-{number}@customer.test"


@pytest.fixture
def sold(vendor: Vendor) -> list[License]:
    """Each to a customer of its own, who has a seat, and with a feature."""
    made = list[License]()
    for number in range(ROWS):
        vendor.now = NOW + number  # ids of one millisecond are in no order
        made.append(vendor.issue("revit", customer=email(number), order_id=f"O-{number:02}"))
        vendor.assign(made[-1], email(number))
        vendor.grant(made[-1], "pages")
    return made


@contextmanager
def reads(expected: int) -> Iterator[None]:
    """That what is called costs so many, besides the key."""
    with counted() as cost:
        yield
    assert cost.round_trips.startswith(f"{KEY + expected} read"), cost.calls


def listed(shop: VendorsServer, query: str = "product_short_code=revit") -> list[Any]:
    rows: list[Any] = granted(shop.get(f"licenses?{query}"))["results"]
    return rows


def user_emails(row: Any) -> list[str]:
    return [user["true_email"] for user in row["license_users"]]


def written(license: License, *actions: Action) -> None:
    """Let older code have written the license."""
    writes.update(LicenseItem(license_pk(license.company, license.id), LICENSE), list(actions))


def test_a_page_of_licenses_by_a_filter_that_is_filed(shop: VendorsServer, sold: list[License]) -> None:
    ids = ",".join(str(license.id) for license in sold)
    for query, expected in (("product_short_code=revit", LIST_PAGE_READS), (f"id__in={ids}", BY_ID)):
        with reads(expected):
            rows = listed(shop, query)
        assert [row["customer"]["email"] for row in rows] == [email(n) for n in range(ROWS)]
        assert [user_emails(row) for row in rows] == [[email(n)] for n in range(ROWS)]
        assert {one["product_feature"]["code"] for row in rows for one in row["product_features"]} == {"pages"}
        assert {(row["customer"]["total_licenses"], row["product"]["product_name"]) for row in rows} == {(1, "Revit")}
        assert [row["customer"]["license_user"] for row in rows] == [row["license_users"][0]["id"] for row in rows]
    with reads(LIST_PAGE_READS + 1):
        assert len(listed(shop, "")) == ROWS


@pytest.mark.parametrize("path", ["orders", "customers", "products", "license-users"])
def test_a_page_of_another_list(shop: VendorsServer, sold: list[License], path: str) -> None:
    """With `count`, which these have always."""
    with counted() as cost:
        found = granted(shop.get(path))["results"]
    assert len(found) >= (2 if path == "products" else ROWS)
    assert len(sold) == ROWS
    assert len(cost.calls) <= KEY + LIST_PAGE_READS + 2  # writes: the call is counted, and the use of the key noted
    assert int(cost.round_trips.partition(" ")[0]) <= KEY + LIST_PAGE_READS


def test_customers_of_labels_and_accounts_are_a_read_more(shop: VendorsServer, sold: list[License]) -> None:
    account = granted(shop.post("customer-accounts", {"name": "North", "code": "north"}), 201)["id"]
    label = granted(shop.post("clabels", {"label": "Key account", "color": "#336699"}))["id"]
    (row, *_) = listed(shop)
    granted(shop.call("PATCH", f"customers/{row['customer']['id']}", {"customer_account": account}))
    granted(shop.post("customerclabels", {"customer": row["customer"]["id"], "customer_label": label}), 201)
    with reads(LIST_PAGE_READS + 1):
        (row, *_) = listed(shop)
    assert (row["customer"]["customer_account"]["name"], row["customer"]["labels"][0]["label"]) == (
        "North",
        "Key account",
    )
    assert sold


@pytest.mark.parametrize("of_before", ["none", "another", "nobody"])
def test_who_has_bought_is_found_by_the_email_whatever_the_license_says(
    shop: VendorsServer, sold: list[License], of_before: str
) -> None:
    """A read more, where older code has issued it or given it to another customer."""
    item, other = LicenseItem.customer_id, sold[1].customer_id
    written(sold[0], item.remove() if of_before == "none" else item.set(other if of_before == "another" else 1))
    with reads(LIST_PAGE_READS + 1):
        rows = listed(shop)
    assert [row["customer"]["email"] for row in rows] == [email(n) for n in range(ROWS)]


def test_a_customer_who_was_merged_and_a_license_that_was_moved_lead_to_who_has_it_now(
    shop: VendorsServer, vendor: Vendor, sold: list[License]
) -> None:
    kept, gone = (find_customer_by_email(vendor.code, email(n)) for n in (0, 1))
    assert kept is not None
    assert gone is not None
    merge_customers(vendor.code, kept.id, gone.id, ADMIN, now=NOW)
    move_license(vendor.code, sold[2].id, "O-03", ADMIN, now=NOW)
    with reads(LIST_PAGE_READS):
        rows = listed(shop)
    assert [row["customer"]["email"] for row in rows[:4]] == [email(n) for n in (0, 0, 3, 3)]
    with reads(LIST_PAGE_READS):
        found = granted(shop.get("orders"))["results"]
    assert [row["customer"]["email"] for row in found[:4]] == [email(n) for n in (0, 0, 2, 3)]


def test_who_has_a_seat_is_seen_without_a_read_of_the_license(
    shop: VendorsServer, vendor: Vendor, sold: list[License]
) -> None:
    """Whoever comes, and goes; and whoever comes by a list of people."""
    first, second, third, *_ = sold
    vendor.assign(first, "ann@customer.test")
    remove_user(vendor.code, first.id, email(0), ADMIN, now=NOW)
    replace_user(vendor.code, second.id, email(1), "ben@customer.test", ADMIN, now=NOW)
    run(vendor, third, people(3))
    with reads(BY_ID):
        rows = listed(shop, f"id__in={first.id},{second.id},{third.id}")
    found = [sorted(user_emails(row)) for row in rows]
    assert found == [["ann@customer.test"], ["ben@customer.test"], [email(2), *people(3).split("\n")]]


def test_a_license_of_many_users_is_listed_with_ten_and_says_so(
    shop: VendorsServer, vendor: Vendor, sold: list[License]
) -> None:
    license = sold[0]
    run(vendor, license, people(12))
    assert len(vendor.stored(license).listed_users) == MAX_LISTED_USERS
    with reads(BY_ID):
        (row,) = listed(shop, f"id__in={license.id}")
    assert (len(row["license_users"]), row["users_assigned"]) == (MAX_LISTED_USERS, 13)
    shown = granted(shop.get(f"licenses/{license.id}"))["license_users"]
    assert (len(shown), [one["id"] for one in shown]) == (13, sorted(one["id"] for one in shown))
    gone = row["license_users"][0]["true_email"]
    remove_user(vendor.code, license.id, gone, ADMIN, now=NOW)
    with reads(BY_ID + 2):  # the seats of the license, and accounts
        (row,) = listed(shop, f"id__in={license.id}")
    assert (len(row["license_users"]), row["users_assigned"]) == (MAX_LISTED_USERS, 12)
    assert gone not in user_emails(row)
    vendor.assign(license, "late@customer.test")
    with reads(BY_ID):
        assert "late@customer.test" in user_emails(*listed(shop, f"id__in={license.id}"))


@pytest.mark.parametrize("of_before", ["none", "gone"])
def test_a_seat_that_older_code_has_given_or_taken_is_shown_as_it_is(
    shop: VendorsServer, vendor: Vendor, sold: list[License], of_before: str
) -> None:
    license, listing = sold[0], LicenseItem.listed_users
    written(license, listing.remove() if of_before == "none" else listing.set(vendor.stored(sold[1]).listed_users))
    with reads(LIST_PAGE_READS + 2):
        row = listed(shop)[0]
    assert user_emails(row) == [email(0)]


def test_what_nobody_has_bought_and_nobody_uses_reads_no_more(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue("revit", customer=None)
    with reads(LIST_PAGE_READS):
        (row,) = listed(shop)
    assert (row["id"], row["customer"], row["license_users"]) == (license.id, None, [])
    assert CUSTOMER not in str(row)
