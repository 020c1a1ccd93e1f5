"""The clock alone makes the sweep run, and what it has found due is announced."""

import time

from tests.stage.operator import TABLES, Operator

ENDED = "2026-11-01"
PATIENCE_SECONDS = 600
"""The rule fires every minute, from when the stage was made; a busy machine may take its time."""


def test_a_license_that_has_ended_is_announced_by_the_schedule_alone(clocked: Operator) -> None:
    clocked.admin("company", "create", "--code", "CLOCK", "--name", "Clock")
    named = ("--company", "CLOCK", "--code", "viewer", "--name", "Viewer", "--authorization-method", "license-key")
    clocked.admin("product", "create", *named)
    terms = ("--license-type", "subscription", "--max-activations", "1", "--validity-period", ENDED)
    license = clocked.admin("license", "issue", "--company", "CLOCK", "--product", "viewer", *terms)
    pk, deadline = {"S": f"CLOCK#{license['id']}"}, time.monotonic() + PATIENCE_SECONDS
    dynamodb = clocked.aws.client("dynamodb")

    def stored() -> list[dict[str, dict[str, str]]]:
        items: list[dict[str, dict[str, str]]] = dynamodb.query(
            TableName=TABLES[0], KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": pk}
        )["Items"]
        return items

    while not any(item.get("announced") == {"S": "expired"} for item in stored()):
        assert time.monotonic() < deadline, "the schedule has not announced it"
        time.sleep(1)
    [event] = [item for item in stored() if item.get("type") == {"S": "license_expired"}]
    assert event["actor"] == {"S": "sweep"}
