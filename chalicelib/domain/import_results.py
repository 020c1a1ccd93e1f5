"""What came of a file that was imported, kept to be looked at."""

from dataclasses import dataclass, field
from typing import Literal

from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json

ImportKind = Literal["licenses", "features", "customers"]
ImportStatus = Literal["success", "error"]
MAX_ROWS = 1000
"""Of one file: it is imported while its call is answered."""
MAX_INVALID = 100
"""Rows of which it is kept why they were refused; the others are counted."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of a file. `status`: `error` where a row was refused."""

    company: str
    id: int
    kind: ImportKind
    status: ImportStatus
    created_at: Instant
    finished_at: Instant
    file_name: str = ""
    result: Json = field(default_factory=dict, hash=False)
    """Rows by what came of them, as the Management API counts them, and `invalid_rows`: number, and the
    code, field and params of the error; `unknown_columns`: those that say nothing."""
