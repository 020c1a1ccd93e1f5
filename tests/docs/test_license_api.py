"""docs/license-api.md: all is in it, and what it shows is true."""

import json
import re
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature

from app import app
from chalicelib.domain.activation import __doc__ as guards
from chalicelib.web.errors import CLIENT_ERRORS, ERRORS
from infra.wsgi import wsgi
from tests.docs.pages import DOCS, blocks
from tests.support import Vendor

PAGE = (DOCS / "license-api.md").read_text()


@pytest.fixture(scope="module")
def snippets() -> dict[str, Any]:
    """What the page's Python defines."""
    names: dict[str, Any] = {}
    for code in blocks(PAGE, "python"):
        exec(code, names)  # noqa: S102 - that they run is what is tested
    return names


def test_every_call_is_documented() -> None:
    calls = {path.removeprefix("/api/v4/") for path in app.routes if path.startswith("/api/v4/")}
    assert [call for call in sorted(calls) if call.strip("/") and call not in PAGE] == []


def test_every_code_is_documented_with_its_status() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert set(CLIENT_ERRORS) - named == set()
    rows = re.findall(r"^\| (`[^|]+) \| ([0-9, ]+) \|", PAGE.split("## Errors")[1], re.MULTILINE)
    for codes, statuses in rows:
        listed: list[str] = re.findall(r"`([a-z_]+)`", codes)
        stated = [int(status) for status in statuses.split(",")] * (len(listed) if "," not in statuses else 1)
        assert [ERRORS[code][0] for code in listed] == stated, codes


def test_the_order_of_the_guards_is_that_of_the_code() -> None:
    assert guards is not None
    order = re.findall(r"`([a-z_]+)`", guards.split("Guards run", 1)[1].split("A device that holds", 1)[0])
    table = PAGE.split("## Errors", 1)[1]
    places = [table.index(f"`{code}`") for code in order if code != "is_expired"]
    assert places == sorted(places)


def test_the_json_of_the_page_is_json() -> None:
    shown = [json.loads(text) for text in blocks(PAGE, "json")]
    assert shown[-1]["message"] == ERRORS[shown[-1]["code"]][1]


def test_a_whole_request_is_signed_as_the_page_says(snippets: dict[str, Any], vendor: Vendor) -> None:
    query = "hardware_id=a%20b&nonce=1&product=viewer"
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as http:
        keys = vendor.api_key, vendor.shared_key
        headers = snippets["digest_headers"](*keys, "GET", f"/api/v4/device_licenses?{query}")
        assert http.get(f"/api/v4/device_licenses?{query}", headers=headers).json() == []
        body = b'{"product": "viewer"}'
        headers = snippets["digest_headers"](*keys, "POST", "/api/v4/activate_license", body)
        answer = http.post("/api/v4/activate_license", headers=headers, content=body)
    assert answer.json()["code"] == "missing_hardware_id"


def test_an_application_written_from_the_page_activates_and_verifies(snippets: dict[str, Any], vendor: Vendor) -> None:
    license = vendor.issue()
    sent = json.loads(blocks(PAGE, "json")[0]) | {"license_key": license.license_key}
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test/api/v4") as http:
        headers = snippets["headers"](vendor.api_key, vendor.shared_key)
        answer = http.post("/activate_license", headers=headers, content=json.dumps(sent))
        public_key = http.get("/public_key").text
    assert answer.status_code == 200
    snippets["verify"](answer.content, answer.headers["LicenseSignature"], public_key)
    with pytest.raises(InvalidSignature):
        snippets["verify"](answer.content + b" ", answer.headers["LicenseSignature"], public_key)
    assert [name for name in answer.json() if f"`{name}`" not in PAGE] == []
