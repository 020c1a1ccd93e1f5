"""Each request of the public collection, with each parameter and each field of its body that the collection shows, as
back ends send them that were written by it. The values are ours.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.docs.management_requests import MEANT, NOT_BUILT, REQUESTS
from tests.management.calls import Ids
from tests.management.server import VendorsServer

LICENSES = {
    **{"order_by": "-id", "offset": "1", "limit": "5", "id__in": "{license_id},{license_of_users}"},
    **{"license_key": "{license_key}", "license_key__startswith": "A", "license_key__icontains": "a"},
    **{"order__store_id": "A-17", "order__store_id__startswith": "A", "order__store_id__icontains": "17"},
    **{"company": "{company_id}", "customer_id": "{customer_id}", "customer_email": "ada@customer.test"},
    **{"customer_email__icontains": "ada", "customer_company_name__icontains": "studio"},
    **{"customer__reference__icontains": "r", "customer_name__icontains": "ada", "product_id": "{product_id}"},
    **{"product_name__icontains": "view", "note__icontains": "phone", "license_users__id": "{user_id}"},
    **{"license_users__true_email": "ada@customer.test", "license_users__true_email__icontains": "ada"},
    **{"license_key__isnull": "true", "is_any_floating": "true", "enabled": "true"},
    **{f"validity_period__{how}": "2030-01-01" for how in ("gt", "gte", "lt", "lte")},
    **{"manager__true_email": "ada@customer.test", "manager__true_email__icontains": "ada"},
    **{"customer__account": "{account_id}", "customer__account__name": "Studio group"},
    **{"customer__account__name__icontains": "studio", "customer__account__code": "studio"},
    "customer__account__code__icontains": "stud",
}
CUSTOMERS = {
    **{"limit": "5", "offset": "1", "label__in": "{label_id}", "email": "ada@customer.test", "email__icontains": "ada"},
    **{"email__startswith": "ada", "company_name__icontains": "studio", "first_name__icontains": "ada"},
    **{"last_name__icontains": "king", "phone__icontains": "44", "reference__exact": "R-1"},
    **{"reference__icontains": "r", "reference__startswith": "R", "account": "{account_id}"},
    **{"account__name": "Studio group", "account__name__icontains": "studio", "account__code": "studio"},
    "account__code__icontains": "stud",
}
PRODUCTS = {"order_by": "-id", "limit": "5", "offset": "1", "short_code": "viewer", "is_archived": "false"}
PAGES = {"limit": "5", "offset": "1"}
QUERIES: Mapping[int, Mapping[str, str]] = {
    1: LICENSES,
    28: {"limit": "5"},
    39: PAGES | {"order_by": "-store_id", "is_archived": "false", "short_code": "viewer"},
    43: {"range": "1m"},
    48: CUSTOMERS,
    55: PAGES | {"status_iexact": "success"},
    57: PAGES,
    65: PAGES,
    70: PAGES | {"order_by": "-id", "license": "{license_id}", "blacklisted": "true", "hostname": "x"},
    74: PAGES | {"device": "{device_id}"},
    79: {name: PRODUCTS[name] for name in ("order_by", "offset", "short_code", "is_archived")},
    81: PRODUCTS,
    82: PRODUCTS,
    83: PAGES | {"product": "{product_id}"},
    86: PAGES,
    91: PAGES | {"product": "{product_id}"},
}
"""Parameters that narrow a list, each sent alone, and the list without any; by the number of the request."""
NEEDED: Mapping[int, str] = {
    15: "?email={user_email}",
    16: "?product=viewer&quantity=3",
    19: "?hardware_id={hardware_id}&license={of_event}&product=viewer",
    43: "?range=10y",
}
"""Without which a call asks nothing."""
ADDRESS = {"address": "1 Hill St", "postcode": "EC1", "city": "London", "country": "UK", "state": "Greater London"}
NAMED = {"first_name": "Ada", "last_name": "King", "phone": "+44 20 7946 0018", "reference": "R-1"}
CUSTOMER = ADDRESS | NAMED | {"company_name": "Studio"}
ACCOUNT = {"name": "Studio group", "code": "studio", "description": "two offices", "phone": "+44 20 7946 0018"} | {
    "address": "1 Hill St",
    "email": "group@customer.test",
}
FEATURE = {"name": "Pages", "feature_type": "consumption", "max_consumption": 100, "allow_overages": True} | {
    "max_overages": 10,
    "reset_consumption": True,
    "consumption_period": "monthly",
}
FIELD = {"name": "region", "data_type": "text", "default_value": "EU", "description": "where it is used"}
PERSON = {"email": "new@customer.test", "first_name": "Nia", "last_name": "Bo", "phone_number": "+44 20 7946 0018"}
ORDER = {
    **{
        "id": "A-17",
        "append": False,
        "is_test": True,
        "created": "2026-11-20",
        "order_type": "web",
        "reference": "PO 4",
        "prevent_vm": True,
    },
    **{"language": "en", "campaign_params": "utm_source=mail", "download_id": "d-1"},
    "customer": NAMED | {"email": "office@customer.test", "company_name": "Studio"},
}
LICENSE = {
    **{"max_activations": 2, "license_type": "time-limited", "validity_period": "2031-01-31", "is_trial": False},
    **{"enable_maintenance_period": True, "maintenance_duration": "1y"},
}
WHOLE_BODIES: Mapping[int, Any] = {
    3: lambda ids: [{"id": int(ids["license_id"]), "is_trial": 1, "enable_maintenance_period": 1}],
    4: lambda ids: {"product_features": [{"product_feature": ids["feature"]}]},
    5: lambda ids: [int(ids["license_id"])],
    7: lambda ids: [int(ids["license_id"]), int(ids["license_of_users"])],
    9: {"total_consumptions": 0},
    10: PERSON | {"is_manager": True, "password": "correct horse battery", "max_activations": 2},
    11: {"emails": [{"email": "new@customer.test", "is_manager": False}, {"email": "two@customer.test"}]},
    12: lambda ids: {"license_user_id": int(ids["user_id"])},
    13: lambda ids: {ids["user_id"]: {"max_activations": 2, "reset_total_activations": True}},
    14: {"password": "correct horse battery"},
    15: {"password": "correct horse battery"},
    18: {"max_activations": 9},
    22: {"first_name": "Ada"},
    25: lambda ids: {
        "value": "Ulm",
        "license": int(ids["license_id"]),
        "product_custom_field": int(ids["field_id"]),
    },
    26: {"value": "Bonn"},
    32: lambda ids: {"csv_file": f"license__license_key,product__short_code\n{ids['unused_name']},viewer"},
    36: lambda ids: {"csv_file": f"license_key,code\n{ids['license_key']},{ids['feature']}"},
    41: {"store_id": "A-18"},
    44: lambda ids: (
        ORDER
        | {
            "items": [
                {
                    "product_code": "viewer",
                    "licenses": [LICENSE | {"key": ids["unused_name"], "custom_fields": [_field_of(ids)]}],
                },
                {
                    "product_code": "revit",
                    "licenses": [{"users": [{"email": "new@customer.test", "is_manager": True}]}],
                },
            ]
        }
    ),
    46: {"email": "ann@customer.test", "password": "correct horse battery"},
    47: lambda ids: {"license_user_id": int(ids["manager"])} if ids["order_id"] else {},
    50: CUSTOMER | {"email": "ada@customer.test"},
    51: CUSTOMER | {"email": "ada@customer.test"},
    52: lambda ids: {"customer_to_merge_id": int(ids["other_customer_id"])},
    54: {"csv_file": "email,city\nada@customer.test,Ulm"},
    59: {"label": "reseller", "color": "#0A6E5C"},
    60: {"label": "partner", "color": "#0A6E5C"},
    61: lambda ids: {"customer": int(ids["customer_id"]), "customer_label": int(ids["label_id"])},
    67: ACCOUNT,
    68: ACCOUNT,
    76: {"variable": "plan", "value": "basic"},
    88: lambda ids: FIELD | {"product": int(ids["product_id"])},
    89: FIELD,
    93: lambda ids: FEATURE | {"code": "pages", "product": int(ids["product_id"])},
    94: FEATURE | {"code": "pages-2"},
}
"""What is sent, by the number of the request."""
OTHERS = {9: "metered_license"} | dict.fromkeys((10, 11, 12, 13), "license_of_users")
"""Requests of a license that has users."""
OBJECTS = {
    "licenses": "license_id",
    "license-users": "user_id",
    "license-custom-fields": "value_id",
    "license-activation-histories": "event_id",
    "license-histories": "event_id",
    "licenses-import-results": "license_import_id",
    "license-features-import-results": "feature_import_id",
    "orders": "order_id",
    "customers": "customer_id",
    "customers-import-results": "customer_import_id",
    "clabels": "label_id",
    "customerclabels": "labeling_id",
    "customer-accounts": "account_id",
    "devices": "device_id",
    "device-variables": "variable_id",
    "products": "product_id",
    "product-custom-fields": "field_id",
    "product-features": "feature_id",
}
"""What `{id}` is, by the first word of the path."""
SENT = [number for number in range(1, 96) if number not in NOT_BUILT]


def _field_of(ids: Ids) -> dict[str, str]:
    """A value of a field of the product's that is asked for by its name."""
    created = ids.server.get(f"product-custom-fields/{ids['field_id']}").json()
    return {"name": created["name"], "value": "Ulm"}


