"""Refusals as they are kept, so that support can tell why a call was refused.

Calls that are refused alike within an hour are one: whoever repeats a call makes no more of them. Of each license, and
of the calls of a company that match none, the newest `KEPT` are kept, for `KEPT_MS`.
"""

from dataclasses import dataclass
from hashlib import sha256

from chalicelib.domain.errors import Code
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS, hash_hardware_id

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
        """A hash of what refusals have in common that are told as one."""
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
