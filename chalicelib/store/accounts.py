"""The catalog and the people of a company, and the names that lead to them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chalicelib.domain.catalog import ApiKey, Company
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.mail import Mail, QueuedMail
from chalicelib.domain.source_rows import MadeOfRow, SourceRow
from chalicelib.domain.users import User
from chalicelib.store import buckets, reads, writes
from chalicelib.store.counts import marks, put_count
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.accounts import ApiKeyItem, CompanyItem, UserItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.licenses import LicenseItem, SeatItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.items.work import MailItem
from chalicelib.store.keys import (
    COMPANIES,
    COMPANY,
    LICENSE,
    api_key_sort_key,
    customer_license_sort_key,
    email_sort_key,
    license_key_sort_key,
    license_pk,
    seat_sort_key,
    source_sort_key,
    user_license_sort_key,
    user_sort_key,
)
from chalicelib.store.listeners import note_mails_off
from chalicelib.store.login_attempts import put_forgiveness
from chalicelib.store.mails import put_mail, queued_item
from chalicelib.store.portal_hosts import put_portal_host
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

_MAILS_AT_ONCE = 90
"""Mails that are taken out of the queue in one transaction of a hundred items."""


def create_company(company: Company, event: Event) -> None:
    """Store a company, with the link that lists it. Raises `ConditionFailed` where the code is taken."""
    link = LookupItem(COMPANIES, company.code)
    _create(CompanyItem.of(company, company.code, COMPANY), company.code, event, link, *marks(company.code))


def read_company(code: str) -> Company | None:
    """One company, consistently."""
    item = reads.get(CompanyItem(code, COMPANY))
    return None if item is None else item.to_domain()


def require_company(write: Transaction, code: str) -> None:
    """Let a transaction be written only while the company is there: nobody removes what is made once it was deleted."""
    write.check(CompanyItem(code, COMPANY), CompanyItem.pk.exists())


def update_company(old: Company, new: Company, event: Event) -> None:
    """Write what differs, if nobody has changed the company since, or has its host. Raises `ConditionFailed`."""
    write = Transaction(event_item(old.code, event, AccountEventItem))
    write.change(CompanyItem(old.code, COMPANY), old, new)
    if new.mails_off != old.mails_off:
        note_mails_off(write, new)
    if new.portal_host != old.portal_host:
        put_portal_host(write, old, new)
    write.commit()


def company_codes(*, after: str | None = None) -> Iterator[str]:
    """The codes of all companies behind the code `after`, in order, consistently: operators have no company."""
    return reads.sort_keys(LookupItem, COMPANIES, after=after)


def create_api_key(api_key: ApiKey, event: Event) -> None:
    """Raises `ConditionFailed` on a clash, or where the company is there no more."""
    _create(ApiKeyItem.of(api_key, api_key.company, api_key_sort_key(api_key.api_key)), api_key.company, event)


def read_api_key(company: str, api_key: str) -> ApiKey | None:
    """One API key, consistently."""
    item = reads.get(ApiKeyItem(company, api_key_sort_key(api_key)))
    return None if item is None else item.to_domain()


def read_api_keys(company: str) -> Iterator[ApiKey]:
    """All API keys of a company, consistently."""
    return (item.to_domain() for item in reads.query(ApiKeyItem, company, api_key_sort_key()))


def update_api_key(old: ApiKey, new: ApiKey, event: Event) -> None:
    """Write what differs, if nobody has changed the key since. Raises `ConditionFailed`."""
    write = Transaction(event_item(old.company, event, AccountEventItem))
    write.change(ApiKeyItem(old.company, api_key_sort_key(old.api_key)), old, new)
    write.commit()


def find_license_id_by_key(company: str, license_key: str, *, answered_at: Instant | None = None) -> int | None:
    """The id of the license that has this key, or had it. Never changes once it is there.

    `answered_at`: None where the key was replaced, and is not answered any more at that instant.
    """
    link = reads.get(LookupItem(company, license_key_sort_key(license_key)))
    if link is None or link.target_id is None:
        return None
    return int(link.target_id) if answered_at is None or link.until is None or answered_at < link.until else None


def find_license_id_by_any(company: str, license_keys: Sequence[str]) -> int | None:
    """The same by the first of these keys that there is: one read."""
    links = reads.batch_get([LookupItem(company, license_key_sort_key(key)) for key in license_keys], consistent=True)
    return next((link.target_id for link in links if link is not None), None)


def find_made_of_row(company: str, source: SourceRow) -> MadeOfRow | None:
    """The license that was brought in from a row of another system. Never changes once it is there."""
    link = reads.get(LookupItem(company, source_sort_key(source)))
    return None if link is None or link.target_id is None else MadeOfRow(link.target_id, link.import_id)


def user_of_email(company: str, email: str) -> int | None:
    """The id of the user with this email."""
    return _link(company, email_sort_key(email))


def read_user(company: str, user_id: int) -> User | None:
    """One user, consistently."""
    item = reads.get(UserItem(company, user_sort_key(user_id)))
    return None if item is None else item.to_domain()


def licenses_of_user(company: str, user_id: int, product: str, *, among: int | None = None) -> list[int]:
    """The licenses of a product on which the user has a seat, newest first, consistently.

    `among`: they are looked for among so many, the newest of whatever product.
    """
    links = reads.query_raw(LookupItem, company, user_license_sort_key(user_id), backwards=True, limit=among)
    of_product = (raw for raw in links if raw.get("product", {}).get("S") == product)
    return [int(raw["part"]["S"].rsplit("#", 1)[1]) for raw in of_product]


def held_license_ids(
    company: str, user_id: int, *, after: int | None = None, newest_first: bool = False, limit: int | None = None
) -> list[int]:
    """The licenses on which the user has a seat, oldest first or `newest_first`, behind the license `after`.

    Consistent.
    """
    prefix = user_license_sort_key(user_id)
    behind = None if after is None else user_license_sort_key(user_id, after)
    raws = reads.query_raw(LookupItem, company, prefix, backwards=newest_first, limit=limit, after=behind)
    return [int(raw["part"]["S"].rsplit("#", 1)[1]) for raw in raws]


def buyers_of_held(company: str, user_id: int) -> dict[int, str | None]:
    """The licenses on which the user has a seat, each with whose it is (`domain.access.buyer`), consistently.

    None where the link is of an older process, and does not say it.
    """
    links = reads.query_raw(LookupItem, company, user_license_sort_key(user_id))
    return {int(raw["part"]["S"].rsplit("#", 1)[1]): raw.get("buyer", {}).get("S") for raw in links}


class LicenseOfCustomer(NamedTuple):
    """A license as it is filed under its customer. None: older code has filed it without."""

    license_id: int
    product: str | None
    order_id: str | None


def licenses_of_customer(company: str, email: str, *, after: int | None = None, limit: int) -> list[LicenseOfCustomer]:
    """The licenses that were sold to a customer behind the license `after`: oldest first, consistently."""
    prefix = customer_license_sort_key(email)
    behind = None if after is None else customer_license_sort_key(email, after)
    raws = reads.query_raw(LookupItem, company, prefix, after=behind, limit=limit)
    facts = ((raw["part"]["S"], raw.get("product", {}).get("S"), raw.get("order_id", {}).get("S")) for raw in raws)
    return [LicenseOfCustomer(int(part.removeprefix(prefix)), product, order_id) for part, product, order_id in facts]


def users(company: str, *, after: int | None = None, limit: int | None = None) -> Iterator[User]:
    """The users of a company behind the user `after`, at most `limit`, in the order of their keys. Consistent."""
    behind = None if after is None else user_sort_key(after)
    return reads.query_readable(UserItem, company, user_sort_key(), after=behind, limit=limit)


def read_users(company: str, user_ids: list[int]) -> dict[int, User]:
    """Users by id, consistently, a hundred in one round trip."""
    found: dict[int, User] = {}
    for start in range(0, len(user_ids), reads.BATCH_GET_LIMIT):
        wanted = [UserItem(company, user_sort_key(id)) for id in user_ids[start : start + reads.BATCH_GET_LIMIT]]
        users = [i.to_domain() for i in reads.batch_get(wanted, consistent=True) if i is not None]
        found |= {user.id: user for user in users}
    return found


def put_new_user(write: Transaction, user: User) -> None:
    """Add a new user, with the item that keeps the email unique, to a transaction."""
    put_count(write, "users", user.company, user_sort_key(user.id))
    write.put(UserItem.of(user, user.company, user_sort_key(user.id)), UserItem.pk.does_not_exist())
    write.put(LookupItem(user.company, email_sort_key(user.email), target_id=user.id), LookupItem.pk.does_not_exist())


def change_password(
    old: User, new: User, event: Event, *, still_theirs: bool = False, mail: Mail | None = None
) -> None:
    """Write the password of `new`, if that of `old` still holds; all sessions and locks are over. Raises
    `ConditionFailed`, also where sessions were ended since `old` was read: the new epoch is that of `new`.

    `mail` goes with it. `still_theirs`: only if the user was given nothing meanwhile (`usecases.account_access`).
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    put_password(write, old, new, event.at, _in_epoch(old) & _as_given(old) if still_theirs else _in_epoch(old))
    if mail is not None:
        put_mail(write, mail, event.at)
    write.commit()


