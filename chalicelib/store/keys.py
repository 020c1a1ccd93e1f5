"""The keys of items: a prefix says the kind, and what stands behind it which one.

Each function builds a sort key, or without its last argument the prefix of all. Reads go by such prefixes, whichever
kinds lie side by side; by bounds only where a partition holds one kind.
"""

from hashlib import sha256
from typing import Literal

from chalicelib.domain.import_results import ImportKind
from chalicelib.domain.instants import Instant
from chalicelib.domain.source_rows import SourceRow

LICENSE = "license"
"""The sort key of the license itself, in its partition."""
EXTRAS = "extras"
"""The sort key of what a license carries besides."""
COMPANY = "company"
"""The sort key of the company itself, in its partition, and of the links from a license's id and from a host."""
USER_LICENSE = "held#"
CUSTOMER_LICENSE = "customer#"
HARDWARE_LICENSE = "hardware#"
HOST_LICENSE = "hostname#"
MANAGER_LICENSE = "managed#"
ORDER_LICENSE = "ordered#"
PRODUCT_LICENSE = "of_product#"
"""What the sort keys of the links from a user, a customer … to a license begin with."""


def license_pk(company: str, license_id: int) -> str:
    """The partition of a license: below its company, so that another company's id leads nowhere."""
    return f"{company}#{license_id}"


def seat_sort_key(user_id: int | None = None) -> str:
    """Sort key of a user's seat, or the prefix of all."""
    return "seat#" + ("" if user_id is None else f"{user_id:016d}")


def device_prefix(hardware_hash: str = "") -> str:
    """The prefix of all devices of a license, or of those with one hardware id."""
    return "device#" + (f"{hardware_hash}#" if hardware_hash else "")


def device_sort_key(hardware_hash: str, user_id: int | None) -> str:
    """Sort key of a device; on a user-based license each user's use of a machine is a device of its own."""
    return device_prefix(hardware_hash) + ("" if user_id is None else f"{user_id:016d}")


def block_sort_key(hardware_hash: str = "") -> str:
    """Sort key of a device that is blocked, or the prefix of all."""
    return f"block#{hardware_hash}"


def batch_sort_key(batch_id: int | None = None) -> str:
    """Sort key of a batch under way, or the prefix of all."""
    return "pending#" + ("" if batch_id is None else f"{batch_id:016d}")


def event_sort_key(key: str = "") -> str:
    """Sort key of an event, or the prefix of all."""
    return f"at#{key}"


def variables_prefix() -> str:
    """The prefix of what applications keep with all devices of a license."""
    return "variables#"


def variables_sort_key(hardware_hash: str, user_id: int | None) -> str:
    """Sort key of what an application keeps with a device."""
    return variables_prefix() + device_sort_key(hardware_hash, user_id).removeprefix(device_prefix())


def user_device_sort_key(user_id: int | None = None, hardware_hash: str = "") -> str:
    """Sort key of the link from a user of a license to a device there, or the prefix of all of the user's.

    Without a user, the prefix of all: an item of that key says that every device of a user is linked.
    """
    return "user_device#" + ("" if user_id is None else f"{user_id:016d}#{hardware_hash}")


def update_slot_sort_key(slot: int | None = None) -> str:
    """Sort key of a place of a license for a scheduled update, or the prefix of all."""
    return "updateslot#" + ("" if slot is None else f"{slot:02d}")


def slot_sort_key(number: int | None = None) -> str:
    """Sort key of a slot of a floating license, or the prefix of all."""
    return "slot#" + ("" if number is None else f"{number:05d}")


def meter_sort_key() -> str:
    """Sort key of the meter of a license; that of a feature would have its code behind it."""
    return "meter#"


