"""What the audit finds wrong, in sentences."""

from collections import Counter
from collections.abc import Iterable

from chalicelib.domain.faults import FaultCode
from chalicelib.usecases.audit import Fault

MESSAGES: dict[FaultCode, str] = {
    "license_not_countable": "it cannot be counted: {error}",
    "license_gone": "the license is gone",
    "license_not_cleared": "it was deleted, and not all that it had is gone: `audit --repair` finishes it",
    "counter_differs": "{counter} is {count}, but there are {items} {counted}",
    "counter_differs.seat": "seat of {email}: {counter} is {count}, but there are {items} {counted}",
    "counter_differs.batch": "batch {batch}: {counter} is {count}, but there are {items} {counted}",
    "counter_above_maximum": "there are {items} {counted}, above {maximum} {most}",
    "order_missing": "its order is missing",
    "end_not_by_dates": "its end does not follow from its dates",
    "transition_not_indexed": "its next transition is not in the due index, so no sweep will announce it",
    "use_not_noted": "the last use is not noted on the seat of {email}",
    "metadata_not_answerable": "no answer can have its metadata or that of its features, so calls that would show it"
    " fail: give it others (`license set --metadata`, `license set-features`)",
    "item_unreadable": "an item cannot be read: {item}",
    "link_not_comparable": "what leads to it cannot be compared: {error}",
    "customer_link_wrong": "it is listed under a customer to whom it was not sold",
    "customer_without_email_link": "the email of the customer {customer} does not lead there",
    "customer_email_wrong": "the email {email} leads to a customer who does not have it",
    "customer_moving": "the customer {customer} is being moved from {email}: `audit --repair` finishes it",
    "product_link_wrong": "it is listed under a product that is not its own",
    "email_link_wrong": "an email leads to the user {user}, whose email it is not",
    "hardware_link_wrong": "a hardware id leads to it that no device of it has",
    "host_link_wrong": "a host name leads to it that no device of it has",
    "device_id_link_wrong": "the id {device} leads to it, and no device there has it",
    "key_link_wrong": "a license key leads to it that is not its own",
    "key_link_elsewhere": "the license key leads to another license, {license}",
    "user_link_without_seat": "the user {user} is linked to it, and has no seat",
    "user_link_of_other_product": "the user {user} is linked to it under another product",
    "user_link_of_other_customer": "the user {user} is linked to it as of another customer",
    "seat_of_other_email": "the seat of the user {user} has another email",
    "manager_link_without_order": "the user {user} is shown it, and is no manager of its order",
    "manager_link_without_account": "the user {user} is shown it, and has no manager's account",
    "user_without_email_link": "the email of the user {user} does not lead there",
    "listed_license_gone": "it is listed, and is gone",
    "listed_under_other_order": "it is listed under an order that is not its own",
    "listed_otherwise": "a list shows it with terms that are not its own",
    "due_license_gone": "it is in the due index, and is gone",
    "due_otherwise": "it is in the due index where it is not due",
    "device_link_left_over": "a user is linked to a device that is not there",
    "not_listed": "it is not listed among the company's licenses, so nothing counts it",
    "not_listed_under_order": "it is not listed under its order",
    "not_listed_under_customer": "it is not listed under its customer",
    "customer_without_record": "the customer {email} has no record",
    "customer_counter_differs": "customer {email}: {counter} is {count}, but there are {items}",
    "not_listed_under_product": "it is not listed under its product",
    "id_link_missing": "its id does not lead to the company",
    "key_link_missing": "the license key does not lead to it",
    "slot_unknown": "slot {slot} was taken, of {slots}",
    "slot_not_named": "device {device} has taken slot {slot}, and does not know of it",
    "meter_missing": "its uses are to be counted, and it has no meter",
    "meter_otherwise": "its meter goes by other terms: {terms}",
    "meter_left_over": "it has a meter, and its uses are not counted",
    "legacy_without_end": "{items} legacy devices wait, and it says no date until which they may be adopted",
    "legacy_link_missing": "a legacy device is not found by whoever is to adopt it",
    "legacy_link_left_over": "a link leads to a legacy device that does not wait any more",
    "update_slot_left_over": "a place is of the scheduled update {update}, which there is not",
    "update_not_filed": "scheduled update {update} has no license, no place on it, or no entry in the due index",
    "lapse_not_indexed": "that its legacy devices lapse is not in the due index, so no sweep will free their places",
    "notice_not_indexed": "that it will expire is not in the due index, so no sweep will give notice of it",
    "manager_link_missing": "the order's manager {user} is not shown it",
    "manager_link_permits_otherwise": "the order's manager {user} may do other things than the order says",
    "user_link_missing": "seat of {email}: the user is not linked to it",
    "hardware_link_missing": "a device is not found by its hardware id",
    "host_link_missing": "a device is not found by its host name",
    "device_id_link_missing": "a device is not found by its id",
    "device_link_missing": "a device is not linked to its user",
    "device_links_not_marked": "the devices of its users are not marked as linked",
    "not_counted": "its {noun} are not counted: there are {items}",
    "count_differs": "{count} {noun} are counted, but there are {items}",
}
_COUNTED = {
    "times_activated": "active devices",
    "users_assigned": "seats and reserved seats",
    "transfer_count": "transfers",
    "activations": "active devices",
    "reserved": "people left",
    "blocked_devices": "blocked devices",
}
"""The items that a counter counts."""


_MAXIMA = {"most_activations": "max_activations"}
"""Maxima that follow from the term of another name."""


def difference(fault: Fault) -> str:
    """What is wrong, in a sentence."""
    counted = _COUNTED.get(str(fault.params.get("counter")), "")
    maximum = str(fault.params.get("maximum"))
    words = {**fault.params, "counted": counted, "maximum": _MAXIMA.get(maximum, maximum)}
    return MESSAGES[fault.code].format(**words)


def differences(faults: Iterable[Fault]) -> list[str]:
    """The same of many; what is wrong several times in the same way is said once."""
    counted = Counter(map(difference, faults))
    return [sentence if times == 1 else f"{sentence} ({times} times)" for sentence, times in counted.items()]
