"""Orders by the Management API: sold whole or not at all, safe to repeat, and who manages them."""

from typing import Any
from unittest.mock import patch

import httpx
import pytest

from chalicelib.domain.catalog import Order
from chalicelib.domain.types import Json
from chalicelib.management import order_changes
from chalicelib.management.caller import Caller
from chalicelib.management.reach import reached_order
from chalicelib.store import orders
from chalicelib.usecases import order_managers, order_products
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.create_order import MAX_LICENSES
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.order_managers import change_order, find_order
from chalicelib.usecases.passwords import verify_password
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.web import clock
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.store.faults import Crash, wire
from tests.store.seam import Request, Send
from tests.support import ADMIN, DAY, ChangeRuntime, Vendor

NOTHING_SAID: Json = {
    "is_test": False,
    "is_trial": False,
    "created": None,
    "order_type": "",
    "reference": "",
    "language": "",
    "campaign_params": "",
    "download_id": "",
    "metadata": {},
}
"""Of an order of which its shop says no more than what is sold."""
CUSTOMER, ANN, BEN = "office@customer.test", "ann@customer.test", "ben@customer.test"


def order(*licenses: Json, product: str = "viewer", **more: Any) -> Json:
    """The body of an order."""
    items = [{"product_code": product, "licenses": [*licenses]}]
    return {"id": "S-1", "customer": {"email": CUSTOMER}, "items": items} | more


def sell(shop: VendorsServer, body: Json, **headers: str) -> Any:
    return granted(shop.post("orders/create_order", body, **headers), 201)


def licenses_in(vendor: Vendor, order_id: str = "S-1") -> list[int]:
    return [sold.license_id for sold in orders.sold_in_order(vendor.code, order_id)]


def made_in(answer: Json) -> list[int]:
    return [license["id"] for item in answer["order_items"] for license in item["licenses"]]


def test_an_order_is_sold_with_all_that_is_said_of_its_licenses(shop: VendorsServer, vendor: Vendor) -> None:
    now = clock.now()
    feature: Any = {"code": "export", "name": "Export", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", feature, ADMIN, now=now)
    create_field(vendor.code, "viewer", {"name": "room", "data_type": "text"}, ADMIN, now=now)
    whole = {"key": "OWN-KEY-1", "max_activations": 7, "valid_duration": "1y", "is_trial": 1, "max_transfers": 3}
    whole |= {
        "overage": "1.5x",
        "renewal_basis": "end",
        "grace_period": 48,
        "maintenance_duration": "2y",
        "note": "by phone",
        "metadata": {"crm": 1},
    }
    extras = {"product_features": [{"code": "export"}], "custom_fields": [{"name": "room", "value": "4.12"}]}
    answer = sell(shop, order(whole | extras, {}))
    first, second = made_in(answer)
    assert answer == NOTHING_SAID | {
        "id": first,
        "store_id": "S-1",
        "customer": CUSTOMER,
        "order_items": [
            {
                "product_code": "viewer",
                "licenses": [
                    {"id": first, "license_key": "OWN-KEY-1"},
                    {"id": second, "license_key": find_sold(vendor.code, second)[0].license_key},
                ],
            }
        ],
    }
    license, carried = find_sold(vendor.code, first)
    assert (license.license_type, license.max_activations, license.grace_period) == ("time-limited", 7, 48)
    assert (license.is_trial, license.max_transfers, license.customer) == (True, 3, CUSTOMER)
    assert (license.most_activations, license.renewal_basis) == (10, "end")
    assert ([one.code for one in carried.features], carried.custom_fields[0].value) == (["export"], "4.12")
    assert (carried.note, carried.metadata) == ("by phone", {"crm": 1})
    assert carried.maintenance_period is not None
    plain = find_sold(vendor.code, second)[0]
    assert (plain.license_type, plain.max_activations, plain.order_id) == ("perpetual", 1, "S-1")


def test_users_get_seats_and_managers_the_order(shop: VendorsServer, vendor: Vendor) -> None:
    users = [{"email": ANN, "is_manager": True, "first_name": "Ann"}, {"email": BEN, "max_activations": 1}]
    body = order({"max_activations": 2, "users": users}, product="revit", customer={"email": CUSTOMER, "is_manager": 1})
    (id,) = made_in(answer := sell(shop, body))
    assert find_sold(vendor.code, id)[0].users_assigned == 2
    managers = granted(shop.get(f"orders/{answer['id']}/managers"))
    assert {one["true_email"] for one in managers} == {CUSTOMER, ANN}


def test_a_user_gets_one_seat_on_a_license(shop: VendorsServer, vendor: Vendor) -> None:
    body = order({"users": [{"email": ANN}, {"email": ANN.upper()}]}, product="revit")
    assert refused(shop.post("orders/create_order", body), 409) == "user_already_assigned"
    assert licenses_in(vendor) == []


def test_a_license_by_key_takes_managers_and_no_users(shop: VendorsServer, vendor: Vendor) -> None:
    sell(shop, order({"users": [{"email": ANN, "is_manager": True}]}))
    assert len(find_order(vendor.code, "S-1").managers) == 1
    answer = shop.post("orders/create_order", order({"users": [{"email": ANN}]}, id="S-2"))
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["items.0.licenses.0.users"])


