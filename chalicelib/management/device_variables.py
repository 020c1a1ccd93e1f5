"""Management API: what applications keep with their devices."""

from typing import Annotated

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.instants import to_iso
from chalicelib.domain.variables import MAX_NAME, MAX_VALUE, Variable, variable_id
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import Id, ListBody, ListQuery, QueryId, Sent, part_of_list
from chalicelib.management.reach import its_variable, named_device
from chalicelib.usecases import variables
from chalicelib.web.freshness import Date


class VariablePath(Sent):
    """Which variable."""

    variable_id: Id


class VariablesQuery(ListQuery):
    """Of which device."""

    device: QueryId


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
    """A page of the variables of a device."""

    results: list[VariableBody]


@endpoint("GET", "/device-variables", writes=False, scope="devices:read", reach=named_device)
def list_device_variables(query: VariablesQuery, caller: Caller) -> VariableList:
    """The variables of a device."""
    found = variables.variables_of_device(caller.company, query.device)
    in_order = sorted(found, key=lambda one: one.id)
    rows, page = part_of_list(in_order, query, caller, "device-variables", lambda one: one.id)
    return {**page, "results": [variable_body(row, query.device) for row in rows]}


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
