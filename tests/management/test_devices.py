"""The resources devices and device variables: found by id, through the use cases that the admin commands use."""

from typing import Any

import pytest

from chalicelib.domain.ids import DEVICE_STEP
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import DeviceReport, License, hash_hardware_id
from chalicelib.store import activations, device_items, devices, writes
from chalicelib.store.items.licenses import DeviceItem, LicenseItem
from chalicelib.store.keys import LICENSE, device_sort_key, license_pk
from chalicelib.usecases import variables
from chalicelib.usecases.activate import activate as activate_device
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.device_variables import device_variables, track_variables
from chalicelib.web import clock
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.management.test_rules import died
from tests.store.adoption_cases import add
from tests.store.faults import Crash, wire
from tests.support import ADMIN, HOUR, NOW, Vendor
from tests.usecases.support import kinds

ADA = "ada@customer.test"


def activate(vendor: Vendor, license: License, *hardware_ids: str) -> list[int]:
    """The ids of devices that are activated."""
    found = [vendor.activate(license, hardware_id).device for hardware_id in hardware_ids]
    return [device.id for device in found if device is not None]


def track(vendor: Vendor, license: License, hardware_id: str, **variables: str) -> None:
    track_variables(vendor.code, vendor.lookup(license, hardware_id), variables, ADMIN, now=vendor.now)


def rows(shop: VendorsServer, query: str) -> list[Any]:
    """All rows of a list, walked by its links."""
    page = granted(shop.get(query))
    found: list[Any] = page["results"]
    while page["next"] is not None:
        page = granted(shop.get(page["next"]))
        found += page["results"]
    return found


def of(page: list[Any]) -> set[str]:
    return {row["hardware_id"] for row in page}


