"""Floating licenses: who holds a slot, until when, and what frees it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from chalicelib.domain import slots as domain_slots
from chalicelib.domain.activation import Snapshot
from chalicelib.domain.errors import Denied, LimitReached, NotFound, SeatkeeperError, Unavailable
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.store import reads, slots, writes
from chalicelib.store.items.licenses import DeviceItem, SlotItem
from chalicelib.store.keys import device_sort_key, license_pk, slot_sort_key
from chalicelib.store.writes import batch_put, delete_all
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases import slots as holding
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.device_licenses import device_licenses
from chalicelib.usecases.slots import release_slot, take_slot_back
from chalicelib.usecases.user_licenses import user_licenses
from tests.store.costs import counted
from tests.support import ADMIN, HOUR, NOW, Vendor

MINUTE = 60_000


def floating(vendor: Vendor, count: int = 2, devices: str = "abcd", **terms: Any) -> License:
    """A license with so many slots, each held for an hour, and with these devices active."""
    license = vendor.issue(floating_users=count, floating_timeout=60, **terms)
    for device in devices:
        vendor.activate(license, device)
    return license


def answer(call: Callable[[], object]) -> str:
    try:
        call()
    except SeatkeeperError as error:
        return error.code
    return "ok"


def checked(vendor: Vendor, license: License, devices: str, now: int = NOW) -> str:
    """Of devices that check one after the other, those that were answered."""
    return "".join(one for one in devices if answer(partial(vendor.check, license, one, now=now)) == "ok")


def release(vendor: Vendor, license: License, device: str, now: int = NOW) -> None:
    release_slot(vendor.code, vendor.lookup(license, device), ADMIN, now=now)


def resize(vendor: Vendor, license: License, count: int) -> None:
    change_terms(vendor.code, license.id, {"floating_users": count}, ADMIN, now=NOW)


def drop(vendor: Vendor, license: License, numbers: list[int]) -> None:
    """Delete slots that no device has taken."""
    pk = license_pk(vendor.code, license.id)
    assert sum(delete_all(SlotItem(pk, slot_sort_key(number)) for number in numbers)) == len(numbers)


@contextmanager
def instead(target: Any, name: str, what: Any) -> Iterator[None]:
    right = getattr(target, name)
    setattr(target, name, what)
    try:
        yield
    finally:
        setattr(target, name, right)


def test_as_many_devices_use_it_at_once_as_it_has_slots(vendor: Vendor) -> None:
    license = floating(vendor)
    assert checked(vendor, license, "abcdab") == "abab"
    assert vendor.check(license, "a").slots_in_use == 2
    assert vendor.differences() == []


def test_each_answer_that_shows_the_license_says_how_many_slots_are_in_use(vendor: Vendor) -> None:
    license = floating(vendor)
    assert checked(vendor, license, "ab") == "ab"
    assert vendor.activate(license, "c").slots_in_use == 2
    (of_device,) = device_licenses(vendor.code, "c", None, frozenset(), now=NOW)
    assert of_device.slots_in_use == 2
    email = "ada@customer.test"
    password = vendor.assign(vendor.issue("revit", max_license_users=1, floating_users=1), email)[1]
    assert password is not None
    vendor.activate(email, "pc", password)
    vendor.check(email, "pc")
    (of_user,) = user_licenses(vendor.code, "revit", email, password, now=NOW)
    assert of_user.slots_in_use == 1


def test_a_refusal_says_how_many_there_are_and_of_which_license(vendor: Vendor) -> None:
    license = floating(vendor)
    checked(vendor, license, "ab")
    for _ in range(2):  # the second one by what is remembered
        with pytest.raises(LimitReached) as refused:
            vendor.check(license, "c")
        assert (refused.value.code, refused.value.limit, refused.value.used) == ("max_floating_reached", 2, 2)
        assert refused.value.license_id == license.id


def test_a_slot_that_has_lapsed_is_free_without_a_sweep(vendor: Vendor) -> None:
    license = floating(vendor)
    checked(vendor, license, "ab")
    assert checked(vendor, license, "c", NOW + HOUR - 1) == ""
    assert checked(vendor, license, "cdab", NOW + HOUR) == "cd"


def test_who_renews_keeps_the_slot_and_the_history_says_nothing(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    for minutes in (0, 59, 118, 177):
        assert checked(vendor, license, "ab", NOW + minutes * MINUTE) == "a"
    taken = [event for event in vendor.history(license) if event.type.startswith("slot_")]
    assert [(event.type, event.hardware_id, event.detail["slot"]) for event in taken] == [("slot_taken", "a", 0)]


def test_a_clock_that_is_behind_shortens_nothing(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    checked(vendor, license, "a", NOW + 10 * MINUTE)
    assert checked(vendor, license, "ab") == "a"
    assert checked(vendor, license, "b", NOW + HOUR + 9 * MINUTE) == ""


def test_a_device_gives_its_slot_back_and_again_and_stays_active(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    checked(vendor, license, "a")
    release(vendor, license, "a")
    release(vendor, license, "a")
    assert checked(vendor, license, "ba") == "b"
    release(vendor, license, "a")  # which has none
    assert checked(vendor, license, "a") == ""
    events = [event.type for event in vendor.history(license) if event.type.startswith("slot_")]
    assert sorted(events) == ["slot_released", "slot_taken", "slot_taken"]


def test_a_device_that_takes_slots_without_end_is_held_back_and_no_other(vendor: Vendor) -> None:
    license, most = floating(vendor), domain_slots.TAKES.changes
    for _ in range(3):
        assert checked(vendor, license, "a") == "a"
        release(vendor, license, "a")
    item = DeviceItem(license_pk(vendor.code, license.id), device_sort_key(hash_hardware_id("a"), None))
    taken = reads.get(item)
    assert taken is not None
    assert taken.slots_full_at == NOW + 3 * HOUR // most
    writes.update(item, [DeviceItem.slots_full_at.set(NOW + (most - 1) * HOUR // most)])
    assert checked(vendor, license, "a") == "a", "the last one"
    assert checked(vendor, license, "a") == "a", "it is held for longer"
    release(vendor, license, "a")
    with pytest.raises(Denied) as why:
        vendor.check(license, "a")
    assert (why.value.code, why.value.retry_after) == ("rate_limit_exceeded", HOUR // most // 1000)
    assert checked(vendor, license, "bac") == "bc", "and where all are in use, that is said"
    assert answer(partial(vendor.check, license, "a")) == "max_floating_reached"
    release(vendor, license, "b")
    assert checked(vendor, license, "a", NOW + HOUR // most) == "a"


def test_a_slot_is_taken_back_by_whoever_manages_the_license_and_the_device_stays_active(vendor: Vendor) -> None:
    license = floating(vendor, 1, "ab")
    taken = partial(take_slot_back, vendor.code, license.id, now=NOW)
    assert checked(vendor, license, "ab") == "a"
    assert (taken("b", ADMIN), taken("a", ADMIN), taken("a", ADMIN)) == (0, 1, 0)
    assert vendor.differences() == []
    assert checked(vendor, license, "ba") == "b", "it is free, and the other one takes it"
    release(vendor, license, "b")
    assert checked(vendor, license, "a") == "a", "who is active takes one again"
    with pytest.raises(NotFound, match="device_not_found"):
        taken("c", ADMIN)
    change_device.reset_device(vendor.code, license.id, "a", ADMIN, now=NOW)
    assert taken("a", ADMIN) == 0
    with pytest.raises(Denied, match="license_not_floating"):
        take_slot_back(vendor.code, vendor.issue().id, "a", ADMIN, now=NOW)


def test_of_a_device_of_several_users_all_slots_are_taken_back_or_those_of_one(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2, floating_users=2)
    users = [vendor.assign(license, f"{n}@customer.test") for n in range(2)]
    for user, password in users:
        vendor.activate(user.email, "pc", password)
        vendor.check(user.email, "pc", license_id=license.id)
    assert take_slot_back(vendor.code, license.id, "pc", ADMIN, user_id=users[0][0].id, now=NOW) == 1
    assert len(holding.held_slots(license, NOW)) == 1
    vendor.check(users[0][0].email, "pc", license_id=license.id)
    assert take_slot_back(vendor.code, license.id, "pc", ADMIN, now=NOW) == 2
    assert holding.held_slots(license, NOW) == []


def test_what_is_not_floating_or_no_device_of_it_releases_nothing(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "a")
    assert answer(lambda: release(vendor, license, "a")) == "license_not_floating"
    assert answer(lambda: release(vendor, floating(vendor), "z")) == "device_not_found"


FREEING: dict[str, Callable[[Vendor, License], object]] = {
    "deactivate": lambda v, license: v.deactivate(license, "a"),
    "reset the device": lambda v, license: change_device.reset_device(v.code, license.id, "a", ADMIN, now=NOW),
    "blacklist the device": lambda v, license: change_device.blacklist_device(v.code, license.id, "a", ADMIN, now=NOW),
}


@pytest.mark.parametrize("how", FREEING)
def test_whatever_switches_a_device_off_frees_its_slot(vendor: Vendor, how: str) -> None:
    license = floating(vendor, 1)
    assert checked(vendor, license, "ab") == "a"
    FREEING[how](vendor, license)
    assert checked(vendor, license, "bc") == "b"
    assert vendor.differences() == []


def test_a_reset_of_the_license_frees_all_at_once(vendor: Vendor) -> None:
    license = floating(vendor)
    assert checked(vendor, license, "abc") == "ab"
    change_license.reset_license(vendor.code, license.id, ADMIN, now=NOW)
    for device in "cd":
        vendor.activate(license, device)
    assert checked(vendor, license, "cd") == "cd"
    assert vendor.differences() == []


@pytest.mark.parametrize("end", [change_seat.reset_activations, change_seat.remove_user])
def test_a_user_whose_devices_are_all_off_holds_no_slot(vendor: Vendor, end: Callable[..., object]) -> None:
    license = vendor.issue("revit", max_license_users=2, floating_users=1)
    ada, bob = "ada@customer.test", "bob@customer.test"
    for email in (ada, bob):
        vendor.activate(email, "pc", vendor.assign(license, email)[1])
    assert [answer(partial(vendor.check, who, "pc")) for who in (ada, bob)] == ["ok", "max_floating_reached"]
    end(vendor.code, license.id, ada, ADMIN, now=NOW)
    assert answer(lambda: vendor.check(bob, "pc")) == "ok"
    assert vendor.check(bob, "pc").slots_in_use == 1
    assert vendor.differences() == []


def test_what_a_reset_frees_while_a_license_does_not_float_is_free_when_it_does_again(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2, floating_users=1)
    ada, bob = "ada@customer.test", "bob@customer.test"
    for email in (ada, bob):
        vendor.activate(email, "pc", vendor.assign(license, email)[1])
    assert [answer(partial(vendor.check, who, "pc")) for who in (ada, bob)] == ["ok", "max_floating_reached"]
    resize(vendor, license, 0)
    change_seat.reset_activations(vendor.code, license.id, ada, ADMIN, now=NOW)
    resize(vendor, license, 1)
    assert answer(lambda: vendor.check(bob, "pc")) == "ok"


def test_of_fewer_slots_none_is_given_while_too_many_are_in_use(vendor: Vendor) -> None:
    license = floating(vendor, 3)
    assert checked(vendor, license, "abc") == "abc"
    resize(vendor, license, 2)
    assert checked(vendor, license, "abcd") == "abc"  # who has one keeps it
    release(vendor, license, "a")
    assert checked(vendor, license, "dabc") == "bc"
    release(vendor, license, "b")
    assert checked(vendor, license, "dabc") == "dc"
    release(vendor, license, "c")
    assert checked(vendor, license, "abcd") == "ad"
    assert vendor.stored(license).slots_known == 0  # no slot is left beyond
    assert vendor.differences() == []


def test_more_slots_are_given_at_once(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    assert checked(vendor, license, "abc") == "a"
    resize(vendor, license, 2)
    assert checked(vendor, license, "bca") == "ba"


def test_of_a_license_that_is_over_nobody_needs_a_slot(vendor: Vendor) -> None:
    terms: dict[str, Any] = {"license_type": "time-limited", "validity_period": NOW + HOUR}
    license = floating(vendor, 1, **terms)
    assert checked(vendor, license, "abc", NOW + HOUR) == "abc"
    assert slots.read_slots(license) == []


def test_a_disabled_license_gives_none_and_who_has_one_may_release_it(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    checked(vendor, license, "a")
    change_license.set_enabled(vendor.code, license.id, False, ADMIN, now=NOW)
    assert answer(lambda: vendor.check(license, "b")) == "license_not_enabled"
    release(vendor, license, "a")
    change_license.set_enabled(vendor.code, license.id, True, ADMIN, now=NOW)
    assert checked(vendor, license, "ba") == "b"


def test_who_holds_a_slot_is_answered_also_where_the_database_takes_no_write(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    checked(vendor, license, "a")

    def fails(*_: object) -> None:
        raise Unavailable("database_busy")

    with instead(slots, "renew", fails):
        assert checked(vendor, license, "a", NOW + HOUR - 1) == "a"
        with pytest.raises(Unavailable):
            vendor.check(license, "a", now=NOW + HOUR)


def test_who_renews_is_answered_also_where_nobody_can_count_the_slots(vendor: Vendor) -> None:
    license = floating(vendor, 2)
    assert checked(vendor, license, "ab") == "ab"

    def fails(*_: object) -> None:
        raise Unavailable("database_busy")

    with instead(slots, "read_slots", fails):
        assert vendor.check(license, "a", now=NOW + 2 * MINUTE).slots_in_use == 2  # as it was known last
    release(vendor, license, "b", NOW + 2 * MINUTE)
    assert [vendor.check(license, "a", now=NOW + minutes * MINUTE).slots_in_use for minutes in (2, 3)] == [1, 1]


def test_a_remembered_refusal_costs_one_read_and_ends_with_what_frees_a_slot(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    assert checked(vendor, license, "ab") == "a"
    with counted() as cost:
        assert checked(vendor, license, "b") == ""
    assert cost.round_trips == "2 reads"
    release(vendor, license, "a")
    assert checked(vendor, license, "b") == "b"
    assert checked(vendor, license, "c") == ""
    assert checked(vendor, license, "c", NOW + HOUR) == "c"


def test_a_refusal_looks_again_where_something_was_given_back_meanwhile(vendor: Vendor) -> None:
    license = floating(vendor, 1)
    assert checked(vendor, license, "a") == "a"
    right, looks = slots.read_slots, list[int]()

    def read_slots(of: License) -> list[domain_slots.Slot]:
        found = right(of)
        looks.append(len(found))
        if len(looks) == 2:  # the one that a refusal would rest on
            release(vendor, license, "a")
        return found

    with instead(slots, "read_slots", read_slots):
        assert checked(vendor, license, "b") == "b"
    assert looks[:3] == [1, 1, 0]


def test_of_a_large_pool_some_are_tried_before_all_are_looked_at(vendor: Vendor) -> None:
    license = floating(vendor, domain_slots.BLIND_ABOVE + 1, "ab")
    with (
        instead(slots, "read_slots", lambda _: pytest.fail("it has looked")),
        instead(holding, "with_slots_in_use", lambda snapshot, *_, **__: snapshot),
    ):
        assert checked(vendor, license, "ab") == "ab"
    held = {slot.holder for slot in slots.read_slots(license)}
    assert len(held) == 2


def test_the_last_free_slot_of_a_large_pool_is_found(vendor: Vendor) -> None:
    count = domain_slots.BLIND_ABOVE + 1
    license = floating(vendor, count, "ab")
    pk = license_pk(vendor.code, license.id)
    others = [domain_slots.Slot(number, number + 1, NOW + HOUR, 0) for number in range(count) if number != 7]
    batch_put(SlotItem.of(slot, pk, slot_sort_key(slot.number)) for slot in others)
    assert checked(vendor, license, "abab") == "aa"
    taken, device = slots.read_slot(license, 7), vendor.check(license, "a").device
    assert taken is not None
    assert device is not None
    assert taken.holder == device.id
    drop(vendor, license, [slot.number for slot in others])


def test_to_say_how_many_slots_of_a_large_pool_are_in_use_no_user_is_looked_up(vendor: Vendor) -> None:
    count, email = domain_slots.BLIND_ABOVE + 1, "ada@customer.test"
    license = vendor.issue("revit", max_license_users=1, floating_users=2 * count)
    vendor.activate(email, "pc", vendor.assign(license, email)[1])
    pk = license_pk(vendor.code, license.id)
    others = [domain_slots.Slot(n, n + 1, NOW + HOUR, 0, user_id=n + 1, seat_epoch=n) for n in range(count)]
    batch_put(SlotItem.of(slot, pk, slot_sort_key(slot.number)) for slot in others)
    with counted() as cost:
        found = holding.with_slots_in_use(Snapshot(license), NOW + MINUTE)
    assert cost.round_trips == "1 read"
    assert found.slots_in_use == count
    drop(vendor, license, [slot.number for slot in others])


def test_the_audit_finds_a_slot_that_its_device_does_not_name(vendor: Vendor) -> None:
    license = floating(vendor)
    checked(vendor, license, "a")
    pk = license_pk(vendor.code, license.id)
    device = vendor.check(license, "a").device
    assert device is not None
    stray = [domain_slots.Slot(number, device.id, NOW + HOUR, 0) for number in (1, 2)]
    (own,) = slots.read_slots(license)
    batch_put(SlotItem.of(slot, pk, slot_sort_key(slot.number)) for slot in stray if slot.number != own.number)
    found = vendor.differences()
    assert any("slot 2 was taken, of 2" in one for one in found)
    assert any(f"device {device.id} has taken slot 2" in one for one in found)
    drop(vendor, license, [slot.number for slot in stray if slot.number != own.number])


@pytest.mark.parametrize("terms", [{"floating_users": 100_001}, {"floating_users": -1}, {"floating_timeout": 0}])
def test_terms_that_no_pool_can_have_are_refused(vendor: Vendor, terms: dict[str, Any]) -> None:
    assert answer(lambda: vendor.issue(**terms)) == "count_out_of_range"
    assert answer(lambda: change_terms(vendor.code, vendor.issue().id, terms, ADMIN, now=NOW)) == "count_out_of_range"