def test_the_same_order_again_is_answered_alike_and_makes_nothing(shop: VendorsServer, vendor: Vendor) -> None:
    first = sell(shop, order({}, {}))
    assert sell(shop, order({}, {})) == first
    assert sell(shop, order({}, {}), Idempotency_Key="once-more") == first
    assert licenses_in(vendor) == made_in(first)


@pytest.mark.parametrize("named", ["policy_code", "license_template"])
def test_the_same_order_is_answered_alike_when_its_policy_is_gone(
    shop: VendorsServer, vendor: Vendor, named: str
) -> None:
    said = {"name": "Pro", "code": "pro", "product": vendor.products["viewer"].id, "max_activations": 7}
    policy = granted(shop.post("license-policies", said), 201)
    body = order({named: {"policy_code": "pro", "license_template": policy["id"]}[named]}, {})
    first = sell(shop, body)
    granted(shop.call("DELETE", f"license-policies/{policy['id']}"), 204)
    assert sell(shop, body) == first
    assert licenses_in(vendor) == made_in(first)
    assert refused(shop.post("orders/create_order", body | {"id": "S-2"}), 404) == "policy_not_found"
    more = shop.post("orders/create_order", body | {"append": True})
    assert (refused(more, 404), licenses_in(vendor)) == ("policy_not_found", made_in(first))


def test_another_order_of_the_same_id_is_refused(
    shop: VendorsServer, vendor: Vendor, change_runtime: ChangeRuntime
) -> None:
    made = made_in(sell(shop, order({})))
    answer = shop.post("orders/create_order", order({}, {}))
    assert refused(answer, 409) == "already_exists"
    assert "S-1" in answer.json()["errors"]["id"][0]
    now = clock.now()
    change_runtime(clock=lambda: now + DAY + 1000)
    assert refused(shop.post("orders/create_order", order({})), 409) == "already_exists"
    assert licenses_in(vendor) == made


def test_append_adds_to_an_order_once_for_each_key(shop: VendorsServer, vendor: Vendor) -> None:
    first = sell(shop, order({}))
    more = sell(shop, order({}, append=True))
    assert sell(shop, order({}, append=True)) == more
    again = sell(shop, order({}, append=True), Idempotency_Key="tuesday")
    assert sell(shop, order({}, append=True), Idempotency_Key="tuesday") == again
    assert licenses_in(vendor) == sorted([*made_in(first), *made_in(more), *made_in(again)])
    assert {first["id"], more["id"], again["id"]} == {first["id"]}


