"""What a license is at an instant, to the millisecond, and which devices hold a place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.activation import Snapshot, decide_activation
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import (
    DeviceReport,
    Phase,
    Status,
    ends_at,
    hash_hardware_id,
    is_activated,
    is_expired,
    is_live,
    phase,
    status,
)
from tests.domain.samples import DAY, HOUR, NOW, a_device, a_license, a_seat


@pytest.mark.parametrize(
    ("grace_hours", "past_end", "expected"),
    [
        (0, -1, "valid"),
        (0, 0, "expired"),
        (24, -1, "valid"),
        (24, 0, "grace"),
        (24, 24 * HOUR - 1, "grace"),
        (24, 24 * HOUR, "expired"),
        (1, HOUR - 1, "grace"),
        (1, HOUR, "expired"),
    ],
)
def test_a_phase_begins_at_its_very_millisecond(grace_hours: int, past_end: int, expected: Phase) -> None:
    license = a_license(license_type="time-limited", validity_period=NOW, grace_period=grace_hours)
    assert phase(license, NOW + past_end) == expected
    assert is_expired(license, NOW + past_end) == (expected == "expired")


def test_a_license_without_an_end_is_valid_for_good() -> None:
    assert ends_at(None, 24) is None
    assert phase(a_license(grace_period=24), NOW + 10_000 * DAY) == "valid"


def test_the_end_is_past_the_validity_period_by_the_hours_of_grace() -> None:
    assert ends_at(NOW, 0) == NOW
    assert ends_at(NOW, 36) == NOW + 36 * HOUR


def test_the_phase_is_what_the_dates_say_whatever_is_announced() -> None:
    over = a_license(validity_period=NOW - 1, announced_phase="valid")
    extended = a_license(validity_period=NOW + 1, announced_phase="expired")
    assert (phase(over, NOW), phase(extended, NOW)) == ("expired", "valid")


each_status = pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, "inactive"),
        ({"times_activated": 1}, "active"),
        ({"license_type": "subscription", "validity_period": NOW + 1}, "active"),
        ({"license_type": "subscription", "validity_period": NOW}, "expired"),
        ({"license_type": "time-limited", "validity_period": NOW, "times_activated": 1}, "expired"),
        ({"license_type": "time-limited", "validity_period": NOW, "grace_period": 1, "times_activated": 1}, "grace"),
        ({"license_type": "time-limited", "validity_period": NOW, "grace_period": 1}, "grace"),
        ({"start_date": NOW}, "inactive"),
        ({"start_date": NOW + 1}, "scheduled"),
        ({"start_date": NOW + 1, "times_activated": 1}, "scheduled"),
        ({"license_type": "subscription", "start_date": NOW + 1, "validity_period": NOW + 9}, "scheduled"),
        ({"start_date": NOW + 1, "validity_period": NOW}, "expired"),
        ({"enabled": False, "start_date": NOW + 1}, "disabled"),
        ({"enabled": False}, "disabled"),
        ({"enabled": False, "times_activated": 1}, "disabled"),
        ({"enabled": False, "validity_period": NOW, "times_activated": 1}, "disabled"),
        ({"enabled": False, "license_type": "subscription", "validity_period": NOW, "grace_period": 1}, "disabled"),
    ],
)


@each_status
def test_no_license_that_refuses_an_activation_for_its_state_is_called_active(
    terms: dict[str, Any], expected: Status
) -> None:
    license = a_license(**({"max_activations": None} | terms))
    try:
        decide_activation(Snapshot(license), DeviceReport("pc"), prevent_vm=False, now=NOW)
    except SeatkeeperError:
        assert expected in {"disabled", "expired", "scheduled"}
    else:
        assert expected in {"active", "inactive", "grace"}


@each_status
def test_the_status_is_the_gravest_word_that_is_true(terms: dict[str, Any], expected: Status) -> None:
    assert status(a_license(**terms), NOW) == expected


def test_a_subscription_is_activated_from_the_start_and_others_by_a_device() -> None:
    assert is_activated(a_license(license_type="subscription"))
    assert not is_activated(a_license(license_type="time-limited"))
    assert is_activated(a_license(license_type="time-limited", times_activated=1))


@pytest.mark.parametrize(
    ("device", "license", "live"),
    [
        ({}, {}, True),
        ({"active": False}, {}, False),
        ({}, {"epoch": 1}, False),
        ({"epoch": 1}, {"epoch": 1}, True),
        ({"epoch": 1}, {"epoch": 2}, False),
    ],
)
def test_a_device_is_live_while_it_is_on_and_no_reset_came_since(
    device: dict[str, Any], license: dict[str, Any], live: bool
) -> None:
    assert is_live(a_device(**device), a_license(**license), None) == live


def test_a_users_device_is_live_only_with_the_seat_that_it_was_activated_on() -> None:
    license, device = a_license(authorization_method="user"), a_device(user_id=700, seat_epoch=3)
    assert is_live(device, license, a_seat(epoch=3))
    assert not is_live(device, license, a_seat(epoch=4))
    assert not is_live(device, license, None)


def test_a_seat_holds_nothing_once_the_license_is_reset() -> None:
    seat = a_seat(activations=2, license_epoch=0)
    assert seat.activations_in(a_license()) == 2
    assert seat.activations_in(a_license(epoch=1)) == 0


@given(st.text(), st.text())
def test_a_device_tag_has_one_length_and_tells_hardware_ids_apart(one: str, other: str) -> None:
    assert len(hash_hardware_id(one)) == 24
    assert (hash_hardware_id(one) == hash_hardware_id(other)) == (one == other)


@pytest.mark.parametrize(("one", "other"), [("pc", "PC"), ("pc", "pc "), ("é", "e\N{COMBINING ACUTE ACCENT}")])
def test_hardware_ids_are_compared_exactly(one: str, other: str) -> None:
    assert hash_hardware_id(one) != hash_hardware_id(other)
