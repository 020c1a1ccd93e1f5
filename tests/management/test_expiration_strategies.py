"""docs/management/license-policies.md: the terms that it gives for each strategy do after the end what it says."""

import json
import re
from typing import Any

import httpx
import pytest

from chalicelib.domain.instants import from_iso, to_iso
from chalicelib.web import clock
from tests.docs.pages import DOCS
from tests.management.server import VendorsServer, granted
from tests.support import DAY, Application, ChangeRuntime

PAGE = (DOCS / "management" / "license-policies.md").read_text()
TERMS = {name: json.loads(terms) for name, terms in re.findall(r"\n\| (\w+) access \| `({.*?})` \|", PAGE)}

ENDS: Any = ("PATCH", ["validity_period"])
RENEWAL: dict[str, list[tuple[str, list[str]]]] = {
    "restrict": [ENDS],
    "revoke": [ENDS, ("enable", [])],
    "maintain": [("PATCH", ["maintenance_period"])],
    "allow": [],
}
"""The calls, each with the dates that it moves."""


class Device:
    """An application on a device with a license."""

    def __init__(self, shop: VendorsServer, hardware_id: str, license: Any) -> None:
        vendor = shop.vendor
        self.application = Application(vendor.api_key, vendor.shared_key, shop.http)
        self.said = {"product": "viewer", "license_key": license["license_key"], "hardware_id": hardware_id}

    def check(self) -> httpx.Response:
        at = self.application.headers(clock.now())
        return self.application.http.get("/api/v4/check_license", params=self.said, headers=at)

    def activate(self) -> httpx.Response:
        at = self.application.headers(clock.now())
        return self.application.http.post("/api/v4/activate_license", json=self.said, headers=at)


def test_the_page_has_terms_for_each() -> None:
    assert [*TERMS] == ["restrict", "revoke", "maintain", "allow"]


@pytest.mark.parametrize("strategy", ["restrict", "revoke", "maintain", "allow"])
def test_after_the_end_a_check_and_a_new_device_are_answered_as_the_page_says(
    shop: VendorsServer, change_runtime: ChangeRuntime, strategy: str
) -> None:
    sold = granted(shop.post("licenses", TERMS[strategy] | {"max_activations": 2}), 201)
    known, new = Device(shop, "pc", sold), Device(shop, "new", sold)
    begun = known.activate()
    assert (begun.status_code, begun.json()["is_expired"]) == (200, False), begun.text
    later = clock.now() + 367 * DAY
    change_runtime(clock=lambda: later)
    if strategy == "revoke":
        granted(shop.post(f"licenses/{sold['id']}/disable"))
    checked, activated = known.check(), new.activate()
    if strategy == "revoke":
        assert {one.json()["code"] for one in (checked, activated)} == {"license_not_enabled"}
    elif strategy == "restrict":
        assert (checked.status_code, checked.json()["is_expired"]) == (200, True)
        assert (activated.status_code, activated.json()["code"]) == (400, "license_expired")
    else:
        assert (checked.status_code, checked.json()["is_expired"], activated.status_code) == (200, False, 200)
        assert checked.json()["enable_maintenance_period"] is (strategy == "maintain")
    if strategy == "maintain":
        assert from_iso(checked.json()["maintenance_period"]) < later
    path, day = f"licenses/{sold['id']}", to_iso(later + 30 * DAY)[:10]
    for call, body in RENEWAL[strategy]:
        granted(shop.call(call, path, dict.fromkeys(body, day)) if call == "PATCH" else shop.post(f"{path}/{call}"))
    renewed = known.check().json()
    assert (renewed["is_expired"], renewed["license_active"], renewed["license_enabled"]) == (False, True, True)
