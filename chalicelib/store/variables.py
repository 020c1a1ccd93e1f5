"""Variables of a device: one item, written whole if it has not changed meanwhile."""

from dataclasses import asdict, dataclass

from chalicelib.domain.history import Event
from chalicelib.domain.license import Device, License, device_tag
from chalicelib.domain.variables import Variable
from chalicelib.store import dynamo
from chalicelib.store.dynamo import Transaction
from chalicelib.store.tables import VariablesItem, event_item, from_names, license_pk, variables_part


@dataclass(frozen=True, slots=True)
class Variables:
    """What is stored, and the revision that the next write builds on (0: nothing is stored)."""

    variables: list[Variable]
    revision: int


def read_variables(license: License, hardware_id: str, user_id: int | None) -> Variables:
    """The variables of a device, whether it was ever active or not. Consistent."""
    item = dynamo.get(_item(license, hardware_id, user_id))
    if item is None:
        return Variables([], 0)
    return Variables(to_variables(item), item.revision)


def to_variables(item: VariablesItem) -> list[Variable]:
    """What such an item holds."""
    return [from_names(row, Variable) for row in item.variables]


def write_variables(license: License, device: Device, seen: Variables, new: list[Variable], event: Event) -> None:
    """Replace the variables, if nothing was written since `seen`. Raises `Stale`."""
    item = _item(license, device.hardware_id, device.user_id)
    item.revision, item.variables = seen.revision + 1, [asdict(variable) for variable in new]
    write = Transaction(event_item(item.pk, event))
    new_or_same = VariablesItem.revision == seen.revision
    write.put(item, VariablesItem.pk.does_not_exist() if seen.revision == 0 else new_or_same)
    write.commit()


def _item(license: License, hardware_id: str, user_id: int | None) -> VariablesItem:
    part = variables_part(device_tag(hardware_id), user_id)
    return VariablesItem(license_pk(license.company, license.id), part)
