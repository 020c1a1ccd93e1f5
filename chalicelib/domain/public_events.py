"""The types under which events leave the house: what a webhook can listen to, and which events of history it is told.

An event of history may be told as several types, or as none. The names are those of the public reference of the field,
where it has one, and ours.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import cast

from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.types import Json

TEST_TYPE = "webhook.test"
"""What is sent to try an endpoint: every endpoint takes it."""
PUBLISHED_DAYS = (30, 7, 1)
"""So many days before its end a license is said to expire."""
DAYS_OF_REFERENCE = 3
"""The same, by the public reference."""
_ANY = "*"
_UNASSIGNED = "license.license_user.unassigned"
_OF_WHO_LEAVES = frozenset({"devices", "replaced_by", "replaced_by_id"})
"""What is told of a user who was replaced; all else that the event says is of who came."""
_OF_ORDER = {"order": "order_store_id"}
_OF_LICENSE = _OF_ORDER | {
    "features": "product_features",
    "custom_fields": "product_custom_fields",
    "policy": "license_template",
    "archived_at": "is_archived",
    "bought_as": "customer",
}
_OF_UPDATE = {
    "at": "scheduled_at",
    "terms": "scheduled_update_data",
    "strict": "scheduled_update_data",
    "reason": "error_code",
    "error": "error_code",
}
_NAMES: Mapping[str, Mapping[str, str]] = {
    "license": _OF_LICENSE,
    "manager": _OF_ORDER,
    "managers": _OF_ORDER,
    "policy": {"features": "product_features"},
    "product": {"name": "product_name"},
    "update": _OF_UPDATE,
    "update_applied": _OF_UPDATE | {"over_at": "applied_at"},
    "update_canceled": _OF_UPDATE | {"over_at": "cancelled_at"},
    "update_failed": _OF_UPDATE | {"over_at": "failed_at"},
}
"""What the Management API calls otherwise than it is stored, by the type of an event, or how that begins."""
_BEFORE = "_before"


TYPES: Mapping[str, tuple[EventType, ...]] = {
    "license.created": ("license_issued",),
    "license.updated": (
        *("license_extended", "license_changed", "license_customer_changed", "license_moved", "license_key_rotated"),
        *("user_limit_changed", "user_activations_reset", "device_allowed", "legacy_devices_added"),
    ),
    "license.ends_changed": ("license_extended", "license_changed"),
    "license.enabled": ("license_enabled",),
    "license.disabled": ("license_disabled",),
    "license.deleted": ("license_deleted",),
    "license.reset": ("license_reset",),
    "license.first_activated": ("device_activated",),
    "license.activated": ("device_activated",),
    "license.deactivated": ("device_deactivated", "device_lapsed"),
    "license.will_expire": ("license_will_expire",),
    "license.will_expire_3_days": ("license_will_expire",),
    "license.grace_started": ("grace_started",),
    "license.expired": ("license_expired",),
    "license.limit_exceeded": ("device_activated",),
    "license.limit_reached": ("license_limit_reached",),
    "scheduled_update.created": ("update_scheduled",),
    "scheduled_update.updated": ("update_changed",),
    "scheduled_update.applied": ("update_applied",),
    "scheduled_update.canceled": ("update_canceled",),
    "scheduled_update.failed": ("update_failed",),
    "scheduled_update.deleted": ("update_deleted",),
    "license.license_user.assigned": ("user_assigned", "user_replaced"),
    _UNASSIGNED: ("user_removed", "user_replaced"),
    "order.license_user.manager_assigned": ("manager_added",),
    "product.created": ("product_created",),
    "product.updated": (
        *("product_changed", "feature_created", "feature_changed", "feature_deleted"),
        *("field_created", "field_changed", "field_deleted"),
        *("policy_created", "policy_changed", "policy_deleted"),
    ),
    "device.reset": ("device_reset",),
    "device.blacklisted": ("device_blacklisted",),
    "user.invited": ("user_invited", "user_assigned", "user_replaced"),
    "user.locked": ("log_in_locked",),
    "user.password_changed": ("password_changed", "password_set"),
    "webhook.disabled": ("webhook_disabled",),
}
"""All types, each with the events of history that are told as this; what each says stands in docs/webhooks.md."""

_TYPES_OF: Mapping[EventType, tuple[str, ...]] = {
    event: tuple(name for name, of in TYPES.items() if event in of) for events in TYPES.values() for event in events
}


def matches(pattern: str, name: str) -> bool:
    """Whether who listens to `pattern` is told of the type `name`: `*`, `license.*`, or the type itself."""
    return pattern in (_ANY, name) or (pattern.endswith(".*") and name.startswith(pattern.removesuffix(_ANY)))


def pattern(text: str) -> str:
    """A type that there is, or a pattern that at least one matches. Raises `Invalid`, at the field `events`."""
    if not any(matches(text, name) for name in TYPES):
        raise Invalid("event_type_unknown", field="events", type=text)
    return text


def events_listened_to(patterns: Collection[str]) -> frozenset[EventType]:
    """The events of history of which somebody is told who listens to these patterns."""
    return frozenset(
        event
        for event, names in _TYPES_OF.items()
        if any(matches(pattern, name) for name in names for pattern in patterns)
    )


def types_of(event: Event) -> list[str]:
    """The types as which an event is told."""
    true_at_times = {
        "license.first_activated": "first" in event.detail,
        "license.limit_exceeded": "over" in event.detail,
        "license.will_expire": event.detail.get("days") in PUBLISHED_DAYS,
        "license.will_expire_3_days": event.detail.get("days") == DAYS_OF_REFERENCE,
        "license.ends_changed": "validity_period" in event.detail,
        "user.invited": "invited" in event.detail,
    }
    return [name for name in _TYPES_OF.get(event.type, ()) if true_at_times.get(name, True)]


def told_name(type: EventType, name: str) -> str:
    """The name that the Management API has for what an event of history names, or says (`name`, `name_before`)."""
    names = _NAMES.get(type) or _NAMES.get(type.partition("_")[0], {})
    stem = name.removesuffix(_BEFORE)
    return names.get(stem, stem) + name[len(stem) :]


def told_detail(event: Event) -> Json:
    """What an event says besides whom it is about, as others are told it; `fields`: what has changed besides."""
    said: Json = {told_name(event.type, name): value for name, value in event.detail.items() if name != "changed"}
    changed = str(event.detail.get("changed") or "").split(", ")
    fields = dict.fromkeys(told_name(event.type, name) for name in changed if name)
    others = [name for name in fields if name not in said]
    return said | ({"fields": others} if others else {})


def as_told(event: Event, type: str) -> Event:
    """An event as it is told under one of its types: one user is replaced by another, which is news of either."""
    if event.type != "user_replaced":
        return event
    leaving = {name: value for name, value in event.detail.items() if name in _OF_WHO_LEAVES}
    if type == _UNASSIGNED:
        return replace(event, detail=leaving)
    coming = {name: value for name, value in event.detail.items() if name not in _OF_WHO_LEAVES}
    user, user_id = cast(str, leaving["replaced_by"]), cast(int, leaving["replaced_by_id"])
    return replace(
        event, user=user, user_id=user_id, detail=coming | {"replaces": event.user, "replaces_id": event.user_id}
    )
