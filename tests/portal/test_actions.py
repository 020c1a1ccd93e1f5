"""What becomes of forms: carried out once, shown again with what was typed, never without a token of theirs."""

import unicodedata
from collections.abc import Callable

import httpx
import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.one_time_code import MAX_TRIES
from chalicelib.domain.users import FREE_FAILURES
from chalicelib.portal.error_pages import FORM_EXPIRED
from chalicelib.store.licenses import seats
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.known_browser import VALID_MS, from_cookie, origin_of
from chalicelib.web import clock
from tests.mailbox import mailed_code
from tests.portal.browser import Browser, Page, at, browser_of
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

ADA, BOB = "ada@customer.test", "bob@customer.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, max_license_users=2)


def emails(vendor: Vendor, license: License) -> list[str]:
    return sorted(seat.email for seat in seats(vendor.code, license.id))


def assign_form(manager: Browser, license: License) -> Callable[..., Page]:
    """The form once, to be sent as often as one likes."""
    path = at(license, "/users/assign")
    form = manager.get(path).form(path)
    return lambda **typed: manager.post(path, form.fields | typed)


def test_a_form_that_is_sent_twice_is_carried_out_once_and_tells_the_same(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    send = assign_form(manager, license)
    pages = [send(people=ADA) for _ in range(3)]
    assert [page.status for page in pages] == [200, 200, 200]
    assert all(f"{ADA} was assigned. An invitation is on its way" in page.words for page in pages)
    assert emails(vendor, license) == [ADA]


@pytest.mark.usefixtures("costly_passwords")
def test_a_form_that_is_sent_many_times_at_once_is_carried_out_once(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    send = assign_form(manager, license)
    with ThreadPool(6) as threads:
        pages = list(threads.map(lambda _: send(people=ADA), range(6)))
    assert {page.status for page in pages} == {200}
    assert all(f"{ADA} was assigned. An invitation is on its way" in page.words for page in pages)
    assert emails(vendor, license) == [ADA]


def test_a_form_that_was_sent_comes_back_fresh_where_something_else_was_typed(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    path, send = at(license, "/users/assign"), assign_form(manager, license)
    send(people=ADA)
    page = send(people=BOB)
    assert (page.status, FORM_EXPIRED in page.words, emails(vendor, license)) == (403, True, [ADA])
    assert manager.send(page, path).status == 200
    assert emails(vendor, license) == [ADA, BOB]


def test_a_form_that_takes_away_what_it_is_about_tells_the_same_when_it_is_sent_twice(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    user, _ = vendor.assign(license, ADA)
    path = at(license, f"/users/{user.id}/remove")
    form = manager.get(path).form(path)
    pages = [manager.post(path, form.fields) for _ in range(2)]
    assert [(page.status, f"{ADA} was removed." in page.words) for page in pages] == [(200, True)] * 2
    assert manager.get(path).status == 404


def test_a_refused_form_comes_back_with_what_was_typed_and_can_be_sent_again(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    send = assign_form(manager, license)
    page = send(people="no email", first_name="Ada", max_activations="2")
    assert page.status == 400
    assert "This is not an email address." in page.words
    typed = page.form(at(license, "/users/assign")).fields
    assert (typed["people"], typed["first_name"], typed["max_activations"]) == ("no email", "Ada", "2")
    assert send(people=ADA).status == 200
    assert emails(vendor, license) == [ADA]


@pytest.mark.parametrize(
    ("typed", "status", "expected"),
    [
        ({"people": BOB}, 409, "This email is already assigned to the license."),
        ({"people": ADA, "max_activations": "6"}, 400, "Give at most 5: the license allows no more."),
        (
            {"people": ADA, "max_activations": "many"},
            400,
            "Give a number in digits alone, such as 5 or 1000.",
        ),
        (
            {"people": ADA, "max_activations": "1,000"},
            400,
            "Give a number in digits alone, such as 5 or 1000.",
        ),
        ({"people": ADA, "first_name": "x" * 101}, 400, "Give at most 100 characters."),
    ],
)
def test_why_a_form_is_refused_is_reported(
    vendor: Vendor, license: License, manager: Browser, typed: dict[str, str], status: int, expected: str
) -> None:
    vendor.assign(license, BOB)
    page = manager.send(at(license, "/users/assign"), **typed)
    assert (page.status, expected in page.words) == (status, True), page.words
    assert emails(vendor, license) == [BOB]


def test_the_third_user_of_two_is_refused(vendor: Vendor, license: License, manager: Browser) -> None:
    for email in (ADA, BOB):
        manager.send(at(license, "/users/assign"), people=email)
    page = manager.send(at(license, "/users/assign"), people="third@customer.test")
    assert (page.status, "All users of this license are assigned." in page.words) == (409, True)
    assert "2 / 2" in manager.get(at(license, "/users")).words


def test_a_token_of_another_form_or_browser_is_worth_nothing(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    path = at(license, "/users/assign")
    elsewhere = browser_of(vendor, MANAGER)
    for token in (manager.get(at(license, "/reset")).form(at(license, "/reset")), elsewhere.get(path).form(path)):
        page = manager.post(path, {"people": ADA} | {"form": token.fields["form"]})
        assert (page.status, "has expired" in page.words) == (403, True)
        assert page.form(path).fields["people"] == ADA
    assert emails(vendor, license) == []


def test_a_form_that_could_not_be_carried_out_can_be_sent_again(
    vendor: Vendor, license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_busy(*_: object, **__: object) -> None:
        raise Unavailable("database_busy")

    send = assign_form(manager, license)
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.portal.assign.assign_user", too_busy)
        page = send(people=ADA)
        assert (page.status, "Nothing was changed" in page.words) == (503, True)
        assert ("Try again" in page.words, "" in page.links) == (True, True)  # this page, as it was asked for
        assert page.answer.headers["Retry-After"] == "1"
    assert send(people=ADA).status == 200


def test_a_mistake_of_ours_is_a_page_and_tells_nothing_of_itself(
    license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.usecases.portal_queries.managed.read_managed_licenses", lambda *_, **__: 1 / 0)
    page = manager.get("/portal/licenses")
    assert (page.status, "Server error" in page.words, "division" in page.answer.text) == (500, True, False)


# --- log in -----------------------------------------------------------------------------------------------------


def test_a_wrong_log_in_tells_the_same_whatever_was_wrong(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    given = [
        (f"{vendor.code}X", MANAGER, PASSWORD),
        (vendor.code, BOB, PASSWORD),
        (vendor.code, MANAGER, "wrong password"),
    ]
    pages = [Browser().log_in(*each) for each in given]
    content = "Company code, email or password is wrong."
    assert [(page.status, content in page.words) for page in pages] == [(401, True)] * 3


def test_who_logs_in_goes_where_he_wanted_to_go_but_never_elsewhere(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    for to, there in (
        (at(license), at(license)),
        ("https://evil.test", "/portal"),
        ("//evil.test", "/portal"),
    ):
        browser = Browser()
        page = browser.get("/portal/log-in", next=to)
        page = browser.send(page, company=vendor.code, email=MANAGER, password=PASSWORD)
        assert (page.status, page.path) == (200, there)


def test_a_new_password_that_is_typed_in_two_forms_of_one_text_is_the_same(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    browser = Browser()
    browser.log_in(vendor.code, MANAGER, PASSWORD)
    first, again = (unicodedata.normalize(form, "zwölf Brücken über") for form in ("NFC", "NFD"))
    assert browser.send("/portal/password", password=PASSWORD, new_password=first, again=again).status == 200
    assert Browser().log_in(vendor.code, MANAGER, again).path == "/portal"


def test_a_page_that_needs_a_log_in_is_shown_after_it(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    browser = Browser()
    page = browser.get(at(license, "/users"))
    assert page.path == "/portal/log-in"
    assert browser.send(page, company=vendor.code, email=MANAGER, password=PASSWORD).path == at(license, "/users")


def test_an_initial_password_leads_to_the_choice_of_another_and_nowhere_else(vendor: Vendor, license: License) -> None:
    browser = Browser()
    page = browser.log_in(vendor.code, MANAGER, initial_password(account(vendor, MANAGER)) or "")
    assert page.path == "/portal/password"
    assert browser.get(at(license)).path == "/portal/password"
    assert ("Cancel" in page.words, "/portal/account" in page.links) == (False, False)
    assert browser.send("/portal/password", new_password=PASSWORD, again="different one").status == 400
    page = browser.send("/portal/password", new_password=PASSWORD, again=PASSWORD)
    assert (page.path, "Your new password is set." in page.words) == ("/portal", True)


def test_a_password_that_a_manager_sets_ends_the_sessions_of_its_user(vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    ada = browser_of(vendor, ADA)
    assert ada.get("/portal/seats").path == "/portal/seats"
    set_password(vendor.code, license.id, ADA, None, ADMIN, now=vendor.now)
    assert ada.get("/portal/seats").path == "/portal/log-in"


def test_a_log_out_ends_the_session_for_good(vendor: Vendor, manager: Browser) -> None:
    cookie = manager.http.cookies["seatkeeper"]
    page = manager.send("/portal/licenses", "/portal/log-out")
    assert page.path == "/portal/log-in"
    manager.http.cookies.set("seatkeeper", cookie)
    assert manager.get("/portal/licenses").path == "/portal/log-in"


def test_nobody_is_logged_out_by_another_site(manager: Browser) -> None:
    manager.post("/portal/log-out", {})
    assert manager.get("/portal/licenses").path == "/portal/licenses"


def test_a_forgotten_password_is_set_by_the_code_from_the_mail(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    browser = Browser()
    page = browser.send("/portal/forgotten", company=vendor.code, email=MANAGER)
    unknown = Browser().send("/portal/forgotten", company=vendor.code, email=BOB)
    assert page.words == unknown.words
    code = mailed_code(vendor, MANAGER)
    assert browser.send(page, "/portal/forgotten/code", code="00000000", new_password="a new password").status == 400
    page = browser.send(page, "/portal/forgotten/code", code=code, new_password="a new password")
    assert (page.path, "Your new password is set." in page.words) == ("/portal/log-in", True)
    stranger = Browser()
    for _ in range(FREE_FAILURES):
        stranger.log_in(vendor.code, MANAGER, "a guess")
    assert stranger.log_in(vendor.code, MANAGER, "a new password").status == 429
    assert browser.send(page, company=vendor.code, email=MANAGER, password="a new password").path == "/portal"


def test_who_tries_too_many_emails_is_told_when_to_come_again(
    vendor: Vendor, license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.store.probes.MAX_TAKEN", 1)
    ada, _ = vendor.assign(license, ADA)
    vendor.assign(license, BOB)
    path = at(license, f"/users/{ada.id}/email")
    assert manager.send(path, email=BOB).status == 409
    for email in (BOB, "free@customer.test"):
        page = manager.send(path, email=email)
        assert (page.status, "Try again tomorrow" in page.words) == (429, True)
        assert 86_000 <= int(page.answer.headers["Retry-After"]) <= 86_400
    stranger = Browser()
    for _ in range(FREE_FAILURES + 1):
        page = stranger.log_in(vendor.code, MANAGER, "a guess")
    assert (page.status, "Retry-After" in page.answer.headers) == (429, True)


# --- cookies and headers ----------------------------------------------------------------------------------------


def entered(vendor: Vendor, browser: Browser, prefix: str) -> httpx.Response:
    """The answer to a log-in; the browser keeps cookies also where it only seems to speak HTTPS."""
    page = browser.get("/portal/log-in")
    form = page.form("/portal/log-in").fields | {"company": vendor.code, "email": MANAGER, "password": PASSWORD}
    visitor = f"{prefix}seatkeeper-visitor"
    browser.http.cookies.set(visitor, page.answer.cookies[visitor])
    return browser.http.post("/portal/log-in", data=form)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    for proto, prefix, path in (("http", "", "/portal"), ("https", "__Host-", "/")):
        answer = entered(vendor, Browser(**{"X-Forwarded-Proto": proto}), prefix)
        session, browser = answer.headers.get_list("Set-Cookie")
        for cookie, name, seconds in ((session, "seatkeeper", 43_200), (browser, "seatkeeper-browser", 15_552_000)):
            assert cookie.startswith(f"{prefix}{name}=")
            parts = cookie.split("; ")
            assert {"HttpOnly", "SameSite=Lax", f"Path={path}", f"Max-Age={seconds}"} <= set(parts)
            assert ("Secure" in parts) is (proto == "https")
        assert ("Strict-Transport-Security" in answer.headers) is (proto == "https")


def test_a_form_of_an_earlier_session_still_logs_out(vendor: Vendor, license: License, manager: Browser) -> None:
    old_tab = manager.get("/portal/licenses")
    manager.http.cookies.delete("seatkeeper")
    manager.log_in(vendor.code, MANAGER, PASSWORD)
    assert manager.get("/portal/licenses").path == "/portal/licenses"
    session = manager.http.cookies["seatkeeper"]
    assert manager.send(old_tab, "/portal/log-out").path == "/portal/log-in"
    manager.http.cookies.set("seatkeeper", session, domain="portal.test", path="/portal")
    assert manager.get("/portal/licenses").path == "/portal/log-in", "it has ended, not only been forgotten"


def test_another_browsers_form_logs_nobody_out(vendor: Vendor, license: License, manager: Browser) -> None:
    other = browser_of(vendor, MANAGER).get("/portal/licenses")
    manager.post("/portal/log-out", other.form("/portal/log-out").fields)
    assert manager.get("/portal/licenses").path == "/portal/licenses"


def test_a_new_log_in_ends_the_browsers_old_session(vendor: Vendor, license: License, manager: Browser) -> None:
    old = manager.http.cookies["seatkeeper"]
    manager.log_in(vendor.code, MANAGER, PASSWORD)
    thief = Browser()
    thief.http.cookies.set("seatkeeper", old, domain="portal.test", path="/portal")
    assert thief.get("/portal/licenses").path == "/portal/log-in"
    assert manager.get("/portal/licenses").path == "/portal/licenses"


def test_a_browser_that_was_there_before_is_let_in_amid_an_attack(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    stranger = Browser()
    for _ in range(FREE_FAILURES):
        stranger.log_in(vendor.code, MANAGER, "a guess")
    assert stranger.log_in(vendor.code, MANAGER, PASSWORD).status == 429
    manager.send("/portal/licenses", "/portal/log-out")
    assert manager.log_in(vendor.code, MANAGER, PASSWORD).path == "/portal"
    kept = manager.http.cookies["seatkeeper-browser"]
    assert is_known(kept, vendor, MANAGER)
    assert not is_known(kept, vendor, BOB)
    assert not is_known(kept, vendor, MANAGER, clock.now() + VALID_MS)


def is_known(cookie: str, vendor: Vendor, email: str, now: int | None = None) -> bool:
    return bool(origin_of(from_cookie(cookie, now or clock.now()), vendor.code, email, "").known)


def test_a_browsers_cookie_is_worth_nothing_once_the_owner_has_another_password(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    kept = manager.http.cookies["seatkeeper-browser"]
    manager.send("/portal/password", password=PASSWORD, new_password="another one", again="another one")
    assert not is_known(kept, vendor, MANAGER)
    newer = manager.http.cookies["seatkeeper-browser"]
    assert is_known(newer, vendor, MANAGER), "the browser in which it was changed goes on"
    manager.send("/portal/account/sessions")
    assert not is_known(newer, vendor, MANAGER)
    assert is_known(manager.http.cookies["seatkeeper-browser"], vendor, MANAGER)
    thief = Browser()
    thief.http.cookies.set("seatkeeper-browser", kept, domain="portal.test", path="/portal")
    for _ in range(FREE_FAILURES):
        thief.log_in(vendor.code, MANAGER, "a guess")
    assert Browser().log_in(vendor.code, MANAGER, "another one").status == 429, "they were guesses of a stranger"


def test_a_stranger_uses_up_nobody_elses_tries_of_a_code(vendor: Vendor, license: License) -> None:
    chosen(vendor, MANAGER)
    browser, stranger = Browser(), Browser()
    page = browser.send("/portal/forgotten", company=vendor.code, email=MANAGER)
    code = mailed_code(vendor, MANAGER)
    wrong = stranger.send("/portal/forgotten", company=vendor.code, email=MANAGER)
    for _ in range(MAX_TRIES + 1):
        answer = stranger.send(wrong, "/portal/forgotten/code", code=code, new_password="a new password")
        assert answer.status == 400, "even the right code, in a browser that has not asked for it"
    page = browser.send(page, "/portal/forgotten/code", code=code, new_password="a new password")
    assert page.path == "/portal/log-in"


def test_every_page_forbids_what_it_does_not_need(manager: Browser, license: License) -> None:
    for path in ("/portal/licenses", at(license), at(license, "/users/assign"), "/portal/nothing/1"):
        headers = manager.http.get(path).headers
        if headers["Content-Type"].startswith("text/html"):
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"


def test_files_may_be_kept_for_ever_for_their_names_change(manager: Browser) -> None:
    page = manager.get("/portal/licenses")
    loads = [path for path in page.loads if path.startswith("/static/")]
    assert len(loads) >= 4
    for path in loads:
        answer = manager.http.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")
        wrong = path.replace(path.split(".")[-2], "0" * 12)
        assert manager.http.get(wrong).status_code == 404
    for path in ("/static/portal.css", "/static/..%2Frender.py", "/static/LICENSE-pico.000000000000.txt"):
        assert manager.http.get(path).status_code == 404


@pytest.mark.parametrize("typed", [{"how": "generate"}, {"how": "own"}, {}])
def test_a_password_that_was_typed_is_the_one_whatever_is_chosen_beside_it(
    vendor: Vendor, license: License, manager: Browser, typed: dict[str, str]
) -> None:
    vendor.assign(license, ADA)
    one = at(license, f"/users/{account(vendor, ADA).id}/password")
    assert manager.send(one, password="typed by the manager", **typed).status == 200
    assert initial_password(account(vendor, ADA)) == "typed by the manager"


def test_a_password_is_generated_where_none_was_typed_and_refused_where_one_was_to_be(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    vendor.assign(license, ADA)
    one = at(license, f"/users/{account(vendor, ADA).id}/password")
    before = initial_password(account(vendor, ADA))
    assert manager.send(one, how="own", password="").status == 400
    assert initial_password(account(vendor, ADA)) == before
    assert manager.send(one, how="generate", password="").status == 200
    assert initial_password(account(vendor, ADA)) not in (before, "")


def test_what_the_vendor_has_disabled_has_no_button_and_is_not_enabled_by_a_form(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    set_enabled(vendor.code, license.id, False, Actor(f"user:{MANAGER}"), now=vendor.now)
    one, enable = at(license), at(license, "/enable")
    assert enable in manager.get(one).links
    set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    page = manager.get(one)
    assert enable not in page.links
    assert "Suspended by" in page.words
    assert manager.send(enable).status == 403
    assert not vendor.stored(license).enabled