@pytest.mark.parametrize("step", range(8))
def test_an_order_that_was_cut_short_goes_on_and_makes_nothing_twice(
    shop: VendorsServer, vendor: Vendor, step: int
) -> None:
    """Dead behind each of its transactions: two licenses with a note, a user each, and a manager."""
    user: Any = [{"email": ANN, "is_manager": True}]
    body = order({"note": "a", "users": user}, {"note": "b", "users": user}, product="revit")
    done: list[str] = []

    def dying(request: Request, send: Send) -> Any:
        answer = send(request)
        if request.operation == "TransactWriteItems":
            if len(done) == step:
                raise Crash
            done.append(request.operation)
        return answer

    with wire(dying):
        try:
            sell(shop, body)
        except Crash:
            pass
        else:
            assert len(done) == 7
    ids = made_in(sell(shop, body))
    assert (licenses_in(vendor), len(ids)) == (ids, 2)
    for id in ids:
        license, extras = find_sold(vendor.code, id)
        assert (license.users_assigned, extras.note) == (1, "ab"[ids.index(id)])
    assert len(find_order(vendor.code, "S-1").managers) == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"valid_duration": "1y", "license_type": "perpetual"}, "validation_error"),
        ({"key": "A-1"}, "already_exists"),
        ({"product_features": [{"code": "nothing"}]}, "unsupported_product_feature"),
        ({"custom_fields": [{"name": "nothing", "value": "1"}]}, "validation_error"),
        ({"users": [{"email": "nobody", "is_manager": True}]}, "validation_error"),
        ({"users": [{"email": ANN, "is_manager": True}] * 51}, "validation_error"),
        ({"max_consumptions": 3}, "validation_error"),
        ({"maintenance_duration": "forever"}, "validation_error"),
    ],
)
def test_nothing_is_made_of_what_is_wrong_anywhere(shop: VendorsServer, vendor: Vendor, wrong: Json, code: str) -> None:
    answer = shop.post("orders/create_order", order({"key": "A-1"}, wrong))
    assert refused(answer, answer.status_code) == code
    assert licenses_in(vendor) == []


@pytest.mark.parametrize(
    ("wrong", "field", "named"),
    [
        ({"product_features": [{"code": "nothing"}]}, "items.0.licenses.0.product_features", "feature"),
        (
            {"custom_fields": [{"name": "nothing", "value": "1"}]},
            "items.0.licenses.0.custom_fields",
            "custom field nothing",
        ),
    ],
)
def test_what_the_product_does_not_define_is_named_by_its_field(
    shop: VendorsServer, wrong: Json, field: str, named: str
) -> None:
    answer = shop.post("orders/create_order", order(wrong))
    refused(answer, 400)
    ((name, (sentence,)),) = answer.json()["errors"].items()
    assert (name, named in sentence) == (field, True)