def legacy_sort_key(epoch: int, user: tuple[int, int] | None, hardware_hash: str = "") -> str:
    """Sort key of the link to a device of a user, or of none, that waits to be adopted, or the prefix of all of theirs.

    `user`: the id, and the epoch of the seat. The key says the epochs in which the device is live: after a reset nobody
    comes upon those of before.
    """
    of = "" if user is None else f"{user[0]:016d}-{user[1]}"
    return f"{legacy_prefix(epoch)}{of}#{hardware_hash}"


def legacy_prefix(epoch: int | None = None) -> str:
    """The prefix of the links to all devices of a license that wait to be adopted, or of all that ever did."""
    return "legacy#" + ("" if epoch is None else f"{epoch}#")


def user_sort_key(user_id: int | None = None) -> str:
    """Sort key of a user, or the prefix of all."""
    return "user#" + ("" if user_id is None else str(user_id))


def email_sort_key(email: str = "") -> str:
    """Sort key of the link from an email to its user, or the prefix of all."""
    return f"email#{email}"


def product_sort_key(code: str = "") -> str:
    """Sort key of a product, or the prefix of all."""
    return f"product#{code}"


def feature_sort_key(product: str = "", feature_id: int | None = None) -> str:
    """Sort key of a feature of a product, or the prefix of all of the product's, or of all."""
    return "feature#" + (f"{product}#" if product else "") + ("" if feature_id is None else f"{feature_id:016d}")


def policy_sort_key(product: str = "", policy_id: int | None = None) -> str:
    """Sort key of a policy of a product, or the prefix of all of the product's, or of all."""
    return "policy#" + (f"{product}#" if product else "") + ("" if policy_id is None else f"{policy_id:016d}")


def field_sort_key(product: str = "", field_id: int | None = None) -> str:
    """Sort key of a custom field of a product, or the prefix of all of the product's, or of all."""
    return "field#" + (f"{product}#" if product else "") + ("" if field_id is None else f"{field_id:016d}")


def api_key_sort_key(api_key: str = "") -> str:
    """Sort key of an API key, or the prefix of all."""
    return f"apikey#{api_key}"


def management_key_sort_key(key_id: int | None = None) -> str:
    """Sort key of a key of the Management API, or the prefix of all."""
    return "managementkey#" + ("" if key_id is None else f"{key_id:016d}")


def scheduled_update_sort_key(update_id: int | None = None) -> str:
    """Sort key of a scheduled update, or the prefix of all."""
    return "scheduledupdate#" + ("" if update_id is None else f"{update_id:016d}")


def order_sort_key(order_id: str = "") -> str:
    """Sort key of an order, or the prefix of all."""
    return f"order#{order_id}"


def license_key_sort_key(license_key: str = "") -> str:
    """Sort key of the link from a license key to its license, or the prefix of all."""
    return f"key#{license_key}"


def source_sort_key(source: SourceRow | None = None) -> str:
    """Sort key of the link from a row of another system to the license that was made of it, or the prefix of all."""
    return "imported#" + ("" if source is None else f"{source.system}#{sha256(source.row.encode()).hexdigest()}")


def import_result_sort_key(kind: ImportKind | None = None, result_id: int | None = None) -> str:
    """Sort key of what came of a file that was imported, or the prefix of all of a kind, or of all."""
    return "importresult#" + (f"{kind}#" if kind else "") + ("" if result_id is None else f"{result_id:016d}")


def imports_pk() -> str:
    """The partition of the files of all companies that are not imported whole yet."""
    return "imports"


def import_job_sort_key(result_id: int, company: str, kind: ImportKind) -> str:
    """Sort key of a file that is not imported whole yet: they sort by their age."""
    return f"{result_id:016d}#{company}#{kind}"


def user_license_sort_key(user_id: int, license_id: int | None = None) -> str:
    """Sort key of the link from a user to a license on which the user has a seat, or the prefix of all."""
    return f"{USER_LICENSE}{user_id:016d}#" + ("" if license_id is None else f"{license_id:016d}")


