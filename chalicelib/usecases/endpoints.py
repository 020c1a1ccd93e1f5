"""The endpoints where a company is told of events: made, changed, tried, taken away; and what was delivered to them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from chalicelib import observability
from chalicelib.domain.deliveries import (
    MAX_ENDPOINTS,
    ROLLOVER_MS,
    Backlog,
    Delivery,
    Endpoint,
    Listeners,
    to_send_again,
)
from chalicelib.domain.errors import Denied, Invalid, NotFound, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.public_events import TEST_TYPE, pattern
from chalicelib.domain.webhooks import checked_url, event_bus, without_path
from chalicelib.encryption import decrypt, encrypt
from chalicelib.runtime import runtime
from chalicelib.store import deliveries, webhooks
from chalicelib.store.database import ConditionFailed
from chalicelib.store.listeners import read_listeners
from chalicelib.store.products import read_product
from chalicelib.usecases.create import find_company
from chalicelib.usecases.idempotency import stored_with_result
from chalicelib.usecases.retry import decide_and_write
from chalicelib.webhooks.payloads import Subject, new_delivery, payload, webhook_id
from chalicelib.webhooks.signature import new_secret

MAX_SEARCHED = 1000
"""Deliveries that wait and are read to find one of them."""


class _State(NamedTuple):
    listeners: Listeners
    endpoints: Sequence[Endpoint]

    def endpoint(self, endpoint_id: int, revision: int | None = None) -> Endpoint:
        """Raises `NotFound`, and `Denied` where it has another revision than is asked for."""
        found = next((endpoint for endpoint in self.endpoints if endpoint.id == endpoint_id), None)
        if found is None:
            raise NotFound("webhook_not_found")
        if revision is not None and found.revision != revision:
            raise Denied("revision_changed")
        return found

    def others(self, endpoint_id: int) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if endpoint.id != endpoint_id]


def find_endpoints(company: str) -> list[Endpoint]:
    """The endpoints of a company, oldest first. Raises `company_not_found`."""
    return webhooks.read_endpoints(find_company(company).code)


def find_backlogs(company: str) -> list[tuple[Endpoint, Backlog]]:
    """The endpoints of a company, each with what waits for it, and since when it fails. Raises `company_not_found`."""
    found = find_endpoints(company)
    return list(zip(found, deliveries.backlogs(found), strict=True))


def find_backlog(company: str, endpoint_id: int) -> tuple[Endpoint, Backlog]:
    """One of them. Raises `company_not_found`, `webhook_not_found`."""
    found = find_endpoint(company, endpoint_id)
    return found, deliveries.backlogs([found])[0]


def find_endpoint(company: str, endpoint_id: int) -> Endpoint:
    """One endpoint of a company. Raises `NotFound`."""
    found = webhooks.read_endpoint(find_company(company).code, endpoint_id)
    if found is None:
        raise NotFound("webhook_not_found")
    return found


def create_endpoint(
    company: str,
    url: str,
    listens_to: frozenset[str],
    actor: Actor,
    *,
    products: frozenset[str] = frozenset(),
    now: Instant,
) -> tuple[Endpoint, str]:
    """A new endpoint and its secret in clear, which is shown this once. It is told of what happens a minute from now.

    `listens_to`: types of events, or patterns such as `license.*`; `products`: codes of those that it is limited to.
    Raises `company_not_found`, `unknown_product`, `Invalid`: one error for each wrong field, or `too_many_webhooks`.
    """
    owner = find_company(company).code
    raise_all(
        [*wrong_in("url", lambda address: _url(address, actor), url), *wrong_in("events", _guard_patterns, listens_to)]
    )
    _guard_products(owner, products)
    secret, id = new_secret(), new_id(now)
    sealed = encrypt(secret, _context(owner, id))
    endpoint = Endpoint(owner, id, _url(url, actor), now, sealed, listens_to=listens_to, products=products)

    def decide(state: _State) -> Endpoint:
        if len(state.endpoints) >= MAX_ENDPOINTS:
            raise Invalid("too_many_webhooks", field="url", most=MAX_ENDPOINTS)
        return endpoint

    def write(state: _State, new: Endpoint) -> None:
        event = Event.new("webhook_created", actor, now, webhook=id, url=without_path(new.url))
        webhooks.create(new, state.listeners, state.endpoints, event)

    decide_and_write(lambda _: _read(owner), decide, write, result=lambda _, new: (new, secret))
    return endpoint, secret


def change_endpoint(
    company: str,
    endpoint_id: int,
    actor: Actor,
    *,
    url: str | None = None,
    listens_to: frozenset[str] | None = None,
    products: frozenset[str] | None = None,
    paused: bool | None = None,
    revision: int | None = None,
    now: Instant,
) -> Endpoint:
    """Change what is given; None leaves it. What waited while it was paused is sent once it is not.

    `paused` as False enables one again that was disabled. Doing so again changes nothing. `revision`: the one that is
    to be changed. Raises as `create_endpoint`, `webhook_not_found`, and `Denied`: `revision_changed`.
    """
    owner = find_company(company).code
    wrong_url = [] if url is None else wrong_in("url", lambda address: _url(address, actor), url)
    wrong_events = [] if listens_to is None else wrong_in("events", _guard_patterns, listens_to)
    raise_all([*wrong_url, *wrong_events])
    _guard_products(owner, products or frozenset())

    def decide(old: Endpoint) -> Endpoint:
        return replace(
            old,
            url=old.url if url is None else _url(url, actor),
            listens_to=old.listens_to if listens_to is None else listens_to,
            products=old.products if products is None else products,
            paused=old.paused if paused is None else paused,
            disabled_at=None if paused is False else old.disabled_at,
        )

    return _change(owner, endpoint_id, decide, "webhook_changed", actor, now, lambda new: new, revision)


def roll_secret(
    company: str, endpoint_id: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret, shown this once; for a day what is sent is signed with the old one, too.

    `revision`: as in `change_endpoint`. Raises `company_not_found`, `webhook_not_found`, `revision_changed`.
    """
    owner, secret = find_company(company).code, new_secret()
    sealed = encrypt(secret, _context(owner, endpoint_id))

    def decide(old: Endpoint) -> Endpoint:
        until = now + ROLLOVER_MS
        return replace(old, sealed_secret=sealed, old_sealed_secret=old.sealed_secret, old_secret_until=until)

    result = _change(
        owner, endpoint_id, decide, "webhook_secret_changed", actor, now, lambda new: (new, secret), revision
    )
    return result, secret


