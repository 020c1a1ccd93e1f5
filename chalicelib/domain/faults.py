"""What the audit finds wrong, by code: who shows it has the sentences (`infra/admin/differences.py`)."""

from typing import Literal

FaultCode = Literal[
    # a license, its counters and its dates
    "license_not_countable",  # error
    "license_gone",
    "license_not_cleared",
    "counter_differs",  # counter, count, items
    "counter_differs.seat",  # email, and as above
    "counter_differs.batch",  # batch, and as above
    "counter_above_maximum",  # counter, items, maximum, most
    "order_missing",
    "end_not_by_dates",
    "transition_not_indexed",
    "use_not_noted",  # email
    "legacy_without_end",  # items
    "metadata_not_answerable",
    "slot_unknown",  # slot, slots
    "slot_not_named",  # slot, device
    "meter_missing",
    "meter_otherwise",  # terms
    "meter_left_over",
    # what leads to it, and says something else
    "item_unreadable",  # item
    "link_not_comparable",  # error
    "customer_link_wrong",
    "customer_without_email_link",  # customer
    "customer_email_wrong",  # email
    "customer_moving",  # customer, email
    "product_link_wrong",
    "email_link_wrong",  # user
    "hardware_link_wrong",
    "host_link_wrong",
    "device_id_link_wrong",  # device
    "key_link_wrong",
    "key_link_elsewhere",  # license
    "user_link_without_seat",  # user
    "user_link_of_other_product",  # user
    "user_link_of_other_customer",  # user
    "seat_of_other_email",  # user
    "manager_link_without_order",  # user
    "manager_link_without_account",  # user
    "user_without_email_link",  # user
    "listed_license_gone",
    "listed_under_other_order",
    "listed_otherwise",
    "due_license_gone",
    "due_otherwise",
    "device_link_left_over",
    "legacy_link_left_over",
    "update_slot_left_over",  # update
    # what does not lead to it, and should
    "not_listed",
    "not_listed_under_order",
    "not_listed_under_customer",
    "customer_without_record",  # email
    "customer_counter_differs",  # email, counter, count, items
    "not_listed_under_product",
    "id_link_missing",
    "key_link_missing",
    "notice_not_indexed",
    "lapse_not_indexed",
    "update_not_filed",  # update
    "legacy_link_missing",
    "manager_link_missing",  # user
    "manager_link_permits_otherwise",  # user
    "user_link_missing",  # email
    "hardware_link_missing",
    "host_link_missing",
    "device_id_link_missing",
    "device_link_missing",
    "device_links_not_marked",
    # how much a company has
    "not_counted",  # noun, items
    "count_differs",  # noun, count, items
]
"""With the parameters that each has beside it."""
