"""The commands for keys of the Management API."""

from chalicelib.domain.days import Moment, last_instant
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.management_keys import ManagementKey
from chalicelib.domain.types import Json
from chalicelib.usecases import management_keys
from chalicelib.usecases.create import find_company
from infra.admin.command_result import CommandResult, make_once
from infra.admin.operator_name import operator


def management_key_create(
    company: str,
    name: str,
    scope: list[str],
    product: list[str],
    expires: Moment | None,
    idempotency_key: str | None,
    *,
    now: Instant,
) -> CommandResult:
    def make() -> tuple[ManagementKey, str]:
        expires_at = None if expires is None else last_instant(expires, find_company(company).time_zone)
        return management_keys.create_management_key(
            company,
            name,
            frozenset(scope),
            operator(),
            products=frozenset(product),
            expires_at=expires_at,
            now=now,
        )

    def answer(made: tuple[ManagementKey, str]) -> CommandResult:
        key, text = made
        return CommandResult(_document(key) | {"management_key": text}, "The key is shown this once.")

    said: list[object] = ["management-key create", name, scope, product, expires]
    return make_once(idempotency_key, company, said, make, answer, now=now)


def management_key_list(company: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    found = management_keys.find_management_keys(company)
    return CommandResult({"company": company, "management_keys": [_row(key) for key in found]})


def management_key_show(company: str, key: int, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a record has no time
    return CommandResult(_document(management_keys.find_management_key(company, key)))


def management_key_revoke(company: str, key: int, *, now: Instant) -> CommandResult:
    return CommandResult(_document(management_keys.revoke_management_key(company, key, operator(), now=now)))


def _document(key: ManagementKey) -> Json:
    return {"company": key.company} | _row(key)


def _row(key: ManagementKey) -> Json:
    return {
        "id": key.id,
        "name": key.name,
        "revoked": key.revoked,
        "created_at": to_iso(key.created_at),
        "expires_at": to_iso(key.expires_at),
        "last_used_at": to_iso(key.last_used_at),
        "scopes": sorted(key.scopes),
        "products": sorted(key.products),
    }
