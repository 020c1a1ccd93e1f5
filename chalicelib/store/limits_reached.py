"""That a limit was reached, once a UTC day, license and limit: in an item that expires, apart from the license.

So a refusal leaves nothing on the license that anybody counts or waits for; its history gets one row a day at the most.
"""

from contextlib import suppress

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS
from chalicelib.domain.limits import LimitKind
from chalicelib.store import database
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.ephemera import LimitReachedItem
from chalicelib.store.items.events import event_item
from chalicelib.store.keys import license_pk
from chalicelib.store.transactions import Transaction

_DAY_MS = 24 * HOUR_MS


def key_of(company: str, license_id: int, kind: LimitKind, now: Instant) -> str:
    """What stands for a limit of a license and the UTC day of an instant."""
    return f"limit#{company}#{license_id}#{kind}#{now // _DAY_MS}"


def note(company: str, license_id: int, kind: LimitKind, event: Event) -> bool:
    """Write the event, unless one was written that day; whether there is one now. An observation: it is tried once."""
    expires = (event.at // _DAY_MS + 2) * _DAY_MS // 1000  # a day later, for clocks that are behind
    item = LimitReachedItem(key_of(company, license_id, kind, event.at), expires=expires)
    write = Transaction(event_item(license_pk(company, license_id), event))
    write.put(item, LimitReachedItem.pk.does_not_exist())
    with database.observing():
        with suppress(ConditionFailed):
            write.commit()
        return True
    return False
