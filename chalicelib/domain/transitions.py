"""Expiry and grace: which transitions a license's dates have brought about, and when the next one is due.

The sweep announces them; nothing else depends on it (`domain.license.phase` is computed from the dates).
"""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Phase, ends_at

_ORDER: tuple[Phase, ...] = ("valid", "grace", "expired")


class Dated(Protocol):
    """The dates of a license, and what is announced of them."""

    @property
    def validity_period(self) -> Instant | None: ...
    @property
    def grace_period(self) -> int: ...
    @property
    def announced_phase(self) -> Phase: ...


@dataclass(frozen=True, slots=True)
class Due:
    """Of a license with a transition to come, what the sweep decides by."""

    company: str
    id: int
    announced_phase: Phase
    grace_period: int
    validity_period: Instant


@dataclass(frozen=True, slots=True)
class Transition:
    """A license came into `phase` at `at`, whenever that is noticed."""

    phase: Phase
    at: Instant


def transitions_due(license: Dated, now: Instant) -> list[Transition]:
    """What has happened up to `now` and is not announced yet, in the order in which it happened."""
    return [t for t in _ahead(license) if t.at <= now]


def next_due(license: Dated) -> Instant | None:
    """The instant of the first transition that is not announced yet, past or future."""
    ahead = _ahead(license)
    return ahead[0].at if ahead else None


def announced_after_change(announced: Phase, now_in: Phase) -> Phase:
    """What counts as announced when new dates put a license into phase `now_in`.

    Going back to life takes the announcement back, so that the next expiry is announced again; a phase that the new
    dates have just brought about is still to be announced.
    """
    return min(announced, now_in, key=_ORDER.index)


def _ahead(license: Dated) -> list[Transition]:
    end = ends_at(license.validity_period, license.grace_period)
    if license.validity_period is None or end is None:
        return []
    life = [Transition("grace", license.validity_period)] if license.grace_period else []
    life.append(Transition("expired", end))
    return [t for t in life if _ORDER.index(t.phase) > _ORDER.index(license.announced_phase)]
