"""Import files of a vendor's own, by the Management API: what has come of each is kept, to be looked at.

    start_import ──▶ pending ──▶ running ──▶ success, or error
                        continue_import, by the call and then by each sweep

A file is kept until it is imported whole, so no crash and no end of a function's time loses any of it: whoever comes
next goes on behind the rows that are counted. Those that were done and not counted are done again, which changes
nothing. Two at once do no harm: of both the first to be counted goes on, and the other leaves it to that one.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, Rejected
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.ids import new_id
from chalicelib.domain.import_files import read_rows, rows_with, unknown_columns
from chalicelib.domain.import_results import MAX_INVALID, MAX_ROWS, ImportJob, ImportKind, ImportResult, ImportStatus
from chalicelib.domain.instants import Instant
from chalicelib.domain.paging import cut, search
from chalicelib.domain.types import Json
from chalicelib.store import import_results
from chalicelib.store.reads import those_readable
from chalicelib.threads import map_in_turns
from chalicelib.usecases.create import find_company
from chalicelib.usecases.file_kinds import FILE_KINDS, AnyRow, FileRows
from chalicelib.usecases.retry import decide_and_write

ROWS_AT_ONCE = 25
"""Rows that are counted together: so many a call does beyond its time, and whoever dies does again."""
IMPORT_SECONDS = 200
"""How long after the beginning of a sweep, at most, it goes on with files: its function ends after 300."""
TURN_MS = 10_000
"""How long a sweep goes on with the files of one company before it comes to those of the next."""
_log = logging.getLogger(__name__)


def start_import(
    company: str,
    kind: ImportKind,
    text: str,
    file_name: str,
    actor: Actor,
    *,
    products: frozenset[str] = frozenset(),
    said: Json | None = None,
    now: Instant,
) -> ImportResult:
    """Keep a file, of which nothing is imported yet. `products`: codes of those that its sender is limited to; `said`:
    what each row says that does not say it itself.

    Raises `Invalid` where it cannot be read, or has too many rows.
    """
    of, rows = FILE_KINDS[kind], _count_rows(text)
    parts = import_results.cut(text)
    result: Json = {"total_row_count": rows, "valid_row_count": 0, "invalid_rows": []}
    result |= {name: 0 for name in (of.created, of.existed) if name}
    result["unknown_columns"] = unknown_columns(text, of.columns)

    def decide(_: object) -> ImportResult:
        # A new id each time: it may be another's.
        return ImportResult(
            company, new_id(now), kind, "pending", now, now, file_name, result, done=0, products=products
        )

    def write(_: object, new: ImportResult) -> None:
        job = ImportJob(company, kind, new.id, len(parts), actor.name, actor.ip, said or {})
        event = Event.new("import_started", actor, now, of=kind, rows=rows, file=file_name, import_id=new.id)
        import_results.begin(new, job, parts, event)

    read = lambda _: find_company(company)  # noqa: E731 - short and local
    return decide_and_write(read, decide, write, result=lambda _, new: new)[1]


def continue_import(
    company: str, kind: ImportKind, id: int, clock: Callable[[], Instant], keep_going: Callable[[], bool]
) -> ImportResult:
    """Import the next rows of a file while `keep_going()`, `ROWS_AT_ONCE` at the least; answers what has come of it.

    Raises `NotFound`: `import_result_not_found`; `Unavailable`.
    """
    result, job = import_results.read_with_job(company, kind, id)
    if result is None:
        raise NotFound("import_result_not_found")
    if job is None or result.is_finished:  # the two were not read at one instant
        return result
    text = import_results.read_file(job, clock())
    if text is not None:
        return _import_rows(result, job, text, clock, keep_going)
    lost = replace(result, status="error", finished_at=clock())
    return _count(result, lost, job)[0]


def continue_imports(clock: Callable[[], Instant], keep_going: Callable[[], bool]) -> dict[str, int]:
    """Go on with all files that are not imported whole yet, while `keep_going()`; answers how many were
    `imports_finished`, and of how many it `imports_failed` to go on: they are tried again.

    Those of one company come one after the other, the oldest first; the companies take turns of `TURN_MS`, so that
    none waits until all of another's are done. Costs a Query where there is none. Safe to run again and at the same
    time.
    """
    counts, files_of = Counter[str](), dict[str, list[ImportJob]]()
    for job in those_readable(import_results.jobs()):
        files_of.setdefault(job.company, []).append(job)
    turns = deque(files_of.values())
    while turns and keep_going():
        files = turns.popleft()
        if _take_turn(files[0], clock, keep_going, counts):
            del files[0]
        if files:
            turns.append(files)
    return {name: counts[name] for name in ("imports_finished", "imports_failed")}


def _take_turn(
    job: ImportJob, clock: Callable[[], Instant], keep_going: Callable[[], bool], counts: Counter[str]
) -> bool:
    """Go on with a file for `TURN_MS`, and count what has come of it; whether nothing more can be done of it now."""
    until = clock() + TURN_MS
    try:
        result = continue_import(job.company, job.kind, job.id, clock, lambda: keep_going() and clock() < until)
    except NotFound:  # its company goes
        import_results.forget(job)
    except Exception:  # whatever it is: the other files are not to wait for it
        counts["imports_failed"] += 1
        _log.exception("the import %d of %s of %s cannot go on", job.id, job.kind, job.company)
    else:
        counts["imports_finished"] += result.is_finished
        return result.is_finished or clock() < until  # then somebody else is at it
    return True


def find_import_result(company: str, kind: ImportKind, id: int) -> ImportResult:
    """What has come of a file. Raises `NotFound`: `import_result_not_found`."""
    found = import_results.read(company, kind, id)
    if found is None:
        raise NotFound("import_result_not_found")
    return found


def find_import_results(
    company: str, kind: ImportKind, keep: Callable[[ImportResult], bool] | None, after: str, limit: int
) -> tuple[list[ImportResult], str]:
    """What has come of files, oldest first: at most `limit` behind the position `after`, and the one to go on behind,
    which is empty at the end.

    `keep`: whether one is shown; None: all are. No key serves it: there may be fewer rows, or none, and more behind.
    """

    def read(after: str, limit: int) -> tuple[list[ImportResult], bool]:
        behind = int(after) if after else None
        return cut(import_results.read_page(company, kind, after=behind, limit=limit + 1), limit)

    kept = None if keep is None else lambda rows: list(filter(keep, rows))
    return search(read, lambda row: str(row.id), after, limit, kept)


def _count_rows(text: str) -> int:
    rows = sum(1 for _ in islice(read_rows(text), MAX_ROWS + 1))
    if rows > MAX_ROWS:
        raise Invalid("count_out_of_range", field="file", least=1, most=MAX_ROWS)
    return rows


def _import_rows(
    result: ImportResult, job: ImportJob, text: str, clock: Callable[[], Instant], keep_going: Callable[[], bool]
) -> ImportResult:
    file = FILE_KINDS[job.kind].read(result, rows_with(job.said, read_rows(text)), Actor(job.actor, job.ip))
    while True:
        now, done = clock(), result.done or 0
        some = file.rows[done : done + ROWS_AT_ONCE]
        after = _after(result, some, _outcomes(file, some, now), now)
        if done + len(some) == len(file.rows):
            status: ImportStatus = "error" if after.result["invalid_rows"] else "success"
            after = replace(after, status=status, result=after.result | file.count_named())
        result, is_ours = _count(result, after, job)
        if result.is_finished or not is_ours or not keep_going():
            return result


def _count(old: ImportResult, new: ImportResult, job: ImportJob) -> tuple[ImportResult, bool]:
    """Write what has come of the next rows, and answer it; where somebody else has done them, or the answer to it was
    lost, what is stored, and False. Raises `NotFound`.
    """

    def read(confirmed: bool) -> ImportResult:
        return find_import_result(job.company, job.kind, job.id) if confirmed else old

    def write(_: ImportResult, is_next: bool) -> None:
        if is_next and new.is_finished:
            import_results.finish(old, new, job)
        elif is_next:
            import_results.move(old, new)

    stored, is_next = decide_and_write(
        read, lambda stored: (stored.status, stored.done) == (old.status, old.done), write
    )
    if stored.is_finished:
        import_results.forget(job)
    return (new, True) if is_next else (stored, False)


def _outcomes(file: FileRows, some: Sequence[AnyRow], now: Instant) -> list[bool | Rejected | None]:
    """What has come of rows: as `FileRows.do` answers, or why it was refused."""

    def outcome(placed: tuple[int, AnyRow]) -> bool | Rejected | None:
        place, read = placed
        if read.error is not None:
            return read.error
        at = now + place  # ids of one millisecond may be equal
        try:
            with suppress(AlreadyExists):  # whoever is at this file as well may have made it just now
                return file.do(read.row, at)
            return file.do(read.row, at)
        except Rejected as error:
            return error

    return list(map_in_turns(outcome, enumerate(some), lambda placed: file.in_turns(placed[1])))


def _after(
    result: ImportResult, some: Sequence[AnyRow], outcomes: Sequence[bool | Rejected | None], now: Instant
) -> ImportResult:
    """What has come of a file with these rows more."""
    of, counted = FILE_KINDS[result.kind], dict(result.result)
    refused = [_refusal(one.number, e) for one, e in zip(some, outcomes, strict=True) if isinstance(e, Rejected)]
    counted["valid_row_count"] += len(some) - len(refused)
    counted["invalid_rows"] = [*counted["invalid_rows"], *refused][:MAX_INVALID]
    if of.created:
        counted[of.created] += sum(one is True for one in outcomes)
        counted[of.existed] += sum(one is False for one in outcomes)
    done, started = (result.done or 0) + len(some), result.started_at or now
    return replace(result, status="running", result=counted, done=done, started_at=started, finished_at=now)


def _refusal(number: int, error: Rejected) -> Json:
    """A row that was refused: its number, and the code, field and params of the error."""
    return {"row": number, "code": error.code, "field": error.field, "params": error.params}
