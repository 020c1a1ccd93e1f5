"""Issue a license: what is sold, under terms that do not contradict each other."""

from dataclasses import fields, replace
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.domain.permissions import Permission
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts, licenses, orders
from chalicelib.threads import ThreadPool
from chalicelib.usecases import portal_queries
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.sessions import open_session
from tests.mailbox import mailed_code
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen
from tests.usecases.support import refused

TIMED: dict[str, Any] = {"license_type": "time-limited"}


def test_an_issued_license_is_stored_as_sold_with_its_event(vendor: Vendor) -> None:
    license = vendor.issue(max_transfers=3, customer=" Shop@Customer.test", order_id="A-1")
    assert vendor.stored(license) == license
    assert (license.customer, license.order_id, license.times_activated) == ("shop@customer.test", "A-1", 0)
    (event,) = vendor.history(license)
    assert (event.type, event.detail) == ("license_issued", {"product": "viewer"})
    assert licenses.company_of(license.id) == vendor.code
    assert list(licenses.license_ids(vendor.code)) == [license.id]


def test_a_key_is_made_where_none_is_brought_and_none_for_users(vendor: Vendor) -> None:
    made, brought = vendor.issue(), vendor.issue(license_key=" acme-2026/7 ")
    assert len(made.license_key or "") == 29
    assert brought.license_key == "ACME-2026/7"
    assert vendor.activate(brought, "pc", license_key="Acme-2026/7").device
    assert vendor.issue("revit").license_key is None


def test_a_key_that_is_in_use_is_refused_and_nothing_is_stored(vendor: Vendor) -> None:
    first = vendor.issue(license_key="SAME")
    with refused("already_exists"):
        vendor.issue(license_key="same", manager="new@customer.test")
    assert list(licenses.license_ids(vendor.code)) == [first.id]
    assert accounts.user_of_email(vendor.code, "new@customer.test") is None


@pytest.mark.parametrize("product", ["viewer", "revit"])
@pytest.mark.parametrize("managers", [1, 16])
def test_many_issues_at_once_into_one_new_order_all_succeed(product: str, managers: int, vendor: Vendor) -> None:
    def issue(number: int) -> License:
        return vendor.issue(
            product, f"m{number % managers}@customer.test", order_id="A-1", customer="shop@customer.test"
        )

    with ThreadPool(16) as threads:
        issued = sorted(license.id for license in threads.map(issue, range(16)))
    order = orders.read_order(vendor.code, "A-1")
    assert order is not None
    assert len(order.managers) == managers
    shown = [
        sorted(s.license_id for s in orders.read_managed_licenses(vendor.code, user_id)) for user_id in order.managers
    ]
    assert shown == [issued] * managers


def test_of_many_who_bring_the_same_key_at_once_one_is_served_and_the_others_are_told_why(vendor: Vendor) -> None:
    def issue(_: int) -> str:
        try:
            return f"issued {vendor.issue(license_key='SAME', order_id='A-1').license_key}"
        except SeatkeeperError as refused:
            return f"{refused.code} {refused.field}"

    with ThreadPool(8) as threads:
        answers = sorted(threads.map(issue, range(8)))
    assert answers == ["already_exists license_key"] * 7 + ["issued SAME"]


def test_two_companies_may_use_the_same_key(vendor: Vendor) -> None:
    other = Vendor()
    ours, theirs = vendor.issue(license_key="SAME"), other.issue(license_key="SAME")
    vendor.activate(ours, "pc")
    assert other.stored(theirs).times_activated == 0
    with refused("device_not_found"):
        other.check(theirs, "pc")


def test_an_order_belongs_to_one_customer_and_may_hold_many_licenses(vendor: Vendor) -> None:
    for _ in range(2):
        vendor.issue(order_id="A-1", customer="shop@customer.test")
    for customer in ("else@customer.test", None):
        with refused("already_exists"):
            vendor.issue(order_id="A-1", customer=customer)
    assert len(list(licenses.license_ids(vendor.code))) == 2


def test_an_order_is_made_with_what_its_managers_may_not_do(vendor: Vendor) -> None:
    denied = frozenset[Permission]({"set_passwords", "reset_license"})

    def issue(denied: frozenset[Permission] | None) -> License:
        terms = Terms("perpetual", 1, order_id="A-1", customer=MANAGER)
        return issue_license(vendor.code, "viewer", terms, MANAGER, ADMIN, denied=denied, now=NOW)[0]

    first = issue(denied)
    for license in (first, issue(denied), issue(None)):
        assert orders.denied_on_any(vendor.code, account(vendor, MANAGER).id, [license.id]) == denied
    assert vendor.history(first)[0].detail == {"product": "viewer", "denied": "reset_license set_passwords"}
    for other in (frozenset[Permission](), frozenset[Permission]({"set_passwords"})):
        with refused("already_exists"):
            issue(other)


def test_a_manager_gets_an_account_once(vendor: Vendor) -> None:
    def issue() -> Any:
        terms = Terms("perpetual", 1)
        return issue_license(vendor.code, "revit", terms, " Boss@Customer.test", ADMIN, now=NOW)[1]

    first, second = issue(), issue()
    assert (first.email, replace(second, password_scope=first.password_scope)) == ("boss@customer.test", first)
    assert initial_password(first)


