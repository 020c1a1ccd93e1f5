"""The histories of companies and of accounts, which lie in the company's partition."""

from collections.abc import Iterator

from chalicelib.domain.events import Event
from chalicelib.domain.users import User
from chalicelib.store import reads
from chalicelib.store.items.events import AccountEventItem
from chalicelib.store.keys import event_sort_key


def company_events(company: str, *, after: str | None = None, limit: int | None = None) -> Iterator[Event]:
    """The history of a company, its people and its orders, newest first; `after` is the key to go on behind."""
    part = None if after is None else event_sort_key(after)
    return reads.query_readable(AccountEventItem, company, event_sort_key(), backwards=True, after=part, limit=limit)


def account_events(user: User, *, after: str | None = None) -> Iterator[Event]:
    """The history of one account, newest first, under whatever email; `after` as in `company_events`.

    It is looked for in all of the company's, page by page: for operators. Older events name no id, but an email.
    """
    events = company_events(user.company, after=after)
    return (e for e in events if (e.user == user.email if e.user_id is None else e.user_id == user.id))
