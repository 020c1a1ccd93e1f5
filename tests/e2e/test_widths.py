"""Lists at every width of a window: nothing of a table runs out of its card, with a row's menu open, too."""

from typing import Any

import playwright.sync_api as playwright
import pytest

from chalicelib.domain.invitation import VALID_MS
from chalicelib.domain.license import DeviceReport
from chalicelib.usecases.activate import activate
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.license_lookup import LicenseLookup
from tests.e2e.site import Site
from tests.support import ADMIN

WIDTHS = (390, 768, 1024, 1280, 1440)
LONG = "friederike.schmidt-hohenlohe-langenburg@bauplanungsgesellschaft-mittelfranken.example"
HOSTS = ("מחשב-נייד-של-המשרד-הראשי-בירושלים", "ARBEITSPLATZ-BAUPLANUNG-NUERNBERG-ERDGESCHOSS-017")
OUTSIDE = """() => {
    const found = [], seen = (one) => one.getClientRects().length && getComputedStyle(one).visibility !== "hidden";
    for (const card of document.querySelectorAll(".scroll")) {
        const outer = card.getBoundingClientRect();
        const right = Math.min(outer.right, document.documentElement.clientWidth) + 1;
        for (const one of card.querySelectorAll("th, td, a, summary, time, code, .badge, .menu[open] ul")) {
            const inner = one.getBoundingClientRect();
            if (one.closest(".unseen") || !seen(one) || inner.width <= 1) continue;
            if (inner.right > right || inner.left < outer.left - 1) {
                found.push(`${one.tagName} ${one.textContent.trim().slice(0, 30)}: ${inner.left} to ${inner.right}`);
            }
        }
    }
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide`);
    return found;
}"""


@pytest.fixture
def crowded(site: Site) -> Site:
    """The license has people and devices with long names, of both directions of writing."""
    company, now = site.company, site.vendor.now
    profile = Profile("Friederike Wilhelmine", "Schmidt-Hohenlohe-Langenburg", "+49 9131 123456-7890")
    _, _, user = assign_user(company, site.license.id, LONG, 4, ADMIN, profile=profile, now=now)
    for number, host in enumerate(HOSTS):
        lookup = LicenseLookup("revit", f"7C-8A-E1-55-02-9B-{number:064d}", username=LONG)
        report = DeviceReport(lookup.hardware_id, hostname=host, os_ver="Windows 11 Pro 24H2", app_ver="3.2.0")
        activate(company, lookup, initial_password(user), report, ADMIN, now=now)
    assign_user(company, site.license.id, f"invited.{LONG}", 4, ADMIN, profile=profile, invite=True, now=now - VALID_MS)
    return site


def test_nothing_of_a_table_runs_out_of_its_card_or_the_window(page: playwright.Page, crowded: Site) -> None:
    found: dict[str, Any] = {}
    lists = [crowded.at(crowded.license, rest) for rest in ("/users", "/devices", "/history", "")]
    for path in ["/portal/licenses", *lists]:
        crowded.enter(page, path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found[f"{path} at {width}"] = page.evaluate(OUTSIDE)
            menus = page.locator("details.menu summary")
            for number in {0, menus.count() - 1} if menus.count() else ():
                menus.nth(number).click()
                found[f"{path} at {width}, menu {number}"] = page.evaluate(OUTSIDE)
                menus.nth(number).click()
    assert {where: outside for where, outside in found.items() if outside} == {}