def disable_endpoint(endpoint: Endpoint, actor: Actor, *, now: Instant) -> None:
    """Send nothing more to an endpoint, because it has failed for so long."""

    def decide(old: Endpoint) -> Endpoint:
        return replace(old, disabled_at=now) if old.disabled_at is None else old

    _change(endpoint.company, endpoint.id, decide, "webhook_disabled", actor, now)
    observability.add_metric(observability.ENDPOINTS_DISABLED)


def delete_endpoint(company: str, endpoint_id: int, actor: Actor, *, revision: int | None = None, now: Instant) -> None:
    """Take an endpoint away; a sender removes what waits for it, and its log, with its next run.

    `revision`: as in `change_endpoint`. Raises `company_not_found`, `webhook_not_found`, `revision_changed`.
    """
    owner = find_company(company).code

    def write(state: _State, old: Endpoint) -> None:
        event = Event.new("webhook_deleted", actor, now, webhook=old.id, url=without_path(old.url))
        webhooks.delete(old, state.listeners, state.others(old.id), event)

    decide_and_write(
        lambda _: _read(owner), lambda state: state.endpoint(endpoint_id, revision), write, result=lambda *_: None
    )


def send_test(company: str, endpoint_id: int, actor: Actor, *, now: Instant) -> Delivery:
    """File an event that says nothing, to see whether it arrives. Raises `company_not_found`, `webhook_not_found`."""
    owner = find_company(company)
    endpoint = find_endpoint(owner.code, endpoint_id)
    event = Event.new("webhook_tested", actor, now, webhook=endpoint.id, url=without_path(endpoint.url))
    id, key = webhook_id(owner.code, event, TEST_TYPE), f"{event.key}#{TEST_TYPE}"
    body = payload(id, TEST_TYPE, event, Subject(owner), 0, now)
    delivery = new_delivery(endpoint, key, id, TEST_TYPE, body, now)
    with stored_with_result(lambda: delivery):
        deliveries.put(delivery, event)
    return delivery


def delivery_log(
    company: str, endpoint_id: int, *, after: str | None = None, limit: int | None = None
) -> Iterator[Delivery]:
    """What was delivered to an endpoint or given up, the newest first; `after`: the key of the one to go on behind.

    Raises `company_not_found`, `webhook_not_found`.
    """
    return deliveries.log(find_endpoint(company, endpoint_id), after=after, limit=limit)


