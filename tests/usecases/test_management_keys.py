"""Keys of the Management API: shown once, known again, held to their time and their scopes, and revoked at once."""

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.errors import Forbidden, Invalid, NotFound, Unauthenticated
from chalicelib.domain.management_keys import SCOPES, USE_NOTED_EVERY_MS, ManagementKey
from chalicelib.store import histories, management_keys, reads, writes
from chalicelib.store.items.accounts import ManagementKeyItem
from chalicelib.store.items.base import AccountsItem
from chalicelib.store.keys import management_key_sort_key
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.management_keys import (
    create_management_key,
    find_caller,
    find_management_keys,
    revoke_management_key,
)
from tests.support import ADMIN, DAY, NOW, Vendor, mistyped

READ = frozenset({"webhooks:read"})


def make(vendor: Vendor, **more: Any) -> tuple[ManagementKey, str]:
    return create_management_key(vendor.code, "CRM", READ, ADMIN, now=NOW, **more)


def stored(key: ManagementKey) -> ManagementKey:
    found = management_keys.read(key.company, key.id)
    assert found is not None
    return found


def refused(text: str, now: int = NOW) -> str:
    with pytest.raises(Unauthenticated) as error:
        find_caller(text, now=now)
    return error.value.code


def test_a_key_has_a_prefix_that_scanners_find_and_is_stored_as_a_hash_alone(vendor: Vendor) -> None:
    key, text = make(vendor)
    assert re.fullmatch(rf"skm_{vendor.code}_{key.id}_[0-9a-f]{{48}}", text)
    (raw,) = reads.query_raw(ManagementKeyItem, vendor.code, management_key_sort_key())
    assert text.rpartition("_")[2] not in str(raw)
    assert find_caller(text, now=NOW) == key
    assert "management_key_created" in [event.type for event in histories.company_events(vendor.code)]


@dataclass(frozen=True)
class KeyOfBefore:
    """What code reads that knows no products of a key."""

    scopes: frozenset[str] = frozenset()
    revision: int = 0


class ItemOfBefore(AccountsItem[KeyOfBefore]):
    """As that code has it."""


def test_older_code_finds_no_scope_of_a_key_that_is_limited_to_products(vendor: Vendor) -> None:
    everywhere, _ = make(vendor)
    limited, _ = make(vendor, products=frozenset({"viewer"}))
    raws = reads.query_raw(ManagementKeyItem, vendor.code, management_key_sort_key())
    seen = {int(raw["id"]["N"]): ItemOfBefore.from_raw(raw).scopes for raw in raws}
    assert seen == {everywhere.id: READ, limited.id: frozenset()}
    assert [stored(everywhere), stored(limited)] == [everywhere, limited]


def test_a_key_that_was_limited_before_its_scopes_had_a_place_of_their_own_stays_as_it_was(vendor: Vendor) -> None:
    key, text = make(vendor, products=frozenset({"viewer"}))
    moved = [ManagementKeyItem.of_company.set(READ), ManagementKeyItem.of_products.remove()]
    writes.update(ManagementKeyItem(vendor.code, management_key_sort_key(key.id)), moved)
    assert find_caller(text, now=NOW) == key
    assert revoke_management_key(vendor.code, key.id, ADMIN, now=NOW) == replace(stored(key), revoked=True)


def test_a_text_that_is_no_key_or_nobodys_is_refused(vendor: Vendor) -> None:
    key, text = make(vendor)
    other = Vendor()
    for wrong in (
        *("", "skm_", text[:-1], f"{text}0", text.upper(), f" {text}", vendor.shared_key),
        mistyped(text),
        text.replace(str(key.id), str(key.id + 1)),
        text.replace(vendor.code, other.code),
    ):
        assert refused(wrong) == "management_key_invalid", wrong


def test_a_key_is_refused_from_its_end_on(vendor: Vendor) -> None:
    key, text = make(vendor, expires_at=NOW + DAY)
    assert find_caller(text, now=NOW + DAY - 1).id == key.id
    assert refused(text, NOW + DAY) == "management_key_expired"


def test_a_key_that_is_revoked_is_refused_at_once_and_once_for_all(vendor: Vendor) -> None:
    key, text = make(vendor)
    find_caller(text, now=NOW)
    for _ in range(2):
        assert revoke_management_key(vendor.code, key.id, ADMIN, now=NOW).revoked
        assert refused(text) == "management_key_revoked"
    types = [event.type for event in histories.company_events(vendor.code)]
    assert types.count("management_key_revoked") == 1
    with pytest.raises(NotFound):
        revoke_management_key(Vendor().code, key.id, ADMIN, now=NOW)


def test_that_a_key_is_used_is_noted_once_in_a_quarter_of_an_hour(vendor: Vendor) -> None:
    key, text = make(vendor)
    for at, noted in ((0, 0), (1, 0), (USE_NOTED_EVERY_MS - 1, 0), (USE_NOTED_EVERY_MS, USE_NOTED_EVERY_MS)):
        find_caller(text, now=NOW + at)
        assert stored(key).last_used_at == NOW + noted
    assert stored(key).revision == key.revision


def test_who_may_write_may_read_and_nothing_else(vendor: Vendor) -> None:
    writer, _ = create_management_key(vendor.code, "CRM", frozenset({"webhooks:write"}), ADMIN, now=NOW)
    reader, _ = make(vendor)
    for key, scope in ((writer, "webhooks:write"), (writer, "webhooks:read"), (reader, "webhooks:read")):
        key.guard_scope(scope)
    others = set(SCOPES) - {"webhooks:read", "webhooks:write"}
    for key, scope in ((reader, "webhooks:write"), *((writer, scope) for scope in others)):
        with pytest.raises(Forbidden):
            key.guard_scope(scope)


def test_all_that_is_wrong_with_a_new_key_is_told_at_once(vendor: Vendor) -> None:
    with pytest.raises(Invalid) as error:
        create_management_key(vendor.code, " ", frozenset({"webhooks:admin"}), ADMIN, now=NOW)
    assert [(one.field, one.code) for one in error.value.errors] == [
        ("name", "name_length"),
        ("scope", "scope_unknown"),
    ]
    with pytest.raises(Invalid):
        create_management_key(vendor.code, "CRM", frozenset(), ADMIN, now=NOW)
    assert find_management_keys(vendor.code) == []


def test_the_keys_of_a_company_that_is_deleted_open_nothing(vendor: Vendor) -> None:
    _, text = make(vendor)
    delete_company(vendor.code)
    assert refused(text) == "management_key_invalid"
