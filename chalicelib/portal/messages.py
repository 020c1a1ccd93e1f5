"""What the portal says: events and refusals in the words of people."""

import re
from typing import Any

from pydantic import ValidationError

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.pasted import safe_to_show
from chalicelib.web.errors import ERRORS
from chalicelib.web.refusal_messages import refusal_message

_EVENTS: dict[EventType, str] = {
    "license_issued": "License issued",
    "license_enabled": "License enabled",
    "license_disabled": "License disabled",
    "license_extended": "License extended",
    "license_reset": "License reset: all devices deactivated",
    "grace_started": "Grace period began",
    "license_expired": "License expired",
    "activation_refused": "Refused",
    "device_activated": "Device activated",
    "device_deactivated": "Device deactivated",
    "device_reset": "Device reset",
    "device_blacklisted": "Device blacklisted",
    "device_allowed": "Device allowed again",
    "devices_forgotten": "Devices forgotten that were not used any more",
    "user_assigned": "User assigned",
    "user_removed": "User removed",
    "user_activations_reset": "Activations of the user reset",
    "user_limit_changed": "Limit of the user changed",
    "log_in_failed": "Log-in failed",
    "log_in_locked": "Log-in failed, and locked",
    "signed_in": "Signed in",
    "code_asked": "A code for a forgotten password was asked for",
    "initial_password_read": "Initial password read",
    "batch_result_read": "Result of a batch read",
    "email_probed": "The e-mail was to be given to another account",
    "variables_tracked": "Device variables changed",
}
_REFUSALS = {
    "invalid_credentials": "Company code, e-mail and password do not belong together.",
    "account_locked": "Too many attempts. Wait a while, then try again; a forgotten password can be set anew.",
    "rate_limit_exceeded": "Too many attempts from where you are. Wait a quarter of an hour, then try again.",
    "license_users_limit_reached": (
        "All users of this license are assigned. Remove one first, or ask your vendor for more users."
    ),
    "user_already_assigned": "This e-mail is assigned to the license already.",
    "user_not_found": "This user has no seat on the license any more.",
    "device_not_found": "This device is not known on the license.",
    "license_not_found": "There is no such license here.",
}
_ACTORS = {"api": "application", "sweep": "the clock", "code": "a mailed code", "somebody": "somebody"}
MAX_DEVICE_NAME = 64
_FIELD = re.compile(r"[a-z_-]+: ")


def event_words(event: Event) -> str:
    """An event as a short sentence."""
    words = _EVENTS.get(event.type) or event.type.replace("_", " ").capitalize()
    if event.type == "device_activated" and event.detail.get("transfer"):
        return f"{words} (a transfer)"
    if event.type == "activation_refused":
        words = f"{words}: {_refusal(event)}"
    return f"{words}, {event.repeats + 1} times" if event.repeats else words


def _refusal(event: Event) -> str:
    """Why an activation was refused, and to which device."""
    detail: dict[str, Any] = event.detail
    device = safe_to_show(detail["hostname"] or event.hardware_id or "", MAX_DEVICE_NAME)
    why = refusal_message(detail["code"], detail["limit"], detail["used"])
    return f"{why} (device {device})" if device else why


def actor_words(name: str) -> str:
    """Who made a change: a person's e-mail, or what kind of program or office it was."""
    kind, _, who = name.partition(":")
    return display_email(who) if kind == "user" else _ACTORS.get(kind, "vendor")


def error_message(error: SeatkeeperError) -> str:
    """Why something was refused, and what to do."""
    message = error.detail or _REFUSALS.get(error.code) or ERRORS[error.code][1]
    if error.retry_after is not None and error.code == "account_locked":
        return f"Too many attempts. Try again in {_span(error.retry_after)}, or set a new password."
    return as_sentence(message)


def validation_message(error: ValidationError) -> str:
    """What is wrong with the first field that is: in our own words where we have some."""
    first = error.errors(include_url=False, include_context=False)[0]
    if first["type"] == "value_error":
        return first["msg"].removeprefix("Value error, ")
    return f"{str(first['loc'][0]).replace('_', ' ').capitalize()}: {first['msg']}."


def as_sentence(message: str) -> str:
    """Without the name of the field that it begins with: people see the field."""
    plain = _FIELD.sub("", message, count=1) if _FIELD.match(message) else message
    return plain[:1].upper() + plain[1:]


def _span(seconds: int) -> str:
    if seconds <= 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"
