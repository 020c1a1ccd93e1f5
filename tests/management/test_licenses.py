"""Licenses, as a vendor's servers list, find and show them."""

from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.store import customers, reads, writes
from chalicelib.store.items.accounts import FeatureItem
from chalicelib.store.keys import feature_sort_key
from chalicelib.usecases import change_license, license_list
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.customer_accounts import create_customer_account
from chalicelib.usecases.customer_list import find_customers_of_email
from chalicelib.usecases.customer_moves import finish_moves
from chalicelib.usecases.customers import change_customer
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor

ADA, MANAGER = "ada@customer.test", "manager@customer.test"


def ids(page: Any) -> list[int]:
    return [row["id"] for row in page["results"]]


def found(shop: VendorsServer, **query: Any) -> list[int]:
    """All that is listed, page by page."""
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    page, all_found = granted(shop.get(f"licenses?{asked}")), list[int]()
    while True:
        all_found += ids(page)
        if page["next"] is None:
            return all_found
        page = granted(shop.get(page["next"]))


@pytest.fixture
def sold(shop: VendorsServer) -> dict[str, License]:
    """Licenses of each kind, oldest first."""
    vendor = shop.vendor
    made = {}
    for name, product, manager, terms in (
        ("viewer", "viewer", None, {"order_id": "A-17", "license_key": "VIEWER-1"}),
        ("revit", "revit", MANAGER, {"order_id": "A-18", "max_license_users": 3, "customer": "shop@other.test"}),
        ("ended", "viewer", None, {"license_type": "time-limited", "validity_period": NOW - DAY, "floating_users": 2}),
        ("trial", "viewer", None, {"license_type": "time-limited", "validity_period": NOW + 9 * DAY, "is_trial": True}),
    ):
        vendor.now += 1000
        made[name] = vendor.issue(product, manager, **terms)
    _, password = vendor.assign(made["revit"], ADA)
    vendor.activate(ADA, "Laptop-7", password, report={"hostname": "adas-laptop"})
    vendor.activate(made["viewer"], "Laptop-7")
    (customer,) = find_customers_of_email(vendor.code, "shop@other.test")
    account = create_customer_account(vendor.code, {"name": "Group", "code": "gr-1"}, ADMIN, now=vendor.now)
    known = {"first_name": "Ann", "last_name": "Lovelace", "company_name": "Studio", "reference": "C-1"}
    change_customer(vendor.code, customer.id, known, ADMIN, account=account.id, now=vendor.now)
    change_license.set_enabled(vendor.code, made["trial"].id, False, ADMIN, now=vendor.now)
    return made


