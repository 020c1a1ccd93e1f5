"""Moves a home of before: its data was kept by another engine, which is no longer needed for it.

That engine kept all in one file of SQLite, each item as JSON in DynamoDB's own form. The old folder stays beside the
new one, as `data.before`.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from botocore.exceptions import ClientError

from chalicelib.store.tables import TABLE_KEYS, table_definition
from infra import file_lock
from infra.embedded import open_engine
from infra.embedded.engine import EmbeddedEngine

BATCH = 25
Raw = dict[str, dict[str, object]]


class MoveError(Exception):
    """The data of before cannot be moved; the text is one sentence for the operator, and nothing has changed."""


def move(folder: Path, file_name: str, prefix: str) -> int | None:
    """Move the data in `folder` into a file of this name, if it is of before; how many items, or None.

    `prefix`: of the names of the tables. A move that was cut short is done again from the start. Raises `MoveError`.
    """
    new, before = folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.before")
    if not folder.exists() and new.exists() and before.exists():  # cut short between the two names
        new.rename(folder)
        return None
    old = folder / "dynamodb.db"
    if not old.exists():
        return None
    if file_lock.is_held(folder.with_name(f"{folder.name}.log")):  # by the other engine, as long as it runs
        raise MoveError(f"An older server is running on {folder}: stop it first.")
    if before.exists():
        raise MoveError(f"{before} is in the way: move it elsewhere, it holds data of before.")
    shutil.rmtree(new, ignore_errors=True)
    try:
        with closing(sqlite3.connect(f"file:{old}?mode=ro", uri=True)) as source:
            count = _copy(source, new / file_name, prefix)
    except (ClientError, sqlite3.Error, OSError, ValueError, KeyError) as error:
        shutil.rmtree(new, ignore_errors=True)  # what is half there may be all that the disk has room for
        raise MoveError(f"The data in {folder} cannot be moved: {error}.") from error
    folder.rename(before)
    new.rename(folder)
    return count


def _copy(source: sqlite3.Connection, file: Path, prefix: str) -> int:
    engine, count = open_engine(file), 0
    with closing(engine):
        for table in TABLE_KEYS:
            name = f"{prefix}-{table}"
            engine("CreateTable", {"TableName": name} | table_definition(table))
            items = _items(source, name)
            while few := list(islice(items, BATCH)):
                engine("BatchWriteItem", {"RequestItems": {name: [{"PutRequest": {"Item": item}} for item in few]}})
                count += len(few)
            stored = {_text(raw) for raw in _scan(engine, name)}
            if stored != {_text(raw) for raw in _items(source, name)}:
                raise ValueError(f"what was copied of {name} is not what was there")
    return count


def _items(source: sqlite3.Connection, table: str) -> Iterator[Raw]:
    rows = source.execute("SELECT item FROM items JOIN tables USING (table_id) WHERE name = ?", (table,))
    return (json.loads(text) for (text,) in rows)


def _scan(engine: EmbeddedEngine, table: str) -> Iterator[Raw]:
    asked: dict[str, object] = {"TableName": table, "ConsistentRead": True}
    while True:
        answer = engine("Scan", asked)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _text(raw: Raw) -> str:
    return json.dumps(raw, sort_keys=True)
