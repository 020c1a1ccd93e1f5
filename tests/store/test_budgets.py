"""What each call costs, warm, is what `infra/budgets.py` and docs/data-model.md say, and within the design's budgets.

Warm: the process knows the key, the user and the product, as after any call of the same minute. Names are as long as
real ones get.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import Any

import pytest

from chalicelib.domain.activation import CHECK_INTERVAL_MS, USE_INTERVAL_MS
from chalicelib.domain.errors import LimitReached, SeatkeeperError
from chalicelib.domain.events import Event
from chalicelib.domain.license import DeviceReport, License, hash_hardware_id
from chalicelib.domain.origin import Origin
from chalicelib.runtime import runtime
from chalicelib.store import activations, database, reads, writes
from chalicelib.store.due import DUE_SHARDS
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import device_sort_key, license_pk, seat_sort_key
from chalicelib.store.outbox import listened
from chalicelib.store.transactions import Transaction
from chalicelib.usecases import (
    activate,
    change_license,
    check,
    deactivate,
    deliver_events,
    forgotten_password,
    log_in,
    record_refusal,
    send_mails,
    sweep,
)
from chalicelib.usecases.add_consumption import add_consumption
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.usecases.replace_user import replace_user
from chalicelib.usecases.session_list import note_session
from chalicelib.usecases.sessions import open_session
from chalicelib.usecases.slots import release_slot
from infra import budgets
from infra.budgets import ITEM_BYTES, Budget
from infra.scale import items
from infra.scale.items import Units
from tests.docs.pages import DOCS
from tests.mailbox import deliver
from tests.store.costs import KB, counted, size, stored
from tests.store.seam import empty
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.people import account
from tests.usecases.receivers import listen
from tests.usecases.refusals import a_refusal

ADA = "ada.lovelace@engineering.customer-a.test"
BUYER, MANAGER = "purchasing.dept@group.customer-a.test", "license.manager@group.customer-a.test"
ADDRESS = Origin("2001:db8:85a3:8d3::")
PC, OTHER = "a" * 64, "b" * 64
END = NOW + 9000 * DAY
"""In a year of its own: a sweep is of all companies."""
DUE = NOW + CHECK_INTERVAL_MS
TERMS: dict[str, Any] = {
    "license_type": "time-limited",
    "grace_period": 720,
    "max_transfers": 3,
    "customer": BUYER,
    "manager": MANAGER,
}

Call = Callable[[], object]
PAGE = (DOCS / "data-model.md").read_text().partition("## What a call costs")[2].partition("\n## ")[0]
FIGURES = {
    call: (round_trips, float(read), int(written))
    for call, round_trips, read, written in re.findall(
        r"^\| (.+?) \| (.+?) \| ([\d.]+) \| (\d+) \|$", PAGE, re.MULTILINE
    )
}
"""Of each call on the page: its round trips, its read units and its write units."""


@dataclass
class Site:
    """A license, and the calls of devices that report much."""

    vendor: Vendor
    license: License
    password: str | None = None

    def activate(self, hardware_id: str, *, by_id: bool = True) -> None:
        lookup, report = self.lookup(hardware_id, by_id), a_report(hardware_id)
        activate.activate(self.vendor.code, lookup, self.password, report, ADMIN, now=NOW)

    def check(self, hardware_id: str, now: int = NOW, *, by_id: bool = True) -> None:
        check.check(self.vendor.code, self.lookup(hardware_id, by_id), a_report(hardware_id), ADMIN, now=now)

    def deactivate(self, hardware_id: str, now: int = NOW) -> None:
        deactivate.deactivate(self.vendor.code, self.lookup(hardware_id), ADMIN, now=now)

    def lookup(self, hardware_id: str, by_id: bool = True) -> LicenseLookup:
        """Clients send the license's id as well, once they have got it."""
        who = self.license if self.password is None else ADA
        return self.vendor.lookup(who, hardware_id, **({"license_id": self.license.id} if by_id else {}))

    def item(self, part: str) -> Any:
        """As stored."""
        pk = license_pk(self.vendor.code, self.license.id)
        return stored(database.table_name(LicenseItem), {"pk": {"S": pk}, "part": {"S": part}})


