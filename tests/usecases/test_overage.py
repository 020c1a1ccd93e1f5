"""Overage: devices that are let in beyond what was sold, as far as a license allows that, and told of."""

from typing import Any

import pytest

from chalicelib.domain.errors import LimitReached
from chalicelib.domain.events import Event
from chalicelib.domain.license import License, Overage, with_overage
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.change_terms import change_terms
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import before_write, refused


def activated(vendor: Vendor, license: License, *devices: str) -> list[Event]:
    """Activate them one after the other; what the history has of it."""
    for device in devices:
        vendor.now += 1
        vendor.activate(license, device)
    return vendor.history(license)[-len(devices) :]


@pytest.mark.parametrize(
    ("sold", "overage", "most"),
    [
        (4, "none", 4),
        (4, "1.25x", 5),
        (7, "1.25x", 8),
        (1, "1.25x", 1),
        (5, "1.5x", 7),
        (3, "2x", 6),
        (0, "2x", 0),
        (3, "always", None),
        (None, "2x", None),
    ],
)
def test_an_overage_is_a_share_of_what_was_sold_and_of_whole_devices(
    sold: int | None, overage: Overage, most: int | None
) -> None:
    assert with_overage(sold, overage) == most


@pytest.mark.parametrize(("overage", "most"), [("none", 2), ("1.25x", 2), ("1.5x", 3), ("2x", 4)])
def test_as_many_devices_are_let_in_as_the_license_allows_beyond_what_was_sold(
    vendor: Vendor, overage: Any, most: int
) -> None:
    license = vendor.issue(max_activations=2, overage=overage)
    events = activated(vendor, license, *(f"pc-{n}" for n in range(most)))
    assert ["over" in event.detail for event in events] == [n >= 2 for n in range(most)]
    with pytest.raises(LimitReached) as error:
        vendor.activate(license, "one too many")
    assert (error.value.code, error.value.limit, error.value.used) == ("license_activated_max_times", most, most)
    stored = vendor.stored(license)
    assert (stored.max_activations, stored.times_activated) == (2, most)
    assert vendor.activate(license, "pc-0").license == stored, "who repeats takes nothing"
    assert vendor.differences() == []


def test_always_lets_any_number_in(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1, overage="always")
    events = activated(vendor, license, "a", "b", "c")
    assert ["over" in event.detail for event in events] == [False, True, True]
    vendor.deactivate(license, "a")
    vendor.deactivate(license, "b")
    vendor.deactivate(license, "c")
    assert "over" not in activated(vendor, license, "d")[0].detail, "there is room again"


@pytest.mark.parametrize("sold", [2, 1])
def test_of_two_at_once_only_one_gets_the_last_place(vendor: Vendor, sold: int) -> None:
    """The last of the overage, which both have read as free."""
    license = vendor.issue(max_activations=sold, overage={2: "1.5x", 1: "2x"}[sold])
    activated(vendor, license, *(f"pc-{n}" for n in range(sold)))
    with before_write(1, lambda: vendor.activate(license, "rival")), refused("license_activated_max_times"):
        vendor.activate(license, "late")
    assert vendor.stored(license).times_activated == sold + 1
    assert vendor.differences() == []


def test_who_finds_the_last_sold_place_taken_meanwhile_is_over(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1, overage="2x")
    with before_write(1, lambda: vendor.activate(license, "rival", now=NOW + 1)):
        vendor.activate(license, "late", now=NOW + 2)
    assert [event.detail.get("over") for event in vendor.history(license)[-2:]] == [None, 1]


def test_who_finds_a_sold_place_free_meanwhile_is_not_over(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1, overage="2x")
    vendor.activate(license, "first")

    def make_room() -> None:
        reset_device(vendor.code, license.id, "first", ADMIN, now=NOW + 1)

    with before_write(1, make_room):
        vendor.activate(license, "late", now=NOW + 2)
    assert "over" not in vendor.history(license)[-1].detail


@pytest.mark.parametrize("changes", [{"overage": "none"}, {"max_activations": 0}])
def test_an_overage_that_is_taken_back_meanwhile_lets_nobody_in(vendor: Vendor, changes: Any) -> None:
    """And nobody out: who is over stays."""
    license = vendor.issue(max_activations=1, overage="2x")
    vendor.activate(license, "first")

    def take_back() -> None:
        change_terms(vendor.code, license.id, changes, ADMIN, now=NOW)

    with before_write(1, take_back), refused("license_activated_max_times"):
        vendor.activate(license, "late")
    assert vendor.check(license, "first").device


def test_who_was_let_in_stays_when_the_overage_goes(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1, overage="always")
    activated(vendor, license, "a", "b")
    change_terms(vendor.code, license.id, {"overage": "none"}, ADMIN, now=NOW)
    assert vendor.check(license, "b").device
    with refused("license_activated_max_times"):
        vendor.activate(license, "c")
    assert vendor.differences() == [], "the audit knows how many there were then"
