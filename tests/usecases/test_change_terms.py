"""Terms after the sale: what can be changed, what is refused, and what it makes of dates and of what is in use."""

from itertools import count
from typing import Any

import pytest

from chalicelib.domain.errors import Denied, Invalid
from chalicelib.domain.instants import from_iso, to_iso
from chalicelib.domain.license import License
from chalicelib.domain.meters import METER_TERMS
from chalicelib.domain.terms import CHANGEABLE
from chalicelib.store import licenses
from chalicelib.usecases.change_license import extend, set_archived
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.sweep import sweep
from tests.store.seam import Request, intercepted
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.support import kinds, refused


def changed(vendor: Vendor, license: License, *, now: int = NOW, **changes: Any) -> License:
    """Change terms, and see that what is answered is what is stored."""
    strict, revision = changes.pop("strict", False), changes.pop("revision", None)
    answer, _ = change_terms(vendor.code, license.id, changes, ADMIN, strict=strict, revision=revision, now=now)
    assert (answer, answer.revision) == (vendor.stored(license), vendor.stored(license).revision)
    return answer


CHANGES: dict[str, Any] = {
    "max_activations": None,
    "max_license_users": 3,
    "max_transfers": -1,
    "free_resets": True,
    "is_trial": True,
    "name": "Office",
    "validity_period": NOW + 9 * DAY,
    "valid_duration": "30d",
    "start_date": NOW + DAY,
    "grace_period": 48,
    "renewal_basis": "end",
    "overage": "1.5x",
    "floating_users": 2,
    "floating_timeout": 30,
    "prevent_vm": False,
    "max_consumptions": 50,
    "allow_negative_consumptions": True,
    "allow_overages": True,
    "max_overages": 5,
    "consumption_period": "weekly",
}


@pytest.mark.parametrize("name", CHANGEABLE)
def test_every_term_can_be_changed_and_history_has_it_as_it_is_and_was(vendor: Vendor, name: str) -> None:
    of_type = "consumption" if name in METER_TERMS else "time-limited"
    license = vendor.issue("revit", license_type=of_type, validity_period=NOW + 60 * DAY)
    new = changed(vendor, license, now=NOW + 1, **{name: CHANGES[name]})
    assert getattr(new, name) == CHANGES[name]
    assert new.revision == license.revision + 1
    event = vendor.history(license)[-1]
    shown = to_iso(CHANGES[name]) if name in ("validity_period", "start_date") else CHANGES[name]
    assert (event.type, event.detail[name]) == ("license_changed", shown)
    assert f"{name}_before" in event.detail
    changed(vendor, license, **{name: CHANGES[name]})
    assert kinds(vendor, license) == ["license_changed"], "the same again changes nothing"
    assert vendor.differences() == []


def test_a_license_is_switched_in_the_write_of_its_terms_and_each_has_its_event(vendor: Vendor) -> None:
    license, times = vendor.issue(), count(NOW, 10)

    def change(enabled: bool | None, **changes: Any) -> tuple[bool, str | None, str | None]:
        sold, _ = change_terms(vendor.code, license.id, changes, ADMIN, enabled=enabled, now=next(times))
        assert sold == vendor.stored(license)
        return sold.enabled, sold.disabled_by, sold.name

    sent: list[Request] = []
    with intercepted(lambda request, send: sent.append(request) or send(request)):  # type: ignore[func-returns-value]
        assert change(False, name="Office") == (False, "vendor", "Office")
    assert [request.operation for request in sent].count("TransactWriteItems") == 1
    change(False, name="Office")
    assert kinds(vendor, license) == ["license_disabled", "license_changed"], "the same again changes nothing"
    assert change(None, name="Studio") == (False, "vendor", "Studio")
    assert change(True) == (True, None, "Studio")
    assert kinds(vendor, license)[2:] == ["license_changed", "license_enabled"]
    details = [event.detail for event in vendor.history(license) if event.type == "license_changed"]
    assert details == [
        {"name": "Office", "name_before": None, "changed": "disabled_by, enabled"},
        {"name": "Studio", "name_before": "Office"},
    ]
    set_archived(vendor.code, license.id, True, ADMIN, now=next(times))
    with refused("license_archived"):
        change(True, name="Office")
    assert (vendor.stored(license).name, vendor.differences()) == ("Studio", [])


