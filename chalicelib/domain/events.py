"""Events: the rows of history. The event of a change is written in the transaction of the change."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.domain.ids import new_event_key
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Seat
from chalicelib.domain.types import Json

EventType = Literal[
    "company_created",
    "company_changed",
    "product_created",
    "product_changed",
    "feature_created",
    "feature_changed",
    "feature_deleted",
    "field_created",
    "field_changed",
    "field_deleted",
    "policy_created",
    "policy_changed",
    "policy_deleted",
    "api_key_created",
    "api_key_revoked",
    "api_key_disabled",
    "api_key_enabled",
    "management_key_created",
    "management_key_revoked",
    "license_issued",
    "license_enabled",
    "license_disabled",
    "license_extended",
    "license_changed",
    "license_reset",
    "license_key_rotated",
    "license_archived",
    "license_restored",
    "license_deleted",
    "license_named",
    "license_customer_changed",
    "license_moved",
    "update_scheduled",
    "update_changed",
    "update_applied",
    "update_canceled",
    "update_failed",
    "update_deleted",
    "license_will_expire",
    "grace_started",
    "license_expired",
    "license_limit_reached",
    "sweep_late",
    "activation_refused",  # never stored as an event: `domain.refusals`
    "device_activated",
    "device_deactivated",
    "device_reset",
    "device_blacklisted",
    "device_allowed",
    "device_lapsed",
    "slot_taken",
    "slot_released",
    "consumption_counted",
    "consumption_set",
    "legacy_devices_added",
    "devices_forgotten",
    "user_assigned",
    "user_invited",
    "user_removed",
    "user_replaced",
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
    "manager_added",
    "manager_removed",
    "managers_permitted",
    "order_changed",
    "order_renamed",
    "sessions_ended",
    "second_factor_on",
    "second_factor_off",
    "second_factor_failed",
    "second_factor_locked",
    "recovery_codes_made",
    "recovery_code_used",
    "passkey_added",
    "passkey_removed",
    "user_unlocked",
    "user_closed",
    "user_reopened",
    "links_repaired",
    "log_in_failed",
    "log_in_locked",
    "signed_in",
    "code_asked",
    "initial_password_read",
    "batch_result_read",
    "email_probed",
    "variables_tracked",
    "variable_changed",
    "variable_deleted",
    "webhook_created",
    "webhook_changed",
    "webhook_secret_changed",
    "webhook_deleted",
    "webhook_disabled",
    "webhook_tested",
    "customer_created",
    "customer_changed",
    "customer_deleted",
    "customers_merged",
    "customer_moved",
    "import_started",
    "customer_label_created",
    "customer_label_changed",
    "customer_label_deleted",
    "customer_account_created",
    "customer_account_changed",
    "customer_account_deleted",
]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from which address: `api:<api key>`, `admin`, `sweep`."""

    name: str
    ip: str | None = None

    @property
    def is_customer(self) -> bool:
        """Whether it is somebody in the portal: a license manager, or a user. All others act for the vendor."""
        return self.name.startswith("user:")

    @property
    def is_server(self) -> bool:
        """Whether it is a vendor's own server, by a key of the Management API. It operates nothing here."""
        return self.name.startswith("management:")


@dataclass(frozen=True, slots=True)
class Event:
    """One row of history. `key` is unique and orders events by time.

    `user` is the email of its time, for people to read; whom it is about for good says `user_id`, and of a device
    `hardware_id`. Older events have no id.
    """

    type: EventType
    at: Instant
    actor: Actor
    user: str | None = None
    hardware_id: str | None = None
    detail: dict[str, str | int | None] = field(default_factory=dict)
    key: str = ""
    user_id: int | None = None
    repeats: int = 0
    """How often the same has happened again since, where that is one row."""
    last_at: Instant | None = None
    """When it has happened last, where it has happened again."""
    last_ip: str | None = None
    """From which address that came."""
    addresses: frozenset[str] = frozenset()
    """Those that it has come from, as far as they are kept."""

    @property
    def also_from(self) -> list[str]:
        """The addresses of the repeats, the last one last; empty where all came from that of the first."""
        if not {*self.addresses, self.last_ip} - {self.actor.ip, None}:
            return []
        between = sorted(self.addresses - {self.actor.ip, self.last_ip})
        return [*between, self.last_ip] if self.last_ip else between

    @staticmethod
    def new(
        type: EventType,
        actor: Actor,
        now: Instant,
        *,
        user: str | None = None,
        user_id: int | None = None,
        hardware_id: str | None = None,
        **detail: str | int | None,
    ) -> "Event":
        """An event that happens at `now`, with a key of its own."""
        return Event(type, now, actor, user, hardware_id, detail, new_event_key(now), user_id)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events of one instant, so that a history keeps this order: their keys, which differ at random, are sorted."""
    some = list(events)
    keys = sorted(event.key for event in some)
    return [replace(event, key=key) for event, key in zip(some, keys, strict=True)]


def of_seat(seat: Seat | None) -> Json:
    """Whom an event is about, where the license is user-based: for people, and for good."""
    return {} if seat is None else {"user": seat.email, "user_id": seat.user_id}


def named(hostname: str | None) -> Json:
    """The host name among the details of an event, so that people know the device; nothing where there is none."""
    return {"hostname": hostname} if hostname else {}


def before_and_after(old: object, new: object, names: Iterable[str]) -> Json:
    """What an event tells of a change: each of these fields that differs, as it is (`name`) and was (`name_before`).

    A field that is no text and no number is left out: the event names it (`changed`).
    """
    fields = [name for name in names if not isinstance(getattr(old, name), dict)]
    return differences(*({name: getattr(of, name) for name in fields} for of in (old, new)))


def differences(old: Json, new: Json) -> Json:
    """Of these values by name, each that differs, as it is (`name`) and was (`name_before`)."""
    moved = [name for name in new if new[name] != old[name]]
    return {key: value for name in moved for key, value in ((name, new[name]), (f"{name}_before", old[name]))}
