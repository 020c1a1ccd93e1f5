"""Lists at every width of a window: nothing runs out of its card or the window, with a row's menu open, too."""

from datetime import UTC, datetime
from typing import Any

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import VALID_MS
from chalicelib.domain.license import DeviceReport, License
from chalicelib.usecases.activate import activate
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.change_license import set_name
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.license_lookup import LicenseLookup
from tests.e2e.site import USER, Site
from tests.e2e.steps import IN_SIGHT, actions, row
from tests.support import ADMIN
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

WIDTHS = (390, 640, 768, 1024, 1100, 1280, 1440, 1920)
"""In CSS pixels; 640 is a window of 1280 at a zoom of 200 %."""
WIDE, MOST_HIGH = 1100, {1440: 1700, 390: 3500}
"""From where on a row is one line, and how high a page of 25 users may be."""
ONE_LINE, FOLDED = 45, 95
"""How high a row may be."""
LONG = "friederike.schmidt-hohenlohe-langenburg@bauplanungsgesellschaft-mittelfranken.example"
USUAL = "katharina.lehmann@customer.test"
"""As long as most: it is whole on a laptop."""
SHORT = "petra.maier@firma.example"
"""As long as many: it is whole wherever a row is one line."""
PHONE = "+49 30 1234567-890"
WHOLE = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.innerText)"
HOSTS = ("מחשב-נייד-של-המשרד-הראשי-בירושלים", "ARBEITSPLATZ-BAUPLANUNG-NUERNBERG-ERDGESCHOSS-017")
ONE = "/portal/licenses/{id}"
OUTSIDE = """() => {
    const found = [], width = document.documentElement.clientWidth, height = innerHeight;
    const box = (one, card) => {  // what is seen of an element: what its ancestors in the card cut off is not
        let { left, right } = one.getBoundingClientRect();
        for (let outer = one.parentElement; outer !== card && card.contains(outer); outer = outer.parentElement) {
            if (getComputedStyle(outer).overflowX === "visible") continue;
            const cut = outer.getBoundingClientRect();
            [left, right] = [Math.max(left, cut.left), Math.min(right, cut.right)];
        }
        return { left, right };
    };
    for (const card of document.querySelectorAll(".inner, .panel, .scroll, .facts, .sheet, .head, .filter")) {
        const outer = card.getBoundingClientRect(), { paddingRight } = getComputedStyle(card);
        const edge = Math.min(outer.right - parseFloat(paddingRight), width) + 1;
        for (const one of card.querySelectorAll("*")) {
            const seen = one.getClientRects().length && getComputedStyle(one).visibility !== "hidden";
            if (!seen || one.closest(".unseen, .menu, svg")) continue;
            const { left, right } = box(one, card);
            if (right - left > 1 && (right > edge || left < outer.left - 1)) {
                found.push(`${one.tagName} ${one.textContent.trim().slice(0, 30)}: ${left} to ${right}`);
            }
        }
    }
    for (const menu of document.querySelectorAll(".menu:popover-open")) {
        const { left, right, top, bottom } = menu.getBoundingClientRect();
        const is_inside = left >= 0 && right <= width && top >= 0 && bottom <= height;
        if (!is_inside) found.push(`menu: ${left}, ${top} to ${right}, ${bottom}`);
    }
    const part = document.createRange(), inside = (one) => {  // the width that is left for what stands in it
        const { paddingLeft, paddingRight } = getComputedStyle(one), { width } = one.getBoundingClientRect();
        return width - parseFloat(paddingLeft) - parseFloat(paddingRight);
    };
    const words = (one) => {  // what is seen of its words, each with the boxes that it takes
        const texts = document.createTreeWalker(one, NodeFilter.SHOW_TEXT), seen = [];
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            if (text.parentElement.closest(".unseen, .menu")) continue;
            for (const { 0: word, index } of text.data.matchAll(/\\S+/g)) {
                part.setStart(text, index);
                part.setEnd(text, index + word.length);
                const boxes = [...part.getClientRects()];
                if (boxes.length) seen.push({ word, boxes });
            }
        }
        return seen;
    };
    const whole = ".list :is(thead th, td.n, td:has(> time, > span > time), .access, .state)";
    for (const one of document.querySelectorAll(whole)) {
        one.style.textOverflow = "clip";  // else what is cut has no width
        const seen = words(one), boxes = seen.flatMap(({ boxes }) => boxes);
        const wide = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
        if (wide > inside(one) + 0.1) found.push(`cut: ${seen.map(({ word }) => word).join(" ")}`);
        one.style.textOverflow = "";
    }
    for (const one of document.querySelectorAll(".list .badge")) {
        if (one.scrollWidth > one.clientWidth) found.push(`cut: ${one.textContent}`);
    }
    for (const one of document.querySelectorAll(".figures a, .badge, .buttons > *")) {
        for (const { word, boxes } of words(one)) if (boxes.length > 1) found.push(`a word is broken: ${word}`);
    }
    for (const number of document.querySelectorAll(".list .n")) {  // its end, and where the next column begins
        const next = number.nextElementSibling, [mine, others] = [number, next].map((one) => one ? words(one) : []);
        const ends = Math.max(...mine.map(({ boxes }) => boxes[0].right));
        const near = others.filter(({ boxes }) => Math.abs(boxes[0].top - mine[0]?.boxes[0].top) < 9);
        const gap = Math.min(...near.map(({ boxes }) => boxes[0].left)) - ends;
        if (!next?.matches(".n") && gap >= 0 && gap < 16) found.push(`${gap} between a number and ${others[0].word}`);
    }
    const middle = ({ top, bottom }) => (top + bottom) / 2;
    for (const one of document.querySelectorAll(":is([type=radio], [type=checkbox])")) {
        const [first] = one.parentElement.localName === "label" ? words(one.parentElement) : [];
        const off = first ? middle(one.getBoundingClientRect()) - middle(first.boxes[0]) : 0;
        if (Math.abs(off) > 2) found.push(`a box is ${off} beside its text: ${first.word}`);
    }
    for (const one of document.querySelectorAll("select")) {
        const { font } = getComputedStyle(one), pen = document.createElement("canvas").getContext("2d");
        const chosen = one.selectedOptions[0].text, { width } = Object.assign(pen, { font }).measureText(chosen);
        if (width > inside(one)) found.push(`a choice is cut: ${chosen}`);
    }
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > width) found.push(`the page is ${scrollWidth} wide`);
    return found;
}"""

