"""What was done to one license, by whom, and what was answered: the history that is judged.

The notes are all that the callers can know: when they called, when they were answered, and what.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from tests.model.license import By, Key, Verb
from tests.race.clients import LOST, OK, OPEN

BUSY, DIED, UNHEARD = "service_busy", "died", "unheard"
CRASHED = "crashed"
"""How an answer begins that nobody should be given."""


@dataclass(frozen=True, slots=True)
class Op:
    """One call. Where it was not answered, `end` is when it can take effect no more: infinite, if that is not known."""

    verb: Verb
    start: float
    """Seconds of the machine's monotonic clock, which is the same in all of its processes."""
    end: float
    answer: str
    """`ok`, the code of the refusal, or why there is none: `lost`, `died`, `unheard`."""
    device: str | None = None
    user: str | None = None
    limit: int | None = None
    """Of a seat, where it is assigned or changed; or how many uses."""
    place: int | None = None
    """The id of the device's place, where the answer tells it."""
    server: int | None = None
    """The port of the server that was called; None for what is done beside them."""
    ahead: bool = False
    """Whether that server's clock is ahead."""

    other: str | None = None
    """Who comes in the place of the user."""
    seen: int | None = None
    """The revision of the license that is to be changed; None: whichever."""
    revision: int | None = None
    """That of the license behind it, where the answer tells it."""
    sent: str | None = None
    """The key of a use, of those that count once."""
    by: By = "vendor"
    to: float = inf

    @property
    def clock(self) -> float:
        """The server's clock, by which the ends of a license are what the model calls them (`ENDS`)."""
        return float(self.ahead)

    @property
    def is_open(self) -> bool:
        """Whether it is not known to have taken effect: it was not answered, or with `service_busy`."""
        return self.answer in OPEN | {DIED, UNHEARD}

    @property
    def may_change(self) -> bool:
        """Whether it may have changed anything: it is no question, and was not refused."""
        return self.is_open or (self.answer == OK and self.verb not in ("check", "sweep"))

    @property
    def key(self) -> Key:
        """The device that it is about."""
        assert self.device is not None
        return self.device, self.user

    def __str__(self) -> str:
        limit = None if self.limit is None else f"≤{self.limit}"
        about = " ".join(part for part in (self.device, self.user, self.other, limit) if part)
        place = f" ({self.place})" if self.place else ""
        seen = "" if self.seen is None else f", of revision {self.seen}"
        revision = "" if self.revision is None else f", now {self.revision}"
        clock = ", by a clock that is ahead" if self.ahead else ""
        return f"{self.start:10.4f}..{self.end:<10.4f} {self.verb} {about}: {self.answer}{place}{seen}{revision}{clock}"


def opened(op: Op) -> Op:
    """The same call as if its answer had been lost: it may have taken effect until its end, or never."""
    return replace(op, answer=LOST, place=None, revision=None)


def until(history: Iterable[Op], instant: float) -> list[Op]:
    """The history as it was known at an instant: what was under way had no answer yet."""
    known = (op for op in history if op.start < instant and (op.end <= instant or op.may_change))
    return [op if op.end <= instant else opened(op) for op in known]


def as_text(history: Iterable[Op]) -> str:
    """As text, one call a line, by its start."""
    return "\n".join(str(op) for op in sorted(history, key=lambda op: op.start))
