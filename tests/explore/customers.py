"""Customers: each under an email of its own, with labels and an account, and what was sold to whom follows."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from chalicelib.domain.customers import CustomerAccount, CustomerLabel
from chalicelib.domain.terms import Terms
from chalicelib.store import company_objects, customers, histories, licenses, orders
from chalicelib.store.counts import read_count
from chalicelib.usecases.customer_accounts import (
    change_customer_account,
    create_customer_account,
    delete_customer_account,
)
from chalicelib.usecases.customer_labels import change_customer_label, create_customer_label, delete_customer_label
from chalicelib.usecases.customer_moves import merge_customers
from chalicelib.usecases.customers import add_label, change_customer, create_customer, delete_customer, remove_label
from chalicelib.usecases.issue_license import issue_license
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import new_engine
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor

OTHER, NEW = "others@customer.test", "new@customer.test"
ORDER = "order-1"
STARTS = ("new", "sold", "labeled")
"""Two customers, to whom nothing was sold; a license was sold to the first; the second has a label and an account."""


@dataclass(frozen=True, slots=True, eq=False)
class CustomerWorld:
    """Two customers."""

    name: str
    state: State
    vendor: Vendor
    first: int
    second: int
    account: int
    label: int
    """That is on nobody."""
    labeling: int
    """Of another label, where it is on the second."""
    before: frozenset[str]
    """The keys of the events that are there."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> CustomerWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=NOW - DAY)
        first, second = (
            create_customer(vendor.code, email, {}, ADMIN, now=vendor.now + n).id
            for n, email in enumerate((CUSTOMER, OTHER))
        )
        account = create_customer_account(vendor.code, {"name": "Group"}, ADMIN, now=vendor.now).id
        on, label = (
            create_customer_label(vendor.code, name, "", ADMIN, now=vendor.now + n).id
            for n, name in enumerate(("on", "off"))
        )
        labeling = 0
        if start == "labeled":
            labeling = add_label(vendor.code, second, on, ADMIN, now=vendor.now).id
            change_customer(vendor.code, second, {}, ADMIN, account=account, now=vendor.now)
        if start == "sold":
            vendor.issue(order_id=ORDER)
        before = frozenset(event.key for event in histories.company_events(vendor.code))
    return CustomerWorld(start, engine.state, vendor, first, second, account, label, labeling, before)


def view(world: CustomerWorld) -> object:
    """What is stored of customers, in words of people."""
    code = world.vendor.code
    new = [event for event in histories.company_events(code) if event.key not in world.before]
    sold = [license for id in licenses.license_ids(code) if (license := licenses.read_license(code, id)) is not None]
    for license in sold:
        new += licenses.events(code, license.id)
    counted = Counter(event.type for event in new)
    # What follows may go by way of an email that was only given in between, or be spared that.
    counted["license_customer_changed"] = min(counted["license_customer_changed"], 1)
    return {
        "customers": customers_of(code),
        "counted": read_count(code, "customers"),
        "accounts": sorted(one.name for one in company_objects.read_all(CustomerAccount, code)),
        "labels": sorted(one.label for one in company_objects.read_all(CustomerLabel, code)),
        "licenses": sorted((one.customer or "", one.bought_as or "") for one in sold),
        "order": (order := orders.read_order(code, ORDER)) and (order.customer, order.bought_as),
        "events": sorted(counted.items()),
    }


def customers_of(code: str) -> list[tuple[object, ...]]:
    """The customers of a company, each with what was sold under the email, in words of people."""
    accounts = {one.id: one.name for one in company_objects.read_all(CustomerAccount, code)}
    labels = {str(one.id): one.label for one in company_objects.read_all(CustomerLabel, code)}
    found = [*customers.read_page(code)]
    sold = [sales for sales, _ in customers.read_beside(code, found)[1]]
    return sorted(
        (
            one.email,
            one.bought_as,
            *map(sorted, (one.former_emails, one.moving)),
            len(one.merged),
            one.city,
            accounts.get(one.account or 0, ""),
            sorted(labels[id] for id in one.labels if id in labels),
            *((0, 0) if sales is None else (sales.licenses, sales.orders)),
        )
        for one, sales in zip(found, sold, strict=True)
    )


_KNOWN = ("first", "second", "account", "label", "labeling")


def _in_company(use_case: Callable[..., object], *about: object, **more: object) -> Callable[[CustomerWorld], None]:
    """By the vendor; what is the name of something that the world knows stands for its id."""

    def do(world: CustomerWorld) -> None:
        given = [getattr(world, one) if isinstance(one, str) and one in _KNOWN else one for one in about]
        use_case(world.vendor.code, *given, ADMIN, now=world.now, **more)

    return do


def sell(email: str, **terms: Any) -> Callable[[CustomerWorld], None]:
    """A license, of an order of its own."""
    return _in_company(issue_license, "viewer", Terms("perpetual", 5, customer=email, **terms), None)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("create", _in_company(create_customer, NEW, {}))
    yield SerialDeed("edit", _in_company(change_customer, "first", {"city": "Ulm"}))
    yield SerialDeed("move", _in_company(change_customer, "first", {}, email=NEW), in_steps=True)
    yield SerialDeed("move-other", _in_company(change_customer, "second", {}, email=NEW), in_steps=True)
    yield SerialDeed("merge", _in_company(merge_customers, "first", "second"), in_steps=True)
    yield SerialDeed("merge-back", _in_company(merge_customers, "second", "first"), in_steps=True)
    yield SerialDeed("delete", _in_company(delete_customer, "second"))
    yield SerialDeed("sell", sell(CUSTOMER), in_steps=True)
    yield SerialDeed("sell-new", sell(NEW), in_steps=True)
    yield SerialDeed("join", _join)
    yield SerialDeed("account-new", _in_company(create_customer_account, {"name": "Another"}))
    yield SerialDeed("account-edit", _in_company(change_customer_account, "account", {"name": "Renamed"}))
    yield SerialDeed("account-delete", _in_company(delete_customer_account, "account"))
    yield SerialDeed("label-new", _in_company(create_customer_label, "another", ""))
    yield SerialDeed("label-edit", _in_company(change_customer_label, "label", label="renamed"))
    yield SerialDeed("label-delete", _in_company(delete_customer_label, "label"))
    yield SerialDeed("label-put", _in_company(add_label, "second", "label"))
    yield SerialDeed("label-off", _in_company(remove_label, "labeling"))


def _join(world: CustomerWorld) -> None:
    change_customer(world.vendor.code, world.first, {}, ADMIN, account=world.account, now=world.now)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
_OF_EMAILS = ("create", "edit", "move", "move-other", "merge", "merge-back", "delete", "sell", "sell-new")
FROM: dict[str, tuple[str, ...]] = {
    "new": _OF_EMAILS,
    "sold": _OF_EMAILS,
    "labeled": ("delete", "merge", *(name for name in DEEDS if name not in _OF_EMAILS)),
}
"""From each start what has to do with it."""
LEFT_OUT = frozenset({"move-other+merge-back/sold"})
"""It has as many moments as all the others."""
