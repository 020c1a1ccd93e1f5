"""Calls in the forms that back ends send which follow the public reference and not its collection: what the one names
otherwise than the other, both are answered. The values are ours.
"""

from collections.abc import Callable, Mapping
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


def create(shop: VendorsServer, ids: Ids) -> Any:
    said = {"product": int(ids["product_id"]), "customer": int(ids["customer_id"]), "license_key": "OWN-1"}
    made = granted(shop.post("licenses/", said | {"validity_period": "2031-01-31", "note": "by phone"}), 201)
    return made["license_key"], made["validity_period"][:10], made["note"], made["customer"]["id"] == said["customer"]


def create_by_code(shop: VendorsServer, ids: Ids) -> Any:
    made = granted(shop.post("licenses/", {"product": "viewer", "customer": int(ids["customer_id"])}), 201)
    return made["product"]["id"] == int(ids["product_id"]), made["enabled"]


def change_bulk(shop: VendorsServer, ids: Ids) -> Any:
    rows = {"licenses": [{"id": int(ids["license_id"]), "max_activations": 7}]}
    answered = granted(shop.post("licenses/bulk_update/", rows))
    return [row["status"] for row in answered], license_of(shop, ids)["max_activations"]


def disable_bulk(shop: VendorsServer, ids: Ids) -> Any:
    granted(shop.post("licenses/disable_bulk/", {"license_ids": [int(ids["license_id"])]}))
    return license_of(shop, ids)["enabled"]


def enable(shop: VendorsServer, ids: Ids) -> Any:
    answer = granted(shop.post(f"licenses/{ids['license_id']}/enable/"))
    return answer["message"], license_of(shop, ids)["enabled"]


def disable(shop: VendorsServer, ids: Ids) -> Any:
    answer = granted(shop.post(f"licenses/{ids['license_id']}/disable/"))
    return answer["message"], license_of(shop, ids)["enabled"]


def change(shop: VendorsServer, ids: Ids) -> Any:
    return granted(shop.call("PATCH", f"licenses/{ids['license_id']}/", {"note": "renewed", "max_transfers": 2}))[
        "note"
    ]


def assign(shop: VendorsServer, ids: Ids) -> Any:
    answer = granted(shop.post(f"licenses/{ids['license_of_users']}/assign_user/", {"email": "nia@customer.test"}))
    return answer["message"], "nia@customer.test" in emails(shop, license_id=ids["license_of_users"])


def unassign(shop: VendorsServer, ids: Ids) -> Any:
    path, email = f"licenses/{ids['license_of_users']}/unassign_user/", ids["user_email"]
    answer = granted(shop.post(path, {"license_user_email": email}))
    return answer["message"], emails(shop, license_id=ids["license_of_users"])


def set_activations(shop: VendorsServer, ids: Ids) -> Any:
    rows = {"user_activations": {ids["user_id"]: {"max_activations": 4, "reset_total_activations": True}}}
    granted(shop.post(f"licenses/{ids['license_of_users']}/set_users_activations/", rows))
    return [one["max_activations"] for one in license_of(shop, ids, "license_of_users")["license_users"]]


def emails(shop: VendorsServer, **asked: object) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return [one["true_email"] for one in granted(shop.get(f"license-users/?{query}"))["results"]]


def users_of_license(shop: VendorsServer, ids: Ids) -> Any:
    return ids["user_email"] in emails(shop, license_id=ids["license_of_users"])


def users_by_email(shop: VendorsServer, ids: Ids) -> Any:
    return emails(shop, email=ids["user_email"]) == [ids["user_email"]]


def import_rows(shop: VendorsServer, ids: Ids) -> Any:
    said = {"product_id": int(ids["product_id"]), "customer_id": int(ids["customer_id"])}
    file = "license__license_key,product__short_code,customer__email,customer__company_name\n"
    file += "OLD-1,,,\nOLD-2,none,,\nOLD-3,viewer,new@customer.test,\nOLD-4,,,Studio\n"
    job = granted(shop.post("licenses/import_from_csv/", said | {"csv_file": file}))
    result = granted(shop.get(f"licenses-import-results/{job['job_id']}/"))["result"]
    made = licenses_of(shop, license_key__startswith="OLD-")
    buyers = [(one["license_key"], one["customer"]["id"] == said["customer_id"]) for one in made]
    return [row["row"] for row in result["invalid_rows"]], sorted(buyers)


CALLS: Mapping[str, tuple[Call, Any]] = {
    "create a license": (create, ("OWN-1", "2031-01-31", "by phone", True)),
    "create one by the code of its product": (create_by_code, (True, True)),
    "change one": (change, "renewed"),
    "change many, as an object": (change_bulk, (["done"], 7)),
    "disable one": (disable, ("License disabled.", False)),
    "disable many, as an object": (disable_bulk, False),
    "enable one": (enable, ("License enabled.", True)),
    "assign": (assign, ("License assigned.", True)),
    "unassign by email": (unassign, ("License unassigned.", [])),
    "set activations, as an object": (set_activations, [4]),
    "users of a license": (users_of_license, True),
    "users by email": (users_by_email, True),
    "import a text with a product and a customer": (
        import_rows,
        ([2], [("OLD-1", True), ("OLD-3", False), ("OLD-4", True)]),
    ),
    "licenses by key": (lambda shop, ids: len(licenses_of(shop, license_key=ids["license_key"])), 1),
    "licenses of a customer": (lambda shop, ids: licenses_of(shop, customer_id=ids["other_customer_id"]), []),
}
"""Each with what comes of it."""


@pytest.mark.parametrize("name", CALLS)
def test_a_call_in_a_form_of_the_reference_does_the_same(shop: VendorsServer, name: str) -> None:
    call, seen = CALLS[name]
    assert call(shop, Ids(shop)) == seen


@pytest.mark.parametrize(("name", "code"), [("product_id", "product_not_found"), ("customer_id", "customer_not_found")])
def test_what_is_said_of_all_rows_has_to_be_there(shop: VendorsServer, name: str, code: str) -> None:
    assert refused(shop.post("licenses/import_from_csv", {"csv_file": "license_key\nK-1", name: 7}), 404) == code
