"""The bench itself: it sees what is wrong with a page, and nothing in one that is right."""

from collections.abc import Callable

import httpx
import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from infra.serve import Server
from tests.e2e.browser import axe, watched
from tests.e2e.site import Site
from tests.e2e.weight import first_visit_bytes
from tests.portal.browser import Page

STRICT = "default-src 'none'; script-src 'self'; style-src 'self'"
GOOD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Good</title>
<link rel="stylesheet" href="/bench.css"><main><h1>Good</h1><p>Text that can be read.</p></main></html>"""


def served(page: playwright.Page, **files: str | int) -> None:
    """Let the server have a page at /bench/…, under the strictest policy: what it holds, or a status."""

    def answer(route: playwright.Route) -> None:
        given = files.get(route.request.url.rpartition("/")[2].replace(".", "_"), 404)
        kind = "text/css" if route.request.url.endswith(".css") else "text/html"
        headers = {"Content-Type": kind, "Content-Security-Policy": STRICT}
        if isinstance(given, int):
            route.fulfill(status=given, body="<title>None</title>", headers=headers)
        else:
            route.fulfill(body=given, headers=headers)

    page.route("**/bench*", answer)


def test_the_server_answers_a_browser(either_page: playwright.Page) -> None:
    answer = either_page.goto("/")
    assert answer is not None
    assert answer.status == 200
    assert "Seatkeeper" in either_page.inner_text("body")


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param("<style>p { color: red }</style>", "console: ", id="inline style"),
        pytest.param('<p style="color: red">', "console: ", id="style attribute"),
        pytest.param('<link rel="stylesheet" href="http://elsewhere.test/a.css">', "console: ", id="refused host"),
        pytest.param('<link rel="stylesheet" href="/bench-none.css">', "404: ", id="a missing part"),
        pytest.param(500, "500: ", id="an error of ours"),
        pytest.param(503, "503: ", id="busy"),
    ],
)
def test_what_is_wrong_with_a_page_is_seen(
    body: str | int, fault: str, javascript: bool, browser: playwright.Browser, server: Server
) -> None:
    with watched(browser, server.base_url, java_script_enabled=javascript) as (page, faults):
        served(page, bench=body if isinstance(body, int) else GOOD + body, bench_css="")
        page.goto("/bench")
        page.wait_for_load_state("networkidle")
    assert [answer for answer in faults if answer.startswith(fault)], faults


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("console.error('a mishap')", "console: a mishap"),
        ("setTimeout(() => { throw new Error('a mishap') })", "script: "),
        ("setTimeout(() => eval('1'))", "script: "),
    ],
)
def test_a_script_that_goes_wrong_is_seen(script: str, fault: str, browser: playwright.Browser, server: Server) -> None:
    with watched(browser, server.base_url) as (page, faults):
        served(page, bench=GOOD, bench_css="")
        page.goto("/bench")
        with page.expect_event("console" if fault.startswith("console") else "pageerror"):
            page.evaluate(script)
    assert [answer for answer in faults if answer.startswith(fault)], faults


def test_a_call_to_another_host_is_seen_and_gets_no_answer(browser: playwright.Browser, server: Server) -> None:
    elsewhere = f"http://elsewhere.localhost:{server.port}/"  # there, but not ours by name
    with watched(browser, server.base_url, bypass_csp=True) as (page, faults):
        served(page, bench=GOOD + f'<img src="{elsewhere}" alt="">', bench_css="")
        page.goto("/bench")
    assert f"another host: {elsewhere}" in faults
    assert f"no answer: {elsewhere} net::ERR_NAME_NOT_RESOLVED" in faults


def test_not_found_and_refused_are_pages_like_others(page: playwright.Page) -> None:
    served(page, bench=404, bench_refused=409, bench_css="")
    for address in ("/bench", "/bench.refused"):
        page.goto(address)


def good(page: playwright.Page, css: str = "", body: str = "") -> Callable[[], None]:
    """Go to the good page, with a stylesheet and something more; answers what looks at it."""
    served(page, bench=GOOD.replace("</main>", f"{body}</main>"), bench_css=css)
    page.goto("/bench")
    return lambda: axe(page)


@pytest.mark.usefixtures("axe_core")
def test_axe_finds_nothing_in_a_good_page_under_the_strictest_policy(page: playwright.Page) -> None:
    good(page, "@media (prefers-color-scheme: dark) { html { background: #000; color: #eee } }")()


@pytest.mark.usefixtures("axe_core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_text_that_cannot_be_read_in_one_scheme(scheme: str, page: playwright.Page) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    faint = f"p {{ transition: color 9s }} @media (prefers-color-scheme: {scheme}) {{ p {{ color: #aaa }} }}"
    with pytest.raises(AssertionError, match=rf"{scheme}: color-contrast \(serious\)") as answer:
        good(page, f"html {{ background: #fff; color: #000 }} {faint}")()
    assert f"{other}: " not in str(answer.value)


@pytest.mark.usefixtures("axe_core")
@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<input name="a">', "label"),  # WCAG 2.0 A
        ('<input autocomplete="none of these" aria-label="a">', "autocomplete-valid"),  # 2.1 AA
        ("<h4>Three deeper</h4>", "heading-order"),  # best practice
        ('<button class="small">a</button><button class="small">b</button>', "target-size"),  # 2.2 AA
    ],
)
def test_axe_looks_for_every_kind_of_rule(body: str, rule: str, page: playwright.Page) -> None:
    with pytest.raises(AssertionError, match=rf"light: {rule} "):
        good(page, ".small { width: 12px; height: 12px; padding: 0; margin: 0; font-size: 9px }", body)()


def test_a_manager_logs_in(either_page: playwright.Page, site: Site) -> None:
    site.log_in(either_page)
    expect(either_page).to_have_url(f"{site.base_url}/portal")
    expect(either_page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_each_page_starts_with_nothing_kept(page: playwright.Page, second_page: playwright.Page, site: Site) -> None:
    page.context.add_cookies([{"name": "a", "value": "b", "url": site.base_url}])
    assert second_page.context.cookies() == []


def test_the_application_calls_the_same_server(site: Site) -> None:
    with httpx.Client(base_url=site.base_url, timeout=60) as http:
        answer = site.application(http).post(
            "activate_license", product="viewer", hardware_id="h", license_key=site.other_license.license_key
        )
    assert answer.status_code == 200, answer.text
    assert site.vendor.stored(site.other_license).times_activated == 1


def test_the_weight_of_a_page_is_that_of_its_bytes_on_the_wire(server: Server) -> None:
    path = "/portal/log-in"
    headers = {"Accept-Encoding": "identity"}
    with httpx.Client(base_url=server.base_url, headers=headers, timeout=60) as http:
        shown = Page(http.get(path))
        plain = [len(http.get(address).content) for address in (path, *shown.loads)]
    assert len(plain) > 4
    assert max(plain) / 4 < first_visit_bytes(server.base_url, path, {}) < sum(plain) / 2


def test_a_page_that_is_not_there_has_no_weight(server: Server) -> None:
    with pytest.raises(AssertionError, match=r"^/portal/licenses: 303"):
        first_visit_bytes(server.base_url, "/portal/licenses", {})
