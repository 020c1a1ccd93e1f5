"""Keys of the Management API: made, listed, revoked, and known again by who calls with one."""

import hmac
import secrets
from contextlib import suppress
from dataclasses import replace

from chalicelib.domain.catalog import display_name
from chalicelib.domain.errors import Invalid, NotFound, Unauthenticated, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.management_keys import (
    SCOPES,
    USE_NOTED_EVERY_MS,
    ManagementKey,
    hash_key_text,
    key_text,
    read_key_text,
)
from chalicelib.store import management_keys
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.create import find_company, guard_products
from chalicelib.usecases.idempotency import stored_with_result
from chalicelib.usecases.retry import decide_and_write


def create_management_key(
    company: str,
    name: str,
    scopes: frozenset[str],
    actor: Actor,
    *,
    products: frozenset[str] = frozenset(),
    expires_at: Instant | None = None,
    now: Instant,
) -> tuple[ManagementKey, str]:
    """A new key and its text, which is shown this once. `scopes`: at least one of `SCOPES`; `products`: codes that it
    is limited to, none means all of the company.

    Raises `company_not_found`, `unknown_product`, or `Invalid`: one error for each wrong field.
    """
    owner = find_company(company).code
    raise_all([*wrong_in("name", display_name, name), *wrong_in("scope", _guard_scopes, scopes)])
    guard_products(owner, products)
    id = new_id(now)
    text = key_text(owner, id, secrets.token_hex(24))
    key = ManagementKey(owner, id, display_name(name), hash_key_text(text), now, scopes, products, expires_at)
    event = Event.new("management_key_created", actor, now, management_key=id, name=key.name)
    try:
        with stored_with_result(lambda: (key, text)):
            management_keys.create(key, event)
    except ConditionFailed:
        find_company(owner)  # it is gone: the id is nobody else's
        raise
    return key, text


def find_management_keys(company: str) -> list[ManagementKey]:
    """The keys of a company, those that are revoked or over among them, oldest first. Raises `company_not_found`."""
    return list(management_keys.read_all(find_company(company).code))


def find_management_key(company: str, key_id: int) -> ManagementKey:
    """One key of a company. Raises `company_not_found`, `management_key_not_found`."""
    found = management_keys.read(find_company(company).code, key_id)
    if found is None:
        raise NotFound("management_key_not_found")
    return found


def revoke_management_key(company: str, key_id: int, actor: Actor, *, now: Instant) -> ManagementKey:
    """Calls with this key are refused from now on. Raises `company_not_found`, `management_key_not_found`."""

    def write(old: ManagementKey, new: ManagementKey) -> None:
        if not old.revoked:
            event = Event.new("management_key_revoked", actor, now, management_key=old.id, name=old.name)
            management_keys.update(old, new, event)

    find = lambda _: find_management_key(company, key_id)  # noqa: E731 - short and local
    return decide_and_write(find, lambda key: replace(key, revoked=True), write)[1]


def find_caller(text: str, *, now: Instant) -> ManagementKey:
    """The key of this text, read anew for each call: one that is revoked is refused at once. Notes that it is used.

    Raises `Unauthenticated`: `management_key_invalid`, `management_key_revoked`, `management_key_expired`.
    """
    named = read_key_text(text)  # so no stranger's text becomes a key of the database
    key = None if named is None else management_keys.read(*named)
    if key is None or not hmac.compare_digest(key.text_hash, hash_key_text(text)):
        raise Unauthenticated("management_key_invalid")
    if key.revoked:
        raise Unauthenticated("management_key_revoked")
    if key.expires_at is not None and now >= key.expires_at:
        raise Unauthenticated("management_key_expired")
    if key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY_MS:
        with suppress(ConditionFailed):  # its company was deleted just now, which the call itself will find
            management_keys.note_use(key, now)
    return key


def _guard_scopes(scopes: frozenset[str]) -> None:
    if not scopes:
        raise Invalid("missing_parameters")
    if not scopes <= set(SCOPES):
        raise Invalid("scope_unknown", scopes=", ".join(sorted(scopes - set(SCOPES))))
