"""A license remembers a bounded number of devices that hold no place; their history stays."""

from typing import Any

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.license import Device, License, idle_devices_kept, is_live
from chalicelib.store import activations
from chalicelib.usecases import forget_devices
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_license import reset_license
from chalicelib.usecases.device_variables import device_variables, track_variables
from tests.domain.samples import a_license
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import kinds, refused, replica_of_now

ADA = "ada@customer.test"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> int:
    """At least so many idle devices are kept."""
    monkeypatch.setattr("chalicelib.domain.license.LEAST_IDLE_DEVICES", 8)
    monkeypatch.setattr(forget_devices, "AT_ONCE", 3)
    return 8


def known(vendor: Vendor, license: License) -> set[str]:
    return {device.hardware_id for device in activations.devices(vendor.code, license.id)}


def come_and_go(vendor: Vendor, who: Any, names: list[str], password: str | None = None) -> None:
    for name in names:
        vendor.now += 1000
        vendor.activate(who, name, password)
        vendor.deactivate(who, name)


def test_those_heard_of_longest_ago_are_forgotten_and_their_history_stays(vendor: Vendor, kept: int) -> None:
    license = vendor.issue(max_activations=2)
    vendor.activate(license, "in use")
    names = [f"pc {number:02d}" for number in range(30)]
    come_and_go(vendor, license, names)
    left = known(vendor, license)
    assert "in use" in left
    assert vendor.check(license, "in use").device
    assert left - {"in use"} == set(names[-len(left) + 1 :])  # the last ones
    assert kept - 3 < len(left) - 1 <= kept + 1
    assert vendor.stored(license).known_devices == len(left)
    assert kinds(vendor, license).count("device_activated") == 31
    events = [event for event in vendor.history(license) if event.type == "devices_forgotten"]
    assert sum(int(event.detail["devices"] or 0) for event in events) == 31 - len(left)


def test_a_forgotten_device_is_as_good_as_new_and_its_variables_are_gone(vendor: Vendor, kept: int) -> None:
    license = vendor.issue(max_activations=1)
    first = vendor.activate(license, "old").device
    track_variables(vendor.code, vendor.lookup(license, "old"), {"a": "b"}, ADMIN, now=NOW)
    vendor.deactivate(license, "old")
    come_and_go(vendor, license, [f"pc {number}" for number in range(3 * kept)])
    with refused("device_not_found"):
        vendor.deactivate(license, "old")
    again = vendor.activate(license, "old").device
    assert first is not None
    assert again is not None
    assert again.id != first.id
    assert device_variables(vendor.code, vendor.lookup(license, "old"), now=vendor.now)[1] == []


def test_who_has_left_last_is_no_transfer_though_it_is_forgotten(vendor: Vendor, kept: int) -> None:
    license = vendor.issue(max_activations=1, max_transfers=-1)
    reset_each_time = [f"pc {number}" for number in range(2 * kept)]
    for name in reset_each_time:
        vendor.activate(license, name)
        reset_license(vendor.code, license.id, ADMIN, now=vendor.now)
    come_and_go(vendor, license, ["mine"])
    assert vendor.activate(license, "mine").device
    assert vendor.stored(license).transfer_count == 0


def test_a_user_based_license_forgets_those_whose_seat_has_begun_anew_and_no_others(vendor: Vendor, kept: int) -> None:
    license = vendor.issue("revit", max_license_users=1, max_activations=2)
    _, password = vendor.assign(license, ADA, 2)
    vendor.activate(ADA, "in use", password)
    come_and_go(vendor, ADA, [f"pc {number}" for number in range(2 * kept)], password)
    assert vendor.check(ADA, "in use").device
    assert len(known(vendor, license)) <= kept + 2


def test_a_device_that_is_blacklisted_stays_so_though_it_is_forgotten(vendor: Vendor, kept: int) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "bad")
    blacklist_device(vendor.code, license.id, "bad", ADMIN, now=NOW)
    come_and_go(vendor, license, [f"pc {number}" for number in range(3 * kept)])
    assert "bad" not in known(vendor, license)
    with refused("blacklisted"):
        vendor.activate(license, "bad")


def test_a_device_that_comes_back_while_it_is_forgotten_keeps_its_place(
    vendor: Vendor, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    license = vendor.issue(max_activations=2)
    come_and_go(vendor, license, [f"pc {number}" for number in range(kept + 1)])
    right, asked_for = activations.forget, list[str]()

    def meanwhile(*asked: Any) -> None:
        monkeypatch.setattr(activations, "forget", right)
        for device in asked[1]:
            if vendor.stored(license).times_activated < 2:
                vendor.activate(license, device.hardware_id)
                asked_for.append(device.hardware_id)
        right(*asked)

    monkeypatch.setattr(activations, "forget", meanwhile)
    come_and_go(vendor, license, ["one more"])
    (back,) = asked_for
    assert vendor.check(license, back).device
    stored = vendor.stored(license)
    live = [d for d in activations.devices(vendor.code, license.id) if is_live(d, stored, None)]
    assert len(live) == stored.times_activated


def test_a_device_that_comes_back_after_a_reset_is_not_taken_for_one_of_before(
    vendor: Vendor, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the license was read before the reset, and its devices after it."""
    monkeypatch.setattr(forget_devices, "AT_ONCE", 2 * kept)
    license = vendor.issue(max_activations=2)
    come_and_go(vendor, license, [f"pc {number}" for number in range(kept + 1)])
    right = activations.some_devices

    def meanwhile(*asked: Any) -> list[Device]:
        monkeypatch.setattr(activations, "some_devices", right)
        reset_license(vendor.code, license.id, ADMIN, now=vendor.now)
        vendor.activate(license, "pc 0")
        return right(*asked)

    monkeypatch.setattr(activations, "some_devices", meanwhile)
    vendor.activate(license, "one more")
    assert vendor.check(license, "pc 0").device
    assert vendor.differences() == []


def test_a_device_that_was_forgotten_since_a_replica_was_read_is_new(vendor: Vendor) -> None:
    license = vendor.issue()
    come_and_go(vendor, license, ["old"])
    with replica_of_now(license, "old"):
        (device,) = activations.devices(vendor.code, license.id)
        event = Event.new("devices_forgotten", ADMIN, vendor.now, devices=1)
        activations.forget(vendor.stored(license), [device], event)
        again = vendor.activate(license, "old").device
    assert again is not None
    assert again.id != device.id
    assert vendor.stored(license).known_devices == 1


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"max_activations": 1}, 1000),
        ({"max_activations": 10_000}, 40_000),
        ({"max_activations": None, "times_activated": 9}, 1000),
        ({"max_activations": None, "times_activated": 900}, 3600),
    ],
)
def test_how_many_are_kept_follows_from_what_was_sold(terms: dict[str, Any], expected: int) -> None:
    assert idle_devices_kept(a_license(**terms)) == expected
