"""Nothing secret is written: all calls and pages are gone through, and the output is searched for all that was sent.

Whatever a client sends or is given in secret is noted on its way: headers, queries, bodies, cookies, tokens of forms.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from app import app
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.domain.second_factor import STEP_MS, app_code
from chalicelib.management.activities import ROUTES as REFUSED
from chalicelib.management.adapter import PREFIX
from chalicelib.portal.routes import NOWHERE
from chalicelib.runtime import runtime
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.license_extras import Wanted, grant_features
from chalicelib.usecases.product_features import create_feature
from chalicelib.web import clock
from infra.wsgi import wsgi
from tests.log_records import Output, written
from tests.mailbox import mailed_code, mailed_link, mails, said
from tests.management.calls import CALLS, Made
from tests.management.server import VendorsServer, new_key
from tests.portal.browser import Browser, Page, at
from tests.support import ADMIN, Application, Vendor
from tests.usecases.authenticator import Authenticator
from tests.usecases.people import MANAGER, account, issued

LOGO = '<svg xmlns="http://www.w3.org/2000/svg"><title>A vendor</title></svg>'
ADA, EVE = "ada-the-user@customer.test", "eve-the-user@customer.test"
ANN = "ann-the-user@customer.test"
BOB, SHOP = "bob-the-user@customer.test", "shop@customer.test"
FIRST, SECOND, THIRD, GIVEN = "first-choice-7cK", "second-choice-9qT", "third-choice-2mW", "given-by-manager-4zB"
_RECOVERY_CODE = r"(?:[2-9A-Z]{4}-){2}[2-9A-Z]{4}"
SHORT = 6
"""Characters. What is shorter is no secret, and would be found anywhere."""


class Heard:
    """What clients send and are given, and must stand in no line."""

    def __init__(self) -> None:
        self.words: set[str] = set()

    def by(self, client: httpx.Client) -> None:
        """Listen to what goes through a client."""
        client.event_hooks = {"request": [self._sent], "response": [self._given]}

    def add(self, *texts: str) -> None:
        """What may not be written."""
        self.words |= set(texts)

    def standing_in(self, text: str, *facts: str) -> set[str]:
        """The words that are found; `facts` and addresses may be."""
        meant = {word for word in self.words if len(word) >= SHORT and not word.isdigit() and word not in facts}
        return {word for word in meant if not word.startswith("/portal") and word in text}

    def _sent(self, request: httpx.Request) -> None:
        query, body = request.url.query.decode(), request.read().decode()
        self.add(query, body, *(value for text in (query, body) for _, value in parse_qsl(text)))
        with suppress(ValueError):
            self.add(*_texts(json.loads(body)))
        who, cookies = request.headers.get("authorization", ""), request.headers.get("cookie", "").split("; ")
        self.add(who, *re.findall(r'"([^"]+)"', who), *(cookie.partition("=")[2] for cookie in cookies))

    def _given(self, response: httpx.Response) -> None:
        response.read()
        self.add(response.headers.get("licensesignature", ""), *response.cookies.values())
        self.add(*re.findall(r'name="form" value="([^"]+)"', response.text))


def _texts(expected: Any) -> Iterator[str]:
    """The values in JSON."""
    if isinstance(expected, str):
        yield expected
    elif isinstance(expected, dict | list):
        for part in expected.values() if isinstance(expected, dict) else expected:
            yield from _texts(part)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """All clients are listened to."""
    heard, begin = Heard(), Browser.__init__

    def listened(browser: Browser, **headers: str) -> None:
        begin(browser, **headers)
        heard.by(browser.http)

    monkeypatch.setattr(Browser, "__init__", listened)
    return heard


@pytest.fixture
def vendor() -> Vendor:
    """Its sessions last at the clock of the server."""
    return Vendor(now=clock.now())


@pytest.fixture
def application(vendor: Vendor, heard: Heard) -> Iterator[Application]:
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as http:
        heard.by(http)
        secrets = runtime().secrets.read()
        heard.add(vendor.shared_key, vendor.api_key, secrets.data_key, *secrets.signing_key.split("\n"))
        yield Application(vendor.api_key, vendor.shared_key, http)


@pytest.fixture
def output() -> Iterator[Output]:
    with written() as output:
        yield output


def call_everything(application: Application, vendor: Vendor, heard: Heard) -> None:
    """Every call of the License API, granted and refused."""
    by_key = vendor.issue(floating_users=1, license_type="consumption", max_consumptions=5)
    by_user = vendor.issue("revit", customer=SHOP)
    _, password = vendor.assign(by_user, ADA, 2)
    heard.add(by_key.license_key or "", password or "")
    key = {"product": "viewer", "license_key": by_key.license_key, "hardware_id": "machine-of-ada"}
    user = {"product": "revit", "username": ADA, "hardware_id": "machine-of-ada"}
    result = {"variable": "value-of-variable"}
    feature: Any = {"code": "code-of-feature", "name": "Export", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", feature, ADMIN, now=vendor.now)
    grant_features(vendor.code, by_key.id, [Wanted("code-of-feature")], ADMIN, now=vendor.now)
    answers = [
        application.post("activate_license", **key, variables=result, hostname="host-of-ada"),
        application.get("check_license", **key),
        application.post("floating/release", **key),
        application.get("check_license_feature", **key, feature="code-of-feature"),
        application.post("track_device_variables", **key, variables=result),
        application.get("get_device_variables", **key),
        application.post("add_consumption", **key),
        application.post("deactivate_license", **key),
        application.post("activate_license", **user, password=password),
        application.get("check_license", **user),
        application.post("change_password", username=ADA, password=password, new_password=FIRST),
        application.get("user_licenses", product="revit", username=ADA, password=FIRST),
        application.get("product_details", product="viewer"),
        application.get("products"),
        application.get("device_licenses", hardware_id="machine-of-ada"),
        application.get("customer_license_users", product="revit", customer=SHOP),
        application.get("public_key"),
        application.get(""),
        application.http.get("/"),
        application.http.get("/healthz"),
    ]
    assert {answer.status_code for answer in answers} == {200}
    asked = [path for path, methods in app.routes.items() if "OPTIONS" in methods]
    assert {application.http.options(path).status_code for path in asked} == {204}
    refusals = [
        application.get("check_license", **key),
        application.get("check_license", **key | {"license_key": "WRONG-LICENSE-KEY"}),
        application.post("activate_license", **user, password="wrong-password-of-ada"),
        application.post("change_password", username=ADA, password="wrong-password-of-ada", new_password="wont-be"),
        application.post("track_device_variables", **key, variables={"name": ["no text", "password-of-ada"]}),
        application.http.post(
            "/api/v4/activate_license", content=b'{"password": "cut-off-pass', headers=application.headers()
        ),
        Application(vendor.api_key, "not-the-shared-key", application.http).get("check_license", **key),
    ]
    assert all(400 <= answer.status_code < 500 for answer in refusals)


def call_everything_of_management(application: Application, vendor: Vendor, heard: Heard) -> None:
    """Every call of the Management API, granted and refused."""
    server = VendorsServer(new_key(vendor), application.http, vendor)
    heard.add(server.key)
    for declared in CALLS:
        made = Made.by(server, declared)
        assert made.call(server, declared, Idempotency_Key=f"job-of-{declared.name}").is_success
        assert made.call(server, declared, Authorization=f"Api-Key {server.key}0").status_code == 403
        server.call("DELETE", f"webhooks/{made.ids['webhook_id']}")
    assert [server.get(route[1:]).status_code for route in REFUSED.values()] == [403] * len(REFUSED)
    assert application.http.get("/api/v1/openapi.json").status_code == 200


def enter(browser: Browser, vendor: Vendor, email: str, password: str, chosen: str) -> Page:
    """Log in with an initial password, after a wrong one, and choose another."""
    assert browser.log_in(vendor.code, email, "wrong-password-of-somebody").status == 401
    assert browser.log_in(vendor.code, email, password).path == "/portal/password"
    return browser.send("/portal/password", new_password=chosen, again=chosen)


def manage_everything(manager: Browser, license: License, vendor: Vendor, heard: Heard) -> None:
    """Every page and every form of a license's manager."""
    for rest in ("", "/history", "/devices", "/users", "/users/assign", "/users/batch"):
        assert manager.get(at(license, rest), search="needle-in-the-query").status == 200
    for path in ("/portal/activity", "/portal/search"):
        manager.get(path, search="needle-in-the-query")
    manager.get("/portal/export/licenses", search="needle-in-the-query")
    manager.get("/portal/export/people", search="needle-in-the-query")
    manager.get(f"/portal/licenses/{license.id}/export/users")
    manager.get("/portal/licenses", search="needle-in-the-query", sort="ends")
    assert manager.send(at(license, "/users/assign"), people="no-email-at-all").status == 400
    manager.post(at(license, "/users/assign"), {"email": EVE, "form": "no-token-of.this-form"})
    manager.send(at(license, "/users/assign"), people=EVE, first_name="Eve-the-first", phone_number="+41 44 123 45 67")
    eve = account(vendor, EVE)
    one = at(license, f"/users/{eve.id}")
    heard.add(initial_password(eve) or "")
    assert (initial_password(eve) or "?") in manager.get(f"{one}/initial-password").words
    manager.send(f"{one}/password", how="own", password=GIVEN)
    manager.send(f"{one}/limit", max_activations="4")
    manager.send(f"{one}/email", email=BOB)
    vendor.activate(BOB, "machine-of-bob", GIVEN, report={"hostname": "host-of-bob"})
    device = at(license, f"/devices/{hash_hardware_id('machine-of-bob')}-{eve.id}")
    assert "host-of-bob" in manager.get(device).words
    manager.send(f"{device}/reset")
    manager.send(f"{one}/reset")
    replaced, _ = vendor.assign(license, "replaced@customer.test")
    manager.send(at(license, f"/users/{replaced.id}/replace"), email="replacing@customer.test", first_name="Rep-lacing")
    for name in ("disable", "enable", "reset"):
        assert manager.send(at(license, f"/{name}")).status == 200


