"""Files that are imported: what came of each, an item of its company; and, until it is done, the file and the job.

    begin ──▶ the file in parts, the result, the job ──move──▶ the result ──finish──▶ the result alone

Whoever has done the next rows moves the result on, on condition that nobody else has: so each row is counted once. The
parts may be lost, and expire; what cannot be finished in a week ends as an error.
"""

from collections.abc import Iterator, Sequence

from chalicelib.domain.events import Event
from chalicelib.domain.import_results import ImportJob, ImportKind, ImportResult
from chalicelib.domain.instants import Instant
from chalicelib.store import reads, writes
from chalicelib.store.accounts import require_company
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.customers import ImportResultItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.work import ImportJobItem, ImportPartItem
from chalicelib.store.keys import import_job_sort_key, import_result_sort_key, imports_pk
from chalicelib.store.reads import Unreadable
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

KEPT_SECONDS = 7 * 24 * 3600
CHARACTERS_OF_A_PART = 75_000
"""At most 300 KB, whatever letters they are: an item has 400 KB."""


def cut(text: str) -> Sequence[str]:
    """The parts of a file, each of which an item holds."""
    return [text[start : start + CHARACTERS_OF_A_PART] for start in range(0, len(text), CHARACTERS_OF_A_PART)]


def begin(result: ImportResult, job: ImportJob, parts: Sequence[str], event: Event) -> None:
    """Keep a file, what comes of it, and that there is work to be done.

    Raises `ConditionFailed` where one of its kind has its id, or the company is gone.
    """
    for part, text in zip(_parts(job), parts, strict=True):
        kept = [ImportPartItem.text.set(text), ImportPartItem.expires.set(event.at // 1000 + KEPT_SECONDS)]
        writes.update(part, kept, ImportPartItem.is_absent(event.at))
    write = Transaction(event_item(result.company, event, AccountEventItem))
    item = ImportResultItem.of(result, result.company, import_result_sort_key(result.kind, result.id))
    write.put(item, ImportResultItem.pk.does_not_exist())
    write.put(ImportJobItem.of(job, *_job_keys(job)), ImportJobItem.pk.does_not_exist())
    require_company(write, result.company)
    write.commit()


def read(company: str, kind: ImportKind, id: int) -> ImportResult | None:
    """One result, consistently."""
    item = reads.get(ImportResultItem(company, import_result_sort_key(kind, id)))
    return None if item is None else item.to_domain()


def read_with_job(company: str, kind: ImportKind, id: int) -> tuple[ImportResult | None, ImportJob | None]:
    """One result, and what is left to do, None where nothing is. Consistent, one read."""
    job = ImportJobItem(imports_pk(), import_job_sort_key(id, company, kind))
    result = ImportResultItem(company, import_result_sort_key(kind, id))
    found, left = reads.batch_get([result, job], consistent=True)
    return None if found is None else found.to_domain(), None if left is None else left.to_domain()


def read_page(company: str, kind: ImportKind, *, after: int | None, limit: int) -> Iterator[ImportResult]:
    """The results of a kind behind the one with the id `after`, oldest first, at most `limit`. Consistent."""
    behind = None if after is None else import_result_sort_key(kind, after)
    prefix = import_result_sort_key(kind)
    return reads.query_readable(ImportResultItem, company, prefix, limit=limit, after=behind)


def jobs() -> Iterator[ImportJob | Unreadable]:
    """The files of all companies that are not imported whole yet, the oldest first. Consistent, in pages."""
    return reads.read_each(ImportJobItem, imports_pk(), "0", "~")


def read_file(job: ImportJob, now: Instant) -> str | None:
    """The text of a file, consistently; None where a part of it is lost."""
    parts = reads.batch_get(_parts(job), consistent=True, now=now)
    return None if None in parts else "".join(part.text for part in parts)


def move(old: ImportResult, new: ImportResult) -> None:
    """Write what has come of the next rows. Raises `ConditionFailed` where somebody else has done them."""
    writes.update(_item(old), *_moved(old, new))


def finish(old: ImportResult, new: ImportResult, job: ImportJob) -> None:
    """Write what came of the last rows, and forget the job and the file. Raises `ConditionFailed` as `move`."""
    write = Transaction(None)
    write.update(_item(old), *_moved(old, new))
    write.delete(ImportJobItem(*_job_keys(job)), THERE_OR_NOT)
    write.commit()
    _remove_file(job)


def forget(job: ImportJob) -> None:
    """Forget a job and its file."""
    writes.delete(ImportJobItem(*_job_keys(job)))
    _remove_file(job)


def remove_jobs(company: str) -> Iterator[int]:
    """Remove all jobs of a company; how many, step by step."""
    found = (job for job in reads.those_readable(jobs()) if job.company == company)
    yield from writes.delete_all(ImportJobItem(*_job_keys(job)) for job in found)


def _moved(old: ImportResult, new: ImportResult) -> tuple[list[Action], Condition]:
    item = ImportResultItem
    moved: list[Action] = [
        item.status.set(new.status),
        item.result.set(new.result),
        item.started_at.set(new.started_at),
        item.finished_at.set(new.finished_at),
        item.done.set(new.done),
    ]
    return moved, item.unchanged(old, item.status, item.done)


def _remove_file(job: ImportJob) -> None:
    for _ in writes.delete_all(_parts(job)):
        pass


def _item(result: ImportResult) -> ImportResultItem:
    return ImportResultItem(result.company, import_result_sort_key(result.kind, result.id))


def _job_keys(job: ImportJob) -> tuple[str, str]:
    return imports_pk(), import_job_sort_key(job.id, job.company, job.kind)


def _parts(job: ImportJob) -> list[ImportPartItem]:
    of = f"import#{job.company}#{job.kind}#{job.id}"
    return [ImportPartItem(f"{of}#{number}") for number in range(job.parts)]
