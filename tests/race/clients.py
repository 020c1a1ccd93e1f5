"""Client applications in a race: each signs its calls, sends them to every server in turn, and notes each one.

The notes are all that a client can know: when it called, when it was answered, and what.
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from typing import Any, Literal
from urllib.parse import urlencode

from infra.call import signed_headers
from tests.model import license

Verb = Literal["activate", "check", "deactivate"]
OK, OK_EXPIRED = license.OK, license.OK_EXPIRED
LOST, HUNG_UP, UNSENT = "lost", "hung up", "unsent"
OPEN = frozenset({LOST, HUNG_UP, "service_busy"})
"""Outcomes after which it is not known whether the call took effect. One that was not sent had none."""
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as its client saw it."""

    verb: Verb
    hardware_id: str
    user: str | None
    port: int
    """Of the server that was called."""
    start: float
    """Seconds of the machine's monotonic clock, which is the same in all of its processes."""
    end: float
    outcome: str
    """`ok`, or `ok, expired` of a license that has ended, the error code of the answer, `lost` without one, `hung up`
    where the client did not stay for it, or `unsent` where nobody took the connection."""
    device_id: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it took effect is not known."""
        return self.outcome in OPEN

    @property
    def is_answered(self) -> bool:
        """Whether the server said what it did."""
        return not self.is_open and self.outcome != UNSENT

    def __str__(self) -> str:
        span = f"{self.start:.4f}..{self.end:.4f}"
        return f"{span} {self.hardware_id} {self.verb} at {self.port}: {self.outcome} {self.device_id or ''}".rstrip()


def as_text(calls: Iterable[Call]) -> str:
    """The notes as text, one call a line, by its start."""
    return "\n".join(str(call) for call in sorted(calls, key=lambda call: call.start))


@dataclass
class Client:
    """An application on one device. It goes from server to server, so that each call meets the state of another."""

    api_key: str
    shared_key: str
    ports: tuple[int, ...]
    lookup: dict[str, str]
    """`product`, and `license_key` or `username`."""
    hardware_id: str
    password: str | None = None
    turn: int = 0
    """Which of the ports is called next."""
    calls: list[Call] = field(default_factory=list)
    _open: dict[int, HTTPConnection] = field(default_factory=dict, repr=False)

    def activate(self) -> Call:
        """POST activate_license."""
        return self._call("activate")

    def check(self) -> Call:
        """GET check_license."""
        return self._call("check")

    def deactivate(self) -> Call:
        """POST deactivate_license."""
        return self._call("deactivate")

    def activate_and_hang_up(self) -> Call:
        """POST activate_license, and close the connection before the answer can be there."""
        return self._call("activate", hang_up=True)

    def successor(self) -> "Client":
        """A client on a new device, with notes of its own."""
        name, _, generation = self.hardware_id.partition("+")
        return replace(self, hardware_id=f"{name}+{int(generation or 0) + 1}", calls=[])

    def close(self) -> None:
        """Close all connections."""
        while self._open:
            self._open.popitem()[1].close()

    def _call(self, verb: Verb, *, hang_up: bool = False) -> Call:
        port, self.turn = self.ports[self.turn % len(self.ports)], self.turn + 1
        start = time.monotonic()
        try:
            outcome, device_id = self._exchange(port, verb, hang_up)
        except (OSError, HTTPException) as error:
            outcome, device_id = _unanswered(error), None
            self._open.pop(port).close()
        end = time.monotonic()
        call = Call(verb, self.hardware_id, self.lookup.get("username"), port, start, end, outcome, device_id)
        if outcome != UNSENT:
            self.calls.append(call)
        return call

    def _exchange(self, port: int, verb: Verb, hang_up: bool) -> tuple[str, int | None]:
        if port not in self._open:
            self._open[port] = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        connection, path = self._open[port], f"/api/v4/{verb}_license"
        said = self.lookup | {"hardware_id": self.hardware_id}
        if verb == "check":
            connection.request("GET", f"{path}?{urlencode(said)}", headers=self._headers())
        else:
            if verb == "activate" and self.password is not None:
                said["password"] = self.password
            connection.request("POST", path, json.dumps(said), self._headers())
        if hang_up:
            raise HungUp
        response = connection.getresponse()
        return _outcome(response.status, response.getheader("Content-Type", ""), response.read())

    def _headers(self) -> dict[str, str]:
        return signed_headers(self.api_key, self.shared_key) | {"Content-Type": "application/json"}


class HungUp(ConnectionAbortedError):
    """It was the client."""


def _unanswered(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):  # by a port on which nobody listens, when it was called
        return UNSENT
    return HUNG_UP if isinstance(error, HungUp) else LOST


def _outcome(status: int, kind: str, raw: bytes) -> tuple[str, int | None]:
    """What an answer says. One that is not in the shape of the contract is an error of the server: it raises."""
    body: dict[str, Any] = json.loads(raw) if kind == "application/json" else {}
    if status != 200:
        return body["code"], None
    return (OK_EXPIRED if body.get("is_expired") else OK), body.get("device_id")