def assign_by_lists(manager: Browser, license: License) -> None:
    """A batch that is carried out, and one that is stopped."""
    form, start = at(license, "/users/batch"), at(license, "/users/batch/start")
    people = "email,first name\npeople-of-batch@customer.test,Batch-name"
    assert manager.send(form, people="nobody-at-all").status == 200
    running = manager.send(manager.send(form, people=people), start)
    done = manager.send(running)
    assert "people-of-batch@customer.test" in manager.get(f"{done.path}/result.csv").answer.text
    running = manager.send(manager.send(form, people="stopped-batch@customer.test"), start)
    assert manager.send(f"{running.path}/end").status == 200


def accept_an_invitation(manager: Browser, license: License, vendor: Vendor, heard: Heard) -> None:
    """A link that the manager sends, and by which the person chooses a password."""
    ann, _ = vendor.assign(license, ANN)
    form = at(license, f"/users/{ann.id}/invitation")
    assert manager.get(form).status == 200
    assert manager.send(form).status == 200
    assert manager.send("/portal/invited/again").path == manager.get("/portal/invited").path
    link = mailed_link(vendor, ANN)
    heard.add(link)
    browser = Browser()
    page = browser.get("/portal/invitation", link=link)
    assert browser.send(page, new_password=FIRST).path == "/portal/log-in"


