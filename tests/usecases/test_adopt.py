"""Legacy devices: added, adopted by the first unknown device, themselves if they call, and freed at their date."""

from typing import Any

import pytest

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import DeviceReport, License, is_live
from chalicelib.store import activations, adoptions, writes
from chalicelib.store.items.links import LegacyItem
from chalicelib.store.seats import read_seats
from chalicelib.store.transactions import MAX_STEPS
from chalicelib.usecases.adopt import AT_ONCE, add_legacy_devices, lapse
from chalicelib.usecases.change_device import allow_device, blacklist_device, reset_device
from chalicelib.usecases.change_license import reset_license
from chalicelib.usecases.change_seat import remove_user, reset_activations, set_max_activations
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.repair_links import repair_links
from chalicelib.usecases.sweep import SWEEP, sweep
from tests.store.adoption_cases import UNTIL, add
from tests.store.faults import wire
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.receivers import listen
from tests.usecases.support import before_write, kinds, refused

ADA, BOB = "ada@customer.test", "bob@customer.test"


def live(vendor: Vendor, license: License) -> set[str]:
    """The hardware ids that hold a place."""
    stored = vendor.stored(license)
    found = set()
    for device in activations.devices(vendor.code, license.id):
        seats = {} if device.user_id is None else read_seats(stored, [device.user_id])
        if is_live(device, stored, seats.get(device.user_id or 0)):
            found.add(device.hardware_id)
    return found


def lapsed(vendor: Vendor, license: License, now: Instant = UNTIL) -> int:
    """How many lapse."""
    return lapse(vendor.code, license.id, SWEEP, now=now)


def seat_counts(vendor: Vendor, license: License, user_id: int) -> tuple[int, int]:
    """Of a seat: activations, and legacy devices among them."""
    stored = vendor.stored(license)
    seat = read_seats(stored, [user_id])[user_id].in_epoch_of(stored)
    return seat.activations, seat.legacy_devices


def counts(vendor: Vendor, license: License) -> tuple[int, int]:
    stored = vendor.stored(license)
    return stored.times_activated, stored.legacy_devices


def details(vendor: Vendor, license: License, type: str) -> list[dict[str, Any]]:
    """What the events of this type say, in the order of their instants."""
    return [event.detail for event in vendor.history(license) if event.type == type]


@pytest.fixture(autouse=True)
def nothing_differs(vendor: Vendor) -> Any:
    yield
    assert not vendor.differences()


def test_legacy_devices_hold_places_and_are_told_as_one_event(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=3)
    assert add(vendor, license, "old-1", "old-2") == 2
    assert (counts(vendor, license), vendor.stored(license).known_devices) == ((2, 2), 2)
    assert (kinds(vendor, license), live(vendor, license)) == (["legacy_devices_added"], {"old-1", "old-2"})
    said = {"devices": 2, "adopt_until": to_iso(UNTIL)}
    assert details(vendor, license, "legacy_devices_added") == [said]


def test_the_same_again_is_no_device_too_many_where_fewer_were_sold_since(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=3)
    add(vendor, license, "old-1", "old-2")
    change_terms(vendor.code, license.id, {"max_activations": 1}, ADMIN, now=NOW)
    assert add(vendor, license, "old-1", "old-2") == 0
    assert counts(vendor, license) == (2, 2)


def test_the_same_again_adds_nothing_whatever_has_become_of_them(vendor: Vendor) -> None:
    license = vendor.issue()
    add(vendor, license, "adopted", "reset", "waits", "itself")
    vendor.activate(license, "itself")
    reset_device(vendor.code, license.id, "reset", ADMIN, now=NOW)
    for _ in range(3):
        vendor.activate(license, "new")
    before = counts(vendor, license), live(vendor, license)
    assert add(vendor, license, "adopted", "reset", "waits", "itself") == 0
    assert (counts(vendor, license), live(vendor, license)) == before
    assert kinds(vendor, license).count("legacy_devices_added") == 1


def test_more_than_a_transaction_holds_are_added_in_several_and_what_was_added_stays(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=40)
    old = [f"old-{number}" for number in range(40)]
    assert add(vendor, license, *old[:20]) == 20
    assert add(vendor, license, *old) == 20
    assert counts(vendor, license) == (40, 40)
    assert sorted(detail["devices"] for detail in details(vendor, license, "legacy_devices_added")) == [2, 7, 9, 11, 11]


