"""Broken builds that walks of what leaves the house catch."""

from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.store import deliveries, writes
from chalicelib.store.items.ephemera import LimitReachedItem
from chalicelib.store.items.webhooks import DeliveryItem, QueueItem, SequenceItem
from chalicelib.store.transactions import Transaction
from tests.proof.mutants import Patches, rewriting


def _deleted_before_it_is_sent() -> Patches:
    """What is due is crossed off before it is sent: who dies between the two has forgotten it."""
    pending, delete = deliveries.pending, Transaction.delete

    def taken(*of: Any) -> Iterator[Any]:
        for one in pending(*of):
            writes.delete(deliveries._item(one))  # noqa: SLF001 - as a build would be broken
            yield one

    def delete_whatever(self: Any, item: Any, condition: Any) -> None:
        whatever = DeliveryItem.pk.exists() | DeliveryItem.pk.does_not_exist()
        delete(self, item, whatever if isinstance(item, DeliveryItem) else condition)

    return [(deliveries, "pending", taken), (Transaction, "delete", delete_whatever)]


def _lease_without_a_condition() -> Patches:
    """Whoever comes sends to an endpoint, also while another one does."""
    right = writes.update

    def update(item: Any, actions: Any, condition: Any = None) -> Any:
        is_lease = isinstance(item, QueueItem) and len(actions) == 2
        return right(item, actions, QueueItem.pk.exists() if is_lease else condition)

    return [(writes, "update", update)]


def _queue_forgotten_though_more_has_come() -> Patches:
    """Who has sent all that there was forgets the endpoint, whatever was filed for it since."""
    right = writes.delete

    def delete(item: Any, condition: Any = None) -> None:
        right(item, QueueItem.pk.exists() if isinstance(item, QueueItem) else condition)

    return [(writes, "delete", delete)]


def _number_not_in_the_condition() -> Patches:
    """An event gets the number after the one that was read, whoever has numbered others since."""
    is_any = SequenceItem.pk.exists() | SequenceItem.pk.does_not_exist()
    return rewriting(deliveries, "file", SequenceItem, lambda actions, _: (actions, is_any))


def _pending_twice() -> Patches:
    """What is filed by itself has no event: where the answer is lost, it is filed again, though it was delivered."""

    def put(delivery: Any, _event: Any) -> None:
        write = Transaction(None)
        deliveries._put_pending(write, [delivery])  # noqa: SLF001 - as above
        write.commit()

    return [(deliveries, "put", put)]


def _limit_told_twice() -> Patches:
    """Each process that refuses somebody tells that the limit was reached, though another one has told it that day."""
    right = Transaction.put

    def put(self: Any, item: Any, condition: Any) -> None:
        is_any = LimitReachedItem.pk.exists() | LimitReachedItem.pk.does_not_exist()
        right(self, item, is_any if isinstance(item, LimitReachedItem) else condition)

    return [(Transaction, "put", put)]


WEBHOOK_MUTANTS: dict[str, Callable[[], Patches]] = {
    "deleted before it is sent": _deleted_before_it_is_sent,
    "lease without a condition": _lease_without_a_condition,
    "queue forgotten though more has come": _queue_forgotten_though_more_has_come,
    "number not in the condition": _number_not_in_the_condition,
    "filed again when unheard": _pending_twice,
    "limit told twice": _limit_told_twice,
}
CAUGHT_ON_WEBHOOKS = {
    "outbox outside the transaction": "deactivate+create@webhook/idle~1",
    "deleted before it is sent": "deliver+create@webhook/filed~1",
    "lease without a condition": "deliver+deliver@webhook/filed",
    "queue forgotten though more has come": "deliver+test@webhook/filed",
    "number not in the condition": "activate+deliver+deliver-early@webhook/ahead",
    "filed again when unheard": "deliver+test@webhook/idle~1",
    "limit told twice": "one-too-many+one-too-many@webhook/full",
}
"""The setting that is walked, as in `caught.CAUGHT_IN`."""
