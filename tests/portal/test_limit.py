"""The form of a user's own limit: it shows what holds, and what was sent."""

import pytest

from chalicelib.domain.license import License
from tests.portal.browser import Browser, at
from tests.support import Vendor
from tests.usecases.people import issued


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, max_activations=None)


def test_unlimited_is_ticked_where_the_user_has_no_limit_of_his_own(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    ada, _ = vendor.assign(license, "ada@customer.test", None)
    path = at(license, f"/users/{ada.id}/limit")
    form = manager.get(path).form(path)
    assert form.fields["unlimited"] == "true"
    wrong = manager.post(path, {"form": form.fields["form"], "max_activations": "many"})
    assert (wrong.status, "unlimited" in wrong.form(path).fields) == (400, False), "as it was sent"
    manager.send(path, max_activations="3", unlimited="")
    assert "unlimited" not in manager.get(path).form(path).fields


def test_what_is_active_is_told_where_something_is_and_a_reset_is_offered_there_alone(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    ada, password = vendor.assign(license, "ada@customer.test", None)
    limit, reset = (at(license, f"/users/{ada.id}/{name}") for name in ("limit", "reset"))
    page = manager.get(limit)
    assert ("The license allows" in page.words, "stay active" in page.words) == (True, False)
    page = manager.get(reset)
    assert ("No device is active. Back" in page.words, "Reset activations" in page.words) == (True, False)
    vendor.activate(ada.email, "pc", password)
    assert "Active now: 1. Devices that are active stay active." in manager.get(limit).words
    assert "Reset 1 device" in manager.get(reset).words
