"""Management API: license policies, which the public API calls license templates."""

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.days import last_instant
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import Overage, Period, RenewalBasis, UnmeteredType
from chalicelib.domain.policies import ExpiryBasis, Policy
from chalicelib.domain.public_events import told_name
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.defined import OfProductQuery, part_of_defined
from chalicelib.management.license_changes import MAX_FEATURES, Flag, Ids, RowBody, RowError, row_body, rows_once
from chalicelib.management.models import Id, ListBody, Sent, SentMoment, given
from chalicelib.management.reach import each_own, its_policy, itself, named_product
from chalicelib.usecases import policies
from chalicelib.usecases.bulk import Row, change_each
from chalicelib.usecases.change_terms import change_terms, preview_terms
from chalicelib.usecases.create import find_company
from chalicelib.usecases.products import find_product_by_id
from chalicelib.web.freshness import Date

MAX_TEXT = 1024

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class PolicyPath(Sent):
    """Which policy."""

    policy_id: Id


class PolicyFeature(Sent):
    """A feature of what is sold; what is not given is as the product says."""

    code: Text
    valid_duration: Text | None = None
    """From the sale: `30d`, `12m`, `1y`."""
    max_consumption: StrictInt | None = None
    allow_overages: StrictBool | None = None
    max_overages: StrictInt | None = None
    reset_consumption: StrictBool | None = None
    consumption_period: Period | None = None
    metadata: Json | None = None


class PolicyField(Sent):
    """The value of a custom field."""

    name: Text
    value: Text


class PolicyChange(Sent):
    """PATCH license-policies: what is not given stays, what is given makes a new version."""

    code: Text | None = None
    """What orders name it by; no other policy of the product has it."""
    name: Text | None = None
    license_type: UnmeteredType | None = None
    is_trial: Flag | None = None
    max_activations: StrictInt | None = None
    """Null: unlimited."""
    allow_unlimited_activations: Flag | None = None
    """True: whatever `max_activations` says."""
    overage: Overage | None = None
    """How many devices are let in beyond that."""
    max_license_users: StrictInt | None = None
    """0 or null: unlimited."""
    max_transfers: StrictInt | None = None
    """-1: none; 0: unlimited."""
    free_resets: Flag | None = None
    prevent_vm: Flag | None = None
    """Whether virtual machines are refused; null: as the product says."""
    grace_period: StrictInt | None = None
    """Hours."""
    validity_period: SentMoment | None = None
    """A fixed end; a date alone is that day's last instant."""
    valid_duration: Text | None = None
    """In its place: `30d`, `12m`, `1y`."""
    expiry_basis: ExpiryBasis | None = None
    """What the duration counts from: the first `activation`, or the `issue`."""
    renewal_basis: RenewalBasis | None = None
    """What a renewal counts from: the old `end`, `now`, or the `later` of them."""
    maintenance_duration: Text | None = None
    """From the sale; null: no end."""
    note: Text | None = None
    metadata: Json | None = None
    product_features: Annotated[list[PolicyFeature], Field(max_length=MAX_FEATURES, fail_fast=True)] | None = None
    """All of them: one that is not in the list goes."""
    custom_fields: Annotated[list[PolicyField], Field(max_length=MAX_FEATURES, fail_fast=True)] | None = None
    """Likewise."""


class NewPolicy(PolicyChange):
    """POST license-policies."""

    code: Text
    name: Text
    product: Id


class AppliedTo(Sent):
    """The licenses that a policy is applied to."""

    license_ids: Ids


class PolicyFieldBody(TypedDict):
    """The value of a custom field."""

    name: str
    value: str


class PolicyBody(TypedDict):
    """A policy. 0 in a limit is unlimited."""

    id: int
    created_at: Date
    updated_at: Date
    code: str
    name: str
    product: int
    version: int
    license_type: UnmeteredType
    is_trial: bool
    max_activations: int
    allow_unlimited_activations: bool
    overage: Overage
    max_license_users: int
    max_transfers: int
    free_resets: bool
    prevent_vm: bool | None
    grace_period: int
    validity_period: Date | None
    valid_duration: str | None
    expiry_basis: ExpiryBasis
    renewal_basis: RenewalBasis
    maintenance_duration: str | None
    note: str
    metadata: Json
    product_features: list[Json]
    """Each with its code, and with what was said of it."""
    custom_fields: list[PolicyFieldBody]
    revision: int


class PolicyList(ListBody):
    """A page of policies, oldest first."""

    results: list[PolicyBody]


class TermChange(TypedDict):
    """A term that would be another one."""

    before: str | int | None
    after: str | int | None


class PreviewBody(TypedDict):
    """What would come of one license."""

    id: int
    status: Literal["changed", "unchanged", "refused"]
    changes: dict[str, TermChange]
    """By the names of the terms."""
    error: RowError | None


@endpoint("GET", "/license-policies", writes=False, scope="products:read", reach=itself)
def list_license_policies(query: OfProductQuery, caller: Caller) -> PolicyList:
    """The policies of a product, or of all products, oldest first."""
    found = policies.find_all_policies(caller.company)
    rows, page = part_of_defined(found, query, caller, "license-policies")
    return {**page, "results": [policy_body(row) for row in rows]}


@endpoint("POST", "/license-policies", writes=True, scope="products:write", reach=named_product, status=201)
def create_license_policy(body: NewPolicy, caller: Caller) -> PolicyBody:
    """Make a policy. Limits and dates that are not given are as the product says."""

    def create() -> Policy:
        fields = _fields(body, caller)
        product = find_product_by_id(caller.company, fields.pop("product")).code
        return policies.create_policy(caller.company, product, fields, caller.actor, now=caller.now)

    return caller.once(create, policy_body)


