"""Who may call what. Goes through the route table, so that a new call cannot be forgotten."""

import httpx
import pytest

from app import app
from chalicelib.domain.management_keys import SCOPES, read_key_text
from chalicelib.management.routes import PREFIX, endpoint
from chalicelib.usecases.management_keys import revoke_management_key
from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from infra.call import signed_headers
from tests.licenseapi.objects import refused as refused_by_license_api
from tests.licenseapi.test_error_shape import ROUTES, send
from tests.management.calls import CALLS, Made, named
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.support import ADMIN, Application, Vendor

each_call = pytest.mark.parametrize("declared", CALLS, ids=named)
READ_BY_POST = {"preview_license_policy"}
"""They change nothing: what they are asked about is too long for an address."""


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
