"""The licenses that a user may use."""

import pytest

from chalicelib.usecases import user_licenses as use_case
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.user_licenses import user_licenses
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import one_after_another, refused

ADA = "ada@customer.test"


def test_a_user_sees_the_licenses_of_the_product_with_a_seat_newest_first(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, foreign, new = one_after_another(vendor, 3)
    vendor.product("second", "user")
    elsewhere = vendor.issue("second", max_license_users=1)
    user, password = vendor.assign(old, ADA)
    for license in (new, elsewhere):
        vendor.assign(license, ADA)
    vendor.assign(foreign, "bob@customer.test")
    set_enabled(vendor.code, old.id, False, ADMIN, now=NOW)
    held = user_licenses(vendor.code, "revit", ADA.upper(), password or "", now=NOW)
    assert [snapshot.license for snapshot in held] == [vendor.stored(new), vendor.stored(old)]
    assert [snapshot.user and snapshot.user.id for snapshot in held] == [user.id, user.id]
    monkeypatch.setattr(use_case, "MAX_LICENSES", 2)  # the one of another product, and the newest
    held = user_licenses(vendor.code, "revit", ADA, password or "", now=NOW)
    assert [snapshot.license for snapshot in held] == [vendor.stored(new)]
    remove_user(vendor.code, new.id, ADA, ADMIN, now=NOW + 9)
    (left,) = user_licenses(vendor.code, "revit", ADA, password or "", now=NOW)
    assert left.license == vendor.stored(old)


def test_a_user_without_a_seat_sees_nothing_and_a_stranger_is_told_nothing(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA)
    vendor.product("second", "user")
    assert user_licenses(vendor.code, "second", ADA, password or "", now=NOW) == []
    for email in (ADA, "nobody@customer.test"):
        with refused("invalid_credentials"):
            user_licenses(vendor.code, "revit", email, "wrong", now=NOW)
    with refused("unknown_product"):
        user_licenses(vendor.code, "nothing", ADA, password or "", now=NOW)
