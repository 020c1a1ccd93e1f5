"""What holds for all calls of the Management API: errors, lists, repeats, revisions, and how often a key may call."""

import logging
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.management import caller
from chalicelib.store.database import connection
from chalicelib.store.items.accounts import CompanyItem, ManagementKeyItem
from chalicelib.store.items.kinds import kind_of
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.usecases import call_rate
from chalicelib.usecases.call_rate import CALLS as BUCKET
from chalicelib.usecases.endpoints import find_endpoints
from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.request_limits import MAX_BODY_BYTES
from tests.management.calls import BODIES, CALLS, IN_STEPS, Made, named
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.store.faults import Crash, wire
from tests.store.seam import Request, Send, ask, empty, every_item
from tests.support import ChangeRuntime, Vendor, mistyped

URL = "https://hooks.example/in"
NAMED = (LicenseItem.Meta.table_name, LookupItem.Meta.table_name)
"""The tables of what a call names."""
each_call = pytest.mark.parametrize("declared", CALLS, ids=named)
each_that_writes = pytest.mark.parametrize("declared", [one for one in CALLS if one.writes], ids=named)
each_with_a_body = pytest.mark.parametrize("declared", [one for one in CALLS if one.body is not None], ids=named)


# --- errors --------------------------------------------------------------------------------------------------------


@each_with_a_body
def test_every_body_that_cannot_be_read_is_refused(shop: VendorsServer, declared: Endpoint) -> None:
    made = Made.by(shop, declared)
    path = "/api/v1/" + made.path(declared) + made.query(declared)

    def send(content: bytes, kind: str = "application/json") -> tuple[int, str]:
        headers = {"Authorization": f"Api-Key {shop.key}", "Content-Type": kind}
        answer = shop.http.request(declared.method, path, content=content, headers=headers)
        return answer.status_code, refused(answer, answer.status_code)

    assert send(b"") == (400, "missing_content")
    assert send(b"a=b", "application/x-www-form-urlencoded") == (415, "unsupported_media_type")
    assert send(b'"' + b"x" * MAX_BODY_BYTES + b'"') == (413, "payload_too_large")
    assert send(b"[]") == (400, "validation_error")
    assert send(b"{") == (400, "invalid_json")
    assert send(b'{"nothing":1}')[0] == 400


@each_call
def test_a_wrong_method_is_told_in_the_shape(shop: VendorsServer, declared: Endpoint) -> None:
    answer = shop.call("PUT", Made.by(shop, declared).path(declared))
    assert refused(answer, 405) == "method_not_allowed"
    assert declared.method in answer.headers["Allow"]


@each_call
def test_a_bug_is_told_in_the_shape_and_nothing_secret_is_logged(
    shop: VendorsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, declared: Endpoint
) -> None:
    made = Made.by(shop, declared)
    monkeypatch.setattr(caller, "take_call", lambda *_, **__: 1 / 0)
    with caplog.at_level(logging.DEBUG, logger="seatkeeper"):
        assert refused(made.call(shop, declared, Idempotency_Key="job-of-the-shop"), 500) == "internal_error"
    assert "division by zero" in caplog.text
    assert [secret for secret in (shop.key, "hooks.example", "job-of-the-shop") if secret in caplog.text] == []