SPARE, ONE_OF_TEXT = 48, 30
"""What a column may be wider than all that stands in it, beside one that cuts something: five letters; and how high a
line of text is at most.
"""
CUT = """([spare, line]) => {
    const text = document.createRange(), found = [];
    const wide = (cell) => {
        text.selectNodeContents(cell);
        const { width, height } = text.getBoundingClientRect();
        return height > line ? Infinity : width;  // what takes several lines has no room to spare
    };
    const room = (cell) => {
        const { paddingLeft, paddingRight } = getComputedStyle(cell);
        return cell.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    };
    for (const list of document.querySelectorAll(".list")) {
        const columns = {};
        for (const cell of list.querySelectorAll("tr:not(.unfolded) > :is(th, td)")) {
            if (!cell.checkVisibility()) continue;
            const column = columns[cell.cellIndex] ??= { left: Infinity, cut: [] };
            column.left = Math.min(column.left, room(cell) - wide(cell));
            if (cell.scrollWidth > cell.clientWidth) column.cut.push(cell.innerText);
        }
        const all = Object.values(columns), cut = all.flatMap((column) => column.cut);
        const free = Math.max(...all.map(({ left }) => left));
        if (cut.length && free > spare) found.push(`${Math.round(free)} are free beside ${cut[0]}`);
    }
    return found;
}"""


