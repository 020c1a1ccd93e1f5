"""What each call costs the database: the figures that tests measure, and that `infra.cost` turns into money.

Warm: in a process that knows the key, the user and the product already. Units are DynamoDB's. docs/data-model.md shows
the same table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Of one call."""

    round_trips: str
    """As in the documentation: `2 reads + 1 transaction`."""
    read_units: float
    write_units: int


CALLS = {
    "check by key": Budget("1 read", 1.5, 0),
    "check by key, once in 15 minutes": Budget("1 read + 1 write", 1.5, 1),
    "check by key, on a license with blacklisted devices": Budget("2 reads", 2, 0),
    "check by user": Budget("1 read", 2.5, 0),
    "check by user, once in 15 minutes": Budget("1 read + 1 write", 2.5, 1),
    "check by user, once in 12 hours": Budget("1 read + 2 writes", 2.5, 2),
    "check by user, without the license's id": Budget("2 reads", 3.5, 0),
    "check by user of 40 licenses, without a license's id": Budget("4 reads", 82.5, 0),
    "check by user of 40 licenses, refused": Budget("9 reads", 410.5, 0),
    "check by key, floating, renewing": Budget("1 read + 1 write", 1.5, 1),
    "check by key, floating, taking a slot": Budget("3 reads + 1 transaction", 3.5, 8),
    "check by key, floating, refused": Budget("5 reads", 8.5, 0),
    "check by key, floating, refused again": Budget("2 reads", 5.5, 0),
    "check by user, floating, renewing": Budget("1 read + 1 write", 2.5, 1),
    "check by user, floating, taking a slot": Budget("6 reads + 1 transaction", 14.5, 8),
    "release by key": Budget("2 reads + 1 transaction", 2.5, 8),
    "release by user": Budget("3 reads + 1 transaction", 11.5, 8),
    "use by key": Budget("2 reads + 1 transaction", 2.5, 4),
    "use by key, the first of a day": Budget("2 reads + 1 transaction", 2.5, 6),
    "use by key, with an Idempotency-Key": Budget("2 reads + 1 transaction", 5.5, 4),
    "use by key, with an Idempotency-Key, again": Budget("2 reads", 5.5, 0),
    "use by key, refused": Budget("2 reads", 2.5, 0),
    "check by key, by consumption": Budget("2 reads", 2.5, 0),
    "activate by key": Budget("1 read + 1 transaction", 1.5, 12),
    "activate by key, the first that starts a duration": Budget("1 read + 1 transaction", 1.5, 16),
    "activate by key, a transfer": Budget("1 read + 1 transaction", 1.5, 12),
    "activate by key, again": Budget("2 reads", 7.5, 0),
    "activate by key, refused": Budget("2 reads", 7.5, 0),
    "activate by key, on a license with blacklisted devices": Budget("2 reads + 1 transaction", 2, 14),
    "activate by key, where a webhook listens": Budget("1 read + 1 transaction", 1.5, 14),
    "activate by user": Budget("3 reads + 2 writes + 1 transaction", 6.5, 18),
    "activate by user, the first that starts a duration": Budget("3 reads + 2 writes + 1 transaction", 6.5, 22),
    "activate by user, without the license's id": Budget("4 reads + 2 writes + 1 transaction", 7.5, 18),
    "activate by user of 40 licenses, all but the last refused": Budget("6 reads + 2 writes + 1 transaction", 331, 18),
    "deactivate by key": Budget("1 read + 1 transaction", 1.5, 6),
    "deactivate by user": Budget("1 read + 1 transaction", 2.5, 8),
    "deactivate by key, floating, with a slot": Budget("2 reads + 1 transaction", 2.5, 8),
    "issue a license": Budget("8 reads + 1 transaction", 8, 38),
    "extend a license": Budget("2 reads + 1 transaction", 3, 12),
    "replace a user, of however many devices": Budget("5 reads + 1 transaction", 10, 20),
    "record a refused call": Budget("1 read + 1 write", 1, 1),
    "record a refused call, again within the hour": Budget("1 write", 0, 1),
    "log in": Budget("2 reads + 2 writes", 4, 2),
    "list the session of a log-in to the portal": Budget("1 write", 0, 1),
    "log in, the wrong password": Budget("2 reads + 7 writes", 4, 7),
    "ask for a code": Budget("4 reads + 6 writes", 5, 6),
    "mail, nothing queued": Budget("4 reads", 4, 0),
    "mail, one is sent": Budget("5 reads + 2 writes", 5, 4),
    "events, nothing waits": Budget("12 reads", 12, 0),
    "sweep, nothing due": Budget("72 reads", 72, 0),
    "sweep, one license will expire": Budget("72 reads + 1 transaction", 72, 10),
    "sweep, one license expires": Budget("72 reads + 1 transaction", 72, 8),
    "sweep, one license comes into grace": Budget("72 reads + 1 transaction", 72, 10),
}
"""Exactly this, as `tests/store/test_budgets.py` measures it."""

