"""What a call of the Management API costs: taken from the route table, so that a new call is counted, too."""

import re
from itertools import pairwise

import pytest

from chalicelib.management.imports import its_features, its_licenses
from chalicelib.management.reach import its_order
from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from infra.budgets import MANAGEMENT_CALLS, Budget
from tests.docs.pages import DOCS
from tests.management.calls import CALLS, OF_ONE_LICENSE, Made, named
from tests.management.server import VendorsServer, granted, new_key
from tests.store.costs import Cost, counted
from tests.support import ChangeRuntime, Vendor

MINUTE = 60_000


@pytest.mark.parametrize("declared", CALLS, ids=named)
def test_a_call_costs_what_the_budget_says(
    shop: VendorsServer, change_runtime: ChangeRuntime, declared: Endpoint
) -> None:
    """By a key that has been used in this quarter of an hour, but not in this second."""
    made, now = Made.by(shop, declared), clock.now()
    assert made.ids["delivery_id"]
    assert made.ids["license_id"]
    change_runtime(clock=lambda: now + MINUTE)
    with counted() as cost:
        assert made.call(shop, declared).is_success
    assert Budget(cost.round_trips, cost.read_units, cost.write_units) == MANAGEMENT_CALLS[declared.name]


@pytest.mark.parametrize(
    "declared", [one for one in CALLS if one.reach not in (None, its_licenses, its_features)], ids=named
)
def test_a_key_that_is_limited_to_products_costs_what_the_page_says(
    shop: VendorsServer, vendor: Vendor, change_runtime: ChangeRuntime, declared: Endpoint
) -> None:
    """Of an order two reads more at most, what was sold in it, and whether that was in this one; of a license that
    comes into an order both, five; of all else three. Customers are not read for it.
    """
    made, now = Made.by(shop, declared, OF_ONE_LICENSE), clock.now()
    assert made.ids["delivery_id"]
    assert made.ids["license_id"]
    server = VendorsServer(new_key(vendor, products=frozenset(vendor.products)), shop.http)
    change_runtime(clock=lambda: now + MINUTE)
    with counted() as cost:
        assert made.call(server, declared).is_success
    more = reads(cost.round_trips) - reads(MANAGEMENT_CALLS[declared.name].round_trips)
    comes_into_order = declared.name in ("create_license", "move_one_license")
    assert more <= (2 if declared.reach is its_order else 5 if comes_into_order else 3)


def test_each_order_of_a_list_is_read_once_and_what_was_sold_in_it(
    shop: VendorsServer, vendor: Vendor, change_runtime: ChangeRuntime
) -> None:
    """By a key that is limited to products, and has been used in this quarter of an hour, but not in this second.

    And once more, all together: whether they have their names yet.
    """
    server, costs = VendorsServer(new_key(vendor, products=frozenset(vendor.products)), shop.http), list[Cost]()
    began = clock.now()
    granted(server.get("orders"))
    for orders in range(1, 4):
        vendor.issue()
        change_runtime(clock=lambda at=began + orders * MINUTE: at)
        with counted() as cost:
            assert len(granted(server.get("orders"))["results"]) == orders
        costs.append(cost)
    assert {after.read_units - before.read_units for before, after in pairwise(costs)} == {2}
    assert {len(after.calls) - len(before.calls) for before, after in pairwise(costs)} == {1}


def reads(round_trips: str) -> int:
    """How many of them read."""
    return int(round_trips.partition(" ")[0])


def test_every_call_has_a_budget_that_the_page_tells() -> None:
    assert [declared.name for declared in CALLS] == list(MANAGEMENT_CALLS)
    page = (DOCS / "management-api.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([\d.]+) \| (\d+) \|$", page, re.MULTILINE)
    shown = {name: Budget(round_trips, float(read), int(written)) for name, round_trips, read, written in rows}
    assert shown == MANAGEMENT_CALLS


def test_a_key_is_noted_now_and_then_and_one_in_use_takes_a_write_more(
    shop: VendorsServer, change_runtime: ChangeRuntime
) -> None:
    now, round_trips = clock.now(), []
    for at in (0, 0, MINUTE, 20 * MINUTE):
        change_runtime(clock=lambda at=at: now + at)
        with counted() as cost:
            shop.get("webhooks")
        round_trips.append(cost.round_trips)
    assert round_trips == [f"3 reads + {writes}" for writes in ("2 writes", "2 writes", "1 write", "2 writes")]