def last_september(now: Instant) -> Instant:
    """A day more than a month ago, of the month that is longest as German writes it."""
    today = datetime.fromtimestamp(now / 1000, UTC)
    return int(datetime(today.year - (today.month < 11), 9, 28, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def crowded(site: Site) -> Site:
    """The license has people and devices with long names, of both directions of writing."""
    company, now = site.company, site.vendor.now
    old = LicenseLookup("revit", "old", username=USER)
    activate(company, old, site.initial_password, DeviceReport("old", "OLD"), ADMIN, now=last_september(now))
    profile = Profile("Friederike Wilhelmine", "Schmidt-Hohenlohe-Langenburg", "+49 9131 123456-7890")
    user = assign_user(company, site.license.id, LONG, 4, ADMIN, profile=profile, now=now).user
    for number, host in enumerate(HOSTS):
        lookup = LicenseLookup("revit", f"7C-8A-E1-55-02-9B-{number:064d}", username=LONG)
        report = DeviceReport(lookup.hardware_id, hostname=host, os_ver="Windows 11 Pro 24H2", app_ver="3.2.0")
        activate(company, lookup, initial_password(user), report, ADMIN, now=now)
    long_ago = now - 6 * VALID_MS
    assign_user(company, site.license.id, f"invited.{LONG}", 4, ADMIN, profile=profile, invite=True, now=long_ago)
    grace: dict[str, Any] = {"license_type": "time-limited", "validity_period": now - 1, "grace_period": 240}
    issued(site.vendor, "viewer", **grace)
    until_noon = issued(site.vendor, license_type="time-limited", validity_period=1_822_046_400_000)
    idle = issued(site.vendor, "viewer")
    site.vendor.activate(idle, "gone")
    site.vendor.deactivate(idle, "gone")
    over = issued(site.vendor, max_activations=2, max_license_users=4, overage="always")
    for number in range(4):
        email = f"over-{number}@customer.test"
        _, password = site.vendor.assign(over, email)
        site.vendor.activate(email, f"pc-{number}", password)
    change_terms(company, over.id, {"max_license_users": 2}, ADMIN, now=now)
    for license in (site.license, until_noon):
        site.vendor.assign(license, MANAGER)
    site.vendor.activate(MANAGER, "own", PASSWORD, report={"hostname": HOSTS[1]})
    return site


def full(site: Site) -> License:
    """A license with as many users as a page shows, all with long emails."""
    license = issued(site.vendor, max_activations=100, max_license_users=100)
    profile = Profile("Friederike", "Schmidt-Hohenlohe-Langenburg", "+49 9131 123456-7890")
    for number in range(25):
        invite = number % 2 == 0
        email = f"{number}.{LONG}"
        assign_user(
            site.company, license.id, email, 4, ADMIN, profile=profile, invite=invite, now=site.vendor.now - VALID_MS
        )
    chosen(site.vendor, f"3.{LONG}")
    return license


@pytest.mark.parametrize(
    ("language", "paths"),
    [
        ("en", ("/portal/licenses", ONE, f"{ONE}/history", "/portal/seats", "/portal/seats/{id}")),
        ("en", (f"{ONE}/users", f"{ONE}/devices", "/portal/people", "/portal/invited")),
        ("de", (f"{ONE}/users", f"{ONE}/devices", "/portal/people", "/portal/invited", "/portal/people/{user}")),
        ("de", ("/portal", "/portal/licenses", ONE, f"{ONE}/history", "/portal/seats", "/portal/account")),
    ],
    ids=("pages", "lists", "German lists", "German pages"),
)
def test_nothing_runs_out_of_its_card_or_the_window(
    language: str, paths: tuple[str, ...], page: playwright.Page, crowded: Site
) -> None:
    page.set_extra_http_headers({"Accept-Language": language})
    found: dict[str, Any] = {}
    for path in paths:
        crowded.enter(page, path.format(id=crowded.license.id, user=account(crowded.vendor, LONG).id))
        expect(page.locator("html")).to_have_attribute("lang", language)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found[f"{path} at {width}"] = page.evaluate(OUTSIDE)
            cut = page.locator(".list:not(.rows) tbody tr:first-child .cut:visible")
            for number in range(cut.count()):
                page.mouse.move(0, 0)  # what is whole of the one before covers this one
                cut.nth(number).hover()
                found[f"{path} at {width}, pointer {number}"] = page.evaluate(OUTSIDE)
            menus = page.locator(":is(button.more, button.help):visible")
            for number in {0, menus.count() - 1} if menus.count() else ():
                menus.nth(number).click()
                found[f"{path} at {width}, menu {number}"] = page.evaluate(OUTSIDE)
                page.keyboard.press("Escape")
                found[f"{path} at {width}, focus {number}"] = page.evaluate(OUTSIDE)
            unfolding = page.locator("th a[data-unfold]:visible").first
            if unfolding.count():
                unfolding.click()
                page.locator(".unfolded .facts").wait_for()
                found[f"{path} at {width}, unfolded"] = page.evaluate(OUTSIDE)
                unfolding.click()
                page.locator(".unfolded").wait_for(state="detached")
    assert {where: outside for where, outside in found.items() if outside} == {}


def test_a_row_is_one_line_and_a_page_of_25_users_is_no_scroll_without_end(page: playwright.Page, site: Site) -> None:
    site.enter(page, site.at(full(site), "/users"))
    rows = page.locator("tbody tr")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        heights = rows.evaluate_all("rows => rows.map(row => Math.round(row.getBoundingClientRect().height))")
        assert len(heights) == 25
        assert max(heights) - min(heights) <= 1, (width, heights)  # the last one has no line below
        assert max(heights) <= (ONE_LINE if width >= WIDE else FOLDED), width
        high = page.evaluate("document.documentElement.scrollHeight")
        assert high <= MOST_HIGH.get(width, high), (width, high)


def test_users_are_selected_and_changed_with_the_keyboard_alone_and_what_has_the_focus_is_in_sight(
    german_page: playwright.Page, site: Site
) -> None:
    page, license = german_page, full(site)
    site.enter(page, site.at(license, "/users"))
    for width in (390, 768, 1024, 1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 600})
        page.get_by_role("row").nth(-8).get_by_role("checkbox").focus()
        page.keyboard.press("Space")
        for _ in range(40):
            page.keyboard.press("Tab")
            assert page.evaluate(IN_SIGHT), (width, page.evaluate("document.activeElement.outerHTML"))
            if page.evaluate("document.activeElement.value") == "limit":
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Max. Aktivierungen")).to_be_focused()
        page.keyboard.type("3")
        page.keyboard.press("Enter")
        expect(page.locator(".flash")).to_contain_text("Das Limit eines Benutzers ist festgelegt.")
        page.reload()


def test_no_part_of_a_page_is_left_empty_beside_what_is_too_narrow(page: playwright.Page, crowded: Site) -> None:
    """Line and bars fill a row together, the latest events theirs; on a phone `⋯` stands beside the title."""
    crowded.enter(page, "/portal")
    page.set_viewport_size({"width": 1440, "height": 900})
    latest = box(page, "#latest")
    products = box(page, "section:has(> #products)")
    assert products["x"] + products["width"] == latest["x"] + latest["width"]
    assert (latest["x"], latest["width"]) == (box(page, "#needs")["x"], box(page, ".figures")["width"])
    page.goto(crowded.at(crowded.license))
    page.set_viewport_size({"width": 390, "height": 900})
    assert box(page, ".head .more")["y"] < box(page, ".head .under")["y"]
    assert box(page, ".figures li:last-child")["width"] == box(page, ".figures")["width"]


def box(page: playwright.Page, selector: str) -> playwright.FloatRect:
    """Where something is; it is waited for."""
    found = page.locator(selector).bounding_box()
    assert found is not None
    return found


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_tabs_of_a_license_are_whole_on_a_phone(language: str, page: playwright.Page, site: Site) -> None:
    """With the counts of a license of some size."""
    page.set_extra_http_headers({"Accept-Language": language})
    site.enter(page, site.at(site.license, "/users"))
    page.set_viewport_size({"width": 390, "height": 900})
    tabs = page.locator(".tabs")
    assert tabs.locator(".muted").evaluate_all("all => all.forEach(one => { one.firstChild.data = '88'; })") is None
    assert tabs.evaluate("tabs => tabs.scrollWidth - tabs.clientWidth") == 0


def test_a_row_that_is_folded_has_no_dashes_for_what_is_not_there(page: playwright.Page, site: Site) -> None:
    site.enter(page, site.at(site.license, "/users"))
    phone = row(page, USER).locator(".phone")
    expect(phone).to_have_text("\N{EN DASH}")
    expect(phone).to_be_visible()
    page.set_viewport_size({"width": 1024, "height": 900})
    expect(phone).to_have_css("display", "none")  # nor a line for them


def test_what_is_over_the_limit_stands_apart(page: playwright.Page, crowded: Site) -> None:
    crowded.enter(page, "/portal/licenses?sort=activations")
    page.locator("tr:has(.over) a.row").click()
    over = box(page, ".figures li:nth-child(2) .over")
    gauge = box(page, ".figures li:nth-child(2) .gauge")
    assert over["y"] - gauge["y"] - gauge["height"] >= 3
    page.get_by_role("navigation", name="This license").get_by_role("link", name="Devices").click()
    page.wait_for_url("**/devices")
    assert page.locator(".count .over").evaluate("over => getComputedStyle(over, '::after').content") == '" ·"'


def test_crumbs_of_many_lines_begin_beside_each_other(page: playwright.Page, crowded: Site) -> None:
    crowded.enter(page, f"/portal/people/{account(crowded.vendor, LONG).id}")
    page.set_viewport_size({"width": 390, "height": 900})
    page.locator(".crumbs [aria-current]").evaluate("crumb => { crumb.textContent = 'w'.repeat(99); }")
    assert abs(box(page, ".crumbs li:first-child")["y"] - box(page, ".crumbs [aria-current]")["y"]) <= 1


def test_an_email_that_is_cut_is_whole_where_the_focus_is_and_when_it_is_copied(
    page: playwright.Page, crowded: Site
) -> None:
    crowded.vendor.assign(crowded.license, USUAL)
    crowded.enter(page, crowded.at(crowded.license, "/users"))
    for width in (1280, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert row(page, USUAL).get_by_role("rowheader").evaluate("cell => cell.scrollWidth <= cell.clientWidth")
    cell = row(page, LONG).get_by_role("rowheader")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert cell.evaluate("cell => cell.scrollWidth > cell.clientWidth")
        cell.evaluate("cell => getSelection().selectAllChildren(cell)")
        assert page.evaluate("getSelection().toString().trim()") == LONG
        actions(page, LONG).focus()
        page.keyboard.press("Shift")  # from now on it is the keyboard that moves the focus
        assert cell.evaluate("cell => getComputedStyle(cell).overflowX") == "visible"
        assert page.evaluate(OUTSIDE) == []
        page.evaluate("document.activeElement.blur()")


@pytest.mark.parametrize("path", [f"{ONE}/users", "/portal/people"])
def test_a_usual_phone_number_is_whole_on_a_laptop_and_a_longer_one_where_the_focus_is(
    german_page: playwright.Page, crowded: Site, path: str
) -> None:
    license = issued(crowded.vendor)
    for who, number in ((SHORT, PHONE), (USUAL, f"{PHONE} / {PHONE}")):
        profile = Profile("Petra", "Maier", number)
        assign_user(crowded.company, license.id, who, 1, ADMIN, profile=profile, now=crowded.vendor.now)
    crowded.enter(german_page, path.format(id=license.id))
    usual, longer = (row(german_page, who).locator(".phone") for who in (SHORT, USUAL))
    for width in (1100, 1279, 1280, 1399, 1400, 1440, 1920):
        german_page.set_viewport_size({"width": width, "height": 900})
        expect(usual).to_have_text(PHONE)
        assert usual.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), width
    german_page.set_viewport_size({"width": 1100, "height": 900})
    assert longer.evaluate("cell => cell.scrollWidth > cell.clientWidth")
    row(german_page, USUAL).locator("a, button").first.focus()
    german_page.keyboard.press("Shift")
    assert longer.evaluate("cell => getComputedStyle(cell).overflowX") == "visible"
    assert german_page.evaluate(OUTSIDE) == []


def test_the_last_use_and_the_limit_are_in_sight_once_at_any_width_and_most_of_an_email_is(
    german_page: playwright.Page, crowded: Site
) -> None:
    crowded.vendor.assign(crowded.license, SHORT)
    crowded.enter(german_page, crowded.at(crowded.license, "/users"))
    who, short = row(german_page, USER), row(german_page, SHORT).get_by_role("rowheader")
    for width in (768, 1024, 1100, 1279, 1280, 1399, 1400, 1920):
        german_page.set_viewport_size({"width": width, "height": 900})
        expect(who.locator("time:visible"), f"at {width}").to_have_count(1)
        assert who.locator("td:visible").evaluate_all(WHOLE) == [], width
        expect(who.locator(".max:visible, .fold:visible"), f"at {width}").to_have_count(1)
        assert short.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), width


