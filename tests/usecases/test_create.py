"""A vendor sets up shop."""

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import MINUTE_MS
from chalicelib.store import accounts, histories, writes
from chalicelib.store.items.accounts import ApiKeyItem
from chalicelib.store.keys import api_key_sort_key
from chalicelib.usecases import create
from chalicelib.usecases.catalog import find_credentials, find_product
from tests.store.seam import every_item
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import refused

NO_PRODUCTS: frozenset[str] = frozenset()


def test_a_company_is_found_by_its_code_in_any_case_and_made_once(vendor: Vendor) -> None:
    found = create.find_company(f" {vendor.code.lower()} ")
    assert (found.code, found.name) == (vendor.code, "A vendor")
    with refused("already_exists"):
        create.create_company(vendor.code.lower(), "Again", ADMIN, now=NOW)
    assert create.find_company(vendor.code).name == "A vendor"
    with refused("company_not_found"):
        create.find_company("NOBODY")


def test_a_name_is_one_to_two_hundred_characters(vendor: Vendor) -> None:
    for name in ("", "  ", "x" * 201):
        with pytest.raises(Invalid):
            create.create_company("UNNAMED", name, ADMIN, now=NOW)
        with pytest.raises(Invalid):
            create.create_product(vendor.code, "new", name, "user", ADMIN, now=NOW)


def test_a_product_is_made_once_and_its_code_differs_by_case(vendor: Vendor) -> None:
    with refused("already_exists"):
        create.create_product(vendor.code, "viewer", "Again", "user", ADMIN, now=NOW)
    other = create.create_product(vendor.code, "Viewer", "Another", "user", ADMIN, now=NOW)
    assert find_product(vendor.code, "Viewer", now=NOW) == other
    assert find_product(vendor.code, "viewer", now=NOW) == vendor.products["viewer"]


def test_an_api_key_opens_its_shared_key_and_belongs_to_its_company(vendor: Vendor) -> None:
    api_key, shared_key = create.create_api_key(vendor.code, frozenset({"viewer"}), True, ADMIN, now=NOW)
    stored = accounts.read_api_key(vendor.code, api_key.api_key)
    assert stored == api_key
    assert (api_key.company, api_key.read_only, api_key.products) == (vendor.code, True, frozenset({"viewer"}))
    assert create.shared_key(api_key) == shared_key
    assert shared_key not in repr(stored)


def test_an_api_key_is_limited_to_products_that_exist(vendor: Vendor) -> None:
    with refused("unknown_product"):
        create.create_api_key(vendor.code, frozenset({"viewer", "nothing"}), False, ADMIN, now=NOW)


def test_a_revoked_key_is_known_as_such_within_a_minute(vendor: Vendor) -> None:
    api_key, shared_key = create.create_api_key(vendor.code, NO_PRODUCTS, False, ADMIN, now=NOW)
    assert find_credentials(api_key.api_key, now=NOW) == (api_key, shared_key)
    for _ in range(2):
        create.revoke_api_key(vendor.code, api_key.api_key, ADMIN, now=NOW)
    assert find_credentials(api_key.api_key, now=NOW + MINUTE_MS - 1) == (api_key, shared_key)
    found = find_credentials(api_key.api_key, now=NOW + MINUTE_MS)
    assert found is not None
    assert (found[0].revoked, found[1]) == (True, shared_key)


def test_a_key_is_disabled_and_enabled_until_it_is_revoked(vendor: Vendor) -> None:
    name = vendor.api_key
    for enabled in (False, False, True, True):
        changed = create.set_api_key_enabled(vendor.code, name, enabled, ADMIN, now=NOW)
        assert (changed.disabled, changed.revoked) == (not enabled, False)
        assert accounts.read_api_key(vendor.code, name) == changed
    create.set_api_key_enabled(vendor.code, name, False, ADMIN, now=NOW)
    create.revoke_api_key(vendor.code, name, ADMIN, now=NOW)
    for enabled in (False, True):
        with refused("api_key_revoked"):
            create.set_api_key_enabled(vendor.code, name, enabled, ADMIN, now=NOW)
    types = [event.type for event in histories.company_events(vendor.code) if event.detail.get("api_key") == name]
    assert sorted(types) == sorted(
        [*("api_key_created", "api_key_revoked", "api_key_enabled"), *["api_key_disabled"] * 2]
    )


def test_older_code_takes_a_key_that_is_disabled_for_one_that_is_revoked(vendor: Vendor) -> None:
    """It knows `revoked` alone, and would go on taking the key after a rollback."""

    def revoked_by_older_code() -> bool:
        (raw,) = [raw for raw in every_item("accounts") if raw["part"]["S"] == api_key_sort_key(vendor.api_key)]
        return bool(raw["revoked"]["BOOL"])

    for enabled in (True, False, True, False):
        create.set_api_key_enabled(vendor.code, vendor.api_key, enabled, ADMIN, now=NOW)
        assert revoked_by_older_code() is not enabled
    create.revoke_api_key(vendor.code, vendor.api_key, ADMIN, now=NOW)
    assert revoked_by_older_code()


@pytest.mark.parametrize(("is_refused", "disabled", "revoked"), [(False, True, False), (True, True, True)])
def test_a_key_that_was_disabled_or_revoked_before_stays_so(
    vendor: Vendor, is_refused: bool, disabled: bool, revoked: bool
) -> None:
    item = ApiKeyItem(vendor.code, api_key_sort_key(vendor.api_key))
    writes.update(
        item, [ApiKeyItem.is_refused.set(is_refused), ApiKeyItem.disabled.set(disabled)], ApiKeyItem.pk.exists()
    )
    found = accounts.read_api_key(vendor.code, vendor.api_key)
    assert found is not None
    assert (found.disabled, found.revoked) == (True, revoked)
    if not revoked:
        assert not create.set_api_key_enabled(vendor.code, vendor.api_key, True, ADMIN, now=NOW).disabled


def test_a_key_that_older_code_has_disabled_is_revoked_for_good(vendor: Vendor) -> None:
    item = ApiKeyItem(vendor.code, api_key_sort_key(vendor.api_key))
    writes.update(item, [ApiKeyItem.disabled.set(True)], ApiKeyItem.pk.exists())
    create.revoke_api_key(vendor.code, vendor.api_key, ADMIN, now=NOW)
    found = accounts.read_api_key(vendor.code, vendor.api_key)
    assert found is not None
    assert found.revoked
    with refused("api_key_revoked"):
        create.set_api_key_enabled(vendor.code, vendor.api_key, True, ADMIN, now=NOW)


def test_the_keys_of_a_company_are_listed_oldest_first(vendor: Vendor) -> None:
    Vendor()
    later, _ = create.create_api_key(vendor.code, NO_PRODUCTS, True, ADMIN, now=NOW + 1)
    assert [key.api_key for key in create.find_api_keys(vendor.code)] == [vendor.api_key, later.api_key]


def test_a_key_of_no_shape_or_of_nobody_is_no_api_key(vendor: Vendor) -> None:
    for text in ("", "-", "x", "-x", f"{vendor.code}-", f"{vendor.code}-0", "NOBODY-0"):
        assert find_credentials(text, now=NOW) is None
    with refused("api_key_not_found"):
        create.revoke_api_key(vendor.code, f"{vendor.code}-0", ADMIN, now=NOW)
    with refused("api_key_not_found"):
        create.set_api_key_enabled(vendor.code, f"{vendor.code}-0", False, ADMIN, now=NOW)