def hardware_sort_key(hardware_hash: str, license_id: int | None = None, user_id: int | None = None) -> str:
    """Sort key of the link from a hardware id to a license that has seen it (with this user), or the prefix of all."""
    user = "" if user_id is None else f"{user_id:016d}"
    return f"{HARDWARE_LICENSE}{hardware_hash}#" + ("" if license_id is None else f"{license_id:016d}#{user}")


def host_sort_key(
    host_hash: str, license_id: int | None = None, hardware_hash: str = "", user_id: int | None = None
) -> str:
    """Sort key of the link from a host name to a device (of this user) on a license, or the prefix of all."""
    user = "" if user_id is None else f"{user_id:016d}"
    of_device = "" if license_id is None else f"{license_id:016d}#{hardware_hash}#{user}"
    return f"{HOST_LICENSE}{host_hash}#{of_device}"


def device_id_sort_key(device_id: int | None = None) -> str:
    """Sort key of the link from a device's id to its license, or the prefix of all."""
    return "deviceid#" + ("" if device_id is None else f"{device_id:016d}")


def customer_license_sort_key(email: str, license_id: int | None = None) -> str:
    """Sort key of the link from a customer to a license, or the prefix of all."""
    return f"{CUSTOMER_LICENSE}{email}#" + ("" if license_id is None else f"{license_id:016d}")


def customer_sort_key(customer_id: int | None = None) -> str:
    """Sort key of the record of a customer, or the prefix of all. What was sold lies under `customer#`."""
    return "customerrecord#" + ("" if customer_id is None else f"{customer_id:016d}")


def customer_email_sort_key(email: str = "") -> str:
    """Sort key of what was sold under an email, which leads to the customer, or the prefix of all."""
    return f"customeremail#{email}"


def customer_label_sort_key(label_id: int | None = None) -> str:
    """Sort key of a label for customers, or the prefix of all."""
    return "customerlabel#" + ("" if label_id is None else f"{label_id:016d}")


def labeling_sort_key(labeling_id: int | None = None) -> str:
    """Sort key of the link from a label's being on a customer to the customer, or the prefix of all."""
    return "labeling#" + ("" if labeling_id is None else f"{labeling_id:016d}")


def customer_account_sort_key(account_id: int | None = None) -> str:
    """Sort key of a customer account, or the prefix of all."""
    return "customeraccount#" + ("" if account_id is None else f"{account_id:016d}")


def manager_license_sort_key(user_id: int, license_id: int | None = None) -> str:
    """Sort key of a license under a user who manages it, or the prefix of all."""
    return f"{MANAGER_LICENSE}{user_id:016d}#" + ("" if license_id is None else f"{license_id:016d}")


def order_license_sort_key(order_id: str, license_id: int | None = None) -> str:
    """Sort key of a license under its order, or the prefix of all. An order's id may hold any printable character."""
    return f"{ORDER_LICENSE}{sha256(order_id.encode()).hexdigest()[:24]}#" + (
        "" if license_id is None else f"{license_id:016d}"
    )


def product_license_sort_key(product: str, license_id: int | None = None) -> str:
    """Sort key of the link from a product, by its code, to a license of it, or the prefix of all."""
    return f"{PRODUCT_LICENSE}{product}#" + ("" if license_id is None else f"{license_id:016d}")


def company_license_sort_key(license_id: int | None = None) -> str:
    """Sort key of the link from a company to a license, or the prefix of all."""
    return "license#" + ("" if license_id is None else f"{license_id:016d}")


def deleted_license_sort_key(license_id: int | None = None) -> str:
    """Sort key of what stays known of a license that was deleted, or the prefix of all."""
    return "deleted#" + ("" if license_id is None else f"{license_id:016d}")


def count_sort_key(noun: str = "", shard: int | None = None) -> str:
    """Sort key of a counter of things of a company, the prefix of all of a noun, or that of all.

    Without a shard, an item of that key says that all there is of the noun is counted.
    """
    return "count#" + (f"{noun}#" if noun else "") + ("" if shard is None else f"{shard:02d}")


