"""Features of a product: what its licenses can be granted besides the product itself, each by its code."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.domain.catalog import display_name
from chalicelib.domain.errors import Invalid, raise_all, wrong_in
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Period
from chalicelib.domain.metadata import guard_metadata
from chalicelib.domain.types import Json

FeatureType = Literal["activation", "consumption"]
"""`activation`: a license has it or not. `consumption`: a license has so many uses of it."""

MAX_FEATURES = 100
"""Of one product."""
MAX_DELETED = 100
"""That a product remembers, the last ones, for who asks what a license has been granted."""
MAX_CODE = 100
MAX_METADATA = 4096
"""Bytes of a feature's metadata: those of a whole product are read at once, within one page of the database."""
MAX_CONSUMPTION = 2**53 - 1
"""A number that every client can read."""
_OF_CONSUMPTION = ("max_consumption", "allow_overages", "max_overages", "reset_consumption", "consumption_period")
"""What is said of a feature that is used up, and of no other."""
CHANGEABLE = ("code", "name", "feature_type", *_OF_CONSUMPTION, "metadata")
"""The fields that a vendor sets."""


@dataclass(frozen=True, slots=True)
class ProductFeature:
    """A feature as its product defines it. What is granted to a license begins as this, and goes its own way then."""

    company: str
    product: str
    """Its product's code."""
    product_id: int
    id: int
    code: str
    """What applications ask for; no other feature of the product has it."""
    name: str
    feature_type: FeatureType
    created_at: Instant
    updated_at: Instant
    max_consumption: int | None = None
    """Uses of one license, in each period where they begin anew; None: unlimited, or no matter."""
    allow_overages: bool = False
    max_overages: int = 0
    """Uses beyond `max_consumption`, where those are allowed; 0: any number."""
    reset_consumption: bool = False
    """Whether uses are counted anew with each `consumption_period`."""
    consumption_period: Period | None = None
    metadata: Json = field(default_factory=dict, hash=False)
    is_deleted: bool = False
    """Whether it is granted to no license any more. Those that have it keep it."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""


def checked_feature(feature: ProductFeature) -> ProductFeature:
    """A feature as it is stored. Raises `Invalid`, with one error for each field that is wrong."""
    raise_all([*_wrong_names(feature), *_wrong_counts(feature), *wrong_in("metadata", _guard, feature.metadata)])
    known = replace(feature, code=feature_code(feature.code), name=display_name(feature.name))
    return known if feature.feature_type == "consumption" else replace(known, max_consumption=None)


def feature_code(text: str) -> str:
    """A valid code, without white space around it. Raises `Invalid`."""
    code = text[: MAX_CODE * 2].strip()
    if not 1 <= len(code) <= MAX_CODE or not code.isprintable():
        raise Invalid("name_length", field="code", most=MAX_CODE)
    return code


def _guard(metadata: Json) -> None:
    guard_metadata(metadata, MAX_METADATA)


def _wrong_names(feature: ProductFeature) -> Iterator[Invalid]:
    yield from wrong_in("code", feature_code, feature.code)
    yield from wrong_in("name", display_name, feature.name)


def _wrong_counts(feature: ProductFeature) -> Iterator[Invalid]:
    if feature.feature_type == "activation":
        # A client that sends all fields sends these, too: nothing is said by 0, false or null.
        said = (name for name in _OF_CONSUMPTION if getattr(feature, name))
        yield from (Invalid("feature_without_consumption", field=name) for name in said)
        return
    for name in ("max_consumption", "max_overages"):
        if not 0 <= (getattr(feature, name) or 0) <= MAX_CONSUMPTION:
            yield Invalid("count_out_of_range", field=name, least=0, most=MAX_CONSUMPTION)
    if feature.reset_consumption and feature.consumption_period is None:
        yield Invalid("consumption_period_missing", field="consumption_period")
