"""One-time codes: one an account, each try counted by a conditional write (`domain.one_time_code`)."""

from hashlib import sha256

from chalicelib.domain.history import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.one_time_code import MAIL_WINDOW_MS, MAX_TRIES, OneTimeCode
from chalicelib.domain.people import User
from chalicelib.store import accounts, dynamo
from chalicelib.store.dynamo import Transaction
from chalicelib.store.sealing import keyed_hash
from chalicelib.store.tables import AccountEventItem, CodeItem, event_item, to_domain


def hash_code(company: str, email: str, code: str) -> str:
    """The form in which a code is stored: bound to the account and to our key, for eight digits are soon guessed."""
    return keyed_hash(code, f"one-time-code#{company}#{email}")


def read_code(company: str, email: str) -> OneTimeCode:
    """The newest code of an account, void or not. Consistent."""
    item = dynamo.get(_item(company, email))
    return OneTimeCode() if item is None else _code(item)


def replace_code(company: str, email: str, old: OneTimeCode, new: OneTimeCode) -> None:
    """Store a code in the place of the old one. Raises `Stale` where there is another by now."""
    item = CodeItem
    seen = item.code_hash == old.code_hash if old.code_hash else item.pk.does_not_exist()
    actions = [
        item.code_hash.set(new.code_hash),
        item.until.set(new.until),
        item.tries.set(new.tries),
        item.used.set(new.used),
        item.mailed.set(list(new.mailed)),
        item.expires.set((new.mailed[-1] + MAIL_WINDOW_MS) // 1000 + 1),
    ]
    # Our own, where the answer to this write was lost, and it is sent again.
    dynamo.update(_item(company, email), actions, seen | (item.code_hash == new.code_hash))


def count_try(company: str, email: str, now: Instant) -> OneTimeCode:
    """Count a try before it is looked at; answers the code that it is for. Raises `Stale` where none may be tried."""
    allowed = (CodeItem.until > now) & (CodeItem.tries < MAX_TRIES)
    return _code(dynamo.update(_item(company, email), [CodeItem.tries.add(1)], allowed))


def redeem(code: OneTimeCode, old: User, new: User, event: Event) -> None:
    """Write the password of `new` and use up the code, in one. Raises `Stale` where either has changed."""
    write = Transaction(event_item(old.company, event, AccountEventItem))
    accounts.put_password(write, old, new)
    unused = (CodeItem.code_hash == code.code_hash) & (CodeItem.used == False)  # noqa: E712 - an expression
    write.update(_item(old.company, old.email), [CodeItem.used.set(True)], unused)
    write.commit()


def _code(item: CodeItem) -> OneTimeCode:
    return to_domain(item, OneTimeCode)


def _item(company: str, email: str) -> CodeItem:
    return CodeItem(f"code#{company}#{sha256(email.encode()).hexdigest()}")
