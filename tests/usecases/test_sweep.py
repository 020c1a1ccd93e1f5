"""The sweep announces each transition once, however late, however often, and reads no more than what is due.

Its licenses lie in years of their own: a sweep is of all companies, and tests run side by side on one database. They
are issued on their last day, so that there is no notice to be given of their end (`test_expiry_notices.py`).
"""

from threading import Event
from typing import Never

import pytest

from chalicelib.domain.instants import from_iso, to_iso
from chalicelib.domain.license import License
from chalicelib.store import database, writes
from chalicelib.store.due import (
    DUE_SHARDS,
    GROUPS,
    SHARDS_OF_A_COMPANY,
    due_shard,
    filed,
    transition_entries,
)
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import due_pk
from chalicelib.store.outbox import listened
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_license import extend, set_enabled
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.sweep import SWEEP, sweep
from tests.store.faults import Fault, failed, throttled, wire
from tests.store.seam import Answer, Request, Send
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.support import calls_counted, kinds

END = NOW + 3000 * DAY


@pytest.fixture(autouse=True)
def _nothing_is_due_yet(vendor: Vendor) -> None:
    """What other tests of this process left behind is announced before."""
    sweep(now=END - 1)
    vendor.now = END - 12 * HOUR


def counts(**of: int) -> dict[str, int]:
    """The answer of a sweep that has announced so many, and no others."""
    kinds = ("license_will_expire", "grace_started", "license_expired", "device_lapsed", "update_applied")
    return dict.fromkeys([*kinds, "update_failed", "failed"], 0) | of


def test_each_transition_is_announced_once_with_the_instant_at_which_it_happened(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=END, grace_period=24)
    for past_end in (-1, 0, 0, HOUR, 24 * HOUR - 1, 24 * HOUR, 24 * HOUR, 99 * DAY):
        sweep(now=END + past_end)
    events = vendor.history(license)[1:]
    assert [(event.type, event.at, event.detail) for event in events] == [
        ("grace_started", END, {"since": to_iso(END)}),
        ("license_expired", END + 24 * HOUR, {"since": to_iso(END + 24 * HOUR)}),
    ]
    assert {event.actor for event in events} == {SWEEP}


def test_the_answer_counts_what_was_announced(vendor: Vendor) -> None:
    for grace in (0, 0, 24):
        vendor.issue(license_type="time-limited", validity_period=END, grace_period=grace)
    assert sweep(now=END) == counts(grace_started=1, license_expired=2)
    assert sweep(now=END) == counts()
    assert sweep(now=END + DAY) == counts(license_expired=1)


def test_a_gap_of_years_is_caught_up_in_order(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=END, grace_period=24)
    sweep(now=END + 5000 * DAY)
    events = vendor.history(license)[1:]
    assert [(event.type, event.detail) for event in events] == [
        ("grace_started", {"since": to_iso(END)}),
        ("license_expired", {"since": to_iso(END + 24 * HOUR)}),
    ]


def test_sweeps_at_the_same_time_announce_once_together(vendor: Vendor) -> None:
    licenses = [vendor.issue(license_type="time-limited", validity_period=END) for _ in range(12)]
    with ThreadPool(6) as threads:
        answers = list(threads.map(lambda _: sweep(now=END), range(6)))
    assert sum(counts["license_expired"] for counts in answers) == len(licenses)
    assert [kinds(vendor, license) for license in licenses] == [["license_expired"]] * len(licenses)


def test_an_extension_in_time_leaves_nothing_to_announce(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=END)
    extend(vendor.code, license.id, END + HOUR, None, ADMIN, now=vendor.now)
    sweep(now=END + HOUR - 1)
    assert kinds(vendor, license) == ["license_extended"]


def test_a_license_that_expires_again_after_an_extension_is_announced_again(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=END, grace_period=24)
    sweep(now=END + 2 * DAY)
    extend(vendor.code, license.id, END + 9 * DAY, None, ADMIN, now=END + 3 * DAY)
    sweep(now=END + 4 * DAY)
    sweep(now=END + 9 * DAY)
    sweep(now=END + 10 * DAY)
    assert kinds(vendor, license) == [
        "grace_started",
        "license_expired",
        "license_extended",
        "grace_started",
        "license_expired",
    ]


