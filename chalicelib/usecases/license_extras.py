"""The features that a license is granted, and the values of its custom fields: by what its product defines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.custom_fields import CustomField, field_value
from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, at_field
from chalicelib.domain.events import Actor
from chalicelib.domain.extras import MAX_BYTES, Extras, FeatureGrant, FieldValue
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.metadata import guard_metadata
from chalicelib.usecases.change_terms import Sold, change_terms, find_sold
from chalicelib.usecases.product_features import find_features
from chalicelib.usecases.product_fields import find_fields

_INHERITED = (
    "max_consumption",
    "allow_overages",
    "max_overages",
    "reset_consumption",
    "consumption_period",
    "metadata",
)
"""What a grant has as its product's feature, where nothing else is said of it."""
MAX_NAMED = 100
"""Characters of a name that there is not, in the sentence about it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A feature that a license is to have."""

    code: str
    expires_at: Instant | None = None
    more: Mapping[str, Any] = field(default_factory=dict)  # as the extras have them
    """Fields of `FeatureGrant`, where they are to be others than the product's."""
    id: int | None = None
    """That of the grant, where it is made; None: any."""


def grant_features(
    company: str,
    license_id: int,
    wanted: Sequence[Wanted],
    actor: Actor,
    *,
    revision: int | None = None,
    now: Instant,
) -> Sold:
    """Let a license have these features and no others; one that it has keeps its id.

    Raises `NotFound`: `unsupported_product_feature` for a code that the product does not define, unless the license has
    it already; and as `change_terms`.
    """
    defined = {feature.code: feature for feature in find_features(company, _product(company, license_id))}

    def changes(sold: Sold) -> dict[str, object]:
        granted = {grant.code: grant for grant in sold[1].features}
        of_codes = {one.code: one for one in wanted}.values()
        grants = (_grant(one, granted.get(one.code), defined.get(one.code), now + n) for n, one in enumerate(of_codes))
        return {"features": tuple(grants)}

    return change_terms(company, license_id, changes, actor, revision=revision, now=now)


def grant_feature(
    company: str,
    license_id: int,
    feature_id: int,
    expires_at: Instant | None,
    more: Mapping[str, Any],  # as `Wanted` has them
    actor: Actor,
    *,
    now: Instant,
) -> Sold:
    """Let a license have a feature more, by the id of its product's; answers the license.

    Raises `Invalid`: `feature_unknown` for one that the product does not define; `AlreadyExists` where the license has
    it; and as `change_terms`.
    """
    features = find_features(company, _product(company, license_id))
    defined = next((one for one in features if one.id == feature_id), None)
    if defined is None:
        raise Invalid("feature_unknown", field="product_feature", feature=feature_id)
    grant = _grant(Wanted(defined.code, expires_at, more), None, defined, now)
    guard_metadata(grant.metadata, MAX_BYTES)  # as its own field, which it is where a call is about this feature alone

    def changes(sold: Sold) -> dict[str, object]:
        granted = sold[1].features
        if any(one.code == grant.code for one in granted):
            raise AlreadyExists("already_exists", of="feature_grant", field="product_feature")
        return {"features": (*granted, grant)}

    return change_terms(company, license_id, changes, actor, now=now)


def set_feature(company: str, license_id: int, wanted: Wanted, actor: Actor, *, now: Instant) -> Sold:
    """Let a license have a feature as it is wanted, whether it had it or not; what else it has stays.

    Raises `NotFound`: `unsupported_product_feature` as `grant_features`, and as `change_terms`.
    """
    defined = next(
        (one for one in find_features(company, _product(company, license_id)) if one.code == wanted.code), None
    )

    def changes(sold: Sold) -> dict[str, object]:
        granted = {one.code: one for one in sold[1].features}
        return {
            "features": tuple(
                (granted | {wanted.code: _grant(wanted, granted.get(wanted.code), defined, now)}).values()
            )
        }

    return change_terms(company, license_id, changes, actor, now=now)


def set_fields(
    company: str,
    license_id: int,
    values: Mapping[str, str],
    actor: Actor,
    *,
    revision: int | None = None,
    now: Instant,
) -> Sold:
    """Set custom fields of a license by their names; an empty value takes one away, and all others stay.

    Raises `Invalid`: `field_unknown` for a name that the product does not define, and for a value that is not of the
    field's type; and as `change_terms`.
    """
    defined = {one.name: one for one in find_fields(company, _product(company, license_id))}

    def changes(sold: Sold) -> dict[str, object]:
        there = {one.name: one for one in sold[1].custom_fields}
        for step, (name, text) in enumerate(values.items()):
            if not text.strip():
                there.pop(name, None)
            else:
                there[name] = value = _value(name, text, there.get(name), defined.get(name), now + step)
                # What it said under another name goes: the product calls the field otherwise since.
                there = {n: one for n, one in there.items() if n == name or one.field_id != value.field_id}
        return {"custom_fields": tuple(there.values())}

    return change_terms(company, license_id, changes, actor, revision=revision, now=now)


def new_extras(
    company: str, product: str, wanted: Sequence[Wanted], values: Mapping[str, str], *, now: Instant
) -> Extras:
    """These features and fields, as a new license of a product has them. Raises as those who give it them do."""
    features = {one.code: one for one in find_features(company, product)} if wanted else {}
    fields = {one.name: one for one in find_fields(company, product)} if values else {}
    return Extras(
        features=tuple(_grant(one, None, features.get(one.code), now + n) for n, one in enumerate(wanted)),
        custom_fields=tuple(
            _value(name, text, None, fields.get(name), now + n) for n, (name, text) in enumerate(values.items())
        ),
    )


def _product(company: str, license_id: int) -> str:
    return find_sold(company, license_id)[0].product


def _grant(
    wanted: Wanted, granted: FeatureGrant | None, defined: ProductFeature | None, made_at: Instant
) -> FeatureGrant:
    if granted is not None:
        return replace(granted, expires_at=wanted.expires_at, **wanted.more)
    if defined is None:
        raise NotFound("unsupported_product_feature", field="product_features", feature=wanted.code[:MAX_NAMED])
    inherited = {name: getattr(defined, name) for name in _INHERITED} | dict(wanted.more)
    id = new_id(made_at) if wanted.id is None else wanted.id
    grant = FeatureGrant(id, defined.id, defined.code, defined.name, defined.feature_type, **inherited)
    return replace(grant, expires_at=wanted.expires_at)


def _value(name: str, text: str, there: FieldValue | None, defined: CustomField | None, made_at: Instant) -> FieldValue:
    if defined is None:
        raise Invalid("field_unknown", field="custom_fields", name=name[:MAX_NAMED])
    with at_field("custom_fields"):
        value = field_value(defined.data_type, text)
    id = new_id(made_at) if there is None else there.id
    return FieldValue(id, defined.id, name, defined.data_type, value)
