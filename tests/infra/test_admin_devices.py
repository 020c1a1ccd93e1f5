"""The commands that find devices."""

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
    for name in ("-laptop", "--laptop", "-"):
        vendor.activate(license, name)
        (row,) = operator.asks(f"device find --company {vendor.code} --hardware-id {name}")["devices"]
        assert row["hardware_id"] == name
    assert "does not belong to the list" in operator.refused(f"device list --license {license.id} --after -t7xNKGr8v")
    assert operator.refused(f"device list --license {license.id} --after --json").startswith("--after: expected one")


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
