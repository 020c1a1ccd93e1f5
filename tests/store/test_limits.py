"""Each limit is one object: what its rule lets pass, its write does, and nothing else."""

import re
from dataclasses import fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain import limits
from chalicelib.domain.errors import LimitReached
from chalicelib.domain.license import License, Seat
from chalicelib.domain.limits import LICENSE_OVERAGE, LIMITS, Limit
from chalicelib.domain.meters import METER_TERMS
from chalicelib.store import writes
from chalicelib.store.attributes import IntegerAttribute
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Condition
from chalicelib.store.items.licenses import LicenseItem, SeatItem
from chalicelib.store.limits import has_room, has_room_for
from tests.domain.samples import a_license, a_seat
from tests.support import Vendor

ITEMS: dict[type, Any] = {License: LicenseItem, Seat: SeatItem}


def passes(limit: Limit[Any], value: Any, amount: int = 1) -> bool:
    """The rule."""
    try:
        limit.check(value, amount)
    except LimitReached as reached:
        assert (reached.code, reached.used) == (limit.code, getattr(value, limit.counter))
        return False
    return True


class Table:
    """One stored item of each kind."""

    def __init__(self, vendor: Vendor) -> None:
        self.pk = f"limits#{vendor.code}"

    def put(self, value: Any) -> None:
        kind = type(value)
        writes.batch_put([ITEMS[kind].of(value, self.pk, kind.__name__)])

    def takes(self, limit: Limit[Any], condition: Condition, amount: int = 1) -> bool:
        """The write: what is stored under the condition."""
        item = ITEMS[limit.of](self.pk, limit.of.__name__)
        try:
            writes.update(item, [IntegerAttribute(attr_name=limit.counter).add(amount)], condition)
        except ConditionFailed:
            return False
        return True


@pytest.fixture
def table(vendor: Vendor) -> Table:
    return Table(vendor)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.code)
def test_the_write_passes_exactly_where_the_rule_does(table: Table, limit: Limit[Any]) -> None:
    blank: Any = a_license() if limit.of is License else a_seat()
    for maximum, used in product((None, 0, 1, 2, -1), range(4)):
        most = limit.unlimited if maximum is None else maximum
        value = replace(blank, **{limit.maximum: most, limit.counter: used})
        answer = f"{limit.code}: {used} of {maximum}"
        assert passes(limit, value) == (limit.room(value) != 0) == (most == limit.unlimited or used < (most or 0)), (
            answer
        )
        table.put(value)
        assert table.takes(limit, has_room(limit)) == passes(limit, value), answer
        table.put(replace(value, **{limit.counter: 9}))  # as it was left in an epoch before
        assert table.takes(limit, has_room(limit, used=used)) == passes(limit, value), answer
        for amount in (1, 2, 3):
            table.put(value)
            assert table.takes(limit, has_room_for(limit, value, amount), amount) == passes(limit, value, amount), (
                answer
            )


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.code)
def test_several_at_once_are_taken_by_the_maximum_that_was_read_alone(table: Table, limit: Limit[Any]) -> None:
    blank: Any = a_license() if limit.of is License else a_seat()
    seen, unlimited = (replace(blank, **{limit.maximum: maximum}) for maximum in (3, limit.unlimited))
    table.put(replace(seen, **{limit.maximum: 2}))
    assert not table.takes(limit, has_room_for(limit, seen, 2), 2)
    assert not table.takes(limit, has_room_for(limit, unlimited, 2), 2)


def test_a_maximum_that_is_not_stored_is_no_condition() -> None:
    with pytest.raises(KeyError, match="most_activations"):
        has_room(LICENSE_OVERAGE)
    with pytest.raises(KeyError, match="most_activations"):
        has_room_for(LICENSE_OVERAGE, a_license(), 1)


def test_every_maximum_of_a_license_and_of_a_seat_has_its_limit() -> None:
    named = [(limit.of, limit.maximum) for limit in LIMITS]
    assert sorted(map(str, named)) == sorted(
        str((kind, field.name))
        for kind in ITEMS
        for field in fields(kind)
        if field.name.startswith("max_")
        and field.name not in METER_TERMS  # those the meter has, with its own condition
    )


def test_every_limit_is_asked_in_a_decision_and_required_by_a_write() -> None:
    ours = Path(__file__).parents[2] / "chalicelib"
    sources = {
        folder: "".join(path.read_text() for path in (ours / folder).glob("*.py"))
        for folder in ("domain", "usecases", "store")
    }
    for name in (name for name, value in vars(limits).items() if isinstance(value, Limit)):
        assert re.search(rf"\b{name}\.(check|room)\(", sources["domain"] + sources["usecases"]), name
        required = "has_room_beyond(" if name == "LICENSE_OVERAGE" else f"has_room({name}"
        assert required in sources["store"], name


def test_a_limit_of_fields_that_are_not_there_stops_the_import() -> None:
    with pytest.raises(TypeError, match="License has no field max_gold"):
        Limit("validation_error", License, "times_activated", "max_gold")
