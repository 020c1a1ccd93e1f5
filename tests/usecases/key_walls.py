"""Attacks of one company on the keys of another, for tests/usecases/test_access.py."""

from typing import Any

from chalicelib.usecases import create
from chalicelib.usecases.management_keys import (
    create_management_key,
    find_management_key,
    revoke_management_key,
)
from tests.support import ADMIN, NOW


def _management_key(victim: Any) -> int:
    """A key of the company's own."""
    return create_management_key(victim.vendor.code, "shop", frozenset({"webhooks:read"}), ADMIN, now=NOW)[0].id


OF_KEYS: list[tuple[Any, str, list[Any]]] = [
    (
        create.create_api_key,
        "unknown_product",
        [lambda c, _v: create.create_api_key(c, frozenset({"own"}), False, ADMIN, now=NOW)],
    ),
    (create.find_api_key, "api_key_not_found", [lambda c, v: create.find_api_key(c, v.vendor.api_key)]),
    (
        create.revoke_api_key,
        "api_key_not_found",
        [lambda c, v: create.revoke_api_key(c, v.vendor.api_key, ADMIN, now=NOW)],
    ),
    (
        find_management_key,
        "management_key_not_found",
        [lambda c, v: find_management_key(c, _management_key(v))],
    ),
    (
        revoke_management_key,
        "management_key_not_found",
        [lambda c, v: revoke_management_key(c, _management_key(v), ADMIN, now=NOW)],
    ),
]
