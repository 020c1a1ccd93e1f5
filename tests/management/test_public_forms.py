"""Calls in the forms that back ends send which follow the public reference and not its collection: what the one names
otherwise than the other, both are answered. The values are ours.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.management.calls import Ids
from tests.management.server import VendorsServer, granted, refused

Call = Callable[[VendorsServer, Ids], Any]  # answers what there is to see of it


def licenses_of(shop: VendorsServer, **asked: object) -> list[Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    found: list[Any] = granted(shop.get(f"licenses/?{query}"))["results"]
    return found


def license_of(shop: VendorsServer, ids: Ids, name: str = "license_id") -> Any:
    return granted(shop.get(f"licenses/{ids[name]}/"))


def list_licenses(shop: VendorsServer, ids: Ids) -> Any:
    asked = {"license_key": ids["license_key"], "product_id": ids["product_id"], "enabled": "false"}
    found = licenses_of(shop, limit=100, order_by="-id", **asked)
    further = licenses_of(shop, limit=100, offset=1, **asked)
    return [one["license_key"] for one in found] == [ids["license_key"]], further


def list_licenses_of_customer(shop: VendorsServer, ids: Ids) -> Any:
    bought = sell(shop, ids, enabled=True)["id"]
    email = granted(shop.get(f"customers/{ids['customer_id']}/"))["email"]
    return [one["id"] == bought for one in licenses_of(shop, limit=100, customer_email=email, enabled="true")]


def sell(shop: VendorsServer, ids: Ids, **more: object) -> Any:
    said = {"product": int(ids["product_id"]), "customer": int(ids["customer_id"])}
    return granted(shop.post("licenses/", said | more), 201)


def create_license(shop: VendorsServer, ids: Ids) -> Any:
    made = sell(shop, ids, license_key="OWN-1", enabled=False, note="by phone")
    return made["license_key"], made["enabled"], made["note"], made["customer"]["id"] == int(ids["customer_id"])


def create_by_code(shop: VendorsServer, ids: Ids) -> Any:
    made = sell(shop, ids, product="viewer", validity_period="2031-01-31")
    return made["product"]["id"] == int(ids["product_id"]), made["enabled"], made["validity_period"][:10]


def update_license(shop: VendorsServer, ids: Ids) -> Any:
    path = f"licenses/{ids['license_id']}/"
    answer = granted(shop.call("PATCH", path, {"enabled": False, "note": "renewed"}))
    return answer["enabled"], answer["note"], granted(shop.call("PATCH", path, {"enabled": True}))["enabled"]


def get_license(shop: VendorsServer, ids: Ids) -> Any:
    return license_of(shop, ids)["license_key"] == ids["license_key"]


def delete_license(shop: VendorsServer, ids: Ids) -> Any:
    path = f"licenses/{ids['license_id']}/"
    return granted(shop.call("DELETE", path), 204), refused(shop.get(path), 404)


def list_products(shop: VendorsServer, ids: Ids) -> Any:
    return ids["product_id"] in [str(one["id"]) for one in granted(shop.get("products/?limit=100"))["results"]]


def list_customers(shop: VendorsServer, ids: Ids) -> Any:
    create_customer(shop, ids)
    asked = ["email=shop@customer.test", "company_name=Studio", "company_name=studio", "company_name=Stud"]
    return [granted(shop.get(f"customers/?limit=100&{one}"))["count"] for one in asked]


def create_customer(shop: VendorsServer, ids: Ids) -> Any:
    said = {"email": "shop@customer.test", "first_name": "Ada", "last_name": "Byron"}
    said |= {"company_name": "Studio", "phone": "+44 20", "reference": "C-1"}
    made = granted(shop.post("customers/", said))
    return {name: made[name] for name in said} == said, isinstance(made["id"], int)


def delete_customer(shop: VendorsServer, ids: Ids) -> Any:
    path = f"customers/{ids['customer_id']}/"
    return granted(shop.call("DELETE", path), 204), refused(shop.get(path), 404)


def list_license_users(shop: VendorsServer, ids: Ids) -> Any:
    asked = {"limit": 1000, "offset": 0, "license_id": ids["license_of_users"]}
    return [emails(shop, **asked, email=email) == [email] for email in (ids["user_email"], "nobody@customer.test")]


def assign_user(shop: VendorsServer, ids: Ids) -> Any:
    said = {"email": "nia@customer.test", "is_manager": False, "first_name": "Nia", "last_name": "Hall"}
    said |= {"phone_number": "+44 20", "password": "correct horse battery", "max_activations": 3}
    answer = granted(shop.post(f"licenses/{ids['license_of_users']}/assign_user/", said))
    (user,) = license_of(shop, ids, "license_of_users")["license_users"]
    return answer["message"], [user[name] for name in ("true_email", "first_name", "is_manager", "max_activations")]


def assign_user_by_email(shop: VendorsServer, ids: Ids) -> Any:
    said = {"email": "nia@customer.test", "is_manager": False}
    return granted(shop.post(f"licenses/{ids['license_of_users']}/assign_user/", said))["message"]


def unassign_user(shop: VendorsServer, ids: Ids) -> Any:
    said = {"license_user_id": int(ids["user_id"])}
    answer = granted(shop.post(f"licenses/{ids['license_of_users']}/unassign_user/", said))
    return answer["message"], emails(shop, license_id=ids["license_of_users"])


def unassign_by_email(shop: VendorsServer, ids: Ids) -> Any:
    path, email = f"licenses/{ids['license_of_users']}/unassign_user/", ids["user_email"]
    answer = granted(shop.post(path, {"license_user_email": email}))
    return answer["message"], emails(shop, license_id=ids["license_of_users"])


def set_user_activations(shop: VendorsServer, ids: Ids) -> Any:
    rows = {"user_activations": {ids["user_id"]: {"max_activations": 4, "reset_total_activations": True}}}
    granted(shop.post(f"licenses/{ids['license_of_users']}/set_users_activations/", rows))
    return [one["max_activations"] for one in license_of(shop, ids, "license_of_users")["license_users"]]


def bulk_update_licenses(shop: VendorsServer, ids: Ids) -> Any:
    row = {"id": int(ids["license_id"]), "enabled": True, "is_trial": True, "enable_maintenance_period": False}
    rows = [row | {"note": "fair"}, {"id": int(ids["license_of_users"]), "note": "fair"}]
    answered = granted(shop.post("licenses/bulk_update/", {"licenses": rows}))
    one = license_of(shop, ids)
    return [each["status"] for each in answered], (one["enabled"], one["is_trial"], one["note"])


def bulk_disable_licenses(shop: VendorsServer, ids: Ids) -> Any:
    both = [int(ids["license_of_users"]), int(sell(shop, ids)["id"])]
    granted(shop.post("licenses/disable_bulk/", {"license_ids": both}))
    return [granted(shop.get(f"licenses/{id}/"))["enabled"] for id in both]


def disable(shop: VendorsServer, ids: Ids) -> Any:
    answer = granted(shop.post(f"licenses/{ids['license_of_users']}/disable/"))
    return answer["message"], license_of(shop, ids, "license_of_users")["enabled"]


def enable(shop: VendorsServer, ids: Ids) -> Any:
    answer = granted(shop.post(f"licenses/{ids['license_id']}/enable/"))
    return answer["message"], license_of(shop, ids)["enabled"]


def emails(shop: VendorsServer, **asked: object) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return [one["true_email"] for one in granted(shop.get(f"license-users/?{query}"))["results"]]


def import_licenses(shop: VendorsServer, ids: Ids) -> Any:
    said = {"product_id": int(ids["product_id"]), "customer_id": int(ids["customer_id"])}
    file = "license__license_key,product__short_code,customer__email,customer__company_name\n"
    file += "OLD-1,,,\nOLD-2,none,,\nOLD-3,viewer,new@customer.test,\nOLD-4,,,Studio\n"
    job = granted(shop.post("licenses/import_from_csv/", said | {"csv_file": file}))
    result = granted(shop.get(f"licenses-import-results/{job['job_id']}/"))["result"]
    made = licenses_of(shop, license_key__startswith="OLD-")
    buyers = [(one["license_key"], one["customer"]["id"] == said["customer_id"]) for one in made]
    return [row["row"] for row in result["invalid_rows"]], sorted(buyers)


TOOLS: dict[str, tuple[Call, Any]] = {
    "list licenses": (list_licenses, (True, [])),
    "create a license": (create_license, ("OWN-1", False, "by phone", True)),
    "change one": (update_license, (False, "renewed", True)),
    "show one": (get_license, True),
    "delete one": (delete_license, (None, "license_not_found")),
    "list customers": (list_customers, [1, 1, 0, 0]),
    "create a customer": (create_customer, (True, True)),
    "delete one, of nothing": (delete_customer, (None, "customer_not_found")),
    "list users of a license": (list_license_users, [True, False]),
    "assign a user": (assign_user, ("License assigned.", ["nia@customer.test", "Nia", False, 3])),
    "take a user off": (unassign_user, ("License unassigned.", [])),
    "set activations of users": (set_user_activations, [4]),
    "change many": (bulk_update_licenses, (["done", "done"], (True, True, "fair"))),
    "disable many": (bulk_disable_licenses, [False, False]),
    "import a text": (import_licenses, ([2], [("OLD-1", True), ("OLD-3", False), ("OLD-4", True)])),
}
"""What a client of the public API, written by others, lets people do (15 tools): each with all that it may send, by the
names that it sends it under, and what comes of it.
"""
MORE: dict[str, tuple[Call, Any]] = {
    "licenses of a customer, by email": (list_licenses_of_customer, [True]),
    "licenses of a customer": (lambda shop, ids: licenses_of(shop, customer_id=ids["other_customer_id"]), []),
    "create one by the code of its product": (create_by_code, (True, True, "2031-01-31")),
    "disable one": (disable, ("License disabled.", False)),
    "enable one": (enable, ("License enabled.", True)),
    "assign by email": (assign_user_by_email, "License assigned."),
    "list products": (list_products, True),
    "unassign by email": (unassign_by_email, ("License unassigned.", [])),
}
CALLS = TOOLS | MORE


@pytest.mark.parametrize("name", CALLS)
def test_a_call_in_a_form_of_the_reference_does_the_same(shop: VendorsServer, name: str) -> None:
    call, seen = CALLS[name]
    assert call(shop, Ids(shop)) == seen


@pytest.mark.parametrize(("name", "code"), [("product_id", "product_not_found"), ("customer_id", "customer_not_found")])
def test_what_is_said_of_all_rows_has_to_be_there(shop: VendorsServer, name: str, code: str) -> None:
    assert refused(shop.post("licenses/import_from_csv", {"csv_file": "license_key\nK-1", name: 7}), 404) == code


def test_an_end_that_is_a_number_is_refused_since_nobody_can_tell_of_what(shop: VendorsServer) -> None:
    ids = Ids(shop)
    row = {"id": int(ids["license_id"]), "validity_period": 365}
    sold = {"product": int(ids["product_id"]), "customer": int(ids["customer_id"]), "validity_period": 365}
    answers = [
        shop.call("PATCH", f"licenses/{row['id']}/", {"validity_period": 365}),
        shop.post("licenses/bulk_update/", {"licenses": [row]}),
        shop.post("licenses/", sold),
    ]
    for answer in answers:
        assert refused(answer, 400) == "validation_error"
        ((_, (sentence,)),) = answer.json()["errors"].items()
        assert sentence.startswith("a date must look like 2026-11-24")
