"""What the notes of many clients prove, judged as the proof judges a history."""

from collections.abc import Iterable

from tests.proof.actors import noted
from tests.proof.history import told
from tests.proof.linear import is_linearizable
from tests.proof.model import License
from tests.proof.rules import certain, limit_passed
from tests.race.clients import Call


def contradictions(calls: Iterable[Call], license: License) -> str:
    """The calls that no order explains, on a license as it was before the first of them; empty where there are none."""
    history = [noted(call) for call in calls]
    if is_linearizable(history, license):
        return ""
    crowds = (crowd.shown_by for crowd in limit_passed(certain(history), license.places))
    return told(next(crowds, tuple(history)))
