"""Which items each call of the model day reads and writes: its budget (`infra.budgets`), by kind of item.

A kind is named by its table and by how its key begins (docs/data-model.md): `licenses device#`. Where a kind has
partitions of its own, that is how these begin.
"""

from typing import NamedTuple


class Units(NamedTuple):
    """Of DynamoDB; a second's, or those of one call."""

    read: float = 0
    write: float = 0

    def times(self, factor: float) -> "Units":
        """So many times as much."""
        return Units(self.read * factor, self.write * factor)

    def plus(self, other: "Units") -> "Units":
        """Both together."""
        return Units(self.read + other.read, self.write + other.write)


_OF_LOG_IN = {
    "ephemera attempts#": Units(0.5, 2),
    "ephemera failures#account#": Units(0.5),
    "ephemera failures#address#none#": Units(0.5),
    "ephemera failures#password#": Units(0.5),
    "accounts email#": Units(1),
}

CALLS: dict[str, dict[str, Units]] = {
    "check by key, once in 15 minutes": {
        "licenses license": Units(0.5),
        "licenses extras": Units(0.5),
        "licenses device#": Units(0.5, 1),
    },
    "check by user, once in 15 minutes": {
        "licenses license": Units(0.5),
        "licenses extras": Units(0.5),
        "licenses device#": Units(0.5, 1),
        "licenses seat#": Units(0.5),
        "accounts user#": Units(0.5),
    },
    "check by user, once in 12 hours": {
        "licenses license": Units(0.5),
        "licenses extras": Units(0.5),
        "licenses device#": Units(0.5, 1),
        "licenses seat#": Units(0.5, 1),
        "accounts user#": Units(0.5),
    },
    "activate by key": {
        "licenses license": Units(0.5, 2),
        "licenses extras": Units(0.5),
        "licenses device#": Units(0.5, 2),
        "licenses at#": Units(0, 2),
        "accounts hardware#": Units(0, 2),
        "accounts hostname#": Units(0, 2),
        "accounts deviceid#": Units(0, 2),
    },
    "activate by user": _OF_LOG_IN
    | {
        "licenses license": Units(0.5, 2),
        "licenses extras": Units(0.5),
        "licenses device#": Units(0.5, 2),
        "licenses seat#": Units(0.5, 2),
        "licenses user_device#": Units(0, 2),
        "licenses at#": Units(0, 2),
        "accounts user#": Units(1.5),
        "accounts hardware#": Units(0, 2),
        "accounts hostname#": Units(0, 2),
        "accounts deviceid#": Units(0, 2),
    },
    "deactivate by key": {
        "licenses license": Units(0.5, 2),
        "licenses extras": Units(0.5),
        "licenses device#": Units(0.5, 2),
        "licenses at#": Units(0, 2),
    },
    "deactivate by user": {
        "licenses license": Units(0.5, 2),
        "licenses extras": Units(0.5),
        "licenses device#": Units(0.5, 2),
        "licenses seat#": Units(0.5, 2),
        "licenses at#": Units(0, 2),
        "accounts user#": Units(0.5),
    },
    "issue a license": {
        "licenses license": Units(0, 2),
        "licenses at#": Units(0, 2),
        "licenses due#": Units(0, 4),
        "licenses mail#": Units(0, 4),
        "accounts license#/company": Units(0, 2),
        "accounts company": Units(2, 2),
        "accounts license#": Units(0, 2),
        "accounts key#": Units(0, 2),
        "accounts customer#": Units(0, 2),
        "accounts customeremail#": Units(1, 2),
        "accounts order#": Units(1, 2),
        "accounts of_product#": Units(0, 2),
        "accounts count#": Units(0, 4),
        "accounts ordered#": Units(0, 2),
        "accounts managed#": Units(1, 2),
        "accounts held#": Units(1),
        "accounts email#": Units(1),
        "accounts user#": Units(1, 2),
    },
    "extend a license": {
        "licenses license": Units(1, 2),
        "licenses at#": Units(0, 2),
        "licenses due#": Units(2, 8),
    },
    "sweep, nothing due": {"licenses due#": Units(72)},
    "sweep, one license will expire": {
        "licenses due#": Units(72, 4),
        "licenses license": Units(0, 2),
        "licenses at#": Units(0, 2),
        "licenses out#": Units(0, 2),
    },
    "sweep, one license expires": {
        "licenses due#": Units(72, 2),
        "licenses license": Units(0, 2),
        "licenses at#": Units(0, 2),
        "licenses out#": Units(0, 2),
    },
    "mail, nothing queued": {"licenses mail#": Units(4)},
    "events, nothing waits": {"licenses out#": Units(8), "licenses queue#": Units(4)},
}
"""Exactly this, as `tests/store/test_budgets.py` measures it."""

OF_NO_COMPANY = {"accounts license#/company"}
"""Kinds of `accounts` in partitions of their own, not in the one of their company."""
OF_NO_LICENSE = {"licenses due#", "licenses mail#", "licenses out#", "licenses queue#"}
"""Kinds of `licenses` in partitions that all companies share."""
