"""What touches the safety of an account, in its history: a row an hour and kind, where what happens again is counted.

So nobody multiplies rows by doing it often. A row stands where the first of its events belongs; which one that is says
an item for the hour (`SeriesItem`).
"""

from contextlib import nullcontext, suppress
from hashlib import sha256

from chalicelib.domain.events import Event
from chalicelib.domain.users import User
from chalicelib.store import database, outbox, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Action
from chalicelib.store.items.events import AccountEventItem, NobodysEventItem, SeriesItem
from chalicelib.store.keys import event_sort_key
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import Transaction

_HOUR_MS = 60 * 60_000
ADDRESSES_OF = 30
"""How often an event's address is kept in a row; after that the first, these and the last are known."""


def note_security(company: str, whose: User | str, event: Event, *, or_fail: bool) -> None:
    """Record an event of an account. Where an email has none, as much is written, which expires.

    `or_fail`: raise `Unavailable` where it cannot be recorded; else it is tried once, and no answer waits for it.
    """
    write = writes.update if or_fail else writes.observe
    series = write(*_counted(company, whose if isinstance(whose, str) else whose.email, event))
    if series is None:
        return
    item, last_key = AccountEventItem, event_sort_key(event.key)
    again = item.last_key.does_not_exist() | (item.last_key != last_key)  # else our own, whose answer was lost
    actions = [*_row_actions(series, event), item.last_key.set(last_key)]
    if isinstance(whose, str):
        row: AnyItem = NobodysEventItem(f"nobody#{series.pk}")
        actions += [item.user.set(""), NobodysEventItem.expires.set(series.expires)]
        outgoing: AnyItem = NobodysEventItem(f"nobody#{series.pk}#out", expires=series.expires)
    else:
        row = item(company, event_sort_key(series.key))
        actions += [item.user.set(whose.email), item.user_id.set(whose.id)]
        outgoing = outbox.outgoing_item(company, event.key)
    with suppress(ConditionFailed), nullcontext() if or_fail else database.observing():
        if series.key == event.key and outbox.listened(company, event.type, event.at):
            both = Transaction(None)
            both.update(row, actions, again)
            both.put(outgoing, type(outgoing).pk.does_not_exist())
            both.commit()
        else:
            write(row, actions, again)


def _counted(company: str, email: str, event: Event) -> tuple[SeriesItem, list[Action]]:
    """What counts the event among those of its hour, and says which of them stands for all."""
    item, hour = SeriesItem, event.at - event.at % _HOUR_MS
    of = f"{event.type}#{email}#{event.actor.name}#{sorted(event.detail.items())}"
    actions: list[Action] = [
        item.key.set(item.key | event.key),
        item.ip.set(item.ip | (event.actor.ip or "")),
        item.times.add(1),
        item.expires.set((hour + _HOUR_MS) // 1000),
    ]
    return item(f"security#{company}#{hour}#{sha256(of.encode()).hexdigest()}"), actions


def _row_actions(series: SeriesItem, event: Event) -> list[Action]:
    """What the row says: when and from where first and last, how often, and from which addresses."""
    item, ip, began = AccountEventItem, event.actor.ip, int(series.key.partition("#")[0])
    actions: list[Action] = [
        item.type.set(event.type),
        item.at.set(began),
        item.actor.set(event.actor.name),
        item.repeats.set((item.repeats | -1) + 1),
    ]
    if event.detail:
        actions.append(item.detail.set(event.detail))
    if series.ip:
        actions.append(item.ip.set(series.ip))
    if series.key != event.key:  # not by `times`, which counts one whose answer was lost twice
        actions += [item.last_at.set(max(began, event.at)), item.last_ip.set(ip) if ip else item.last_ip.remove()]
    if ip and series.times <= ADDRESSES_OF:
        actions.append(item.addresses.add({ip}))
    return actions
