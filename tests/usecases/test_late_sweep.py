"""A company is told that what is due comes more than an hour late: once a day, and not of what somebody dated back.

Its licenses lie in years of their own, as those of `test_sweep.py`.
"""

import pytest

from chalicelib.domain.license import License
from chalicelib.store import histories
from chalicelib.store.due import DUE_SHARDS
from chalicelib.store.mails import mails_of
from chalicelib.store.outbox import listened
from chalicelib.usecases import sweep as module
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_license import extend
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.sweep import SWEEP, sweep
from tests.store.faults import failed, wire
from tests.store.seam import Answer, Request, Send, empty
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.support import calls_counted

END = NOW + 4000 * DAY
MINUTE = 60_000


@pytest.fixture(autouse=True)
def _nothing_is_due_yet(vendor: Vendor) -> None:
    """What other tests of this process left behind is gone."""
    empty("licenses")
    vendor.now = END - 12 * HOUR


def ending(vendor: Vendor, end: int = END) -> License:
    return vendor.issue(license_type="time-limited", validity_period=end)


def noted(vendor: Vendor) -> list[tuple[int, str | int | None]]:
    """When the company was told, and of how many minutes."""
    events = [event for event in histories.company_events(vendor.code) if event.type == "sweep_late"]
    assert {event.actor for event in events} <= {SWEEP}
    return [(event.at, event.detail["minutes"]) for event in events][::-1]


@pytest.mark.parametrize(("late", "minutes"), [(HOUR, []), (HOUR + 1, [60]), (3 * DAY, [3 * 24 * 60])])
def test_what_comes_more_than_an_hour_late_is_told(vendor: Vendor, late: int, minutes: list[int]) -> None:
    ending(vendor)
    sweep(now=END + late)
    assert noted(vendor) == [(END + late, many) for many in minutes]


def test_a_company_is_told_once_a_day_however_many_licenses_and_sweeps_are_late(vendor: Vendor) -> None:
    for hours in (0, 0, 0, 6, 18, 25, 90):
        ending(vendor, END + hours * HOUR)
    for hours in (2, 8, 20, 27, 99):
        sweep(now=END + hours * HOUR)
    assert [at for at, _ in noted(vendor)] == [END + hours * HOUR for hours in (2, 27, 99)]


def test_each_company_is_told_of_its_own(vendor: Vendor) -> None:
    ending(vendor)
    other = Vendor(now=vendor.now)
    ending(other, END + 2 * HOUR)
    sweep(now=END + 3 * HOUR)
    assert (len(noted(vendor)), len(noted(other))) == (1, 0)


def test_a_notice_of_an_end_that_comes_late_is_told(vendor: Vendor) -> None:
    vendor.now = END - 40 * DAY
    ending(vendor)
    sweep(now=END - 30 * DAY + 2 * HOUR)
    assert noted(vendor) == [(END - 30 * DAY + 2 * HOUR, 120)]


def test_a_notice_that_is_not_given_any_more_makes_its_end_no_less_late(vendor: Vendor) -> None:
    """It is marked as given at the end of the outage, as dates are that somebody sets then."""
    vendor.now = END - 10 * DAY
    ending(vendor)
    sweep(now=END + 9 * DAY)
    assert len(noted(vendor)) == 1


def test_an_end_that_somebody_sets_into_the_past_is_not_late(vendor: Vendor) -> None:
    license = ending(vendor)
    extend(vendor.code, license.id, END - 90 * DAY, None, ADMIN, now=vendor.now)
    vendor.issue(license_type="time-limited", validity_period=END - 90 * DAY)
    sweep(now=vendor.now + 5 * MINUTE)
    assert noted(vendor) == []


def test_where_nothing_is_late_it_costs_nothing(vendor: Vendor) -> None:
    ending(vendor)
    sweep(now=END - 1)
    with calls_counted() as sent:
        sweep(now=END + HOUR)
    assert sorted(set(sent)) == ["BatchGetItem", "Query", "TransactWriteItems"]  # reads who listens
    assert (sent.count("Query"), sent.count("TransactWriteItems")) == (DUE_SHARDS, 1)


def test_of_a_company_that_is_told_no_license_is_read_any_more(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "THREADS", 1)  # else the first of several shards are late at once
    for _ in range(9):
        vendor.issue(license_type="time-limited", validity_period=END)
    listened(vendor.code, "license_expired", END + DAY)  # which a warm process knows
    with calls_counted() as sent:
        sweep(now=END + DAY)
    assert sent.count("TransactWriteItems") == 9 + 1
    assert sent.count("BatchGetItem") == 1


def test_a_license_that_cannot_be_announced_tells_nobody(vendor: Vendor) -> None:
    license = ending(vendor)

    def stuck(request: Request, send: Send) -> Answer:
        return failed(request, 400, "AccessDeniedException") if str(license.id) in str(request.body) else send(request)

    with wire(stuck):
        assert sweep(now=END + DAY)["failed"] == 1
    assert noted(vendor) == []


def test_a_company_that_cannot_be_told_has_its_licenses_announced(vendor: Vendor) -> None:
    ending(vendor)

    def not_noted(request: Request, send: Send) -> Answer:
        return failed(request, 400, "AccessDeniedException") if "late#" in str(request.body) else send(request)

    with wire(not_noted):
        swept = sweep(now=END + DAY)
    assert (swept["license_expired"], swept["failed"], noted(vendor)) == (1, 0, [])


def test_the_company_is_mailed_unless_it_has_switched_that_off(vendor: Vendor) -> None:
    set_branding(vendor.code, None, None, ADMIN, support_email="vendor@vendor.test", now=vendor.now)
    deaf = Vendor()
    off = frozenset({"sweep_late"})
    set_branding(deaf.code, None, None, ADMIN, support_email="deaf@vendor.test", mails_off=off, now=vendor.now)  # type: ignore[arg-type]
    for one in (vendor, deaf):
        ending(one)
    sweep(now=END + 2 * HOUR)
    deliver_events(now=END + 2 * HOUR + 10)
    assert [(mail.to, mail.code) for _, mail in mails_of(vendor.code)] == [("vendor@vendor.test", "sweep_late")]
    assert (list(mails_of(deaf.code)), noted(deaf)) == ([], [])