@endpoint("GET", "/license-policies/{policy_id}", writes=False, scope="products:read", reach=its_policy)
def show_license_policy(path: PolicyPath, caller: Caller) -> PolicyBody:
    """One policy."""
    return policy_body(policies.find_policy(caller.company, path.policy_id))


@endpoint("PATCH", "/license-policies/{policy_id}", writes=True, scope="products:write", reach=its_policy)
def change_license_policy(path: PolicyPath, body: PolicyChange, caller: Caller) -> PolicyBody:
    """Change what is given, which makes a new version; licenses keep the terms that they were sold."""
    return caller.once(
        lambda: policies.change_policy(
            caller.company,
            path.policy_id,
            _fields(body, caller),
            caller.actor,
            revision=caller.if_match,
            now=caller.now,
        ),
        policy_body,
    )


@endpoint("DELETE", "/license-policies/{policy_id}", writes=True, scope="products:write", reach=its_policy)
def delete_license_policy(path: PolicyPath, caller: Caller) -> None:
    """Sell nothing by it any more; licenses keep their terms, and its code is free."""
    caller.once(
        lambda: policies.delete_policy(
            caller.company, path.policy_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


@endpoint("POST", "/license-policies/{policy_id}/preview", writes=False, scope="licenses:read", reach=its_policy)
def preview_license_policy(path: PolicyPath, body: AppliedTo, caller: Caller) -> list[PreviewBody]:
    """What `apply` would change of each of these licenses. Nothing is written."""
    changes = policies.changes_of(policies.find_policy(caller.company, path.policy_id), now=caller.now)
    preview = partial(preview_terms, caller.company, changes=changes, now=caller.now)
    return [_preview(row) for row in change_each(body.license_ids, int, each_own(caller, int, preview))]


@endpoint("POST", "/license-policies/{policy_id}/apply", writes=True, scope="licenses:write", reach=its_policy)
def apply_license_policy(path: PolicyPath, body: AppliedTo, caller: Caller) -> list[RowBody]:
    """Let these licenses have the limits and features of a policy as it is now, each by itself."""

    def apply() -> list[Row]:
        changes = policies.changes_of(policies.find_policy(caller.company, path.policy_id), now=caller.now)
        change = partial(change_terms, caller.company, changes=changes, actor=caller.actor, now=caller.now)
        return change_each(body.license_ids, int, each_own(caller, int, change))

    return rows_once(apply, caller)


def policy_body(policy: Policy) -> PolicyBody:
    """A policy as it is answered."""
    return {
        "id": policy.id,
        "created_at": to_iso(policy.created_at),
        "updated_at": to_iso(policy.updated_at),
        "code": policy.code,
        "name": policy.name,
        "product": policy.product_id,
        "version": policy.version,
        "license_type": policy.license_type,
        "is_trial": policy.is_trial,
        "max_activations": policy.max_activations or 0,
        "allow_unlimited_activations": policy.max_activations is None,
        "overage": policy.overage,
        "max_license_users": policy.max_license_users or 0,
        "max_transfers": policy.max_transfers,
        "free_resets": policy.free_resets,
        "prevent_vm": policy.prevent_vm,
        "grace_period": policy.grace_period,
        "validity_period": to_iso(policy.validity_period),
        "valid_duration": policy.valid_duration,
        "expiry_basis": policy.expiry_basis,
        "renewal_basis": policy.renewal_basis,
        "maintenance_duration": policy.maintenance_duration,
        "note": policy.note,
        "metadata": policy.metadata,
        "product_features": [{"code": code, **said} for code, said in policy.features.items()],
        "custom_fields": [{"name": name, "value": value} for name, value in policy.custom_fields.items()],
        "revision": policy.revision,
    }


_NULLABLE = (
    *("max_activations", "max_license_users", "prevent_vm"),
    *("validity_period", "valid_duration", "maintenance_duration"),
)


def _fields(body: PolicyChange, caller: Caller) -> dict[str, Any]:  # as `Policy` has them
    """What was sent, by the names of a policy's fields."""
    sent = given(body, *_NULLABLE)
    if sent.pop("allow_unlimited_activations", False):
        sent["max_activations"] = None
    if "max_license_users" in sent:
        sent["max_license_users"] = sent["max_license_users"] or None
    if body.validity_period is not None:
        sent["validity_period"] = last_instant(body.validity_period, find_company(caller.company).time_zone)
    if "product_features" in sent:
        features = sent.pop("product_features")
        sent["features"] = {one.pop("code"): {n: v for n, v in one.items() if v is not None} for one in features}
    if "custom_fields" in sent:
        sent["custom_fields"] = {one["name"]: one["value"] for one in sent["custom_fields"]}
    return sent


def _preview(row: Row) -> PreviewBody:
    preview: Json = row.answer if isinstance(row.answer, dict) else {}
    names = [name for name in preview if f"{name}_before" in preview]
    changes: dict[str, TermChange] = {
        told_name("license_changed", name): {"before": preview[f"{name}_before"], "after": preview[name]}
        for name in names
    }
    done: Literal["changed", "unchanged"] = "changed" if changes else "unchanged"
    status: Literal["changed", "unchanged", "refused"] = done if row.error is None else "refused"
    return {"id": row.id, "status": status, "changes": changes, "error": row_body(row)["error"]}
