"""A new license key: what was activated stays, and the old key is answered as long as was said, and nobody's after."""

from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.errors import AlreadyExists
from chalicelib.domain.license import License
from chalicelib.store import accounts, orders
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.order_managers import add_manager
from chalicelib.usecases.rotate_key import rotate_key
from tests.support import ADMIN, DAY, Vendor
from tests.usecases.support import before_write, refused

MINUTE, MIA, MAX = 60_000, "mia@customer.test", "max@customer.test"


def rotated(vendor: Vendor, license: License, **more: Any) -> License:
    return rotate_key(vendor.code, license.id, ADMIN, **more, now=vendor.now)[0]


def test_what_was_activated_stays_and_the_old_key_is_none_after_a_minute(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    vendor.now += 1  # events of one millisecond have no order
    new = rotated(vendor, license)
    assert new == vendor.stored(license)
    assert new.license_key != license.license_key
    assert vendor.check(new, "pc").license == new
    vendor.now += MINUTE  # what this process remembers is over
    for call in (vendor.check, vendor.activate):
        with refused("license_not_found"):
            call(license, "pc")
    (*_, event) = vendor.history(license)
    assert (event.type, event.detail["license_key_before"]) == ("license_key_rotated", license.license_key)


def test_the_old_key_is_answered_for_its_time_and_never_told_the_new_one(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    new = rotated(vendor, license, old_key_for="7d")
    vendor.now += 7 * DAY - 1
    for found in (vendor.check(license, "pc"), vendor.activate(license, "mac")):
        assert found.license is not None
        assert found.license.license_key == license.license_key
    assert vendor.stored(license).times_activated == 2
    vendor.now += MINUTE
    with refused("license_not_found"):
        vendor.check(license, "pc")
    assert vendor.check(new, "pc").device


def test_neither_key_is_sold_again_also_where_the_license_is_deleted(vendor: Vendor) -> None:
    license = vendor.issue()
    new = rotated(vendor, license)
    delete_license(vendor.code, license.id, ADMIN, now=vendor.now)
    for key in (license.license_key, new.license_key):
        with pytest.raises(AlreadyExists):
            vendor.issue(license_key=key)
        assert accounts.find_license_id_by_key(vendor.code, key or "") == license.id


def test_managers_are_shown_the_new_key_also_who_joins_meanwhile(vendor: Vendor) -> None:
    license = vendor.issue(manager=MIA, order_id="A-1")
    with patch.object(orders, "backfill_managers"):
        add_manager(vendor.code, "A-1", MAX, ADMIN, now=vendor.now)
    with before_write(1, lambda: rotated(vendor, license)) as was_rotated:
        add_manager(vendor.code, "A-1", MAX, ADMIN, now=vendor.now)
    assert was_rotated()
    key = vendor.stored(license).license_key
    for email in (MIA, MAX):
        user = accounts.user_of_email(vendor.code, email)
        assert user is not None
        assert [one.license_key for one in orders.read_managed_licenses(vendor.code, user)] == [key]


def test_a_key_is_drawn_again_where_somebody_was_faster(vendor: Vendor) -> None:
    license = vendor.issue()
    first = rotated(vendor, license)
    with before_write(1, lambda: rotated(vendor, license)):
        third = rotated(vendor, license)
    assert len({license.license_key, first.license_key, third.license_key}) == 3
    assert third == vendor.stored(license)
    assert third.revision == 3


def test_what_is_refused(vendor: Vendor) -> None:
    by_user, license = vendor.issue("revit"), vendor.issue()
    with refused("product_has_no_keys"):
        rotated(vendor, by_user)
    with refused("revision_changed"):
        rotated(vendor, license, revision=7)
    with refused("duration_malformed"):
        rotated(vendor, license, old_key_for="soon")
    with refused("license_not_found"):
        rotate_key(Vendor().code, license.id, ADMIN, now=vendor.now)
