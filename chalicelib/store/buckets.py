"""Buckets of changes (`domain.rate`), each kept as one attribute of the item that a write moves."""

from chalicelib.domain.activation import assign_bucket
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.rate import Bucket
from chalicelib.store.attributes import IntegerAttribute
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.licenses import LicenseItem


def giving_seats(license: License, actor: Actor, now: Instant, count: int) -> tuple[list[Action], Condition]:
    """What takes so many seats out of a license's bucket, and that it holds them; of the vendor's nothing is taken."""
    item, bucket = LicenseItem, assign_bucket(license, actor)
    if bucket is None:
        return [], item.pk.exists()
    kept = (item.seats_full_at, bucket, license.seats_full_at, now, count)
    return [taking(*kept)], item.pk.exists() & holds(*kept)


def holds(full_at: IntegerAttribute, bucket: Bucket, seen: Instant | None, now: Instant, wanted: int = 1) -> Condition:
    """That there are changes in a bucket; `full_at`: the attribute it is kept in, `seen`: what was read there."""
    still_full: Condition = full_at.does_not_exist() | (full_at <= now)
    holds_them: Condition = full_at <= bucket.latest(now, wanted)
    return still_full if _is_full(seen, now) else holds_them


def taking(full_at: IntegerAttribute, bucket: Bucket, seen: Instant | None, now: Instant, wanted: int = 1) -> Action:
    """A bucket that was full begins anew, else more is taken."""
    interval = bucket.interval * wanted
    return full_at.set(now + interval) if _is_full(seen, now) else full_at.add(interval)


def _is_full(seen: Instant | None, now: Instant) -> bool:
    return seen is None or seen <= now
