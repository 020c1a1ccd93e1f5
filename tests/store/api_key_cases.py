"""The use cases that make and change API keys, each in a small state of its own."""

from typing import Any

from chalicelib.store import accounts
from chalicelib.usecases import create
from tests.store.case import Case
from tests.store.states import nothing
from tests.support import ADMIN, Vendor


def create_api_key(vendor: Vendor, _: None) -> Any:
    key, shared = create.create_api_key(vendor.code, frozenset({"revit"}), False, ADMIN, now=vendor.now)
    return key, create.shared_key(key) == shared, accounts.read_api_key(vendor.code, key.api_key) == key


def disable(vendor: Vendor, _: None) -> Any:
    create.set_api_key_enabled(vendor.code, vendor.api_key, False, ADMIN, now=vendor.now)
    return accounts.read_api_key(vendor.code, vendor.api_key)


def revoke(vendor: Vendor, _: None) -> Any:
    create.revoke_api_key(vendor.code, vendor.api_key, ADMIN, now=vendor.now)
    return accounts.read_api_key(vendor.code, vendor.api_key)


API_KEY_CASES = [
    Case("create an API key", create.create_api_key, nothing, create_api_key, ("api_key_created",), True),
    Case("disable an API key", create.set_api_key_enabled, nothing, disable, ("api_key_disabled",), True),
    Case("revoke an API key", create.revoke_api_key, nothing, revoke, ("api_key_revoked",), True),
]
