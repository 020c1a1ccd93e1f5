"""Customers who are merged, or get another email: all that was sold follows, whoever dies when, and nobody comes to
open or manage anything more by it.
"""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.customers import MAX_FORMER, Customer
from chalicelib.domain.errors import AlreadyExists, Forbidden, Invalid, NotFound, Unauthenticated
from chalicelib.domain.license import License
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts, customer_moves, licenses, orders
from chalicelib.store import customers as store
from chalicelib.store.customers import Sold
from chalicelib.usecases.account_access import guard_account, guard_password, read_holdings
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.create_order import NewLicense, NewOrder, create_order
from chalicelib.usecases.customer_labels import create_customer_label
from chalicelib.usecases.customer_moves import finish_moves, merge_customers
from chalicelib.usecases.customers import add_label, change_customer, create_customer, delete_customer
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.find_customer import find_customer, find_customer_by_email
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.order_managers import add_manager, remove_manager
from chalicelib.usecases.repair_links import repair_links
from tests.store.faults import Crash, wire
from tests.store.seam import Request, Send
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import before_call, refused

OLD, NEW = "office@old.test", "office@new.test"
BOSS, CHIEF, ADA = "boss@old.test", "chief@new.test", "ada@user.test"


def customer(vendor: Vendor, email: str) -> Customer:
    found = find_customer_by_email(vendor.code, email)
    assert found is not None
    return found


def merge(vendor: Vendor, kept: str = NEW, gone: str = OLD) -> Customer:
    ids = (customer(vendor, kept).id, customer(vendor, gone).id)
    return merge_customers(vendor.code, *ids, ADMIN, now=vendor.now)


def rename(vendor: Vendor, email: str, of: str = OLD) -> Customer:
    return change_customer(vendor.code, customer(vendor, of).id, {}, ADMIN, email=email, now=vendor.now)


def sold(vendor: Vendor, email: str) -> Sold:
    sales = store.read_sales(vendor.code, email)
    assert sales is not None
    return Sold(sales.licenses, sales.orders)


def manager_id(vendor: Vendor, email: str) -> int:
    found = accounts.user_of_email(vendor.code, email)
    assert found is not None
    return found


def moved(vendor: Vendor, license: License) -> tuple[str | None, str, list[str]]:
    """To whom a license belongs, as itself, its order and its lists say."""
    stored = vendor.stored(license)
    order = orders.read_order(vendor.code, license.order_id or "")
    assert order is not None
    listed = [one for one in orders.sold_in_order(vendor.code, order.id) if one.license_id == license.id]
    for manager in order.managers:
        listed += [one for one in orders.read_managed_licenses(vendor.code, manager) if one.license_id == license.id]
    return stored.customer, order.customer, [one.customer for one in listed]


# --- what follows -----------------------------------------------------------------------------------------------


def test_who_is_merged_gives_all_that_was_sold_and_the_record(vendor: Vendor) -> None:
    first = vendor.issue("revit", BOSS, order_id="A-1", customer=OLD)
    second = vendor.issue(order_id="A-1", customer=OLD)
    third, own = vendor.issue(order_id="A-2", customer=OLD), vendor.issue(order_id="B-1", customer=NEW)
    gone = customer(vendor, OLD)
    kept = merge(vendor)
    assert [moved(vendor, one) for one in (first, second)] == [(NEW, NEW, [NEW, NEW])] * 2
    assert [moved(vendor, one) for one in (third, own)] == [(NEW, NEW, [NEW])] * 2
    assert (set(kept.former_emails), set(kept.merged), set(kept.moving)) == ({OLD}, {gone.id}, set())
    assert (sold(vendor, NEW), sold(vendor, OLD)) == (Sold(4, 3), Sold(0, 0))
    with pytest.raises(NotFound):
        find_customer(vendor.code, gone.id)
    (event,) = [one for one in vendor.history(first) if one.type == "license_customer_changed"]
    assert (event.detail["customer"], event.detail["former"]) == (NEW, OLD)
    assert vendor.differences() == []


def test_the_same_once_more_changes_nothing(vendor: Vendor) -> None:
    license = vendor.issue(customer=OLD)
    vendor.issue(customer=NEW)
    ids = (customer(vendor, NEW).id, customer(vendor, OLD).id)
    first, second = (merge_customers(vendor.code, *ids, ADMIN, now=NOW) for _ in range(2))
    assert (first, first.revision, len(vendor.history(license))) == (second, second.revision, 2)