MANAGEMENT_CALLS = {
    "list_customer_accounts": Budget("3 reads + 1 write", 3, 1),
    "create_customer_account": Budget("2 reads + 1 write + 1 transaction", 2, 7),
    "show_customer_account": Budget("3 reads + 1 write", 3, 1),
    "change_customer_account": Budget("3 reads + 1 write + 1 transaction", 3, 5),
    "delete_customer_account": Budget("3 reads + 1 write + 1 transaction", 3, 5),
    "list_customer_labels": Budget("3 reads + 1 write", 3, 1),
    "create_customer_label": Budget("3 reads + 1 write + 1 transaction", 3, 7),
    "show_customer_label": Budget("3 reads + 1 write", 3, 1),
    "change_customer_label": Budget("3 reads + 1 write + 1 transaction", 3, 5),
    "delete_customer_label": Budget("3 reads + 1 write + 1 transaction", 3, 5),
    "add_customer_label": Budget("4 reads + 1 write + 1 transaction", 4, 9),
    "remove_customer_label": Budget("5 reads + 1 write + 1 transaction", 5, 7),
    "list_customers": Budget("4 reads + 1 write", 6, 1),
    "create_customer": Budget("5 reads + 1 write + 1 transaction", 7, 11),
    "show_customer": Budget("4 reads + 1 write", 6, 1),
    "change_customer": Budget("4 reads + 1 write + 1 transaction", 6, 5),
    "delete_customer": Budget("4 reads + 1 write + 1 transaction", 4, 9),
    "merge_customers": Budget("6 reads + 1 write + 1 transaction", 11, 13),
    "list_device_variables": Budget("3 reads + 1 write", 7, 1),
    "show_device_variable": Budget("3 reads + 1 write", 7, 1),
    "change_device_variable": Budget("4 reads + 1 write + 1 transaction", 8, 5),
    "delete_device_variable": Budget("4 reads + 1 write + 1 transaction", 8, 5),
    "list_devices": Budget("3 reads + 1 write", 7, 1),
    "show_device": Budget("3 reads + 1 write", 7, 1),
    "reset_device": Budget("7 reads + 1 write + 1 transaction", 14, 9),
    "take_slot_back": Budget("8 reads + 1 write + 1 transaction", 15, 9),
    "blacklist_device": Budget("8 reads + 1 write + 2 transactions", 20, 17),
    "allow_device": Budget("6 reads + 1 write + 1 transaction", 10, 1),
    "change_license": Budget("5 reads + 1 write + 1 transaction", 12, 9),
    "change_licenses": Budget("4 reads + 1 write + 1 transaction", 7, 7),
    "post_license_changes": Budget("4 reads + 1 write + 1 transaction", 7, 7),
    "update_features": Budget("7 reads + 1 write + 1 transaction", 18, 9),
    "grant_product_feature": Budget("8 reads + 1 write + 1 transaction", 14, 9),
    "disable_licenses": Budget("3 reads + 1 write + 1 transaction", 3, 7),
    "reset_one_license": Budget("4 reads + 1 write + 1 transaction", 4, 7),
    "reset_licenses": Budget("4 reads + 1 write + 1 transaction", 4, 7),
    "list_orders": Budget("4 reads + 1 write", 7, 1),
    "show_order": Budget("7 reads + 1 write", 12, 1),
    "export_customers": Budget("3 reads + 1 write", 5, 1),
    "export_orders": Budget("2 reads + 1 write", 2, 1),
    "export_order": Budget("9 reads + 1 write", 10, 1),
    "list_activation_histories": Budget("4 reads + 1 write", 8, 1),
    "count_transfers": Budget("2 reads + 1 write", 2, 1),
    "show_activation_history": Budget("3 reads + 1 write", 7, 1),
    "list_usage_histories": Budget("4 reads + 1 write", 4, 1),
    "export_usage_histories": Budget("5 reads + 1 write", 5, 1),
    "export_license_history": Budget("4 reads + 1 write", 4, 1),
    "show_usage_history": Budget("3 reads + 1 write", 3, 1),
    "import_licenses": Budget("13 reads + 3 writes + 3 transactions", 14, 40),
    "import_license_features": Budget("10 reads + 3 writes + 3 transactions", 17, 22),
    "import_customers": Budget("12 reads + 3 writes + 3 transactions", 13, 24),
    "list_license_import_results": Budget("2 reads + 1 write", 2, 1),
    "show_license_import_result": Budget("2 reads + 1 write", 2, 1),
    "list_feature_import_results": Budget("2 reads + 1 write", 2, 1),
    "show_feature_import_result": Budget("2 reads + 1 write", 2, 1),
    "list_customer_import_results": Budget("2 reads + 1 write", 2, 1),
    "show_customer_import_result": Budget("2 reads + 1 write", 2, 1),
    "check_license": Budget("7 reads + 1 write", 17, 1),
    "list_license_custom_fields": Budget("3 reads + 1 write", 4, 1),
    "create_license_custom_field": Budget("5 reads + 1 write + 1 transaction", 11, 9),
    "show_license_custom_field": Budget("2 reads + 1 write", 5, 1),
    "change_license_custom_field": Budget("3 reads + 1 write + 1 transaction", 6, 9),
    "delete_license_custom_field": Budget("3 reads + 1 write + 1 transaction", 6, 9),
    "delete_one_license": Budget("21 reads + 2 writes + 1 transaction", 21, 24),
    "rotate_license_key": Budget("5 reads + 1 write + 1 transaction", 12, 15),
    "move_one_license": Budget("11 reads + 1 write + 1 transaction", 18, 21),
    "enable_license": Budget("3 reads + 1 write + 1 transaction", 3, 7),
    "disable_license": Budget("3 reads + 1 write + 1 transaction", 3, 7),
    "archive_license": Budget("2 reads + 1 write + 1 transaction", 2, 5),
    "restore_license": Budget("2 reads + 1 write + 1 transaction", 2, 5),
    "list_license_policies": Budget("2 reads + 1 write", 2, 1),
    "create_license_policy": Budget("7 reads + 1 write + 1 transaction", 7, 9),
    "show_license_policy": Budget("3 reads + 1 write", 3, 1),
    "change_license_policy": Budget("6 reads + 1 write + 1 transaction", 6, 9),
    "delete_license_policy": Budget("6 reads + 1 write + 1 transaction", 6, 9),
    "preview_license_policy": Budget("4 reads + 1 write", 7, 1),
    "apply_license_policy": Budget("5 reads + 1 write + 1 transaction", 8, 9),
    "assign_user": Budget("6 reads + 1 write + 1 transaction", 6, 19),
    "assign_users": Budget("11 reads + 1 write + 2 transactions", 11, 37),
    "set_users_activations": Budget("10 reads + 1 write + 2 transactions", 10, 15),
    "unassign_user": Budget("6 reads + 1 write + 1 transaction", 6, 11),
    "list_license_users": Budget("3 reads + 1 write", 3, 1),
    "show_license_user": Budget("6 reads + 1 write", 7, 1),
    "change_license_user": Budget("2 reads + 1 write + 1 transaction", 2, 5),
    "set_password": Budget("6 reads + 1 write + 1 transaction", 6, 11),
    "set_password_by_email": Budget("8 reads + 1 write + 1 transaction", 8, 11),
    "list_licenses": Budget("5 reads + 1 write", 10, 1),
    "show_license": Budget("3 reads + 1 write", 10, 1),
    "create_one_order": Budget("15 reads + 1 write + 2 transactions", 15, 59),
    "generate_license": Budget("2 reads + 1 write", 2, 1),
    "create_license": Budget("15 reads + 1 write + 1 transaction", 19, 35),
    "change_order": Budget("8 reads + 2 writes + 2 transactions", 11, 10),
    "list_managers": Budget("4 reads + 1 write", 4, 1),
    "add_one_manager": Budget("9 reads + 2 writes + 2 transactions", 9, 22),
    "add_managers": Budget("16 reads + 3 writes + 4 transactions", 16, 43),
    "remove_one_manager": Budget("8 reads + 2 writes + 2 transactions", 8, 10),
    "list_product_features": Budget("2 reads + 1 write", 2, 1),
    "create_product_feature": Budget("7 reads + 1 write + 1 transaction", 7, 9),
    "show_product_feature": Budget("3 reads + 1 write", 3, 1),
    "change_product_feature": Budget("6 reads + 1 write + 1 transaction", 6, 9),
    "delete_product_feature": Budget("6 reads + 1 write + 1 transaction", 6, 9),
    "list_product_custom_fields": Budget("2 reads + 1 write", 2, 1),
    "create_product_custom_field": Budget("7 reads + 1 write + 1 transaction", 7, 9),
    "show_product_custom_field": Budget("3 reads + 1 write", 3, 1),
    "change_product_custom_field": Budget("6 reads + 1 write + 1 transaction", 6, 9),
    "delete_product_custom_field": Budget("6 reads + 1 write + 1 transaction", 6, 9),
    "list_products": Budget("4 reads + 1 write", 4, 1),
    "create_product": Budget("3 reads + 1 write + 1 transaction", 3, 9),
    "show_product": Budget("4 reads + 1 write", 4, 1),
    "change_product": Budget("7 reads + 1 write + 1 transaction", 7, 7),
    "list_products_in_bundle": Budget("3 reads + 1 write", 3, 1),
    "list_bundles_of_product": Budget("3 reads + 1 write", 3, 1),
    "sum_licenses": Budget("3 reads + 1 write", 3, 1),
    "list_most_devices": Budget("3 reads + 1 write", 4, 1),
    "sum_activations": Budget("5 reads + 1 write", 6, 1),
    "sum_refusals": Budget("3 reads + 1 write", 3, 1),
    "list_scheduled_updates": Budget("3 reads + 1 write", 3, 1),
    "create_scheduled_update": Budget("5 reads + 1 write + 1 transaction", 8, 13),
    "show_scheduled_update": Budget("2 reads + 1 write", 2, 1),
    "change_scheduled_update": Budget("5 reads + 1 write + 1 transaction", 8, 13),
    "apply_scheduled_update": Budget("5 reads + 1 write + 1 transaction", 8, 15),
    "cancel_scheduled_update": Budget("3 reads + 1 write + 1 transaction", 3, 9),
    "delete_scheduled_update": Budget("3 reads + 1 write + 1 transaction", 3, 11),
    "list_webhooks": Budget("3 reads + 1 write", 3, 1),
    "create_webhook": Budget("4 reads + 1 write + 1 transaction", 4, 9),
    "show_webhook": Budget("3 reads + 1 write", 3, 1),
    "change_webhook": Budget("4 reads + 1 write + 1 transaction", 4, 7),
    "delete_webhook": Budget("4 reads + 1 write + 1 transaction", 4, 9),
    "rotate_secret": Budget("4 reads + 1 write + 1 transaction", 4, 7),
    "test_webhook": Budget("4 reads + 1 write + 1 transaction", 4, 7),
    "list_deliveries": Budget("4 reads + 1 write", 4, 1),
    "show_delivery": Budget("5 reads + 1 write", 5, 1),
    "send_delivery_again": Budget("5 reads + 1 write", 5, 1),
    "send_span_again": Budget("5 reads + 1 write", 5, 1),
}
"""Each call of the Management API, of a company with one license, and one webhook for which one event waits: exactly
this, as `tests/management/test_budgets.py` measures it."""

