"""What a product defines, features and custom fields, and a license that is granted them meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from chalicelib.store import histories, licenses
from chalicelib.usecases import product_features, product_fields
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.products import change_product
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import new_engine
from tests.support import ADMIN, DAY, NOW, Vendor

STARTS = ("defined",)
"""A product defines a feature and a field, and a license has neither."""
PRODUCT, OLD, NEW = "viewer", "export", "render"
"""Codes of features, and names of fields."""


@dataclass(frozen=True, slots=True, eq=False)
class DefinedWorld:
    """A product, and a license of it."""

    name: str
    state: State
    vendor: Vendor
    license: int
    feature: int
    field: int
    """Each by its id."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> DefinedWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=NOW - DAY)
        about = vendor.code, PRODUCT
        feature = product_features.create_feature(*about, _feature(OLD), ADMIN, now=vendor.now)
        field = product_fields.create_field(*about, {"name": OLD}, ADMIN, now=vendor.now)
        license = vendor.issue()
    return DefinedWorld(start, engine.state, vendor, license.id, feature.id, field.id)


def _feature(code: str) -> dict[str, str]:
    return {"code": code, "name": code.title(), "feature_type": "activation"}


def view(world: DefinedWorld) -> object:
    """What the product defines, and what the license has of it."""
    code = world.vendor.code
    extras = find_sold(code, world.license)[1]
    events = [*histories.company_events(code), *licenses.events(code, world.license)]
    features = product_features.find_features(code, PRODUCT, with_deleted=True)
    return {
        "features": sorted((one.code, one.name, one.is_deleted, one.revision) for one in features),
        "fields": sorted((one.name, one.revision) for one in product_fields.find_fields(code, PRODUCT)),
        "granted": [(one.code, one.name) for one in extras.features],
        "said": [(one.name, one.value) for one in extras.custom_fields],
        "events": sorted(Counter(event.type for event in events).items()),
    }


def _of_product(use_case: Callable[..., object], given: object) -> Callable[[DefinedWorld], None]:
    def do(world: DefinedWorld) -> None:
        use_case(world.vendor.code, PRODUCT, given, ADMIN, now=world.now)

    return do


def _of(name: str, use_case: Callable[..., object], *given: object) -> Callable[[DefinedWorld], None]:
    """On the license, the feature or the field."""

    def do(world: DefinedWorld) -> None:
        use_case(world.vendor.code, getattr(world, name), *given, ADMIN, now=world.now)

    return do


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("feature-new", _of_product(product_features.create_feature, _feature(NEW)))
    yield SerialDeed("feature-edit", _of("feature", product_features.change_feature, {"code": NEW}))
    yield SerialDeed("feature-delete", _of("feature", product_features.delete_feature))
    yield SerialDeed("field-new", _of_product(product_fields.create_field, {"name": NEW}))
    yield SerialDeed("field-edit", _of("field", product_fields.change_field, {"name": NEW}))
    yield SerialDeed("field-delete", _of("field", product_fields.delete_field))
    yield SerialDeed("grant", _of("license", grant_features, [Wanted(OLD)]))
    yield SerialDeed("say", _of("license", set_fields, {OLD: "4.12"}))
    yield SerialDeed("rename", _of_product(change_product, {"name": "Renamed"}))


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
