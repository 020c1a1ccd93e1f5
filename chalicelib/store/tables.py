"""The three tables, by the names that the code has for them; `store.connection` puts the stage's prefix before them."""

from chalicelib.store.schema import AnyItem, Operation, Raw

TABLE_KEYS = {"licenses": ("pk", "part"), "accounts": ("pk", "part"), "ephemera": ("pk",)}
"""Partition key, and sort key where there is one; all are texts."""


def table_definition(table: str) -> Operation:
    """How a table is made, on the embedded engine as in a stage: keys, and billing by what is used."""
    kinds = zip(TABLE_KEYS[table], ("HASH", "RANGE"), strict=False)
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in TABLE_KEYS[table]],
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
    }


def key_of(item: AnyItem) -> Raw:
    """The keys of an item, as DynamoDB writes them."""
    return {"pk": {"S": item.pk}} | ({"part": {"S": item.sort_key}} if hasattr(type(item), "sort_key") else {})
