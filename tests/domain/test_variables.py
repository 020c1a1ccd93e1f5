"""Variables of a device: told ones replace those of the same name, others stay."""

import json
from dataclasses import asdict

import pytest

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.variables import MAX_NAME, MAX_VALUE, MAX_VARIABLES, Variable, change, merge, variable_id
from tests.domain.samples import NOW

KNOWN = [Variable(1, "theme", "dark", NOW - 2), Variable(2, "lang", "de", NOW - 1)]


def test_the_first_variables_are_numbered_in_the_order_told() -> None:
    assert merge([], {"b": "1", "a": "2"}, NOW) == [Variable(1, "b", "1", NOW), Variable(2, "a", "2", NOW)]


def test_a_told_variable_keeps_its_number_and_others_stay_as_they_are() -> None:
    merged = merge(KNOWN, {"theme": "light", "zoom": "2"}, NOW)
    assert merged == [Variable(1, "theme", "light", NOW), KNOWN[1], Variable(3, "zoom", "2", NOW)]


def test_telling_nothing_changes_nothing() -> None:
    assert merge(KNOWN, {}, NOW) == KNOWN


def test_names_differ_by_case() -> None:
    assert [variable.name for variable in merge(KNOWN, {"Theme": "x"}, NOW)] == ["theme", "lang", "Theme"]


def test_a_device_keeps_its_limit_of_variables_and_not_one_more() -> None:
    full = merge([], {f"name {n}": "" for n in range(MAX_VARIABLES)}, NOW)
    assert len(merge(full, {"name 0": "again"}, NOW)) == MAX_VARIABLES
    with pytest.raises(SeatkeeperError, match="variables_too_many"):
        merge(full, {"one more": ""}, NOW)


@pytest.mark.parametrize("symbol", ["x", "é", "€", "🔑", "\x01"], ids=ascii)
def test_what_a_device_may_keep_fits_into_an_item_of_400_kb(symbol: str) -> None:
    kept: list[Variable] = []
    for n in range(MAX_VARIABLES):
        try:
            kept = merge(kept, {f"{n:02}".ljust(MAX_NAME, symbol): symbol * MAX_VALUE}, NOW)
        except SeatkeeperError as refused:
            assert isinstance(refused, Invalid)
            break
    assert len(kept) >= 40
    stored = json.dumps([asdict(variable) for variable in kept])
    assert len(stored) < 390_000


def test_a_new_variable_gets_the_place_behind_the_last_and_none_that_was_given_before() -> None:
    assert merge(KNOWN, {"zoom": "2"}, NOW, last_place=7)[-1].id == 8
    assert [one.id for one in merge(KNOWN, {"a": "", "b": "", "c": ""}, NOW, last_place=126)] == [1, 2, 127, 3, 4]
    full = merge([], {f"name {n}": "" for n in range(MAX_VARIABLES)}, NOW, last_place=60)
    assert sorted(one.id for one in full) == [*range(1, 34), *range(61, 128)]
    assert {variable_id(one, 128) for one in full} <= set(range(129, 256))


def test_a_variable_gets_another_name_or_value_and_its_place_stays() -> None:
    assert change(KNOWN, 2, "language", None, NOW) == [KNOWN[0], Variable(2, "language", "de", NOW)]
    assert change(KNOWN, 1, None, "light", NOW) == [Variable(1, "theme", "light", NOW), KNOWN[1]]
    assert change(KNOWN, 1, "theme", "dark", NOW) == KNOWN
    for place, name, value, code in (
        (3, None, "x", "variable_not_found"),
        (1, "lang", None, "variable_exists"),
        (1, None, "x" * 30_000, "variables_too_long"),
    ):
        with pytest.raises(SeatkeeperError, match=code):
            change(KNOWN, place, name, value, NOW)
