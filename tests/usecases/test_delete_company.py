"""A deleted company leaves nothing in any table and moves nothing of another one, wherever it is interrupted."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from chalicelib.domain.errors import NotFound, SeatkeeperError
from chalicelib.domain.mail import QueuedMail
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.terms import Terms
from chalicelib.domain.users import User
from chalicelib.store import accounts, mails, outbox, probes, reads, removal, writes
from chalicelib.store.due import DUE_SHARDS
from chalicelib.store.items.ephemera import SessionItem
from chalicelib.store.items.kinds import KINDS, kind_of
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import count_sort_key, due_pk, mail_pk, webhooks_pk
from chalicelib.store.mails import MAIL_SHARDS
from chalicelib.store.schema import Raw
from chalicelib.usecases import create, portal_queries
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.audit import companies
from chalicelib.usecases.change_license import extend
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.endpoints import find_endpoints
from chalicelib.usecases.forgotten_password import request_code
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.order_managers import add_manager
from chalicelib.usecases.sessions import log_in_to_portal
from chalicelib.usecases.sweep import sweep
from tests.store.cases import CASES
from tests.store.seam import Request, every_item, noted
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, issued, logged_in
from tests.usecases.receivers import told_of_all
from tests.usecases.support import before_write, refused

TABLES = (LicenseItem, LookupItem, SessionItem)
"""An item class of each table."""
ORDER, NEW_MANAGER = "order-1", "new@customer.test"


def stored(code: str) -> list[str]:
    """Every item of every table that names a company, also what is sealed of mails, as text."""
    return sorted(text for text in texts() if code in text)


def uncounted(items: list[str]) -> list[str]:
    """Without counters: in how many of them things are counted follows from ids, which are drawn at random."""
    return [text for text in items if count_sort_key() not in text]


def texts() -> list[str]:
    """Every item of every table, also what is sealed of mails, as text."""
    items = [json.dumps(item, sort_keys=True) for table in TABLES for item in every_item(table.Meta.table_name)]
    for shard in range(MAIL_SHARDS):
        for queued in mails.queued_mails(shard, NOW + 10_000 * DAY):
            assert isinstance(queued, QueuedMail)
            with suppress(InvalidTag):  # of a test with another key
                items.append(str(mails.opened(queued)))
    return items


def test_whatever_a_use_case_writes_is_stored_by_name_and_gone_with_its_company() -> None:
    """Of every use case that writes, and of every kind of item: who adds one that keeps something elsewhere, or a kind
    of item that stays, sees this fail.
    """
    cases = {}
    for case in CASES:
        vendor = Vendor()
        cases[vendor.code] = case.name
        prepared = case.prepare(vendor)
        with suppress(SeatkeeperError):
            case.act(vendor, prepared)
    shop = Shop(Vendor()).vendor  # what is due of the others, they have announced
    cases[shop.code] = "a shop"
    probes.count_guess(shop.code, "192.0.2.0", NOW)  # which none of them does
    told_of_all(shop)
    written = [
        (kind_of(table.Meta.table_name, raw), raw)
        for table in TABLES
        for raw in every_item(table.Meta.table_name)
        for text in [str(raw)]
        if any(code in text for code in cases) or raw["pk"]["S"].startswith(mail_pk())  # which are sealed
    ]
    assert [raw for _, raw in written if is_positional(raw)] == []
    for code in [code for code in companies() if code.startswith(tuple(cases))]:  # one makes a second company
        delete_company(code)
    left = texts()
    assert {name: found for code, name in cases.items() if (found := [text for text in left if code in text])} == {}
    assert {kind for kind in KINDS if kind.removal != "expires"} - {kind for kind, _ in written} == set()


def is_positional(raw: Raw) -> bool:
    """Whether an item has rows whose columns nothing names: an older process would take one for another."""
    texts = [typed["S"] for typed in raw.values() if typed.get("S", "").startswith("[[")]
    return "columns" not in raw and any(isinstance(row, list) for text in texts for row in json.loads(text))


class Shop:
    """A company with all that one can have, and with people in it."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.license = issued(vendor, license_type="time-limited", validity_period=NOW + 3000 * DAY, grace_period=24)
        _, password = vendor.assign(self.license, "ada@customer.test")
        vendor.activate("ada@customer.test", "pc", password)
        vendor.issue(order_id="o", customer="shop@customer.test")
        self.manager = logged_in(vendor, MANAGER)
        request_code(vendor.code, MANAGER, now=NOW)
        with suppress(SeatkeeperError):
            log_in(vendor.code, "ada@customer.test", "wrong", now=NOW)


@pytest.fixture
def shop(vendor: Vendor) -> Shop:
    return Shop(vendor)


def test_nothing_of_another_company_moves_also_where_its_code_begins_alike(shop: Shop) -> None:
    other = Vendor(f"{shop.vendor.code}-Z")  # an API key goes on with a digit or a small letter
    Shop(other)
    theirs = [item for item in stored(shop.vendor.code) if other.code in item]
    ours = [item for item in stored(shop.vendor.code) if other.code not in item]
    assert len(uncounted(theirs)) == len(uncounted(ours)) > 20
    assert delete_company(shop.vendor.code) >= len(ours)
    assert stored(shop.vendor.code) == theirs
    assert other.differences() == []


def test_it_is_out_of_the_list_of_companies_and_the_sweep_and_its_code_is_free(shop: Shop) -> None:
    code = shop.vendor.code
    delete_company(code)
    assert code not in set(companies())
    due = [item for shard in range(DUE_SHARDS) for item in reads.query(DueItem, due_pk(shard)) if item.company == code]
    assert due == []
    with refused("company_not_found"):
        delete_company(code)
    assert create.create_company(code, "Another one", ADMIN, now=NOW).code == code


