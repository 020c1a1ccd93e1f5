"""A table that another process has dropped, and perhaps made again, is not taken for the one that was."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.engine import EmbeddedEngine
from tests.embedded.engines import TABLES, ask, stored, table_request

KEY = {"pk": {"S": "p"}, "part": {"S": "a"}}
ONE = {"TableName": "ranged", "Key": KEY}
PUT = {"TableName": "ranged", "Item": KEY}
SET = {"UpdateExpression": "SET n = :x", "ExpressionAttributeValues": {":x": {"N": "1"}}}
QUERY = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
REQUESTS: dict[str, dict[str, Any]] = {
    "GetItem": ONE,
    "BatchGetItem": {"RequestItems": {"ranged": {"Keys": [KEY]}}},
    "TransactGetItems": {"TransactItems": [{"Get": ONE}]},
    "Query": {"TableName": "ranged"} | QUERY,
    "Scan": {"TableName": "ranged"},
    "PutItem": PUT,
    "UpdateItem": ONE | SET,
    "DeleteItem": ONE | {"ConditionExpression": "attribute_not_exists(pk)"},
    "BatchWriteItem": {"RequestItems": {"ranged": [{"PutRequest": {"Item": KEY}}]}},
    "TransactWriteItems": {"TransactItems": [{"Put": PUT}]},
}


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_table_that_another_process_has_dropped_is_there_no_more(
    engine: EmbeddedEngine, path: Path, operation: str
) -> None:
    with closing(EmbeddedEngine(path)) as beside:
        ask(engine, "PutItem", PUT)
        beside("DeleteTable", {"TableName": "ranged"})
        assert ask(engine, operation, REQUESTS[operation])["error"] == "ResourceNotFoundException"


def test_a_table_that_another_process_has_made_again_is_used(engine: EmbeddedEngine, path: Path) -> None:
    with closing(EmbeddedEngine(path)) as beside:
        for operation, asked in REQUESTS.items():
            ask(engine, "PutItem", PUT)
            beside("DeleteTable", {"TableName": "ranged"})
            beside("CreateTable", table_request("ranged", TABLES["ranged"]))
            assert "error" not in ask(engine, operation, asked), operation
            assert stored(engine) == stored(beside), operation
        engine("PutItem", {"TableName": "hashed", "Item": {"pk": {"S": "old"}, "expires": {"N": "1"}}})
        beside("DeleteTable", {"TableName": "hashed"})
        beside("CreateTable", table_request("hashed", TABLES["hashed"]))
        beside("PutItem", {"TableName": "hashed", "Item": {"pk": {"S": "new"}, "expires": {"N": "1"}}})
        assert engine.delete_expired("hashed", 2, 10) == 1
