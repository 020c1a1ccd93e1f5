"""The codes of the wire contract, copied here by hand: the table of the code has these, with these statuses."""

from chalicelib.web.errors import CLIENT_ERRORS

CONTRACT = """
not_found 404 · method_not_allowed 405 · validation_error · missing_headers · missing_parameters · missing_content ·
invalid_json · payload_too_large 413 · authorization_invalid_headers 401 · authorization_missing_params 401 ·
hmac_required · date_header_invalid · date_header_diff · signature_mismatch 401 · invalid_api_key 401 ·
api_key_revoked 401 · api_key_read_only 403 · api_key_product_not_allowed 403 · oauth_token_expired 401 ·
oauth_token_malformed 401 · unknown_product · disabled_product · archived_product · license_key_required ·
missing_hardware_id · license_not_found · license_not_enabled · license_not_active · license_expired ·
license_start_date_not_reached · license_activated_max_times · user_activated_max_times · device_not_found ·
blacklisted · trial_expired · trial_not_allowed · email_missing · unsupported_product_feature ·
active_license_required · version_not_found · borrow_not_allowed · borrow_until_not_valid · max_floating_reached ·
license_not_floating · feature_not_floating · floating_feature_device_not_in_use · license_not_enough_consumptions ·
feature_not_enough_consumptions · negative_consumptions_not_allowed · license_not_consumption ·
invalid_license_feature_code · invalid_pool_type · invalid_product_auth_method · vm_not_allowed ·
device_transfer_limit_reached · device_transfer_not_allowed · invalid_credentials 401 · account_locked 429 ·
change_password_not_allowed · customer_not_found · offline_activation_not_allowed · sso_not_configured ·
rate_limit_exceeded 429 · service_busy 503 · internal_error 500
"""
"""HTTP 400 unless given."""
OURS = {
    "unsupported_media_type": 415,
    "api_key_disabled": 401,
    "api_key_scope_missing": 403,
    "api_key_digest_required": 401,
    "api_key_origin_not_allowed": 403,
    "cursor_invalid": 400,
}
"""Where the contract names no code."""


def test_the_table_of_the_code_is_that_of_the_contract() -> None:
    entries = (entry.split() for entry in CONTRACT.split("·"))
    contract = {code: int(status[0]) if status else 400 for code, *status in entries}
    assert {code: status for code, (status, _) in CLIENT_ERRORS.items()} == contract | OURS
