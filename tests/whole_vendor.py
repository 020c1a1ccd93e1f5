"""A vendor with something of every kind that an export has, for tests that walk over all of it."""

from typing import Any

from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_license import set_archived, set_enabled
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.customer_accounts import create_customer_account
from chalicelib.usecases.customer_labels import create_customer_label
from chalicelib.usecases.customers import add_label, create_customer
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.license_users import change_user
from chalicelib.usecases.meters import set_consumption
from chalicelib.usecases.order_managers import add_manager, change_order
from chalicelib.usecases.policies import create_policy
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.products import change_product
from tests.support import ADMIN, CUSTOMER, DAY, Vendor

FORMULA = '=HYPERLINK("http://evil.test";"a"), \'quoted\'\n+1'
"""What a spreadsheet would run, with all that parts cells and lines."""
ADA, BOB = "ada@customer.test", "bob@customer.test"


def fill(vendor: Vendor) -> None:
    """At least two of each kind, and of each field something that is not its default."""
    _fill_catalog(vendor)
    _fill_customers(vendor)
    _fill_by_key(vendor)
    _fill_by_user(vendor)
    _fill_archived(vendor)


def _fill_catalog(vendor: Vendor) -> None:
    for product in ("viewer", "revit"):
        pages = {"code": "pages", "name": "Pages", "feature_type": "consumption", "max_consumption": 100}
        create_feature(vendor.code, product, pages, ADMIN, now=vendor.now)
        beta = {"code": "beta", "name": "Beta", "feature_type": "activation", "metadata": {"of": ["2026"]}}
        create_feature(vendor.code, product, beta, ADMIN, now=vendor.now)
        campus = {"name": "Campus", "default_value": "Bern", "description": "Where it stands"}
        create_field(vendor.code, product, campus, ADMIN, now=vendor.now)
        create_field(vendor.code, product, {"name": "Seen", "data_type": "date"}, ADMIN, now=vendor.now)

    _fill_policies(vendor)


def _fill_policies(vendor: Vendor) -> None:
    features = {"pages": {"max_consumption": 5}, "beta": {"valid_duration": "30d"}}
    yearly = {
        "code": "Y",
        "name": "Yearly",
        "license_type": "subscription",
        "valid_duration": "1y",
        "features": features,
    }
    more = {"max_transfers": -1, "grace_period": 24, "note": FORMULA, "custom_fields": {"Campus": "Bern"}}
    create_policy(vendor.code, "viewer", yearly | more, ADMIN, now=vendor.now)
    team = {"code": "T", "name": "Team", "license_type": "time-limited", "validity_period": vendor.now + DAY}
    limits = {
        "max_activations": None,
        "max_license_users": 0,
        "free_resets": True,
        "prevent_vm": False,
        "metadata": {"a": [1]},
    }
    create_policy(vendor.code, "revit", team | limits, ADMIN, now=vendor.now)


def _fill_customers(vendor: Vendor) -> None:
    account = {"name": "Group", "code": "G-1", "phone": "+41 1", "email": "group@customer.test", "reference": "CRM-2"}
    made = create_customer_account(vendor.code, account, ADMIN, now=vendor.now)
    create_customer_account(vendor.code, {"name": "Other"}, ADMIN, now=vendor.now)
    profile = {"first_name": "Eve", "company_name": FORMULA, "reference": "CRM-1"}
    customer = create_customer(
        vendor.code, CUSTOMER, profile, ADMIN, account=made.id, metadata={"tier": 1}, now=vendor.now
    )
    create_customer(vendor.code, "second@customer.test", {}, ADMIN, now=vendor.now)
    for text, color in (("key account", "#aa0000"), ("late payer", "")):
        label = create_customer_label(vendor.code, text, color, ADMIN, now=vendor.now)
        add_label(vendor.code, customer.id, label.id, ADMIN, now=vendor.now)


