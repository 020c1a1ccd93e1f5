"""What the pages show, to whom, and what they read for it."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Event
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.domain.session import (
    ABSOLUTE_MS,
    IDLE_MS,
    TOUCH_MS,
    SessionClaims,
)
from chalicelib.store import writes
from chalicelib.store.items.accounts import ProductItem
from chalicelib.store.items.events import EventItem
from chalicelib.store.keys import event_sort_key, license_pk, manager_license_sort_key, product_sort_key
from chalicelib.store.orders import sold_item
from chalicelib.usecases import portal_queries
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.change_device import blacklist_device, reset_device
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import remove_user, reset_activations
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.portal_queries import ListQuery, details, devices, usage, users
from chalicelib.usecases.scheduled_updates import apply_update, cancel_update, delete_update, schedule_update
from chalicelib.usecases.sessions import log_out, open_session
from infra.budgets import PAGES_OF_MORE_READS, PORTAL_PAGE_NOTED
from tests.store.costs import counted
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, issued, logged_in
from tests.usecases.support import refused

ADA = "ada@customer.test"
View = Callable[[SessionClaims, License], Any]

OF_A_LICENSE: dict[str, View] = {
    "one_license": lambda a, li: portal_queries.one_license(a, li.id, now=NOW),
    "user_license": lambda a, li: portal_queries.user_license(a, li.id, now=NOW),
    "license_details": lambda a, li: portal_queries.license_details(a, li.id, now=NOW),
    "license_history": lambda a, li: portal_queries.license_history(a, li.id, ListQuery(), now=NOW),
    "license_devices": lambda a, li: portal_queries.license_devices(a, li.id, ListQuery(), now=NOW),
    "license_device": lambda a, li: portal_queries.license_device(a, li.id, device_key(a), now=NOW),
    "license_users": lambda a, li: portal_queries.license_users(a, li.id, ListQuery(), now=NOW),
    "chosen_users": lambda a, li: portal_queries.chosen_users(a, li.id, [_ada[a.company]], now=NOW),
    "license_user": lambda a, li: portal_queries.license_user(a, li.id, _ada[a.company], now=NOW),
}
OF_OWN_SEATS: dict[str, View] = {
    "own_devices": lambda a, li: portal_queries.own_devices(a, li.id, ListQuery(), now=NOW),
    "own_device": lambda a, li: portal_queries.own_device(a, li.id, device_key(a), now=NOW),
}
OF_NO_LICENSE: dict[str, View] = {
    "authenticate_session": lambda a, _li: portal_queries.authenticate_session(a, now=NOW),
    "managed_licenses": lambda a, _li: portal_queries.managed_licenses(a, ListQuery(), now=NOW),
    "own_licenses": lambda a, _li: portal_queries.own_licenses(a, ListQuery(), now=NOW),
}
ALL = OF_A_LICENSE | OF_OWN_SEATS | OF_NO_LICENSE


_ada: dict[str, int] = {}
"""Ada's id at each company."""


def device_key(claims: SessionClaims) -> str:
    """How her device is named in addresses."""
    return f"{hash_hardware_id('pc')}-{_ada[claims.company]}"


@pytest.fixture
def license(vendor: Vendor) -> License:
    """A user-based license of an order with a manager, on which Ada has one active device."""
    license = issued(vendor)
    ada, password = vendor.assign(license, ADA)
    _ada[vendor.code] = ada.id
    vendor.activate(ADA, "pc", password, report={"hostname": "ada-pc"})
    return license


@pytest.mark.parametrize("name", sorted(OF_A_LICENSE))
def test_a_manager_sees_the_licenses_of_his_orders(vendor: Vendor, license: License, name: str) -> None:
    view = OF_A_LICENSE[name](logged_in(vendor, MANAGER), license)
    assert view.license == vendor.stored(license)
    assert (view.product, view.standing.state, view.principal.user.email) == ("Revit", "in_use", MANAGER)


@pytest.mark.parametrize("name", sorted(OF_A_LICENSE))
def test_any_other_license_does_not_exist(vendor: Vendor, license: License, name: str) -> None:
    issued(vendor, manager="other@customer.test")
    stranger = Vendor()
    issued(stranger, manager=MANAGER)
    _ada[stranger.code] = stranger.assign(issued(stranger), ADA)[0].id
    for claims in (
        logged_in(vendor, "other@customer.test"),
        logged_in(vendor, ADA),
        logged_in(stranger, MANAGER),
    ):
        with pytest.raises(SeatkeeperError) as refused:
            OF_A_LICENSE[name](claims, license)
        assert refused.value.code == "license_not_found"


