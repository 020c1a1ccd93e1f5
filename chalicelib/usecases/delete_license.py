"""Delete a license for good: its history stays, and its key is never sold again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import Sales
from chalicelib.domain.errors import Denied, NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import DeletedLicense, License
from chalicelib.store import customers, deleted_licenses, licenses, orders
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.customer_moves import move_order
from chalicelib.usecases.retry import decide_and_write


@dataclass(frozen=True, slots=True)
class _State:
    """A license and what counts it; or what stayed of it, where it is deleted."""

    license: License | None
    deleted: DeletedLicense | None = None
    order: Order | None = None
    sales: Sales | None = None


def delete_license(
    company: str,
    license_id: int,
    actor: Actor,
    *,
    revision: int | None = None,
    now: Instant,
    progress: Callable[[int], None] = lambda _items: None,
) -> DeletedLicense:
    """Delete a license with its users' seats, its devices, and what leads to them.

    From the first write on nobody is answered or shown it any more; what it had goes in steps behind it. Interrupted,
    it is finished by the same call, or by `audit --repair`. Accounts stay, and so does its order. `revision`: the one
    that is to be deleted; `progress` gets the number of items, step by step.
    Raises `NotFound`: `license_not_found`, also where it is deleted; `Denied`: `revision_changed`.
    """

    def decide(state: _State) -> DeletedLicense:
        license, deleted = state.license, state.deleted
        if license is None:
            if deleted is None or deleted.is_cleared:
                raise NotFound("license_not_found")
            return deleted
        if revision not in (None, license.revision):
            raise Denied("revision_changed")
        kept = (license.product, license.created_at, now, license.license_key, license.sold_in or license.order_id)
        return DeletedLicense(company, license.id, *kept)

    def write(state: _State, deleted: DeletedLicense) -> None:
        if state.license is not None:
            key, order = deleted.license_key, state.license.order_id
            event = Event.new("license_deleted", actor, now, product=deleted.product, license_key=key, order=order)
            deleted_licenses.delete(state.license, deleted, state.order, state.sales, event)

    find = lambda _: _read(company, license_id, actor, now)  # noqa: E731 - short and local
    deleted = decide_and_write(find, decide, write, result=lambda _, deleted: deleted)[1]
    _clear(deleted, progress)
    return deleted


def finish_deletion(company: str, license_id: int) -> None:
    """Delete what is left of one deleted license, if its deletion was cut short."""
    deleted = deleted_licenses.read(company, license_id)
    if deleted is not None and not deleted.is_cleared:
        _clear(deleted, lambda _items: None)


def finish_deletions(company: str, progress: Callable[[int], None] = lambda _items: None) -> int:
    """Delete what is left of deleted licenses whose deletion was cut short; how many items that were."""
    unfinished = [one for one in deleted_licenses.read_all(company) if not one.is_cleared]
    return sum(_clear(deleted, progress) for deleted in unfinished)


def _read(company: str, license_id: int, actor: Actor, now: Instant) -> _State:
    """Raises `ConditionFailed` where its order had to follow the customer first."""
    license = licenses.read_license(company, license_id)
    if license is None:
        return _State(None, deleted_licenses.read(company, license_id))
    order = orders.read_order(company, license.order_id or "")
    sales = None if license.customer is None else customers.read_sales(company, license.customer)
    if sales is not None and sales.is_former and order is not None:  # it is being moved to the customer's email of now
        move_order(company, sales.customer, order.id, actor, now=now)
        raise ConditionFailed
    return _State(license, None, order, sales)


def _clear(deleted: DeletedLicense, progress: Callable[[int], None]) -> int:
    total = 0
    for step in deleted_licenses.clear(deleted.company, deleted.id):
        total += step
        progress(step)
    with suppress(ConditionFailed):  # all of the company is deleted meanwhile
        deleted_licenses.end(deleted.company, deleted.id)
    return total
