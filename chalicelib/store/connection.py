"""The connection to the tables of one stage."""

from collections.abc import Callable

from chalicelib.once import Once
from chalicelib.store.dynamodb import DynamoDB
from chalicelib.store.schema import Operation

_BY_TABLE = {"Responses", "UnprocessedKeys", "UnprocessedItems"}
"""What DynamoDB answers by the name of a table."""


Send = Callable[[str, Operation], Operation]
"""What answers an operation: its name and request in, its answer out, or botocore's errors."""
OpenEngine = Callable[[], Send]
"""Opens what answers in this process, in the place of AWS. What is open is never shared with a fork."""


class StageConnection:
    """A connection to the tables of one stage: an item's table is `licenses`, the stage's is `dev-licenses`."""

    def __init__(self, table_prefix: str, region: str, endpoint: str | None, engine: Send | None) -> None:
        self._prefix = f"{table_prefix}-"
        self.send: Send = engine or DynamoDB(region, endpoint)
        """All operations go through here: tests put themselves before it."""

    def table_name(self, table: str) -> str:
        """The stage's name of a table."""
        return self._prefix + table

    def dispatch(self, operation: str, kwargs: Operation) -> Operation:
        """Send one operation; it names tables as items do, and so does what comes back. Raises botocore's errors."""
        answer = self.send(operation, self._with_stage_names(kwargs))
        for by_table in _BY_TABLE & answer.keys():
            if isinstance(answer[by_table], dict):  # a TransactGetItems has a list
                answer[by_table] = {t.removeprefix(self._prefix): found for t, found in answer[by_table].items()}
        return answer

    def _with_stage_names(self, kwargs: Operation) -> Operation:
        named = dict(kwargs)
        if "TableName" in kwargs:
            named["TableName"] = self.table_name(kwargs["TableName"])
        if "RequestItems" in kwargs:
            named["RequestItems"] = {self.table_name(t): items for t, items in kwargs["RequestItems"].items()}
        if "TransactItems" in kwargs:
            named["TransactItems"] = [
                {kind: item | {"TableName": self.table_name(item["TableName"])} for kind, item in step.items()}
                for step in kwargs["TransactItems"]
            ]
        return named


class StageDatabase:
    """The tables of one stage.

    `endpoint`: of a DynamoDB that is not AWS's, None where that is meant. `open_engine`: opens what answers in the
    place of both, in this process.
    """

    def __init__(self, table_prefix: str, region: str, endpoint: str | None, open_engine: OpenEngine | None) -> None:
        self.region = region
        self._connection = Once(lambda: StageConnection(table_prefix, region, endpoint, open_engine and open_engine()))

    @property
    def connection(self) -> StageConnection:
        """Opened once, at its first use."""
        return self._connection()
