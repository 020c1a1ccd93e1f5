"""One-time codes: one an account and browser, each try counted by a conditional write (`domain.one_time_code`)."""

import secrets
from hashlib import sha256

from chalicelib.domain.history import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import Mail
from chalicelib.domain.one_time_code import MAIL_WINDOW_MS, MAX_TRIES, VALID_MS, Asked, OneTimeCode
from chalicelib.domain.origin import WINDOW_MS, Failures
from chalicelib.domain.people import User
from chalicelib.store import accounts, dynamo
from chalicelib.store.counters import count_one, to_failures
from chalicelib.store.dynamo import Transaction
from chalicelib.store.mails import put_mail
from chalicelib.store.sealing import keyed_hash
from chalicelib.store.tables import AccountEventItem, AskedItem, CodeItem, FailuresItem, event_item, to_domain


def hash_code(company: str, email: str, code: str) -> str:
    """The form in which a code is stored: bound to the account and to our key, for eight digits are soon guessed."""
    return keyed_hash(code, f"one-time-code#{company}#{email}")


def read_asked(company: str, email: str, address: str, now: Instant) -> tuple[Asked, Failures]:
    """What was asked for of late: for an account, and from an address. Consistent, in one round trip."""
    asked, of_address = dynamo.read([_asked_item(company, email), _address_item(address)], consistent=True)
    mailed = () if asked is None else tuple((at, who) for at, who in asked.mailed)
    return Asked(0 if asked is None else asked.revision, mailed), to_failures(of_address, now)


def note_asked(company: str, email: str, old: Asked, new: Asked) -> None:
    """Note that a code is mailed. Raises `Stale` where another was meanwhile."""
    item, claim = AskedItem, secrets.token_hex(8)
    seen = item.revision == old.revision if old.revision else item.pk.does_not_exist()
    actions = [
        item.revision.set(new.revision),
        item.claim.set(claim),
        item.mailed.set([list(mail) for mail in new.mailed]),
        item.expires.set((new.mailed[-1][0] + MAIL_WINDOW_MS) // 1000 + 1),
    ]
    # The claim tells our own write, sent again after its answer was lost, from another's.
    dynamo.update(_asked_item(company, email), actions, seen | (item.claim == claim))


def count_asked(address: str, seen: Failures, now: Instant) -> None:
    """Note that an address has asked for a code, whoever it was for."""
    count_one(_address_item(address), now, WINDOW_MS, until=seen.until)


def read_code(company: str, email: str, browser: str) -> OneTimeCode:
    """The newest code of an account in a browser, void or not. Consistent."""
    item = dynamo.get(_item(company, email, browser))
    return OneTimeCode() if item is None else _code(item)


def put_code(company: str, email: str, browser: str, code_hash: str, now: Instant) -> None:
    """Store a code in the place of an older one of the same browser."""
    item, until = CodeItem, now + VALID_MS
    expires = item.expires.set(until // 1000 + 1)
    fresh = [item.code_hash.set(code_hash), item.until.set(until), item.tries.set(0), item.used.set(False), expires]
    dynamo.update(_item(company, email, browser), fresh)


def count_try(company: str, email: str, browser: str, now: Instant) -> OneTimeCode:
    """Count a try before it is looked at; answers the code that it is for. Raises `Stale` where none may be tried."""
    allowed = (CodeItem.until > now) & (CodeItem.tries < MAX_TRIES)
    return _code(dynamo.update(_item(company, email, browser), [CodeItem.tries.add(1)], allowed))


def redeem(code: OneTimeCode, browser: str, old: User, new: User, event: Event, mail: Mail) -> None:
    """Write the password of `new`, use up the code and queue the mail, in one. Raises `Stale` where either changed."""
    write = Transaction(event_item(old.company, event, AccountEventItem))
    accounts.put_password(write, old, new, event.at)
    unused = (CodeItem.code_hash == code.code_hash) & (CodeItem.used == False)  # noqa: E712 - an expression
    write.update(_item(old.company, old.email, browser), [CodeItem.used.set(True)], unused)
    put_mail(write, mail, event.at)
    write.commit()


def _code(item: CodeItem) -> OneTimeCode:
    return to_domain(item, OneTimeCode)


def _item(company: str, email: str, browser: str) -> CodeItem:
    return CodeItem(f"code#{company}#{_hash(email)}#{_hash(browser)[:24]}")


def _asked_item(company: str, email: str) -> AskedItem:
    return AskedItem(f"asked#{company}#{_hash(email)}")


def _address_item(address: str) -> FailuresItem:
    return FailuresItem(f"asked#address#{address}")


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