def test_all_are_listed_oldest_first_or_newest_first_with_an_exact_count(
    shop: VendorsServer, sold: dict[str, License]
) -> None:
    in_order = [license.id for license in sold.values()]
    page = granted(shop.get("licenses?limit=3"))
    assert (page["count"], ids(page), page["previous"]) == (4, in_order[:3], None)
    assert ids(granted(shop.get(page["next"]))) == in_order[3:]
    for order_by in ("-id", "-created_at"):
        assert found(shop, order_by=order_by, limit=1) == in_order[::-1]
    page = granted(shop.get("licenses?offset=2&limit=1&order_by=-id"))
    assert (ids(page), page["previous"]) == (
        [in_order[1]],
        "http://license.test/api/v1/licenses?limit=1&order_by=-id&offset=1",
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"license_key": "viewer-1"}, ["viewer"]),
        ({"license_key": "no-such-key"}, []),
        ({"order__store_id": "A-18"}, ["revit"]),
        ({"order__store_id__startswith": "A-1"}, ["viewer", "revit"]),
        ({"order__store_id__icontains": "a-18"}, ["revit"]),
        ({"customer_email": "SHOP@other.test"}, ["revit"]),
        ({"customer_email": "no address"}, []),
        ({"customer_email__icontains": "Office"}, ["viewer", "ended", "trial"]),
        ({"product_short_code": "viewer"}, ["viewer", "ended", "trial"]),
        ({"product_name__icontains": "REV"}, ["revit"]),
        ({"product_short_code__icontains": "EVI"}, ["revit"]),
        ({"is_any_floating": "false"}, ["viewer", "revit", "trial"]),
        ({"is_any_floating": "true"}, ["ended"]),
        ({"company": "17"}, []),
        ({"customer_name__icontains": "ANN LO"}, ["revit"]),
        ({"customer_company_name__icontains": "studio"}, ["revit"]),
        ({"customer_company_name__icontains": "nobody"}, []),
        ({"customer__reference": "C-1"}, ["revit"]),
        ({"customer__reference": "c-1"}, []),
        ({"customer__reference__icontains": "c-"}, ["revit"]),
        ({"customer__account__name": "Group"}, ["revit"]),
        ({"order__customer_account__name": "Group"}, ["revit"]),
        ({"order__customer_account__name": "Group", "customer__account__name": "Other"}, []),
        ({"customer__account__code__icontains": "GR"}, ["revit"]),
        ({"customer__account__code__icontains": "GR", "product_short_code": "viewer"}, []),
        ({"order__customer_account__name__icontains": "ROU"}, ["revit"]),
        ({"order__customer_account__code__icontains": "nobody"}, []),
        ({"license_users__true_email__icontains": "DA@cust"}, ["revit"]),
        ({"license_users__true_email__icontains": "nobody"}, []),
        ({"manager__true_email__icontains": "Manager@"}, ["revit"]),
        ({"manager__true_email__icontains": "ada@"}, []),
        ({"license_users__true_email": ADA}, ["revit"]),
        ({"license_users__true_email": "nobody@customer.test"}, []),
        ({"manager__true_email": MANAGER}, ["revit"]),
        ({"devices__hardware_id": "Laptop-7"}, ["viewer", "revit"]),
        ({"devices__hostname": "ADAS-LAPTOP"}, ["revit"]),
        ({"devices__hostname": "adas"}, []),
        ({"devices__hostname": "adas-laptop", "devices__hardware_id": "Laptop-7"}, ["revit"]),
        ({"devices__hostname": "adas-laptop", "devices__hardware_id": "pc"}, []),
        ({"devices__hardware_id": "Laptop-7", "license_users__true_email": ADA}, ["revit"]),
        ({"devices__hardware_id": "Laptop-7", "product_short_code": "viewer"}, ["viewer"]),
        ({"license_key__isnull": "True"}, ["revit"]),
        ({"license_key__startswith": "VIEW"}, ["viewer"]),
        ({"enabled": "false"}, ["trial"]),
        ({"is_trial": "true"}, ["trial"]),
        ({"status": "expired"}, ["ended"]),
        ({"active": "true"}, ["viewer", "revit"]),
        ({"license_type": "perpetual"}, ["viewer", "revit"]),
        ({"validity_period__lt": "2026-11-24"}, ["ended"]),
        ({"validity_period__date__lte": "2026-11-24"}, ["ended"]),
        ({"validity_period__gte": "2026-11-24T06:00:00Z"}, ["trial"]),
        ({"time_activated__gte": "2020-01-01"}, ["viewer", "revit"]),
        ({"time_activated__gt": "2026-11-24"}, []),
        ({"created_at__gte": "2026-11-24T06:00:03Z"}, ["ended", "trial"]),
        ({"created_at__lt": "2026-11-24T06:00:03Z"}, ["viewer", "revit"]),
        ({"created_at__gte": "2026-11-24T06:00:02Z", "created_at__lt": "2026-11-24T06:00:03Z"}, ["revit"]),
        ({"created_at__gte": "2026-11-24T06:00:02Z", "order_by": "-id"}, ["trial", "ended", "revit"]),
        ({"created_at__lt": "2026-11-24T06:00:03Z", "order_by": "-id"}, ["revit", "viewer"]),
        ({"id__in": "1,2,3"}, []),
    ],
    ids=str,
)
@pytest.mark.parametrize("limit", [1, 20])
def test_licenses_are_found_by_what_people_know_of_them(
    shop: VendorsServer, sold: dict[str, License], query: dict[str, str], names: list[str], limit: int
) -> None:
    assert found(shop, **query, limit=limit) == [sold[name].id for name in names]


