"""Ids of one millisecond may be equal: whoever draws another's id draws again."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.domain.ids import DEVICE_STEP
from chalicelib.store import activations
from chalicelib.usecases.customer_accounts import create_customer_account
from chalicelib.usecases.customer_labels import create_customer_label
from chalicelib.usecases.customers import create_customer
from chalicelib.usecases.replace_user import replace_user
from tests.store.adoption_cases import add
from tests.support import ADMIN, Vendor


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[int]], None]:
    """Says what the random parts of the next ids are; those after them are counted up."""

    def say(first: list[int]) -> None:
        def numbers() -> Iterator[int]:
            yield from first
            yield from range(100, 4096)

        drawn = numbers()
        monkeypatch.setattr("chalicelib.domain.ids.secrets.randbits", lambda _bits: next(drawn))

    return say


def test_two_licenses_of_one_millisecond_get_different_ids(vendor: Vendor, draw: Callable[[list[int]], None]) -> None:
    draw([7, 7])
    assert vendor.issue().id != vendor.issue().id


def test_where_a_millisecond_is_full_the_ids_of_the_next_are_taken(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.domain.ids.secrets.randbits", lambda _bits: 7)
    licenses = [vendor.issue() for _ in range(3)]
    assert len({license.id for license in licenses}) == 3
    assert {license.created_at for license in licenses} == {vendor.now}


def test_two_users_of_one_millisecond_get_different_ids(vendor: Vendor, draw: Callable[[list[int]], None]) -> None:
    license = vendor.issue("revit", max_license_users=2)
    draw([7, 8, 7])  # the first user, that seat, the second user
    first, second = vendor.assign(license, "one@customer.test")[0], vendor.assign(license, "two@customer.test")[0]
    assert first.id != second.id
    assert vendor.stored(license).users_assigned == 2


def test_who_comes_in_the_millisecond_of_who_leaves_gets_another_id(
    vendor: Vendor, draw: Callable[[list[int]], None]
) -> None:
    license = vendor.issue("revit", max_license_users=1)
    draw([7, 8, 7])  # who leaves, that seat, who comes
    left = vendor.assign(license, "one@customer.test")[0]
    _, _, came = replace_user(vendor.code, license.id, left.email, "two@customer.test", ADMIN, now=vendor.now)
    assert came.id != left.id
    assert vendor.differences() == []


def test_two_managers_of_one_millisecond_get_different_ids(vendor: Vendor, draw: Callable[[list[int]], None]) -> None:
    draw([7, 8, 7])  # the first manager, that license, the second manager
    vendor.issue("revit", manager="one@customer.test")
    vendor.issue("revit", manager="two@customer.test")


def test_two_devices_of_one_second_get_different_ids(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr("chalicelib.domain.ids.secrets.randbelow", lambda _most: next(drawn))
    license = vendor.issue()
    for hardware_id in ("pc", "laptop"):
        vendor.activate(license, hardware_id)
    first, second = (device.id for device in activations.devices(vendor.code, license.id))
    assert abs(first - second) == DEVICE_STEP
    assert vendor.stored(license).times_activated == 2
    assert vendor.differences() == []


def test_devices_that_one_write_makes_get_different_ids(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr("chalicelib.domain.ids.secrets.randbelow", lambda _most: next(drawn))
    license = vendor.issue(max_activations=2)
    assert add(vendor, license, "old-1", "old-2") == 2
    first, second = (device.id for device in activations.devices(vendor.code, license.id))
    assert abs(first - second) == DEVICE_STEP


def test_two_customers_of_one_millisecond_get_different_ids(vendor: Vendor, draw: Callable[[list[int]], None]) -> None:
    draw([7, 7, 8])
    made = [create_customer(vendor.code, f"{name}@other.test", {}, ADMIN, now=vendor.now) for name in ("ann", "bob")]
    assert made[0].id != made[1].id


def test_two_accounts_or_labels_of_one_millisecond_get_different_ids(
    vendor: Vendor, draw: Callable[[list[int]], None]
) -> None:
    draw([7, 7, 8, 7, 7, 8])
    accounts = [create_customer_account(vendor.code, {"name": name}, ADMIN, now=vendor.now) for name in "ab"]
    labels = [create_customer_label(vendor.code, name, "#ff0000", ADMIN, now=vendor.now) for name in "ab"]
    assert len({one.id for one in accounts}) == len({one.id for one in labels}) == 2
