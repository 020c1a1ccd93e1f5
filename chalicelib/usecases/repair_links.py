"""The repair of what the audit finds missing, or left over, among names and summaries: for operators.

What older code did not write, and what a cut connection has left. Safe beside everything else that goes on: each link
is filed, or removed, in a transaction that requires of the item it follows from that it is there, or is not.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice

from chalicelib.domain.customers import Customer
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.store import counts, customers, repairs, sold_counts
from chalicelib.store.database import ConditionFailed
from chalicelib.store.repairs import Repair
from chalicelib.store.sold_counts import Miscount
from chalicelib.usecases.audit import audit, audit_links
from chalicelib.usecases.customer_moves import finish_moves
from chalicelib.usecases.delete_license import finish_deletions


def repair_links(
    company: str, actor: Actor, *, now: Instant, progress: Callable[[int], None] = lambda _links: None
) -> dict[str, int]:
    """How many links and summaries of a company were `filed`, and how many `removed`. Repeating is safe. Raises
    `Unavailable`.

    Missing is filed whatever follows from a license, its order, its seats and its devices. Removed is what leads a
    user, a hardware id or a device's id to no seat, no order to manage and no device; and what is left of licenses that
    were deleted. Customers of before get their
    records. Last, counters are set to what is there; each that was wrong counts as filed. All else that the audit finds
    stays as it is.
    """
    totals = {"filed": 0, "removed": finish_deletions(company, progress)}
    found = _repairs(company)
    while few := list(islice(found, repairs.AT_ONCE)):
        for done in _carried_out(company, _each_link_once(few), actor, now):
            for name, count in done.items():
                totals[name] += count
        progress(len(few))
    of_customers = _repair_customers(company, actor, now)
    counted = counts.repair(company, lambda filed: _event(actor, now, filed, 0))
    progress(of_customers + counted)
    return totals | {"filed": totals["filed"] + of_customers + counted}


def _repair_customers(company: str, actor: Actor, now: Instant) -> int:
    """Finish what was begun of customers, make records of those of before, and count what was sold to each. How many
    items were filed.
    """
    for customer in customers.read_page(company):
        if customer.moving:
            finish_moves(company, customer.id, actor, now=now)
    filed = 0
    for wrong in sold_counts.miscounts(company):
        event = _event(actor, now, 1 + (wrong.sales is None), 0)
        with suppress(ConditionFailed):  # somebody sells meanwhile: the next audit says what is left
            if wrong.sales is None:
                _make_record(company, wrong, event, now)
            else:
                sold_counts.set_right(company, wrong, event)
            filed += 1 + (wrong.sales is None)
    return filed


def _make_record(company: str, wrong: Miscount, event: Event, now: Instant) -> None:
    """Raises `ConditionFailed`."""
    with suppress(ConditionFailed):
        sold_counts.make_record(Customer(company, new_id(now), wrong.email, now), wrong.there, event)
        return
    # The id of another, perhaps: those of one millisecond may be equal.
    sold_counts.make_record(Customer(company, new_id(now + 1), wrong.email, now), wrong.there, event)


def _repairs(company: str) -> Iterator[Repair]:
    """What is to be filed, then what is to be removed, read as it is taken."""
    for walked in (audit(company), audit_links(company)):
        for _, faults in walked:
            yield from (fault.repair for fault in faults if fault.repair is not None)


def _each_link_once(some: list[Repair]) -> list[Repair]:
    """The first repair of each link: two licenses may bear one key, and the next audit names the one without it."""
    return list({(repair.link.pk, repair.link.sort_key): repair for repair in reversed(some)}.values())[::-1]


def _carried_out(company: str, few: list[Repair], actor: Actor, now: Instant) -> Iterator[dict[str, int]]:
    """Do them together; where one is not needed any more, each by itself. How many were filed and removed each time."""
    try:
        yield _carry_out(company, few, actor, now)
    except ConditionFailed:
        for one in few:
            try:
                yield _carry_out(company, [one], actor, now)
            except ConditionFailed:  # what it follows from has come, or gone, meanwhile
                continue


def _carry_out(company: str, some: list[Repair], actor: Actor, now: Instant) -> dict[str, int]:
    removed = sum(repair.removes for repair in some)
    filed = len(some) - removed
    repairs.carry_out(company, some, _event(actor, now, filed, removed))
    return {"filed": filed, "removed": removed}


def _event(actor: Actor, now: Instant, filed: int, removed: int) -> Event:
    return Event.new("links_repaired", actor, now, filed=filed, removed=removed)
