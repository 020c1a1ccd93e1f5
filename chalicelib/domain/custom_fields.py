"""Custom fields of a product: what a vendor notes of each license, under names of its own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.domain.catalog import display_name
from chalicelib.domain.days import read_moment
from chalicelib.domain.errors import Invalid, raise_all, wrong_in
from chalicelib.domain.instants import Instant

DataType = Literal["text", "number", "boolean", "date"]
"""What a value says: a `date` is a day or an instant, as all of ours are written."""

MAX_FIELDS = 100
"""Of one product."""
MAX_VALUE = 1000
"""Characters."""
MAX_DESCRIPTION = 1000
_MAX_NUMBER = 40
CHANGEABLE = ("name", "data_type", "default_value", "description")
"""The fields that a vendor sets."""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field as its product defines it. All values are texts; which, says the type."""

    company: str
    product: str
    """Its product's code."""
    product_id: int
    id: int
    name: str
    """What applications read it by; no other field of the product has it."""
    created_at: Instant
    updated_at: Instant
    data_type: DataType = "text"
    default_value: str = ""
    """Of a license that says nothing else; empty: none."""
    description: str = ""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""


def checked_field(custom_field: CustomField) -> CustomField:
    """A custom field as it is stored. Raises `Invalid`, with one error for each that is wrong."""
    raise_all([*wrong_in("name", display_name, custom_field.name), *_wrong_texts(custom_field)])
    return replace(
        custom_field,
        name=display_name(custom_field.name),
        default_value=_default(custom_field),
        description=custom_field.description.strip(),
    )


def field_value(data_type: DataType, text: str) -> str:
    """The value of a field of this type as it is stored: a boolean is `true` or `false`. Raises `Invalid`."""
    if len(text) > MAX_VALUE:
        raise Invalid("text_too_long", most=MAX_VALUE)
    return _READ[data_type](text)


def _default(custom_field: CustomField) -> str:
    """Of no type is an empty text a value: it says that there is no default."""
    text = custom_field.default_value
    return field_value(custom_field.data_type, text) if text.strip() else ""


def _wrong_texts(custom_field: CustomField) -> Iterator[Invalid]:
    yield from wrong_in("default_value", _default, custom_field)
    if len(custom_field.description) > MAX_DESCRIPTION:
        yield Invalid("text_too_long", field="description", most=MAX_DESCRIPTION)


def _number(text: str) -> str:
    """As it is written: it is never counted with here."""
    number = text.strip()
    digits = number.removeprefix("-").replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit() and len(number) <= _MAX_NUMBER):
        raise Invalid("number_malformed")
    return number


def _boolean(text: str) -> str:
    value = text.strip().lower()
    if value not in ("true", "false"):
        raise Invalid("boolean_malformed")
    return value


def _date(text: str) -> str:
    date = text.strip()
    read_moment(date)
    return date


_READ: Mapping[DataType, Callable[[str], str]] = {"text": str, "number": _number, "boolean": _boolean, "date": _date}
