"""The meters of licenses: how uses are counted, each by one atomic write, and once for its key.

A meter's item has the terms that a use goes by, which change with the license's in one transaction; and a use puts an
item under its key beside it. So the two alone tell whether it is counted, and whether it was before: four write units.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.meters import METER_TERMS, USES_KEPT_SECONDS, Counting, Meter, Use, is_metered, meter_terms
from chalicelib.store import reads
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.ephemera import UseItem
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import MeterItem
from chalicelib.store.keys import license_pk, meter_sort_key
from chalicelib.store.transactions import Transaction


def use_key(license: License, device_id: int, key: str) -> str:
    """What names a use: the key of its call, of one device of a license. Others may choose the same."""
    return sha256(f"{license.company}#{license.id}#{device_id}#{key}".encode()).hexdigest()


def read_meters(some: Sequence[License]) -> list[Meter | None]:
    """The meter of each license, consistently, a hundred in one round trip; None of one whose uses are not counted."""
    asked = [meter_item(license) if is_metered(license) else None for license in some]
    left, found = (item for item in asked if item is not None), list[MeterItem | None]()
    while few := list(islice(left, reads.BATCH_GET_LIMIT)):
        found += reads.batch_get(few, consistent=True)
    in_order = iter(found)
    meters = [None if item is None else next(in_order) for item in asked]
    return [None if item is None else item.to_domain() for item in meters]


def read_meter_of(license: License) -> Meter | None:
    """The meter that lies in a license's partition, whether its uses are counted or not. Consistent."""
    item = reads.get(meter_item(license))
    return None if item is None else item.to_domain()


def read_meter_and_use(license: License, key: str, now: Instant) -> tuple[Meter | None, Use | None]:
    """The meter, and the use that was counted under a key, at one instant: a refusal may rest on both."""
    meter, use = reads.transact_get([meter_item(license), UseItem(_use_pk(key))], now=now)
    return None if meter is None else MeterItem.from_raw(meter), None if use is None else UseItem.from_raw(use)


def meter_item(license: License, meter: Meter | None = None) -> MeterItem:
    """The item of a license's meter."""
    pk = license_pk(license.company, license.id)
    return MeterItem(pk, meter_sort_key()) if meter is None else MeterItem.of(meter, pk, meter_sort_key())


def put_terms(write: Transaction, old: License, new: License) -> None:
    """Let the meter go by the terms of `new`, in the transaction that changes those of the license."""
    if not is_metered(new) or meter_terms(old) == meter_terms(new):
        return
    attributes, terms = MeterItem.get_attributes(), meter_terms(new)
    actions: list[Action] = [
        attributes[name].remove() if terms[name] is None else attributes[name].set(terms[name]) for name in METER_TERMS
    ]
    write.update(meter_item(new), actions, MeterItem.pk.exists())


def use(license: License, counting: Counting, made: Use, key: str, filed: Event | None) -> Use:
    """Count a use, or nothing: answers the use that is counted under its key then, which a repeat at once may have
    made. `filed`: the row of history of a day that is over. Raises `ConditionFailed`, `Unavailable`.
    """
    before, after, item = counting.before, counting.after, MeterItem
    write = Transaction(None if filed is None else event_item(license_pk(license.company, license.id), filed))
    fits = has_room(counting) & _same_terms(before) & item.unchanged(before, item.counted_from, item.day)
    if counting.begins:
        actions: list[Action] = [
            *(item.total.set(after.total), item.counted_from.set(after.counted_from), item.day.set(after.day)),
            *(item.day_total.set(after.day_total), item.day_uses.set(after.day_uses)),
        ]
        fits &= item.unchanged(before, item.total, item.day_total, item.day_uses)
    else:
        actions = [item.total.add(counting.amount), item.day_total.add(counting.amount), item.day_uses.add(1)]
    write.update(meter_item(license), actions, fits)
    record = UseItem.of(made, _use_pk(key))
    record.expires = made.at // 1000 + USES_KEPT_SECONDS
    write.put(record, UseItem.is_absent(made.at))
    try:
        write.commit()
    except ConditionFailed as conflict:  # it may be in its own way, where its answer was lost
        if (there := _among(conflict.known, record)) is None:
            raise
        return there
    except Unavailable:
        found = reads.get(UseItem(record.pk), now=made.at)
        if found is None:
            raise
        return found.to_domain()
    return made


def set_total(license: License, before: Meter, after: Meter, event: Event, filed: Event | None) -> None:
    """Set the total, if nothing was counted since `before`. Raises `ConditionFailed`."""
    pk, item = license_pk(license.company, license.id), MeterItem
    write = Transaction(event_item(pk, event))
    as_seen = item.unchanged(before, item.total, item.counted_from, item.day, item.day_total, item.day_uses)
    actions: list[Action] = [
        *(item.total.set(after.total), item.counted_from.set(after.counted_from)),
        *(item.day_total.set(after.day_total), item.day_uses.set(after.day_uses)),
    ]
    write.update(meter_item(license), actions, as_seen & _same_terms(before))
    if filed is not None:
        write.put_event(event_item(pk, filed))
    write.commit()


def has_room(counting: Counting) -> Condition:
    """That the total stays within what is sold, whatever others have used meanwhile."""
    amount = counting.amount
    if counting.begins and counting.after.counted_from != counting.before.counted_from:
        return MeterItem.pk.exists()  # nothing was used in this period yet, as its begin says
    if amount <= 0:  # also none at all, whatever the total is: a lower limit may have left it beyond
        return MeterItem.total >= -amount
    return MeterItem.total <= counting.most - amount


def meter_in_way(conflict: ConditionFailed) -> Meter | None:
    """The meter that was in the way of a write, as it is."""
    raw = next((raw for raw in conflict.known if raw.get("part") == {"S": meter_sort_key()}), None)
    return None if raw is None else MeterItem.from_raw(raw)


def _same_terms(seen: Meter) -> Condition:
    attributes = MeterItem.get_attributes()
    return MeterItem.unchanged(seen, *(attributes[name] for name in METER_TERMS))


def _among(known: Iterable[dict[str, dict[str, str]]], record: UseItem) -> Use | None:
    raw = next((raw for raw in known if raw["pk"]["S"] == record.pk), None)
    return None if raw is None else UseItem.from_raw(raw)


def _use_pk(key: str) -> str:
    return f"use#{key}"
