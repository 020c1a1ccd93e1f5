"""What a hostile client gets out of the portal: nothing."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from app import app
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.invitation import without_invitation
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.encryption import encrypt
from chalicelib.store import idempotency
from chalicelib.store.licenses import seats
from chalicelib.threads import ThreadPool
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.create import create_product
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.sessions import from_cookie, to_cookie
from chalicelib.web import clock
from tests.portal.browser import Browser, Page, at, browser_of
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

ADA, OTHER = "ada@customer.test", "other@elsewhere.test"
MARKUP = "\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, max_license_users=5)


def with_cookie(value: str) -> Browser:
    browser = Browser()
    browser.http.cookies.set("seatkeeper", value)
    return browser


def opens(browser: Browser) -> bool:
    return browser.get("/portal/account").path == "/portal/account"


# --- cookies ----------------------------------------------------------------------------------------------------


def test_a_cookie_that_was_changed_anywhere_opens_nothing(manager: Browser) -> None:
    cookie = manager.http.cookies["seatkeeper"]
    assert opens(with_cookie(cookie))
    raw = base64.b64decode(cookie)
    for place in (0, 11, 12, len(raw) // 2, len(raw) - 1):
        forged = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        assert not opens(with_cookie(base64.b64encode(forged).decode())), place
    for nonsense in ("", "x", "AAAA", cookie[:20], cookie[4:], "/" * 80):
        assert not opens(with_cookie(nonsense)), nonsense


def test_what_was_sealed_for_something_else_is_no_cookie(vendor: Vendor, manager: Browser) -> None:
    claims = from_cookie(manager.http.cookies["seatkeeper"])
    assert claims is not None
    answer = f"{claims.company} {claims.user_id} {claims.token}"
    assert opens(with_cookie(encrypt(answer, "session")))
    assert not opens(with_cookie(encrypt(answer, f"initial-password#{vendor.code}#{claims.user_id}")))


def test_a_session_is_of_its_own_user_and_company_alone(vendor: Vendor, license: License, manager: Browser) -> None:
    vendor.assign(license, ADA)
    claims = from_cookie(browser_of(vendor, ADA).http.cookies["seatkeeper"])
    assert claims is not None
    elsewhere = Vendor(now=clock.now())
    assert opens(with_cookie(to_cookie(claims)))
    assert not opens(with_cookie(to_cookie(replace(claims, user_id=account(vendor, MANAGER).id))))
    assert not opens(with_cookie(to_cookie(replace(claims, company=elsewhere.code))))


def test_a_log_in_begins_a_session_of_its_own_whatever_the_browser_held(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    vendor.assign(license, ADA)
    chosen(vendor, ADA)
    planted = manager.http.cookies["seatkeeper"]
    victim = with_cookie(planted)
    victim.log_in(vendor.code, ADA, PASSWORD)
    assert victim.http.cookies.get("seatkeeper", domain="portal.test", path="/portal") != planted
    assert not opens(with_cookie(planted)), "the browser's old session is over"


def test_a_visitors_cookie_that_is_none_of_ours_is_replaced() -> None:
    for planted in ("\x7f" * 43, '",x' * 14 + "z", "x" * 44, ""):
        answer = Browser().http.get("/portal/log-in", headers={"Cookie": f"seatkeeper-visitor={planted}"})
        assert answer.status_code == 200
        assert re.match("seatkeeper-visitor=[A-Za-z0-9_-]{43};", answer.headers["Set-Cookie"])


# --- addresses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["a%0d%0aSet-Cookie:%20a=b", "%C4%80", "a%3fb%26next=x%23", "%ff%fe", "%00"])
def test_an_address_becomes_no_part_of_a_header(license: License, part: str) -> None:
    answer = Browser().http.get(at(license, f"/devices/{part}"))
    assert (answer.status_code, "set-cookie" in answer.headers) == (303, False)
    assert re.fullmatch(r"/portal/log-in\?next=[A-Za-z0-9/%._-]+", answer.headers["Location"])


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.test/portal",
        "//evil.test/portal",
        "/\\evil.test",
        "/portal//evil.test",
        "/portal\\evil.test",
        "/portal\r\nX: y",
        "/portal\n",
        "/portal@evil.test",
        "/portal.evil.test",
        "/portal/../evil",
        "/portal/../../evil",
        "/portal/..",
        "/portal/licenses/../../evil",
        "/portal/./evil",
        "/portal/%2e%2e/evil",
        "/portal/.%2E/evil",
        "/portal/%252e%252e/evil",
        "/portal/..;/evil",
        "/portal/..%2fevil",
        "/portal/\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}/evil",
        "javascript:alert(1)",
        "/portal?x=\r\ny",
        "/portal?x=y#//evil.test",
        "//evil.test?/portal",
        "/portal?x=\N{FULLWIDTH NUMBER SIGN}",
    ],
)
def test_a_log_in_leads_nowhere_else(vendor: Vendor, license: License, to: str) -> None:
    chosen(vendor, MANAGER)
    browser = Browser()
    form = browser.get("/portal/log-in").form("/portal/log-in").fields
    typed = {"company": vendor.code, "email": MANAGER, "password": PASSWORD, "next": to}
    answer = browser.http.post("/portal/log-in", data=form | typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/portal")


# --- what is shown ----------------------------------------------------------------------------------------------


def test_what_anybody_has_written_is_shown_as_text(vendor: Vendor) -> None:
    create_product(vendor.code, "evil", MARKUP, "user", ADMIN, prevent_vm=False, now=vendor.now)
    set_branding(vendor.code, None, None, ADMIN, name=MARKUP, now=vendor.now)
    license = issued(vendor, "evil", order_id=MARKUP, max_license_users=5)
    email = "'&lt@customer.test"
    assign_user(vendor.code, license.id, email, 1, ADMIN, profile=Profile(MARKUP, MARKUP, MARKUP), now=vendor.now)
    user = chosen(vendor, email)
    report = dict.fromkeys(("hostname", "os_ver", "ip", "mac_address", "vm_info", "app_ver", "sdk_ver"), MARKUP)
    vendor.activate(email, MARKUP, PASSWORD, product="evil", report=report | {"is_vm": True})
    lookup = vendor.lookup(email, MARKUP, product="evil")
    track_variables(vendor.code, lookup, {MARKUP: MARKUP}, ADMIN, now=vendor.now)
    key = f"{hash_hardware_id(MARKUP)}-{user.id}"
    managers = ["", "/history", "/devices", f"/devices/{key}", f"/devices/{key}/reset", "/users"]
    managers += [f"/users/{user.id}/{form}" for form in ("email", "password", "limit", "reset", "remove")]
    own = ["", f"/{license.id}", f"/{license.id}/devices/{key}", f"/{license.id}/devices/{key}/reset"]
    manager, themself = browser_of(vendor, MANAGER), browser_of(vendor, email)
    pages = [manager.get(at(license, path)) for path in managers]
    pages += [manager.get("/portal/licenses", search=MARKUP, status=MARKUP, sort=MARKUP)]
    pages += [themself.get(f"/portal/seats{path}") for path in own]
    pages += [themself.get(f"/portal/account{path}") for path in ("", "/person")]
    pages += [Browser().get("/portal/log-in", next=MARKUP, company=MARKUP, email=MARKUP)]
    for page in pages:
        assert page.status == 200, page.path
        assert "<img src=x" not in page.answer.text, page.path
        assert "<b>x" not in page.answer.text, page.path
        assert "&lt;img src=x onerror" in page.answer.text, page.path


def test_a_list_with_formulas_is_downloaded_without_them(manager: Browser, license: License) -> None:
    page = manager.get(at(license, "/users/batch"))
    people = 'email,first name,last name\n=cmd@customer.test,=1+1,-x\n-2+3@customer.test,"+1,""x",-1'
    page = manager.send(page, people=people)
    page = manager.send(page, at(license, "/users/batch/start"))
    page = manager.send(page)
    assert "2 people were assigned." in page.words
    cells = manager.http.get(page.path + "/result.csv").text.replace("\ufeff", "").replace("\r\n", ",").split(",")
    assert "'=cmd@customer.test" in cells
    assert not [cell for cell in cells if cell.lstrip('"')[:1] in ("=", "+", "-", "@")]


def test_nothing_that_is_of_somebody_is_kept_by_caches(vendor: Vendor, license: License, manager: Browser) -> None:
    user, _ = vendor.assign(license, ADA)
    shown = [at(license, f"/users/{user.id}/initial-password"), at(license), "/portal/account", "/portal/licenses"]
    for path in [*shown, at(license, "/users/1/email"), "/portal", "/portal/licenses/1"]:
        answers = (manager.http.get(path), Browser().http.get(path))
        assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}, path


# --- whose account ----------------------------------------------------------------------------------------------


@pytest.fixture
def shared(vendor: Vendor, license: License) -> int:
    """A user of another customer, with an initial password still, to whom our manager gives a seat as well."""
    issued_elsewhere = issued(vendor, manager=OTHER, customer="office@other.test", max_license_users=5)
    user, _ = vendor.assign(issued_elsewhere, ADA)
    return user.id


@pytest.mark.parametrize("how", ["invite", "show"])
def test_a_seat_gives_no_manager_the_account_of_anothers_user(
    vendor: Vendor, license: License, manager: Browser, shared: int, how: str
) -> None:
    before = account(vendor, ADA)
    manager.send(at(license, "/users/assign"), people=ADA, how=how)
    one = at(license, f"/users/{shared}")
    assert manager.get(one + "/initial-password").status == 403
    assert manager.send(one + "/password", how="own", password="known to me").status == 403
    assert manager.send(one + "/password", how="generate").status == 403
    assert manager.send(one + "/email", email="mine@customer.test").status == 403
    after = account(vendor, ADA)
    assert (after.invited_at is not None) == (how == "invite"), "who reads the mail may choose a password"
    assert replace(without_invitation(after), access_revision=before.access_revision) == before


def test_a_batch_tells_no_manager_the_password_of_anothers_user(
    vendor: Vendor, license: License, manager: Browser, shared: int
) -> None:
    page = manager.send(at(license, "/users/batch"), people=ADA)
    page = manager.send(manager.send(page, at(license, "/users/batch/start"), how="show"))
    assert "This person has already chosen a password" in page.words
    assert manager.http.get(page.path + "/result.csv").text.rstrip().endswith(",")


def test_an_email_that_is_somebodys_cannot_be_taken(
    vendor: Vendor, license: License, manager: Browser, shared: int
) -> None:
    bob, _ = vendor.assign(license, "bob@customer.test")
    for spelt in (ADA, f" {ADA.upper()} "):
        assert manager.send(at(license, f"/users/{bob.id}/email"), email=spelt).status == 409
    assert account(vendor, ADA).id == shared


def test_a_user_of_another_license_is_not_found_under_an_own_one(
    vendor: Vendor, license: License, manager: Browser, shared: int
) -> None:
    before = account(vendor, ADA)
    for action in ("initial-password", "email", "password", "limit", "reset", "remove"):
        assert manager.get(at(license, f"/users/{shared}/{action}")).status == 404
        assert manager.post(at(license, f"/users/{shared}/{action}"), {"form": "x.y"}).status in (404, 405)
    assert account(vendor, ADA) == before


# --- forms ------------------------------------------------------------------------------------------------------


def test_looking_changes_nothing(vendor: Vendor, license: License, manager: Browser) -> None:
    user, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    before = (vendor.stored(license), vendor.history(license), account(vendor, ADA), account(vendor, MANAGER))
    names = {"license_id": license.id, "user_id": user.id, "device": f"{hash_hardware_id('pc')}-{user.id}"}
    looked = 0
    for path, methods in app.routes.items():
        if path.startswith("/portal") and "GET" in methods:
            looked += manager.get(re.sub(r"\{(\w+)\}", lambda part: str(names.get(part[1], 1)), path)).status == 200
    assert looked > 20
    assert before == (vendor.stored(license), vendor.history(license), account(vendor, ADA), account(vendor, MANAGER))


def test_a_form_of_one_license_is_worth_nothing_at_another(vendor: Vendor, license: License, manager: Browser) -> None:
    other = issued(vendor, max_license_users=5)
    form = manager.get(at(license, "/disable")).form(at(license, "/disable"))
    assert manager.post(at(other, "/disable"), form.fields).status == 403
    assert manager.post(at(license, "/reset"), form.fields).status == 403
    assert vendor.stored(other).enabled


def test_a_form_of_an_ended_session_is_worth_nothing_in_the_next(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    path = at(license, "/disable")
    form = manager.get(path).form(path)
    manager.send("/portal/licenses", "/portal/log-out")
    assert manager.post(path, form.fields).path == "/portal/log-in"
    manager.log_in(vendor.code, MANAGER, PASSWORD)
    assert manager.post(path, form.fields).status == 403
    assert vendor.stored(license).enabled


def test_a_log_in_form_of_another_browser_logs_nobody_in(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    attacker, victim = Browser(), Browser()
    form = attacker.get("/portal/log-in").form("/portal/log-in").fields
    victim.get("/portal/log-in")
    page = victim.post("/portal/log-in", form | {"company": vendor.code, "email": MANAGER, "password": PASSWORD})
    assert (page.status, "seatkeeper" in victim.http.cookies) == (403, False)


def test_what_was_done_is_told_as_done_even_where_it_cannot_be_noted(
    vendor: Vendor, license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_busy(*_: object) -> None:
        raise Unavailable("database_busy")

    page = manager.send(at(license, "/users/batch"), people=ADA)
    page = manager.send(page, at(license, "/users/batch/start"))
    monkeypatch.setattr(idempotency, "store_answer", too_busy)
    page = manager.send(page)
    assert (page.status, ADA in page.words) == (200, True)


def test_a_stale_form_of_a_batch_that_is_over_says_so(manager: Browser, license: License) -> None:
    page = manager.send(at(license, "/users/batch"), people=ADA)
    page = manager.send(page, at(license, "/users/batch/start"))
    manager.send(page)
    stale = manager.post(page.path, {"form": "of.before"})
    assert (stale.status, "This batch has ended." in stale.words) == (403, True)


# --- two managers -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("costly_passwords")
def test_two_managers_at_once_never_pass_the_limit(vendor: Vendor, license: License, manager: Browser) -> None:
    issued(vendor, manager="second@customer.test", order_id=license.order_id)
    browsers = (manager, browser_of(vendor, "second@customer.test"))

    def by_one(browser: Browser, n: int) -> Page:
        return browser.send(at(license, "/users/assign"), people=f"one{n}@customer.test")

    def by_batch(browser: Browser, n: int) -> Page:
        people = "\n".join(f"many{n}-{m}@customer.test" for m in range(3))
        page = browser.send(at(license, "/users/batch"), people=people)
        page = browser.send(page, at(license, "/users/batch/start"), which="fitting")
        return browser.send(page) if page.status == 200 else page

    work: list[tuple[Callable[[Browser, int], Page], Browser]] = [(by_one, b) for b in browsers]
    work += [(by_batch, b) for b in browsers]
    with ThreadPool(8) as threads:
        pages = list(threads.map(lambda n: work[n % 4][0](work[n % 4][1], n), range(8)))
    assert {page.status for page in pages} <= {200, 409}
    assert len(list(seats(vendor.code, license.id))) == vendor.stored(license).users_assigned == 5
    assert vendor.differences() == []
