"""Close an account, and open it again: the vendor's word, which nobody else takes back.

The mark decides, in one write: each write that gives the account a seat, an order to manage, a password or another
email requires that it is not there. So what the account had at that instant only becomes less, and one walk through it
finds all. Each step of the walk requires in turn that the mark is there still, from the same instant: a call that comes
late takes nothing that was given since the account was opened again. Cut short, the same call goes on.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import QueuedMail
from chalicelib.domain.users import User, guard_still_closed
from chalicelib.store import accounts, mails, orders
from chalicelib.usecases.change_seat import remove_account
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.order_managers import remove_manager
from chalicelib.usecases.passwords import with_no_password
from chalicelib.usecases.retry import decide_and_write


@dataclass(frozen=True, slots=True)
class Closed:
    """An account that is closed, and what this call has taken from it."""

    user: User
    orders: list[str]
    """Those that it managed, by id."""
    seats: int


def close_account(company: str, email: str, actor: Actor, *, now: Instant) -> Closed:
    """Let nobody log in to an account any more, and take from it all that it has: orders, seats, mails that wait.

    At once its sessions are over, its password is nobody's, and mailed codes are void; the rest goes in steps. Again,
    it finishes what was cut short, and then changes nothing. Raises `NotFound`: `user_not_found`.
    """

    def decide(user: User) -> User:
        return user if user.closed_at is not None else replace(with_no_password(user), closed_at=now)

    def write(old: User, new: User) -> None:
        if old.closed_at is None:
            accounts.close_account(old, new, Event.new("user_closed", actor, now, user=old.email, user_id=old.id))

    user = decide_and_write(lambda _: find_account(company, email), decide, write)[1]
    return _emptied(user, actor, now)


def reopen_account(company: str, email: str, actor: Actor, *, now: Instant) -> User:
    """Let an account that was closed be used again: it has nothing, and a password that nobody has.

    With the next seat, or order to manage, it gets a new initial password. Again, it changes nothing.
    Raises `NotFound`: `user_not_found`.
    """

    def decide(user: User) -> User:
        return user if user.closed_at is None else replace(user, closed_at=None, reopened_at=now)

    def write(old: User, _: User) -> None:
        if old.closed_at is not None:
            _emptied(old, actor, now)  # what was cut short comes back with nothing
            accounts.reopen_account(old, Event.new("user_reopened", actor, now, user=old.email, user_id=old.id))

    return decide_and_write(lambda _: find_account(company, email), decide, write)[1]


def _emptied(user: User, actor: Actor, now: Instant) -> Closed:
    """Take from a closed account all that it has. What it gets once it was opened again by another call, it keeps."""
    company, since = user.company, user.closed_at
    assert since is not None
    held = accounts.held_license_ids(company, user.id)
    for license_id in held:
        with suppress(NotFound):  # a link that leads to no license keeps no seat from being taken: `audit --repair`
            remove_account(company, license_id, user.id, actor, closed_at=since, now=now)
    managed = sorted({sold.order_id for sold in orders.read_managed_licenses(company, user.id)})
    for order_id in managed:
        with suppress(NotFound):  # likewise
            remove_manager(company, order_id, user.email, actor, closed_at=since, now=now)
    with suppress(NotFound):  # opened again
        _forget_mails(user, since)
    return Closed(user, managed, len(held))


def _forget_mails(user: User, since: Instant) -> None:
    def read(_: bool) -> list[QueuedMail]:
        guard_still_closed(accounts.read_user(user.company, user.id), since)
        return [queued for queued, mail in mails.mails_of(user.company) if mail.to == user.email]

    decide_and_write(read, lambda waiting: waiting, lambda _, waiting: accounts.forget_mails(user, waiting))
