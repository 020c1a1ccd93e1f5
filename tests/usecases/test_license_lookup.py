"""IDENT: which license, device and user a call means, where more than one may be meant."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.usecases.change_license import extend, set_enabled
from chalicelib.usecases.user_licenses import user_licenses
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import calls_counted, refused

ADA, BOB = "ada@customer.test", "bob@customer.test"


def test_of_two_users_on_one_machine_the_id_alone_means_the_one_who_is_active(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    passwords = {who: vendor.assign(license, who)[1] for who in (ADA, BOB)}
    by_id: dict[str, Any] = {"license_key": None, "license_id": license.id}
    for who, other in ((ADA, BOB), (BOB, ADA)):
        vendor.activate(other, "shared", passwords[other])
        vendor.activate(who, "shared", passwords[who])
        vendor.deactivate(other, "shared")
        snapshot = vendor.check(license, "shared", **by_id)
        assert snapshot.user is not None
        assert snapshot.user.email == who
        vendor.deactivate(license, "shared", **by_id)
        with refused("device_not_found"):
            vendor.check(license, "shared", **by_id)
    assert vendor.stored(license).times_activated == 0


def test_a_key_that_is_mistyped_is_not_found(vendor: Vendor) -> None:
    license = vendor.issue()
    assert license.license_key is not None
    first, rest = license.license_key[0], license.license_key[1:]
    mistyped = ("3" if first == "2" else "2") + rest
    with refused("license_not_found"):
        vendor.activate(license, "pc", license_key=mistyped)


def test_a_key_is_no_name_on_a_user_based_product_and_an_email_none_on_the_other(vendor: Vendor) -> None:
    by_key, by_user = vendor.issue(), vendor.issue("revit", max_license_users=1)
    vendor.assign(by_user, ADA)
    with refused("license_not_found"):
        vendor.check(by_key, "pc", product="revit")
    with refused("license_key_required"):
        vendor.check(ADA, "pc", product="viewer")


def test_a_device_on_two_licenses_is_found_on_the_one_that_it_may_use(vendor: Vendor) -> None:
    """As activation does, a check passes by what is disabled or over."""
    end: dict[str, Any] = {"license_type": "time-limited", "max_license_users": 1}
    first = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(first, ADA)
    vendor.now += 1000
    spoils: list[Callable[[License], Any]] = [
        lambda license: set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now),
        lambda license: extend(vendor.code, license.id, NOW - DAY, None, ADMIN, now=vendor.now),
    ]
    for spoil in spoils:
        newer = vendor.issue("revit", validity_period=NOW + DAY, **end)
        vendor.assign(newer, ADA)
        assert vendor.activate(ADA, "pc", password).license == vendor.stored(newer)
        spoil(newer)
        for snapshot in (vendor.activate(ADA, "pc", password), vendor.check(ADA, "pc")):
            assert snapshot.license is not None
            assert snapshot.license.id == first.id
        vendor.deactivate(ADA, "pc")
        assert vendor.stored(first).times_activated == 0
        vendor.deactivate(ADA, "pc", license_id=newer.id)
        vendor.now += 1000


@pytest.mark.parametrize("key", ["\u0390" * 100, "x" * 101, "x" * 5000])
def test_a_key_that_is_longer_than_any_is_not_looked_up(vendor: Vendor, key: str) -> None:
    with refused("license_not_found"):
        vendor.check(vendor.issue(), "pc", license_key=key)


def test_a_user_of_many_licenses_costs_no_more_round_trips_than_one_of_two(vendor: Vendor) -> None:
    """Whoever names no license, or a license alone: what may be meant is read at once."""
    shared = vendor.issue("revit", max_license_users=9, max_activations=9)
    password = vendor.assign(shared, ADA)[1] or ""
    vendor.activate(ADA, "pc", password)
    by_id: dict[str, Any] = {"license_key": None, "license_id": shared.id}
    calls: list[Callable[[], Any]] = [
        lambda: vendor.check(ADA, "pc"),
        lambda: vendor.activate(ADA, "pc", password),
        lambda: user_licenses(vendor.code, "revit", ADA, password, now=vendor.now),
        lambda: vendor.check(shared, "pc", **by_id),
    ]
    counts = []
    for more in (1, 7):
        for number in range(more):
            vendor.now += 1000
            full = vendor.issue("revit", max_license_users=1, max_activations=0)
            vendor.assign(full, ADA, 0)
            other = f"{number}.{more}@customer.test"
            vendor.activate(other, "pc", vendor.assign(shared, other)[1], license_id=shared.id)
        with calls_counted() as sent:
            for call in calls:
                call()
        counts.append(len(sent))
    assert counts[0] == counts[1]