def _fill_by_key(vendor: Vendor) -> None:
    terms: dict[str, Any] = {
        "license_type": "subscription",
        "validity_period": vendor.now + 300 * DAY,
        "grace_period": 48,
        "renewal_basis": "end",
        "overage": "always",
        "max_activations": 1,
        "floating_users": 3,
        "floating_timeout": 45,
        "prevent_vm": False,
    }
    named: dict[str, Any] = {"order_id": "A-1", "license_key": "THEIR-OWN-1", "max_transfers": -1}
    license = vendor.issue(manager=BOB, **terms, **named)
    grants = [Wanted("pages", more={"max_consumption": 7}), Wanted("beta", expires_at=vendor.now + DAY)]
    grant_features(vendor.code, license.id, grants, ADMIN, now=vendor.now)
    set_fields(vendor.code, license.id, {"Campus": FORMULA}, ADMIN, now=vendor.now)
    extras = {
        "subscription_id": "SUB-7",
        "note": FORMULA,
        "metadata": {"a": 1},
        "maintenance_period": vendor.now + 90 * DAY,
        "name": "Office",
    }
    change_terms(vendor.code, license.id, extras, ADMIN, now=vendor.now)
    for hardware_id in ("desk", "laptop", "tablet"):
        vendor.activate(license, hardware_id, report={"hostname": f"{hardware_id}.lan", "is_vm": False})
    vendor.deactivate(license, "tablet")
    for hardware_id in ("desk", "laptop"):
        lookup = vendor.lookup(license, hardware_id)
        track_variables(vendor.code, lookup, {"theme": FORMULA, "lang": "de"}, ADMIN, now=vendor.now)
    for hardware_id in ("laptop", "never-seen"):
        blacklist_device(vendor.code, license.id, hardware_id, ADMIN, now=vendor.now)
    disabled = vendor.issue(license_type="time-limited", valid_duration="30d", max_activations=None)
    set_enabled(vendor.code, disabled.id, False, ADMIN, now=vendor.now)
    _fill_by_consumption(vendor)
    for is_enabled in (True, False):
        away = vendor.issue(license_key=f"AWAY-{is_enabled}")
        vendor.activate(away, "desk")
        if not is_enabled:
            set_enabled(vendor.code, away.id, False, ADMIN, now=vendor.now)
        set_archived(vendor.code, away.id, True, ADMIN, now=vendor.now)


def _fill_by_consumption(vendor: Vendor) -> None:
    terms = {"max_consumptions": 40, "allow_overages": True, "max_overages": 2, "consumption_period": "annually"}
    for more in ({"allow_negative_consumptions": True, **terms}, {"max_consumptions": None}):
        license = vendor.issue(license_type="consumption", **more)
        set_consumption(vendor.code, license.id, 41, ADMIN, now=vendor.now)


def _fill_by_user(vendor: Vendor) -> None:
    license = vendor.issue(
        "revit", order_id="A-2", max_license_users=5, is_trial=True, free_resets=True, prevent_vm=True
    )
    for email, first_name in ((ADA, "Ada"), (BOB, "")):
        assign_user(vendor.code, license.id, email, 2, ADMIN, profile=Profile(first_name=first_name), now=vendor.now)
        user, password = vendor.assign(vendor.issue("revit"), email)
        vendor.activate(user.email, f"desk of {email}", password, license_id=license.id)
        change_user(vendor.code, user.id, {}, ADMIN, metadata={"crm": [first_name]}, now=vendor.now)
    add_manager(vendor.code, "A-2", BOB, ADMIN, now=vendor.now)
    said = {"is_test": True, "is_trial": True, "created": vendor.now - DAY, "order_type": "normal", "language": "de"}
    said |= {"reference": FORMULA, "campaign_params": "a=1&b=2", "download_id": "dl-1", "metadata": {"deal": [7]}}
    change_order(vendor.code, "A-2", ADMIN, details=said, denied=frozenset({"reset_devices"}), now=vendor.now)


def _fill_archived(vendor: Vendor) -> None:
    vendor.product("old", "license-key", prevent_vm=True)
    vendor.issue("old")
    changes = {"state": "archived", "max_activations": 3, "metadata": {"until": 2025}, "maintenance_duration": "2y"}
    change_product(vendor.code, "old", changes, ADMIN, now=vendor.now)