def use_everything(user: Browser, vendor: Vendor, license: License, heard: Heard) -> None:
    """Every page of a license user, then a password that is forgotten."""
    bob = account(vendor, BOB)
    enter(user, vendor, BOB, GIVEN, FIRST)
    vendor.activate(BOB, "machine-of-bob", FIRST)
    seat = f"/portal/seats/{license.id}"
    device = f"{seat}/devices/{hash_hardware_id('machine-of-bob')}-{bob.id}"
    for path in ("/portal", "/portal/seats", seat, device, "/portal/account"):
        assert user.get(path).status == 200
    user.send(f"{device}/reset")
    user.send("/portal/account/person", first_name="Bob-the-second")
    user.send("/portal/account/mails", seat_given="true")
    user.send("/portal/account/language", language="de")
    user.send("/portal/account/language", language="en")
    enter_again = Browser()
    enter_again.log_in(vendor.code, BOB, FIRST)
    (end,) = {link for link in user.get("/portal/account").links if link.endswith("/end")}
    assert user.send(end).path == "/portal/account"
    user.send("/portal/account/sessions")
    user.send("/portal/password", password=FIRST, new_password=SECOND, again=SECOND)
    user.send("/portal/account", "/portal/log-out")
    page = user.send("/portal/forgotten", company=vendor.code, email=BOB)
    user.get("/portal/forgotten/code")
    heard.add(mailed_code(vendor, BOB), *said(mails(vendor, BOB)[-1]).split("\n"))
    assert user.send(page, "/portal/forgotten/code", code="00000000", new_password=THIRD).status == 400
    user.send(page, "/portal/forgotten/code", code=mailed_code(vendor, BOB), new_password=THIRD)
    assert user.log_in(vendor.code, BOB, THIRD).path == "/portal/seats"


