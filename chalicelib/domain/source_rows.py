"""Where a license comes from that was sold elsewhere."""

from dataclasses import dataclass, field
from typing import Literal

System = Literal["licensespring", "keygen", "cryptlex", "csv", "seatkeeper"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of another system, by the name that it has there. A license is made of it once, however often it comes."""

    system: System
    row: str
    import_id: int | None = field(default=None, compare=False)
    """The file that brings it, by the id of what comes of that (`ImportResult`); None: nothing is kept of one."""


@dataclass(frozen=True, slots=True)
class MadeOfRow:
    """What was made of a row."""

    license_id: int
    import_id: int | None = None
    """The file that has brought it first, as `SourceRow` has it."""
