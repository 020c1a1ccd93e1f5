"""Attacks of one company on what another one's licenses carry, one by one, for tests/usecases/test_access.py."""

from typing import Any

from chalicelib.usecases.license_extras import grant_feature
from chalicelib.usecases.license_fields import change_value, create_value, delete_value, find_value, list_values
from chalicelib.usecases.product_fields import create_field
from tests.support import ADMIN, NOW
from tests.usecases.support import there


def _place(victim: Any) -> tuple[int, int]:
    """Of a license of the victim's, in a custom field of its product."""
    return victim.by_key.id, create_field(victim.vendor.code, "viewer", {"name": "Campus"}, ADMIN, now=NOW).id


OF_FIELDS: list[tuple[Any, str, list[Any]]] = [
    (find_value, "license_not_found", [lambda c, v: find_value(c, *_place(v))]),
    (
        list_values,
        "license_not_found",
        [
            lambda c, v: list_values(c, _place(v)[0], (0, 0), 9),
            lambda c, v: there(list_values(c, None, (_place(v)[0], 0), 9)[0]),
            lambda c, v: there(list_values(c, None, (_place(v)[0], 0), 9, products=frozenset({"viewer"}))[0]),
        ],
    ),
    (create_value, "license_not_found", [lambda c, v: create_value(c, *_place(v), "Eve", ADMIN, now=NOW)]),
    (change_value, "license_not_found", [lambda c, v: change_value(c, *_place(v), "Eve", ADMIN, now=NOW)]),
    (delete_value, "license_not_found", [lambda c, v: delete_value(c, *_place(v), ADMIN, now=NOW)]),
    (grant_feature, "license_not_found", [lambda c, v: grant_feature(c, v.by_key.id, 7, None, {}, ADMIN, now=NOW)]),
]
