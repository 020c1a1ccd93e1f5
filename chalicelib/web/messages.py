"""What the codes of errors mean, in English: the sentences that all adapters share.

A message is found under `code.of`, where the error says of what it is, else under the code; one that is nowhere here is
that of the wire contract (`web/errors.py`). Parameters stand in it by name. What is wrong with a field is said in words
that follow the field's name: each adapter names the field as its callers know it.
"""

from collections.abc import Callable, Mapping

from chalicelib.domain.errors import Code, SeatkeeperError
from chalicelib.web.errors import ERRORS

MESSAGES: dict[str, str] = {
    "session_expired": "You are no longer logged in.",
    "password_change_required": "Choose a password of your own first.",
    "second_factor_required": "Set up two-factor log-in first.",
    "missing_parameters": "this parameter is required.",
    "missing_hardware_id": "this parameter is required.",
    "missing_parameters.username": "this parameter is required with username.",
    "invalid_json": "The body is not valid JSON: {reason}",
    "validation_error.object": "a JSON object is expected.",
    "validation_error.list": "a list is expected.",
    "validation_error.text": "a text is expected.",
    "validation_error.query": "The query is not valid UTF-8.",
    "validation_error.encoding": "The body is not what its Content-Encoding says.",
    "validation_error.form": "The form cannot be read.",
    "validation_error.form_field": "A field of the form has more than {most} characters.",
    "unsupported_media_type.encoding": "The Content-Encoding must be gzip, deflate or identity.",
    "unsupported_media_type.form": "A form must be sent as {types}.",
    "max_activations_too_high": "give at most {most}: the license allows no more.",
    "device_not_found.id": "There is no such device.",
    "filter_required.orders": "name a time, either by range (30d), or by from and to.",
    "order_not_filed": "only a list without these filters can be sorted: what they find is filed in one order.",
    "span_too_long.hours": "name a time of at most {most} hours, with ts__gte and ts__lte.",
    "span_too_long.events": "more than {most} events of a license happened in this time; name a shorter one.",
    "license_not_found.company": "There is no license {license} of {company}.",
    "license_not_found.source_row": "The license that was made of this row is not there any more.",
    "license_not_found.all": "There is no license {license}.",
    "user_already_assigned.replaced": "This is the email of the user who is to be replaced.",
    "user_not_found.row": "the row has no user with the email {email}.",
    "unsupported_product_feature": "the product has no feature {feature}.",
    "user_not_found.account": "There is no such account.",
    "user_not_found.license": "This license is authorized by its key; it has no users.",
    "order_not_found": "There is no order {order!r}.",
    "already_exists.company": "there is already a company with the code {name}.",
    "already_exists.portal_host": "the host is another company's.",
    "already_exists.server_host": "the host is the server's own, where the portal is all companies'.",
    "already_exists.product": "there is already a product with the code {name}.",
    "already_exists.feature": "the product has a feature with the code {name}.",
    "already_exists.field": "the product has a custom field with the name {name}.",
    "already_exists.field_value": "the license has a value of this custom field.",
    "already_exists.feature_grant": "the license has this feature.",
    "already_exists.policy": "the product has a license policy with the code {name}.",
    "already_exists.email": "another account of this company has this email.",
    "already_exists.license_key": "the license key is in use.",
    "already_exists.source_row": "a license was made of this row, with another value here.",
    "already_exists.row": "row {row} is the same one.",
    "already_exists.customer": "a customer has, or had, the email {name}.",
    "already_exists.order": "the order {order} belongs to another customer.",
    "already_exists.order_id": "there is an order {order} with other content; with append, licenses are added to it.",
    "already_exists.order_name": "there is another order {order}.",
    "already_exists.order_of_others": "the id is taken by an order that this key does not see.",
    "management_key_product_not_allowed.customer": "name the customer by the email alone: the rest is the company's.",
    "already_exists.order_permissions": "the order {order} denies its managers other things.",
    "rate_limit_exceeded.key": "This key has called too often within a minute; try again later.",
    "rate_limit_exceeded.license": "Too many devices were activated on this license within an hour; try again later.",
    "rate_limit_exceeded.user": (
        "This user has activated too many devices on this license within an hour; try again later."
    ),
    "rate_limit_exceeded.slots": "This device has taken too many slots within an hour; try again later.",
    "rate_limit_exceeded.seats": ("Too many seats of this license were assigned within an hour; the limit is {most}."),
    "rate_limit_exceeded.emails": (
        "too many emails were given that cannot be used. Try again tomorrow, or ask your vendor."
    ),
    "rate_limit_exceeded.invitation": "This person was invited a moment ago. Send it again after a quarter of an hour.",
    "license_users_limit_reached.list": "Free seats: {free}. The list needs {wanted}. Nobody was assigned.",
    "not_allowed_by_vendor.vendor": "{vendor} has not allowed this for your order.",
    "not_allowed_by_vendor.support": "{vendor} has not allowed this for your order. Write to {support}.",
    "device_transfer_not_allowed.reset": (
        "To activate these devices again would take more transfers ({needed}) than are left ({left}). Reset devices "
        "one at a time, since the last of them can be activated again, or ask your vendor."
    ),
    "device_transfer_limit_reached.reset": (
        "To activate these devices again would take more transfers ({needed}) than are left ({left}). Reset devices "
        "one at a time, since the last of them can be activated again, or ask your vendor."
    ),
    "invalid_credentials.other_licenses": (
        "This password was given for other licenses. Set a new one with an emailed code (Forgotten password), then try "
        "again."
    ),
    "invalid_credentials.old_password": "this is not your current password.",
    "invalid_code.second_factor": "this code is wrong.",
    "invalid_code.recovery_code": "this code is wrong, or a recovery code that was used already.",
    "invalid_code.used_code": "this code was used already. Wait until your app shows the next one.",
    "invalid_code.passkey": "the passkey was not accepted. Try again.",
    "rate_limit_exceeded.second_factor": ("Too many wrong codes. Wait an hour, or enter one of your recovery codes."),
    "rate_limit_exceeded.passkey": ("Too many wrong passkeys. Wait an hour, or enter a code."),
    "rate_limit_exceeded.recovery_code": ("Too many wrong recovery codes. Wait an hour, or enter a code of your app."),
    "already_exists.second_factor": "Two-factor log-in is on already.",
    "not_found.second_factor": "Two-factor log-in is off.",
    "not_found.second_factor_on": "Two-factor log-in is on already.",
    "not_found.passkey": "There is no such passkey.",
    "management_key_scope_missing": "This key lacks the scope {scope}.",
    "api_key_scope_missing": "This API key lacks the scope {scope}.",
    # what is wrong with a field
    "field_malformed": "{reason}.",
    "name_unknown": "there is no such field here; give one of {names}.",
    "name_unknown.near": "there is no such field here; nearest to it: {names}.",
    "choice_unknown": "give {choices}.",
    "integer_malformed": "give a whole number.",
    "number_too_small": "give {least} or more.",
    "number_too_large": "give {most} or less.",
    "text_too_short": "give at least {least} characters.",
    "entries_too_few": "give {least} or more entries.",
    "entries_too_many": "give at most {most} entries.",
    "name_length": "give 1 to {most} printable characters.",
    "text_too_long": "give at most {most} characters.",
    "text_not_printable": "it contains characters that cannot be shown.",
    "company_code_malformed": "a company code is 1 to 32 of A-Z, 0-9 and inner dashes.",
    "product_code_malformed": "a product code is 1 to 64 letters, digits and inner dots, dashes and underscores.",
    "origin_malformed": "write it as https://app.example, without a path.",
    "url_for_operators": "a bus of EventBridge is named by who operates the server; write an address of https.",
    "url_malformed": "write it as https://receiver.example/path, without user, password or #, or as eventbridge:BUS.",
    "url_not_encrypted": "only https is taken here.",
    "url_not_public": "{host} is no public address.",
    "portal_host_malformed": "write a host alone, such as licenses.example.com, without https:// and without a port.",
    "accent_malformed": "write a color as #rrggbb, such as #0a6e5c.",
    "language_unknown": "choose one from the list.",
    "time_zone_unknown": "give a name of the IANA list, such as Europe/Berlin.",
    "date_malformed": "a date must look like 2026-11-24 or 2026-11-24T03:04:56.000Z.",
    "date_impossible": "the date does not exist in the calendar.",
    "date_past": "the date must lie ahead.",
    "date_out_of_range": "the date must lie between the years 1970 and 9999.",
    "clock_out_of_range": "the clock must be set between the years {first} and {last}.",
    "duration_malformed": "a duration must be a number and one of h, d, m, y, like 30d, 12m or 1y.",
    "duration_too_long": "a duration is at most 1000 years.",
    "count_malformed": "give a number in digits alone, such as 5 or 1000.",
    "count_malformed.unlimited": "give a number, or tick unlimited.",
    "count_negative": "give a number from 0, or unlimited.",
    "count_out_of_range.hours": "give {least} to {most} hours.",
    "count_out_of_range": "give {least} to {most}.",
    "email_malformed": "this is not an email address.",
    "email_not_ascii": "“{letter}” cannot stand before the @: only the letters a to z, digits and some marks can.",
    "email_domain_impossible": "this cannot be the name of a domain.",
    "email_too_long": "an email has at most {most} characters.",
    "email_on_too_many_licenses": "it can be changed on up to {most} licenses; this user has more.",
    "password_length": "choose from {least} to {most} characters.",
    "password_known_to_others": (
        "the account has a password that others may know; the person has to choose one by an emailed code first."
    ),
    "password_of_account": "choose one that has more in it than parts of your email or of your company code.",
    "password_common": "choose one that is not among the most common passwords.",
    "password_of_a_row": "choose more than characters that are repeated, or that follow each other as in abcd or qwer.",
    "password_word_and_year": "a word and a year are easy to guess: choose more than these.",
    "password_as_before": "choose one that differs from the password that is set.",
    "passwords_differ": "the two new passwords differ. Type the same one twice.",
    "account_of_too_many_customers": (
        "This account has licenses of more than {most} customers: an emailed code sets its password."
    ),
    "logo_too_large": "it may have up to {most} KB.",
    "logo_malformed": "line {line} is not well-formed XML ({cause}).",
    "logo_root": "it must begin with <svg xmlns={namespace!r}>.",
    "variable_exists": "the device has another variable of this name.",
    "variables_too_many": "a device keeps at most {most}.",
    "variables_too_long": "a device keeps at most {most} characters in all.",
    "list_unreadable": "this file cannot be read as text: save it as CSV UTF-8.",
    "list_no_csv": "this cannot be read as CSV.",
    "list_empty": "give at least one email.",
    "list_empty.rows": "it has no rows.",
    "list_too_wide": "a list has at most {most} columns.",
    "list_too_long": "{people} are too many; {most} can be assigned at once.",
    "list_too_large": "this list is too long to be kept; assign it in two parts.",
    "list_needs_no_seat": "nobody on this list needs a seat.",
    "file_too_long": (
        "The list has more than {most} rows, which is more than a file can hold. Narrow it down with a search."
    ),
    "columns_repeat": "{columns} all mean {meaning!r}: choose one of them.",
    "column_of_emails_missing": "choose the column with the emails.",
    "only_of_one": "it can be given for one person alone; in a list it stands in a column.",
    "license_has_no_users": "This license is authorized by its key; it has no users.",
    "license_key_malformed": (
        "give 1 to {most} printable characters; what looks like a generated key has to have its check symbol."
    ),
    "limit_below_use": "In use: {used}, which is more than {limit}.",
    "perpetual_has_no_end": "a perpetual license has no end.",
    "no_end_yet": "the license has no end yet; it gets one at its first activation.",
    "end_missing": "a {license_type} license needs an end, or a duration from its first activation.",
    "end_twice": "give an end or a duration, not both.",
    "end_beyond_calendar": "with its grace period it must end before the year 10000.",
    "start_after_end": "it must lie before the validity period's end.",
    "grace_without_end": "a license without an end has no grace period.",
    "transfers_out_of_range": "give -1 (none), 0 (unlimited) or more.",
    "product_has_no_keys": "the product is authorized by user, not by key.",
    "product_has_no_users": "the product has no users.",
    "too_many_managers": "an order has at most {most} managers.",
    "too_many_passkeys": "an account has at most {most} passkeys. Remove one first.",
    "too_many_webhooks": "a company has at most {most} webhooks.",
    "too_many_scheduled_updates": "{most} updates of the license are pending, and there are no more at a time.",
    "too_many_labels": "there are at most {most} labels.",
    "too_many_former_emails": "a customer has at most {most} emails of before, with those of who is merged into it.",
    "id_unknown": "there is nothing with this id.",
    "order_moves_alone": "change other terms in a call of their own.",
    "order_keeps_its_name.size": (
        "an order of more than {most} licenses keeps it; sell an order of that name, and move the licenses there."
    ),
    "order_keeps_its_name.buyer": (
        "an order without a customer keeps it once somebody uses or manages a license: their passwords are for it."
    ),
    "merged_with_itself": "name another customer.",
    "scope_unknown": "there is no scope {scopes}.",
    "event_type_unknown": "there is no type of event {type}.",
    "field_unknown": "the product has no custom field {name}.",
    "feature_unknown": "the product has no feature {feature}.",
    "too_many_features": "a product has at most {most} features.",
    "too_many_fields": "a product has at most {most} custom fields.",
    "policy_named_twice": "name one license policy, by its code or by its id.",
    "too_many_policies": "a product has at most {most} license policies.",
    "policy_too_large": "all of a license policy together, as JSON, may have up to {most} KB.",
    "license_without_consumption": "uses are counted of licenses of the type consumption alone.",
    "total_changes_alone": "change terms in a call of their own.",
    "feature_without_consumption": "a feature of the type activation is not used up.",
    "consumption_period_missing": "say which: daily, weekly, monthly or annually.",
    "license_too_large": "features, custom fields and metadata together come to more than {most} KB.",
    "metadata_too_large": "as JSON it may have up to {most} KB.",
    "metadata_malformed": "nest it up to {levels} levels deep, with whole characters and integers within ±(2^53 - 1).",
    "not_offered_yet": "this is not offered yet; give {choices}.",
    "number_malformed": "give a number, such as 5 or -0.25.",
    "boolean_malformed": "give true or false.",
    "boolean_malformed.nullable": "give true, false or null.",
    # nothing was confirmed: for operators
    "database_busy": "the database is busy or out of reach: {cause}",
    "database_read_only": "the database takes no write",
    "too_many_rivals": "others keep changing the same thing",
    "too_many_log_ins": "too many log in at once",
    "too_many_device_searches": "too many devices are looked for at once",
    "signing_key_unknown": "there is no signing key {key} among the secrets",
}


def message(
    error: SeatkeeperError,
    messages: Mapping[str, str] = MESSAGES,
    *,
    translate: Callable[[str], str] = str,
    **params: str,
) -> str:
    """The sentence for an error, by the table of an adapter; it follows the name of the field, where there is one.

    `translate` answers it in another language. `params`: in the place of the error's own, where there is a better word.
    """
    variant = f"{error.code}.{error.params.get('of')}"
    template = messages.get(variant) or messages.get(error.code) or standard(error.code)
    return translate(template).format(**error.params | params)


def standard(code: Code) -> str:
    """The sentence of the wire contract."""
    return ERRORS[code][1]
