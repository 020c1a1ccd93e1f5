"""What managers, and the company, are mailed of events: by the outbox, once, and not of what is not true any more."""

from typing import Any

import pytest

from chalicelib.domain.errors import LimitReached
from chalicelib.domain.license import License
from chalicelib.store.listeners import read_listeners
from chalicelib.store.mails import mails_of
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_license import extend
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.limit_reached import note_limit_reached
from chalicelib.usecases.security_events import note_security_event
from chalicelib.usecases.sweep import sweep
from tests.store.seam import empty
from tests.support import ADMIN, DAY, HOUR, ChangeRuntime, Vendor
from tests.usecases.receivers import BROKEN, OK, Receivers, listen

MANAGER = "boss@customer.test"


@pytest.fixture(autouse=True)
def receivers(change_runtime: ChangeRuntime) -> Receivers:
    """They take nothing."""
    empty("licenses")
    receivers = Receivers(lambda *_: BROKEN)
    change_runtime(webhooks=receivers)
    return receivers


def ending(vendor: Vendor, **terms: Any) -> License:
    """A license of a managed order that ends in a hundred days."""
    end: dict[str, Any] = {
        "license_type": "time-limited",
        "validity_period": vendor.now + 100 * DAY,
        "grace_period": 48,
    }
    return vendor.issue(manager=MANAGER, **(end | terms))


def codes(vendor: Vendor) -> list[str | None]:
    """What waits to be mailed to the manager of what becomes of licenses."""
    return [mail.code for _, mail in mails_of(vendor.code) if mail.to == MANAGER and mail.is_digest]


def a_run(at: int) -> None:
    """The sweep, and the sender of events a moment later."""
    sweep(now=at)
    deliver_events(now=at + 10)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (69, []),
        (70, ["license_ends"]),
        (93, ["license_ends"]),
        (97, []),
        (99, ["license_ends"]),
        (100, ["license_grace"]),
        (103, ["license_expired"]),
    ],
)
def test_managers_are_mailed_of_the_end_of_a_license(vendor: Vendor, days: int, expected: list[str]) -> None:
    ending(vendor)
    a_run(vendor.now + days * DAY)
    assert codes(vendor) == expected


def test_of_a_license_that_was_extended_since_nobody_is_mailed_that_it_ends(vendor: Vendor) -> None:
    license = ending(vendor)
    at = vendor.now + 100 * DAY
    sweep(now=at)
    extend(vendor.code, license.id, vendor.now + 900 * DAY, None, ADMIN, now=at)
    deliver_events(now=at + 10)
    assert codes(vendor) == []


def test_managers_are_mailed_once_a_day_that_all_devices_are_taken(vendor: Vendor) -> None:
    license = ending(vendor, max_activations=1)
    vendor.activate(license, "HW-1")
    full = LimitReached("license_activated_max_times", limit=1, used=1)
    for hour in range(3):
        note_limit_reached(vendor.code, license.id, full, ADMIN, now=vendor.now + hour * HOUR)
    deliver_events(now=vendor.now + 3 * HOUR)
    assert codes(vendor) == ["devices_taken"]


def test_of_a_license_that_lets_more_in_since_nobody_is_mailed_that_it_is_full(vendor: Vendor) -> None:
    license = ending(vendor, max_activations=1)
    vendor.activate(license, "HW-1")
    full = LimitReached("license_activated_max_times", limit=1, used=1)
    note_limit_reached(vendor.code, license.id, full, ADMIN, now=vendor.now)
    change_terms(vendor.code, license.id, {"overage": "always"}, ADMIN, now=vendor.now)
    deliver_events(now=vendor.now + HOUR)
    assert codes(vendor) == []


def test_what_a_company_has_switched_off_is_not_even_put_into_the_outbox(vendor: Vendor) -> None:
    ending(vendor)
    set_branding(vendor.code, None, None, ADMIN, mails_off=frozenset({"license_ends"}), now=vendor.now)
    at = vendor.now + 70 * DAY
    sweep(now=at)
    assert deliver_events(now=at + 10)["filed"] == 0
    assert codes(vendor) == []


def test_a_company_keeps_its_webhooks_when_it_switches_mails_off_and_the_other_way_round(
    vendor: Vendor, receivers: Receivers
) -> None:
    listen(vendor)
    set_branding(vendor.code, None, None, ADMIN, mails_off=frozenset({"license_ends"}), now=vendor.now)
    listen(vendor, url="https://other.example/")
    listeners = read_listeners(vendor.code)
    assert listeners.endpoints == 2
    assert listeners.listens_to == {"*"}
    assert listeners.mails_off == {"license_ends"}


def test_the_company_is_mailed_that_a_webhook_was_disabled(vendor: Vendor) -> None:
    set_branding(vendor.code, None, None, ADMIN, support_email="vendor@vendor.test", now=vendor.now)
    listen(vendor, "license.activated")
    license = vendor.issue(max_activations=None)
    for hours in range(6, 6 * 24, 6):
        vendor.activate(license, f"HW-{hours}", now=vendor.now + hours * HOUR)
        deliver_events(now=vendor.now + hours * HOUR + 10)
    assert [mail.code for _, mail in mails_of(vendor.code) if mail.to == "vendor@vendor.test"] == ["endpoint_disabled"]


def test_an_account_that_is_locked_is_told_once_an_hour(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda *_: OK
    listen(vendor, "user.locked")
    user, _ = vendor.assign(vendor.issue("revit"), MANAGER)
    at = vendor.now + 60_000
    for second in range(3):
        note_security_event(vendor.code, user, "log_in_locked", ADMIN, at + second)
    note_security_event(vendor.code, "nobody@customer.test", "log_in_locked", ADMIN, at)
    deliver_events(now=at + 60)
    assert [(body["event"], body["user_id"]) for body in receivers.bodies()] == [("user.locked", user.id)]
