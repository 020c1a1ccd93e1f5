"""docs/management-api.md and docs/management/: all is in them, and their examples are made as they stand there and
answered as they show."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from app import app
from chalicelib.management.errors import CODES, status_of
from chalicelib.management.routes import PREFIX, endpoint
from chalicelib.usecases.call_rate import CALLS
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.web import clock
from infra.wsgi import wsgi
from tests.docs.management_worlds import WORLDS
from tests.docs.pages import DOCS, section
from tests.management.server import new_key
from tests.store.seam import empty
from tests.support import ChangeRuntime, Vendor
from tests.usecases.receivers import Receivers

PAGE = (DOCS / "management-api.md").read_text()
PAGES = sorted((DOCS / "management").glob("*.md"))
"""One for each kind of object."""
_EXAMPLE = re.compile(r"```http\n(?P<request>.*?)```\n(?:\n```json\n(?P<answer>.*?)```\n)?", re.DOTALL)
OURS = {"id", "webhook", "secret", "event_id", "ts", "at", "company_id", "actor"}
OURS |= {"created_at", "last_try_at", "next_try_at", "old_secret_until", "license_key", "product_custom_field"}
OURS |= {"day", "updated_at", "product", "product_id", "password", "managers"}
OURS |= {"updated_at", "time_activated", "last_check", "license_key", "device", "license"}
OURS |= {"applied_at", "cancelled_at"}
OURS |= {"company", "label_id", "clabels", "customer", "customer_label", "license_user"}
OURS |= {"generate_license"}  # which answers nothing but keys
OURS |= {"assigned_at", "new_password", "job_id", "started_at", "finished_at"}
"""The fields that are others in each answer."""


@dataclass(frozen=True)
class Example:
    """A request of the page, and the answer that it shows."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    answer: str
    """JSON, as it stands there; empty: none."""


def examples(page: Path) -> Iterator[Example]:
    """Of a page, in their order."""
    for found in _EXAMPLE.finditer(page.read_text()):
        head, _, body = found["request"].partition("\n\n")
        first, *headers = head.strip().splitlines()
        method, path = first.split()
        yield Example(method, path, dict(line.split(": ", 1) for line in headers), body.strip(), found["answer"] or "")


@dataclass
class Names:
    """What stands in the page, and what there is in its place."""

    real: dict[str, str] = field(default_factory=dict)

    def put(self, text: str) -> str:
        """A text of the page, with what there is."""
        for shown, real in self.real.items():
            text = text.replace(shown, real)
        return text

    def as_shown(self, real: Any, shown: Any, name: str = "") -> Any:
        """An answer as the page would have it: with the page's values where they are others in each answer."""
        if name in OURS and None not in (real, shown) and not isinstance(shown, dict):
            assert type(real) is type(shown), name
            self.real[str(shown)] = str(real)
            return shown
        if isinstance(real, dict):
            given = shown if isinstance(shown, dict) else {}
            return {key: self.as_shown(value, given.get(key), key) for key, value in real.items()}
        if isinstance(real, list):
            rows = shown if isinstance(shown, list) and len(shown) == len(real) else [None] * len(real)
            return [self.as_shown(*pair, name) for pair in zip(real, rows, strict=True)]
        return real


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_are_answered_as_the_page_shows(vendor: Vendor, change_runtime: ChangeRuntime, page: Path) -> None:
    empty("licenses")
    change_runtime(webhooks=Receivers())
    names, key = Names(WORLDS[page.stem](vendor) if page.stem in WORLDS else {}), new_key(vendor)
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as http:
        for example in examples(page):
            headers = {"Authorization": f"Api-Key {key}"} | example.headers
            kind = {"Content-Type": "application/json"} if example.body else {}
            path = names.put(example.path)
            body = names.put(example.body)
            answer = http.request(example.method, path, content=body or None, headers=headers | kind)
            assert answer.is_success, answer.text
            shown = json.loads(example.answer or "null")
            is_json = answer.headers.get("Content-Type") == "application/json"
            call = example.path.partition("?")[0].rpartition("/")[2]
            said = names.as_shown(answer.json(), shown, call) if is_json and answer.content else None
            assert (json.dumps(said, indent=2) + "\n") == (example.answer or "null\n"), example.path
            if example.path.endswith("/test"):
                deliver_events(now=clock.now())


def test_every_call_has_an_example() -> None:
    shown = {(one.method, one.path.partition("?")[0]) for page in PAGES for one in examples(page)}
    patterns = {
        (one.method, re.compile(PREFIX + re.sub(r"{\w+}", lambda _: r"[^/]*\d[^/]*", one.route)))
        for one in endpoint.declared
        if not one.public and one.returns is not NoReturn
    }
    exact = {PREFIX + one.route for one in endpoint.declared}  # what is named so is no id
    of_pages = [
        [path for m, path in shown if m == method and (path == way.pattern if path in exact else way.fullmatch(path))]
        for method, way in patterns
    ]
    assert [len(found) for found in of_pages] == [1] * len(patterns)
    assert sum(map(len, of_pages)) == len(shown)


def test_every_code_is_documented_with_its_status() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| (\d+) \|", section(PAGE, "Errors"), re.MULTILINE)
    documented = {code: int(status) for codes, status in rows for code in re.findall(r"`([a-z_]+)`", codes)}
    assert documented == {code: status_of(code) for code in CODES}


def test_the_error_that_is_shown_is_the_servers(vendor: Vendor) -> None:
    shown = json.loads(section(PAGE, "Errors").partition("```json\n")[2].partition("```")[0])
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as http:
        headers = {"Authorization": f"Api-Key {new_key(vendor)}"}
        answer = http.post("/api/v1/webhooks", json={"url": "hooks.example"}, headers=headers)
    assert answer.json() | {"request_id": shown["request_id"]} == shown


@pytest.mark.parametrize("scope", sorted({one.scope for one in endpoint.declared if one.scope}))
def test_what_a_key_may_and_how_often_is_told(scope: str) -> None:
    assert f"`{scope}`" in section(PAGE, "Keys")
    assert f"q={CALLS.changes};w={CALLS.within_ms // 1000}" in section(PAGE, "Limits")


def test_every_page_is_named_by_the_first() -> None:
    assert re.findall(r"^\* \[[^\]]+\]\(management/([\w-]+)\.md\): ", PAGE, re.MULTILINE) == [
        page.stem for page in PAGES
    ]