COMPANIES = "companies"
"""The partition of the links to all companies; no company's code has small letters."""


def portal_host_pk(host: str = "") -> str:
    """The partition of the link from a host to the company that has its portal there, or how all of them begin."""
    return f"host#{host}"


def company_of_license_pk(license_id: int | None = None) -> str:
    """The partition of the link from a license's id to its company, or how all of them begin."""
    return "license#" + ("" if license_id is None else str(license_id))


def due_pk(shard: int | None = None) -> str:
    """The partition of what is due in one shard (`store.due.due_shard`), or how all of them begin."""
    return "due#" + ("" if shard is None else str(shard))


def due_sort_key(
    at: Instant, license: str = "", of: Literal["", "-notice", "-legacy", "-update"] = "", update_id: int | None = None
) -> str:
    """Sort key of a license (its `pk`) that is due at an instant; without one, what is due before sorts before it.

    `of`: of a notice, of legacy devices, or of a scheduled update; else of a transition. Older code, which moves
    dates alone, is to find nothing else in its way.
    """
    when = f"{at:015d}{of}" + ("" if update_id is None else f"-{update_id:016d}")
    return f"{when}#{license}" if license else when


def mail_pk(shard: int | None = None) -> str:
    """The partition of the mails that are queued in one shard, or how all of them begin."""
    return "mail#" + ("" if shard is None else str(shard))


def mail_sort_key(at: Instant, nonce: str = "") -> str:
    """Sort key of a mail that was queued at an instant; without a nonce, what was queued before sorts before it."""
    return f"{at:015d}#{nonce}" if nonce else f"{at:015d}"


def refusals_pk(company: str = "") -> str:
    """The partition of the refusals of a company's calls, or how all of them begin."""
    return f"refusals#{company}"


def refusal_sort_key(license_id: int | None, hour: Instant | None = None, kind: str = "") -> str:
    """Sort key of what was refused in an hour, or the prefix of all of a license; without one, of what matched none."""
    return f"{license_id or 0:016d}#" + ("" if hour is None else f"{hour:015d}#{kind}")


def out_pk(shard: int | None = None) -> str:
    """The partition of the events of one shard that are to leave the house, or how all of them begin."""
    return "out#" + ("" if shard is None else str(shard))


def queue_pk(shard: int | None = None) -> str:
    """The partition of the endpoints of one shard for which something waits, or how all of them begin."""
    return "queue#" + ("" if shard is None else str(shard))


def queue_sort_key(company: str, endpoint_id: int) -> str:
    """Sort key of an endpoint for which something waits."""
    return f"{company}#{endpoint_id:016d}"


def webhooks_pk(company: str | None = None, endpoint_id: int | None = None) -> str:
    """The partition of what is delivered to an endpoint, without one that of its company, or how all of them begin."""
    endpoint = "" if endpoint_id is None else f"#{endpoint_id}"
    return "webhooks#" + ("" if company is None else f"{company}{endpoint}")


def delivery_sort_key(key: str = "") -> str:
    """Sort key of a delivery in the log, or the prefix of all."""
    return f"log#{key}"


def pending_sort_key(at: Instant | None = None, key: str = "") -> str:
    """Sort key of a delivery that is to be tried at an instant, or the prefix of all."""
    return "pending#" + ("" if at is None else f"{at:015d}#{key}")


def sequence_sort_key(history: str = "") -> str:
    """Sort key of the number of the last event of a history that was filed for endpoints, or the prefix of all."""
    return f"sequence#{history}"


def endpoint_sort_key(endpoint_id: int | None = None) -> str:
    """Sort key of an endpoint, or the prefix of all."""
    return "webhook#" + ("" if endpoint_id is None else f"{endpoint_id:016d}")


LISTENERS = "webhooks"
"""The sort key of what the endpoints of a company listen to."""
