"""What a call to the database reads and writes: two calls that meet nowhere may come in either order."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, Self

from infra.embedded.expressions import compiled
from tests.explore.engine import Where

Request = dict[str, Any]


class Range(NamedTuple):
    """Part of a partition. A page may end before it does; but where, nobody knows before: all of it is read."""

    table: str
    pk: str
    first: str = ""
    last: str = "\U0010ffff"

    def holds(self, where: Where) -> bool:
        """Whether an item there is in it, or would be."""
        return self.pk == where.pk and self.table == where.table and self.first <= where.part <= self.last


class Footprint(NamedTuple):
    """The items of one call."""

    reads: frozenset[Where] = frozenset()
    writes: frozenset[Where] = frozenset()
    """Also those that a failed condition leaves alone: whether it will fail is not known before."""
    ranges: tuple[Range, ...] = ()
    tables: frozenset[str] = frozenset()
    """Of which it reads all."""

    @classmethod
    def of(cls, operation: str, request: Request) -> Self:
        """That of a request."""
        if operation == "Scan":
            return cls(tables=frozenset([request["TableName"]]))
        if operation == "Query":
            return cls(ranges=(_range(request),))
        reads, writes = set[Where](), set[Where]()
        for kind, name, key in _keys(operation, request):
            place = Where(name, key["pk"]["S"], key["part"]["S"] if "part" in key else "")
            (reads if kind in {"Get", "ConditionCheck"} else writes).add(place)
        return cls(frozenset(reads), frozenset(writes))

    def __str__(self) -> str:
        places = [f"{one.pk} {one.part}" for one in sorted(self.writes) or sorted(self.reads)]
        return ", ".join(places + [f"{part.pk} {part.first}*" for part in self.ranges])

    def __or__(self, other: "Footprint") -> "Footprint":
        """That of both."""
        ranges = self.ranges
        if other.ranges and other.ranges != ranges:
            ranges = tuple(dict.fromkeys(ranges + other.ranges))
        return Footprint(self.reads | other.reads, self.writes | other.writes, ranges, self.tables | other.tables)

    def holds(self, other: "Footprint") -> bool:
        """Whether all of the other one is in it."""
        sets = self.reads >= other.reads and self.writes >= other.writes and self.tables >= other.tables
        return sets and all(part in self.ranges for part in other.ranges)

    def meets(self, other: Self) -> bool:
        """Whether one of the two writes what the other one reads or writes."""
        if not (self.writes.isdisjoint(other.writes) and self.writes.isdisjoint(other.reads)):
            return True
        if not other.writes.isdisjoint(self.reads):
            return True
        return self._reads_many_of(other.writes) or other._reads_many_of(self.writes)

    def reads_also(self, where: Where) -> bool:
        """Whether it reads the item there, or would."""
        return where in self.reads or self._reads_many_of((where,))

    def among(self, places: frozenset[Where]) -> set[Where]:
        """Those of these places whose items it reads, or would."""
        found = {*(places & self.reads)}
        found.update(where for where in places if where.table in self.tables)
        return found.union(where for part in self.ranges for where in places if part.holds(where))

    def _reads_many_of(self, places: Collection[Where]) -> bool:
        """Whether one of these places is in what it reads all of."""
        if not places:
            return False
        for part in self.ranges:
            for where in places:
                if part.holds(where):
                    return True
        return bool(self.tables) and any(where.table in self.tables for where in places)


NOTHING = Footprint()
"""That of a call that never came to the database."""


def _keys(operation: str, request: Request) -> Iterator[tuple[str, str, Any]]:
    """Of each item of a request: whether it is read or written, its table, and what holds its key."""
    if operation == "BatchGetItem":
        yield from (("Get", name, key) for name, asked in request["RequestItems"].items() for key in asked["Keys"])
    elif operation == "BatchWriteItem":
        for name, those in request["RequestItems"].items():
            for one in those:
                yield "Put", name, one["PutRequest"]["Item"] if "PutRequest" in one else one["DeleteRequest"]["Key"]
    else:
        steps = request.get("TransactItems") or [{operation.removesuffix("Item"): request}]
        for step in steps:
            for kind, asked in step.items():
                yield kind, asked["TableName"], asked["Item"] if kind == "Put" else asked["Key"]


def _range(request: Request) -> Range:
    expressions, values = compiled(request)
    asked = expressions.key_condition
    assert asked is not None
    pk, bounds = values[asked.pk]["S"], [values[placeholder]["S"] for placeholder in asked.bounds]
    match asked.operator:
        case "begins_with":
            return Range(request["TableName"], pk, bounds[0], bounds[0] + "\U0010ffff")
        case "BETWEEN" | "=":
            return Range(request["TableName"], pk, bounds[0], bounds[-1])
        case _:  # the whole partition, where it is asked for from one side
            return Range(request["TableName"], pk)
