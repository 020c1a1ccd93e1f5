"""What other license systems export, as rows of an import. The examples are ours, in the forms of their public APIs."""

import json
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.import_sources import import_rows_of
from chalicelib.domain.instants import from_iso
from chalicelib.domain.license_rows import LicenseRow, license_row
from chalicelib.domain.source_rows import System
from chalicelib.domain.types import Json


def read(system: System, *files: Any, **products: str) -> list[LicenseRow]:
    """The licenses of files, each of which is a document of JSON."""
    texts = [json.dumps(file) for file in files]
    return [license_row(row.row, "") for row in import_rows_of(system, texts, products)]


def test_licensespring_lists_licenses_and_devices_apart() -> None:
    license = {
        "id": 17,
        "license_key": "AAAA-BBBB",
        "status": "active",
        "license_type": "time-limited",
        "validity_period": "2030-12-31T00:00:00Z",
        "max_activations": 3,
        "order_store_id": "A-17",
        "customer": {"id": 4, "email": "ada@b.test", "company_name": "Studio", "labels": []},
        "product": {"id": 5, "short_code": "VW"},
        "license_users": [],
        "product_features": [{"id": 6, "product_feature": {"code": "export"}, "expiry_date": None}],
    }
    devices = [
        {"id": 1, "hardware_id": "h-1", "hostname": "pc", "device_active": True, "license": {"id": 17}},
        {"id": 2, "hardware_id": "h-2", "device_active": False, "license": {"id": 17}},
        {"id": 3, "hardware_id": "h-3", "device_active": True, "license": 18},
    ]
    [found] = read("licensespring", {"count": 1, "results": [license]}, {"results": devices}, VW="viewer")
    assert (found.name, found.product, found.terms["max_activations"]) == ("AAAA-BBBB", "viewer", 3)
    assert found.customer == {"email": "ada@b.test", "company_name": "Studio"}
    assert [one.report.hardware_id for one in found.devices] == ["h-1"]
    assert [one.code for one in found.features or ()] == ["export"]


def test_licensespring_says_whose_a_device_is_in_its_histories() -> None:
    users = [{"id": 4, "email": "x4", "true_email": "ada@b.test"}, {"id": 5, "email": "ben@b.test"}]
    license = {"id": 17, "license_key": None, "product": {"short_code": "VW"}, "license_users": users}
    devices = [{"id": n, "hardware_id": f"h-{n}", "license": {"id": 17, "license_key": None}} for n in (1, 2, 3)]
    histories = [
        {"ts": "2026", "device": devices[0] | {"license": 17}, "license_user": {"id": 4}, "text": "License check"},
        {"ts": "2026", "device": 2, "license_user": 5, "text": "License activated", "license": 17},
        {"ts": "2026", "device": 2, "license_user": None, "text": "License check", "license": 17},
        {"ts": "2026", "device": None, "license_user": 5, "text": "License user assigned", "license": 17},
    ]
    [found] = read("licensespring", {"results": histories}, {"results": devices}, {"results": [license]}, VW="viewer")
    table = "ts,text,license_id,device_id,license_user_id\n2026,check,17,1,4\n2026,check,17,2,5\n2026,created,17,,"
    given = [table, json.dumps({"results": devices}), json.dumps([license])]
    assert [license_row(row.row, "UTC") for row in import_rows_of("licensespring", given, {"VW": "viewer"})] == [found]
    assert [(one.report.hardware_id, one.email) for one in found.devices] == [
        ("h-1", "ada@b.test"),
        ("h-2", "ben@b.test"),
        ("h-3", None),
    ]


def test_licensespring_gives_a_device_to_who_had_it_last_in_whichever_order_its_history_stands() -> None:
    users = [{"id": 4, "email": "ada@b.test"}, {"id": 5, "email": "ben@b.test"}]
    license = {"id": 17, "license_key": None, "product": {"short_code": "VW"}, "license_users": users}
    device = {"id": 1, "hardware_id": "h-1", "license": 17}
    adas, bens, adas_then = (
        {"ts": ts, "device": 1, "license_user": user} for ts, user in (("2025", 4), ("2026", 5), ("2026", 4))
    )
    owners = []
    for history in ([adas, bens], [bens, adas], [adas_then, bens]):
        [found] = read("licensespring", history, [device], [license], VW="viewer")
        owners += [one.email for one in found.devices]
    assert owners == ["ben@b.test"] * 3


