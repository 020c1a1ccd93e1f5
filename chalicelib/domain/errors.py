"""Why a call fails: the closed list of codes that rules may deny with (`Denied`), and `Unavailable`.

Messages and HTTP statuses stand in the one table of `chalicelib.web.errors`; a test holds the two lists together.
"""

from typing import Literal

Code = Literal[
    # the license and its product
    "unknown_product",
    "disabled_product",
    "archived_product",
    "license_key_required",
    "missing_parameters",
    "invalid_product_auth_method",
    "license_not_found",
    "license_not_enabled",
    "disabled_by_vendor",
    "license_start_date_not_reached",
    "license_expired",
    # the device
    "blacklisted",
    "vm_not_allowed",
    "device_not_found",
    "device_transfer_not_allowed",
    "device_transfer_limit_reached",
    # the limits
    "user_activated_max_times",
    "license_activated_max_times",
    "rate_limit_exceeded",
    "license_users_limit_reached",
    "max_activations_too_high",
    # people
    "invalid_credentials",
    "account_locked",
    "rate_limit_exceeded",
    "invalid_code",
    "customer_not_found",
    "user_not_found",
    "user_already_assigned",
    "batch_not_found",
    "not_your_user",
    "account_closed",
    # the catalogue
    "company_not_found",
    "api_key_not_found",
    "already_exists",
    "validation_error",
    # lists
    "cursor_invalid",
]


class Denied(Exception):
    """A rule says no. `code` is the reason; `detail`, where given, replaces the code's standard sentence."""

    def __init__(self, code: Code, detail: str = "", retry_after: int | None = None) -> None:
        super().__init__(detail or code)
        self.code: Code = code
        self.detail = detail
        self.retry_after = retry_after
        """Seconds after which the same call may succeed, for refusals that end by themselves."""
        self.license_id: int | None = None
        """The license that a rule was asked about, where the caller has been found to belong to it."""


class LimitReached(Denied):
    """A counter is at its maximum (`domain.limits`): `used` of `limit`."""

    def __init__(self, code: Code, *, limit: int, used: int) -> None:
        super().__init__(code)
        self.limit, self.used = limit, used


class Unavailable(Exception):
    """Nothing was confirmed in time, and nothing is known to be wrong: the same call may be sent again.

    The text says why, for the log: it is never shown.
    """
