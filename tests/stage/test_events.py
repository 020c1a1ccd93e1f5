"""Events leave a stage: the table's stream has them delivered at once, or else the clock does."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest
from standardwebhooks import Webhook

from infra.stage.functions import SENDER
from infra.stage.package import Package
from tests.stage.operator import STAGE, Operator
from tests.stage.test_functions import swept

COMPANY = "EVENTS"
ANYWHERE = {"SEATKEEPER_WEBHOOKS": "any"}
"""A stage sends webhooks by https to public addresses alone. The receiver here has neither: this stage is let."""
PATIENCE_SECONDS = 300


class Receiver(ThreadingHTTPServer):
    """Takes whatever it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken: SimpleQueue[tuple[dict[str, str], bytes]] = SimpleQueue()
        self.secret = ""
        """By which it verifies what it has taken."""

    def next_event(self) -> Any:
        """What it was sent next, and by whom it knows."""
        headers, body = self.taken.get(timeout=PATIENCE_SECONDS)
        return Webhook(self.secret).verify(body, headers)


class _Taker(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.put((dict(self.headers.items()), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is logged."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """On this machine, where the functions of ministack run."""
    with Receiver() as receiver:
        thread = Thread(target=receiver.serve_forever)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def vendor(newcomer: Callable[[], Operator], package: Package, receiver: Receiver) -> Operator:
    """Of a stage whose sender is not called by the clock, with a company whose endpoint is the receiver."""

    def without_clock(resources: dict[str, Any]) -> None:
        sender = resources[SENDER]["Properties"]
        sender["Environment"]["Variables"] |= ANYWHERE
        sender["Events"][f"{SENDER}Event"]["Properties"]["Enabled"] = False

    operator = newcomer()
    operator.deploy(package, without_clock)
    operator.admin("company", "create", "--code", COMPANY, "--name", "A vendor")
    named = ("--company", COMPANY, "--code", "viewer", "--name", "Viewer", "--authorization-method", "license-key")
    operator.admin("product", "create", *named)
    where = ("--url", f"http://127.0.0.1:{receiver.server_port}/events", "--event", "license.created")
    create = ("infra.admin", "webhook", "create", "--company", COMPANY, *where, "--stage", STAGE.name, "--json")
    receiver.secret = json.loads(operator.succeeds(*create, **ANYWHERE))["secret"]
    return operator


def issued(vendor: Operator) -> int:
    """The id of a new license."""
    terms = ("--license-type", "perpetual", "--max-activations", "1")
    license = vendor.admin("license", "issue", "--company", COMPANY, "--product", "viewer", *terms)
    return int(license["id"])


def test_the_stream_alone_has_an_event_delivered_whose_signature_is_right(vendor: Operator, receiver: Receiver) -> None:
    license_id = issued(vendor)
    event = receiver.next_event()
    assert (event["event"], event["data"]["id"]) == ("license.created", license_id)


def test_what_the_stream_has_not_said_is_delivered_by_the_clocks_next_run(vendor: Operator, receiver: Receiver) -> None:
    functions = vendor.aws.client("lambda")
    [kick] = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=kick["UUID"], Enabled=False)
    license_id = issued(vendor)
    assert receiver.taken.empty()
    assert swept(vendor, SENDER)["delivered"] == 1
    assert receiver.next_event()["data"]["id"] == license_id
    functions.update_event_source_mapping(UUID=kick["UUID"], Enabled=True)
