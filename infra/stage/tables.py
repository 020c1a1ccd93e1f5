"""The tables of a stage. `chalicelib.store.items` says what is in them; a test holds the two together."""

from typing import Any

from infra.stage.stages import Stage

TABLES = {"licenses": "LicensesTable", "accounts": "AccountsTable", "ephemera": "EphemeraTable"}
"""Our name and the logical id."""
EXPIRING = "ephemera"
"""The one table whose items end by themselves: whatever is sold stays until somebody takes it away."""


def tables(stage: Stage) -> dict[str, Any]:
    """The three tables, by logical id."""
    return {table: _table(stage, name) for name, table in TABLES.items()}


def _table(stage: Stage, name: str) -> dict[str, Any]:
    """One table. Where what was sold is at stake it outlives its stack, and no command deletes it."""
    fate = "Retain" if stage.is_protected else "Delete"
    keys = {"pk": "HASH"} if name == EXPIRING else {"pk": "HASH", "part": "RANGE"}
    properties: dict[str, Any] = {
        "TableName": f"{stage.stack}-{name}",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "DeletionProtectionEnabled": stage.is_protected,
    }
    if name == EXPIRING:
        properties["TimeToLiveSpecification"] = {"AttributeName": "expires", "Enabled": True}
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": fate,
        "UpdateReplacePolicy": fate,
        "Properties": properties,
    }
