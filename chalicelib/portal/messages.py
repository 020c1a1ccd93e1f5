"""What the portal says: events and refusals in the words of people."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import cast

from chalicelib.domain.batch import Row
from chalicelib.domain.columns import Column, Meaning
from chalicelib.domain.email import display_email, normalize_email
from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.license import License, LicenseType
from chalicelib.domain.mail import MailCode
from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.permissions import Permission
from chalicelib.domain.users import MAX_NAME, MAX_PHONE
from chalicelib.languages import day, gettext, mark, ngettext
from chalicelib.portal.context import Context
from chalicelib.usecases.batch_assign import RowResult
from chalicelib.web import messages
from chalicelib.web.messages import message
from chalicelib.web.refusal_messages import refusal_message

_EVENTS: dict[EventType, str] = {
    "license_issued": mark("License issued"),
    "license_enabled": mark("License resumed"),
    "license_disabled": mark("License paused"),
    "license_extended": mark("License extended"),
    "license_changed": mark("Terms changed"),
    "license_reset": mark("License reset: all devices deactivated"),
    "license_key_rotated": mark("License key replaced"),
    "license_archived": mark("License archived"),
    "license_restored": mark("License restored"),
    "license_deleted": mark("License deleted"),
    "license_customer_changed": mark("License moved to another customer"),
    "license_moved": mark("License moved to another order"),
    "license_named": mark("Name of the license removed"),
    "update_scheduled": mark("Change of terms scheduled"),
    "update_changed": mark("Scheduled change of terms altered"),
    "update_applied": mark("Scheduled change of terms made"),
    "update_canceled": mark("Scheduled change of terms canceled"),
    "update_failed": mark("Scheduled change of terms could not be made"),
    "update_deleted": mark("Scheduled change of terms deleted"),
    "license_will_expire": mark("License will expire"),
    "grace_started": mark("Grace period began"),
    "license_expired": mark("License expired"),
    "license_limit_reached": mark("Limit reached"),
    "activation_refused": mark("Activation refused"),
    "device_activated": mark("Device activated"),
    "device_deactivated": mark("Device deactivated"),
    "device_reset": mark("Device reset"),
    "device_blacklisted": mark("Device blacklisted"),
    "device_allowed": mark("Device allowed again"),
    "device_lapsed": mark("Place of an imported device freed: no device had taken it over"),
    "slot_taken": mark("Floating license in use on a device"),
    "slot_released": mark("Floating license given back"),
    "consumption_counted": mark("Uses of a day counted"),
    "consumption_set": mark("Count of uses set"),
    "legacy_devices_added": mark("Devices imported from another license system"),
    "devices_forgotten": mark("Devices removed that were no longer used"),
    "user_assigned": mark("User assigned"),
    "user_invited": mark("Invitation sent"),
    "user_removed": mark("User removed"),
    "user_replaced": mark("User replaced"),
    "user_activations_reset": mark("Activations of the user reset"),
    "user_limit_changed": mark("Limit of the user changed"),
    "log_in_failed": mark("Log-in failed"),
    "log_in_locked": mark("Log-in failed, account locked"),
    "signed_in": mark("Logged in"),
    "code_asked": mark("A code for a forgotten password was asked for"),
    "initial_password_read": mark("Initial password viewed"),
    "batch_started": mark("Batch license assign started"),
    "batch_reduced": mark("Batch license assign goes on with fewer people"),
    "batch_finished": mark("Batch license assign finished"),
    "batch_ended": mark("Batch license assign stopped"),
    "password_set": mark("Password set"),
    "password_changed": mark("Password changed"),
    "email_changed": mark("Email changed"),
    "person_changed": mark("Account changed"),
    "manager_added": mark("License manager added"),
    "manager_removed": mark("License manager removed"),
    "managers_permitted": mark("What license managers may do was changed"),
    "order_renamed": mark("Order got another number"),
    "sessions_ended": mark("Sessions ended"),
    "second_factor_on": mark("Two-factor log-in turned on"),
    "second_factor_off": mark("Two-factor log-in turned off"),
    "second_factor_failed": mark("Wrong code or passkey after the right password"),
    "second_factor_locked": mark("Wrong codes after the right password, and locked"),
    "recovery_codes_made": mark("New recovery codes made"),
    "recovery_code_used": mark("Recovery code used"),
    "passkey_added": mark("Passkey added"),
    "passkey_removed": mark("Passkey removed"),
    "user_unlocked": mark("Account unlocked"),
    "user_closed": mark("Account closed"),
    "user_reopened": mark("Account opened again"),
    "batch_result_read": mark("Result of a batch viewed"),
    "email_probed": mark("This email was refused for another account"),
    "variables_tracked": mark("Device variables changed"),
    "variable_changed": mark("Device variable changed by the vendor"),
    "variable_deleted": mark("Device variable deleted by the vendor"),
}
_TERMS: Mapping[str, str] = {
    "max_activations": mark("Activations"),
    "overage": mark("Activations"),
    "max_license_users": mark("License users"),
    "floating_users": mark("Floating use"),
    "floating_timeout": mark("Floating use"),
    "max_transfers": mark("Transfers"),
    "free_resets": mark("Resets"),
    "prevent_vm": mark("Virtual machines"),
    "is_trial": mark("Trial"),
    "name": mark("Name"),
    "start_date": mark("Start date"),
    "validity_period": mark("Valid until"),
    "valid_duration": mark("Valid until"),
    "grace_period": mark("Grace period"),
    "maintenance_period": mark("Maintenance until"),
    "features": mark("Features"),
    "custom_fields": mark("Further details"),
}
"""The terms that the page of a license shows, as it calls them. The others are the vendor's own."""
MAIL_KINDS: dict[MailCode, str] = {
    "seat_given": mark("A license is assigned to me"),
    "order_given": mark("I become the manager of an order"),
    "license_ends": mark("A license that I manage ends soon"),
    "license_grace": mark("A license that I manage is in its grace period"),
    "license_expired": mark("A license that I manage has ended"),
    "users_taken": mark("A license that I manage has no free seat"),
    "devices_taken": mark("A license that I manage has no free activation"),
    "invitation_bounced": mark("An invitation to a license that I manage did not arrive"),
}
"""What a person chooses to be mailed."""
PERMISSIONS: dict[Permission, str] = {
    "name_license": mark("name the license"),
    "reset_license": mark("reset the license"),
    "disable_license": mark("pause and resume the license"),
    "reset_devices": mark("reset devices"),
    "assign_users": mark("assign users"),
    "remove_users": mark("remove users"),
    "set_max_activations": mark("set max activations"),
    "change_emails": mark("change emails"),
    "set_passwords": mark("set passwords and see initial ones"),
}
"""What a manager does, where a sentence says who may."""
_LIMITS: dict[str, str] = {
    "devices": mark("all devices are in use"),
    "users": mark("all license users are assigned"),
    "transfers": mark("all transfers to another device are used up"),
    "devices_per_user": mark("all devices of a user are in use"),
    "floating": mark("all floating licenses are in use"),
    "consumption": mark("all uses are used up"),
}
"""What was reached, by `domain.limits.LimitKind`."""
MESSAGES = messages.MESSAGES | {
    "invalid_credentials.own_host": mark("Email or password is wrong."),
    "invalid_credentials": mark("Company code, email or password is wrong."),
    "account_locked": mark(
        "Too many attempts. Wait a while, then try again; if you forgot your password, set a new one."
    ),
    "rate_limit_exceeded": mark("Too many attempts from your network. Wait a quarter of an hour, then try again."),
    "license_users_limit_reached": mark(
        "All users of this license are assigned. Remove one first, or ask your vendor for more users."
    ),
    "user_already_assigned": mark("This email is already assigned to the license."),
    "user_not_found": mark("This user no longer has a seat on the license."),
    "user_not_found.person": mark("This person has no seat on a license that you manage."),
    "device_not_found": mark("This device is not known on the license."),
    "license_not_found": mark("There is no such license here."),
}
MEANINGS: dict[Meaning, str] = {
    "email": mark("Email"),
    "first_name": mark("First name"),
    "last_name": mark("Last name"),
    "name": mark("Full name"),
    "phone_number": mark("Phone number"),
    "max_activations": mark("Max activations"),
    "": mark("not used"),
}
"""What a column of a list is used for."""
_TYPES: Mapping[LicenseType, str] = {
    "perpetual": mark("perpetual"),
    "time-limited": mark("time-limited"),
    "subscription": mark("subscription"),
    "consumption": mark("by consumption"),
}
_ACTORS = {
    "api": mark("application"),
    "sweep": mark("the clock"),
    "code": mark("an emailed code"),
    "invitation": mark("an invitation"),
    "somebody": mark("somebody"),
}
_VENDOR, _LIMIT = mark("vendor"), mark("a limit")
"""Who, and what, it is else."""
MAX_DEVICE_NAME = 64


