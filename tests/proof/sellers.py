"""Programs of the vendor that sell more and fewer places of a license amid the storm, by the Management API.

Whatever is not answered is sent again under the same `Idempotency-Key`, until it is: so it takes effect once, between
the first time that it was sent and the answer.
"""

import json
import random
import time
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from tests.model.license import Verb
from tests.proof.history import BUSY, Op
from tests.race.clients import LOST, OK, TIMEOUT_SECONDS
from tests.race.crew import has_ended

PAUSE_SECONDS = 0.2
AGAIN_SECONDS = 0.02
OF_SELLERS: tuple[Verb, ...] = ("resize", "resize", "resize strictly")
"""What they do, each as often as it stands there."""


@dataclass(frozen=True, slots=True)
class Seller:
    """A program, and the one server that it calls: a key's calls are counted by the clock of the server."""

    key: str
    port: int
    license: int
    sizes: tuple[int, ...]
    """The numbers of places that it sells in turn."""
    settling: float
    """Seconds in which a call that was not answered may still take effect."""

    def sell(self, seed: int) -> list[Op]:
        """Change how many places there are, until told to end."""
        dice, history = random.Random(seed), []
        while not has_ended(PAUSE_SECONDS):
            verb, size, once = dice.choice(OF_SELLERS), dice.choice(self.sizes), f"{dice.getrandbits(64):x}"
            start, answer = time.monotonic(), self._answer(verb, size, once)
            while answer in (BUSY, LOST) and not has_ended(AGAIN_SECONDS):
                answer = self._answer(verb, size, once)
            end = time.monotonic() + (self.settling if answer in (BUSY, LOST) else 0)
            history.append(Op(verb, start, end, answer, limit=size))
        return history

    def _answer(self, verb: Verb, size: int, once: str) -> str:
        headers = {
            "Authorization": f"Api-Key {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": once,
        }
        body = json.dumps({"max_activations": size, "strict": verb == "resize strictly"})
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)) as connection:
                connection.request("PATCH", f"/api/v1/licenses/{self.license}/", body, headers)
                response = connection.getresponse()
                said = response.read()
        except (OSError, HTTPException):
            return LOST
        return OK if response.status == 200 else str(json.loads(said)["code"])
