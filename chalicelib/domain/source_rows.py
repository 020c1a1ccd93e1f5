"""Where a license comes from that was sold elsewhere."""

from dataclasses import dataclass
from typing import Literal

System = Literal["licensespring", "keygen", "cryptlex", "csv", "seatkeeper"]


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of another system, by the name that it has there. A license is made of it once, however often it comes."""

    system: System
    row: str
