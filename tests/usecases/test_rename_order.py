"""An order gets another name: all that lists its licenses follows in one write, and the name of before is free."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from typing import Any

import pytest

from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import AlreadyExists, NotFound
from chalicelib.domain.license import License
from chalicelib.domain.license_rows import license_row
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts, counts, histories, orders, renamed_orders, writes
from chalicelib.store.customers import Sold
from chalicelib.store.items.accounts import OrderItem
from chalicelib.store.keys import order_sort_key
from chalicelib.usecases.assign_manager import assign_manager, manages
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.create_order import NewLicense, NewOrder, create_order
from chalicelib.usecases.customers import change_customer
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.event_mails import managers_of
from chalicelib.usecases.export import export_licenses_of_order
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.import_license import import_license
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.operator_queries import order_details, order_history
from chalicelib.usecases.order_managers import (
    add_manager,
    change_order,
    find_numbered_order,
    find_order,
    find_sold_in,
    read_in_order,
    remove_manager,
)
from chalicelib.usecases.order_products import is_of_products, those_of_products
from chalicelib.usecases.rename_order import rename_order
from chalicelib.usecases.rotate_key import rotate_key
from tests.store.adoption_cases import UNTIL
from tests.store.faults import Crash, wire
from tests.support import ADMIN, CUSTOMER, Vendor
from tests.usecases.people import account
from tests.usecases.support import before_call, before_write, refused
from tests.usecases.test_delete_license import dies_at, sold

MIA, BEN, ADA = "mia@customer.test", "ben@customer.test", "ada@user.test"
A, B = "A-1", "B-1"


def order_of(vendor: Vendor, count: int = 2, **terms: Any) -> list[License]:
    """Licenses of one order that somebody manages, the first of whose id is the order's."""
    made = []
    for _ in range(count):
        vendor.now += 1
        made.append(vendor.issue("revit", MIA, order_id=A, max_license_users=5, **terms))
    return made


def rename(vendor: Vendor, number: int, name: str = B, **more: Any) -> Order:
    return rename_order(vendor.code, number, name, ADMIN, now=vendor.now + 1, **more)


def listed(vendor: Vendor, order: str) -> set[int]:
    return {one.license_id for one in orders.sold_in_order(vendor.code, order)}


def managed(vendor: Vendor, email: str = MIA) -> set[tuple[int, str]]:
    """What a manager is shown: each license with the name of its order."""
    found = orders.read_managed_licenses(vendor.code, account(vendor, email).id)
    return {(one.license_id, one.order_id) for one in found}


def test_all_that_names_the_order_follows(vendor: Vendor) -> None:
    made = order_of(vendor)
    ids, first = {license.id for license in made}, made[0].id
    user, password = vendor.assign(made[0], ADA)
    renamed = rename(vendor, first)
    assert (renamed.id, renamed.number, renamed.customer) == (B, first, CUSTOMER)
    assert renamed == find_order(vendor.code, B) == find_numbered_order(vendor.code, first)
    assert renamed.revision == find_order(vendor.code, B).revision
    assert (listed(vendor, A), listed(vendor, B)) == (set(), ids)
    assert managed(vendor) == {(id, B) for id in ids}
    assert {one.order_id for one in accounts.licenses_of_customer(vendor.code, CUSTOMER, limit=9)} == {B}
    assert [one.id for one, _ in list_licenses(vendor.code, LicenseFilter(order_id=B), size=9).rows] == sorted(ids)
    assert (sold(vendor), counts.read_count(vendor.code, "orders")) == (Sold(2, 1), 1)
    assert vendor.activate(ADA, "pc", password, license_id=first).device
    with refused("order_not_found"):
        find_order(vendor.code, A)
    assert vendor.differences() == []
    remove_user(vendor.code, first, user.email, ADMIN, now=vendor.now)


