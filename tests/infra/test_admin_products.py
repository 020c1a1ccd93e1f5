"""The admin commands for products, their features and custom fields; and what a license begins with."""

import pytest

from chalicelib.domain.instants import add, from_iso, parse_duration, to_iso
from chalicelib.usecases.product_features import find_features
from chalicelib.usecases.product_fields import find_fields
from chalicelib.usecases.products import show_product
from tests.infra.operator import Operator
from tests.store.product_cases import feature, field
from tests.support import Vendor


def of(vendor: Vendor) -> str:
    """How a line names a product by its code."""
    return f"--company {vendor.code} --code viewer"


def test_products_are_listed_oldest_first_with_their_states(operator: Operator, vendor: Vendor) -> None:
    operator.asks(f"product set {of(vendor)} --state archived")
    rows = operator.asks(f"product list --company {vendor.code}")["products"]
    assert {row["code"]: row["state"] for row in rows} == {"viewer": "archived", "revit": "active"}
    assert [row["id"] for row in rows] == sorted(product.id for product in vendor.products.values())


def test_a_product_is_shown_with_what_it_defines(operator: Operator, vendor: Vendor) -> None:
    made, region = feature(vendor), field(vendor)
    answer = operator.asks(f"product show {of(vendor)}")
    assert (answer["company"], answer["code"], answer["revision"]) == (vendor.code, "viewer", 0)
    assert [(row["id"], row["code"], row["max_consumption"]) for row in answer["features"]] == [(made, "pages", 100)]
    assert [(row["id"], row["name"]) for row in answer["custom_fields"]] == [(region, "Region")]
    assert (
        operator.refused(f"product show --company {vendor.code} --code none") == "There is no product with this code."
    )


def test_what_is_given_of_a_product_changes_and_the_rest_stays(operator: Operator, vendor: Vendor) -> None:
    line = f"product set {of(vendor)}"
    operator.asks(f"{line} --name 'Viewer 2' --prevent-vm yes --valid-duration 30d --max-activations 7")
    changed = operator.asks(
        f"{line} --valid-duration '' --metadata '{{\"line\": \"cad\"}}' --allow-trial yes --revision 1"
    )
    expected = {"name": "Viewer 2", "prevent_vm": True, "valid_duration": None, "max_activations": 7}
    assert changed == changed | expected | {"metadata": {"line": "cad"}, "allow_trial": True, "revision": 2}
    assert show_product(vendor.code, "viewer").metadata == {"line": "cad"}
    assert "somebody else was faster" in operator.refused(f"{line} --name X --revision 1")
    assert operator.refused(line) == "Say what is to be changed."
    assert operator.noted(f"{line} --state disabled") == "Every process knows of it within a minute.\n"


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--metadata '[1]'", "--metadata: give an object of JSON"),
        ("--metadata '{'", "--metadata: The JSON is malformed at line 1, column 2"),
        ("--trial-days 99999", "--trial-days: give 0 to 3650."),
        ("--state gone", "--state: 'gone' is none of active, disabled, archived"),
        ("--valid-duration soon", "--valid-duration: a duration must be a number"),
    ],
)
def test_what_is_wrong_is_told_by_its_option(operator: Operator, vendor: Vendor, option: str, sentence: str) -> None:
    assert operator.refused(f"product set {of(vendor)} {option}").startswith(sentence)


def test_a_feature_is_defined_changed_listed_and_deleted(operator: Operator, vendor: Vendor) -> None:
    product = f"--company {vendor.code} --product viewer"
    line = (
        f"feature create {product} --code pages --name Pages --type consumption --max-consumption 100 --reset monthly"
    )
    made = operator.asks(f'{line} --allow-overages yes --metadata \'{{"unit": "A4"}}\'')
    (stored,) = find_features(vendor.code, "viewer")
    assert (stored.id, stored.max_consumption, stored.allow_overages) == (made["id"], 100, True)
    assert (stored.reset_consumption, stored.consumption_period, stored.metadata) == (True, "monthly", {"unit": "A4"})
    this = f"--company {vendor.code} --feature {stored.id}"
    changed = operator.asks(f"feature set {this} --max-consumption unlimited --reset never --revision 0")
    assert (changed["max_consumption"], changed["consumption_period"], changed["revision"]) == (None, None, 1)
    assert operator.asks(f"feature list {product}")["features"] == [changed]
    operator.asks(f"feature delete {this}")
    assert operator.asks(f"feature list {product}")["features"] == []
    assert [row["is_deleted"] for row in operator.asks(f"feature list {product} --all")["features"]] == [True]
    assert operator.refused(f"feature delete {this}") == "There is no such feature."


def test_a_field_is_defined_changed_listed_and_deleted(operator: Operator, vendor: Vendor) -> None:
    product = f"--company {vendor.code} --product viewer"
    made = operator.asks(f"field create {product} --name Seats --data-type number --default-value 5")
    (stored,) = find_fields(vendor.code, "viewer")
    assert (stored.id, stored.data_type, stored.default_value) == (made["id"], "number", "5")
    this = f"--company {vendor.code} --field {stored.id}"
    sentence = "--default-value: give a number, such as 5 or -0.25."
    assert operator.refused(f"field set {this} --default-value five") == sentence
    changed = operator.asks(f"field set {this} --default-value '' --description 'of the office'")
    assert (changed["default_value"], changed["description"]) == ("", "of the office")
    assert operator.asks(f"field list {product}")["custom_fields"] == [changed]
    operator.asks(f"field delete {this}")
    assert operator.asks(f"field list {product}")["custom_fields"] == []


def test_a_license_is_issued_with_what_its_product_says(operator: Operator, vendor: Vendor) -> None:
    operator.asks(
        f"product set {of(vendor)} --default-license-type subscription --subscription-duration 1y --max-activations 3"
        " --trial-days 14 --maintenance-duration 1y"
    )
    line = f"license issue --company {vendor.code} --product viewer"
    for given, terms in (
        ("", ("subscription", 3, "1y", None)),
        ("--max-activations unlimited", ("subscription", None, "1y", None)),
        ("--trial", ("time-limited", 3, "14d", None)),
        ("--license-type perpetual --max-activations 9", ("perpetual", 9, None, None)),
        ("--validity-period 2080-01-01", ("subscription", 3, None, "2080-01-01T23:59:59.999Z")),
    ):
        made = operator.asks(f"{line} {given}")
        found = (made["license_type"], made["max_activations"], made["valid_duration"], made["validity_period"])
        assert found == terms, given
    shown = operator.asks(f"license show {made['id']}")
    assert shown["maintenance_period"] == to_iso(add(from_iso(shown["created_at"]), parse_duration("1y")))
    refused = operator.refused(f"license issue --company {vendor.code} --product revit --license-type time-limited")
    assert refused == "--validity-period: a time-limited license needs --validity-period or --valid-duration."
