"""Activations: the reads and the atomic writes of activation, check and deactivation.

The conditions here are what enforces the limits of activations. They say again, about the state at the moment of the
write, what `domain.activation` decided about the state that was read. Where they do not hold, `ConditionFailed` is
raised.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from chalicelib.domain.activation import ActivationDecision, DeactivationDecision, Snapshot, seat_bucket, use_is_due
from chalicelib.domain.adoption import LegacyPlace, may_adopt
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, DeviceReport, License, Seat, hash_hardware_id
from chalicelib.domain.limits import LICENSE_ACTIVATIONS, LICENSE_TRANSFERS, SEAT_ACTIVATIONS
from chalicelib.store import buckets, database, reads, writes
from chalicelib.store.adoptions import link_to, none_of_user, none_to_adopt, put_adoption
from chalicelib.store.database import ConditionFailed
from chalicelib.store.device_items import (
    host_link,
    id_link,
    is_live,
    is_named_as,
    leads_nowhere_else,
    link_device,
    move_host_link,
    renames,
    reported,
)
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.first_activation import begin, never_activated, starting
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.events import event_item
from chalicelib.store.items.kinds import item_of_license
from chalicelib.store.items.licenses import BlockItem, DeviceItem, ExtrasItem, LicenseItem, SeatItem, VariablesItem
from chalicelib.store.items.links import LegacyItem, LookupItem, UserDeviceItem
from chalicelib.store.keys import (
    EXTRAS,
    LICENSE,
    block_sort_key,
    device_prefix,
    device_sort_key,
    hardware_sort_key,
    license_pk,
    seat_sort_key,
    user_device_sort_key,
    user_sort_key,
    variables_sort_key,
)
from chalicelib.store.limits import has_room, has_room_beyond
from chalicelib.store.schema import AnyItem, Fields, Raw
from chalicelib.store.slots import give_back, has_same_slot
from chalicelib.store.transactions import THERE_OR_NOT, Transaction


def read_snapshot(
    company: str, license_id: int, hardware_id: str | None, user_id: int | None, *, consistent: bool
) -> Snapshot:
    """One round trip: the license, and where asked for the device, and the user's seat and account.

    With `consistent`, all as they stand at one instant, so that a refusal may rest on it.
    """
    return read_snapshots(company, [(license_id, user_id)], hardware_id, consistent=consistent)[0]


def read_snapshots(
    company: str,
    wanted: Sequence[tuple[int, int | None]],
    hardware_id: str | None,
    *,
    consistent: bool,
    blocks: bool = True,
    extras: bool = False,
) -> list[Snapshot]:
    """As `read_snapshot`, of each license and user, as many in one round trip as it has room for their items.

    With `consistent`, each as it stands at one instant; those of two round trips may be of two. Whether a device
    is blocked is asked, with `blocks`, only where the license says that some are: in one more round trip. `extras`:
    with what the license carries besides.
    """
    found: list[Snapshot] = []
    most = 1 if len(wanted) == 1 else len(_items(company, 0, hardware_id, 0, blocks, extras))
    at_once = reads.BATCH_GET_LIMIT // most
    for start in range(0, len(wanted), at_once):
        chunk = wanted[start : start + at_once]
        read = _read(company, chunk, hardware_id, consistent, extras)
        any_blocked = any(snapshot.license and snapshot.license.blocked_devices for snapshot in read)
        if not blocks or hardware_id is None or not any_blocked:
            found += read
        elif consistent:
            found += _read(company, chunk, hardware_id, consistent, extras, blocks=True)
        else:
            hardware_hash = hash_hardware_id(hardware_id)
            items = [BlockItem(license_pk(company, id), block_sort_key(hardware_hash)) for id, _ in chunk]
            raws = reads.batch_get_raw(items, consistent=False)
            found += [replace(snapshot, blocked=bool(raw)) for snapshot, raw in zip(read, raws, strict=True)]
    return found


def _read(
    company: str,
    wanted: Sequence[tuple[int, int | None]],
    hardware_id: str | None,
    consistent: bool,
    extras: bool,
    *,
    blocks: bool = False,
) -> list[Snapshot]:
    parts = [_items(company, license_id, hardware_id, user_id, blocks, extras) for license_id, user_id in wanted]
    items = [item for part in parts for item in part]
    raws = iter(reads.transact_get(items) if consistent else reads.batch_get_raw(items, consistent=False))
    there = [[(type(item), raw) for item in part if (raw := next(raws)) is not None] for part in parts]
    return [_snapshot(Snapshot(None), found) for found in there]


def devices(
    company: str,
    license_id: int,
    hardware_id: str | None = None,
    *,
    after: tuple[str, int | None] | None = None,
    backwards: bool = False,
    limit: int | None = None,
) -> Iterator[Device]:
    """The devices that a license knows, live or not; of one hardware id, where given. Consistent, in pages.

    `after`: the hash of the hardware id and the user of the device to go on behind.
    """
    prefix = device_prefix("" if hardware_id is None else hash_hardware_id(hardware_id))
    behind = None if after is None else device_sort_key(*after)
    pk = license_pk(company, license_id)
    raws = reads.query_raw(DeviceItem, pk, prefix, backwards=backwards, limit=limit, after=behind)
    return map(DeviceItem.from_raw, raws)


def user_devices(
    company: str,
    license_id: int,
    user_id: int,
    *,
    after: str | None = None,
    backwards: bool = False,
    limit: int | None = None,
) -> Iterator[str]:
    """The hardware hashes of a user's devices on a license, live or not, behind the hash `after`. Consistent.

    Those that older code has activated are not among them, until the audit's repair has linked them.
    """
    prefix = user_device_sort_key(user_id)
    behind = None if after is None else user_device_sort_key(user_id, after)
    raws = reads.query_raw(
        UserDeviceItem,
        license_pk(company, license_id),
        prefix,
        backwards=backwards,
        limit=limit,
        after=behind,
    )
    return (raw["part"]["S"].removeprefix(prefix) for raw in raws)


def blocked(license: License, hardware_hashes: Iterable[str]) -> set[str]:
    """Those of these hardware ids, at most a hundred, that are blacklisted by items of their own. Consistent."""
    hashes = sorted(hardware_hashes)
    items = [BlockItem(license_pk(license.company, license.id), block_sort_key(hash)) for hash in hashes]
    found = reads.batch_get_raw(items, consistent=True) if items else []
    return {hash for hash, raw in zip(hashes, found, strict=True) if raw is not None}


def activate(
    seen: Snapshot,
    decision: ActivationDecision,
    report: DeviceReport,
    event: Event,
    place: LegacyPlace | None = None,
) -> None:
    """Activate: license counter, seat counter, device and event move together, or not at all. Raises `ConditionFailed`.

    A device that is new here also gets the links that lead to it. An id that another device has fails the write: the
    next decision draws another. `place`: the legacy device that is off from then on, where the decision adopts one.
    """
    license, seat, now = decision.license, seen.seat, event.at
    pk = license_pk(license.company, license.id)
    write = Transaction(event_item(pk, event))
    hardware_hash = hash_hardware_id(report.hardware_id)
    counted: list[Action] = [LicenseItem.known_devices.add(1)] if seen.device is None else []
    may_take = _may_take(decision, hardware_hash, now)
    if report.is_vm:
        may_take &= _says_the_same_of_vms(license)
    if decision.adopts is None and may_adopt(seen.device):
        may_take &= none_to_adopt(license, seat, now)
    write.update(LicenseItem(pk, LICENSE), _taking_actions(decision, now) + counted, may_take)
    if license.blocked_devices:
        write.check(BlockItem(pk, block_sort_key(hardware_hash)), BlockItem.pk.does_not_exist())
    if decision.is_first:
        begin(write, license, now)
    if seat is not None:
        write.update(SeatItem(pk, seat_sort_key(seat.user_id)), *_taking_seat(decision, seat, seen.device, now))
    user_id = None if seat is None else seat.user_id
    device = DeviceItem(pk, device_sort_key(hardware_hash, user_id))
    as_seen = DeviceItem.id.does_not_exist() if seen.device is None else DeviceItem.id == decision.device_id
    if seen.device is None:
        link_device(write, license, decision.device_id, hardware_hash, user_id, report.hostname)
    else:
        move_host_link(write, license, seen.device, report)
        as_seen &= is_named_as(seen.device, report)
    write.update(device, _switching_on(decision, seat, report, now), ~is_live(license, seat) & as_seen)
    # A reset has ended it before it ever called.
    if seen.device is not None and seen.device.legacy and seen.device.active:
        write.delete(link_to(license, seen.device), LegacyItem.pk.exists())
    if place is None:
        write.commit()
        return
    put_adoption(write, license, seat, place, device.sort_key)
    try:
        write.commit()
    except ConditionFailed:  # of what is in the way, a device may be the one that was to be adopted
        raise ConditionFailed from None


def deactivate(
    seen: Snapshot, decision: DeactivationDecision, event: Event, *, counts_as_release: bool, lapses: bool = False
) -> None:
    """Deactivate a live device. Raises `ConditionFailed`.

    `counts_as_release`: the activation counts as released by its device, and the next activation of another one as a
    transfer. `lapses`: only if it is a legacy device that may not be adopted any more.
    """
    license, device, seat = decision.license, decision.device, seen.seat
    pk, hardware_hash = license_pk(license.company, license.id), hash_hardware_id(device.hardware_id)
    write = Transaction(event_item(pk, event))
    actions: list[Action] = [LicenseItem.times_activated.add(-1)]
    if counts_as_release:
        actions += [LicenseItem.released.add(1), LicenseItem.last_released_by.set(hardware_hash)]
    in_epoch: Condition = LicenseItem.epoch == license.epoch
    if lapses:
        in_epoch &= LicenseItem.adopt_until <= event.at
    freed: list[Action] = [SeatItem.activations.add(-1)]
    more, off = give_back(write, license, device)
    actions += more
    off.append(DeviceItem.active.set(False))
    live = is_live(license, seat) & has_same_slot(device)
    if device.legacy:
        live &= DeviceItem.legacy == True  # noqa: E712 - an expression
        off.append(DeviceItem.legacy.remove())
        (actions if seat is None else freed).append(
            LicenseItem.legacy_devices.add(-1)
        )  # of a seat it has that name, too
        write.delete(link_to(license, device), LegacyItem.pk.exists())
    write.update(LicenseItem(pk, LICENSE), actions, in_epoch)
    if seat is not None:
        same_run = (SeatItem.epoch == seat.epoch) & (SeatItem.license_epoch == license.epoch)
        write.update(SeatItem(pk, seat_sort_key(seat.user_id)), freed, same_run)
    write.update(DeviceItem(pk, device_sort_key(hardware_hash, device.user_id)), off, live)
    write.commit()


def forget(license: License, devices: list[Device], event: Event) -> None:
    """Forget devices that are not live, with their variables and links, if nothing has happened to them since they
    were read, and the license was not reset since it was. Raises `ConditionFailed`.
    """
    pk = license_pk(license.company, license.id)
    write = Transaction(event_item(pk, event))
    in_epoch = LicenseItem.epoch == license.epoch  # a device that came back after a reset is live, and not of before
    write.update(LicenseItem(pk, LICENSE), [LicenseItem.known_devices.add(-len(devices))], in_epoch)
    for device in devices:
        hardware_hash = hash_hardware_id(device.hardware_id)
        same = (DeviceItem.id == device.id) & (DeviceItem.active == device.active)
        same &= (DeviceItem.epoch == device.epoch) & (DeviceItem.activated_at == device.activated_at)
        write.delete(DeviceItem(pk, device_sort_key(hardware_hash, device.user_id)), same)
        link = LookupItem(license.company, hardware_sort_key(hardware_hash, license.id, device.user_id))
        write.delete(link, LookupItem.target_id.does_not_exist() | (LookupItem.target_id == license.id))
        by_id = id_link(license, device.id, hardware_hash, device.user_id)
        write.delete(by_id, leads_nowhere_else(by_id))
        by_name = host_link(license.company, license.id, device.hostname, hardware_hash, device.user_id)
        if by_name is not None:
            write.delete(by_name, THERE_OR_NOT)
        variables = VariablesItem(pk, variables_sort_key(hardware_hash, device.user_id))
        write.delete(variables, VariablesItem.revision.does_not_exist() | (VariablesItem.revision > 0))
        if device.user_id is not None:
            write.delete(UserDeviceItem(pk, user_device_sort_key(device.user_id, hardware_hash)), THERE_OR_NOT)
    write.commit()


def some_devices(license: License, hardware_hash: str, count: int) -> list[Device]:
    """So many devices of a license, those behind this hash and then the first: as good as drawn, if the hash is."""
    pk = license_pk(license.company, license.id)
    behind = list(reads.query(DeviceItem, pk, device_prefix(), after=device_prefix() + hardware_hash, limit=count))
    first = reads.query(DeviceItem, pk, device_prefix(), limit=count - len(behind)) if len(behind) < count else iter(())
    found = {item.sort_key: item for item in (*behind, *first)}
    return [item.to_domain() for item in found.values()]


def record_check(license: License, device: Device, seat: Seat | None, report: DeviceReport, now: Instant) -> None:
    """Observe a live device with what it reports, and first its user, where that is due: so no seat stays behind a
    device by more than `USE_INTERVAL_MS`, whichever write is lost. Raises `ConditionFailed` where it is live no more.
    """
    pk = license_pk(license.company, license.id)
    item = DeviceItem(pk, device_sort_key(hash_hardware_id(device.hardware_id), device.user_id))
    actions, as_seen = [DeviceItem.last_check_at.set(now), *reported(report)], is_live(license, seat)
    as_seen &= is_named_as(device, report)
    with database.observing():
        if seat is not None and use_is_due(seat, now):
            of_seat = SeatItem(pk, seat_sort_key(seat.user_id))
            writes.update(of_seat, [SeatItem.last_used_at.set(now)], SeatItem.epoch == seat.epoch)
        if not renames(device, report):
            writes.update(item, actions, as_seen)
            return
        write = Transaction(None)
        write.update(item, actions, as_seen)
        move_host_link(write, license, device, report)
        write.commit()


def _items(
    company: str, license_id: int, hardware_id: str | None, user_id: int | None, blocks: bool, extras: bool
) -> list[AnyItem]:
    """What a snapshot is made of, by key; `blocks`: and that its device is blocked."""
    pk = license_pk(company, license_id)
    wanted: list[AnyItem] = [LicenseItem(pk, LICENSE), *([ExtrasItem(pk, EXTRAS)] if extras else [])]
    if hardware_id is not None:
        hardware_hash = hash_hardware_id(hardware_id)
        wanted.append(DeviceItem(pk, device_sort_key(hardware_hash, user_id)))
        wanted += [BlockItem(pk, block_sort_key(hardware_hash))] if blocks else []
    if user_id is not None:
        wanted += [SeatItem(pk, seat_sort_key(user_id)), UserItem(company, user_sort_key(user_id))]
    return wanted


def apply_conflict(seen: Snapshot, conflict: ConditionFailed) -> Snapshot | None:
    """The snapshot as it stands now, by the items that were in a write's way; None where they do not tell.

    An item that was not in the way is as the write required it: a device, live or not *by the epochs that were read*.
    Of a reset since then, and of what the device did after it, that tells nothing; nor of which devices were blocked.
    """
    if conflict.items is None:
        return None
    known = [(kind, raw) for raw in conflict.items if (kind := item_of_license(raw)) in _FIELDS and kind is not None]
    snapshot = _snapshot(seen, known)
    return snapshot if _since(snapshot) == _since(seen) else None


def _may_take(decision: ActivationDecision, hardware_hash: str, now: Instant) -> Condition:
    """Enabled, begun, not over, not blacklisted, below the limits, and no transfer that is not allowed."""
    item = LicenseItem
    condition: Condition = (
        (item.enabled == True)  # noqa: E712 - an expression
        & (item.epoch == decision.license.epoch)
        & (item.start_date.does_not_exist() | (item.start_date <= now))
        & (item.ends_at.does_not_exist() | (item.ends_at > now))
        & (item.blacklist.does_not_exist() | ~item.blacklist.contains(hardware_hash))
    )
    if not decision.license.blocked_devices:  # else it is looked at itself
        condition &= item.blocked_devices.does_not_exist() | (item.blocked_devices == 0)
    condition &= buckets.holds(item.bucket_full_at, decision.bucket, decision.license.bucket_full_at, now)
    if decision.is_first:  # of two at once one is, and its event says so; the end that it brings rests on the terms
        condition &= never_activated(decision.license)
    if decision.adopts is not None:  # what is taken already, whatever was released
        condition &= item.adopt_until > now
        return condition & (item.legacy_devices > 0) if decision.adopts == "license" else condition
    if decision.goes_over:  # its event says so: nothing may be left of what was sold
        condition &= has_room_beyond(decision.license) & (item.times_activated >= item.max_activations)
    else:
        condition &= has_room(LICENSE_ACTIVATIONS)
    if not decision.takes_released:
        condition &= item.released == 0
    elif decision.transfer:
        another = item.last_released_by.does_not_exist() | (item.last_released_by != hardware_hash)
        condition &= (item.released > 0) & another & has_room(LICENSE_TRANSFERS)
    else:
        condition &= (item.released > 0) & (item.last_released_by == hardware_hash)
    return condition


def _says_the_same_of_vms(license: License) -> Condition:
    """What the decision rests on; what the product says is remembered."""
    word = LicenseItem.prevent_vm
    return word.does_not_exist() if license.prevent_vm is None else word == license.prevent_vm


def _taking_actions(decision: ActivationDecision, now: Instant) -> list[Action]:
    item, license = LicenseItem, decision.license
    actions: list[Action] = [item.first_activated_at.set(item.first_activated_at | now)]
    if decision.adopts is None:
        actions.append(item.times_activated.add(1))
    elif decision.adopts == "license":
        actions.append(item.legacy_devices.add(-1))
    actions.append(buckets.taking(item.bucket_full_at, decision.bucket, license.bucket_full_at, now))
    if decision.takes_released:
        actions.append(item.released.add(-1))
        actions.append(item.transfer_count.add(1) if decision.transfer else item.last_released_by.remove())
    return actions + (starting(license, now) if decision.is_first else [])


def _taking_seat(
    decision: ActivationDecision, seat: Seat, device: Device | None, now: Instant
) -> tuple[list[Action], Condition]:
    item, license, bucket = SeatItem, decision.license, seat_bucket(decision.license, seat, decision.bucket)
    may = (item.epoch == seat.epoch) & (item.license_epoch == seat.license_epoch)
    may &= buckets.holds(item.bucket_full_at, bucket, seat.bucket_full_at, now)
    actions = [buckets.taking(item.bucket_full_at, bucket, seat.bucket_full_at, now), item.last_used_at.set(now)]
    if seat.license_epoch != license.epoch:  # the license was reset: the seat's count starts anew
        anew = [item.activations.set(1), item.legacy_devices.set(0), item.license_epoch.set(license.epoch)]
        return [*actions, *anew], may & has_room(SEAT_ACTIVATIONS, used=0)
    if decision.adopts == "user":
        return [*actions, item.legacy_devices.add(-1)], may & (item.legacy_devices > 0)
    if decision.adopts == "license" or (decision.adopts is None and may_adopt(device)):
        may &= none_of_user(license, now)
    return [*actions, item.activations.add(1)], may & has_room(SEAT_ACTIVATIONS)


def _switching_on(decision: ActivationDecision, seat: Seat | None, report: DeviceReport, now: Instant) -> list[Action]:
    item = DeviceItem
    actions = [
        item.id.set(decision.device_id),
        item.hardware_id.set(report.hardware_id),
        item.active.set(True),
        item.epoch.set(decision.license.epoch),
        item.first_activated_at.set(item.first_activated_at | now),
        item.activated_at.set(now),
        item.last_check_at.set(now),
        item.legacy.remove(),
    ]
    if seat is not None:
        actions += [item.user_id.set(seat.user_id), item.seat_epoch.set(seat.epoch)]
    return actions + reported(report)


_FIELDS: dict[type[AnyItem], str] = {
    LicenseItem: "license",
    SeatItem: "seat",
    DeviceItem: "device",
    UserItem: "user",
    BlockItem: "blocked",
    ExtrasItem: "extras",
}
"""The field of a snapshot that an item of each kind fills."""


def _since(snapshot: Snapshot) -> list[int]:
    """What tells, if it is another, that more has happened than the items in the way say."""
    epochs = [item.epoch for item in (snapshot.license, snapshot.seat) if item is not None]
    return epochs if snapshot.license is None else [*epochs, snapshot.license.blocked_devices]


def _snapshot(base: Snapshot, items: Iterable[tuple[type[AnyItem], Raw]]) -> Snapshot:
    """`base` with what these items, as they are stored, hold; that there is a `BlockItem` says that it is blocked."""
    found: Fields = {_FIELDS[kind]: kind is BlockItem or kind.from_raw(raw) for kind, raw in items}
    return replace(base, **found)
