"""The engines that are held against each other, each one function: an operation and its request in, its answer out."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from tests import roto
from tests.dynamodb_local import ENDPOINT as DYNAMODB_LOCAL

Send = Callable[[str, dict[str, Any]], dict[str, Any]]

TABLES = {"ranged": ("pk", "part"), "hashed": ("pk",)}
"""The keys of the tables that requests are of."""


@contextmanager
def reference() -> Iterator[Send]:
    """An engine that others have written: DynamoDB Local where there is one, else roto-server. Its tables are empty."""
    if DYNAMODB_LOCAL:
        yield _over_http(DYNAMODB_LOCAL)
        return
    with roto.start(None) as running:
        yield _over_http(running.endpoint)


def make_tables(send: Send) -> None:
    """The tables, where they are not there yet."""
    for name, keys in TABLES.items():
        ask(send, "CreateTable", table_request(name, keys))


def empty(send: Send) -> None:
    """Delete all that is in the tables."""
    for name, keys in TABLES.items():
        items = send("Scan", {"TableName": name, "ConsistentRead": True})["Items"]
        requests = [{"DeleteRequest": {"Key": {key: item[key] for key in keys}}} for item in items]
        for some in (requests[n : n + 25] for n in range(0, len(requests), 25)):
            send("BatchWriteItem", {"RequestItems": {name: some}})


def table_request(name: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """A CreateTable as the store sends it."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": [
            {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    }


def ask(send: Send, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """The answer, or what is wrong: its code, the reasons and the items in the way, as all engines say them."""
    try:
        answer = send(operation, json.loads(json.dumps(request)))
    except ClientError as error:
        reasons: Any = error.response.get("CancellationReasons", [])
        found = [_plain({"Code": reason["Code"], "Item": reason.get("Item")}) for reason in reasons]
        return {"error": error.response["Error"]["Code"], "reasons": found}
    known = ["Item", "Items", "Attributes", "Responses", "Count"]
    if DYNAMODB_LOCAL:  # roto-server answers none behind the last item, where as many are there as were asked for
        known.append("LastEvaluatedKey")
    plain: dict[str, Any] = _plain({name: answer[name] for name in known if name in answer})
    if operation == "Scan":  # in no order
        plain["Items"] = sorted(plain["Items"], key=str)
    if operation == "BatchGetItem":  # neither
        plain["Responses"] = {name: sorted(items, key=str) for name, items in plain["Responses"].items()}
    return plain


def stored(send: Send) -> dict[str, Any]:
    """All that is in the tables."""
    found: dict[str, Any] = {}
    for name in TABLES:
        answer = send("Scan", {"TableName": name, "ConsistentRead": True})
        assert "LastEvaluatedKey" not in answer
        found[name] = sorted(_plain(answer["Items"]), key=str)
    return found


def _plain(value: Any) -> Any:
    """Without the order of attributes and of members, and the way in which a number is written."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"SS"}:
        return {"SS": sorted(value["SS"])}
    if set(value) == {"N"}:
        return {"N": Fraction(value["N"])}
    return {name: _plain(each) for name, each in sorted(value.items())}


def _over_http(endpoint: str) -> Send:
    client: Any = botocore.session.get_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    send: Send = client._make_api_call
    return send
