"""Seatkeeper, as the race of `tests.proof.peers` sees it: the server for one machine, on an engine of its own."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from infra import engine, local, serve
from tests.race.clients import OK, Client


class Seatkeeper:
    """Starts a server, and takes it down."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seatkeeper-race-")))
            running = stack.enter_context(engine.start(home / "data"))
            os.environ |= local.environment(home, running.endpoint)
            from chalicelib.store.tables import create_tables
            from tests.support import Vendor

            create_tables()
            self._vendor = Vendor()
            self._server = stack.enter_context(serve.start(dict(os.environ)))
            self._running = stack.pop_all()
        return self

    def __exit__(self, *_: Any) -> None:
        self._running.close()

    def issue(self, places: int) -> str:
        """By the use case of the admin command."""
        key = self._vendor.issue(max_activations=places).license_key
        assert key is not None
        return key

    def activate(self, license: str, device: str) -> bool:
        """POST activate_license."""
        client = self._client(license, device)
        try:
            return client.activate().outcome == OK
        finally:
            client.close()

    def check(self, license: str, device: str) -> bool:
        """GET check_license."""
        client = self._client(license, device)
        try:
            return client.check().outcome == OK
        finally:
            client.close()

    def _client(self, license: str, device: str) -> Client:
        ident = {"product": "viewer", "license_key": license}
        return Client(self._vendor.api_key, self._vendor.shared_key, (self._server.port,), ident, device)
