"""Which events a webhook is told of, under which types, and what each says."""

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import to_iso
from chalicelib.domain.invitation import AGAIN_MS
from chalicelib.domain.origin import Origin
from chalicelib.domain.users import MAX_FAILURES
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.create import create_product
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.invitations import invite_again
from chalicelib.usecases.log_in import log_in
from tests.support import ADMIN, Vendor
from tests.usecases.receivers import Receivers, listen

MINUTE = 60_000
OTHER = "https://other.example/in"


def test_of_activations_in_one_millisecond_one_is_the_first(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor, "license.first_activated")
    license, later = vendor.issue(max_activations=3), vendor.now + MINUTE
    for device in ("HW-1", "HW-2", "HW-3"):
        vendor.activate(license, device, now=later)
    deliver_events(now=later + 1)
    assert [body["data"]["device"]["hardware_id"] for body in receivers.bodies()] == ["HW-1"]


def test_where_nobody_listens_nothing_is_put(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor, "user.locked")
    vendor.activate(vendor.issue(), "HW-1", now=vendor.now + MINUTE)
    assert deliver_events(now=vendor.now + MINUTE + 1)["filed"] == 0


def test_who_listens_to_a_pattern_or_a_product_is_told_of_nothing_else(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor, "license.activated", products=frozenset({"revit"}), url=OTHER)
    listen(vendor, "license.*")
    vendor.activate(vendor.issue(), "HW-1", now=vendor.now + MINUTE)
    deliver_events(now=vendor.now + MINUTE + 1)
    assert (receivers.types(), receivers.types(OTHER)) == (["license.activated", "license.first_activated"], [])


def test_a_lock_of_an_account_is_told(vendor: Vendor, receivers: Receivers) -> None:
    """It is no change but an observation, and stands in the history with others of its hour."""
    listen(vendor)
    user, _ = vendor.assign(vendor.issue("revit", max_license_users=1), "ada@customer.test")
    for number in range(MAX_FAILURES):
        later = vendor.now + MINUTE * (1 + 3 * number)
        with pytest.raises(SeatkeeperError):
            log_in(vendor.code, user.email, "a guess", Origin("", "browser"), now=later)
    deliver_events(now=later)
    (locked,) = [body for body in receivers.bodies() if body["event"] == "user.locked"]
    assert locked["data"]["license_user"] == {"id": user.id, "true_email": user.email}
    assert locked["ts"] == to_iso(later)


def test_a_new_product_is_told_whole_and_to_who_listens_to_it(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor, products=frozenset({"viewer"}), url=OTHER)
    listen(vendor)
    product = create_product(vendor.code, "cad", "Cad", "user", ADMIN, now=vendor.now + MINUTE)
    deliver_events(now=vendor.now + MINUTE)
    (body,) = receivers.bodies()
    assert body["data"] == {
        "product": {"id": product.id, "product_name": "Cad", "short_code": "cad"},
        "changed": {"product": "cad"},
    }
    assert receivers.bodies(OTHER) == []


def test_that_a_user_is_invited_is_told_with_the_seat_and_when_it_is_sent_again(
    vendor: Vendor, receivers: Receivers
) -> None:
    listen(vendor, "user.invited")
    license, later = vendor.issue("revit", max_license_users=5), vendor.now + MINUTE
    for email, invite in (("ada@customer.test", True), ("bob@customer.test", False)):
        assign_user(vendor.code, license.id, email, 1, ADMIN, invite=invite, now=later)
    invite_again(vendor.code, license.id, "ada@customer.test", ADMIN, now=later + AGAIN_MS)
    deliver_events(now=later + AGAIN_MS + 1)
    first, again = receivers.bodies()
    assert (first["data"]["id"], first["data"]["changed"]) == (license.id, {"invited": 1})
    assert (again["event"], again["data"], again["sequence"]) == (first["event"], first["data"], 2)


def test_no_company_is_told_of_another_ones_events(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor)
    listen(other := Vendor(), url=OTHER)
    other.activate(other.issue(), "HW-1", now=vendor.now + MINUTE)
    deliver_events(now=vendor.now + MINUTE + 1)
    assert (receivers.types(), receivers.types(OTHER)) == ([], ["license.activated", "license.first_activated"])