PORTAL_PAGE = Budget("2 reads", 10, 0)
"""At most, of a license with few devices and users, as `tests/portal/test_budgets.py` measures it."""
PORTAL_PAGE_NOTED = Budget("2 reads + 1 write", 10, 1)
"""The same, once in five minutes of a session: then it is noted that the session is in use."""
PART_PAGE_READS = 27
"""At most, of a page that looks through licenses in parts: who asks and which licenses there are, 24 reads of what lies
with them, and who the people are."""
SEARCHED_PART_READS = PART_PAGE_READS + 2
"""The same, of a page of a search: of the devices that are found it is a read more where licenses have blacklisted
ones, and one where they are floating."""
SEARCH_PAGE_READS = SEARCHED_PART_READS + 2
"""The same, of the first page of a search, which looks for a device of that name before."""
PAGES_OF_MORE_READS = {
    "/portal/activity": 26,
    "/portal/export/licenses": 3,
    "/portal/export/people": 28,
    "/portal/invited": PART_PAGE_READS,
    "/portal/people": PART_PAGE_READS,
    "/portal/search": SEARCH_PAGE_READS,
    "/portal/licenses/{license_id}/export/{name}": 4,
    "/portal/licenses/{license_id}": 3,
    "/portal/licenses/{license_id}/history": 3,
    "/portal/licenses/{license_id}/users": 3,
    "/portal/licenses/{license_id}/users/{user_id}/initial-password": 9,
    "/portal/licenses/{license_id}/users/batch/{batch_id}/result.csv": 6,
}
"""How many, at most. Events, devices, refusals and batches are read by the prefix of each kind. Activity, people and
search are looked through in parts, a read or two for each license. Who may see a
password rests on all that its user has; such pages are asked for now and then, and cost more units, too."""

LIST_PAGE_READS = 3
"""At most, of a page of 25 rows of a list of any size, as `tests/usecases/test_list_budgets.py` counts them."""
SEARCHED_PAGE_READS = 25
"""At most, of a page of a list that is searched by what no key serves, until it has the cursor to go on from."""

EXPORT_PAGE_READS = 3
"""At most, of fifty customers, orders or licenses, or of twenty devices, that an export takes away."""

ITEM_BYTES = 1024
"""At most, of a usual license, seat or device: one write unit."""
