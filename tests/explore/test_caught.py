"""Every broken build is caught by a walk of two use cases, in which the real one is right."""

import pytest

from tests.explore.caught import CAUGHT_IN, hunted, picture, plainest
from tests.explore.mutants import MUTANTS, broken
from tests.explore.pairs import replay, walk_named


def test_none_is_forgotten() -> None:
    assert CAUGHT_IN.keys() == MUTANTS.keys()


@pytest.mark.parametrize("mutant", CAUGHT_IN)
def test_a_broken_build_is_caught_where_the_real_one_is_right(mutant: str) -> None:
    assert walk_named(CAUGHT_IN[mutant]).found == []
    caught = hunted(mutant)
    assert caught.found
    with broken(mutant):
        assert replay(plainest(caught).name)[1] == plainest(caught).violations


def test_what_a_broken_build_does_wrong_is_drawn() -> None:
    mutant = "limit not in the condition"
    found = plainest(hunted(mutant))
    drawn = picture(mutant, found)
    assert found.name in drawn
    assert drawn.count("TransactWriteItems") == 2
    assert "linearizable" in drawn
