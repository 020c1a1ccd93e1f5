"""Receivers of webhooks in the test's own process: what they are sent, and what they answer."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, cast

from chalicelib.domain.instants import Instant
from chalicelib.domain.webhooks import Answer
from chalicelib.runtime import runtime, using
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import create_endpoint, send_test
from chalicelib.webhooks.client import WebhookClient
from tests.support import ADMIN, Vendor

OK = Answer(204, "", None)
BROKEN = Answer(500, "out of order", None)
SLOW = Answer(None, "", "timeout")
URL = "https://hooks.example/in"


@dataclass
class Receivers:
    """In the place of the runtime's `WebhookClient`: `answer(url, body)` says what each call gets."""

    answer: Callable[[str, Any], Answer] = lambda _url, _body: OK
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What was sent and taken: address and body."""
    calls: int = 0
    headers: list[Mapping[str, str]] = field(default_factory=list)
    may_be_private: bool = False
    lock: Lock = field(default_factory=Lock)

    @contextmanager
    def connection(self, url: str) -> Iterator["_Connection"]:
        yield _Connection(self, url)

    def types(self, url: str = URL) -> list[str]:
        """The types of what an address has taken, in the order of their sequences."""
        return [body["event"] for body in self.bodies(url)]

    def bodies(self, url: str = URL) -> list[dict[str, Any]]:
        """What an address has taken, in the order of the sequences."""
        return sorted(
            (body for to, body in self.taken if to == url), key=lambda body: (body["sequence"], body["event"])
        )


@dataclass
class _Connection:
    receivers: Receivers
    url: str

    def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        said = json.loads(body)
        answer = self.receivers.answer(self.url, said)
        with self.receivers.lock:
            self.receivers.calls += 1
            self.receivers.headers.append(headers)
            if answer.ok:
                self.receivers.taken.append((self.url, said))
        return answer


def listen(vendor: Vendor, *patterns: str, url: str = URL, at: Instant | None = None, **more: Any) -> int:
    """Let an address be told of events, from a minute after that on; answers the endpoint's id."""
    now = vendor.now if at is None else at
    endpoint, _ = create_endpoint(vendor.code, url, frozenset(patterns or {"*"}), ADMIN, now=now, **more)
    return endpoint.id


def told_of_all(vendor: Vendor) -> None:
    """One of everything that is stored of events that leave the house: in the outbox, waiting, and delivered."""
    endpoint_id, later = listen(vendor), vendor.now + 60_000
    license = vendor.issue()
    send_test(vendor.code, endpoint_id, ADMIN, now=later)
    with using(replace(runtime(), webhooks=cast("WebhookClient", Receivers()))):
        vendor.activate(license, "HW-1", now=later)
        deliver_events(now=later)
    send_test(vendor.code, endpoint_id, ADMIN, now=later)
    vendor.deactivate(license, "HW-1", now=later)