def resource(type: str, id: str, of: dict[str, tuple[str, str]] | None = None, **attributes: Any) -> dict[str, Any]:
    """A resource of JSON:API."""
    related = {name: {"data": {"type": kind, "id": other}} for name, (kind, other) in (of or {}).items()}
    return {"type": type, "id": id, "attributes": attributes, "relationships": related}


def test_keygen_links_licenses_machines_users_and_products() -> None:
    of = {"product": ("products", "p1"), "owner": ("users", "u1")}
    licenses = [
        resource("licenses", "l1", of, key="key/abc", name="Big", expiry=None, maxMachines=2, metadata={"plan": "x"}),
        resource("licenses", "l2", {"product": ("products", "p2")}, key="B", maxMachines=None, suspended=True),
    ]
    machines = [resource("machines", "m1", {"license": ("licenses", "l1")}, fingerprint="4d:2", platform="macOS")]
    included = [resource("users", "u1", email="ada@b.test", firstName="Ada"), resource("products", "p1", code="viewer")]
    first, second = read("keygen", {"data": licenses, "included": included}, {"data": machines}, p2="revit")
    assert (first.product, first.terms) == ("viewer", {"license_type": "perpetual", "max_activations": 2})
    assert (first.more, first.customer) == (
        {"name": "Big", "metadata": {"plan": "x"}},
        {"email": "ada@b.test", "first_name": "Ada"},
    )
    assert [(one.report.hardware_id, one.report.os_ver) for one in first.devices] == [("4d:2", "macOS")]
    assert (second.product, second.terms["max_activations"], second.enabled) == ("revit", None, False)


@pytest.mark.parametrize("expiry", ["2026-06-30T12:00:00Z", None])
@pytest.mark.parametrize("strategy", ["RESTRICT_ACCESS", "REVOKE_ACCESS", "MAINTAIN_ACCESS", "ALLOW_ACCESS", None])
def test_what_is_valid_at_keygen_after_its_end_does_not_end_here(strategy: str | None, expiry: str | None) -> None:
    of = {"product": ("products", "viewer"), "policy": ("policies", "y1")}
    policy = resource("policies", "y1", duration=86_400, expirationStrategy=strategy)
    [found] = read("keygen", [resource("licenses", "l1", of, key="A", expiry=expiry, maxMachines=1), policy])
    end = expiry and from_iso(expiry)
    if strategy in ("MAINTAIN_ACCESS", "ALLOW_ACCESS"):
        assert found.terms == {"license_type": "perpetual", "max_activations": 1}
    else:
        lasts = {"valid_duration": "1d"} if end is None else {"validity_period": end}
        assert found.terms == {"license_type": "time-limited", "max_activations": 1} | lasts
    maintained = {"MAINTAIN_ACCESS": {} if end is None else {"maintenance_period": end}}
    assert found.more == (maintained | {"ALLOW_ACCESS": {"maintenance_period": None}}).get(strategy or "", {})


def test_cryptlex_lists_licenses_activations_and_users() -> None:
    license = {
        "id": "l1",
        "key": "AAA-BBB",
        "productId": "p1",
        "allowedActivations": 5,
        "validity": 31_536_000,
        "expiresAt": None,
        "revoked": False,
        "suspended": False,
        "userId": "u1",
        "notes": "by phone",
        "metadata": [{"key": "plan", "value": "pro"}],
    }
    ended = license | {"id": "l2", "key": "CCC", "expiresAt": "2027-01-01T00:00:00Z", "suspended": True, "userId": None}
    activation = {"id": "a1", "licenseId": "l1", "hostname": "pc", "os": "windows", "createdAt": "2026-01-01T00:00:00Z"}
    user = {"id": "u1", "email": "ada@b.test", "company": "Studio"}
    first, second = read("cryptlex", [license, ended], [activation], [user], p1="viewer")
    assert first.terms == {"license_type": "time-limited", "valid_duration": "365d", "max_activations": 5}
    assert first.more == {"note": "by phone", "metadata": {"plan": "pro"}}
    assert first.customer == {"email": "ada@b.test", "company_name": "Studio"}
    assert [one.report.hardware_id for one in first.devices] == ["a1"]
    assert (second.enabled, second.customer, second.devices) == (False, {}, [])
    assert "validity_period" in second.terms


_ACCOUNT = {"data": {"type": "accounts", "id": "acc"}, "links": {"related": "/v1/accounts/acc"}}


