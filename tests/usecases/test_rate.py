"""How fast places are taken: one key moves none without end, and one user not those that the others wait for."""

from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.runtime import runtime
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_license import reset_license
from chalicelib.usecases.change_seat import remove_user, reset_activations, set_max_activations
from tests.support import ADMIN, HOUR, NOW, ChangeRuntime, Vendor
from tests.usecases.support import kinds, refused

ADA, BOB, EVE = "ada@customer.test", "bob@customer.test", "eve@customer.test"


@pytest.fixture
def slow(change_runtime: ChangeRuntime) -> None:
    """Four changes an hour."""
    few = runtime().settings.model_copy(update={"license_changes_per_hour": 4})
    change_runtime(settings=few)


def moves(vendor: Vendor, license: License, hardware_id: str, now: int) -> bool:
    """Whether a device gets a place and gives it back; the license has room for it."""
    try:
        vendor.activate(license, hardware_id, now=now)
    except SeatkeeperError as refused:
        assert (refused.code, refused.retry_after) == ("rate_limit_exceeded", 900)
        return False
    vendor.deactivate(license, hardware_id, now=now)
    return True


@pytest.mark.usefixtures("slow")
def test_one_key_moves_places_no_faster_than_its_rate_and_a_refusal_leaves_nothing(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    assert [moves(vendor, license, f"pc {n}", NOW) for n in range(6)] == [True] * 4 + [False] * 2
    assert [moves(vendor, license, "pc 0", NOW + HOUR // 4) for _ in range(2)] == [True, False]
    assert kinds(vendor, license).count("device_activated") == 5
    assert vendor.stored(license).times_activated == 0
    with refused("device_not_found"):
        vendor.check(license, "pc 5")


@pytest.mark.usefixtures("slow")
def test_a_license_of_many_devices_is_rolled_out_at_once(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=7)
    for again in range(2):
        for number in range(7):
            vendor.activate(license, f"pc {number} {again}")
        reset_license(vendor.code, license.id, ADMIN, now=NOW)
    with refused("rate_limit_exceeded"):
        vendor.activate(license, "pc")


@pytest.mark.usefixtures("slow")
def test_repeats_are_free_of_the_rate(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    for number in range(4):
        moves(vendor, license, f"pc {number}", NOW - 1000 * HOUR)
    vendor.activate(license, "pc", now=NOW)
    for _ in range(9):
        assert vendor.activate(license, "pc", now=NOW).device
        assert vendor.check(license, "pc", now=NOW).device


def churns(vendor: Vendor, who: str, password: str | None, now: int, **more: Any) -> int:
    """How often one user moves a place before the rate stops it."""
    for count in range(99):
        try:
            vendor.activate(who, f"{who} {count}", password, now=now, **more)
        except SeatkeeperError as refused:
            assert refused.code == "rate_limit_exceeded"
            return count
        vendor.deactivate(who, f"{who} {count}", now=now, **more)
    raise AssertionError("nothing stops it")


@pytest.fixture
def brisk(change_runtime: ChangeRuntime) -> None:
    """Twenty changes an hour: four of them for one user of few devices."""
    twenty = runtime().settings.model_copy(update={"license_changes_per_hour": 20})
    change_runtime(settings=twenty)


@pytest.mark.usefixtures("brisk")
def test_one_user_who_moves_without_end_keeps_no_colleague_from_a_first_place(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=3)
    passwords = {user: vendor.assign(license, user)[1] for user in (ADA, BOB, EVE)}
    assert churns(vendor, ADA, passwords[ADA], NOW) == 4
    for colleague in (BOB, EVE):
        assert vendor.activate(colleague, "pc", passwords[colleague], now=NOW).device
    assert churns(vendor, ADA, passwords[ADA], NOW + HOUR // 2) == 2, "what an hour brings back, and no more"
    vendor.deactivate(BOB, "pc", now=NOW + HOUR // 2)
    assert churns(vendor, BOB, passwords[BOB], NOW + HOUR // 2) == 4


@pytest.mark.usefixtures("brisk")
def test_nothing_that_a_user_does_fills_the_own_bucket_and_no_reset_either(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1, max_activations=3)
    user, password = vendor.assign(license, ADA)
    assert churns(vendor, ADA, password, NOW) == 4
    vendor.activate(ADA, "pc", password, now=NOW + HOUR // 4)
    of_user = Actor(f"user:{ADA}")
    later = NOW + HOUR // 4
    reset_device(vendor.code, license.id, "pc", of_user, user_id=user.id, now=later)
    reset_activations(vendor.code, license.id, ADA, of_user, now=later)
    reset_license(vendor.code, license.id, ADMIN, now=later)
    set_max_activations(vendor.code, license.id, ADA, 1, ADMIN, now=later)
    change_email(vendor.code, license.id, ADA, BOB, ADMIN, manager_id=None, now=later)
    with refused("rate_limit_exceeded"):
        vendor.activate(BOB, "pc", password, now=later)
    remove_user(vendor.code, license.id, BOB, ADMIN, now=later)
    _, anew = vendor.assign(license, BOB)
    assert vendor.activate(BOB, "pc", anew or password, now=later).device, "a manager gives a new one with a new seat"


@pytest.mark.usefixtures("brisk")
def test_a_user_of_many_devices_brings_all_of_them_at_once_and_again(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2, max_activations=9)
    _, password = vendor.assign(license, ADA, 6)
    for again in range(2):
        for number in range(6):
            vendor.activate(ADA, f"pc {number} {again}", password)
        reset_activations(vendor.code, license.id, ADA, ADMIN, now=NOW)
    with refused("rate_limit_exceeded"):
        vendor.activate(ADA, "pc", password)


@pytest.mark.usefixtures("brisk")
def test_one_user_at_many_places_at_once_takes_what_the_own_bucket_holds_and_no_more(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, ADA, 3)  # six changes

    def activate_one(number: int) -> None:
        try:
            vendor.activate(ADA, f"pc {number}", password)
        except SeatkeeperError as refused:
            assert refused.code in {"rate_limit_exceeded", "user_activated_max_times"}
        else:
            vendor.deactivate(ADA, f"pc {number}")

    with ThreadPool(8) as threads:
        for _ in range(3):
            list(threads.map(activate_one, range(8)))
    assert kinds(vendor, license).count("device_activated") == 6


@pytest.mark.usefixtures("slow")
def test_many_at_once_take_what_the_bucket_holds_and_no_more(vendor: Vendor) -> None:
    """As many as it holds also where all have read that it is full."""
    license = vendor.issue(max_activations=3)  # a bucket of six

    def activate_one(number: int) -> bool:
        try:
            vendor.activate(license, f"pc {number}")
        except SeatkeeperError as refused:
            assert refused.code in {"rate_limit_exceeded", "license_activated_max_times"}
            return False
        vendor.deactivate(license, f"pc {number}")
        return True

    with ThreadPool(8) as threads:
        for _ in range(3):
            list(threads.map(activate_one, range(8)))
    assert kinds(vendor, license).count("device_activated") == 6
