"""Every call of the Management API, as it can be made of objects that there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from chalicelib.management.routes import endpoint
from chalicelib.web.endpoint import Endpoint
from tests.management.server import VendorsServer, granted

CALLS = [declared for declared in endpoint.declared if not declared.public]
BODIES: dict[str, Any] = {
    "create_webhook": {"url": "https://hooks.example/two"},
    "change_webhook": {"paused": True},
    "send_span_again": {"since": "2026-01-01"},
}
"""What is sent, by the name of the call; a new call that takes a body needs one here. A function is given what was
made, where the body names objects."""
QUERIES: Mapping[str, str] = {}
"""What is asked for, of calls that answer nothing without it."""


class Ids(dict[str, str]):
    """The ids of what calls are about, by the names in their routes: each is made when it is first asked for."""

    def __init__(self, server: VendorsServer) -> None:
        super().__init__()
        self.server = server

    def __missing__(self, name: str) -> str:
        self[name] = str(MAKERS[name](self))
        return self[name]


def _webhook(ids: Ids) -> int:
    id: int = granted(ids.server.post("webhooks", {"url": "https://hooks.example/one"}), 201)["id"]
    return id


def _delivery(ids: Ids) -> str:
    return str(granted(ids.server.post(f"webhooks/{ids['webhook_id']}/test"))["id"])


MAKERS: Mapping[str, Callable[[Ids], int | str]] = {
    "webhook_id": _webhook,
    "delivery_id": _delivery,
}
"""What makes an object of each kind, and answers its id; by its name in routes."""


@dataclass(frozen=True)
class Made:
    """What calls are about."""

    ids: Ids

    @staticmethod
    def by(server: VendorsServer, declared: Endpoint | None = None) -> "Made":
        """Nothing yet, or all that a call is about."""
        made = Made(Ids(server))
        if declared is not None:
            made.path(declared)
            made.body(declared)
        return made

    def path(self, declared: Endpoint) -> str:
        """The path of a call, below `/api/v1/`."""
        return declared.route.removeprefix("/").format_map(self.ids)

    def body(self, declared: Endpoint) -> Any:
        """The body of a call."""
        body = BODIES.get(declared.name)
        return body(self.ids) if callable(body) else body

    def call(self, server: VendorsServer, declared: Endpoint, slash: str = "", **headers: str) -> httpx.Response:
        """Make a call."""
        path = self.path(declared) + slash + QUERIES.get(declared.name, "")
        return server.call(declared.method, path, self.body(declared), **headers)


def named(value: Any) -> str:
    """A call, as tests name it."""
    return value.name if isinstance(value, Endpoint) else str(value)
