"""Each broken build breaks what the product has, as long as it lasts: `make proof` shows that each is caught."""

from inspect import isfunction, signature

import pytest

from tests.proof.campaign import HUNTED
from tests.proof.mutants import MUTANTS, broken


def test_those_that_are_played_on_every_change_are_among_them() -> None:
    assert HUNTED.keys() < MUTANTS.keys()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_build_breaks_what_is_there_and_leaves_nothing_behind(name: str) -> None:
    places = [(target, attribute) for target, attribute, _ in MUTANTS[name]()]
    before = [getattr(target, attribute) for target, attribute in places]
    with broken(name):
        assert all(getattr(*place) is not right for place, right in zip(places, before, strict=True))
    assert [getattr(*place) for place in places] == before
    assert [place for place in places if place[1].startswith("_")] == [], "a new name inside is to break no proof"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_function_can_be_called_as_the_right_one_is(name: str) -> None:
    """Else it would be caught for that alone."""
    for target, attribute, wrong in MUTANTS[name]():
        right = getattr(target, attribute)
        if isfunction(right) and isfunction(wrong):
            taken = signature(right).parameters.values()
            by_name = {one.name: None for one in taken if one.kind is one.KEYWORD_ONLY}
            by_place = [None for one in taken if one.kind is one.POSITIONAL_OR_KEYWORD]
            signature(wrong).bind(*by_place, **by_name)
