"""How often one address may name a user on a device that was never his: each answer tells whether there is such a user.

Whoever has an application's key may ask, and the key is public. A device is always answered of the user for whom it
was active once, also after the seat was taken away.
"""

from ipaddress import ip_address

from chalicelib.domain.errors import Denied
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.origin import network_of
from chalicelib.store import probes
from chalicelib.store.database import ConditionFailed


def count_guess(company: str, address: str, *, now: Instant) -> None:
    """Count one, before it is answered. Raises `Denied`: `rate_limit_exceeded`, for known and unknown users alike.

    Not from the machine itself: what asks there is its own, or a proxy that does not say who asks.
    """
    network = network_of(address)
    if not network or ip_address(network).is_loopback:
        return
    try:
        probes.count_guess(company, network, now)
    except ConditionFailed:
        wait = whole_seconds(probes.guesses_end(company, network, now) - now)
        raise Denied("rate_limit_exceeded", retry_after=max(1, wait)) from None
