"""What an expression says of an item, and what is refused."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.embedded.engine import EmbeddedEngine
from tests.embedded.engines import ask, make_tables, reference

KEY = {"pk": {"S": "p"}, "part": {"S": "a"}}
ITEM = KEY | {
    "five": {"N": "5"},
    "ten": {"N": "10"},
    "text": {"S": "about"},
    "flagged": {"BOOL": True},
    "letters": {"SS": ["a", "b"]},
}
VALUES = {
    ":five": {"N": "5.0"},
    ":six": {"N": "6"},
    ":big": {"N": "10"},
    ":ab": {"S": "ab"},
    ":b": {"S": "b"},
    ":true": {"BOOL": True},
    ":some": {"SS": ["b", "a"]},
    ":0": {"N": "0"},
}

HOLD = (
    "five = :five",
    "five < :big",  # as numbers, not as texts
    "five < ten",
    "ten >= :big AND five <> :six",
    "five BETWEEN :five AND :six",
    "letters = :some",
    "flagged = :true",
    "absent <> :five",
    "begins_with(txt, :ab) OR begins_with(#text, :ab)",
    "contains(#text, :b) AND contains(letters, :b)",
    "size(#text) = :five AND size(letters) < :five",
    "attribute_exists(five) and not attribute_exists(absent)",
    "NOT NOT attribute_not_exists(absent)",
    "five = :six OR five = :five AND ten = :big",
    "(five = :six OR five = :five) AND ten = :big",
    "NOT (five = :six) AND NOT ten = :six",
)
DO_NOT_HOLD = (
    "five = :ab",
    "five > ten",
    "#text < :six",
    "absent = :five",
    "absent = nowhere",
    "absent < :five",
    "NOT absent <> :five",
    "contains(five, :b)",
    "contains(absent, :b)",
    "contains(letters, :five)",
    "five = :five AND ten = :six OR five = :six",
    "flagged < five",
)
REFUSED = (
    "",
    " ",
    "five",
    "five =",
    "= :five",
    "five = :five AND",
    "five = :five five",
    "five == :five",
    "five != :five",
    "(five = :five",
    "five = :five)",
    "((five = :five))",
    "five = :unknown",
    "#unknown = :five",
    "five = 5",
    "five = five",
    "contains(letters, letters)",
    "five < :true",
    "five > :some",
    "five BETWEEN :six AND :five",
    "five BETWEEN :five AND :ab",
    "begins_with(five, :five)",
    "attribute_exists(:five)",
    "ATTRIBUTE_EXISTS(five)",
    "attribute_exists five",
    "attribute_exists()",
    "exists(five)",
    "status = :five",  # a reserved word
    "five = :five -- a comment",
    "five; ten",
)
NOT_KNOWN = ("five IN (:five)", "attribute_type(five, :b)", "five.ten = :five", "five[0] = :five", "(five) = :five")
"""What DynamoDB knows, and our store does not say."""

UPDATES: dict[str, dict[str, Any]] = {
    "SET five = :six": {"five": {"N": "6"}},
    "SET five = five + :six": {"five": {"N": "11"}},
    "SET five = ten, ten = five": {"five": {"N": "10"}, "ten": {"N": "5"}},
    "SET five = if_not_exists(five, :six), fresh = if_not_exists(absent, :ab)": {"fresh": {"S": "ab"}},
    "SET fresh = if_not_exists(absent, :0) + :six": {"fresh": {"N": "6"}},
    "REMOVE five, absent": {"five": None},
    "ADD five :six, fresh :five": {"five": {"N": "11"}, "fresh": {"N": "5"}},
    "ADD letters :some SET five = :six": {"five": {"N": "6"}},
    "DELETE letters :some": {"letters": None},
    "set five = :six remove ten": {"five": {"N": "6"}, "ten": None},
}
"""What becomes of the item; None of an attribute is none."""
REFUSED_UPDATES = (
    "",
    "SET",
    "five = :six",
    "SET five",
    "SET five = absent",
    "SET five = absent + :six",
    "SET five = #text + :six",
    "SET five = :ab + :six",
    "SET five = :six, five = :five",
    "SET five = :six REMOVE five",
    "SET five = :six SET ten = :six",
    "SET pk = :ab",
    "REMOVE part",
    "SET five = size(#text)",
    "ADD five :ab",
    "ADD #text :six",
    "ADD letters :six",
    "ADD five ten",
    "DELETE five :six",
    "DELETE five :some",
    "SET five = :six foo",
    "SET a.b = :six",
    "SET five = :six,",
)
NOT_KNOWN_UPDATES = ("SET five = ten - :six", "SET fresh = list_append(letters, :some)")


@pytest.fixture
def stocked(engine: EmbeddedEngine) -> EmbeddedEngine:
    engine("PutItem", {"TableName": "ranged", "Item": ITEM})
    return engine


def request(**expressions: str) -> dict[str, Any]:
    """With the names and values that the expressions use."""
    text = " ".join(expressions.values()).replace("(", " ").replace(")", " ").replace(",", " ").split()
    names = {"#text": "text"} if "#text" in text else {}
    values = {name: value for name, value in VALUES.items() if name in text}
    return (
        {"TableName": "ranged", "Key": KEY}
        | expressions
        | ({"ExpressionAttributeNames": names} if names else {})
        | ({"ExpressionAttributeValues": values} if values else {})
    )


def conditional(condition: str) -> dict[str, Any]:
    return request(UpdateExpression="REMOVE absent", ConditionExpression=condition)


def test_a_condition_holds_or_does_not(stocked: EmbeddedEngine) -> None:
    for condition in HOLD:
        assert ask(stocked, "UpdateItem", conditional(condition)) == {}, condition
    for condition in DO_NOT_HOLD:
        error = ask(stocked, "UpdateItem", conditional(condition))["error"]
        assert error == "ConditionalCheckFailedException", condition


def test_an_update_writes_what_it_says_and_nothing_else(engine: EmbeddedEngine) -> None:
    for update, becomes in UPDATES.items():
        engine("PutItem", {"TableName": "ranged", "Item": ITEM})
        answer = engine("UpdateItem", request(UpdateExpression=update) | {"ReturnValues": "ALL_NEW"})
        wanted = {name: value for name, value in (ITEM | becomes).items() if value is not None}
        assert answer["Attributes"] == wanted, update
        assert engine("GetItem", {"TableName": "ranged", "Key": KEY})["Item"] == wanted, update


def test_what_is_not_understood_is_refused_and_writes_nothing(stocked: EmbeddedEngine) -> None:
    asked = [conditional(condition) for condition in (*REFUSED, *NOT_KNOWN)]
    asked += [request(UpdateExpression=update) for update in (*REFUSED_UPDATES, *NOT_KNOWN_UPDATES)]
    for each in asked:
        assert ask(stocked, "UpdateItem", each).get("error") == "ValidationException", each
    assert stocked("GetItem", {"TableName": "ranged", "Key": KEY})["Item"] == ITEM


def test_names_and_values_that_are_used_nowhere_are_refused(stocked: EmbeddedEngine) -> None:
    plain = request(UpdateExpression="SET five = :six")
    wrong: list[dict[str, Any]] = [
        {"ExpressionAttributeNames": {"#x": "x"}},
        {"ExpressionAttributeNames": {}},
        {"ExpressionAttributeValues": {":six": {"N": "6"}, ":seven": {"N": "7"}}},
    ]
    for more in wrong:
        with pytest.raises(ClientError, match="ValidationException"):
            stocked("UpdateItem", plain | more)


def test_the_other_engine_says_the_same_of_all_that_is_known() -> None:
    """Refusals but for those of the text itself: roto-server lets some pass that DynamoDB does not."""
    with reference() as send:
        make_tables(send)
        send("PutItem", {"TableName": "ranged", "Item": ITEM})
        for condition in HOLD:
            assert ask(send, "UpdateItem", conditional(condition)) == {}, condition
        for condition in DO_NOT_HOLD:
            error = ask(send, "UpdateItem", conditional(condition))["error"]
            assert error == "ConditionalCheckFailedException", condition
