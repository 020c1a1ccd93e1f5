"""Management API: what licenses say in the custom fields of their product, one by one."""

import re
from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.custom_fields import MAX_VALUE, DataType
from chalicelib.domain.errors import NotFound
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import value_id
from chalicelib.management.models import Id, ListBody, ListQuery, QueryId, Sent, part_of_walk
from chalicelib.management.reach import by, listed_by_license, named_license, own_license
from chalicelib.usecases import license_fields
from chalicelib.usecases.license_fields import LicenseField, of_license

_PLACE = re.compile(r"(\d{1,16})-(\d{1,16})", re.ASCII)

ValueId = Annotated[StrictStr, Field(max_length=40)]
Value = Annotated[StrictStr, Field(min_length=1, max_length=MAX_VALUE)]


class ValuePath(Sent):
    """Which value."""

    value_id: ValueId


class ValuesQuery(ListQuery):
    """Of which license; not given: of all."""

    license: QueryId | None = None


class ValueChange(Sent):
    """PATCH license-custom-fields."""

    value: Value
    """A text of the field's type."""


class NewValue(ValueChange):
    """POST license-custom-fields."""

    license: Id
    product_custom_field: Id


class LicenseFieldBody(TypedDict):
    """What a license says in a custom field."""

    id: str
    """Its license and the field."""
    value: str
    license: int
    product_custom_field: int
    name: str
    data_type: DataType
    revision: int
    """That of the license."""


class LicenseFieldList(ListBody):
    """A page of them, by license."""

    results: list[LicenseFieldBody]


def own_value(caller: Caller, value_id: str) -> None:
    """By its license."""
    own_license(caller, read_value_id(value_id)[0])


its_value = by("value_id", own_value)


@endpoint("GET", "/license-custom-fields", writes=False, scope="licenses:read", reach=listed_by_license)
def list_license_custom_fields(query: ValuesQuery, caller: Caller) -> LicenseFieldList:
    """What licenses say in custom fields: all, or those of a license."""

    def read(after: str, limit: int) -> tuple[list[LicenseField], str]:
        place = read_value_id(after) if after else (0, 0)
        given = (caller.company, query.license, place, limit)
        found, further = license_fields.list_values(*given, products=caller.key.products)
        return found, value_id(*further) if further else ""

    rows, page = part_of_walk(read, query, caller, "license-custom-fields")
    return {**page, "results": [value_body(row) for row in rows]}


@endpoint("POST", "/license-custom-fields", writes=True, scope="licenses:write", reach=named_license, status=201)
def create_license_custom_field(body: NewValue, caller: Caller) -> LicenseFieldBody:
    """Say something in a field in which the license says nothing yet."""
    given = (caller.company, body.license, body.product_custom_field, body.value, caller.actor)
    return caller.once(
        lambda: license_fields.create_value(*given, now=caller.now),
        lambda sold: value_body(of_license(sold, body.product_custom_field)),
    )


@endpoint("GET", "/license-custom-fields/{value_id}", writes=False, scope="licenses:read", reach=its_value)
def show_license_custom_field(path: ValuePath, caller: Caller) -> LicenseFieldBody:
    """What a license says in one field."""
    return value_body(license_fields.find_value(caller.company, *read_value_id(path.value_id)))


@endpoint("PATCH", "/license-custom-fields/{value_id}", writes=True, scope="licenses:write", reach=its_value)
def change_license_custom_field(path: ValuePath, body: ValueChange, caller: Caller) -> LicenseFieldBody:
    """Say something else in it."""
    license_id, field_id = read_value_id(path.value_id)
    given = (caller.company, license_id, field_id, body.value, caller.actor)
    return caller.once(
        lambda: license_fields.change_value(*given, revision=caller.if_match, now=caller.now),
        lambda sold: value_body(of_license(sold, field_id)),
    )


@endpoint("DELETE", "/license-custom-fields/{value_id}", writes=True, scope="licenses:write", reach=its_value)
def delete_license_custom_field(path: ValuePath, caller: Caller) -> None:
    """Say nothing in it."""
    given = (caller.company, *read_value_id(path.value_id), caller.actor)
    caller.once(
        lambda: license_fields.delete_value(*given, revision=caller.if_match, now=caller.now),
        lambda _: {},
    )


def read_value_id(id: str) -> tuple[int, int]:
    """The license and the field that an id names. Raises `NotFound`: `field_not_found`, for what is none."""
    found = _PLACE.fullmatch(id)
    if found is None:
        raise NotFound("field_not_found")
    return int(found[1]), int(found[2])


def value_body(row: LicenseField) -> LicenseFieldBody:
    """What a license says in a field, as it is answered."""
    return {
        "id": value_id(*row.place),
        "value": row.value.value,
        "license": row.license_id,
        "product_custom_field": row.value.field_id,
        "name": row.value.name,
        "data_type": row.value.data_type,
        "revision": row.revision,
    }
