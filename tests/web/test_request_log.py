"""The line of each answer of the License API, for events as API Gateway hands them over."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app import app
from chalicelib import observability
from chalicelib.domain.license import License
from chalicelib.store import database
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_license import set_enabled
from chalicelib.web import clock
from infra.call import signed_headers
from infra.local import TABLE_PREFIX
from infra.wsgi import wsgi
from tests.emf import metrics
from tests.log_records import Output, written
from tests.store.faults import (
    ANSWER_LOST,
    NOT_COMMITTED,
    WRITES,
    Fault,
    answer_timed_out,
    in_conflict,
    throttled,
    wire,
)
from tests.store.seam import Answer, Request, Send
from tests.support import ADMIN, Application, Vendor
from tests.usecases.refusals import recorded
from tests.web.events import answer, event

STAGE = f"Stage={TABLE_PREFIX}"
ROUTES = sorted((method, path) for path, methods in app.routes.items() for method in methods)
CHOSEN_ID = {"X-Request-Id": "chosen-by-the-client", "x-amzn-RequestId": "chosen-by-the-client"}


@pytest.fixture
def output() -> Iterator[Output]:
    with written() as output:
        yield output


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue(max_activations=1)


def call(vendor: Vendor, name: str, license: License, hardware_id: str = "pc", **more: str) -> dict[str, Any]:
    """An event of a signed call."""
    given = {"product": license.product, "license_key": license.license_key or "", "hardware_id": hardware_id} | more
    signed = signed_headers(vendor.api_key, vendor.shared_key)
    if name == "check_license":
        return event("GET", f"/api/v4/{name}", signed, query=given)
    return event("POST", f"/api/v4/{name}", signed, body=json.dumps(given))


def id_of(answered: dict[str, Any]) -> str:
    """The request id that an answer carries."""
    reported: str = answered["headers"]["X-Request-Id"]
    return reported


def timeless(line: dict[str, Any]) -> dict[str, Any]:
    """A line without what depends on clocks, on what ran before, and on which code it is."""
    other = ("duration_ms", "cold_start", "version", "commit", "_aws")
    return {name: fact for name, fact in line.items() if name not in other}


def test_a_check_is_a_line_of_facts_and_no_metrics(vendor: Vendor, license: License, output: Output) -> None:
    answer(call(vendor, "activate_license", license))
    output.forget()
    asked = call(vendor, "check_license", license)
    assert answer(asked)["statusCode"] == 200
    line = output.line
    assert len(line.pop("lambda_request_id")) == 36
    assert timeless(line) == {
        "kind": "request",
        "request_id": asked["requestContext"]["extendedRequestId"],
        "route": "/api/v4/check_license",
        "method": "GET",
        "status": 200,
        "outcome": "ok",
        "company": vendor.code,
        "license_id": license.id,
    }
    assert set(line) - set(observability.FIELDS) == set()


def test_a_grant_is_counted_once_a_place_and_a_repeat_is_none(vendor: Vendor, license: License, output: Output) -> None:
    for _ in range(2):
        assert answer(call(vendor, "activate_license", license))["statusCode"] == 200
    first, again = output.lines
    assert metrics(first) == {("Activations", STAGE): 1}
    assert metrics(again) == {}
    assert (first["outcome"], again["outcome"]) == ("ok", "ok")


@pytest.mark.parametrize("lost", ANSWER_LOST, ids=lambda fault: fault.__name__)
def test_a_grant_whose_answer_was_lost_on_the_way_from_the_database_is_counted_once(
    vendor: Vendor, license: License, output: Output, lost: Fault
) -> None:
    with wire(lost, range(1, 2), frozenset({"TransactWriteItems"})):
        assert answer(call(vendor, "activate_license", license))["statusCode"] == 200
    assert metrics(output.line) == {("Activations", STAGE): 1, ("Retries", STAGE): 1}


def test_a_refusal_is_counted_by_its_code_and_tells_whose_it_was(
    vendor: Vendor, license: License, output: Output
) -> None:
    for hardware_id in ("pc", "other"):
        answer(call(vendor, "activate_license", license, hardware_id))
    _, refused = output.lines
    code = "license_activated_max_times"
    assert metrics(refused) == {("ErrorResponses", STAGE): 1, ("ErrorResponses", STAGE, f"Code={code}"): 1}
    reported = (refused["outcome"], refused["status"], refused["company"], refused["license_id"])
    assert reported == (code, 400, vendor.code, license.id)


def test_a_refusal_is_the_same_line_on_one_machine_as_on_aws(vendor: Vendor, license: License) -> None:
    """The same call, once as API Gateway hands it over and once over HTTP to the server of one machine."""
    answer(call(vendor, "activate_license", license))
    sent = {"product": "viewer", "license_key": license.license_key, "hardware_id": "other"}
    with written() as on_aws:
        answer(call(vendor, "activate_license", license, "other"))
    transport = httpx.WSGITransport(wsgi(app))
    with written(is_timed=True) as on_one_machine, httpx.Client(transport=transport, base_url="http://x.test") as http:
        Application(vendor.api_key, vendor.shared_key, http).post("activate_license", **sent)
    here, there = timeless(on_one_machine.line), timeless(on_aws.line)
    assert set(here) ^ set(there) == {"time", "lambda_request_id"}
    assert (there["outcome"], there["limit"], there["used"]) == ("license_activated_max_times", 1, 1)
    differing = {"time", "request_id"}
    assert here.items() - there.items() <= {(name, here[name]) for name in differing}
    ids = {id for refusal in recorded(vendor, license.id, clock.now()) for id in refusal.request_ids}
    assert ids == {there["request_id"], here["request_id"]}


def test_a_user_who_is_refused_on_several_licenses_is_told_with_the_one_whose_refusal_it_is(
    vendor: Vendor, output: Output
) -> None:
    older = vendor.issue("revit")
    vendor.now += 1000
    newer = vendor.issue("revit")
    _, password = vendor.assign(older, "ada@customer.test", 0)
    vendor.assign(newer, "ada@customer.test", 0)
    set_enabled(vendor.code, older.id, False, ADMIN, now=vendor.now)
    named = {
        "product": "revit",
        "username": "ada@customer.test",
        "password": password or "",
        "hardware_id": "pc",
    }
    signed = signed_headers(vendor.api_key, vendor.shared_key)
    answer(event("POST", "/api/v4/activate_license", signed, body=json.dumps(named)))
    assert (output.line["outcome"], output.line["license_id"]) == ("user_activated_max_times", newer.id)


def test_who_cannot_prove_who_he_is_is_told_of_no_company(vendor: Vendor, license: License, output: Output) -> None:
    asked = call(vendor, "check_license", license)
    asked["headers"] = signed_headers(vendor.api_key, "not the shared key")
    answer(asked)
    assert (output.line["outcome"], "company" in output.line) == ("signature_mismatch", False)


# --- the database ---------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)


@pytest.mark.parametrize("fault", [*NOT_COMMITTED, answer_timed_out], ids=lambda fault: fault.__name__)
@pytest.mark.usefixtures("impatient")
def test_what_had_to_be_sent_again_is_counted_as_conflicts_or_as_retries(
    vendor: Vendor, license: License, output: Output, fault: Fault
) -> None:
    with wire(fault, range(1, 4), WRITES):
        assert answer(call(vendor, "activate_license", license))["statusCode"] == 200
    metric = "Conflicts" if fault is in_conflict else "Retries"
    assert metrics(output.line) == {("Activations", STAGE): 1, (metric, STAGE): 3}


@pytest.mark.usefixtures("impatient")
def test_keys_that_the_database_left_unread_are_retries(vendor: Vendor, license: License, output: Output) -> None:
    answer(call(vendor, "activate_license", license))
    output.forget()

    def left_unread(request: Request, _: Send) -> Answer:
        return {"Responses": {}, "UnprocessedKeys": request.body["RequestItems"]}

    with wire(left_unread, range(1, 3), frozenset({"BatchGetItem"})):
        assert answer(call(vendor, "check_license", license))["statusCode"] == 200
    assert metrics(output.line) == {("Retries", STAGE): 2}


@pytest.mark.parametrize(("fault", "why"), [(throttled, "ThrottlingException"), (in_conflict, "TransactionConflict")])
@pytest.mark.usefixtures("impatient")
def test_a_busy_database_is_a_refusal_that_says_what_it_was(
    vendor: Vendor, license: License, output: Output, fault: Fault, why: str
) -> None:
    with wire(fault, operations=frozenset({"TransactWriteItems"})):
        assert answer(call(vendor, "activate_license", license))["statusCode"] == 503
    line = output.line
    assert (line["outcome"], line["unavailable_reason"]) == (
        "service_busy",
        f"database_busy: {why}",
    )
    assert metrics(line)["ErrorResponses", STAGE, "Code=service_busy"] == 1
    assert line.get("Retries", 0) + line.get("Conflicts", 0) == database.ATTEMPTS - 1
    assert (line["company"], line["license_id"]) == (vendor.code, license.id)


# --- every answer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_answers_with_one_line_that_names_it_and_no_more_of_the_address(
    method: str, path: str, output: Output
) -> None:
    parts = dict.fromkeys(re.findall(r"{(\w+)}", path), "1")
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if path.startswith("/portal") else {}
    asked = event(method, path, kind | CHOSEN_ID, query={"license_key": "SECRET"}, body="", parts=parts)
    answered = answer(asked)
    line = output.line
    assert id_of(answered) == line["request_id"] == asked["requestContext"]["extendedRequestId"]
    assert (line["route"], line["method"], line["status"]) == (path, method, answered["statusCode"])
    assert (line["outcome"] == "ok") == (line["status"] < 400)
    assert "SECRET" not in output.getvalue()


def test_what_chalice_answers_by_itself_is_one_line(output: Output) -> None:
    plain, license = {"Content-Type": "text/plain"}, "/portal/licenses/{license_id}"
    asked = [
        (405, "method_not_allowed", event("DELETE", "/api/v4/check_license", {})),
        (405, "method_not_allowed", event("GET", "/of/another/release", {})),
        (415, "unsupported_media_type", event("POST", "/api/v4/activate_license", plain, body="a")),
        (500, "internal_error", event("GET", license, {}, parts={"license_id": "1"}) | {"pathParameters": None}),
    ]
    for status, code, each in asked:
        output.forget()
        answered = answer(each)
        assert (answered["statusCode"], json.loads(answered["body"])["code"]) == (status, code)
        assert (output.line["status"], output.line["outcome"]) == (status, code)
        assert id_of(answered) == output.line["request_id"] == each["requestContext"]["extendedRequestId"]


def test_an_event_that_is_no_request_is_one_line(output: Output) -> None:
    answered = app({"not": "of API Gateway"}, None)
    assert json.loads(answered["body"])["code"] == "internal_error"
    assert (output.line["status"], output.line["outcome"]) == (500, "internal_error")
    assert id_of(answered) == output.line["request_id"] != ""


@pytest.mark.parametrize(
    "broken",
    [
        "chalicelib.licenseapi.adapter.authenticate",
        "chalicelib.web.endpoint.response_to",
        "chalicelib.portal.handlers.read_request",
    ],
)
def test_a_bug_is_in_the_line_of_its_request_wherever_it_is(
    broken: str, monkeypatch: pytest.MonkeyPatch, output: Output
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise RuntimeError("with a SECRET in it")

    monkeypatch.setattr(broken, bug)
    path = "/portal/log-in" if "portal" in broken else "/api/v4/check_license"
    answered = answer(event("GET", path, {}, query={"license_key": "SECRET"}))
    assert (answered["statusCode"], output.line["status"], output.line["outcome"]) == (500, 500, "internal_error")
    (logged,) = output.line["records"]
    assert logged["error"][0]["type"] == "RuntimeError"
    assert logged["error"][0]["frames"][0].endswith(" bug")
    assert "SECRET" not in output.getvalue()


@pytest.mark.engine
def test_lines_of_calls_at_once_do_not_mix(output: Output) -> None:
    vendors = [Vendor(now=clock.now()) for _ in range(6)]
    licenses = [vendor.issue() for vendor in vendors]
    output.forget()
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as http:

        def check(pair: tuple[Vendor, License]) -> None:
            application = Application(pair[0].api_key, pair[0].shared_key, http)
            for hardware_id in ("a", "b"):
                given = {"product": "viewer", "license_key": pair[1].license_key, "hardware_id": hardware_id}
                assert application.post("activate_license", **given).status_code == 200

        with ThreadPool(6) as threads:
            list(threads.map(check, zip(vendors, licenses, strict=True)))
    reported = sorted((line["company"], line["license_id"], line["Activations"]) for line in output.lines)
    assert reported == sorted(
        (v.code, license.id, 1) for v, license in zip(vendors, licenses, strict=True) for _ in "ab"
    )
