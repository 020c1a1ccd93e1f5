"""What a key that is limited to products reaches, where a call is about several things. See test_permissions, too."""

from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from chalicelib.domain.errors import NotFound
from chalicelib.domain.license import License
from chalicelib.domain.refusals import Refusal
from chalicelib.management.license_filters import LicensesQuery
from chalicelib.management.reach import its_order, itself
from chalicelib.store.refusals import observe_refusal
from chalicelib.usecases import license_fields, license_list, reports
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.management_keys import find_caller, find_management_keys
from chalicelib.usecases.product_fields import create_field
from chalicelib.web import clock
from tests.management.calls import CALLS
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.management.test_devices import rows as walked
from tests.management.test_histories import table
from tests.support import ADMIN, Vendor

NOT_OF_ONE = "management_key_product_not_allowed"
FIRST = {"id": "first", "items": [{"product_code": "viewer", "licenses": [{}]}]}


@pytest.fixture
def viewer(shop: VendorsServer) -> VendorsServer:
    """A server whose key is for one product."""
    return limited(shop, "viewer")


def limited(shop: VendorsServer, *products: str) -> VendorsServer:
    """A server whose key has all scopes, for these products."""
    return VendorsServer(new_key(shop.vendor, products=frozenset(products)), shop.http, shop.vendor)


def listed(server: VendorsServer, query: str) -> list[list[Any]]:
    """The ids of a list of licenses, page by page, and the count on the first."""
    page = granted(server.get(f"licenses{query}"))
    pages = [[page["count"]], [row["id"] for row in page["results"]]]
    while page["next"]:
        page = granted(server.get(page["next"]))
        pages.append([row["id"] for row in page["results"]])
    return pages


def order(**more: Any) -> dict[str, Any]:
    return FIRST | {"id": "another"} | more


def test_licenses_are_listed_of_its_products_whatever_is_asked_for(shop: VendorsServer, vendor: Vendor) -> None:
    vendor.product("cad", "license-key")
    viewers, revit = sorted(vendor.issue().id for _ in range(3)), vendor.issue("revit").id
    both = sorted([*viewers, vendor.issue("cad").id])
    for server, own in ((limited(shop, "viewer"), viewers), (limited(shop, "viewer", "cad"), both)):
        assert listed(server, "") == [[len(own)], own]
        assert list(chain(*listed(server, "?limit=2")[1:])) == own
        assert listed(server, "?order_by=-id")[1] == own[::-1]
        assert listed(server, "?customer_email=office@customer.test")[1] == own
        assert listed(server, f"?product_id={vendor.products['viewer'].id}")[1] == viewers
        assert listed(server, f"?id__in={revit},{viewers[0]}")[1] == viewers[:1]
        for others in (f"?product_id={vendor.products['revit'].id}", "?product_short_code=revit"):
            assert listed(server, others) == [[0], []]


OF_CUSTOMERS = (
    *("customer_name__icontains", "customer_company_name__icontains"),
    *(f"customer__reference{how}" for how in ("", "__icontains")),
    *("order__customer_account__name", "order__customer_account__code"),
    *("order__customer_account__name__icontains", "order__customer_account__code__icontains"),
    *(
        f"customer__account__{field}{how}"
        for field in ("name", "code", "description", "phone", "address", "email", "reference")
        for how in ("", "__icontains")
    ),
)
OF_MANAGERS = ("manager__true_email", "manager__true_email__icontains")


