"""Changes of a license as a whole, as cases of `tests.store.cases`."""

from chalicelib.usecases import change_license, change_terms, delete_license, rotate_key
from tests.store import states
from tests.store.case import Case
from tests.support import ADMIN

LICENSE_CASES = (
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
