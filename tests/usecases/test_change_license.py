"""Enable, disable, extend, reset."""

from datetime import date
from typing import Any

import pytest

from chalicelib.domain.days import last_instant
from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import Event
from chalicelib.domain.instants import add, from_iso, parse_duration, to_iso
from chalicelib.domain.license import License, status
from chalicelib.store import licenses
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.usecases.change_license import extend, reset_license, set_enabled
from chalicelib.usecases.sweep import sweep
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.support import kinds, refused

MONTH = parse_duration("1m")


def test_a_disabled_license_answers_no_device_and_an_enabled_one_all_again(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    set_enabled(vendor.code, license.id, False, ADMIN, now=NOW)
    assert status(vendor.stored(license), NOW) == "disabled"
    for act in (vendor.activate, vendor.check):
        for hardware_id in ("pc", "new"):
            with refused("license_not_enabled"):
                act(license, hardware_id)
    set_enabled(vendor.code, license.id, True, ADMIN, now=NOW)
    assert vendor.check(license, "pc").license == vendor.stored(license)


def test_disabling_again_changes_nothing_and_writes_no_event(vendor: Vendor) -> None:
    license = vendor.issue()
    for enabled in (True, False, False, True, True):
        set_enabled(vendor.code, license.id, enabled, ADMIN, now=NOW)
    assert sorted(kinds(vendor, license)) == ["license_disabled", "license_enabled"]


def test_a_place_can_be_given_back_on_a_disabled_license(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    set_enabled(vendor.code, license.id, False, ADMIN, now=NOW)
    vendor.deactivate(license, "pc")
    assert vendor.stored(license).times_activated == 0


def test_a_new_end_brings_an_expired_license_back(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    vendor.activate(license, "pc")
    sweep(now=NOW + DAY)
    with refused("license_expired"):
        vendor.activate(license, "new", now=NOW + DAY)
    extend(vendor.code, license.id, NOW + 9 * DAY, None, ADMIN, now=NOW + 2 * DAY)
    assert vendor.activate(license, "new", now=NOW + 9 * DAY - 1).device
    with refused("license_expired"):
        vendor.activate(license, "third", now=NOW + 9 * DAY)
    event = vendor.history(license)[-2]
    assert (event.type, event.detail) == ("license_extended", {"validity_period": to_iso(NOW + 9 * DAY)})


def test_an_end_moves_on_from_the_old_end_or_from_now_whichever_is_later(vendor: Vendor) -> None:
    license = vendor.issue(license_type="subscription", validity_period=from_iso("2026-11-30"))
    early = extend(vendor.code, license.id, None, "3m", ADMIN, now=NOW)
    assert to_iso(early.validity_period) == "2027-02-28T00:00:00.000Z"
    late = extend(vendor.code, license.id, None, "30d", ADMIN, now=from_iso("2027-03-01T05:00"))
    assert to_iso(late.validity_period) == "2027-03-31T05:00:00.000Z"
    assert vendor.stored(license) == late


@pytest.mark.parametrize(
    ("basis", "early", "late"),
    [("end", "2027-01-30", "2027-02-28"), ("now", "2026-12-24", "2027-04-10"), ("later", "2027-01-30", "2027-04-10")],
)
def test_a_renewal_counts_from_what_is_said(vendor: Vendor, basis: Any, early: str, late: str) -> None:
    """Before the end of 30 December, and after the one that the renewal has made."""
    license = vendor.issue(license_type="subscription", validity_period=from_iso("2026-12-30"))
    for now, expected in (("2026-11-24", early), ("2027-03-10", late)):
        end = "2027-01-30" if now > "2027" else "2026-12-30"
        extend(vendor.code, license.id, from_iso(end), None, ADMIN, now=NOW)
        renewed = extend(vendor.code, license.id, None, "1m", ADMIN, basis=basis, now=from_iso(now))
        assert (to_iso(renewed.validity_period) or "")[:10] == expected


def test_monthly_renewals_of_the_end_of_a_month_do_not_drift(vendor: Vendor) -> None:
    zone = "America/Los_Angeles"
    end = last_instant(date(2027, 1, 31), zone)
    license = vendor.issue(license_type="subscription", validity_period=end)
    for month, day in ((2, 28), (3, 31), (4, 30), (5, 31)):
        found = extend(vendor.code, license.id, None, "1m", ADMIN, zone=zone, now=NOW).validity_period
        assert found == last_instant(date(2027, month, day), zone)
    now = from_iso("2027-06-30T12:00")
    assert extend(vendor.code, license.id, None, "1m", ADMIN, zone=zone, now=now).validity_period == add(now, MONTH)


@pytest.mark.parametrize(("basis", "end"), [(None, "2027-04-10"), ("end", "2027-01-30"), ("now", "2027-04-10")])
def test_a_renewal_counts_from_what_the_license_was_sold_with(vendor: Vendor, basis: Any, end: str) -> None:
    """Where it does not say otherwise: by default from the later of the old end and now."""
    terms: dict[str, Any] = {} if basis is None else {"renewal_basis": basis}
    license = vendor.issue(license_type="subscription", validity_period=from_iso("2026-12-30"), **terms)
    now = from_iso("2027-03-10")
    assert (to_iso(extend(vendor.code, license.id, None, "1m", ADMIN, now=now).validity_period) or "")[:10] == end
    said = extend(vendor.code, license.id, None, "1m", ADMIN, basis="now", now=now)
    assert (to_iso(said.validity_period) or "")[:10] == "2027-04-10"
    assert vendor.stored(license).renewal_basis == (basis or "later")
    assert ("renewal_basis" in LicenseItem.attributes_of(said)) == (basis is not None), "the default costs no item more"


def test_a_license_can_be_ended_early(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + 90 * DAY)
    vendor.activate(license, "pc")
    extend(vendor.code, license.id, NOW - 1, None, ADMIN, now=NOW)
    with refused("license_expired"):
        vendor.activate(license, "new")
    sweep(now=NOW + 1)
    assert kinds(vendor, license)[-1] == "license_expired"


def test_the_same_end_again_is_a_repeat(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    for _ in range(2):
        extend(vendor.code, license.id, NOW + 2 * DAY, None, ADMIN, now=NOW)
    assert kinds(vendor, license) == ["license_extended"]


def test_what_no_sweep_has_seen_before_the_extension_is_announced_by_it(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY, grace_period=24)
    extend(vendor.code, license.id, NOW + 9 * DAY, None, ADMIN, now=NOW + 3 * DAY)
    missed = vendor.history(license)[1:]
    assert [event.type for event in missed] == ["grace_started", "license_expired", "license_extended"]
    assert [event.detail.get("since") for event in missed[:2]] == [to_iso(NOW + DAY), to_iso(NOW + 2 * DAY)]
    sweep(now=NOW + 10 * DAY)
    assert kinds(vendor, license) == [*(event.type for event in missed), "grace_started", "license_expired"]


@pytest.mark.parametrize("is_swept", [True, False])
def test_an_extension_to_a_date_that_is_past_as_well_expires_nothing_twice(vendor: Vendor, is_swept: bool) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    if is_swept:
        sweep(now=NOW + DAY)
    extend(vendor.code, license.id, NOW + 2 * DAY, None, ADMIN, now=NOW + 3 * DAY)
    sweep(now=NOW + 4 * DAY)
    assert kinds(vendor, license) == ["license_expired", "license_extended"]


def test_only_a_license_with_an_end_can_be_extended(vendor: Vendor) -> None:
    perpetual = vendor.issue()
    unbegun = vendor.issue(license_type="time-limited", valid_duration="30d")
    for license in (perpetual, unbegun):
        with pytest.raises(Invalid):
            extend(vendor.code, license.id, NOW + DAY, None, ADMIN, now=NOW)
        assert kinds(vendor, license) == []


@pytest.mark.parametrize("by", [None, "", "30", "1001y", "999y9"])
def test_what_is_no_duration_extends_nothing(vendor: Vendor, by: str | None) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    with pytest.raises(Invalid):
        extend(vendor.code, license.id, None, by, ADMIN, now=NOW)
    assert vendor.stored(license) == license


def test_an_end_past_the_year_9999_is_refused(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=from_iso("9999-06-01"))
    with pytest.raises(Invalid):
        extend(vendor.code, license.id, None, "1y", ADMIN, now=NOW)


def test_after_a_reset_no_old_device_answers_and_all_places_are_free(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2, max_transfers=1)
    for hardware_id in ("a", "b"):
        vendor.activate(license, hardware_id)
    vendor.deactivate(license, "b")
    vendor.activate(license, "c")
    vendor.deactivate(license, "a")
    reset_license(vendor.code, license.id, ADMIN, now=NOW + HOUR)
    stored = vendor.stored(license)
    assert (stored.times_activated, stored.transfer_count, stored.released) == (0, 0, 0)
    for hardware_id in ("a", "b", "c"):
        with refused("device_not_found"):
            vendor.check(license, hardware_id)
        vendor.deactivate(license, hardware_id)  # a repeat, and no harm to the counts
    assert vendor.history(license)[-1].detail == {"times_activated": 1}
    for hardware_id in ("x", "b"):
        vendor.activate(license, hardware_id)
    with refused("license_activated_max_times"):
        vendor.activate(license, "a")
    assert vendor.stored(license).transfer_count == 0


def test_a_reset_says_how_many_places_it_took_also_where_one_was_taken_meanwhile(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    license, reset, rivals = vendor.issue(), licenses.reset, iter(["a"])

    def meanwhile(seen: License, event: Event, **more: bool) -> None:
        for hardware_id in rivals:
            vendor.activate(license, hardware_id)
        reset(seen, event, **more)

    monkeypatch.setattr(licenses, "reset", meanwhile)
    reset_license(vendor.code, license.id, ADMIN, now=NOW + HOUR)
    assert [e.detail for e in vendor.history(license) if e.type == "license_reset"] == [{"times_activated": 1}]
    assert vendor.stored(license).times_activated == 0


def test_a_reset_frees_the_seats_as_well_and_moves_no_end(vendor: Vendor) -> None:
    license = vendor.issue("revit", license_type="time-limited", valid_duration="30d", max_license_users=1)
    _, password = vendor.assign(license, "ada@customer.test")
    vendor.activate("ada@customer.test", "a", password)
    reset_license(vendor.code, license.id, ADMIN, now=NOW + HOUR)
    with refused("device_not_found"):
        vendor.check("ada@customer.test", "a")
    snapshot = vendor.activate("ada@customer.test", "b", password, now=NOW + DAY)
    assert snapshot.license is not None
    assert snapshot.license.validity_period == NOW + 30 * DAY
    with refused("user_activated_max_times"):
        vendor.activate("ada@customer.test", "a", password)