@pytest.mark.parametrize("name", sorted(OF_OWN_SEATS))
def test_a_license_user_sees_the_own_devices_and_those_alone(vendor: Vendor, license: License, name: str) -> None:
    _, password = vendor.assign(license, "bob@customer.test")
    vendor.activate("bob@customer.test", "pc", password)
    view = OF_OWN_SEATS[name](logged_in(vendor, ADA), license)
    rows = view.page.rows if name == "own_devices" else [view.row]
    assert [(row.device.hostname, row.email, row.state) for row in rows] == [("ada-pc", ADA, "active")]
    for email in (MANAGER, "bob@customer.test"):
        with pytest.raises(SeatkeeperError):
            portal_queries.own_device(logged_in(vendor, email), license.id, device_key(logged_in(vendor, ADA)), now=NOW)
    with pytest.raises(SeatkeeperError) as refused:
        OF_OWN_SEATS["own_devices"](logged_in(vendor, MANAGER), license)
    assert refused.value.code == "license_not_found"


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_page_is_shown_without_a_session_that_lasts(vendor: Vendor, license: License, name: str) -> None:
    claims = logged_in(vendor, ADA if name in OF_OWN_SEATS else MANAGER)
    for forged in (
        SessionClaims(claims.company, claims.user_id, "another token"),
        SessionClaims(
            claims.company,
            account(vendor, ADA if claims.user_id != account(vendor, ADA).id else MANAGER).id,
            claims.token,
        ),
    ):
        with pytest.raises(SeatkeeperError):  # refused: a device of another one is none
            ALL[name](forged, license)
    log_out(claims)
    with refused("session_expired"):
        ALL[name](claims, license)


@pytest.mark.parametrize("name", sorted(ALL))
def test_who_has_an_initial_password_chooses_another_one_first(vendor: Vendor, license: License, name: str) -> None:
    claims = open_session(account(vendor, ADA if name in OF_OWN_SEATS else MANAGER), now=NOW)
    with refused("password_change_required"):
        ALL[name](claims, license)
    assert portal_queries.authenticate_session(claims, allow_initial_password=True, now=NOW).user.is_initial_password


def test_a_session_ends_when_it_is_idle(vendor: Vendor, license: License) -> None:
    claims = logged_in(vendor, MANAGER)
    assert portal_queries.authenticate_session(claims, now=NOW + IDLE_MS - 1)  # and is used with that
    assert portal_queries.authenticate_session(claims, now=NOW + 2 * IDLE_MS - 2)
    with refused("session_expired"):
        portal_queries.authenticate_session(claims, now=NOW + 3 * IDLE_MS - 2)


def test_a_session_ends_however_much_it_is_used(vendor: Vendor, license: License) -> None:
    claims = logged_in(vendor, MANAGER)
    for at in range(NOW, NOW + ABSOLUTE_MS, IDLE_MS - 1):
        assert portal_queries.authenticate_session(claims, now=at)
    with refused("session_expired"):
        portal_queries.authenticate_session(claims, now=NOW + ABSOLUTE_MS)


def test_a_new_password_ends_all_sessions(vendor: Vendor, license: License) -> None:
    claims_of_all = [logged_in(vendor, MANAGER) for _ in range(2)]
    change_password(vendor.code, MANAGER, PASSWORD, "another password", ADMIN, now=NOW)
    for claims in claims_of_all:
        with refused("session_expired"):
            portal_queries.authenticate_session(claims, now=NOW)


# --- what is read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_page_is_two_reads(vendor: Vendor, license: License, name: str) -> None:
    claims = logged_in(vendor, ADA if name in OF_OWN_SEATS else MANAGER)
    ALL[name](claims, license)  # the product is known from now on
    with counted() as cost:
        ALL[name](claims, license)
    more = {"license_details": "", "license_history": "/history", "license_users": "/users"}
    page = "/portal/licenses/{license_id}" + more[name] if name in more else ""
    assert len(cost.calls) <= PAGES_OF_MORE_READS.get(page, 2), cost.calls
    assert cost.write_units == 0


def test_that_a_session_is_used_is_written_once_in_five_minutes(vendor: Vendor, license: License) -> None:
    claims = logged_in(vendor, MANAGER)
    with counted() as cost:
        for at in (NOW + TOUCH_MS, NOW + TOUCH_MS + 1, NOW + 2 * TOUCH_MS - 1):
            portal_queries.authenticate_session(claims, now=at)
    assert (cost.round_trips, cost.write_units) == ("3 reads + 1 write", PORTAL_PAGE_NOTED.write_units)


