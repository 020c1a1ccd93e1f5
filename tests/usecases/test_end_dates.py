"""When licenses end: within the calendar, with their grace period; what lies beyond it is stored already, and shown."""

from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import LATEST
from chalicelib.domain.license import HOUR_MS, License
from chalicelib.store import writes
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.keys import license_pk
from chalicelib.usecases.change_license import extend
from tests.portal.browser import at, browser_of
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, issued

TIMED: dict[str, Any] = {"license_type": "time-limited", "grace_period": 24}


def test_an_end_with_its_grace_period_stays_within_the_calendar(vendor: Vendor) -> None:
    with pytest.raises(Invalid):
        vendor.issue(**TIMED, validity_period=LATEST - 24 * HOUR_MS + 1)
    license = vendor.issue(**TIMED, validity_period=LATEST - 24 * HOUR_MS)
    with pytest.raises(Invalid):
        extend(vendor.code, license.id, LATEST - 24 * HOUR_MS + 1, None, ADMIN, now=NOW)
    with pytest.raises(Invalid):
        extend(vendor.code, license.id, None, "1y", ADMIN, now=NOW)
    assert vendor.stored(license).validity_period == LATEST - 24 * HOUR_MS


@pytest.fixture
def beyond(vendor: Vendor) -> License:
    """A license that was issued before that was looked at."""
    license = issued(vendor, "viewer", **TIMED, validity_period=LATEST - 24 * HOUR_MS)
    with patch("chalicelib.usecases.change_license.within_calendar", lambda *_: True):
        extend(vendor.code, license.id, LATEST, None, ADMIN, now=vendor.now)
    item = LicenseItem(license_pk(vendor.code, license.id), "license")
    writes.update(item, [LicenseItem.ends_at.set(LATEST + 24 * HOUR_MS)], LicenseItem.pk.exists())
    return vendor.stored(license)


def test_an_end_beyond_the_calendar_is_shown_and_used(vendor: Vendor, beyond: License) -> None:
    browser = browser_of(vendor, MANAGER)
    for path in ("", "/devices", "/history"):
        assert browser.get(at(beyond, path)).status == 200
    assert "31 Dec 9999" in browser.get("/portal/licenses").words
    assert vendor.activate(beyond, "pc").device is not None
    assert vendor.check(beyond, "pc").license == vendor.stored(beyond)
