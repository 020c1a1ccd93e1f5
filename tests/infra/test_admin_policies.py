"""The admin commands for license policies, and licenses that are issued by one."""

from typing import Any

import pytest

from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.policies import find_policies
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from tests.infra.operator import Operator
from tests.support import ADMIN, Vendor


@pytest.fixture
def product(vendor: Vendor) -> str:
    """With a feature and a custom field; how a line names it."""
    fields: Any = {"code": "export", "name": "Export", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", fields, ADMIN, now=vendor.now)
    create_field(vendor.code, "viewer", {"name": "Campus", "data_type": "text"}, ADMIN, now=vendor.now)
    return f"--company {vendor.code} --product viewer"


def made(operator: Operator, product: str, more: str = "") -> Any:
    line = f"policy create {product} --code pro --name Pro --license-type subscription --valid-duration 1y"
    return operator.asks(
        f"{line} --max-activations 5 --grace-period 48 --feature export=30d --field Campus=Bern {more}"
    )


def test_a_policy_is_made_shown_changed_listed_and_deleted(operator: Operator, vendor: Vendor, product: str) -> None:
    policy = made(operator, product, "--expiry-basis issue --maintenance-duration 2y --metadata '{\"tier\": 2}'")
    (stored,) = find_policies(vendor.code, "viewer")
    assert (stored.id, stored.max_activations, stored.expiry_basis) == (policy["id"], 5, "issue")
    assert (stored.features, stored.custom_fields) == ({"export": {"valid_duration": "30d"}}, {"Campus": "Bern"})
    assert (stored.maintenance_duration, stored.metadata, policy["version"]) == ("2y", {"tier": 2}, 1)
    this = f"--company {vendor.code} --policy {stored.id}"
    assert operator.asks(f"policy show {this}") == policy
    line = f"policy set {this} --valid-duration '' --validity-period 2031-12-31 --max-activations unlimited"
    changed = operator.asks(f"{line} --revision 0")
    assert (changed["valid_duration"], changed["validity_period"]) == (None, "2031-12-31T23:59:59.999Z")
    assert (changed["max_activations"], changed["version"], changed["features"]) == (None, 2, stored.features)
    (row,) = operator.asks(f"policy list {product}")["policies"]
    assert (row["id"], row["code"], row["version"]) == (stored.id, "pro", 2)
    assert operator.refused(f"policy set {this}") == "Say what is to be changed."
    assert "somebody else was faster" in operator.refused(f"policy set {this} --name X --revision 0")
    operator.asks(f"policy delete {this}")
    assert operator.asks(f"policy list {product}")["policies"] == []
    assert operator.refused(f"policy show {this}") == "There is no such license policy."


def test_a_license_is_issued_by_a_policy_and_by_what_is_said_besides(
    operator: Operator, vendor: Vendor, product: str
) -> None:
    made(operator, product, "--free-resets yes --prevent-vm yes")
    line = f"license issue {product} --policy pro --prevent-vm no"
    license, extras = find_sold(vendor.code, operator.asks(line)["id"])
    assert (license.license_type, license.valid_duration, license.max_activations) == ("subscription", "1y", 5)
    assert (license.grace_period, license.free_resets, license.prevent_vm, license.is_trial) == (48, True, False, False)
    assert [one.code for one in extras.features] == ["export"]
    assert operator.asks(f"license show {license.id}")["policy"] == "pro, version 1"
    other = operator.asks(f"{line} --grace-period 0 --max-activations unlimited --validity-period 2080-01-01 --trial")
    license, _ = find_sold(vendor.code, other["id"])
    assert (license.grace_period, license.max_activations, license.valid_duration) == (0, None, None)
    assert license.is_trial
    assert operator.refused(f"license issue {product} --policy none") == "There is no such license policy."


def test_a_policy_is_applied_to_some_licenses_or_to_all_that_were_sold_by_it(
    operator: Operator, vendor: Vendor, product: str
) -> None:
    policy = made(operator, product)
    sold = [operator.asks(f"license issue {product} --policy pro")["id"] for _ in range(3)]
    other = vendor.issue().id
    this = f"--company {vendor.code} --policy {policy['id']}"
    operator.asks(f"policy set {this} --max-activations 8")
    dry = operator.asks(f"policy preview {this}")
    assert [row["license"] for row in dry["licenses"]] == sorted(sold)
    assert "max_activations: 5 -> 8; policy: pro, version 1 -> pro, version 2" in dry["licenses"][0]["outcome"]
    assert find_sold(vendor.code, sold[0])[0].max_activations == 5, "nothing is written"
    first = operator.asks(f"policy apply {this} --limit 2")
    assert [row["outcome"] for row in first["licenses"]] == ["done", "done"]
    assert (first["after"], first["refused"], first["version"]) == (sorted(sold)[1], 0, 2)
    last = operator.asks(f"policy apply {this} --limit 2 --after {first['after']}")
    assert ([row["license"] for row in last["licenses"]], last["after"]) == ([sorted(sold)[2]], None)
    assert {find_sold(vendor.code, id)[0].max_activations for id in sold} == {8}
    assert find_sold(vendor.code, other)[1].policy is None
    again = operator.asks(f"policy preview {this} --license {sold[0]} --license {other}")
    outcomes = [row["outcome"] for row in again["licenses"]]
    assert outcomes[0] == "nothing to change"
    assert outcomes[1].startswith("refused: ")
    assert again["refused"] == 1
