"""The endpoints of a company, and what they listen to all together.

The one item of what they listen to changes with each of them, on condition that nobody else has changed it: so it
bounds how many there are, too.
"""

from collections.abc import Sequence

from chalicelib.domain.deliveries import Endpoint, Listeners
from chalicelib.domain.events import Event
from chalicelib.store import reads
from chalicelib.store.accounts import require_company
from chalicelib.store.deliveries import wake
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.webhooks import EndpointItem
from chalicelib.store.keys import endpoint_sort_key
from chalicelib.store.listeners import note_endpoints
from chalicelib.store.transactions import Transaction


def read_endpoints(company: str) -> list[Endpoint]:
    """All endpoints of a company, oldest first. Consistent."""
    return list(reads.query_readable(EndpointItem, company, endpoint_sort_key()))


def read_endpoint(company: str, endpoint_id: int) -> Endpoint | None:
    """One endpoint, consistently."""
    item = reads.get(_item(company, endpoint_id))
    return None if item is None else item.to_domain()


def create(endpoint: Endpoint, seen: Listeners, others: Sequence[Endpoint], event: Event) -> None:
    """Add an endpoint to `others`. Raises `ConditionFailed` where one was changed since, or the company is gone."""
    write = Transaction(event_item(endpoint.company, event, AccountEventItem))
    item = EndpointItem.of(endpoint, endpoint.company, endpoint_sort_key(endpoint.id))
    write.put(item, EndpointItem.pk.does_not_exist())
    note_endpoints(write, seen, [*others, endpoint])
    require_company(write, endpoint.company)
    write.commit()


def update(old: Endpoint, new: Endpoint, seen: Listeners, others: Sequence[Endpoint], event: Event) -> None:
    """Write what differs, and let what waits be sent where the endpoint is sent to again.

    Raises `ConditionFailed` where one of the company's endpoints was changed since.
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    write.change(_item(old.company, old.id), old, new)
    if new.is_sent_to and not old.is_sent_to:
        wake(write, old.company, old.id, event.at, anew=True)
    note_endpoints(write, seen, [*others, new])
    write.commit()


def delete(endpoint: Endpoint, seen: Listeners, others: Sequence[Endpoint], event: Event) -> None:
    """Take an endpoint away, and let a sender remove what waits for it, and its log.

    Nobody else does: what a sender is at would come back. Raises `ConditionFailed` where one of the company's endpoints
    was changed since.
    """
    write = Transaction(event_item(endpoint.company, event, AccountEventItem))
    write.delete(_item(endpoint.company, endpoint.id), EndpointItem.pk.exists())
    wake(write, endpoint.company, endpoint.id, event.at, anew=True)
    note_endpoints(write, seen, others)
    write.commit()


def _item(company: str, endpoint_id: int) -> EndpointItem:
    return EndpointItem(company, endpoint_sort_key(endpoint_id))
