"""The commands for API keys, with which applications call."""

from collections.abc import Callable

from chalicelib.domain.catalog import ApiKey, Scope
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.types import Json
from chalicelib.runtime import runtime
from chalicelib.usecases import create
from infra.admin.command_result import CommandResult, make_once
from infra.admin.operator_name import operator
from infra.admin.parser import UsageError


def apikey_create(
    company: str,
    read_only: bool,
    product: list[str],
    scope: list[Scope],
    origin: list[str],
    require_digest: bool,
    idempotency_key: str | None,
    *,
    now: Instant,
) -> CommandResult:
    def make() -> tuple[ApiKey, str]:
        more: Json = {"scopes": frozenset(scope), "origins": frozenset(origin), "require_digest": require_digest}
        return create.create_api_key(company, frozenset(product), read_only, operator(), **more, now=now)

    said: list[object] = ["apikey create", read_only, product, scope, origin, require_digest]
    return make_once(idempotency_key, company, said, make, lambda made: _api_key(*made, now), now=now)


def apikey_list(company: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    rows = [{"api_key": key.api_key} | _state(key) | _limits(key) for key in create.find_api_keys(company)]
    return CommandResult({"company": company, "api_keys": rows})


def apikey_show(api_key: str, *, now: Instant) -> CommandResult:
    key = _of_its_company(api_key, lambda company: create.find_api_key(company, api_key))
    named = {"company": key.company, "api_key": key.api_key}
    return CommandResult(named | _state(key) | _limits(key) | _verified_by(key, now))


def apikey_disable(api_key: str, *, now: Instant) -> CommandResult:
    return _changed(api_key, lambda company: create.set_api_key_enabled(company, api_key, False, operator(), now=now))


def apikey_enable(api_key: str, *, now: Instant) -> CommandResult:
    return _changed(api_key, lambda company: create.set_api_key_enabled(company, api_key, True, operator(), now=now))


def apikey_revoke(api_key: str, *, now: Instant) -> CommandResult:
    return _changed(api_key, lambda company: create.revoke_api_key(company, api_key, operator(), now=now))


def _changed(api_key: str, change: Callable[[str], ApiKey]) -> CommandResult:
    changed = _of_its_company(api_key, change)
    state = {"revoked": changed.revoked, "disabled": changed.disabled}
    return CommandResult({"company": changed.company, "api_key": changed.api_key} | state)


def _of_its_company(api_key: str, do: Callable[[str], ApiKey]) -> ApiKey:
    try:
        return do(api_key.rpartition("-")[0])
    except (Invalid, NotFound):  # whatever it is about: a key that is none names no company, either
        raise UsageError(f"There is no API key {api_key!r}.") from None


def _state(key: ApiKey) -> Json:
    return {"revoked": key.revoked, "disabled": key.disabled, "created_at": to_iso(key.created_at)}


def _limits(key: ApiKey) -> Json:
    limits = {"read_only": key.read_only, "products": sorted(key.products) or None, "scopes": sorted(key.scopes)}
    return limits | {"origins": sorted(key.origins), "require_digest": key.require_digest}


def _api_key(key: ApiKey, shared_key: str, now: Instant) -> CommandResult:
    both = {"api_key": key.api_key, "shared_key": shared_key}
    document = {"company": key.company} | both | _limits(key) | _verified_by(key, now)
    return CommandResult(document, "The shared key is shown this once.")


def _verified_by(key: ApiKey, now: Instant) -> Json:
    """What an application with this key verifies answers by."""
    signer = runtime().keyring.signer(key.signing_key, now=now)
    return {"signing_key": signer.id, "public_key": signer.public_key}
