"""Log records: one JSON line for each request, scheduled run and admin command; CloudWatch reads metrics from it, too.

docs/telemetry.md lists what a record holds, and what it never does. `Log.record` opens one; whatever runs inside it, in
any thread (`chalicelib.threads`), adds fields and metrics to it, and knows its `request_id`. Outside of a record
these calls do nothing. On one machine records are not written, unless `SEATKEEPER_LOG` says so.
"""

import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal, TextIO

from chalicelib.version import VERSION, commit

Fields = dict[str, Any]  # whatever JSON has
"""Of a log record, or a part of it."""
NAMESPACE = "Seatkeeper"
"""Of the metrics in CloudWatch."""
STAGE, CODE = "Stage", "Code"
"""The dimensions: the prefix of the tables' names, and the code of an error."""

ACTIVATIONS = "Activations"
ERROR_RESPONSES = "ErrorResponses"
CONFLICTS = "Conflicts"
RETRIES = "Retries"
SWEEP_TRANSITIONS = "SweepTransitions"
OLDEST_DUE_AGE = "OldestDueAge"
OBSERVATIONS_LOST = "ObservationsLost"
ANNOUNCEMENTS_FAILED = "AnnouncementsFailed"
MAILS_SENT = "MailsSent"
OLDEST_MAIL_AGE = "OldestMailAge"
OLDEST_UNDELIVERED_EVENT_AGE = "OldestUndeliveredEventAge"
DELIVERIES_FAILED = "DeliveriesFailed"
ENDPOINTS_DISABLED = "EndpointsDisabled"
METRICS = (
    *(ACTIVATIONS, ERROR_RESPONSES, CONFLICTS, RETRIES),
    *(SWEEP_TRANSITIONS, OLDEST_DUE_AGE, OBSERVATIONS_LOST, ANNOUNCEMENTS_FAILED),
    *(MAILS_SENT, OLDEST_MAIL_AGE),
    *(OLDEST_UNDELIVERED_EVENT_AGE, DELIVERIES_FAILED, ENDPOINTS_DISABLED),
)
"""Every metric: counts by `Stage`, error responses also by `Stage` and `Code`; ages are in seconds."""
_AGES = (OLDEST_DUE_AGE, OLDEST_MAIL_AGE, OLDEST_UNDELIVERED_EVENT_AGE)

FIELDS = (
    "time",
    "kind",
    "request_id",
    "lambda_request_id",
    "route",
    "method",
    "command",
    "status",
    "outcome",
    "company",
    "license_id",
    "user_id",
    "limit",
    "used",
    "unavailable_reason",
    "security",
    "account_id",
    "ip",
    "duration_ms",
    "cold_start",
    "version",
    "commit",
    "records",
)
"""Every field of a record, besides the metrics that it has values for and their dimensions."""

MAX_FRAMES = 30
"""Of an error, the innermost ones."""
MAX_METHOD_LENGTH = 64
"""Of a request's method, which a client may choose."""
_ROOT = f"{Path(__file__).resolve().parent.parent}/"
_OUR_LOGGERS = ("seatkeeper", "chalicelib")


class _Record:
    """A record under way. Any thread may add to it."""

    def __init__(self, log: "Log", fields: Fields) -> None:
        self.log, self.begun, self.begun_at = log, time.perf_counter(), time.time()
        self.fields = fields | {"outcome": "ok"}
        self.dimensions = {STAGE: log.stage}
        self.values: dict[str, float] = {}
        self.records: list[Fields] = []
        self.lock = Lock()

    def text(self) -> str:
        """The record as one line of JSON, without its end."""
        record = self.log.time_at(self.begun_at) | self.fields
        record |= {
            "duration_ms": round((time.perf_counter() - self.begun) * 1000, 1),
            "cold_start": self.log.is_first(),
            **_this_code(),
        }
        if self.records:
            record["records"] = self.records
        if self.values and self.log.level == "full":
            record |= self.dimensions | self.values | {"_aws": self._metrics()}
        return _as_json(record)

    def _metrics(self) -> Fields:
        """Which members of the record are metrics, in CloudWatch's embedded metric format."""
        counted = [name for name in self.values if name != ERROR_RESPONSES]
        directives = [_directive([[STAGE]], counted)] if counted else []
        if ERROR_RESPONSES in self.values:
            directives.append(_directive([[STAGE], [STAGE, CODE]], [ERROR_RESPONSES]))
        return {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": directives}


_current: ContextVar[_Record | None] = ContextVar("log record", default=None)
_as_json = json.JSONEncoder(separators=(",", ":")).encode


def to_standard_output(text: str) -> None:
    """In one piece, also where many threads write. What cannot be written is lost, and no call fails for it."""
    _write(sys.stdout, text)


def to_standard_error(text: str) -> None:
    """As `to_standard_output`."""
    _write(sys.stderr, text)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:  # it was closed before we came
        with suppress(OSError):  # as on a full disk
            stream.write(f"{text}\n")
            stream.flush()


@dataclass(frozen=True)
class Log:
    """Where a stage's records go."""

    stage: str
    """The prefix of the tables' names."""
    level: Literal["off", "brief", "full"] = "off"
    """Whether records are written: with metrics (`full`), without (`brief`), or none."""
    write: Callable[[str], None] = to_standard_output
    """Takes a record as one line of JSON, without its end."""
    is_timed: bool = False
    """Whether records say when it is: CloudWatch notes that by itself."""
    _first: Lock = field(default_factory=Lock)

    @contextmanager
    def record(
        self,
        kind: Literal["request", "sweep", "mail", "events", "command"],
        *,
        request_id: str = "",
        lambda_request_id: str = "",
        route: str = "",
        method: str = "",
        command: str = "",
    ) -> Iterator[None]:
        """Write one record of what is done inside, also where it raises.

        `route` is the pattern of the path, `command` the name of an admin command. `request_id` is also what
        `request_id()` answers inside, whether records are written or not.
        """
        ids = {"request_id": request_id, "lambda_request_id": lambda_request_id}
        known = {"kind": kind} | ids | {"route": route, "method": method[:MAX_METHOD_LENGTH], "command": command}
        record = _Record(self, {name: value for name, value in known.items() if value})
        outer = _current.set(record)
        try:
            yield
        except BaseException as error:
            record.fields["outcome"] = "internal_error"
            record.records.append({"level": "ERROR", "error": _error_causes(error)})
            raise
        finally:
            _current.reset(outer)
            if self.level != "off":
                self.write(record.text())

    def take_logs(self) -> None:
        """Where records are written, let what is logged be part of them, and come in no other form."""
        if self.level != "off":
            logging.getLogger().handlers = [LogHandler(self)]

    def time_at(self, instant: float) -> Fields:
        """The field `time` of a record that began then (seconds since the epoch), where records have one."""
        return {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))} if self.is_timed else {}

    def is_first(self) -> bool:
        """Whether nobody has asked before."""
        return self._first.acquire(blocking=False)


