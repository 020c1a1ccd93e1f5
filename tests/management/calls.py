"""Every call of the Management API, as it can be made of a webhook that there is."""

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
"""What is sent, by the name of the call; a new call that takes a body needs one here."""


@dataclass(frozen=True)
class Made:
    """What calls are about: a webhook, and a delivery to it."""

    ids: dict[str, str]

    @staticmethod
    def by(server: VendorsServer) -> "Made":
        webhook = granted(server.post("webhooks", {"url": "https://hooks.example/one"}), 201)["id"]
        delivery = granted(server.post(f"webhooks/{webhook}/test"))["id"]
        return Made({"webhook_id": str(webhook), "delivery_id": delivery})

    def call(self, server: VendorsServer, declared: Endpoint, slash: str = "", **headers: str) -> httpx.Response:
        """Make a call."""
        path = declared.route.removeprefix("/").format(**self.ids)
        return server.call(declared.method, path + slash, BODIES.get(declared.name), **headers)


def named(value: Any) -> str:
    """A call, as tests name it."""
    return value.name if isinstance(value, Endpoint) else str(value)