def rehash_password(old: User, new: User) -> None:
    """Store another hash of the same password, in one attempt and without an event.

    Raises `ConditionFailed` where the password, or the email, is another by now.
    """
    writes.observe(_account(old), [UserItem.password_hash.set(new.password_hash)], _opened_as(old))


def change_email(
    old: User,
    new: User,
    license_ids: list[int],
    event: Event,
    mails: Sequence[Mail],
    asked_on: tuple[License, Event] | None,
) -> None:
    """Move an account, and its seats on these licenses, to the email and invitation of `new`.

    `asked_on`: the license where it was asked for, if it was on one, and the event for the history of that. For its
    customer it counts as a seat that is given. Raises `ConditionFailed`.
    """
    company, item, email = old.company, UserItem, new.email
    write = Transaction(event_item(company, event, AccountEventItem))
    if asked_on is not None:
        license, license_event = asked_on
        pk = license_pk(company, license.id)
        write.put_event(event_item(pk, license_event))
        taken, allowed = buckets.giving_seats(license, event.actor, event.at, 1)
        if taken:
            write.update(LicenseItem(pk, LICENSE), taken, allowed)
    write.update(
        _account(old),
        [item.email.set(email), item.email_verified.set(new.email_verified), *_scope(new), *_invitation(new)],
        _opened_as(old) & _as_given(old),
    )
    write.delete(LookupItem(company, email_sort_key(old.email)), LookupItem.target_id == old.id)
    write.put(LookupItem(company, email_sort_key(email), target_id=old.id), LookupItem.pk.does_not_exist())
    for held in license_ids:
        seat = SeatItem(license_pk(company, held), seat_sort_key(old.id))
        write.update(seat, [SeatItem.email.set(email)], SeatItem.pk.exists())
    for mail in mails:
        put_mail(write, mail, event.at)
    write.commit()