def test_a_new_email_takes_along_all_that_was_sold(vendor: Vendor) -> None:
    license = vendor.issue("revit", BOSS, customer=OLD)
    changed = rename(vendor, NEW)
    assert moved(vendor, license) == (NEW, NEW, [NEW, NEW])
    assert (changed.email, set(changed.former_emails), set(changed.moving)) == (NEW, {OLD}, set())
    assert (sold(vendor, NEW), vendor.differences()) == (Sold(1, 1), [])


def test_whoever_sells_to_the_former_email_sells_to_the_customer(vendor: Vendor) -> None:
    old = vendor.issue(customer=OLD, order_id="A-1")
    rename(vendor, NEW)
    new, same = vendor.issue(customer=OLD, order_id="A-2"), vendor.issue(customer=OLD, order_id="A-1")
    assert [vendor.stored(one).customer for one in (old, new, same)] == [NEW] * 3
    assert (sold(vendor, NEW), vendor.differences()) == (Sold(3, 2), [])


def test_an_email_of_before_is_taken_again_by_its_customer_alone(vendor: Vendor) -> None:
    license = vendor.issue(customer=OLD)
    rename(vendor, NEW)
    with pytest.raises(AlreadyExists):
        create_customer(vendor.code, OLD, {}, ADMIN, now=NOW)
    back = rename(vendor, OLD, of=NEW)
    assert (back.email, set(back.former_emails), back.bought_as) == (OLD, {NEW}, "")
    assert (moved(vendor, license), vendor.stored(license).bought_as) == ((OLD, OLD, [OLD]), None)
    assert (sold(vendor, OLD), vendor.differences()) == (Sold(1, 1), [])


def test_one_who_has_taken_over_is_merged_with_all_of_it(vendor: Vendor) -> None:
    license = vendor.issue(customer=OLD)
    vendor.issue(customer="middle@old.test")
    vendor.issue(customer=NEW)
    merge(vendor, "middle@old.test", OLD)
    kept = merge(vendor, NEW, "middle@old.test")
    assert (set(kept.former_emails), len(kept.merged)) == ({OLD, "middle@old.test"}, 2)
    assert (moved(vendor, license), vendor.stored(license).bought_as) == ((NEW, NEW, [NEW]), OLD)
    assert customer(vendor, OLD) == kept
    assert vendor.differences() == []


def test_labels_of_who_is_merged_go(vendor: Vendor) -> None:
    vendor.issue(customer=OLD)
    vendor.issue(customer=NEW)
    label = create_customer_label(vendor.code, "reseller", "", ADMIN, now=NOW)
    labeling = add_label(vendor.code, customer(vendor, OLD).id, label.id, ADMIN, now=NOW)
    assert merge(vendor).labels == {}
    assert store.customer_of_labeling(vendor.code, labeling.id) is None


def test_nobody_is_merged_with_himself_or_with_nobody_or_without_end(vendor: Vendor) -> None:
    vendor.issue(customer=OLD)
    id = customer(vendor, OLD).id
    with pytest.raises(Invalid, match="merged_with_itself"):
        merge_customers(vendor.code, id, id, ADMIN, now=NOW)
    with pytest.raises(Invalid, match="id_unknown"):
        merge_customers(vendor.code, id, 77, ADMIN, now=NOW)
    for n in range(MAX_FORMER):
        change_customer(vendor.code, id, {}, ADMIN, email=f"c{n}@old.test", now=NOW)
    with pytest.raises(Invalid, match="too_many_former_emails"):
        change_customer(vendor.code, id, {}, ADMIN, email=NEW, now=NOW)