def test_an_extension_out_of_grace_lets_grace_begin_anew(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=END, grace_period=24)
    sweep(now=END)
    extend(vendor.code, license.id, END + 20 * HOUR, None, ADMIN, now=END + HOUR)
    sweep(now=END + 20 * HOUR - 1)
    sweep(now=END + 20 * HOUR)
    assert kinds(vendor, license) == ["grace_started", "license_extended", "grace_started"]


def test_a_disabled_license_expires_like_any_other(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=END)
    set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    sweep(now=END)
    assert kinds(vendor, license) == ["license_disabled", "license_expired"]


def test_a_duration_is_due_only_once_it_has_begun(vendor: Vendor) -> None:
    vendor.now = NOW
    begun, unused = (vendor.issue(license_type="time-limited", valid_duration="10y") for _ in range(2))
    vendor.activate(begun, "pc")
    sweep(now=from_iso("2036-11-24T05:59:59.999Z"))
    begun_before = ["device_activated", "license_will_expire"]
    assert kinds(vendor, begun) == begun_before
    sweep(now=from_iso("2036-11-24T06:00:00.000Z"))
    assert (kinds(vendor, begun), kinds(vendor, unused)) == ([*begun_before, "license_expired"], [])


def test_a_sweep_costs_a_query_a_shard_and_a_write_a_due_license_and_reads_no_other(vendor: Vendor) -> None:
    for days in [0] * 5 + [40] * 15:
        vendor.issue(license_type="time-limited", validity_period=END + days * DAY)
    vendor.issue()
    listened(vendor.code, "license_expired", END)  # which a warm process knows
    with calls_counted() as sent:
        assert sweep(now=END)["license_expired"] == 5
    assert sorted(sent) == ["Query"] * DUE_SHARDS + ["TransactWriteItems"] * 5
    with calls_counted() as sent:
        sweep(now=END)
    assert sent == ["Query"] * DUE_SHARDS


def not_allowed(request: Request, _: Send) -> Never:
    failed(request, 400, "AccessDeniedException")


@pytest.mark.parametrize("fault", [throttled, not_allowed])
def test_a_license_that_cannot_be_announced_keeps_no_other_from_it(
    fault: Fault, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)
    licenses = _of_one_shard(vendor, 3)
    stuck = str(licenses[0].id)  # the longest overdue: the first of its shard

    def stuck_alone(request: Request, send: Send) -> Answer:
        return fault(request, send) if stuck in str(request.body) else send(request)

    with wire(stuck_alone):
        assert sweep(now=END + DAY) == counts(license_expired=2, failed=1)
    announced = [[kind for kind in kinds(vendor, license) if kind != "license_extended"] for license in licenses]
    assert announced == [[], ["license_expired"], ["license_expired"]]
    assert sweep(now=END + DAY) == counts(license_expired=1)


@pytest.mark.parametrize("lost", [["company"], ["id", "validity_period"]])
def test_an_item_that_cannot_be_read_keeps_no_other_from_being_announced(lost: list[str], vendor: Vendor) -> None:
    """The first of its shard, as somebody has written it by hand: it is counted, and again at each run."""
    licenses = _of_one_shard(vendor, 2)
    due = transition_entries(licenses[0])[0]
    key = DueItem(due.pk, due.sort_key)
    writes.update(key, [getattr(DueItem, name).remove() for name in lost])
    try:
        for announced in (1, 0):
            assert sweep(now=END + DAY) == counts(license_expired=announced, failed=1)
    finally:
        writes.put(due)
    assert sweep(now=END + DAY) == counts(license_expired=1)
    assert [kinds(vendor, license)[-1] for license in licenses] == ["license_expired"] * 2


