"""What the managers of an order may do: said once, and true of every license and manager, whatever goes on beside."""

from collections.abc import Callable, Iterator
from contextvars import copy_context
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.license import License
from chalicelib.domain.permissions import Permission
from chalicelib.store import histories, orders, writes
from chalicelib.store.items.links import LicenseSummaryItem
from chalicelib.store.keys import manager_license_sort_key
from chalicelib.store.transactions import Transaction
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.initial_password import reveal_initial_password
from chalicelib.usecases.order_managers import add_manager, change_order, find_order, remove_manager
from chalicelib.usecases.permissions import permitted
from chalicelib.usecases.repair_links import repair_links
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued
from tests.usecases.support import refused

NEW, ADA = "new@customer.test", "ada@customer.test"
RESET: frozenset[Permission] = frozenset({"reset_license"})
PAUSE: frozenset[Permission] = frozenset({"disable_license", "name_license"})


@pytest.fixture
def sold(vendor: Vendor) -> list[License]:
    return [issued(vendor, "viewer", order_id="A") for _ in range(3)]


def deny(vendor: Vendor, denied: frozenset[Permission]) -> None:
    change_order(vendor.code, "A", ADMIN, denied=denied, now=NOW)


def filed(vendor: Vendor, *emails: str) -> set[frozenset[Permission]]:
    """What these managers may not do, on all licenses of theirs."""
    ids = [account(vendor, email).id for email in emails or (MANAGER,)]
    return {sold.denied for id in ids for sold in orders.read_managed_licenses(vendor.code, id)}


def pausing(vendor: Vendor, license: License) -> Callable[[], object]:
    """As a form of the manager does it."""

    def pause() -> None:
        with permitted(vendor.code, account(vendor, MANAGER).id, license.id, ("disable_license",)):
            set_enabled(vendor.code, license.id, False, ADMIN, now=NOW)

    return pause


def test_it_holds_for_all_licenses_and_managers_those_to_come_too(vendor: Vendor, sold: list[License]) -> None:
    elsewhere = issued(vendor, "viewer", order_id="B")
    deny(vendor, RESET)
    add_manager(vendor.code, "A", NEW, ADMIN, now=NOW)
    issued(vendor, "viewer", order_id="A")
    issued(vendor, "viewer", manager="third@customer.test", order_id="A")
    assert filed(vendor, NEW, "third@customer.test") == {RESET}
    assert filed(vendor) == {RESET, frozenset()}
    managed = orders.managed_among(vendor.code, account(vendor, MANAGER).id, [elsewhere.id])
    assert [one.denied for one in managed] == [frozenset()]
    assert {one.denied for one in orders.sold_in_order(vendor.code, "A")} == {frozenset()}
    deny(vendor, frozenset())
    assert filed(vendor, MANAGER, NEW) == {frozenset()}
    assert vendor.differences() == []


def test_it_stands_in_the_companys_history_once(vendor: Vendor, sold: list[License]) -> None:
    for denied in (PAUSE, PAUSE, frozenset[Permission]()):
        deny(vendor, denied)
    details = [event.detail for event in histories.company_events(vendor.code) if event.type == "managers_permitted"]
    assert sorted(str(detail["denied"]) for detail in details) == ["None", "disable_license name_license"]


def test_nothing_passes_that_is_denied_and_all_else_does(vendor: Vendor, sold: list[License]) -> None:
    pause = pausing(vendor, sold[0])
    deny(vendor, PAUSE)
    with refused("not_allowed_by_vendor"):
        pause()
    assert vendor.stored(sold[0]).enabled
    deny(vendor, RESET)
    pause()
    assert not vendor.stored(sold[0]).enabled


def test_nor_does_a_change_of_who_manages_the_order_no_more(vendor: Vendor, sold: list[License]) -> None:
    pause = pausing(vendor, sold[0])
    remove_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW)
    with refused("not_allowed_by_vendor"):
        pause()


@pytest.fixture
def before_each_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], object]], Iterator[int]]:
    """Let something happen before one of the steps in which a license is filed."""

    def happen_before(step: int, happen: Callable[[], object]) -> Iterator[int]:
        commit, steps = Transaction.commit, count(1)

        def late(write: Transaction) -> None:
            if write.event is None and next(steps) == step:
                happen()
            commit(write)

        monkeypatch.setattr(orders, "FILED_AT_ONCE", 1)
        monkeypatch.setattr(Transaction, "commit", late)
        return steps

    return happen_before


class Dies(BaseException):
    """The process ends."""


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("finished_by", ["the same again", "the next license"])
def test_what_was_cut_short_is_finished(
    vendor: Vendor,
    sold: list[License],
    step: int,
    finished_by: str,
    monkeypatch: pytest.MonkeyPatch,
    before_each_step: Callable[[int, Callable[[], object]], Iterator[int]],
) -> None:
    def die() -> None:
        raise Dies

    before_each_step(step, die)
    with pytest.raises(Dies):
        deny(vendor, RESET)
    monkeypatch.undo()
    assert filed(vendor) != {RESET}
    assert find_order(vendor.code, "A").pending_managers
    if finished_by == "the next license":
        issued(vendor, "viewer", order_id="A")
    else:
        deny(vendor, RESET)
    assert filed(vendor) == {RESET}
    assert not find_order(vendor.code, "A").pending_managers