def test_an_order_of_any_size_follows_in_steps(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    licenses = [vendor.issue(order_id="A-1", customer=OLD) for _ in range(5)]
    monkeypatch.setattr(customer_moves, "licenses_at_once", lambda _: 2)
    rename(vendor, NEW)
    assert {moved(vendor, one)[0] for one in licenses} == {NEW}
    assert vendor.differences() == []


def _renamed(vendor: Vendor) -> None:
    rename(vendor, NEW)


def _merged(vendor: Vendor) -> None:
    vendor.issue(order_id="N-1", customer=NEW)
    merge(vendor)


def _issued(vendor: Vendor, email: str) -> int:
    return vendor.issue(order_id="A-1", customer=email).id


def _appended(vendor: Vendor, email: str) -> int:
    terms = Terms("perpetual", 5, customer=email, order_id="A-1")
    wanted = NewOrder("A-1", [NewLicense("viewer", terms)], "an order", append=True)
    return create_order(vendor.code, wanted, ADMIN, now=vendor.now)[1][0].id


def _moved_there(vendor: Vendor, _: str) -> int:
    license = vendor.issue(order_id="B-1", customer="b@other.test")
    return move_license(vendor.code, license.id, "A-1", ADMIN, now=vendor.now)[0].id


@pytest.mark.parametrize("follows", [_renamed, _merged])
@pytest.mark.parametrize(("take_up", "named"), [(_issued, OLD), (_issued, NEW), (_appended, NEW), (_moved_there, "")])
def test_an_order_without_licenses_follows_its_customer_when_somebody_takes_it_up(
    vendor: Vendor, follows: Callable[[Vendor], None], take_up: Callable[[Vendor, str], int], named: str
) -> None:
    emptied = vendor.issue("revit", BOSS, order_id="A-1", customer=OLD)
    delete_license(vendor.code, emptied.id, ADMIN, now=vendor.now)
    follows(vendor)
    license = licenses.read_license(vendor.code, take_up(vendor, named))
    assert license is not None
    assert (moved(vendor, license), license.bought_as) == ((NEW, NEW, [NEW, NEW]), OLD)
    assert vendor.differences() == []


# --- whoever dies when ------------------------------------------------------------------------------------------


def dies_at(number: int) -> Callable[[Request, Send], Any]:
    """The process dies before its transaction with this number, from 0."""
    sent = 0

    def send(request: Request, on: Send) -> Any:
        nonlocal sent
        if request.operation == "TransactWriteItems":
            sent += 1
            if sent > number:
                raise Crash
        return on(request)

    return send


def shop(vendor: Vendor) -> list[License]:
    """Three licenses of one customer, and one of the other."""
    few = [vendor.issue("revit", BOSS, order_id=f"A-{n}", customer=OLD) for n in range(3)]
    vendor.issue(customer=NEW)
    return few


def again(vendor: Vendor, ids: tuple[int, int]) -> None:
    merge_customers(vendor.code, *ids, ADMIN, now=NOW)


def repaired(vendor: Vendor, _: tuple[int, int]) -> None:
    repair_links(vendor.code, ADMIN, now=NOW)


def finished(vendor: Vendor, ids: tuple[int, int]) -> None:
    finish_moves(vendor.code, ids[0], ADMIN, now=NOW)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("goes_on", [again, repaired, finished])
def test_what_is_cut_short_is_finished(
    vendor: Vendor, number: int, goes_on: Callable[[Vendor, tuple[int, int]], None]
) -> None:
    few = shop(vendor)
    ids = (customer(vendor, NEW).id, customer(vendor, OLD).id)
    with wire(dies_at(number)), pytest.raises(Crash):
        merge_customers(vendor.code, *ids, ADMIN, now=NOW)
    assert sold(vendor, NEW) == Sold(4, 4)
    assert any("is being moved from" in sentence for sentence in vendor.differences())
    goes_on(vendor, ids)
    assert [moved(vendor, one) for one in few] == [(NEW, NEW, [NEW, NEW])] * 3
    assert vendor.differences() == []


@pytest.mark.parametrize("named", [OLD, NEW])
def test_a_sale_to_an_order_that_is_to_follow_takes_it_along(vendor: Vendor, named: str) -> None:
    few = shop(vendor)
    with wire(dies_at(1)), pytest.raises(Crash):
        merge(vendor)
    sale = vendor.issue(order_id=few[0].order_id, customer=named)
    assert (vendor.stored(sale).customer, vendor.stored(sale).bought_as) == (NEW, OLD)
    assert moved(vendor, few[0]) == (NEW, NEW, [NEW, NEW])
    finish_moves(vendor.code, customer(vendor, NEW).id, ADMIN, now=NOW)
    assert (sold(vendor, NEW), vendor.differences()) == (Sold(5, 4), [])


def test_another_email_while_licenses_follow_takes_them_all(vendor: Vendor) -> None:
    few = shop(vendor)
    with wire(dies_at(2)), pytest.raises(Crash):
        merge(vendor)
    changed = rename(vendor, "third@new.test", of=NEW)
    assert changed.former_emails == {OLD, NEW}
    assert {moved(vendor, one)[0] for one in few} == {"third@new.test"}
    assert vendor.differences() == []


def test_a_manager_who_joins_while_licenses_follow_is_shown_them_as_they_are(vendor: Vendor) -> None:
    few = [vendor.issue(order_id="A-1", customer=OLD) for _ in range(2)]
    with wire(dies_at(1)), pytest.raises(Crash):
        rename(vendor, NEW)
    add_manager(vendor.code, "A-1", BOSS, ADMIN, now=NOW)
    finish_moves(vendor.code, customer(vendor, NEW).id, ADMIN, now=NOW)
    assert [moved(vendor, one) for one in few] == [(NEW, NEW, [NEW, NEW])] * 2
    remove_manager(vendor.code, "A-1", BOSS, ADMIN, now=NOW)
    assert [moved(vendor, one) for one in few] == [(NEW, NEW, [NEW])] * 2
    assert vendor.differences() == []


# --- who may do what --------------------------------------------------------------------------------------------


def seats(vendor: Vendor) -> tuple[License, License]:
    """Ada has a seat of the old customer, with a password that the boss handed out, and one of the new customer."""
    of_old = vendor.issue("revit", BOSS, order_id="A-1", customer=OLD)
    of_new = vendor.issue("revit", CHIEF, order_id="B-1", customer=NEW)
    for license in (of_old, of_new):
        assign_user(vendor.code, license.id, ADA, 2, ADMIN, now=NOW)
    return of_old, of_new


@pytest.mark.parametrize("unite", [merge, lambda vendor: merge(vendor, OLD, NEW)])
def test_a_password_opens_after_a_merge_what_it_has_opened_before(
    vendor: Vendor, unite: Callable[[Vendor], Customer]
) -> None:
    of_old, of_new = seats(vendor)
    ada = accounts.read_user(vendor.code, manager_id(vendor, ADA))
    assert ada is not None
    opened = read_holdings(ada).opened(ada)
    assert opened == {of_old.id}
    unite(vendor)
    assert read_holdings(ada).opened(ada) == opened
    password = initial_password(ada)
    vendor.activate(ADA, "pc", password, license_id=of_old.id)
    with pytest.raises(Unauthenticated):
        vendor.activate(ADA, "laptop", password, license_id=of_new.id)


@pytest.mark.parametrize("unite", [merge, lambda vendor: merge(vendor, OLD, NEW)])
def test_a_manager_may_touch_after_a_merge_whom_he_could_touch_before(
    vendor: Vendor, unite: Callable[[Vendor], Customer]
) -> None:
    _, of_new = seats(vendor)
    unite(vendor)
    boss, chief = manager_id(vendor, BOSS), manager_id(vendor, CHIEF)
    ada = accounts.read_user(vendor.code, manager_id(vendor, ADA))
    assert ada is not None
    guard_password(boss, ada)
    with pytest.raises(Forbidden):
        guard_password(chief, ada)
    for manager in (boss, chief):
        with pytest.raises(Forbidden):
            guard_account(manager, ada)
    assert [one.license_id for one in orders.read_managed_licenses(vendor.code, chief)] == [of_new.id]


def test_a_password_of_before_does_not_open_what_the_other_customer_gives_later(vendor: Vendor) -> None:
    of_old, _ = seats(vendor)
    merge(vendor)
    later = vendor.issue("revit", CHIEF, order_id="B-2", customer=NEW)
    assign_user(vendor.code, later.id, ADA, 2, ADMIN, now=NOW, manager_id=manager_id(vendor, CHIEF))
    ada = accounts.read_user(vendor.code, manager_id(vendor, ADA))
    assert ada is not None
    assert read_holdings(ada).opened(ada) == {of_old.id}


def test_a_new_email_makes_nobody_another_customer(vendor: Vendor) -> None:
    """What is sold under it is opened by the passwords that open what was sold before."""
    of_old, _ = seats(vendor)
    rename(vendor, "third@old.test")
    later = vendor.issue("revit", order_id="A-2", customer="third@old.test")
    assign_user(vendor.code, later.id, ADA, 2, ADMIN, now=NOW)
    ada = accounts.read_user(vendor.code, manager_id(vendor, ADA))
    assert ada is not None
    assert read_holdings(ada).opened(ada) == {of_old.id, later.id}
    assert vendor.stored(later).bought_as == OLD
    assert vendor.differences() == []


# --- beside others ----------------------------------------------------------------------------------------------


def meanwhile(act: Callable[[], object]) -> Callable[[Request, Send], Any]:
    """Something happens before the first transaction is sent."""
    todo = [act]

    def send(request: Request, on: Send) -> Any:
        if request.operation == "TransactWriteItems" and todo:
            todo.pop()()
        return on(request)

    return send


def right_after(act: Callable[[], object]) -> Callable[[Request, Send], Any]:
    """Something happens once the first transaction is done."""
    todo = [act]

    def send(request: Request, on: Send) -> Any:
        answer = on(request)
        if request.operation == "TransactWriteItems" and todo:
            todo.pop()()
        return answer

    return send


def test_a_sale_at_the_same_time_is_counted_and_follows(vendor: Vendor) -> None:
    shop(vendor)
    sales = list[License]()
    with wire(meanwhile(lambda: sales.append(vendor.issue(customer=OLD, order_id="A-9")))):
        merge(vendor)
    assert (moved(vendor, sales[0]), sold(vendor, NEW)) == ((NEW, NEW, [NEW]), Sold(5, 5))
    assert vendor.differences() == []


def test_a_sale_that_was_decided_before_a_merge_is_decided_anew(vendor: Vendor) -> None:
    shop(vendor)
    with wire(meanwhile(lambda: merge(vendor))):
        sale = vendor.issue(customer=OLD, order_id="A-9")
    assert (moved(vendor, sale), sold(vendor, NEW)) == ((NEW, NEW, [NEW]), Sold(5, 5))
    assert vendor.differences() == []


@pytest.mark.parametrize("number", range(1, 6))
def test_of_two_who_are_merged_into_each_other_at_once_one_stays(vendor: Vendor, number: int) -> None:
    vendor.issue(customer=OLD)
    vendor.issue(customer=NEW)
    ids = customer(vendor, OLD).id, customer(vendor, NEW).id
    with before_call(number, lambda: merge_customers(vendor.code, *ids, ADMIN, now=NOW)), refused("customer_not_found"):
        merge_customers(vendor.code, *ids[::-1], ADMIN, now=NOW)
    assert (sold(vendor, OLD), vendor.differences()) == (Sold(2, 2), [])


def test_who_is_taken_over_while_licenses_follow_was_changed_all_the_same(vendor: Vendor) -> None:
    few, ids = shop(vendor), (customer(vendor, NEW).id, customer(vendor, OLD).id)
    with wire(right_after(lambda: merge_customers(vendor.code, *ids, ADMIN, now=NOW))):
        changed = rename(vendor, "third@new.test")
    assert changed.email == "third@new.test"
    assert {moved(vendor, one)[0] for one in few} == {NEW}
    assert vendor.differences() == []


def test_who_is_deleted_right_after_a_merge_was_merged_all_the_same(vendor: Vendor) -> None:
    stays, goes = (create_customer(vendor.code, email, {}, ADMIN, now=NOW).id for email in (NEW, OLD))
    with wire(right_after(lambda: delete_customer(vendor.code, stays, ADMIN, now=NOW))):
        kept = merge_customers(vendor.code, stays, goes, ADMIN, now=NOW)
    assert kept.former_emails == {OLD}
    with refused("customer_not_found"):
        find_customer(vendor.code, stays)


def test_who_files_an_order_under_a_manager_files_it_as_it_is_by_then(vendor: Vendor) -> None:
    """What was read of a license before it moved is not filed after that."""
    few = [vendor.issue(order_id="A-1", customer=OLD) for _ in range(2)]
    with patch.object(orders, "backfill_managers"):
        add_manager(vendor.code, "A-1", BOSS, ADMIN, now=NOW)
    order = orders.read_order(vendor.code, "A-1")
    assert order is not None
    with wire(meanwhile(lambda: rename(vendor, NEW))):
        orders.backfill_managers(order)
    assert [moved(vendor, one) for one in few] == [(NEW, NEW, [NEW, NEW])] * 2
    assert vendor.differences() == []


def test_a_step_to_an_email_that_is_none_any_more_moves_nothing(vendor: Vendor) -> None:
    few = shop(vendor)
    with wire(dies_at(1)), pytest.raises(Crash):
        merge(vendor)
    id = customer(vendor, NEW).id
    with wire(meanwhile(lambda: rename(vendor, "third@new.test", of=NEW))):
        finish_moves(vendor.code, id, ADMIN, now=NOW)
    assert {moved(vendor, one)[0] for one in few} == {"third@new.test"}
    assert vendor.differences() == []