class CutShortError(Exception):
    """Stands for the end of the process."""


def cut_short(code: str, after: int) -> bool:
    """Delete, and end after so many writes; whether it was cut short."""
    written = count(1)

    def end(request: Request) -> None:
        if request.operation in ("DeleteItem", "BatchWriteItem") and next(written) > after:
            raise CutShortError

    try:
        with noted(end):
            delete_company(code)
    except CutShortError:
        return True
    return False


def test_wherever_it_is_cut_short_nobody_gets_in_and_the_same_call_finishes_it(vendor: Vendor) -> None:
    for after in count(1):
        shop = Shop(Vendor())
        if not cut_short(shop.vendor.code, after):
            break
        assert_nothing_new_and_no_session(shop)
        sweep(now=NOW + 4000 * DAY)
        delete_company(shop.vendor.code)
        assert stored(shop.vendor.code) == [], f"after {after} writes"
    assert after > 10


def assert_nothing_new_and_no_session(shop: Shop) -> None:
    code = shop.vendor.code
    with refused("company_not_found"):
        create.create_api_key(code, frozenset(), False, ADMIN, now=NOW)
    with refused("company_not_found"):
        issue_license(code, "viewer", Terms("perpetual", 1), None, ADMIN, now=NOW)
    with refused("already_exists"):
        create.create_company(code, "Another one", ADMIN, now=NOW)
    with refused("session_expired"):
        portal_queries.authenticate_session(shop.manager, now=NOW)


def test_api_keys_and_log_ins_are_refused_before_licenses_are_touched(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(code: str, license_id: int) -> Any:
        assert accounts.read_api_key(code, shop.vendor.api_key) is None
        with refused("invalid_credentials"):
            log_in_to_portal(code, MANAGER, PASSWORD, now=NOW)
        return removed(code, license_id)

    removed = removal.remove_license
    monkeypatch.setattr(removal, "remove_license", look)
    delete_company(shop.vendor.code)
    assert stored(shop.vendor.code) == []


@pytest.mark.parametrize("change", ["a sweep", "a new end"])
def test_a_license_that_is_filed_anew_meanwhile_leaves_nothing_that_is_due(
    shop: Shop, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, delete = shop.vendor, writes.delete
    done: list[DueItem] = []

    def amid(item: Any, *more: Any) -> None:
        if isinstance(item, DueItem) and not done:
            done.append(item)
            if change == "a sweep":
                sweep(now=NOW + 3000 * DAY)
            else:
                extend(vendor.code, shop.license.id, NOW + 3500 * DAY, None, ADMIN, now=NOW)
        delete(item, *more)

    monkeypatch.setattr(writes, "delete", amid)
    delete_company(vendor.code)
    assert done
    assert stored(vendor.code) == []


MAKING: dict[str, Callable[[str], object]] = {
    "a license": lambda code: issue_license(code, "viewer", Terms("perpetual", 5), NEW_MANAGER, ADMIN, now=NOW),
    "a license of the order": lambda code: issue_license(
        code, "viewer", Terms("perpetual", 5, order_id=ORDER, customer=CUSTOMER), None, ADMIN, now=NOW
    ),
    "a product": lambda code: create.create_product(code, "planner", "Planner", "user", ADMIN, now=NOW),
    "an API key": lambda code: create.create_api_key(code, frozenset(), False, ADMIN, now=NOW),
    "a manager": lambda code: add_manager(code, ORDER, NEW_MANAGER, ADMIN, now=NOW),
}


@pytest.mark.parametrize("making", MAKING)
def test_what_was_decided_before_a_company_was_deleted_is_not_made_after(making: str) -> None:
    """Before each write of it another call deletes the company."""
    for write in count(1):
        vendor = Vendor()
        vendor.issue(order_id=ORDER)
        with before_write(write, partial(delete_company, vendor.code)) as is_over, suppress(NotFound):
            MAKING[making](vendor.code)
        if not is_over():
            break
        assert stored(vendor.code) == []
    assert write > 1


def test_a_license_that_is_gone_takes_no_user_any_more(shop: Shop) -> None:
    list(removal.remove_license(shop.vendor.code, shop.license.id))
    with refused("license_not_found"):
        assign_user(shop.vendor.code, shop.license.id, "new@customer.test", 1, ADMIN, now=NOW)
    assert isinstance(shop.manager, SessionClaims)
    assert isinstance(accounts.read_user(shop.vendor.code, shop.manager.user_id), User)
    delete_company(shop.vendor.code)


def test_what_waits_for_an_endpoint_goes_once_no_sender_files_any_more_for_it(vendor: Vendor) -> None:
    """Else a sender that has read the company before files behind us, with the data of its customers."""
    told_of_all(vendor)
    (endpoint,) = find_endpoints(vendor.code)
    left = list[str]()

    def look(request: Request) -> None:
        if webhooks_pk(vendor.code, endpoint.id) in str(request.body):
            shards = (outbox.waiting(shard, NOW + 10_000 * DAY) for shard in range(outbox.OUT_SHARDS))
            left.append(str([one for shard in shards for one in shard if vendor.code in str(one)]))

    with noted(look):
        delete_company(vendor.code)
    assert set(left) == {"[]"}


def test_how_far_it_is_is_told_step_by_step_in_bounded_steps(shop: Shop) -> None:
    steps: list[int] = []
    items = delete_company(shop.vendor.code, progress=steps.append)
    assert len(steps) > 3
    assert max(steps) <= writes.BATCH_WRITE_LIMIT
    assert items == sum(steps) + 2