def test_a_change_leaves_what_others_change_meanwhile(vendor: Vendor) -> None:
    license, is_first = vendor.issue(), True

    def between(request: Request, send: Any) -> Any:
        nonlocal is_first
        if request.operation == "TransactWriteItems" and is_first:
            is_first = False
            changed(vendor, license, max_transfers=3)
        return send(request)

    with intercepted(between):
        changed(vendor, license, max_activations=9)
    stored = vendor.stored(license)
    assert (stored.max_activations, stored.max_transfers, stored.revision) == (9, 3, 2)


def test_a_revision_that_somebody_else_has_moved_is_refused_and_activations_move_none(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    assert changed(vendor, license, max_activations=9, revision=0).revision == 1
    with refused("revision_changed"):
        changed(vendor, license, max_activations=8, revision=0)
    assert vendor.stored(license).max_activations == 9


def test_a_lower_limit_evicts_nobody_and_is_full_until_enough_was_given_back(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=3)
    for name in "abc":
        vendor.activate(license, name)
    changed(vendor, license, max_activations=1)
    assert vendor.check(license, "c").device
    vendor.activate(license, "a")
    vendor.deactivate(license, "b")
    with refused("license_activated_max_times"):
        vendor.activate(license, "d")
    vendor.deactivate(license, "c")
    with refused("license_activated_max_times"):
        vendor.activate(license, "d")
    vendor.deactivate(license, "a")
    assert vendor.activate(license, "d").device


@pytest.mark.parametrize(("limit", "use"), [("max_activations", "times_activated"), ("max_license_users", "users")])
def test_a_strict_change_refuses_a_limit_below_what_is_in_use(vendor: Vendor, limit: str, use: str) -> None:
    license = vendor.issue("revit", max_license_users=5)
    for email in ("ann@customer.test", "bob@customer.test"):
        _, password = vendor.assign(license, email, 2)
        vendor.activate(email, f"pc-of-{email}", password)
    with pytest.raises(Denied) as error:
        changed(vendor, license, strict=True, **{limit: 1})
    assert (error.value.code, error.value.field, error.value.params["used"]) == ("limit_below_use", limit, 2), use
    assert getattr(changed(vendor, license, strict=True, **{limit: 2}), limit) == 2


def test_a_strict_change_counts_what_comes_until_its_write(vendor: Vendor) -> None:
    license, is_first = vendor.issue(), True
    vendor.activate(license, "a")

    def between(request: Request, send: Any) -> Any:
        nonlocal is_first
        if request.operation == "TransactWriteItems" and is_first:
            is_first = False
            vendor.activate(license, "b")
        return send(request)

    with intercepted(between), refused("limit_below_use"):
        changed(vendor, license, strict=True, max_activations=1)
    assert vendor.stored(license).max_activations == 5


def test_an_end_is_fixed_from_then_on_and_a_duration_that_has_not_begun_goes(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", valid_duration="30d")
    new = changed(vendor, license, validity_period=NOW + 5 * DAY)
    assert (new.validity_period, new.valid_duration) == (NOW + 5 * DAY, None)
    vendor.activate(license, "pc", now=NOW + DAY)
    assert vendor.stored(license).validity_period == NOW + 5 * DAY


def test_a_duration_counts_from_the_first_activation_whenever_that_was_or_will_be(vendor: Vendor) -> None:
    begun, unbegun = (vendor.issue(license_type="time-limited", valid_duration="30d") for _ in range(2))
    vendor.activate(begun, "pc", now=NOW + DAY)
    assert changed(vendor, begun, valid_duration="60d", now=NOW + 2 * DAY).validity_period == NOW + 61 * DAY
    assert changed(vendor, unbegun, valid_duration="60d").validity_period is None
    vendor.activate(unbegun, "pc", now=NOW + 7 * DAY)
    assert vendor.stored(unbegun).validity_period == NOW + 67 * DAY


@pytest.mark.parametrize("changes", [{"valid_duration": "60d"}, {"grace_period": 48}, {"validity_period": NOW + DAY}])
def test_a_first_activation_brings_the_end_of_the_terms_at_its_write(vendor: Vendor, changes: Any) -> None:
    license, is_first = vendor.issue(license_type="time-limited", valid_duration="30d"), True

    def between(request: Request, send: Any) -> Any:
        nonlocal is_first
        if request.operation == "TransactWriteItems" and is_first:
            is_first = False
            changed(vendor, license, **changes)
        return send(request)

    with intercepted(between):
        vendor.activate(license, "pc")
    end = changes.get("validity_period", NOW + (60 if "valid_duration" in changes else 30) * DAY)
    assert vendor.stored(license).validity_period == end
    assert licenses.ends_as_dated(vendor.stored(license))
    assert vendor.differences() == []


def test_a_duration_that_is_changed_beside_the_first_activation_starts_with_it(vendor: Vendor) -> None:
    license, is_first = vendor.issue(license_type="time-limited", validity_period=NOW + DAY), True

    def between(request: Request, send: Any) -> Any:
        nonlocal is_first
        if request.operation == "TransactWriteItems" and is_first:
            is_first = False
            vendor.activate(license, "pc")
        return send(request)

    with intercepted(between):
        changed(vendor, license, valid_duration="30d")
    assert vendor.stored(license).validity_period == NOW + 30 * DAY


def test_a_first_activation_beside_a_new_duration_starts_it(vendor: Vendor) -> None:
    license, is_first = vendor.issue(license_type="time-limited", validity_period=NOW + DAY), True

    def between(request: Request, send: Any) -> Any:
        nonlocal is_first
        if request.operation == "TransactWriteItems" and is_first:
            is_first = False
            changed(vendor, license, valid_duration="30d")
        return send(request)

    with intercepted(between):
        vendor.activate(license, "pc")
    assert vendor.stored(license).validity_period == NOW + 30 * DAY


def test_what_no_sweep_has_seen_before_new_dates_is_announced_by_them(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    changed(vendor, license, validity_period=NOW + 9 * DAY, now=NOW + 2 * DAY)
    sweep(now=NOW + 10 * DAY)
    assert kinds(vendor, license) == [
        "license_expired",
        "license_changed",
        *["license_will_expire"] * 0,
        "license_expired",
    ]


def test_grace_that_is_allowed_later_brings_an_expired_license_back(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    sweep(now=NOW + DAY)
    changed(vendor, license, grace_period=48, now=NOW + DAY + HOUR)
    assert vendor.activate(license, "pc", now=NOW + 2 * DAY).device
    sweep(now=NOW + 4 * DAY)
    assert kinds(vendor, license)[-1] == "license_expired"
    assert vendor.differences() == []


@pytest.mark.parametrize(
    ("terms", "changes", "field", "code"),
    [
        ({}, {"validity_period": NOW + DAY}, "validity_period", "perpetual_has_no_end"),
        ({}, {"valid_duration": "30d"}, "valid_duration", "perpetual_has_no_end"),
        ({}, {"grace_period": 1}, "grace_period", "grace_without_end"),
        ({}, {"max_activations": -1}, "max_activations", "count_out_of_range"),
        ({}, {"max_license_users": 1}, "max_license_users", "license_has_no_users"),
        ({}, {"max_transfers": -2}, "max_transfers", "transfers_out_of_range"),
        ({}, {"name": "x" * 61}, "name", "text_too_long"),
        ({"end": True}, {"validity_period": None}, "validity_period", "end_missing"),
        ({"end": True}, {"valid_duration": "soon"}, "valid_duration", "duration_malformed"),
        ({"end": True}, {"valid_duration": "1d", "validity_period": NOW}, "valid_duration", "end_twice"),
        ({"end": True}, {"start_date": NOW + 99 * DAY}, "start_date", "start_after_end"),
        (
            {"end": True},
            {"validity_period": from_iso("9999-12-31"), "grace_period": 99},
            "validity_period",
            "end_beyond_calendar",
        ),
    ],
)
def test_terms_that_contradict_each_other_are_refused_by_field(
    vendor: Vendor, terms: dict[str, Any], changes: dict[str, Any], field: str, code: str
) -> None:
    given: Any = {"license_type": "time-limited", "validity_period": NOW + DAY} if terms else {}
    license = vendor.issue(**given)
    with pytest.raises(Invalid) as error:
        changed(vendor, license, **changes)
    assert [(one.field, one.code) for one in error.value.errors] == [(field, code)]
    assert kinds(vendor, license) == []


def test_what_is_wrong_with_the_end_of_a_duration_is_said_of_the_duration(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    with pytest.raises(Invalid) as found:
        changed(vendor, license, valid_duration="30d")
    assert [(error.code, error.field) for error in found.value.errors] == [("perpetual_has_no_end", "valid_duration")]


def test_what_is_no_term_cannot_be_changed(vendor: Vendor) -> None:
    with pytest.raises(TypeError):
        changed(vendor, vendor.issue(), times_activated=0)


def test_a_change_is_not_refused_for_what_was_wrong_before(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + 9 * DAY, start_date=NOW + 5 * DAY)
    extend(vendor.code, license.id, NOW + DAY, None, ADMIN, now=NOW)
    assert changed(vendor, license, max_activations=9).max_activations == 9
    with pytest.raises(Invalid):
        changed(vendor, license, grace_period=-1)