def test_the_name_of_a_license_is_whole_on_a_laptop(german_page: playwright.Page, site: Site) -> None:
    site.enter(german_page, "/portal/licenses")
    name = german_page.locator("tbody .name").first
    name.locator("a").evaluate("link => { link.textContent = 'Qbitech for Revit, Büro Oslo'; }")
    for width in (1280, 1399, 1400, 1440, 1536):
        german_page.set_viewport_size({"width": width, "height": 900})
        assert name.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), width


def test_a_menu_opens_over_what_cuts_its_row(either_page: playwright.Page, crowded: Site) -> None:
    crowded.enter(either_page, crowded.at(crowded.license, "/users"))
    either_page.set_viewport_size({"width": 390, "height": 900})
    actions(either_page, LONG).click()
    link = row(either_page, LONG).get_by_role("link", name="Remove user")
    link.click()
    expect(either_page.locator("#form")).to_contain_text("can no longer use this license")


def test_a_row_that_is_one_link_leads_on_wherever_it_is_clicked(page: playwright.Page, site: Site) -> None:
    site.enter(page, "/portal/licenses")
    box = row(page, "Revit").locator("td").last.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)  # the link lies over the whole row, and stays there
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.click(box["x"] + 9, box["y"] + 9)
    expect(page).to_have_url(f"{site.base_url}{site.at(site.license)}")


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_is_cut_beside_a_column_with_room_to_spare(language: str, page: playwright.Page, crowded: Site) -> None:
    page.set_extra_http_headers({"Accept-Language": language})
    named = (crowded.company, crowded.license.id, "Büro Nürnberg, Erdgeschoss")
    set_name(*named, ADMIN, now=crowded.vendor.now)
    person = account(crowded.vendor, LONG).id
    lists = (
        f"{ONE}/users",
        f"{ONE}/devices",
        f"{ONE}/history",
        "/portal/licenses",
        "/portal/people",
        "/portal/invited",
    )
    found: dict[str, list[str]] = {}
    for path in (*lists, "/portal/invited", f"/portal/people/{person}", "/portal/seats", "/portal/seats/{id}"):
        crowded.enter(page, path.format(id=crowded.license.id))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for width in (WIDE, 1280, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            found[f"{path} at {width}"] = page.evaluate(CUT, [SPARE, ONE_OF_TEXT])
    assert {where: cut for where, cut in found.items() if cut} == {}
