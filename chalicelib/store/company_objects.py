"""Objects of a company that stand alone, each an item under its id: read, made, changed and deleted with an event."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.domain.customers import CustomerAccount, CustomerLabel
from chalicelib.domain.events import Event
from chalicelib.store import reads
from chalicelib.store.accounts import require_company
from chalicelib.store.items.customers import CustomerAccountItem, CustomerLabelItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.keys import customer_account_sort_key, customer_label_sort_key
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import Transaction

V = TypeVar("V", CustomerLabel, CustomerAccount)


@dataclass(frozen=True, slots=True)
class _Filed:
    item: type[AnyItem]
    sort_key: Callable[[int | None], str]


_FILED: Mapping[type[object], _Filed] = {
    CustomerLabel: _Filed(CustomerLabelItem, customer_label_sort_key),
    CustomerAccount: _Filed(CustomerAccountItem, customer_account_sort_key),
}


def read_all(kind: type[V], company: str) -> Iterator[V]:
    """All of a kind of a company, oldest first. Consistent, read in pages as they are taken."""
    filed = _FILED[kind]
    return reads.query_readable(filed.item, company, filed.sort_key(None))


def read(kind: type[V], company: str, id: int) -> V | None:
    """One of them, consistently."""
    return read_some(kind, company, [id]).get(id)


def read_some(kind: type[V], company: str, ids: list[int]) -> dict[int, V]:
    """Those of these that are there, by their ids. Consistent, at most a hundred."""
    items = reads.batch_get([_item(kind, company, id) for id in ids], consistent=True) if ids else []
    found = [item.to_domain() for item in items if item is not None]
    return {one.id: one for one in found}


def read_labels_and_accounts(
    company: str, labels: Iterable[int], accounts: Iterable[int]
) -> tuple[dict[int, CustomerLabel], dict[int, CustomerAccount]]:
    """Those of these that there are, by their ids. Consistent, a hundred in one round trip."""
    of_labels = [_item(CustomerLabel, company, id) for id in sorted(labels)]
    of_accounts = [_item(CustomerAccount, company, id) for id in sorted(accounts)]
    found = reads.batch_get_values([*of_labels, *of_accounts])
    there = [
        {one.id: one for one in some if one is not None} for some in (found[: len(of_labels)], found[len(of_labels) :])
    ]
    return there[0], there[1]


def create(new: V, event: Event) -> None:
    """Raises `ConditionFailed` where the id is in use, or the company is there no more."""
    write, filed = Transaction(event_item(new.company, event, AccountEventItem)), _FILED[type(new)]
    item = filed.item.of(new, new.company, filed.sort_key(new.id))
    write.put(item, filed.item.pk.does_not_exist())
    require_company(write, new.company)
    write.commit()


def update(old: V, new: V, event: Event) -> None:
    """Write what differs, if nobody has changed it since. Raises `ConditionFailed`."""
    write = Transaction(event_item(old.company, event, AccountEventItem))
    write.change(_item(type(old), old.company, old.id), old, new)
    write.commit()


def delete(old: V, event: Event) -> None:
    """Delete it, if nobody has changed it since. Raises `ConditionFailed`."""
    write = Transaction(event_item(old.company, event, AccountEventItem))
    item = _item(type(old), old.company, old.id)
    write.delete(item, type(item).unchanged(old, type(item).get_attributes()["revision"]))
    write.commit()


def _item(kind: type[object], company: str, id: int) -> AnyItem:
    filed = _FILED[kind]
    return filed.item(company, filed.sort_key(id))
