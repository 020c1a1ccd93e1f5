"""That a company was told of a late sweep: in an item that expires, and in its history."""

from contextlib import suppress

from chalicelib.domain.events import Event
from chalicelib.domain.license import HOUR_MS
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.ephemera import SweepLateItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.transactions import Transaction

_DAY_MS = 24 * HOUR_MS


def note(company: str, event: Event) -> None:
    """Write the event, unless one was written less than a day before."""
    write = Transaction(event_item(company, event, AccountEventItem))
    item = SweepLateItem(f"late#{company}", expires=(event.at + _DAY_MS) // 1000)
    write.put(item, SweepLateItem.is_absent(event.at))
    with suppress(ConditionFailed):
        write.commit()
