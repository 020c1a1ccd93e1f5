"""What cannot be read of webhooks keeps nothing else waiting, is logged, and named by the audit."""

import pytest

from chalicelib.store import database
from chalicelib.store.deliveries import log, logged_between, pending
from chalicelib.store.reads import MAX_LOGGED
from chalicelib.usecases import file_events
from chalicelib.usecases.audit import audit_webhooks
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import find_endpoint, find_endpoints, send_test
from tests.store.seam import ask, every_item
from tests.support import ADMIN, Vendor
from tests.usecases.receivers import Receivers, listen

MINUTE = 60_000


def spoil(vendor: Vendor, table: str, *beginnings: str) -> list[str]:
    """Let nothing but the keys be right of a company's items whose sort keys begin so; answers these."""
    spoiled, name = list[str](), database.connection().table_name(table)
    for raw in every_item(table):
        if raw["part"]["S"].startswith(beginnings) and vendor.code in raw["pk"]["S"]:
            spoiled.append(raw["part"]["S"])
            right = {name: raw[name] if name in ("pk", "part") else {"M": {}} for name in raw}
            ask("PutItem", TableName=name, Item=right)
    return spoiled


def named(vendor: Vendor) -> set[str]:
    """Of what the audit says that it cannot be read, the sort keys."""
    faults = (fault for _, some in audit_webhooks(vendor.code) for fault in some)
    return {str(fault.params["item"]).partition(", ")[2] for fault in faults if fault.code == "item_unreadable"}


def unread(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The sort keys of what is logged as not to be read."""
    logged = (record.getMessage() for record in caplog.records)
    return [line.partition(", ")[2].partition(" cannot")[0] for line in logged if line.endswith("cannot be read")]


def test_what_waits_or_was_delivered_and_cannot_be_read_is_logged_and_named(
    vendor: Vendor, receivers: Receivers, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint, later = find_endpoint(vendor.code, listen(vendor, "license.activated")), vendor.now + MINUTE
    vendor.activate(vendor.issue(), "HW-1", now=later)
    deliver_events(now=later)
    send_test(vendor.code, endpoint.id, ADMIN, now=later)
    [waiting], [logged] = spoil(vendor, "licenses", "pending#"), spoil(vendor, "licenses", "log#")
    [number] = spoil(vendor, "licenses", "sequence#")
    walks = (pending(endpoint), logged_between(endpoint, 0, later), log(endpoint))
    assert [list(walk) for walk in walks] == [[], [], []]
    assert unread(caplog) == [waiting, logged, logged]
    assert named(vendor) == {waiting, logged, number}


def test_a_webhook_that_cannot_be_read_is_logged_and_named(
    vendor: Vendor, receivers: Receivers, caplog: pytest.LogCaptureFixture
) -> None:
    listen(vendor)
    [webhook] = spoil(vendor, "accounts", "webhook#")
    other = listen(vendor, url="https://other.example/")
    caplog.clear()
    assert [endpoint.id for endpoint in find_endpoints(vendor.code)] == [other]
    assert unread(caplog) == [webhook]
    assert named(vendor) == {webhook}


@pytest.mark.parametrize(("most", "delivered"), [(99, 3), (60, 0)], ids=["pass", "too many to pass"])
def test_events_that_cannot_be_read_keep_those_behind_them_from_nothing(
    vendor: Vendor,
    receivers: Receivers,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
    delivered: int,
) -> None:
    monkeypatch.setattr(file_events, "_FILED_AT_ONCE", 10)
    monkeypatch.setattr(file_events, "_PASSED_AT_MOST", most)
    listen(vendor, "license.activated")
    license = vendor.issue(max_activations=None)
    for number in range(63):
        vendor.activate(license, f"HW-{number}", now=vendor.now + MINUTE + number)
    spoiled = spoil(vendor, "licenses", *(f"at#{vendor.now + MINUTE + number}" for number in range(60)))
    assert deliver_events(now=vendor.now + 2 * MINUTE)["delivered"] == delivered
    assert unread(caplog)[:MAX_LOGGED] == spoiled[:MAX_LOGGED]
    assert caplog.messages.count("more items cannot be read") == (2 if delivered else 1)
    assert named(vendor) == set(spoiled)
