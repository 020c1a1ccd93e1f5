"""What was sold with a license, in sentences."""

from typing import Any

import pytest

from chalicelib.portal.rules import rules
from tests.domain.samples import a_license

PEOPLE: dict[str, Any] = {"authorization_method": "user"}


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (PEOPLE | {"max_license_users": 64}, "Up to 64 people may use it, each within a limit of their own."),
        (PEOPLE | {"max_license_users": 1}, "One person may use it."),
        (PEOPLE | {"max_license_users": None}, "Any number of people may use it, each within a limit of their own."),
        ({}, "Whoever has the key may use it."),
        ({"max_activations": 1}, "It may be active on one device at a time."),
        ({"max_activations": 12}, "It may be active on up to 12 devices at once."),
        ({"max_activations": None}, "It may be active on any number of devices."),
        ({"max_transfers": 0}, "It may be moved to other devices as often as needed."),
        ({"max_transfers": 1}, "It may be moved to another device once in all."),
        ({"max_transfers": 3}, "It may be moved to another device 3 times in all."),
        ({"max_transfers": 3}, "A reset counts as a move."),
        ({"max_transfers": 3, "free_resets": True}, "A reset does not count as a move."),
        ({"max_transfers": -1}, "It may not be moved to another device."),
        ({"max_transfers": -1, "free_resets": True}, "A reset does not count as a move."),
    ],
)
def test_each_rule_is_a_sentence(terms: dict[str, Any], said: str) -> None:
    assert said in rules(a_license(**terms), prevent_vm=False)


@pytest.mark.parametrize("terms", [{"max_transfers": 0}, {"max_transfers": -1}])
def test_what_a_reset_costs_is_said_only_where_moves_are_counted(terms: dict[str, Any]) -> None:
    assert not any("reset" in sentence for sentence in rules(a_license(**terms), prevent_vm=False))


def test_virtual_machines_are_allowed_or_not() -> None:
    assert rules(a_license(), prevent_vm=True)[-1] == "It does not run on virtual machines."
    assert rules(a_license(), prevent_vm=False)[-1] == "It also runs on virtual machines."
