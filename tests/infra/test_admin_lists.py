"""`list` and `find` of licenses and of orders."""

import pytest

from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.customer_moves import merge_customers
from chalicelib.usecases.customers import create_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from tests.infra.operator import Operator
from tests.support import ADMIN, Vendor

ADA, MANAGER = "ada@customer.test", "manager@customer.test"


@pytest.fixture
def ids(vendor: Vendor) -> list[int]:
    """Three licenses, oldest first."""
    made = []
    for product, order, manager in (("viewer", "A-17", None), ("revit", "A-18", MANAGER), ("viewer", "A-18", None)):
        vendor.now += 1
        made.append(
            vendor.issue(product, manager, order_id=order, license_key=f"KEY-{order}" if order == "A-17" else None)
        )
    vendor.activate(made[0], "desk")
    vendor.assign(made[1], ADA)
    set_enabled(vendor.code, made[2].id, False, ADMIN, now=vendor.now)
    return [license.id for license in made]


def listed(operator: Operator, vendor: Vendor, more: str = "", of: str = "list") -> list[int]:
    return [row["license"] for row in operator.asks(f"license {of} --company {vendor.code} {more}")["licenses"]]


def test_licenses_are_listed_page_by_page(operator: Operator, vendor: Vendor, ids: list[int]) -> None:
    page = operator.asks(f"license list --company {vendor.code} --limit 2")
    assert ([row["license"] for row in page["licenses"]], page["count"], page["after"]) == (ids[:2], 3, ids[1])
    assert listed(operator, vendor, f"--after {ids[1]}") == ids[2:]
    assert listed(operator, vendor, "--newest-first --limit 1") == ids[2:]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("--product viewer", [0, 2]),
        ("--order A-18", [1, 2]),
        ("--customer office@customer.test --product revit", [1]),
        (f"--user {ADA}", [1]),
        (f"--manager {MANAGER}", [1, 2]),
        ("--hardware-id desk", [0]),
        ("--license-status disabled --limit 1", [2]),
        ("--product viewer --license-status active", [0]),
    ],
)
def test_licenses_are_listed_by_what_is_known(
    operator: Operator, vendor: Vendor, ids: list[int], asked: str, found: list[int]
) -> None:
    assert listed(operator, vendor, asked) == [ids[number] for number in found]


@pytest.mark.parametrize(
    ("text", "found", "matches"),
    [
        ("key-a-17", [0], "license_key"),
        ("A-18", [2, 1], "order"),
        (ADA, [1], "user"),
        (MANAGER, [2, 1], "manager"),
        ("office@customer.test", [2, 1, 0], "customer"),
        ("desk", [0], "hardware_id"),
        ("nothing", [], ""),
    ],
)
def test_a_text_finds_licenses_and_it_is_said_as_what(
    operator: Operator, vendor: Vendor, ids: list[int], text: str, found: list[int], matches: str
) -> None:
    rows = operator.asks(f"license find --company {vendor.code} {text}")["licenses"]
    assert [(row["license"], row["matches"]) for row in rows] == [(ids[number], matches) for number in found]


def test_an_id_finds_its_license(operator: Operator, vendor: Vendor, ids: list[int]) -> None:
    assert listed(operator, vendor, str(ids[0]), of="find") == ids[:1]


def test_orders_are_listed_page_by_page(operator: Operator, vendor: Vendor, ids: list[int]) -> None:
    page = operator.asks(f"order list --company {vendor.code} --limit 1")
    assert (page["orders"], page["count"], page["after"]) == (
        [{"order": "A-17", "customer": "office@customer.test", "managers": 0}],
        *(2, "A-17"),
    )
    rows = operator.asks(f"order list --company {vendor.code} --after A-17")["orders"]
    assert [(row["order"], row["managers"]) for row in rows] == [("A-18", 1)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("list --customer office@customer.test", ["A-17", "A-18"]),
        ("list --customer former@customer.test", ["A-17", "A-18"]),
        ("list --customer nobody@customer.test", []),
        (f"list --manager {MANAGER}", ["A-18"]),
        (f"list --manager {ADA}", []),
        ("list --manager nobody@customer.test", []),
        ("find A-17", ["A-17"]),
        ("find a-1", ["A-17", "A-18"]),
        ("find OFFICE@", ["A-17", "A-18"]),
        (f"find {MANAGER}", ["A-18"]),
        ("find nothing", []),
    ],
)
def test_orders_are_listed_and_found_by_what_is_known(
    operator: Operator, vendor: Vendor, ids: list[int], asked: str, found: list[str]
) -> None:
    buyer = create_customer(vendor.code, "former@customer.test", {}, ADMIN, now=vendor.now)
    office = find_customer_by_email(vendor.code, "office@customer.test")
    assert office is not None
    merge_customers(vendor.code, office.id, buyer.id, ADMIN, now=vendor.now)
    verb, _, more = asked.partition(" ")
    rows = operator.asks(f"order {verb} --company {vendor.code} {more}")["orders"]
    assert [row["order"] for row in rows] == found


def test_the_orders_of_another_company_are_not_found(operator: Operator, vendor: Vendor, ids: list[int]) -> None:
    other = Vendor()
    for asked in ("find A-17", f"find {MANAGER}", f"list --manager {MANAGER}"):
        verb, _, more = asked.partition(" ")
        assert operator.asks(f"order {verb} --company {other.code} {more}")["orders"] == []
