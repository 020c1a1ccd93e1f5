"""Every text is read in a time that grows no faster than its length: nobody stops the server by what he types."""

import gc
import time
from math import inf
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from chalicelib.domain.variables import MAX_VARIABLES
from chalicelib.management.license_changes import BulkChanges, SomeLicenses
from chalicelib.management.new_orders import NewOrderBody
from chalicelib.usecases.bulk import MAX_ROWS
from chalicelib.usecases.create_order import MAX_LICENSES, MAX_PEOPLE
from tests.parsers import (
    NASTY,
    NO_PARSERS,
    PARSERS,
    PATTERNS,
    REQUESTS,
    Parser,
    errors_of_schemas,
    functions,
    modules,
    patterns,
    text_of,
    wrong_values,
)

LENGTHS = (2_000, 16_000, 60_000, 250_000)
LONGEST = 1.0
"""Seconds that the longest may take."""
SLOW = 0.02
"""Seconds below which nothing is told by how they grow."""


def seconds(parser: Parser, text: str, tries: int = 1) -> float:
    """The work of reading it: of this thread alone, the least of some tries.

    Not that of a look through all that this process holds, which may take a second by the time that this runs.
    """
    taken = []
    gc.disable()
    try:
        for _ in range(tries):
            begun = time.thread_time()
            parser(text)
            taken.append(time.thread_time() - begun)
    finally:
        gc.enable()
    return min(taken)


def grows_too_fast(parser: Parser, unit: str) -> bool:
    """Whether twice the length takes more than three times as long; only if it does so again and again."""
    whole, half = text_of(unit, LENGTHS[-1]), text_of(unit, LENGTHS[-1] // 2)
    return all(seconds(parser, whole, tries) > 3 * seconds(parser, half, tries) for tries in (1, 3, 5))


def faults(parser: Parser, units: dict[str, str] = NASTY) -> list[str]:
    """The texts that it reads too slowly; it is given up at the first length that shows it."""
    found = []
    for name, unit in units.items():
        for length in LENGTHS:
            text = text_of(unit, length)
            taken = seconds(parser, text)
            if (
                taken > LONGEST and (taken := seconds(parser, text, 2)) > LONGEST
            ):  # a neighbour may have been in the way
                found.append(f"{name}: {taken:.1f} s for {length} characters")
                break
        else:
            if taken > SLOW and grows_too_fast(parser, unit):
                found.append(f"{name}: more than three times as long for twice the length")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("parser", PARSERS.values(), ids=list(PARSERS))
def test_a_text_is_read_in_a_time_that_grows_as_its_length(parser: Parser) -> None:
    assert faults(parser) == []


@pytest.mark.parametrize("name", [name for name, tried in PATTERNS.items() if tried == "itself"])
def test_a_pattern_tries_nothing_twice(name: str) -> None:
    pattern: Any = patterns()[name]

    def match(text: str) -> None:
        given = text.encode(errors="surrogatepass") if isinstance(pattern.pattern, bytes) else text
        pattern.fullmatch(given)

    assert faults(match) == []


def test_every_parser_and_every_pattern_is_tried() -> None:
    assert patterns().keys() == PATTERNS.keys()
    assert {tried for tried in PATTERNS.values() if tried != "itself"} <= PARSERS.keys()
    assert set(functions()) <= PARSERS.keys() | NO_PARSERS


def test_no_schema_asks_whence_a_value_came_but_those_that_are_tried_with_both() -> None:
    asking = {module.__name__ for module in modules() if hasattr(module, "ValidationInfo")}
    assert asking == {"chalicelib.licenseapi.requests"} < REQUESTS


def test_of_many_wrong_values_few_are_looked_at() -> None:
    """Each error costs as much as a call, and one of them is told."""
    for value in wrong_values(25_000):
        for error in errors_of_schemas(value):
            assert error.error_count() <= 2 * MAX_VARIABLES, error.title


def test_of_many_wrong_rows_in_rows_the_first_is_looked_at() -> None:
    """Each list is short, and all together fill a body."""
    license = {"users": [1] * MAX_PEOPLE, "product_features": [{}] * MAX_PEOPLE, "custom_fields": [{}] * MAX_PEOPLE}
    sold = {"items": [{"licenses": [license] * MAX_LICENSES}] * MAX_LICENSES}
    bodies: list[tuple[type[BaseModel], Any]] = [
        (NewOrderBody, sold),
        (BulkChanges, [{}] * MAX_ROWS),
        (SomeLicenses, [0] * MAX_ROWS),
    ]
    for model, body in bodies:
        with pytest.raises(ValidationError) as caught:
            model.model_validate(body, context="body")
        assert caught.value.error_count() <= 2 * MAX_VARIABLES, model


@pytest.mark.slow
@pytest.mark.parametrize(("step", "longest", "said"), [(10, 0.05, "characters"), (300, inf, "three times as long")])
def test_a_slow_parser_is_found(step: int, longest: float, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it takes long, or would of a longer text."""

    def cubic(text: str) -> int:
        again = range(max(1, len(text) // 100_000))
        return sum(text.count("@", start) for _ in again for start in range(0, len(text), step))

    monkeypatch.setattr("tests.test_parsers.LONGEST", longest)
    (found,) = faults(cubic, {"at": "@"})
    assert said in found