_ROWS = {
    "gets_seat": mark("Gets a seat."),
    "has_seat": mark("Already has a seat; nothing changes."),
    "no_seat_left": mark("No seat is left: this person gets none if you assign only those that fit."),
    "seat_gone": mark("there was no seat left."),
    "account_closed": mark("The vendor has closed this person's account."),
    "not_assigned": mark("Not assigned."),
    "assigned": mark("Assigned. This person has already chosen a password."),
    "assigned_with_password": mark("Assigned, with an initial password."),
    "assigned_invited": mark("Assigned, and invited by email to choose a password."),
    "second_email": mark("This row contains a second email."),
    "count_malformed": mark("Max activations: give a number in digits alone, such as 5 or 1000."),
    "profile_too_long": mark("A name has at most {name} characters, a phone number {phone}."),
    "profile_not_printable": mark("A name or phone number contains characters that cannot be shown."),
    "email_repeated": mark("This email is already in the list."),
}
"""What happens to the rows of a list."""


_ACTIVATED = {
    "over": mark("Device activated (over the limit)"),
    "transfer": mark("Device activated (a transfer)"),
    "adopted": mark("Device activated (place of an imported device)"),
}
"""What an activation is besides, by what its event says; the first that it is."""


def event_kind(type: EventType) -> str:
    """What a kind of event is called."""
    known = _EVENTS.get(type)
    return gettext(known) if known else type.replace("_", " ").capitalize()


