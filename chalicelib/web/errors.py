"""Every error that a call can be answered with: one table, one shape.

Clients take a 4xx of this shape as the server's word, and anything else (a 5xx, a body that is no such JSON) as
"server unreachable". So a denial is always a 4xx from this table.
"""

import logging
from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib import observability
from chalicelib.web.canonical import canonical_json
from chalicelib.web.cors import readable

log = logging.getLogger("seatkeeper")

# code: (HTTP status, message). The order is that of the wire contract.
CLIENT_ERRORS: dict[str, tuple[int, str]] = {
    "not_found": (404, "There is nothing at this address."),
    "method_not_allowed": (405, "This address does not take this method."),
    "validation_error": (400, "A field has a wrong type or value."),
    "missing_headers": (400, "The headers Date and Authorization are needed."),
    "missing_parameters": (400, "A required parameter is missing."),
    "missing_content": (400, "The request needs a body."),
    "invalid_json": (400, "The body is not valid JSON."),
    "payload_too_large": (413, "The body is too large."),
    "unsupported_media_type": (415, "The body must be application/json."),  # ours: the contract names no code
    "authorization_invalid_headers": (401, "The Authorization header cannot be read."),
    "authorization_missing_params": (401, "The Authorization header lacks a parameter."),
    "hmac_required": (400, "The Authorization header must use the algorithm hmac-sha256."),
    "date_header_invalid": (400, "The Date header is not a date in RFC 7231 form (GMT)."),
    "date_header_diff": (400, "The Date header is too far from the server's clock."),
    "signature_mismatch": (401, "The signature does not match the request and the shared key."),
    "invalid_api_key": (401, "This API key does not exist."),
    "api_key_revoked": (401, "This API key has been revoked."),
    "api_key_disabled": (401, "This API key is disabled."),  # ours
    "api_key_read_only": (403, "This API key may only read."),
    "api_key_product_not_allowed": (403, "This API key may not be used for this product."),
    "api_key_scope_missing": (403, "This API key lacks the scope that this call needs."),  # ours
    "api_key_digest_required": (401, "This API key takes only signatures over the whole request."),  # ours
    "api_key_origin_not_allowed": (403, "This API key may not be used by pages of this origin."),  # ours
    "oauth_token_expired": (401, "The access token has expired."),
    "oauth_token_malformed": (401, "The access token cannot be read."),
    "unknown_product": (400, "There is no product with this code."),
    "disabled_product": (400, "This product is disabled."),
    "archived_product": (400, "This product is archived."),
    "license_key_required": (400, "The license key is missing."),
    "missing_hardware_id": (400, "The hardware id is missing."),
    "license_not_found": (400, "No license matches what was sent."),
    "license_not_enabled": (400, "This license is disabled."),
    "license_not_active": (400, "This license is not active."),
    "license_expired": (400, "This license has expired."),
    "license_start_date_not_reached": (400, "This license is not valid yet."),
    "license_activated_max_times": (400, "All activations of this license are in use."),
    "user_activated_max_times": (400, "All activations of this user are in use."),
    "device_not_found": (400, "This device is not active on the license."),
    "blacklisted": (400, "This device is blacklisted."),
    "trial_expired": (400, "The trial has expired."),
    "trial_not_allowed": (400, "This product offers no trial."),
    "email_missing": (400, "The email is missing."),
    "unsupported_product_feature": (400, "The product does not have this feature."),
    "active_license_required": (400, "The license must be active."),
    "version_not_found": (400, "There is no such version."),
    "borrow_not_allowed": (400, "This license cannot be borrowed."),
    "borrow_until_not_valid": (400, "The license cannot be borrowed until then."),
    "max_floating_reached": (400, "All floating licenses are in use."),
    "license_not_floating": (400, "This license is not floating."),
    "feature_not_floating": (400, "This feature is not floating."),
    "floating_feature_device_not_in_use": (400, "The device does not hold this feature."),
    "license_not_enough_consumptions": (400, "The license has not enough consumptions left."),
    "feature_not_enough_consumptions": (400, "The feature has not enough consumptions left."),
    "negative_consumptions_not_allowed": (400, "Consumptions cannot be negative here."),
    "license_not_consumption": (400, "This license is not of the type consumption."),
    "invalid_license_feature_code": (400, "The license has no feature with this code."),
    "invalid_pool_type": (400, "This pool is not of the type that this call needs."),
    "invalid_product_auth_method": (400, "The product is licensed in another way than this call needs."),
    "vm_not_allowed": (400, "This license does not run on virtual machines."),
    "device_transfer_limit_reached": (400, "This license has been moved to another device as often as it may be."),
    "device_transfer_not_allowed": (400, "This license may not be moved to another device."),
    "invalid_credentials": (401, "The email or the password is wrong."),
    "account_locked": (429, "Too many failed log-ins; try again later."),
    "change_password_not_allowed": (400, "This password cannot be changed here."),
    "customer_not_found": (400, "There is no such customer."),
    "offline_activation_not_allowed": (400, "This license cannot be activated offline."),
    "sso_not_configured": (400, "Single sign-on is not configured."),
    "rate_limit_exceeded": (429, "Too many requests; try again later."),
    "cursor_invalid": (
        400,
        ("This page does not belong to the list as it is filtered here; start at its first page."),
    ),  # ours
    "service_busy": (503, "The service is busy; try again."),
    "internal_error": (500, "Something went wrong on our side."),
}
"""The errors of client applications; some codes wait for calls that do not exist yet."""