def test_what_there_is_of_other_products_makes_no_page_shorter(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a page with few rows and a `next` would tell how much there is of them."""
    vendor.product("cad", "license-key")
    sold = [vendor.issue(product) for product in ("revit", "viewer", "revit", "cad", "revit", "revit", "viewer")]
    own = sorted(license.id for license in sold if license.product != "revit")
    monkeypatch.setattr(license_list, "CHUNK", 1)
    monkeypatch.setattr(license_list, "MOST", 1)
    both = limited(shop, "viewer", "cad")
    assert listed(both, "") == [[3], own]
    assert listed(both, "?limit=2") == [[None], own[:2], own[2:]]
    assert listed(both, "?limit=2&order_by=-id") == [[None], own[:0:-1], own[:1]]


def test_reports_are_of_its_products_alone(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.product("cad", "license-key")
    there = {"viewer": 2, "revit": 3, "cad": 1}
    vendor.now = clock.now()
    for product, times in there.items():
        for n in range(times):
            license = vendor.issue(product)
            if product != "revit":
                vendor.activate(license, "pc")
            observe_refusal(vendor.code, refused_call(product, f"{n}@customer.test"))
    observe_refusal(vendor.code, refused_call(None, "ada@customer.test"))
    for most in (reports.MOST_SUMMED, 2):
        monkeypatch.setattr(reports, "MOST_SUMMED", most)
        monkeypatch.setattr(reports, "MOST_HISTORIES", most)
        for products in (("viewer",), ("viewer", "cad")):
            for path, counted in (
                ("reports/licenses", "licenses"),
                ("reports/activations", "times"),
                ("reports/most-devices", "active_devices"),
                ("reports/refusals", "times"),
            ):
                sums = summed(limited(shop, *products), path, counted)
                assert sums == {code: there[code] for code in products}


def refused_call(product: str | None, email: str) -> Refusal:
    return Refusal("activate_license", "unknown_product", clock.now(), product=product, email=email)


def summed(server: VendorsServer, address: str, counted: str) -> Counter[str]:
    """What the parts of a report come to, by product."""
    sums: Counter[str] = Counter()
    while address:
        page = granted(server.get(address))
        assert page["count"] is None
        for row in page["results"]:
            sums[row["product_code"]] += row[counted]
        address = page["next"]
    return sums


def test_no_record_of_a_customer_is_read_by_filters(shop: VendorsServer, viewer: VendorsServer, vendor: Vendor) -> None:
    """Whoever adds one that begins as these do has it refused, too."""
    of_others = ("customer_", "manager_", "order__customer")
    names = [name for name in LicensesQuery.model_fields if name.startswith(of_others)]
    shown = {"customer_id", "customer_email", "customer_email__icontains"}
    assert {*names} - shown == {*OF_CUSTOMERS, *OF_MANAGERS, "customer__account", "order__customer_account"}
    for name in {*names} - shown:
        assert refused(viewer.get(f"licenses?{name}=49"), 403) == NOT_OF_ONE, name
        assert listed(shop, f"?{name}=49") == [[0], []]
    for name in shown:
        granted(viewer.get(f"licenses?{name}=49"))


@pytest.mark.parametrize(("scope", "name"), [("customers:read", OF_CUSTOMERS[-1]), ("orders:read", OF_MANAGERS[-1])])
def test_a_filter_needs_the_scope_of_what_it_is_held_against(
    shop: VendorsServer, vendor: Vendor, scope: str, name: str
) -> None:
    others = {"customers:read", "orders:read"} - {scope}
    lacks = VendorsServer(new_key(vendor, "licenses:read", *others), shop.http)
    assert refused(lacks.get(f"licenses?{name}=49"), 403) == "management_key_scope_missing"
    granted(VendorsServer(new_key(vendor, "licenses:read", scope), shop.http).get(f"licenses?{name}=49"))


def test_of_many_licenses_those_of_its_products_are_changed(viewer: VendorsServer, vendor: Vendor) -> None:
    own, other = vendor.issue(), vendor.issue("revit")
    missing = other.id + 1
    for method, path, rows in (
        ("PATCH", "licenses/bulk_update", lambda ids: [{"id": id, "max_activations": 9} for id in ids]),
        ("POST", "licenses/bulk_update", lambda ids: {"licenses": [{"id": id, "max_activations": 9} for id in ids]}),
        ("POST", "licenses/disable_bulk", lambda ids: ids),
        ("POST", "licenses/reset_bulk", lambda ids: {"license_ids": ids}),
    ):
        first, *rest = granted(viewer.call(method, path, rows([own.id, other.id, missing])))
        assert (first["id"], first["status"]) == (own.id, "done")
        assert [row["error"]["code"] for row in rest] == ["license_not_found"] * 2
        assert len({row["error"]["detail"] for row in rest}) == 1
    assert vendor.stored(other) == other
    assert (vendor.stored(own).max_activations, vendor.stored(own).enabled) == (9, False)


def test_a_policy_is_applied_to_licenses_of_its_products_alone(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    policy = {"code": "pro", "name": "Pro", "max_activations": 50}
    own, others = [
        granted(shop.post("license-policies", policy | {"product": vendor.products[code].id}), 201)["id"]
        for code in ("viewer", "revit")
    ]
    ids = [vendor.issue().id, vendor.issue("revit").id]
    for call, done in (("preview", "changed"), ("apply", "done")):
        rows = granted(viewer.post(f"license-policies/{own}/{call}", {"license_ids": ids}))
        assert [(row["status"], (row["error"] or {}).get("code")) for row in rows] == [
            (done, None),
            ("refused", "license_not_found"),
        ]
    for sold, code in (({"license_template": others}, "policy_not_found"), ({"policy_code": "pro"}, None)):
        answer = viewer.post("orders/create_order", order(items=[{"product_code": "viewer", "licenses": [sold]}]))
        assert answer.json().get("code") == code, answer.text


def test_an_order_is_made_of_its_products_and_added_to_where_it_has_no_others(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    both = order(items=[{"product_code": code, "licenses": [{}]} for code in ("viewer", "revit")])
    wrong = viewer.post("orders/create_order", both)
    assert (refused(wrong, 400), [*wrong.json()["errors"]]) == ("unknown_product", ["items.1.product_code"])
    made = granted(viewer.post("orders/create_order", FIRST), 201)
    assert granted(viewer.post("orders/create_order", FIRST), 201) == made
    granted(shop.post("orders/create_order", both), 201)
    taken = [viewer.post("orders/create_order", order(append=append)) for append in (False, True)]
    assert [refused(answer, 409) for answer in taken] == ["already_exists"] * 2
    assert ["append" in answer.json()["errors"]["id"][0] for answer in taken] == [True, False]
    for id in ("first", "third"):
        granted(viewer.post("orders/create_order", order(id=id, append=True)), 201)
    assert refused(viewer.post("orders/create_order", both | {"id": "first", "append": True}), 400) == "unknown_product"
    assert vendor.differences() == []


def test_the_history_of_a_license_that_was_deleted_is_that_of_its_product(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    own, other = vendor.issue(), vendor.issue("revit")
    for license in (own, other):
        granted(shop.call("DELETE", f"licenses/{license.id}"), 204)
    (event, *_) = granted(viewer.get(f"license-histories?license={own.id}"))["results"]
    assert granted(viewer.get(f"license-histories/{event['id']}")) == event
    (event, *_) = granted(shop.get(f"license-histories?license={other.id}"))["results"]
    assert refused(viewer.get(f"license-histories?license={other.id}"), 404) == "license_not_found"
    assert refused(viewer.get(f"license-histories/{event['id']}"), 404) == "event_not_found"


def test_lists_of_users_that_name_no_license_are_refused(viewer: VendorsServer) -> None:
    for path in ("license-users", "license-users?email=ada@customer.test"):
        assert refused(viewer.get(path), 403) == NOT_OF_ONE, path


def test_lists_that_name_no_license_are_of_its_products_alone(shop: VendorsServer, vendor: Vendor) -> None:
    vendor.product("cad", "license-key")
    there: dict[str, list[License]] = {code: [vendor.issue(code) for _ in range(3)] for code in ("viewer", "cad")}
    for license in chain(*there.values()):
        field = create_field(vendor.code, license.product, {"name": f"{license.id}"}, ADMIN, now=vendor.now).id
        license_fields.create_value(vendor.code, license.id, field, "x", ADMIN, now=vendor.now)
        for hardware_id in ("pc", "mac"):  # by one transfer
            vendor.now += 1
            vendor.activate(license, hardware_id, report={"hostname": "studio"})
            track_variables(vendor.code, vendor.lookup(license, hardware_id), {"a": "b"}, ADMIN, now=vendor.now)
            vendor.deactivate(license, hardware_id)
        delete_license(vendor.code, vendor.issue(license.product).id, ADMIN, now=vendor.now)
    server, both = limited(shop, "cad"), limited(shop, "cad", "viewer")
    license_of: Callable[[Any], Any]
    for path, license_of, count in (
        ("devices", lambda row: row["license"]["id"], 6),
        ("devices?order_by=-id", lambda row: row["license"]["id"], 6),
        ("devices?hardware_id=pc", lambda row: row["license"]["id"], 3),
        ("devices?hostname=studio&blacklisted=false", lambda row: row["license"]["id"], 6),
        ("device-variables", lambda row: row["device"], 6),
        ("license-custom-fields", lambda row: row["license"], 3),
        ("license-activation-histories?action=activation", lambda row: row["license"], 6),
        ("license-histories?text=License created", lambda row: row["license"], 6),
    ):
        more = "&" if "?" in path else "?"
        for limit in (2, 20):
            found = walked(server, f"{path}{more}limit={limit}")
            assert len(found) == count, path
            everything = walked(shop, f"{path}{more}limit={limit}")
            assert (len(everything), walked(both, f"{path}{more}limit={limit}")) == (2 * count, everything)
            if path not in ("device-variables", "license-histories?text=License created"):
                assert {license_of(row) for row in found} == {license.id for license in there["cad"]}
    of_transfers = "license-activation-histories/transfer_count"
    assert [granted(one.get(of_transfers))["transfer_count"] for one in (server, both, shop)] == [3, 6, 6]
    products = ",".join(str(vendor.products[code].id) for code in ("viewer", "cad"))
    assert walked(server, f"license-histories?product__in={products}") == walked(server, "license-histories")
    assert walked(server, f"license-histories?product__in={vendor.products['viewer'].id}") == []
    assert {row["license_id"] for row in table(server.get("licenses/export_history"))} == {
        str(row["license"]) for row in walked(server, "license-histories")
    }


def test_a_device_of_another_product_is_answered_as_one_that_there_is_not(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    vendor.activate(license := vendor.issue(), "pc")
    (device,) = granted(viewer.get(f"devices?license={license.id}"))["results"]
    answers = [limited(shop, "revit").get(f"devices/{device['id']}"), viewer.get("devices/1"), shop.get("devices/1")]
    assert {(refused(answer, 404), answer.json()["detail"]) for answer in answers} == {
        ("device_not_found", "There is no such device.")
    }


def test_a_check_is_asked_of_licenses_of_its_products_however_they_are_named(
    viewer: VendorsServer, vendor: Vendor
) -> None:
    vendor.product("cad", "license-key")
    own, other = vendor.issue(), vendor.issue("cad")
    for license, granted_to_it in ((own, True), (other, False)):
        for named in (f"license={license.id}", f"license_key={license.license_key}"):
            answer = viewer.get(f"licenses/check_license?hardware_id=pc&{named}")
            assert granted_to_it or refused(answer, 404) == "license_not_found"
            assert not granted_to_it or granted(answer)["license"]["id"] == own.id
    both = f"hardware_id=pc&license={own.id}&license_key={other.license_key}"
    assert refused(viewer.get(f"licenses/check_license?{both}"), 404) == "license_not_found"
    assert refused(viewer.get("licenses/check_license?hardware_id=pc"), 403) == NOT_OF_ONE


def test_what_a_person_says_of_himself_is_not_shown(shop: VendorsServer, vendor: Vendor) -> None:
    """To give somebody a seat would tell the names and the number of whoever has the email."""
    revit, license = limited(shop, "revit"), vendor.issue("revit")
    seat = {"email": "ada@customer.test", "first_name": "Ada"}
    granted(shop.post(f"licenses/{vendor.issue('revit').id}/assign_user", seat))
    (account,) = granted(shop.get("license-users?email=ada@customer.test"))["results"]
    says = {"first_name": "Augusta", "last_name": "King", "phone_number": "+44 20"}
    granted(shop.call("PATCH", f"license-users/{account['id']}", says))
    granted(revit.post(f"licenses/{license.id}/assign_user", seat))
    for asked in (f"license_id={license.id}", f"license_id={license.id}&email=ada@customer.test"):
        for server, shown in ((shop, says), (revit, {"first_name": "Ada", "last_name": "", "phone_number": ""})):
            (row,) = granted(server.get(f"license-users?{asked}"))["results"]
            assert {name: row[name] for name in says} == shown
            assert (row["id"], row["seat"]["first_name"]) == (account["id"], "Ada")
    (user,) = granted(revit.get(f"licenses/{license.id}"))["license_users"]
    assert (user["first_name"], user["phone_number"]) == ("Ada", "")


def test_an_account_without_a_seat_is_answered_as_none(shop: VendorsServer, vendor: Vendor) -> None:
    revit, license = limited(shop, "revit"), vendor.issue("revit")
    granted(shop.post(f"licenses/{vendor.issue('revit').id}/assign_user", {"email": "ada@customer.test"}))
    (account,) = granted(shop.get("license-users"))["results"]
    path, details = f"licenses/{license.id}", set[str]()
    for id in (account["id"], account["id"] + 1):
        (row,) = granted(revit.post(f"{path}/set_users_activations", {str(id): {"max_activations": 1}}))
        answer = revit.post(f"{path}/unassign_user", {"license_user_id": id})
        assert refused(answer, 404) == row["error"]["code"] == "user_not_found"
        details |= {row["error"]["detail"], answer.json()["detail"]}
    assert len(details) == 1


def test_a_license_of_its_products_is_moved_to_an_order_of_these(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    own, other = vendor.issue(), vendor.issue("revit")
    both = order(items=[{"product_code": code, "licenses": [{}]} for code in ("viewer", "revit")])
    its, mixed = (granted(shop.post("orders/create_order", one), 201)["id"] for one in (FIRST, both))
    for license, to, code in (
        *((own, to, "order_not_found") for to in (mixed, other.id, own.id + 1)),
        *((other, to, "license_not_found") for to in (its, mixed, own.id)),
    ):
        path = f"licenses/{license.id}"
        moves = viewer.call("PATCH", path, {"order": to}), viewer.post(f"{path}/move", {"order": to})
        assert [refused(answer, 404) for answer in moves] == [code] * 2
        assert vendor.stored(license) == license
    assert granted(viewer.post(f"licenses/{own.id}/move", {"order": its}))["order_store_id"] == "first"
    assert granted(viewer.call("PATCH", f"licenses/{own.id}", {"order": own.id}))["order_store_id"] == own.order_id


def test_a_license_is_made_of_its_products_and_in_orders_of_these(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    both = order(items=[{"product_code": code, "licenses": [{}]} for code in ("viewer", "revit")])
    own, mixed = (granted(shop.post("orders/create_order", one), 201)["id"] for one in (FIRST, both))
    customer = granted(shop.post("customers", {"email": "buyer@customer.test"}))["id"]
    products, ids = vendor.products, {license["id"] for license in granted(shop.get("licenses"))["results"]}
    for body, status, code in (
        ({"product": "revit"}, 400, "unknown_product"),
        ({"product": "cad"}, 400, "unknown_product"),
        ({"product": "revit", "policy_code": "pro"}, 400, "unknown_product"),
        ({"product": products["revit"].id}, 404, "product_not_found"),
        ({"product": products["revit"].id + 1}, 404, "product_not_found"),
        ({"product": "viewer", "order": mixed}, 404, "order_not_found"),
        ({"product": "viewer", "order": own + 1}, 404, "order_not_found"),
        *(({"product": "viewer", "customer": id}, 403, NOT_OF_ONE) for id in (customer, 1)),
    ):
        assert refused(viewer.post("licenses", body), status) == code, body
    assert {license["id"] for license in granted(shop.get("licenses"))["results"]} == ids
    for body in ({"product": "viewer"}, {"product": products["viewer"].id, "order": own}):
        granted(viewer.post("licenses", body), 201)
    assert vendor.differences() == []


def test_a_scope_is_needed_besides(shop: VendorsServer, vendor: Vendor) -> None:
    key = new_key(vendor, "devices:read", products=frozenset({"viewer"}))
    answer = VendorsServer(key, shop.http).get(f"licenses/{vendor.issue().id}")
    assert refused(answer, 403) == "management_key_scope_missing"


def test_a_key_is_made_for_products_that_there_are(vendor: Vendor) -> None:
    text = new_key(vendor, products=frozenset({"viewer", "revit"}))
    assert find_caller(text, now=clock.now()).products == {"viewer", "revit"}
    with pytest.raises(NotFound, match="unknown_product"):
        new_key(vendor, products=frozenset({"viewer", "cad"}))
    assert len(find_management_keys(vendor.code)) == 1


def test_calls_that_leave_out_what_is_of_others_are_lists_and_changes_of_many_licenses() -> None:
    """Whoever declares another has to show in test_permissions and here that it does."""
    assert {declared.name for declared in CALLS if declared.reach is itself} == {
        *("list_licenses", "list_orders", "export_orders"),
        *("sum_licenses", "list_most_devices", "sum_activations", "sum_refusals"),
        *("list_products", "list_product_features", "list_product_custom_fields", "list_license_policies"),
        *("import_licenses", "import_license_features", "list_license_import_results", "list_feature_import_results"),
        *("disable_licenses", "reset_licenses", "change_licenses", "post_license_changes"),
    }


def test_calls_of_one_order_are_those_that_find_it_by_its_reach() -> None:
    """Whoever declares another has to find its order by `reached_order`, and to show it in test_reach_orders."""
    assert {declared.name for declared in CALLS if declared.reach is its_order} == {
        *("show_order", "change_order", "export_order"),
    }
