"""Orders, and what was sold in them, filed under the order and under each of its managers."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from itertools import islice

from chalicelib.domain.catalog import LicenseSummary, Order
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.mail import Mail
from chalicelib.domain.permissions import Permission
from chalicelib.domain.users import User
from chalicelib.store import reads, writes
from chalicelib.store.accounts import put_given, put_new_user, require_closed
from chalicelib.store.counts import put_count
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.accounts import OrderItem
from chalicelib.store.items.events import AccountEventItem, EventItem, event_item
from chalicelib.store.items.links import LicenseSummaryItem
from chalicelib.store.keys import manager_license_sort_key, order_license_sort_key, order_sort_key
from chalicelib.store.mails import put_mail
from chalicelib.store.transactions import THERE_OR_NOT, Requirement, Transaction, requiring

FILED_AT_ONCE = 90
"""Licenses in one transaction of a hundred items."""


@dataclass(frozen=True, slots=True)
class Joining:
    """That a person comes to manage an order, which was `old`, by a transaction that is about something else, too."""

    old: Order
    new: Order
    event: Event
    mail: Mail


def read_order(company: str, order_id: str) -> Order | None:
    """One order, consistently."""
    item = reads.get(OrderItem(company, order_sort_key(order_id)))
    return None if item is None else item.to_domain()


def read_some(company: str, order_ids: Iterable[str]) -> dict[str, Order]:
    """Those of these orders that are there, by their ids: at most a hundred. Consistent, one read."""
    asked = [OrderItem(company, order_sort_key(id)) for id in sorted(order_ids)]
    found = (item.to_domain() for item in reads.batch_get(asked, consistent=True) if item is not None)
    return {order.id: order for order in found}


def read_orders(
    company: str, *, after: str | None = None, backwards: bool = False, limit: int | None = None
) -> Iterator[Order]:
    """The orders of a company by their ids, or `backwards`, behind the one with the id `after`, at most `limit`.

    Consistent.
    """
    behind = None if after is None else order_sort_key(after)
    return reads.query_readable(OrderItem, company, order_sort_key(), backwards=backwards, limit=limit, after=behind)


def file_license(write: Transaction, license: License, old: Order | None, new: Order, joined: Event | None) -> None:
    """Let the transaction that issues a license make `old` into `new`, and file the license in it.

    `joined`: the event of a manager who comes to an order that is there.
    """
    if old is None:
        write.put(OrderItem.of(new, new.company, order_sort_key(new.id)), OrderItem.pk.does_not_exist())
        put_count(write, "orders", new.company, order_sort_key(new.id))
    else:
        filed_under = OrderItem.unchanged(
            old, OrderItem.customer, OrderItem.managers, OrderItem.denied, OrderItem.number
        )
        numbered = [OrderItem.number.set(OrderItem.number | license.id), OrderItem.licenses_sold.add(1)]
        if joined is None:
            write.update(_order(old), numbered, filed_under)
        else:
            event = event_item(old.company, joined, AccountEventItem)
            _put_changes(write, old, new, filed_under, numbered, event)
            write.put_event(event)
    for item in _summaries(license, new):
        write.put(item, LicenseSummaryItem.pk.does_not_exist())


def take_out(write: Transaction, order: Order, license_id: int, kept: frozenset[int] = frozenset()) -> None:
    """Let a transaction take a license out of its order, where nobody is shown it any more.

    `kept`: managers under whom the same transaction files it otherwise.
    """
    company, shown_to = order.company, (order.managers | order.pending_managers) - kept
    unchanged = OrderItem.unchanged(order, OrderItem.managers, OrderItem.pending_managers)
    write.update(_order(order), [OrderItem.licenses_taken.add(1)], unchanged)
    shown = (manager_license_sort_key(user, license_id) for user in sorted(shown_to))
    for part in (order_license_sort_key(order.id, license_id), *shown):
        write.delete(LicenseSummaryItem(company, part), THERE_OR_NOT)


def refile(write: Transaction, license: License, order: Order) -> None:
    """Let a transaction file a license otherwise; who is filing it as it was begins anew."""
    unchanged = OrderItem.unchanged(order, OrderItem.managers, OrderItem.denied, OrderItem.customer, OrderItem.number)
    write.update(_order(order), [OrderItem.licenses_taken.add(1)], unchanged)
    put_summaries(write, license, order)


def put_summaries(write: Transaction, license: License, order: Order) -> None:
    """File a license anew under its order and its managers, for a list says something else of it."""
    for item in _summaries(license, order):
        write.put(item, THERE_OR_NOT)


def _summaries(license: License, order: Order) -> list[LicenseSummaryItem]:
    sold = summary_of(license)
    listed = sold_item(sold, order.company, order_license_sort_key(order.id, license.id))
    return [listed, *(managed_item(sold, order, user_id) for user_id in order.managers)]


def summary_of(license: License) -> LicenseSummary:
    """What a list says of a license: the fields of the same names there."""
    names = [f.name for f in fields(LicenseSummary) if f.name not in ("license_id", "denied")]
    facts = {name: getattr(license, name) for name in names}
    known = {name: value for name, value in facts.items() if value is not None}
    return LicenseSummary(license_id=license.id, **({"order_id": ""} | known))


def sold_in_order(
    company: str, order_id: str, *, after: int | None = None, limit: int | None = None
) -> Iterator[LicenseSummary]:
    """The licenses that were sold in an order behind the license `after`, oldest first, at most `limit`.

    Consistent, read in pages.
    """
    prefix = order_license_sort_key(order_id)
    behind = None if after is None else order_license_sort_key(order_id, after)
    raws = reads.query_raw(LicenseSummaryItem, company, prefix, limit=limit, after=behind)
    return map(LicenseSummaryItem.from_raw, raws)


def managed_among(company: str, user_id: int, license_ids: Iterable[int]) -> list[LicenseSummary]:
    """Those of these licenses, at most a hundred, that a user manages. Consistent, one round trip."""
    items = [LicenseSummaryItem(company, manager_license_sort_key(user_id, id)) for id in license_ids]
    found = reads.batch_get_raw(items, consistent=True) if items else []
    return [LicenseSummaryItem.from_raw(raw) for raw in found if raw is not None]


def read_managed_licenses(
    company: str,
    user_id: int,
    *,
    after: int | None = None,
    backwards: bool = False,
    limit: int | None = None,
) -> Iterator[LicenseSummary]:
    """What a user manages, oldest first or `backwards`, behind the license `after`, at most `limit`.

    Consistent, read in pages of 1 MB as it is taken: some thousands of licenses each.
    """
    prefix = manager_license_sort_key(user_id)
    behind = None if after is None else manager_license_sort_key(user_id, after)
    return reads.query_readable(LicenseSummaryItem, company, prefix, backwards=backwards, limit=limit, after=behind)


def denied_on_any(company: str, user_id: int, license_ids: list[int]) -> frozenset[Permission] | None:
    """What a user who manages all of these licenses may not do on one of them at least; None where he does not manage
    them all.

    Consistent, a hundred in one round trip.
    """
    denied = frozenset[Permission]()
    for start in range(0, len(license_ids), reads.BATCH_GET_LIMIT):
        chunk = license_ids[start : start + reads.BATCH_GET_LIMIT]
        managed = managed_among(company, user_id, chunk)
        if len(managed) < len(chunk):
            return None
        denied = denied.union(*(sold.denied for sold in managed))
    return denied


@contextmanager
def required_of_manager(
    company: str, user_id: int, license_id: int, permissions: Iterable[Permission], error: Exception
) -> Iterator[None]:
    """Let each transaction inside be written only while the user manages a license and may do all this there.

    Raises `error` where he does not: what was read of that before the change is no proof.
    """
    link = LicenseSummaryItem(company, manager_license_sort_key(user_id, license_id))
    condition = LicenseSummaryItem.pk.exists()
    for permission in permissions:
        condition &= ~LicenseSummaryItem.denied.contains(permission)
    with requiring(Requirement(link, condition, error)):
        yield


def sold_item(sold: LicenseSummary, company: str, part: str) -> LicenseSummaryItem:
    """The item of a license under its order."""
    return LicenseSummaryItem.of(sold, company, part)


def managed_item(sold: LicenseSummary, order: Order, user_id: int) -> LicenseSummaryItem:
    """The item of a license under a manager of its order: the proof of what he may do with it."""
    part = manager_license_sort_key(user_id, sold.license_id)
    return LicenseSummaryItem.of(replace(sold, denied=order.denied), order.company, part)


def filed_as(order: Order, user_id: int) -> Condition:
    """That the user manages an order, that neither what it denies its managers nor its customer has changed since it
    was read, and that no license was taken out of it.
    """
    same = OrderItem.unchanged(order, OrderItem.denied, OrderItem.customer, OrderItem.licenses_taken)
    return OrderItem.managers.contains(user_id) & same


def backfill_managers(order: Order) -> None:
    """File all that was sold in an order under its pending managers, as the order is by now. Repeating is safe.

    Each step requires that it still is so: who is taken off meanwhile is shown nothing more, and what was filed before
    goes by `unfile`, which comes later. Where it changes, all begins anew by what it says then.
    """
    while (now := read_order(order.company, order.id)) is not None:
        with suppress(ConditionFailed):
            for user_id in sorted(order.pending_managers & now.managers):
                _file_all(now, user_id)
            for user_id in sorted(order.pending_managers - now.managers):
                _unfile_all(now, user_id)
            filed = [OrderItem.pending_managers.delete(order.pending_managers)]
            as_read = OrderItem.unchanged(now, OrderItem.managers, OrderItem.denied, OrderItem.revision)
            writes.update(_order(now), filed, OrderItem.pk.exists() & as_read)
            return


def update(old: Order, new: Order, event: Event) -> None:
    """Make `old` into `new`, of which the shop says something else, or whose managers may do other things: what is
    filed under them follows by `backfill_managers`.

    Raises `ConditionFailed` where the order has changed meanwhile.
    """
    write = Transaction(event_item(new.company, event, AccountEventItem))
    _put_changes(write, old, new)
    write.commit()


def add_manager(old: Order, new: Order, manager: User, known: User | None, event: Event, mail: Mail | None) -> None:
    """Make `old` into `new` with a manager more, who joins by `backfill_managers`; make the account if none is `known`.

    Raises `ConditionFailed` where the order or the account has changed meanwhile.
    """
    write = Transaction(event_item(new.company, event, AccountEventItem))
    _put_manager_more(write, old, new, manager.id)
    if known is None:
        put_new_user(write, manager)
    else:
        put_given(write, known, manager, manages=True)
    if mail is not None:
        put_mail(write, mail, event.at)
    write.commit()


def put_joining(write: Transaction, joining: Joining, user_id: int) -> None:
    """Let a transaction that is about an account, too, add a manager as `add_manager` does."""
    event = event_item(joining.new.company, joining.event, AccountEventItem)
    _put_manager_more(write, joining.old, joining.new, user_id, event)
    write.put_event(event)
    put_mail(write, joining.mail, joining.event.at)


def _put_manager_more(write: Transaction, old: Order, new: Order, user_id: int, event: EventItem | None = None) -> None:
    """One license is filed at once: from this instant on nobody else may touch the account (`usecases.account_access`).

    `event`: as in `Transaction.change`.
    """
    for sold in islice(sold_in_order(new.company, new.id), 1):
        _file(write, sold, new, user_id)
    _put_changes(write, old, new, OrderItem.unchanged(old, OrderItem.licenses_taken), event=event)


def remove_manager(old: Order, new: Order, user_id: int, event: Event, *, closed_at: Instant | None = None) -> None:
    """Make an order, `old`, into `new` without this manager: nothing more of it is filed under him.

    `closed_at`: only while the account is closed since then. Raises `ConditionFailed` where the order has changed
    meanwhile.
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    _put_changes(write, old, new)
    if closed_at is not None:
        require_closed(write, old.company, user_id, closed_at)
    write.commit()


