"""Paths are those of the sender, whatever pydantic tries; what is misspelt is answered with what there is."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, RootModel, StrictBool, Tag, ValidationError

from chalicelib.web.field_errors import field_errors, names_at
from chalicelib.web.messages import message


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: int
    max_devices: Annotated[int, Field(le=5)] | None = None
    since: str | None = Field(default=None, alias="from")
    is_open: StrictBool = True
    is_vm: Annotated[StrictBool, Field()] | None = None


class Named(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rows: list[Row]
    by_name: dict[str, Row] = Field(default={})


def form(given: object) -> str:
    """Which of the two a body is."""
    return "named" if isinstance(given, dict) else "bare"


class Rows(
    RootModel[Annotated[Annotated[list[Row], Tag("bare")] | Annotated[Named, Tag("named")], Discriminator(form)]]
):
    pass


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"id": "x"}], {"0.id": "give a whole number."}),
        ([{"id": 1}, {"max_devices": 6}], {"1.id": "this parameter is required.", "1.max_devices": "give 5 or less."}),
        ([[]], {"0": "a JSON object is expected."}),
        ("x", {"body": "a list is expected."}),
        ({"rows": 1}, {"rows": "a list is expected."}),
        ({"rows": [{"id": 1, "from": 2}]}, {"rows.0.from": "a text is expected."}),
        ({"rows": [], "by_name": {"a.b": {}}}, {"by_name.a.b.id": "this parameter is required."}),
        ({"rows": [{"id": 1, "max_device": 2}]}, {"rows.0.max_device": "nearest to it: max_devices."}),
        ({"rows": [{"id": 1, "colour": 2}]}, {"rows.0.colour": "give one of from, id, is_open, is_vm, max_devices."}),
        ({"rows": [{"id": 1, "is_open": "maybe"}]}, {"rows.0.is_open": "give true or false."}),
        ({"rows": [{"id": 1, "is_vm": "maybe"}]}, {"rows.0.is_vm": "give true, false or null."}),
        ({"rows": [], "x" * 100: 1}, {"x" * 64: "give one of by_name, rows."}),
    ],
)
def test_a_field_is_named_by_its_path_and_its_sentence_says_what_may_be_sent(given: Any, said: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as found:
        Rows.model_validate(given)
    errors = {error.field: message(error) for error in field_errors(Rows, given, found.value, "body")}
    assert errors.keys() == said.keys()
    assert [errors[path] for path in said if not errors[path].endswith(said[path])] == []


def test_null_is_offered_where_it_can_be_sent_and_no_query_sends_it() -> None:
    with pytest.raises(ValidationError) as found:
        Row.model_validate({"id": 1, "is_vm": "maybe"})
    (in_query,), (in_body,) = (field_errors(Row, {"is_vm": "maybe"}, found.value, where) for where in ("query", "body"))
    assert (message(in_query), message(in_body)) == ("give true or false.", "give true, false or null.")


def test_the_names_at_a_path_are_those_that_are_sent() -> None:
    assert names_at(Rows, []) == ["by_name", "rows"]
    assert (
        names_at(Rows, ["3"]) == names_at(Rows, ["by_name", "x"]) == ["from", "id", "is_open", "is_vm", "max_devices"]
    )
    assert names_at(Rows, ["rows"]) == names_at(Row, ["id"]) == []
