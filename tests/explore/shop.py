"""What a vendor sells: orders and who manages them, keys that are given, products, and the company itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.license import License
from chalicelib.domain.terms import Terms
from chalicelib.domain.users import User
from chalicelib.store import accounts, database, histories, licenses, mails, orders
from chalicelib.store.products import read_products
from chalicelib.store.tables import TABLE_KEYS
from chalicelib.usecases import order_managers
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.close_account import close_account, reopen_account
from chalicelib.usecases.create import create_company, create_product
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.idempotency import IdempotencyKey, perform_once
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.permissions import permitted
from chalicelib.usecases.repair_links import repair_links
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import new_engine
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor

ORDER, OTHER_CUSTOMER, KEY = "order-1", "others@customer.test", "A-KEY-OF-OLD"
MIA, MAX = "mia@customer.test", "max@customer.test"
STARTS = ("bare", "new", "first", "sold", "pending")
"""A company and no more; products, and nothing is sold; a product and a license in an order that nobody manages; a
license in an order that one manages; two licenses, and a second manager has joined by half.
"""


class _NewVendor(Vendor):
    """Who has nothing to sell yet."""

    def __post_init__(self) -> None:
        create_company(self.code, "A vendor", ADMIN, now=self.now)


def _vendor(start: str) -> Vendor:
    if start not in ("bare", "first"):
        return Vendor(now=NOW - DAY)
    vendor = _NewVendor(now=NOW - DAY)
    if start == "first":
        vendor.product("viewer", "license-key")
        vendor.issue(customer=None, order_id=ORDER)
        vendor.now += 1
    return vendor


@dataclass(frozen=True, slots=True, eq=False)
class ShopWorld:
    """A vendor, and what is sold."""

    name: str
    state: State
    vendor: Vendor
    now: int = NOW
    license: int = 0
    """Its id: the last that was sold; 0 where none was."""


@cache
def world(start: str) -> ShopWorld:
    """The world of that start. Always the same one, to the last id."""
    engine, last = new_engine({}), 0
    with controlled(engine):
        vendor = _vendor(start)
        if start in ("sold", "pending"):
            last = vendor.issue(manager=MIA, order_id=ORDER).id
            vendor.now += 1
        if start == "pending":  # whoever added him died in between
            last = vendor.issue("revit", order_id=ORDER).id
            vendor.now += 1
            with patch.object(orders, "backfill_managers"):
                order_managers.add_manager(vendor.code, ORDER, MAX, ADMIN, now=vendor.now)
    vendor.now = NOW
    return ShopWorld(start, engine.state, vendor, license=last)


def view(world: ShopWorld) -> dict[str, Any]:
    """What is stored of the company, in words of people."""
    code = world.vendor.code
    company = accounts.read_company(code)
    people = [user for email in (MIA, MAX) if (user := _user(code, email)) is not None]
    # A repair may meet what another call is amid of, and then does, and tells, a part of that.
    events = [event for event in histories.company_events(code) if event.type != "links_repaired"]
    sold = [license for id in licenses.license_ids(code) if (license := licenses.read_license(code, id)) is not None]
    for license in sold:
        events += licenses.events(code, license.id)
    order = orders.read_order(code, ORDER)
    emails = {user.id: user.email for user in people}
    return {
        "company": None if company is None else (company.name, company.accent),
        "another": accounts.read_company(f"{code}-2") is not None,
        "products": sorted(product.code for product in read_products(code)),
        "licenses": sorted(_license(license) for license in sold),
        "order": order
        and (
            order.customer,
            sorted(order.denied),
            _names(order.managers, emails),
            _names(order.pending_managers, emails),
        ),
        "people": sorted(_person(user) for user in people),
        "events": _counted(map(_event, events)),
        "mails": _counted((mail.to, mail.subject) for _, mail in mails.mails_of(code)),
        "left": None if company is not None else left_of(code, *TABLE_KEYS),
    }


def _user(code: str, email: str) -> User | None:
    user_id = accounts.user_of_email(code, email)
    return None if user_id is None else accounts.read_user(code, user_id)


def _license(license: License) -> tuple[str, ...]:
    key = license.license_key if license.license_key == KEY else str(license.license_key is not None)
    order = license.order_id if license.order_id == ORDER else "another"
    return license.product, order, license.customer or "", key, "" if license.enabled else "paused"


def _person(user: User) -> tuple[object, ...]:
    managed = sorted(" ".join(sold.denied) for sold in orders.read_managed_licenses(user.company, user.id))
    scope = sorted(user.password_scope or ())
    facts = user.is_manager, user.closed_at is not None, user.is_initial_password, user.access_revision
    return user.email, managed, *facts, scope


def _names(user_ids: frozenset[int], emails: dict[int, str]) -> list[str]:
    return sorted(emails.get(user_id, "nobody") for user_id in user_ids)


def _event(event: Event) -> tuple[str, ...]:
    said = {name: str(event.detail[name]) for name in ("order", "product", "filed", "removed") if name in event.detail}
    if not said.get("order", ORDER).startswith(ORDER):
        said["order"] = "another"
    return event.type, event.user or "", *said.values()


def _counted(things: Iterable[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    return sorted(Counter(things).items())


def left_of(code: str, *names: str) -> int:
    """Items that say that they are of this company, in these tables."""
    connection = database.connection()
    tables = (connection.send("Scan", {"TableName": connection.table_name(name)})["Items"] for name in names)
    return sum(code in str(item) for items in tables for item in items)


def _issue(manager: str | None = None, customer: str = CUSTOMER, **terms: Any) -> Callable[[ShopWorld], str | None]:
    given = Terms("perpetual", 5, customer=customer, **terms)

    def do(world: ShopWorld) -> str | None:
        try:
            issue_license(world.vendor.code, "viewer", given, manager, ADMIN, now=world.now)
        except NotFound:  # the product, or all of the company
            return "gone"
        return None

    return do


def _issue_once(world: ShopWorld) -> str:
    """As a form that is sent twice."""
    key = IdempotencyKey("session", "form", "an order")
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id=ORDER)
    issue = lambda: issue_license(world.vendor.code, "viewer", terms, None, ADMIN, now=world.now)  # noqa: E731
    try:
        made = perform_once(key, issue, lambda issued: {"license": issued[0].id}, now=world.now)
    except NotFound:
        return "gone"
    assert made.answer is not None
    return "ok, again" if made.replayed else "ok"


def _by_code(use_case: Callable[..., object], *given: object, **more: object) -> Callable[[ShopWorld], None]:
    def do(world: ShopWorld) -> None:
        use_case(world.vendor.code, *given, ADMIN, now=world.now, **more)

    return do


def _deny(world: ShopWorld) -> str:
    """From the answer on no manager pauses anything: what is paused by then is all that ever will be."""
    order_managers.change_order(world.vendor.code, ORDER, ADMIN, denied=frozenset({"disable_license"}), now=world.now)
    return f"ok, {len(_paused(world))} paused"


def _paused(world: ShopWorld) -> list[License]:
    sold = [
        licenses.read_license(world.vendor.code, one.license_id)
        for one in orders.sold_in_order(world.vendor.code, ORDER)
    ]
    return [license for license in sold if license is not None and not license.enabled]


def _pause(world: ShopWorld) -> str:
    """As a form of the portal: what the manager may do is read, and then required."""
    code, mia = world.vendor.code, accounts.user_of_email(world.vendor.code, MIA) or 0
    managed = next(orders.read_managed_licenses(code, mia, limit=1), None)
    if managed is None or "disable_license" in managed.denied:
        return "not allowed"
    try:
        with permitted(code, mia, managed.license_id, ("disable_license",)):
            set_enabled(code, managed.license_id, False, Actor(f"user:{MIA}"), now=world.now)
    except (Forbidden, NotFound):  # or the license is gone, with all of the company
        return "not allowed"
    return "ok"


def _create_company(world: ShopWorld) -> None:
    create_company(f"{world.vendor.code}-2", "Another", ADMIN, now=world.now)


def _delete(world: ShopWorld) -> None:
    """Who finds it half removed goes on; that it is gone is as well."""
    with suppress(NotFound):
        delete_company(world.vendor.code)


def _delete_license(world: ShopWorld) -> None:
    """That it is gone, or all of the company, is as well."""
    with suppress(NotFound):
        delete_license(world.vendor.code, world.license, ADMIN, now=world.now)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("issue", _issue(MIA, order_id=ORDER), in_steps=True)
    yield SerialDeed("issue-rival", _issue(MAX, order_id=ORDER), in_steps=True)
    yield SerialDeed("issue-for-others", _issue(customer=OTHER_CUSTOMER, order_id=ORDER), in_steps=True)
    yield SerialDeed("issue-with-key", _issue(license_key=KEY), in_steps=True)
    yield SerialDeed("issue-once", _issue_once, in_steps=True)
    yield SerialDeed("add-manager", _by_code(order_managers.add_manager, ORDER, MAX), in_steps=True)
    yield SerialDeed("remove-manager", _by_code(order_managers.remove_manager, ORDER, MIA), in_steps=True)
    yield SerialDeed("remove-rival", _by_code(order_managers.remove_manager, ORDER, MAX), in_steps=True)
    yield SerialDeed("close-manager", _by_code(close_account, MIA), in_steps=True)
    yield SerialDeed("reopen-manager", _by_code(reopen_account, MIA), in_steps=True)
    yield SerialDeed("deny", _deny, in_steps=True)
    yield SerialDeed("pause", _pause)
    yield SerialDeed("create-product", _by_code(create_product, "planner", "Planner", "user"))
    yield SerialDeed("create-company", _create_company)
    yield SerialDeed("rename", _by_code(set_branding, None, None, name="Renamed"))
    yield SerialDeed("color", _by_code(set_branding, "#0000ff", None))
    yield SerialDeed("repair", _by_code(repair_links), in_steps=True)
    yield SerialDeed("delete-license", _delete_license, in_steps=True)
    yield SerialDeed("delete-company", _delete, in_steps=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
FEW: Mapping[str, tuple[str, ...]] = {
    "first": ("issue-once", "add-manager", "remove-manager", "repair", "delete-company"),
}
"""From where there is least of each thing: what ends there beside the deletion of a company, if from nowhere else."""
LEFT_OUT = frozenset(
    f"{one}+delete-company/{start}"
    for start, beside in {
        "bare": ("repair", "delete-company"),
        "new": ("issue", "issue-rival", "issue-once", "repair", "delete-company"),
        "first": ("issue-once", "add-manager", "repair", "delete-company"),
        "sold": (
            *("issue", "issue-rival", "issue-for-others", "issue-with-key", "issue-once"),
            *("add-manager", "repair", "delete-company"),
        ),
        "pending": (
            *("issue", "issue-rival", "issue-for-others", "issue-with-key", "issue-once"),
            *("add-manager", "close-manager", "deny", "repair", "delete-company"),
        ),
    }.items()
    for one in beside
)
