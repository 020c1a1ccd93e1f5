"""Management API: the custom fields that products define."""

from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.custom_fields import CustomField, DataType
from chalicelib.domain.instants import to_iso
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.defined import OfProductQuery, part_of_defined
from chalicelib.management.models import Id, ListBody, Sent, given
from chalicelib.management.reach import its_field, itself, named_product
from chalicelib.usecases import product_fields
from chalicelib.usecases.products import find_product_by_id
from chalicelib.web.freshness import Date

MAX_TEXT = 4096

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class FieldPath(Sent):
    """Which custom field."""

    field_id: Id


class FieldChange(Sent):
    """PATCH product-custom-fields: what is not given stays."""

    name: Text | None = None
    """No other custom field of the product has it."""
    data_type: DataType | None = None
    default_value: Text | None = None
    """A text of its type; empty: none."""
    description: Text | None = None


class NewField(FieldChange):
    """POST product-custom-fields."""

    name: Text
    default_value: Text
    product: Id


class ProductCustomFieldBody(TypedDict):
    """A custom field of a product."""

    id: int
    product_custom_field_enums: list[str]
    """Always empty."""
    name: str
    data_type: DataType
    default_value: str
    description: str | None
    product: int
    created_at: Date
    updated_at: Date
    revision: int


class ProductCustomFieldList(ListBody):
    """A page of custom fields, oldest first."""

    results: list[ProductCustomFieldBody]


@endpoint("GET", "/product-custom-fields", writes=False, scope="products:read", reach=itself)
def list_product_custom_fields(query: OfProductQuery, caller: Caller) -> ProductCustomFieldList:
    """The custom fields of a product, or of all products, oldest first."""
    found = product_fields.find_all_fields(caller.company)
    rows, page = part_of_defined(found, query, caller, "product-custom-fields")
    return {**page, "results": [field_body(row) for row in rows]}


@endpoint("POST", "/product-custom-fields", writes=True, scope="products:write", reach=named_product)
def create_product_custom_field(body: NewField, caller: Caller) -> ProductCustomFieldBody:
    """Define a custom field."""
    fields = given(body)
    product_id = fields.pop("product")

    def create() -> CustomField:
        product = find_product_by_id(caller.company, product_id).code
        return product_fields.create_field(caller.company, product, fields, caller.actor, now=caller.now)

    return caller.once(create, field_body)


@endpoint("GET", "/product-custom-fields/{field_id}", writes=False, scope="products:read", reach=its_field)
def show_product_custom_field(path: FieldPath, caller: Caller) -> ProductCustomFieldBody:
    """One custom field."""
    return field_body(product_fields.find_field(caller.company, path.field_id))


@endpoint("PATCH", "/product-custom-fields/{field_id}", writes=True, scope="products:write", reach=its_field)
def change_product_custom_field(path: FieldPath, body: FieldChange, caller: Caller) -> ProductCustomFieldBody:
    """Change what is given; the rest stays, and so do the values of licenses."""
    return caller.once(
        lambda: product_fields.change_field(
            caller.company, path.field_id, given(body), caller.actor, revision=caller.if_match, now=caller.now
        ),
        field_body,
    )


@endpoint("DELETE", "/product-custom-fields/{field_id}", writes=True, scope="products:write", reach=its_field)
def delete_product_custom_field(path: FieldPath, caller: Caller) -> None:
    """Delete it; licenses keep the values that they have."""
    caller.once(
        lambda: product_fields.delete_field(
            caller.company, path.field_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


def field_body(custom_field: CustomField) -> ProductCustomFieldBody:
    """A custom field as it is answered."""
    return {
        "id": custom_field.id,
        "product_custom_field_enums": [],
        "name": custom_field.name,
        "data_type": custom_field.data_type,
        "default_value": custom_field.default_value,
        "description": custom_field.description or None,
        "product": custom_field.product_id,
        "created_at": to_iso(custom_field.created_at),
        "updated_at": to_iso(custom_field.updated_at),
        "revision": custom_field.revision,
    }
