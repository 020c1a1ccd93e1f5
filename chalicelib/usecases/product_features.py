"""The features of a product: found, defined, changed, deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound
from chalicelib.domain.events import Actor, Event, EventType, before_and_after
from chalicelib.domain.features import CHANGEABLE, MAX_DELETED, MAX_FEATURES, ProductFeature, checked_feature
from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.store.definitions import FEATURES
from chalicelib.usecases.definitions import (
    Defined,
    Fields,
    change_definition,
    create_definition,
    find_definition,
)

_State = Defined[ProductFeature]


def find_features(company: str, product: str, *, with_deleted: bool = False) -> list[ProductFeature]:
    """The features of a product by its code, oldest first; none, where there is no such product.

    `with_deleted`: also those that are granted no more; the last `MAX_DELETED` are kept.
    """
    return [found for found in FEATURES.read_all(company, product) if with_deleted or not found.is_deleted]


def find_all_features(company: str, *, with_deleted: bool = False) -> list[ProductFeature]:
    """The features of all products of a company, oldest first, but those that are deleted, if not asked for."""
    found = (feature for feature in FEATURES.read_all(company) if with_deleted or not feature.is_deleted)
    return sorted(found, key=lambda feature: feature.id)


def find_granted(company: str, named: Iterable[tuple[str, int]]) -> dict[int, ProductFeature]:
    """Features by their ids, each named by its product and id, as they are defined now; also those that are deleted, as
    long as they are kept.
    """
    return FEATURES.read_some(company, named)


def find_feature(company: str, feature_id: int) -> ProductFeature:
    """A feature by its id, also one that is deleted. Raises `company_not_found`, `feature_not_found`."""
    return find_definition(FEATURES, company, feature_id, _missing)


def create_feature(company: str, product: str, fields: Fields, actor: Actor, *, now: Instant) -> ProductFeature:
    """Define a feature. `fields`: of `ProductFeature`, those that may be changed; `code`, `name` and `feature_type` are
    needed.

    Raises `company_not_found`, `unknown_product`, `AlreadyExists` for a code that another has, and `Invalid`: one
    error for each wrong field, or `too_many_features`.
    """

    def make(state: _State) -> ProductFeature:
        new = checked_feature(ProductFeature(**state.begun(now), **fields))
        _guard_code(state, new)
        if len(_living(state)) >= MAX_FEATURES:
            raise Invalid("too_many_features", field="code", most=MAX_FEATURES)
        return new

    return create_definition(FEATURES, company, product, make, lambda new: _event("feature_created", new, actor, now))


def change_feature(
    company: str, feature_id: int, changes: Fields, actor: Actor, *, revision: int | None = None, now: Instant
) -> ProductFeature:
    """Change what is given, of `CHANGEABLE`; what was granted of it stays as it is. The same again changes nothing.

    `revision`: the one that is to be changed. Raises as `create_feature`, and `feature_not_found`, `revision_changed`.
    """
    found = find_feature(company, feature_id)

    def change(state: _State) -> tuple[ProductFeature, ProductFeature]:
        old = _living_one(state, feature_id, revision)
        new = checked_feature(replace(old, **changes))
        _guard_code(state, new)
        return old, new

    def event(old: ProductFeature, new: ProductFeature) -> Event:
        return _event("feature_changed", new, actor, now, before_and_after(old, new, CHANGEABLE))

    return change_definition(FEATURES, found, change, event, now=now)


def delete_feature(
    company: str, feature_id: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> ProductFeature:
    """Let a feature be granted no more, and its code be free; licenses that have it keep it.

    `revision`: as in `change_feature`. Raises `company_not_found`, `feature_not_found`, `revision_changed`.
    """
    found = find_feature(company, feature_id)

    def change(state: _State) -> tuple[ProductFeature, ProductFeature]:
        old = _living_one(state, feature_id, revision)
        return old, replace(old, is_deleted=True)

    def forgotten(state: _State) -> Sequence[ProductFeature]:
        deleted = sorted((one for one in state.definitions if one.is_deleted), key=lambda one: one.updated_at)
        return deleted[: len(deleted) + 1 - MAX_DELETED] if len(deleted) >= MAX_DELETED else ()

    return change_definition(
        FEATURES,
        found,
        change,
        lambda _, new: _event("feature_deleted", new, actor, now),
        now=now,
        forgotten=forgotten,
    )


def _living(state: _State) -> list[ProductFeature]:
    return [one for one in state.definitions if not one.is_deleted]


def _living_one(state: _State, feature_id: int, revision: int | None) -> ProductFeature:
    return replace(state, definitions=_living(state)).one(feature_id, _missing, revision)


def _guard_code(state: _State, feature: ProductFeature) -> None:
    if any(other.code == feature.code for other in _living(state) if other.id != feature.id):
        raise AlreadyExists("already_exists", of="feature", field="code", name=feature.code)


def _event(
    type: EventType,
    feature: ProductFeature,
    actor: Actor,
    now: Instant,
    more: Json | None = None,
) -> Event:
    return Event.new(
        type, actor, now, product=feature.product, feature=feature.code, feature_id=feature.id, **(more or {})
    )


def _missing() -> NotFound:
    return NotFound("feature_not_found")
