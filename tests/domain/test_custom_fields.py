"""Custom fields of a product: what may be said of one, and which values it takes."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.custom_fields import MAX_DESCRIPTION, MAX_VALUE, CustomField, checked_field, field_value
from chalicelib.domain.errors import Invalid
from tests.domain.samples import NOW

REGION = CustomField("ACME", "viewer", 1, 2, "Region", NOW, NOW)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", " EU ", " EU "),
        ("text", "", ""),
        ("number", " -0.25 ", "-0.25"),
        ("number", "1000000", "1000000"),
        ("boolean", "True", "true"),
        ("boolean", "false", "false"),
        ("date", "2026-11-24", "2026-11-24"),
        ("date", "2026-11-24T03:04:56.000Z", "2026-11-24T03:04:56.000Z"),
    ],
)
def test_a_value_is_a_text_of_its_type(kind: Any, text: str, value: str) -> None:
    assert field_value(kind, text) == value
    assert checked_field(replace(REGION, data_type=kind, default_value=text)).default_value == value


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("text", "x" * (MAX_VALUE + 1), "text_too_long"),
        ("number", "", "number_malformed"),
        ("number", "1e5", "number_malformed"),
        ("number", "1.2.3", "number_malformed"),
        ("number", "9" * 41, "number_malformed"),
        ("number", "\N{ARABIC-INDIC DIGIT FIVE}", "number_malformed"),
        ("boolean", "yes", "boolean_malformed"),
        ("date", "24.11.2026", "date_malformed"),
        ("date", "2026-02-30", "date_impossible"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: Any, text: str, code: str) -> None:
    with pytest.raises(Invalid) as raised:
        field_value(kind, text)
    assert raised.value.code == code


def test_a_default_may_be_left_empty_whatever_the_type() -> None:
    for kind in ("text", "number", "boolean", "date"):
        known = checked_field(
            replace(REGION, name=" Region ", data_type=kind, default_value=" ", description=" of it ")
        )
        assert (known.name, known.default_value, known.description) == ("Region", "", "of it")


def test_all_that_is_wrong_is_told_by_field() -> None:
    wrong = replace(REGION, name="", data_type="number", default_value="five", description="x" * (MAX_DESCRIPTION + 1))
    with pytest.raises(Invalid) as raised:
        checked_field(wrong)
    codes = {error.field: error.code for error in raised.value.errors}
    assert codes == {"name": "name_length", "default_value": "number_malformed", "description": "text_too_long"}