def test_all_terms_that_are_wrong_are_told_at_once(vendor: Vendor) -> None:
    wrong: dict[str, Any] = {"max_activations": -1, "grace_period": 5, "max_license_users": 1, "customer": "nobody"}
    with pytest.raises(Invalid) as found:
        vendor.issue("viewer", "no manager", **wrong)
    assert [(one.field, one.code) for one in found.value.errors] == [
        ("grace_period", "grace_without_end"),
        ("max_activations", "count_out_of_range"),
        ("max_license_users", "product_has_no_users"),
        ("customer", "email_malformed"),
        ("manager", "email_malformed"),
    ]


@pytest.mark.parametrize(
    ("product", "terms"),
    [
        ("viewer", {"validity_period": NOW + DAY}),
        ("viewer", {"valid_duration": "30d"}),
        ("viewer", {"license_type": "time-limited"}),
        ("viewer", {"license_type": "subscription"}),
        ("viewer", TIMED | {"validity_period": NOW + DAY, "valid_duration": "30d"}),
        ("viewer", TIMED | {"valid_duration": "30"}),
        ("viewer", TIMED | {"valid_duration": "1001y"}),
        ("viewer", {"grace_period": 24}),
        ("viewer", TIMED | {"valid_duration": "30d", "grace_period": -1}),
        ("viewer", TIMED | {"valid_duration": "30d", "grace_period": 1_000_000}),
        ("viewer", TIMED | {"validity_period": NOW, "start_date": NOW}),
        ("viewer", {"max_activations": -1}),
        ("viewer", {"max_activations": 10_000_001}),
        ("viewer", {"max_transfers": -2}),
        ("viewer", {"max_license_users": 5}),
        ("viewer", {"license_key": "A\x00B"}),
        ("viewer", {"license_key": "ABCDE-FGH23-JKLMN-PQRST-UVW42"}),
        ("viewer", {"license_key": "x" * 256}),
        ("viewer", {"order_id": ""}),
        ("viewer", {"order_id": "a\x00"}),
        ("viewer", {"customer": "nobody"}),
        ("revit", {"license_key": "ANY"}),
        ("revit", {"max_license_users": -1}),
    ],
)
def test_terms_that_contradict_each_other_are_refused_and_nothing_is_stored(
    vendor: Vendor, product: str, terms: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        vendor.issue(product, **terms)
    assert list(licenses.license_ids(vendor.code)) == []


KEPT: list[tuple[str, dict[str, Any]]] = [
    ("viewer", {"max_activations": 0, "order_id": "A-1", "customer": "shop@customer.test", "license_key": "ACME-7"}),
    ("viewer", {"max_activations": None, "max_transfers": -1}),
    ("viewer", {"overage": "1.5x", "renewal_basis": "now"}),
    ("viewer", {"floating_users": 7, "floating_timeout": 15}),
    (
        "viewer",
        {
            "license_type": "consumption",
            "max_consumptions": 100,
            "allow_negative_consumptions": True,
            "allow_overages": True,
            "max_overages": 5,
            "consumption_period": "monthly",
        },
    ),
    ("viewer", {"license_type": "subscription", "validity_period": NOW - DAY, "grace_period": 24}),
    ("viewer", TIMED | {"valid_duration": "30d", "start_date": NOW + DAY, "is_trial": True, "free_resets": True}),
    ("viewer", {"prevent_vm": False}),
    ("revit", {"max_license_users": 0}),
    ("revit", {"max_license_users": None}),
]


def test_every_term_is_among_those_that_are_kept() -> None:
    assert {name for _, terms in KEPT for name in terms} == {term.name for term in fields(Terms)}


@pytest.mark.parametrize(("product", "terms"), KEPT)
def test_terms_that_go_together_are_kept(vendor: Vendor, product: str, terms: dict[str, Any]) -> None:
    stored = vendor.stored(vendor.issue(product, **terms))
    assert {name: getattr(stored, name) for name in terms} == terms


def test_a_license_is_of_a_product_that_exists(vendor: Vendor) -> None:
    with refused("unknown_product"):
        vendor.issue("nothing")
    with refused("company_not_found"):
        issue_license("NOBODY", "viewer", Terms("perpetual", 1), None, ADMIN, now=NOW)


def test_an_account_that_others_have_made_comes_to_manage_with_a_new_initial_password(vendor: Vendor) -> None:
    """A manager assigns the boss of a customer to be, and chooses a password for him."""
    vendor.assign(vendor.issue("revit", "eve@customer.test"), "boss@victim.test")
    eve = open_session(chosen(vendor, "boss@victim.test"), now=vendor.now)
    sold = vendor.issue("revit", "boss@victim.test")
    boss = account(vendor, "boss@victim.test")
    assert (boss.is_manager, boss.is_initial_password) == (True, True)
    with refused("session_expired"):
        portal_queries.one_license(eve, sold.id, now=vendor.now)
    with pytest.raises(SeatkeeperError):
        log_in(vendor.code, "boss@victim.test", PASSWORD, now=vendor.now)
    chosen(vendor, "boss@victim.test")
    before = account(vendor, "boss@victim.test")
    vendor.issue("revit", "boss@victim.test")  # he manages already: it is his
    assert account(vendor, "boss@victim.test").password_hash == before.password_hash


def test_who_has_chosen_the_password_by_mail_keeps_it(vendor: Vendor) -> None:
    vendor.assign(vendor.issue("revit"), "boss@victim.test")
    request_code(vendor.code, "boss@victim.test", now=vendor.now)
    code = mailed_code(vendor, "boss@victim.test")
    set_password_by_code(vendor.code, "boss@victim.test", code, PASSWORD, ADMIN, now=vendor.now)
    vendor.issue("revit", "boss@victim.test")
    assert log_in(vendor.code, "boss@victim.test", PASSWORD, now=vendor.now).is_manager
