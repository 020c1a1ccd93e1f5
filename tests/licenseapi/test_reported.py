"""What a device says of itself refuses no activation: it is cut, and safe to show."""

from typing import Any

import pytest

from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.store import activations
from chalicelib.usecases.devices import DeviceFilter, find_devices
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from chalicelib.web import clock
from tests.portal.browser import at, browser_of
from tests.support import Application, Vendor
from tests.usecases.people import MANAGER, issued

FIELDS = ("os_ver", "hostname", "ip", "mac_address", "vm_info", "app_ver", "sdk_ver")


@pytest.fixture
def vendor() -> Vendor:
    """Whose sessions last at the clock of the server."""
    return Vendor(now=clock.now())


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, "viewer")


@pytest.mark.parametrize(
    ("expected", "kept"),
    [
        ("x" * 100_000, "x" * 255),
        ("a\x00b\x1b[2Jc\x7fd\x85e", "a\u2400b\u241b[2Jc\u2426d\u2426e"),
        ("invoice\u202efdp.exe\u2066\u200f", "invoicefdp.exe"),
        ("two\r\nlines\u2028three", "two\u240d\u240alines\u2426three"),
        ("Zo\xeb \u05d0\u05d1", "Zo\xeb \u05d0\u05d1"),
        ("\u202e", None),
        (5, "5"),
        (1.2, "1.2"),
        (True, "true"),
        (2**53, "9007199254740992"),
        (["x"], None),
        ({"cpu": 4}, None),
    ],
    ids=ascii,
)
@pytest.mark.in_process("it looks at what is stored")
def test_what_a_device_reports_is_cut_and_made_safe_to_show(
    vendor: Vendor, application: Application, license: License, expected: Any, kept: str | None
) -> None:
    for field in FIELDS:  # one after another: all of them at their longest are more than a body may hold
        named = {"product": "viewer", "license_key": license.license_key, "hardware_id": "pc"}
        assert application.post("activate_license", **named, **{field: expected}).status_code == 200
        [device] = activations.devices(vendor.code, license.id, "pc")
        assert getattr(device, field) == kept


@pytest.mark.parametrize(
    "sent",
    [
        *("a\x00b", "two\r\nlines", "invoice\u202efdp", "tab\t", " Office-PC ", "Zoe\u0308", "x" * 300),
        *("\x85next", "Stra\xdfe\u2028", "\u2067right to left\u2069"),
    ],
    ids=ascii,
)
@pytest.mark.in_process("it looks at what is found")
def test_a_device_is_found_by_the_host_name_that_it_sent(
    vendor: Vendor, application: Application, license: License, sent: str
) -> None:
    named = {"product": "viewer", "license_key": license.license_key, "hardware_id": "pc"}
    assert application.post("activate_license", **named, hostname=sent).status_code == 200
    [kept] = [device.hostname for device in activations.devices(vendor.code, license.id, "pc")]
    for name in (sent, kept, sent.upper()):
        page = find_devices(vendor.code, DeviceFilter(hostname=name), "", 10)
        assert [key.license_id for key in page.keys] == [license.id], name
        asked = LicenseFilter(host_name=name)
        assert [row.id for row, _ in list_licenses(vendor.code, asked, size=10).rows] == [license.id], name


def test_what_is_told_of_the_channel_refuses_no_call(application: Application, license: License) -> None:
    named = {"product": "viewer", "license_key": license.license_key, "hardware_id": "pc"}
    assert application.post("activate_license", **named).status_code == 200
    answer = {"env": "x" * 300, "channel": "\x00" * 300}
    assert application.get("check_license", **named, **answer).status_code == 200
    assert application.get("product_details", product="viewer", env="x" * 300).status_code == 200


@pytest.mark.in_process("it looks at the portal")
def test_a_name_stands_apart_from_what_is_around_it(vendor: Vendor, license: License) -> None:
    turned = "\u202eabc\x07"  # as it was stored before
    vendor.activate(license, turned, report=dict.fromkeys(FIELDS, turned))
    browser = browser_of(vendor, MANAGER)
    device = f"/devices/{hash_hardware_id(turned)}"
    for path in ("/devices", device, "/history"):
        text = browser.get(at(license, path)).answer.text
        assert "<bdi>abc\u2407</bdi>" in text
        assert "\u202e" not in text
        assert "\x07" not in text
    asked = browser.get(at(license, f"{device}/reset"))
    assert "\u2068abc\u2407\u2069" in asked.words
