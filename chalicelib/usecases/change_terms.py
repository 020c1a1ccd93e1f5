"""Change what was sold with a license: by whoever sells, whatever the customer does meanwhile."""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.domain.errors import Denied, NotFound
from chalicelib.domain.events import Actor, Event, differences
from chalicelib.domain.extras import EXTRAS, Extras, with_extras
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License
from chalicelib.domain.terms import CHANGEABLE, TermChanges, guard_use, limits_in, switched, with_terms
from chalicelib.domain.transitions import transitions_due
from chalicelib.domain.types import Json
from chalicelib.store import licenses
from chalicelib.usecases.announcements import switch_events, transition_events
from chalicelib.usecases.retry import decide_and_write

Sold = tuple[License, Extras]
_MOST_TOLD = 1000
"""Characters that an event says of custom fields."""
_DATES = ("validity_period", "start_date", "maintenance_period")


def find_sold(company: str, license_id: int) -> Sold:
    """A license with what it carries besides, at one instant. Raises `NotFound`: `license_not_found`."""
    found = licenses.read_with_extras(company, license_id)
    if found is None:
        raise NotFound("license_not_found")
    return found


def change_terms(
    company: str,
    license_id: int,
    changes: TermChanges | Callable[[Sold], TermChanges],
    actor: Actor,
    *,
    enabled: bool | None = None,
    strict: bool = False,
    revision: int | None = None,
    now: Instant,
) -> Sold:
    """Change what is given; all else stays, whoever has changed it meanwhile. Doing so again changes nothing.

    `changes`: terms of the license (`domain.terms.CHANGEABLE`), and what it carries besides (`domain.extras.EXTRAS`);
    or what makes them of the license as it stands.
    `enabled`: whether it is enabled or disabled in the same write; None: neither.
    A limit below what is in use evicts nobody: it is full until enough was given back. `strict` refuses it.
    `revision`: the one that is to be changed. What no sweep has announced of the old dates yet is announced now.
    Raises `Invalid` for terms that contradict each other, `Denied`: `revision_changed`, `limit_below_use`;
    `NotFound`: `license_not_found`; and as `switched`.
    """
    at_most: dict[str, int] = {}

    def decide(sold: Sold) -> Sold:
        if revision not in (None, sold[0].revision):
            raise Denied("revision_changed")
        given = changes(sold) if callable(changes) else changes
        if strict:
            guard_use(sold[0], given)
            at_most.update(limits_in(given))
        license = sold[0] if enabled is None else switched(sold[0], enabled, actor)
        return changed_terms((license, sold[1]), given, now)

    def write(old: Sold, new: Sold) -> None:
        events = switch_events(old[0], new[0], actor, now)
        before = (replace(old[0], enabled=new[0].enabled, disabled_by=new[0].disabled_by), old[1])
        if new != before:
            event, missed = change_events(before, new, actor, now + len(events))
            events += [*missed, event]
        if events:
            licenses.update(old[0], new[0], events[-1], events[:-1], at_most, changed_extras(old, new))

    def result(old: Sold, new: Sold) -> Sold:
        return new if new == old else (replace(new[0], revision=old[0].revision + 1), new[1])

    return result(*decide_and_write(lambda _: find_sold(company, license_id), decide, write, result=result))


def preview_terms(company: str, license_id: int, changes: Callable[[Sold], TermChanges], *, now: Instant) -> Json:
    """What `change_terms` would tell that it has changed: each term as it would be (`name`), and is (`name_before`).

    Raises as `change_terms`.
    """
    sold = find_sold(company, license_id)
    return _told(sold, changed_terms(sold, changes(sold), now))


def changed_terms(sold: Sold, given: TermChanges, now: Instant) -> Sold:
    """What was sold, with some terms changed. Raises `Invalid`."""
    terms = {name: value for name, value in given.items() if name not in EXTRAS}
    return with_terms(sold[0], terms, now=now), with_extras(sold[1], given)


def change_events(old: Sold, new: Sold, actor: Actor, now: Instant) -> tuple[Event, list[Event]]:
    """The event of a change of terms, and those before it of what the old dates have brought about unannounced."""
    missed = transition_events(transitions_due(old[0], now), now) if _dates(new) != _dates(old) else []
    return Event.new("license_changed", actor, now + len(missed), **_told(old, new)), missed


def changed_extras(old: Sold, new: Sold) -> Extras | None:
    """What a license carries from a change on; None: what it has carried before."""
    return None if new[1] == old[1] else new[1]


def _dates(sold: Sold) -> tuple[Instant | None, int]:
    return sold[0].validity_period, sold[0].grace_period


def _told(old: Sold, new: Sold) -> Json:
    """What an event says of a change: each term that is another one, as it is and as it was before."""
    return differences(_terms(old), _terms(new))


def _terms(sold: Sold) -> Json:
    """The terms as people read them; of metadata only that there are some: nobody here reads them."""
    license, extras = sold
    terms = {name: getattr(license, name) for name in CHANGEABLE} | {
        "note": extras.note,
        "subscription_id": extras.subscription_id,
        "metadata": "set" if extras.metadata else "",
        "maintenance_period": extras.maintenance_period,
        "policy": "" if extras.policy is None else f"{extras.policy.code}, version {extras.policy.version}",
        "features": ", ".join(sorted(grant.code for grant in extras.features)),
        "custom_fields": ", ".join(f"{one.name}: {one.value}" for one in extras.custom_fields)[:_MOST_TOLD],
    }
    return terms | {name: to_iso(terms[name]) for name in _DATES}
