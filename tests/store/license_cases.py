"""Changes of a license as a whole, as cases of `tests.store.cases`."""

from unittest.mock import patch

from chalicelib.domain.license import DeviceReport, License
from chalicelib.store import deleted_licenses
from chalicelib.usecases import (
    add_consumption,
    change_license,
    change_terms,
    delete_license,
    meters,
    move_license,
    rotate_key,
    slots,
)
from tests.store import states
from tests.store.case import Case
from tests.support import ADMIN, DAY, Vendor


def _cut_short(vendor: Vendor) -> License:
    """A license that was deleted, of which all is there yet that leads to it."""
    license = states.with_variables(vendor)
    with patch.object(delete_license, "_clear"):  # as one who dies does
        delete_license.delete_license(vendor.code, license.id, ADMIN, now=vendor.now)
    return license


def _floating(vendor: Vendor) -> License:
    """A floating license with an active device that has no slot."""
    license = vendor.issue(floating_users=1)
    vendor.activate(license, "pc")
    return license


def _in_use(vendor: Vendor) -> License:
    """The same, with its slot."""
    license = _floating(vendor)
    vendor.check(license, "pc")
    return license


def _release(vendor: Vendor, license: License) -> None:
    slots.release_slot(vendor.code, vendor.lookup(license, "pc"), ADMIN, now=vendor.now)


def _used_before(vendor: Vendor) -> License:
    """A license by consumption that a device has used two days ago."""
    license = vendor.issue(license_type="consumption", max_consumptions=9)
    vendor.activate(license, "pc")
    _use(vendor, license, "before")
    vendor.now += 2 * DAY
    vendor.check(license, "pc")  # it is noted, and is not again
    return license


def _use(vendor: Vendor, license: License, key: str = "now") -> int:
    given = (vendor.code, vendor.lookup(license, "pc"), 2, DeviceReport("pc"), ADMIN)
    return add_consumption.add_consumption(*given, key=key, now=vendor.now)[1].total


def _finish_one(vendor: Vendor, license: License) -> bool:
    delete_license.finish_deletion(vendor.code, license.id)
    return _is_cleared(vendor, license)


def _finish_all(vendor: Vendor, license: License) -> bool:
    """Not how much that was: of what is repeated nobody counts what is gone by then."""
    delete_license.finish_deletions(vendor.code)
    return _is_cleared(vendor, license)


def _is_cleared(vendor: Vendor, license: License) -> bool:
    deleted = deleted_licenses.read(vendor.code, license.id)
    return deleted is not None and deleted.is_cleared


def _beside_another_order(vendor: Vendor) -> License:
    """A license with a user and a manager, and another order of another customer."""
    license = vendor.issue("revit", "mia@customer.test", order_id="A-1")
    vendor.assign(license, "ada@customer.test")
    vendor.issue("revit", "ben@other.test", order_id="B-1", customer="buyer@other.test")
    return license


def _moved_in_part(vendor: Vendor) -> License:
    """A license that was moved, to which its user is led yet as if it were not."""
    license = _beside_another_order(vendor)
    with patch.object(move_license, "finish_move"):  # as one who dies does
        return move_license.move_license(vendor.code, license.id, "B-1", ADMIN, now=vendor.now)[0]


def _finish_move(vendor: Vendor, license: License) -> list[str]:
    move_license.finish_move(vendor.code, license.id)
    return vendor.differences()


LICENSE_CASES = (
    Case("take a slot", slots.hold_slot, _floating, lambda v, x: v.check(x, "pc").slots_in_use, ("slot_taken",)),
    Case("give a slot back", slots.release_slot, _in_use, _release, ("slot_released",)),
    Case(
        "take a slot back",
        slots.take_slot_back,
        _in_use,
        lambda v, x: slots.take_slot_back(v.code, x.id, "pc", ADMIN, now=v.now),
        ("slot_released",),
    ),
    Case("use", add_consumption.add_consumption, _used_before, _use, ("consumption_counted",)),
    Case(
        "set how much is used",
        meters.set_consumption,
        _used_before,
        lambda v, x: meters.set_consumption(v.code, x.id, 5, ADMIN, now=v.now)[0].id,
        ("consumption_counted", "consumption_set"),
    ),
    Case("disable", change_license.set_enabled, states.key_license, states.enable(False), ("license_disabled",)),
    Case("enable", change_license.set_enabled, states.disabled, states.enable(True), ("license_enabled",)),
    Case(
        "rotate a license key",
        rotate_key.rotate_key,
        states.key_license,
        lambda v, license: rotate_key.rotate_key(v.code, license.id, ADMIN, old_key_for="7d", now=v.now)[0].id,
        ("license_key_rotated",),
    ),
    Case(
        "move a license",
        move_license.move_license,
        _beside_another_order,
        lambda v, license: move_license.move_license(v.code, license.id, "B-1", ADMIN, now=v.now)[0].id,
        ("license_moved",),
        True,
    ),
    Case("finish a move", move_license.finish_move, _moved_in_part, _finish_move, (), True),
    Case(
        "archive a license",
        change_license.set_archived,
        states.key_license,
        lambda v, license: change_license.set_archived(v.code, license.id, True, ADMIN, now=v.now).enabled,
        ("license_archived",),
    ),
    Case(
        "delete a license",
        delete_license.delete_license,
        states.with_variables,
        lambda v, license: delete_license.delete_license(v.code, license.id, ADMIN, now=v.now).id,
        ("license_deleted",),
        True,
    ),
    # Nothing is decided anew in these two: of a deleted license they delete all, on no condition.
    Case("finish the deletion of a license", delete_license.finish_deletion, _cut_short, _finish_one, (), True),
    Case("finish all deletions", delete_license.finish_deletions, _cut_short, _finish_all, (), True),
    Case("name a license", change_license.set_name, states.key_license, states.name_license, ("license_named",)),
    Case(
        "extend",
        change_license.extend,
        states.ending,
        states.extend_late,
        ("grace_started", "license_expired", "license_extended"),
    ),
    Case(
        "change terms",
        change_terms.change_terms,
        states.ending,
        states.change_terms_late,
        ("grace_started", "license_expired", "license_changed"),
    ),
    Case(
        "reset a license",
        change_license.reset_license,
        states.active,
        states.on_license(change_license.reset_license),
        ("license_reset",),
    ),
)
