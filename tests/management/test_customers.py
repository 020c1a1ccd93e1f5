"""The resources customers, clabels, customerclabels and customer-accounts, through the use cases of the commands."""

from typing import Any

import pytest

from chalicelib.domain.instants import to_iso
from chalicelib.store import histories
from chalicelib.usecases.find_customer import find_customer, find_customer_by_email
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.store.faults import Crash, wire
from tests.store.seam import Request, Send
from tests.support import CUSTOMER, Vendor

OTHER = "buying@other.test"
FIELDS = [
    *("id", "total_orders", "total_licenses", "labels", "customer_account", "email", "first_name", "last_name"),
    *("company_name", "phone", "reference", "address", "postcode", "city", "country", "state", "clabels_all"),
    *("cognito_user_pool_id", "metadata", "company", "license_user", "clabels", "former_emails"),
    *("created_at", "revision"),
]


def make(shop: VendorsServer, email: str = OTHER, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = granted(shop.post("customers", {"email": email} | fields))
    return made


def sold(vendor: Vendor, email: str = CUSTOMER) -> int:
    """A customer to whom something was sold."""
    vendor.issue(customer=email)
    found = find_customer_by_email(vendor.code, email)
    assert found is not None
    return found.id


def found(shop: VendorsServer, query: str) -> list[str]:
    return [row["email"] for row in granted(shop.get(f"customers?{query}"))["results"]]


def test_a_customer_has_all_fields_of_the_public_api(shop: VendorsServer, vendor: Vendor) -> None:
    made = make(shop, first_name="Ada", metadata={"segment": [1, "a"]})
    stored = find_customer(vendor.code, made["id"])
    assert list(made) == FIELDS
    assert (made["first_name"], made["metadata"], made["city"]) == ("Ada", {"segment": [1, "a"]}, "")
    assert (made["customer_account"], made["labels"], made["clabels_all"]) == (None, [], None)
    assert (made["company"], made["created_at"]) == (vendor.products["viewer"].company_id, to_iso(stored.created_at))
    assert granted(shop.get(f"customers/{made['id']}")) == made


def test_a_sale_makes_a_customer_and_counts(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue("revit", order_id="A-1")
    vendor.issue(order_id="A-1")
    user, _ = vendor.assign(license, CUSTOMER)
    page = granted(shop.get("customers"))
    (row,) = page["results"]
    assert (row["email"], row["total_licenses"], row["total_orders"]) == (CUSTOMER, 2, 1)
    assert (row["license_user"], page["count"]) == (user.id, 1)


def test_what_is_given_changes_and_null_leaves_an_account(shop: VendorsServer) -> None:
    account = granted(shop.post("customer-accounts", {"name": "Studio group", "code": "st"}), 201)["id"]
    path = f"customers/{make(shop, customer_account=account)['id']}"
    assert granted(shop.get(path))["customer_account"] == {"id": account, "name": "Studio group", "code": "st"}
    changes: tuple[dict[str, Any], ...] = ({"city": "Ulm"}, {"metadata": {"a": 1}}, {"metadata": {}}, {}, {"city": ""})
    for change in changes:
        answer = granted(shop.call("PATCH", path, change))
        assert answer == granted(shop.get(path))
        assert answer | change == answer
        assert answer["customer_account"]["id"] == account
    assert granted(shop.call("PATCH", path, {"customer_account": None}))["customer_account"] is None
    assert answer["revision"] == 4


def test_all_that_is_wrong_is_told_at_once_by_field(shop: VendorsServer) -> None:
    answer = shop.post("customers", {"email": "nobody", "city": "x" * 101, "metadata": {"a": "x" * 17_000}})
    assert refused(answer, 400) == "validation_error"
    assert answer.json()["errors"].keys() == {"email", "city", "metadata"}
    answer = shop.post("customers", {"email": OTHER, "customer_account": 77})
    assert answer.json()["errors"] == {"customer_account": ["there is nothing with this id."]}
    make(shop)
    assert refused(shop.post("customers", {"email": OTHER}), 409) == "already_exists"


def test_each_filter_lets_through_what_it_says(shop: VendorsServer) -> None:
    account = granted(shop.post("customer-accounts", {"name": "Studio group", "code": "st", "reference": "G-1"}), 201)[
        "id"
    ]
    label = granted(shop.post("clabels", {"label": "reseller"}))["id"]
    said: Any = {"reference": "CRM-7", "company_name": "Büro", "metadata": {"tier": "gold", "vip": True, "n": 1}}
    first = make(shop, "ada@first.test", customer_account=account, **said)
    make(shop, "bob@second.test", reference="CRM-77", last_name="Meier")
    granted(shop.post("customerclabels", {"customer": first["id"], "customer_label": label}), 201)
    one, both = ["ada@first.test"], ["ada@first.test", "bob@second.test"]
    for query, wanted in {
        "": both,
        "email=ADA@first.test": one,
        "email=eve@first.test": [],
        "email__icontains=FIRST": one,
        "email__startswith=ada@": one,
        "company_name__icontains=b%C3%BCro": one,
        "last_name__icontains=MEI": ["bob@second.test"],
        "reference__exact=CRM-7": one,
        "reference__startswith=crm": both,
        "reference__icontains=77": ["bob@second.test"],
        f"label__in=77,{label}": one,
        f"account={account}": one,
        "account__code=st": one,
        "account__name__icontains=GROUP": one,
        "account__name=group": [],
        "account__reference=G-1": one,
        "account__reference__icontains=g-": one,
        "metadata=%7B%22tier%22:%20%22gold%22%7D": one,
        "metadata=%7B%22tier%22:%22gold%22,%22vip%22:true%7D": one,
        "metadata=%7B%22vip%22:1%7D": [],
        "metadata=%7B%22nothing%22:null%7D": [],
        "metadata=%7B%7D": both,
        "email__icontains=test&reference__exact=CRM-77": ["bob@second.test"],
    }.items():
        assert found(shop, query) == wanted, query


@pytest.mark.parametrize(
    "query",
    ["order_by=email", "metadata=gold", "metadata=%5B1%5D", "label__in=a", "account=x", "city=Ulm", "email__exact=a"],
)
def test_a_filter_that_there_is_not_is_refused_by_its_name(shop: VendorsServer, query: str) -> None:
    answer = shop.get(f"customers?{query}")
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", [query.partition("=")[0]])


def test_a_list_is_walked_by_its_links_and_a_cursor_is_good_for_its_filter(shop: VendorsServer) -> None:
    emails = [make(shop, f"c{n}@other.test")["email"] for n in range(5)]
    for query in ("limit=2", "limit=2&metadata=%7B%7D", "limit=2&email__icontains=other"):
        page, walked = granted(shop.get(f"customers?{query}")), list[str]()
        cursor = page["next"]
        while True:
            walked += [row["email"] for row in page["results"]]
            if page["next"] is None:
                break
            page = granted(shop.get(page["next"]))
        assert walked == emails
    assert refused(shop.get(cursor.replace("other", "test")), 400) == "cursor_invalid"
    third = granted(shop.get("customers?limit=2&offset=3"))
    assert ([row["email"] for row in third["results"]], third["count"]) == (emails[3:], 5)
    assert third["previous"].endswith("customers?limit=2&offset=1")
    assert granted(shop.get("customers?email__icontains=other"))["count"] == 5


def test_a_search_that_finds_little_goes_on(shop: VendorsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.customer_list.CHUNK", 2)
    monkeypatch.setattr("chalicelib.usecases.customer_list.MAX_SCANNED", 2)
    for n in range(3):
        make(shop, f"c{n}@other.test")
    page = granted(shop.get("customers?email__icontains=c2&limit=1"))
    assert page["results"] == []
    assert [row["email"] for row in granted(shop.get(page["next"]))["results"]] == ["c2@other.test"]


def test_customers_are_merged(shop: VendorsServer, vendor: Vendor) -> None:
    kept, gone = make(shop)["id"], sold(vendor)
    answer = granted(shop.post(f"customers/{kept}/merge", {"customer_to_merge_id": gone}))
    assert (answer["email"], answer["total_licenses"], answer["former_emails"]) == (OTHER, 1, [CUSTOMER])
    assert refused(shop.get(f"customers/{gone}"), 404) == "customer_not_found"
    assert granted(shop.post(f"customers/{kept}/merge", {"customer_to_merge_id": gone})) == answer
    wrong = shop.post(f"customers/{kept}/merge", {"customer_to_merge_id": kept})
    assert wrong.json()["errors"] == {"customer_to_merge_id": ["name another customer."]}
    assert granted(shop.get("customers"))["count"] == 1


def test_a_merge_that_is_cut_short_is_finished_by_the_same_call_under_its_key(
    shop: VendorsServer, vendor: Vendor
) -> None:
    kept, gone = make(shop)["id"], sold(vendor)

    def died(request: Request, send: Send) -> Any:
        answer = send(request)
        if request.operation == "TransactWriteItems":
            raise Crash
        return answer

    path, body = f"customers/{kept}/merge", {"customer_to_merge_id": gone}
    with wire(died), pytest.raises(Crash):
        shop.call("POST", path, body, Idempotency_Key="job-7")
    answer = shop.call("POST", path, body, Idempotency_Key="job-7")
    assert granted(answer)["total_licenses"] == 1
    assert vendor.differences() == []
    assert shop.call("POST", path, body, Idempotency_Key="job-7").headers["Idempotency-Replayed"] == "true"


def test_what_somebody_else_has_changed_is_not_changed(shop: VendorsServer) -> None:
    label = granted(shop.post("clabels", {"label": "reseller"}))["id"]
    account = granted(shop.post("customer-accounts", {"name": "Studio"}), 201)["id"]
    customer, other = make(shop)["id"], make(shop, CUSTOMER)["id"]
    for method, path, body in (
        ("PATCH", f"customers/{customer}", {"city": "Ulm"}),
        ("POST", f"customers/{customer}/merge", {"customer_to_merge_id": other}),
        ("DELETE", f"customers/{customer}", None),
        ("PATCH", f"clabels/{label}", {"label": "partner"}),
        ("DELETE", f"clabels/{label}", None),
        ("PATCH", f"customer-accounts/{account}", {"code": "st"}),
        ("DELETE", f"customer-accounts/{account}", None),
    ):
        assert refused(shop.call(method, path, body, If_Match='"7"'), 412) == "revision_changed", path
    assert granted(shop.call("PATCH", f"customers/{customer}", {"city": "Ulm"}, If_Match='"0"'))["revision"] == 1


def test_who_has_bought_is_not_deleted(shop: VendorsServer, vendor: Vendor) -> None:
    assert refused(shop.call("DELETE", f"customers/{sold(vendor)}"), 409) == "customer_has_licenses"
    path = f"customers/{make(shop)['id']}"
    granted(shop.call("DELETE", path), 204)
    assert refused(shop.get(path), 404) == "customer_not_found"


def test_a_label_is_put_on_a_customer_and_taken_off(shop: VendorsServer) -> None:
    customer = make(shop)["id"]
    label = granted(shop.post("clabels", {"label": "reseller", "color": "#0A6E5C"}))
    put = {"customer": customer, "customer_label": label["id"]}
    labeling = granted(shop.post("customerclabels", put), 201)
    assert labeling == {"id": labeling["id"]} | put
    assert granted(shop.post("customerclabels", put), 201) == labeling
    shown = granted(shop.get(f"customers/{customer}"))
    assert shown["labels"] == [{"id": labeling["id"], "label_id": label["id"], "label": "reseller", "color": "#0a6e5c"}]
    assert (shown["clabels"], shown["clabels_all"]) == ([label["id"]], "reseller")
    granted(shop.call("DELETE", f"customerclabels/{labeling['id']}"), 204)
    assert refused(shop.call("DELETE", f"customerclabels/{labeling['id']}"), 404) == "labeling_not_found"
    for wrong in ({"customer": customer, "customer_label": 77}, {"customer": 77, "customer_label": label["id"]}):
        assert shop.post("customerclabels", wrong).status_code in (400, 404)


def test_labels_and_accounts_are_listed_and_deleted(shop: VendorsServer) -> None:
    for path, body in (("clabels", {"label": "reseller"}), ("customer-accounts", {"name": "Studio"})):
        made = shop.post(path, body).json()
        assert granted(shop.get(path)) == {"count": 1, "next": None, "previous": None, "results": [made]}
        granted(shop.call("DELETE", f"{path}/{made['id']}"), 204)
        assert shop.get(f"{path}/{made['id']}").status_code == 404


def test_history_names_the_key_that_has_called(shop: VendorsServer, vendor: Vendor) -> None:
    make(shop)
    (event,) = [one for one in histories.company_events(vendor.code) if one.type == "customer_created"]
    assert event.actor.name == f"management:{shop.key.split('_')[2]}"


def test_another_companys_customer_is_none(shop: VendorsServer) -> None:
    path, other = f"customers/{make(shop)['id']}", VendorsServer(new_key(Vendor()), shop.http)
    for method, body in (("GET", None), ("PATCH", {"city": "Ulm"}), ("DELETE", None)):
        assert refused(other.call(method, path, body), 404) == "customer_not_found"
