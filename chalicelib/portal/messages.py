"""What the portal says: events and refusals in the words of people."""

from typing import cast

from chalicelib.domain.batch import Row
from chalicelib.domain.columns import Column, Meaning
from chalicelib.domain.email import display_email, normalize_email
from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.license import License
from chalicelib.domain.mail import MailCode
from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.users import MAX_NAME, MAX_PHONE
from chalicelib.languages import mark
from chalicelib.portal.context import Context
from chalicelib.usecases.batch_assign import RowResult
from chalicelib.web import messages
from chalicelib.web.messages import message
from chalicelib.web.refusal_messages import refusal_message

_EVENTS: dict[EventType, str] = {
    "license_issued": "License issued",
    "license_enabled": "License enabled",
    "license_disabled": "License disabled",
    "license_extended": "License extended",
    "license_reset": "License reset: all devices deactivated",
    "license_will_expire": "License will expire",
    "grace_started": "Grace period began",
    "license_expired": "License expired",
    "license_limit_reached": "Limit reached",
    "activation_refused": "Refused",
    "device_activated": "Device activated",
    "device_deactivated": "Device deactivated",
    "device_reset": "Device reset",
    "device_blacklisted": "Device blacklisted",
    "device_allowed": "Device allowed again",
    "devices_forgotten": "Devices forgotten that were not used any more",
    "user_assigned": "User assigned",
    "user_invited": "Invitation sent again",
    "user_removed": "User removed",
    "user_replaced": "User replaced",
    "user_activations_reset": "Activations of the user reset",
    "user_limit_changed": "Limit of the user changed",
    "log_in_failed": "Log-in failed",
    "log_in_locked": "Log-in failed, and locked",
    "signed_in": "Signed in",
    "code_asked": "A code for a forgotten password was asked for",
    "initial_password_read": "Initial password read",
    "batch_result_read": "Result of a batch read",
    "email_probed": "Another account was to be given this e-mail",
    "variables_tracked": "Device variables changed",
}
MAIL_KINDS: dict[MailCode, str] = {
    "seat_given": mark("I may use a license"),
    "order_given": mark("I come to manage an order"),
    "license_ends": mark("A license that I manage ends soon"),
    "license_grace": mark("A license that I manage is in its grace period"),
    "license_expired": mark("A license that I manage has ended"),
    "users_taken": mark("All users of a license that I manage are taken"),
    "devices_taken": mark("A license that I manage is active on all devices that it may be"),
    "invitation_bounced": mark("An invitation to a license that I manage did not arrive"),
}
"""What a person chooses to be mailed."""
_LIMITS: dict[str, str] = {
    "devices": "all devices are in use",
    "users": "all license users are assigned",
    "transfers": "all transfers to another device are used up",
    "devices_per_user": "all devices of a user are in use",
}
"""What was reached, by `domain.limits.LimitKind`."""
MESSAGES = messages.MESSAGES | {
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
MEANINGS: dict[Meaning, str] = {
    "email": "E-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "name": "Full name",
    "phone_number": "Phone number",
    "max_activations": "Max activations",
    "": "not used",
}
"""What a column of a list is used for."""
_ACTORS = {
    "api": "application",
    "sweep": "the clock",
    "code": "a mailed code",
    "invitation": "an invitation",
    "somebody": "somebody",
}
MAX_DEVICE_NAME = 64


_ROWS = {
    "gets_seat": "Gets a seat.",
    "has_seat": "Has a seat already; nothing changes.",
    "no_seat_left": "No seat is left: this person gets none if only those are assigned that fit.",
    "seat_gone": "there was no seat left.",
    "account_closed": "The vendor has closed this person's account.",
    "not_assigned": "Not assigned.",
    "assigned": "Assigned; the password is this person's own.",
    "assigned_with_password": "Assigned, with an initial password.",
    "assigned_invited": "Assigned, and invited by mail to choose a password.",
    "second_email": "This row holds a second e-mail.",
    "count_malformed": "Max activations: give a number in digits alone, such as 5 or 1000.",
    "profile_too_long": f"A name has at most {MAX_NAME} characters, a phone number {MAX_PHONE}.",
    "profile_not_printable": "A name or phone number holds characters that cannot be shown.",
    "email_repeated": "This e-mail is in the list already.",
}
"""What happens to the rows of a list."""


def event_words(event: Event) -> str:
    """An event as a short sentence."""
    words = _EVENTS.get(event.type) or event.type.replace("_", " ").capitalize()
    if event.type == "device_activated" and event.detail.get("transfer"):
        return f"{words} (a transfer)"
    if event.type == "user_assigned" and event.detail.get("invited"):
        return f"{words} and invited"
    if event.type == "user_replaced" and (by := event.detail.get("replaced_by")):
        return f"{words} by {display_email(str(by))}"
    if event.type == "license_will_expire" and (days := event.detail.get("days")):
        return f"{words} within a day" if days == 1 else f"{words} within {days} days"
    if event.type == "license_limit_reached":
        return f"{words}: {_LIMITS.get(str(event.detail.get('limit')), 'a limit')} ({event.detail.get('of')})"
    if event.type == "activation_refused":
        words = f"{words}: {_refusal(event)}"
    return f"{words}, {event.repeats + 1} times" if event.repeats else words


def _refusal(event: Event) -> str:
    """Why an activation was refused, and to which device."""
    detail: Context = event.detail
    device = safe_to_show(detail["hostname"] or event.hardware_id or "", MAX_DEVICE_NAME)
    why = refusal_message(detail["code"], detail["limit"], detail["used"])
    return f"{why} (device {device})" if device else why


def actor_words(name: str) -> str:
    """Who made a change: a person's e-mail, or what kind of program or office it was."""
    kind, _, who = name.partition(":")
    return display_email(who) if kind == "user" else _ACTORS.get(kind, "vendor")


def error_message(error: SeatkeeperError) -> str:
    """Why something was refused, and what to do. Of several wrong fields each says why (`field_messages`)."""
    if isinstance(error, Invalid) and len(error.errors) > 1:
        return f"{len(error.errors)} fields need to be corrected."
    return _sentence(error)


def field_messages(error: SeatkeeperError) -> dict[str, str]:
    """The sentences of the form's fields, by name."""
    errors = error.errors if isinstance(error, Invalid) else (error,)
    return {one.field: _sentence(one) for one in errors if one.field is not None}


def row_message(result: RowResult, license: License, *, done: bool = False) -> str:
    """What will happen to a row of a list, or what has come of it."""
    if " " in result.code:  # a sentence, stored by an earlier version
        sentence = result.code
    else:
        sentence = _ROWS.get(result.code) or _problem(result.row, result.code, license)
    return f"Not assigned: {sentence}" if done and not result.ok and result.code != "not_assigned" else sentence


def _problem(row: Row, code: str, license: License) -> str:
    if code.startswith("email_"):
        try:
            normalize_email(row.email)
        except Invalid as error:
            return _sentence(error)
    return _capital(MESSAGES[code].format(most=license.max_activations))


def _sentence(error: SeatkeeperError) -> str:
    if error.retry_after is not None and error.code == "account_locked":
        return f"Too many attempts. Try again in {_span(error.retry_after)}, or set a new password."
    if error.code == "columns_repeat":
        meaning = MEANINGS[cast(Meaning, error.params["meaning"])]
        *others, last = map(_quoted, cast(tuple[str | int, ...], error.params["columns"]))
        return message(error, MESSAGES, meaning=meaning, columns=f"{', '.join(others)} and {last}")
    return _capital(message(error, MESSAGES))


def column_label(column: Column) -> str:
    """What a column of a list is called: as its title says, or by its number."""
    return column.title or _numbered(column.number)


def _quoted(column: str | int) -> str:
    """A column, by its title or its number from 0, in a sentence."""
    return f"“{column if isinstance(column, str) else _numbered(column)}”"


def _numbered(number: int) -> str:
    return f"Column {number + 1}"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _span(seconds: int) -> str:
    if seconds <= 90:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{-(-seconds // 60)} minutes"
