"""A license moves to another order: who has it, sees it and is counted follows; its users and devices stay."""

from collections.abc import Callable
from contextlib import suppress
from unittest.mock import Mock

import pytest

from chalicelib.domain.access import buyer
from chalicelib.domain.errors import SeatkeeperError, Unauthenticated
from chalicelib.domain.license import License
from chalicelib.store import accounts, batches, customers, licenses, orders, writes
from chalicelib.store.customers import Sold
from chalicelib.usecases import delete_license as delete_module
from chalicelib.usecases import move_license as move_module
from chalicelib.usecases.account_access import guard_password
from chalicelib.usecases.batch_assign import continue_batch, start_batch
from chalicelib.usecases.change_seat import remove_user, set_password
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.customers import change_customer
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.move_license import finish_move, move_license
from chalicelib.usecases.order_managers import add_manager, change_order, find_numbered_order, remove_manager
from chalicelib.usecases.repair_links import repair_links
from chalicelib.usecases.replace_user import replace_user
from tests.store.faults import Crash, wire
from tests.support import ADMIN, CUSTOMER, Vendor
from tests.usecases.people import account
from tests.usecases.support import before_write, refused
from tests.usecases.test_delete_license import dies_at, sold

BUYER = "buyer@other.test"
MIA, BEN, ADA, BEA = "mia@customer.test", "ben@other.test", "ada@user.test", "bea@user.test"
PEOPLE = "email\ncid@user.test\ndan@user.test\n"


def of_users(vendor: Vendor, **terms: object) -> tuple[License, str]:
    """A license with two users, one with a device; and the password of that one."""
    license = vendor.issue("revit", MIA, order_id="A-1", max_license_users=20, **terms)
    passwords = [vendor.assign(license, email, 2)[1] for email in (ADA, BEA)]
    vendor.activate(ADA, "pc", passwords[0], license_id=license.id)
    return vendor.stored(license), passwords[0] or ""


def other_order(vendor: Vendor, customer: str | None = BUYER) -> License:
    """The license of an order of another customer, with another manager."""
    return vendor.issue("revit", BEN, order_id="B-1", customer=customer)


def move(vendor: Vendor, license: License, order: str = "B-1") -> License:
    return move_license(vendor.code, license.id, order, ADMIN, now=vendor.now + 1)[0]


def seen_by(vendor: Vendor, email: str) -> set[int]:
    """The licenses that a manager is shown."""
    user = account(vendor, email)
    return {one.license_id for one in orders.read_managed_licenses(vendor.code, user.id)}


def listed(vendor: Vendor, order: str) -> set[int]:
    return {one.license_id for one in orders.sold_in_order(vendor.code, order)}


# --- what moves, and what stays ---------------------------------------------------------------------------------


def test_order_customer_and_managers_are_others_from_then_on(vendor: Vendor) -> None:
    (license, _), other = of_users(vendor), other_order(vendor)
    assert (sold(vendor), sold(vendor, BUYER)) == (Sold(1, 1), Sold(1, 1))
    moved = move(vendor, license)
    assert moved == vendor.stored(license)
    assert (moved.order_id, moved.customer, moved.revision) == ("B-1", BUYER, license.revision + 1)
    assert (seen_by(vendor, MIA), seen_by(vendor, BEN)) == (set(), {license.id, other.id})
    assert (listed(vendor, "A-1"), listed(vendor, "B-1")) == (set(), {license.id, other.id})
    assert (sold(vendor), sold(vendor, BUYER)) == (Sold(0, 1), Sold(2, 1))
    assert accounts.licenses_of_customer(vendor.code, CUSTOMER, limit=9) == []
    assert vendor.differences() == []


