"""Whatever a stranger types, he is answered in a second, and others are served meanwhile."""

import os
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from chalicelib.portal.request import SESSION_COOKIE
from chalicelib.usecases.sessions import to_cookie
from chalicelib.web import clock
from infra import serve
from tests.parsers import NASTY, text_of
from tests.portal.browser import Page, at
from tests.support import Vendor
from tests.usecases.people import MANAGER, issued, logged_in

LENGTH = 250_000
LONGEST = 1.0
"""Seconds."""


@pytest.fixture(scope="module")
def server() -> Iterator[serve.Server]:
    """A server on this process's engine."""
    with serve.start(dict(os.environ)) as server:
        yield server


class _Neighbour(threading.Thread):
    """Another client, who asks again and again, and notes how long he waits for an answer."""

    def __init__(self, base_url: str) -> None:
        super().__init__(daemon=True)
        self._base_url, self.longest, self.over = base_url, 0.0, threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self._base_url, timeout=60) as http:
            while not self.over.is_set():
                begun = time.monotonic()
                assert http.get("/").status_code == 200
                self.longest = max(self.longest, time.monotonic() - begun)

    def take_longest(self) -> float:
        longest, self.longest = self.longest, 0.0
        return longest


def test_a_stranger_is_answered_in_a_second_and_others_are_served_meanwhile(server: serve.Server) -> None:
    vendor = Vendor(now=clock.now())
    license = issued(vendor)
    manager = httpx.Client(base_url=server.base_url, timeout=60)
    manager.cookies.set(SESSION_COOKIE, to_cookie(logged_in(vendor, MANAGER)))
    batch, log_in = at(license, "/users/batch"), "/portal/log-in"
    token = Page(manager.get(batch)).form(batch).fields["form"]
    stranger = httpx.Client(base_url=server.base_url, timeout=60)
    key = Page(stranger.get(log_in)).form(log_in).fields["form"]
    neighbour = _Neighbour(server.base_url)
    neighbour.start()

    def seconds(client: httpx.Client, path: str, fields: dict[str, bytes]) -> float:
        begun = time.monotonic()
        answer = client.post(path, files={name: (None, value) for name, value in fields.items()})
        taken = time.monotonic() - begun
        assert answer.status_code < 500
        return max(taken, neighbour.take_longest())

    slow = []
    for name, unit in NASTY.items():
        text = text_of(unit, LENGTH).encode(errors="surrogatepass")[:LENGTH]
        for client, path, fields in (
            (stranger, log_in, {"form": key.encode(), "company": b"X", "email": text, "password": b"x"}),
            (stranger, log_in, {"form": key.encode(), "company": b"X", "email": text[:900], "password": text[:900]}),
            (manager, batch, {"form": token.encode(), "people": text}),
        ):
            # A loaded machine is late now and then, and a text that is hard to read is late each time.
            if all(seconds(client, path, fields) > LONGEST for _ in range(3)):
                slow.append(f"{name} to {path}")
    neighbour.over.set()
    neighbour.join(60)
    manager.close()
    stranger.close()
    assert slow == []
