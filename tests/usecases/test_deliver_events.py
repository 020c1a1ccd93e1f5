"""Events leave the house: filed for whoever listens, sent until they are taken, each once where nothing goes wrong."""

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import pytest

from chalicelib import observability
from chalicelib.domain import webhooks
from chalicelib.domain.deliveries import KEPT_TRIES
from chalicelib.domain.errors import Unavailable
from chalicelib.store import database, deliveries
from chalicelib.store.deliveries import LEASE_MS, QUEUE_SHARDS, RECORDED_AT_ONCE
from chalicelib.threads import ThreadPool
from chalicelib.usecases import send_webhooks
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import (
    change_endpoint,
    delete_endpoint,
    delivery_log,
    find_endpoint,
    send_again,
    send_test,
    waiting_deliveries,
)
from chalicelib.usecases.send_webhooks import CALLS_AT_ONCE
from tests.store.faults import (
    Crash,
    Fault,
    answer_timed_out,
    crash_after,
    crash_before,
    failed,
    in_conflict,
    out_of_reach,
    server_failed,
    wire,
)
from tests.store.seam import Answer, Request, Send, ask, every_item
from tests.support import ADMIN, DAY, HOUR, Vendor
from tests.usecases.receivers import BROKEN, OK, SLOW, URL, Receivers, listen

