"""Management API: webhooks, and what was delivered to them."""

import base64
import json
from typing import Annotated, Literal, cast

from pydantic import Field, StrictBool, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.days import first_instant, last_instant
from chalicelib.domain.deliveries import Delivery, Endpoint, State
from chalicelib.domain.instants import to_iso
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import (
    Id,
    ListBody,
    ListQuery,
    PageQuery,
    Sent,
    SentMoment,
    part_of_filed,
    part_of_list,
)
from chalicelib.usecases import endpoints
from chalicelib.usecases.create import find_company
from chalicelib.web.freshness import Date

MAX_PATTERNS, MAX_TEXT = 100, 1024

Names = Annotated[list[Annotated[StrictStr, Field(max_length=MAX_TEXT)]], Field(max_length=MAX_PATTERNS)]


class WebhookPath(Sent):
    """Which webhook."""

    webhook_id: Id


class DeliveryPath(WebhookPath):
    """Which delivery."""

    delivery_id: Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class NewWebhook(Sent):
    """POST webhooks."""

    url: Annotated[StrictStr, Field(max_length=MAX_TEXT)]
    events: Names = Field(default=["*"])
    """Types of docs/webhooks.md, or patterns such as `license.*`."""
    products: Names = Field(default=[])
    """Codes of those that it is limited to; empty: all, and what is about none."""


class WebhookChange(Sent):
    """PATCH webhooks: what is not given stays."""

    url: Annotated[StrictStr, Field(max_length=MAX_TEXT)] | None = None
    events: Names | None = None
    products: Names | None = None
    paused: StrictBool | None = None
    """True: all of it waits. False: what waits is sent, also where it was disabled because it had failed."""


class DeliveriesQuery(PageQuery):
    """Which deliveries: those that are over, the newest first, or those that wait, the next first."""

    state: Literal["pending", "done"] = "done"


class Span(Sent):
    """POST send_again: of what happened in which time."""

    since: SentMoment
    until: SentMoment | None = None
    """Now, if not given."""
    only_failed: StrictBool = True
    """Whether what was delivered is left out."""


class WebhookBody(TypedDict):
    """A webhook."""

    id: int
    url: str
    events: list[str]
    products: list[str]
    paused: bool
    disabled_at: Date | None
    """When it was given up, because it had failed for five days."""
    created_at: Date
    old_secret_until: Date | None
    """Until when what is sent is signed with the secret before the current one, too."""
    revision: int


class WebhookWithSecret(WebhookBody):
    """A webhook, with its secret, which is shown this once."""

    secret: str


class WebhookList(ListBody):
    """A page of webhooks, oldest first."""

    results: list[WebhookBody]


class DeliveryBody(TypedDict):
    """An event for a webhook, and what came of its last try."""

    id: str
    webhook: int
    event: str
    event_id: str
    """What the receiver knows it by: the header `webhook-id`."""
    state: State
    created_at: Date
    next_try_at: Date | None
    tries: int
    last_try_at: Date | None
    status: int | None
    """Of the answer; None where there was none."""
    error: str | None
    excerpt: str | None


class TryBody(TypedDict):
    """What came of one try."""

    at: Date
    status: int | None
    error: str | None
    excerpt: str | None


class WholeDelivery(DeliveryBody):
    """A delivery with all tries that are kept, and with what is sent."""

    attempts: list[TryBody]
    payload: Json


class DeliveryList(ListBody):
    """A page of deliveries."""

    results: list[DeliveryBody]


class SentAgain(TypedDict):
    """How many deliveries are sent again."""

    to_be_sent: int


@endpoint("GET", "/webhooks", writes=False, scope="webhooks:read")
def list_webhooks(query: ListQuery, caller: Caller) -> WebhookList:
    """The webhooks of the company, oldest first."""
    found = endpoints.find_endpoints(caller.company)
    rows, page = part_of_list(found, query, caller, "webhooks", lambda row: row.id)
    return {**page, "results": [webhook_body(row) for row in rows]}


@endpoint("POST", "/webhooks", writes=True, scope="webhooks:write", status=201)
def create_webhook(body: NewWebhook, caller: Caller) -> WebhookWithSecret:
    """Make a webhook. It is told of what happens a minute from now; its secret is shown this once."""
    listens_to, products = frozenset(body.events), frozenset(body.products)
    return caller.once(
        lambda: endpoints.create_endpoint(
            caller.company, body.url, listens_to, caller.actor, products=products, now=caller.now
        ),
        lambda made: with_secret(*made),
    )


@endpoint("GET", "/webhooks/{webhook_id}", writes=False, scope="webhooks:read")
def show_webhook(path: WebhookPath, caller: Caller) -> WebhookBody:
    """One webhook."""
    return webhook_body(endpoints.find_endpoint(caller.company, path.webhook_id))


@endpoint("PATCH", "/webhooks/{webhook_id}", writes=True, scope="webhooks:write")
def change_webhook(path: WebhookPath, body: WebhookChange, caller: Caller) -> WebhookBody:
    """Change what is given; the rest stays. The same once more changes nothing."""
    return caller.once(
        lambda: endpoints.change_endpoint(
            caller.company,
            path.webhook_id,
            caller.actor,
            url=body.url,
            listens_to=None if body.events is None else frozenset(body.events),
            products=None if body.products is None else frozenset(body.products),
            paused=body.paused,
            revision=caller.if_match,
            now=caller.now,
        ),
        webhook_body,
    )


