"""The admin commands for keys of the Management API."""

from chalicelib.domain.instants import to_iso
from chalicelib.usecases.management_keys import find_caller, find_management_keys
from chalicelib.web import clock
from tests.infra.operator import Operator
from tests.support import Vendor


def test_a_new_key_is_answered_once_and_opens(operator: Operator, vendor: Vendor) -> None:
    line = f"management-key create --company {vendor.code} --name CRM --scope webhooks:write --scope orders:read"
    answer = operator.asks(f"{line} --product viewer --product revit --expires 2080-12-31")
    (stored,) = find_management_keys(vendor.code)
    text = answer["management_key"]
    assert find_caller(text, now=clock.now()) == stored
    assert answer == {
        "company": vendor.code,
        "id": stored.id,
        "name": "CRM",
        "revoked": False,
        "created_at": to_iso(stored.created_at),
        "expires_at": "2080-12-31T23:59:59.999Z",
        "last_used_at": None,
        "scopes": ["orders:read", "webhooks:write"],
        "products": ["revit", "viewer"],
        "management_key": text,
    }
    assert operator.noted(line) == "The key is shown this once.\n"
    assert stored.products == {"viewer", "revit"}
    assert text not in operator.reads(f"management-key list --company {vendor.code}")


def test_keys_are_listed_with_their_last_use_and_revoked_by_their_id(operator: Operator, vendor: Vendor) -> None:
    lines = [f"management-key create --company {vendor.code} --name {name} --scope orders:read" for name in ("A", "B")]
    first, second = (operator.asks(line) for line in lines)
    find_caller(first["management_key"], now=(now := clock.now()))
    revoked = operator.asks(f"management-key revoke --company {vendor.code} --key {second['id']}")
    assert (revoked["id"], revoked["revoked"]) == (second["id"], True)
    rows = operator.asks(f"management-key list --company {vendor.code}")["management_keys"]
    assert [(row["name"], row["revoked"], row["last_used_at"]) for row in rows] == [
        ("A", False, to_iso(now)),
        ("B", True, None),
    ]
