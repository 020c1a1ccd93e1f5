"""What a manager sees first: figures that are those of his licenses, and days that are those of their histories."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.attention import Reason
from chalicelib.domain.errors import Unauthenticated
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.paging import PAGE_SIZE
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.usage import USAGE_DAYS, recent_days
from chalicelib.usecases.change_device import blacklist_device, reset_device
from chalicelib.usecases.change_license import reset_license, set_enabled
from chalicelib.usecases.change_seat import remove_user, reset_activations
from chalicelib.usecases.portal_queries import ListQuery, Use, manager_overview, recent_activity
from chalicelib.usecases.portal_queries.overview import MAX_COUNTED
from chalicelib.usecases.portal_queries.parts import MAX_READS
from chalicelib.usecases.portal_queries.usage import MAX_EVENTS
from chalicelib.usecases.sessions import log_out
from tests.store.costs import counted
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.people import MANAGER, issued, logged_in

ANN, BEN = "ann@customer.test", "ben@customer.test"
ALL = ListQuery()


def needs(vendor: Vendor, now: int = NOW) -> dict[int, list[Reason]]:
    """Which licenses need the manager, in order, and why."""
    shown = manager_overview(logged_in(vendor, MANAGER), now=now)
    return {need.license.id: need.reasons for need in shown.needs}


@pytest.mark.parametrize(
    ("terms", "reasons"),
    [
        ({}, []),
        ({"validity_period": NOW + 31 * DAY}, []),
        ({"validity_period": NOW + 30 * DAY}, ["ending"]),
        ({"validity_period": NOW + 1}, ["ending"]),
        ({"validity_period": NOW - DAY, "grace_period": 48}, ["grace"]),
        ({"validity_period": NOW - 3 * DAY, "grace_period": 48}, ["expired"]),
        ({"validity_period": NOW - 30 * DAY}, ["expired"]),
        ({"validity_period": NOW - 31 * DAY}, []),
    ],
)
def test_a_license_needs_its_manager_around_its_end(terms: dict[str, Any], reasons: list[Reason]) -> None:
    vendor = Vendor(now=NOW - 40 * DAY)
    license = issued(vendor, "viewer", license_type="time-limited" if terms else "perpetual", **terms)
    vendor.now = NOW
    assert needs(vendor) == ({license.id: reasons} if reasons else {})


def test_a_license_needs_its_manager_where_all_of_it_is_taken_but_not_where_one_of_one_is_used() -> None:
    vendor = Vendor()
    one = issued(vendor, "viewer", max_activations=1)
    two = issued(vendor, "viewer", max_activations=2)
    people = issued(vendor, "revit", max_license_users=2)
    for license in (one, two):
        vendor.activate(license, "pc")
    assert needs(vendor) == {}
    vendor.activate(two, "laptop")
    vendor.assign(people, ANN)
    vendor.assign(people, BEN)
    assert needs(vendor) == {people.id: ["users_taken"], two.id: ["devices_taken"]}


@pytest.mark.parametrize(("overage", "reasons"), [("none", ["devices_taken"]), ("1.5x", []), ("always", [])])
def test_a_license_that_lets_one_more_in_is_not_full(overage: Any, reasons: list[Reason]) -> None:
    vendor = Vendor()
    license = issued(vendor, "viewer", max_activations=2, overage=overage)
    for device in ("pc", "laptop"):
        vendor.activate(license, device)
    assert needs(vendor) == ({license.id: reasons} if reasons else {})


def test_a_license_that_is_as_far_over_as_it_may_be_is_full() -> None:
    vendor = Vendor()
    license = issued(vendor, "viewer", max_activations=2, overage="1.5x")
    for device in ("pc", "laptop", "tower"):
        vendor.activate(license, device)
    assert needs(vendor) == {license.id: ["devices_taken"]}


def test_a_license_that_the_vendor_has_disabled_comes_first_and_one_that_the_customer_has_paused_is_no_news() -> None:
    vendor = Vendor()
    ending = issued(vendor, "viewer", license_type="time-limited", validity_period=NOW + DAY)
    sooner = issued(vendor, "viewer", license_type="time-limited", validity_period=NOW + HOUR)
    suspended, paused = issued(vendor, "viewer"), issued(vendor, "viewer")
    manager = logged_in(vendor, MANAGER)
    set_enabled(vendor.code, suspended.id, False, ADMIN, now=NOW)
    set_enabled(vendor.code, paused.id, False, manager_of(manager), now=NOW)
    assert list(needs(vendor).items()) == [
        (suspended.id, ["suspended"]),
        (sooner.id, ["ending"]),
        (ending.id, ["ending"]),
    ]


def manager_of(claims: SessionClaims) -> Actor:
    """As the portal names whoever has logged in."""
    return Actor(f"user:{claims.user_id}")


def test_what_was_sold_and_is_used_is_added_up_without_what_has_ended() -> None:
    vendor = Vendor(now=NOW - DAY)
    viewer = issued(vendor, "viewer", max_activations=7)
    revit = issued(vendor, "revit", max_license_users=3, max_activations=4)
    ended = issued(vendor, "viewer", license_type="time-limited", validity_period=NOW - 1, max_activations=9)
    for license, host in [(viewer, "a"), (viewer, "b"), (ended, "c")]:
        vendor.activate(license, host)
    vendor.assign(revit, ANN)
    vendor.now = NOW
    shown = manager_overview(logged_in(vendor, MANAGER), now=NOW)
    assert (shown.users, shown.devices) == (Use(1, 3), Use(2, 11))
    assert list(shown.by_product.items()) == [("viewer", Use(2, 7)), ("revit", Use(0, 4))]
    assert shown.products == {"viewer": "Viewer", "revit": "Revit"}
    assert (shown.never_used, shown.ending, shown.counted, shown.is_all) == (1, 0, 3, True)
    issued(vendor, "viewer", max_activations=None, license_type="time-limited", validity_period=NOW + 90 * DAY)
    shown = manager_overview(logged_in(vendor, MANAGER), now=NOW)
    assert (shown.devices, shown.ending) == (Use(2, None), 1)


def test_nobody_sees_the_licenses_of_another_and_nothing_is_shown_without_a_session() -> None:
    vendor = Vendor()
    issued(vendor, "viewer", "other@customer.test")
    mine = issued(vendor, "viewer")
    claims = logged_in(vendor, MANAGER)
    assert manager_overview(claims, now=NOW).counted == 1
    assert {row.license.id for row in recent_activity(claims, ALL, now=NOW).page.rows} == {mine.id}
    log_out(claims)
    for query in (manager_overview, lambda claims, *, now: recent_activity(claims, ALL, now=now)):
        with pytest.raises(Unauthenticated):
            query(claims, now=NOW)


def test_the_newest_are_counted_where_there_are_many_and_it_says_so() -> None:
    vendor = Vendor()
    for _ in range(MAX_COUNTED + 1):
        issued(vendor, "viewer", max_activations=1)
    claims = logged_in(vendor, MANAGER)
    with counted() as cost:
        shown = manager_overview(claims, now=NOW)
    assert len(cost.calls) == 2
    assert (shown.counted, shown.devices, shown.is_all) == (MAX_COUNTED, Use(0, MAX_COUNTED), False)
    with counted() as cost:
        followed = recent_activity(claims, ALL, now=NOW)
    assert len(cost.calls) == 2 + MAX_READS
    assert (followed.followed, followed.is_all) == (MAX_READS, False)


def changes(vendor: Vendor, license: License) -> list[Callable[[int], Any]]:
    """All that moves the number of active devices, each at an instant that it is given."""
    company, id = vendor.code, license.id
    _, ann = vendor.assign(license, ANN, 5)
    _, ben = vendor.assign(license, BEN, 5)
    return [
        lambda now: [vendor.activate(ANN, f"pc-{n}", ann, now=now) for n in range(4)],
        lambda now: vendor.activate(BEN, "laptop", ben, now=now),
        lambda now: vendor.activate(BEN, "laptop", ben, now=now),  # the same device again
        lambda now: vendor.deactivate(ANN, "pc-0", now=now),
        lambda now: reset_device(company, id, "pc-1", ADMIN, now=now),
        lambda now: blacklist_device(company, id, "pc-2", ADMIN, now=now),
        lambda now: reset_activations(company, id, ANN, ADMIN, now=now),
        lambda now: vendor.activate(ANN, "pc-3", ann, now=now),
        lambda now: remove_user(company, id, BEN, ADMIN, now=now),
        lambda now: reset_license(company, id, ADMIN, now=now),
    ]


def test_each_day_counts_what_the_license_counted_when_it_ended() -> None:
    vendor = Vendor(now=NOW - 20 * DAY)
    license = issued(vendor, "revit", max_activations=9)
    there = []
    for day, change in enumerate(changes(vendor, license)):
        change(vendor.now + day * DAY)
        there.append(vendor.stored(license).times_activated)
    assert there == [4, 5, 5, 4, 3, 2, 1, 2, 1, 0]
    vendor.now = NOW
    shown = recent_activity(logged_in(vendor, MANAGER), ALL, now=NOW)
    assert shown.usage.days == recent_days(NOW, "")
    assert shown.usage.active == [0] * (USAGE_DAYS - 21) + there + [0] * 11


def test_the_days_of_several_licenses_are_added_up() -> None:
    vendor = Vendor(now=NOW - 3 * DAY)
    one, two = issued(vendor, "viewer"), issued(vendor, "viewer")
    for license, host, day in [(one, "a", 0), (two, "a", 1), (two, "b", 2)]:
        vendor.activate(license, host, now=vendor.now + day * DAY)
    vendor.now = NOW
    assert recent_activity(logged_in(vendor, MANAGER), ALL, now=NOW).usage.active[-5:] == [0, 1, 2, 3, 3]


def test_days_of_which_not_all_events_are_read_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = Vendor(now=NOW - 9 * DAY)
    license = issued(vendor, "viewer", max_activations=None)
    for day in range(8):
        vendor.activate(license, f"pc-{day}", now=vendor.now + day * DAY)
    vendor.now = NOW
    claims = logged_in(vendor, MANAGER)
    whole = recent_activity(claims, ALL, now=NOW)
    monkeypatch.setattr("chalicelib.usecases.portal_queries.usage.MAX_EVENTS", 3)
    part = recent_activity(claims, ALL, now=NOW)
    assert MAX_EVENTS > 3
    assert (len(whole.usage.days), len(part.usage.days)) == (USAGE_DAYS, 4)
    assert part.usage.active == whole.usage.active[-4:] == [7, 8, 8, 8]


def test_activity_is_newest_first_in_pages_and_found_by_person_device_and_product() -> None:
    vendor = Vendor()
    viewer, revit = issued(vendor, "viewer", max_activations=None), issued(vendor, "revit")
    _, secret = vendor.assign(revit, ANN)
    vendor.activate(ANN, "tower", secret, now=NOW + 1)
    for n in range(PAGE_SIZE):
        vendor.activate(viewer, f"pc-{n}", now=NOW + 2 + n)
    claims, later = logged_in(vendor, MANAGER), NOW + PAGE_SIZE + 2
    first = recent_activity(claims, ALL, now=later).page
    assert [row.event.hardware_id for row in first.rows] == [f"pc-{n}" for n in reversed(range(PAGE_SIZE))]
    second = recent_activity(claims, ListQuery(after=first.after), now=later).page
    assert second.rows[0].event.hardware_id == "tower"
    assert (second.first, second.total, second.after) == (PAGE_SIZE + 1, PAGE_SIZE + 4, "")
    for search, found in [("ann@customer", 2), ("tower", 1), ("pc-7", 1), ("revit ann", 2), ("nobody", 0)]:
        assert recent_activity(claims, ListQuery(search=search), now=later).page.total == found, search