def request_id() -> str:
    """The id of the request under way, as its answer and its record have it; empty where there is none."""
    record = _current.get()
    return "" if record is None else str(record.fields.get("request_id", ""))


def add_fields(
    *,
    company: str | None = None,
    license_id: int | None = None,
    user_id: int | None = None,
    status: int | None = None,
    limit: int | None = None,
    used: int | None = None,
    unavailable_reason: str | None = None,
    security: str | None = None,
    account_id: int | None = None,
    ip: str | None = None,
) -> None:
    """Set fields of the record. These and no others, so that nothing secret is logged; the last value counts."""
    record = _current.get()
    if record is not None:
        fields = {
            "company": company,
            "license_id": license_id,
            "user_id": user_id,
            "status": status,
            "limit": limit,
            "used": used,
            "unavailable_reason": unavailable_reason,
            "security": security,
            "account_id": account_id,
            "ip": ip,
        }
        record.fields.update((name, value) for name, value in fields.items() if value is not None)


def set_error(code: str) -> None:
    """Note in the record that the response is an error, with its code; counted as `ERROR_RESPONSES`."""
    record = _current.get()
    if record is not None:
        record.fields["outcome"] = record.dimensions[CODE] = code
        record.values[ERROR_RESPONSES] = 1


def add_metric(metric: str, by: int = 1) -> None:
    """Add to a metric that counts."""
    record = _current.get()
    if record is not None:
        with record.lock:
            record.values[metric] = record.values.get(metric, 0) + by


def set_max_metric(metric: str, value: float) -> None:
    """Set a metric to `value`, unless it is higher already."""
    record = _current.get()
    if record is not None:
        with record.lock:
            record.values[metric] = max(value, record.values.get(metric, value))


class LogHandler(logging.Handler):
    """What is logged, as part of the record that is open, else as a record of its own in `log`.

    Of an error its type and where it came from: its text may hold anything. So may what other people's code logs, of
    which only the location is written.
    """

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Add to the record that is open, or write one."""
        entry: Fields = {"level": record.levelname, "logger": record.name}
        entry["location"] = f"{_short(record.pathname)}:{record.lineno}"
        if record.name.partition(".")[0] in _OUR_LOGGERS:
            entry["message"] = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            entry["error"] = _error_causes(record.exc_info[1])
        around = _current.get()
        if around is None:
            self._log.write(_as_json(self._log.time_at(time.time()) | {"kind": "log"} | entry | _this_code()))
        else:
            around.records.append(entry)


def _error_causes(error: BaseException) -> list[Fields]:
    """Types and frames, the innermost first, of an error and of what caused it; no texts and no values."""
    parts: list[Fields] = []
    cause: BaseException | None = error
    while cause is not None and len(parts) < MAX_FRAMES:
        parts.append({"type": _type(cause), "frames": _frames(cause.__traceback__)})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return parts


def _type(error: BaseException) -> str:
    """With the code that AWS gives its errors, where it is one of those."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"


def _frames(outermost: TracebackType | None) -> list[str]:
    frames = [
        f"{_short(frame.f_code.co_filename)}:{number} {frame.f_code.co_name}"
        for frame, number in traceback.walk_tb(outermost)
    ]
    return frames[: -MAX_FRAMES - 1 : -1]


def _this_code() -> dict[str, str]:
    return {"version": VERSION, "commit": commit()}


def _short(path: str) -> str:
    return path.removeprefix(_ROOT)


def _directive(dimensions: list[list[str]], names: list[str]) -> Fields:
    metrics = [{"Name": name, "Unit": "Seconds" if name in _AGES else "Count"} for name in names]
    return {"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}
