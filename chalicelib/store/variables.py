"""Variables of a device: one item, written whole if it has not changed meanwhile."""

from dataclasses import asdict, dataclass

from chalicelib.domain.history import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, device_tag
from chalicelib.domain.variables import Variable
from chalicelib.store import dynamo
from chalicelib.store.dynamo import Transaction
from chalicelib.store.tables import VariablesItem, event_item, event_part, from_names, license_pk, variables_part

TOLD_TOGETHER_MS = 3_600_000
"""Changes of one device's variables within this time after the first are one event."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What is stored, and the revision that the next write builds on (0: nothing is stored)."""

    variables: list[Variable]
    revision: int
    told_in: str | None = None
    """Sort key of the event that tells of the last change."""
    told_of: str | None = None
    """Who made the change that this event was written for, and from which address."""


def read_variables(license: License, hardware_id: str, user_id: int | None) -> Variables:
    """The variables of a device, whether it was ever active or not. Consistent."""
    item = dynamo.get(_item(license, hardware_id, user_id))
    if item is None:
        return Variables([], 0)
    return Variables(to_variables(item), item.revision, item.told_in, item.told_of)


def to_variables(item: VariablesItem) -> list[Variable]:
    """What such an item holds."""
    return [from_names(row, Variable) for row in item.variables]


def write_variables(license: License, device: Device, seen: Variables, new: list[Variable], event: Event) -> None:
    """Replace the variables, if nothing was written since `seen`. Raises `Stale`.

    What the same caller changes within an hour is told in one event: applications may keep variables every second.
    """
    item = _item(license, device.hardware_id, device.user_id)
    by = f"{event.actor.name} {event.actor.ip or ''}"
    again = seen.told_in if seen.told_of == by and _is_recent(seen.told_in, event.at) else None
    item.revision, item.variables = seen.revision + 1, [asdict(variable) for variable in new]
    write = Transaction(event_item(item.pk, event), again)
    item.told_in, item.told_of = again or write.event.part, by
    new_or_same = VariablesItem.revision == seen.revision
    write.put(item, VariablesItem.pk.does_not_exist() if seen.revision == 0 else new_or_same)
    write.commit()


def _is_recent(told_in: str | None, now: Instant) -> bool:
    began = None if told_in is None else int(told_in.removeprefix(event_part()).partition("#")[0])
    return began is not None and 0 <= now - began < TOLD_TOGETHER_MS


def _item(license: License, hardware_id: str, user_id: int | None) -> VariablesItem:
    part = variables_part(device_tag(hardware_id), user_id)
    return VariablesItem(license_pk(license.company, license.id), part)
