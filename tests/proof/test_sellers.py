"""A program of the vendor sends what is not answered again, as the same call, and notes what it has seen."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.model.license import Verb
from tests.proof import sellers
from tests.proof.history import BUSY, Op
from tests.proof.sellers import Seller
from tests.race.clients import OK
from tests.webhooks.receivers import Arrived, Receiver

PATCH, GET = "PATCH /api/v1/licenses/17/ HTTP/1.1", "GET /api/v1/licenses/17/ HTTP/1.1"
Answer = tuple[int, dict[str, object]]
STRAY: Answer = (503, {"code": BUSY})


@contextmanager
def answering(*answers: Answer | None) -> Iterator[Receiver]:
    """A server that gives these answers in turn; None: it hangs up."""
    left = iter(answers)

    def behave(_: Receiver, connection: socket.socket, _asked: Arrived) -> None:
        answer = next(left, STRAY)
        if answer is None:
            connection.shutdown(socket.SHUT_RDWR)
            return
        body = json.dumps(answer[1]).encode()
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (answer[0], len(body), body))

    receiver = Receiver(behave)
    try:
        yield receiver
    finally:
        receiver.close()


def sold(port: int, verb: Verb, calls: int, monkeypatch: pytest.MonkeyPatch, hurry: float = 0) -> list[Op]:
    """What a program notes of so many calls; of those that it may it sends this share twice at once."""
    left = iter([False] * calls + [True])
    monkeypatch.setattr(sellers, "has_ended", lambda within: within == sellers.PAUSE_SECONDS and next(left))
    monkeypatch.setattr(sellers, "HURRY_RATE", hurry)
    return Seller("key", port, 17, (3,), (verb,), {}, 20.0).sell(seed=1)


def test_what_is_not_answered_is_sent_again_as_the_same_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(None, STRAY, (200, {"revision": 8})) as server:
        (op,) = sold(server.port, "resize", 1, monkeypatch)
    assert (op.answer, op.limit, op.seen, op.revision) == (OK, 3, None, 8)
    assert [one.line for one in server.requests] == [PATCH] * 3
    assert len({(one.headers["idempotency-key"], one.body) for one in server.requests}) == 1


def test_what_is_refused_after_it_was_lost_may_yet_take_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(None, (409, {"code": "limit_below_use"})) as server:
        refused, lost = sold(server.port, "resize strictly", 1, monkeypatch)
    assert (refused.answer, refused.is_open) == ("limit_below_use", False)
    assert (lost.is_open, lost.limit, lost.start) == (True, 3, refused.start)
    assert lost.end >= refused.end + 20


def test_what_may_be_refused_is_sent_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering((200, {"revision": 8}), (409, {"code": "limit_below_use"})) as server:
        history = sold(server.port, "resize strictly", 2, monkeypatch, hurry=1)
    assert [op.answer for op in history] == [OK, "limit_below_use"]
    assert [one.line for one in server.requests] == [PATCH] * 2


def test_a_license_is_changed_by_the_revision_that_was_seen_last(monkeypatch: pytest.MonkeyPatch) -> None:
    stale: Answer = (412, {"code": "revision_changed"})
    with answering((200, {"revision": 7}), (200, {"revision": 8}), stale, (200, {"revision": 9}), stale) as server:
        history = sold(server.port, "resize as seen", 3, monkeypatch)
    assert [(op.answer, op.seen, op.revision) for op in history] == [
        (OK, 7, 8),
        ("revision_changed", 8, None),
        ("revision_changed", 9, None),
    ]
    assert [one.line for one in server.requests] == [GET, PATCH, PATCH, GET, PATCH]
    assert [one.headers.get("if-match") for one in server.requests] == [None, '"7"', '"8"', None, '"9"']


def test_what_was_made_unusable_is_made_usable_by_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    done: Answer = (200, {"message": "Done."})
    with answering(done, done, done, done) as server:
        history = sold(server.port, "disable", 3, monkeypatch)
    assert [op.verb for op in history] == ["disable", "enable", "disable", "enable"]
    assert server.requests[0].line == "POST /api/v1/licenses/17/disable/ HTTP/1.1"
