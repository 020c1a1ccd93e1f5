"""A new license key in the place of one that has come to the wrong hands: all that was activated stays."""

from dataclasses import replace

from chalicelib.domain import keys
from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import Denied, Invalid, at_field
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant, add, parse_duration, to_iso
from chalicelib.domain.license import License
from chalicelib.store import licenses, orders
from chalicelib.usecases.change_terms import Sold, find_sold
from chalicelib.usecases.retry import decide_and_write

_State = tuple[Sold, Order | None]


def rotate_key(
    company: str,
    license_id: int,
    actor: Actor,
    *,
    old_key_for: str | None = None,
    revision: int | None = None,
    now: Instant,
) -> Sold:
    """Give a license a new key. The old one is answered for a duration (`7d`) more, or not at all; it is never sold
    again, and of neither key a process remembers anything for longer than a minute.

    `revision`: the one that is to be changed. Raises `NotFound`: `license_not_found`; `Denied`: `revision_changed`;
    `Invalid`: `product_has_no_keys`, `duration_malformed`.
    """
    with at_field("old_key_for"):
        until = now if old_key_for is None else add(now, parse_duration(old_key_for))

    def read(_: bool) -> _State:
        sold = find_sold(company, license_id)
        return sold, orders.read_order(company, sold[0].order_id or "")

    def decide(state: _State) -> License:
        license = state[0][0]
        if revision not in (None, license.revision):
            raise Denied("revision_changed")
        if license.license_key is None:
            raise Invalid("product_has_no_keys", field="license_key")
        return replace(license, license_key=keys.new_license_key(), revision=license.revision + 1)

    def write(state: _State, new: License) -> None:
        (old, _), order = state
        before, answered = old.license_key, None if old_key_for is None else to_iso(until)
        event = Event.new("license_key_rotated", actor, now, license_key_before=before, old_key_until=answered)
        licenses.rotate_key(old, new, order, until, event)

    (sold, _), new = decide_and_write(read, decide, write, result=lambda state, new: (new, state[0][1]))
    return new, sold[1]
