"""Scheduled updates are made once, when they are due, by the terms of then; what cannot be done then says why.

They lie in years of their own: a sweep is of all companies, and tests run side by side on one database.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from chalicelib.domain.scheduled_updates import MAX_UPDATES, ScheduledUpdate
from chalicelib.store import deleted_licenses, reads, scheduled_updates, writes
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.work import ScheduledUpdateItem, UpdateSlotItem
from chalicelib.store.keys import LICENSE, license_pk, scheduled_update_sort_key, update_slot_sort_key
from chalicelib.usecases.change_terms import change_terms, find_sold
from chalicelib.usecases.delete_license import delete_license, finish_deletion
from chalicelib.usecases.scheduled_updates import (
    UpdateFilter,
    apply_update,
    cancel_update,
    change_update,
    delete_update,
    find_update,
    find_updates,
    schedule_update,
)
from chalicelib.usecases.sweep import SWEEP, sweep
from tests.store.faults import throttled, wire
from tests.store.seam import Answer, Request, Send
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.support import before_write, kinds, refused

AT = NOW + 7000 * DAY
"""When they are due."""


@pytest.fixture(autouse=True)
def _nothing_is_due_yet() -> None:
    """What other tests of this process left behind is done before."""
    sweep(now=AT + 30 * DAY)


def scheduled(
    vendor: Vendor, license: License, at: int = AT, *, now: int = NOW, strict: bool = False, **changes: Any
) -> ScheduledUpdate:
    return schedule_update(vendor.code, license.id, at, changes, ADMIN, strict=strict, now=now)


def swept(now: int = AT) -> tuple[int, int, int]:
    """How many updates a sweep has made, how many have failed, and how many could not be decided."""
    counts = sweep(now=now)
    return counts["update_applied"], counts["update_failed"], counts["failed"]


def stored(vendor: Vendor, update: ScheduledUpdate) -> ScheduledUpdate:
    return find_update(vendor.code, update.id)


def all_of(vendor: Vendor, license: License | None = None, **wanted: Any) -> list[int]:
    given = UpdateFilter(None if license is None else license.id, **wanted)
    return [one.id for one in find_updates(vendor.code, given, "", 100)[0]]


def left(vendor: Vendor, update: ScheduledUpdate) -> list[str]:
    """What is stored of an update."""
    found = reads.batch_get(list(scheduled_updates.items_of([update])), consistent=True)
    return [item.sort_key for item in found if item is not None]


def test_an_update_is_made_when_it_is_due_and_once(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=10, note="Paid", metadata={"crm": [1, 2.5, None]})
    assert (swept(AT - 1), vendor.stored(license).max_activations) == ((0, 0, 0), 5)
    assert swept() == (1, 0, 0)
    sold, extras = find_sold(vendor.code, license.id)
    assert (sold.max_activations, extras.note, extras.metadata) == (10, "Paid", {"crm": [1, 2.5, None]})
    assert sold.revision == license.revision + 1
    change_terms(vendor.code, license.id, {"max_activations": 7}, ADMIN, now=AT + 1)
    assert (swept(AT + HOUR), vendor.stored(license).max_activations) == ((0, 0, 0), 7)
    done = stored(vendor, update)
    assert (done.status, done.over_at, done.revision) == ("applied", AT, 1)
    assert vendor.differences() == []


def test_history_says_who_has_scheduled_it_and_what_the_sweep_made_of_it(vendor: Vendor) -> None:
    license = vendor.issue()
    update = schedule_update(vendor.code, license.id, AT, {"max_activations": 9}, ADMIN, name="Renewal", now=NOW)
    swept()
    first, *others = (event for event in vendor.history(license) if event.type != "license_issued")
    named = {"scheduled_update": update.id, "name": "Renewal"}
    assert (first.type, first.actor, first.detail) == ("update_scheduled", ADMIN, named | {"at": to_iso(AT)})
    made = {event.type: event for event in others}
    assert made.keys() == {"license_changed", "update_applied"}
    assert {event.actor for event in others} == {SWEEP}
    assert made["license_changed"].detail["max_activations"] == 9
    assert made["update_applied"].detail.items() >= named.items()


def test_updates_that_are_late_are_made_in_the_order_in_which_they_were_due(vendor: Vendor) -> None:
    license = vendor.issue()
    for at, most in ((AT + 2, 3), (AT, 1), (AT + 1, 2)):
        scheduled(vendor, license, at, max_activations=most)
    assert (swept(AT + DAY), vendor.stored(license).max_activations) == ((3, 0, 0), 3)


def test_of_those_of_one_instant_the_one_that_was_scheduled_last_is_made_last(vendor: Vendor) -> None:
    license = vendor.issue()
    for step, most in enumerate((4, 2, 3)):
        scheduled(vendor, license, now=NOW + step, max_activations=most)
    assert (swept(), vendor.stored(license).max_activations) == ((3, 0, 0), 3)


def test_one_that_the_database_has_no_time_for_is_overtaken_by_none_of_its_license(vendor: Vendor) -> None:
    license, other = vendor.issue(), vendor.issue()
    first = scheduled(vendor, license, max_activations=1)
    scheduled(vendor, license, AT + 1, max_activations=2)
    scheduled(vendor, other, AT + 2, max_activations=3)
    key = scheduled_update_sort_key(first.id)

    def busy(request: Request, send: Send) -> Answer:
        return throttled(request, send) if key in str(request.body) else send(request)

    with wire(busy):
        assert swept(AT + DAY) == (1, 0, 1)
    assert (vendor.stored(other).max_activations, vendor.stored(license).revision) == (3, license.revision)
    assert (swept(AT + DAY), vendor.stored(license).max_activations) == ((2, 0, 0), 2)


def test_a_new_end_announces_what_the_old_dates_have_brought_about(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=AT - 1)
    update = scheduled(vendor, license, now=AT - HOUR, validity_period=AT + DAY)
    apply_update(vendor.code, update.id, ADMIN, now=AT)
    assert kinds(vendor, license)[-3:] == ["license_expired", "license_changed", "update_applied"]
    assert vendor.differences() == []


def test_what_is_so_already_is_made_without_a_change(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=5)
    assert (swept(), stored(vendor, update).status) == ((1, 0, 0), "applied")
    assert kinds(vendor, license) == ["update_scheduled", "update_applied"]
    assert vendor.stored(license).revision == license.revision


def test_what_has_become_impossible_fails_for_good_and_says_why(vendor: Vendor) -> None:
    license, other = vendor.issue(license_type="time-limited", validity_period=AT + 9 * DAY), vendor.issue()
    update = scheduled(vendor, license, start_date=AT + 5 * DAY)
    later = scheduled(vendor, other, max_activations=9)
    change_terms(vendor.code, license.id, {"validity_period": AT + DAY}, ADMIN, now=NOW + 1)
    assert swept() == (1, 1, 0)
    failed = stored(vendor, update)
    assert (failed.status, failed.over_at) == ("failed", AT)
    assert failed.error == {"code": "start_after_end", "field": "start_date", "params": {}}
    (failure,) = (event for event in vendor.history(license) if event.type == "update_failed")
    assert failure.detail["reason"] == "start_after_end"
    assert (stored(vendor, later).status, vendor.stored(license).start_date) == ("applied", None)
    assert swept(AT + DAY)[1:] == (0, 0), "it is not tried again"
    assert vendor.differences() == []


def test_a_limit_below_what_is_in_use_then_evicts_nobody_unless_it_is_to_be_strict(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    for device in ("a", "b"):
        vendor.activate(license, device)
    strict = scheduled(vendor, license, AT, strict=True, max_activations=1)
    assert (swept(), stored(vendor, strict).error["code"]) == ((0, 1, 0), "limit_below_use")
    assert vendor.stored(license).max_activations == 5
    scheduled(vendor, license, AT + 1, max_activations=1)
    swept(AT + 1)
    sold = vendor.stored(license)
    assert (sold.max_activations, sold.times_activated) == (1, 2)


def test_a_strict_one_that_an_activation_has_just_passed_fails(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    strict = scheduled(vendor, license, strict=True, max_activations=0)
    with before_write(1, lambda: vendor.activate(license, "pc")) as came_between:
        swept()
    assert (came_between(), stored(vendor, strict).status, vendor.stored(license).max_activations) == (
        True,
        "failed",
        5,
    )


def test_what_the_license_could_not_have_today_is_refused_today(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=AT)
    with refused("start_after_end"):
        scheduled(vendor, license, start_date=AT + 1)
    with refused("count_out_of_range"):
        scheduled(vendor, license, max_activations=-1)
    with refused("date_past"):
        scheduled(vendor, license, NOW, max_activations=2)
    with refused("missing_parameters"):
        scheduled(vendor, license)
    with refused("text_too_long"):
        schedule_update(vendor.code, license.id, AT, {"max_activations": 2}, ADMIN, name="x" * 256, now=NOW)
    with refused("license_not_found"):
        schedule_update(Vendor().code, license.id, AT, {"max_activations": 2}, ADMIN, now=NOW)
    assert all_of(vendor) == []


def test_a_license_has_so_many_pending_ones_and_those_that_are_over_give_way_the_oldest_first(vendor: Vendor) -> None:
    license = vendor.issue()
    made = [scheduled(vendor, license, AT + n, now=NOW + n, max_activations=n) for n in range(MAX_UPDATES)]
    with refused("too_many_scheduled_updates"):
        scheduled(vendor, license, max_activations=1)
    for step, number in enumerate((7, 3)):
        cancel_update(vendor.code, made[number].id, ADMIN, now=NOW + HOUR + step)
    new = scheduled(vendor, license, now=NOW + DAY, max_activations=1)
    assert new.slot == made[7].slot
    assert left(vendor, made[7]) == [update_slot_sort_key(new.slot)]
    assert all_of(vendor, license) == [one.id for one in made if one is not made[7]] + [new.id]
    scheduled(vendor, license, now=NOW + DAY, max_activations=1)
    with refused("too_many_scheduled_updates"):
        scheduled(vendor, license, max_activations=1)
    assert vendor.differences() == []


def test_of_two_that_are_scheduled_at_once_each_gets_a_place(vendor: Vendor) -> None:
    license = vendor.issue()
    with before_write(1, lambda: scheduled(vendor, license, now=NOW + 1, max_activations=2)) as came_between:
        scheduled(vendor, license, max_activations=3)
    assert (came_between(), len(all_of(vendor, license))) == (True, 2)
    assert vendor.differences() == []


def test_nothing_is_scheduled_of_a_license_that_is_deleted_meanwhile(vendor: Vendor) -> None:
    license = vendor.issue()
    rival = lambda: delete_license(vendor.code, license.id, ADMIN, now=NOW)  # noqa: E731 - short and local
    with before_write(1, rival), refused("license_not_found"):
        scheduled(vendor, license, max_activations=2)
    assert all_of(vendor) == []


def test_one_that_is_canceled_is_never_made_and_stays_to_be_looked_at(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=9)
    canceled = cancel_update(vendor.code, update.id, ADMIN, now=NOW + 1)
    assert canceled == stored(vendor, update) == cancel_update(vendor.code, update.id, ADMIN, now=NOW + 2)
    assert (canceled.status, canceled.over_at) == ("canceled", NOW + 1)
    assert (swept(), vendor.stored(license).max_activations) == ((0, 0, 0), 5)
    assert kinds(vendor, license) == ["update_scheduled", "update_canceled"]


def test_what_is_over_is_neither_canceled_nor_made_again(vendor: Vendor) -> None:
    license = vendor.issue()
    done, canceled = (scheduled(vendor, license, AT + n, max_activations=9) for n in range(2))
    cancel_update(vendor.code, canceled.id, ADMIN, now=NOW + 1)
    swept()
    for call in (cancel_update, apply_update):
        with refused("scheduled_update_over"):
            call(vendor.code, done.id, ADMIN, now=AT + 1)
    with refused("scheduled_update_over"):
        apply_update(vendor.code, canceled.id, ADMIN, now=AT + 1)


def test_one_is_made_at_once_where_somebody_says_so_and_not_again_when_it_is_due(vendor: Vendor) -> None:
    license = vendor.issue()
    update = scheduled(vendor, license, max_activations=9)
    done = apply_update(vendor.code, update.id, ADMIN, now=NOW + 1)
    assert (done, done.status, vendor.stored(license).max_activations) == (stored(vendor, update), "applied", 9)
    assert vendor.history(license)[-1].actor == ADMIN
    assert swept() == (0, 0, 0)


def changed(vendor: Vendor, update: ScheduledUpdate, *, now: int = NOW + 1, **given: Any) -> ScheduledUpdate:
    """Change an update, and see that what is answered is what is stored."""
    more = {name: given.pop(name) for name in ("changes", "revision") if name in given}
    new = change_update(vendor.code, update.id, given, ADMIN, **more, now=now)
    assert (new, new.revision) == (stored(vendor, update), stored(vendor, update).revision)
    return new


def test_one_that_is_pending_is_changed_and_what_is_not_given_stays(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=9, max_transfers=3, strict=True)
    new = changed(vendor, update, name="Renewal", note="By phone")
    assert (new.name, new.note, new.at, new.terms, new.strict) == ("Renewal", "By phone", AT, update.terms, True)
    new = changed(vendor, update, now=NOW + 2, at=AT + DAY, strict=False, changes={"max_activations": 7})
    assert (new.name, new.at, new.terms, new.strict, new.revision) == (
        *("Renewal", AT + DAY, {"max_activations": 7, "max_transfers": 3}, False),
        2,
    )
    assert changed(vendor, update, at=AT + DAY, changes=lambda _: {"max_activations": 7}).revision == 2
    assert kinds(vendor, license) == ["update_scheduled", "update_changed", "update_changed"]
    events = [event for event in vendor.history(license) if event.type == "update_changed"]
    named = {"scheduled_update": update.id, "name": "Renewal"}
    assert events[0].detail == named | {"name_before": "", "changed": "note"}
    assert events[1].detail == named | {
        **{"at": to_iso(AT + DAY), "at_before": to_iso(AT)},
        "changed": "strict, terms",
    }
    assert swept(AT + DAY - 1) == (0, 0, 0)
    assert (swept(AT + DAY), vendor.stored(license).max_activations, vendor.stored(license).max_transfers) == (
        *((1, 0, 0), 7),
        3,
    )
    assert vendor.differences() == []


def test_an_end_takes_the_place_of_a_duration_and_the_other_way_round(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=AT + DAY)
    update = scheduled(vendor, license, valid_duration="1y", max_activations=9)
    new = changed(vendor, update, changes={"validity_period": AT + 9 * DAY, "note": "By phone"})
    assert new.terms == {"max_activations": 9, "validity_period": AT + 9 * DAY, "note": "By phone"}
    assert changed(vendor, update, changes={"valid_duration": "2y"}).terms == {
        **{"max_activations": 9, "note": "By phone"},
        "valid_duration": "2y",
    }
    assert changed(vendor, update, changes={}).revision == 2, "nothing is given, and nothing changes"


def test_one_that_is_due_earlier_is_made_then(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=9)
    sooner = changed(vendor, update, at=AT - DAY)
    assert (len(left(vendor, sooner)), len(left(vendor, update))) == (3, 2), "nothing is due any more when it was"
    assert vendor.differences() == []
    assert (swept(AT - DAY), vendor.stored(license).max_activations) == ((1, 0, 0), 9)
    assert swept(AT + DAY) == (0, 0, 0)


def test_a_change_is_refused_as_what_is_scheduled_would_be(vendor: Vendor) -> None:
    license = vendor.issue()
    update = scheduled(vendor, license, max_activations=9)
    wrong: list[tuple[dict[str, Any], Any]] = [
        ({"at": NOW}, "date_past"),
        ({"name": "x" * 256}, "text_too_long"),
        ({"changes": {"max_activations": -1}}, "count_out_of_range"),
        ({"note": "n", "revision": 1}, "revision_changed"),
    ]
    for given, code in wrong:
        with refused(code):
            changed(vendor, update, **given)
    assert (stored(vendor, update), stored(vendor, update).revision) == (update, 0)
    assert changed(vendor, update, now=AT + 1, note="Late").at == AT, "the sweep is late, and may still be told"
    swept()
    with refused("scheduled_update_over"):
        changed(vendor, update, note="Too late")


def test_a_sweep_makes_what_it_has_read_or_what_was_made_of_it_and_nothing_between(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=9, note="of before")
    put_off = lambda: changed(vendor, update, at=AT + DAY, changes={"note": "of now"})  # noqa: E731 - short and local
    with before_write(1, put_off) as came_between:
        assert swept() == (0, 0, 0), "it is not due any more"
    assert (came_between(), stored(vendor, update).status) == (True, "pending")
    with before_write(1, lambda: changed(vendor, update, changes={"max_transfers": 2})):
        assert swept(AT + DAY) == (1, 0, 0)
    sold, extras = find_sold(vendor.code, license.id)
    assert (sold.max_activations, sold.max_transfers, extras.note) == (9, 2, "of now")
    assert vendor.differences() == []


def test_a_change_that_a_sweep_was_faster_than_is_refused(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=9)
    with before_write(1, swept) as came_between, refused("scheduled_update_over"):
        changed(vendor, update, now=AT - 1, at=AT + DAY)
    assert (came_between(), stored(vendor, update).at, vendor.stored(license).max_activations) == (True, AT, 9)
    assert vendor.differences() == []


def test_nothing_is_filed_anew_of_a_license_that_is_deleted_meanwhile(vendor: Vendor) -> None:
    license = vendor.issue()
    update = scheduled(vendor, license, max_activations=2)
    rival = lambda: delete_license(vendor.code, license.id, ADMIN, now=NOW)  # noqa: E731 - short and local
    with before_write(1, rival), refused("scheduled_update_not_found"):
        changed(vendor, update, at=AT + DAY)
    assert left(vendor, update) == left(vendor, replace(update, at=AT + DAY)) == []


def test_nor_of_one_whose_deletion_was_cut_short(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    license = vendor.issue()
    update = scheduled(vendor, license, max_activations=2)

    def clear(*_: object) -> NoReturn:
        raise Unavailable("too_many_rivals")

    def cut_short() -> None:
        with monkeypatch.context() as patch, suppress(Unavailable):
            patch.setattr(deleted_licenses, "clear", clear)
            delete_license(vendor.code, license.id, ADMIN, now=NOW)

    with before_write(1, cut_short), refused("license_not_found"):
        changed(vendor, update, at=AT + DAY)
    assert len(left(vendor, replace(update, at=AT + DAY))) == 2, "nothing is due then"
    finish_deletion(vendor.code, license.id)
    assert left(vendor, update) == []


@pytest.mark.parametrize("end", [delete_update, cancel_update, apply_update])
def test_a_revision_that_is_none_any_more_ends_nothing(vendor: Vendor, end: Callable[..., object]) -> None:
    update = scheduled(vendor, vendor.issue(), max_activations=9)
    with refused("revision_changed"):
        end(vendor.code, update.id, ADMIN, revision=1, now=NOW + 1)
    end(vendor.code, update.id, ADMIN, revision=0, now=NOW + 1)


def test_one_that_is_deleted_is_never_made_and_leaves_its_place(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=5)
    pending, done = (scheduled(vendor, license, at, max_activations=9) for at in (AT + 1, AT))
    swept()
    for update in (pending, done):
        delete_update(vendor.code, update.id, ADMIN, now=AT + 2)
        assert left(vendor, update) == []
        with refused("scheduled_update_not_found"):
            delete_update(vendor.code, update.id, ADMIN, now=AT + 2)
    assert swept(AT + DAY) == (0, 0, 0)
    assert kinds(vendor, license)[-2:] == ["update_deleted"] * 2
    assert vendor.differences() == []


@pytest.mark.parametrize(
    ("rival", "status"),
    [
        (cancel_update, "canceled"),
        (apply_update, "applied"),
        (lambda *_, now: sweep(now=now), "applied"),
    ],
)
def test_of_a_sweep_and_a_rival_one_decides_it(vendor: Vendor, rival: Callable[..., object], status: str) -> None:
    license = vendor.issue(max_activations=5)
    update = scheduled(vendor, license, max_activations=9)
    with before_write(1, lambda: rival(vendor.code, update.id, ADMIN, now=AT)) as came_between:
        assert swept() == (0, 0, 0)
    assert (came_between(), stored(vendor, update).status) == (True, status)
    assert kinds(vendor, license).count("license_changed") == (status == "applied")
    assert vendor.differences() == []


def test_what_somebody_changes_meanwhile_stays(vendor: Vendor) -> None:
    license = vendor.issue()
    scheduled(vendor, license, max_activations=9)
    changes = {"max_transfers": 3, "note": "By phone"}
    with before_write(1, lambda: change_terms(vendor.code, license.id, changes, ADMIN, now=AT)) as came_between:
        assert swept() == (1, 0, 0)
    sold, extras = find_sold(vendor.code, license.id)
    assert (came_between(), sold.max_activations, sold.max_transfers, extras.note) == (True, 9, 3, "By phone")


def test_lists_are_of_a_company_of_a_license_and_of_a_status(vendor: Vendor) -> None:
    license, other = vendor.issue(), vendor.issue()
    first, second = (scheduled(vendor, license, now=NOW + n, max_activations=n) for n in range(2))
    third = scheduled(vendor, other, now=NOW + 2, max_activations=1)
    cancel_update(vendor.code, second.id, ADMIN, now=NOW + 3)
    assert all_of(vendor) == [first.id, second.id, third.id]
    assert all_of(vendor, license) == [first.id, second.id]
    assert all_of(vendor, license, status="pending") == [first.id]
    assert all_of(vendor, status="canceled") == [second.id]
    assert all_of(Vendor(), license) == []
    for wanted in (UpdateFilter(), UpdateFilter(license.id)):
        rows, behind = find_updates(vendor.code, wanted, "", 1)
        assert ([row.id for row in rows], behind) == ([first.id], str(first.id))
        rows, behind = find_updates(vendor.code, wanted, behind, 1)
        assert [row.id for row in rows] == [second.id]


def test_a_page_of_a_status_looks_on_behind_those_of_another(vendor: Vendor) -> None:
    license = vendor.issue()
    *over, last = (scheduled(vendor, license, now=NOW + n, max_activations=n) for n in range(4))
    for update in over:
        cancel_update(vendor.code, update.id, ADMIN, now=NOW + 5)
    for of in (None, license.id):
        rows, behind = find_updates(vendor.code, UpdateFilter(of, "pending"), "", 1)
        assert ([row.id for row in rows], behind) == ([last.id], "")


def test_they_go_with_their_license(vendor: Vendor) -> None:
    license = vendor.issue()
    update, done = (scheduled(vendor, license, at, max_activations=9) for at in (AT + 1, AT))
    swept()
    with before_write(2, lambda: meanwhile(vendor, license)) as came_between:
        delete_license(vendor.code, license.id, ADMIN, now=AT + 1)
    assert came_between()
    assert [left(vendor, one) for one in (update, done)] == [[], []]
    assert (swept(AT + 1), all_of(vendor, license)) == ((0, 0, 0), [])
    assert vendor.differences() == []


def meanwhile(vendor: Vendor, license: License) -> None:
    """What others do of a license that is being deleted: nothing is made of it, and nothing is scheduled."""
    assert swept(AT + 1) == (0, 0, 0)
    with refused("license_not_found"):
        scheduled(vendor, license, AT + DAY, now=AT, max_activations=1)


@pytest.mark.parametrize(
    "lost",
    [
        lambda update, pk: scheduled_updates.due_entry(update),  # noqa: ARG005
        lambda update, pk: UpdateSlotItem(pk, update_slot_sort_key(update.slot)),
        lambda update, pk: LicenseItem(pk, LICENSE),  # noqa: ARG005
    ],
)
def test_the_audit_names_one_that_is_not_filed(vendor: Vendor, lost: Callable[[ScheduledUpdate, str], Any]) -> None:
    license = vendor.issue()
    update = scheduled(vendor, license, max_activations=9)
    assert vendor.differences() == []
    item = lost(update, license_pk(vendor.code, license.id))
    there = reads.get(item)
    assert there is not None
    writes.delete(item)
    try:
        assert any(f"scheduled update {update.id}" in line for line in vendor.differences())
    finally:
        writes.put(there)


def test_one_whose_license_older_code_has_deleted_can_be_canceled_and_deleted(vendor: Vendor) -> None:
    """Older code leaves the update, and a repair takes what is due of it away."""
    license = vendor.issue()
    update = scheduled(vendor, license, max_activations=9)
    delete_license(vendor.code, license.id, ADMIN, now=NOW + 1)
    assert left(vendor, update) == []
    writes.put(ScheduledUpdateItem.of(update, vendor.code, scheduled_update_sort_key(update.id)))
    assert cancel_update(vendor.code, update.id, ADMIN, now=NOW + 2).status == "canceled"
    writes.put(ScheduledUpdateItem.of(update, vendor.code, scheduled_update_sort_key(update.id)))
    delete_update(vendor.code, update.id, ADMIN, now=NOW + 2)
    assert (left(vendor, update), vendor.differences()) == ([], [])


def test_the_audit_names_what_is_due_of_one_that_is_over(vendor: Vendor) -> None:
    update = scheduled(vendor, vendor.issue(), max_activations=9)
    entry = reads.get(scheduled_updates.due_entry(update))
    cancel_update(vendor.code, update.id, ADMIN, now=NOW + 1)
    assert entry is not None
    writes.put(entry)
    try:
        assert vendor.differences()
        assert swept() == (0, 0, 0), "and nothing is made of it"
    finally:
        writes.delete(entry)


def test_another_company_finds_none_of_them(vendor: Vendor) -> None:
    update = scheduled(vendor, vendor.issue(), max_activations=9)
    stranger = Vendor()
    for call in (find_update, cancel_update, delete_update, apply_update):
        more: dict[str, Any] = {} if call is find_update else {"actor": ADMIN, "now": NOW}
        with refused("scheduled_update_not_found"):
            call(stranger.code, update.id, **more)
    assert reads.get(ScheduledUpdateItem(vendor.code, scheduled_update_sort_key(update.id))) is not None