def _linked(kind: str, id: str | None) -> dict[str, Any]:
    """A relationship as Keygen writes it: with a link, and without data where there is none."""
    return {"data": id and {"type": kind, "id": id}, "links": {"related": f"/v1/accounts/acc/{kind}"}}


KEYGEN_LICENSE: Json = {
    "id": "l1",
    "type": "licenses",
    "links": {"self": "/v1/accounts/acc/licenses/l1"},
    "attributes": {
        "name": None,
        "key": "C1B6DE-39A6E3-V3",
        "expiry": "2031-06-30T12:00:00.000Z",
        "status": "ACTIVE",
        "suspended": False,
        "floating": True,
        "maxMachines": 3,
        "metadata": {},
        "created": "2024-01-01T10:00:00.000Z",
    },
    "relationships": {
        "account": _ACCOUNT,
        "product": _linked("products", "p1"),
        "policy": _linked("policies", "y1"),
        "group": _linked("groups", None),
        "owner": _linked("users", "u1"),
        "users": {"links": {"related": "/v1/accounts/acc/licenses/l1/users"}, "meta": {"count": 0}},
        "machines": {"links": {"related": "/v1/accounts/acc/licenses/l1/machines"}, "meta": {"cores": 0}},
    },
}
KEYGEN_MACHINE: Json = {
    "id": "m1",
    "type": "machines",
    "attributes": {
        "fingerprint": "4d:Eq:UV",
        "ip": "203.0.113.7",
        "hostname": None,
        "platform": "macOS",
        "name": "Studio Mac",
        "lastHeartbeat": "2026-02-01T08:00:00.000Z",
        "metadata": {},
        "created": "2026-01-01T08:00:00.000Z",
    },
    "relationships": {"account": _ACCOUNT, "license": _linked("licenses", "l1"), "owner": _linked("users", "u1")},
}


def test_keygen_lists_in_whole_what_each_of_its_resources_has() -> None:
    said = {"key": "L2", "expiry": None, "status": "BANNED"}
    unused = KEYGEN_LICENSE | {
        "id": "l2",
        "attributes": KEYGEN_LICENSE["attributes"] | said,
        "relationships": KEYGEN_LICENSE["relationships"] | {"owner": _linked("users", None)},
    }
    user = resource("users", "u1", fullName="Ada L", firstName="Ada", lastName="L", email="ada@b.test", role="user")
    policy = resource("policies", "y1", name="Year", duration=31_536_000, expirationBasis="FROM_FIRST_ACTIVATION")
    product = resource("products", "p1", name="Viewer", code=None)
    lists = [KEYGEN_LICENSE, unused], [KEYGEN_MACHINE], [user, product], [policy]
    first, second = read("keygen", *({"data": rows, "links": {"next": None}} for rows in lists), p1="viewer")
    assert (first.product, first.terms["max_activations"], first.enabled) == ("viewer", 3, True)
    assert first.terms["validity_period"] == from_iso("2031-06-30T12:00:00Z")
    assert first.customer == {"email": "ada@b.test", "first_name": "Ada", "last_name": "L"}
    [device] = first.devices
    assert (device.report.hostname, device.report.ip) == ("Studio Mac", "203.0.113.7")
    seen = [from_iso(f"2026-{month}-01T08:00:00Z") for month in ("01", "02")]
    assert [device.activated_at, device.last_check_at] == seen
    assert (second.terms["valid_duration"], second.enabled, second.customer) == ("365d", False, {})


def test_cryptlex_lists_in_whole_what_each_of_its_objects_has() -> None:
    license = {
        "key": "0A2035-E8A2A3",
        "revoked": False,
        "suspended": False,
        "totalActivations": 1,
        "subscriptionInterval": "P1Y",
        "subscriptionStartTrigger": "creation",
        "fingerprintMatchingStrategy": "fuzzy",
        "allowedActivations": 0,
        "allowedDeactivations": 10,
        "type": "node-locked",
        "expiresAt": "2031-05-05T08:49:17.9361143Z",
        "maintenanceExpiresAt": None,
        "productId": "p1",
        "user": {"id": "u1", "firstName": "Ada", "lastName": "L", "email": "ada@b.test", "company": None, "tags": []},
        "additionalUserIds": [],
        "notes": None,
        "metadata": [{"key": "plan", "value": "pro", "visible": True, "id": "x"}],
        "tags": [],
        "id": "l1",
        "createdAt": "2025-05-06T08:49:17.9361143Z",
        "updatedAt": "2025-05-06T08:49:17.9361158Z",
    }
    activation = {
        "os": "windows",
        "osVersion": "10.0.19045",
        "hostname": "pc",
        "location": {"ipAddress": "203.0.113.7", "countryCode": "DE"},
        "vmName": "",
        "appVersion": "2.1",
        "productId": "p1",
        "licenseId": "l1",
        "lastSyncedAt": "2026-05-07T08:49:17.1234567Z",
        "leaseExpiresAt": None,
        "id": "a1",
        "createdAt": "2026-05-06T08:49:17.9361143Z",
    }
    [found] = read("cryptlex", [license], [activation], p1="viewer")
    assert found.terms == {
        "license_type": "time-limited",
        "validity_period": from_iso("2031-05-05T08:49:17.936Z"),
        "max_activations": None,
    }
    assert found.customer == {"email": "ada@b.test", "first_name": "Ada", "last_name": "L"}
    assert found.more == {"metadata": {"plan": "pro"}}
    [device] = found.devices
    report = device.report
    assert (report.os_ver, report.ip, report.app_ver) == ("windows 10.0.19045", "203.0.113.7", "2.1")