def a_report(hardware_id: str) -> DeviceReport:
    return DeviceReport(
        hardware_id,
        hostname="workstation-0042.structural-engineering.munich.customer-a.test",
        os_ver="Microsoft Windows 11 Enterprise 10.0.26100 Build 26100 (64-bit)",
        ip="2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        mac_address="00:1B:44:11:3A:B7",
        is_vm=True,
        vm_info="VMware Virtual Platform, Intel 440BX Desktop Reference",
        app_ver="2027.1.3.44181",
        sdk_ver="python 4.2.11",
    )


def by_key(vendor: Vendor, *active: str, **terms: Any) -> Site:
    dated = {} if "valid_duration" in terms else {"validity_period": NOW + 365 * DAY}
    return _warm(Site(vendor, vendor.issue(**(TERMS | dated | terms))), active)


def by_user(vendor: Vendor, *active: str, **terms: Any) -> Site:
    dated = {} if "valid_duration" in terms else {"validity_period": NOW + 365 * DAY}
    license = vendor.issue("revit", max_license_users=5, **(TERMS | dated | terms))
    return _warm(Site(vendor, license, vendor.assign(license, ADA, 5)[1]), active)


def _warm(site: Site, active: tuple[str, ...]) -> Site:
    for hardware_id in active:
        site.activate(hardware_id)
    with suppress(SeatkeeperError):
        site.check(OTHER)
    return site


def by_user_of_40(vendor: Vendor, *active: str, max_activations: int = 2) -> Site:
    """A seat on 40 licenses, and the devices on the oldest of them."""
    site = by_user(vendor, *active)
    for _ in range(39):
        vendor.now += 1
        newer = vendor.issue(
            "revit",
            max_license_users=5,
            **(TERMS | {"validity_period": NOW + 365 * DAY, "max_activations": max_activations}),
        )
        vendor.assign(newer, ADA, max_activations)
    return site


def refused_check(site: Site) -> Call:
    site.check(OTHER, DUE - 1)

    def call() -> None:
        with pytest.raises(SeatkeeperError):
            site.check("c" * 64, DUE - 1, by_id=False)

    return call


def activating(site: Site, **how: Any) -> Call:
    return lambda: site.activate(PC, **how)


def blocking(site: Site) -> Site:
    """One device that is not the one in question."""
    blacklist_device(site.vendor.code, site.license.id, "c" * 64, ADMIN, now=NOW)
    return site


def transferring(site: Site) -> Call:
    site.deactivate(OTHER)
    return activating(site)


def refused(site: Site) -> Call:
    def call() -> None:
        with pytest.raises(SeatkeeperError):
            site.activate(PC)

    return call


def checking(site: Site, now: int, **how: Any) -> Call:
    site.check(OTHER, now - 1)  # what is remembered for a minute is remembered anew
    return lambda: site.check(PC, now, **how)


def floating(site: Site, *, slots: int = 1) -> Site:
    """With so many slots, one of which the device has that is not in question; how many are in use was just counted."""
    terms = {"floating_users": slots, "floating_timeout": 60}
    change_terms(site.vendor.code, site.license.id, terms, ADMIN, now=NOW)
    site.check(OTHER, DUE - 2)
    return site


def holding(site: Site) -> Site:
    site.check(PC, DUE - 2)
    listened(site.vendor.code, "device_deactivated", DUE - 2)  # which a warm process knows
    return site


def refused_slot(site: Site, *, times: int = 1) -> Call:
    def call() -> None:
        with pytest.raises(LimitReached):
            site.check(PC, DUE - 1)

    for _ in range(times - 1):
        call()
    return call


