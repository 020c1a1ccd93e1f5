"""Check: a live device is answered as the license stands; all others are refused."""

from typing import Any

import pytest

from chalicelib.domain.activation import CHECK_INTERVAL_MS, USE_INTERVAL_MS
from chalicelib.domain.license import DeviceReport, License, is_expired
from chalicelib.store.activations import devices
from chalicelib.store.seats import read_seats
from chalicelib.usecases.change_seat import remove_account
from chalicelib.usecases.check import check
from tests.store.faults import throttled, wire
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.support import before_write, kinds, refused

ADA = "ada@customer.test"


def test_a_check_answers_the_license_and_the_device_and_is_no_event(vendor: Vendor) -> None:
    license = vendor.issue()
    activated = vendor.activate(license, "pc")
    snapshot = vendor.check(license, "pc")
    assert (snapshot.license, snapshot.device) == (vendor.stored(license), activated.device)
    assert kinds(vendor, license) == ["device_activated"]


def test_an_expired_license_is_answered_and_says_so(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    vendor.activate(license, "pc")
    for at, expired in ((NOW + DAY - 1, False), (NOW + DAY, True), (NOW + 500 * DAY, True)):
        found = vendor.check(license, "pc", now=at).license
        assert found is not None
        assert is_expired(found, at) == expired


def test_a_device_that_holds_no_place_is_refused(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    vendor.deactivate(license, "pc")
    for hardware_id in ("pc", "unknown"):
        with refused("device_not_found"):
            vendor.check(license, hardware_id)


def test_the_time_and_the_news_of_a_check_are_kept_once_in_a_quarter_of_an_hour(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")

    def noted(after: int, hostname: str) -> tuple[int, str | None]:
        lookup, report = vendor.lookup(license, "pc"), DeviceReport("pc", hostname=hostname)
        check(vendor.code, lookup, report, ADMIN, now=NOW + after)
        device = vendor.check(license, "pc").device
        assert device is not None
        return device.last_check_at - NOW, device.hostname

    assert noted(CHECK_INTERVAL_MS - 1, "early") == (0, None)
    assert noted(CHECK_INTERVAL_MS, "due") == (CHECK_INTERVAL_MS, "due")
    assert noted(CHECK_INTERVAL_MS + 1, "late") == (CHECK_INTERVAL_MS, "due")


@pytest.fixture
def ada(vendor: Vendor) -> tuple[License, int]:
    """A license that Ada uses, and her account's id."""
    license = vendor.issue("revit", max_license_users=1, max_activations=2)
    user, password = vendor.assign(license, ADA, 2)
    for device in ("pc", "laptop"):
        vendor.activate(ADA, device, password)
    return license, user.id


def last_use(license: License, user_id: int) -> int | None:
    return read_seats(license, [user_id])[user_id].last_used_at


def test_the_seat_notes_its_last_use_once_in_twelve_hours(vendor: Vendor, ada: tuple[License, int]) -> None:
    assert last_use(*ada) == NOW  # an activation says so without a write more
    for device, at, noted in (
        ("pc", NOW + USE_INTERVAL_MS - 1, NOW),
        ("laptop", NOW + USE_INTERVAL_MS, NOW + USE_INTERVAL_MS),
        ("pc", NOW + USE_INTERVAL_MS + HOUR, NOW + USE_INTERVAL_MS),
        ("pc", NOW + 5 * DAY, NOW + 5 * DAY),
    ):
        vendor.check(ADA, device, now=at)
        assert last_use(*ada) == noted
    vendor.deactivate(ADA, "pc", now=NOW + 6 * DAY)
    assert last_use(*ada) == NOW + 5 * DAY


def test_a_device_is_never_noted_where_its_seat_should_be_and_cannot(vendor: Vendor, ada: tuple[License, int]) -> None:
    with wire(throttled, at=range(1, 2)):  # the seat's write
        snapshot = vendor.check(ADA, "pc", now=NOW + DAY)
    assert (snapshot.license, last_use(*ada)) == (vendor.stored(ada[0]), NOW)
    assert {device.last_check_at for device in devices(vendor.code, ada[0].id)} == {NOW}
    vendor.check(ADA, "pc", now=NOW + DAY + 1)
    assert last_use(*ada) == NOW + DAY + 1
    assert vendor.differences() == []


def test_a_seat_that_was_given_anew_meanwhile_is_not_said_to_be_used(vendor: Vendor, ada: tuple[License, int]) -> None:
    def given_anew() -> None:
        remove_account(vendor.code, ada[0].id, ada[1], ADMIN, now=NOW + DAY)
        vendor.now = NOW + DAY
        vendor.assign(ada[0], ADA)

    with before_write(1, given_anew), refused("device_not_found"):
        vendor.check(ADA, "pc", now=NOW + DAY)
    assert last_use(*ada) is None


def test_a_device_may_name_the_license_by_its_id_alone(vendor: Vendor) -> None:
    by_key, by_user = vendor.issue(), vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(by_user, "ada@customer.test")
    vendor.activate(by_key, "pc")
    vendor.activate("ada@customer.test", "pc", password)
    for license in (by_key, by_user):
        by_id: dict[str, Any] = {"license_key": None, "license_id": license.id}
        assert vendor.check(license, "pc", **by_id).license == vendor.stored(license)
        with refused("license_not_found"):
            vendor.check(license, "unknown", **by_id)


def test_a_user_is_answered_the_license_that_the_device_is_active_on(vendor: Vendor) -> None:
    old, new = (vendor.issue("revit", max_license_users=1) for _ in range(2))
    _, password = vendor.assign(old, "ada@customer.test")
    vendor.assign(new, "ada@customer.test")
    for license, hardware_id in ((old, "a"), (new, "b")):
        vendor.activate("ada@customer.test", hardware_id, password, license_id=license.id)
    for license, hardware_id in ((old, "a"), (new, "b")):
        assert vendor.check("ada@customer.test", hardware_id).license == vendor.stored(license)


def test_a_user_is_not_answered_from_the_device_of_another_one(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(license, "ada@customer.test")
    vendor.assign(license, "bob@customer.test")
    vendor.activate("ada@customer.test", "pc", password)
    with refused("device_not_found"):
        vendor.check("bob@customer.test", "pc")
    with refused("license_not_found"):
        vendor.check("nobody@customer.test", "pc")
