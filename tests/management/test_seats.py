"""Several users of a license at once, what is told of an account, and an order as a whole, by the Management API."""

from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.management import license_users as face
from chalicelib.management import orders
from chalicelib.store import seats
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.license_extras import Wanted, grant_features
from chalicelib.usecases.passwords import verify_password
from chalicelib.usecases.product_features import create_feature
from tests.management.server import VendorsServer, granted, refused
from tests.support import ADMIN, NOW, Vendor

ADA, BOB, EVE = "ada@customer.test", "bob@customer.test", "eve@customer.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=3, max_activations=5)


def assign_all(shop: VendorsServer, license: License, *emails: str, **headers: str) -> Any:
    body = {"emails": [{"email": email, "is_manager": False} for email in emails]}
    return granted(shop.post(f"licenses/{license.id}/assign_users", body, **headers))


def set_all(shop: VendorsServer, license: License, changes: Any) -> list[tuple[str, str]]:
    rows = granted(shop.post(f"licenses/{license.id}/set_users_activations", changes))
    return [(row["status"], (row["error"] or {}).get("code", "")) for row in rows]


# --- assign_users --------------------------------------------------------------------------------------------------


def test_several_get_a_seat_each_with_an_outcome_of_its_own(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    first, nobody, again = assign_all(shop, license, ADA, "nobody", ADA)
    assert (first["status"], first["new_user"], first["error"]) == ("done", True, None)
    assert verify_password(find_account(vendor.code, ADA).password_hash, first["password"])
    assert (nobody["status"], nobody["password"], nobody["error"]["code"]) == ("refused", None, "validation_error")
    assert (again["status"], again["new_user"], again["password"]) == ("done", False, None), "who has a seat keeps it"
    rows = assign_all(shop, license, BOB, EVE, "four@customer.test")
    assert [row["status"] for row in rows] == ["done", "done", "refused"]
    assert rows[2]["error"]["code"] == "license_users_limit_reached"
    assert vendor.stored(license).users_assigned == 3


def test_a_call_that_was_cut_short_goes_on_where_it_was(
    shop: VendorsServer, vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    give, given = assign_user, list[str]()

    def dying(*args: Any, **more: Any) -> Any:
        if len(given) == 1:
            raise RuntimeError("died")
        given.append(args[2])
        return give(*args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(face, "assign_seat", dying)
        body = {"emails": [{"email": ADA}, {"email": BOB}]}
        answer = shop.post(f"licenses/{license.id}/assign_users", body, Idempotency_Key="job-1")
    assert (refused(answer, 500), given) == ("internal_error", [ADA])
    rows = granted(shop.post(f"licenses/{license.id}/assign_users", body, Idempotency_Key="job-1"))
    assert [(row["status"], row["new_user"]) for row in rows] == [("done", False), ("done", True)]
    answer = shop.post(f"licenses/{license.id}/assign_users", body, Idempotency_Key="job-1")
    assert (answer.headers["Idempotency-Replayed"], granted(answer)) == ("true", rows)


# --- set_users_activations -----------------------------------------------------------------------------------------


def test_limits_and_activations_of_users_are_set_by_their_ids(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    (ada, password), (bob, _) = vendor.assign(license, ADA, 2), vendor.assign(license, BOB, 2)
    vendor.activate(ADA, "pc", password, license_id=license.id)
    changes = {
        str(ada.id): {"reset_total_activations": True},
        str(bob.id): {"max_activations": 4},
        "7": {"max_activations": 1},
    }
    assert set_all(shop, license, changes) == [("done", ""), ("done", ""), ("refused", "user_not_found")]
    stored = {seat.email: seat for seat in seats_of(vendor, license, ada.id, bob.id)}
    assert (stored[ADA].max_activations, vendor.stored(license).times_activated) == (2, 0)
    assert stored[BOB].max_activations == 4
    wrapped = {"user_activations": {str(bob.id): {"max_activations": 9}}}
    assert set_all(shop, license, wrapped) == [("refused", "max_activations_too_high")]


def seats_of(vendor: Vendor, license: License, *ids: int) -> list[Any]:
    return [seats.read_seat(vendor.code, license.id, id) for id in ids]


@pytest.mark.parametrize("body", [{}, {"x": {}}, {"7": {"max": 1}}, {"7": 1}, {"user_activations": {}}])
def test_rows_that_cannot_be_read_are_refused(shop: VendorsServer, license: License, body: Any) -> None:
    assert shop.post(f"licenses/{license.id}/set_users_activations", body).status_code == 400


# --- an account ----------------------------------------------------------------------------------------------------


def test_names_and_number_of_an_account_are_changed_and_what_is_not_given_stays(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    user, _ = vendor.assign(license, ADA)
    path = f"license-users/{user.id}"
    first = granted(shop.call("PATCH", path, {"first_name": " Ada ", "phone_number": "+44 20"}))
    assert (first["first_name"], first["last_name"], first["phone_number"]) == ("Ada", "", "+44 20")
    second = granted(shop.call("PATCH", path, {"last_name": "King"}, If_Match=f'"{first["revision"]}"'))
    changed = {"last_name": "King", "revision": first["revision"] + 1, "updated_at": second["updated_at"]}
    assert second == first | changed
    assert second["updated_at"] >= first["updated_at"]
    assert granted(shop.call("PATCH", path, {"last_name": "King"})) == second, "the same again changes nothing"
    assert refused(shop.call("PATCH", path, {"last_name": "Eve"}, If_Match='"0"'), 412) == "revision_changed"
    answer = shop.call("PATCH", path, {"first_name": "x" * 101, "phone_number": "\x07"})
    assert (refused(answer, 400), sorted(answer.json()["errors"])) == (
        "validation_error",
        ["first_name", "phone_number"],
    )
    assert refused(shop.call("PATCH", "license-users/7", {"first_name": "Eve"}), 404) == "user_not_found"
    shown = granted(shop.get(path))
    assert {name: shown[name] for name in second} == second


# --- an order ------------------------------------------------------------------------------------------------------


def test_an_order_is_shown_with_its_licenses_by_product(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for product in ("viewer", "revit", "viewer"):
        vendor.now += 1
        made.append(vendor.issue(product, order_id="A-17"))
    shown = granted(shop.get(f"orders/{made[0].id}"))
    (listed,) = granted(shop.get("orders"))["results"]
    assert {name: shown[name] for name in listed} == listed
    items = [(item["product_code"], [one["id"] for one in item["licenses"]]) for item in shown["order_items"]]
    assert items == [("viewer", [made[0].id, made[2].id]), ("revit", [made[1].id])]
    assert [item["id"] for item in shown["order_items"]] == [made[0].id, made[1].id]
    assert (shown["order_items"][1]["product_id"], shown["has_more_licenses"]) == (vendor.products["revit"].id, False)
    monkeypatch.setattr(orders, "MAX_SHOWN", 2)
    few = granted(shop.get(f"orders/{made[0].id}"))
    assert (sum(len(item["licenses"]) for item in few["order_items"]), few["has_more_licenses"]) == (2, True)
    assert refused(shop.get(f"orders/{made[1].id}"), 404) == "order_not_found"


# --- filters of licenses -------------------------------------------------------------------------------------------


def test_licenses_are_filtered_by_customer_way_and_feature(shop: VendorsServer, vendor: Vendor) -> None:
    fields: Any = {"code": "export", "name": "Export", "feature_type": "activation"}
    feature = create_feature(vendor.code, "viewer", fields, ADMIN, now=NOW)
    first, second = vendor.issue(customer=ADA), vendor.issue("revit", customer=BOB)
    grant_features(vendor.code, first.id, [Wanted("export")], ADMIN, now=NOW)
    customers = {row["email"]: row["id"] for row in granted(shop.get("customers"))["results"]}

    def found(query: str) -> list[int]:
        return [row["id"] for row in granted(shop.get(f"licenses?{query}"))["results"]]

    assert found(f"customer_id={customers[ADA]}") == [first.id]
    assert found(f"customer_id={customers[ADA]}&customer_email={BOB}") == []
    assert found("customer_id=7") == []
    assert found("product__authorization_method=user") == [second.id]
    assert found(f"product_features__id={feature.id}") == [first.id]
