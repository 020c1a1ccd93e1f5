"""Who may take a place, and who is told which reason not to."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from chalicelib.domain.activation import (
    CHECK_INTERVAL_MS,
    USE_INTERVAL_MS,
    ActivationDecision,
    Snapshot,
    apply_activation,
    check_is_due,
    decide_activation,
    decide_deactivation,
    guard_live_device,
    use_is_due,
)
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import from_iso
from chalicelib.domain.license import Device, DeviceReport, License, hash_hardware_id, is_live
from chalicelib.domain.rate import LEAST_CHANGES, bucket_of
from tests.domain.samples import DAY, HOUR, NOW, a_device, a_license, a_seat, a_users_place

PC = DeviceReport("pc")


def grant(
    snapshot: Snapshot, report: DeviceReport = PC, *, prevent_vm: bool = False, now: int = NOW
) -> ActivationDecision:
    return decide_activation(snapshot, report, prevent_vm=prevent_vm, now=now)


def refusal(snapshot: Snapshot, report: DeviceReport = PC, *, prevent_vm: bool = False, now: int = NOW) -> str:
    with pytest.raises(SeatkeeperError) as refused:
        decide_activation(snapshot, report, prevent_vm=prevent_vm, now=now)
    return refused.value.code


# --- the order of the guards ----------------------------------------------------------------------------------

# From the gravest to the mildest: what the license has to be like for this guard to fail.
GUARDS: list[tuple[str, dict[str, Any]]] = [
    ("license_not_enabled", {"enabled": False}),
    ("blacklisted", {"blacklist": frozenset({hash_hardware_id("pc")})}),
    ("license_start_date_not_reached", {"start_date": NOW + 1}),
    ("license_expired", {"validity_period": NOW}),
    ("vm_not_allowed", {}),  # the report is that of a virtual machine
    (
        "device_transfer_not_allowed",
        {"released": 1, "last_released_by": hash_hardware_id("other"), "max_transfers": -1},
    ),
    ("user_activated_max_times", {}),  # the seat is full
    ("license_activated_max_times", {"times_activated": 5}),
]


def guarded(*codes: str) -> str:
    """The refusal of an activation where all these guards fail at once."""
    answer: dict[str, Any] = {}
    for code in codes:
        answer |= dict(GUARDS)[code]
    seat = {"activations": 2 if "user_activated_max_times" in codes else 0}
    report = replace(PC, is_vm="vm_not_allowed" in codes)
    return refusal(a_users_place(seat=seat, **answer), report, prevent_vm=True)


@pytest.mark.parametrize("code", [code for code, _ in GUARDS])
def test_each_guard_refuses_with_its_code(code: str) -> None:
    assert guarded(code) == code


@pytest.mark.parametrize(("graver", "milder"), list(combinations([code for code, _ in GUARDS], 2)))
def test_of_two_reasons_the_graver_is_reported(graver: str, milder: str) -> None:
    assert guarded(graver, milder) == graver


def test_where_everything_is_wrong_the_gravest_reason_is_reported() -> None:
    assert guarded(*(code for code, _ in GUARDS)) == "license_not_enabled"


def test_a_license_that_is_absent_is_told_before_anything_else() -> None:
    absent = Snapshot(None, device=a_device())
    unassigned = replace(a_users_place(enabled=False), seat=None)
    for snapshot in (absent, unassigned):
        assert refusal(snapshot) == "license_not_found"
        for act in (lambda snapshot: guard_live_device(snapshot, "pc"), decide_deactivation):
            with pytest.raises(SeatkeeperError, match="license_not_found"):
                act(snapshot)


def test_a_spent_transfer_limit_stands_in_the_order_where_a_forbidden_transfer_does() -> None:
    spent: dict[str, Any] = {
        "released": 1,
        "last_released_by": hash_hardware_id("other"),
        "max_transfers": 2,
        "transfer_count": 2,
    }
    assert refusal(a_users_place(seat={"activations": 2}, times_activated=5, **spent)) == (
        "device_transfer_limit_reached"
    )
    assert refusal(a_users_place(validity_period=NOW, **spent)) == "license_expired"


# --- each guard at its edge -----------------------------------------------------------------------------------


def test_the_start_date_is_reached_at_its_very_millisecond() -> None:
    license = a_license(start_date=NOW)
    assert refusal(Snapshot(license), now=NOW - 1) == "license_start_date_not_reached"
    assert grant(Snapshot(license), now=NOW)


def test_an_expired_license_grants_nothing_from_the_very_millisecond_after_its_grace() -> None:
    license = a_license(validity_period=NOW, grace_period=2)
    assert grant(Snapshot(license), now=NOW + 2 * HOUR - 1)
    assert refusal(Snapshot(license), now=NOW + 2 * HOUR) == "license_expired"


@pytest.mark.parametrize(
    ("prevent_vm", "is_vm", "refused"),
    [(True, True, True), (True, False, False), (True, None, False), (False, True, False), (False, False, False)],
)
def test_a_virtual_machine_is_refused_where_it_says_so_and_the_product_forbids_it(
    prevent_vm: bool, is_vm: bool | None, refused: bool
) -> None:
    report = replace(PC, is_vm=is_vm)
    if refused:
        assert refusal(Snapshot(a_license()), report, prevent_vm=prevent_vm) == "vm_not_allowed"
    else:
        assert grant(Snapshot(a_license()), report, prevent_vm=prevent_vm)


@pytest.mark.parametrize("of_product", [False, True])
def test_what_a_license_says_of_virtual_machines_stands_before_its_product(of_product: bool) -> None:
    report = replace(PC, is_vm=True)
    assert refusal(Snapshot(a_license(prevent_vm=True)), report, prevent_vm=of_product) == "vm_not_allowed"
    assert grant(Snapshot(a_license(prevent_vm=False)), report, prevent_vm=of_product)
    assert grant(Snapshot(a_license(prevent_vm=True)), replace(PC, is_vm=False), prevent_vm=of_product)


def test_the_license_grants_its_last_place_and_none_beyond() -> None:
    assert grant(Snapshot(a_license(times_activated=4)))
    assert refusal(Snapshot(a_license(times_activated=5))) == "license_activated_max_times"
    assert refusal(Snapshot(a_license(times_activated=9))) == "license_activated_max_times"
    assert refusal(Snapshot(a_license(max_activations=0))) == "license_activated_max_times"
    assert grant(Snapshot(a_license(max_activations=None, times_activated=1_000_000)))


def test_the_seat_grants_its_last_place_and_none_beyond() -> None:
    assert grant(a_users_place(seat={"activations": 1}))
    assert refusal(a_users_place(seat={"activations": 2})) == "user_activated_max_times"
    assert refusal(a_users_place(seat={"max_activations": 0})) == "user_activated_max_times"
    assert grant(a_users_place(seat={"activations": 99, "max_activations": None}, max_activations=None))


def test_a_seat_begins_to_count_anew_when_the_license_was_reset() -> None:
    assert grant(a_users_place(seat={"activations": 2, "license_epoch": 0}, epoch=1))


# --- the rate -----------------------------------------------------------------------------------------------


def test_an_empty_bucket_is_the_mildest_reason_and_says_when_to_come_again() -> None:
    bucket = bucket_of(5, LEAST_CHANGES)
    last, empty = bucket.latest(NOW), bucket.latest(NOW) + 1
    assert grant(Snapshot(a_license(bucket_full_at=last)))
    assert refusal(Snapshot(a_license(bucket_full_at=empty))) == "rate_limit_exceeded"
    assert refusal(Snapshot(a_license(bucket_full_at=empty, times_activated=5))) == "license_activated_max_times"
    with pytest.raises(SeatkeeperError) as refused:
        grant(Snapshot(a_license(bucket_full_at=last + 1500)))
    assert refused.value.retry_after == 2


@pytest.mark.parametrize("own_devices", [2, None])
def test_a_users_own_bucket_is_as_mild_a_reason_and_stands_beside_the_licenses(own_devices: int | None) -> None:
    own = bucket_of(5, LEAST_CHANGES).share(own_devices)

    def snapshot(full_at: int | None, **license: Any) -> Snapshot:
        return a_users_place(seat={"max_activations": own_devices, "bucket_full_at": full_at}, **license)

    last, empty = own.latest(NOW), own.latest(NOW) + 1
    assert grant(snapshot(last))
    assert refusal(snapshot(empty)) == "rate_limit_exceeded"
    assert grant(snapshot(empty), now=NOW + 1)
    assert refusal(snapshot(empty, times_activated=5)) == "license_activated_max_times"


@pytest.mark.parametrize(
    ("of_license", "of_user", "wait", "why"),
    [(1500, 0, 2, "license"), (0, 2500, 3, "user"), (9000, 2500, 9, "license"), (2500, 9001, 10, "user")],
)
def test_of_two_empty_buckets_the_one_that_waits_longer_says_when(
    of_license: int, of_user: int, wait: int, why: str
) -> None:
    whole = bucket_of(5, LEAST_CHANGES)
    seat = {"bucket_full_at": whole.share(2).latest(NOW) + of_user}
    with pytest.raises(SeatkeeperError) as refused:
        grant(a_users_place(seat=seat, bucket_full_at=whole.latest(NOW) + of_license))
    assert refused.value.retry_after == wait
    assert refused.value.params["of"] == why


def test_an_activation_by_a_user_takes_a_change_out_of_both_buckets() -> None:
    snapshot, whole = a_users_place(), bucket_of(5, LEAST_CHANGES)
    after = apply_activation(snapshot, grant(snapshot), PC, NOW)
    assert after.license is not None
    assert after.seat is not None
    assert after.license.bucket_full_at == NOW + whole.interval
    assert after.seat.bucket_full_at == NOW + whole.share(2).interval > after.license.bucket_full_at


def test_a_repeat_a_check_and_a_deactivation_take_no_change_and_need_none() -> None:
    snapshot = Snapshot(a_license(times_activated=1, bucket_full_at=NOW + 99 * DAY), device=a_device())
    assert grant(snapshot).already_active
    assert apply_activation(snapshot, grant(snapshot), PC, NOW).license == snapshot.license
    assert guard_live_device(snapshot, "pc")
    assert decide_deactivation(snapshot).live


# --- repeats --------------------------------------------------------------------------------------------------


def test_a_device_that_holds_a_place_passes_all_limits_and_counts_nothing() -> None:
    full = a_license(times_activated=5, released=1, last_released_by=hash_hardware_id("other"), max_transfers=-1)
    snapshot = Snapshot(full, device=a_device())
    granted = grant(snapshot)
    assert (granted.license, granted.device_id, granted.already_active) == (full, 70, True)
    assert apply_activation(snapshot, granted, PC, NOW) is snapshot


def test_a_device_that_holds_a_place_is_still_refused_for_the_graver_reasons() -> None:
    for code, terms in GUARDS[:4]:
        assert refusal(Snapshot(a_license(**terms), device=a_device())) == code
    assert (
        refusal(Snapshot(a_license(), device=a_device()), replace(PC, is_vm=True), prevent_vm=True) == "vm_not_allowed"
    )


def test_a_device_that_comes_back_keeps_its_id_and_its_first_activation() -> None:
    off = a_device(active=False, first_activated_at=NOW - 9 * DAY)
    snapshot = Snapshot(a_license(times_activated=1, first_activated_at=NOW - 9 * DAY), device=off)
    after = apply_activation(snapshot, grant(snapshot), PC, NOW)
    assert after.device is not None
    assert (after.device.id, after.device.first_activated_at, after.device.activated_at) == (70, NOW - 9 * DAY, NOW)


def test_the_answer_to_an_activation_shows_the_place_taken() -> None:
    snapshot = a_users_place(
        seat={"activations": 1}, times_activated=1, released=1, last_released_by="x", transfer_count=2
    )
    after = apply_activation(snapshot, grant(snapshot), DeviceReport("pc", hostname="host"), NOW)
    assert after.license is not None
    assert after.device is not None
    assert after.seat is not None
    assert (after.license.times_activated, after.license.transfer_count, after.seat.activations) == (2, 3, 2)
    assert (after.license.first_activated_at, after.device.hostname, after.device.user_id) == (NOW, "host", 700)
    assert is_live(after.device, after.license, after.seat)


# --- valid_duration -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first_activation", "duration", "validity_period"),
    [
        ("2026-11-24T06:00:00.001Z", "30d", "2026-12-24T06:00:00.001Z"),
        ("2027-01-31T23:59:59.999Z", "1m", "2027-02-28T23:59:59.999Z"),
        ("2028-01-31T12:00:00Z", "1m", "2028-02-29T12:00:00Z"),
        ("2028-02-29T12:00:00Z", "1y", "2029-02-28T12:00:00Z"),
        ("2026-08-31T00:00:00Z", "6m", "2027-02-28T00:00:00Z"),
        ("2026-12-31T23:00:00Z", "24h", "2027-01-01T23:00:00Z"),
    ],
)
def test_a_duration_starts_at_the_first_activation(first_activation: str, duration: str, validity_period: str) -> None:
    now = from_iso(first_activation)
    license = a_license(license_type="time-limited", valid_duration=duration)
    after = apply_activation(Snapshot(license), grant(Snapshot(license), now=now), PC, now).license
    assert after is not None
    assert (after.validity_period, after.notified_until) == (from_iso(validity_period), now)


def test_a_duration_starts_only_once() -> None:
    begun = a_license(valid_duration="30d", first_activated_at=NOW - DAY, validity_period=NOW + 29 * DAY)
    granted = grant(Snapshot(begun))
    assert not granted.is_first
    after = apply_activation(Snapshot(begun), granted, PC, NOW).license
    assert after is not None
    assert after.validity_period == NOW + 29 * DAY


def test_a_license_without_a_duration_gets_no_end() -> None:
    after = apply_activation(Snapshot(a_license()), grant(Snapshot(a_license())), PC, NOW).license
    assert after is not None
    assert (after.validity_period, after.notified_until, after.first_activated_at) == (None, None, NOW)


# --- transfers ------------------------------------------------------------------------------------------------


def released(by: str | None, count: int = 1, **expected: Any) -> Snapshot:
    """A license on which so many places were given up, the last of them by this device."""
    hardware_hash = None if by is None else hash_hardware_id(by)
    return Snapshot(a_license(released=count, last_released_by=hardware_hash, **expected))


def test_a_new_device_on_a_free_place_is_no_transfer() -> None:
    for max_transfers in (-1, 0, 1):
        granted = grant(Snapshot(a_license(times_activated=3, max_transfers=max_transfers)))
        assert (granted.transfer, granted.takes_released) == (False, False)


def test_the_device_that_was_last_active_comes_back_without_a_transfer() -> None:
    for max_transfers in (-1, 0, 1):
        granted = grant(released("pc", max_transfers=max_transfers, transfer_count=1))
        assert (granted.transfer, granted.takes_released) == (False, True)


def test_another_device_is_a_transfer_and_a_known_one_too() -> None:
    for device in (None, a_device(active=False)):
        granted = grant(replace(released("other"), device=device))
        assert (granted.transfer, granted.takes_released) == (True, True)


def test_of_two_places_given_up_the_second_return_is_a_transfer() -> None:
    assert grant(released(None, count=1)).transfer


@pytest.mark.parametrize(
    ("max_transfers", "transfer_count", "code"),
    [
        (-1, 0, "device_transfer_not_allowed"),
        (0, 0, None),
        (0, 1_000_000, None),
        (1, 0, None),
        (1, 1, "device_transfer_limit_reached"),
        (3, 2, None),
        (3, 3, "device_transfer_limit_reached"),
        (3, 4, "device_transfer_limit_reached"),
    ],
)
def test_transfers_are_forbidden_unlimited_or_limited(
    max_transfers: int, transfer_count: int, code: str | None
) -> None:
    snapshot = released("other", max_transfers=max_transfers, transfer_count=transfer_count)
    if code is None:
        assert grant(snapshot).transfer
    else:
        assert refusal(snapshot) == code


# --- check and deactivation -----------------------------------------------------------------------------------


def test_a_check_answers_a_live_device_however_the_license_has_ended() -> None:
    for terms in ({}, {"validity_period": NOW - DAY}, {"start_date": NOW + DAY}, {"max_activations": 0}):
        license = a_license(**terms)
        assert guard_live_device(Snapshot(license, device=a_device()), "pc") == (license, a_device())


@pytest.mark.parametrize(
    ("license", "device", "code"),
    [
        ({"enabled": False}, a_device(), "license_not_enabled"),
        ({"blacklist": frozenset({hash_hardware_id("pc")})}, a_device(), "blacklisted"),
        ({"blacklist": frozenset({hash_hardware_id("pc")})}, None, "blacklisted"),
        ({}, None, "device_not_found"),
        ({}, a_device(active=False), "device_not_found"),
        ({"epoch": 1}, a_device(), "device_not_found"),
    ],
)
def test_a_check_is_refused_with_the_gravest_reason(license: dict[str, Any], device: Device | None, code: str) -> None:
    with pytest.raises(SeatkeeperError, match=f"^{code}$"):
        guard_live_device(Snapshot(a_license(**license), device=device), "pc")


@pytest.mark.parametrize(
    "license",
    [
        a_license(),
        a_license(enabled=False),
        a_license(validity_period=NOW - DAY),
        a_license(blacklist=frozenset({hash_hardware_id("pc")})),
    ],
    ids=["usual", "disabled", "expired", "blacklisted"],
)
def test_a_place_can_be_given_back_on_a_license_in_any_state(license: License) -> None:
    assert decide_deactivation(Snapshot(license, device=a_device())).live


def test_giving_back_again_is_a_repeat_and_by_a_stranger_a_refusal() -> None:
    assert not decide_deactivation(Snapshot(a_license(), device=a_device(active=False))).live
    assert not decide_deactivation(Snapshot(a_license(epoch=1), device=a_device())).live
    with pytest.raises(SeatkeeperError, match="device_not_found"):
        decide_deactivation(Snapshot(a_license()))


def test_a_check_is_noted_once_in_a_quarter_of_an_hour() -> None:
    device = a_device(last_check_at=NOW)
    assert not check_is_due(device, NOW)
    assert not check_is_due(device, NOW + CHECK_INTERVAL_MS - 1)
    assert check_is_due(device, NOW + CHECK_INTERVAL_MS)


def test_a_use_is_noted_once_in_twelve_hours() -> None:
    assert use_is_due(a_seat(), NOW)
    seat = a_seat(last_used_at=NOW)
    assert not use_is_due(seat, NOW + USE_INTERVAL_MS - 1)
    assert use_is_due(seat, NOW + USE_INTERVAL_MS)
