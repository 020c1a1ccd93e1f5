"""What a call of the Management API costs: taken from the route table, so that a new call is counted, too."""

import re

import pytest

from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from infra.budgets import MANAGEMENT_CALLS, Budget
from tests.docs.pages import DOCS
from tests.management.calls import CALLS, Made, named
from tests.management.server import VendorsServer
from tests.store.costs import counted
from tests.support import ChangeRuntime

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
