"""File the events of the outbox for the endpoints that listen to them."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from chalicelib import observability
from chalicelib.domain.catalog import Company
from chalicelib.domain.deliveries import Delivery, Endpoint, Outgoing
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import Mail
from chalicelib.domain.public_events import types_of
from chalicelib.store import deliveries, outbox, webhooks
from chalicelib.store.accounts import read_company
from chalicelib.store.database import ConditionFailed
from chalicelib.store.deliveries import ITEMS_AT_ONCE, Found
from chalicelib.store.outbox import OUT_SHARDS
from chalicelib.store.reads import LeftOut
from chalicelib.threads import ThreadPool
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.event_mails import event_mails
from chalicelib.webhooks.payloads import Subject, new_delivery, payload, webhook_id

_LOOKED_UP_AT_ONCE = 25
"""Events in one read, of which each takes three items of a hundred."""
_FILED_AT_ONCE = 50
"""Events of a shard, before what is due is sent: so long it waits, at most."""
_PASSED_AT_MOST = 2_500
"""Events of a shard that are looked up for that: those that cannot be read lie before the others."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Listening:
    """A company and its endpoints, as they are in this run."""

    company: Company
    endpoints: Sequence[Endpoint]


@dataclass
class _Step:
    """What one transaction takes out of the outbox, and files."""

    filed: dict[Outgoing, list[Delivery]] = field(default_factory=dict)
    numbers: dict[str, tuple[int, int]] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)

    def takes(self, one: Outgoing, some: Sequence[Delivery], mails: Sequence[Mail]) -> bool:
        """Whether there is room for an event more."""
        filed = [delivery for other in self.filed.values() for delivery in other] + list(some)
        histories = self.numbers.keys() | {one.history}
        endpoints = {(delivery.company, delivery.endpoint) for delivery in filed}
        others = len(self.filed) + 1 + len(histories) + len(self.mails) + len(mails)
        return others + len(filed) + len(endpoints) <= ITEMS_AT_ONCE


def file_events(*, now: Instant, keep_going: Callable[[], bool] = lambda: True) -> int:
    """File what is in the outbox while `keep_going()`, some hundreds of a shard; answers how many events that were.

    An event about what is not there any more is dropped, and so is one to which nobody listens by now.
    """

    def file_shard(shard: int) -> int:
        return _file_shard(shard, now, keep_going)

    with ThreadPool(OUT_SHARDS) as threads:
        return sum(threads.map(file_shard, range(OUT_SHARDS)))


def _file_shard(shard: int, now: Instant, keep_going: Callable[[], bool]) -> int:
    """What cannot be read, or filed, stays where it is, and keeps none of the others waiting."""
    listening: dict[str, _Listening | None] = {}
    left_out = LeftOut()
    waiting = islice(left_out.skip(outbox.waiting(shard, now)), _PASSED_AT_MOST)
    filed = 0
    while keep_going() and filed < _FILED_AT_ONCE and (some := list(islice(waiting, _LOOKED_UP_AT_ONCE))):
        if not filed:
            observability.set_max_metric(observability.OLDEST_UNDELIVERED_EVENT_AGE, (now - some[0].at) / 1000)
        filed += _file(some, listening, left_out, now)
    return filed


def _file(some: Sequence[Outgoing], listening: dict[str, _Listening | None], left_out: LeftOut, now: Instant) -> int:
    """File events, but for those that cannot be read; answers how many that were."""
    found = list(left_out.skip(deliveries.look_up(some)))
    return sum(_commit(step, listening, now) for step in _steps(found, listening, now))


def _steps(found: Sequence[Found], listening: dict[str, _Listening | None], now: Instant) -> Iterator[_Step]:
    """Transactions of as many events as each has room for, in their order."""
    step, numbers = _Step(), {one.outgoing.history: one.number for one in found}
    for one in found:
        outgoing, before = one.outgoing, numbers[one.outgoing.history]
        if outgoing.company not in listening:
            listening[outgoing.company] = _listening(outgoing.company)
        try:
            filed = _deliveries(one, listening[outgoing.company], before + 1, now)
            mails = [] if one.event is None else event_mails(outgoing.company, one.event, one.license, now=now)
        except Exception:  # whatever it is: the others are not to wait for it
            _log.exception("event %s of %s cannot be filed", outgoing.key, outgoing.history)
            continue
        if not step.takes(outgoing, filed, mails):
            yield step
            step = _Step()
        step.filed[outgoing] = filed
        step.mails += mails
        if filed:
            first = step.numbers.get(outgoing.history, (before, before))[0]
            numbers[outgoing.history] = before + 1
            step.numbers[outgoing.history] = (first, before + 1)
    if step.filed:
        yield step


def _commit(step: _Step, listening: dict[str, _Listening | None], now: Instant) -> int:
    """How many events were filed; none where somebody else has filed one of them, or the database is busy: the next run
    finds them.

    Where it refuses the transaction for good, as for an item that is too large, each half is filed by itself, down to
    the event that is refused: the others are not to wait for it. They are looked up again, for their numbers.
    """
    events = list(step.filed)
    try:
        deliveries.file(step.filed, step.numbers, step.mails, now)
    except ConditionFailed:
        return 0
    except Exception as error:  # whatever it is: neither the other events nor what is due are to wait for these
        if half := 0 if isinstance(error, Unavailable) else len(events) // 2:
            return sum(_file(some, listening, LeftOut(), now) for some in (events[:half], events[half:]))
        _log.exception("events cannot be filed: %s", ", ".join(f"{one.key} of {one.history}" for one in events))
        return 0
    return len(events)


def _listening(company: str) -> _Listening | None:
    found = read_company(company)
    return None if found is None else _Listening(found, webhooks.read_endpoints(company))


def _deliveries(one: Found, listening: _Listening | None, number: int, now: Instant) -> list[Delivery]:
    """What is delivered of an event; nothing where what it is about is gone."""
    event, license = one.event, one.license
    if listening is None or event is None:
        return []
    if license is None and one.outgoing.license_id is not None and event.type != "license_deleted":
        return []
    code = _product_of(event) if license is None else license.product
    product = None if code is None else known_product(listening.company.code, code, now=now)
    subject = Subject(listening.company, license, product, one.outgoing.license_id)
    filed = []
    for name in types_of(event):
        listening_to_it = [endpoint for endpoint in listening.endpoints if endpoint.takes(name, code, now)]
        id = webhook_id(one.outgoing.history, event, name)
        body = payload(id, name, event, subject, number, now) if listening_to_it else ""
        filed += [new_delivery(endpoint, f"{event.key}#{name}", id, name, body, now) for endpoint in listening_to_it]
    return filed


def _product_of(event: Event) -> str | None:
    """The code of the product that an event of a company is about, if it is about one."""
    code = event.detail.get("product")
    return code if isinstance(code, str) else None
