"""What people do on the portal's pages: a form is a dialog with JavaScript, and a page of its own without."""

import re

from playwright.sync_api import Locator, Page, expect


def form(page: Page) -> Locator:
    """The form that is open."""
    return page.locator("#form")


def follow(page: Page, name: str) -> None:
    """Click on a link of the page's main part; returns when the page is at rest."""
    page.get_by_role("main").get_by_role("link", name=name).first.click()
    at_rest(page)


def at_rest(page: Page) -> None:
    """No part of the page is being asked for, or put in: what is chosen now is not lost with it."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def send(page: Page, button: str = "Confirm", **typed: str) -> None:
    """Type into fields of the open form, each by the begin of its label (`new_email` for "New email"), and send it."""
    for name, text in typed.items():
        form(page).get_by_label(_begins(name)).first.fill(text)
    form(page).get_by_role("button", name=button).click()


def row(page: Page, who: str) -> Locator:
    """The row of a table that begins with these words."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=who, exact=True))


def actions(page: Page, who: str) -> Locator:
    """The button that opens the menu of a row."""
    return row(page, who).get_by_role("button", name="Actions")


def choose(page: Page, who: str, action: str) -> None:
    """Choose from the Actions of a row."""
    actions(page, who).click()
    row(page, who).get_by_role("link", name=action).click()


def choose_for_license(page: Page, action: str) -> None:
    """Choose from the menu of the license that the page is about."""
    head = page.locator(".head")
    head.get_by_role("button", name="Actions").click()
    head.get_by_role("link", name=action).click()


def confirmed(page: Page, words: str) -> None:
    """The page says that something was done."""
    expect(page.locator(".flash")).to_contain_text(words)


def refused(page: Page, words: str) -> None:
    """The form is shown again, and says why it was refused."""
    expect(form(page).get_by_role("alert")).to_have_text(words)


def fact(page: Page, name: str) -> Locator:
    """What stands beside a name in a list of facts."""
    return page.locator(".facts > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def runs_scripts(page: Page) -> bool:
    """Whether JavaScript is on."""
    return bool(page.evaluate("typeof htmx !== 'undefined'"))


def count_clicks(page: Page) -> None:
    """From the next page on, count what is pressed with the mouse: see `clicks`."""
    count = "sessionStorage.clicks = 1 + Number(sessionStorage.clicks || 0)"
    page.add_init_script(f"addEventListener('pointerdown', () => {{ {count}; }}, true)")


def clicks(page: Page) -> int:
    """How many there were so far."""
    return int(page.evaluate("Number(sessionStorage.clicks || 0)"))


def clipboard(page: Page) -> str:
    """What was copied, once something was."""
    expect(page.get_by_text("Copied").first).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def _begins(name: str) -> re.Pattern[str]:
    return re.compile(r"^\s*" + r"\W+".join(name.split("_")), re.IGNORECASE)
