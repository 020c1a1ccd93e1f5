"""The commands that find devices, change what is kept with them, and read their history."""

from chalicelib.domain.license import DeviceReport
from chalicelib.usecases.activate import activate
from chalicelib.usecases.change_device import blacklist_device
from tests.infra.operator import Operator
from tests.support import ADMIN, Vendor

ADA = "ada@customer.test"


def test_the_devices_of_a_license_are_listed_in_parts(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue(max_activations=None)
    for number in range(5):
        vendor.activate(license, f"pc {number}")
    blacklist_device(vendor.code, license.id, "pc 3", ADMIN, now=vendor.now)
    first = operator.asks(f"device list --license {license.id} --limit 3")
    second = operator.asks(f"device list --license {license.id} --limit 3 --after {first['after']}")
    rows = first["devices"] + second["devices"]
    assert (len(first["devices"]), second["after"]) == (3, None)
    assert {row["hardware_id"] for row in rows} == {f"pc {number}" for number in range(5)}
    assert [row["hardware_id"] for row in rows if row["blacklisted"]] == ["pc 3"]
    assert [row["hardware_id"] for row in rows if not row["active"]] == ["pc 3"]
    refused = operator.refused(f"device list --license {license.id} --host-name x --after {first['after']}")
    assert refused == "This page does not belong to the list as it is filtered here; start at its first page."


def test_ids_and_positions_may_begin_with_a_dash(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    for name in ("-laptop", "--laptop", "-", "--"):
        vendor.activate(license, name)
        (row,) = operator.asks(f"device find --company {vendor.code} --hardware-id {name}")["devices"]
        assert row["hardware_id"] == name
    assert "does not belong to the list" in operator.refused(f"device list --license {license.id} --after -t7xNKGr8v")
    assert operator.refused(f"device list --license {license.id} --after --json").startswith("--after: expected one")


def test_the_slot_of_a_device_is_released(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue(floating_users=1)
    vendor.activate(license, "my-laptop")
    vendor.check(license, "my-laptop")
    line = f"device release --license {license.id} --hardware-id my-laptop"
    operator.asks(f"{line} --dry-run")
    assert [operator.asks(line)["freed"] for _ in range(2)] == [1, 0]
    fixed = vendor.issue()
    assert operator.refused(f"device release --license {fixed.id} --hardware-id my-laptop")


def test_a_device_is_found_by_host_name_by_hardware_id_and_by_id(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.now += 1000
    by_user = vendor.issue("revit", max_license_users=1)
    report = DeviceReport("my-laptop", hostname="studio", os_ver="Windows 11")
    lookup = vendor.lookup(license, "my-laptop")
    activate(vendor.code, lookup, None, report, ADMIN, variables={"plan": "pro"}, now=vendor.now)
    _, password = vendor.assign(by_user, ADA)
    vendor.activate(ADA, "my-laptop", password)
    (named,) = operator.asks(f"device list --license {license.id} --host-name studio")["devices"]
    found = operator.asks(f"device find --company {vendor.code} --hardware-id my-laptop")["devices"]
    assert [(row["license"], row["email"]) for row in found] == [(by_user.id, ADA), (license.id, None)]
    assert found[1] == named
    shown = operator.asks(f"device show {named['id']} --company {vendor.code}")
    assert shown == named | {
        "os_ver": "Windows 11",
        "app_ver": None,
        "sdk_ver": None,
        "ip": None,
        "mac_address": None,
        "variables": [{"variable": "plan", "value": "pro"}],
    }
    other = Vendor()
    assert operator.refused(f"device show {named['id']} --company {other.code}") == "There is no such device."
    assert operator.asks(f"device find --company {other.code} --hardware-id my-laptop")["devices"] == []


def test_variables_of_a_device_are_set_by_name_and_one_without_a_value_goes(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue()
    device = vendor.activate(license, "pc").device
    assert device is not None
    line = f"device set {device.id} --company {vendor.code}"

    def variables(more: str) -> dict[str, str]:
        return {row["variable"]: row["value"] for row in operator.asks(f"{line} {more}")["variables"]}

    assert variables("--variable plan=pro --variable seat=7") == {"plan": "pro", "seat": "7"}
    assert variables("--variable plan=team --variable seat=") == {"plan": "team"}
    events = len(vendor.history(license))
    assert variables("--variable plan=team --variable seat=") == {"plan": "team"}
    assert len(vendor.history(license)) == events
    shown = operator.asks(f"device show {device.id} --company {vendor.code}")
    assert shown == operator.asks(f"{line} --variable plan=team")
    assert operator.refused(line.replace(vendor.code, Vendor().code) + " --variable a=b").startswith("There is no")
    assert "at most 64 characters of a name" in operator.refused(f"{line} --variable {'x' * 65}=y")
    assert vendor.differences() == []


def test_the_history_of_a_device_is_a_part_of_its_license_s(operator: Operator, vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2)
    for name in ("pc", "mac"):
        vendor.now += 1
        vendor.activate(license, name)
    line = f"device history --license {license.id} --hardware-id"
    operator.asks(f"device reset --license {license.id} --hardware-id pc --as petra")
    events = operator.asks(f"{line} pc")["events"]
    assert [event["type"] for event in events] == ["device_reset", "device_activated"]
    assert (events[0]["by"], {event["hardware_id"] for event in events}) == ("admin:petra", {"pc"})
    page = operator.asks(f"{line} pc --limit 1")
    assert operator.asks(f"{line} pc --limit 1 --after '{page['after']}'")["events"] == events[1:]
    assert [event["type"] for event in operator.asks(f"{line} mac")["events"]] == ["device_activated"]
    assert operator.asks(f"{line} other")["events"] == []
