"""Why a call was refused, in a clause that support and license managers read: "all 5 devices are in use"."""

from collections.abc import Callable, Mapping

from chalicelib.domain.errors import Code
from chalicelib.web.errors import ERRORS

REASONS: Mapping[Code, str] = {
    "license_not_enabled": "the license is paused or suspended",
    "license_start_date_not_reached": "the license has not begun yet",
    "license_expired": "the license has expired",
    "license_not_found": "no license matches what was sent",
    "blacklisted": "the device is blacklisted",
    "device_not_found": "the device is not active on the license",
    "device_transfer_not_allowed": "the license may not move to another device",
    "rate_limit_exceeded": "too much was asked for in a short time",
    "invalid_credentials": "the email or the password is wrong",
    "account_locked": "too many log-ins to the account have failed",
}
COUNTED: Mapping[Code, tuple[str, str, str, str]] = {
    "license_activated_max_times": (
        "no device is allowed",
        "the one device is in use",
        "all {limit} devices are in use",
        "{used} of {limit} devices are in use",
    ),
    "user_activated_max_times": (
        "no device of the user is allowed",
        "the one device of the user is in use",
        "all {limit} devices of the user are in use",
        "{used} of {limit} devices of the user are in use",
    ),
    "device_transfer_limit_reached": (
        "no transfer to another device is allowed",
        "the one transfer to another device is used up",
        "all {limit} transfers to another device are used up",
        "{used} of {limit} transfers to another device are used up",
    ),
    "license_users_limit_reached": (
        "no license user is allowed",
        "the one license user is assigned",
        "all {limit} license users are assigned",
        "{used} of {limit} license users are assigned",
    ),
}
"""Of limits: where none is allowed, the one is taken, all are, and where fewer or more are than are allowed."""


def refusal_message(
    code: Code, limit: int | None = None, used: int | None = None, *, translate: Callable[[str], str] = str
) -> str:
    """The reason as a clause, without a full stop; `limit` and `used` of a limit that was reached, where known.

    `translate` answers it in another language.
    """
    if code in COUNTED and limit is not None:
        taken = limit if used is None else used
        return translate(_counted(COUNTED[code], limit, taken)).format(limit=limit, used=taken)
    if code in REASONS:
        return translate(REASONS[code])
    if code not in ERRORS:  # of what was sent: the code says enough to who looks it up
        return code.replace("_", " ")
    message = translate(ERRORS[code][1]).rstrip(".")
    return message[:1].lower() + message[1:]


def _counted(clauses: tuple[str, str, str, str], limit: int, used: int) -> str:
    none, one, every, some = clauses
    if limit <= 0:
        return none
    if used != limit:
        return some
    return one if limit == 1 else every
