"""The commands for products, their features and their custom fields."""

from typing import Any

from chalicelib.domain.catalog import Product
from chalicelib.domain.custom_fields import CustomField
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import AuthorizationMethod
from chalicelib.domain.products import CHANGEABLE
from chalicelib.domain.types import Json
from chalicelib.usecases import create, product_features, product_fields, products
from infra.admin.command import NotGiven
from infra.admin.command_result import CommandResult
from infra.admin.operator_name import operator

_FEATURE = (
    *("id", "product", "code", "name", "feature_type", "max_consumption", "allow_overages", "max_overages"),
    *("consumption_period", "is_deleted", "revision", "metadata"),
)
_FIELD = ("id", "product", "name", "data_type", "default_value", "description", "revision")


# --- products ------------------------------------------------------------------------------------------------------


def product_create(
    company: str, code: str, name: str, authorization_method: AuthorizationMethod, prevent_vm: bool, *, now: Instant
) -> CommandResult:
    made = create.create_product(
        company, code, name, authorization_method, operator(), fields={"prevent_vm": prevent_vm}, now=now
    )
    return CommandResult(_product(made))


def product_list(company: str, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a list has no time
    rows = [_row(product) for product in products.list_products(company)]
    return CommandResult({"company": company, "products": rows})


def product_show(company: str, code: str, *, now: Instant) -> CommandResult:  # noqa: ARG001
    product = products.show_product(company, code)
    features = [_feature(one) for one in product_features.find_features(product.company, code)]
    fields = [_field(one) for one in product_fields.find_fields(product.company, code)]
    return CommandResult(_product(product) | {"features": features, "custom_fields": fields})


def product_set(
    company: str,
    code: str,
    revision: int | None,
    *,
    now: Instant,
    **changes: Any,  # as `Product` has them
) -> CommandResult:
    given = _given(changes)
    changed = products.change_product(company, code, given, operator(), revision=revision, now=now)
    return CommandResult(_product(changed), "Every process knows of it within a minute.")


# --- features ------------------------------------------------------------------------------------------------------


def feature_create(company: str, product: str, *, now: Instant, **fields: Any) -> CommandResult:  # as of a feature
    made = product_features.create_feature(company, product, _feature_fields(fields), operator(), now=now)
    return CommandResult(_feature(made))


def feature_list(company: str, product: str, all: bool, *, now: Instant) -> CommandResult:  # noqa: ARG001
    code = products.show_product(company, product).code
    rows = [_feature(one) for one in product_features.find_features(company, code, with_deleted=all)]
    return CommandResult({"company": company, "product": code, "features": rows})


def feature_show(company: str, feature: int, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a record has no time
    return CommandResult(_feature(product_features.find_feature(company, feature)))


# As of a feature.
def feature_set(company: str, feature: int, revision: int | None, *, now: Instant, **changes: Any) -> CommandResult:
    given = _feature_fields(changes)
    changed = product_features.change_feature(company, feature, given, operator(), revision=revision, now=now)
    return CommandResult(_feature(changed), "What licenses were granted of it stays as it is.")


def feature_delete(company: str, feature: int, *, now: Instant) -> CommandResult:
    deleted = product_features.delete_feature(company, feature, operator(), now=now)
    return CommandResult(_feature(deleted), "Licenses that have it keep it.")


# --- custom fields -------------------------------------------------------------------------------------------------


def field_create(company: str, product: str, *, now: Instant, **fields: Any) -> CommandResult:  # as of a custom field
    made = product_fields.create_field(company, product, _given(fields), operator(), now=now)
    return CommandResult(_field(made))


def field_list(company: str, product: str, *, now: Instant) -> CommandResult:  # noqa: ARG001
    code = products.show_product(company, product).code
    rows = [_field(one) for one in product_fields.find_fields(company, code)]
    return CommandResult({"company": company, "product": code, "custom_fields": rows})


def field_show(company: str, field: int, *, now: Instant) -> CommandResult:  # noqa: ARG001 - a record has no time
    return CommandResult(_field(product_fields.find_field(company, field)))


# As of a custom field.
def field_set(company: str, field: int, revision: int | None, *, now: Instant, **changes: Any) -> CommandResult:
    given = _given(changes)
    changed = product_fields.change_field(company, field, given, operator(), revision=revision, now=now)
    return CommandResult(_field(changed), "The values of licenses stay as they are.")


def field_delete(company: str, field: int, *, now: Instant) -> CommandResult:
    product_fields.delete_field(company, field, operator(), now=now)
    return CommandResult({"company": company, "id": field, "deleted": True}, "Licenses keep the values that they have.")


def _given(fields: Json) -> Json:
    """What was given of the options that may be left out."""
    return {name: value for name, value in fields.items() if value is not NotGiven}


def _feature_fields(fields: Json) -> Json:
    """The same of a feature, whose options are shorter than its fields."""
    given = _given(fields)
    if "type" in given:
        given["feature_type"] = given.pop("type")
    if "reset" in given:
        period = given.pop("reset")
        given |= {"consumption_period": period, "reset_consumption": period is not None}
    return given


def _row(product: Product) -> Json:
    names = ("id", "code", "name", "authorization_method", "state", "default_license_type", "revision")
    return {name: getattr(product, name) for name in names}


def _product(product: Product) -> Json:
    """A product as JSON, with what its licenses begin with."""
    named = {name: getattr(product, name) for name in ("id", "company", "code", "authorization_method")}
    dates = {"created_at": to_iso(product.created_at), "updated_at": to_iso(product.changed_at)}
    return named | {name: getattr(product, name) for name in CHANGEABLE} | dates | {"revision": product.revision}


def _feature(feature: ProductFeature) -> Json:
    return {name: getattr(feature, name) for name in _FEATURE}


def _field(custom_field: CustomField) -> Json:
    return {name: getattr(custom_field, name) for name in _FIELD}
