"""Change the terms of a license after the sale: by whoever sells, whatever the customer does meanwhile."""

from dataclasses import replace

from chalicelib.domain.errors import Denied
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License
from chalicelib.domain.terms import CHANGEABLE, TermChanges, guard_use, limits_in, with_terms
from chalicelib.domain.transitions import transitions_due
from chalicelib.domain.types import Json
from chalicelib.store import licenses
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.sweep import transition_events

_DATES = ("validity_period", "start_date")


def change_terms(
    company: str,
    license_id: int,
    changes: TermChanges,
    actor: Actor,
    *,
    strict: bool = False,
    revision: int | None = None,
    now: Instant,
) -> License:
    """Change what is given; all else stays, whoever has changed it meanwhile. Doing so again changes nothing.

    A limit below what is in use evicts nobody: it is full until enough was given back. `strict` refuses it.
    `revision`: the one that is to be changed. What no sweep has announced of the old dates yet is announced now.
    Raises `Invalid` for terms that contradict each other, `Denied`: `revision_changed`, `limit_below_use`;
    `NotFound`: `license_not_found`.
    """

    def decide(license: License) -> License:
        if revision not in (None, license.revision):
            raise Denied("revision_changed")
        if strict:
            guard_use(license, changes)
        return with_terms(license, changes, now=now)

    def write(old: License, new: License) -> None:
        if new == old:
            return
        missed = transition_events(transitions_due(old, now), now) if _dates(new) != _dates(old) else []
        event = Event.new("license_changed", actor, now + len(missed), **_told(old, new))
        licenses.update(old, new, event, missed, limits_in(changes) if strict else {})

    def result(old: License, new: License) -> License:
        return new if new == old else replace(new, revision=old.revision + 1)

    return result(*decide_and_write(lambda _: find_license(company, license_id), decide, write, result=result))


def _dates(license: License) -> tuple[Instant | None, int]:
    return license.validity_period, license.grace_period


def _told(old: License, new: License) -> Json:
    """What an event says of a change: each term that is another one, as it is and as it was before."""
    changed = [name for name in CHANGEABLE if getattr(old, name) != getattr(new, name)]
    now_and_before = ((name, _term(new, name), _term(old, name)) for name in changed)
    return {key: value for name, new, old in now_and_before for key, value in ((name, new), (f"{name}_before", old))}


def _term(license: License, name: str) -> object:
    value = getattr(license, name)
    return to_iso(value) if name in _DATES else value
