"""Broken builds that walks alone catch, beside those of the proof: of what its storms do not do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from chalicelib.domain.events import Event
from chalicelib.store import (
    accounts,
    activations,
    batches,
    customers,
    definitions,
    deleted_licenses,
    licenses,
    mails,
    orders,
    products,
    reads,
    seats,
)
from chalicelib.store.items.accounts import OrderItem, ProductItem
from chalicelib.store.items.customers import SalesItem
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, VariablesItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.items.work import BatchProgressItem
from chalicelib.store.keys import license_key_sort_key
from chalicelib.store.limits import has_room_beyond
from chalicelib.store.transactions import Transaction
from chalicelib.usecases import create_order, issue_license, permissions
from tests.explore.account_mutants import ACCOUNT_MUTANTS
from tests.explore.audited import parts_read
from tests.explore.factor_mutants import FACTOR_MUTANTS
from tests.explore.meter_mutants import METER_MUTANTS
from tests.explore.scripts import ends_of, known_in
from tests.explore.slot_mutants import SLOT_MUTANTS
from tests.explore.webhook_mutants import WEBHOOK_MUTANTS
from tests.proof import mutants as of_proof
from tests.proof.mutants import Patches, adopted_as_found, patched, rewriting


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break this process in the way of that name, as long as the context lasts."""
    with patched(MUTANTS[name]()):
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    """What walks have remembered is of another build."""
    for remembered in (known_in, ends_of, parts_read):
        remembered.cache_clear()


def _overage_off_by_one() -> Patches:
    """Who has read that one device more is let in is let in, and so is the one after him."""
    right = has_room_beyond
    return [(activations, "has_room_beyond", lambda seen, amount=1: right(seen, amount - 1))]


def _list_not_within_the_limit() -> Patches:
    return [(batches, "has_room_for", lambda *_: LicenseItem.pk.exists())]


def _person_of_a_list_done_twice() -> Patches:
    """Whoever goes on with a list moves it on from where he has seen it, wherever it is by then."""
    is_there = BatchProgressItem.pk.exists()
    return rewriting(batches, "fill", BatchProgressItem, lambda actions, _: (actions, is_there))


def _seat_that_nobody_needs_is_kept() -> Patches:
    """What a list has reserved beyond its people's need is counted for good."""
    right = batches.fill

    def fill(license: Any, old: Any, new: Any, assignments: Any, events: Any) -> None:
        left = 0 if new is None else new.reserved
        right(license, replace(old, reserved=left + len(assignments)), new, assignments, events)

    return [(batches, "fill", fill)]


def _replaced_in_two_steps() -> Patches:
    """The one seat goes, and the other is given by a write of its own."""

    def replace_user(
        license: Any, old: Any, seat: Any, known: Any, user: Any, event: Event, mail: Any, *, released: bool
    ) -> None:
        seats.remove(license, old, event, released=released)
        given = Event.new("user_assigned", event.actor, event.at, user=seat.email, user_id=user.id)
        seats.assign(license, seat, known, user, given, mail)

    return [(seats, "replace_user", replace_user)]


def _replaced_user_keeps_places_counted() -> Patches:
    kept = LicenseItem.times_activated.add(0)
    return rewriting(seats, "replace_user", LicenseItem, lambda _, asked: ([kept], asked))


def _managed_in_two_steps() -> Patches:
    """Who gets a seat and is to manage the order manages it by a write of its own, and then the seat is given."""
    right = seats.assign

    def assign(license: Any, seat: Any, old: Any, user: Any, event: Any, mail: Any, joining: Any = None) -> None:
        if joining is not None:
            orders.add_manager(joining.old, joining.new, user, old, joining.event, joining.mail)
            old = user
        right(license, seat, old, user, event, mail)

    return [(seats, "assign", assign)]


def _mail_outside_the_transaction() -> Patches:
    """It is queued when the change is sent, whatever comes of that."""
    return [(seats, "put_mail", lambda _, mail, now: mails.queue_mail(mail, now))]


def _refusal_by_several_instants() -> Patches:
    """What is confirmed is read consistently, but item by item."""
    return [(reads, "transact_get", lambda items: reads.batch_get_raw(items, consistent=True, now=0))]


def _company_not_in_the_condition() -> Patches:
    """What was decided before a company was deleted is written after."""
    return [(module, "require_company", lambda *_: None) for module in (accounts, licenses, products)]


def _order_not_in_the_condition() -> Patches:
    """A license comes to the order that was read, whoever manages it by then."""
    return rewriting(licenses, "issue", OrderItem, lambda actions, _: (actions, OrderItem.pk.exists()))


def _key_not_in_the_condition() -> Patches:
    """Whoever issues a license with a key that is in use takes it."""
    right = Transaction.put

    def put(self: Any, item: Any, condition: Any) -> None:
        is_key = isinstance(item, LookupItem) and item.sort_key.startswith(license_key_sort_key())
        right(self, item, LookupItem.pk.exists() | LookupItem.pk.does_not_exist() if is_key else condition)

    return [(Transaction, "put", put)]


def _manager_unfiled_who_is_back() -> Patches:
    """What an order is filed under is removed, whoever manages it by then."""
    return [(Transaction, "check", lambda *_: None)]


