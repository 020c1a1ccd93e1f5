"""Management API: what applications keep with their devices."""

from functools import partial
from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.instants import to_iso
from chalicelib.domain.variables import MAX_NAME, MAX_VALUE, Variable, variable_id
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import Id, ListBody, ListQuery, QueryId, Sent, part_of_list, part_of_walk
from chalicelib.management.reach import its_variable, listed_by_device
from chalicelib.usecases import variables
from chalicelib.web.freshness import Date


class VariablePath(Sent):
    """Which variable."""

    variable_id: Id


class VariablesQuery(ListQuery):
    """Of which device; not given: of all."""

    device: QueryId | None = None


class VariableChange(Sent):
    """PATCH device-variables: what is not given stays."""

    variable: Annotated[StrictStr, Field(min_length=1, max_length=MAX_NAME)] | None = None
    value: Annotated[StrictStr, Field(max_length=MAX_VALUE)] | None = None


class VariableBody(TypedDict):
    """A variable of a device."""

    id: int
    created_at: Date
    """When it got its value."""
    variable: str
    value: str
    device: int


class VariableList(ListBody):
    """A page of variables."""

    results: list[VariableBody]


@endpoint("GET", "/device-variables", writes=False, scope="devices:read", reach=listed_by_device)
def list_device_variables(query: VariablesQuery, caller: Caller) -> VariableList:
    """The variables of a device, or of all."""
    if (device := query.device) is None:
        find = partial(variables.find_variables, caller.company, caller.key.products)
        found, page = part_of_walk(find, query, caller, "device-variables")
        return {**page, "results": [variable_body(row, device_id) for device_id, row in found]}
    of_device = sorted(variables.variables_of_device(caller.company, device), key=lambda one: one.id)
    rows, page = part_of_list(of_device, query, caller, "device-variables", lambda one: one.id)
    return {**page, "results": [variable_body(row, device) for row in rows]}


@endpoint("GET", "/device-variables/{variable_id}", writes=False, scope="devices:read", reach=its_variable)
def show_device_variable(path: VariablePath, caller: Caller) -> VariableBody:
    """One variable."""
    device_id, found = variables.find_variable(caller.company, path.variable_id)
    return variable_body(found, device_id)


@endpoint("PATCH", "/device-variables/{variable_id}", writes=True, scope="devices:write", reach=its_variable)
def change_device_variable(path: VariablePath, body: VariableChange, caller: Caller) -> VariableBody:
    """Give a variable another name or value; the same once more changes nothing."""
    return caller.once(
        lambda: variables.change_variable(
            caller.company, path.variable_id, caller.actor, name=body.variable, value=body.value, now=caller.now
        ),
        lambda changed: variable_body(changed[1], changed[0]),
    )


@endpoint("DELETE", "/device-variables/{variable_id}", writes=True, scope="devices:write", reach=its_variable)
def delete_device_variable(path: VariablePath, caller: Caller) -> None:
    """Take a variable away."""
    caller.once(
        lambda: variables.delete_variable(caller.company, path.variable_id, caller.actor, now=caller.now),
        lambda _: {},
    )


def variable_body(variable: Variable, device_id: int) -> VariableBody:
    """A variable as it is answered."""
    return {
        "id": variable_id(variable, device_id),
        "created_at": to_iso(variable.created_at),
        "variable": variable.name,
        "value": variable.value,
        "device": device_id,
    }
