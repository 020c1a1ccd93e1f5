"""Forget devices that are not used any more, where a license knows too many of them."""

import secrets
from contextlib import suppress

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, idle_devices_kept, is_live
from chalicelib.store import activations, licenses
from chalicelib.store.database import ConditionFailed
from chalicelib.store.seats import read_seats

SAMPLE = 100
"""Devices that are looked at: of any license as many, however many it knows."""
AT_ONCE = 16
"""Devices that are forgotten in one transaction of a hundred items: up to six each."""


def forget_idle_devices(license: License, actor: Actor, *, now: Instant) -> None:
    """Forget some devices that are not live, if there are more of them than are kept: those heard of longest ago.

    Of a sample, for a license may know many thousands. Nothing waits for it: what cannot be forgotten now is forgotten
    after another activation. Their history stays.
    """
    if license.known_devices - license.times_activated <= idle_devices_kept(license):
        return
    with suppress(ConditionFailed, Unavailable):
        current = licenses.read_license(license.company, license.id)
        if current is not None and (idle := _idle(current)):
            event = Event.new("devices_forgotten", actor, now, devices=len(idle))
            activations.forget(current, idle, event)


def _idle(license: License) -> list[Device]:
    sample = activations.some_devices(license, secrets.token_hex(12), SAMPLE)
    seats = read_seats(license, [device.user_id for device in sample if device.user_id is not None])
    live = {d.id for d in sample if is_live(d, license, None if d.user_id is None else seats.get(d.user_id))}
    # What was imported is known for good: it is not to be imported again.
    idle = [device for device in sample if device.id not in live and not device.legacy]
    return sorted(idle, key=lambda device: max(device.activated_at, device.last_check_at))[:AT_ONCE]
