"""Attacks of one company on the life of another's licenses and products, for tests/usecases/test_access.py."""

from typing import Any

from chalicelib.usecases.change_license import set_archived
from chalicelib.usecases.create import guard_products, set_api_key_enabled
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.find_license import guard_known, product_of_license
from chalicelib.usecases.license_keys import generate_keys
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.rotate_key import rotate_key
from tests.support import ADMIN, NOW
from tests.usecases.support import there
from tests.usecases.update_walls import OF_UPDATES

OF_LIFE: list[tuple[Any, str, list[Any]]] = [
    *OF_UPDATES,
    (
        set_api_key_enabled,
        "api_key_not_found",
        [lambda c, v: set_api_key_enabled(c, v.vendor.api_key, False, ADMIN, now=NOW)],
    ),
    (guard_products, "unknown_product", [lambda c, _v: guard_products(c, frozenset({"own"}))]),
    (guard_known, "license_not_found", [lambda c, v: guard_known(c, v.by_key.id)]),
    (product_of_license, "license_not_found", [lambda c, v: there(product_of_license(c, v.by_key.id))]),
    (set_archived, "license_not_found", [lambda c, v: set_archived(c, v.by_key.id, True, ADMIN, now=NOW)]),
    (delete_license, "license_not_found", [lambda c, v: delete_license(c, v.by_key.id, ADMIN, now=NOW)]),
    (move_license, "license_not_found", [lambda c, v: move_license(c, v.by_key.id, "A-1", ADMIN, now=NOW)]),
    (generate_keys, "unknown_product", [lambda c, _v: generate_keys(c, "own", 1, now=NOW)]),
    (rotate_key, "license_not_found", [lambda c, v: rotate_key(c, v.by_key.id, ADMIN, now=NOW)]),
]
