"""Seatkeeper, as the race of `tests.proof.peers` sees it: two servers for one machine, on a database of their own."""

import os
from contextlib import ExitStack, closing
from itertools import count
from typing import Any, Self

from infra import local, serve
from infra.scratch import scratch_folder
from tests.race.clients import OK, Client

SERVERS = 2


class Seatkeeper:
    """Starts the servers, and takes them down. Calls go to each in turn."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            home = stack.enter_context(scratch_folder("seatkeeper-race-"))
            os.environ |= local.environment(home)
            os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # it hammers few licenses
            from chalicelib.store.database import create_tables
            from tests.support import Vendor

            create_tables()
            self._vendor, self._turns = Vendor(), count()
            servers = [stack.enter_context(serve.start(dict(os.environ))) for _ in range(SERVERS)]
            self._ports = tuple(server.port for server in servers)
            self._running = stack.pop_all()
        return self

    def __exit__(self, *_: Any) -> None:
        self._running.close()

    def issue(self, places: int) -> str:
        """Beside the servers, by the use case of the admin command: no call of the License API issues a license."""
        key = self._vendor.issue(max_activations=places).license_key
        assert key is not None
        return key

    def activate(self, license: str, device: str) -> bool:
        """POST activate_license."""
        with closing(self._client(license, device)) as client:
            return _is_granted(client.activate().outcome, "license_activated_max_times")

    def check(self, license: str, device: str) -> bool:
        """GET check_license."""
        with closing(self._client(license, device)) as client:
            return _is_granted(client.check().outcome, "device_not_found")

    def _client(self, license: str, device: str) -> Client:
        lookup = {"product": "viewer", "license_key": license}
        turn = next(self._turns)
        return Client(self._vendor.api_key, self._vendor.shared_key, self._ports, lookup, device, turn=turn)


def _is_granted(outcome: str, refusal: str) -> bool:
    if outcome not in (OK, refusal):
        raise RuntimeError(outcome)
    return outcome == OK