def test_the_histories_say_from_what_to_what(vendor: Vendor) -> None:
    first, second = order_of(vendor)
    rename(vendor, first.id, denied=frozenset({"reset_license"}))
    (event,) = [one for one in histories.company_events(vendor.code) if one.type == "order_renamed"]
    assert event.detail == {"order": B, "order_before": A, "denied": "reset_license"}
    for license in (first, second):
        (*_, last) = vendor.history(license)
        assert (last.type, last.detail) == ("license_changed", {"order": B, "order_before": A})
        assert vendor.stored(license).revision == license.revision + 1
    assert {one.denied for one in orders.read_managed_licenses(vendor.code, account(vendor, MIA).id)} == {
        frozenset({"reset_license"})
    }
    assert vendor.differences() == []


def test_the_history_of_an_order_is_whole_under_each_name_and_of_no_other(vendor: Vendor) -> None:
    def act(number: int, name: str | None, reference: str) -> None:
        vendor.now += 1000
        if name is not None:
            rename(vendor, number, name)
            vendor.now += 1000
        change_order(vendor.code, number, ADMIN, details={"reference": reference}, now=vendor.now)

    first = vendor.issue("revit", order_id=A).id
    act(first, None, "first 1")
    act(first, B, "first 2")
    second = vendor.issue("revit", order_id=A).id
    act(second, None, "second 1")
    act(second, "C-1", "second 2")
    act(first, A, "first 3")
    act(second, B, "second 3")
    for name, of in ((A, "first"), (B, "second")):
        whole = order_history(vendor.code, name, 99, None).events
        said = [str(event.detail["reference"]) for event in whole if event.type == "order_changed"]
        assert (said, len(whole)) == ([f"{of} {number}" for number in (3, 2, 1)], 5)
        pages, after = list[str](), None
        while (page := order_history(vendor.code, name, 2, after)).events:
            pages += [event.key for event in page.events]
            after = pages[-1]
        assert pages == [event.key for event in whole]


def test_doing_so_again_changes_nothing_and_any_other_revision_is_refused(vendor: Vendor) -> None:
    first, _ = order_of(vendor)
    revision = find_order(vendor.code, A).revision
    with refused("revision_changed"):
        rename(vendor, first.id, revision=revision + 1)
    renamed = rename(vendor, first.id, revision=revision)
    history = vendor.history(first)
    assert rename(vendor, first.id, revision=revision) == renamed
    assert (vendor.history(first), find_order(vendor.code, B).revision) == (history, revision + 1)


def test_the_name_of_before_is_free_and_that_of_another_order_is_taken(vendor: Vendor) -> None:
    first, _ = order_of(vendor)
    other = vendor.issue(order_id=B)
    with refused("already_exists"):
        rename(vendor, first.id)
    rename(vendor, other.id, "C-1")
    rename(vendor, first.id)
    rename(vendor, other.id, A)
    assert (listed(vendor, A), len(listed(vendor, B))) == ({other.id}, 2)
    assert vendor.differences() == []


def test_what_one_transaction_does_not_hold_is_refused_and_what_it_holds_is_not(vendor: Vendor) -> None:
    most = renamed_orders.licenses_at_once(Order(vendor.code, A, managers=frozenset({1})))
    first, *_ = order_of(vendor, most)
    rename(vendor, first.id)
    rename(vendor, first.id, A)
    order_of(vendor, 1)
    with refused("order_keeps_its_name"):
        rename(vendor, first.id)
    assert len(listed(vendor, A)) == most + 1 > 10
    with refused("name_length"):
        rename(vendor, first.id, "")


def test_without_a_customer_it_keeps_its_name_once_passwords_are_for_it(vendor: Vendor) -> None:
    for number, manager in enumerate((None, MIA)):
        license = vendor.issue("revit", manager, order_id=f"N-{number}", customer=None, max_license_users=2)
        if manager is None:
            rename(vendor, license.id, "other")
            vendor.assign(vendor.stored(license), ADA)
        with refused("order_keeps_its_name"):
            rename(vendor, license.id)
    assert vendor.differences() == []