def event_words(event: Event) -> str:
    """An event as a short sentence."""
    words = _words(event)
    return gettext("{what}, {n} times", what=words, n=event.repeats + 1) if event.repeats else words


def _words(event: Event) -> str:
    words = _uses(event.detail) if event.type in ("consumption_counted", "consumption_set") else ""
    words = words or event_kind(event.type)
    match event.type, event.detail:
        case "device_activated", detail:
            marked = [gettext(text) for name, text in _ACTIVATED.items() if detail.get(name)]
            words = marked[0] if marked else words
        case "license_disabled", _ if not event.actor.name.startswith("user:"):
            words = gettext("License suspended by the vendor")
        case "license_changed", detail if terms := _terms_in(detail):
            words = gettext("Terms changed: {what}", what=", ".join(terms))
        case "user_assigned", {"invited": invited} if invited:
            words = gettext("User assigned and invited")
        case "user_replaced", {"replaced_by": str(by)} if by:
            words = gettext("User replaced by {who}", who=display_email(by))
        case "license_named", {"name": str(name)} if name:
            words = gettext("License named “{name}”", name=name)
        case "license_will_expire", {"days": int(days)} if days:
            words = ngettext("License will expire within a day", "License will expire within {n} days", days)
        case "license_limit_reached", detail:
            limit = gettext(_LIMITS.get(str(detail.get("limit")), _LIMIT))
            words = gettext("Limit reached: {limit} ({of})", limit=limit, of=detail.get("of"))
        case "activation_refused", _:
            words = gettext("Refused: {why}", why=_refusal(event))
    return words


def _uses(detail: Context) -> str:
    """How much was used on a day, or what the count was set to."""
    match detail:
        case {"day": str(on), "amount": int(n)}:
            return ngettext("{n} use on {day}", "{n} uses on {day}", n, day=day(date.fromisoformat(on)))
        case {"total": int(n), "total_before": int(before)}:
            return gettext("Count of uses set to {n}; it was {before}", n=n, before=before)
    return ""


