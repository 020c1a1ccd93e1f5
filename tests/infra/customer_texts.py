"""The commands for customers, for the test that each command answers in text, and what they are about."""

from collections.abc import Mapping

from chalicelib.usecases.customer_accounts import create_customer_account
from chalicelib.usecases.customer_labels import create_customer_label
from chalicelib.usecases.customers import add_label, create_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from tests.support import ADMIN, CUSTOMER, Vendor

CUSTOMER_TEXTS: Mapping[str, tuple[str, str, str]] = {
    "customer create": ("--company {company} --email one@more.example --city Ulm", "city", "Ulm"),
    "customer list": ("--company {company} --label {label}", "after", "-"),
    "customer find": ("--company {company} more", "text", "more"),
    "customer history": ("--company {company} --customer {customer}", "id", "{customer}"),
    "customer show": ("--company {company} --customer {customer}", "licenses", "3"),
    "customer set": ("--company {company} --customer {customer} --state Bayern", "state", "Bayern"),
    "customer merge": ("--company {company} --customer {customer} --other {other}", "id", "{customer}"),
    "customer delete": ("--company {company} --customer {other}", "deleted", "yes"),
    "customer add-label": ("--company {company} --customer {other} --label {label}", "id", "{other}"),
    "customer remove-label": ("--company {company} --customer {customer} --label {label}", "id", "{customer}"),
    "label create": ("--company {company} --text partner", "color", "-"),
    "label list": ("--company {company}", "company", "{company}"),
    "label show": ("--company {company} --label {label}", "label", "reseller"),
    "label set": ("--company {company} --label {label} --color #0A6E5C", "color", "#0a6e5c"),
    "label delete": ("--company {company} --label {label}", "deleted", "yes"),
    "customer-account create": ("--company {company} --name Studio", "code", "-"),
    "customer-account list": ("--company {company}", "company", "{company}"),
    "customer-account show": ("--company {company} --account {account}", "name", "Studio"),
    "customer-account set": ("--company {company} --account {account} --code st", "code", "st"),
    "customer-account delete": ("--company {company} --account {account}", "deleted", "yes"),
}


def customer_ids(vendor: Vendor) -> dict[str, int]:
    """Who has bought, with a label; another customer, and a customer account."""
    customer = find_customer_by_email(vendor.code, CUSTOMER)
    assert customer is not None
    label = create_customer_label(vendor.code, "reseller", "", ADMIN, now=vendor.now)
    add_label(vendor.code, customer.id, label.id, ADMIN, now=vendor.now)
    other = create_customer(vendor.code, "other@more.example", {}, ADMIN, now=vendor.now)
    account = create_customer_account(vendor.code, {"name": "Studio"}, ADMIN, now=vendor.now)
    return {"customer": customer.id, "other": other.id, "label": label.id, "account": account.id}
