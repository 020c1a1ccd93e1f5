"""Variables of a device: one item, written whole if it has not changed meanwhile."""

from dataclasses import asdict, dataclass, field

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, hash_hardware_id
from chalicelib.domain.variables import Variable
from chalicelib.store import reads
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import DeviceItem, VariablesItem
from chalicelib.store.keys import device_prefix, event_sort_key, license_pk, variables_prefix, variables_sort_key
from chalicelib.store.schema import from_names
from chalicelib.store.transactions import Transaction

ONE_EVENT_MS = 3_600_000
"""Changes of one device's variables within this time after the first are one event."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What is stored, and the revision that the next write builds on (0: nothing is stored)."""

    variables: list[Variable]
    revision: int
    event_by: dict[str, str] = field(default_factory=dict)
    """By who made changes: the sort key of the event that records them."""
    last_place: int = 0
    """That was given last to a variable, which may be gone."""


def read_variables(license: License, hardware_id: str, user_id: int | None) -> Variables:
    """The variables of a device, whether it was ever active or not. Consistent."""
    return _kept(reads.get(_item(license, hardware_id, user_id)))


def _kept(item: VariablesItem | None) -> Variables:
    if item is None:
        return Variables([], 0)
    variables = to_variables(item)
    last_place = item.last_place or max((one.id for one in variables), default=0)
    return Variables(variables, item.revision, _event_by(item), last_place)


def read_of_known(license: License, device: Device) -> Variables | None:
    """The variables of a device; None where the license knows it no more. Consistent."""
    item = _item(license, device.hardware_id, device.user_id)
    known, kept = reads.batch_get([_device(item), item], consistent=True)
    return None if known is None else _kept(kept)


def to_variables(item: VariablesItem) -> list[Variable]:
    """What such an item holds."""
    return [from_names(row, Variable) for row in item.variables]


def write_variables(license: License, device: Device, seen: Variables, new: list[Variable], event: Event) -> None:
    """Replace the variables, if nothing was written since `seen`. Raises `ConditionFailed`.

    What the same caller changes within an hour is one event, from whatever address, and whoever else changes
    something in between: applications may keep variables every second.
    """
    item, by, recent = _item_of(license, device, seen, new), event.actor.name, _recent(seen, event.at)
    again = recent.get(by)
    event_key = again or event_sort_key(event.key)
    item.event_by = recent | {by: event_key}
    item.last_event, item.last_caller = event_key, f"{by} {event.actor.ip or ''}"
    _put(item, seen, Transaction(event_item(item.pk, event), again))


def change_variables(license: License, device: Device, seen: Variables, new: list[Variable], event: Event) -> None:
    """The same for a vendor's server, each change with an event of its own. Raises `ConditionFailed`."""
    item = _item_of(license, device, seen, new)
    item.event_by = _recent(seen, event.at) or None
    _put(item, seen, Transaction(event_item(item.pk, event)))


def _item_of(license: License, device: Device, seen: Variables, new: list[Variable]) -> VariablesItem:
    item, known = _item(license, device.hardware_id, device.user_id), {variable.id for variable in seen.variables}
    item.revision, item.variables = seen.revision + 1, [asdict(variable) for variable in new]
    item.last_place = next((one.id for one in reversed(new) if one.id not in known), seen.last_place)
    return item


def _put(item: VariablesItem, seen: Variables, write: Transaction) -> None:
    if seen.revision == 0:  # nothing else would tell that the device is gone meanwhile, with all that it had
        write.put(item, VariablesItem.pk.does_not_exist())
        write.check(_device(item), DeviceItem.pk.exists())
    else:
        write.put(item, VariablesItem.revision == seen.revision)
    write.commit()


def _recent(seen: Variables, now: Instant) -> dict[str, str]:
    return {name: part for name, part in seen.event_by.items() if _is_recent(part, now)}


def _event_by(item: VariablesItem) -> dict[str, str]:
    """An older item, or one that an older process has written since, names the last caller alone."""
    by: dict[str, str] = item.event_by or {}
    return by | ({item.last_caller.partition(" ")[0]: item.last_event} if item.last_caller and item.last_event else {})


def _is_recent(event_key: str, now: Instant) -> bool:
    began = int(event_key.removeprefix(event_sort_key()).partition("#")[0])
    return 0 <= now - began < ONE_EVENT_MS


def _device(item: VariablesItem) -> DeviceItem:
    """Whose variables they are."""
    return DeviceItem(item.pk, device_prefix() + item.sort_key.removeprefix(variables_prefix()))


def _item(license: License, hardware_id: str, user_id: int | None) -> VariablesItem:
    part = variables_sort_key(hash_hardware_id(hardware_id), user_id)
    return VariablesItem(license_pk(license.company, license.id), part)
