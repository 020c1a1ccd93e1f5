"""The portal's components on one page: with the portal's own stylesheets, under its own policy."""

from pathlib import Path

from playwright.sync_api import Page

COMPONENTS = Path(__file__).with_name("styles.html")


def show_components(page: Page) -> None:
    """Put the components in the place of what a page of the portal holds."""
    page.goto("/portal/log-in")
    page.locator("main").evaluate("(main, html) => { main.innerHTML = html; }", COMPONENTS.read_text())
