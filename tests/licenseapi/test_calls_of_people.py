"""change_password, user_licenses and customer_license_users, as an application sees them."""

from typing import Any

import httpx
import pytest

from chalicelib.licenseapi.requests import ActivateRequest, CustomerRequest, UserLicensesRequest
from chalicelib.usecases.change_license import set_enabled
from chalicelib.web import clock
from tests.licenseapi.objects import customer_object, granted, license_object, plain_text, refused
from tests.support import ADMIN, Application, Vendor

EMAIL, CUSTOMER = "don.joe@qbitec.com", "office@studio.example"
CHOSEN = "a better password"


def test_a_user_chooses_a_password_and_the_initial_one_is_gone(application: Application, vendor: Vendor) -> None:
    license = vendor.issue("revit")
    _, password = vendor.assign(license, EMAIL)
    change = {"username": EMAIL, "password": password, "new_password": CHOSEN}
    assert plain_text(application.post("change_password", **change)) == "password_changed"
    assert refused(application.post("change_password", **change)) == "invalid_credentials"
    named = {"product": "revit", "username": EMAIL, "hardware_id": "hw-1"}
    assert refused(application.post("activate_license", **named, password=password)) == "invalid_credentials"
    body = granted(application.post("activate_license", **named, password=CHOSEN))
    assert body["user"]["is_initial_password"] is False


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"new_password": "short"}, "validation_error"),
        ({"new_password": "n" * 129}, "validation_error"),
        ({"new_password": 12345678}, "validation_error"),
        ({"new_password": None}, "missing_parameters"),
        ({"username": "nobody@qbitec.com"}, "invalid_credentials"),
        ({"username": "no email"}, "invalid_credentials"),
        ({"password": "not the password"}, "invalid_credentials"),
    ],
)
def test_a_password_that_cannot_be_changed_stays(
    application: Application, vendor: Vendor, change: dict[str, Any], code: str
) -> None:
    _, password = vendor.assign(vendor.issue("revit"), EMAIL)
    sent = {"username": EMAIL, "password": password, "new_password": CHOSEN}
    assert refused(application.post("change_password", **sent | change)) == code
    assert plain_text(application.post("change_password", **sent)) == "password_changed"


def test_a_locked_account_says_when_to_come_back(application: Application, vendor: Vendor) -> None:
    vendor.assign(vendor.issue("revit"), EMAIL)
    answers = [
        application.get("user_licenses", product="revit", username=EMAIL, password=f"guess {n}") for n in range(5)
    ]
    assert [refused(answer) for answer in answers[:3]] == ["invalid_credentials"] * 3
    assert refused(answers[-1]) == "account_locked"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 900


def test_user_licenses_lists_the_seats_of_the_product_newest_first(application: Application, vendor: Vendor) -> None:
    older, newer, other = vendor.issue("revit"), vendor.issue("revit", max_license_users=2), vendor.issue("revit")
    _, password = vendor.assign(older, EMAIL)
    vendor.assign(newer, EMAIL, 3)
    vendor.assign(other, "somebody@qbitec.com")
    named = {"product": "revit", "username": EMAIL}
    granted(application.post("activate_license", **named, password=password, hardware_id="hw-1", license_id=newer.id))
    set_enabled(vendor.code, older.id, False, ADMIN, now=clock.now())
    rows = granted(application.get("user_licenses", **named, password=password))
    by_id = {row["license"]["id"]: row for row in rows}
    assert set(by_id) == {older.id, newer.id}
    assert [row["license"]["id"] for row in rows] == sorted(by_id, reverse=True)
    assert by_id[older.id]["license"]["license_enabled"] is False
    assert by_id[newer.id]["user"]["max_activations"] == 3
    expected = license_object(vendor, newer, "", 0) | {"username": EMAIL, "max_license_users": 2}
    del expected["hardware_id"], expected["device_id"]
    assert by_id[newer.id]["license"] == expected | {"user": by_id[newer.id]["user"]}
    assert refused(application.get("user_licenses", **named, password="wrong")) == "invalid_credentials"