def unfile(order: Order, user_id: int) -> None:
    """Show a user nothing more of an order that he does not manage. Repeating is safe.

    Each step requires that he does not: who is added again meanwhile keeps what is filed under him since.
    """
    while (now := read_order(order.company, order.id)) is not None and user_id not in now.managers:
        with suppress(ConditionFailed):  # the order has changed: it says whether he manages it again
            _unfile_all(order, user_id)
            done = [OrderItem.pending_managers.delete({user_id})]
            writes.update(_order(order), done, OrderItem.pk.exists() & ~OrderItem.managers.contains(user_id))
            return


def _file_all(order: Order, user_id: int) -> None:
    """Raises `ConditionFailed` where the user is no manager of the order any more, or may do other things."""
    sold, ids = sold_in_order(order.company, order.id), {user_id}
    while step := list(islice(sold, FILED_AT_ONCE)):
        write = Transaction(None)
        for one in step:
            _file(write, one, order, user_id)
        write.update(_order(order), [OrderItem.pending_managers.add(ids)], filed_as(order, user_id))
        write.commit()


def _unfile_all(order: Order, user_id: int) -> None:
    """Raises `ConditionFailed` where the user manages the order again."""
    sold = sold_in_order(order.company, order.id)
    while step := list(islice(sold, FILED_AT_ONCE)):
        write = Transaction(None)
        for one in step:
            filed = LicenseSummaryItem(order.company, manager_license_sort_key(user_id, one.license_id))
            write.delete(filed, THERE_OR_NOT)
        write.check(_order(order), OrderItem.pk.exists() & ~OrderItem.managers.contains(user_id))
        write.commit()


def _file(write: Transaction, sold: LicenseSummary, order: Order, user_id: int) -> None:
    write.put(managed_item(sold, order, user_id), THERE_OR_NOT)  # it may be left of an earlier time


def _order(order: Order) -> OrderItem:
    return OrderItem(order.company, order_sort_key(order.id))


def _put_changes(
    write: Transaction,
    old: Order,
    new: Order,
    also: Condition | None = None,
    more: Sequence[Action] = (),
    event: EventItem | None = None,
) -> None:
    """Add to a transaction what makes an order into `new`; whose licenses are to be filed is pending until they are.

    It has to be this one yet: another may have its name, and the same revision.
    """
    same = OrderItem.unchanged(old, OrderItem.number)
    # Also who was pending when it was read: somebody may have finished since what that was for.
    refiled = new.managers ^ old.managers if new.denied == old.denied else new.pending_managers
    moved = [*([OrderItem.pending_managers.add(refiled)] if refiled else []), *more]
    terms = replace(new, pending_managers=old.pending_managers, number=old.number)
    write.change(_order(old), old, terms, same if also is None else same & also, moved, event)
