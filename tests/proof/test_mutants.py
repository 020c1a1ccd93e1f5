"""Each broken build breaks what the product has, as long as it lasts: `make proof` shows that each is caught."""

import pytest

from tests.proof.mutants import MUTANTS, broken


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_build_breaks_what_is_there_and_leaves_nothing_behind(name: str) -> None:
    places = [(target, attribute) for target, attribute, _ in MUTANTS[name]()]
    before = [getattr(target, attribute) for target, attribute in places]
    with broken(name):
        assert all(getattr(*place) is not right for place, right in zip(places, before, strict=True))
    assert [getattr(*place) for place in places] == before
