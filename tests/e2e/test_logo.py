"""A company's logo draws and does nothing else, whatever stands in it: no filter looks for anything there.

Pages show it as an image, in which a browser runs and loads nothing; whoever opens its address opens a sandbox that may
load nothing. The same drawing without our headers does all that stands in it: so it would be seen here.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import playwright.sync_api as playwright
import pytest

from chalicelib.portal.render import logo_path
from chalicelib.usecases.branding import set_branding
from tests.e2e.site import Site
from tests.support import ADMIN

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
RUNS = {
    "script": "<script>RUN</script>",
    "begin": '<set attributeName="x" to="1" onbegin="RUN"/>',
    "error": f'<foreignObject width="9" height="9"><img {XHTML} src="data:," onerror="RUN"/></foreignObject>',
}
LOADS = {
    "its-script": '<script href="THERE"/>',
    "import": "<style>@import url(THERE);</style>",
    "image": '<image href="THERE" width="9" height="9"/>',
    "elsewhere": '<image href="http://elsewhere.testTHERE" width="9" height="9"/>',
    "use": '<use href="THERE#a"/>',
    "filter": '<filter id="f"><feImage href="THERE"/></filter><rect width="9" height="9" filter="url(#f)"/>',
    "frame": f'<foreignObject width="9" height="9"><iframe {XHTML} src="THERE"/></foreignObject>',
    "object": f'<foreignObject width="9" height="9"><object {XHTML} data="THERE"/></foreignObject>',
    "link": f'<foreignObject><link {XHTML} rel="stylesheet" href="THERE"/></foreignObject>',
    "refresh": f'<foreignObject><meta {XHTML} http-equiv="refresh" content="0;url=THERE"/></foreignObject>',
}
"""What is hostile in a drawing, by a name that stands in the address of what it asks for: `THERE`."""
PARTS = {
    name: text.replace("RUN", f"fetch('/ran/{name}')").replace("THERE", f"/ran/{name}")
    for name, text in (RUNS | LOADS).items()
}
LOGO = (
    '<?xml-stylesheet href="/ran/stylesheet" type="text/css"?><!DOCTYPE svg [<!ENTITY a "b">]>'
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="fetch(\'/ran/load\')">'
    f"{''.join(PARTS.values())}<text>&a;</text></svg>"
)
EVERYTHING = {*PARTS, "stylesheet", "load"}


@pytest.fixture
def page(browser: playwright.Browser, site: Site) -> Iterator[playwright.Page]:
    """A page of who is logged in to the portal of a company with this logo."""
    set_branding(site.company, None, LOGO, ADMIN, now=site.vendor.now)
    context = browser.new_context(base_url=site.base_url)
    try:
        page = context.new_page()
        site.enter(page)
        yield page
    finally:
        context.close()


def done_at(page: playwright.Page, path: str) -> set[str]:
    """What of the logo has run, or has sent a request, once a page is open and at rest."""
    seen: set[str] = set()

    def answer(route: playwright.Route) -> None:
        seen.add(urlsplit(route.request.url).path.removeprefix("/ran/"))
        route.fulfill(body="")

    page.context.route("**/ran/*", answer)  # what the policy refuses is not sent
    page.goto(path, wait_until="networkidle")
    return seen


def test_as_an_image_it_is_shown_and_nothing_of_it_runs_or_loads(page: playwright.Page, site: Site) -> None:
    assert done_at(page, "/portal/licenses") == set()
    logo = page.locator(f"img[src$='{logo_path(site.company, LOGO)}']")
    assert logo.evaluate("image => image.complete && image.naturalWidth > 0")


def test_opened_by_its_address_it_is_a_sandbox(page: playwright.Page, site: Site) -> None:
    assert done_at(page, logo_path(site.company, LOGO)) == set()
    assert page.evaluate("[location.pathname, self.origin]") == [logo_path(site.company, LOGO), "null"]


def test_without_our_headers_all_of_it_would_be_seen(page: playwright.Page, site: Site) -> None:
    page.route(
        f"**{logo_path(site.company, LOGO)}", lambda route: route.fulfill(body=LOGO, content_type="image/svg+xml")
    )
    assert done_at(page, logo_path(site.company, LOGO)) == EVERYTHING