@pytest.mark.parametrize("step", [1, 2, 3])
def test_of_two_at_once_the_later_one_counts(
    vendor: Vendor,
    sold: list[License],
    step: int,
    before_each_step: Callable[[int, Callable[[], object]], Iterator[int]],
) -> None:
    steps = before_each_step(step, lambda: deny(vendor, PAUSE))
    deny(vendor, RESET)
    assert next(steps) > step
    assert find_order(vendor.code, "A").denied == PAUSE
    assert filed(vendor) == {PAUSE}
    assert vendor.differences() == []


def test_what_a_rival_has_begun_is_filed_by_whoever_ends_last(
    vendor: Vendor, sold: list[License], monkeypatch: pytest.MonkeyPatch
) -> None:
    """He dies with all before him, when the first has filed everything and is about to say so."""
    right, waiting = writes.update, [True]

    def update(*given: Any, **more: Any) -> Any:
        if waiting:
            waiting.pop()
            with patch.object(orders, "backfill_managers"):
                deny(vendor, PAUSE)
        return right(*given, **more)

    monkeypatch.setattr(writes, "update", update)
    deny(vendor, RESET)
    assert filed(vendor) == {PAUSE}
    assert not find_order(vendor.code, "A").pending_managers


def test_a_license_that_is_sold_amid_it_is_filed_as_the_order_says(
    vendor: Vendor, sold: list[License], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, waiting = Transaction.commit, [True]

    def late(write: Transaction) -> None:
        if waiting and write.event is not None and write.event.type == "license_issued":
            waiting.pop()
            deny(vendor, RESET)
        commit(write)

    monkeypatch.setattr(Transaction, "commit", late)
    vendor.issue(order_id="A")
    assert not waiting
    assert filed(vendor) == {RESET}


@pytest.mark.parametrize("step", [1, 2, 3])
def test_who_is_taken_off_amid_it_is_shown_nothing_afterwards(
    vendor: Vendor,
    sold: list[License],
    step: int,
    before_each_step: Callable[[int, Callable[[], object]], Iterator[int]],
) -> None:
    before_each_step(step, lambda: remove_manager(vendor.code, "A", MANAGER, ADMIN, now=NOW))
    deny(vendor, RESET)
    assert filed(vendor) == set()
    assert vendor.differences() == []


def test_what_older_code_has_filed_is_named_and_mended(vendor: Vendor, sold: list[License]) -> None:
    deny(vendor, RESET)
    link = LicenseSummaryItem(vendor.code, manager_license_sort_key(account(vendor, MANAGER).id, sold[1].id))
    writes.update(link, [LicenseSummaryItem.denied.remove()])
    (named,) = vendor.differences()
    assert "may do other things than the order says" in named
    assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 1, "removed": 0}
    assert filed(vendor) == {RESET}
    assert vendor.differences() == []


def test_a_repair_files_nothing_that_the_order_does_not_say_any_more(
    vendor: Vendor, sold: list[License], monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(vendor, RESET)
    link = LicenseSummaryItem(vendor.code, manager_license_sort_key(account(vendor, MANAGER).id, sold[1].id))
    writes.update(link, [LicenseSummaryItem.denied.remove()])
    commit, outside, waiting = Transaction.commit, copy_context(), [True]

    def late(write: Transaction) -> None:
        if waiting and write.event is not None and write.event.type == "links_repaired":
            waiting.pop()
            outside.run(deny, vendor, PAUSE)
        commit(write)

    monkeypatch.setattr(Transaction, "commit", late)
    assert repair_links(vendor.code, ADMIN, now=NOW)["filed"] == 0
    assert filed(vendor) == {PAUSE}


@pytest.mark.parametrize("denied", ["set_passwords", "change_emails"])
def test_an_account_is_touched_only_by_who_may_on_each_license_that_goes_with_it(
    vendor: Vendor, denied: Permission
) -> None:
    """Two licenses of one customer, in two orders of one manager: one password, and one email, opens both."""
    first, second = issued(vendor, order_id="B"), issued(vendor, order_id="A")
    for license in (first, second):
        vendor.assign(license, ADA)
    deny(vendor, frozenset({denied}))
    manager, code = account(vendor, MANAGER).id, vendor.code
    touches: dict[Permission, list[Callable[[], object]]] = {
        "set_passwords": [
            lambda: reveal_initial_password(code, first.id, ADA, manager, ADMIN, now=NOW),
            lambda: set_password(code, first.id, ADA, None, ADMIN, manager_id=manager, now=NOW),
        ],
        "change_emails": [lambda: change_email(code, first.id, ADA, "x@b.example", ADMIN, manager_id=manager, now=NOW)],
    }
    for touch in touches.pop(denied):
        with refused("not_allowed_by_vendor"):
            touch()
    for allowed in touches.values():
        for touch in allowed:
            touch()
