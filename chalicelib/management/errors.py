"""The errors of the Management API: `{"detail", "code", "errors", "request_id"}`.

Clients of the public API read `detail`; the rest is ours. `errors` has for each wrong field the sentences about it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from chalicelib import observability
from chalicelib.domain.errors import Invalid, SeatkeeperError, Unavailable
from chalicelib.web.canonical import canonical_json
from chalicelib.web.error_responses import MAX_FIELDS, wire_code, wire_message
from chalicelib.web.errors import BUSY_RETRY_SECONDS, ERRORS, FinalResponse
from chalicelib.web.messages import message

CODES = (
    "not_found",
    "method_not_allowed",
    "validation_error",
    "missing_parameters",
    "missing_content",
    "invalid_json",
    "payload_too_large",
    "unsupported_media_type",
    "management_key_invalid",
    "management_key_revoked",
    "management_key_expired",
    "management_key_scope_missing",
    "calls_not_counted",
    "management_key_product_not_allowed",
    "idempotency_key_reused",
    "revision_changed",
    "rate_limit_exceeded",
    "cursor_invalid",
    "company_not_found",
    "license_not_found",
    "user_not_found",
    "user_already_assigned",
    "license_users_limit_reached",
    "max_activations_too_high",
    "account_closed",
    "limit_below_use",
    "license_archived",
    "scheduled_update_not_found",
    "scheduled_update_over",
    "batch_under_way",
    "order_not_found",
    "already_exists",
    "field_not_found",
    "policy_not_found",
    "policy_of_other_product",
    "disabled_product",
    "archived_product",
    "unknown_product",
    "unsupported_product_feature",
    "product_not_found",
    "feature_not_found",
    "webhook_not_found",
    "delivery_not_found",
    "device_not_found",
    "license_not_floating",
    "license_not_consumption",
    "variable_not_found",
    "event_not_found",
    "customer_not_found",
    "customer_has_licenses",
    "import_result_not_found",
    "customer_label_not_found",
    "labeling_not_found",
    "customer_account_not_found",
    "service_busy",
    "internal_error",
)
"""All that a call is answered, each with its `status_of`."""


def status_of(code: str) -> int:
    """As in `web.errors.ERRORS`; but an id of this API that leads nowhere is 404, where the License API says 400."""
    return 404 if code.endswith("_not_found") else ERRORS[code][0]


def management_error(
    code: str,
    detail: str | None = None,
    errors: Mapping[str, Sequence[str]] | None = None,
    *,
    retry_after: int | None = None,
) -> FinalResponse:
    """The answer for a code. `detail`: the sentence, by default that of the code; `errors`: by field."""
    standard = ERRORS[code][1]
    body = {
        "detail": detail or standard,
        "code": code,
        "errors": errors or {},
        "request_id": observability.request_id(),
    }
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    observability.set_error(code)
    return FinalResponse(canonical_json(body).decode(), headers, status_of(code))


def response_to(error: SeatkeeperError) -> FinalResponse:
    """The answer to an error; what is unavailable says when to come again, and the log says why."""
    if isinstance(error, Unavailable):
        observability.add_fields(unavailable_reason=str(error))
        return management_error("service_busy", retry_after=BUSY_RETRY_SECONDS)
    return management_error(wire_code(error), wire_message(error), _by_field(error), retry_after=error.retry_after)


def _by_field(error: SeatkeeperError) -> Mapping[str, Sequence[str]]:
    found: Mapping[str, list[str]] = defaultdict(list)
    for one in error.errors[:MAX_FIELDS] if isinstance(error, Invalid) else (error,):
        if one.field:
            found[one.field].append(message(one))
    return found
