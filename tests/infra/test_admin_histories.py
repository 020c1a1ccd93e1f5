"""The histories of products, orders and customers, which are parts of that of their company."""

import pytest

from chalicelib.domain.types import Json
from chalicelib.usecases.find_customer import find_customer_by_email
from tests.infra.operator import Operator
from tests.store.product_cases import feature, field, policy
from tests.support import CUSTOMER, Vendor


@pytest.fixture
def names(operator: Operator, vendor: Vendor) -> Json:
    """What was made, changed and managed at a company."""
    license = vendor.issue()
    vendor.issue("revit", order_id="B-1", customer="other@customer.test")
    of = f"--company {vendor.code}"
    operator.asks(f"product set {of} --code viewer --name 'Viewer Pro' --as petra")
    operator.asks(f"product set {of} --code revit --name Revit")
    feature(vendor), field(vendor), policy(vendor)
    operator.asks(f"order add-manager {of} --order {license.order_id} --email ann@customer.test")
    operator.asks(f"order add-manager {of} --order B-1 --email ann@customer.test")
    operator.asks(f"order set-permissions {of} --order {license.order_id} --deny reset_license")
    customer = find_customer_by_email(vendor.code, CUSTOMER)
    assert customer is not None
    operator.asks(f"customer set {of} --customer {customer.id} --city Ulm --as petra")
    return {"order": license.order_id, "customer": customer.id}


def events(operator: Operator, line: str) -> list[tuple[str, str]]:
    return [(row["type"], row["by"].removeprefix("admin:")) for row in operator.asks(line)["events"]]


def test_the_history_of_a_product_has_what_it_defines(operator: Operator, vendor: Vendor, names: Json) -> None:
    line = f"product history --company {vendor.code} --code viewer"
    found = dict(events(operator, line))
    types = [*found]
    made = ["product_changed", "product_created", "feature_created", "field_created", "policy_created"]
    assert (sorted(types), found["product_changed"]) == (sorted(made), "petra")
    page = operator.asks(f"{line} --limit 4")
    assert [row["type"] for row in operator.asks(f"{line} --after {page['after']}")["events"]] == types[4:]
    assert operator.refused(f"{line}X") == "There is no product with this code."


def test_the_history_of_an_order_says_who_came_to_manage_it(operator: Operator, vendor: Vendor, names: Json) -> None:
    line = f"order history --company {vendor.code} --order {names['order']}"
    assert [type for type, _ in events(operator, line)] == ["managers_permitted", "manager_added"]
    assert [row["user"] for row in operator.asks(line)["events"]] == [None, "ann@customer.test"]
    assert "There is no order" in operator.refused(f"{line}-X")
    vendor.issue(order_id="C-1")
    noted = operator.noted(f"order history --company {vendor.code} --order C-1")
    assert "stands in the history of its licenses" in noted


def test_the_history_of_a_customer_outlasts_the_record(operator: Operator, vendor: Vendor, names: Json) -> None:
    line = f"customer history --company {vendor.code} --customer"
    assert events(operator, f"{line} {names['customer']}")[0] == ("customer_changed", "petra")
    assert [type for type, _ in events(operator, f"{line} {names['customer']}")][1:] == ["customer_created"]
    other = find_customer_by_email(vendor.code, "other@customer.test")
    assert other is not None
    operator.asks(f"customer merge --company {vendor.code} --customer {names['customer']} --other {other.id}")
    for id in (names["customer"], other.id):
        assert events(operator, f"{line} {id} --limit 1")[0][0] == "customers_merged"
    assert operator.refused(f"{line} 4711") == "There is no such customer."
    assert operator.refused(f"{line.replace(vendor.code, Vendor().code)} {names['customer']}") == (
        "There is no such customer."
    )