def test_the_event_says_from_where_and_where_to(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    move(vendor, license)
    (*_, event) = vendor.history(license)
    assert (event.type, event.detail) == (
        "license_moved",
        {"order": "B-1", "order_before": "A-1", "customer": BUYER, "customer_before": CUSTOMER},
    )


def test_users_devices_and_limits_stay(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    seats = list(licenses.seats(vendor.code, license.id))
    moved = move(vendor, license)
    assert list(licenses.seats(vendor.code, license.id)) == seats
    assert (moved.times_activated, moved.users_assigned, moved.max_license_users) == (1, 2, 20)
    assert vendor.check(ADA, "pc", license_id=license.id).device


def test_within_a_customer_nothing_is_counted_otherwise(vendor: Vendor) -> None:
    (license, password), _ = of_users(vendor), vendor.issue(order_id="A-2")
    move(vendor, license, "A-2")
    assert (sold(vendor), vendor.differences()) == (Sold(2, 2), [])
    (*_, event) = vendor.history(license)
    assert event.detail == {"order": "A-2", "order_before": "A-1"}
    found = accounts.licenses_of_customer(vendor.code, CUSTOMER, limit=9)
    assert {link.order_id for link in found if link.license_id == license.id} == {"A-2"}
    vendor.activate(ADA, "laptop", password, license_id=license.id)


def test_who_manages_both_orders_is_shown_it_as_the_new_one_allows(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    add_manager(vendor.code, "B-1", MIA, ADMIN, now=vendor.now)
    change_order(vendor.code, "B-1", ADMIN, denied=frozenset({"set_passwords"}), now=vendor.now)
    move(vendor, license)
    mia = account(vendor, MIA)
    (found,) = orders.managed_among(vendor.code, mia.id, [license.id])
    assert (found.order_id, *found.denied) == ("B-1", "set_passwords")


@pytest.mark.parametrize(("of", "to"), [(CUSTOMER, None), (None, BUYER), (None, None)])
def test_an_order_need_have_no_customer(vendor: Vendor, of: str | None, to: str | None) -> None:
    (license, password), _ = of_users(vendor, customer=of), other_order(vendor, to)
    assert move(vendor, license).customer == to
    assert vendor.differences() == []
    with pytest.raises(Unauthenticated):
        vendor.activate(ADA, "laptop", password, license_id=license.id)


def test_an_order_keeps_its_id_though_its_first_license_has_moved_and_is_deleted(vendor: Vendor) -> None:
    (license, _), other = of_users(vendor), other_order(vendor)
    vendor.issue(order_id="A-1")

    def numbered() -> list[str]:
        return [find_numbered_order(vendor.code, id).id for id in (license.id, other.id)]

    move(vendor, license)
    assert numbered() == ["A-1", "B-1"]
    move(vendor, license, "A-1")
    move(vendor, license)
    assert numbered() == ["A-1", "B-1"]
    delete_license(vendor.code, license.id, ADMIN, now=vendor.now + 2)
    assert (numbered(), vendor.differences()) == (["A-1", "B-1"], [])
    (*_, event) = vendor.history(license)
    assert event.detail["order"] == "B-1"


def test_it_moves_back_and_again_changes_nothing(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    for order in ("B-1", "B-1", "A-1", "A-1"):
        move(vendor, license, order)
    assert [event.type for event in vendor.history(license)].count("license_moved") == 2
    assert (seen_by(vendor, MIA), sold(vendor), vendor.differences()) == ({license.id}, Sold(1, 1), [])


def test_terms_that_change_later_keep_where_it_was_sold(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    moved = move(vendor, license)
    change_terms(vendor.code, license.id, {"max_activations": 7}, ADMIN, now=vendor.now)
    assert (moved.sold_in, vendor.stored(license).sold_in) == ("A-1", "A-1")


def test_what_is_wrong_is_refused(vendor: Vendor) -> None:
    license, _ = of_users(vendor)
    with refused("order_not_found"):
        move(vendor, license, "C-1")
    stranger = Vendor()
    stranger.issue(order_id="X-1")
    with refused("license_not_found"):
        move_license(stranger.code, license.id, "X-1", ADMIN, now=vendor.now)
    other_order(vendor)
    with refused("revision_changed"):
        move_license(vendor.code, license.id, "B-1", ADMIN, revision=7, now=vendor.now)
    assert vendor.stored(license) == license


# --- who may do what --------------------------------------------------------------------------------------------


def test_a_password_of_one_customer_does_not_open_it_at_the_other_until_another_is_set(vendor: Vendor) -> None:
    (license, password), _ = of_users(vendor), other_order(vendor)
    move(vendor, license)
    with pytest.raises(Unauthenticated):
        vendor.activate(ADA, "laptop", password, license_id=license.id)
    ben = account(vendor, BEN).id
    _, password = set_password(vendor.code, license.id, ADA, None, ADMIN, manager_id=ben, now=vendor.now)
    vendor.activate(ADA, "laptop", password, license_id=license.id)


def test_the_manager_of_before_touches_none_of_its_users_any_more(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    user, mia, ben = account(vendor, ADA), account(vendor, MIA).id, account(vendor, BEN).id
    move(vendor, license)
    set_password(vendor.code, license.id, ADA, None, ADMIN, manager_id=ben, now=vendor.now)
    with refused("not_your_user"):
        guard_password(mia, account(vendor, ADA))
    assert user.password_scope != account(vendor, ADA).password_scope


# --- who dies, and who comes beside it ---------------------------------------------------------------------------


def by_key(vendor: Vendor) -> License:
    license = vendor.issue(manager=MIA, order_id="A-1")
    vendor.activate(license, "pc")
    return license


MADE = pytest.mark.parametrize("make", [by_key, lambda vendor: of_users(vendor)[0]], ids=["by_key", "of_users"])


def is_whole(vendor: Vendor, license: License) -> bool:
    """Whether it stands in one of the two orders alone, and is counted there."""
    stored = vendor.stored(license)
    here, there = (MIA, BEN) if stored.order_id == "A-1" else (BEN, MIA)
    assert license.id in seen_by(vendor, here)
    assert license.id not in seen_by(vendor, there)
    return vendor.differences() == []


@MADE
@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("goes_on", ["again", "repair"])
def test_whoever_dies_it_is_finished_by_a_repeat_or_the_repair(
    vendor: Vendor, make: Callable[[Vendor], License], number: int, goes_on: str
) -> None:
    license, _ = make(vendor), other_order(vendor)
    with wire(dies_at(number)), suppress(Crash):
        move(vendor, license)
    if goes_on == "again":
        assert move(vendor, license).order_id == "B-1"
    else:
        repair_links(vendor.code, ADMIN, now=vendor.now)
    assert is_whole(vendor, license)


@pytest.mark.parametrize("goes_on", ["again", "repair", "finish"])
def test_what_its_users_lack_is_named_until_it_is_finished(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, goes_on: str
) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    with monkeypatch.context() as patch:
        patch.setattr(move_module, "finish_move", lambda *_: None)  # as one who dies does
        move(vendor, license)
    assert len(vendor.differences()) == 2
    acts: dict[str, Callable[[], object]] = {
        "again": lambda: move(vendor, license),
        "repair": lambda: repair_links(vendor.code, ADMIN, now=vendor.now),
        "finish": lambda: finish_move(vendor.code, license.id),
    }
    acts[goes_on]()
    assert vendor.differences() == []


def test_by_the_revision_of_before_it_is_finished_too(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)

    def again() -> License:
        who = (vendor.code, license.id, "B-1", ADMIN)
        return move_license(*who, revision=license.revision, now=vendor.now)[0]

    with monkeypatch.context() as patch:
        patch.setattr(move_module, "finish_move", lambda *_: None)  # as one who dies does
        moved = again()
    assert (again(), vendor.differences()) == (moved, [])


@pytest.mark.parametrize("number", range(1, 4))
def test_what_comes_beside_it_leaves_it_whole(vendor: Vendor, number: int) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)

    def everything() -> None:
        for act in DECIDED.values():
            with suppress(SeatkeeperError):
                act(vendor, license)

    with before_write(number, everything), suppress(SeatkeeperError):
        move(vendor, license)
    finish_move(vendor.code, license.id)
    assert vendor.differences() == []


def _rename(vendor: Vendor, email: str, new: str) -> None:
    customer = find_customer_by_email(vendor.code, email)
    assert customer is not None
    change_customer(vendor.code, customer.id, {}, ADMIN, email=new, now=vendor.now)


DECIDED: dict[str, Callable[[Vendor, License], object]] = {
    "assign": lambda vendor, license: vendor.assign(license, "late@user.test"),
    "replace": lambda vendor, license: replace_user(
        vendor.code, license.id, BEA, "new@user.test", ADMIN, now=vendor.now
    ),
    "remove": lambda vendor, license: remove_user(vendor.code, license.id, ADA, ADMIN, now=vendor.now),
    "join the old order": lambda vendor, _: add_manager(vendor.code, "A-1", "max@c.test", ADMIN, now=vendor.now),
    "join the new order": lambda vendor, _: add_manager(vendor.code, "B-1", "max@c.test", ADMIN, now=vendor.now),
    "leave the old order": lambda vendor, _: remove_manager(vendor.code, "A-1", MIA, ADMIN, now=vendor.now),
    "leave the new order": lambda vendor, _: remove_manager(vendor.code, "B-1", BEN, ADMIN, now=vendor.now),
    "rename the old customer": lambda vendor, _: _rename(vendor, CUSTOMER, "new@customer.test"),
    "rename the new customer": lambda vendor, _: _rename(vendor, BUYER, "new@other.test"),
    "sell to the old order": lambda vendor, _: vendor.issue(order_id="A-1"),
    "sell to the new order": lambda vendor, _: vendor.issue(order_id="B-1", customer=BUYER),
    "list": lambda vendor, license: start_batch(vendor.code, license.id, PEOPLE, True, ADMIN, now=vendor.now),
}


@pytest.mark.parametrize("act", DECIDED.values(), ids=list(DECIDED))
def test_what_was_decided_before_it_is_decided_anew(vendor: Vendor, act: Callable[[Vendor, License], object]) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    with before_write(1, lambda: move(vendor, license)), suppress(SeatkeeperError):
        act(vendor, license)
    for batch in batches.all_pending(vendor.code, license.id):
        continue_batch(vendor.code, license.id, batch.id, ADMIN, lambda: True, now=vendor.now)
    assert (vendor.stored(license).order_id, vendor.differences()) == ("B-1", [])


@pytest.mark.parametrize("act", DECIDED.values(), ids=list(DECIDED))
def test_it_is_decided_anew_by_what_comes_first(vendor: Vendor, act: Callable[[Vendor, License], object]) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    with before_write(1, lambda: act(vendor, license)), suppress(SeatkeeperError):
        move(vendor, license)
    assert vendor.differences() == []


def test_an_order_that_follows_its_customer_is_moved_first(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    for email, new in ((CUSTOMER, "new@customer.test"), (BUYER, "new@other.test")):
        with wire(dies_at(2)), pytest.raises(Crash):
            _rename(vendor, email, new)
    assert move(vendor, license).customer == "new@other.test"
    repair_links(vendor.code, ADMIN, now=vendor.now)
    assert (sold(vendor, "new@customer.test"), sold(vendor, "new@other.test")) == (Sold(0, 1), Sold(2, 1))
    assert vendor.differences() == []


@pytest.mark.parametrize("act", [move, lambda vendor, license: delete_license(vendor.code, license.id, ADMIN, now=0)])
def test_an_order_that_does_not_come_to_follow_its_customer_ends_it_as_busy(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, act: Callable[[Vendor, License], object]
) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    with wire(dies_at(2)), pytest.raises(Crash):
        _rename(vendor, CUSTOMER, "new@customer.test")
    for module in (move_module, delete_module):
        monkeypatch.setattr(module, "move_order", Mock())  # as where the order does not list the license
    with refused("too_many_rivals"):
        act(vendor, license)
    repair_links(vendor.code, ADMIN, now=vendor.now)


def test_a_list_that_is_under_way_keeps_it_from_another_customer(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    vendor.issue(order_id="A-2")
    batch = start_batch(vendor.code, license.id, PEOPLE, True, ADMIN, now=vendor.now)
    with refused("batch_under_way"):
        move(vendor, license)
    move(vendor, license, "A-2")
    continue_batch(vendor.code, license.id, batch, ADMIN, lambda: True, now=vendor.now)
    assert buyer(move(vendor, license)) != buyer(license)
    assert vendor.differences() == []


def test_a_customer_of_before_there_were_records_gets_one(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    for email in (CUSTOMER, BUYER):
        customer = find_customer_by_email(vendor.code, email)
        assert customer is not None
        record = (customers.sales_item(vendor.code, email), customers.record_item(vendor.code, customer.id))
        assert list(writes.delete_all(record)) == [2]
    move(vendor, license)
    assert sold(vendor, BUYER) == Sold(2, 1)
    repair_links(vendor.code, ADMIN, now=vendor.now)


def test_a_list_that_begins_meanwhile_keeps_it_too(vendor: Vendor) -> None:
    (license, _), _ = of_users(vendor), other_order(vendor)
    begin = lambda: start_batch(vendor.code, license.id, PEOPLE, True, ADMIN, now=vendor.now)  # noqa: E731 - short
    with before_write(1, begin), refused("batch_under_way"):
        move(vendor, license)


def test_who_leads_its_users_to_it_while_it_moves_back_leads_them_there(vendor: Vendor) -> None:
    (license, password), _ = of_users(vendor), other_order(vendor)
    with before_write(2, lambda: move(vendor, license, "A-1")):
        move(vendor, license)
    assert (vendor.stored(license).order_id, vendor.differences()) == ("A-1", [])
    vendor.activate(ADA, "laptop", password, license_id=license.id)


def test_within_a_customer_who_gets_another_email_meanwhile_it_is_moved_there(vendor: Vendor) -> None:
    (license, _), emptied = of_users(vendor), vendor.issue(order_id="A-2")
    delete_license(vendor.code, emptied.id, ADMIN, now=vendor.now)

    def begin() -> None:
        with wire(dies_at(2)), pytest.raises(Crash):
            _rename(vendor, CUSTOMER, "new@customer.test")

    with before_write(1, begin):
        assert move(vendor, license, "A-2").customer == "new@customer.test"
    repair_links(vendor.code, ADMIN, now=vendor.now)