def test_it_is_found_by_the_id_of_its_first_license_wherever_that_is(vendor: Vendor) -> None:
    first, second, third = order_of(vendor, 3)
    vendor.issue("revit", order_id="D-1")
    move_license(vendor.code, first.id, "D-1", ADMIN, now=vendor.now + 1)
    assert rename(vendor, first.id).number == first.id
    assert (vendor.stored(first).order_id, vendor.stored(first).sold_in) == ("D-1", B)
    delete_license(vendor.code, first.id, ADMIN, now=vendor.now + 2)
    assert rename(vendor, first.id, "C-1") == find_numbered_order(vendor.code, first.id)
    assert listed(vendor, "C-1") == {second.id, third.id}
    assert vendor.differences() == []


def test_it_is_found_by_the_id_of_a_license_that_has_come_back_to_it(vendor: Vendor) -> None:
    first, _ = order_of(vendor)
    vendor.issue("revit", order_id="D-1")
    for order in ("D-1", A):
        move_license(vendor.code, first.id, order, ADMIN, now=vendor.now + 1)
    for name in (B, "C-1"):
        assert rename(vendor, first.id, name) == find_numbered_order(vendor.code, first.id)
    delete_license(vendor.code, first.id, ADMIN, now=vendor.now + 2)
    assert find_numbered_order(vendor.code, first.id).id == "C-1"
    assert vendor.differences() == []


AMID: dict[str, Callable[[Vendor, License], object]] = {
    "sold": lambda v, _: v.issue("revit", order_id=A, max_license_users=5),
    "sold as the name": lambda v, _: v.issue("revit", order_id="other"),
    "managed": lambda v, _: add_manager(v.code, A, BEN, ADMIN, now=v.now),
    "managed no more": lambda v, _: remove_manager(v.code, A, MIA, ADMIN, now=v.now),
    "deleted": lambda v, license: delete_license(v.code, license.id, ADMIN, now=v.now),
    "moved": lambda v, license: move_license(v.code, license.id, "D-1", ADMIN, now=v.now),
    "changed": lambda v, license: change_terms(v.code, license.id, {"max_activations": 9}, ADMIN, now=v.now),
    "assigned": lambda v, license: v.assign(v.stored(license), ADA),
    "of another customer": lambda v, _: change_customer(
        v.code, customer_of(v), {}, ADMIN, email="new@customer.test", now=v.now
    ),
    "renamed": lambda v, license: rename(v, license.id, "E-1"),
}


def customer_of(vendor: Vendor) -> int:
    found = find_customer_by_email(vendor.code, CUSTOMER)
    assert found is not None
    return found.id


@pytest.mark.parametrize("amid", AMID)
def test_whatever_happens_meanwhile_nothing_is_left_behind(vendor: Vendor, amid: str) -> None:
    first, _ = order_of(vendor)
    vendor.issue("revit", order_id="D-1")
    with before_write(1, lambda: AMID[amid](vendor, vendor.stored(first))) as done:
        rename(vendor, first.id)
    assert done()
    assert (find_numbered_order(vendor.code, first.id).id, listed(vendor, A)) == (B, set())
    assert vendor.differences() == []


@pytest.mark.parametrize("amid", [name for name in AMID if name != "renamed"])
def test_whatever_meets_the_other_name_meanwhile_leaves_nothing_behind(vendor: Vendor, amid: str) -> None:
    first, _ = order_of(vendor)
    vendor.issue("revit", order_id="D-1")
    with before_write(1, lambda: rename(vendor, first.id)) as done:
        try:
            AMID[amid](vendor, vendor.stored(first))
        except (NotFound, AlreadyExists) as error:
            assert error.code == "order_not_found"
    assert done()
    assert find_numbered_order(vendor.code, first.id).id == B
    assert vendor.differences() == []


def test_a_key_is_rotated_where_the_order_gets_another_name_meanwhile(vendor: Vendor) -> None:
    license = vendor.issue(order_id=A)
    with before_write(1, lambda: rename(vendor, license.id)) as done:
        rotate_key(vendor.code, license.id, ADMIN, now=vendor.now + 2)
    assert done()
    assert vendor.differences() == []


@pytest.mark.parametrize("call", [1, 2])
def test_who_dies_amid_leaves_all_or_nothing(vendor: Vendor, call: int) -> None:
    first, _ = order_of(vendor)
    with wire(dies_at(call)):
        try:
            rename(vendor, first.id)
        except Crash:
            assert find_numbered_order(vendor.code, first.id).id in (A, B)
    assert vendor.differences() == []
    assert rename(vendor, first.id).id == B


