"""The conditions of an activation say what was decided: at the edge of each bucket of changes, on both sides of it."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.activation import ActivationDecision, Snapshot, decide_activation, seat_bucket
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Event
from chalicelib.domain.license import DeviceReport, License, Seat
from chalicelib.domain.rate import Bucket
from chalicelib.store import activations, database, writes
from chalicelib.store.items.licenses import LicenseItem, SeatItem
from chalicelib.store.keys import license_pk, seat_sort_key
from chalicelib.usecases.change_terms import change_terms
from tests.store.seam import Request, noted
from tests.support import ADMIN, HOUR, NOW, Vendor

ADA = "ada@customer.test"
PC = DeviceReport("pc")


class Site:
    """A license with one seat, and the two buckets that an activation takes a change out of."""

    def __init__(self, vendor: Vendor, bucket: str) -> None:
        self.license: License = vendor.issue("revit", max_license_users=1)
        user, _ = vendor.assign(self.license, ADA)
        self.user_id, self.of_seat = user.id, bucket == "the user's"

    def read(self) -> tuple[Snapshot, License, Seat]:
        snapshot = activations.read_snapshot(
            self.license.company, self.license.id, PC.hardware_id, self.user_id, consistent=True
        )
        assert snapshot.license is not None
        assert snapshot.seat is not None
        return snapshot, snapshot.license, snapshot.seat

    def fill(self, at: int) -> None:
        """That the bucket is full again at this instant."""
        pk = license_pk(self.license.company, self.license.id)
        item: Any = SeatItem(pk, seat_sort_key(self.user_id)) if self.of_seat else LicenseItem(pk, "license")
        writes.update(item, [type(item).bucket_full_at.set(at)])

    def bucket(self) -> Bucket:
        snapshot, license, seat = self.read()
        whole = decided(snapshot).bucket
        return seat_bucket(license, seat, whole) if self.of_seat else whole

    def stored(self) -> int | None:
        _, license, seat = self.read()
        return (seat if self.of_seat else license).bucket_full_at


def decided(snapshot: Snapshot) -> ActivationDecision:
    return decide_activation(snapshot, PC, prevent_vm=False, now=NOW)


def grants(snapshot: Snapshot) -> bool:
    try:
        decided(snapshot)
    except SeatkeeperError as refused:
        assert refused.code == "rate_limit_exceeded"
        return False
    return True


def commits(seen: Snapshot) -> bool:
    event = Event.new("device_activated", ADMIN, NOW, hardware_id=PC.hardware_id)
    try:
        activations.activate(seen, decided(seen), PC, event)
    except database.ConditionFailed:
        return False
    return True


@pytest.mark.parametrize("bucket", ["the license's", "the user's"])
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_place_is_taken_as_long_as_there_is_a_change_and_not_a_millisecond_more(
    vendor: Vendor, bucket: str, beyond: int
) -> None:
    site = Site(vendor, bucket)
    site.fill(NOW + 1)
    seen, *_ = site.read()
    edge = site.bucket().latest(NOW) + beyond
    site.fill(edge)
    assert grants(site.read()[0]) == commits(seen) == (beyond == 0)
    assert site.stored() == edge + (0 if beyond else site.bucket().interval)


@pytest.mark.parametrize("bucket", ["the license's", "the user's"])
@pytest.mark.parametrize("beyond", [0, 1])
def test_a_bucket_that_was_seen_full_is_begun_anew_by_one_alone(vendor: Vendor, bucket: str, beyond: int) -> None:
    site = Site(vendor, bucket)
    seen, *_ = site.read()
    site.fill(NOW + beyond)  # a change was taken since, unless it is full again
    assert commits(seen) == (beyond == 0)
    assert site.stored() == NOW + (beyond or site.bucket().interval)
    assert grants(site.read()[0])


def test_who_has_not_seen_the_first_activation_is_not_the_first(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=2)
    seen = activations.read_snapshot(vendor.code, license.id, PC.hardware_id, None, consistent=True)
    vendor.activate(license, "another", now=NOW - HOUR)  # so that the bucket is full again
    assert decided(seen).is_first
    assert not commits(seen)
    vendor.activate(license, PC.hardware_id)
    details = {event.hardware_id: event.detail for event in vendor.history(license)}
    assert (details["another"], details[PC.hardware_id]) == ({"first": 1}, {})


@pytest.mark.parametrize(
    ("hardware_id", "blocks", "most"), [("pc", True, 20), ("pc", False, 25), (None, True, 33)], ids=str
)
@pytest.mark.parametrize("consistent", [True, False])
def test_as_many_are_read_at_once_as_the_database_answers(
    hardware_id: str | None, blocks: bool, most: int, consistent: bool
) -> None:
    for count, rounds in ((1, 1), (most, 1), (most + 1, 2)):
        asked: list[Request] = []
        with noted(asked.append):
            wanted = [(number, 1) for number in range(count)]
            found = activations.read_snapshots("ACME", wanted, hardware_id, consistent=consistent, blocks=blocks)
        assert (len(found), len(asked)) == (count, rounds)


@pytest.mark.parametrize("seen_as", [None, False])
@pytest.mark.parametrize("on_vm", [False, True])
def test_a_virtual_machine_is_let_in_by_what_the_license_says_at_the_write(
    vendor: Vendor, seen_as: bool | None, on_vm: bool
) -> None:
    license = vendor.issue(prevent_vm=seen_as)
    report = replace(PC, is_vm=on_vm)
    seen = activations.read_snapshot(vendor.code, license.id, PC.hardware_id, None, consistent=True)
    decision = decide_activation(seen, report, prevent_vm=False, now=NOW)
    change_terms(vendor.code, license.id, {"prevent_vm": True}, ADMIN, now=NOW)
    event = Event.new("device_activated", ADMIN, NOW, hardware_id=PC.hardware_id)
    if on_vm:
        with pytest.raises(database.ConditionFailed):
            activations.activate(seen, decision, report, event)
    else:
        activations.activate(seen, decision, report, event)
    assert vendor.stored(license).times_activated == (not on_vm)
