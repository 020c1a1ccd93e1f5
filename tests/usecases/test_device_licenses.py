"""The licenses on which a device is active, found by its hardware id alone."""

from typing import Any

from chalicelib.domain.license import hash_hardware_id
from chalicelib.store import writes
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import hardware_sort_key
from chalicelib.usecases import device_licenses as use_case
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_license import reset_license
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.device_licenses import device_licenses
from chalicelib.usecases.repair_links import repair_links
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import calls_counted, refused

ADA, BOB = "ada@customer.test", "bob@customer.test"


def found(vendor: Vendor, hardware_id: str = "pc", product: str | None = None, *only: str) -> list[Any]:
    held = device_licenses(vendor.code, hardware_id, product, frozenset(only), now=NOW)
    assert all(one.license and one.product and one.license.product == one.product.code for one in held)
    return [(snapshot.license and snapshot.license.id, snapshot.seat and snapshot.seat.email) for snapshot in held]


def test_the_licenses_on_which_the_device_is_active_are_found_newest_first(vendor: Vendor) -> None:
    by_key = vendor.issue()
    vendor.now += 1000
    by_user = vendor.issue("revit", max_license_users=2)
    passwords = {who: vendor.assign(by_user, who)[1] for who in (ADA, BOB)}
    for who, hardware_id in ((ADA, "pc"), (BOB, "pc")):
        vendor.activate(who, hardware_id, passwords[who])
    vendor.activate(by_key, "pc")
    vendor.activate(by_key, "other")
    ids = [(by_user.id, ADA), (by_user.id, BOB)]
    assert sorted(found(vendor)[:2]) == sorted(ids)
    assert found(vendor)[2:] == [(by_key.id, None)] == found(vendor, "pc", "viewer") == found(vendor, "other")
    assert found(vendor, "pc", None, "viewer") == [(by_key.id, None)]
    assert found(vendor, "nobody's") == found(vendor, "pc" * 500) == []
    with refused("unknown_product"):
        found(vendor, "pc", "nothing")


def test_a_device_that_holds_no_place_any_more_is_not_found_and_is_when_it_comes_back(vendor: Vendor) -> None:
    by_key, by_user = vendor.issue(), vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(by_user, ADA, 2)

    def activate() -> None:
        vendor.activate(by_key, "pc")
        vendor.activate(ADA, "pc", password)

    activate()
    vendor.deactivate(by_key, "pc")
    vendor.deactivate(ADA, "pc")
    assert found(vendor) == []
    activate()
    assert len(found(vendor)) == 2
    reset_license(vendor.code, by_key.id, ADMIN, now=vendor.now)
    remove_user(vendor.code, by_user.id, ADA, ADMIN, now=vendor.now)
    assert found(vendor) == []


def test_the_work_is_bounded_however_many_licenses_have_seen_the_device(vendor: Vendor, monkeypatch: Any) -> None:
    monkeypatch.setattr(use_case, "MAX_LICENSES", 35)
    for number in range(40):
        link = LookupItem(vendor.code, hardware_sort_key(hash_hardware_id("pc"), number + 1), target_id=number + 1)
        writes.batch_put([link])
    license = vendor.issue()
    vendor.activate(license, "pc")
    with calls_counted() as sent:
        assert found(vendor) == [(license.id, None)]
    assert sent.count("Query") == 1
    assert sent.count("TransactGetItems") <= 3
    assert repair_links(vendor.code, ADMIN, now=NOW)["removed"] == 40


def test_a_device_of_as_many_users_on_as_many_licenses_is_found_where_devices_are_blocked(vendor: Vendor) -> None:
    """Then five items are read of each, and a round trip takes a hundred."""
    ids = []
    for n in range(21):
        license, email = vendor.issue("revit", max_license_users=1), f"user-{n}@customer.test"
        vendor.activate(email, "pc", vendor.assign(license, email)[1])
        blacklist_device(vendor.code, license.id, "other", ADMIN, now=NOW)
        ids.append((license.id, email))
        vendor.now += 1
    assert sorted(found(vendor)) == sorted(ids)
