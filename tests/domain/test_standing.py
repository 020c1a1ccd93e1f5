"""How a license stands: the gravest state that is true, and never a good one where an activation would be refused."""

from typing import Any

import pytest

from chalicelib.domain.activation import Snapshot, decide_activation
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import HOUR_MS, DeviceReport
from chalicelib.domain.standing import ENDS_SOON_MS, Standing, standing
from tests.domain.samples import NOW, a_license

TIMED = {"license_type": "time-limited"}

each_standing = pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, Standing("unused")),
        ({"license_type": "subscription"}, Standing("unused")),
        ({"first_activated_at": NOW - 1}, Standing("idle")),
        ({"times_activated": 1, "first_activated_at": NOW - 1}, Standing("in_use")),
        (TIMED | {"validity_period": NOW + ENDS_SOON_MS + 1}, Standing("unused")),
        (TIMED | {"validity_period": NOW + ENDS_SOON_MS}, Standing("ending", NOW + ENDS_SOON_MS)),
        (TIMED | {"validity_period": NOW + 1, "grace_period": 9}, Standing("ending", NOW + 1)),
        (TIMED | {"validity_period": NOW, "grace_period": 1}, Standing("grace", NOW + HOUR_MS)),
        (TIMED | {"validity_period": NOW}, Standing("expired", NOW)),
        (TIMED | {"validity_period": NOW - HOUR_MS, "grace_period": 1}, Standing("expired", NOW)),
        ({"start_date": NOW}, Standing("unused")),
        ({"start_date": NOW + 1, "times_activated": 1}, Standing("scheduled", NOW + 1)),
        ({"start_date": NOW + 1, "validity_period": NOW}, Standing("expired", NOW)),
        ({"enabled": False, "disabled_by": "customer", "validity_period": NOW}, Standing("paused")),
        ({"enabled": False, "disabled_by": "vendor", "validity_period": NOW}, Standing("suspended")),
        ({"enabled": False}, Standing("suspended")),  # of before it was kept who has
    ],
)


@each_standing
def test_the_standing_is_the_gravest_state_that_is_true(terms: dict[str, Any], expected: Standing) -> None:
    assert standing(a_license(**terms), NOW) == expected


@each_standing
def test_no_license_that_refuses_an_activation_stands_well(terms: dict[str, Any], expected: Standing) -> None:
    license = a_license(**({"max_activations": None} | terms))
    try:
        decide_activation(Snapshot(license), DeviceReport("pc"), prevent_vm=False, now=NOW)
    except SeatkeeperError:
        assert expected.state in {"expired", "scheduled", "paused", "suspended"}
    else:
        assert expected.state in {"grace", "ending", "unused", "idle", "in_use"}


@pytest.mark.parametrize("terms", [{"times_activated": 1}, {"enabled": False, "disabled_by": "customer"}])
def test_what_the_vendor_lets_nobody_use_is_suspended_whatever_else_is_true(terms: dict[str, Any]) -> None:
    assert standing(a_license(**terms), NOW, sold=False) == Standing("suspended")
