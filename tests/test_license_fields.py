"""A field of a license is shown by each adapter, or it stands here that it is not: who adds one is asked by name."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from chalicelib.domain.license import License

ROOT = Path(__file__).parents[1]
SHOWS: dict[str, tuple[tuple[str, ...], str]] = {
    "the portal": (
        (
            "chalicelib/portal/templates/license.html",
            "chalicelib/portal/rules.py",
            "chalicelib/portal/timeline.py",
            "chalicelib/domain/standing.py",
        ),
        r"\b(?:l|license)\.{}\b",
    ),
    "the License API": (("chalicelib/licenseapi/license_body.py",), r"\blicense\.{}\b"),
    "license show": (("infra/admin/commands.py",), r'"{}"'),
}
"""The files of each adapter that show a license, and how they name a field."""
INNER = {
    *("epoch", "announced_phase", "notified_until"),  # what the rules go by
    *("released", "last_released_by"),  # what the rules go by
    "legacy_devices",  # device by device
    *("slots_known", "slot_takes", "slot_releases"),  # what the rules go by
    *("activations_kept", "users_kept", "transfers_kept"),  # what the audit goes by
    *("bucket_full_at", "seats_full_at", "known_devices"),
    "bought_as",  # by it passwords are kept apart
    "sold_in",  # by it the id of that order leads there
    *("customer_id", "listed_users"),  # where lists look first
    *("blocked_devices", "blacklist"),  # as one count, by who blacklists: `license show`
}
"""Shown by nobody."""
NOT_SHOWN: dict[str, set[str]] = {
    "the portal": {
        *("company", "product"),  # of the page; and by its name
        "revision",  # for who changes terms
        "adopt_until",  # for who has imported its devices
        "archived_at",  # by its status
        "prevent_vm",  # in one sentence, or field, with what its product says (`prevents_vm`)
        "renewal_basis",  # for who renews
    },
    "the License API": {
        *("company", "product"),  # as objects of their own
        "name",  # the customer's own word
        "revision",  # for who changes terms
        *("disabled_by", "archived_at"),  # a call is refused by a code of its own
        "adopt_until",  # for who has imported its devices
        *("users_assigned", "free_resets", "first_activated_at"),  # the contract has no such fields
        "prevent_vm",  # as above
        *("overage", "renewal_basis"),  # nor these: how many there are is seen
    },
    "license show": set(),
}


@pytest.mark.parametrize("adapter", SHOWS)
def test_every_field_of_a_license_is_shown_or_said_not_to_be(adapter: str) -> None:
    files, form = SHOWS[adapter]
    text = "".join((ROOT / file).read_text() for file in files)
    lacking = {field.name for field in fields(License) if not re.search(form.format(field.name), text)}
    assert lacking ^ (INNER | NOT_SHOWN[adapter]) == set(), f"of {', '.join(files)}"
