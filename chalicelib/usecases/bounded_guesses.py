"""How often one address may guess: a user on a device that was never his, for each answer tells whether there is such
a user; or the link of an invitation.

Whoever has an application's key may ask for a user, and the key is public. A device is always answered of the user for
whom it was active once, also after the seat was taken away.
"""

from ipaddress import ip_address

from chalicelib.domain.errors import Denied
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.origin import Failures, network_of
from chalicelib.domain.probes import MAX_GUESSES
from chalicelib.store import probes
from chalicelib.store.database import ConditionFailed


def count_guess(company: str, address: str, *, now: Instant) -> None:
    """Count one, before it is answered. Raises `Denied`: `rate_limit_exceeded`, for known and unknown users alike.

    Not from the machine itself: what asks there is its own, or a proxy that does not say who asks.
    """
    network = _counted(address)
    if not network:
        return
    try:
        probes.count_guess(company, network, now)
    except ConditionFailed:
        raise _too_many(probes.guesses(company, network, now), now) from None


def guard_guesses(company: str, address: str, *, now: Instant) -> None:
    """Refuse to look while too many are counted. Raises `Denied` as `count_guess`, also who would be right."""
    network = _counted(address)
    counted = probes.guesses(company, network, now) if network else Failures()
    if counted.times >= MAX_GUESSES:
        raise _too_many(counted, now)


def _counted(address: str) -> str:
    """Under which network it is counted; empty where it is not."""
    network = network_of(address)
    return "" if not network or ip_address(network).is_loopback else network


def _too_many(counted: Failures, now: Instant) -> Denied:
    return Denied("rate_limit_exceeded", retry_after=max(1, whole_seconds(counted.until - now)))
