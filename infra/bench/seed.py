"""A vendor to measure with, and a great many licenses, written past the use cases because that is much faster."""

from collections.abc import Iterator
from typing import Any

from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.keys import new_license_key
from chalicelib.domain.license import License
from chalicelib.domain.transitions import due_of
from chalicelib.domain.types import Json
from chalicelib.store import database
from chalicelib.store.due import entry_of
from chalicelib.store.items.events import EventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import LICENSE, company_license_sort_key, license_key_sort_key, license_pk
from infra.progress import Progress

_BATCH = 25
_ADMIN = Actor("bench")


def seed_licenses(company: str, product: str, first: int, count: int, validity_period: Instant) -> None:
    """Store time-limited licenses with all items that issuing them stores; ids count up from `first`."""
    batch, progress = [], Progress("licenses stored", count)
    for number, license_id in enumerate(range(first, first + count)):
        for item in _items(company, product, license_id, validity_period):
            batch.append((database.table_name(type(item)), {"PutRequest": {"Item": item.serialize()}}))
            if len(batch) == _BATCH:
                _write(batch)
                batch = []
        progress.show(number + 1)
    _write(batch)


def _items(
    company: str, product: str, license_id: int, validity_period: Instant
) -> Iterator[Any]:  # items of the tables: only the store knows their class
    license = License(
        company=company,
        id=license_id,
        product=product,
        authorization_method="license-key",
        license_type="time-limited",
        created_at=0,
        license_key=new_license_key(),
        max_activations=5,
        validity_period=validity_period,
    )
    pk = license_pk(company, license_id)
    yield LicenseItem.of(license, pk, LICENSE)
    yield from (entry_of(due) for due in due_of(license))
    yield event_item(pk, Event.new("license_issued", _ADMIN, 0, product=product), EventItem)
    yield LookupItem(f"license#{license_id}", "company", company=company)
    yield LookupItem(company, company_license_sort_key(license_id))
    yield LookupItem(company, license_key_sort_key(license.license_key or ""), target_id=license_id)


def _write(batch: list[tuple[str, Json]]) -> None:
    wanted: dict[str, list[Json]] = {}
    for table, request in batch:
        wanted.setdefault(table, []).append(request)
    while wanted:
        wanted = database.connection().send("BatchWriteItem", {"RequestItems": wanted})["UnprocessedItems"]
