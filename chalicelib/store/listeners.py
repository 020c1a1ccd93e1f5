"""Who wants to be told of a company's events, in one item: what its endpoints listen to, and what nobody is mailed."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.catalog import Company
from chalicelib.domain.deliveries import Endpoint, Listeners
from chalicelib.store import reads
from chalicelib.store.items.webhooks import ListenersItem
from chalicelib.store.keys import LISTENERS
from chalicelib.store.transactions import THERE_OR_NOT, Transaction


def read_listeners(company: str) -> Listeners:
    """Who listens to a company's events, consistently."""
    item = reads.get(ListenersItem(company, LISTENERS))
    return Listeners(company) if item is None else item.to_domain()


def note_endpoints(write: Transaction, seen: Listeners, endpoints: Sequence[Endpoint]) -> None:
    """Let a transaction note what these endpoints listen to, if nobody has noted anything since `seen`."""
    patterns = frozenset(pattern for endpoint in endpoints for pattern in endpoint.listens_to)
    becomes = replace(seen, endpoints=len(endpoints), listens_to=patterns, version=seen.version + 1)
    item = ListenersItem.of(becomes, seen.company, LISTENERS)
    unseen = ListenersItem.pk.does_not_exist() if not seen.version else ListenersItem.version == seen.version
    write.put(item, unseen)


def note_mails_off(write: Transaction, company: Company) -> None:
    """Let a transaction that changes a company note what it mails nobody."""
    item = ListenersItem
    off = [item.company.set(company.code), item.mails_off.set(company.mails_off)]
    write.update(ListenersItem(company.code, LISTENERS), [*off, item.version.add(1)], THERE_OR_NOT)