def update_user(old: User, new: User, event: Event) -> None:
    """Write what differs of the profile, if nobody has changed it since. Raises `ConditionFailed`.

    What opens an account, or is given to it, has conditions of its own (`UserItem.guarded`), and functions here.
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    write.change(_account(old), old, new, more=[UserItem.updated_at.set(event.at)])
    write.commit()


def end_sessions(user: User, event: Event) -> None:
    """All sessions of an account are over. Raises `ConditionFailed` where they were ended meanwhile."""
    write = Transaction(event_item(user.company, event, AccountEventItem))
    write.update(_account(user), [UserItem.session_epoch.add(1)], _in_epoch(user))
    write.commit()


def close_account(old: User, new: User, event: Event) -> None:
    """Write that an account is closed, with the password of `new`, which nobody has; all sessions are over.

    From this write on nothing is given to it. Raises `ConditionFailed` where it is closed, or has another email, by
    now.
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    closed = [*_password(new), UserItem.password_scope.remove(), UserItem.closed_at.set(event.at)]
    write.update(_account(old), closed, (UserItem.email == old.email) & _is_open())
    write.commit()


def reopen_account(old: User, event: Event) -> None:
    """Write that an account is closed no more. Raises `ConditionFailed` where it is by now, or was closed anew."""
    assert old.closed_at is not None
    write = Transaction(event_item(old.company, event, AccountEventItem))
    opened = [UserItem.closed_at.remove(), UserItem.reopened_at.set(event.at)]
    write.update(_account(old), opened, UserItem.closed_at == old.closed_at)
    write.commit()


def require_closed(write: Transaction, company: str, user_id: int, closed_at: Instant) -> None:
    """Let a transaction be written only while an account is closed since then: opened again, what it has is its own."""
    write.check(UserItem(company, user_sort_key(user_id)), UserItem.closed_at == closed_at)


def forget_mails(closed: User, waiting: Sequence[QueuedMail]) -> None:
    """Take mails to an account out of the queue while it is closed as in `closed`. Repeating is safe.

    Raises `ConditionFailed` where it is closed so no more.
    """
    assert closed.closed_at is not None
    for start in range(0, len(waiting), _MAILS_AT_ONCE):
        write = Transaction(None)
        require_closed(write, closed.company, closed.id, closed.closed_at)
        for queued in waiting[start : start + _MAILS_AT_ONCE]:
            write.delete(queued_item(queued), THERE_OR_NOT)
        write.commit()


def unlock(user: User, event: Event) -> None:
    """Forget the failed log-ins of an account."""
    write = Transaction(event_item(user.company, event, AccountEventItem))
    put_forgiveness(write, user.company, user.email, event.at)
    write.commit()


