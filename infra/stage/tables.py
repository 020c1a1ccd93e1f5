"""The tables of a stage. `chalicelib.store.items` says what is in them, and by which keys."""

from chalicelib.domain.types import Json
from chalicelib.store.tables import table_definition
from infra.stage.stages import Stage

TABLES = {"licenses": "LicensesTable", "accounts": "AccountsTable", "ephemera": "EphemeraTable"}
"""Our name and the logical id."""
EXPIRING = "ephemera"
"""The one table whose items end by themselves: whatever is sold stays until somebody takes it away."""
STREAMING = "licenses"
"""The one table whose changes are to be heard of: the outbox is in it."""


def tables(stage: Stage) -> Json:
    """The three tables, by logical id."""
    return {table: _table(stage, name) for name, table in TABLES.items()}


def _table(stage: Stage, name: str) -> Json:
    """One table. Where what was sold is at stake it outlives its stack, and no command deletes it."""
    fate = "Retain" if stage.is_protected else "Delete"
    properties: Json = {
        "TableName": f"{stage.stack}-{name}",
        **table_definition(name),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "DeletionProtectionEnabled": stage.is_protected,
    }
    if name == EXPIRING:
        properties["TimeToLiveSpecification"] = {"AttributeName": "expires", "Enabled": True}
    if name == STREAMING:
        properties["StreamSpecification"] = {"StreamViewType": "KEYS_ONLY"}  # what was sold stays in its table
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": fate,
        "UpdateReplacePolicy": fate,
        "Properties": properties,
    }
