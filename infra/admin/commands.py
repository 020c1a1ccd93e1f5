"""What each command of the table does: a use case, and its answer as a document.

Import this when the environment stands. Arguments are the domain's values (`values.py`), and `now`.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import signing
from chalicelib.domain.days import first_instant, last_instant
from chalicelib.domain.extras import Extras
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, is_expired, status
from chalicelib.domain.meters import period_end
from chalicelib.domain.permissions import Permission
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.runtime import runtime
from chalicelib.usecases import change_license, create
from chalicelib.usecases import sweep as sweeping
from chalicelib.usecases.audit import companies
from chalicelib.usecases.change_device import allow_device, blacklist_device, reset_device
from chalicelib.usecases.find_license import find_owner
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.issue_license import issue_license, terms_of
from chalicelib.usecases.meters import read_meter, set_consumption
from chalicelib.usecases.policies import find_policy_by_code
from chalicelib.usecases.slots import take_slot_back
from infra.admin import keys
from infra.admin.command import NotGiven
from infra.admin.command_result import CommandResult, make_once
from infra.admin.operator_name import operator
from infra.progress import counting

_NAMED = (
    *("id", "company", "product", "name", "authorization_method", "license_type", "license_key"),
    *("order_id", "customer"),
)
_COUNTED = (
    *("enabled", "is_trial", "max_activations", "overage", "times_activated"),
    *("floating_users", "floating_timeout"),
    *("max_consumptions", "allow_negative_consumptions", "allow_overages", "max_overages", "consumption_period"),
    *("max_license_users", "users_assigned"),
    *("max_transfers", "transfer_count", "free_resets", "prevent_vm", "disabled_by", "valid_duration", "grace_period"),
    *("renewal_basis", "revision"),
)
_SWITCHES = ("free_resets", "trial")
"""Options of `license issue` without a value."""
_DATED = ("validity_period", "start_date", "first_activated_at", "created_at", "archived_at", "adopt_until")


# --- secrets and signing keys --------------------------------------------------------------------------------------


def secrets_create(*, now: Instant) -> CommandResult:  # noqa: ARG001 - secrets have no time
    made = keys.create(_is_in_use)
    document = {"secrets": runtime().secrets.address, "made": made}
    return CommandResult(document | _signing_keys(), "" if made else "All secrets are there, and stay as they are.")


def signing_key_show(*, now: Instant) -> CommandResult:  # noqa: ARG001
    held = runtime().secrets.read()
    is_half_done = held.signing_key == held.old_signing_key
    return CommandResult(_signing_keys(), keys.CUT_SHORT if is_half_done else "")


def signing_key_rotate(*, now: Instant) -> CommandResult:  # noqa: ARG001
    keys.rotate()
    return CommandResult(_signing_keys(), "API keys that are made from now on are answered by the new key.")


def signing_key_retire(*, now: Instant) -> CommandResult:  # noqa: ARG001
    retired = keys.retire(_answered_by)
    return CommandResult({"retired": retired.id} | _signing_keys())


# --- licenses ----------------------------------------------------------------------------------------------------


def license_issue(
    company: str,
    product: str,
    manager: str | None,
    deny: frozenset[Permission] | None,
    policy: str | None,
    idempotency_key: str | None,
    *,
    now: Instant,
    **terms: Any,  # as `Terms` has them
) -> CommandResult:
    said: list[object] = ["license issue", product, manager, terms.copy()]
    if deny is not None:
        said.append(sorted(deny))
    if policy is not None:
        said.append(policy)
    unset = {name for name in _SWITCHES if not terms[name]}  # they say nothing
    terms = {name: value for name, value in terms.items() if value is not NotGiven and name not in unset}
    if "trial" in terms:
        terms["is_trial"] = terms.pop("trial")
    terms["order_id"] = terms.pop("order")
    zone = create.find_company(company).time_zone
    for name, instant in (("validity_period", last_instant), ("start_date", first_instant)):
        if name in terms:
            terms[name] = instant(terms[name], zone)

    def make() -> tuple[License, User | None]:
        by = None if policy is None else find_policy_by_code(company, product, policy)
        sold = terms_of(company, product, terms, by, now=now)
        return issue_license(company, product, sold, manager, operator(), denied=deny, policy=by, now=now)

    return make_once(idempotency_key, company, said, make, lambda made: _issued(*made, now), now=now)


def license_enable(license: int, company: str | None, *, now: Instant) -> CommandResult:
    changed = change_license.set_enabled(find_owner(license, company), license, True, operator(), now=now)
    return CommandResult(license_document(changed, now))


def license_disable(license: int, company: str | None, *, now: Instant) -> CommandResult:
    changed = change_license.set_enabled(find_owner(license, company), license, False, operator(), now=now)
    return CommandResult(license_document(changed, now))


def license_reset(license: int, company: str | None, *, now: Instant) -> CommandResult:
    changed = change_license.reset_license(find_owner(license, company), license, operator(), now=now)
    return CommandResult(license_document(changed, now))


def license_set_consumption(license: int, company: str | None, total: int, *, now: Instant) -> CommandResult:
    changed, _ = set_consumption(find_owner(license, company), license, total, operator(), now=now)
    return CommandResult(license_document(changed, now) | consumption_document(changed, now))


# --- devices -----------------------------------------------------------------------------------------------------


def device_reset(license: int, company: str | None, hardware_id: str, *, now: Instant) -> CommandResult:
    freed = reset_device(find_owner(license, company), license, hardware_id, operator(), now=now)
    return CommandResult({"license": license, "hardware_id": hardware_id, "freed": freed})


def device_release(license: int, company: str | None, hardware_id: str, *, now: Instant) -> CommandResult:
    freed = take_slot_back(find_owner(license, company), license, hardware_id, operator(), now=now)
    return CommandResult({"license": license, "hardware_id": hardware_id, "freed": freed})


def device_blacklist(license: int, company: str | None, hardware_id: str, *, now: Instant) -> CommandResult:
    owner = find_owner(license, company)
    known = blacklist_device(owner, license, hardware_id, operator(), now=now)
    document = {"license": license, "hardware_id": hardware_id, "blacklisted": True}
    return CommandResult(
        document, "" if known else "The license has never seen this device: it is refused when it comes."
    )


def device_allow(license: int, company: str | None, hardware_id: str, *, now: Instant) -> CommandResult:
    allow_device(find_owner(license, company), license, hardware_id, operator(), now=now)
    return CommandResult({"license": license, "hardware_id": hardware_id, "blacklisted": False})


# --- all licenses ------------------------------------------------------------------------------------------------


def sweep(*, now: Instant) -> CommandResult:
    with counting("licenses swept") as tell:
        swept = sweeping.sweep(now=now, progress=tell)
    return CommandResult({"now": to_iso(now)} | swept, exit_code=1 if swept[sweeping.FAILED] else 0)


# --- what they share ---------------------------------------------------------------------------------------------


def _signing_keys() -> Json:
    """Which keys live, with what applications verify by."""
    source = runtime().secrets
    current, *others = signing.live_keys(source.read(), source.address)
    old = next(iter(others), None)
    ids = {"signing_key": current.id, "old_signing_key": old and old.id}
    return ids | {"public_key": current.public_key, "old_public_key": old and old.public_key}


def _is_in_use() -> bool:
    try:
        return next(companies(), None) is not None
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False  # the tables come after the secrets


def _answered_by(old: signing.Signer) -> list[str]:
    """The API keys that are not revoked and get their answers signed by the old key."""
    with counting("API keys read") as tell:
        return create.keys_answered_by(old.id, progress=tell)


def _issued(license: License, who: User | None, now: Instant) -> CommandResult:
    account = {} if who is None else {"manager": who.email, "manager_initial_password": initial_password(who)}
    return CommandResult(license_document(license, now) | account, doubt_of(license, now))


def license_document(license: License, now: Instant) -> Json:
    """A license as JSON; None in a limit is unlimited, and dates are in ISO form."""
    named = {field: getattr(license, field) for field in _NAMED}
    counted = {field: getattr(license, field) for field in _COUNTED} | {"free_resets": bool(license.free_resets)}
    dated = {field: to_iso(getattr(license, field)) for field in _DATED}
    state = {"status": status(license, now), "is_expired": is_expired(license, now)}
    return named | state | counted | dated | {"blacklisted_devices": license.blocked_devices + len(license.blacklist)}


def consumption_document(license: License, now: Instant) -> Json:
    """How often a license was used; nothing of one whose uses are not counted."""
    meter = read_meter(license, now)
    if meter is None:
        return {}
    end = period_end(meter.consumption_period, now)
    return {"total_consumptions": meter.total, "counted_anew_at": to_iso(end)}


def extras_document(extras: Extras) -> Json:
    """What a license carries besides, likewise."""
    features = [
        {"feature": one.code, "name": one.name, "type": one.feature_type, "until": to_iso(one.expires_at)}
        for one in extras.features
    ]
    fields = [{"field": one.name, "value": one.value} for one in extras.custom_fields]
    document = {
        "policy": None if extras.policy is None else f"{extras.policy.code}, version {extras.policy.version}",
        "note": extras.note or None,
        "subscription_id": extras.subscription_id or None,
        "maintenance_period": to_iso(extras.maintenance_period),
        "metadata": json.dumps(extras.metadata, ensure_ascii=False) if extras.metadata else None,
    }
    return document | {"features": features, "custom_fields": fields}


def doubt_of(license: License, now: Instant) -> str:
    """What is allowed, and yet seldom meant."""
    if is_expired(license, now):
        return "The license has expired with this end."
    if license.max_activations == 0:
        return "No device can be activated with 0 activations; say unlimited where there is no limit."
    return ""