def test_licenses_are_found_by_ids(shop: VendorsServer, sold: dict[str, License]) -> None:
    revit, viewer = sold["revit"].id, sold["viewer"].id
    assert found(shop, id__in=f"{revit},{viewer},17", limit=1) == [viewer, revit]
    user = granted(shop.get(f"licenses/{revit}"))["license_users"][0]["id"]
    assert found(shop, license_users__id=user) == [revit]
    assert found(shop, license_users__id=user, license_users__true_email="nobody@customer.test") == []
    product = granted(shop.get(f"licenses/{revit}"))["product"]["id"]
    assert found(shop, product_id=product) == [revit]
    assert found(shop, product_id=product, product_short_code="viewer") == []
    assert found(shop, product_id=17) == []
    (customer,) = granted(shop.get("customers?email=shop@other.test"))["results"]
    assert found(shop, company=customer["company"], customer_id=customer["id"]) == [revit]
    assert found(shop, customer__account=customer["customer_account"]["id"]) == [revit]
    assert found(shop, customer__account=17) == []
    assert found(shop, order__customer_account=customer["customer_account"]["id"]) == [revit]
    assert found(shop, order__customer_account=17) == []


def test_what_a_filter_lets_through_is_counted_where_it_fits_on_the_first_page(
    shop: VendorsServer, sold: dict[str, License]
) -> None:
    assert granted(shop.get("licenses?product_short_code=viewer"))["count"] == 3
    assert granted(shop.get("licenses?product_short_code=viewer&limit=1"))["count"] is None
    assert granted(shop.get("licenses?product_short_code=viewer&offset=3"))["count"] is None


@pytest.mark.parametrize(
    "query",
    ["order_by=license_key", "id__in=a", "id__in=" + ",".join("1" * 101), "enabled=perhaps", "metadata__icontains=x"],
)
def test_what_is_not_filed_is_refused_by_its_name(shop: VendorsServer, query: str) -> None:
    answer = shop.get(f"licenses?{query}")
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", [query.partition("=")[0]])


def test_a_cursor_is_good_for_its_filter_alone(shop: VendorsServer, sold: dict[str, License]) -> None:
    following = granted(shop.get("licenses?product_short_code=viewer&limit=1"))["next"]
    assert refused(shop.get(following.replace("=viewer", "=revit")), 400) == "cursor_invalid"


def test_a_license_is_shown_with_its_users(shop: VendorsServer, sold: dict[str, License]) -> None:
    shown = granted(shop.get(f"licenses/{sold['revit'].id}"))
    (user,) = shown["license_users"]
    assert (user["true_email"], user["max_activations"], user["total_activations"]) == (ADA, 1, 1)
    assert shown["product"]["short_code"] == "revit"
    assert (shown["status"], shown["total_active_devices"], shown["revision"]) == ("active", 1, 0)
    (listed,) = granted(shop.get("licenses?order__store_id=A-18"))["results"]
    assert shown == listed
    viewer = granted(shop.get(f"licenses/{sold['viewer'].id}"))
    assert (viewer["license_key"], viewer["license_users"]) == ("VIEWER-1", [])