def test_a_company_whose_licenses_all_end_at_once_holds_up_no_other_group(vendor: Vendor) -> None:
    """Its announcements wait here for those of the other, whose shards come last."""
    first, last = sorted((vendor, _of_another_group(vendor)), key=lambda one: due_shard(one.code, 0))
    _, of_last = (_in_each_shard(one) for one in (first, last))
    announced: list[Request] = []
    all_announced = Event()

    def in_turn(request: Request, send: Send) -> Answer:
        if request.operation == "TransactWriteItems" and f"{first.code}#" in str(request.body):
            assert all_announced.wait(20), "the other company waits, too"
        answer = send(request)
        if request.operation == "TransactWriteItems" and f"{last.code}#" in str(request.body):
            announced.append(request)
            if len(announced) == of_last:
                all_announced.set()
        return answer

    with wire(in_turn):
        assert sweep(now=END)["failed"] == 0


def _in_each_shard(vendor: Vendor) -> int:
    """Issue licenses until each shard of the company has one; how many they are."""
    shards: list[int] = []
    while len(set(shards)) < SHARDS_OF_A_COMPANY:
        vendor.now += 1
        shards.append(due_shard(vendor.code, vendor.issue(license_type="time-limited", validity_period=END).id))
    return len(shards)


def _of_another_group(vendor: Vendor) -> Vendor:
    while True:
        other = Vendor()
        if due_shard(other.code, 0) != due_shard(vendor.code, 0):
            return other


def _filed_by_older_code(vendor: Vendor, grace_period: int = 24) -> License:
    """A license in the shard in which code of before the groups has filed it."""
    license = vendor.issue(license_type="time-limited", validity_period=END, grace_period=grace_period)
    by_company, older = transition_entries(license)
    writes.delete(by_company)
    writes.put(older)
    assert vendor.differences() == []
    return license


def test_what_older_code_has_filed_is_announced_and_filed_anew(vendor: Vendor) -> None:
    licenses = [_filed_by_older_code(vendor) for _ in range(3)]
    assert sweep(now=END)["grace_started"] == 3
    where = [filed(vendor.stored(license)) for license in licenses]
    assert [one and one.pk for one in where] == [due_pk(due_shard(vendor.code, license.id)) for license in licenses]
    assert vendor.differences() == []
    assert sweep(now=END + 24 * HOUR)["license_expired"] == 3
    assert sweep(now=END + 24 * HOUR) == counts()


def test_what_older_code_has_filed_moves_with_its_end_and_goes_with_its_company(vendor: Vendor) -> None:
    gone = Vendor()
    extended, _ = (_filed_by_older_code(one) for one in (vendor, gone))
    extend(vendor.code, extended.id, END + HOUR, None, ADMIN, now=vendor.now)
    delete_company(gone.code)
    assert sweep(now=END) == counts()
    assert vendor.differences() == []
    assert sweep(now=END + HOUR)["grace_started"] == 1
    assert kinds(vendor, extended) == ["license_extended", "grace_started"]


def test_a_license_that_was_lost_from_the_index_is_filed_when_its_end_moves(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=END)
    writes.delete(transition_entries(license)[0])
    extend(vendor.code, license.id, END + DAY, None, ADMIN, now=vendor.now)
    assert vendor.differences() == []


def test_the_shards_of_a_company_are_its_own_but_for_those_of_its_group() -> None:
    shards = {code: {due_shard(code, id) for id in range(1000)} for code in (f"COMPANY{n}" for n in range(200))}
    assert {len(own) for own in shards.values()} == {SHARDS_OF_A_COMPANY}
    groups = {frozenset(own) for own in shards.values()}
    assert len(groups) == GROUPS
    assert sorted(shard for group in groups for shard in group) == list(range(DUE_SHARDS))[-GROUPS * len(groups) :]


def _of_one_shard(vendor: Vendor, count: int) -> list[License]:
    """Licenses that end one after the other."""
    by_shard: dict[int, list[License]] = {}
    while True:
        vendor.now += 1000
        first = vendor.issue(license_type="time-limited", validity_period=END + 8000 * DAY)
        same = by_shard.setdefault(due_shard(vendor.code, first.id), [])
        same.append(first)
        if len(same) == count:
            for number, license in enumerate(same):
                extend(vendor.code, license.id, END + number, None, ADMIN, now=vendor.now)
            return [vendor.stored(license) for license in same]
