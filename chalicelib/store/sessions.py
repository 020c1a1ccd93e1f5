"""Sessions: under the hash of their tokens, forgotten by themselves, never what a limit rests on."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from hashlib import sha256

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.session import ABSOLUTE_MS, ListedSession, Session, listed_session
from chalicelib.domain.users import User
from chalicelib.store import reads, writes
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.ephemera import ListedSessionsItem, SessionItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.keys import user_sort_key
from chalicelib.store.transactions import Transaction


def session_key(token: str) -> str:
    """The hash of a token, under which its session is stored."""
    return sha256(token.encode()).hexdigest()


def session_item(token: str) -> SessionItem:
    """Where the session of a token is stored."""
    return _keyed(session_key(token))


def listed_item(company: str, user_id: int) -> ListedSessionsItem:
    """Where the sessions of an account are listed."""
    return ListedSessionsItem(f"sessions#{company}#{user_id}")


def list_session(company: str, user_id: int, listed: ListedSession) -> list[ListedSession]:
    """List one more session of an account; answers all that are listed, also those that are over."""
    item, expires = listed_item(company, user_id), (listed.opened_at + ABSOLUTE_MS) // 1000
    actions = [ListedSessionsItem.entries.add({listed.text}), ListedSessionsItem.expires.set(expires)]
    return listed_in(writes.update(item, actions))


def listed_in(item: ListedSessionsItem | None) -> list[ListedSession]:
    """What an item lists, but for what cannot be read: that session lasts, and is not shown."""
    texts = () if item is None else item.entries or ()
    return [listed for text in texts if (listed := listed_session(text)) is not None]


def read_sessions(keys: Iterable[str], now: Instant) -> dict[str, Session]:
    """Those of the sessions with these keys that are stored, by their keys. Consistent, in one round trip."""
    wanted = {key: _keyed(key) for key in keys}
    found = reads.batch_get(list(wanted.values()), consistent=True, now=now) if wanted else []
    return {key: item.to_domain() for key, item in zip(wanted, found, strict=True) if item is not None}


def end_one(company: str, user_id: int, listed: ListedSession, event: Event) -> None:
    """Forget one session of an account, and list it no more. Raises `ConditionFailed` where it is gone by now."""
    write = Transaction(event_item(company, event, AccountEventItem))
    write.delete(_keyed(listed.key), SessionItem.pk.exists())
    entries = ListedSessionsItem.entries
    write.update(listed_item(company, user_id), [entries.delete({listed.text})], ListedSessionsItem.pk.exists())
    write.commit()


def end_listed(company: str, user_id: int, listed: Sequence[ListedSession]) -> None:
    """Forget sessions of an account, and list them no more. Doing so again changes nothing."""
    for _ in writes.delete_all(_keyed(one.key) for one in listed):
        pass
    writes.update(listed_item(company, user_id), [ListedSessionsItem.entries.delete({one.text for one in listed})])


def open_session(token: str, session: Session) -> None:
    """Store a new session."""
    writes.batch_put([_opened(token, session)])


def put_session(write: Transaction, token: str, session: Session) -> None:
    """Store a new session with what opens it: of many who send the same at once, one does."""
    write.put(_opened(token, session), SessionItem.pk.does_not_exist())


def is_stored(token: str, now: Instant) -> bool:
    """Whether the session of a token is there: it was opened, and has not been ended. Consistent."""
    key = session_key(token)
    return key in read_sessions([key], now)


def _opened(token: str, session: Session) -> SessionItem:
    expires = (session.opened_at + ABSOLUTE_MS) // 1000
    given = {field.name: getattr(session, field.name) for field in fields(session)}
    return SessionItem(session_item(token).pk, expires=expires, **given)


def touch_session(token: str, now: Instant) -> None:
    """Observe that a session is in use. Raises `ConditionFailed` where it was ended meanwhile."""
    writes.observe(session_item(token), [SessionItem.seen_at.set(now)], SessionItem.pk.exists())


def move_session(token: str, epoch: int, now: Instant) -> None:
    """Let a session belong to a later epoch of its user.

    Raises `ConditionFailed` where it was ended meanwhile, or belongs to a later one still.
    """
    moved = [SessionItem.epoch.set(epoch), SessionItem.seen_at.set(now)]
    writes.update(session_item(token), moved, SessionItem.epoch <= epoch)


def end_session(token: str) -> None:
    """Forget a session."""
    writes.delete(session_item(token))


def _keyed(key: str) -> SessionItem:
    return SessionItem(f"session#{key}")


def note_log_in(user: User, now: Instant) -> None:
    """Note with an account when its owner has logged in, in one attempt. Raises `ConditionFailed` where it is gone."""
    account = UserItem(user.company, user_sort_key(user.id))
    writes.observe(account, [UserItem.last_login_at.set(now)], UserItem.pk.exists())