def test_who_has_bought_is_answered_as_customers_are(shop: VendorsServer, sold: dict[str, License]) -> None:
    (customer,) = granted(shop.get("customers?email=shop@other.test"))["results"]
    assert customer["customer_account"]["name"] == "Group"
    label = granted(shop.post("clabels", {"label": "reseller"}))
    granted(shop.post("customerclabels", {"customer": customer["id"], "customer_label": label["id"]}), 201)
    (labeled,) = granted(shop.get("customers?email=shop@other.test"))["results"]
    assert labeled["clabels_all"] == "reseller"
    page = granted(shop.get("licenses"))["results"]
    assert [row["customer"]["email"] for row in page] == [CUSTOMER, "shop@other.test", CUSTOMER, CUSTOMER]
    order_id = granted(shop.get(f"licenses/{sold['revit'].id}"))["id"]
    (order,) = [row for row in granted(shop.get("orders"))["results"] if row["store_id"] == "A-18"]
    (item,) = granted(shop.get(f"orders/{order_id}"))["order_items"]
    assert [one["customer"] for one in (page[1], order, item["licenses"][0])] == [labeled] * 3


def test_who_has_another_email_by_now_is_answered_by_that_also_under_the_former_one(
    shop: VendorsServer, sold: dict[str, License], monkeypatch: pytest.MonkeyPatch
) -> None:
    (customer,) = granted(shop.get("customers?email=shop@other.test"))["results"]
    monkeypatch.setattr("chalicelib.usecases.customers.followed", lambda new, *_, **__: new)  # cut short
    company, now = shop.vendor.code, shop.vendor.now
    change_customer(company, customer["id"], {}, ADMIN, email="new@other.test", now=now)
    (renamed,) = granted(shop.get("customers?email=new@other.test"))["results"]
    shown = granted(shop.get(f"licenses/{sold['revit'].id}"))["customer"]
    assert (shown, shown["former_emails"]) == (renamed, ["shop@other.test"])
    finish_moves(company, customer["id"], ADMIN, now=now)


@pytest.mark.parametrize("limits", [{"products": frozenset({"revit"})}, {}])
def test_a_key_that_may_not_read_customers_is_told_the_email_alone(
    shop: VendorsServer, vendor: Vendor, sold: dict[str, License], limits: dict[str, Any]
) -> None:
    scopes = () if limits else ("licenses:read", "orders:read")
    server = VendorsServer(new_key(vendor, *scopes, **limits), shop.http)
    (listed,) = granted(server.get("licenses?order__store_id=A-18"))["results"]
    shown = granted(server.get(f"licenses/{sold['revit'].id}"))
    (order,) = [row for row in granted(server.get("orders"))["results"] if row["store_id"] == "A-18"]
    assert [one["customer"] for one in (listed, shown, order)] == [{"email": "shop@other.test"}] * 3


def test_a_customer_of_before_there_were_records_is_named_by_the_email(shop: VendorsServer, vendor: Vendor) -> None:
    id = vendor.issue().id
    (customer,) = granted(shop.get(f"customers?email={CUSTOMER}"))["results"]
    record = reads.get(customers.sales_item(vendor.code, CUSTOMER))
    assert record is not None
    writes.delete(record)
    assert granted(shop.get(f"licenses/{id}"))["customer"] == {"email": customer["email"]}
    writes.batch_put([record])


def test_a_list_has_ten_users_of_a_license_and_alone_it_has_its_first_hundred(
    shop: VendorsServer, vendor: Vendor
) -> None:
    revit = vendor.issue("revit")
    for number in range(12):
        vendor.assign(revit, f"user-{number}@customer.test")
    (row,) = [row for row in granted(shop.get("licenses"))["results"] if row["id"] == revit.id]
    shown = granted(shop.get(f"licenses/{revit.id}"))["license_users"]
    assert (len(row["license_users"]), len(shown), row["users_assigned"]) == (10, 12, 12)
    assert row["license_users"] == [one for one in shown if one in row["license_users"]]


