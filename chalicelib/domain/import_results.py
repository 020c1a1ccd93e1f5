"""What comes of a file that is imported, kept to be looked at; and the work that is left of one."""

from dataclasses import dataclass, field
from typing import Literal

from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json

ImportKind = Literal["licenses", "features", "customers"]
ImportStatus = Literal["pending", "running", "success", "error"]
MAX_ROWS = 10_000
"""Of one file. What its call has no time for, the sweep goes on with."""
MAX_INVALID = 100
"""Rows of which it is kept why they were refused; the others are counted."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What has come of a file so far. `status`: `error` where a row was refused, or the file is lost."""

    company: str
    id: int
    kind: ImportKind
    status: ImportStatus
    created_at: Instant
    finished_at: Instant
    """When the last rows were done: so far, while the status is `pending` or `running`."""
    file_name: str = ""
    result: Json = field(default_factory=dict, hash=False)
    """Rows by what came of them, as the Management API counts them, and `invalid_rows`: number, and the
    code, field and params of the error; `unknown_columns`: those that say nothing."""
    started_at: Instant | None = None
    """When the first rows were done."""
    done: int | None = None
    """How many rows are done. None: all, of before files were imported in steps."""
    products: frozenset[str] = frozenset()
    """Codes of those that its sender is limited to: no row comes to anything of others. Empty: to none."""

    @property
    def is_finished(self) -> bool:
        """Whether nothing more comes of the file."""
        return self.status in ("success", "error")

    def is_shown_to(self, codes: frozenset[str]) -> bool:
        """Whether somebody sees it who is limited to these products: to all of its sender's. Empty: to none."""
        return not codes or bool(self.products and self.products <= codes)


@dataclass(frozen=True, slots=True)
class ImportJob:
    """A file that is not imported whole yet."""

    company: str
    kind: ImportKind
    id: int
    parts: int
    """How many items hold its text."""
    actor: str
    """Who has sent it."""
    ip: str | None = None
    said: Json = field(default_factory=dict, hash=False)
    """What its sender says of each row that does not say it."""
