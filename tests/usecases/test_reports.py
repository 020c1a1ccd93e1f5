"""Reports: sums of a company's licenses, and of each day what happened, told from what is stored anyway."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.domain.days import day_of
from chalicelib.domain.refusals import Refusal
from chalicelib.store import refusals
from chalicelib.usecases import reports
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.reports import report_days, report_licenses
from tests.support import ADMIN, DAY, HOUR, Vendor


def sums(vendor: Vendor, **more: Any) -> Any:
    given: Any = {"ending_days": 30, "most": 2, "now": vendor.now, "progress": lambda _: None} | more
    return report_licenses(vendor.code, **given)


def days(vendor: Vendor, most: int = 3) -> Counter[tuple[int, str, str]]:
    """By days before today."""
    today = day_of(vendor.now, "").toordinal()
    found = report_days(vendor.code, most, now=vendor.now, progress=lambda _: None).counts
    return Counter({(today - day.toordinal(), product, what): n for (day, product, what), n in found.items()})


def test_licenses_are_summed_up_by_product_and_state(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "CHUNK", 2)
    timed: Any = {"license_type": "time-limited"}
    later = vendor.issue(**timed, validity_period=vendor.now + 29 * DAY)
    first = vendor.issue(**timed, validity_period=vendor.now + DAY)
    off = vendor.issue(**timed, validity_period=vendor.now + DAY)
    set_enabled(vendor.code, off.id, False, ADMIN, now=vendor.now)
    vendor.issue(**timed, validity_period=vendor.now + 31 * DAY)
    used = vendor.issue("revit")
    vendor.activate(first, "pc")
    vendor.activate(first, "mac")
    vendor.activate(later, "pc")
    _, password = vendor.assign(used, "ann@customer.test")
    vendor.activate("ann@customer.test", "pc", password, license_id=used.id)
    report = sums(vendor)
    viewer, revit = report.products["viewer"], report.products["revit"]
    assert (viewer.by_status, viewer.licenses) == ({"active": 2, "disabled": 1, "inactive": 1}, 4)
    assert (viewer.never_used, viewer.ending_soon, viewer.active_devices) == (2, 2, 3)
    assert (revit.licenses, revit.never_used, revit.active_devices) == (1, 0, 1)
    assert [one.id for one in report.ending_soon] == [first.id, later.id], "one that nobody can use does not end"
    assert [one.id for one in report.most_devices][:1] == [first.id]
    assert len(report.most_devices) == 2
    assert next(one.id for one in sums(vendor, now=vendor.now + 2 * DAY).ending_soon) == later.id
    assert sums(Vendor()).products == {}


def test_of_each_day_it_is_told_what_was_taken_given_back_and_refused(vendor: Vendor) -> None:
    license, refused_at = vendor.issue(), vendor.now + DAY
    vendor.activate(license, "pc")
    vendor.now += DAY
    vendor.activate(license, "mac")
    deactivate(vendor.code, vendor.lookup(license, "pc"), ADMIN, now=vendor.now)
    for n, code in enumerate(("license_activated_max_times", "license_activated_max_times", "license_expired")):
        one: Any = {"call": "activate_license", "code": code, "at": refused_at + n * HOUR, "product": "viewer"}
        refusals.observe_refusal(vendor.code, Refusal(**one, license_id=license.id))
        refusals.observe_refusal(vendor.code, Refusal(**one, license_id=license.id))
    vendor.now += DAY
    expected = {
        (2, "viewer", "activated"): 1,
        (1, "viewer", "activated"): 1,
        (1, "viewer", "freed"): 1,
        (1, "viewer", "license_activated_max_times"): 4,
        (1, "viewer", "license_expired"): 2,
    }
    assert days(vendor) == expected
    assert days(vendor, 2) == {key: n for key, n in expected.items() if key[0] < 2}
    assert days(vendor, 1) == {}
    assert days(Vendor(now=vendor.now)) == {}


def test_a_license_whose_oldest_events_are_not_counted_is_named(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_EVENTS", 3)
    busy, quiet = vendor.issue(), vendor.issue()
    for license, names in ((busy, "abcd"), (quiet, "ab")):
        for name in names:
            vendor.now += 1
            vendor.activate(license, name)
    found = report_days(vendor.code, 1, now=vendor.now, progress=lambda _: None)
    part, _ = reports.sum_some_activations(vendor.code, frozenset(), None, 1, now=vendor.now)
    assert (found.incomplete, part.incomplete, found.counts.total()) == ([busy.id], [busy.id], 5)
