"""The tables of a stage. `chalicelib.store.tables` says what is in them; a test holds the two together."""

from typing import Any

from infra.stage.stages import Stage


def tables(stage: Stage) -> dict[str, Any]:
    """The three tables, by logical id."""
    return {
        "LicensesTable": _table(stage, "licenses", "pk", "part"),
        "AccountsTable": _table(stage, "accounts", "pk", "part"),
        "EphemeraTable": _table(stage, "ephemera", "pk", expiry="expires"),
    }


def _table(stage: Stage, name: str, *keys: str, expiry: str | None = None) -> dict[str, Any]:
    """One table. Where what was sold is at stake it outlives its stack, and only an operator's own hand deletes it."""
    fate = "Retain" if stage.is_protected else "Delete"
    properties: dict[str, Any] = {
        "TableName": f"{stage.stack}-{name}",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": [
            {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "DeletionProtectionEnabled": stage.is_protected,
    }
    if expiry:
        properties["TimeToLiveSpecification"] = {"AttributeName": expiry, "Enabled": True}
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": fate,
        "UpdateReplacePolicy": fate,
        "Properties": properties,
    }