def test_a_feature_is_answered_as_its_product_defines_it_under_the_name_that_was_granted(
    shop: VendorsServer, vendor: Vendor
) -> None:
    license, product = vendor.issue(), vendor.products["viewer"].id
    given = {"name": "Pages", "code": "pages", "feature_type": "consumption", "max_consumption": 100}
    feature = granted(shop.post("product-features", given | {"product": product}))
    granted(shop.post(f"licenses/{license.id}/update_features", {"product_features": [{"product_feature": "pages"}]}))

    def nested() -> Any:
        return granted(shop.get(f"licenses/{license.id}"))["product_features"][0]["product_feature"]

    assert nested() == feature
    changed = granted(shop.call("PATCH", f"product-features/{feature['id']}", {"code": "sheets", "max_consumption": 7}))
    assert nested() == changed | {"code": "pages"}
    granted(shop.call("DELETE", f"product-features/{feature['id']}"), 204)
    assert nested()["is_deleted"]
    writes.delete(FeatureItem(vendor.code, feature_sort_key("viewer", feature["id"])))
    assert nested()["is_deleted"]
    assert nested() | {"revision": 0, "created_at": "", "updated_at": ""} == feature | {
        "is_deleted": True,
        "created_at": "",
        "updated_at": "",
    }


def test_the_license_of_another_company_does_not_exist(shop: VendorsServer, sold: dict[str, License]) -> None:
    other = VendorsServer(new_key(Vendor()), shop.http)
    assert refused(other.get(f"licenses/{sold['viewer'].id}"), 404) == "license_not_found"
    assert granted(other.get(f"licenses?id__in={sold['viewer'].id}"))["results"] == []
    assert granted(other.get("licenses"))["count"] == 0


def test_a_page_that_is_cut_says_how_to_go_on_also_behind_an_offset(
    shop: VendorsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for number in range(12):
        shop.vendor.now += 1
        made.append(shop.vendor.issue(is_trial=number % 4 == 3).id)
    monkeypatch.setattr(license_list, "MOST", 2)
    monkeypatch.setattr(license_list, "CHUNK", 2)
    assert found(shop, is_trial="true") == made[3::4]
    assert found(shop, is_trial="true", offset=2) == made[11:]
    assert found(shop, is_trial="true", offset=1, order_by="-id") == made[7:2:-4]
    first = granted(shop.get("licenses?is_trial=true"))
    assert (first["results"], first["next"] is None, first["count"]) == ([], False, None)


def test_a_customer_of_nobody_has_no_customer(shop: VendorsServer) -> None:
    id = shop.vendor.issue(customer=None).id
    assert granted(shop.get(f"licenses/{id}"))["customer"] is None
    assert found(shop, customer_email=CUSTOMER) == []


def test_metadata_as_deep_as_older_versions_took_it_is_answered(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of a request, 64 levels: now 32 are taken."""
    deep: dict[str, Any] = {"a": 1}
    for _ in range(63):
        deep = {"a": deep}
    license = vendor.issue()
    with monkeypatch.context() as older:
        older.setattr("chalicelib.domain.extras.guard_metadata", lambda *_: None)
        older.setattr("chalicelib.domain.customers.guard_metadata", lambda *_: None)
        change_terms(vendor.code, license.id, {"metadata": deep}, ADMIN, now=NOW)
        (customer,) = find_customers_of_email(vendor.code, CUSTOMER)
        change_customer(vendor.code, customer.id, {}, ADMIN, metadata=deep, now=NOW)
    for path in ("licenses", "customers"):
        (row,) = granted(shop.get(path))["results"]
        assert row["metadata"] == granted(shop.get(f"{path}/{row['id']}"))["metadata"] == deep
    order = granted(shop.get(f"orders/{license.id}"))
    assert order["order_items"][0]["licenses"][0]["metadata"] == deep
    refusal = shop.call("PATCH", f"licenses/{license.id}", {"metadata": {"a": deep["a"]["a"]}})
    assert refused(refusal, 400) == "validation_error"
    vendor.activate(license, "pc")
    assert granted(shop.call("PATCH", f"licenses/{license.id}", {"metadata": {}}))["metadata"] == {}