def log_in_with_a_code(vendor: Vendor, heard: Heard, email: str, password: str) -> None:
    """A second factor is set up, asked for, and turned off."""
    path, user = "/portal/account/second-factor", Browser()
    user.log_in(vendor.code, email, password)
    shown = user.get(path)
    (key,) = re.findall(r"<output>([A-Z2-7 ]+)</output>", shown.answer.text)
    secret = key.replace(" ", "")
    code = app_code(secret, clock.now() // STEP_MS)
    codes = re.findall(_RECOVERY_CODE, user.send(shown, code=code, password=password).words)
    heard.add(key, secret, shown.form(path).fields["offer"], *codes)
    page = user.log_in(vendor.code, email, password)
    assert user.send(page, code=codes[0] + "X").status == 400
    assert user.send(page, code=codes[0]).path != page.path
    codes = re.findall(_RECOVERY_CODE, user.send(f"{path}/codes", code=codes[1]).words)
    heard.add(*codes)
    add = "/portal/account/passkeys/add"
    shown, held = user.get(add), Authenticator()
    made = held.make(shown.asked)
    page = user.send(shown, passkey=made, name="Name-of-a-passkey", password=password)
    remove = next(link for link in page.links if link.endswith("/remove"))
    signed = held.sign(user.get(remove).asked)
    heard.add(*json.loads(made)["response"].values(), *json.loads(signed)["response"].values())
    assert user.send(remove, passkey=signed).path == "/portal/account"
    assert user.send(f"{path}/off", code=codes[0]).path == "/portal/account"


def test_no_line_of_any_call_or_page_holds_what_was_sent_or_given_in_secret(
    application: Application, vendor: Vendor, heard: Heard, output: Output
) -> None:
    call_everything(application, vendor, heard)
    call_everything_of_management(application, vendor, heard)
    license = issued(vendor, max_license_users=9)
    set_branding(vendor.code, "#0a6e5c", LOGO, ADMIN, now=vendor.now)
    manager = Browser()
    heard.add(initial_password(account(vendor, MANAGER)) or "")
    home = enter(manager, vendor, MANAGER, initial_password(account(vendor, MANAGER)) or "", SECOND)
    for path in home.loads:  # logo, color, styles and scripts
        assert manager.http.get(path).status_code == 200
    manage_everything(manager, license, vendor, heard)
    assign_by_lists(manager, license)
    accept_an_invitation(manager, license, vendor, heard)
    use_everything(Browser(), vendor, license, heard)
    log_in_with_a_code(vendor, heard, BOB, THIRD)
    manager.send(at(license, f"/users/{account(vendor, BOB).id}/remove"))
    manager.send(at(license, "/name"), name="The-name-of-a-license")
    one, chosen = {f"user-{account(vendor, 'people-of-batch@customer.test').id}": "on"}, at(license, "/users/chosen")
    assert manager.send(manager.get(chosen, do="reset", **one), chosen).path == at(license, "/users")
    removed = manager.send(manager.get(chosen, do="remove", **one), chosen)
    assert manager.send(removed, at(license, "/users/restore")).path == at(license, "/users")
    leaves = f"/portal/people/{account(vendor, 'people-of-batch@customer.test').id}"
    assert "Batch-name" in manager.get(leaves).words
    assert manager.send(f"{leaves}/leave").path == "/portal/people"
    lines = output.lines
    answered = {(line["method"], line["route"]) for line in lines if line.get("outcome") == "ok"}
    every = {(method, path) for path, methods in app.routes.items() for method in methods if method != "HEAD"}
    every -= {("GET", NOWHERE), *(("GET", PREFIX + route) for route in REFUSED.values())}
    assert every - answered == set(), "the walk leaves something out"
    of_security = {line["security"]: line for line in lines if "security" in line}
    assert set(of_security) >= {
        "log_in_failed",
        "signed_in",
        "code_asked",
        "initial_password_read",
        "batch_result_read",
        "second_factor_failed",
    }
    assert all({"ip", "company", "account_id"} <= line.keys() for line in of_security.values())
    assert not any({"ip", "account_id"} & line.keys() for line in lines if "security" not in line)
    assert len(heard.words) > 200
    assert (
        heard.standing_in(output.getvalue(), vendor.code, "remove", "invite", "consumption") == set()
    )  # routes begin so, too


@pytest.mark.parametrize(
    "broken",
    ["chalicelib.licenseapi.routes.check", "chalicelib.usecases.portal_queries.managed.read_managed_licenses"],
)
def test_no_line_of_a_bug_holds_it_either(
    application: Application, vendor: Vendor, heard: Heard, output: Output, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    issued(vendor)
    manager = Browser()
    enter(manager, vendor, MANAGER, initial_password(account(vendor, MANAGER)) or "", SECOND)
    license = vendor.issue()

    def bug(*given: Any, **more: Any) -> None:
        raise RuntimeError(f"{given} {more} {sorted(heard.words)}")

    monkeypatch.setattr(broken, bug)
    application.get("check_license", product="viewer", license_key=license.license_key, hardware_id="machine-of-ada")
    manager.get("/portal/licenses", search="needle-in-the-query")
    assert "internal_error" in [line["outcome"] for line in output.lines]
    assert heard.standing_in(output.getvalue(), vendor.code) == set()


def test_what_is_heard_would_be_found(application: Application, vendor: Vendor, heard: Heard) -> None:
    license = vendor.issue()
    application.get("check_license", product="viewer", license_key=license.license_key, hardware_id="machine-of-ada")
    application.post("deactivate_license", product="viewer", license_key=license.license_key, hardware_id="and-of-bob")
    sent = application.headers()["Authorization"]
    for secret in (license.license_key, "machine-of-ada", "and-of-bob", vendor.api_key, vendor.shared_key):
        assert heard.standing_in(f"a line with {secret} in it")
    assert heard.standing_in(sent)
