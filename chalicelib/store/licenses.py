"""Licenses as a whole: issue, change of terms, reset, and the reads of lists."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from types import MappingProxyType

from chalicelib.domain.catalog import Order
from chalicelib.domain.events import Event
from chalicelib.domain.extras import NO_EXTRAS, Extras
from chalicelib.domain.instants import LATEST, Instant
from chalicelib.domain.license import License, Seat, ends_at, hash_hardware_id
from chalicelib.domain.mail import Mail
from chalicelib.domain.meters import Meter, is_metered, new_meter
from chalicelib.domain.source_rows import SourceRow
from chalicelib.domain.transitions import due_of
from chalicelib.domain.users import User
from chalicelib.store import reads
from chalicelib.store.accounts import put_given, put_new_user, require_company
from chalicelib.store.counts import put_count
from chalicelib.store.customers import Buyer, NewBuyer, put_sale
from chalicelib.store.due import as_filed, update_due_index
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.events import EventItem, event_item
from chalicelib.store.items.licenses import BlockItem, ExtrasItem, LicenseItem, MeterItem, SeatItem
from chalicelib.store.items.links import LookupItem, UserDeviceItem
from chalicelib.store.keys import (
    COMPANY,
    EXTRAS,
    LICENSE,
    block_sort_key,
    company_license_sort_key,
    company_of_license_pk,
    customer_license_sort_key,
    event_sort_key,
    license_key_sort_key,
    license_pk,
    product_license_sort_key,
    seat_sort_key,
    source_sort_key,
    user_device_sort_key,
)
from chalicelib.store.limits import keeping
from chalicelib.store.mails import put_mail
from chalicelib.store.meters import meter_item, put_terms
from chalicelib.store.orders import file_license, refile
from chalicelib.store.schema import Raw
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

_END_OF_KEYS = 10**13
"""Keys of events have 13 digits."""


def issue(
    license: License,
    old: Order | None,
    order: Order,
    manager: User | None,
    known: User | None,
    event: Event,
    *,
    joined: Event | None = None,
    mail: Mail | None = None,
    sold_to: Buyer | NewBuyer | None = None,
    source: SourceRow | None = None,
    extras: Extras = NO_EXTRAS,
    counted: tuple[Meter, Event] | None = None,
) -> None:
    """Store a new license with the links that lead to it, and its order, made from `old`, and manager, from `known`.

    `joined`: the event of a manager who comes to an order that is there; `sold_to`: the customer, if one is named;
    `source`: the row of another system of which it is made; `extras`: what the license carries besides; `counted`: its
    meter where it has been used before, elsewhere, and the event of that.
    Raises `ConditionFailed` where a name that must be unique is in use, or the order or the customer has changed
    meanwhile, or the company is there no more.
    """
    pk, company = license_pk(license.company, license.id), license.company
    write = Transaction(event_item(pk, event))
    _put_license(write, pk, license, extras, None if counted is None else counted[0])
    if counted is not None:
        write.put_event(event_item(pk, counted[1]))
    update_due_index(write, None, license)
    links = [
        LookupItem(company_of_license_pk(license.id), COMPANY, company=company),
        LookupItem(company, company_license_sort_key(license.id)),
        LookupItem(company, product_license_sort_key(license.product, license.id)),
    ]
    if license.license_key is not None:
        links.append(LookupItem(company, license_key_sort_key(license.license_key), target_id=license.id))
    if source is not None:
        links.append(LookupItem(company, source_sort_key(source), target_id=license.id, import_id=source.import_id))
    if license.customer is not None:
        bought = customer_license_sort_key(license.customer, license.id)
        links.append(LookupItem(company, bought, product=license.product, order_id=license.order_id))
    for link in links:
        write.put(link, LookupItem.pk.does_not_exist())
    put_count(write, "licenses", company, company_license_sort_key(license.id))
    if sold_to is not None:
        put_sale(write, company, sold_to, new_order=old is None)
    file_license(write, license, old, order, joined)
    if manager is not None and known is None:
        put_new_user(write, manager)
    elif manager is not None and known is not None and (old is None or manager.id not in old.managers):
        put_given(write, known, manager, manages=True)
    if mail is not None:
        put_mail(write, mail, event.at)
    require_company(write, company)
    write.commit()


def _put_license(write: Transaction, pk: str, license: License, extras: Extras, meter: Meter | None) -> None:
    """Put what lies in the partition of a new license."""
    write.put(LicenseItem.of(license, pk, LICENSE), LicenseItem.pk.does_not_exist())
    if extras != NO_EXTRAS:
        write.put(ExtrasItem.of(extras, pk, EXTRAS), ExtrasItem.pk.does_not_exist())
    if is_metered(license):
        write.put(meter_item(license, meter or new_meter(license)), MeterItem.pk.does_not_exist())
    if license.authorization_method == "user":
        write.put(UserDeviceItem(pk, user_device_sort_key()), UserDeviceItem.pk.does_not_exist())


def company_of(license_id: int) -> str | None:
    """The company that a license id belongs to: for operators, who have no company of their own."""
    link = reads.get(LookupItem(company_of_license_pk(license_id), COMPANY))
    return None if link is None else link.company


def read_license(company: str, license_id: int) -> License | None:
    """One license, consistently."""
    item = reads.get(LicenseItem(license_pk(company, license_id), LICENSE))
    return None if item is None else item.to_domain()


def read_with_extras(company: str, license_id: int) -> tuple[License, Extras] | None:
    """One license with what it carries besides, as they stand at one instant."""
    pk = license_pk(company, license_id)
    license, extras = reads.transact_get([LicenseItem(pk, LICENSE), ExtrasItem(pk, EXTRAS)])
    if license is None:
        return None
    return LicenseItem.from_raw(license), _extras(extras)


def read_extras(company: str, license_id: int) -> Extras:
    """What a license carries besides, consistently; nothing, where there is none."""
    item = reads.get(ExtrasItem(license_pk(company, license_id), EXTRAS))
    return NO_EXTRAS if item is None else item.to_domain()


def read_some(company: str, license_ids: list[int]) -> list[License]:
    """Those of these licenses that are there, consistently, a hundred in one round trip."""
    found: list[License] = []
    for start in range(0, len(license_ids), reads.BATCH_GET_LIMIT):
        chunk = license_ids[start : start + reads.BATCH_GET_LIMIT]
        raws = reads.batch_get_raw([LicenseItem(license_pk(company, id), LICENSE) for id in chunk], consistent=True)
        found += [LicenseItem.from_raw(raw) for raw in raws if raw is not None]
    return found


def read_some_with_extras(company: str, license_ids: list[int]) -> list[tuple[License, Extras]]:
    """As `read_some`, with what they carry besides: fifty in one round trip."""
    found: list[tuple[License, Extras]] = []
    for start in range(0, len(license_ids), reads.BATCH_GET_LIMIT // 2):
        pks = [license_pk(company, id) for id in license_ids[start : start + reads.BATCH_GET_LIMIT // 2]]
        wanted = [item for pk in pks for item in (LicenseItem(pk, LICENSE), ExtrasItem(pk, EXTRAS))]
        raws = reads.batch_get_raw(wanted, consistent=True)
        for license, extras in zip(raws[::2], raws[1::2], strict=True):
            if license is not None:
                found.append((LicenseItem.from_raw(license), _extras(extras)))
    return found


def ends_as_dated(license: License) -> bool:
    """Whether the stored end, by which the conditions judge, follows from the dates; for the audit. Consistent."""
    item = reads.get(LicenseItem(license_pk(license.company, license.id), LICENSE))
    if item is None or item.ends_at is None:
        return item is None or license.validity_period is None
    # An older one may lie beyond the calendar, which changes nothing.
    return min(LATEST, item.ends_at) == ends_at(license.validity_period, license.grace_period)


def update(
    old: License,
    new: License,
    event: Event,
    earlier: Sequence[Event] = (),
    at_most: Mapping[str, int] = MappingProxyType({}),
    extras: Extras | None = None,
    also: Callable[[Transaction], None] | None = None,
) -> None:
    """Write what differs between the terms, and what is announced of the dates, if nobody has changed any since `old`.

    Counters stay as they are by then (`LicenseItem.guarded`); the event says which terms have changed. `earlier`:
    events that stand before it in the history; `at_most`: how far counters may have come; `extras`: those from now on,
    which the license's revision guards as well; `also`: what the transaction writes besides. Raises `ConditionFailed`.
    """
    pk, item = license_pk(old.company, old.id), LicenseItem
    write = Transaction(event_item(pk, event))
    terms = replace(new, announced_phase=old.announced_phase, notified_until=old.notified_until)
    announced = [item.announced_phase.set(new.announced_phase), *keeping(old, new)]
    if (known := max(old.slots_known, old.floating_users)) > new.floating_users:  # some may be in use beyond these
        announced.append(item.slots_known.set(known))
    if new.notified_until is not None:
        announced.append(item.notified_until.set(new.notified_until))
    # What the index of what is due, and the end, follow from: the sweep and a first activation move these.
    as_dated = as_filed(old)
    if new.valid_duration != old.valid_duration:  # which starts with the first activation
        as_dated &= item.unchanged(old, item.first_activated_at)
    for counter, most in at_most.items():
        as_dated &= getattr(item, counter) <= most
    write.change(item(pk, LICENSE), old, terms, as_dated, announced)
    put_terms(write, old, new)
    if extras is not None:
        write.put(ExtrasItem.of(extras, pk, EXTRAS), THERE_OR_NOT)
    if due_of(old) != due_of(new):
        update_due_index(write, old, new)
    for earlier_event in earlier:
        write.put_event(event_item(pk, earlier_event))
    if also is not None:
        also(write)
    write.commit()


def rotate_key(old: License, new: License, order: Order | None, until: Instant, event: Event) -> None:
    """Give a license the key of `new`; the one of `old` leads to it until then, and is nobody's after.

    Raises `ConditionFailed` where its terms or its order have changed meanwhile, or the new key is in use.
    """
    pk, item, company = license_pk(old.company, old.id), LicenseItem, old.company
    write = Transaction(event_item(pk, event))
    given = [item.license_key.set(new.license_key), item.revision.set(new.revision)]
    write.update(item(pk, LICENSE), given, item.unchanged(old, item.license_key, item.revision))
    led = LookupItem(company, license_key_sort_key(old.license_key or ""))
    write.update(led, [LookupItem.until.set(until)], LookupItem.target_id == old.id)
    link = LookupItem(company, license_key_sort_key(new.license_key or ""), target_id=old.id)
    write.put(link, LookupItem.pk.does_not_exist())
    if order is not None:
        refile(write, new, order)
    write.commit()


def reset(license: License, event: Event, *, all_anew: bool, released: bool) -> None:
    """All devices off, in one write: every device of an older epoch is off. Raises `ConditionFailed`.

    `all_anew`: the counts of transfers and of released activations begin anew. `released`: the activations that were
    held now count as such; whoever comes back, too, takes another's. The event says how many there were:
    `times_activated` must still be what was read.
    """
    item = LicenseItem
    actions: list[Action] = [item.epoch.add(1), item.times_activated.set(0), item.legacy_devices.set(0)]
    if all_anew:
        actions += [item.transfer_count.set(0), item.released.set(0), item.last_released_by.remove()]
    elif released:
        actions += releasing(license.times_activated)
    unchanged = (item.epoch == license.epoch) & (item.times_activated == license.times_activated)
    _changing(license, actions, unchanged, event).commit()


def releasing(activations: int) -> list[Action]:
    """What is changed of a license where so many activations are released at once, by none of its devices alone."""
    return [LicenseItem.released.add(activations), LicenseItem.last_released_by.remove()] if activations else []


def blacklist(license: License, hardware_id: str, event: Event) -> None:
    """Never activate this device again. Raises `ConditionFailed` where it is blacklisted already."""
    hardware_hash, item = hash_hardware_id(hardware_id), LicenseItem
    absent = item.blacklist.does_not_exist() | ~item.blacklist.contains(hardware_hash)
    write = _changing(license, [item.blocked_devices.add(1)], absent, event)
    block = _block(license, hardware_id)
    block.hardware_id, block.blocked_at = hardware_id, event.at
    write.put(block, BlockItem.pk.does_not_exist())
    write.commit()


def allow(license: License, hardware_id: str, event: Event) -> None:
    """Let a device that was blacklisted be activated again. Raises `ConditionFailed` where it is not, or no more."""
    hardware_hash, item = hash_hardware_id(hardware_id), LicenseItem
    if hardware_hash in license.blacklist:
        _changing(
            license, [item.blacklist.delete({hardware_hash})], item.blacklist.contains(hardware_hash), event
        ).commit()
        return
    write = _changing(license, [item.blocked_devices.add(-1)], item.blocked_devices > 0, event)
    write.delete(_block(license, hardware_id), BlockItem.pk.exists())
    write.commit()


def blocked_devices(company: str, license_id: int, *, after: str | None = None) -> Iterator[str]:
    """The hardware ids that are blacklisted on a license by items of their own. Consistent, in pages.

    `after`: the hash of the one to go on behind.
    """
    behind = None if after is None else block_sort_key(after)
    found = reads.query(BlockItem, license_pk(company, license_id), block_sort_key(), after=behind)
    return (item.hardware_id for item in found)


def seats(
    company: str, license_id: int, *, after: int | None = None, backwards: bool = False, limit: int | None = None
) -> Iterator[Seat]:
    """The users of a license behind the user `after`, by their ids, at most `limit`. Consistent, in pages."""
    behind = None if after is None else seat_sort_key(after)
    pk = license_pk(company, license_id)
    raws = reads.query_raw(SeatItem, pk, seat_sort_key(), backwards=backwards, limit=limit, after=behind)
    return map(SeatItem.from_raw, raws)


def events(
    company: str,
    license_id: int,
    *,
    after: str | None = None,
    oldest_first: bool = False,
    limit: int | None = None,
) -> Iterator[Event]:
    """The history of a license, newest first, read in pages; `after` is the key of the event to go on behind."""
    part = None if after is None else event_sort_key(after)
    return reads.query_readable(
        EventItem,
        license_pk(company, license_id),
        event_sort_key(),
        backwards=not oldest_first,
        after=part,
        limit=limit,
    )


def read_event(company: str, license_id: int, key: str) -> Event | None:
    """One event of a license, consistently."""
    item = reads.get(EventItem(license_pk(company, license_id), event_sort_key(key)))
    return None if item is None else item.to_domain()


def key_behind(until: Instant) -> str | None:
    """What no event of up to this instant has behind it, newest first; None: no event is later."""
    return f"{until + 1:013d}" if until + 1 < _END_OF_KEYS else None


def events_between(company: str, license_id: int, since: Instant, until: Instant, limit: int) -> list[Event]:
    """The history of a license in a time, newest first, at most `limit` events. Consistent."""
    found = events(company, license_id, after=key_behind(until), limit=limit)
    return list(takewhile(lambda event: event.at >= since, found))


def events_since(company: str, license_id: int, since: Instant, limit: int) -> list[Event]:
    """The history of a license from an instant on, newest first, at most `limit` events. Consistent."""
    pk = license_pk(company, license_id)
    found = reads.read_since(EventItem, pk, event_sort_key(), f"{since:013d}", limit)
    return list(reads.those_readable(found))


def license_ids(company: str) -> Iterator[int]:
    """The ids of a company's licenses, oldest first, consistently, read in pages."""
    prefix = company_license_sort_key()
    return (int(part.removeprefix(prefix)) for part in reads.sort_keys(LookupItem, company, prefix))


def _extras(raw: Raw | None) -> Extras:
    return NO_EXTRAS if raw is None else ExtrasItem.from_raw(raw)


def _block(license: License, hardware_id: str) -> BlockItem:
    return BlockItem(license_pk(license.company, license.id), block_sort_key(hash_hardware_id(hardware_id)))


def _changing(license: License, actions: list[Action], condition: Condition, event: Event) -> Transaction:
    pk = license_pk(license.company, license.id)
    write = Transaction(event_item(pk, event))
    write.update(LicenseItem(pk, LICENSE), actions, LicenseItem.pk.exists() & condition)
    return write
