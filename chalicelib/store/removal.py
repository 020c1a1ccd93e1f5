"""What takes a company away, in every table. For operators alone: one of the steps reads a whole table."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from chalicelib.domain.license import License
from chalicelib.store import deleted_licenses, deliveries, import_results, outbox, reads, scheduled_updates, writes
from chalicelib.store.accounts import read_company
from chalicelib.store.database import ConditionFailed
from chalicelib.store.due import adoption_entry, as_filed, filed, notice_entry
from chalicelib.store.expressions import Condition
from chalicelib.store.items.accounts import CompanyItem
from chalicelib.store.items.base import EphemeraItem
from chalicelib.store.items.events import RefusalItem
from chalicelib.store.items.kinds import KINDS, Removal, kind_of
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    COMPANIES,
    COMPANY,
    LICENSE,
    api_key_sort_key,
    company_license_sort_key,
    email_sort_key,
    license_pk,
    management_key_sort_key,
    refusals_pk,
    user_sort_key,
)
from chalicelib.store.licenses import license_ids, read_license
from chalicelib.store.mails import forget_mail, mails_of
from chalicelib.store.portal_hosts import free_portal_host
from chalicelib.store.schema import AnyItem, Raw
from chalicelib.store.webhooks import read_endpoints


def is_listed(code: str) -> bool:
    """Whether a company has this code, also one that is half removed. Consistent."""
    return reads.get(LookupItem(COMPANIES, code)) is not None


def close_company(code: str) -> None:
    """Remove the company itself, and free its host: no page is shown to a session of it, and nothing new is made for
    it.
    """
    while (company := read_company(code)) is not None:
        free_portal_host(company)
        with suppress(ConditionFailed):  # it has got another host meanwhile
            writes.delete(CompanyItem(code, COMPANY), CompanyItem.unchanged(company, CompanyItem.portal_host))


def unlist_company(code: str) -> None:
    """Remove the last trace of a company. Its code is free from now on."""
    writes.delete(LookupItem(COMPANIES, code))


def remove_all(code: str) -> Iterator[int]:
    """Remove all items of a company but its place in the list; how many, step by step. Raises `Unavailable`.

    First that by which an application, or a person, comes in.
    """
    for prefix in (api_key_sort_key(), management_key_sort_key(), email_sort_key(), user_sort_key()):
        yield from _remove(CompanyItem, code, prefix)
    for remove in _STEPS.values():
        yield from remove(code)


def remove_license(code: str, license_id: int) -> Iterator[int]:
    """Remove a license with all that is its own and all that leads to it; how many items, step by step.

    First what is due and the license itself, so that nothing is written to it any more; last the company's own link,
    by which a removal that was interrupted finds it again. Raises `Unavailable`.
    """
    was_there = False
    while (license := read_license(code, license_id)) is not None:
        was_there = True
        for due in filter(None, (filed(license), notice_entry(license), adoption_entry(license))):
            writes.delete(due)
            yield 1
        with suppress(ConditionFailed):  # a sweep, or a new end, has filed it anew meanwhile
            writes.delete(LicenseItem(license_pk(code, license_id), LICENSE), _as_filed(license))
    yield int(was_there)
    for item in scheduled_updates.items_of(scheduled_updates.read_of_license(code, license_id)):
        writes.delete(item)
        yield 1
    yield from _remove(LicenseItem, license_pk(code, license_id))
    yield from _remove(LookupItem, f"license#{license_id}")
    writes.delete(LookupItem(code, company_license_sort_key(license_id)))
    yield 1


def _as_filed(license: License) -> Condition:
    """That it is due for what it was when it was read."""
    return as_filed(license) & LicenseItem.unchanged(license, LicenseItem.adopt_until)


def _remove_licenses(code: str) -> Iterator[int]:
    for license_id in license_ids(code):
        yield from remove_license(code, license_id)
    for deleted in deleted_licenses.read_all(code):  # of those, too, the history
        yield from remove_license(code, deleted.id)


def _remove_refusals(code: str) -> Iterator[int]:
    return _remove(RefusalItem, refusals_pk(code))


def _remove_webhooks(code: str) -> Iterator[int]:
    """What waits to be delivered, or was, while its endpoints still say where that is.

    First the outbox: nobody files anything behind us then.
    """
    yield from outbox.remove_of(code)
    yield from deliveries.remove_of(code, [endpoint.id for endpoint in read_endpoints(code)])
    yield from deliveries.remove_sequences(code)


def _remove_accounts(code: str) -> Iterator[int]:
    """Until nothing is left: what was decided before, on an order for one, is written while the order goes."""
    removed = 1
    while removed:
        removed = 0
        for step in _remove(CompanyItem, code):
            removed += step
            yield step


def _remove_ephemera(code: str) -> Iterator[int]:
    """Reads the whole table, page by page."""
    found = (raw["pk"]["S"] for raw in reads.scan(EphemeraItem, only=("pk", "company")) if _is_of(code, raw))
    return writes.delete_all(EphemeraItem(pk) for pk in found)


def _is_of(code: str, raw: Raw) -> bool:
    """Whether a company is named by an item in `ephemera`; one that newer code has put there expires by itself."""
    try:
        kind = kind_of(EphemeraItem.Meta.table_name, raw)
    except LookupError:
        return False
    return kind.removal == "ephemera" and kind.is_of(code, raw)


def _remove_mails(code: str) -> Iterator[int]:
    """Of what waits to be mailed."""
    for queued, _ in mails_of(code):
        forget_mail(queued)
        yield 1


def _remove(table: type[AnyItem], pk: str, prefix: str = "") -> Iterator[int]:
    return writes.delete_all(table(pk, part) for part in reads.sort_keys(table, pk, prefix))


_STEPS: Mapping[Removal, Callable[[str], Iterator[int]]] = {
    "license": _remove_licenses,
    "refusals": _remove_refusals,
    "webhooks": _remove_webhooks,
    "imports": import_results.remove_jobs,
    "company": _remove_accounts,
    "ephemera": _remove_ephemera,
    "mail": _remove_mails,
}
"""What removes the items of a company, in the order in which they go."""

if _undone := {kind.removal for kind in KINDS} - {*_STEPS, "listing", "expires"}:
    raise TypeError(f"nothing removes {', '.join(sorted(_undone))}")
