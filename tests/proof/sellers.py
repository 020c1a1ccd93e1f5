"""Programs of the vendor that change what was sold with a license amid the storm, by the Management API.

They sell more and fewer places, also by the revision that they have seen last; they suspend, end and renew it. Whatever
is not answered is sent again under the same `Idempotency-Key`, until it is: so it takes effect once, between the first
time that it was sent and the answer. Now and then one does not wait for the answer, and sends it again at once, where
it is never refused: a refusal leaves nothing, and what was sent before may be decided anew after it.
"""

import json
import random
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from typing import Any

from tests.model.license import Verb
from tests.proof.history import BUSY, Op, opened
from tests.race.clients import LOST, OK, TIMEOUT_SECONDS
from tests.race.crew import has_ended

PAUSE_SECONDS = 0.2
AGAIN_SECONDS = 0.02
HURRY_RATE = 0.5
"""The share of calls that are sent twice at once, of those that are never refused."""
OF_SELLERS: tuple[Verb, ...] = ("resize", "resize strictly", "resize as seen", "resize as seen")
OF_SUSPENDING_SELLERS: tuple[Verb, ...] = (*OF_SELLERS, *OF_SELLERS, "disable", "expire", "lapse")
"""What they do, each as often as it stands there."""
REFUSED: tuple[Verb, ...] = ("resize strictly", "resize as seen")
"""What may be refused."""
USABLE_AGAIN: Mapping[Verb, Verb] = {"disable": "enable", "expire": "renew", "lapse": "renew"}
"""What comes next after what leaves a license unusable, for some servers at least."""


@dataclass(slots=True)
class Seller:
    """A program, and the one server that it calls: a key's calls are counted by the clock of the server."""

    key: str
    port: int
    license: int
    sizes: tuple[int, ...]
    """The numbers of places that it sells in turn."""
    verbs: tuple[Verb, ...]
    ends: Mapping[Verb, str]
    """The end that a verb gives the license (ISO 8601)."""
    settling: float
    """Seconds in which a call that was not answered may still take effect."""
    revision: int | None = None
    """Of the license, as it has seen it last."""

    def sell(self, seed: int) -> list[Op]:
        """Change what was sold, until told to end; then leave it usable."""
        dice, history = random.Random(seed), list[Op]()
        while not has_ended(PAUSE_SECONDS):
            last = history[-1].verb if history else "resize"
            history += self._do(USABLE_AGAIN.get(last, dice.choice(self.verbs)), dice)
        for verb in ("disable", "expire"):
            history += self._do(USABLE_AGAIN[verb], dice) if verb in self.verbs else []
        return history

    def _do(self, verb: Verb, dice: random.Random) -> list[Op]:
        """Make one call until it is answered, or all is over; where it is refused then, what was sent first may yet
        take effect.
        """
        size = dice.choice(self.sizes) if verb in OF_SELLERS else None
        seen = self._seen() if verb == "resize as seen" else None
        call = _Call(*self._request(verb, size), f"{dice.getrandbits(64):x}", seen)
        start = time.monotonic()
        if verb not in REFUSED and dice.random() < HURRY_RATE:
            self._send(call, hang_up=True)
        answer, said = self._send(call)
        was_lost = False
        while answer in (BUSY, LOST) and not has_ended(AGAIN_SECONDS):
            was_lost |= answer == LOST
            answer, said = self._send(call)
        now = time.monotonic()
        end = now + (self.settling if answer in (BUSY, LOST) else 0)
        self.revision = said.get("revision")
        op = Op(verb, start, end, answer, limit=size, seen=seen, revision=self.revision)
        is_refused = answer not in (OK, BUSY, LOST)
        return [op, *([replace(opened(op), end=now + self.settling)] if is_refused and was_lost else [])]

    def _seen(self) -> int | None:
        """The revision that its last call was answered; that of the license as it stands, where this was none."""
        if self.revision is None:
            self.revision = self._send(_Call("GET", "", None, None, None))[1].get("revision")
        return self.revision

    def _request(self, verb: Verb, size: int | None) -> tuple[str, str, dict[str, Any] | None]:
        if verb in ("disable", "enable"):
            return "POST", f"{verb}/", None
        if verb in self.ends:
            return "PATCH", "", {"validity_period": self.ends[verb]}
        return "PATCH", "", {"max_activations": size, "strict": verb == "resize strictly"}

    def _send(self, call: "_Call", *, hang_up: bool = False) -> tuple[str, dict[str, Any]]:
        """What it is answered, and what the answer says."""
        headers = {"Authorization": f"Api-Key {self.key}", "Content-Type": "application/json"}
        headers |= {} if call.once is None else {"Idempotency-Key": call.once}
        headers |= {} if call.seen is None else {"If-Match": f'"{call.seen}"'}
        body = None if call.body is None else json.dumps(call.body)
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)) as connection:
                connection.request(call.method, f"/api/v1/licenses/{self.license}/{call.path}", body, headers)
                if hang_up:
                    return LOST, {}
                response = connection.getresponse()
                said: dict[str, Any] = json.loads(response.read())
        except (OSError, HTTPException):
            return LOST, {}
        return (OK, said) if response.status == 200 else (str(said["code"]), {})


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    body: dict[str, Any] | None
    once: str | None
    """Its `Idempotency-Key`; None: it changes nothing."""
    seen: int | None