def test_a_call_sells_so_many_licenses_and_no_more(shop: VendorsServer, vendor: Vendor) -> None:
    item = order(*[{}] * (MAX_LICENSES // 2 + 1))["items"][0]
    answer = shop.post("orders/create_order", order() | {"items": [item, item]})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["items"])
    assert licenses_in(vendor) == []


def test_orders_are_found_by_the_product_of_a_license_in_them(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    revit = [{"product_code": "revit", "licenses": [{}]}]
    viewer = [{"product_code": "viewer", "licenses": [{}]}]
    for name, items in (("S-1", viewer), ("S-2", revit), ("S-3", viewer + revit), ("S-4", viewer)):
        granted(shop.post("orders/create_order", {"id": name, "customer": {"email": CUSTOMER}, "items": items}), 201)

    def found(server: VendorsServer, query: str) -> list[str]:
        page, names = granted(server.get(f"orders?{query}")), list[str]()
        while True:
            names += [row["store_id"] for row in page["results"]]
            if page["next"] is None:
                return names
            page = granted(server.get(page["next"]))

    partner = VendorsServer(new_key(vendor, products=frozenset({"revit"})), shop.http)
    for most in (200, 1):
        monkeypatch.setattr(order_products, "MOST", most)
        monkeypatch.setattr(order_products, "CHUNK", most)
        assert found(shop, "short_code=viewer") == ["S-1", "S-3", "S-4"]
        assert found(shop, "short_code=revit&order_by=-store_id&limit=1") == ["S-3", "S-2"]
        assert found(shop, "short_code=viewer&offset=1") == ["S-3", "S-4"]
        assert found(shop, "short_code=nothing") == []
        assert found(partner, "short_code=revit") == ["S-2"]
        assert found(partner, "short_code=viewer") == []


def test_of_a_manager_whose_account_is_made_more_can_be_said(shop: VendorsServer, vendor: Vendor) -> None:
    number, password = sell(shop, order({}))["id"], "correct horse battery"
    said = {"password": password, "first_name": "Ann", "last_name": "Lo", "metadata": {"crm": 17}}
    added = granted(shop.post(f"orders/{number}/add_manager", {"email": ANN} | said))
    assert (added["first_name"], added["last_name"], added["password"], added["new_user"]) == (
        "Ann",
        "Lo",
        password,
        True,
    )
    assert granted(shop.get(f"license-users/{added['id']}"))["metadata"] == {"crm": 17}
    stored = find_account(vendor.code, ANN)
    assert (verify_password(stored.password_hash, password), stored.is_initial_password) == (True, True)
    another = {"email": ANN, "password": f"another {password}", "first_name": "Eve", "metadata": {"crm": 18}}
    (again,) = granted(shop.post(f"orders/{number}/add_managers", [another]))
    assert (again["first_name"], again["password"], again["new_user"]) == ("Ann", None, False)
    assert find_account(vendor.code, ANN) == stored
    wrong = {"email": BEN, "password": "password", "first_name": "x" * 200, "metadata": {"note": "x" * 17_000}}
    answer = shop.post(f"orders/{number}/add_managers", [{"email": ANN}, wrong])
    assert (refused(answer, 400), sorted(answer.json()["errors"])) == (
        "validation_error",
        ["1.first_name", "1.metadata", "1.password"],
    )


def test_managers_are_added_listed_and_taken_off(shop: VendorsServer, vendor: Vendor) -> None:
    number = sell(shop, order({}))["id"]
    added = granted(shop.post(f"orders/{number}/add_manager", {"email": ANN}))
    assert (added["true_email"], added["new_user"], len(added["password"])) == (ANN, True, 16)
    again, ben = granted(shop.post(f"orders/{number}/add_managers", [{"email": ANN}, {"email": BEN}]))
    assert (again["id"], again["new_user"], again["password"], ben["new_user"]) == (added["id"], False, None, True)
    listed = granted(shop.get(f"orders/{number}/managers"))
    assert listed == [{k: v for k, v in one.items() if k not in ("new_user", "password")} for one in (added, ben)]
    gone = {"license_user_id": added["id"]}
    assert [granted(shop.post(f"orders/{number}/remove_manager", gone)) for _ in range(2)] == [
        {"detail": "removed"}
    ] * 2
    assert find_order(vendor.code, "S-1").managers == {ben["id"]}


def test_an_order_is_found_by_the_id_of_its_first_license_alone(shop: VendorsServer, vendor: Vendor) -> None:
    first, second = made_in(sell(shop, order({}, {})))
    granted(shop.get(f"orders/{first}/managers"))
    for id in (second, Vendor(now=vendor.now).issue().id, 17):
        assert refused(shop.get(f"orders/{id}/managers"), 404) == "order_not_found"
    nobody = shop.post(f"orders/{first}/remove_manager", {"license_user_id": 17})
    assert refused(nobody, 404) == "user_not_found"


def test_orders_are_listed_by_their_texts_and_counted(shop: VendorsServer, vendor: Vendor) -> None:
    made = [sell(shop, order({}, id=f"S-{n}")) for n in (3, 1, 2)]
    first = granted(shop.get("orders?limit=2"))
    assert (first["count"], [row["store_id"] for row in first["results"]]) == (3, ["S-1", "S-2"])
    assert [row["id"] for row in granted(shop.get(first["next"]))["results"]] == [made[0]["id"]]
    assert first["results"][0]["customer"]["email"] == CUSTOMER
    assert [row["store_id"] for row in granted(shop.get("orders?offset=2"))["results"]] == ["S-3"]
    last = granted(shop.get("orders?limit=2&order_by=-store_id&is_archived=false"))
    assert [row["store_id"] for row in last["results"]] == ["S-3", "S-2"]
    assert [row["store_id"] for row in granted(shop.get(last["next"]))["results"]] == ["S-1"]
    assert refused(shop.get(last["next"].replace("=-store_id", "=store_id")), 400) == "cursor_invalid"
    assert granted(shop.get("orders?is_archived=true")) == {"count": 0, "next": None, "previous": None, "results": []}
    other = VendorsServer(new_key(Vendor(now=vendor.now)), shop.http)
    assert granted(other.get("orders"))["results"] == []


def test_an_order_gets_another_name_that_is_free(shop: VendorsServer, vendor: Vendor) -> None:
    sold = sell(shop, order({}, {}) | {"customer": {"email": CUSTOMER, "is_manager": True}})
    path, other = f"orders/{sold['id']}", sell(shop, order({}, id="S-2"))
    answer = shop.call("PATCH", path, {"store_id": "S-2"})
    assert (refused(answer, 409), list(answer.json()["errors"])) == ("already_exists", ["store_id"])
    shown = next(row for row in granted(shop.get("orders"))["results"] if row["store_id"] == "S-1")
    assert refused(shop.call("PATCH", path, {"store_id": "S-3"}, If_Match='"77"'), 412) == "revision_changed"
    named = {"store_id": "S-3", "denied": ["set_passwords"]}
    changed = granted(shop.call("PATCH", path, named, If_Match=f'"{shown["revision"]}"', Idempotency_Key="once"))
    assert changed == shown | named | {"revision": shown["revision"] + 1}
    again = shop.call("PATCH", path, named, If_Match=f'"{shown["revision"]}"', Idempotency_Key="once")
    assert (granted(again), again.headers["Idempotency-Replayed"]) == (changed, "true")
    assert granted(shop.call("PATCH", path, named, If_Match=f'"{shown["revision"]}"')) == changed
    listed = {row["store_id"]: row["id"] for row in granted(shop.get("orders"))["results"]}
    assert listed == {"S-2": other["id"], "S-3": sold["id"]}
    found = granted(shop.get("licenses?order__store_id=S-3"))["results"]
    assert {(row["id"], row["order_store_id"]) for row in found} == {(id, "S-3") for id in made_in(sold)}
    assert granted(shop.post("orders/create_order", order({}, id="S-1")), 201)["id"] not in listed.values()
    assert vendor.differences() == []


def test_an_order_that_one_write_does_not_hold_keeps_its_name(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"orders/{sell(shop, order(*[{}] * 16))['id']}"
    for name in ("S-2", "x" * 300, ""):
        answer = shop.call("PATCH", path, {"store_id": name})
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == ["store_id"]
    assert find_order(vendor.code, "S-1")


def test_an_order_denies_its_managers_what_is_said(shop: VendorsServer, vendor: Vendor) -> None:
    id = sell(shop, order({}) | {"customer": {"email": CUSTOMER, "is_manager": True}})["id"]
    path = f"orders/{id}"
    shown = granted(shop.get("orders"))["results"][0]
    assert granted(shop.call("PATCH", path, {"store_id": "S-1"})) == shown
    denied = {"denied": ["set_passwords"]}
    assert refused(shop.call("PATCH", path, denied, If_Match='"77"'), 412) == "revision_changed"
    changed = granted(shop.call("PATCH", path, denied, If_Match=f'"{shown["revision"]}"'))
    assert changed == shown | {"denied": ["set_passwords"], "revision": shown["revision"] + 1}
    assert granted(shop.get("orders"))["results"] == [changed]
    (manager,) = changed["managers"]
    assert [sold.denied for sold in orders.read_managed_licenses(vendor.code, manager)] == [{"set_passwords"}]
    assert granted(shop.call("PATCH", path, {"denied": []}))["denied"] == []
    assert refused(shop.call("PATCH", path, {"denied": ["everything"]}), 400) == "validation_error"


def test_a_change_that_says_nothing_of_what_managers_may_do_leaves_it(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"orders/{sell(shop, order({}))['id']}"

    def found_before_it_is_denied(caller: Caller, number: int) -> Order:
        found = reached_order(caller, number)
        change_order(caller.company, found.id, ADMIN, denied=frozenset({"set_passwords"}), now=vendor.now)
        return found

    with patch.object(order_changes, "reached_order", found_before_it_is_denied):
        granted(shop.call("PATCH", path, {"store_id": "S-1"}))
    assert find_order(vendor.code, "S-1").denied == {"set_passwords"}


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "once"}])
def test_a_change_that_was_cut_short_goes_on_by_the_revision_of_before(
    shop: VendorsServer, vendor: Vendor, headers: dict[str, str]
) -> None:
    sold = sell(shop, order({}, customer={"email": CUSTOMER, "is_manager": True}))
    revision = find_order(vendor.code, "S-1").revision
    path, denied = f"orders/{sold['id']}", {"denied": ["set_passwords"]}

    def change() -> httpx.Response:
        return shop.call("PATCH", path, denied, If_Match=f'"{revision}"', **headers)

    with patch.object(order_managers, "show_all", side_effect=Crash), pytest.raises(Crash):
        change()
    assert granted(change())["revision"] == revision + 1
    (manager,) = find_order(vendor.code, "S-1").managers
    assert [one.denied for one in orders.read_managed_licenses(vendor.code, manager)] == [{"set_passwords"}]
    assert vendor.differences() == []
