"""Management API: what is said of a feature that a license is to have."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from chalicelib.domain.days import last_instant
from chalicelib.domain.license import Period
from chalicelib.domain.types import Json
from chalicelib.management.models import Sent, SentMoment
from chalicelib.usecases.license_extras import Wanted

MAX_CODE = 1024
"""Characters of a code that is looked for."""


class FeatureTerms(Sent):
    """What may be said of a feature that a license is to have; what is not given is as the product says."""

    expiry_date: SentMoment | None = None
    max_consumption: StrictInt | None = None
    total_consumptions: Literal[0] = 0
    """Nothing is counted yet."""
    allow_overages: StrictBool | None = None
    max_overages: StrictInt | None = None
    reset_consumption: StrictBool | None = None
    consumption_period: Period | None = None
    metadata: Json | None = None


class SentFeature(FeatureTerms):
    """A feature that a license is to have."""

    product_feature: Annotated[StrictStr, Field(max_length=MAX_CODE)]
    """Its code."""


def wanted_feature(code: str, feature: FeatureTerms, zone: str) -> Wanted:
    """A feature as the use case takes it."""
    end = None if feature.expiry_date is None else last_instant(feature.expiry_date, zone)
    apart = {"license", "product_feature", "code", "expiry_date", "total_consumptions"}
    more = {name: getattr(feature, name) for name in feature.model_fields_set - apart}
    return Wanted(code, end, {name: value for name, value in more.items() if value is not None})