def _license_taken_out_unseen() -> Patches:
    """A license is deleted, and its order does not say so to who is filing its licenses under a manager."""
    unmoved = [OrderItem.licenses_taken.add(0)]
    return rewriting(deleted_licenses, "take_out", OrderItem, lambda _, asked: (unmoved, asked))


def _permission_not_in_the_condition() -> Patches:
    """Whatever a manager was shown that he may do he does, whoever has denied it since."""
    return [(permissions, "required_of_manager", lambda *_: nullcontext())]


def _variables_written_over() -> Patches:
    """Variables are written as they were read and merged, whoever has written others since."""
    right = Transaction.put

    def put(self: Any, item: Any, condition: Any) -> None:
        whatever = VariablesItem.pk.exists() | VariablesItem.pk.does_not_exist()
        right(self, item, whatever if isinstance(item, VariablesItem) else condition)

    return [(Transaction, "put", put)]


def _forgotten_while_it_comes_back() -> Patches:
    """A device that was idle a moment ago is forgotten."""
    right = Transaction.delete

    def delete(self: Any, item: Any, condition: Any) -> None:
        right(self, item, DeviceItem.pk.exists() if isinstance(item, DeviceItem) else condition)

    return [(Transaction, "delete", delete)]


def _strict_limit_by_what_was_read() -> Patches:
    """A strict limit is held against the counter that was read, and the write does not ask for it."""
    right = licenses.update

    def update(old: Any, new: Any, event: Event, earlier: Any = (), at_most: Any = None, extras: Any = None) -> None:
        right(old, new, event, earlier, {}, extras)

    return [(licenses, "update", update)]


def _email_not_in_the_condition() -> Patches:
    """A new customer takes an email that was nobody's a moment ago."""
    right = Transaction.put

    def put(self: Any, item: Any, condition: Any) -> None:
        whatever = SalesItem.pk.exists() | SalesItem.pk.does_not_exist()
        right(self, item, whatever if isinstance(item, SalesItem) else condition)

    return [(Transaction, "put", put)]


def _merged_as_of_two_instants() -> Patches:
    """Of two customers the one is read, and then the other, who may have taken over the first by then."""
    read = lambda company, one, other: (customers.read(company, one), customers.read(company, other))  # noqa: E731
    return [(customers, "read_pair", read)]


def _order_joined_that_another_began() -> Patches:
    """Whoever sells an order joins the one that is there by then, with its managers."""

    def issue(*given: Any, begins: bool, **more: Any) -> Any:
        return issue_license.issue_license(*given, **more)

    return [(create_order, "issue_license", issue)]


def _definitions_not_in_the_condition() -> Patches:
    """What a product defines is written beside whatever it has come to define since."""
    return rewriting(definitions, "_transaction", ProductItem, lambda actions, _: (actions, ProductItem.pk.exists()))


def _moved_unseen() -> Patches:
    """Whoever gives a seat files it for who had the license when it was read."""
    return [(seats, "same_buyer", lambda _license: LicenseItem.pk.exists())]


def _sold_unseen() -> Patches:
    """An order gets another name, and a license that was sold in it meanwhile keeps that of before."""
    right = Transaction.delete

    def delete(self: Any, item: Any, condition: Any) -> None:
        right(self, item, OrderItem.pk.exists() if isinstance(item, OrderItem) else condition)

    return [(Transaction, "delete", delete)]


MUTANTS: dict[str, Callable[[], Patches]] = (
    of_proof.MUTANTS
    | ACCOUNT_MUTANTS
    | FACTOR_MUTANTS
    | METER_MUTANTS
    | SLOT_MUTANTS
    | WEBHOOK_MUTANTS
    | {
        "overage off by one": _overage_off_by_one,
        "adopt twice the same place": adopted_as_found,
        "list not within the limit": _list_not_within_the_limit,
        "person of a list done twice": _person_of_a_list_done_twice,
        "seat that nobody needs is kept": _seat_that_nobody_needs_is_kept,
        "replaced in two steps": _replaced_in_two_steps,
        "replaced user keeps places counted": _replaced_user_keeps_places_counted,
        "managed in two steps": _managed_in_two_steps,
        "mail outside the transaction": _mail_outside_the_transaction,
        "refusal by several instants": _refusal_by_several_instants,
        "company not in the condition": _company_not_in_the_condition,
        "order not in the condition": _order_not_in_the_condition,
        "key not in the condition": _key_not_in_the_condition,
        "manager unfiled who is back": _manager_unfiled_who_is_back,
        "license taken out unseen": _license_taken_out_unseen,
        "permission not in the condition": _permission_not_in_the_condition,
        "variables written over": _variables_written_over,
        "forgotten while it comes back": _forgotten_while_it_comes_back,
        "strict limit by what was read": _strict_limit_by_what_was_read,
        "email not in the condition": _email_not_in_the_condition,
        "merged as of two instants": _merged_as_of_two_instants,
        "order joined that another began": _order_joined_that_another_began,
        "definitions not in the condition": _definitions_not_in_the_condition,
        "moved unseen": _moved_unseen,
        "sold unseen": _sold_unseen,
    }
)
