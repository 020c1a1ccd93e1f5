"""Move a license to another order of the company, and so to that order's customer and managers."""

from contextlib import suppress
from dataclasses import dataclass, replace

from chalicelib.domain.access import buyer
from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import Sales
from chalicelib.domain.errors import Denied
from chalicelib.domain.events import Actor, Event, differences
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.types import Json
from chalicelib.store import batches, customers, licenses, moved_licenses, orders
from chalicelib.store.customers import Buyer, NewBuyer
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.buyers import find_buyer
from chalicelib.usecases.change_terms import Sold, find_sold
from chalicelib.usecases.customer_moves import move_order
from chalicelib.usecases.order_managers import find_order
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import guard_revision


@dataclass(frozen=True, slots=True)
class _State:
    """A license, the order that it is in, and the one that it moves to, with their customers."""

    sold: Sold
    left: Order | None
    joined: Order
    sales: Sales | None
    sold_to: Buyer | NewBuyer | None


def move_license(
    company: str, license_id: int, order_id: str | int, actor: Actor, *, revision: int | None = None, now: Instant
) -> Sold:
    """Move a license to an order that is there (`find_order`); answers it as it is then. Doing so again changes
    nothing, whatever the revision.

    From the first write on the managers of its old order see and touch it no more, and those of the new one do; it is
    counted as sold to the new order's customer. Users, devices, terms and limits stay. A password that was handed out
    for licenses of another customer does not open it: its users set one with a mailed code, or its managers do
    (`domain.access`). What leads users to it follows in steps: cut short, they are done by the same call, or by
    `audit --repair`.

    `revision`: the one that is to be moved. Raises `NotFound`: `license_not_found`, `order_not_found`; `Denied`:
    `revision_changed`, and `batch_under_way` where a list of people is being assigned to it.
    """

    def decide(state: _State) -> License:
        license, joined = state.sold[0], state.joined
        if license.order_id == joined.id:
            return license
        guard_revision(license, revision)
        sold_to, sold_in = state.sold_to, license.sold_in or license.order_id
        customer: Json = {"customer": sold_to and sold_to.email, "customer_id": sold_to and sold_to.id}
        new = replace(license, order_id=joined.id, bought_as=joined.bought_as or None, **customer)
        if buyer(new) != buyer(license) and any(batches.all_pending(company, license_id)):
            raise Denied("batch_under_way")
        return replace(new, sold_in=sold_in, revision=license.revision + 1)

    def write(state: _State, new: License) -> None:
        old = state.sold[0]
        if new.order_id != old.order_id:
            was, becomes = ({"order": one.order_id, "customer": one.customer} for one in (old, new))
            event = Event.new("license_moved", actor, now, **differences(was, becomes))
            moved_licenses.move(old, new, (state.left, state.joined), state.sales, state.sold_to, event)

    find = lambda _: _read(company, license_id, order_id, actor, now)  # noqa: E731 - short and local
    state, new = decide_and_write(find, decide, write, result=lambda state, new: (new, state.sold[1]))
    finish_move(company, license_id)
    return new, state.sold[1]


def finish_move(company: str, license_id: int) -> None:
    """Let what leads the users of a license to it say whose it is, where a move was cut short. Repeating is safe."""
    while (license := licenses.read_license(company, license_id)) is not None:
        with suppress(ConditionFailed):  # a user has gone meanwhile, or it was moved on
            moved_licenses.lead_users(license)
            return


def _read(company: str, license_id: int, order_id: str | int, actor: Actor, now: Instant) -> _State:
    """Raises `ConditionFailed` where an order had to follow its customer first."""
    sold, joined = find_sold(company, license_id), find_order(company, order_id)
    license, left = sold[0], orders.read_order(company, sold[0].order_id or "")
    sales = None if license.customer is None else customers.read_sales(company, license.customer)
    sold_to = None if not joined.customer else find_buyer(company, joined.customer, new_id(now), actor, now=now)
    # Of a customer who has another email by now, an order is moved there first.
    if left is not None and sales is not None and sales.is_former:
        move_order(company, sales.customer, left.id, actor, now=now)
        raise ConditionFailed
    if isinstance(sold_to, Buyer) and sold_to.email != joined.customer:
        move_order(company, sold_to.sales.customer, joined.id, actor, now=now)
        raise ConditionFailed
    return _State(sold, left, joined, sales, sold_to)