# --- the list of licenses ---------------------------------------------------------------------------------------


def test_the_list_shows_what_all_orders_hold_newest_first(vendor: Vendor) -> None:
    first = issued(vendor, "viewer", order_id="A")
    vendor.now += 1000
    second = issued(vendor, order_id="B")
    vendor.now += 1000
    vendor.issue("viewer")  # of an order that nobody manages
    view = portal_queries.managed_licenses(logged_in(vendor, MANAGER), ListQuery(), now=NOW)
    assert [(row.license.id, row.product, row.standing.state) for row in view.page.rows] == [
        (second.id, "Revit", "unused"),
        (first.id, "Viewer", "unused"),
    ]
    assert (view.page.total, view.products, view.any) == (2, {"revit": "Revit", "viewer": "Viewer"}, True)


def test_who_comes_to_manage_an_order_sees_all_that_it_holds(vendor: Vendor) -> None:
    old = [issued(vendor, "viewer", order_id="A") for _ in range(3)]
    new = issued(vendor, "viewer", "second@customer.test", order_id="A")
    for email in (MANAGER, "second@customer.test"):
        view = portal_queries.managed_licenses(logged_in(vendor, email), ListQuery(), now=NOW)
        assert {row.license.id for row in view.page.rows} == {license.id for license in [*old, new]}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (ListQuery(search="key-b"), "B"),
        (ListQuery(search="order b"), "B"),
        (ListQuery(search="  "), "CBA"),
        (ListQuery(search="nothing"), ""),
        (ListQuery(product="revit"), "C"),
        (ListQuery(product="none"), ""),
        (ListQuery(status="in_use"), "A"),
        (ListQuery(status="suspended"), "B"),
        (ListQuery(status="expired"), "C"),
        (ListQuery(status="running"), "BA"),
        (ListQuery(status="with_users"), ""),
        (ListQuery(status="ending_90"), "B"),
        (ListQuery(status="never_used"), "B"),
        (ListQuery(sort="oldest"), "ABC"),
        (ListQuery(sort="product"), "CBA"),
        (ListQuery(sort="order"), "ABC"),
        (ListQuery(sort="ends"), "CBA"),
        (ListQuery(sort="activations"), "ACB"),
        (ListQuery(sort="users"), "CBA"),
        (ListQuery(sort="no such order"), "CBA"),
        (ListQuery(product="viewer", status="suspended", search="b", sort="ends"), "B"),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(vendor: Vendor, asked: ListQuery, found: str) -> None:
    a = issued(vendor, "viewer", order_id="order a", license_key="KEY-A")
    vendor.now += 1000
    dated = {"license_type": "time-limited"}
    b = issued(vendor, "viewer", order_id="order b", license_key="KEY-B", validity_period=NOW + 9 * DAY, **dated)
    vendor.now += 1000
    c = issued(vendor, order_id="order c", validity_period=NOW + HOUR, **dated)
    vendor.activate(a, "pc")
    set_enabled(vendor.code, b.id, False, ADMIN, now=NOW)
    names = {a.id: "A", b.id: "B", c.id: "C"}
    view = portal_queries.managed_licenses(logged_in(vendor, MANAGER), asked, now=NOW + HOUR - 1 + bool(asked.status))
    assert "".join(names[row.license.id] for row in view.page.rows) == found


def test_every_product_of_the_list_can_be_asked_for_by_its_name() -> None:
    vendor = Vendor()  # the audit would miss most of what is said to be sold here
    issued(vendor, "viewer")
    claims = logged_in(vendor, MANAGER)
    sold = [LicenseSummary(number, f"p{number:03d}", "perpetual", "A") for number in range(1, 60)]
    writes.batch_put(sold_item(s, vendor.code, manager_license_sort_key(claims.user_id, s.license_id)) for s in sold)
    products = [replace(vendor.products["viewer"], code=s.product, name=f"Product {s.license_id}") for s in sold]
    writes.batch_put(ProductItem.of(p, vendor.code, product_sort_key(p.code)) for p in products)
    view = portal_queries.managed_licenses(claims, ListQuery(), now=NOW)
    assert view.products == {"viewer": "Viewer"} | {p.code: p.name for p in products}