@pytest.mark.parametrize(
    ("strategy", "most", "overage"),
    [
        *(("ALLOW_1_25X_OVERAGE", 4, "1.25x"), ("ALLOW_1_5X_OVERAGE", 4, "1.5x"), ("ALLOW_2X_OVERAGE", 4, "2x")),
        *(("ALWAYS_ALLOW_OVERAGE", 4, "always"), ("ALWAYS_ALLOW_OVERAGE", None, None), ("NO_OVERAGE", 4, None)),
        *((None, 4, None), ([], 4, None)),
    ],
)
def test_keygen_says_by_how_much_machines_may_go_beyond_their_limit(
    strategy: object, most: int | None, overage: str | None
) -> None:
    policy = resource("policies", "y1", name="Team", duration=None, overageStrategy=strategy)
    of = {"product": ("products", "viewer"), "policy": ("policies", "y1")}
    [found] = read("keygen", [resource("licenses", "l1", of, key="A", expiry=None, maxMachines=most), policy])
    assert found.terms.get("overage") == overage


@pytest.mark.parametrize(("allowed", "prevented"), [(False, True), (True, None), (None, None)])
def test_cryptlex_says_whether_virtual_machines_may_use_a_license(allowed: bool | None, prevented: bool | None) -> None:
    license = {"id": "l1", "key": "A", "productId": "viewer", "allowedActivations": 1, "allowVmActivation": allowed}
    [found] = read("cryptlex", [license])
    assert found.terms.get("prevent_vm") == prevented


@pytest.mark.parametrize(
    ("said", "lasts"),
    [
        ({"subscriptionInterval": "P1Y"}, "12m"),
        ({"subscriptionInterval": "P1Y6M"}, "18m"),
        ({"subscriptionInterval": "P2W"}, "14d"),
        ({"subscriptionInterval": "P30D", "validity": 60}, "30d"),
        ({"subscriptionInterval": "PT12H"}, "12h"),
        ({"subscriptionInterval": None, "validity": 7200}, "2h"),
        ({"subscriptionInterval": "", "validity": 0}, None),
        ({}, None),
    ],
)
def test_cryptlex_says_how_long_a_license_runs_from_its_first_activation(said: Json, lasts: str | None) -> None:
    license = {"id": "l1", "key": "A", "productId": "viewer", "allowedActivations": 1, "expiresAt": None}
    [found] = read("cryptlex", [license | said])
    assert found.terms.get("valid_duration") == lasts
    assert found.terms["license_type"] == ("perpetual" if lasts is None else "time-limited")


@pytest.mark.parametrize("interval", ["P3M10D", "P1DT1H", "PT30M", "P", "a year"])
def test_an_interval_of_cryptlex_that_is_no_duration_here_is_refused(interval: str) -> None:
    license = {"id": "l1", "key": "A", "productId": "viewer", "subscriptionInterval": interval}
    with pytest.raises(Invalid) as refused:
        read("cryptlex", [license])
    assert refused.value.errors[0].code == "duration_malformed"


def test_rows_of_several_files_are_numbered_through() -> None:
    texts = ["license_key,product\nA,viewer\nB,viewer", '[{"license_key": "C", "product": "viewer"}]']
    assert [(row.number, row.row["license_key"]) for row in import_rows_of("csv", texts, {})] == [
        (1, "A"),
        (2, "B"),
        (3, "C"),
    ]
