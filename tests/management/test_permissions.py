"""Who may call what. Goes through the route table, so that a new call cannot be forgotten."""

import httpx
import pytest

from app import app
from chalicelib.domain.management_keys import SCOPES, read_key_text
from chalicelib.management.reach import itself
from chalicelib.management.routes import PREFIX, endpoint
from chalicelib.store.keys import event_sort_key, import_result_sort_key, management_key_sort_key
from chalicelib.store.schema import Raw
from chalicelib.usecases.management_keys import revoke_management_key
from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from infra.call import signed_headers
from tests.licenseapi.objects import refused as refused_by_license_api
from tests.licenseapi.test_error_shape import ROUTES, send
from tests.management.calls import CALLS, OF_ONE_LICENSE, Made, named
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.store.effects import stored
from tests.support import ADMIN, Application, Vendor

each_call = pytest.mark.parametrize("declared", CALLS, ids=named)
READ_BY_POST = {"preview_license_policy"}
"""They change nothing: what they are asked about is too long for an address."""
NAMES_PRODUCTS = {"create_one_order", "generate_license"}
"""By their codes, which another company may have, too."""
SAID = ("code", "detail", "errors")
RESULTS_OF_FILES = {
    "import_licenses": "licenses-import-results",
    "import_license_features": "license-features-import-results",
}
"""Calls that answer nothing but where it is said, row by row, what has come of them."""
OF_SENDER = {
    *("list_license_import_results", "show_license_import_result"),
    *("list_feature_import_results", "show_feature_import_result"),
}
"""Of files that a key has sent which is limited alike."""


def limited(shop: VendorsServer, products: frozenset[str]) -> VendorsServer:
    """A server whose key has all scopes, for these products."""
    return VendorsServer(new_key(shop.vendor, products=products), shop.http, shop.vendor)


def of_one_license(shop: VendorsServer, declared: Endpoint) -> Made:
    """All that a call is about, and one of each kind that lists have."""
    made = Made.by(shop, declared, OF_ONE_LICENSE)
    kinds = ("license_id", "feature_id", "field_id", "policy_id")
    for kind in (*kinds, *(("license_import_id", "feature_import_id") if declared.name in OF_SENDER else ())):
        assert made.ids[kind]
    return made


def all_of(vendor: Vendor, declared: Endpoint) -> dict[tuple[str, str, str], Raw]:
    """All items of the company but its keys, which note their use, and of a file that is imported what came of it."""
    of_file = (import_result_sort_key(), event_sort_key()) if declared.name in RESULTS_OF_FILES else ()
    noted = (management_key_sort_key(), *of_file)
    return {key: item for key, item in stored(vendor.code).items() if not key[2].startswith(noted)}


def test_every_address_of_the_api_is_declared_and_nothing_else_answers_there() -> None:
    answering = {
        (path, method) for path, methods in app.routes.items() if path.startswith(PREFIX) for method in methods
    }
    assert answering == {(PREFIX + one.route, one.method) for one in endpoint.declared}


def test_every_call_declares_a_scope_of_the_list_and_whether_it_writes() -> None:
    for declared in CALLS:
        assert declared.scope in SCOPES, declared.name
        assert declared.scope.endswith(":write") == declared.writes, declared.name
        assert declared.writes == (declared.method != "GET" and declared.name not in READ_BY_POST), declared.name
    assert {declared.scope for declared in CALLS} == {*SCOPES}
    assert {declared.name for declared in endpoint.declared if declared.public} == {"openapi"}


@each_call
def test_a_call_without_a_key_or_with_a_bad_one_is_refused_and_does_nothing(
    shop: VendorsServer, vendor: Vendor, declared: Endpoint
) -> None:
    made, now = Made.by(shop, declared), clock.now()
    there = granted(shop.get(f"webhooks/{made.ids['webhook_id']}"))
    revoked, expired = new_key(vendor), new_key(vendor, expires_at=now)
    _, id = read_key_text(revoked) or ("", 0)
    revoke_management_key(vendor.code, id, ADMIN, now=now)
    of_application = signed_headers(vendor.api_key, vendor.shared_key)
    for headers, code in (
        ({"Authorization": ""}, "invalid"),
        ({"Authorization": f"Bearer {shop.key}"}, "invalid"),
        ({"Authorization": f"Api-Key {shop.key[:-1]}"}, "invalid"),
        ({"Authorization": f"Api-Key {vendor.api_key}"}, "invalid"),
        ({"Authorization": f"Api-Key {vendor.shared_key}"}, "invalid"),
        (of_application, "invalid"),
        ({"Authorization": f"Api-Key {revoked}"}, "revoked"),
        ({"Authorization": f"Api-Key {expired}"}, "expired"),
    ):
        assert refused(made.call(shop, declared, **headers), 403) == f"management_key_{code}"
    assert granted(shop.get("webhooks"))["results"] == [there]


@each_call
def test_a_call_needs_its_scope_and_no_other(shop: VendorsServer, vendor: Vendor, declared: Endpoint) -> None:
    made = Made.by(shop, declared)
    others = {scope for scope in SCOPES if scope.partition(":")[0] != (declared.scope or "").partition(":")[0]}
    others |= {(declared.scope or "").replace(":write", ":read")} if declared.writes else set()
    for scopes in (others, {declared.scope or ""}):
        answer = made.call(VendorsServer(new_key(vendor, *scopes), shop.http), declared)
        if scopes is others:
            assert refused(answer, 403) == "management_key_scope_missing"
            assert answer.json()["detail"] == f"This key lacks the scope {declared.scope}."
        else:
            assert answer.status_code == (204 if declared.method == "DELETE" else declared.status)


