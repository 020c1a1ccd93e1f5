"""That a limit was reached is an event where somebody listens: once a day, license and limit, and never in the way."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import LimitReached
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.limits import KIND_OF, LIMITS
from chalicelib.runtime import Caches, runtime, using
from chalicelib.store import database
from chalicelib.store.items.ephemera import LimitReachedItem
from chalicelib.store.limits_reached import key_of
from chalicelib.store.reads import get
from chalicelib.threads import ThreadPool
from chalicelib.usecases import limit_reached
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.limit_reached import note_limit_reached
from tests.store.faults import throttled, wire
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import calls_counted, refused

MIDNIGHT = NOW - NOW % DAY
API = Actor("api:T-1", "203.0.113.9")


@pytest.fixture(autouse=True)
def listeners(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The companies of which somebody wants to be told of it: all of them, but those that are put in here are not."""
    deaf = set[str]()
    wanted = lambda company, event, _now: event == "license_limit_reached" and company not in deaf  # noqa: E731
    monkeypatch.setattr(limit_reached, "listened", wanted)
    return deaf


def full(limit: int = 5, code: Any = "license_activated_max_times") -> LimitReached:
    return LimitReached(code, limit=limit, used=limit)


def noted(vendor: Vendor, license: License) -> list[tuple[int, dict[str, Any]]]:
    """What the history of a license has of it."""
    history = vendor.history(license)
    return [(event.at, event.detail) for event in history if event.type == "license_limit_reached"]


def note(vendor: Vendor, license: License, error: LimitReached, now: int = NOW, user: str | None = None) -> None:
    """Note it as another process does, that remembers nothing."""
    with using(replace(runtime(), caches=Caches())):
        note_limit_reached(vendor.code, license.id, error, API, user=user, now=now)


def test_it_is_told_once_a_day_license_and_limit(vendor: Vendor) -> None:
    one, other = vendor.issue(), vendor.issue()
    for now in (MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + DAY - 1, MIDNIGHT + DAY, MIDNIGHT + 3 * DAY):
        note(vendor, one, full(), now)
        note(vendor, one, full(3, "device_transfer_limit_reached"), now)
    note(vendor, other, full(7), MIDNIGHT)
    assert sorted((at, detail["limit"]) for at, detail in noted(vendor, one)) == [
        (day, kind) for day in (MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT + 3 * DAY) for kind in ("devices", "transfers")
    ]
    assert noted(vendor, other) == [(MIDNIGHT, {"limit": "devices", "of": 7})]


def test_each_limit_has_a_kind_and_a_users_limit_names_the_user(vendor: Vendor) -> None:
    license = vendor.issue()
    codes = [limit.code for limit in LIMITS]
    for number, code in enumerate(codes, start=1):
        note(vendor, license, full(number, code), user="ada@customer.test")
    events = [event for event in vendor.history(license) if event.type == "license_limit_reached"]
    assert {(event.detail["limit"], event.detail["of"], event.user) for event in events} == {
        ("devices", 1, None),
        ("users", 2, None),
        ("transfers", 3, None),
        ("devices_per_user", 4, "ada@customer.test"),
    }
    assert {event.actor for event in events} == {API}
    assert KIND_OF.keys() == {*codes, "max_floating_reached", "license_not_enough_consumptions"}  # of slots and meters


def test_where_there_is_room_but_not_for_so_many_no_limit_is_reached(vendor: Vendor) -> None:
    license = vendor.issue()
    note(vendor, license, LimitReached("license_users_limit_reached", limit=5, used=4))
    assert noted(vendor, license) == []


def test_processes_that_refuse_at_the_same_time_tell_it_once(vendor: Vendor) -> None:
    licenses = [vendor.issue() for _ in range(20)]
    with ThreadPool(8) as threads:
        list(threads.map(lambda number: note(vendor, licenses[number % 20], full()), range(160)))
    assert [len(noted(vendor, license)) for license in licenses] == [1] * 20


def test_nothing_is_written_or_asked_where_nobody_listens_and_who_listens_later_that_day_is_told(
    vendor: Vendor, listeners: set[str]
) -> None:
    license = vendor.issue()
    listeners.add(vendor.code)
    with calls_counted() as sent:
        note_limit_reached(vendor.code, license.id, full(), API, now=NOW)
    assert sent == []
    listeners.clear()
    note_limit_reached(vendor.code, license.id, full(), API, now=NOW + 1)
    assert noted(vendor, license) == [(NOW + 1, {"limit": "devices", "of": 5})]


def test_a_storm_of_refusals_is_one_transaction_of_a_process_and_touches_no_license(vendor: Vendor) -> None:
    license = vendor.issue()
    before = vendor.stored(license)
    with calls_counted() as sent:
        for number in range(1000):
            note_limit_reached(vendor.code, license.id, full(), API, now=NOW + number)
    assert sent == ["TransactWriteItems"]
    assert vendor.stored(license) == before
    item = get(LimitReachedItem(key_of(vendor.code, license.id, "devices", NOW)), now=NOW)
    assert item is not None
    assert item.expires * 1000 == MIDNIGHT + 2 * DAY


def test_the_answer_is_the_same_where_it_cannot_be_written_and_it_is_told_by_the_next(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: pytest.fail("it is tried once"))
    license = vendor.issue("revit", max_license_users=0)
    error, noting = full(0, "license_users_limit_reached"), limit_reached.noting_limits
    with wire(throttled), refused(error.code), noting(vendor.code, license.id, API, now=NOW):
        raise error
    assert noted(vendor, license) == []
    note(vendor, license, full(0, "license_users_limit_reached"))
    assert len(noted(vendor, license)) == 1


def test_who_cannot_know_whether_anybody_listens_answers_as_ever(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr(limit_reached, "listened", broken)
    note(vendor, vendor.issue(), full())
    assert "was not noted" in caplog.text


@pytest.mark.parametrize("how", ["one", "a list"])
def test_who_assigns_people_beyond_the_seats_has_it_told(how: str, vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, "ada@customer.test")
    for _ in range(2):
        with refused("license_users_limit_reached"):
            if how == "one":
                vendor.assign(license, "bob@customer.test")
            else:
                start_batch(vendor.code, license.id, "bob@customer.test", True, ADMIN, now=vendor.now)
    assert noted(vendor, license) == [(vendor.now, {"limit": "users", "of": 1})]
