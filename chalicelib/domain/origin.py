"""Where a log-in comes from, and how many failures of strangers are borne before all of them have to wait.

Failures are counted for each account and origin (`domain.users.Attempts`), so nobody's guesses lock anybody else out.
What strangers do together is bounded as well: on one account, from one address, with one password. Who has logged in to
the account before, in this browser or on this device, is no stranger, and is not held back by them.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from chalicelib.domain.errors import Code, Denied
from chalicelib.domain.instants import Instant, whole_seconds

WINDOW_MS = 15 * 60_000
"""How long failures of strangers are counted together."""
_IPV6_BITS = 56
MAX_OF_ACCOUNT = 50
"""On one account, from all addresses; then those that have failed on it before wait."""
MAX_OF_ACCOUNT_IN_ALL = 100
"""And then those that have not, too: a few addresses keep out nobody who comes from another one."""
MAX_OF_ADDRESS = 50
"""From one address, on all accounts. Only failures count: an office of hundreds logs in from one."""
MAX_OF_PASSWORD = 30
"""With one password, on all accounts of a company, from all addresses."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who tries to log in, before anything is proved."""

    address: str = ""
    """The network (`network_of`); empty where none is known."""
    known: str = ""
    """The browser or the device, where it has logged in to this account before; empty: a stranger."""

    @property
    def source(self) -> str:
        """The one name under which is counted what comes from here; empty where nothing is known."""
        return f"known {self.known}" if self.known else self.address


NOWHERE = Origin()
"""Of who calls from inside."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures of strangers on one account, from one address or with one password."""

    times: int = 0
    until: Instant = 0
    """When they are forgotten."""
    forgiven_at: Instant = 0
    """Of an account: attempts that were begun up to then count no more."""


def network_of(ip: str) -> str:
    """What one customer of a provider has: an IPv4 address, or 56 bits of an IPv6 one. Empty for what is neither.

    A home is given 56 bits, which is 256 networks (RIPE-690); what is given less shares them as it shares an IPv4 one.
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ip_network((int(address), _IPV6_BITS), strict=False).network_address)


def as_firewalls_read(network: str) -> str:
    """A network with its length, where it is no single address."""
    return f"{network}/{_IPV6_BITS}" if ":" in network else network


def guard_strangers(
    account: Failures, address: Failures, password: Failures, now: Instant, *, is_first: bool = False
) -> None:
    """Refuse a stranger's attempt while strangers have failed too often. Raises `Denied`, alike for any account.

    `is_first`: from this address nobody has failed on the account of late.
    """
    limits: tuple[tuple[Failures, int, Code], ...] = (
        (account, MAX_OF_ACCOUNT_IN_ALL if is_first else MAX_OF_ACCOUNT, "account_locked"),
        (address, MAX_OF_ADDRESS, "rate_limit_exceeded"),
        (password, MAX_OF_PASSWORD, "rate_limit_exceeded"),
    )
    for failures, most, code in limits:
        if failures.times >= most and now < failures.until:
            raise Denied(code, retry_after=whole_seconds(failures.until - now))
