"""Items of events that leave the house: endpoints, and what waits for them or was delivered."""

from chalicelib.domain.deliveries import Delivery, Endpoint, Listeners, Outgoing, Queue
from chalicelib.store import keys
from chalicelib.store.attributes import BooleanAttribute, IntegerAttribute, TextAttribute, TextSetAttribute
from chalicelib.store.items.base import AccountsItem, LicensesItem
from chalicelib.store.schema import Fields


class OutgoingItem(LicensesItem[Outgoing]):
    """An event that is to leave the house, put in the transaction of its change."""

    by_hand = ("shard", "key")
    history: TextAttribute

    def fields_by_hand(self) -> Fields:
        return {"shard": int(self.pk.rpartition("#")[2]), "key": self.sort_key}


class QueueItem(LicensesItem[Queue]):
    """An endpoint for which something waits."""

    by_hand = ("shard",)
    omits_defaults = True
    company: TextAttribute
    endpoint: IntegerAttribute
    mark: TextAttribute
    due_at: IntegerAttribute
    lease_until: IntegerAttribute
    lease: TextAttribute
    resting_until: IntegerAttribute
    failing_since: IntegerAttribute
    slow: BooleanAttribute
    last_error: TextAttribute

    def fields_by_hand(self) -> Fields:
        return {"shard": int(self.pk.rpartition("#")[2])}


class DeliveryItem(LicensesItem[Delivery]):
    """A delivery: filed by when it is tried next, and in the log when it is not any more."""

    by_hand = ("company", "endpoint", "key", "next_try_at")
    omits_defaults = True
    created_at: IntegerAttribute

    def fields_by_hand(self) -> Fields:
        company, _, endpoint = self.pk.removeprefix(keys.webhooks_pk()).rpartition("#")
        kind, _, rest = self.sort_key.partition("#")
        at, _, later = rest.partition("#")
        pending = f"{kind}#" == keys.pending_sort_key()
        filed = {"key": later, "next_try_at": int(at)} if pending else {"key": rest}
        return {"company": company, "endpoint": int(endpoint), **filed}


class SequenceItem(LicensesItem[None]):
    """How many events of one history were filed for endpoints."""

    number = IntegerAttribute()


class EndpointItem(AccountsItem[Endpoint]):
    """An endpoint of a company."""


class ListenersItem(AccountsItem[Listeners]):
    """What a company's endpoints listen to."""

    company: TextAttribute
    endpoints: IntegerAttribute
    listens_to: TextSetAttribute
    mails_off: TextSetAttribute
    version: IntegerAttribute
