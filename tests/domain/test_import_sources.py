"""What other license systems export, as rows of an import. The examples are ours, in the forms of their public APIs."""

import json
from typing import Any

from chalicelib.domain.import_sources import import_rows_of
from chalicelib.domain.license_rows import LicenseRow, license_row
from chalicelib.domain.source_rows import System


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


def test_rows_of_several_files_are_numbered_through() -> None:
    texts = ["license_key,product\nA,viewer\nB,viewer", '[{"license_key": "C", "product": "viewer"}]']
    assert [(row.number, row.row["license_key"]) for row in import_rows_of("csv", texts, {})] == [
        (1, "A"),
        (2, "B"),
        (3, "C"),
    ]