def metered(vendor: Vendor, most: int = 100) -> Site:
    """By consumption, used once today."""
    terms = {"max_consumptions": most, "consumption_period": "monthly", "allow_overages": False}
    site = by_key(vendor, OTHER, PC, license_type="consumption", **terms)
    using_it(site)()
    return site


def using_it(site: Site, *, now: int = DUE - 1, key: str | None = None, times: int = 1) -> Call:
    def call() -> None:
        given = (site.vendor.code, site.lookup(PC), 1, a_report(PC), ADMIN)
        with suppress(LimitReached):
            add_consumption(*given, key=key, now=now)

    site.check(PC, now)  # it is noted, and what is remembered for a minute is remembered anew
    for _ in range(times - 1):
        call()
    return call


def releasing(site: Site) -> Call:
    return lambda: release_slot(site.vendor.code, site.lookup(PC), ADMIN, now=DUE - 1)


def deactivating(site: Site, now: int = NOW) -> Call:
    return lambda: site.deactivate(PC, now)


def listening(site: Site) -> Site:
    """A webhook of the company listens to all, and the process knows it."""
    listen(site.vendor)
    runtime().caches.listened_to.get(site.vendor.code, lambda: None, NOW, fresh=True)
    assert listened(site.vendor.code, "device_activated", NOW)
    return site


def sweeping(vendor: Vendor, licenses: int = 0, grace_period: int = 0, at: int = END, end: int = END) -> Call:
    """A sweep of so many licenses that end together; what was due before, also of other tests, is announced."""
    for _ in range(licenses):
        by_key(vendor, OTHER, validity_period=end, grace_period=grace_period)
    sweep.sweep(now=at - 1)
    listened(vendor.code, "license_expired", at)  # which a warm process knows
    return lambda: sweep.sweep(now=at)


def issuing(vendor: Vendor) -> Call:
    """A license by key that ends, in an order of its own, to a manager who is known."""
    by_key(vendor)
    return lambda: vendor.issue(**TERMS, validity_period=NOW + 365 * DAY)


def extending(site: Site) -> Call:
    code, id = site.vendor.code, site.license.id
    return lambda: change_license.extend(code, id, NOW + 999 * DAY, None, ADMIN, now=NOW)


def replacing(site: Site) -> Call:
    """By somebody who has no account yet, and is invited."""
    given = (site.vendor.code, site.license.id, ADA, "grace.hopper@engineering.customer-a.test", ADMIN)
    return lambda: replace_user(*given, invite=True, now=NOW)


def logging_in(vendor: Vendor, password: str | None) -> Call:
    known = password or by_user(vendor).password or ""

    def call() -> None:
        with suppress(SeatkeeperError):
            log_in.log_in(vendor.code, ADA, known, ADDRESS, now=NOW)

    return call


def listing(vendor: Vendor) -> Call:
    by_user(vendor)
    claims = open_session(account(vendor, ADA), now=NOW)
    return lambda: note_session(claims, "Firefox (Windows)", "192.0.2.1", now=NOW)


def recording(vendor: Vendor, before: int = 0) -> Call:
    """A refusal with all that is known of one."""
    refusal = a_refusal(vendor.issue().id, ADA, PC, hostname=a_report(PC).hostname)
    for _ in range(before):
        record_refusal.record_refusal(vendor.code, refusal)
    return lambda: record_refusal.record_refusal(vendor.code, refusal)


def asking_for_a_code(vendor: Vendor) -> Call:
    by_user(vendor)
    return lambda: forgotten_password.request_code(vendor.code, ADA, "a browser", ADDRESS, now=NOW)


def mailing(vendor: Vendor, codes: int) -> Call:
    asking = asking_for_a_code(vendor)
    deliver()  # what other tests left behind, and what was mailed of the seat
    for _ in range(codes):
        asking()
    return lambda: send_mails.send_mails(now=NOW)


def delivering() -> Call:
    empty("licenses")  # what other tests have left to be delivered
    return lambda: deliver_events.deliver_events(now=NOW)


