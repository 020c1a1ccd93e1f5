"""Conditions and updates, as they are said by attributes, and as DynamoDB is asked for them."""

from typing import Any

import pytest

from chalicelib.store.expressions import Condition, parameters
from chalicelib.store.items.accounts import OrderItem
from chalicelib.store.items.licenses import LicenseItem

ITEM = LicenseItem


@pytest.mark.parametrize(
    ("condition", "text", "values"),
    [
        (ITEM.epoch == 3, "#epoch = :0", [{"N": "3"}]),
        (ITEM.product != "viewer", "#product <> :0", [{"S": "viewer"}]),
        (ITEM.enabled == False, "#enabled = :0", [{"BOOL": False}]),  # noqa: E712 - an expression
        (ITEM.released > 0, "#vacated > :0", [{"N": "0"}]),
        (ITEM.max_activations >= ITEM.times_activated, "#max_activations >= #times_activated", []),
        (ITEM.blacklist.contains("a"), "contains (#blacklist, :0)", [{"S": "a"}]),
        (OrderItem.managers.contains(7), "contains (#managers, :0)", [{"S": "7"}]),
        (~ITEM.pk.exists(), "(NOT attribute_exists (#pk))", []),
        (
            (ITEM.ends_at.does_not_exist() | (ITEM.ends_at > 5)) & (ITEM.epoch < 2),
            "((attribute_not_exists (#ends_at) OR #ends_at > :0) AND #epoch < :1)",
            [{"N": "5"}, {"N": "2"}],
        ),
        (
            (ITEM.product == "?") & (ITEM.customer == "#x :0"),
            "(#product = :0 AND #customer = :1)",
            [{"S": "?"}, {"S": "#x :0"}],
        ),
    ],
    ids=str,
)
def test_a_condition_names_attributes_as_they_are_stored_and_numbers_its_values(
    condition: Condition, text: str, values: list[Any]
) -> None:
    asked = parameters(condition)
    assert asked.pop("ConditionExpression") == text
    assert list(asked.pop("ExpressionAttributeValues", {}).values()) == values
    assert all(name == f"#{stored}" for name, stored in asked.pop("ExpressionAttributeNames").items())
    assert asked == {}


def test_the_values_of_an_update_and_its_condition_are_numbered_on() -> None:
    actions = [
        ITEM.times_activated.add(1),
        ITEM.first_activated_at.set(ITEM.first_activated_at | 7),
        ITEM.revision.set((ITEM.revision | -1) + 1),
        ITEM.last_released_by.remove(),
        ITEM.blacklist.delete({"a"}),
        ITEM.disabled_by.set(None),
    ]
    assert parameters(ITEM.epoch == 3, actions) == {
        "UpdateExpression": "ADD #times_activated :0 "
        "SET #first_activated_at = if_not_exists (#first_activated_at, :1), "
        "#revision = if_not_exists (#revision, :2) + :3 "
        "REMOVE #last_vacated, #disabled_by DELETE #blacklist :4",
        "ConditionExpression": "#epoch = :5",
        "ExpressionAttributeNames": {
            "#times_activated": "times_activated",
            "#first_activated_at": "first_activated_at",
            "#revision": "revision",
            "#last_vacated": "last_vacated",
            "#disabled_by": "disabled_by",
            "#blacklist": "blacklist",
            "#epoch": "epoch",
        },
        "ExpressionAttributeValues": {
            ":0": {"N": "1"},
            ":1": {"N": "7"},
            ":2": {"N": "-1"},
            ":3": {"N": "1"},
            ":4": {"SS": ["a"]},
            ":5": {"N": "3"},
        },
    }


def test_who_changes_a_request_changes_no_other_of_its_shape() -> None:
    one = parameters(ITEM.epoch == 3)
    for part in (one["ExpressionAttributeNames"], one["ExpressionAttributeValues"], one):
        part.clear()
    assert parameters(ITEM.epoch == 4) == {
        "ConditionExpression": "#epoch = :0",
        "ExpressionAttributeNames": {"#epoch": "epoch"},
        "ExpressionAttributeValues": {":0": {"N": "4"}},
    }


@pytest.mark.parametrize("nothing", [None, frozenset()])
def test_nothing_is_compared_with_what_has_no_attribute(nothing: Any) -> None:
    """It would never be true, or as good as never."""
    for attribute in (ITEM.blacklist, *([ITEM.epoch, ITEM.product] if nothing is None else [])):
        with pytest.raises(TypeError, match="it does not exist"):
            assert attribute == nothing


def test_a_condition_is_not_true_or_false_here() -> None:
    with pytest.raises(TypeError, match="decided by the database"):
        assert bool(ITEM.epoch == 3)
    with pytest.raises(TypeError, match="decided by the database"):
        assert 3 in [ITEM.epoch]