def call(shop: VendorsServer, ids: Ids, number: int, query: str = "", **headers: str) -> Any:
    """Send a request of the collection, whole, and with the last slash that it has there."""
    _, method, path = REQUESTS[number - 1]
    if number in MEANT:
        method, path = MEANT[number]
    first = path.split("/")[1]
    one = OTHERS.get(number, OBJECTS.get(first, ""))
    address = path.removeprefix("/").replace("{id}", "{" + one + "}") + "/"
    body = WHOLE_BODIES.get(number)
    given = body(ids) if callable(body) else body
    return shop.call(method, (address + (query or NEEDED.get(number, ""))).format_map(ids), given, **headers)


@pytest.mark.parametrize("number", SENT, ids=lambda number: f"{number} {REQUESTS[number - 1][0]}")
def test_a_request_of_the_collection_is_answered(shop: VendorsServer, number: int) -> None:
    answer = call(shop, Ids(shop), number)
    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    "number", [n for n in SENT if REQUESTS[n - 1][1] != "GET"], ids=lambda number: f"{number} {REQUESTS[number - 1][0]}"
)
def test_a_request_that_changes_something_is_answered_once_for_its_key(shop: VendorsServer, number: int) -> None:
    ids = Ids(shop)
    first, again = (call(shop, ids, number, Idempotency_Key="one call") for _ in range(2))
    assert first.is_success, first.text
    assert (again.status_code, again.text) == (first.status_code, first.text)


@pytest.mark.parametrize("number", [n for n in QUERIES if n in SENT], ids=lambda n: f"{n} {REQUESTS[n - 1][0]}")
def test_each_parameter_of_a_list_narrows_it(shop: VendorsServer, number: int) -> None:
    ids = Ids(shop)
    ids["company_id"] = "1"
    wrong = {}
    for name, value in QUERIES[number].items():
        answer = call(shop, ids, number, f"?{name}={value}")
        if not answer.is_success:
            wrong[name] = answer.text
    assert wrong == {}