def test_pages_of_the_list_hold_every_license_once(vendor: Vendor) -> None:
    issue = [issued(vendor, "viewer", order_id="A").id for _ in range(60)]
    claims, after = logged_in(vendor, MANAGER), ""
    seen: list[int] = []
    while True:
        page = portal_queries.managed_licenses(claims, ListQuery(after=after, sort="oldest"), now=NOW).page
        assert (page.first, page.total) == (len(seen) + 1, 60)
        seen += [row.license.id for row in page.rows]
        after = page.after
        if not after:
            break
    assert sorted(seen) == sorted(issue)
    back = portal_queries.managed_licenses(claims, ListQuery(before=page.before, sort="oldest"), now=NOW).page
    assert [row.license.id for row in back.rows] == seen[25:50]


# --- one license ------------------------------------------------------------------------------------------------


def test_details_tell_the_newest_events_and_the_last_check(vendor: Vendor, license: License) -> None:
    vendor.check(ADA, "pc", now=NOW + HOUR)
    view = portal_queries.license_details(logged_in(vendor, MANAGER), license.id, now=NOW)
    assert sorted(event.type for event in view.events) == ["device_activated", "license_issued", "user_assigned"]
    assert (view.last_check, view.all_devices) == (NOW + HOUR, True)


@pytest.mark.parametrize(("active", "blocked", "all_devices"), [(12, 0, True), (13, 0, False), (1, 12, True)])
def test_details_of_a_license_with_many_devices_still_tell_its_history(
    vendor: Vendor, active: int, blocked: int, all_devices: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(details, "MAX_DEVICES", 12)
    license = issued(vendor, "viewer", max_activations=None)
    names = [f"pc-{n}" for n in range(active + blocked)]
    for n, name in enumerate(names[:active]):
        vendor.activate(license, name, now=NOW + n)
    for n, name in enumerate(names[active:]):
        blacklist_device(vendor.code, license.id, name, ADMIN, now=NOW + HOUR + n)
    claims = logged_in(vendor, MANAGER)
    with counted() as cost:
        view = portal_queries.license_details(claims, license.id, now=NOW)
    assert len(cost.calls) == (3 if all_devices else 2)  # the license counts its devices: too many are not read
    assert [event.hardware_id for event in view.events] == names[: -details.RECENT_EVENTS - 1 : -1]
    assert view.all_devices == all_devices
    assert view.last_check == (NOW + active - 1 if all_devices else None)


def test_details_tell_on_how_many_devices_a_license_was_active_as_far_as_its_history_is_read(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    license = issued(vendor, "viewer", max_activations=None)
    claims = logged_in(vendor, MANAGER)
    assert portal_queries.license_details(claims, license.id, now=NOW).usage is None
    for day in range(4):
        vendor.activate(license, f"pc-{day}", now=NOW + day * DAY)
    vendor.now = NOW + 3 * DAY
    claims = logged_in(vendor, MANAGER)
    whole = portal_queries.license_details(claims, license.id, now=vendor.now).usage
    assert whole is not None
    assert (whole.is_whole, whole.active[-5:]) == (True, [0, 1, 2, 3, 4])
    monkeypatch.setattr(usage, "MAX_EVENTS", 3)
    with counted() as cost:
        cut = portal_queries.license_details(claims, license.id, now=vendor.now).usage
    assert cut is not None
    assert (cut.is_whole, cut.active, len(cost.calls)) == (False, [3, 4], 4)  # one of what is scheduled


@pytest.mark.parametrize("events", [500, 3], ids=["history read whole", "history too long"])
def test_details_tell_what_is_scheduled_and_pending(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, events: int
) -> None:
    monkeypatch.setattr(usage, "MAX_EVENTS", events)
    license = issued(vendor, "viewer", max_activations=2)
    vendor.activate(license, "pc")
    claims = logged_in(vendor, MANAGER)
    with counted() as before:
        assert portal_queries.license_details(claims, license.id, now=NOW).coming == []

    def scheduled(days: int, **changes: object) -> int:
        return schedule_update(vendor.code, license.id, NOW + days * DAY, changes, ADMIN, now=NOW).id

    scheduled(60, max_activations=9)
    cancel_update(vendor.code, scheduled(20, max_activations=3), ADMIN, now=NOW)
    delete_update(vendor.code, scheduled(25, max_activations=4), ADMIN, now=NOW)
    apply_update(vendor.code, scheduled(30, max_activations=5), ADMIN, now=NOW)
    scheduled(40, max_activations=7)
    with counted() as cost:
        coming = portal_queries.license_details(claims, license.id, now=NOW).coming
    assert [(change.at, change.old[0].max_activations, change.new[0].max_activations) for change in coming] == [
        (NOW + 40 * DAY, 5, 7),
        (NOW + 60 * DAY, 7, 9),
    ]
    assert len(cost.calls) == (3 if events == 500 else 4)
    assert len(before.calls) == 3


def test_details_do_not_tell_a_change_that_is_going_to_fail(vendor: Vendor) -> None:
    license = issued(vendor, "viewer", license_type="time-limited", validity_period=NOW + 90 * DAY)
    schedule_update(vendor.code, license.id, NOW + 9 * DAY, {"start_date": NOW + 80 * DAY}, ADMIN, now=NOW)
    change_terms(vendor.code, license.id, {"validity_period": NOW + 70 * DAY}, ADMIN, now=NOW)
    assert portal_queries.license_details(logged_in(vendor, MANAGER), license.id, now=NOW).coming == []


def test_history_is_read_page_by_page(vendor: Vendor) -> None:
    license = issued(vendor, "viewer", max_activations=None)
    for n in range(60):
        vendor.activate(license, f"pc-{n}", now=NOW + n)
    claims, after = logged_in(vendor, MANAGER), ""
    seen: list[Event] = []
    while True:
        page = portal_queries.license_history(claims, license.id, ListQuery(after=after), now=NOW).page
        seen += page.rows
        after = page.after
        if not after:
            break
    assert seen == vendor.history(license)[::-1]


def test_devices_are_shown_with_their_state(vendor: Vendor, license: License) -> None:
    _, password = vendor.assign(license, "bob@customer.test", 4)
    for n, hardware_id in enumerate(("reset", "bad", "off", "on")):
        vendor.activate("bob@customer.test", hardware_id, password, now=NOW + n)
    reset_device(vendor.code, license.id, "reset", ADMIN, now=NOW)
    blacklist_device(vendor.code, license.id, "bad", ADMIN, now=NOW)
    vendor.deactivate("bob@customer.test", "off")
    claims = logged_in(vendor, MANAGER)
    rows = portal_queries.license_devices(claims, license.id, ListQuery(), now=NOW).page.rows
    assert [(row.device.hardware_id, row.state) for row in rows] == [
        ("on", "active"),
        ("off", "deactivated"),
        ("bad", "blacklisted"),
        ("reset", "deactivated"),
        ("pc", "active"),
    ]
    found = portal_queries.license_devices(
        claims, license.id, ListQuery(search="ADA", status="active"), now=NOW
    ).page.rows
    assert [row.device.hardware_id for row in found] == ["pc"]
    reset_activations(vendor.code, license.id, ADA, ADMIN, now=NOW)
    remove_user(vendor.code, license.id, "bob@customer.test", ADMIN, now=NOW)
    rows = portal_queries.license_devices(claims, license.id, ListQuery(), now=NOW).page.rows
    assert {row.state for row in rows} == {"deactivated", "blacklisted"}


def test_one_device_is_shown_with_its_own_history(vendor: Vendor, license: License) -> None:
    _, password = vendor.assign(license, "bob@customer.test")
    vendor.activate("bob@customer.test", "pc", password)
    claims = logged_in(vendor, MANAGER)
    view = portal_queries.license_device(claims, license.id, device_key(claims), now=NOW)
    assert view.row.device.hostname == "ada-pc"
    assert [(event.type, event.user) for event in view.events] == [("device_activated", ADA)]


@pytest.mark.parametrize(("looked_at", "all_events"), [(2, False), (500, True)])
def test_a_device_says_whether_older_events_of_it_were_left_out(
    vendor: Vendor, license: License, looked_at: int, all_events: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "MAX_DEVICE_EVENTS", looked_at)
    claims = logged_in(vendor, MANAGER)
    assert portal_queries.license_device(claims, license.id, device_key(claims), now=NOW).all_events is all_events


def test_the_history_of_a_device_stays_when_its_users_email_changes(vendor: Vendor, license: License) -> None:
    change_email(vendor.code, license.id, ADA, "countess@customer.test", ADMIN, manager_id=None, now=NOW)
    claims = logged_in(vendor, MANAGER)
    view = portal_queries.license_device(claims, license.id, device_key(claims), now=NOW)
    assert [(event.type, event.user) for event in view.events] == [("device_activated", ADA)]


def test_events_of_before_they_carried_ids_are_found_by_the_email(vendor: Vendor, license: License) -> None:
    (event,) = [e for e in vendor.history(license) if e.type == "device_activated"]
    item = EventItem(license_pk(vendor.code, license.id), event_sort_key(event.key))
    writes.update(item, [EventItem.user_id.remove()], EventItem.pk.exists())
    claims = logged_in(vendor, MANAGER)
    view = portal_queries.license_device(claims, license.id, device_key(claims), now=NOW)
    assert [(event.type, event.user_id) for event in view.events] == [("device_activated", None)]


@pytest.mark.parametrize(
    "key", ["", "x", "f" * 24, "g" * 24, "f" * 24 + "-", "f" * 24 + "-1", "f" * 24 + "-²", "é" * 24]
)
def test_a_device_that_is_not_known_is_not_found(vendor: Vendor, license: License, key: str) -> None:
    with pytest.raises(SeatkeeperError) as refused:
        portal_queries.license_device(logged_in(vendor, MANAGER), license.id, key, now=NOW)
    assert refused.value.code == "device_not_found"


def test_users_are_shown_by_email_with_what_they_hold(vendor: Vendor, license: License) -> None:
    vendor.assign(license, "aaron@customer.test", 3)
    claims = logged_in(vendor, MANAGER)
    view = portal_queries.license_users(claims, license.id, ListQuery(), now=NOW)
    assert [(row.user.email, row.taken, row.seat.max_activations) for row in view.page.rows] == [
        ("aaron@customer.test", 0, 3),
        (ADA, 1, 1),
    ]
    found = portal_queries.license_users(claims, license.id, ListQuery(search="AARON"), now=NOW)
    assert [row.user.email for row in found.page.rows] == ["aaron@customer.test"]


def test_batches_under_way_are_shown_with_the_users(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.assign(license, "bob@customer.test")
    claims = logged_in(vendor, MANAGER)

    def shown(**asked: str) -> tuple[list[int], str]:
        view = portal_queries.license_users(claims, license.id, ListQuery(**asked), now=NOW)
        return [batch.id for batch in view.pending], str(view.page.rows[0].user.id)

    assert shown()[0] == []
    batch = start_batch(vendor.code, license.id, "eve@customer.test", True, ADMIN, now=NOW)
    assert (shown()[0], shown(search="bob")[0]) == ([batch], [batch])
    monkeypatch.setattr(users, "SEATS_AT_ONCE", 1)  # the list is too long to be counted
    pending, first = shown()
    assert (pending, shown(after=first)[0]) == ([batch], [])


def test_every_list_is_searched_in_whatever_form_it_is_typed(vendor: Vendor, license: License) -> None:
    _, password = vendor.assign(license, "bob@bücher.test")
    vendor.activate("bob@bücher.test", "bobs", password, report={"hostname": "Würfel"})
    issued(vendor, order_id="Größe")
    claims = logged_in(vendor, MANAGER)

    def found(look: Any, text: str, *at: int) -> set[int]:
        forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
        typed = [around.format(form) for form in forms for around in ("{}", " {}\t", "\u200b{}\ufeff", "\xa0{}")]
        return {len(look(claims, *at, ListQuery(search=search), now=NOW).page.rows) for search in typed}

    assert found(portal_queries.license_users, "BÜCHER", license.id) == {1}
    assert found(portal_queries.license_devices, "WÜRFEL", license.id) == {1}
    assert found(portal_queries.managed_licenses, "größe") == {1}


def test_a_user_without_a_seat_is_not_found(vendor: Vendor, license: License) -> None:
    vendor.assign(issued(vendor), "bob@customer.test")
    with pytest.raises(SeatkeeperError) as refused:
        portal_queries.license_user(
            logged_in(vendor, MANAGER), license.id, account(vendor, "bob@customer.test").id, now=NOW
        )
    assert refused.value.code == "user_not_found"


def test_a_license_by_key_has_no_pages_of_users(vendor: Vendor) -> None:
    license = issued(vendor, "viewer")
    with pytest.raises(SeatkeeperError) as refused:
        portal_queries.user_license(logged_in(vendor, MANAGER), license.id, now=NOW)
    assert refused.value.code == "user_not_found"


def test_own_licenses_are_those_with_a_seat(vendor: Vendor, license: License) -> None:
    issued(vendor)
    view = portal_queries.own_licenses(logged_in(vendor, ADA), ListQuery(), now=NOW)
    assert [(row.license.id, row.product, row.seat.activations) for row in view.page.rows] == [(license.id, "Revit", 1)]
