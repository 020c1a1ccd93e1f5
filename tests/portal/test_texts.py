"""No English stands outside the catalogs: in a language that marks every text, all is marked that is no data."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chalicelib import languages
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.portal.routes import TABLE
from tests.languages import write_pseudo
from tests.portal.browser import Browser, at, browser_of
from tests.support import Vendor
from tests.usecases.people import account, issued

ADA, EVE = "ada@customer.test", "eve@customer.test"
READ = {"aria-label", "placeholder", "title", "alt", "data-label"}
"""Attributes that people read or hear; and of `<body>` all that is for the script."""
DATA = re.compile(
    r"Seatkeeper|UTC|CSV|JSON|A vendor|Revit|Viewer|Customer|O-1|\S+@\S+|PC-\d|Linux|English"
    r"|order-\d+|[\w-]+/[\w-]+(/[\w-]+)*|\b(Ann|nobody|city|email|first name)\b"
)
"""What is stored, what is named alike in every language, and time zones."""


class Texts(HTMLParser):
    """What is read of a page: attributes, and all between the tags as one text, for a text may hold tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found = [""]
        self._within: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within.append(tag)
        self.found[0] += " "
        given = {name: value or "" for name, value in attrs}
        self.found += [given[name] for name in given.keys() & READ]
        if tag == "body":
            self.found += [text for name, text in given.items() if name.startswith("data-")]

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style", "pre", "code", "textarea", "output"} & set(self._within):
            self.found[0] += data


def unmarked(html: str) -> set[str]:
    """The texts with words that are of no catalog."""
    left = {line.strip() for text in Texts(html).found for line in without_marked(text).split("\n")}
    return {text for text in left if re.search(r"[^\W\d_]{2,}", text)}


def without_marked(text: str) -> str:
    """What is left of a text without what is of the catalog, and without data."""
    before = None
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    return DATA.sub("", text)


@pytest.fixture
def _marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A language in which every text is marked is there."""
    write_pseudo(tmp_path)
    monkeypatch.setattr(languages, "FOLDER", tmp_path)


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With a device that was refused, one that is active, and users in all states."""
    license = issued(
        vendor,
        license_type="subscription",
        max_activations=2,
        max_transfers=3,
        validity_period=vendor.now + 9 * 24 * 3_600_000,
    )
    password = vendor.assign(license, ADA)[1]
    vendor.activate(ADA, "PC-0", password, report={"hostname": "PC-7", "os_ver": "Linux"})
    vendor.assign(license, EVE, 0)
    issued(vendor, "viewer", valid_duration="1y", license_type="subscription", is_trial=True)
    return license


NO_PAGE = ("/static", "/portal/logo", "/portal/theme", "/portal/export", ".csv", "/export/")


def addresses(vendor: Vendor, license: License) -> set[str]:
    """Every page, with what there is in the place of ids."""
    user = account(vendor, ADA).id
    names = {"license_id": license.id, "user_id": user, "device": f"{hash_hardware_id('PC-0')}-{user}"}
    pages = [path for path, _, methods in TABLE if "GET" in methods and not any(part in path for part in NO_PAGE)]
    return {re.sub(r"\{(\w+)\}", lambda part: str(names.get(part[1], "1")), path) for path in pages}


@pytest.mark.usefixtures("_marked")
def test_every_page_is_in_the_language_of_its_reader(vendor: Vendor, license: License, manager: Browser) -> None:
    browsers = [manager, browser_of(vendor, ADA), Browser()]
    for browser in browsers:
        browser.http.headers["Accept-Language"] = "xx"
    found: dict[str, set[str]] = {}
    for path in sorted(addresses(vendor, license)):
        for browser in browsers:
            page = browser.get(path)
            assert '<html lang="xx">' in page.answer.text, path
            found[path] = found.get(path, set()) | unmarked(page.answer.text)
    assert {path: texts for path, texts in found.items() if texts} == {}


@pytest.mark.usefixtures("_marked")
def test_so_is_what_comes_of_forms(vendor: Vendor, license: License, manager: Browser) -> None:
    manager.http.headers["Accept-Language"] = "xx"
    rows = "email,first name,city\nann@customer.test,Ann,X\nnobody,,\neve@customer.test,,\n"
    preview = manager.send(at(license, "/users/batch"), people=rows)
    progress = manager.send(preview, at(license, "/users/batch/start"), which="fitting")
    pages = [
        *(preview, progress, manager.send(progress)),
        manager.send(at(license, "/users/assign"), people="nobody", max_activations="many"),
        manager.send(at(license, "/users/assign"), people=ADA),
        manager.send(at(license, "/users/assign"), people="new@customer.test", how="show"),
        manager.send("/portal/account/person", first_name="x" * 101),
        manager.send("/portal/account/language", time_zone="Mars/Olympus"),
        manager.send(at(license, "/disable")),
        manager.send(at(license, "/reset")),
        manager.get(at(license, "/users"), search="nobody-there"),
        manager.get(at(license, "/devices"), search="nobody-there"),
        manager.get("/portal/licenses", search="nobody-there"),
        manager.get("/portal/licenses", after="no cursor"),
        Browser(**{"Accept-Language": "xx"}).log_in(vendor.code, ADA, "wrong"),
    ]
    assert [texts for page in pages if (texts := unmarked(page.answer.text))] == []