def put_password(write: Transaction, old: User, new: User, now: Instant, more: Condition | None = None) -> None:
    """Add a change of password to a transaction, which ends each lock of the account, too.

    `more`: what must be true of the account, besides that what opens it, its email and that it is open are unchanged.
    """
    unchanged = _opened_as(old)
    write.update(_account(old), _password(new), unchanged if more is None else unchanged & more)
    put_forgiveness(write, old.company, old.email, now)


def put_given(write: Transaction, old: User, new: User, *, manages: bool = False) -> None:
    """Add to a transaction that a user who is there is given something, and what `new` says of the password.

    Where that differs from `old`, the user must have been given nothing meanwhile, and the password must be the same.
    `manages`: it is an order to manage. The password must be the same then, too: nobody else may come to know it.
    """
    opening = _opening(old, new)
    unchanged = _opened_as(old) if opening or manages else (UserItem.email == old.email) & _is_open()
    if opening:
        unchanged &= _as_given(old)
    given = [UserItem.access_revision.add(1), *([UserItem.is_manager.set(True)] if manages else []), *opening]
    write.update(_account(old), given, unchanged)


def invite(old: User, new: User, license_id: int, event: Event, mail: Mail) -> None:
    """Write the invitation of `new` to a license, and queue its mail. Raises `ConditionFailed` if `old` is outdated."""
    write = Transaction(event_item(license_pk(old.company, license_id), event))
    write.update(_account(old), _invitation(new), _opened_as(old))
    put_mail(write, mail, event.at)
    write.commit()


def note_refused_invitation(user: User, refused: QueuedMail, mails: Sequence[Mail], now: Instant) -> None:
    """Note that the address of an account was refused to its invitation, take that out of the queue, and queue `mails`.

    Raises `ConditionFailed` where the account is opened otherwise by now, or the invitation is in the queue no more.
    """
    write = Transaction(None)
    write.update(_account(user), [UserItem.invitation_refused_at.set(now)], _opened_as(user))
    write.delete(queued_item(refused), MailItem.pk.exists())
    for mail in mails:
        put_mail(write, mail, now)
    write.commit()


def _account(user: User) -> UserItem:
    """Where an account stands."""
    return UserItem(user.company, user_sort_key(user.id))


def _opening(old: User, new: User) -> list[Action]:
    """What differs of that by which an account is opened: the password, or else its scope and the invitation."""
    if new.password_hash != old.password_hash:
        return _password(new)
    scope = _scope(new) if new.password_scope != old.password_scope else []
    return scope + (_invitation(new) if new.invitation_hash != old.invitation_hash else [])


def _scope(user: User) -> list[Action]:
    """A set is never empty: without one, the account is of before there were scopes."""
    return [UserItem.password_scope.set(user.password_scope)] if user.password_scope else []


def _invitation(user: User) -> list[Action]:
    """Whatever becomes of an invitation, it is no longer one that was refused."""
    item, unrefused = UserItem, UserItem.invitation_refused_at.remove()
    if user.invitation_hash is None:
        return [item.invitation_hash.remove(), item.invited_at.remove(), unrefused]
    return [item.invitation_hash.set(user.invitation_hash), item.invited_at.set(user.invited_at), unrefused]


def _password(user: User) -> list[Action]:
    sealed = user.sealed_initial_password
    return [
        *_scope(user),
        *_invitation(user),
        UserItem.password_hash.set(user.password_hash),
        UserItem.is_initial_password.set(user.is_initial_password),
        UserItem.session_epoch.add(1),
        UserItem.email_verified.set(user.email_verified),
        UserItem.sealed_initial_password.remove() if sealed is None else UserItem.sealed_initial_password.set(sealed),
    ]


def _opened_as(user: User) -> Condition:
    item = UserItem
    same: Condition = item.unchanged(user, item.password_hash, item.email, item.invitation_hash) & _is_open()
    return same


def _is_open() -> Condition:
    """Whether the account was not closed, whoever read it before."""
    never_closed: Condition = UserItem.closed_at.does_not_exist()
    return never_closed


def _as_given(user: User) -> Condition:
    """Whether the user was given no seat, and nothing to manage, since it was read."""
    return UserItem.unchanged(user, UserItem.access_revision, UserItem.is_manager)


def _in_epoch(user: User) -> Condition:
    return UserItem.unchanged(user, UserItem.session_epoch)


def _link(company: str, part: str) -> int | None:
    link = reads.get(LookupItem(company, part))
    return None if link is None or link.target_id is None else int(link.target_id)


def _create(item: AnyItem, company: str, event: Event, *more: AnyItem) -> None:
    write = Transaction(event_item(company, event, AccountEventItem))
    for new in (item, *more):
        write.put(new, type(new).pk.does_not_exist())
    if not isinstance(item, CompanyItem):
        require_company(write, company)
    write.commit()
