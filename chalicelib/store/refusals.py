"""Refusals, in a partition of the company's own: no write to a license waits for them, and no read of one meets them.

They are observations: no answer waits for them, or fails with them.
"""

from collections.abc import Iterator
from itertools import islice

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS
from chalicelib.domain.refusals import Refusal, is_too_old, kept
from chalicelib.store import database, reads, writes
from chalicelib.store.expressions import Action
from chalicelib.store.items.events import RefusalItem
from chalicelib.store.keys import refusal_sort_key, refusals_pk
from chalicelib.store.reads import Unreadable

_MOST_DELETED = 5
"""At once, of those that are too many or too old. Each new one deletes so many, so there never are many more."""


def observe_refusal(company: str, refusal: Refusal) -> None:
    """Record a refused call: a write, where the same was refused within the hour; else a read more, and a delete for
    each record that is kept no longer.
    """
    pk, hour = refusals_pk(company), refusal.at - refusal.at % HOUR_MS
    with database.observing():
        item = RefusalItem(pk, refusal_sort_key(refusal.license_id, hour, refusal.kind))
        recorded = writes.update(item, _actions(refusal))
        if recorded.times == 1:
            _forget_old(company, refusal.license_id, refusal.at)


def refusals_of(company: str, license_id: int | None, now: Instant) -> list[Refusal]:
    """What is kept of the refusals of a license, the newest first; with None, of calls that matched no license."""
    return kept((one for _, one in _stored(company, refusal_sort_key(license_id)) if one is not None), now)


def all_refusals(company: str, now: Instant) -> Iterator[Refusal]:
    """All of a company that are not too old, read in pages: for operators alone."""
    return (one for _, one in _stored(company) if one is not None and not is_too_old(one, now))


def some_refusals(company: str, after: str | None, limit: int) -> tuple[list[Refusal], str | None]:
    """At most `limit` of a company behind the one with the key `after`; the key to go on behind, None at the end."""
    raws = list(reads.query_raw(RefusalItem, refusals_pk(company), limit=limit, after=after))
    found = [reads.readable(RefusalItem.from_raw, raw) for raw in raws]
    behind = str(raws[-1]["part"]["S"]) if len(raws) == limit else None
    return [one for one in found if not isinstance(one, Unreadable)], behind


def _stored(company: str, prefix: str = "") -> Iterator[tuple[str, Refusal | None]]:
    """Sort keys and records; None for one that cannot be read: no page fails for it, and it is kept no longer."""
    for raw in reads.query_raw(RefusalItem, refusals_pk(company), prefix):
        read = reads.readable(RefusalItem.from_raw, raw)
        yield raw["part"]["S"], None if isinstance(read, Unreadable) else read


def _actions(refusal: Refusal) -> list[Action]:
    """What the record says: of the first call what is there already, of the last one the rest."""
    item, at = RefusalItem, refusal.at
    first = {"at": at, "ip": refusal.ip, "request_id": refusal.request_id}
    same = {name: getattr(refusal, name) for name in ("call", "code", "license_id", "product", "email", "hardware_id")}
    last = {"hostname": refusal.hostname, "limit": refusal.limit, "used": refusal.used}
    last |= {"last_at": at, "last_ip": refusal.ip, "last_request_id": refusal.request_id}
    actions = [getattr(item, name).set(value) for name, value in (same | last).items() if value is not None]
    actions += [
        getattr(item, name).set(getattr(item, name) | value) for name, value in first.items() if value is not None
    ]
    return [*actions, item.times.add(1)]


def _forget_old(company: str, license_id: int | None, now: Instant) -> None:
    """Delete what is kept no longer."""
    stored = list(_stored(company, refusal_sort_key(license_id)))
    left = set(kept((one for _, one in stored if one is not None), now))
    over = (sort_key for sort_key, one in stored if one not in left)
    for sort_key in islice(over, _MOST_DELETED):
        writes.delete(RefusalItem(refusals_pk(company), sort_key))