TAKEN: dict[str, Callable[[Vendor, int], object]] = {
    "managed": lambda v, number: add_manager(v.code, number, BEN, ADMIN, now=v.now),
    "managed no more": lambda v, number: remove_manager(v.code, number, MIA, ADMIN, now=v.now),
    "denied": lambda v, number: change_order(v.code, number, ADMIN, denied=frozenset({"reset_license"}), now=v.now),
    "said": lambda v, number: change_order(v.code, number, ADMIN, details={"reference": "PO-1"}, now=v.now),
    "moved": lambda v, number: move_license(v.code, v.issue(order_id="D-1").id, number, ADMIN, now=v.now),
}


def give_its_name_away(vendor: Vendor, number: int) -> None:
    """To an order of somebody else."""
    rename(vendor, number)
    vendor.issue("revit", ADA, order_id=A, customer="other@customer.test", max_license_users=5)


def said_of(vendor: Vendor, name: str) -> tuple[list[int], list[str], str, int]:
    """The managers of an order, what they may not do, what is said of it, and how many licenses it has."""
    order = find_order(vendor.code, name)
    return [*order.managers], [*order.denied], order.reference, len(listed(vendor, name))


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("call", range(1, 4))
def test_what_is_done_to_an_order_by_its_number_is_done_to_no_other(vendor: Vendor, name: str, call: int) -> None:
    first, _ = order_of(vendor)
    with before_call(call, lambda: give_its_name_away(vendor, first.id)):
        TAKEN[name](vendor, first.id)
    mia, ada = ({account(vendor, email).id} for email in (MIA, ADA))
    assert said_of(vendor, A) == ([*ada], [], "", 1)
    assert said_of(vendor, B) != ([*mia], [], "", 2)
    assert vendor.differences() == []


def test_an_order_is_found_by_its_number_while_it_gets_another_name(vendor: Vendor) -> None:
    first, _ = order_of(vendor)
    with before_call(2, lambda: rename(vendor, first.id)):
        assert find_numbered_order(vendor.code, first.id).id == B


def ids_of(sold: Iterable[tuple[License, object]]) -> set[int]:
    return {license.id for license, _ in sold}


REVIT = frozenset({"revit"})
FILED: dict[str, tuple[int, Callable[[Vendor, Order], set[int]]]] = {
    "find_sold_in": (3, lambda _, order: ids_of(find_sold_in(order, 9)[1])),
    "export_licenses_of_order": (3, lambda _, order: ids_of(sold for _, sold in export_licenses_of_order(order))),
    "order_details": (5, lambda v, _: {one.license_id for one in order_details(v.code, A, 9, None).licenses}),
    "is_of_products": (2, lambda v, order: listed(v, B) if is_of_products(REVIT, order) else set()),
}
"""What is read of an order by its name, in how many calls."""


@pytest.mark.parametrize(("name", "call"), [(name, n + 1) for name, (calls, _) in FILED.items() for n in range(calls)])
def test_what_is_read_of_an_order_is_that_of_no_other(vendor: Vendor, name: str, call: int) -> None:
    ids, order = {license.id for license in order_of(vendor)}, find_order(vendor.code, A)

    def take() -> None:
        rename(vendor, order.number or 0)
        vendor.issue(order_id=A)

    if name == "order_details" and call < 3:
        take = lambda: None  # noqa: E731 - it is named by its name, and read first
    with before_call(call, take):
        assert FILED[name][1](vendor, order) == ids


@pytest.mark.parametrize(
    ("name", "call"),
    [(name, n + 1) for name, (calls, _) in FILED.items() for n in range(calls) if name != "is_of_products"],
)
def test_so_it_is_of_an_order_of_before_there_were_numbers(vendor: Vendor, name: str, call: int) -> None:
    """It is found by its name, which it keeps, also when it is changed while it is read."""
    ids = {license.id for license in order_of(vendor)}
    writes.update(OrderItem(vendor.code, order_sort_key(A)), [OrderItem.number.remove()])
    order = find_order(vendor.code, A)
    assert order.number is None
    with before_call(call, lambda: change_order(vendor.code, A, ADMIN, details={"reference": "PO"}, now=vendor.now)):
        assert FILED[name][1](vendor, order) == ids
    assert read_in_order(order, lambda now: now.reference) == (find_order(vendor.code, A), "PO")


