"""What people do on the portal's pages: a form is a dialog with JavaScript, and a page of its own without.

Texts are given in English, as the code has them, and looked for in the language of the test (`writing_for`). What is
pressed is clicked on with the mouse; inside `keyboard_alone`, it is reached with the Tab key.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.languages import gettext

IN_SIGHT = """() => {  // whether what has the focus is what one sees there
    const one = document.activeElement, { left, right, top, bottom } = one.getBoundingClientRect();
    return one.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
}"""
MOST_TABS = 80
"""So often Tab is pressed at the most: more, and nobody would use the page in this way."""
_without_mouse: ContextVar[bool] = ContextVar("without_mouse", default=False)


@contextmanager
def keyboard_alone() -> Iterator[None]:
    """What is done inside is done without a mouse."""
    token = _without_mouse.set(True)
    try:
        yield
    finally:
        _without_mouse.reset(token)


def press(target: Locator) -> None:
    """A link, a button or what opens files."""
    if not _without_mouse.get():
        return target.click()
    reach(target)
    return target.page.keyboard.press("Enter")


def fill(field: Locator, text: str) -> None:
    """Type into a field, in the place of what stands there."""
    if not _without_mouse.get():
        return field.fill(text)
    reach(field)
    field.page.keyboard.press("Control+A")
    return field.page.keyboard.insert_text(text)


def choose_one(name: str, box: Locator) -> None:
    """Of several ways with one name, choose this one, unless it is chosen. By the keyboard: from the one before it."""
    if box.is_checked():
        return
    if _without_mouse.get():
        reach(form(box.page).locator(f"[name={name}]:checked"))
        box.page.keyboard.press("ArrowDown")
    else:
        box.check()
    expect(box).to_be_checked()


def reach(target: Locator) -> None:
    """Press Tab until it has the focus, and see that it is in sight then."""
    page = target.page
    target.wait_for()
    for _ in range(MOST_TABS):
        if target.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    else:
        pytest.fail(f"{target} cannot be reached by the keyboard: {page.evaluate('document.activeElement.outerHTML')}")
    assert page.evaluate(IN_SIGHT), f"{target} has the focus, and is not in sight"


def form(page: Page) -> Locator:
    """The form that is open."""
    return page.locator("#form")


def follow(page: Page, name: str) -> None:
    """Click on a link of the page's main part; returns when the page is at rest."""
    press(page.get_by_role("main").get_by_role("link", name=gettext(name)).first)
    at_rest(page)


def at_rest(page: Page) -> None:
    """No part of the page is being asked for, or put in: what is chosen now is not lost with it."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def send(page: Page, button: str, **typed: str) -> None:
    """Type into fields of the open form, each by the begin of its label (`new_email` for "New email"), and send it."""
    for name, text in typed.items():
        fill(form(page).get_by_label(_begins(name)).first, text)
    press(form(page).get_by_role("button", name=gettext(button)))


def row(page: Page, who: str) -> Locator:
    """The row of a table that begins with these words."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=who, exact=True))


def actions(page: Page, who: str) -> Locator:
    """The button that opens the menu of a row."""
    return row(page, who).get_by_role("button", name=gettext("Actions"))


def choose(page: Page, who: str, action: str) -> None:
    """Choose from the Actions of a row."""
    press(actions(page, who))
    press(row(page, who).get_by_role("link", name=gettext(action)))


def choose_for_license(page: Page, action: str) -> None:
    """Choose from the menu of the license that the page is about."""
    head = page.locator(".head")
    press(head.get_by_role("button", name=gettext("Actions")))
    press(head.get_by_role("link", name=gettext(action)))


def confirmed(page: Page, words: str) -> None:
    """The page says that something was done."""
    expect(page.locator(".flash")).to_contain_text(words)


def refused(page: Page, words: str) -> None:
    """The form is shown again, and says why it was refused."""
    expect(form(page).get_by_role("alert")).to_have_text(words)


def fact(page: Page, name: str) -> Locator:
    """What stands beside a name in a list of facts."""
    return page.locator(".facts > div").filter(has=page.get_by_text(gettext(name), exact=True)).locator("dd")


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
    expect(page.get_by_text(gettext("Copied")).first).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def _begins(name: str) -> re.Pattern[str]:
    label = gettext(name.replace("_", " ").capitalize())
    return re.compile(r"^\s*" + r"\W+".join(re.findall(r"\w+", label)), re.IGNORECASE)
