"""Notices that a license will expire: by the sweep, each once, also beside older code that knows of none.

Their licenses lie in years of their own, as those of `test_sweep.py`.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from chalicelib.domain.transitions import NOTICE_DAYS, Due
from chalicelib.store import reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.due import due_licenses, due_shard, filed, give_notice, notice_entry, transition_entries
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import LICENSE, license_pk
from chalicelib.threads import ThreadPool
from chalicelib.usecases.audit import audit_due
from chalicelib.usecases.change_license import extend, set_enabled
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.sweep import SWEEP, sweep
from tests.store.seam import Request, noted
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import kinds

END = NOW + 5000 * DAY


@pytest.fixture(autouse=True)
def _nothing_is_due_yet(vendor: Vendor) -> Iterator[None]:
    """What other tests of this process leave behind is announced in between."""
    sweep(now=END - 60 * DAY)
    vendor.now = END - 60 * DAY
    yield
    sweep(now=END + 1000 * DAY)


def issue(vendor: Vendor, end: int = END, grace: int = 0) -> License:
    return vendor.issue(license_type="time-limited", validity_period=end, grace_period=grace)


def notice_of(license: License) -> DueItem:
    """The item under which a license is filed for its notice."""
    entry = notice_entry(license)
    assert entry is not None
    return entry


def notices(vendor: Vendor, license: License) -> list[object]:
    """Of which days notice was given, in the order of the history."""
    return [event.detail["days"] for event in vendor.history(license) if event.type == "license_will_expire"]


def test_notice_is_given_of_each_day_once_and_then_the_license_expires(vendor: Vendor) -> None:
    license = issue(vendor, grace=24)
    for before in (31, 30, 30, 29, 7, 6, 3, 2, 1, 1):
        sweep(now=END - before * DAY)
    sweep(now=END)
    events = vendor.history(license)[1:]
    assert [(event.type, event.at, event.detail) for event in events] == [
        *(
            ("license_will_expire", at, {"days": days, "since": to_iso(at), "ends": to_iso(END)})
            for days in (30, 7, 3, 1)
            for at in [END - days * DAY]
        ),
        ("grace_started", END, {"since": to_iso(END)}),
    ]
    assert {event.actor for event in events} == {SWEEP}


def test_after_a_gap_the_nearest_is_given_once_with_the_instant_at_which_it_was_due(vendor: Vendor) -> None:
    license, other = issue(vendor), issue(vendor, grace=24)
    assert sweep(now=END - 2 * DAY)["license_will_expire"] == 2
    assert sweep(now=END - 2 * DAY)["license_will_expire"] == 0
    assert vendor.history(license)[-1].detail == {
        "days": 3,
        "since": to_iso(END - 3 * DAY),
        "ends": to_iso(END),
    }
    assert notices(vendor, other) == [3]


def test_of_an_end_that_has_come_no_notice_is_given_any_more(vendor: Vendor) -> None:
    license, in_grace = issue(vendor), issue(vendor, grace=24)
    assert sweep(now=END)["license_will_expire"] == 0
    assert (kinds(vendor, license), kinds(vendor, in_grace)) == (["license_expired"], ["grace_started"])
    assert [filed(vendor.stored(one)) is None for one in (license, in_grace)] == [True, False]
    assert [notice_entry(vendor.stored(one)) for one in (license, in_grace)] == [None, None]
    assert vendor.differences() == []


def test_a_license_of_ten_days_was_never_thirty_from_its_end(vendor: Vendor) -> None:
    sweep(now=END - 10 * DAY)
    vendor.now = END - 10 * DAY
    license = issue(vendor)
    for before in range(9, 0, -1):
        sweep(now=END - before * DAY)
    assert notices(vendor, license) == [7, 3, 1]


def test_a_duration_gets_notices_from_its_first_activation_on(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", valid_duration="8d")
    sweep(now=END - 8 * DAY)
    vendor.now = END - 8 * DAY
    vendor.activate(license, "pc")
    assert vendor.stored(license).notified_until == END - 8 * DAY
    for before in range(8, 0, -1):
        sweep(now=END - before * DAY)
    assert notices(vendor, license) == [7, 3, 1]


def test_a_new_end_takes_back_what_was_given_and_gives_no_more_notice_of_the_old_one(vendor: Vendor) -> None:
    license = issue(vendor)
    sweep(now=END - 7 * DAY)
    extend(vendor.code, license.id, END + 20 * DAY, None, ADMIN, now=END - 5 * DAY)  # 25 days: never 30 from its end
    assert vendor.differences() == []
    for before in range(4, -20, -1):
        sweep(now=END - before * DAY)
    assert notices(vendor, license) == [7, 7, 3, 1]


def test_notices_that_no_sweep_has_given_of_the_old_end_are_not_given_with_the_new_one(vendor: Vendor) -> None:
    license = issue(vendor)
    extend(vendor.code, license.id, END + 365 * DAY, None, ADMIN, now=END - 2 * DAY)
    sweep(now=END)
    assert kinds(vendor, license) == ["license_extended"]


@pytest.mark.parametrize("moved", [-30, -23, -7, 0, 23, 27, 30])
def test_an_end_that_moves_by_as_many_days_as_notices_lie_apart_is_filed_anew(moved: int, vendor: Vendor) -> None:
    """Where the old transition and the new notice are due at one instant, or the other way round."""
    license = issue(vendor)
    extend(vendor.code, license.id, END + moved * DAY, None, ADMIN, now=vendor.now)
    assert vendor.differences() == []
    sweep(now=END + (moved - 2) * DAY)
    sweep(now=END + moved * DAY)
    extended = ["license_extended"] if moved else []
    assert kinds(vendor, license) == [*extended, "license_will_expire", "license_expired"]


def test_an_end_that_expired_and_is_extended_gets_notices_again(vendor: Vendor) -> None:
    license = issue(vendor)
    sweep(now=END)
    extend(vendor.code, license.id, END + 40 * DAY, None, ADMIN, now=END + DAY)
    for after in (10, 33):
        sweep(now=END + after * DAY)
    assert kinds(vendor, license) == ["license_expired", "license_extended", *["license_will_expire"] * 2]


def test_a_disabled_license_gets_notices_as_it_expires_like_any_other(vendor: Vendor) -> None:
    license = issue(vendor)
    set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    sweep(now=END - 7 * DAY)
    assert kinds(vendor, license) == ["license_disabled", "license_will_expire"]


def test_sweeps_at_the_same_time_give_notice_once_together(vendor: Vendor) -> None:
    licenses = [issue(vendor) for _ in range(12)]
    with ThreadPool(6) as threads:
        answers = list(threads.map(lambda _: sweep(now=END - 7 * DAY), range(6)))
    assert sum(counts["license_will_expire"] for counts in answers) == len(licenses)
    assert [notices(vendor, license) for license in licenses] == [[7]] * len(licenses)
    assert vendor.differences() == []


def test_a_notice_that_was_read_before_another_sweep_gave_it_is_given_once(vendor: Vendor) -> None:
    """Whichever of two sweeps had read what is due first, and also where the other one's clock is behind."""
    license = issue(vendor)
    shard = due_shard(vendor.code, license.id)
    [due] = [due for due in due_licenses(shard, END - 7 * DAY) if isinstance(due, Due) and due.id == license.id]
    sweep(now=END - 20 * DAY)
    for until in (END - 20 * DAY, END - 7 * DAY):
        with pytest.raises(ConditionFailed):
            give_notice(shard, due, until, Event.new("license_will_expire", SWEEP, until))
    sweep(now=END - 25 * DAY)
    assert notices(vendor, license) == [30]
    assert vendor.differences() == []


