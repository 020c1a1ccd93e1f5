"""A seat's end, its activations, its limit, and its user's password."""

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import remove_user, reset_activations, set_max_activations, set_password
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.log_in import log_in
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import refused

ADA, BOB = "ada@customer.test", "bob@customer.test"
LATER = NOW + DAY


def test_a_removed_users_devices_answer_no_more_and_their_places_are_free(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=3, max_license_users=2)
    _, adas = vendor.assign(license, ADA, 2)
    _, bobs = vendor.assign(license, BOB, 3)
    for who, password, hardware_id in ((ADA, adas, "a"), (ADA, adas, "b"), (BOB, bobs, "a")):
        vendor.activate(who, hardware_id, password)
    remove_user(vendor.code, license.id, ADA, ADMIN, now=LATER)
    stored = vendor.stored(license)
    assert (stored.users_assigned, stored.times_activated) == (1, 1)
    for named in ({}, {"license_id": license.id}):
        with refused("license_not_found"):
            vendor.check(ADA, "a", **named)
        with refused("license_not_found"):
            vendor.activate(ADA, "a", adas, **named)
        with refused("license_not_found"):
            vendor.deactivate(ADA, "a", **named)
    assert vendor.check(BOB, "a").device
    for hardware_id in ("x", "y"):
        vendor.activate(BOB, hardware_id, bobs, now=LATER)
    event = next(event for event in vendor.history(license) if event.type == "user_removed")
    assert (event.user, event.detail) == (ADA, {"devices": 2})


def test_a_user_who_is_assigned_again_begins_without_devices(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    remove_user(vendor.code, license.id, ADA, ADMIN, now=LATER)
    vendor.now = LATER
    assert vendor.assign(license, ADA)[1] == password
    with refused("device_not_found"):
        vendor.check(ADA, "pc")
    vendor.activate(ADA, "new", password)
    assert vendor.stored(license).times_activated == 1


def test_removing_nobody_is_refused(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, ADA)
    remove_user(vendor.code, license.id, ADA, ADMIN, now=LATER)
    for email in (ADA, BOB):
        with refused("user_not_found"):
            remove_user(vendor.code, license.id, email, ADMIN, now=LATER)
    assert vendor.stored(license).users_assigned == 0


def test_a_users_activations_are_reset_and_nobody_elses(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2, max_transfers=-1)
    for who in (ADA, BOB):
        _, password = vendor.assign(license, who)
        vendor.activate(who, "pc", password)
    reset_activations(vendor.code, license.id, BOB, ADMIN, now=LATER)
    assert vendor.check(ADA, "pc").device
    with refused("device_not_found"):
        vendor.check(BOB, "pc")
    assert vendor.stored(license).times_activated == 1
    vendor.activate(BOB, "new", password, now=LATER)  # no transfer, which would be refused
    with refused("user_activated_max_times"):
        vendor.activate(BOB, "pc", password, now=LATER)


def test_a_reset_of_nothing_is_no_harm(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, ADA)
    for n in range(2):
        reset_activations(vendor.code, license.id, ADA, ADMIN, now=LATER + n)
    assert vendor.stored(license).times_activated == 0


def test_a_higher_limit_makes_room(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=3, max_license_users=1)
    _, password = vendor.assign(license, ADA, 1)
    vendor.activate(ADA, "a", password)
    with refused("max_activations_too_high"):
        set_max_activations(vendor.code, license.id, ADA, 4, ADMIN, now=LATER)
    with refused("user_activated_max_times"):
        vendor.activate(ADA, "b", password)
    set_max_activations(vendor.code, license.id, ADA, 2, ADMIN, now=LATER)
    vendor.activate(ADA, "b", password)
    event = next(event for event in vendor.history(license) if event.type == "user_limit_changed")
    assert (event.user, event.detail) == (ADA, {"max_activations": 2})


def test_a_limit_of_nothing_is_unlimited_where_the_license_is(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=None, max_license_users=1)
    _, password = vendor.assign(license, ADA, 1)
    set_max_activations(vendor.code, license.id, ADA, None, ADMIN, now=LATER)
    for hardware_id in ("a", "b", "c"):
        vendor.activate(ADA, hardware_id, password)


def test_a_generated_password_replaces_the_old_one_and_has_to_be_changed(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, first = vendor.assign(license, ADA)
    change_password(vendor.code, ADA, first or "", "chosen by ada", ADMIN, now=NOW)
    user, answer = set_password(vendor.code, license.id, ADA, None, ADMIN, now=LATER)
    assert user.is_initial_password
    assert (initial_password(user), len(answer)) == (answer, 16)
    for old in (first or "", "chosen by ada"):
        with refused("invalid_credentials"):
            log_in(vendor.code, ADA, old, now=LATER)
    assert log_in(vendor.code, ADA, answer, now=LATER) == user


def test_a_password_may_be_given_within_its_bounds(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, ADA)
    assert set_password(vendor.code, license.id, ADA, "given by admin", ADMIN, now=NOW)[1] == "given by admin"
    assert log_in(vendor.code, ADA, "given by admin", now=NOW).is_initial_password
    for bad in ("", "short", "x" * 129):
        with pytest.raises(Invalid):
            set_password(vendor.code, license.id, ADA, bad, ADMIN, now=NOW)
    with refused("user_not_found"):
        set_password(vendor.code, license.id, BOB, None, ADMIN, now=NOW)


@pytest.mark.parametrize("email", [BOB, "nobody"])
def test_each_change_of_a_seat_that_is_not_there_is_refused(vendor: Vendor, email: str) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, ADA)
    code = "user_not_found" if email == BOB else "email_malformed"
    with refused(code):  # type: ignore[arg-type] # both are codes
        reset_activations(vendor.code, license.id, email, ADMIN, now=NOW)
    with refused(code):  # type: ignore[arg-type]
        set_max_activations(vendor.code, license.id, email, 1, ADMIN, now=NOW)
