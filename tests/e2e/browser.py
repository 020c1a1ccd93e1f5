"""Chromium, and a page that is watched.

with chromium() as browser, watched(browser, base_url) as (page, faults):
    page.goto("/portal/log-in")
assert not faults
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests.e2e import install

WAIT_MS = 15_000
"""For what a page is to show; the machine may be busy with other tests."""
PARTS = {"stylesheet", "script", "image", "font"}
"""Kinds of what a page loads, which has to be there. A document may say "not found"."""
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

_ARGUMENTS = (
    "--disable-dev-shm-usage",  # /dev/shm is small in containers
    # Whatever asks for another host gets nothing.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
_STATUS = "Failed to load resource: the server responded with a status of"
"""How Chromium's console reports each answer from 400 on; we judge them by the answer itself."""
_STAND_STILL = (
    "document.getAnimations().filter(a => a.effect.getComputedTiming().endTime < Infinity).map(a => a.finish())"
)
_OF_COLORS = ("color-contrast", "link-in-text-block")
"""Those of axe's rules that look at colors: all that another scheme changes (`test_dark_changes_colors_alone`)."""
_RULES: Mapping[Scheme, tuple[str, tuple[str, ...]]] = {"light": ("tag", AXE_TAGS), "dark": ("rule", _OF_COLORS)}
_AXE = """([type, values]) => axe.run(document, {runOnly: {type, values}, resultTypes: ["violations"]})
    .then(found => found.violations)"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, as long as the context lasts."""
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=install.chromium(),
            args=list(_ARGUMENTS),
            chromium_sandbox=os.geteuid() != 0,  # root cannot have it
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, base_url: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """A page of a fresh context, and what goes wrong in it: a list that grows as it happens.

    That is: errors in the console (CSP violations are some), scripts that fail, requests to another host, answers
    from 500 on, and parts of a page that are not there. Nothing moves, unless `reduced_motion` says so: what moves is
    drawn, again and again, by processors that tests have better use for.
    """
    context = browser.new_context(**{"base_url": base_url, "reduced_motion": "reduce"} | options)
    try:
        context.set_default_timeout(WAIT_MS)
        yield context.new_page(), _faults(context, base_url)
    finally:
        context.close()


def log_in(page: Page, company: str, email: str, password: str) -> None:
    """Fill in the form of the page that is shown, and send it, whatever comes of it."""
    page.get_by_label("Company code").fill(company)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def axe(page: Page) -> None:
    """Assert that axe-core finds nothing wrong with the page as it stands in light, nor with its colors in dark."""
    script = install.axe()
    assert script is not None, "axe-core is missing: run `make test`"
    if not page.evaluate("'axe' in window"):
        page.evaluate(script.read_text())
    wrong: list[str] = []
    for scheme, rules in _RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(_STAND_STILL)  # a color that is on its way to another one is neither
        wrong += [f"{scheme}: {_told(violation)}" for violation in page.evaluate(_AXE, rules)]
    page.emulate_media(color_scheme="null")
    assert not wrong, f"axe-core on {page.url}:\n" + "\n".join(wrong)


def _told(found: dict[str, Any]) -> str:
    nodes = [
        f"    {json.dumps(node['target'])} {node['html']}\n      {node['failureSummary'].replace(chr(10), ' ')}"
        for node in found["nodes"]
    ]
    return "\n".join([f"{found['id']} ({found['impact']}): {found['help']}", *nodes])


def _faults(context: BrowserContext, base_url: str) -> list[str]:
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_STATUS):
            faults.append(f"console: {message.text}")

    def asked(request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(f"{base_url}/"):
            faults.append(f"another host: {request.url}")

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the browser gave it up itself, to go elsewhere
            faults.append(f"no answer: {request.url} {request.failure}")

    def answered(response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and response.request.resource_type in PARTS):
            faults.append(f"{response.status}: {response.url}")

    context.on("console", said)
    context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
    context.on("request", asked)
    context.on("requestfailed", failed)
    context.on("response", answered)
    return faults