MANAGER_ERRORS: dict[str, tuple[int, str]] = {
    "company_not_found": (404, "There is no company with this code."),
    "api_key_not_found": (404, "There is no such API key."),
    "already_exists": (409, "There is one already."),
    "idempotency_key_reused": (422, "This idempotency key was used for another request."),
    "user_not_found": (404, "No such user is assigned to this license."),
    "user_already_assigned": (409, "This user is already assigned to the license."),
    "order_not_found": (404, "There is no such order."),
    "webhook_not_found": (404, "There is no such webhook."),
    "scheduled_update_not_found": (404, "There is no such scheduled update."),
    "scheduled_update_over": (409, "The scheduled update was applied or canceled, or has failed."),
    "batch_not_found": (404, "There is no such batch, or no longer: its list is kept for a week."),
    "disabled_by_vendor": (403, "The vendor has disabled this license; only the vendor can enable it again."),
    "not_allowed_by_vendor": (403, "The vendor has not allowed this for your order."),
    "not_your_user": (
        403,
        "This person also has licenses that you do not manage; only they themselves can change the account.",
    ),
    "account_closed": (403, "The vendor has closed this person's account; only the vendor can open it again."),
    "license_users_limit_reached": (409, "All license users that the license allows are assigned."),
    "max_activations_too_high": (400, "The license does not allow so many activations."),
    "invalid_code": (400, "This code is wrong, used up or too old; ask for a new one."),
    "invalid_invitation": (400, "This link is wrong, used up, too old or replaced by a newer one."),
    "password_chosen": (409, "This person has already chosen a password."),
}
"""Errors of those who manage licenses; client applications never get them."""

MANAGEMENT_ERRORS: dict[str, tuple[int, str]] = {
    "management_key_invalid": (403, "The header Authorization must be Api-Key and a key of the Management API."),
    "management_key_revoked": (403, "This key has been revoked."),
    "management_key_expired": (403, "This key has expired."),
    "management_key_scope_missing": (403, "This key lacks the scope that this call needs."),
    "calls_not_counted": (
        403,
        "Calls are not counted here. GET /api/v1/reports/activations and GET /api/v1/reports/refusals say what "
        "happened.",
    ),
    "management_key_product_not_allowed": (
        403,
        "This key is limited to products, and the call is not about one of them.",
    ),
    "management_key_not_found": (404, "There is no such key."),
    "variable_not_found": (404, "There is no such variable."),
    "event_not_found": (404, "There is no such event."),
    "delivery_not_found": (404, "There is no such delivery, or no more: the log keeps one for 30 days."),
    "product_not_found": (404, "There is no such product."),
    "feature_not_found": (404, "There is no such feature."),
    "field_not_found": (404, "There is no such custom field."),
    "policy_not_found": (404, "There is no such license policy."),
    "policy_of_other_product": (409, "The license is one of another product than the policy."),
    "license_archived": (409, "This license is archived: restore it first."),
    "batch_under_way": (
        409,
        "People of a list are being assigned to this license; try again when all are.",
    ),
    "limit_below_use": (409, "More are in use than the new limit allows."),
    "import_result_not_found": (404, "There is no such import."),
    "customer_label_not_found": (404, "There is no such label."),
    "labeling_not_found": (404, "No label with this id is on a customer."),
    "customer_account_not_found": (404, "There is no such customer account."),
    "customer_has_licenses": (409, "Something was sold to this customer; merge it into another one instead."),
    "revision_changed": (412, "It has another revision than If-Match says: somebody else was faster."),
}
"""Errors of a vendor's servers, beside those above."""

ERRORS = CLIENT_ERRORS | MANAGER_ERRORS | MANAGEMENT_ERRORS

BUSY_RETRY_SECONDS = 1

CODE_BY_STATUS = {
    403: "not_found",  # what Chalice and API Gateway say of an unknown path
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limit_exceeded",
    503: "service_busy",
}
"""What is answered before any call is reached, by the status that Chalice or API Gateway gives it."""


class FinalResponse(Response):
    """An answer that has its final shape: nobody who passes it on changes it."""


class ErrorResponse(FinalResponse):
    """An answer in the one error shape."""


def error_response(code: str, message: str | None = None, *, retry_after: int | None = None) -> ErrorResponse:
    """The answer for a code of the table: `{"status": …, "code": …, "message": …}`."""
    status, standard = ERRORS[code]
    body = canonical_json({"status": status, "code": code, "message": message or standard}).decode()
    headers = readable() | {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    observability.set_error(code)
    return ErrorResponse(body, headers, status)


def handle_framework_errors(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """What Chalice answers by itself (unknown path, wrong method, wrong type, a bug) in the one error shape."""
    try:
        response = get_response(request)
    except Exception:
        log.exception("bug outside of every adapter")
        return error_response("internal_error")
    if response.status_code < 400 or isinstance(response, FinalResponse):
        return response
    shaped = error_response(CODE_BY_STATUS.get(response.status_code, "internal_error"))
    if "Allow" in response.headers:
        shaped.headers["Allow"] = response.headers["Allow"]
    return shaped
