"""What was sold with a license, in sentences; its features and custom fields, in a few words."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.extras import NO_EXTRAS, Extras, FeatureGrant, FieldValue
from chalicelib.domain.instants import from_iso
from chalicelib.portal.rules import coming_words, duration_words, feature_words, field_words, rules
from chalicelib.usecases.scheduled_updates import ComingChange
from tests.domain.samples import a_license
from tests.support import DAY, NOW

END = from_iso("2027-12-31T23:59:59Z")
DEVICES = "It may be active on up to 12 devices at once."
OFTEN = "It may be moved to other devices as often as needed."
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
        ({"max_activations": 2, "overage": "1.5x"}, "One more device is let in, and counts as over the limit."),
        (
            {"floating_users": 1, "floating_timeout": 1},
            "As a floating license it may be in use on one device at a time; a device counts until 1 minute after its "
            "last check.",
        ),
        (
            {"floating_users": 3},
            "As a floating license it may be in use on up to 3 devices at the same time; a device counts until 120 "
            "minutes after its last check.",
        ),
        ({"overage": "2x"}, "Up to 5 more devices are let in, and count as over the limit."),
        ({"overage": "always"}, "Any number of devices is let in beyond that, and counts as over the limit."),
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


@pytest.mark.parametrize(
    "terms", [{}, {"max_activations": 1, "overage": "1.25x"}, {"max_activations": None, "overage": "2x"}]
)
def test_what_lets_no_device_in_beyond_the_limit_is_not_said(terms: dict[str, Any]) -> None:
    assert not any("over the limit" in sentence for sentence in rules(a_license(**terms), prevent_vm=False))


@pytest.mark.parametrize("terms", [{"max_transfers": 0}, {"max_transfers": -1}])
def test_what_a_reset_costs_is_said_only_where_moves_are_counted(terms: dict[str, Any]) -> None:
    assert not any("reset" in sentence for sentence in rules(a_license(**terms), prevent_vm=False))


SOLD: dict[str, Any] = {
    "license_type": "time-limited",
    "validity_period": END,
    "max_activations": 5,
    "max_transfers": 3,
    "created_at": NOW,
}


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"validity_period": END + DAY}, "The end moves to 1 Jan 2028."),
        ({"validity_period": END + DAY - 1000}, "The end moves to 1 Jan 2028, 23:59."),
        ({"valid_duration": "2y", "validity_period": None}, "It no longer ends."),
        ({"start_date": NOW + DAY}, "The start date is 25 Nov 2026."),
        ({"grace_period": 72}, "The grace period is 72 hours (3 days)."),
        ({"is_trial": True}, "It is a trial."),
        ({"max_activations": 12}, "It may be active on up to 12 devices at once."),
        ({"max_activations": 1}, "It may be active on one device at a time."),
        (
            {"overage": "always"},
            "It may be active on up to 5 devices at once. Any number of devices is let in beyond that, and counts as "
            "over the limit.",
        ),
        ({"free_resets": True}, "It may be moved to another device 3 times in all. A reset does not count as a move."),
        (
            {"max_activations": 12, "max_transfers": 0},
            f"{DEVICES} {OFTEN}",
        ),
        ({"prevent_vm": True}, "It does not run on virtual machines."),
        ({"name": "Office Berlin", "renewal_basis": "end", "prevent_vm": False}, ""),
    ],
)
def test_what_is_scheduled_is_one_sentence_of_what_the_page_shows(terms: dict[str, Any], said: str) -> None:
    old = a_license(**SOLD)
    change = ComingChange(NOW + 30 * DAY, (old, NO_EXTRAS), (replace(old, **terms), NO_EXTRAS))
    assert coming_words(change, prevent_vm=False) == (said and f"On 24 Dec 2026 this changes: {said}")
    if said:
        back = ComingChange(NOW + 30 * DAY, change.new, change.old)
        assert coming_words(back, prevent_vm=False) not in ("", coming_words(change, prevent_vm=False))


def test_of_floating_use_is_said_what_changes_and_nothing_else() -> None:
    old = a_license(**SOLD | {"floating_users": 2})
    changes: list[tuple[dict[str, Any], str]] = [
        (
            {"floating_users": 3},
            "As a floating license it may be in use on up to 3 devices at the same time; a device counts until 120 "
            "minutes after its last check.",
        ),
        ({"max_activations": 12}, "It may be active on up to 12 devices at once."),
        ({"floating_users": 0}, "It is no longer a floating license."),
    ]
    for terms, said in changes:
        change = ComingChange(NOW, (old, NO_EXTRAS), (replace(old, **terms), NO_EXTRAS))
        assert coming_words(change, prevent_vm=False) == f"On 24 Nov 2026 this changes: {said}"


def test_what_is_the_vendors_own_is_not_said() -> None:
    license = a_license(**SOLD)
    extras = Extras("by phone", {"crm": 7}, maintenance_period=END)
    change = ComingChange(NOW, (license, NO_EXTRAS), (license, extras))
    assert coming_words(change, prevent_vm=False) == "On 24 Nov 2026 this changes: Maintenance goes until 31 Dec 2027."
    change = ComingChange(NOW, (license, extras), (license, replace(extras, note="", metadata={})))
    assert coming_words(change, prevent_vm=False) == ""
    change = ComingChange(NOW, (license, extras), (license, NO_EXTRAS))
    assert coming_words(change, prevent_vm=False) == "On 24 Nov 2026 this changes: Maintenance has no end."


def test_a_duration_that_has_not_begun_is_said_in_words() -> None:
    old = a_license(license_type="time-limited", valid_duration="1y")
    change = ComingChange(NOW, (old, NO_EXTRAS), (replace(old, valid_duration="24m"), NO_EXTRAS))
    assert (
        coming_words(change, prevent_vm=False)
        == "On 24 Nov 2026 this changes: It lasts 24 months from the first activation."
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        *(("1h", "1 hour"), ("36h", "36 hours"), ("1d", "1 day"), ("30d", "30 days")),
        *(("1m", "1 month"), ("12m", "12 months"), ("1y", "1 year"), ("2y", "2 years")),
    ],
)
def test_a_duration_is_said_in_words(text: str, words: str) -> None:
    assert duration_words(text) == words


def test_virtual_machines_are_allowed_or_not() -> None:
    assert rules(a_license(), prevent_vm=True)[-1] == "It does not run on virtual machines."
    assert rules(a_license(), prevent_vm=False)[-1] == "It also runs on virtual machines."
    assert rules(a_license(prevent_vm=False), prevent_vm=True)[-1] == "It also runs on virtual machines."
    assert rules(a_license(prevent_vm=True), prevent_vm=False)[-1] == "It does not run on virtual machines."


USES: dict[str, Any] = {"feature_type": "consumption", "max_consumption": 100}
MONTHLY: dict[str, Any] = USES | {"reset_consumption": True, "consumption_period": "monthly"}


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, "included"),
        ({"expires_at": NOW + DAY}, "included, until 25 Nov 2026"),
        ({"expires_at": NOW}, "ended on 24 Nov 2026"),
        (USES, "100 uses"),
        (USES | {"max_consumption": 1}, "1 use"),
        (USES | {"max_consumption": None}, "any number of uses"),
        (USES | {"consumption_period": "monthly"}, "100 uses"),
        (MONTHLY, "100 uses a month"),
        (MONTHLY | {"allow_overages": True}, "100 uses a month, and more"),
        (USES | {"allow_overages": True, "max_overages": 5}, "100 uses, and 5 beyond"),
    ],
)
def test_a_feature_is_said_in_a_few_words(terms: dict[str, Any], said: str) -> None:
    feature: dict[str, Any] = {"id": 1, "feature_id": 2, "code": "x", "name": "X", "feature_type": "activation"}
    assert feature_words(FeatureGrant(**feature | terms), NOW) == said


@pytest.mark.parametrize(
    ("data_type", "value", "said"), [("text", "true", "true"), ("boolean", "true", "yes"), ("boolean", "false", "no")]
)
def test_a_custom_field_is_said_as_people_say_it(data_type: Any, value: str, said: str) -> None:
    assert field_words(FieldValue(1, 2, "X", data_type, value)) == said
