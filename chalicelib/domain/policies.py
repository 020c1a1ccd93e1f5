"""Policies of a product, which the public API calls license templates: terms under a code, as many licenses are sold.

They are copied to a license when it is issued. What a license may do is then read from the license alone, and no change
of its policy moves it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from chalicelib.domain.catalog import display_name
from chalicelib.domain.errors import Invalid, raise_all, wrong_in
from chalicelib.domain.extras import MAX_NOTE, PolicyOrigin
from chalicelib.domain.features import feature_code
from chalicelib.domain.instants import Instant, add, duration_days, parse_duration
from chalicelib.domain.license import Overage, RenewalBasis, UnmeteredType
from chalicelib.domain.terms import Terms, ends_twice, guard_said, wrong_counts, wrong_dates
from chalicelib.domain.types import Json

ExpiryBasis = Literal["activation", "issue"]
"""What a duration counts from: the first activation of a license, or its issue."""

MAX_POLICIES = 100
"""Of one product."""
MAX_BYTES = 8192
"""Of one policy, as JSON: those of a whole product are read at once, within one page of the database."""
_APPLIED = (
    *("max_activations", "overage", "max_license_users", "max_transfers", "free_resets", "prevent_vm"),
    *("grace_period", "renewal_basis"),
)
_ENDS = ("validity_period", "valid_duration")
_TERMS = ("license_type", "is_trial", *_APPLIED, *_ENDS)
CHANGEABLE = (
    *("code", "name", *_TERMS, "expiry_basis", "maintenance_duration"),
    *("note", "metadata", "features", "custom_fields"),
)
"""The fields that a vendor sets."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of a product. Each term is as `License` and `Extras` have it, but what is counted from the sale."""

    company: str
    product: str
    """Its product's code."""
    product_id: int
    id: int
    code: str
    """What shops name it by; no other policy of the product has it."""
    name: str
    created_at: Instant
    updated_at: Instant
    license_type: UnmeteredType = "perpetual"
    is_trial: bool = False
    max_activations: int | None = None
    """None: unlimited; so are the users."""
    overage: Overage = "none"
    max_license_users: int | None = None
    max_transfers: int = 0
    free_resets: bool = False
    prevent_vm: bool | None = None
    """None: as the product says."""
    grace_period: int = 0
    """Hours."""
    validity_period: Instant | None = None
    """A fixed end, of all licenses that are sold by it."""
    valid_duration: str | None = None
    """In the place of a fixed end: `30d`, `12m`, `1y` from `expiry_basis` on."""
    expiry_basis: ExpiryBasis = "activation"
    renewal_basis: RenewalBasis = "later"
    maintenance_duration: str | None = None
    """From the issue; None: versions of all times are offered."""
    note: str = ""
    metadata: Json = field(default_factory=dict, hash=False)
    features: Json = field(default_factory=dict, hash=False)
    """By code: fields of `FeatureGrant` that differ from the product's, and `valid_duration`, from the issue."""
    custom_fields: Json = field(default_factory=dict, hash=False)
    """Values by the names of the product's fields."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""

    @property
    def version(self) -> int:
        """That of its terms now: each change makes a new one."""
        return self.revision + 1

    @property
    def origin(self) -> PolicyOrigin:
        """What a license that is sold by it keeps of where its terms came from."""
        return PolicyOrigin(self.id, self.code, self.version)


def checked_policy(policy: Policy, *, by_user: bool) -> Policy:
    """A policy as it is stored. Raises `Invalid`, with one error for each field that is wrong.

    `by_user`: whether the licenses of its product have users.
    """
    raise_all([*_wrong_texts(policy), *_wrong_terms(policy, by_user=by_user)])
    if len(json.dumps(asdict(policy)).encode()) > MAX_BYTES:
        raise Invalid("policy_too_large", most=MAX_BYTES // 1024)
    return replace(policy, code=feature_code(policy.code), name=display_name(policy.name))


def with_policy_terms(policy: Policy, given: Mapping[str, Any], *, now: Instant) -> Json:  # each as `Terms` has it
    """The terms of an issue, by the fields of `Terms`: those that are given, and the policy's for the others.

    Who gives an end, or sells for good, has said all of the policy's end. Raises `Invalid` as `guard_said`.
    """
    terms: Json = {name: getattr(policy, name) for name in _TERMS}
    if policy.valid_duration is not None and policy.expiry_basis == "issue":
        terms |= {"validity_period": add(now, parse_duration(policy.valid_duration)), "valid_duration": None}
    if any(given.get(name) is not None for name in _ENDS):
        terms |= dict.fromkeys(_ENDS)
    if given.get("license_type") == "perpetual":
        terms |= dict.fromkeys(_ENDS) | {"grace_period": 0}
    guard_said(given)
    return terms | dict(given)


def applied_terms(policy: Policy) -> Json:
    """What a policy changes of the terms of a license that was sold: its limits, not until when it was sold."""
    return {name: getattr(policy, name) for name in _APPLIED}


def counted_from(issued_at: Instant, duration: str | None) -> Instant | None:
    """The end of what lasts so long from the issue on; None: it has none."""
    return None if duration is None else add(issued_at, parse_duration(duration))


def _wrong_texts(policy: Policy) -> Iterator[Invalid]:
    yield from wrong_in("code", feature_code, policy.code)
    yield from wrong_in("name", display_name, policy.name)
    if len(policy.note) > MAX_NOTE:
        yield Invalid("text_too_long", field="note", most=MAX_NOTE)
    durations = [("maintenance_duration", policy.maintenance_duration)]
    durations += [("features", grant.get("valid_duration")) for grant in policy.features.values()]
    for name, duration in durations:
        if duration is not None:
            yield from wrong_in(name, lambda text: duration_days(parse_duration(text)), duration)


def _wrong_terms(policy: Policy, *, by_user: bool) -> Iterator[Invalid]:
    yield from ends_twice(policy.validity_period, policy.valid_duration)
    terms = Terms(**{name: getattr(policy, name) for name in _TERMS})
    yield from wrong_dates(terms)
    yield from wrong_counts(terms)
    if not by_user and policy.max_license_users is not None:
        yield Invalid("product_has_no_users", field="max_license_users")
