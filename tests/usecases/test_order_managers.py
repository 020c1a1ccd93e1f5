"""Who manages an order: added without a new license, and off it again, with all that was sold in it."""

from itertools import count

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.license import License
from chalicelib.store import histories, orders
from chalicelib.store.transactions import Transaction
from chalicelib.usecases import portal_queries
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.order_managers import add_manager, remove_manager
from chalicelib.usecases.passwords import verify_password
from chalicelib.usecases.portal_queries import ListQuery
from tests.mailbox import mails
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, chosen, issued, logged_in
from tests.usecases.support import refused

NEW = "new@customer.test"


@pytest.fixture
def sold(vendor: Vendor) -> list[License]:
    return [issued(vendor, "viewer", order_id="A") for _ in range(3)]


def shown(vendor: Vendor, email: str) -> set[int]:
    """The licenses in the list of a manager; each has its pages, and no other has."""
    session = logged_in(vendor, email)
    found = {row.license.id for row in portal_queries.managed_licenses(session, ListQuery(), now=NOW).page.rows}
    for license_id in found:
        assert portal_queries.license_details(session, license_id, now=NOW)
    return found


def kinds(vendor: Vendor) -> list[tuple[str, str | None]]:
    return [(e.type, e.user) for e in histories.company_events(vendor.code) if e.type.startswith("manager_")]


def test_who_is_added_manages_all_and_is_mailed(vendor: Vendor, sold: list[License]) -> None:
    user = add_manager(vendor.code, "A", f" {NEW.upper()}", ADMIN, now=NOW)
    assert initial_password(user)
    assert len(mails(vendor, NEW)) == 1
    assert shown(vendor, NEW) == {license.id for license in sold}
    add_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
    assert kinds(vendor) == [("manager_added", NEW)]
    assert not account(vendor, NEW).is_initial_password  # as it was chosen meanwhile


def test_who_is_taken_off_sees_nothing_any_more_and_others_as_before(vendor: Vendor, sold: list[License]) -> None:
    add_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
    elsewhere = issued(vendor, "viewer", order_id="B")
    session = logged_in(vendor, MANAGER)
    remove_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW)
    for license in sold:
        with refused("license_not_found"):
            portal_queries.license_details(session, license.id, now=NOW)
    assert shown(vendor, MANAGER) == {elsewhere.id}
    assert shown(vendor, NEW) == {license.id for license in sold}
    issued(vendor, "viewer", manager=None, order_id="A")  # type: ignore[arg-type] # to who manages it by now
    assert shown(vendor, MANAGER) == {elsewhere.id}
    remove_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW)
    assert kinds(vendor).count(("manager_removed", MANAGER)) == 1


def test_what_was_cut_short_is_finished_by_the_next_call(
    vendor: Vendor, sold: list[License], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, steps = Transaction.commit, count(1)

    def cut_short(write: Transaction) -> None:
        if write.event is None and next(steps) == 2:
            raise Unavailable("database_busy")
        commit(write)

    chosen(vendor, MANAGER)
    monkeypatch.setattr(orders, "FILED_AT_ONCE", 1)
    monkeypatch.setattr(Transaction, "commit", cut_short)
    with pytest.raises(Unavailable):
        remove_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW)
    assert len(list(orders.read_managed_licenses(vendor.code, account(vendor, MANAGER).id))) == 2
    remove_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW)
    assert list(orders.read_managed_licenses(vendor.code, account(vendor, MANAGER).id)) == []


@pytest.mark.parametrize("step", [1, 2, 3])
def test_who_is_added_again_while_he_is_taken_off_is_shown_all(
    vendor: Vendor, sold: list[License], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each of the writes that take away what was filed."""
    commit, steps = Transaction.commit, count(1)

    def late(write: Transaction) -> None:
        if write.event is None and any("Delete" in done for done in write.steps) and next(steps) == step:
            add_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW)
        commit(write)

    chosen(vendor, MANAGER)
    monkeypatch.setattr(orders, "FILED_AT_ONCE", 1)
    monkeypatch.setattr(Transaction, "commit", late)
    remove_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW)
    assert next(steps) > step
    filed = orders.read_managed_licenses(vendor.code, account(vendor, MANAGER).id)
    assert {license.license_id for license in filed} == {license.id for license in sold}


@pytest.mark.parametrize("joins_by", ["being added", "a license"])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_who_is_taken_off_while_he_joins_is_shown_nothing_afterwards(
    vendor: Vendor, sold: list[License], joins_by: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each of the writes that file what was sold before."""
    commit, files = Transaction.commit, count(1)

    def late(write: Transaction) -> None:
        if write.event is None and next(files) == step:
            remove_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
        commit(write)

    monkeypatch.setattr(orders, "FILED_AT_ONCE", 1)
    monkeypatch.setattr(Transaction, "commit", late)
    if joins_by == "a license":
        issued(vendor, "viewer", manager=NEW, order_id="A")
    else:
        add_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
    assert next(files) > step
    assert list(orders.read_managed_licenses(vendor.code, account(vendor, NEW).id)) == []
    assert shown(vendor, MANAGER) == {sold.license_id for sold in orders.sold_in_order(vendor.code, "A")}
    assert vendor.differences() == []
    add_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
    assert shown(vendor, NEW) == shown(vendor, MANAGER)


@pytest.mark.parametrize("way", ["added to an order", "sold a license"])
def test_who_manages_nothing_any_more_comes_to_an_order_with_a_new_password(vendor: Vendor, way: str) -> None:
    issued(vendor, order_id="own", manager=NEW, customer=None)
    chosen(vendor, NEW)
    theirs = issued(vendor)
    vendor.assign(theirs, NEW)
    remove_manager(vendor.code, "own", NEW, ADMIN, now=NOW)
    _, known = set_password(vendor.code, theirs.id, NEW, None, ADMIN, manager_id=account(vendor, MANAGER).id, now=NOW)
    if way == "added to an order":
        add_manager(vendor.code, "own", NEW, ADMIN, now=NOW)
    else:
        issued(vendor, order_id="own too", manager=NEW, customer=None)
    assert not verify_password(account(vendor, NEW).password_hash, known)


def test_nobody_else_touches_the_account_of_who_is_about_to_manage_an_order(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued(vendor, "viewer", manager="other@customer.test", order_id="A")
    theirs = issued(vendor)
    vendor.assign(theirs, NEW)
    monkeypatch.setattr(orders, "backfill_managers", lambda _: None)  # cut short
    add_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
    with refused("not_your_user"):
        set_password(vendor.code, theirs.id, NEW, None, ADMIN, manager_id=account(vendor, MANAGER).id, now=NOW)
    monkeypatch.undo()
    remove_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
    assert list(orders.read_managed_licenses(vendor.code, account(vendor, NEW).id)) == []


def test_nobody_and_no_order(vendor: Vendor, sold: list[License]) -> None:
    with refused("user_not_found"):
        remove_manager(vendor.code, "A", "nobody@customer.test", ADMIN, now=NOW)
    for call in (add_manager, remove_manager):
        with refused("order_not_found"):
            call(vendor.code, "none", MANAGER, ADMIN, now=NOW)