def waiting_deliveries(
    company: str, endpoint_id: int, *, after: str | None = None, limit: int | None = None
) -> Iterator[Delivery]:
    """What waits to be sent to an endpoint, what is tried first first; `after`: the position of the one before.

    Raises as `delivery_log`.
    """
    return deliveries.waiting(find_endpoint(company, endpoint_id), after=after, limit=limit)


def find_delivery(company: str, endpoint_id: int, key: str) -> Delivery:
    """One delivery, of the log or among the first `MAX_SEARCHED` that wait: those lie by when they are tried.

    Raises as `delivery_log`, and `delivery_not_found`.
    """
    endpoint = find_endpoint(company, endpoint_id)
    found = deliveries.read_logged(endpoint, key) if key else None
    if found is None and key:
        waiting = deliveries.waiting(endpoint, limit=MAX_SEARCHED)
        found = next((delivery for delivery in waiting if delivery.key == key), None)
    if found is None:
        raise NotFound("delivery_not_found")
    return found


def send_one_again(company: str, endpoint_id: int, key: str, *, now: Instant) -> Delivery:
    """Send one delivery of the log again; one that waits is tried anyway. It keeps its id.

    Raises as `find_delivery`.
    """
    found = find_delivery(company, endpoint_id, key)
    if found.state == "pending":
        return found
    return to_send_again(found, now) if _send_again([found], now) else find_delivery(company, endpoint_id, key)


def send_again(
    company: str, endpoint_id: int, *, since: Instant, until: Instant, only_failed: bool = True, now: Instant
) -> int:
    """Send again what happened from `since` up to `until` and was given up, or all of it; answers how many that are.

    Each keeps its id: who has got it already knows it. Raises `company_not_found`, `webhook_not_found`.
    """
    endpoint, sent = find_endpoint(company, endpoint_id), 0
    if until < since:
        return 0
    found = (d for d in deliveries.logged_between(endpoint, since, until) if d.state == "failed" or not only_failed)
    while some := list(islice(found, deliveries.RECORDED_AT_ONCE)):
        sent += _send_again(some, now)
    return sent


def secrets_of(endpoint: Endpoint, now: Instant) -> list[str]:
    """What is sent to an endpoint is signed with, in clear: the current one first."""
    context = _context(endpoint.company, endpoint.id)
    current = decrypt(endpoint.sealed_secret, context)
    if endpoint.old_sealed_secret is None or now >= (endpoint.old_secret_until or 0):
        return [current]
    return [current, decrypt(endpoint.old_sealed_secret, context)]


def _send_again(some: Sequence[Delivery], now: Instant) -> int:
    """How many of these are sent again: all but what somebody else sends again, or the log has just forgotten."""
    try:
        deliveries.send_again(some, now)
    except ConditionFailed:
        return sum(_send_again([one], now) for one in some) if len(some) > 1 else 0
    return len(some)


def _change(
    company: str,
    endpoint_id: int,
    decide: Callable[[Endpoint], Endpoint],
    type: EventType,
    actor: Actor,
    now: Instant,
    result: Callable[[Endpoint], object] | None = None,
    revision: int | None = None,
) -> Endpoint:
    def written(state: _State, new: Endpoint) -> Endpoint:
        """As it is stored."""
        old = state.endpoint(endpoint_id)
        return new if new == old else replace(new, revision=old.revision + 1)

    def write(state: _State, new: Endpoint) -> None:
        old = state.endpoint(endpoint_id)
        if new != old:
            event = Event.new(type, actor, now, webhook=old.id, url=without_path(new.url))
            webhooks.update(old, new, state.listeners, state.others(old.id), event)

    return written(
        *decide_and_write(
            lambda _: _read(company),
            lambda state: decide(state.endpoint(endpoint_id, revision)),
            write,
            result=None if result is None else lambda state, new: result(written(state, new)),
        )
    )


def _read(company: str) -> _State:
    return _State(read_listeners(company), webhooks.read_endpoints(company))


def _url(url: str, actor: Actor) -> str:
    """The address, checked. A bus lies in the account of who operates the server, and may be another vendor's."""
    address = checked_url(url, runtime().webhooks.may_be_private)
    if actor.is_server and event_bus(address) is not None:
        raise Invalid("url_for_operators", field="url")
    return address


def _guard_patterns(patterns: frozenset[str]) -> None:
    if not patterns:
        raise Invalid("missing_parameters", field="events")
    for text in sorted(patterns):
        pattern(text)


def _guard_products(company: str, products: frozenset[str]) -> None:
    for code in products:
        if read_product(company, code) is None:
            raise NotFound("unknown_product", field="products")


def _context(company: str, endpoint_id: int) -> str:
    return f"webhook#{company}#{endpoint_id}"
