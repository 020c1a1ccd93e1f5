"""Management API: the features that products define."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt, StrictStr

from chalicelib.domain.errors import Invalid, raise_all
from chalicelib.domain.features import FeatureType, ProductFeature
from chalicelib.domain.license import Period
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.defined import OfProductQuery, part_of_defined
from chalicelib.management.models import Id, ListBody, Sent, given
from chalicelib.management.product_feature_body import ProductFeatureBody, feature_body
from chalicelib.management.reach import its_feature, itself, named_product
from chalicelib.usecases import product_features
from chalicelib.usecases.products import find_product_by_id

MAX_TEXT = 1024
FLOATING: Mapping[str, str] = {
    "is_floating": "false",
    "is_floating_cloud": "false",
    "floating_users": "0",
    "floating_timeout": "0",
}
"""What clients of the public API send, too, and all that may be said: no feature floats yet."""

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class FeaturePath(Sent):
    """Which feature."""

    feature_id: Id


class FeatureChange(Sent):
    """PATCH product-features: what is not given stays."""

    name: Text | None = None
    code: Text | None = None
    """What applications ask for; no other feature of the product has it."""
    feature_type: FeatureType | None = None
    max_consumption: StrictInt | None = None
    """Uses of one license, in each period where they begin anew; null: unlimited."""
    allow_unlimited_consumptions: StrictBool | None = None
    """True is the same as `max_consumption` null; false says nothing by itself."""
    allow_overages: StrictBool | None = None
    max_overages: StrictInt | None = None
    """0: any number, where overages are allowed."""
    reset_consumption: StrictBool | None = None
    consumption_period: Period | None = None
    metadata: Json | None = None
    is_floating: StrictBool | None = None
    """Not offered yet, as the next three: true, and a number above 0, are refused."""
    is_floating_cloud: StrictBool | None = None
    floating_users: StrictInt | None = None
    floating_timeout: StrictInt | None = None


class NewFeature(FeatureChange):
    """POST product-features."""

    name: Text
    code: Text
    feature_type: FeatureType
    product: Id


class ProductFeatureList(ListBody):
    """A page of features, oldest first."""

    results: list[ProductFeatureBody]


@endpoint("GET", "/product-features", writes=False, scope="products:read", reach=itself)
def list_product_features(query: OfProductQuery, caller: Caller) -> ProductFeatureList:
    """The features of a product, or of all products, oldest first; those that are deleted are left out."""
    found = product_features.find_all_features(caller.company)
    rows, page = part_of_defined(found, query, caller, "product-features")
    return {**page, "results": [feature_body(row) for row in rows]}


@endpoint("POST", "/product-features", writes=True, scope="products:write", reach=named_product)
def create_product_feature(body: NewFeature, caller: Caller) -> ProductFeatureBody:
    """Define a feature."""
    fields = _fields(body)
    product_id = fields.pop("product")

    def create() -> ProductFeature:
        product = find_product_by_id(caller.company, product_id).code
        return product_features.create_feature(caller.company, product, fields, caller.actor, now=caller.now)

    return caller.once(create, feature_body)


@endpoint("GET", "/product-features/{feature_id}", writes=False, scope="products:read", reach=its_feature)
def show_product_feature(path: FeaturePath, caller: Caller) -> ProductFeatureBody:
    """One feature, also one that is deleted: of each product the last hundred of those are kept."""
    return feature_body(product_features.find_feature(caller.company, path.feature_id))


@endpoint("PATCH", "/product-features/{feature_id}", writes=True, scope="products:write", reach=its_feature)
def change_product_feature(path: FeaturePath, body: FeatureChange, caller: Caller) -> ProductFeatureBody:
    """Change what is given; the rest stays, and so does what licenses were granted of it."""
    fields = _fields(body)
    return caller.once(
        lambda: product_features.change_feature(
            caller.company, path.feature_id, fields, caller.actor, revision=caller.if_match, now=caller.now
        ),
        feature_body,
    )


@endpoint("DELETE", "/product-features/{feature_id}", writes=True, scope="products:write", reach=its_feature)
def delete_product_feature(path: FeaturePath, caller: Caller) -> None:
    """Grant it no more; licenses that have it keep it, and its code is free."""
    caller.once(
        lambda: product_features.delete_feature(
            caller.company, path.feature_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


def _fields(body: FeatureChange) -> dict[str, Any]:  # as `ProductFeature` has them
    """What was sent, by the names of a feature's fields. Raises `Invalid` for what is not offered yet."""
    sent = given(body, "max_consumption", "consumption_period")
    raise_all([Invalid("not_offered_yet", field=name, choices=FLOATING[name]) for name in FLOATING if sent.get(name)])
    if sent.get("allow_unlimited_consumptions"):
        sent["max_consumption"] = None
    return {name: value for name, value in sent.items() if name not in (*FLOATING, "allow_unlimited_consumptions")}