def test_an_order_of_before_there_were_numbers_that_others_keep_changing_is_busy(vendor: Vendor) -> None:
    order_of(vendor)
    writes.update(OrderItem(vendor.code, order_sort_key(A)), [OrderItem.number.remove()])
    changes = count()

    def read(_: Order) -> None:
        change_order(vendor.code, A, ADMIN, details={"reference": f"PO {next(changes)}"}, now=vendor.now)

    with refused("too_many_rivals"):
        read_in_order(find_order(vendor.code, A), read)


@pytest.mark.parametrize("call", range(1, 3))
def test_a_list_has_no_order_for_the_licenses_of_another(vendor: Vendor, call: int) -> None:
    order_of(vendor)
    order = find_order(vendor.code, A)
    with before_call(call, lambda: give_its_name_away(vendor, order.number or 0)):
        assert those_of_products(REVIT, [order]) == []  # it is elsewhere in the list by now


def test_a_list_has_an_order_whose_name_was_anothers_for_an_instant(vendor: Vendor) -> None:
    order_of(vendor)
    order = find_order(vendor.code, A)

    rename(vendor, order.number or 0)
    other = vendor.issue(order_id=A)

    def give_back() -> None:
        rename(vendor, other.id, "C-1")
        rename(vendor, order.number or 0, A)

    with before_call(2, give_back):
        assert [one.number for one in those_of_products(REVIT, [order])] == [order.number]


@pytest.mark.parametrize("call", range(1, 4))
def test_what_is_mailed_of_a_license_is_mailed_to_the_managers_of_no_other_order(vendor: Vendor, call: int) -> None:
    first, _ = order_of(vendor)

    def take() -> None:
        rename(vendor, first.id)
        vendor.issue("revit", ADA, order_id=A, customer="other@customer.test", max_license_users=5)

    with before_call(call, take):
        assert [user.email for user in managers_of(first)] == [MIA]


@pytest.mark.parametrize("call", range(1, 10))
def test_a_row_changes_no_other_order_than_that_of_its_license(vendor: Vendor, call: int) -> None:
    said = {"license_key": "K-1", "product": "viewer", "customer": CUSTOMER}
    sold, changed = {"order_store_id": A, "order": {"reference": "PO 1"}}, {"order": {"reference": "PO 2"}}
    first, second = (license_row(said | of_order, "") for of_order in (sold, changed))
    bring = partial(import_license, vendor.code, system="csv", actor=ADMIN, adopt_until=UNTIL, now=vendor.now)
    made = bring(row=first)
    with before_call(call, lambda: give_its_name_away(vendor, made.license_id or 0)):
        bring(row=second)
    assert (said_of(vendor, A)[2], said_of(vendor, B)[2]) == ("", "PO 2")


@pytest.mark.parametrize("call", range(1, 6))
def test_who_gets_a_seat_and_manages_its_order_manages_no_other_that_gets_its_name(vendor: Vendor, call: int) -> None:
    first, second = order_of(vendor)
    with before_call(call, lambda: give_its_name_away(vendor, first.id)):
        assign_manager(vendor.code, second.id, BEN, 1, ADMIN, now=vendor.now)
    mia, ben, ada = (account(vendor, email).id for email in (MIA, BEN, ADA))
    managers = [{*find_order(vendor.code, name).managers} for name in (A, B)]
    assert managers == [{ada}, {mia, ben}]
    assert vendor.differences() == []


@pytest.mark.parametrize("call", range(1, 4))
def test_of_a_manager_it_is_told_by_the_order_of_the_license_alone(vendor: Vendor, call: int) -> None:
    first, second = order_of(vendor)
    with before_call(call, lambda: give_its_name_away(vendor, first.id)):
        assert manages(vendor.code, second.id, MIA)


