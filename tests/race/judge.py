"""What the notes of many clients prove, judged as the proof judges a history."""

from collections.abc import Iterable

from tests.model.license import License
from tests.proof.actors import noted
from tests.proof.history import as_text
from tests.proof.linear import Undecided, is_linearizable
from tests.proof.rules import seen_in
from tests.race.clients import Call


def contradictions(calls: Iterable[Call], license: License) -> str:
    """The calls that no order explains, on a license as it was before the first of them; empty where there are none.

    What is too tangled for that (many clients have many orders) is judged by the rules alone.
    """
    history = [noted(call) for call in calls]
    broken = seen_in(history, license.places)
    try:
        if not broken and is_linearizable(history, license):
            return ""
    except Undecided:
        return ""
    shown = (violation.shown_by for violation in broken)
    return as_text(next(shown, tuple(history)))