@each_call
def test_what_is_another_companys_does_not_exist(shop: VendorsServer, declared: Endpoint) -> None:
    made, other = Made.by(shop, declared), VendorsServer(new_key(Vendor(now=clock.now())), shop.http)
    answer = made.call(other, declared)
    if "{" in declared.route:
        assert refused(answer, 404).endswith("_not_found")


@each_call
def test_a_key_that_is_limited_to_products_makes_calls_of_these_alone(
    shop: VendorsServer, vendor: Vendor, declared: Endpoint
) -> None:
    of_these = limited(shop, frozenset(vendor.products))
    made = of_one_license(of_these if declared.name in OF_SENDER else shop, declared)
    vendor.product("cad", "user")
    of_another = limited(shop, frozenset({"cad"}))
    before = all_of(vendor, declared)
    answers = [made.call(of_another, declared)] + ([] if declared.reach else [made.call(of_these, declared)])
    assert all_of(vendor, declared) == before
    if declared.reach is None:
        assert [refused(answer, 403) for answer in answers] == ["management_key_product_not_allowed"] * 2
        return
    if declared.name in RESULTS_OF_FILES:
        code = "unknown_product" if declared.name == "import_licenses" else "license_not_found"
        assert done_rows(of_another, declared, answers[0]) == (0, [code])
    else:
        _guard_nothing_is_shown(made, declared, answers[0])
    answer = made.call(of_these, declared)
    assert answer.status_code == (204 if declared.method == "DELETE" else declared.status), answer.text
    if declared.name in RESULTS_OF_FILES:
        assert done_rows(of_these, declared, answer) == (1, [])
    elif declared.reach is itself:
        assert shows_something(answer)


def done_rows(server: VendorsServer, declared: Endpoint, answer: httpx.Response) -> tuple[int, list[str]]:
    """How many rows of a file were done, and why the others were refused."""
    path = f"{RESULTS_OF_FILES[declared.name]}/{granted(answer)['job_id']}"
    result = granted(server.get(path))["result"]
    return result["valid_row_count"], [row["code"] for row in result["invalid_rows"]]


def shows_something(answer: httpx.Response) -> bool:
    """Whether a list has a row."""
    if answer.headers["Content-Type"].startswith("text/csv"):
        return answer.text.count("\n") > 1
    return (rows if isinstance(rows := answer.json(), list) else rows["results"]) != []


def _guard_nothing_is_shown(made: Made, declared: Endpoint, answer: httpx.Response) -> None:
    """That this is what a call is answered of what is of another product: as if there were no such thing."""
    if declared.name in NAMES_PRODUCTS:
        assert refused(answer, 400) == "unknown_product"
    elif declared.reach is not itself:
        other = VendorsServer("", made.ids.server.http, Vendor(now=clock.now()))
        missing = made.call(limited(other, frozenset({"viewer"})), declared)
        assert refused(answer, 404).endswith("_not_found")
        assert [answer.json()[name] for name in SAID] == [missing.json()[name] for name in SAID]
    elif answer.headers["Content-Type"].startswith("text/csv"):
        assert not shows_something(answer)
        assert "Link" not in answer.headers
    elif isinstance(rows := granted(answer), list):
        assert [(row["status"], row["error"]["code"]) for row in rows] == [("refused", "license_not_found")]
    else:
        assert [row.get("short_code") for row in rows["results"]] == (
            ["cad"] if declared.name == "list_products" else []
        )
        assert (rows["count"] in (len(rows["results"]), None), rows["next"]) == (True, None)


@each_call
def test_a_key_that_is_limited_to_products_is_answered_again_what_it_was_answered(
    shop: VendorsServer, vendor: Vendor, declared: Endpoint
) -> None:
    if not declared.writes or declared.reach is None:
        return
    made, server = of_one_license(shop, declared), limited(shop, frozenset(vendor.products))
    first, again = (made.call(server, declared, Idempotency_Key="once") for _ in range(2))
    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"


@each_call
def test_a_call_is_answered_with_and_without_a_slash_at_the_end(shop: VendorsServer, declared: Endpoint) -> None:
    answers = [Made.by(shop, declared).call(shop, declared, slash) for slash in ("", "/")]
    assert {answer.status_code for answer in answers} == {204 if declared.method == "DELETE" else declared.status}


@each_call
def test_no_page_in_a_browser_is_let_in(shop: VendorsServer, declared: Endpoint) -> None:
    made = Made.by(shop, declared)
    asked = {"Origin": "https://page.example", "Access_Control_Request_Method": declared.method}
    path = made.path(declared)
    answers = [shop.call("OPTIONS", path, **asked), made.call(shop, declared, Origin="https://page.example")]
    answers += [made.call(shop, declared, Origin="https://page.example", Authorization="")]
    assert [answer.status_code for answer in (answers[0], answers[2])] == [405, 403]
    assert [name for answer in answers for name in answer.headers if name.startswith("access-control")] == []


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_key_of_this_api_opens_the_license_api(
    shop: VendorsServer, vendor: Vendor, http: httpx.Client, method: str, path: str
) -> None:
    plain = {"Date": "Tue, 24 Nov 2026 06:00:00 GMT", "Authorization": f"Api-Key {shop.key}"}
    refused_by_license_api(send(http, method, path, plain))
    for api_key in (shop.key, vendor.api_key):
        answer = send(http, method, path, Application(api_key, shop.key, http).headers())
        assert refused_by_license_api(answer) in ("invalid_api_key", "signature_mismatch")
