"""The use cases that change what applications keep with a device, for a vendor's server."""

from chalicelib.domain.license import License
from chalicelib.store import activations
from chalicelib.usecases import variables
from tests.store import states
from tests.store.case import Case
from tests.support import ADMIN, Vendor


def _variable(vendor: Vendor, license: License) -> int:
    """The id of the first variable of the device."""
    (device,) = activations.devices(vendor.code, license.id)
    return device.id + 1


VARIABLE_CASES = (
    Case(
        "change a variable",
        variables.change_variable,
        states.with_variables,
        lambda v, x: variables.change_variable(v.code, _variable(v, x), ADMIN, value="blue", now=v.now),
        ("variable_changed",),
        True,
    ),
    Case(
        "set variables",
        variables.set_variables,
        states.with_variables,
        lambda v, x: variables.set_variables(v.code, _variable(v, x) - 1, {"plan": "blue"}, ADMIN, now=v.now),
        ("variable_changed",),
    ),
    Case(
        "delete a variable",
        variables.delete_variable,
        states.with_variables,
        lambda v, x: variables.delete_variable(v.code, _variable(v, x), ADMIN, now=v.now),
        ("variable_deleted",),
        True,
    ),
)