def test_a_device_is_shown_by_its_id_with_its_license_and_its_variables(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    (id,) = activate(vendor, license, "pc")
    track(vendor, license, "pc", plan="pro")
    shown = granted(shop.get(f"devices/{id}"))
    assert shown == {
        "id": id,
        "device_variables": [
            {"id": id + 1, "created_at": to_iso(NOW), "variable": "plan", "value": "pro", "device": id}
        ],
        "created_at": to_iso(NOW),
        "updated_at": to_iso(NOW),
        "hardware_id": "pc",
        "time_activated": to_iso(NOW),
        "time_deactivated": None,
        "validity_period": None,
        "device_active": True,
        "type": "desktop",
        "os": None,
        "sdk_build_version": None,
        "last_check": to_iso(NOW),
        "app_ver": None,
        "hostname": None,
        "ip": None,
        "external_ip": None,
        "mac_address": None,
        "is_vm": False,
        "vm_info": None,
        "floating_last_seen": None,
        "floating_in_use": False,
        "blacklisted": False,
        "legacy": False,
        "license_user": None,
        "license": {"id": license.id, "license_key": license.license_key},
    }
    for other in (id + 1, id - DEVICE_STEP, license.id):
        assert refused(shop.get(f"devices/{other}"), 404) == "device_not_found"


def test_a_device_says_whether_it_holds_a_slot_of_a_floating_license(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue(floating_users=2, floating_timeout=60)
    activate(vendor, license, "gone", "pc", "mac")
    now = clock.now()
    vendor.check(license, "gone", now=now - HOUR)
    vendor.check(license, "pc", now=now)

    def in_use() -> list[str]:
        found = rows(shop, f"devices?license={license.id}")
        return [row["hardware_id"] for row in found if row["floating_in_use"]]

    assert in_use() == ["pc"]
    change_terms(vendor.code, license.id, {"floating_users": 0}, ADMIN, now=now)
    assert in_use() == []


def test_a_device_of_a_user_is_another_for_each_user(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    ids = []
    for email in (ADA, "bob@customer.test"):
        user, password = vendor.assign(license, email)
        device = vendor.activate(email, "pc", password).device
        assert device is not None
        ids.append((device.id, user.id))
    for id, user_id in ids:
        assert granted(shop.get(f"devices/{id}"))["license_user"] == user_id
    granted(shop.post(f"devices/{ids[0][0]}/reset"))
    assert [granted(shop.get(f"devices/{id}"))["device_active"] for id, _ in ids] == [False, True]
    assert vendor.stored(license).times_activated == 1


def test_the_devices_of_a_license_are_walked_and_counted(shop: VendorsServer, vendor: Vendor) -> None:
    license, other = vendor.issue(max_activations=None), vendor.issue()
    names = [f"pc {number}" for number in range(45)]
    activate(vendor, license, *names)
    activate(vendor, other, "pc 1")
    page = granted(shop.get(f"devices?license={license.id}&limit=20"))
    assert (page["count"], len(page["results"]), page["previous"]) == (45, 20, None)
    assert of(rows(shop, f"devices?license={license.id}&limit=20")) == set(names)
    behind = granted(shop.get(f"devices?license={license.id}&limit=20&offset=40"))
    assert (behind["count"], len(behind["results"]), behind["next"]) == (45, 5, None)
    assert "offset=20" in behind["previous"]
    assert granted(shop.get(f"devices?license={license.id + 1}"))["results"] == []


def test_a_hardware_id_leads_to_its_devices_on_all_licenses(shop: VendorsServer, vendor: Vendor) -> None:
    licenses = [vendor.issue() for _ in range(3)]
    for license in licenses:
        activate(vendor, license, "pc", "laptop")
    found = rows(shop, "devices?hardware_id=pc&limit=1")
    assert [row["license"]["id"] for row in found] == sorted((one.id for one in licenses), reverse=True)
    (alone,) = rows(shop, f"devices?hardware_id=laptop&license={licenses[1].id}")
    assert (alone["hardware_id"], alone["license"]["id"]) == ("laptop", licenses[1].id)
    assert rows(shop, "devices?hardware_id=nothing") == []


def test_what_no_key_serves_is_looked_for_on_a_license_within_a_bound(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    license = vendor.issue(max_activations=None)
    activate(vendor, license, *(f"pc {number}" for number in range(30)))
    blacklist_device(vendor.code, license.id, "pc 7", ADMIN, now=NOW)
    blacklist_device(vendor.code, license.id, "never seen", ADMIN, now=NOW)
    monkeypatch.setattr("chalicelib.domain.paging.CHUNK", 4)
    monkeypatch.setattr("chalicelib.domain.paging.MAX_SCANNED", 8)
    first = granted(shop.get(f"devices?license={license.id}&blacklisted=false&limit=20"))
    assert (first["count"], len(first["results"]) < 10, first["next"] is None) == (None, True, False)
    assert of(rows(shop, f"devices?license={license.id}&blacklisted=true&limit=20")) == {"pc 7"}
    assert len(rows(shop, f"devices?license={license.id}&blacklisted=False")) == 29
    assert len(rows(shop, f"devices?license={license.id}&blacklisted=false&limit=3&offset=20")) == 9
    assert rows(shop, f"devices?license={license.id}&hostname=none") == []


def test_a_device_is_found_by_the_host_name_that_it_has_reported(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue(max_activations=None)
    activate(vendor, license, "pc")
    lookup, report = vendor.lookup(license, "laptop"), DeviceReport("laptop", hostname="studio")
    activate_device(vendor.code, lookup, None, report, ADMIN, now=NOW)
    assert of(rows(shop, f"devices?license={license.id}&hostname=studio")) == {"laptop"}
    vendor.now += 1000
    on_another = vendor.issue()
    activate_device(vendor.code, vendor.lookup(on_another, "laptop"), None, report, ADMIN, now=NOW)
    for limit in (1, 20):
        found = rows(shop, f"devices?hostname=STUDIO&limit={limit}")
        assert [row["license"]["id"] for row in found] == [on_another.id, license.id]
    assert len(rows(shop, "devices?hostname=studio&hardware_id=laptop&limit=1")) == 2
    assert rows(shop, "devices?hostname=studio&hardware_id=pc") == rows(shop, "devices?hostname=other") == []


def test_all_devices_are_listed_by_their_ids(shop: VendorsServer, vendor: Vendor) -> None:
    licenses = [vendor.issue(max_activations=None) for _ in range(3)]
    made = [id for license in licenses for id in activate(vendor, license, "pc", "mac")]
    for limit in (1, 2, 20):
        assert [row["id"] for row in rows(shop, f"devices?limit={limit}")] == sorted(made)
        newest_first = rows(shop, f"devices?order_by=-id&limit={limit}")
        assert [row["id"] for row in newest_first] == sorted(made, reverse=True)
    assert granted(shop.get("devices"))["count"] == 6
    first = granted(shop.get("devices?order_by=id&limit=2&offset=3"))
    assert ([row["id"] for row in first["results"]], first["count"]) == (sorted(made)[3:5], None)
    assert len(rows(VendorsServer(new_key(Vendor()), shop.http), "devices")) == 0


@pytest.mark.parametrize("where", ["", "hardware_id=pc&", "hostname=studio&"])
def test_devices_of_many_licenses_are_looked_through_for_those_that_are_blacklisted(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    licenses = [vendor.issue() for _ in range(7)]
    for license in licenses:
        vendor.activate(license, "pc", report={"hostname": "studio"})
    for license in licenses[2:4]:
        blacklist_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
    blacklist_device(vendor.code, licenses[0].id, "mac", ADMIN, now=NOW)
    before_there_were_items = LicenseItem.blacklist.set(frozenset({hash_hardware_id("pc")}))
    writes.update(LicenseItem(license_pk(vendor.code, licenses[6].id), LICENSE), [before_there_were_items])
    refused_on = {licenses[n].id for n in (2, 3, 6)}
    for chunk in (2, 100):
        monkeypatch.setattr("chalicelib.domain.paging.CHUNK", chunk)
        monkeypatch.setattr("chalicelib.domain.paging.MAX_SCANNED", 2 * chunk)
        for limit in (1, 20):
            found = rows(shop, f"devices?{where}blacklisted=true&limit={limit}")
            assert {row["license"]["id"] for row in found} == refused_on
            assert all(row["blacklisted"] for row in found)
            assert len(found) == 3
            assert len(rows(shop, f"devices?{where}blacklisted=false&limit={limit}")) == 4


@pytest.mark.parametrize("where", ["license=5", "hardware_id=pc", "hostname=studio"])
def test_devices_are_sorted_where_all_are_listed_and_by_what_is_filed(shop: VendorsServer, where: str) -> None:
    for order in (f"{where}&order_by=id", "order_by=hostname"):
        answer = shop.get(f"devices?{order}")
        assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["order_by"])


def test_the_variables_of_all_devices_are_listed_by_their_ids(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    license, made = vendor.issue(max_activations=None), list[int]()
    for n in range(7):
        (id,) = activate(vendor, license, f"pc {n}")
        if n % 3 == 0:
            track(vendor, license, f"pc {n}", plan="pro", floor="3")
            made += [id + 1, id + 2]
    for chunk, most in ((2, 4), (50, 500)):
        monkeypatch.setattr(variables, "CHUNK", chunk)
        monkeypatch.setattr(variables, "MOST", most)
        for limit in (1, 2, 20):
            found = rows(shop, f"device-variables?limit={limit}")
            assert [row["id"] for row in found] == sorted(made)
            assert [row["id"] - row["device"] for row in found] == [1, 2] * 3
    assert granted(shop.get("device-variables"))["count"] == 6
    assert rows(shop, "device-variables?offset=4") == found[4:]
    assert granted(shop.get(f"device-variables/{made[3]}")) in found


def test_variables_behind_what_an_answer_holds_are_left_out_of_a_list(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    license = vendor.issue(max_activations=None)
    for name in ("pc", "laptop", "tablet"):
        activate(vendor, license, name)
        track(vendor, license, name, plan="p" * 100)
    monkeypatch.setattr(devices, "MAX_CHARACTERS", 250)
    found = rows(shop, f"devices?license={license.id}")
    assert [row["device_variables"] is None for row in found] == [False, False, True]
    assert granted(shop.get(f"devices/{found[2]['id']}"))["device_variables"][0]["value"] == "p" * 100


def test_a_device_is_reset_blacklisted_and_allowed_by_its_id(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    (id,) = activate(vendor, license, "pc")
    assert granted(shop.post(f"devices/{id}/reset")) == {"message": "Device reset and license updated."}
    assert vendor.stored(license).times_activated == 0
    assert vendor.stored(license).released == 0
    activate(vendor, license, "pc")
    assert granted(shop.post(f"devices/{id}/blacklist")) == {"message": "Device blacklisted."}
    shown = granted(shop.get(f"devices/{id}"))
    assert (shown["device_active"], shown["blacklisted"]) == (False, True)
    assert granted(shop.post(f"devices/{id}/allow")) == {"message": "Device allowed."}
    assert granted(shop.get(f"devices/{id}"))["blacklisted"] is False
    events = kinds(vendor, license)
    assert [events.count(kind) for kind in ("device_reset", "device_blacklisted", "device_allowed")] == [2, 1, 1]
    assert all(event.actor.is_server for event in vendor.history(license) if event.type.startswith("device_b"))


def test_a_death_between_the_steps_of_a_blacklisting_is_made_up_for_by_the_repeat(
    shop: VendorsServer, vendor: Vendor
) -> None:
    license = vendor.issue()
    (id,) = activate(vendor, license, "pc")
    with wire(died), pytest.raises(Crash):
        shop.post(f"devices/{id}/blacklist", Idempotency_Key="job-7")
    assert vendor.stored(license).times_activated == 1
    with wire(died), pytest.raises(Crash):  # behind the last step: its answer is stored with it
        shop.post(f"devices/{id}/blacklist", Idempotency_Key="job-7")
    assert vendor.stored(license).times_activated == 0
    again = shop.post(f"devices/{id}/blacklist", Idempotency_Key="job-7")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert vendor.differences() == []


def test_a_death_behind_an_allowing_loses_no_answer(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    (id,) = activate(vendor, license, "pc")
    blacklist_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
    with wire(died), pytest.raises(Crash):
        shop.post(f"devices/{id}/allow", Idempotency_Key="job-7")
    blacklist_device(vendor.code, license.id, "pc", ADMIN, now=NOW + 1)
    again = shop.post(f"devices/{id}/allow", Idempotency_Key="job-7")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert granted(shop.get(f"devices/{id}"))["blacklisted"] is True


def test_variables_of_a_device_of_older_code_are_found_by_their_ids_too(shop: VendorsServer, vendor: Vendor) -> None:
    """Its id is no multiple, and its variables have the numbers behind it all the same."""
    license, hardware_hash = vendor.issue(), hash_hardware_id("pc")
    (id,) = activate(vendor, license, "pc")
    track(vendor, license, "pc", plan="pro", color="red")
    writes.delete(device_items.id_link(license, id, hardware_hash, None))
    old = id + DEVICE_STEP - 1
    writes.put(device_items.id_link(license, old, hardware_hash, None))
    writes.update(
        DeviceItem(license_pk(vendor.code, license.id), device_sort_key(hardware_hash, None)), [DeviceItem.id.set(old)]
    )
    for place, value in ((1, "pro"), (2, "red")):
        assert granted(shop.get(f"device-variables/{old + place}"))["value"] == value
    for other in (old, old + 3, old - 1, id + 1, old + DEVICE_STEP + 1, 5):
        assert refused(shop.get(f"device-variables/{other}"), 404) == "variable_not_found"


def test_a_variable_is_changed_and_deleted_by_its_id(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    (id,) = activate(vendor, license, "pc")
    track(vendor, license, "pc", plan="pro", color="red")
    path = f"device-variables/{id + 2}"
    changed = granted(shop.call("PATCH", path, {"variable": "colour", "value": "blue"}))
    assert (changed["variable"], changed["value"], changed["device"]) == ("colour", "blue", id)
    assert granted(shop.get(path)) == changed
    assert granted(shop.call("PATCH", path, {"value": "blue"})) == changed
    answer = shop.call("PATCH", path, {"variable": "plan"})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["variable"])
    granted(shop.call("DELETE", path), 204)
    assert refused(shop.call("DELETE", path), 404) == "variable_not_found"
    page = granted(shop.get(f"device-variables?device={id}"))
    assert (page["count"], [row["variable"] for row in page["results"]]) == (1, ["plan"])
    events = [event for event in vendor.history(license) if event.type.startswith("variable_")]
    assert {(event.type, event.detail["variable"]) for event in events} == {
        ("variable_deleted", "colour"),
        ("variable_changed", "color, colour"),
    }
    assert len(events) == 2


def test_a_variable_that_was_deleted_lends_its_id_to_no_other(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    (id,) = activate(vendor, license, "pc")
    track(vendor, license, "pc", plan="pro")
    granted(shop.call("DELETE", f"device-variables/{id + 1}"), 204)
    track(vendor, license, "pc", color="red")
    assert refused(shop.call("DELETE", f"device-variables/{id + 1}"), 404) == "variable_not_found"
    _, found = device_variables(vendor.code, vendor.lookup(license, "pc"), now=NOW)
    assert [(one.id, one.name) for one in found] == [(2, "color")]
    assert next(activations.devices(vendor.code, license.id)).id == id


def test_the_variables_of_a_device_that_is_not_there_are_refused(shop: VendorsServer) -> None:
    assert refused(shop.get("device-variables?device=5"), 404) == "device_not_found"


def test_a_device_says_whether_its_place_waits_to_be_adopted(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    add(vendor, license, "old")
    vendor.activate(license, "new")
    found = {d["hardware_id"]: (d["device_active"], d["legacy"]) for d in rows(shop, f"devices?license={license.id}")}
    assert found == {"old": (False, False), "new": (True, False)}
    add(vendor, license, "older")
    found = {d["hardware_id"]: (d["device_active"], d["legacy"]) for d in rows(shop, f"devices?license={license.id}")}
    assert found["older"] == (True, True)
