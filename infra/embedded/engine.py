"""The engine: DynamoDB's operations by their names, answered as botocore answers them."""

from collections.abc import Callable
from pathlib import Path
from typing import Never, TypeVar

from infra.embedded.database import Database
from infra.embedded.errors import Refused
from infra.embedded.reads import Reads
from infra.embedded.requests import Answer, Request
from infra.embedded.tables import TableGone, Tables
from infra.embedded.writes import Writes

T = TypeVar("T")


class EmbeddedEngine:
    """DynamoDB's operations on one file, for all threads of this process, and beside other processes.

    Raises `EngineError` where the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path)
        self._tables = tables = Tables(self._database)
        reads, writes = Reads(self._database, tables), Writes(self._database, tables)
        self._writes = writes
        self._operations: dict[str, Callable[[Request], Answer]] = {
            "BatchGetItem": reads.batch_get_item,
            "BatchWriteItem": writes.batch_write_item,
            "CreateTable": tables.create,
            "DeleteItem": writes.delete_item,
            "DeleteTable": tables.delete,
            "DescribeTable": tables.describe,
            "GetItem": reads.get_item,
            "PutItem": writes.put_item,
            "Query": reads.query,
            "Scan": reads.scan,
            "TransactGetItems": reads.transact_get_items,
            "TransactWriteItems": writes.transact_write_items,
            "UpdateItem": writes.update_item,
        }

    def __call__(self, operation: str, request: Request) -> Answer:
        """The answer to an operation. Raises botocore's `ClientError`.

        What is consumed (`ReturnConsumedCapacity`) is not counted, and not answered.
        """
        do = self._operations.get(operation, _unknown)
        known = {name: value for name, value in request.items() if name != "ReturnConsumedCapacity"}
        try:
            return self._of_its_tables(lambda: do(known))
        except Refused as refusal:
            raise refusal.as_botocore(operation) from refusal.__cause__

    def delete_expired(self, table: str, before: int, most: int) -> int:
        """Do what TTL does on AWS: delete items of a table whose `expires` is before an instant, in seconds.

        The first ones first, at most so many; answers how many. Raises `Refused`.
        """
        return self._of_its_tables(lambda: self._writes.delete_expired(table, before, most))

    def _of_its_tables(self, do: Callable[[], T]) -> T:
        """What is done with the tables as they are remembered, or as they are, where one is gone. Raises `Refused`."""
        try:
            return do()
        except TableGone:
            self._tables.forget()
            return do()

    def close(self) -> None:
        """Close the file: nothing is asked any more."""
        self._database.close()


def _unknown(_: Request) -> Never:
    raise Refused("UnknownOperationException", "the embedded engine does not have this operation")
