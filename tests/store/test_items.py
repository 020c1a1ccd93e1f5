"""How items are read: whichever code has written them, an older or a newer one."""

import re
from importlib import import_module
from typing import Any

import pytest
from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from chalicelib.domain.batch import Row
from chalicelib.domain.catalogue import LicenseSummary
from chalicelib.domain.variables import Variable
from chalicelib.store.items import (
    EventItem,
    LicenseSummaryItem,
    OrderItem,
    from_names,
    from_raw,
    from_row,
    manager_license_sort_key,
    to_domain,
    to_event,
)
from chalicelib.store.orders import sold_item, to_summary
from tests.store.kinds import kinds

UNKNOWN: dict[str, dict[str, Any]] = {
    "new": {"S": "x"},
    "new_list": {"L": []},
    "new_map": {"M": {}},
    "new_null": {"NULL": True},
}
_HELD = re.compile(r"`((?:domain|store)[a-z_.]+)\.([A-Z][A-Za-z]+)`")
BY_HAND = (OrderItem, LicenseSummaryItem)
"""Nothing of them is required: the key says the rest, or one attribute says all."""


def held() -> list[Any]:
    """Each kind of item that holds a value of the domain, with the kind of that, by the item's own word."""
    told = [(kind, _HELD.search(kind.__doc__ or "")) for kind in kinds() if kind not in BY_HAND]
    found = [(kind, getattr(import_module(f"chalicelib.{at[1]}"), at[2])) for kind, at in told if at is not None]
    return [pytest.param(*both, id=both[0].__name__) for both in found]


def least(kind: Any) -> dict[str, dict[str, Any]]:
    """An item of the attributes that each has."""
    return {name: _some(attribute) for name, attribute in kind.get_attributes().items() if not attribute.null}


def _some(attribute: Any) -> dict[str, Any]:
    match attribute:
        case UnicodeAttribute():
            return {"S": "x"}
        case BooleanAttribute():
            return {"BOOL": True}
        case JSONAttribute():
            return {"S": "[]"}
    return {"N": "1"}


def read(kind: Any, of: Any, raw: dict[str, dict[str, Any]]) -> Any:
    item = kind.from_raw_data(raw)
    return to_event(item) if isinstance(item, EventItem) else to_domain(item, of)


@pytest.mark.parametrize(("kind", "of"), held())
def test_what_older_code_did_not_write_has_its_default_and_what_newer_code_adds_is_let_be(kind: Any, of: Any) -> None:
    value = read(kind, of, least(kind))
    assert isinstance(value, of)
    assert read(kind, of, least(kind) | UNKNOWN) == value
    nothing = {name: {"NULL": True} for name, attribute in kind.get_attributes().items() if attribute.null}
    assert read(kind, of, least(kind) | nothing) == value


@pytest.mark.parametrize(("kind", "of"), held())
def test_lists_of_thousands_are_read_to_the_same(kind: Any, of: Any) -> None:
    if any(isinstance(attribute, JSONAttribute) for attribute in kind.get_attributes().values()):
        return
    nothing = {name: {"NULL": True} for name, attribute in kind.get_attributes().items() if attribute.null}
    assert from_raw(least(kind) | nothing | UNKNOWN, of) == to_domain(kind.from_raw_data(least(kind)), of)


@pytest.mark.parametrize(
    ("of", "shortest"),
    [(LicenseSummary, (1, "viewer", "perpetual", "order")), (Row, (1, "ada@customer.test"))],
)
def test_a_row_of_an_older_code_is_shorter_and_of_a_newer_one_longer(of: Any, shortest: tuple[Any, ...]) -> None:
    assert from_row(shortest, of) == of(*shortest)
    whole = (*shortest, *("x" * (len(of.__dataclass_fields__) - len(shortest))))
    assert from_row([*whole, "new"], of) == from_row(whole, of) == of(*whole)


def test_a_summary_is_read_by_name_and_as_it_was_written_by_position() -> None:
    sold = LicenseSummary(7, "viewer", "perpetual", "PO 1/ä", customer="office@customer.test")
    written = sold_item(sold, "QBITEC", manager_license_sort_key(1, 7)).to_dynamodb_dict()
    assert "facts" not in written
    # What an older process does with it: it takes the names where there is no row by position.
    assert from_raw(written, LicenseSummary) == to_summary(written | UNKNOWN) == sold
    by_position = '[7, "viewer", "perpetual", "PO 1/ä", "", "office@customer.test", "new"]'
    assert to_summary({"facts": {"S": by_position}} | UNKNOWN) == sold


def test_names_in_json_are_read_as_attributes_are() -> None:
    told = {"id": 1, "name": "plan", "value": "all", "created_at": 2}
    assert from_names(told | {"new": [1]}, Variable) == Variable(**told)  # type: ignore[arg-type]
