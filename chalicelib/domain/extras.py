"""What a license carries besides its limits and dates: features, custom fields, metadata, a note, maintenance.

Nothing here decides whether a device may be activated. It stands in an item of its own, for it may be long, and the
license's own is what every activation writes.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chalicelib.domain.custom_fields import DataType
from chalicelib.domain.errors import Invalid, at_field
from chalicelib.domain.features import FeatureType
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Period
from chalicelib.domain.metadata import guard_metadata
from chalicelib.domain.types import Json

MAX_NOTE, MAX_SUBSCRIPTION_ID = 1000, 200
"""Characters of a note, and of the name of a subscription."""
MAX_BYTES = 65_536
"""Of all that a license carries, as JSON: it is read with each check."""
EXTRAS = ("note", "subscription_id", "metadata", "maintenance_period", "features", "custom_fields", "policy")
"""What a change may name; the fields of `Extras`."""


@dataclass(frozen=True, slots=True)
class FeatureGrant:
    """A feature that a license has. It began as its product's (`domain.features`), and goes its own way since."""

    id: int
    feature_id: int
    """That of the product's feature."""
    code: str
    name: str
    feature_type: FeatureType
    expires_at: Instant | None = None
    max_consumption: int | None = None
    allow_overages: bool = False
    max_overages: int = 0
    reset_consumption: bool = False
    consumption_period: Period | None = None
    metadata: Json = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """The value of a custom field of the product (`domain.custom_fields`)."""

    id: int
    field_id: int
    """That of the product's field."""
    name: str
    data_type: DataType
    value: str


@dataclass(frozen=True, slots=True)
class PolicyOrigin:
    """The policy that the terms of a license came from (`domain.policies`), as it was then."""

    id: int
    code: str
    version: int


@dataclass(frozen=True, slots=True)
class Extras:
    """All of it, of one license."""

    note: str = ""
    """The vendor's own; customers and applications are never shown it."""
    metadata: Json = field(default_factory=dict, hash=False)
    maintenance_period: Instant | None = None
    """Versions of up to then are offered; None: all. It is never a reason to refuse."""
    features: tuple[FeatureGrant, ...] = ()
    custom_fields: tuple[FieldValue, ...] = ()
    policy: PolicyOrigin | None = None
    """None: it was sold by none."""
    subscription_id: str = ""
    """What a billing system calls the subscription that it is of: the vendor's own, too."""


NO_EXTRAS = Extras()


def with_extras(extras: Extras, changes: Mapping[str, Any]) -> Extras:  # each as the field of that name
    """The extras with what a change names, of `EXTRAS`. Raises `Invalid`."""
    new = replace(extras, **{name: value for name, value in changes.items() if name in EXTRAS})
    for name, most in (("note", MAX_NOTE), ("subscription_id", MAX_SUBSCRIPTION_ID)):
        if len(getattr(new, name)) > most:
            raise Invalid("text_too_long", field=name, most=most)
    guard_metadata(new.metadata)
    for grant in new.features:
        with at_field("product_features"):
            guard_metadata(grant.metadata, MAX_BYTES)
    if len(json.dumps(asdict(new)).encode()) > MAX_BYTES:
        raise Invalid("license_too_large", most=MAX_BYTES // 1024)
    return new


def living_features(extras: Extras, now: Instant) -> list[FeatureGrant]:
    """Those that are not over."""
    return [grant for grant in extras.features if grant.expires_at is None or now < grant.expires_at]