def _terms_in(detail: Context) -> list[str]:
    """What a change of terms has changed of those that the license's manager is shown, each once."""
    return list(dict.fromkeys(gettext(words) for name, words in _TERMS.items() if name in detail))


def _refusal(event: Event) -> str:
    """Why an activation was refused, and to which device."""
    detail: Context = event.detail
    device = safe_to_show(detail["hostname"] or event.hardware_id or "", MAX_DEVICE_NAME)
    why = refusal_message(detail["code"], detail["limit"], detail["used"], translate=gettext)
    return gettext("{why} (device {device})", why=why, device=device) if device else why


def actor_words(name: str) -> str:
    """Who made a change: a person's email, or what kind of program or office it was."""
    kind, _, who = name.partition(":")
    return display_email(who) if kind == "user" else gettext(_ACTORS.get(kind, _VENDOR))


def type_words(license_type: LicenseType) -> str:
    """What a type of license is called."""
    return gettext(_TYPES[license_type])


def permission_words(permissions: Collection[Permission]) -> str:
    """What somebody may do, or may not: always in one order."""
    return ", ".join(gettext(words) for permission, words in PERMISSIONS.items() if permission in permissions)


def error_message(error: SeatkeeperError) -> str:
    """Why something was refused, and what to do. Of several wrong fields each says why (`field_messages`)."""
    if isinstance(error, Invalid) and len(error.errors) > 1:
        return gettext("{n} fields need to be corrected.", n=len(error.errors))
    return _sentence(error)


def field_messages(error: SeatkeeperError) -> dict[str, str]:
    """The sentences of the form's fields, by name."""
    errors = error.errors if isinstance(error, Invalid) else (error,)
    return {one.field: _sentence(one) for one in errors if one.field is not None}


def row_message(result: RowResult, license: License, *, done: bool = False) -> str:
    """What will happen to a row of a list, or what has come of it."""
    stored = " " in result.code  # a sentence, by an earlier version
    sentence = result.code if stored else _row_sentence(result, license)
    failed = done and not result.ok and result.code != "not_assigned"
    return gettext("Not assigned: {why}", why=sentence) if failed else sentence


def _row_sentence(result: RowResult, license: License) -> str:
    if result.code in _ROWS:
        return gettext(_ROWS[result.code], name=MAX_NAME, phone=MAX_PHONE)
    return _problem(result.row, result.code, license)


def _problem(row: Row, code: str, license: License) -> str:
    if code.startswith("email_"):
        try:
            normalize_email(row.email)
        except Invalid as error:
            return _sentence(error)
    return _capital(gettext(MESSAGES[code], most=license.max_activations))


def _sentence(error: SeatkeeperError) -> str:
    if error.retry_after is not None and error.code == "account_locked":
        span = _span(error.retry_after)
        return gettext("Too many attempts. Try again in {span}, or set a new password.", span=span)
    if error.code == "columns_repeat":
        meaning = gettext(MEANINGS[cast(Meaning, error.params["meaning"])])
        *others, last = map(_quoted, cast(tuple[str | int, ...], error.params["columns"]))
        columns = gettext("{others} and {last}", others=", ".join(others), last=last)
        return message(error, MESSAGES, translate=gettext, meaning=meaning, columns=columns)
    return _capital(message(error, MESSAGES, translate=gettext))


def column_label(column: Column) -> str:
    """What a column of a list is called: as its title says, or by its number."""
    return column.title or _numbered(column.number)


def _quoted(column: str | int) -> str:
    """A column, by its title or its number from 0, in a sentence."""
    return gettext("“{column}”", column=column if isinstance(column, str) else _numbered(column))


def _numbered(number: int) -> str:
    return gettext("Column {n}", n=number + 1)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _span(seconds: int) -> str:
    if seconds <= 90:
        return ngettext("{n} second", "{n} seconds", seconds)
    minutes = -(-seconds // 60)
    return ngettext("{n} minute", "{n} minutes", minutes)
