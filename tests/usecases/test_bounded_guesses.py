"""Whoever has an application's key learns of few people whether they are here; devices of people are answered."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import DeviceReport
from chalicelib.store import probes
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.check import check
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.device_variables import device_variables, track_variables
from chalicelib.usecases.license_lookup import LicenseLookup
from tests.support import ADMIN, HOUR, NOW, Vendor
from tests.usecases.support import calls_counted

ADA, OTHER, NOBODY = "ada@customer.test", "other@customer.test", "nobody@customer.test"
MOST = 6
CALLS: dict[str, Callable[[str, LicenseLookup, int], Any]] = {
    "check": lambda code, lookup, now: check(code, lookup, DeviceReport(lookup.hardware_id), ADMIN, now=now),
    "deactivate": lambda code, lookup, now: deactivate(code, lookup, ADMIN, now=now),
    "read variables": lambda code, lookup, now: device_variables(code, lookup, now=now),
    "set variables": lambda code, lookup, now: track_variables(code, lookup, {"a": "1"}, ADMIN, now=now),
}


def outcome(
    vendor: Vendor,
    call: str,
    email: str,
    hardware_id: str = "guess",
    address: str = "192.0.2.7",
    license_id: int | None = None,
    now: int = NOW,
) -> str:
    """The code that is answered; empty where there is none."""
    lookup = LicenseLookup("revit", hardware_id, username=email, license_id=license_id, address=address)
    try:
        CALLS[call](vendor.code, lookup, now)
    except SeatkeeperError as why:
        assert (why.code == "rate_limit_exceeded") == (why.retry_after is not None)
        return why.code
    return ""


@pytest.mark.parametrize("call", CALLS)
def test_known_and_unknown_users_are_told_apart_a_few_times_for_an_address(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(probes, "MAX_GUESSES", MOST)
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "hers", password)
    codes = [outcome(vendor, call, email, now=NOW + n) for n in range(MOST) for email in (ADA, NOBODY)]
    assert set(codes[:MOST]) == {"device_not_found", "license_not_found"}
    assert set(codes[MOST:]) == {"rate_limit_exceeded"}
    for own in ("127.0.0.1", "::1", ""):
        assert outcome(vendor, call, NOBODY, address=own) == "license_not_found", "the machine itself"
    assert outcome(vendor, call, ADA, address="192.0.2.8") == "device_not_found", "another address"
    assert outcome(vendor, call, ADA, now=NOW + HOUR + MOST) == "device_not_found", "an hour later"


def test_a_device_that_was_ever_active_is_answered_whatever_others_guess(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "MAX_GUESSES", MOST)
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "hers", password)
    while outcome(vendor, "check", NOBODY) != "rate_limit_exceeded":
        pass
    assert [outcome(vendor, call, ADA, "hers") for call in ("check", "read variables", "set variables")] == [""] * 3
    reset_device(vendor.code, license.id, "hers", ADMIN, now=NOW)
    assert outcome(vendor, "check", ADA, "hers") == "device_not_found"
    vendor.activate(ADA, "hers", password)
    assert outcome(vendor, "check", ADA, "hers") == ""


@pytest.mark.parametrize("call", CALLS)
def test_a_device_whose_seat_was_taken_away_asks_on_and_nobody_at_its_address_is_held_back(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(probes, "MAX_GUESSES", MOST)
    license = vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(license, ADA)
    vendor.assign(license, OTHER)
    vendor.activate(ADA, "hers", password)
    remove_user(vendor.code, license.id, ADA, ADMIN, now=NOW)
    for license_id in [None, license.id] * MOST:
        assert outcome(vendor, call, ADA, "hers", license_id=license_id) in ("license_not_found", "device_not_found")
    codes = [outcome(vendor, call, email, "hers") for email in (NOBODY, OTHER) * MOST]
    assert codes.count("rate_limit_exceeded") == MOST, "of others it learns as little there as anywhere"


def test_who_has_named_too_many_is_answered_for_the_same_work_whether_there_is_such_a_user(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "MAX_GUESSES", 1)
    _, password = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    vendor.activate(ADA, "hers", password)
    seen = []
    for email in (NOBODY, NOBODY, ADA):
        with calls_counted() as calls:
            outcome(vendor, "deactivate", email)
        seen.append(calls[calls.index("UpdateItem") - 2 :])
    assert seen[1] == seen[2]
