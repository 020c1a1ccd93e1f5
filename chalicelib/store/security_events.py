"""What touches the safety of an account, in its history: a row an hour and kind, where what happens again is counted.

So nobody multiplies rows by doing it often.
"""

from base64 import b32encode
from contextlib import suppress
from hashlib import sha256

from chalicelib.domain.history import Event
from chalicelib.domain.people import User
from chalicelib.store import dynamo
from chalicelib.store.dynamo import Stale
from chalicelib.store.tables import AccountEventItem, event_part

_HOUR_MS = 60 * 60_000


def note_security(company: str, user: User | None, event: Event) -> None:
    """Tell of an event of an account. Where there is none, the same is written on a condition that does not hold.

    Raises `Busy`.
    """
    item = AccountEventItem
    of = f"{event.type}#{0 if user is None else user.id}#{event.actor.name}#{sorted(event.detail.items())}"
    hour = f"{event.at - event.at % _HOUR_MS:013d}#{b32encode(sha256(of.encode()).digest()).decode()[:10]}"
    last_key = event_part(event.key)
    actions = [
        item.type.set(event.type),
        item.at.set(item.at | event.at),
        item.actor.set(event.actor.name),
        item.repeats.set((item.repeats | -1) + 1),
        item.last_at.set(event.at),
        item.last_key.set(last_key),
        *([item.ip.set(event.actor.ip)] if event.actor.ip else []),
        *([item.detail.set(event.detail)] if event.detail else []),
        item.user.set("" if user is None else user.email),
        item.user_id.set(0 if user is None else user.id),
    ]
    again = item.last_key.does_not_exist() | (item.last_key != last_key)  # else our own, whose answer was lost
    there = item.pk.exists()
    allowed = there & again if user is None else (there | item.pk.does_not_exist()) & again
    with suppress(Stale):
        dynamo.update(item(company, event_part(hour)), actions, allowed)