@each_call
def test_a_busy_database_is_told_with_a_time_to_come_back(
    shop: VendorsServer, monkeypatch: pytest.MonkeyPatch, declared: Endpoint
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Unavailable("database_busy")

    made = Made.by(shop, declared)
    monkeypatch.setattr(caller, "find_caller", busy)
    answer = made.call(shop, declared)
    assert refused(answer, 503) == "service_busy"
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("id", ["0", "-1", "x", "1.5", str(2**53), "9" * 500])
def test_an_id_that_is_none_does_not_exist(shop: VendorsServer, id: str) -> None:
    assert refused(shop.get(f"webhooks/{id}"), 404) == "not_found"


@pytest.mark.parametrize("query", ["order_by=url", "limit=x", "limit=0", "offset=-1", "offset=10001", "page=2"])
def test_what_a_list_cannot_be_asked_is_refused_by_its_name(shop: VendorsServer, query: str) -> None:
    answer = shop.get(f"webhooks?{query}")
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", [query.partition("=")[0]])


# --- lists ---------------------------------------------------------------------------------------------------------


def test_a_list_is_walked_by_its_links_or_by_an_offset(shop: VendorsServer) -> None:
    ids = [granted(shop.post("webhooks", {"url": f"{URL}/{n}"}), 201)["id"] for n in range(5)]
    ids.sort()
    page, pages = granted(shop.get("webhooks?limit=2")), list[list[int]]()
    while True:
        assert page["count"] == 5
        pages.append([row["id"] for row in page["results"]])
        if page["next"] is None:
            break
        assert page["next"].startswith("http://license.test/api/v1/webhooks?limit=2&cursor=")
        page = granted(shop.get(page["next"]))
    assert pages == [ids[:2], ids[2:4], ids[4:]]
    third = granted(shop.get("webhooks?limit=2&offset=3"))
    assert [row["id"] for row in third["results"]] == ids[3:]
    assert third["previous"] == "http://license.test/api/v1/webhooks?limit=2&offset=1"
    assert granted(shop.get("webhooks?offset=5"))["results"] == []
    assert len(granted(shop.get("webhooks?limit=1000"))["results"]) == 5


def test_a_cursor_outlives_the_row_that_it_stands_at(shop: VendorsServer) -> None:
    ids = sorted(granted(shop.post("webhooks", {"url": f"{URL}/{n}"}), 201)["id"] for n in range(3))
    following = granted(shop.get("webhooks?limit=1"))["next"]
    granted(shop.call("DELETE", f"webhooks/{ids[0]}"), 204)
    assert [row["id"] for row in granted(shop.get(following))["results"]] == [ids[1]]


def test_a_cursor_is_good_for_its_list_and_its_company_alone(shop: VendorsServer) -> None:
    ids = [Made.by(shop).ids["webhook_id"] for _ in range(2)]
    for _ in range(3):
        granted(shop.post(f"webhooks/{ids[0]}/test"))
    of_webhooks = granted(shop.get("webhooks?limit=1"))["next"]
    of_log = granted(shop.get(f"webhooks/{ids[0]}/deliveries?state=pending&limit=2"))["next"]
    assert len(granted(shop.get(of_log))["results"]) == 1
    other = VendorsServer(new_key(Vendor(now=clock.now())), shop.http)
    for address, server in (
        (of_webhooks, other),
        (of_log.replace(f"/{ids[0]}/deliveries", "").replace("state=pending&", ""), shop),
        (of_log.replace("state=pending", "state=done"), shop),
        (of_log.replace(ids[0], ids[1]), shop),
        (of_webhooks[:-1], shop),
    ):
        assert refused(server.get(address), 400) == "cursor_invalid", address


# --- repeats and revisions -----------------------------------------------------------------------------------------


@each_that_writes
def test_a_call_that_comes_again_under_its_key_is_answered_as_before(shop: VendorsServer, declared: Endpoint) -> None:
    made = Made.by(shop, declared)
    first, second = (made.call(shop, declared, Idempotency_Key="job-7") for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert first.is_success
    assert [answer.headers.get("Idempotency-Replayed") for answer in (first, second)] == [None, "true"]
    assert made.call(shop, declared, Idempotency_Key="job-8").headers.get("Idempotency-Replayed") is None


@pytest.fixture
def _nothing_of_others() -> None:
    """Before there is a vendor: what other tests have left is not for each call looked through, and deleted."""
    for table in NAMED:
        empty(table)


@pytest.mark.usefixtures("_nothing_of_others")
@each_that_writes
def test_a_call_that_comes_again_is_answered_as_before_though_what_it_named_is_gone(
    shop: VendorsServer, vendor: Vendor, declared: Endpoint
) -> None:
    servers = [shop]
    if declared.reach is not None:
        servers.append(VendorsServer(new_key(vendor, products=frozenset(vendor.products)), shop.http))
    calls = [(server, Made.by(shop, declared)) for server in servers]
    first = [made.call(server, declared, Idempotency_Key="job-7") for server, made in calls]
    forget_all_but_who_calls()
    second = [made.call(server, declared, Idempotency_Key="job-7") for server, made in calls]
    assert [(one.status_code, one.content) for one in second] == [(one.status_code, one.content) for one in first]
    assert all(one.is_success for one in first)
    assert {one.headers.get("Idempotency-Replayed") for one in second} == {"true"}


def forget_all_but_who_calls() -> None:
    """Whatever a call has named is deleted, also what no call deletes yet."""
    for table in NAMED:
        for raw in every_item(table):
            if kind_of(table, raw).item not in (CompanyItem, ManagementKeyItem):
                key = {name: raw[name] for name in ("pk", "part") if name in raw}
                ask("DeleteItem", TableName=connection().table_name(table), Key=key)


@each_that_writes
def test_a_key_is_good_for_one_call_of_one_caller(shop: VendorsServer, vendor: Vendor, declared: Endpoint) -> None:
    made = Made.by(shop, declared)
    assert made.call(shop, declared, Idempotency_Key="job-7").is_success
    other = next(one for one in CALLS if one.writes and one.name not in (declared.name, "delete_webhook"))
    assert refused(made.call(shop, other, Idempotency_Key="job-7"), 422) == "idempotency_key_reused"
    answer = made.call(VendorsServer(new_key(vendor), shop.http), declared, Idempotency_Key="job-7")
    assert answer.headers.get("Idempotency-Replayed") is None
    assert refused(made.call(shop, declared, Idempotency_Key="k" * 256), 400) == "validation_error"


def died(request: Request, send: Send) -> Any:
    answer = send(request)
    if request.operation == "TransactWriteItems":
        raise Crash
    return answer


@pytest.mark.parametrize(
    "declared",
    [one for one in CALLS if one.writes and one.name not in IN_STEPS],
    ids=named,
)
def test_a_death_behind_the_change_loses_no_answer(shop: VendorsServer, vendor: Vendor, declared: Endpoint) -> None:
    made = Made.by(shop, declared)
    with wire(died), pytest.raises(Crash):
        made.call(shop, declared, Idempotency_Key="job-7")
    known = find_endpoints(vendor.code)
    answer = made.call(shop, declared, Idempotency_Key="job-7")
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert answer.is_success
    assert find_endpoints(vendor.code) == known
    secret = answer.json().get("secret", "whsec_") if answer.content else "whsec_"
    assert secret.startswith("whsec_")


@pytest.mark.parametrize(("method", "rest"), [("PATCH", ""), ("DELETE", ""), ("POST", "/rotate_secret")])
def test_what_somebody_else_has_changed_is_not_changed(shop: VendorsServer, method: str, rest: str) -> None:
    path, body = f"webhooks/{Made.by(shop).ids['webhook_id']}", {"url": URL} if method == "PATCH" else None
    seen = granted(shop.get(path))["revision"]
    granted(shop.call("PATCH", path, {"paused": True}, If_Match=f'"{seen}"'))
    for stale in (f'"{seen}"', "*x", '"nothing"', f'W/"{seen + 1}"'):
        assert refused(shop.call(method, path + rest, body, If_Match=stale), 412) == "revision_changed"
    assert shop.call(method, path + rest, body, If_Match=f'"{seen + 1}"').is_success


# --- how often a key may call --------------------------------------------------------------------------------------


def test_an_answer_says_how_much_the_key_may_call_yet(shop: VendorsServer, change_runtime: ChangeRuntime) -> None:
    now = clock.now()
    change_runtime(clock=lambda: now)
    headers = [shop.get("webhooks").headers for _ in range(2)]
    assert [one["RateLimit-Policy"] for one in headers] == ['"key";q=600;w=60'] * 2
    assert [one["RateLimit"] for one in headers] == ['"key";r=599;t=1', '"key";r=598;t=1']


def test_a_key_that_has_called_too_often_waits_and_no_other_does(
    shop: VendorsServer, vendor: Vendor, change_runtime: ChangeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    change_runtime(clock=lambda: now)
    monkeypatch.setattr(call_rate, "CALLS", type(BUCKET)(3, within_ms=60_000))
    assert [shop.get("webhooks").status_code for _ in range(5)] == [200] * 3 + [429] * 2
    answer = shop.get("webhooks")
    assert refused(answer, 429) == "rate_limit_exceeded"
    assert (answer.headers["Retry-After"], answer.headers["RateLimit"]) == ("20", '"key";r=0;t=20')
    granted(VendorsServer(new_key(vendor), shop.http).get("webhooks"))
    change_runtime(clock=lambda: now + 20_000)
    assert [shop.get("webhooks").status_code for _ in range(2)] == [200, 429]
    change_runtime(clock=lambda: now + 200_000)
    assert [shop.get("webhooks").status_code for _ in range(4)] == [200] * 3 + [429]


def test_who_is_not_known_is_not_counted(shop: VendorsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "take_call", lambda *_, **__: 1 / 0)
    assert refused(shop.get("webhooks", Authorization=f"Api-Key {mistyped(shop.key)}"), 403) != ""


def test_a_new_call_that_takes_a_body_has_an_example() -> None:
    given: dict[str, Any] = BODIES
    assert {one.name for one in CALLS if one.body is not None} == given.keys()
