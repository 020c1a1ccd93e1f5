"""A vendor whose portal is driven in a browser, and who logs in there."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page

from chalicelib.domain.license import License
from chalicelib.domain.session import SessionClaims
from chalicelib.portal.request import SESSION_COOKIE
from chalicelib.usecases.sessions import to_cookie
from chalicelib.web import clock
from tests.e2e.browser import log_in
from tests.support import Application, Vendor
from tests.usecases.people import MANAGER, PASSWORD, chosen, issued, logged_in

OTHER_MANAGER, USER = "manager@other.test", "don.joe@customer.test"


@dataclass
class Site:
    """A user-based license of five users, of which one is assigned; its manager; and another order with a manager.

    Both managers have chosen `PASSWORD`; the license user still has the initial password.
    """

    base_url: str
    vendor: Vendor = field(default_factory=lambda: Vendor(now=clock.now()))

    def __post_init__(self) -> None:
        self.license = issued(self.vendor, manager=MANAGER, license_key=None)
        self.other_license = issued(self.vendor, "viewer", OTHER_MANAGER)
        for email in (MANAGER, OTHER_MANAGER):
            chosen(self.vendor, email)
        _, initial_password = self.vendor.assign(self.license, USER)
        assert initial_password is not None
        self.initial_password = initial_password

    @property
    def company(self) -> str:
        return self.vendor.code

    def at(self, license: License, rest: str = "") -> str:
        """The address of a license in the portal, or below it."""
        return f"/portal/licenses/{license.id}{rest}"

    def log_in(self, page: Page, email: str = MANAGER, password: str = PASSWORD) -> None:
        """By the form; returns when the next page is there."""
        page.goto("/portal/log-in")
        log_in(page, self.company, email, password)
        page.wait_for_url(lambda address: "/portal/log-in" not in address)

    def enter(self, page: Page, path: str = "/portal", email: str = MANAGER) -> None:
        """Open a page as somebody who has chosen a password and logged in before."""
        let_in(page, self.base_url, logged_in(self.vendor, email))
        page.goto(path)

    def session(self, email: str = MANAGER) -> str:
        """The cookie of such a session."""
        return to_cookie(logged_in(self.vendor, email))

    def application(self, http: httpx.Client) -> Application:
        """A client application of the vendor that calls the same server."""
        return Application(self.vendor.api_key, self.vendor.shared_key, http)


def let_in(page: Page, base_url: str, claims: SessionClaims) -> None:
    """Let the browser keep a session, as after a log-in."""
    where: Any = {"domain": urlsplit(base_url).hostname, "path": "/portal"}
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": to_cookie(claims)} | where])
