"""The events that announce what the dates of a license have brought about, and that it was enabled or disabled."""

from collections.abc import Mapping

from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, Phase
from chalicelib.domain.transitions import Transition

SWEEP = Actor("sweep")
"""Who announces: also where somebody else comes first, for it is nobody's doing."""
TRANSITIONS: Mapping[Phase, EventType] = {"grace": "grace_started", "expired": "license_expired"}


def transition_events(transitions: list[Transition], now: Instant) -> list[Event]:
    """The events that announce transitions: a millisecond apart, so that the history keeps their order."""
    return [Event.new(TRANSITIONS[t.phase], SWEEP, now + n, since=to_iso(t.at)) for n, t in enumerate(transitions)]


def switch_events(old: License, new: License, actor: Actor, now: Instant) -> list[Event]:
    """The event of a license that was enabled or disabled; none where it is as before."""
    if (old.enabled, old.disabled_by) == (new.enabled, new.disabled_by):
        return []
    return [Event.new("license_enabled" if new.enabled else "license_disabled", actor, now)]
