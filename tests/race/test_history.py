"""The judges of the race find what they are there to find, in notes made up by hand."""

import pytest

from tests.race.clients import LOST, OK, Call, Verb
from tests.race.history import ABSENT, FULL, Span, contradictions, held, most_at_once, needless_refusals


def call(device: str, verb: Verb, start: float, outcome: str = OK, *, end: float | None = None, id: int = 1) -> Call:
    """A call that takes one second, unless told otherwise."""
    device_id = id if outcome == OK and verb != "deactivate" else None
    return Call(verb, device, None, 8000, start, start + 1 if end is None else end, outcome, device_id)


def test_a_place_is_held_from_the_answer_that_gives_it_to_the_call_that_gives_it_back() -> None:
    calls = [call("a", "activate", 0), call("a", "activate", 2), call("a", "deactivate", 4, LOST)]
    assert held(calls) == [Span("a", None, 1, 4)]


def test_a_call_without_an_answer_proves_no_place() -> None:
    assert held([call("a", "activate", 0, LOST)]) == []


def test_most_at_once_counts_those_who_have_an_instant_in_common() -> None:
    spans = [Span("a", None, 0, 3), Span("b", None, 1, 2), Span("c", None, 2, 5), Span("d", None, 2.5, 9)]
    assert [span.hardware_id for span in most_at_once(spans)] == ["a", "c", "d"]


@pytest.mark.parametrize(
    "calls",
    [
        [call("a", "activate", 0), call("a", "activate", 2, FULL)],
        [call("a", "activate", 0), call("a", "check", 2, ABSENT)],
        [call("a", "activate", 0), call("a", "activate", 2, id=2)],
        [call("a", "activate", 0), call("a", "deactivate", 2), call("a", "check", 4)],
        [call("a", "activate", 0), call("a", "deactivate", 2), call("a", "deactivate", 4, ABSENT)],
        [call("a", "activate", 0, FULL), call("a", "check", 2)],
        [call("a", "activate", 0, LOST), call("a", "check", 2), call("a", "check", 4, ABSENT)],
        [call("a", "activate", 0, "internal_error")],
    ],
    ids=lambda calls: " ".join(f"{c.verb}:{c.outcome}" for c in calls),
)
def test_an_answer_that_does_not_fit_those_before_it_is_found(calls: list[Call]) -> None:
    assert len(contradictions(calls)) == 1


@pytest.mark.parametrize(
    "calls",
    [
        [
            call("a", "activate", 0),
            call("a", "activate", 2),
            call("a", "deactivate", 4),
            call("a", "activate", 6, FULL),
        ],
        [call("a", "activate", 0, LOST), call("a", "check", 2, ABSENT)],
        [call("a", "activate", 0, LOST), call("a", "check", 2)],
        [call("a", "activate", 0), call("a", "deactivate", 2, LOST), call("a", "check", 4)],
        [call("a", "activate", 0), call("a", "deactivate", 2, LOST), call("a", "check", 4, ABSENT)],
    ],
    ids=lambda calls: " ".join(f"{c.verb}:{c.outcome}" for c in calls),
)
def test_an_answer_that_fits_is_no_contradiction(calls: list[Call]) -> None:
    assert contradictions(calls) == []


def test_a_refusal_is_needless_where_fewer_places_may_have_been_held_all_the_time() -> None:
    refused = call("b", "activate", 5, FULL)
    assert needless_refusals([refused], 1) != []
    assert needless_refusals([call("a", "activate", 0), call("a", "deactivate", 2), refused], 1) != []
    assert needless_refusals([call("a", "activate", 0), call("a", "deactivate", 2, end=5.5), refused], 1) == []
    assert needless_refusals([call("a", "activate", 5.5), refused], 1) == []
    assert needless_refusals([call("a", "activate", 0, LOST), refused], 1) == []
