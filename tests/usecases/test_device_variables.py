"""Variables of a device."""

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import Actor
from chalicelib.domain.license import hash_hardware_id
from chalicelib.store import writes
from chalicelib.store.items.licenses import VariablesItem
from chalicelib.store.keys import license_pk, variables_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.device_variables import device_variables, track_variables
from tests.support import ADMIN, HOUR, NOW, Vendor
from tests.usecases.support import kinds, refused


def test_variables_are_kept_with_their_device_and_no_other(vendor: Vendor) -> None:
    license = vendor.issue()
    a, b = vendor.lookup(license, "a"), vendor.lookup(license, "b")
    for hardware_id in ("a", "b"):
        vendor.activate(license, hardware_id)
    track_variables(vendor.code, a, {"theme": "dark", "lang": "de"}, ADMIN, now=NOW)
    device, answer = track_variables(vendor.code, a, {"theme": "light"}, ADMIN, now=NOW + 1)
    assert device.hardware_id == "a"
    assert [(v.id, v.name, v.value, v.created_at) for v in answer] == [(1, "theme", "light", NOW + 1)]
    assert [(v.name, v.value) for v in device_variables(vendor.code, a, now=NOW)[1]] == [
        ("theme", "light"),
        ("lang", "de"),
    ]
    assert device_variables(vendor.code, b, now=NOW)[1] == []
    assert kinds(vendor, license).count("variables_tracked") == 1  # told together


def test_variables_that_are_told_again_are_not_written_again(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    lookup = vendor.lookup(license, "pc")
    track_variables(vendor.code, lookup, {"theme": "dark", "lang": "de"}, ADMIN, now=NOW)
    _, again = track_variables(vendor.code, lookup, {"lang": "de", "theme": "dark"}, ADMIN, now=NOW + 1)
    assert {variable.created_at for variable in again} == {NOW}
    assert kinds(vendor, license).count("variables_tracked") == 1
    track_variables(vendor.code, lookup, {"lang": "en", "theme": "dark"}, ADMIN, now=NOW + 2)
    kept = device_variables(vendor.code, lookup, now=NOW + 2)[1]
    assert {variable.name: variable.created_at for variable in kept} == {"theme": NOW, "lang": NOW + 2}


def test_variables_told_at_once_are_all_kept(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    lookup = vendor.lookup(license, "pc")
    with ThreadPool(6) as threads:
        list(threads.map(lambda n: track_variables(vendor.code, lookup, {f"n{n}": str(n)}, ADMIN, now=NOW), range(6)))
    kept = device_variables(vendor.code, lookup, now=NOW)[1]
    assert {variable.name for variable in kept} == {f"n{n}" for n in range(6)}
    assert sorted(variable.id for variable in kept) == [1, 2, 3, 4, 5, 6]


def test_too_many_variables_are_refused_and_none_of_them_kept(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    lookup = vendor.lookup(license, "pc")
    with pytest.raises(Invalid):
        track_variables(vendor.code, lookup, {f"n{n}": "" for n in range(101)}, ADMIN, now=NOW)
    assert device_variables(vendor.code, lookup, now=NOW)[1] == []


def test_the_most_that_a_device_may_keep_can_be_stored(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    lookup = vendor.lookup(license, "pc")
    answers = {f"{n:02}": "🔑" * 512 for n in range(58)}
    assert len(track_variables(vendor.code, lookup, answers, ADMIN, now=NOW)[1]) == 58
    with pytest.raises(Invalid):
        track_variables(vendor.code, lookup, {"more": "🔑" * 512}, ADMIN, now=NOW)


def test_a_device_without_a_place_neither_tells_nor_reads(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    reset_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
    for hardware_id in ("pc", "unknown"):
        lookup = vendor.lookup(license, hardware_id)
        with refused("device_not_found"):
            track_variables(vendor.code, lookup, {"a": "b"}, ADMIN, now=NOW)
        with refused("device_not_found"):
            device_variables(vendor.code, lookup, now=NOW)


def test_what_one_caller_changes_within_an_hour_is_one_event_that_counts(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    lookup, app = vendor.lookup(license, "pc"), Actor("api:key", "192.0.2.7")
    for number in range(60):
        track_variables(vendor.code, lookup, {"count": str(number)}, app, now=NOW + number)
    track_variables(vendor.code, lookup, {"count": "60"}, app, now=NOW + HOUR - 1)
    track_variables(vendor.code, lookup, {"count": "61"}, app, now=NOW + HOUR)
    events = [event for event in vendor.history(license) if event.type == "variables_tracked"]
    assert [(e.at, e.actor.ip, e.repeats, e.last_at) for e in events] == [
        (NOW, "192.0.2.7", 60, NOW + HOUR - 1),
        (NOW + HOUR, "192.0.2.7", 0, None),
    ]
    assert [v.value for v in device_variables(vendor.code, lookup, now=NOW)[1]] == ["61"]


def test_callers_who_take_turns_at_several_addresses_have_an_event_each(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    for number in range(30):
        actor = Actor(f"api:key-{number % 3}", f"192.0.2.{number}")
        track_variables(vendor.code, vendor.lookup(license, "pc"), {"n": str(number)}, actor, now=NOW + number)
    events = [event for event in vendor.history(license) if event.type == "variables_tracked"]
    assert [(e.actor.name, e.repeats) for e in events] == [(f"api:key-{who}", 9) for who in range(3)]
    assert [(e.actor.ip, e.also_from) for e in events] == [
        (f"192.0.2.{who}", [f"192.0.2.{27 + who}"]) for who in range(3)
    ]


def test_an_event_that_an_older_process_has_written_is_gone_on_with(vendor: Vendor) -> None:
    license, actor = vendor.issue(), Actor("api:key", "192.0.2.7")
    vendor.activate(license, "pc")
    lookup = vendor.lookup(license, "pc")
    track_variables(vendor.code, lookup, {"n": "0"}, actor, now=NOW)
    item = VariablesItem(license_pk(vendor.code, license.id), variables_sort_key(hash_hardware_id("pc"), None))
    writes.update(item, [VariablesItem.event_by.remove()])
    track_variables(vendor.code, lookup, {"n": "1"}, actor, now=NOW + 1)
    events = [event for event in vendor.history(license) if event.type == "variables_tracked"]
    assert [event.repeats for event in events] == [1]