def test_customer_license_users_lists_every_seat_and_never_a_password(application: Application, vendor: Vendor) -> None:
    license = vendor.issue("revit", customer=CUSTOMER, max_activations=None, order_id="A-17")
    user, _ = vendor.assign(license, EMAIL, None)
    second = vendor.issue("revit", customer=CUSTOMER, order_id="A-18")
    vendor.assign(second, EMAIL, 2)
    vendor.assign(vendor.issue("revit", customer="else@studio.example"), "somebody@qbitec.com")
    body = granted(application.get("customer_license_users", product="revit", customer=CUSTOMER.upper()))
    assert body["company"] == {"id": vendor.products["revit"].company_id}
    assert body["customer"] == customer_object(CUSTOMER)
    row, other = sorted(body["users"], key=lambda row: str(row["order_store_id"]))
    assert (other["id"], other["license_id"], other["order_store_id"]) == (user.id, second.id, "A-18")
    third = vendor.issue("revit", customer=CUSTOMER, order_id="A-18")
    vendor.assign(third, EMAIL)
    again = granted(application.get("customer_license_users", product="revit", customer=CUSTOMER))["users"]
    assert {(row["license_id"], row["order_id"]) for row in again if row["order_store_id"] == "A-18"} == {
        (second.id, second.id),
        (third.id, second.id),
    }
    assert [row] == [
        {
            "id": user.id,
            "email": EMAIL,
            "first_name": "",
            "last_name": "",
            "phone_number": "",
            "is_initial_password": True,
            "initial_password": "",
            "max_activations": 0,
            "allow_unlimited_activations": True,
            "total_activations": 0,
            "is_active": True,
            "license_id": license.id,
            "order_store_id": "A-17",
            "order_id": license.id,
        }
    ]


def test_a_customer_without_users_is_an_empty_list_and_none_is_not_found(
    application: Application, vendor: Vendor
) -> None:
    vendor.issue("viewer", customer=CUSTOMER)
    assert granted(application.get("customer_license_users", product="revit", customer=CUSTOMER))["users"] == []
    by_key = application.get("customer_license_users", product="viewer", customer=CUSTOMER)
    assert refused(by_key) == "invalid_product_auth_method"
    answer = application.get("customer_license_users", product="revit", customer="nobody@studio.example")
    assert refused(answer) == "customer_not_found"
    assert refused(application.get("customer_license_users", product="revit", customer="x")) == "validation_error"


@pytest.mark.parametrize("sent", ["don+tag+2@qbitec.com", "don%2Btag%2B2@qbitec.com", "don%20tag%202%40qbitec.com"])
def test_a_plus_of_an_e_mail_in_a_query_is_a_plus_whether_encoded_or_not(
    application: Application, vendor: Vendor, sent: str
) -> None:
    license = vendor.issue("revit")
    _, password = vendor.assign(license, "don+tag+2@qbitec.com")
    named = {"username": "don+tag+2@qbitec.com", "product": "revit", "hardware_id": "hw-1"}
    granted(application.post("activate_license", **named, password=password, license_id=license.id))

    def get(call: str) -> httpx.Response:
        query = f"product=revit&hardware_id=hw-1&license_id={license.id}&password={password}&username={sent}"
        return application.http.get(f"/api/v4/{call}?{query}", headers=application.headers())

    assert [row["license"]["id"] for row in granted(get("user_licenses"))] == [license.id]
    assert granted(get("check_license"))["user"]["email"] == "don+tag+2@qbitec.com"
    assert granted(get("get_device_variables")) == []


def test_no_other_field_and_no_body_has_a_space_taken_for_a_plus(application: Application, vendor: Vendor) -> None:
    given = {"product": "my product", "username": "don joe@qbitec.com", "password": "a b@c", "hardware_id": "my laptop"}
    asked = UserLicensesRequest.model_validate(given, context="query")
    assert (asked.product, asked.username, asked.password) == ("my product", "don+joe@qbitec.com", "a b@c")
    assert ActivateRequest.model_validate(given, context="body").username == given["username"]
    customer = CustomerRequest.model_validate({"product": "p", "customer": "a b@c.test"}, context="query").customer
    assert customer == "a+b@c.test"


def test_the_users_of_a_customer_come_in_pages_where_pages_are_asked_for(
    application: Application, vendor: Vendor
) -> None:
    license = vendor.issue("revit", customer=CUSTOMER, max_license_users=5)
    for name in "abc":
        vendor.assign(license, f"{name}@qbitec.com")
    asked = {"product": "revit", "customer": CUSTOMER}
    whole = granted(application.get("customer_license_users", **asked))
    first = granted(application.get("customer_license_users", **asked, limit=2))
    second = granted(application.get("customer_license_users", **asked, limit=2, cursor=first["next_cursor"]))
    assert "next_cursor" not in whole
    assert first["users"] + second["users"] == whole["users"]
    assert (len(first["users"]), second["next_cursor"]) == (2, None)
    assert refused(application.get("customer_license_users", **asked, cursor="x")) == "cursor_invalid"
    assert refused(application.get("customer_license_users", **asked, limit=101)) == "validation_error"
