"""Why a call was refused, in a clause that support and license managers read: "all 5 devices are in use"."""

from chalicelib.domain.errors import Code
from chalicelib.web.errors import ERRORS

_REASONS: dict[Code, str] = {
    "license_not_enabled": "the license is disabled",
    "license_start_date_not_reached": "the license has not begun yet",
    "license_expired": "the license has expired",
    "license_not_found": "no license matches what was sent",
    "blacklisted": "the device is blacklisted",
    "device_not_found": "the device is not active on the license",
    "device_transfer_not_allowed": "the license may not move to another device",
    "rate_limit_exceeded": "too much was asked for in a short time",
    "invalid_credentials": "the e-mail or the password is wrong",
    "account_locked": "too many log-ins to the account have failed",
}
_COUNTED: dict[Code, tuple[str, str]] = {
    "license_activated_max_times": ("device", "in use"),
    "user_activated_max_times": ("device of the user", "in use"),
    "device_transfer_limit_reached": ("transfer to another device", "used up"),
    "license_users_limit_reached": ("license user", "assigned"),
}


def refusal_message(code: Code, limit: int | None = None, used: int | None = None) -> str:
    """The reason as a clause, without a full stop; `limit` and `used` of a limit that was reached, where known."""
    if code in _COUNTED and limit is not None:
        return _limit_message(*_COUNTED[code], limit, limit if used is None else used)
    if code in _REASONS:
        return _REASONS[code]
    if code not in ERRORS:  # of what was sent: the code says enough to who looks it up
        return code.replace("_", " ")
    message = ERRORS[code][1].rstrip(".")
    return message[:1].lower() + message[1:]


def _limit_message(counted: str, state: str, limit: int, used: int) -> str:
    noun, space, rest = counted.partition(" ")
    several = f"{noun}s{space}{rest}"
    if limit <= 0:
        return f"no {counted} is allowed"
    if used != limit:
        return f"{used} of {limit} {several} are {state}"
    return f"the one {counted} is {state}" if limit == 1 else f"all {limit} {several} are {state}"
