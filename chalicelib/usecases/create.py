"""A vendor sets up shop: company, products, API keys."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.catalog import ApiKey, Company, Product, Scope, company_code, display_name
from chalicelib.domain.errors import AlreadyExists, NotFound, Unauthenticated, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import AuthorizationMethod
from chalicelib.domain.products import checked_product
from chalicelib.encryption import decrypt, encrypt
from chalicelib.runtime import runtime
from chalicelib.store import accounts
from chalicelib.store.database import ConditionFailed
from chalicelib.store.products import create_product as store_product
from chalicelib.store.products import read_product
from chalicelib.usecases.idempotency import stored_with_result
from chalicelib.usecases.retry import decide_and_write


def create_company(code: str, name: str, actor: Actor, *, now: Instant) -> Company:
    """A new tenant. Raises `AlreadyExists`: `already_exists`, `Invalid`: `validation_error`."""
    raise_all([*wrong_in("code", company_code, code), *wrong_in("name", display_name, name)])
    company = Company(company_code(code), new_id(now), display_name(name), now)
    try:
        accounts.create_company(company, Event.new("company_created", actor, now))
    except ConditionFailed:
        raise AlreadyExists("already_exists", of="company", field="code", name=company.code) from None
    return company


def find_company(code: str) -> Company:
    """The company with this code. Raises `NotFound`: `company_not_found`."""
    company = accounts.read_company(company_code(code))
    if company is None:
        raise NotFound("company_not_found")
    return company


def create_product(
    company: str,
    code: str,
    name: str,
    authorization_method: AuthorizationMethod,
    actor: Actor,
    *,
    prevent_vm: bool = False,
    fields: Mapping[str, Any] | None = None,  # each as the field of that name of `Product`
    now: Instant,
) -> Product:
    """A new product of a company. `fields`: of `domain.products.CHANGEABLE`, what it says of itself besides its name.

    Raises `company_not_found`, `AlreadyExists`, and `Invalid`: one error for each wrong field.
    """
    owner = find_company(company)
    given = Product(
        company=owner.code,
        company_id=owner.id,
        code=code,
        id=new_id(now),
        created_at=now,
        authorization_method=authorization_method,
        **{"name": name, "prevent_vm": prevent_vm, **(fields or {})},
    )
    product = checked_product(given)
    try:
        with stored_with_result(lambda: product):
            store_product(product, Event.new("product_created", actor, now, product=product.code))
    except ConditionFailed:
        find_company(owner.code)  # it may be gone
        raise AlreadyExists("already_exists", of="product", field="code", name=product.code) from None
    return product


def create_api_key(
    company: str,
    products: frozenset[str],
    read_only: bool,
    actor: Actor,
    *,
    scopes: frozenset[Scope] = frozenset(),
    require_digest: bool = False,
    origins: frozenset[str] = frozenset(),
    now: Instant,
) -> tuple[ApiKey, str]:
    """A new API key and its shared key in clear, which is shown this once. Raises `SeatkeeperError`.

    The current signing key signs its answers as long as it lives.
    """
    owner = find_company(company)
    guard_products(owner.code, products)
    name, shared_key = f"{owner.code}-{secrets.token_hex(16)}", secrets.token_urlsafe(32)
    sealed = encrypt(shared_key, _context(name))
    signing_key = runtime().keyring.current.id
    api_key = ApiKey(
        owner.code,
        name,
        sealed,
        now,
        read_only,
        products=products,
        signing_key=signing_key,
        scopes=scopes,
        require_digest=require_digest,
        origins=origins,
    )
    try:
        with stored_with_result(lambda: (api_key, shared_key)):
            accounts.create_api_key(api_key, Event.new("api_key_created", actor, now, api_key=name))
    except ConditionFailed:
        find_company(owner.code)  # it is gone: the name is nobody else's
        raise
    return api_key, shared_key


def guard_products(company: str, codes: frozenset[str]) -> None:
    """That there are these products. Raises `unknown_product`."""
    for code in codes:
        if read_product(company, code) is None:
            raise NotFound("unknown_product", field="products")


def shared_key(api_key: ApiKey) -> str:
    """The secret half of an API key, in clear."""
    return decrypt(api_key.sealed_shared_key, _context(api_key.api_key))


def find_api_keys(company: str) -> list[ApiKey]:
    """The API keys of a company, those that are refused among them, oldest first. Raises `company_not_found`."""
    return sorted(accounts.read_api_keys(find_company(company).code), key=lambda key: (key.created_at, key.api_key))


def find_api_key(company: str, name: str) -> ApiKey:
    """One API key of a company. Raises `company_not_found`, `api_key_not_found`."""
    found = accounts.read_api_key(find_company(company).code, name)
    if found is None:
        raise NotFound("api_key_not_found")
    return found


def revoke_api_key(company: str, name: str, actor: Actor, *, now: Instant) -> ApiKey:
    """Calls with this key are refused from now on, within a minute everywhere, and for good.

    Raises `company_not_found`, `api_key_not_found`.
    """
    return _change_api_key(company, name, lambda key: replace(key, revoked=True), "api_key_revoked", actor, now)


def set_api_key_enabled(company: str, name: str, enabled: bool, actor: Actor, *, now: Instant) -> ApiKey:
    """Refuse calls with a key until it is enabled again, within a minute everywhere; or take them again, at once.

    Raises `company_not_found`, `api_key_not_found`, and `Unauthenticated`: `api_key_revoked`.
    """

    def change(key: ApiKey) -> ApiKey:
        if key.revoked:
            raise Unauthenticated("api_key_revoked")
        return replace(key, disabled=not enabled)

    return _change_api_key(company, name, change, "api_key_enabled" if enabled else "api_key_disabled", actor, now)


def _change_api_key(
    company: str, name: str, change: Callable[[ApiKey], ApiKey], type: EventType, actor: Actor, now: Instant
) -> ApiKey:

    def write(old: ApiKey, new: ApiKey) -> None:
        if new != old:
            accounts.update_api_key(old, new, Event.new(type, actor, now, api_key=name))

    return decide_and_write(lambda _: find_api_key(company, name), change, write)[1]


def keys_answered_by(signing_key: str, *, progress: Callable[[int], None] = lambda _keys: None) -> list[str]:
    """The API keys of all companies that are not revoked and get their answers signed by an old signing key, by its id.

    Those from before there were two say none: theirs is the oldest. `progress` gets the number of keys read.
    """
    found = []
    for company in accounts.company_codes():
        for key in accounts.read_api_keys(company):
            progress(1)
            if not key.revoked and key.signing_key in (None, signing_key):
                found.append(key.api_key)
    return found


def _context(api_key: str) -> str:
    return f"shared-key#{api_key}"
