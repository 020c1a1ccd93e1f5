"""What came of files that were imported, each an item of its company."""

from collections.abc import Iterator

from chalicelib.domain.import_results import ImportKind, ImportResult
from chalicelib.store import reads, writes
from chalicelib.store.items.customers import ImportResultItem
from chalicelib.store.keys import import_result_sort_key


def keep(result: ImportResult) -> None:
    """Keep a result."""
    part = import_result_sort_key(result.kind, result.id)
    writes.put(ImportResultItem.of(result, result.company, part))


def read(company: str, kind: ImportKind, id: int) -> ImportResult | None:
    """One result, consistently."""
    item = reads.get(ImportResultItem(company, import_result_sort_key(kind, id)))
    return None if item is None else item.to_domain()


def read_page(company: str, kind: ImportKind, *, after: int | None, limit: int) -> Iterator[ImportResult]:
    """The results of a kind behind the one with the id `after`, oldest first, at most `limit`. Consistent."""
    behind = None if after is None else import_result_sort_key(kind, after)
    prefix = import_result_sort_key(kind)
    return reads.query_readable(ImportResultItem, company, prefix, limit=limit, after=behind)