@pytest.mark.parametrize("calls", [1, 2])
def test_an_end_that_moves_while_notice_is_given_of_the_old_one_leaves_nothing_of_it(
    calls: int, vendor: Vendor
) -> None:
    """Given after the license was read, and after what is filed of it was read, too."""
    license, sweeps = issue(vendor), [partial(sweep, now=END - 7 * DAY)]
    sent = count()

    def amid(_: Request) -> None:
        if next(sent) == calls and sweeps:
            sweeps.pop()()

    with noted(amid):
        extend(vendor.code, license.id, END + 50 * DAY, None, ADMIN, now=END - 7 * DAY + 1)
    assert not sweeps
    assert kinds(vendor, license) == ["license_will_expire", "license_extended"]
    assert [fault for _, fault in audit_due(vendor.code)] == [None, None]
    assert vendor.differences() == []


def test_a_license_that_is_deleted_leaves_no_notice_behind(vendor: Vendor) -> None:
    gone = Vendor()
    gone.now = vendor.now
    license = issue(gone)
    delete_company(gone.code)
    assert [reads.get(entry) for entry in (transition_entries(license)[0], notice_of(license))] == [None, None]


# --- beside older code, which moves dates and files transitions alone ------------------------------------------------


def _extended_by_older_code(license: License, end: int) -> None:
    """The item and the transition are moved; of what is filed for a notice older code knows nothing."""
    new = replace(license, validity_period=end)
    item = LicenseItem(license_pk(license.company, license.id), LICENSE)
    writes.update(item, [LicenseItem.validity_period.set(end), LicenseItem.ends_at.set(end)])
    writes.delete(transition_entries(license)[0])
    writes.put(transition_entries(new)[0])


