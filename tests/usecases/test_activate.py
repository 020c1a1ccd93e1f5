"""Activate: first, again, refused; which license a user gets; and what the history says then."""

from typing import Any

import pytest

from chalicelib.domain.events import Actor
from chalicelib.domain.instants import from_iso
from chalicelib.domain.license import DeviceReport
from chalicelib.usecases.activate import activate
from chalicelib.usecases.change_license import extend, reset_license, set_enabled
from chalicelib.usecases.change_seat import set_max_activations
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.support import before_write, kinds, one_after_another, refused, replica_of_now

ADA = "ada@customer.test"


def test_a_first_activation_takes_a_place_and_keeps_what_the_device_says(vendor: Vendor) -> None:
    license = vendor.issue()
    report = {"hostname": "host", "os_ver": "Linux", "ip": "192.0.2.7", "is_vm": False, "app_ver": "1.2"}
    snapshot = vendor.activate(license, "pc", report=report)
    assert snapshot.license is not None
    assert snapshot.device is not None
    assert (snapshot.license.times_activated, vendor.stored(license).times_activated) == (1, 1)
    assert (snapshot.device.activated_at, snapshot.device.hostname, snapshot.device.is_vm) == (NOW, "host", False)
    assert vendor.check(license, "pc").device == snapshot.device


def test_the_event_says_who_activated_what_for_whom_from_where_and_when(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA)
    app = Actor("api:key", "192.0.2.7")
    device = DeviceReport("pc", hostname="host")
    activate(vendor.code, vendor.lookup(ADA, "pc"), password, device, app, now=NOW + HOUR)
    event = vendor.history(license)[-1]
    assert (event.type, event.at, event.actor) == ("device_activated", NOW + HOUR, app)
    assert (event.user, event.hardware_id, event.detail) == (ADA, "pc", {"hostname": "host", "first": 1})


def test_the_same_device_again_is_the_same_place_and_no_event(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1, max_transfers=-1)
    first = vendor.activate(license, "pc")
    again = [vendor.activate(license, "pc", now=NOW + days * DAY) for days in range(3)]
    assert first.device is not None
    assert {snapshot.device.id for snapshot in again if snapshot.device} == {first.device.id}
    assert vendor.stored(license).times_activated == 1
    assert kinds(vendor, license) == ["device_activated"]


def test_a_repeat_refreshes_what_is_known_of_the_device_and_forgets_nothing(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc", report={"hostname": "old", "os_ver": "Linux"})
    vendor.activate(license, "pc", report={"hostname": "new"})
    device = vendor.check(license, "pc").device
    assert device is not None
    assert (device.hostname, device.os_ver) == ("new", "Linux")


def test_a_device_that_comes_back_after_a_deactivation_takes_a_place_again(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "pc")
    vendor.deactivate(license, "pc")
    vendor.activate(license, "pc", now=NOW + 1)
    assert vendor.stored(license).times_activated == 1
    assert kinds(vendor, license).count("device_activated") == 2


def test_a_device_that_was_just_reset_takes_a_place_anew_though_a_replica_lags(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "pc")
    with replica_of_now(license, "pc"):
        reset_license(vendor.code, license.id, ADMIN, now=NOW + 1)
        vendor.activate(license, "pc", now=NOW + 2)
        assert vendor.stored(license).times_activated == 1
    with refused("license_activated_max_times"):
        vendor.activate(license, "other", now=NOW + 3)


def test_a_device_is_not_refused_for_the_place_that_it_took_after_a_reset_that_a_replica_has_not_seen(
    vendor: Vendor,
) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "pc")
    vendor.deactivate(license, "pc")
    with replica_of_now(license, "pc"):
        reset_license(vendor.code, license.id, ADMIN, now=NOW + 1)
        first = vendor.activate(license, "pc", now=NOW + 2)
        again = vendor.activate(license, "pc", now=NOW + 3)
    assert first.device is not None
    assert again.device is not None
    assert again.device.id == first.device.id
    assert vendor.stored(license).times_activated == 1


@pytest.mark.parametrize("code", ["license_activated_max_times", "device_transfer_not_allowed", "vm_not_allowed"])
def test_a_refusal_writes_nothing(vendor: Vendor, code: Any) -> None:
    vendor.product("strict", "license-key", prevent_vm=True)
    license = vendor.issue("strict", max_activations=1, max_transfers=-1)
    vendor.activate(license, "pc")
    if code == "device_transfer_not_allowed":
        vendor.deactivate(license, "pc")
    before, history = vendor.stored(license), vendor.history(license)
    with refused(code):
        vendor.activate(license, "other", report={"is_vm": code == "vm_not_allowed"})
    assert (vendor.stored(license), vendor.history(license)) == (before, history)
    with refused("device_not_found"):
        vendor.check(license, "other")


