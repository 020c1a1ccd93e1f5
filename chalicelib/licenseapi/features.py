"""A feature and the custom fields of a license, as applications are answered."""

from typing import NotRequired

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.extras import FeatureGrant, FieldValue
from chalicelib.domain.features import FeatureType
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import Period
from chalicelib.domain.types import Json
from chalicelib.web.freshness import Date, Fresh


class FeatureBody(TypedDict):
    """A feature that a license has; what counts uses is said of one that is used up."""

    id: int
    code: str
    name: str
    feature_type: FeatureType
    expiry_date: Date | None
    metadata: Json
    is_floating: bool
    is_floating_cloud: bool
    max_consumption: NotRequired[int]
    total_consumptions: NotRequired[int]
    allow_unlimited_consumptions: NotRequired[bool]
    allow_overages: NotRequired[bool]
    max_overages: NotRequired[int]
    allow_negative_consumptions: NotRequired[bool]
    reset_consumption: NotRequired[bool]
    consumption_period: NotRequired[Period | None]


class CheckedFeatureBody(FeatureBody, Fresh):
    """A feature by itself, with the license that has it."""

    license_id: int
    company: dict[str, int]


class CustomFieldBody(TypedDict):
    """A custom field of a license."""

    name: str
    data_type: str
    value: str


def feature_body(grant: FeatureGrant) -> FeatureBody:
    """A feature. Nothing counts uses yet: so none is used up."""
    body: FeatureBody = {
        "id": grant.id,
        "code": grant.code,
        "name": grant.name,
        "feature_type": grant.feature_type,
        "expiry_date": to_iso(grant.expires_at),
        "metadata": grant.metadata,
        "is_floating": False,
        "is_floating_cloud": False,
    }
    if grant.feature_type == "consumption":
        body["max_consumption"] = grant.max_consumption or 0
        body["total_consumptions"] = 0
        body["allow_unlimited_consumptions"] = grant.max_consumption is None
        body["allow_overages"] = grant.allow_overages
        body["max_overages"] = grant.max_overages
        body["allow_negative_consumptions"] = False
        body["reset_consumption"] = grant.reset_consumption
        body["consumption_period"] = grant.consumption_period
    return body


def custom_field_body(value: FieldValue) -> CustomFieldBody:
    """A custom field."""
    return {"name": value.name, "data_type": value.data_type, "value": value.value}
