"""Second factors: on the account, so that one write decides whether a code is good."""

from chalicelib.domain.events import Event
from chalicelib.domain.mail import Mail
from chalicelib.domain.session import Session
from chalicelib.domain.users import User
from chalicelib.store.attributes import AnyAttribute
from chalicelib.store.expressions import Action
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.keys import user_sort_key
from chalicelib.store.mails import put_mail
from chalicelib.store.sessions import put_session
from chalicelib.store.transactions import Transaction

_WRITTEN: tuple[AnyAttribute, ...] = (
    UserItem.sealed_totp_secret,
    UserItem.totp_step,
    UserItem.recovery_hashes,
    UserItem.passkeys,
    UserItem.passkey_asked_at,
    UserItem.session_epoch,
)


def change_second_factor(
    old: User,
    new: User,
    event: Event | None,
    mail: Mail | None = None,
    opened: tuple[str, Session] | None = None,
) -> None:
    """Write the second factor of `new`; all sessions are over where that is of a later epoch. `mail` goes with `event`.

    `opened`: a session that a code opens, with its token.
    Raises `ConditionFailed` where the second factor or the password is another by now, a code was used, or the account
    was closed. Without an event a write whose answer was lost raises it, too: the account says what has become of it.
    """
    write = Transaction(None if event is None else event_item(old.company, event, AccountEventItem))
    unchanged = UserItem.unchanged(old, *_WRITTEN, UserItem.closed_at)
    write.update(UserItem(old.company, user_sort_key(old.id)), _actions(new), unchanged)
    if opened is not None:
        put_session(write, *opened)
    if event is not None and mail is not None:
        put_mail(write, mail, event.at)
    write.commit()


def _actions(user: User) -> list[Action]:
    """What is None or empty has no attribute."""
    stored = UserItem.attributes_of(user)
    return [one.set(stored[one.name]) if one.name in stored else one.remove() for one in _WRITTEN]
