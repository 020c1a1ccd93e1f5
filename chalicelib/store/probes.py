"""How often somebody has asked for emails, and may learn that others have them, or has guessed: counted before it is
answered.
"""

from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Failures
from chalicelib.domain.probes import GUESS_WINDOW_MS, MAX_GUESSES, MAX_TAKEN, TAKEN_WINDOW_MS
from chalicelib.domain.second_factor import MAX_WRONG, WRONG_WINDOW_MS
from chalicelib.store.counters import count_back, count_one, read_count
from chalicelib.store.items.ephemera import FailuresItem


def count_probe(company: str, manager_id: int, now: Instant) -> None:
    """Count an email that is asked for. Raises `ConditionFailed` where it is one too many."""
    count_one(_item(company, manager_id), now, TAKEN_WINDOW_MS, most=MAX_TAKEN)


def probes_end(company: str, manager_id: int, now: Instant) -> Instant:
    """When what was counted is forgotten; `now` where nothing is."""
    return read_count(_item(company, manager_id), now).until or now


def forget_probe(company: str, manager_id: int, now: Instant) -> None:
    """Take one back that has revealed nothing."""
    count_back(_item(company, manager_id), now)


def count_guess(company: str, network: str, now: Instant) -> None:
    """Count a user who was named from an address. Raises `ConditionFailed` where it is one too many."""
    count_one(_guesses(company, network), now, GUESS_WINDOW_MS, most=MAX_GUESSES)


def guesses(company: str, network: str, now: Instant) -> Failures:
    """What is counted of these."""
    return read_count(_guesses(company, network), now)


def count_code(company: str, user_id: int, count: str, now: Instant) -> None:
    """Count a code of an account's second factor that is tried. Raises `ConditionFailed` where it is one too many.

    `count`: its name, for an account has several.
    """
    count_one(_codes(company, user_id, count), now, WRONG_WINDOW_MS, most=MAX_WRONG)


def tried_codes(company: str, user_id: int, count: str, now: Instant) -> Failures:
    """What is counted of these."""
    return read_count(_codes(company, user_id, count), now)


def forget_code(company: str, user_id: int, count: str, now: Instant) -> None:
    """Take one back that was right."""
    count_back(_codes(company, user_id, count), now)


def _codes(company: str, user_id: int, count: str) -> FailuresItem:
    return FailuresItem(f"guesses#{company}#code#{user_id}#{count}")


def _guesses(company: str, network: str) -> FailuresItem:
    return FailuresItem(f"guesses#{company}#{network}")


def _item(company: str, manager_id: int) -> FailuresItem:
    return FailuresItem(f"taken#{company}#{manager_id}")