def test_the_most_items_that_devices_can_be_fit_in_a_transaction(vendor: Vendor) -> None:
    """Each of another user, with a name, on a license that bars a device and has another date; and somebody listens."""
    listen(vendor)
    license = vendor.issue("revit", max_license_users=None, max_activations=None)
    add(vendor, license, "barred")
    blacklist_device(vendor.code, license.id, "barred", ADMIN, now=NOW)
    emails = [f"user-{number}@customer.test" for number in range(2 * AT_ONCE)]
    for email in emails:
        vendor.assign(license, email)
    given = [LegacyDevice(DeviceReport(f"of-{email}", hostname="pc"), email) for email in emails]
    with wire() as sent:
        assert add_legacy_devices(vendor.code, license.id, given, UNTIL + DAY, ADMIN, now=NOW + 2 * HOUR) == len(emails)
    of_each = 8  # its seat, that it is not barred, itself, and the links from its ids, its name, its user and its place
    once = 5  # the event, that it is to be told, the license, and its date of before and from now on
    as_ever = 3  # that a call was answered, what every write requires, and that nothing is written in a dry run
    sizes = [len(body["TransactItems"]) for body in sent.bodies if "TransactItems" in body]
    assert max(sizes) == of_each * AT_ONCE + once <= MAX_STEPS - as_ever


def test_users_of_one_device_that_is_not_barred_each_get_a_place(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2, max_activations=2)
    blacklist_device(vendor.code, license.id, "barred", ADMIN, now=NOW)
    for email in (ADA, BOB):
        vendor.assign(license, email)
    given = [LegacyDevice(DeviceReport("shared"), email) for email in (ADA, BOB)]
    assert add_legacy_devices(vendor.code, license.id, given, UNTIL, ADMIN, now=NOW) == 2


def test_no_limit_is_passed_whatever_the_other_system_allowed(vendor: Vendor) -> None:
    license, by_user = vendor.issue(max_activations=2), vendor.issue("revit", max_license_users=2)
    user, _ = vendor.assign(by_user, ADA)
    vendor.activate(license, "pc")
    with refused("license_activated_max_times"):
        add(vendor, license, "old-1", "old-2")
    with refused("user_activated_max_times"):
        add(vendor, by_user, "old-1", "old-2", email=ADA)
    assert (counts(vendor, license), counts(vendor, by_user)) == ((1, 0), (0, 0))
    assert seat_counts(vendor, by_user, user.id) == (0, 0)


def test_what_cannot_be_added_is_refused(vendor: Vendor) -> None:
    license = vendor.issue()
    blacklist_device(vendor.code, license.id, "barred", ADMIN, now=NOW)
    for code, given in (
        ("blacklisted", {}),
        ("date_past", {"until": NOW}),
        ("user_not_found", {"email": "nobody@customer.test"}),
    ):
        with refused(code):  # type: ignore[arg-type] # a code of the table
            add(vendor, license, "barred", **given)
    assert counts(vendor, license) == (0, 0)