def test_what_older_code_has_extended_gets_no_notice_of_the_old_end_and_all_of_the_new_one(vendor: Vendor) -> None:
    license = issue(vendor)
    _extended_by_older_code(license, END + 50 * DAY)
    assert sweep(now=END - 7 * DAY)["license_will_expire"] == 0
    assert vendor.differences() == []
    for before in (30, 7, 3, 1):
        sweep(now=END + (50 - before) * DAY)
    assert notices(vendor, license) == [30, 7, 3, 1]


def test_what_older_code_has_extended_and_this_code_again_gets_each_notice_once(vendor: Vendor) -> None:
    license = issue(vendor)
    _extended_by_older_code(license, END + 20 * DAY)
    extend(vendor.code, license.id, END, None, ADMIN, now=END - 40 * DAY)
    for before in (30, 7, 3, 1):
        sweep(now=END - before * DAY)
    assert notices(vendor, license) == [30, 7, 3, 1]
    assert vendor.differences() == []


def test_a_notice_that_older_code_has_left_is_not_given_beside_the_right_one(vendor: Vendor) -> None:
    """The end is the old one again, so of the two items only what is given since tells which is right."""
    license = issue(vendor)
    _extended_by_older_code(license, END + 20 * DAY)
    extend(vendor.code, license.id, END, None, ADMIN, now=END - 10 * DAY)
    sweep(now=END - 2 * DAY)
    assert notices(vendor, license) == [3]
    assert vendor.differences() == []
    assert [fault for _, fault in audit_due(vendor.code)] == [None, None]  # its transition, and its last notice


def test_what_older_code_has_issued_expires_and_gets_notices_once_it_is_extended(vendor: Vendor) -> None:
    license, extended = issue(vendor), issue(vendor)
    for one in (license, extended):
        writes.delete(notice_of(one))
    extend(vendor.code, extended.id, END + DAY, None, ADMIN, now=vendor.now)
    sweep(now=END - 6 * DAY)
    sweep(now=END)
    assert kinds(vendor, license) == ["license_expired"]
    assert notices(vendor, extended) == [7, 1]


@pytest.mark.parametrize("days", NOTICE_DAYS)
def test_older_code_that_shortens_a_license_finds_no_notice_where_it_files_the_transition(
    days: int, vendor: Vendor
) -> None:
    license = replace(issue(vendor), notified_until=END - days * DAY - 1)
    shortened = replace(license, validity_period=END - days * DAY)
    assert notice_of(license).sort_key != transition_entries(shortened)[0].sort_key


def test_what_older_code_has_deleted_gets_no_notice_and_is_crossed_off(vendor: Vendor) -> None:
    license = issue(vendor)
    stale = notice_of(license)
    writes.delete(LicenseItem(license_pk(vendor.code, license.id), LICENSE))
    try:
        assert sweep(now=END - 30 * DAY) == {
            "license_will_expire": 0,
            "grace_started": 0,
            "license_expired": 0,
            "device_lapsed": 0,
            "update_applied": 0,
            "update_failed": 0,
            "failed": 0,
        }
        assert reads.get(stale) is None
    finally:
        writes.put(LicenseItem.of(license, license_pk(vendor.code, license.id), LICENSE))
        writes.put(stale)
