"""A browser without a screen: it keeps cookies, follows redirects, and sends forms with all that they hold."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from app import app
from chalicelib.domain.license import License
from infra.wsgi import wsgi
from tests.support import Vendor
from tests.usecases.people import PASSWORD, chosen

_SERVER, _BEHIND_PROXY = wsgi(app), wsgi(app, behind_proxy=True)


@dataclass
class Form:
    """A form of a page: where it goes, and what it holds before anybody types."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.answer, self.status, self.path = answer, answer.status_code, answer.url.path
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        """Addresses of what the page loads."""
        self.asked = ""
        """What the browser is to ask for a passkey, in JSON."""
        self.words = ""
        self._textarea: str | None = None
        self._select: str | None = None
        self.feed(answer.text)
        self.words = " ".join(self.words.split())

    def form(self, action: str) -> Form:
        """The form that goes there, whatever the query."""
        return next(form for form in self.forms if form.action.partition("?")[0] == action)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
            case "a":
                self.links.append(given.get("href", ""))
            case "link" | "script" | "img":
                self.loads += [given[name] for name in ("href", "src") if name in given]
            case "button" if "data-passkey" in given:
                self.asked = given["data-passkey"]
            case "input" if self.forms and "name" in given:
                self._note_input(given)
            case "textarea" if self.forms:
                self._textarea = given["name"]
                self.forms[-1].fields[given["name"]] = ""
            case "select" if self.forms:
                self._select = given["name"]
            case "option" if self._select is not None and "selected" in given:
                self.forms[-1].fields[self._select] = given.get("value", "")

    def _note_input(self, given: dict[str, str]) -> None:
        if given.get("type") in ("checkbox", "radio") and "checked" not in given:
            return
        self.forms[-1].fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._textarea = None if tag == "textarea" else self._textarea
        self._select = None if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        if self._textarea is not None:
            self.forms[-1].fields[self._textarea] += data
        self.words += f" {data}"


class Browser:
    """Cookies and an address line."""

    def __init__(self, **headers: str) -> None:
        server = _BEHIND_PROXY if "X-Forwarded-Proto" in headers else _SERVER
        transport = httpx.WSGITransport(app=server, raise_app_exceptions=True)
        self.http = httpx.Client(transport=transport, base_url="http://portal.test", headers=headers)

    def get(self, path: str, **query: str) -> Page:
        """Open a page, with the redirects on the way."""
        return Page(self.http.get(path, params=query or None, follow_redirects=True))

    def post(self, path: str, fields: dict[str, Any]) -> Page:
        """Send fields as they are given."""
        return Page(self.http.post(path, data=fields, follow_redirects=True))

    def send(self, page: str | Page, action: str = "", **typed: str) -> Page:
        """Fill in the form of a page that goes to `action` (to the page itself, where not given) and send it."""
        shown = self.get(page) if isinstance(page, str) else page
        form = shown.form(action or shown.path)
        return self.post(form.action, form.fields | typed)

    def log_in(self, company: str, email: str, password: str) -> Page:
        """By the form."""
        return self.send("/portal/log-in", company=company, email=email, password=password)


def browser_of(vendor: Vendor, email: str) -> Browser:
    """A browser in which somebody has logged in who has chosen a password."""
    chosen(vendor, email)
    browser = Browser()
    browser.log_in(vendor.code, email, PASSWORD)
    return browser


def at(license: License, rest: str = "") -> str:
    """The address of a license, or below it."""
    return f"/portal/licenses/{license.id}{rest}"
