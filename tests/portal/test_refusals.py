"""Managers see in the history of a license which activations were refused, and of no other license."""

import re
from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.domain.refusals import KEPT_MS
from chalicelib.store.refusals import observe_refusal
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.portal_queries import details
from chalicelib.web import clock
from tests.portal.browser import Browser, Page, at
from tests.support import ADMIN, HOUR, Vendor
from tests.usecases.people import issued
from tests.usecases.refusals import a_refusal

WORDS = "Refused: all 5 devices are in use (device LAPTOP-7), 12 times"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, "viewer")


def refuse(vendor: Vendor, license_id: int | None, times: int = 1, hostname: str = "LAPTOP-7", **more: Any) -> None:
    refusal = a_refusal(license_id, hostname=hostname, **({"at": clock.now()} | more))
    for _ in range(times):
        observe_refusal(vendor.code, refusal)


def test_refused_activations_stand_in_the_history_of_their_license_alone(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    other, others = vendor.issue(), Vendor(now=vendor.now)
    refuse(vendor, license.id, 12)
    refuse(vendor, license.id, hostname="CHECK", call="check_license", code="device_not_found")
    refuse(vendor, license.id, hostname="LONG-AGO", at=clock.now() - KEPT_MS - HOUR, hardware_id="old")
    refuse(vendor, other.id, hostname="OTHER-LICENSE")
    refuse(vendor, None, hostname="NO-LICENSE")
    refuse(others, license.id, hostname="OTHER-COMPANY")
    details = manager.get(at(license))
    assert "Refused:" not in details.words
    assert f"{details.path}/history" in details.links
    words = manager.get(at(license, "/history")).words
    assert WORDS in words
    assert words.count("Refused:") == 1
    assert not {"CHECK", "LONG-AGO", "OTHER-LICENSE", "NO-LICENSE", "OTHER-COMPANY"} & set(words.split())
    assert "203.0.113.9" in words


def test_who_does_not_manage_the_license_sees_none_of_it(vendor: Vendor, license: License, manager: Browser) -> None:
    foreign = vendor.issue("viewer", "other.manager@customer.test", order_id="another")
    refuse(vendor, foreign.id, 12)
    for page in ("", "/history"):
        answer = manager.get(at(foreign, page))
        assert answer.status == 404
        assert "LAPTOP-7" not in answer.words


@pytest.mark.parametrize("read_whole", [True, False], ids=["read whole", "read by keys"])
def test_they_stand_among_the_events_in_order_on_each_page_and_none_is_lost(
    vendor: Vendor, license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch, read_whole: bool
) -> None:
    monkeypatch.setattr(details, "CHUNK", 90 if read_whole else 10)
    begin = clock.now() - 2 * HOUR
    for number in range(36):
        set_enabled(vendor.code, license.id, bool(number % 2), ADMIN, now=begin + 1000 * number)
    for number in range(24):  # each right behind an event
        refuse(vendor, license.id, hostname=f"PC-{number:02}", hardware_id=f"{number}", at=begin + 1500 * number + 1)
    pages = [manager.get(at(license, "/history"))]
    while link := linked(pages[-1], "after"):
        pages.append(manager.get(link))
    assert len(pages) == 3
    assert [name for page in pages for name in devices(page)] == [f"PC-{number:02}" for number in range(23, -1, -1)]
    back = manager.get(linked(pages[2], "before"))
    assert devices(back) == devices(pages[1])
    assert devices(manager.get(linked(back, "before"))) == devices(pages[0])


def linked(page: Page, way: str) -> str:
    """The address of the page before or after; empty where there is none."""
    return next((f"{page.path}{link}" for link in page.links if link.startswith(f"?{way}=")), "")


def devices(page: Page) -> list[str]:
    """The refused devices on a page, in order."""
    return [str(name) for name in re.findall(r"\(device (\S+)\)", page.words)]
