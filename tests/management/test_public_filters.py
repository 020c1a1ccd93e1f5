"""The filters of licenses that the public reference has: each is served, or refused by a sentence that says why."""

from itertools import product

import pytest

from chalicelib.management.license_filters import LicensesQuery
from tests.docs.pages import DOCS
from tests.management.server import VendorsServer, granted, refused
from tests.support import Vendor

ACCOUNT = ("name", "code", "description", "phone", "address", "email", "reference")
EXACT = (
    *("id__in", "license_key", "license_key__startswith", "license_key__isnull", "order__store_id", "company"),
    *("order__store_id__startswith", "customer_id", "customer_email", "product_id", "license_users__id"),
    *("license_users__true_email", "is_any_floating", "enabled", "active", "manager__true_email", "subscription_id"),
    *("customer__account", "order__customer_account", "order__customer_account__name", "order__customer_account__code"),
    *("product_short_code", "product_features__id", "product__authorization_method", "license_template"),
    *("devices__hostname", "devices__hardware_id", "devices__os", "license_template__code", "license_user_group"),
    *(f"customer__account__{field}" for field in ACCOUNT),
)
TEXTS = (
    *("license_key", "order__store_id", "customer_email", "customer_company_name", "customer__reference", "note"),
    *("customer_name", "product_name", "product_short_code", "license_users__true_email", "manager__true_email"),
    *("order__customer_account__name", "order__customer_account__code", "subscription_id", "license_template__code"),
    *("devices__hostname", "devices__hardware_id", "devices__os"),
    *(f"customer__account__{field}" for field in ACCOUNT),
)
DATES = ("time_activated", "updated_at", "validity_period")
PUBLIC = (
    *EXACT,
    *(f"{text}__icontains" for text in TEXTS),
    *(f"{date}__{how}" for date, how in product(DATES, ("gt", "gte", "lt", "lte"))),
    *(f"{date}__date__{how}" for date, how in product(DATES, ("gt", "gte", "lt", "lte"))),
)


@pytest.mark.parametrize("name", PUBLIC)
def test_each_is_served_or_refused_by_a_sentence_that_says_what_is(shop: VendorsServer, name: str) -> None:
    reasons = [reason for begins, reason in LicensesQuery.not_served.items() if name.startswith(begins)]
    assert (name in LicensesQuery.model_fields) != bool(reasons)
    for reason in reasons:
        answer = shop.get(f"licenses?{name}=1")
        assert (refused(answer, 400), answer.json()["errors"]) == ("validation_error", {name: [f"{reason}."]})


@pytest.mark.parametrize("begins", LicensesQuery.not_served)
def test_the_page_says_of_each_that_is_refused_why(begins: str) -> None:
    rows = [row for row in (DOCS / "management/licenses.md").read_text().splitlines() if row.startswith("| `")]
    assert any(f"`{begins.removesuffix('__')}" in row.split(" | ")[0] for row in rows)


@pytest.mark.parametrize("path", ["licenses", "orders", "products", "devices"])
def test_an_order_that_nothing_is_filed_by_is_refused_by_what_there_is(shop: VendorsServer, path: str) -> None:
    answer = shop.get(f"{path}?order_by=customer")
    assert refused(answer, 400) == "validation_error"
    filed = "store_id or -store_id" if path == "orders" else "id"
    assert filed in answer.json()["errors"]["order_by"][0]


def test_part_of_a_subscription_id_and_of_the_code_of_a_policy(shop: VendorsServer, vendor: Vendor) -> None:
    policy = {"code": "pro-2026", "name": "Pro", "product": vendor.products["viewer"].id}
    granted(shop.post("license-policies", policy), 201)
    sold = {"product": "viewer", "policy_code": "pro-2026", "subscription_id": "sub_AB7"}
    id = granted(shop.post("licenses", sold), 201)["id"]
    vendor.issue()
    for query in ("subscription_id__icontains=ab7", "license_template__code__icontains=PRO-"):
        assert [row["id"] for row in granted(shop.get(f"licenses?{query}"))["results"]] == [id]
    assert granted(shop.get("licenses?license_template__code__icontains=lite"))["results"] == []
