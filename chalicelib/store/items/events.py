"""Items of history: events, and what was refused."""

from chalicelib.domain.events import Actor, Event
from chalicelib.domain.refusals import Refusal
from chalicelib.store import keys
from chalicelib.store.attributes import IntegerAttribute, JSONAttribute, TextAttribute, TextSetAttribute
from chalicelib.store.items.base import EphemeraItem, LicensesItem
from chalicelib.store.schema import Fields


class EventItem(LicensesItem[Event]):
    """A row of a license's history, in its partition."""

    by_hand = ("key", "actor")
    omits_defaults = True
    type: TextAttribute
    at: IntegerAttribute
    user: TextAttribute
    user_id: IntegerAttribute
    detail: JSONAttribute
    repeats: IntegerAttribute
    last_at: IntegerAttribute
    last_ip: TextAttribute
    addresses: TextSetAttribute

    actor = TextAttribute()
    ip = TextAttribute(null=True)
    last_key = TextAttribute(null=True)
    """The sort key that the event of the last repeat would have: the proof that it was committed."""

    @classmethod
    def attributes_by_hand(cls, value: Event) -> Fields:
        return {"actor": value.actor.name, "ip": value.actor.ip}

    def fields_by_hand(self) -> Fields:
        return {"key": self.sort_key.removeprefix(keys.event_sort_key()), "actor": Actor(self.actor, self.ip)}


class AccountEventItem(EventItem):
    """A row of a company's or a user's history, in the company's partition."""

    class Meta:
        table_name = "accounts"


class NobodysEventItem(EphemeraItem[None]):
    """What stands in the place of an event where there is no such account, for the same work. Nobody reads it."""


class SeriesItem(EphemeraItem[None]):
    """What happens to one account again and again within an hour, and its row of history."""

    key = TextAttribute()
    """Of the event that began it."""
    ip = TextAttribute(null=True)
    """Where that came from."""
    times = IntegerAttribute()


class RefusalItem(LicensesItem[Refusal]):
    """Calls that were refused alike within an hour, in a partition of the company's own."""

    times: IntegerAttribute


def event_item(pk: str, event: Event, kind: type[EventItem] = EventItem) -> EventItem:
    """The item of an event: in a license's partition, or as `AccountEventItem` in a company's."""
    return kind.of(event, pk, keys.event_sort_key(event.key))