def test_an_unlimited_license_grants_and_counts_on(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=None)
    for n in range(12):
        vendor.activate(license, f"pc {n}")
    assert vendor.stored(license).times_activated == 12


def test_a_start_date_opens_the_license_at_its_millisecond(vendor: Vendor) -> None:
    license = vendor.issue(start_date=NOW + DAY)
    with refused("license_start_date_not_reached"):
        vendor.activate(license, "pc", now=NOW + DAY - 1)
    assert vendor.activate(license, "pc", now=NOW + DAY).device


def test_grace_grants_and_its_end_does_not_though_no_sweep_has_run(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY, grace_period=24)
    assert vendor.activate(license, "pc", now=NOW + 2 * DAY - 1).device
    with refused("license_expired"):
        vendor.activate(license, "pc", now=NOW + 2 * DAY)  # a repeat, too
    extend(vendor.code, license.id, NOW + 9 * DAY, None, ADMIN, now=NOW + 2 * DAY)
    assert vendor.activate(license, "other", now=NOW + 2 * DAY).device


def test_a_duration_starts_with_the_first_activation_in_the_same_write(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", valid_duration="1m", grace_period=24)
    assert vendor.stored(license).validity_period is None
    at = from_iso("2027-01-31T12:00:00.001Z")
    snapshot = vendor.activate(license, "pc", now=at)
    end = from_iso("2027-02-28T12:00:00.001Z")
    assert snapshot.license is not None
    assert (snapshot.license.validity_period, vendor.stored(license).validity_period) == (end, end)
    vendor.deactivate(license, "pc")
    vendor.activate(license, "other", now=end - 1)
    assert vendor.stored(license).validity_period == end
    with refused("license_expired"):
        vendor.activate(license, "third", now=end + 24 * HOUR)


def test_two_first_activations_at_once_start_one_duration(vendor: Vendor) -> None:
    """Whoever has read that none was before, and writes second, finds the end of the other."""
    license = vendor.issue(license_type="time-limited", valid_duration="30d")
    with before_write(1, lambda: vendor.activate(license, "rival", now=NOW + 1)):
        second = vendor.activate(license, "pc", now=NOW + DAY).license
    stored = vendor.stored(license)
    assert (stored.first_activated_at, stored.validity_period) == (NOW + 1, NOW + 1 + 30 * DAY)
    assert second == stored
    assert [event.detail for event in vendor.history(license)[1:]] == [{"first": 1}, {}]


def test_a_refused_first_activation_starts_no_duration(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", valid_duration="1m", max_activations=0)
    with refused("license_activated_max_times"):
        vendor.activate(license, "pc")
    assert vendor.stored(license).validity_period is None


def test_transfers_are_counted_and_limited(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1, max_transfers=2)
    for device, transfers in (("a", 0), ("a", 0), ("b", 1), ("a", 2)):
        vendor.activate(license, device)
        assert vendor.stored(license).transfer_count == transfers
        vendor.deactivate(license, device)
    with refused("device_transfer_limit_reached"):
        vendor.activate(license, "b")
    assert vendor.activate(license, "a").device  # the one that was last active


def test_where_transfers_are_forbidden_only_the_last_device_comes_back(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2, max_transfers=-1)
    vendor.activate(license, "a")
    vendor.deactivate(license, "a")
    with refused("device_transfer_not_allowed"):
        vendor.activate(license, "b")
    vendor.activate(license, "a")
    vendor.activate(license, "b")  # a place that nobody gave up
    assert vendor.stored(license).transfer_count == 0


def test_a_transfer_stands_in_the_history(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "a", now=NOW + 1)
    vendor.deactivate(license, "a", now=NOW + 2)
    vendor.activate(license, "b", now=NOW + 3)
    assert [event.detail for event in vendor.history(license)[1:]] == [{"first": 1}, {}, {"transfer": 1}]


# --- what is sent must agree ----------------------------------------------------------------------------------


def test_a_key_is_found_as_somebody_typed_it(vendor: Vendor) -> None:
    license = vendor.issue()
    assert license.license_key is not None
    typed = vendor.lookup(license, "pc", license_key=f" {license.license_key.lower()} ")
    assert activate(vendor.code, typed, None, DeviceReport("pc"), ADMIN, now=NOW)[0].license == vendor.stored(license)


def test_all_that_is_sent_must_agree(vendor: Vendor) -> None:
    license, other = vendor.issue(), vendor.issue()
    vendor.product("second", "license-key")
    wrong: list[dict[str, Any]] = [
        {"license_id": other.id},
        {"product": "second"},
        {"license_key": "ABCDE-FGH23-JKLMN-PQRST-UVW48"},
        {"bundle_code": "suite"},
        {"username": ADA},
    ]
    for answer in wrong:
        with refused("license_not_found"):
            vendor.activate(license, "pc", **answer)
    with refused("unknown_product"):
        vendor.activate(license, "pc", product="nothing")
    assert vendor.activate(license, "pc", license_id=license.id).device


def test_an_id_alone_activates_nothing_but_repeats_for_a_device_that_is_active(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    by_id: dict[str, Any] = {"license_key": None, "license_id": license.id}
    assert vendor.activate(license, "pc", **by_id).license == vendor.stored(license)
    with refused("license_not_found"):
        vendor.activate(license, "other", **by_id)
    vendor.deactivate(license, "pc")
    with refused("license_not_found"):
        vendor.activate(license, "pc", **by_id)


def test_a_call_without_any_name_is_asked_for_one(vendor: Vendor) -> None:
    license = vendor.issue()
    with refused("license_key_required"):
        vendor.activate(license, "pc", license_key=None)


# --- users ----------------------------------------------------------------------------------------------------


def test_a_user_activates_with_the_email_in_any_case_and_what_follows_a_bar_ignored(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA, 2)
    for hardware_id, username in (("a", " ADA@Customer.test"), ("b", f"{ADA}|whatever")):
        snapshot = vendor.activate(username, hardware_id, password)
        assert snapshot.user is not None
        assert snapshot.user.email == ADA
    assert vendor.stored(license).times_activated == 2


@pytest.mark.parametrize("password", [None, "", "wrong"])
def test_without_the_right_password_no_place_is_taken(vendor: Vendor, password: str | None) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, ADA)
    with refused("invalid_credentials"):
        vendor.activate(ADA, "pc", password)
    assert vendor.stored(license).times_activated == 0


def test_each_user_has_a_limit_and_the_license_bounds_all_together(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=3, max_license_users=2)
    passwords = {name: vendor.assign(license, f"{name}@customer.test", 2)[1] for name in ("ada", "bob")}

    def take(name: str, hardware_id: str) -> None:
        vendor.activate(f"{name}@customer.test", hardware_id, passwords[name])

    take("ada", "a1")
    take("ada", "a2")
    with refused("user_activated_max_times"):
        take("ada", "a3")
    take("bob", "a1")  # two users of one machine hold two places
    with refused("license_activated_max_times"):
        take("bob", "b2")


def test_a_user_gets_the_newest_license_that_grants(vendor: Vendor) -> None:
    old, middle, new = one_after_another(vendor, 3)
    _, password = vendor.assign(middle, ADA)
    for license in (new, old):
        vendor.assign(license, ADA)
    assert vendor.activate(ADA, "a", password).license == vendor.stored(new)
    set_enabled(vendor.code, old.id, False, ADMIN, now=NOW)
    assert vendor.activate(ADA, "b", password).license == vendor.stored(middle)
    with refused("user_activated_max_times"):
        vendor.activate(ADA, "c", password)  # the reason of the newest


def test_a_device_that_holds_a_place_keeps_it_however_many_newer_licenses_there_are(vendor: Vendor) -> None:
    old, new = one_after_another(vendor, 2)
    _, password = vendor.assign(old, ADA)
    vendor.activate(ADA, "pc", password)
    vendor.assign(new, ADA)
    assert vendor.activate(ADA, "pc", password).license == vendor.stored(old)
    assert vendor.stored(new).times_activated == 0


def test_a_user_who_names_a_license_gets_that_one_or_none(vendor: Vendor) -> None:
    old, new, foreign = one_after_another(vendor, 3)
    _, password = vendor.assign(old, ADA)
    vendor.assign(new, ADA)
    assert vendor.activate(ADA, "pc", password, license_id=old.id).license == vendor.stored(old)
    with refused("license_not_found"):
        vendor.activate(ADA, "pc", password, license_id=foreign.id)


def test_a_user_without_a_seat_has_no_license(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1, manager=ADA)
    user, password = vendor.assign(license, "bob@customer.test")
    vendor.product("other", "user")
    with refused("license_not_found"):
        vendor.activate(user.email, "pc", password, product="other")


def test_a_limit_below_what_is_used_evicts_nobody_and_grants_nobody(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA, 3)
    for hardware_id in ("a", "b"):
        vendor.activate(ADA, hardware_id, password)
    set_max_activations(vendor.code, license.id, ADA, 1, ADMIN, now=NOW)
    for hardware_id in ("a", "b"):
        assert vendor.check(ADA, hardware_id).device
        assert vendor.activate(ADA, hardware_id, password).device
    vendor.deactivate(ADA, "a")
    with refused("user_activated_max_times"):
        vendor.activate(ADA, "a", password)
    vendor.deactivate(ADA, "b")
    assert vendor.activate(ADA, "b", password).device
