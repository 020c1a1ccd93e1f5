"""Device variables as a vendor's server finds and changes them: by their ids, whether their device is active or not."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from chalicelib.domain import variables as rules
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.paging import cut
from chalicelib.domain.variables import Variable
from chalicelib.store import devices
from chalicelib.store import variables as stored
from chalicelib.store.devices import WholeDevice
from chalicelib.store.variables import Variables
from chalicelib.usecases.devices import DeviceFilter, DeviceKey, find_device, those_wanted
from chalicelib.usecases.retry import decide_and_write

OfDevice = tuple[int, Variable]
"""The id of a device, and a variable of it."""
CHUNK = 50
"""Devices that are read at once where their variables are listed: one round trip."""
MOST = 500
"""Devices that one part of a list looks at, at most."""


class _Wanted(NamedTuple):
    device: WholeDevice
    place: int


def variables_of_device(company: str, device_id: int) -> list[Variable]:
    """All that an application keeps with a device. Raises `NotFound`: `device_not_found`."""
    return list(find_device(company, device_id).variables or ())


def find_variables(company: str, products: frozenset[str], after: str, limit: int) -> tuple[list[OfDevice], str]:
    """At most `limit` variables of all devices on licenses of these products, or of any, behind the position `after`,
    and the position to go on behind; empty at the end.

    By the ids of the devices, and of each by their own. There may be fewer, or none, and more behind them: few devices
    have some, and only so many are looked at. Two reads for fifty devices, and one more for the products.
    """
    device_id, _, place = after.partition("-")
    begun = (int(device_id), int(place)) if after else (0, 0)
    behind, found = begun[0] - 1 if after else None, list[OfDevice]()
    for _ in range(MOST // CHUNK):
        some, more = cut(devices.devices_by_id(company, after=behind, limit=CHUNK + 1), CHUNK)
        for one in _of_some(company, products, some):
            if (one[0], one[1].id) <= begun:
                continue
            if len(found) == limit:
                return found, f"{found[-1][0]}-{found[-1][1].id}"
            found.append(one)
        if not more:
            return found, ""
        behind = some[-1][0]
    return found, f"{some[-1][0] + 1}-0"


def _of_some(company: str, products: frozenset[str], some: list[tuple[int, DeviceKey]]) -> Iterator[OfDevice]:
    """The variables of some devices, in order. One whose id leads to another device by now has none."""
    own = those_wanted(company, DeviceFilter(products=products), [key for _, key in some])
    listed = [(id, key) for id, key in some if key in own]
    read = devices.read_variables_of(company, [key for _, key in listed])
    for (id, _), kept in zip(listed, read, strict=True):
        if kept is not None and kept[0] == id:
            yield from ((id, variable) for variable in sorted(kept[1], key=lambda one: one.id))


def find_variable(company: str, variable_id: int) -> OfDevice:
    """One variable by its id, in two reads. Raises `NotFound`: `variable_not_found`, also of another company's id."""
    device, place = _find(company, variable_id)
    return device.device.id, rules.find(list(device.variables or ()), place)


def change_variable(
    company: str,
    variable_id: int,
    actor: Actor,
    *,
    name: str | None = None,
    value: str | None = None,
    now: Instant,
) -> OfDevice:
    """Give a variable another name or value; None leaves it. The same once more changes nothing.

    Raises `NotFound`: `variable_not_found`, `Invalid`: `variable_exists`, `variables_too_long`.
    """
    wanted = _find(company, variable_id)

    def decide(seen: Variables) -> list[Variable]:
        return rules.change(seen.variables, wanted.place, name, value, now)

    def result(_: Variables, new: list[Variable]) -> OfDevice:
        return wanted.device.device.id, rules.find(new, wanted.place)

    return result(*_write(wanted.device, decide, result, "variable_changed", actor, now))


def delete_variable(company: str, variable_id: int, actor: Actor, *, now: Instant) -> None:
    """Take a variable away. Raises `NotFound`: `variable_not_found`."""
    wanted = _find(company, variable_id)

    def decide(seen: Variables) -> list[Variable]:
        gone = rules.find(seen.variables, wanted.place)
        return [variable for variable in seen.variables if variable != gone]

    _write(wanted.device, decide, lambda *_: None, "variable_deleted", actor, now)


def set_variables(
    company: str, device_id: int, values: Mapping[str, str], actor: Actor, *, now: Instant
) -> list[Variable]:
    """Give variables of a device these values, by name, in one write, and answer all that it has then; others stay, and
    one whose value is empty goes. The same once more changes nothing.

    Raises `NotFound`: `device_not_found`, `Invalid`: `variables_too_many`, `variables_too_long`.
    """
    given = {name: value for name, value in values.items() if value}

    def decide(seen: Variables) -> list[Variable]:
        kept = [variable for variable in seen.variables if values.get(variable.name) != ""]
        return rules.merge(kept, given, now, seen.last_place)

    found = find_device(company, device_id)
    return _write(found, decide, lambda _, new: new, "variable_changed", actor, now)[1]


def _find(company: str, variable_id: int) -> _Wanted:
    found = devices.device_before(company, variable_id)
    if found is not None:
        device_id, key = found
        for device in devices.read_devices(company, [key]):
            if device.device.id == device_id:
                return _Wanted(device, variable_id - device_id)
    raise NotFound("variable_not_found")


def _write(
    of: WholeDevice,
    decide: Callable[[Variables], list[Variable]],
    result: Callable[[Variables, list[Variable]], object],
    type: EventType,
    actor: Actor,
    now: Instant,
) -> tuple[Variables, list[Variable]]:
    license, device = of.license, of.device

    def write(seen: Variables, new: list[Variable]) -> None:
        if new != seen.variables:
            names = {one.name for one in {*seen.variables} ^ {*new}}
            event = Event.new(
                type,
                actor,
                now,
                user_id=device.user_id,
                hardware_id=device.hardware_id,
                variable=", ".join(sorted(names)),
            )
            stored.change_variables(license, device, seen, new, event)

    return decide_and_write(
        lambda _: stored.read_variables(license, device.hardware_id, device.user_id), decide, write, result=result
    )
