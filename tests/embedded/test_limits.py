"""The limits of DynamoDB are those of the engine."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.embedded.engine import EmbeddedEngine
from tests.embedded.engines import ask, table_request

KB = 1024
INVALID = "ValidationException"


def item(pk: str = "p", part: str = "a", **attributes: Any) -> dict[str, Any]:
    return {"pk": {"S": pk}, "part": {"S": part}, **attributes}


def put(engine: EmbeddedEngine, *given: Any, **attributes: Any) -> Any:
    return ask(engine, "PutItem", {"TableName": "ranged", "Item": item(*given, **attributes)}).get("error")


def text(length: int) -> dict[str, Any]:
    """An attribute `big` of an item `p`, `a` that has so many bytes in all."""
    return {"big": {"S": "x" * (length - len("pkppartabig"))}}


def test_an_item_has_400_kb(engine: EmbeddedEngine) -> None:
    assert put(engine, **text(400 * KB)) is None
    assert put(engine, **text(400 * KB + 1)) == INVALID
    assert put(engine, part="\u00e9", big={"S": "\u00e9" * (200 * KB)}) == INVALID
    more = {"UpdateExpression": "SET more = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}}
    update = {"TableName": "ranged", "Key": item()} | more
    assert ask(engine, "UpdateItem", update)["error"] == INVALID
    found = engine("GetItem", {"TableName": "ranged", "Key": item()})["Item"]
    assert found == item(**text(400 * KB))


def test_a_transaction_has_100_items_and_4_mb_and_none_twice(engine: EmbeddedEngine) -> None:
    def transact(*items: Any) -> Any:
        steps = [{"Put": {"TableName": "ranged", "Item": each}} for each in items]
        return ask(engine, "TransactWriteItems", {"TransactItems": steps}).get("error")

    assert transact(*(item(part=str(n)) for n in range(100))) is None
    assert transact(*(item(part=str(n)) for n in range(101))) == INVALID
    assert transact() == INVALID
    assert transact(item(), item()) == INVALID
    assert transact(*(item(str(n), **text(399 * KB)) for n in range(10))) is None
    assert transact(*(item(str(n), **text(399 * KB)) for n in range(11))) == INVALID


def test_a_page_has_1_mb_and_the_next_one_goes_on(engine: EmbeddedEngine) -> None:
    parts = [f"{n:02}" for n in range(25)]
    for part in parts:
        assert put(engine, "p", part, big={"S": "x" * 100 * KB}) is None
    for operation, asked in {
        "Query": {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}},
        "Scan": {},
    }.items():
        request, pages = {"TableName": "ranged", "ProjectionExpression": "part"} | asked, []
        while True:
            answer = engine(operation, request)
            pages.append([found["part"]["S"] for found in answer["Items"]])
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        assert [part for page in pages for part in page] == parts
        assert [len(page) for page in pages] == [10, 10, 5]


def test_a_page_has_at_least_one_item_and_at_most_as_many_as_asked_for(engine: EmbeddedEngine) -> None:
    for part in "abc":
        put(engine, "p", part, big={"S": "x" * 390 * KB})
    query = {
        "TableName": "ranged",
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "p"}},
    }
    assert engine("Query", query | {"Limit": 1})["LastEvaluatedKey"] == item()
    assert engine("Query", query | {"Limit": 2})["Count"] == 2
    for limit in (0, -1):
        assert ask(engine, "Query", query | {"Limit": limit})["error"] == INVALID


@pytest.mark.parametrize(
    ("condition", "backwards", "is_named"),
    [
        ("part = :b", False, True),
        ("part = :b", True, True),
        ("part <= :b", False, False),
        ("part >= :b", True, False),
        ("part BETWEEN :a AND :b", False, False),
        ("part BETWEEN :b AND :c", True, False),
        ("part < :c", False, True),
        ("part > :a", True, True),
        ("begins_with(part, :b)", False, True),
        ("begins_with(part, :b)", True, True),
    ],
)
def test_a_page_that_reaches_its_limit_names_a_next_one_as_dynamodb_does(
    engine: EmbeddedEngine, condition: str, backwards: bool, is_named: bool
) -> None:
    """None behind the end of a range; behind a key or a prefix there can be nothing either, and one is named."""
    engine("PutItem", {"TableName": "ranged", "Item": {"pk": {"S": "p"}, "part": {"S": "b"}}})
    bounds = {f":{name}": {"S": name} for name in "abc" if f":{name}" in condition}
    answer = engine(
        "Query",
        {
            "TableName": "ranged",
            "KeyConditionExpression": f"pk = :p AND {condition}",
            "ExpressionAttributeValues": {":p": {"S": "p"}} | bounds,
            "ScanIndexForward": not backwards,
            "Limit": 1,
        },
    )
    assert answer["Count"] == 1
    assert ("LastEvaluatedKey" in answer) == is_named


def test_a_batch_has_25_writes_or_100_reads_and_none_twice(engine: EmbeddedEngine) -> None:
    keys = [item(part=str(n)) for n in range(101)]

    def write(count: int) -> Any:
        puts = [{"PutRequest": {"Item": key}} for key in keys[:count]]
        return ask(engine, "BatchWriteItem", {"RequestItems": {"ranged": puts}}).get("error")

    def read(*keys: Any) -> Any:
        return ask(engine, "BatchGetItem", {"RequestItems": {"ranged": {"Keys": list(keys)}}}).get("error")

    assert [write(count) for count in (25, 26, 0)] == [None, INVALID, INVALID]
    assert [read(*keys[:100]), read(*keys), read(), read(keys[0], keys[0])] == [None, INVALID, INVALID, INVALID]
    twice = [{"PutRequest": {"Item": keys[0]}}, {"DeleteRequest": {"Key": keys[0]}}]
    assert ask(engine, "BatchWriteItem", {"RequestItems": {"ranged": twice}})["error"] == INVALID
    gets = [{"Get": {"TableName": "ranged", "Key": key}} for key in keys]
    for some in (gets, [], [gets[0], gets[0]]):
        assert ask(engine, "TransactGetItems", {"TransactItems": some})["error"] == INVALID


def test_a_key_is_a_text_that_is_neither_empty_nor_long(engine: EmbeddedEngine) -> None:
    assert [put(engine, pk) for pk in ("", "x" * 2048, "x" * 2049, "\u00e9" * 1025)] == [
        INVALID,
        None,
        INVALID,
        INVALID,
    ]
    assert [put(engine, "p", part) for part in ("", "x" * 1024, "x" * 1025)] == [INVALID, None, INVALID]
    for wrong in ({"pk": {"S": "p"}}, item() | {"more": {"S": "x"}}, item() | {"part": {"N": "1"}}):
        assert ask(engine, "GetItem", {"TableName": "ranged", "Key": wrong})["error"] == INVALID
    assert put(engine, "p", part="a") is None
    assert ask(engine, "PutItem", {"TableName": "ranged", "Item": {"pk": {"S": "p"}}})["error"] == INVALID


def test_keys_are_in_the_order_of_their_bytes(engine: EmbeddedEngine) -> None:
    parts = ["a", "B", "\u00e9", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "\U0010ffffa", "a\0", "a#"]
    for part in parts:
        put(engine, "p", part)
    query = {"TableName": "ranged", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    found = engine("Query", query | {"KeyConditionExpression": "pk = :p"})["Items"]
    assert [each["part"]["S"] for each in found] == sorted(parts, key=str.encode)
    for prefix in ("a", "\ud7ff", "\uffff", "\U0010ffff"):
        asked = query | {"KeyConditionExpression": "pk = :p AND begins_with(part, :a)"}
        asked["ExpressionAttributeValues"] = {":p": {"S": "p"}, ":a": {"S": prefix}}
        found = engine("Query", asked)["Items"]
        assert [each["part"]["S"] for each in found] == sorted(
            (part for part in parts if part.startswith(prefix)), key=str.encode
        )


NUMBERS = {
    "1.50": "1.5",
    "1E3": "1000",
    "-0": "0",
    "+007": "7",
    ".5e-2": "0.005",
    "9" * 38: "9" * 38,
    "9" * 38 + "0": "9" * 38 + "0",
    "1e125": "1" + "0" * 125,
    "1e-130": "0." + "0" * 129 + "1",
}
NO_NUMBERS = ("9" * 39, "1e126", "1e-131", "", " 1", "1 ", "1_0", "0x1", "NaN", "\u0663", "1\n", "1e9999999999")


def test_a_number_has_38_digits_and_one_way_to_be_written(engine: EmbeddedEngine) -> None:
    for given, kept in NUMBERS.items():
        assert put(engine, n={"N": given}) is None, given
        assert engine("GetItem", {"TableName": "ranged", "Key": item()})["Item"]["n"] == {"N": kept}
    for given in NO_NUMBERS:
        assert put(engine, n={"N": given}) == INVALID, given


def test_nulls_lists_and_maps_are_kept_as_they_are_and_no_deeper_than_32(engine: EmbeddedEngine) -> None:
    value: dict[str, Any] = {"M": {"l": {"L": [{"NULL": True}, {"M": {"n": {"N": "1.0"}}}]}, "s": {"SS": ["b", "a"]}}}
    assert put(engine, a=value) is None
    kept = engine("GetItem", {"TableName": "ranged", "Key": item()})["Item"]["a"]
    assert kept == {"M": {"l": {"L": [{"NULL": True}, {"M": {"n": {"N": "1"}}}]}, "s": {"SS": ["a", "b"]}}}
    deep: dict[str, Any] = {"S": "x"}
    for _ in range(32):
        deep = {"L": [deep]}
    assert put(engine, a=deep) is None
    assert put(engine, a={"L": [deep]}) == INVALID


def test_a_value_that_our_store_does_not_have_is_refused(engine: EmbeddedEngine) -> None:
    wrong: list[Any] = [{}, {"S": "a", "N": "1"}, {"SS": []}, {"SS": ["a", "a"]}, {"NULL": False}, {"L": {}}, {"M": []}]
    for value in (*wrong, {"B": b"x"}, {"NS": ["1"]}):
        with pytest.raises(ClientError, match=INVALID):
            engine("PutItem", {"TableName": "ranged", "Item": item(a=value)})


def test_what_a_request_says_beside_is_refused_and_not_left_out(engine: EmbeddedEngine) -> None:
    key = {"TableName": "ranged", "Key": item()}
    refused: list[tuple[str, dict[str, Any]]] = [
        ("GetItem", key | {"AttributesToGet": ["a"]}),
        ("UpdateItem", key | {"UpdateExpression": "REMOVE a", "ReturnValues": "UPDATED_NEW"}),
        ("UpdateItem", key),
        ("DeleteItem", key | {"ReturnValues": "ALL_OLD"}),
        ("Scan", {"TableName": "ranged", "Segment": 0}),
        ("Query", {"TableName": "ranged"}),
        ("Query", {"TableName": "ranged", "IndexName": "due", "KeyConditionExpression": "pk = :p"}),
        ("TransactWriteItems", {"TransactItems": [{"Put": key, "Delete": key}]}),
        ("TransactWriteItems", {"TransactItems": [{"ConditionCheck": key}]}),
        ("TransactWriteItems", {"TransactItems": [{"Delete": key}], "ClientRequestToken": "x"}),
        ("CreateTable", table_request("indexed", ("pk",)) | {"GlobalSecondaryIndexes": []}),
        ("CreateTable", table_request("billed", ("pk",)) | {"BillingMode": "PROVISIONED"}),
    ]
    for operation, request in refused:
        assert ask(engine, operation, request)["error"] == INVALID, (operation, request)
    assert ask(engine, "ListStreams", {})["error"] == "UnknownOperationException"


def test_tables_are_made_told_and_deleted_with_all_that_is_in_them(engine: EmbeddedEngine) -> None:
    request = table_request("ranged", ("pk", "part"))
    assert ask(engine, "CreateTable", request)["error"] == "ResourceInUseException"
    put(engine)
    assert engine("DescribeTable", {"TableName": "ranged"})["Table"]["KeySchema"] == request["KeySchema"]
    engine("DeleteTable", {"TableName": "ranged"})
    for operation, asked in {"Scan": {}, "DescribeTable": {}, "DeleteTable": {}, "PutItem": {"Item": item()}}.items():
        assert ask(engine, operation, {"TableName": "ranged"} | asked)["error"] == "ResourceNotFoundException"
    engine("CreateTable", request)
    assert engine("Scan", {"TableName": "ranged"})["Items"] == []
