"""The admin commands for API keys, with which applications call."""

import json

from chalicelib.store import accounts
from chalicelib.usecases import create
from tests.infra.operator import Operator
from tests.support import Vendor


def test_a_new_api_key_answers_both_halves_once(operator: Operator, vendor: Vendor) -> None:
    code, output, errors = operator.run(f"apikey create --company {vendor.code} --json")
    answer = json.loads(output)
    stored = accounts.read_api_key(vendor.code, answer["api_key"])
    assert stored is not None
    assert create.shared_key(stored) == answer["shared_key"]
    assert (code, errors) == (0, "The shared key is shown this once.\n")
    assert (answer["read_only"], answer["products"], answer["scopes"]) == (False, None, [])


def test_an_api_key_may_be_limited_to_reading_and_to_products(operator: Operator, vendor: Vendor) -> None:
    given = (
        "--read-only --product viewer --product revit --scope people --require-digest --origin HTTPS://App.example:443/"
    )
    answer = operator.asks(f"apikey create --company {vendor.code} {given}")
    stored = accounts.read_api_key(vendor.code, answer["api_key"])
    assert stored is not None
    assert (stored.read_only, stored.products) == (True, frozenset({"viewer", "revit"}))
    assert (answer["read_only"], answer["products"]) == (True, ["revit", "viewer"])
    assert (answer["scopes"], stored.scopes) == (["people"], frozenset({"people"}))
    assert answer["require_digest"] is stored.require_digest is True
    assert (answer["origins"], stored.origins) == (["https://app.example"], frozenset({"https://app.example"}))


def test_api_keys_are_listed_disabled_and_enabled_again(operator: Operator, vendor: Vendor) -> None:
    for call, disabled in (("disable", True), ("enable", False), ("disable", True)):
        answer = operator.asks(f"apikey {call} {vendor.api_key}")
        assert answer == {"company": vendor.code, "api_key": vendor.api_key, "revoked": False, "disabled": disabled}
    (row,) = operator.asks(f"apikey list --company {vendor.code}")["api_keys"]
    assert (row["api_key"], row["disabled"], row["scopes"]) == (vendor.api_key, True, ["people"])
    assert vendor.shared_key not in str(row)


def test_a_revoked_api_key_stays_revoked_however_often_it_is_asked_for(operator: Operator, vendor: Vendor) -> None:
    for _ in range(2):
        answer = operator.asks(f"apikey revoke {vendor.api_key}")
        assert answer == {"company": vendor.code, "api_key": vendor.api_key, "revoked": True, "disabled": False}
    stored = accounts.read_api_key(vendor.code, vendor.api_key)
    assert stored is not None
    assert stored.revoked
