"""Every error that Seatkeeper raises on purpose.

    SeatkeeperError(code, field, params)
    ├── Rejected                 the call was decided, and the answer is no
    │   ├── Denied               a rule says no; repeating does not help, unless `retry_after` says when
    │   │   └── LimitReached     a counter is full; params: limit, used
    │   ├── Invalid              what was sent is malformed; `errors` holds one Invalid for each wrong field
    │   ├── NotFound             there is no such thing, or it is another company's
    │   ├── AlreadyExists        a name that must be unique is taken
    │   ├── Unauthenticated      the caller is not known: API key, signature, session, password
    │   └── Forbidden            the caller is known and may not: scope, role, another manager's user
    └── Unavailable              nothing was confirmed: the same call may be sent again

`code` is one of `Code` and never changes. `field` is the field of the request that is wrong, with underscores, or None.
`params` are what a message needs; `of` among them says which of the things that share a code it is about. No class
holds a sentence: adapters have tables from code to message (`web/messages.py`). `store.database.ConditionFailed` is
not in this tree: it never leaves a use case.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, Self, TypeVar

Param = str | int | None | tuple[str | int, ...]
V = TypeVar("V")

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
    "not_allowed_by_vendor",
    "license_start_date_not_reached",
    "license_expired",
    # the device
    "blacklisted",
    "vm_not_allowed",
    "device_not_found",
    "invalid_license_feature_code",
    "unsupported_product_feature",
    "variable_not_found",
    "event_not_found",
    "device_transfer_not_allowed",
    "device_transfer_limit_reached",
    # the limits
    "user_activated_max_times",
    "license_activated_max_times",
    "rate_limit_exceeded",
    "license_users_limit_reached",
    "max_floating_reached",
    "license_not_floating",
    "license_not_enough_consumptions",
    "negative_consumptions_not_allowed",
    "license_not_consumption",
    "max_activations_too_high",
    # people
    "invalid_credentials",
    "account_locked",
    "invalid_code",
    "invalid_invitation",
    "password_chosen",
    "customer_not_found",
    "user_not_found",
    "user_already_assigned",
    "batch_not_found",
    "batch_under_way",
    "not_your_user",
    "account_closed",
    "session_expired",
    "password_change_required",
    "second_factor_required",
    # the catalog
    "company_not_found",
    "api_key_not_found",
    "management_key_not_found",
    "already_exists",
    "order_not_found",
    "webhook_not_found",
    "delivery_not_found",
    "import_result_not_found",
    "customer_label_not_found",
    "labeling_not_found",
    "customer_account_not_found",
    "customer_has_licenses",
    "calls_not_counted",
    "revision_changed",
    "license_archived",
    "scheduled_update_not_found",
    "scheduled_update_over",
    "limit_below_use",
    "idempotency_key_reused",
    "validation_error",
    "cursor_invalid",
    # what was sent is malformed: clients of the License API get `validation_error`
    "field_malformed",
    "name_unknown",
    "choice_unknown",
    "integer_malformed",
    "number_too_small",
    "number_too_large",
    "text_too_short",
    "entries_too_few",
    "entries_too_many",
    "name_length",
    "text_too_long",
    "text_not_printable",
    "company_code_malformed",
    "product_code_malformed",
    "origin_malformed",
    "url_malformed",
    "url_for_operators",
    "url_not_encrypted",
    "url_not_public",
    "accent_malformed",
    "portal_host_malformed",
    "language_unknown",
    "time_zone_unknown",
    "date_malformed",
    "date_impossible",
    "date_out_of_range",
    "date_past",
    "clock_out_of_range",
    "duration_malformed",
    "duration_too_long",
    "count_malformed",
    "count_negative",
    "count_out_of_range",
    "email_malformed",
    "email_not_ascii",
    "email_domain_impossible",
    "email_too_long",
    "email_on_too_many_licenses",
    "password_length",
    "password_of_account",
    "password_known_to_others",
    "password_common",
    "password_of_a_row",
    "password_word_and_year",
    "password_as_before",
    "passwords_differ",
    "account_of_too_many_customers",
    "logo_too_large",
    "logo_malformed",
    "logo_root",
    "filter_required",
    "order_not_filed",
    "span_too_long",
    "variable_exists",
    "variables_too_many",
    "variables_too_long",
    "list_unreadable",
    "list_no_csv",
    "list_empty",
    "list_too_wide",
    "list_too_long",
    "list_too_large",
    "list_needs_no_seat",
    "file_too_long",
    "columns_repeat",
    "column_of_emails_missing",
    "only_of_one",
    # the terms of a license contradict each other
    "license_has_no_users",
    "license_key_malformed",
    "perpetual_has_no_end",
    "no_end_yet",
    "end_missing",
    "end_twice",
    "end_beyond_calendar",
    "start_after_end",
    "grace_without_end",
    "transfers_out_of_range",
    "product_has_no_keys",
    "product_has_no_users",
    "too_many_managers",
    "too_many_passkeys",
    "too_many_webhooks",
    "too_many_scheduled_updates",
    "too_many_labels",
    "too_many_former_emails",
    "id_unknown",
    "merged_with_itself",
    "order_moves_alone",
    "order_keeps_its_name",
    "total_changes_alone",
    "event_type_unknown",
    "scope_unknown",
    # what a product defines
    "product_not_found",
    "feature_not_found",
    "field_not_found",
    "field_unknown",
    "feature_unknown",
    "policy_not_found",
    "policy_of_other_product",
    "policy_named_twice",
    "too_many_features",
    "too_many_fields",
    "too_many_policies",
    "policy_too_large",
    "feature_without_consumption",
    "license_without_consumption",
    "consumption_period_missing",
    "metadata_too_large",
    "metadata_malformed",
    "license_too_large",
    "not_offered_yet",
    "number_malformed",
    "boolean_malformed",
    # how a request is sent, and who sends it
    "not_found",
    "missing_headers",
    "missing_content",
    "missing_hardware_id",
    "invalid_json",
    "payload_too_large",
    "unsupported_media_type",
    "authorization_invalid_headers",
    "authorization_missing_params",
    "hmac_required",
    "date_header_invalid",
    "date_header_diff",
    "signature_mismatch",
    "invalid_api_key",
    "api_key_revoked",
    "api_key_disabled",
    "api_key_read_only",
    "api_key_product_not_allowed",
    "api_key_scope_missing",
    "api_key_digest_required",
    "api_key_origin_not_allowed",
    "management_key_invalid",
    "management_key_revoked",
    "management_key_expired",
    "management_key_scope_missing",
    "management_key_product_not_allowed",
    # nothing was confirmed
    "database_busy",
    "database_read_only",
    "too_many_rivals",
    "too_many_log_ins",
    "too_many_device_searches",
    "signing_key_unknown",
]


class SeatkeeperError(Exception):
    """Base class. Catch it where any of them may become an answer."""

    def __init__(self, code: Code, *, field: str | None = None, **params: Param) -> None:
        super().__init__(code)
        self.code: Code = code
        self.field, self.params = field, params
        self.license_id: int | None = None
        """The license that a rule was asked about, where the caller has been found to belong to it."""

    @property
    def retry_after(self) -> int | None:
        """Seconds after which the same call may succeed, for errors that end by themselves."""
        seconds = self.params.get("retry_after")
        return seconds if isinstance(seconds, int) else None

    def sent_as(self, name: Callable[[str], str]) -> Self:
        """The same error, with what `name` makes of its field. This one stays: it may be raised again."""
        new = type(self).__new__(type(self), *self.args)
        vars(new).update(vars(self), field=None if self.field is None else name(self.field))
        return new


class Rejected(SeatkeeperError):
    """The call was decided, and the answer is no. Catch it where a call goes on in another way than by its answer."""


class Denied(Rejected):
    """A rule says no."""


class LimitReached(Denied):
    """A counter is full: `used` is what it stands at, of `limit`."""

    def __init__(self, code: Code, *, field: str | None = None, limit: int, used: int, **params: Param) -> None:
        super().__init__(code, field=field, limit=limit, used=used, **params)
        self.limit, self.used = limit, used


class Invalid(Rejected):
    """What was sent is malformed."""

    def __init__(
        self,
        code: Code,
        *,
        field: str | None = None,
        errors: "Sequence[Invalid]" = (),
        **params: Param,
    ) -> None:
        super().__init__(code, field=field, **params)
        self.errors: tuple[Invalid, ...] = tuple(errors) or (self,)
        """One for each wrong field; itself, where it is the only one."""

    def sent_as(self, name: Callable[[str], str]) -> Self:
        """With all its errors."""
        new = super().sent_as(name)
        new.errors = tuple(new if error is self else error.sent_as(name) for error in self.errors)
        return new

    @staticmethod
    def all(found: "Sequence[Invalid]") -> "Invalid":
        """One error for several, at least one; as a whole it is the first."""
        errors = [each for error in found for each in error.errors]
        return Invalid(errors[0].code, field=errors[0].field, errors=errors, **errors[0].params)


def raise_all(found: Sequence[Invalid]) -> None:
    """Raise what was found, if anything, as one error that names each wrong field."""
    if found:
        raise Invalid.all(found)


class Faults:
    """What is wrong with several parts of a call, each looked at whatever is wrong with the others."""

    def __init__(self, found: Sequence[Invalid] = ()) -> None:
        self._found = list(found)
        self._refusal: Rejected | None = None

    @contextmanager
    def of(self, name: Callable[[str], str] = str) -> Iterator[None]:
        """One part. What is refused inside is raised by `raise_all`, by the names that `name` makes."""
        try:
            yield
        except Invalid as error:
            self._found.append(error.sent_as(name))
        except Rejected as error:
            self._refusal = self._refusal or error.sent_as(name)

    def raise_all(self) -> None:
        """Raise one error for all fields that are malformed; where none is, the first other refusal, if any."""
        raise_all(self._found)
        if self._refusal is not None:
            raise self._refusal


@contextmanager
def at_field(field: str) -> Iterator[None]:
    """What is invalid inside is so in this field."""
    try:
        yield
    except Invalid as error:
        raise Invalid(error.code, field=field, errors=(), **error.params) from None


@contextmanager
def sent_as(name: Callable[[str], str]) -> Iterator[None]:
    """What is refused inside names its fields as the caller has sent them: by what `name` makes of a rule's name."""
    try:
        yield
    except Rejected as error:
        raise error.sent_as(name) from None


def wrong_in(field: str, rule: Callable[[V], object], value: V) -> Iterator[Invalid]:
    """What a rule finds wrong with the value of a field; nothing, where it is right."""
    try:
        with at_field(field):
            rule(value)
    except Invalid as error:
        yield error


class NotFound(Rejected):
    """There is no such thing, or it is another company's."""


class AlreadyExists(Rejected):
    """A name that must be unique is taken."""


class Unauthenticated(Rejected):
    """The caller is not known."""


class Forbidden(Rejected):
    """The caller is known and may not."""


class Unavailable(SeatkeeperError):
    """Nothing was confirmed in time, and nothing is known to be wrong: the same call may be sent again.

    Callers get no more than that; as a text it says why, for the log.
    """

    def __str__(self) -> str:
        return ": ".join([self.code, *map(str, self.params.values())])
