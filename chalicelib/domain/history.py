"""Events: the rows of history. Each change writes its event in the same transaction."""

from dataclasses import dataclass, field
from typing import Literal

from chalicelib.domain.ids import new_event_key
from chalicelib.domain.instants import Instant

EventType = Literal[
    "company_created",
    "company_changed",
    "product_created",
    "api_key_created",
    "api_key_revoked",
    "license_issued",
    "license_enabled",
    "license_disabled",
    "license_extended",
    "license_reset",
    "grace_started",
    "license_expired",
    "device_activated",
    "device_deactivated",
    "device_reset",
    "device_blacklisted",
    "user_assigned",
    "user_removed",
    "batch_started",
    "batch_reduced",
    "batch_finished",
    "batch_ended",
    "user_activations_reset",
    "user_limit_changed",
    "password_set",
    "password_changed",
    "email_changed",
    "person_changed",
    "sessions_ended",
    "variables_tracked",
]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from which address: `api:<api key>`, `admin`, `sweep`."""

    name: str
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One row of history. `key` is unique and orders events by time."""

    type: EventType
    at: Instant
    actor: Actor
    user: str | None = None
    hardware_id: str | None = None
    detail: dict[str, str | int | None] = field(default_factory=dict)
    key: str = ""

    @staticmethod
    def new(
        type: EventType,
        actor: Actor,
        now: Instant,
        *,
        user: str | None = None,
        hardware_id: str | None = None,
        **detail: str | int | None,
    ) -> "Event":
        """An event that happens at `now`, with a key of its own."""
        return Event(type, now, actor, user, hardware_id, detail, new_event_key(now))


def named(hostname: str | None) -> dict[str, str | int | None]:
    """The host name among the details of an event, so that people know the device; nothing where there is none."""
    return {"hostname": hostname} if hostname else {}
