"""Refusals as they are kept, so that support can tell why a call was refused.

Calls that are refused alike within an hour are one: whoever repeats a call makes no more of them. Of each license, and
of the calls of a company that match none, the newest `KEPT` are kept, for `KEPT_MS`, of each network its share.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from chalicelib.domain.errors import Code
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS, hash_hardware_id
from chalicelib.domain.origin import network_of

KEPT = 100
KEPT_MS = 90 * 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Refusal:
    """Calls that were refused alike within an hour: of one device or user, with one code. None: not known.

    `at`, `ip` and `request_id` are of the first; `last_at`, `last_ip` and `last_request_id` of the last one, and so are
    `hostname`, `limit` and `used`.
    """

    call: str
    """The last part of the call's address, such as `activate_license`."""
    code: Code
    at: Instant
    times: int = 1
    license_id: int | None = None
    """None: the call matched no license."""
    product: str | None = None
    email: str | None = None
    """Of the user, as the call named him."""
    hardware_id: str | None = None
    hostname: str | None = None
    ip: str | None = None
    request_id: str | None = None
    last_at: Instant | None = None
    last_ip: str | None = None
    last_request_id: str | None = None
    limit: int | None = None
    """Of a limit that was reached: how many it allows, and how many were in use."""
    used: int | None = None

    @property
    def newest_at(self) -> Instant:
        """When it has happened last."""
        return self.at if self.last_at is None else self.last_at

    @property
    def request_ids(self) -> tuple[str | None, str | None]:
        """Those of its request ids that are kept."""
        return self.request_id, self.last_request_id

    @property
    def kind(self) -> str:
        """A hash of what refusals have in common that are one record."""
        of = (self.call, self.code, self.product, self.email, hash_hardware_id(self.hardware_id or ""))
        return sha256(repr(of).encode()).hexdigest()[:24]

    def as_event(self) -> Event:
        """As a row among those of a license's history. Its key sorts as theirs do, and is no event's."""
        again = (self.times - 1, self.last_at, self.last_ip) if self.times > 1 else ()
        detail = {"code": self.code, "limit": self.limit, "used": self.used, "hostname": self.hostname}
        key = f"{self.at:013d}#{self.kind}"
        return Event(
            "activation_refused",
            self.at,
            Actor("api:", self.ip),
            self.email,
            self.hardware_id,
            detail,
            key,
            None,
            *again,
        )


def kept(refusals: Iterable[Refusal], now: Instant) -> list[Refusal]:
    """Those of one license, or of none, that are kept at `now`, the newest first.

    Where there are too many, each network keeps its newest as long as it has no more than others: so nobody who has an
    application's key pushes out what others were refused.
    """
    newest_first = sorted((one for one in refusals if not is_too_old(one, now)), key=lambda one: -one.newest_at)
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, Refusal]] = []
    for refusal in newest_first:
        network = network_of(refusal.ip or "")
        ranked.append((seen[network], refusal))
        seen[network] += 1
    in_turn = sorted(ranked, key=lambda one: one[0])[:KEPT]
    return sorted((refusal for _, refusal in in_turn), key=lambda one: -one.newest_at)


def is_too_old(refusal: Refusal, now: Instant) -> bool:
    """Whether a refusal is kept no longer, however few there are."""
    return refusal.newest_at <= now - KEPT_MS