MINUTE = 60_000
OTHER = "https://other.example/in"


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """By its first number, in seconds, is measured how long a receiver takes."""
    seconds = [0.0]
    monkeypatch.setattr(send_webhooks, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    return seconds


def test_a_change_is_told_to_who_listens(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor)
    license = vendor.issue(max_activations=2)
    later = vendor.now + MINUTE
    vendor.activate(license, "HW-1", now=later)
    vendor.deactivate(license, "HW-1", now=later + 1)
    assert deliver_events(now=later + 2)["delivered"] == 3
    assert receivers.types() == ["license.activated", "license.first_activated", "license.deactivated"]
    first = receivers.bodies()[0]
    assert first["data"]["license_key"] == license.license_key
    assert first["data"]["device"] == {"hardware_id": "HW-1", "hostname": None}


def test_what_is_delivered_is_not_sent_again(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor)
    vendor.activate(vendor.issue(), "HW-1", now=vendor.now + MINUTE)
    deliver_events(now=vendor.now + MINUTE + 1)
    assert deliver_events(now=vendor.now + DAY) == {"filed": 0, "delivered": 0, "failed": 0, "given_up": 0}


def test_what_fails_is_tried_again_until_it_is_given_up_with_the_same_id(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id = with_a_test(vendor)
    for days in range(5):
        deliver_events(now=vendor.now + days * DAY)
    (given_up,) = delivery_log(vendor.code, endpoint_id)
    assert (given_up.state, given_up.next_try_at) == ("failed", None)
    assert {headers["webhook-id"] for headers in receivers.headers} == {given_up.id}
    assert {(came["status"], came["excerpt"]) for came in given_up.tries.values()} == {(500, "out of order")}


def test_the_waits_between_tries_are_those_that_are_published(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id, now = with_a_test(vendor), vendor.now
    waits = []
    for _ in range(20):
        for waiting in waiting_deliveries(vendor.code, endpoint_id):
            waits.append(((waiting.next_try_at or 0) - now) / 1000)
            now = waiting.next_try_at or 0
        deliver_events(now=now)
    published = [0, 5, 30, 300, 1800, 7200, 18000, 36000, *[43200] * 4]
    assert len(waits) in (len(published), len(published) + 1)
    assert all(0.9 * want <= wait <= 1.1 * want for wait, want in zip(waits, published, strict=False))


def test_an_endpoint_that_hangs_is_left_alone_and_keeps_no_other_waiting(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda url, _body: SLOW if url == OTHER else OK
    listen(vendor, url=OTHER)
    listen(vendor)
    license = vendor.issue(max_activations=100)
    for number in range(20):
        vendor.activate(license, f"HW-{number}", now=vendor.now + MINUTE + number)
    done = deliver_events(now=vendor.now + MINUTE + 60)
    assert done["delivered"] == len(receivers.taken) == 21
    assert done["failed"] == CALLS_AT_ONCE
    assert deliver_events(now=vendor.now + MINUTE + 61)["failed"] == 0


def test_endpoints_that_take_long_keep_nothing_from_others_that_comes_meanwhile(
    vendor: Vendor, receivers: Receivers, stopwatch: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are more of them than threads, and the one that answers at once has one alone."""
    monkeypatch.setattr(send_webhooks, "ENDPOINTS_AT_ONCE", 1)
    monkeypatch.setattr(send_webhooks, "HANGING_AT_ONCE", 1)
    slow = {f"{OTHER}/{number}": Vendor() for number in range(3)}
    endpoints = {url: listen(one, "license.activated", url=url) for url, one in slow.items()}
    listen(vendor, "license.activated")
    let_go, later = Event(), vendor.now + MINUTE

    def take_long(*_: object) -> webhooks.Answer:
        stopwatch[0] += 3
        return OK

    def hang(url: str, _body: object) -> webhooks.Answer:
        if url not in slow:
            let_go.set()
        elif not receivers.bodies():
            vendor.activate(vendor.issue(), "HW-1", now=later)
            assert let_go.wait(30), "who answers at once was sent nothing"
        return OK

    for receivers.answer, remembered in ((take_long, 3), (hang, 0)):
        for url, one in slow.items():
            send_test(one.code, endpoints[url], ADMIN, now=later)
        deliver_events(now=later)
        assert len(queues()) == remembered, "who is slow is remembered, though nothing waits, and no other"
    assert [len(receivers.bodies(url)) for url in (*slow, URL)] == [2, 2, 2, 1]


def test_an_endpoint_for_which_much_waits_has_a_turn_and_then_come_the_others(
    vendor: Vendor, receivers: Receivers, stopwatch: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_webhooks, "ENDPOINTS_AT_ONCE", 1)
    for url in (URL, OTHER):
        endpoint_id = listen(vendor, url=url)
        for _ in range(RECORDED_AT_ONCE):
            send_test(vendor.code, endpoint_id, ADMIN, now=vendor.now)

    def answer(*_: object) -> webhooks.Answer:
        stopwatch[0] += 0.1
        return OK

    receivers.answer = answer
    assert deliver_events(now=vendor.now)["delivered"] == 2 * RECORDED_AT_ONCE
    came = [url for url, _ in receivers.taken]
    assert came.index(came[-1]) < len(came) - 1 - came[::-1].index(came[0]), "one was sent all before the other had any"


def test_an_endpoint_that_has_failed_is_asked_with_one_event_first(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id = listen(vendor)
    for _ in range(30):
        send_test(vendor.code, endpoint_id, ADMIN, now=vendor.now)
    assert deliver_events(now=vendor.now)["failed"] == CALLS_AT_ONCE
    assert deliver_events(now=vendor.now + MINUTE)["failed"] == 1
    receivers.answer = lambda _url, _body: OK
    assert deliver_events(now=vendor.now + 2 * MINUTE)["delivered"] == 30


def test_a_run_whose_time_is_over_begins_no_calls_more_and_what_came_of_the_others_is_recorded(
    vendor: Vendor, receivers: Receivers
) -> None:
    endpoint_id = listen(vendor)
    for _ in range(30):
        send_test(vendor.code, endpoint_id, ADMIN, now=vendor.now)
    done = deliver_events(now=vendor.now, keep_going=lambda: receivers.calls < 2 * CALLS_AT_ONCE)
    assert (done["delivered"], len(list(delivery_log(vendor.code, endpoint_id)))) == (16, 16)
    assert deliver_events(now=vendor.now)["delivered"] == 14
    assert receivers.calls == 30


def test_an_endpoint_that_fails_for_five_days_is_disabled_and_enabled_again_is_sent_what_waits(
    vendor: Vendor, receivers: Receivers
) -> None:
    receivers.answer = lambda url, _body: OK if url == OTHER else BROKEN
    listen(vendor, "webhook.disabled", url=OTHER)
    endpoint_id = listen(vendor, "license.activated")
    fail_for(vendor, days=6)
    assert find_endpoint(vendor.code, endpoint_id).disabled_at == vendor.now + MINUTE + 5 * DAY
    assert receivers.types(OTHER) == ["webhook.disabled"]
    receivers.answer = lambda _url, _body: OK
    later = vendor.now + 6 * DAY + HOUR
    assert deliver_events(now=later)["delivered"] == 0
    change_endpoint(vendor.code, endpoint_id, ADMIN, paused=False, now=later)
    assert deliver_events(now=later)["delivered"] > 3
    failed = [d for d in delivery_log(vendor.code, endpoint_id) if d.state == "failed"]
    assert failed
    assert send_again(vendor.code, endpoint_id, since=vendor.now, until=later, now=later) == len(failed)
    assert deliver_events(now=later)["delivered"] == len(failed)


def test_an_endpoint_that_has_failed_once_is_not_disabled_by_a_pause(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id = with_a_test(vendor)
    deliver_events(now=vendor.now)
    change_endpoint(vendor.code, endpoint_id, ADMIN, paused=True, now=vendor.now)
    vendor.activate(vendor.issue(), "HW-1", now=vendor.now + 6 * DAY)
    deliver_events(now=vendor.now + 6 * DAY)
    assert find_endpoint(vendor.code, endpoint_id).disabled_at is None


def test_a_failure_after_a_silence_is_the_first_one(vendor: Vendor, receivers: Receivers) -> None:
    """Nothing happened for long, or no sender ran: that is no failing of the endpoint."""
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id, license = listen(vendor, "license.activated"), vendor.issue(max_activations=9)
    for days in (1, 6, 12):
        vendor.activate(license, f"HW-{days}", now=vendor.now + days * DAY)
        deliver_events(now=vendor.now + days * DAY)
    assert find_endpoint(vendor.code, endpoint_id).disabled_at is None


def test_an_endpoint_that_is_disabled_is_counted_once(
    vendor: Vendor, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = list[str]()
    monkeypatch.setattr(observability, "add_metric", lambda name, _value=1: counted.append(name))
    receivers.answer = lambda _url, _body: BROKEN
    listen(vendor, "license.activated")
    fail_for(vendor, days=7)
    assert counted.count(observability.ENDPOINTS_DISABLED) == 1


def test_what_is_sent_again_is_tried_as_at_first(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id = with_a_test(vendor)
    for days in range(4):
        deliver_events(now=vendor.now + days * DAY)
    later = vendor.now + 5 * DAY
    assert send_again(vendor.code, endpoint_id, since=vendor.now, until=later, now=later) == 1
    deliver_events(now=later)
    (waiting,) = waiting_deliveries(vendor.code, endpoint_id)
    assert 4500 <= (waiting.next_try_at or 0) - later <= 5500
    assert len(waiting.tries) == 5


def test_what_the_log_has_just_forgotten_keeps_no_other_from_being_sent_again(
    vendor: Vendor, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = with_a_test(vendor)
    deliver_events(now=vendor.now)
    (there,) = delivery_log(vendor.code, endpoint_id)
    gone = replace(there, key=there.key.replace(str(vendor.now), str(vendor.now - 1)))
    monkeypatch.setattr(deliveries, "logged_between", lambda *_: iter([gone, there]))
    assert send_again(vendor.code, endpoint_id, since=0, until=vendor.now, only_failed=False, now=vendor.now) == 1
    assert [waiting.key for waiting in waiting_deliveries(vendor.code, endpoint_id)] == [there.key]


def test_a_test_is_sent_at_once_even_to_an_endpoint_that_has_just_failed(vendor: Vendor, receivers: Receivers) -> None:
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id = with_a_test(vendor)
    deliver_events(now=vendor.now)
    receivers.answer = lambda _url, _body: OK
    send_test(vendor.code, endpoint_id, ADMIN, now=vendor.now + 1)
    assert deliver_events(now=vendor.now + 1)["delivered"] == 1


def test_what_happens_while_an_endpoint_is_paused_waits(vendor: Vendor, receivers: Receivers) -> None:
    endpoint_id = with_a_test(vendor)
    change_endpoint(vendor.code, endpoint_id, ADMIN, paused=True, now=vendor.now)
    assert deliver_events(now=vendor.now + DAY)["delivered"] == 0
    change_endpoint(vendor.code, endpoint_id, ADMIN, paused=False, now=vendor.now + DAY)
    assert deliver_events(now=vendor.now + DAY)["delivered"] == 1


def test_a_deleted_endpoint_is_sent_nothing_and_leaves_nothing(vendor: Vendor, receivers: Receivers) -> None:
    endpoint_id = with_a_test(vendor)
    endpoint = find_endpoint(vendor.code, endpoint_id)
    delete_endpoint(vendor.code, endpoint_id, ADMIN, now=vendor.now)
    deliver_events(now=vendor.now)
    assert (receivers.calls, list(deliveries.pending(endpoint))) == (0, [])
    assert [queue for shard in range(QUEUE_SHARDS) for queue in deliveries.queues(shard)] == []


@pytest.mark.parametrize("now", [0, LEASE_MS], ids=["at once", "after a crash of the sender"])
def test_an_endpoint_that_is_deleted_while_it_is_sent_to_leaves_nothing(
    vendor: Vendor, receivers: Receivers, now: int
) -> None:
    endpoint_id = with_a_test(vendor)
    endpoint = find_endpoint(vendor.code, endpoint_id)

    def answer(_url: str, _body: object) -> webhooks.Answer:
        delete_endpoint(vendor.code, endpoint_id, ADMIN, now=vendor.now)
        if now:
            raise Crash
        return OK

    receivers.answer = answer
    with suppress(Crash):
        deliver_events(now=vendor.now)
    deliver_events(now=vendor.now + now)
    assert (list(deliveries.pending(endpoint)), list(deliveries.log(endpoint))) == ([], [])
    assert [queue for shard in range(QUEUE_SHARDS) for queue in deliveries.queues(shard)] == []


def test_an_endpoint_that_was_idle_leaves_no_log_behind(vendor: Vendor, receivers: Receivers) -> None:
    endpoint_id = with_a_test(vendor)
    deliver_events(now=vendor.now)
    endpoint = find_endpoint(vendor.code, endpoint_id)
    delete_endpoint(vendor.code, endpoint_id, ADMIN, now=vendor.now)
    deliver_events(now=vendor.now + 1)
    assert list(deliveries.log(endpoint)) == []


@pytest.mark.parametrize("again", [False, True])
def test_what_is_delivered_before_its_filing_is_heard_of_is_not_filed_again(
    vendor: Vendor, receivers: Receivers, again: bool
) -> None:
    endpoint_id = with_a_test(vendor) if again else listen(vendor)
    deliver_events(now=vendor.now)

    def delivered_and_unheard(request: Request, send: Send) -> Answer:
        send(request)
        deliver_events(now=vendor.now + MINUTE)
        return answer_timed_out(request, lambda _: {})

    given = (vendor.code, endpoint_id)
    with wire(delivered_and_unheard, range(1, 2)):
        if again:
            send_again(*given, since=vendor.now, until=vendor.now, only_failed=False, now=vendor.now + MINUTE)
        else:
            send_test(*given, ADMIN, now=vendor.now)
    assert deliver_events(now=vendor.now + DAY)["delivered"] == 0
    assert [delivery.state for delivery in delivery_log(*given)] == ["delivered"]
    assert queues() == []


def test_after_forty_days_without_a_sender_everything_arrives_in_order(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor)
    license = vendor.issue(max_activations=100)
    for days in range(40):
        vendor.activate(license, f"HW-{days}", now=vendor.now + MINUTE + days * DAY)
    deliver_events(now=vendor.now + 40 * DAY)
    activated = [body for body in receivers.bodies() if body["event"] == "license.activated"]
    arrived = [body["data"]["device"]["hardware_id"] for body in activated]
    assert arrived == [f"HW-{days}" for days in range(40)]
    assert sorted({body["sequence"] for body in receivers.bodies()}) == list(range(1, 41))


def test_what_was_refused_before_forty_days_without_a_sender_is_tried_for_three_days_more(
    vendor: Vendor, receivers: Receivers
) -> None:
    """Neither the delivery nor the endpoint is given up for the time in which nobody tried."""
    receivers.answer = lambda _url, _body: BROKEN
    endpoint_id, license = listen(vendor, "license.activated"), vendor.issue(max_activations=2)
    for number, now in enumerate((vendor.now + MINUTE, vendor.now + 2 * MINUTE), start=1):
        vendor.activate(license, f"HW-{number}", now=now)
        deliver_events(now=now)
    back = vendor.now + 40 * DAY
    for hours in range(0, 60, 12):
        deliver_events(now=back + hours * HOUR)
    receivers.answer = lambda _url, _body: OK
    deliver_events(now=back + 60 * HOUR)
    assert [body["data"]["device"]["hardware_id"] for body in receivers.bodies()] == ["HW-1", "HW-2"]
    assert find_endpoint(vendor.code, endpoint_id).disabled_at is None


def test_senders_at_once_deliver_each_event_once(vendor: Vendor, receivers: Receivers) -> None:
    listen(vendor)
    license = vendor.issue(max_activations=100)
    for number in range(30):
        vendor.activate(license, f"HW-{number}", now=vendor.now + MINUTE + number)
    with ThreadPool(4) as threads:
        list(threads.map(lambda _: deliver_events(now=vendor.now + MINUTE + 60), range(4)))
    deliver_events(now=vendor.now + 2 * MINUTE)
    assert Counter(body["id"] for body in receivers.bodies()).most_common(1)[0][1] == 1
    assert len(receivers.bodies()) == 31


@pytest.mark.parametrize("fault", [crash_before, crash_after, answer_timed_out, in_conflict, out_of_reach])
@pytest.mark.parametrize("number", range(1, 7))
def test_a_fault_at_any_write_loses_nothing_and_repeats_with_the_same_id(
    vendor: Vendor, receivers: Receivers, number: int, fault: Fault
) -> None:
    listen(vendor)
    listen(vendor, "license.activated", url=OTHER)
    vendor.activate(vendor.issue(), "HW-1", now=vendor.now + MINUTE)
    later = vendor.now + 2 * MINUTE
    with wire(fault, range(number, number + 1)), suppress(Crash, Unavailable):
        deliver_events(now=later)
    deliver_events(now=later + LEASE_MS)
    assert {body["event"] for body in receivers.bodies()} == {"license.activated", "license.first_activated"}
    assert {body["event"] for body in receivers.bodies(OTHER)} == {"license.activated"}
    ids = defaultdict(set)
    for url, body in receivers.taken:
        ids[url, body["event"]].add(body["id"])
    assert {len(same) for same in ids.values()} == {1}
    assert {body["sequence"] for _, body in receivers.taken} == {1}
    assert deliver_events(now=later + DAY)["delivered"] == 0


def test_what_cannot_be_filed_keeps_nothing_from_being_sent(vendor: Vendor, receivers: Receivers) -> None:
    vendor.activate(vendor.issue(), "HW-1", now=vendor.now)
    with_a_test(vendor)
    vendor.activate(vendor.issue(), "HW-2", now=vendor.now + MINUTE)
    later = vendor.now + MINUTE + 1
    with wire(server_failed, operations=frozenset({"TransactWriteItems"})):
        deliver_events(now=later)
    assert receivers.types() == ["webhook.test"]
    deliver_events(now=later + LEASE_MS)
    assert "license.activated" in receivers.types()


@pytest.mark.parametrize("is_first", [True, False])
def test_an_event_that_cannot_be_filed_keeps_no_other_from_it(
    vendor: Vendor, receivers: Receivers, is_first: bool
) -> None:
    """All are filed in one transaction, which DynamoDB refuses for good: what is delivered of one is too large."""
    listen(vendor, "license.activated")
    license, other = vendor.issue(max_activations=100), vendor.issue(max_activations=100)
    for number in range(20):
        device = "too large" if number == (0 if is_first else 13) else f"HW-{number}"
        vendor.activate(license if number % 3 else other, device, now=vendor.now + MINUTE + number)

    def too_large(request: Request, send: Send) -> Answer:
        if "too large" in str(request.body):
            failed(request, 400, "ValidationException")
        return send(request)

    later = vendor.now + 2 * MINUTE
    with wire(too_large, operations=frozenset({"TransactWriteItems"})) as seen:
        assert deliver_events(now=later)["filed"] == 19
        assert len(seen.bodies) < 40
    deliver_events(now=later + MINUTE)
    assert len(receivers.bodies()) == 20
    numbers = defaultdict[int, list[int]](list)
    for body in receivers.bodies():
        numbers[body["data"]["id"]].append(body["sequence"])
    assert numbers == {license.id: list(range(1, 14)), other.id: list(range(1, 8))}


@pytest.mark.parametrize("part", ["at#", "license", "sequence#"])
def test_what_cannot_be_read_now_is_told_once_it_can(vendor: Vendor, receivers: Receivers, part: str) -> None:
    """As where newer code has written it, and older code still sends."""
    listen(vendor, "license.activated")
    license = vendor.issue()
    for number in (1, 2):
        vendor.activate(license, f"HW-{number}", now=vendor.now + number * MINUTE)
        if number == 1:
            deliver_events(now=vendor.now + MINUTE)
    later, table = vendor.now + 3 * MINUTE, database.connection().table_name("licenses")
    whole = [raw for raw in every_item("licenses") if raw["part"]["S"].startswith(part)]
    for raw in whole:
        ask("PutItem", TableName=table, Item={"pk": raw["pk"], "part": raw["part"], "number": {"S": "?"}})
    assert deliver_events(now=later)["filed"] == 0
    for raw in whole:
        ask("PutItem", TableName=table, Item=raw)
    deliver_events(now=later)
    assert [body["sequence"] for body in receivers.bodies()] == [1, 2]


def test_a_delivery_that_is_sent_again_for_ever_does_not_outgrow_its_item(vendor: Vendor, receivers: Receivers) -> None:
    endpoint_id = with_a_test(vendor)
    receivers.answer = lambda *_: replace(OK, excerpt="x" * 1024)
    for day in range(KEPT_TRIES + 8):
        now = vendor.now + day * MINUTE
        deliver_events(now=now)
        (row,) = delivery_log(vendor.code, endpoint_id)
        send_again(vendor.code, endpoint_id, since=0, until=now, only_failed=False, now=now)
    assert sorted(map(int, row.tries)) == [now - MINUTE * ago for ago in reversed(range(KEPT_TRIES))]


def test_what_the_log_has_kept_for_thirty_days_is_forgotten(vendor: Vendor, receivers: Receivers) -> None:
    endpoint_id = with_a_test(vendor)
    deliver_events(now=vendor.now)
    later = vendor.now + 31 * DAY
    send_test(vendor.code, endpoint_id, ADMIN, now=later)
    deliver_events(now=later)
    assert [delivery.created_at for delivery in delivery_log(vendor.code, endpoint_id)] == [later]


def test_the_log_forgets_as_fast_as_it_grows(vendor: Vendor, receivers: Receivers) -> None:
    endpoint_id = listen(vendor)
    for now, number in ((vendor.now, 120), (later := vendor.now + 31 * DAY, 25)):
        for _ in range(number):
            send_test(vendor.code, endpoint_id, ADMIN, now=now)
        deliver_events(now=now)
    assert {delivery.created_at for delivery in delivery_log(vendor.code, endpoint_id)} == {later}


def fail_for(vendor: Vendor, *, days: int) -> None:
    """Something happens every six hours, and is sent every hour."""
    license = vendor.issue(max_activations=100)
    for hours in range(days * 24):
        at = vendor.now + MINUTE + hours * HOUR
        if hours % 6 == 0:
            vendor.activate(license, f"HW-{hours}", now=at)
        deliver_events(now=at)


def with_a_test(vendor: Vendor) -> int:
    """An endpoint for which a test waits."""
    endpoint_id = listen(vendor)
    send_test(vendor.code, endpoint_id, ADMIN, now=vendor.now)
    return endpoint_id


def queues() -> list[object]:
    """For whom something waits."""
    return [queue for shard in range(deliveries.QUEUE_SHARDS) for queue in deliveries.queues(shard)]
