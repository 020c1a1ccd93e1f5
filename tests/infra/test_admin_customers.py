"""The admin commands for customers, their labels and accounts."""

from typing import Any

import pytest

from chalicelib.usecases.customer_accounts import find_customer_accounts
from chalicelib.usecases.customer_labels import find_customer_labels
from chalicelib.usecases.find_customer import find_customer, find_customer_by_email
from tests.infra.operator import Operator
from tests.support import CUSTOMER, Vendor

OTHER = "buying@other.test"


def of(vendor: Vendor, email: str = CUSTOMER) -> str:
    """How a line names a customer."""
    found = find_customer_by_email(vendor.code, email)
    assert found is not None
    return f"--company {vendor.code} --customer {found.id}"


def make(operator: Operator, vendor: Vendor, **more: str) -> dict[str, Any]:
    options = " ".join(f"--{name} {value}" for name, value in more.items())
    made: dict[str, Any] = operator.asks(f"customer create --company {vendor.code} --email {OTHER} {options}")
    return made


def test_a_customer_is_made_shown_and_changed(operator: Operator, vendor: Vendor) -> None:
    account = operator.asks(f"customer-account create --company {vendor.code} --name 'Studio group' --code studio")
    made = make(operator, vendor, city="Ulm", metadata="'{\"a\": 1}'", account=str(account["id"]))
    assert (made["email"], made["city"], made["account"], made["metadata"]) == (OTHER, "Ulm", account["id"], {"a": 1})
    assert (made["licenses"], made["orders"], made["labels"], made["state"]) == (0, 0, [], None)
    assert operator.asks(f"customer show {of(vendor, OTHER)}") == made
    changed = operator.asks(f"customer set {of(vendor, OTHER)} --city '' --company-name Studio --account ''")
    assert (changed["city"], changed["company_name"], changed["account"]) == (None, "Studio", None)
    assert find_customer(vendor.code, made["id"]).metadata == {"a": 1}


def test_customers_are_listed_and_found_by_an_email_of_before(operator: Operator, vendor: Vendor) -> None:
    vendor.issue()
    make(operator, vendor)
    operator.asks(f"customer set {of(vendor)} --email office@new.test")
    line = f"customer list --company {vendor.code}"
    rows = operator.asks(line)["customers"]
    assert [(row["email"], row["licenses"]) for row in rows] == [("office@new.test", 1), (OTHER, 0)]
    page = operator.asks(f"{line} --limit 1")
    assert (page["customers"], page["after"]) == (rows[:1], rows[0]["id"])
    assert operator.asks(f"{line} --after {page['after']}")["customers"] == rows[1:]
    assert operator.asks(f"{line} --email {CUSTOMER}")["customers"] == rows[:1]


def test_customers_are_listed_by_reference_label_and_account(operator: Operator, vendor: Vendor) -> None:
    vendor.issue()
    of_company = f"--company {vendor.code}"
    account = operator.asks(f"customer-account create {of_company} --name Studio")["id"]
    labels = [operator.asks(f"label create {of_company} --text {text}")["id"] for text in ("reseller", "school")]
    make(operator, vendor, reference="CRM-17", account=str(account))
    operator.asks(f"customer add-label {of(vendor)} --label {labels[0]}")

    def listed(more: str) -> list[str]:
        return [row["email"] for row in operator.asks(f"customer list {of_company} {more}")["customers"]]

    assert (listed("--reference CRM-17"), listed("--reference CRM-1")) == ([OTHER], [])
    assert (listed(f"--account {account}"), listed(f"--account {account} --reference X")) == ([OTHER], [])
    assert (listed(f"--label {labels[0]}"), listed(f"--label {labels[1]}")) == ([CUSTOMER], [])
    assert listed(f"--label {labels[0]} --label {labels[1]}") == [CUSTOMER]
    assert (listed(f"--email {OTHER}"), listed(f"--email {OTHER} --label {labels[0]}")) == ([OTHER], [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("office@NEW.test", ["office@new.test"]),
        (CUSTOMER, ["office@new.test"]),
        ("@customer", ["office@new.test"]),
        ("crm-1", [OTHER]),
        ("studio gm", [OTHER]),
        ("ada lov", [OTHER]),
        ("1234", [OTHER]),
        ("test", ["office@new.test", OTHER]),
        ("nobody", []),
    ],
)
def test_customers_are_found_by_what_is_known_of_them(
    operator: Operator, vendor: Vendor, text: str, found: list[str]
) -> None:
    vendor.issue()
    names = {"first-name": "Ada", "last-name": "Lovelace", "company-name": "'Studio GmbH'", "phone": "'+49 1234'"}
    made = make(operator, vendor, reference="CRM-17", **names)
    operator.asks(f"customer set {of(vendor)} --email office@new.test")

    def emails(code: str, text: str) -> list[str]:
        return [row["email"] for row in operator.asks(f"customer find --company {code} '{text}'")["customers"]]

    assert emails(vendor.code, text) == found
    assert emails(vendor.code, str(made["id"])) == [OTHER]
    other = Vendor().code
    assert (emails(other, text), emails(other, str(made["id"]))) == ([], [])


def test_customers_are_merged_and_only_who_has_bought_nothing_is_deleted(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    other = make(operator, vendor)["id"]
    assert "Something was sold to this customer" in operator.refused(f"customer delete {of(vendor)}")
    kept = operator.asks(f"customer merge {of(vendor, OTHER)} --other {of(vendor).split()[-1]}")
    assert (kept["id"], kept["licenses"], kept["former_emails"]) == (other, 1, [CUSTOMER])
    assert vendor.stored(license).customer == OTHER
    third = operator.asks(f"customer create --company {vendor.code} --email third@other.test")["id"]
    assert operator.asks(f"customer delete {of(vendor, 'third@other.test')}") == {
        "company": vendor.code,
        "id": third,
        "deleted": True,
    }


def test_labels_are_made_put_on_and_taken_off(operator: Operator, vendor: Vendor) -> None:
    vendor.issue()
    label = operator.asks(f"label create --company {vendor.code} --text reseller --color '#0A6E5C'")
    named = f"--label {label['id']}"
    assert (label["label"], label["color"]) == ("reseller", "#0a6e5c")
    changed = operator.asks(f"label set --company {vendor.code} {named} --text partner")
    assert operator.asks(f"label list --company {vendor.code}")["labels"] == [
        {"id": label["id"], "label": "partner", "color": "#0a6e5c"}
    ]
    labeled = operator.asks(f"customer add-label {of(vendor)} {named}")
    assert labeled["labels"] == [{name: changed[name] for name in ("id", "label", "color")}]
    assert operator.asks(f"customer remove-label {of(vendor)} {named}")["labels"] == []
    assert "No label with this id is on a customer" in operator.refused(f"customer remove-label {of(vendor)} {named}")
    operator.asks(f"label delete --company {vendor.code} {named}")
    assert find_customer_labels(vendor.code) == []


def test_customer_accounts_are_changed_and_deleted(operator: Operator, vendor: Vendor) -> None:
    made = operator.asks(f"customer-account create --company {vendor.code} --name 'Studio group'")
    named = f"--company {vendor.code} --account {made['id']}"
    changed = operator.asks(f"customer-account set {named} --description 'three offices' --email Group@studio.test")
    assert changed == made | {"description": "three offices", "email": "group@studio.test"}
    (row,) = operator.asks(f"customer-account list --company {vendor.code}")["customer_accounts"]
    assert {"company": vendor.code} | row == changed
    operator.asks(f"customer-account delete {named}")
    assert find_customer_accounts(vendor.code) == []