@endpoint("DELETE", "/webhooks/{webhook_id}", writes=True, scope="webhooks:write")
def delete_webhook(path: WebhookPath, caller: Caller) -> None:
    """Take a webhook away, with what waits for it and its log."""
    caller.once(
        lambda: endpoints.delete_endpoint(
            caller.company, path.webhook_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


@endpoint("POST", "/webhooks/{webhook_id}/rotate_secret", writes=True, scope="webhooks:write")
def rotate_secret(path: WebhookPath, caller: Caller) -> WebhookWithSecret:
    """A new secret, shown this once; for a day what is sent is signed with the one before, too."""
    return caller.once(
        lambda: endpoints.roll_secret(
            caller.company, path.webhook_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda made: with_secret(*made),
    )


@endpoint("POST", "/webhooks/{webhook_id}/test", writes=True, scope="webhooks:write")
def test_webhook(path: WebhookPath, caller: Caller) -> DeliveryBody:
    """Send an event that says nothing, to see whether it arrives."""
    return caller.once(
        lambda: endpoints.send_test(caller.company, path.webhook_id, caller.actor, now=caller.now), delivery_body
    )


@endpoint("GET", "/webhooks/{webhook_id}/deliveries", writes=False, scope="webhooks:read")
def list_deliveries(path: WebhookPath, query: DeliveriesQuery, caller: Caller) -> DeliveryList:
    """What was delivered in the last 30 days or given up, or what waits to be sent."""
    read = endpoints.waiting_deliveries if query.state == "pending" else endpoints.delivery_log
    rows, page = part_of_filed(
        lambda after, limit: read(caller.company, path.webhook_id, after=after, limit=limit),
        query,
        caller,
        f"deliveries {path.webhook_id}",
        lambda row: row.position,
    )
    return {**page, "results": [delivery_body(row) for row in rows]}


@endpoint("GET", "/webhooks/{webhook_id}/deliveries/{delivery_id}", writes=False, scope="webhooks:read")
def show_delivery(path: DeliveryPath, caller: Caller) -> WholeDelivery:
    """One delivery, with all tries that are kept, and with what is sent."""
    key = delivery_key(path.delivery_id)
    return whole_delivery(endpoints.find_delivery(caller.company, path.webhook_id, key))


@endpoint("POST", "/webhooks/{webhook_id}/deliveries/{delivery_id}/send_again", writes=True, scope="webhooks:write")
def send_delivery_again(path: DeliveryPath, caller: Caller) -> DeliveryBody:
    """Send a delivery again that is over; one that waits is tried anyway. It keeps its `event_id`."""
    key = delivery_key(path.delivery_id)
    return caller.once(
        lambda: endpoints.send_one_again(caller.company, path.webhook_id, key, now=caller.now), delivery_body
    )


@endpoint("POST", "/webhooks/{webhook_id}/send_again", writes=True, scope="webhooks:write")
def send_span_again(path: WebhookPath, body: Span, caller: Caller) -> SentAgain:
    """Send again what happened in a time and was given up, or all of it. Each delivery keeps its `event_id`."""
    zone = find_company(caller.company).time_zone
    since, until = first_instant(body.since, zone), caller.now
    if body.until is not None:
        until = last_instant(body.until, zone)
    return caller.once(
        lambda: endpoints.send_again(
            caller.company,
            path.webhook_id,
            since=since,
            until=until,
            only_failed=body.only_failed,
            now=caller.now,
        ),
        lambda number: SentAgain(to_be_sent=number),
    )


def webhook_body(webhook: Endpoint) -> WebhookBody:
    """A webhook as it is answered."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": sorted(webhook.listens_to),
        "products": sorted(webhook.products),
        "paused": webhook.paused,
        "disabled_at": to_iso(webhook.disabled_at),
        "created_at": to_iso(webhook.created_at),
        "old_secret_until": to_iso(webhook.old_secret_until),
        "revision": webhook.revision,
    }


def with_secret(webhook: Endpoint, secret: str) -> WebhookWithSecret:
    """A webhook that was made, or has a new secret."""
    return {**webhook_body(webhook), "secret": secret}


def delivery_body(delivery: Delivery) -> DeliveryBody:
    """A delivery as lists have it."""
    tries = _tries(delivery)
    last: TryBody | None = tries[-1] if tries else None
    return {
        "id": delivery_id(delivery.key),
        "webhook": delivery.endpoint,
        "event": delivery.type,
        "event_id": delivery.id,
        "state": delivery.state,
        "created_at": to_iso(delivery.created_at),
        "next_try_at": to_iso(delivery.next_try_at),
        "tries": len(tries),
        "last_try_at": last["at"] if last else None,
        "status": last["status"] if last else None,
        "error": last["error"] if last else None,
        "excerpt": last["excerpt"] if last else None,
    }


def whole_delivery(delivery: Delivery) -> WholeDelivery:
    """A delivery as it is shown by itself."""
    return {**delivery_body(delivery), "attempts": _tries(delivery), "payload": json.loads(delivery.body)}


def delivery_id(key: str) -> str:
    """What names a delivery in an address: its key, in letters that need no escape there."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def delivery_key(id: str) -> str:
    """The key that an id holds; of what is none, one that no delivery has."""
    try:
        return base64.b64decode(id + "=" * (-len(id) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""


def _tries(delivery: Delivery) -> list[TryBody]:
    """Oldest first."""
    return [
        TryBody(
            at=to_iso(int(at)),
            status=cast(int | None, came.get("status")),
            error=cast(str | None, came.get("error")),
            excerpt=cast(str | None, came.get("excerpt")) or None,
        )
        for at, came in sorted(delivery.tries.items(), key=lambda one: int(one[0]))
    ]