def test_an_unknown_device_takes_a_legacy_place_and_no_counter_moves(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    add(vendor, license, "old")
    after = vendor.activate(license, "new").license
    assert after is not None
    assert (counts(vendor, license), live(vendor, license)) == ((1, 0), {"new"})
    assert (after.times_activated, after.legacy_devices) == (1, 0)
    assert details(vendor, license, "device_activated") == [{"adopted": "old", "first": 1}]
    with refused("license_activated_max_times"):
        vendor.activate(license, "one more")


def test_a_legacy_place_comes_before_a_free_one_and_only_for_a_device_that_is_unknown(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=3)
    vendor.activate(license, "known")
    vendor.deactivate(license, "known")
    add(vendor, license, "old")
    vendor.activate(license, "known")
    assert (counts(vendor, license), live(vendor, license)) == ((2, 1), {"known", "old"})
    vendor.activate(license, "new")
    assert (counts(vendor, license), live(vendor, license)) == ((2, 0), {"known", "new"})
    vendor.activate(license, "newer")
    assert (counts(vendor, license), live(vendor, license)) == ((3, 0), {"known", "new", "newer"})


def test_an_adoption_is_no_transfer_and_takes_nothing_that_was_released(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2, max_transfers=-1)
    vendor.activate(license, "pc")
    add(vendor, license, "old")
    vendor.deactivate(license, "pc")
    vendor.activate(license, "new")
    stored = vendor.stored(license)
    assert (stored.transfer_count, stored.released, stored.last_released_by is None) == (0, 1, False)
    with refused("device_transfer_not_allowed"):
        vendor.activate(license, "newer")
    vendor.activate(license, "pc")
    assert counts(vendor, license) == (2, 0)


@pytest.mark.parametrize("call", ["activate", "check"])
def test_a_legacy_device_that_calls_is_itself(vendor: Vendor, call: str) -> None:
    license = vendor.issue(max_activations=1)
    add(vendor, license, "old")
    (before,) = activations.devices(vendor.code, license.id)
    found = getattr(vendor, call)(license, "old").device
    assert found is not None
    assert (found.id, counts(vendor, license), live(vendor, license)) == (before.id, (1, 0), {"old"})
    assert details(vendor, license, "device_activated") == [{"adopted": "old", "first": 1}]
    with refused("license_activated_max_times"):
        vendor.activate(license, "new")
    getattr(vendor, call)(license, "old")
    assert kinds(vendor, license).count("device_activated") == 1


def test_a_lower_limit_takes_no_legacy_place_away_and_gives_no_free_one(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2)
    add(vendor, license, "old-1", "old-2")
    change_terms(vendor.code, license.id, {"max_activations": 1}, ADMIN, now=NOW)
    for number in (1, 2):
        vendor.activate(license, f"new-{number}")
    assert (counts(vendor, license), live(vendor, license)) == ((2, 0), {"new-1", "new-2"})
    with refused("license_activated_max_times"):
        vendor.activate(license, "new-3")


def test_a_users_place_is_taken_by_nobody_else_and_one_of_nobody_within_the_own_limit(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2, max_activations=4)
    (ada, hers), (bob, his) = (vendor.assign(license, email, 2) for email in (ADA, BOB))
    add(vendor, license, "old-ada", email=ADA)
    add(vendor, license, "old-nobody")
    vendor.activate(BOB, "bob-1", his)
    assert (counts(vendor, license), seat_counts(vendor, license, bob.id)) == ((2, 0), (1, 0))
    vendor.activate(BOB, "bob-2", his)
    assert (counts(vendor, license), seat_counts(vendor, license, ada.id)) == ((3, 0), (1, 1))
    with refused("user_activated_max_times"):
        vendor.activate(BOB, "bob-3", his)
    vendor.activate(ADA, "ada-1", hers)
    assert (counts(vendor, license), seat_counts(vendor, license, ada.id)) == ((3, 0), (1, 0))
    assert live(vendor, license) == {"bob-1", "bob-2", "ada-1"}


def test_a_user_at_the_own_limit_leaves_a_place_of_nobody_alone_and_takes_his_own(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1, max_activations=2)
    user, password = vendor.assign(license, ADA, 1)
    add(vendor, license, "old-nobody")
    add(vendor, license, "old-ada", email=ADA)
    set_max_activations(vendor.code, license.id, ADA, 0, ADMIN, now=NOW)
    vendor.activate(ADA, "new", password)
    assert (counts(vendor, license), seat_counts(vendor, license, user.id)) == ((2, 1), (1, 0))
    with refused("user_activated_max_times"):
        vendor.activate(ADA, "newer", password)


def test_a_user_who_names_no_license_gets_the_one_that_has_a_legacy_place(vendor: Vendor) -> None:
    older = vendor.issue("revit", max_license_users=1)
    vendor.now += 1000
    newer = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(older, ADA)
    vendor.assign(newer, ADA)
    add(vendor, older, "old", email=ADA)
    found = vendor.activate(ADA, "new", password).license
    assert found is not None
    assert found.id == older.id


def test_whoever_resets_or_removes_ends_legacy_devices_as_any_others(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2, max_activations=5)
    (ada, hers), (bob, _) = (vendor.assign(license, email, 2) for email in (ADA, BOB))
    add(vendor, license, "a-1", "a-2", email=ADA)
    add(vendor, license, "b-1", email=BOB)
    add(vendor, license, "n-1")
    reset_device(vendor.code, license.id, "a-1", ADMIN, now=NOW)
    assert (counts(vendor, license), seat_counts(vendor, license, ada.id)) == ((3, 1), (1, 1))
    reset_activations(vendor.code, license.id, ADA, ADMIN, now=NOW)
    assert (counts(vendor, license), seat_counts(vendor, license, ada.id)) == ((2, 1), (0, 0))
    vendor.activate(ADA, "new", hers)  # of nobody, and not the one of before
    assert (counts(vendor, license), live(vendor, license)) == ((2, 0), {"b-1", "new"})
    remove_user(vendor.code, license.id, BOB, ADMIN, now=NOW)
    assert counts(vendor, license) == (1, 0)
    reset_license(vendor.code, license.id, ADMIN, now=NOW)
    assert (counts(vendor, license), live(vendor, license)) == ((0, 0), set())
    vendor.activate(ADA, "a-2", hers)
    assert (counts(vendor, license), live(vendor, license)) == ((1, 0), {"a-2"})
    assert bob.id != ada.id


def test_after_a_reset_of_the_license_new_legacy_devices_alone_are_adopted(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1, max_activations=2)
    user, password = vendor.assign(license, ADA, 2)
    add(vendor, license, "old", email=ADA)
    reset_license(vendor.code, license.id, ADMIN, now=NOW)
    assert (counts(vendor, license), seat_counts(vendor, license, user.id)) == ((0, 0), (0, 0))
    add(vendor, license, "old-2", email=ADA)
    assert seat_counts(vendor, license, user.id) == (1, 1)
    vendor.activate(ADA, "new", password)
    assert [detail["adopted"] for detail in details(vendor, license, "device_activated")] == ["old-2"]
    assert seat_counts(vendor, license, user.id) == (1, 0)


def test_a_legacy_device_that_is_blacklisted_is_off_and_not_adopted(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    add(vendor, license, "old")
    blacklist_device(vendor.code, license.id, "old", ADMIN, now=NOW)
    assert (counts(vendor, license), live(vendor, license)) == ((0, 0), set())
    with refused("blacklisted"):
        vendor.activate(license, "old")
    allow_device(vendor.code, license.id, "old", ADMIN, now=NOW)
    vendor.activate(license, "new")
    assert counts(vendor, license) == (1, 0)


def test_at_their_date_they_lapse_once_and_their_places_are_free(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1, max_activations=3)
    user, password = vendor.assign(license, ADA, 3)
    add(vendor, license, "old-1", email=ADA)
    add(vendor, license, "old-2")
    assert lapsed(vendor, license, UNTIL - 1) == 0
    with before_write(1, lambda: lapsed(vendor, license)) as was:  # two at once
        assert lapsed(vendor, license) == 0
    assert was()
    assert (counts(vendor, license), seat_counts(vendor, license, user.id)) == ((0, 0), (0, 0))
    assert kinds(vendor, license).count("device_lapsed") == 2
    assert vendor.stored(license).adopt_until is None
    vendor.activate(ADA, "new", password, now=UNTIL + DAY)
    assert (counts(vendor, license), live(vendor, license)) == ((1, 0), {"new"})


def test_the_sweep_lets_them_lapse(vendor: Vendor) -> None:
    license = vendor.issue()
    add(vendor, license, "old")
    sweep(now=UNTIL - 1)
    assert counts(vendor, license) == (1, 1)
    assert sweep(now=UNTIL)["device_lapsed"] > 0
    assert (counts(vendor, license), vendor.stored(license).adopt_until) == ((0, 0), None)
    assert sweep(now=UNTIL)["device_lapsed"] == 0


def test_after_their_date_nobody_adopts_one_though_no_sweep_has_come(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2)
    add(vendor, license, "old")
    vendor.activate(license, "new", now=UNTIL)
    assert (counts(vendor, license), live(vendor, license)) == ((2, 1), {"old", "new"})
    with refused("license_activated_max_times"):
        vendor.activate(license, "newer", now=UNTIL)
    assert lapsed(vendor, license) == 1
    assert counts(vendor, license) == (1, 0)


def test_a_new_date_is_that_of_all_that_wait(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2)
    add(vendor, license, "old")
    assert add(vendor, license, "old", until=UNTIL + DAY) == 0
    assert lapsed(vendor, license) == 0
    assert vendor.stored(license).adopt_until == UNTIL + DAY
    assert lapsed(vendor, license, UNTIL + DAY) == 1


def test_what_comes_while_they_lapse_lapses_by_its_own_date(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2)
    add(vendor, license, "old")
    with before_write(2, lambda: add(vendor, license, "later", until=UNTIL + DAY)) as was:
        assert lapsed(vendor, license) == 1
    assert was()
    assert (counts(vendor, license), vendor.stored(license).adopt_until) == ((1, 1), UNTIL + DAY)


def test_of_two_that_want_the_last_legacy_place_one_gets_it(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    add(vendor, license, "old")
    with before_write(1, lambda: vendor.activate(license, "rival")) as was, refused("license_activated_max_times"):
        vendor.activate(license, "new")
    assert was()
    assert (counts(vendor, license), live(vendor, license)) == ((1, 0), {"rival"})


def test_what_is_added_while_a_free_place_is_taken_is_adopted(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    with before_write(1, lambda: add(vendor, license, "old")) as was:
        vendor.activate(license, "new")
    assert was()
    assert (counts(vendor, license), live(vendor, license)) == ((1, 0), {"new"})


def test_a_legacy_device_that_calls_is_a_use_of_its_user(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1, max_activations=2)
    user, _ = vendor.assign(license, ADA, 2)
    add(vendor, license, "old", email=ADA)
    vendor.check(ADA, "old", now=NOW + HOUR)
    assert read_seats(license, [user.id])[user.id].last_used_at == NOW + HOUR


def test_what_comes_back_as_itself_while_it_is_adopted_is_not(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    add(vendor, license, "old")
    with before_write(1, lambda: vendor.check(license, "old")) as was, refused("license_activated_max_times"):
        vendor.activate(license, "new")
    assert was()
    assert (counts(vendor, license), live(vendor, license)) == ((1, 0), {"old"})


def test_a_device_that_was_adopted_meanwhile_is_not_found_by_its_check(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    add(vendor, license, "old")
    with before_write(1, lambda: vendor.activate(license, "new")), pytest.raises(SeatkeeperError) as caught:
        vendor.check(license, "old")
    assert caught.value.code == "device_not_found"


def test_the_repair_files_and_removes_links_of_legacy_devices(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2)
    add(vendor, license, "old")
    (device,) = activations.devices(vendor.code, license.id)
    link = adoptions.link_to(license, device)
    other = LegacyItem(link.pk, link.sort_key + "x", hardware_id="gone")
    for break_it in (writes.delete, lambda _: writes.put(other)):
        break_it(link)
        assert vendor.differences()
        repair_links(vendor.code, ADMIN, now=NOW)
        assert not vendor.differences()
    vendor.activate(license, "new")
    assert counts(vendor, license) == (1, 0)


@pytest.mark.parametrize("how", ["check", "activate"])
@pytest.mark.parametrize("by_user", [False, True])
def test_the_first_call_of_a_legacy_device_starts_the_duration_of_its_license(
    vendor: Vendor, how: str, by_user: bool
) -> None:
    """As its activation here would; by its checks alone it would go on for ever."""
    license = vendor.issue("revit" if by_user else "viewer", license_type="time-limited", valid_duration="30d")
    _, password = vendor.assign(license, ADA, 2) if by_user else (None, None)
    who: Any = ADA if by_user else license
    add(vendor, license, "old-1", "old-2", email=ADA if by_user else None)
    assert vendor.stored(license).validity_period is None
    for device, at in (("old-1", NOW + DAY), ("old-2", NOW + 2 * DAY)):
        called = vendor.check(who, device, now=at) if how == "check" else vendor.activate(who, device, password, now=at)
        stored = vendor.stored(license)
        assert called.license is not None
        assert (stored.first_activated_at, stored.validity_period) == (NOW + DAY, NOW + 31 * DAY)
        assert (called.license.first_activated_at, called.license.validity_period) == (NOW + DAY, NOW + 31 * DAY)
    assert [detail.get("first") for detail in details(vendor, license, "device_activated")] == [1, None]
    sweep(now=NOW + 31 * DAY)
    assert kinds(vendor, license)[-1] == "license_expired"


def test_of_two_legacy_devices_that_call_at_once_one_is_the_first(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", valid_duration="30d")
    add(vendor, license, "old-1", "old-2")
    with before_write(1, lambda: vendor.check(license, "old-2", now=NOW + 1)):
        late = vendor.check(license, "old-1", now=NOW + DAY).license
    assert late is not None
    for there in (late, vendor.stored(license)):
        assert (there.first_activated_at, there.validity_period) == (NOW + 1, NOW + 1 + 30 * DAY)
    assert [detail.get("first") for detail in details(vendor, license, "device_activated")] == [1, None]


def test_a_legacy_device_that_has_lapsed_or_was_adopted_has_never_called(vendor: Vendor) -> None:
    vendor.now = NOW - DAY
    license = vendor.issue("revit", max_license_users=1, max_activations=2)
    user, password = vendor.assign(license, ADA, 2)
    add(vendor, license, "old-1", "old-2", email=ADA)
    assert lapsed(vendor, license) == 2
    assert vendor.differences() == []
    add(vendor, license, "old-3", email=ADA)
    vendor.activate(ADA, "new", password, now=NOW - HOUR)
    vendor.deactivate(ADA, "new")
    assert vendor.differences() == []
    assert read_seats(license, [user.id])[user.id].last_used_at == NOW - HOUR