CALLS: dict[str, Callable[[Vendor], Call]] = {
    "check by key": lambda v: checking(by_key(v, OTHER, PC), DUE - 1),
    "check by key, once in 15 minutes": lambda v: checking(by_key(v, OTHER, PC), DUE),
    "check by key, on a license with blacklisted devices": lambda v: checking(blocking(by_key(v, OTHER, PC)), DUE - 1),
    "check by user": lambda v: checking(by_user(v, OTHER, PC), DUE - 1),
    "check by user, once in 15 minutes": lambda v: checking(by_user(v, OTHER, PC), DUE),
    "check by user, once in 12 hours": lambda v: checking(by_user(v, OTHER, PC), NOW + USE_INTERVAL_MS),
    "check by user, without the license's id": lambda v: checking(by_user(v, OTHER, PC), DUE - 1, by_id=False),
    "check by user of 40 licenses, without a license's id": lambda v: checking(
        by_user_of_40(v, OTHER, PC), DUE - 1, by_id=False
    ),
    "check by user of 40 licenses, refused": lambda v: refused_check(by_user_of_40(v, OTHER)),
    "check by key, floating, renewing": lambda v: checking(holding(floating(by_key(v, OTHER, PC), slots=2)), DUE - 1),
    "check by key, floating, taking a slot": lambda v: checking(floating(by_key(v, OTHER, PC), slots=2), DUE - 1),
    "check by key, floating, refused": lambda v: refused_slot(floating(by_key(v, OTHER, PC))),
    "check by key, floating, refused again": lambda v: refused_slot(floating(by_key(v, OTHER, PC)), times=2),
    "check by user, floating, renewing": lambda v: checking(holding(floating(by_user(v, OTHER, PC), slots=2)), DUE - 1),
    "check by user, floating, taking a slot": lambda v: checking(floating(by_user(v, OTHER, PC), slots=2), DUE - 1),
    "release by key": lambda v: releasing(holding(floating(by_key(v, OTHER, PC), slots=2))),
    "release by user": lambda v: releasing(holding(floating(by_user(v, OTHER, PC), slots=2))),
    "use by key": lambda v: using_it(metered(v)),
    "use by key, the first of a day": lambda v: using_it(metered(v), now=DUE + DAY),
    "use by key, with an Idempotency-Key": lambda v: using_it(metered(v), key="k" * 36),
    "use by key, with an Idempotency-Key, again": lambda v: using_it(metered(v), key="k" * 36, times=2),
    "use by key, refused": lambda v: using_it(metered(v, 1)),
    "check by key, by consumption": lambda v: checking(metered(v), DUE - 1),
    "activate by key": lambda v: activating(by_key(v, OTHER)),
    "activate by key, the first that starts a duration": lambda v: activating(by_key(v, valid_duration="12m")),
    "activate by key, a transfer": lambda v: transferring(by_key(v, OTHER)),
    "activate by key, again": lambda v: activating(by_key(v, OTHER, PC)),
    "activate by key, refused": lambda v: refused(by_key(v, OTHER, max_activations=1)),
    "activate by key, on a license with blacklisted devices": lambda v: activating(blocking(by_key(v, OTHER))),
    "activate by key, where a webhook listens": lambda v: activating(listening(by_key(v, OTHER))),
    "activate by user": lambda v: activating(by_user(v, OTHER)),
    "activate by user, the first that starts a duration": lambda v: activating(by_user(v, valid_duration="12m")),
    "activate by user, without the license's id": lambda v: activating(by_user(v, OTHER), by_id=False),
    "activate by user of 40 licenses, all but the last refused": lambda v: activating(
        by_user_of_40(v, OTHER, max_activations=0), by_id=False
    ),
    "deactivate by key": lambda v: deactivating(by_key(v, OTHER, PC)),
    "deactivate by user": lambda v: deactivating(by_user(v, OTHER, PC)),
    "deactivate by key, floating, with a slot": lambda v: deactivating(
        holding(floating(by_key(v, OTHER, PC), slots=2)), now=DUE - 1
    ),
    "issue a license": issuing,
    "extend a license": lambda v: extending(by_key(v)),
    "replace a user, of however many devices": lambda v: replacing(by_user(v, OTHER, PC)),
    "record a refused call": recording,
    "record a refused call, again within the hour": lambda v: recording(v, before=1),
    "log in": lambda v: logging_in(v, None),
    "list the session of a log-in to the portal": listing,
    "log in, the wrong password": lambda v: logging_in(v, "wrong"),
    "ask for a code": asking_for_a_code,
    "mail, nothing queued": lambda v: mailing(v, 0),
    "mail, one is sent": lambda v: mailing(v, 1),
    "events, nothing waits": lambda _: delivering(),
    "sweep, nothing due": sweeping,
    "sweep, one license will expire": lambda v: sweeping(v, 1, at=END - 99 * DAY, end=END - 92 * DAY),
    "sweep, one license expires": lambda v: sweeping(v, 1),
    "sweep, one license comes into grace": lambda v: sweeping(v, 1, 720),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_costs_its_budget(vendor: Vendor, call: str) -> None:
    prepared = CALLS[call](vendor)
    with counted() as cost:
        prepared()
    assert Budget(cost.round_trips, cost.read_units, cost.write_units) == budgets.CALLS[call], (
        cost.round_trips,
        cost.read_units,
        cost.write_units,
    )
    by_kind = {kind: Units(cost.read[kind], cost.written[kind]) for kind in {*cost.read, *cost.written}}
    assert by_kind == items.CALLS.get(call, by_kind)


def test_items_are_of_calls_that_have_a_budget() -> None:
    assert items.CALLS.keys() <= CALLS.keys()


def test_every_budget_is_measured() -> None:
    assert list(budgets.CALLS) == list(CALLS)


def test_the_page_shows_the_budgets() -> None:
    assert {call: astuple(budget) for call, budget in budgets.CALLS.items()} == FIGURES
    assert list(FIGURES) == list(CALLS)


@pytest.mark.parametrize(
    ("call", "round_trips", "read", "written"),
    [
        ("check by key", "1 read", 2, 0),
        ("check by key, once in 15 minutes", "1 read + 1 write", 2, 1),
        ("check by user", "1 read", 3, 0),  # the user and the seat are read, too
        ("check by user, once in 15 minutes", "1 read + 1 write", 3, 1),
        ("check by user, once in 12 hours", "1 read + 2 writes", 3, 2),  # the second for who has not been seen so long
        ("check by key, floating, renewing", "1 read + 1 write", 2, 1),
        (
            "check by key, floating, taking a slot",
            "3 reads + 1 transaction",
            4,
            8,
        ),  # one of them for how many are in use
        ("check by key, floating, refused again", "2 reads", 6, 0),
        ("check by user, floating, renewing", "1 read + 1 write", 3, 1),
        ("release by key", "2 reads + 1 transaction", 3, 8),
        ("release by user", "3 reads + 1 transaction", 12, 8),
        ("deactivate by key, floating, with a slot", "2 reads + 1 transaction", 3, 10),
        ("activate by key", "1 read + 1 transaction", 2, 10 + 2),
        ("activate by key, the first that starts a duration", "1 read + 1 transaction", 2, 10 + 4 + 2),
        ("activate by key, a transfer", "1 read + 1 transaction", 2, 10 + 2),
        ("activate by key, again", "2 reads", 8, 0),  # that nothing is to be done is confirmed
        (
            "activate by user",
            f"{1 + 2} reads + 2 writes + 1 transaction",
            7,
            2 + 10 + 6,
        ),  # a log-in reads of strangers, too
        # Above the design by the links from the hardware id, its own id, the host name and the user, once in a device's
        # life, and by the notices of the end, once in a license's.
        ("activate by user, the first that starts a duration", "3 reads + 2 writes + 1 transaction", 7, 2 + 10 + 8 + 2),
        ("deactivate by key", "1 read + 1 transaction", 2, 10),
        ("deactivate by user", "1 read + 1 transaction", 3, 10),
        ("sweep, nothing due", f"{DUE_SHARDS} reads", DUE_SHARDS, 0),
        ("sweep, one license will expire", f"{DUE_SHARDS} reads + 1 transaction", DUE_SHARDS, 10),
        ("sweep, one license expires", f"{DUE_SHARDS} reads + 1 transaction", DUE_SHARDS, 10),
    ],
)
def test_a_budget_is_within_the_design(call: str, round_trips: str, read: float, written: int) -> None:
    budget = budgets.CALLS[call]
    assert budget.round_trips == round_trips
    assert budget.read_units <= read
    assert budget.write_units <= written


def test_a_sweep_costs_a_transaction_for_each_license_that_is_due(vendor: Vendor) -> None:
    by_key(vendor, validity_period=END + 1)
    due = sweeping(vendor, 3)
    with counted() as cost:
        due()
    one = budgets.CALLS["sweep, one license expires"]
    assert (cost.round_trips, cost.read_units) == (f"{DUE_SHARDS} reads + 3 transactions", one.read_units)
    assert cost.write_units == 3 * one.write_units


def test_a_usual_license_seat_and_device_are_a_write_unit_each(vendor: Vendor) -> None:
    """However many devices are blacklisted on it."""
    site = by_user(vendor, OTHER, valid_duration="12m", start_date=NOW, order_id="PO-2026-11-24/4500098765-0001")
    site.deactivate(OTHER)
    for number in range(60):
        blacklist_device(vendor.code, site.license.id, f"{number}", ADMIN, now=NOW)
    (device,) = activations.devices(vendor.code, site.license.id)
    assert device.user_id is not None
    parts = ("license", seat_sort_key(device.user_id), device_sort_key(hash_hardware_id(OTHER), device.user_id))
    assert [part for part in parts if not 0 < size(site.item(part)) <= ITEM_BYTES] == []
    assert ITEM_BYTES == KB


@pytest.mark.parametrize(("length", "written", "read"), [(1024, 1, 1), (1025, 2, 1), (4096, 4, 1), (4097, 5, 2)])
def test_units_are_counted_by_the_published_rules(vendor: Vendor, length: int, written: int, read: int) -> None:
    item, event = LookupItem(vendor.code, "key#padded"), Event.new("company_created", ADMIN, NOW)
    padding = "x" * (length - len(f"pk{item.pk}part{item.sort_key}product"))
    write = Transaction(event_item(vendor.code, event, AccountEventItem))
    write.delete(item, LookupItem.pk.exists())
    steps: list[tuple[Call, float, int]] = [
        (lambda: writes.update(item, [LookupItem.product.set(padding)]), 0, written),
        (lambda: reads.batch_get([item, LookupItem(vendor.code, "key#absent")], consistent=True), read + 1, 0),
        (lambda: reads.batch_get([item, LookupItem(vendor.code, "key#absent")], consistent=False), (read + 1) / 2, 0),
        (lambda: reads.transact_get([item, LookupItem(vendor.code, "key#absent")]), 2 * (read + 1), 0),
        (lambda: list(reads.query(LookupItem, vendor.code, "key#padded")), read, 0),
        (lambda: writes.update(item, [LookupItem.product.set("x")]), 0, written),
        (lambda: writes.update(item, [LookupItem.product.set(padding)]), 0, written),
        (write.commit, 0, 2 * written + 2),  # the event is small
        (lambda: writes.delete(item), 0, 1),  # there is none
    ]
    for number, (step, read_units, write_units) in enumerate(steps):
        with counted() as cost:
            step()
        assert (cost.read_units, cost.write_units) == (read_units, write_units), number
