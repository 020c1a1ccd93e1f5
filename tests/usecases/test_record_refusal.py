"""Refused calls leave records that support can find, and nobody multiplies what they cost."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import refusals as kept_refusals
from chalicelib.domain.refusals import KEPT, KEPT_MS
from chalicelib.store import reads, refusals, writes
from chalicelib.store.items.events import RefusalItem
from chalicelib.store.keys import refusals_pk
from chalicelib.usecases.record_refusal import record_refusal
from tests.support import HOUR, NOW, Vendor
from tests.usecases.refusals import a_refusal, recorded
from tests.usecases.support import calls_counted

STORM = 10_000
MOST_WRITES = 61
"""Of one license in one instant: what the bucket holds; and it fills a little."""


def test_what_is_refused_alike_within_an_hour_is_one_record_that_tells_of_first_and_last(vendor: Vendor) -> None:
    first: Any = a_refusal(7, at=NOW - NOW % HOUR, request_id="first", ip="192.0.2.1", limit=4, used=4)
    record_refusal(vendor.code, first)
    for number in range(10):
        record_refusal(vendor.code, replace(first, at=first.at + 1000 * number, request_id="between", ip="192.0.2.2"))
    last = replace(first, at=first.at + 20_000, request_id="last", ip="192.0.2.3", limit=5, used=5, hostname="desk")
    record_refusal(vendor.code, last)
    answer = {"last_at": last.at, "last_ip": "192.0.2.3", "last_request_id": "last", "hostname": "desk"}
    kept = {name: getattr(first, name) for name in ("at", "ip", "request_id", "hardware_id", "code")}
    assert recorded(vendor, 7) == [a_refusal(7, **(kept | answer), times=12, limit=5, used=5)]
    record_refusal(vendor.code, replace(first, at=first.at + HOUR))
    assert [(refusal.at, refusal.times) for refusal in recorded(vendor, 7)] == [(first.at + HOUR, 1), (first.at, 12)]


@pytest.mark.parametrize("differs", ["call", "code", "product", "email", "hardware_id", "license_id"])
def test_what_is_refused_otherwise_is_a_record_of_its_own(vendor: Vendor, differs: str) -> None:
    one: Any = a_refusal(7, "ada@customer.test")
    other = replace(one, **{differs: 8 if differs == "license_id" else "license_expired"})
    record_refusal(vendor.code, one)
    record_refusal(vendor.code, other)
    found = recorded(vendor, one.license_id) + (recorded(vendor, 8) if differs == "license_id" else [])
    assert [refusal.times for refusal in found] == [1, 1]


@pytest.mark.parametrize(
    ("license_id", "varied"), [(7, "nothing"), (7, "devices"), (None, "devices and addresses")], ids=str
)
def test_a_storm_of_refused_calls_writes_little_and_keeps_little(
    vendor: Vendor, license_id: int | None, varied: str
) -> None:
    with calls_counted() as sent:
        for number in range(STORM):
            device = f"pc {number}" if "devices" in varied else "pc"
            ip = f"198.51.{number // 256}.{number % 256}" if "addresses" in varied else "198.51.100.1"
            record_refusal(vendor.code, a_refusal(license_id, hardware_id=device, ip=ip))
            assert len(sent) <= 2 * MOST_WRITES, number
    calls = Counter(sent)
    assert 0 < calls["UpdateItem"] <= MOST_WRITES
    assert len(recorded(vendor, license_id)) <= MOST_WRITES


def test_whoever_storms_leaves_room_for_the_others_of_the_license(vendor: Vendor) -> None:
    for number in range(1000):
        record_refusal(vendor.code, a_refusal(7, hardware_id=f"made up {number}", ip="198.51.100.1"))
    record_refusal(vendor.code, a_refusal(7, hardware_id="honest", ip="203.0.113.9"))
    record_refusal(vendor.code, a_refusal(8, hardware_id="other license", ip="198.51.100.1"))
    assert "honest" in [refusal.hardware_id for refusal in recorded(vendor, 7)]
    assert len(recorded(vendor, 8)) == 1


def test_a_clock_that_was_set_back_takes_no_room(vendor: Vendor) -> None:
    for number, at in enumerate((NOW + 100 * HOUR, NOW, NOW)):
        record_refusal(vendor.code, a_refusal(7, hardware_id=f"pc {number}", at=at))
    assert len(recorded(vendor, 7)) == 3


def test_the_newest_are_kept_and_the_others_deleted(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_refusals, "KEPT", 10)
    for number in range(30):
        refusals.observe_refusal(vendor.code, a_refusal(7, hardware_id=f"pc {number}", at=NOW + number))
    refusals.observe_refusal(vendor.code, a_refusal(8))
    refusals.observe_refusal(vendor.code, a_refusal(None))
    assert [refusal.hardware_id for refusal in recorded(vendor, 7)] == [f"pc {number}" for number in range(29, 19, -1)]
    assert len(list(refusals.all_refusals(vendor.code, NOW))) == 10 + 2
    later = NOW + KEPT_MS + HOUR
    assert recorded(vendor, 7, later) == [], "too old to be shown"
    for number in range(3):
        refusals.observe_refusal(vendor.code, a_refusal(7, hardware_id=f"pc {number}", at=later))
    assert len(list(reads.sort_keys(RefusalItem, refusals_pk(vendor.code)))) == 3 + 2, (
        "what is too old goes, a few each time"
    )


def test_who_is_refused_most_makes_room_and_pushes_out_nobody_else(vendor: Vendor) -> None:
    """Whoever has an application's key can be refused without end, on devices that he makes up."""
    for number in range(3):
        refusals.observe_refusal(vendor.code, a_refusal(None, hardware_id=f"honest {number}", ip=f"203.0.113.{number}"))
    for number in range(KEPT + 10):
        made_up = a_refusal(
            None, hardware_id=f"made up {number}", ip=f"2001:db8:0:{number % 256:x}::1", at=NOW + number
        )
        refusals.observe_refusal(vendor.code, made_up)
    kept = [refusal.hardware_id or "" for refusal in recorded(vendor, None, NOW + KEPT + 10)]
    assert sorted(name for name in kept if "honest" in name) == [f"honest {number}" for number in range(3)]
    assert len(kept) == KEPT == len(list(reads.sort_keys(RefusalItem, refusals_pk(vendor.code))))
    assert kept[0] == f"made up {KEPT + 9}", "the newest of each"


def test_a_failure_of_whatever_kind_is_nobodys_trouble(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults of the network and the database: tests/store/test_faults.py."""

    def bug(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(writes, "update", bug)
        record_refusal(vendor.code, a_refusal(7))
    assert recorded(vendor, 7) == []