# --- orders that are sold by a call ------------------------------------------------------------------------------


def sell(vendor: Vendor, said: str, count: int = 1) -> tuple[Order, list[int]]:
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id=A)
    wanted = NewOrder(A, [NewLicense("viewer", terms) for _ in range(count)], said, MIA)
    order, made = create_order(vendor.code, wanted, ADMIN, now=vendor.now)
    return order, [one.id for one in made]


def test_an_order_that_was_sold_is_answered_by_its_name_of_now_and_another_one_may_have_that_of_then(
    vendor: Vendor,
) -> None:
    _, ids = sell(vendor, "one", 2)
    rename(vendor, ids[0])
    order, again = sell(vendor, "one", 2)
    assert (order.id, again) == (B, ids)
    for said, name in (("two", "C-1"), ("three", "")):
        other, others = sell(vendor, said)
        assert (other.id, other.number) == (A, others[0])
        assert sell(vendor, said) == (find_order(vendor.code, A), others)
        with refused("already_exists"):
            sell(vendor, "another")
        assert sell(vendor, "one", 2) == (find_order(vendor.code, B), ids)
        if name:
            rename(vendor, others[0], name)
            assert sell(vendor, said)[0].id == name
    assert vendor.differences() == []


@pytest.mark.parametrize("number", range(4, 30))
def test_an_order_that_is_being_sold_goes_on_under_its_other_name(vendor: Vendor, number: int) -> None:
    def other_name() -> None:
        for order in orders.read_orders(vendor.code):
            if order.number is not None:
                rename(vendor, order.number)
                renamed.append(order.number)

    renamed = list[int]()
    with before_call(number, other_name):
        order, ids = sell(vendor, "one", 3)
    if not renamed:  # nothing was sold yet
        rename(vendor, ids[0])
    assert ([one.id for one in orders.read_orders(vendor.code)], order.number) == ([B], ids[0])
    assert (listed(vendor, B), {id for id, _ in managed(vendor)}) == ({*ids}, {*ids})
    assert (sell(vendor, "one", 3), vendor.differences()) == ((find_order(vendor.code, B), ids), [])


@pytest.mark.parametrize("number", range(10, 30))
def test_an_order_that_is_being_sold_goes_on_where_another_has_its_first_name(vendor: Vendor, number: int) -> None:
    def other_name() -> None:
        for order in [*orders.read_orders(vendor.code)]:
            vendor.now += 1
            give_its_name_away(vendor, order.number or 0)

    with before_call(number, other_name):
        order, ids = sell(vendor, "one", 3)
    assert (order.number, listed(vendor, B), {id for id, _ in managed(vendor)}) == (ids[0], {*ids}, {*ids})
    assert said_of(vendor, A) == ([account(vendor, ADA).id], [], "", 1)
    assert vendor.differences() == []


@pytest.mark.parametrize("number", range(8, 26, 2))
def test_what_is_added_to_an_order_is_added_to_no_other_that_gets_its_name(vendor: Vendor, number: int) -> None:
    first = vendor.issue(order_id=A)
    vendor.now += 1
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id=A)
    wanted = NewOrder(A, [NewLicense("viewer", terms)] * 2, "more", MIA, append=True)
    with before_call(number, lambda: give_its_name_away(vendor, first.id)):
        order, _ = create_order(vendor.code, wanted, ADMIN, now=vendor.now)
    assert (order.number, len(listed(vendor, B)), len(managed(vendor))) == (first.id, 3, 3)
    assert said_of(vendor, A) == ([account(vendor, ADA).id], [], "", 1)
    assert vendor.differences() == []


def test_what_is_to_join_an_order_that_has_another_name_by_then_makes_none(vendor: Vendor) -> None:
    first, _ = order_of(vendor)
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id=A, max_license_users=1)
    with before_write(1, lambda: rename(vendor, first.id)), refused("order_not_found"):
        issue_license(vendor.code, "revit", terms, None, ADMIN, joins=first.id, now=vendor.now)
    assert vendor.differences() == []
