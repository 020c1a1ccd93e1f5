"""One-time codes: one an account and browser, each try counted by a conditional write (`domain.one_time_code`)."""

import secrets
from contextlib import suppress
from hashlib import sha256

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import Mail
from chalicelib.domain.one_time_code import MAIL_WINDOW_MS, MAX_TRIES, VALID_MS, CodeRequests, MailedCode, OneTimeCode
from chalicelib.domain.origin import WINDOW_MS, Failures
from chalicelib.domain.users import User
from chalicelib.encryption import hmac_sha256
from chalicelib.store import accounts, reads, writes
from chalicelib.store.counters import count_one, to_failures
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.ephemera import CodeItem, CodeRequestsItem, FailuresItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.mails import put_mail
from chalicelib.store.schema import Rows
from chalicelib.store.transactions import Transaction

_MAILED = Rows(MailedCode, ("at", "source"))


def hash_code(company: str, email: str, code: str) -> str:
    """The form in which a code is stored: bound to the account and to our key, for eight digits are soon guessed."""
    return hmac_sha256(code, f"one-time-code#{company}#{email}")


def read_code_requests(company: str, email: str, address: str, now: Instant) -> tuple[CodeRequests, Failures]:
    """What was asked for of late: for an account, and from an address. Consistent, in one round trip."""
    asked, of_address = reads.batch_get([_asked_item(company, email), _address_item(address)], consistent=True, now=now)
    mailed = () if asked is None else tuple(_MAILED.read(asked.columns, asked.mailed))
    return CodeRequests(0 if asked is None else asked.revision, mailed), to_failures(of_address, now)


def record_code_request(company: str, email: str, old: CodeRequests, new: CodeRequests) -> None:
    """Note that a code is mailed. Raises `ConditionFailed` where another was meanwhile."""
    item, claim, now = CodeRequestsItem, secrets.token_hex(8), new.mailed[-1].at
    seen = item.revision == old.revision if old.revision else item.is_absent(now)
    actions = [
        item.revision.set(new.revision),
        item.claim.set(claim),
        item.mailed.set(_MAILED.of(new.mailed)),
        item.columns.set(_MAILED.columns),
        item.expires.set((now + MAIL_WINDOW_MS) // 1000 + 1),
    ]
    # The claim tells our own write, sent again after its answer was lost, from another's.
    writes.update(_asked_item(company, email), actions, seen | (item.claim == claim))


def count_asked(address: str, seen: Failures, now: Instant) -> None:
    """Note that an address has asked for a code, whoever it was for."""
    count_one(_address_item(address), now, WINDOW_MS, until=seen.until)


def read_code(company: str, email: str, browser: str, now: Instant) -> OneTimeCode:
    """The newest code of an account in a browser, void or not. Consistent."""
    item = reads.get(code_item(company, email, browser), now=now)
    return OneTimeCode() if item is None else _code(item)


def put_code(company: str, email: str, browser: str, code_hash: str, now: Instant) -> None:
    """Store a code in the place of an older one of the same browser. Doing so again forgives no try."""
    item, until = CodeItem, now + VALID_MS
    expires = item.expires.set(until // 1000 + 1)
    fresh = [item.code_hash.set(code_hash), item.until.set(until), item.tries.set(0), item.used.set(False), expires]
    with suppress(ConditionFailed):  # it is sent again where its answer was lost
        writes.update(code_item(company, email, browser), fresh, (item.code_hash != code_hash) | (item.until != until))


def count_try(company: str, email: str, browser: str, now: Instant) -> OneTimeCode:
    """Count a try before it is looked at; answers the code that it is for.

    Raises `ConditionFailed` where none may be tried.
    """
    allowed = (CodeItem.until > now) & (CodeItem.tries < MAX_TRIES)
    return _code(writes.update(code_item(company, email, browser), [CodeItem.tries.add(1)], allowed))


def redeem(code: OneTimeCode, browser: str, old: User, new: User, event: Event, mail: Mail) -> None:
    """Write the password of `new`, use up the code and queue the mail, in one.

    Raises `ConditionFailed` where either changed.
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    accounts.put_password(write, old, new, event.at)
    unused = (CodeItem.code_hash == code.code_hash) & (CodeItem.used == False)  # noqa: E712 - an expression
    write.update(code_item(old.company, old.email, browser), [CodeItem.used.set(True)], unused)
    put_mail(write, mail, event.at)
    write.commit()


def _code(item: CodeItem) -> OneTimeCode:
    return item.to_domain()


def code_item(company: str, email: str, browser: str) -> CodeItem:
    """The item of an account's newest code in a browser, by its key."""
    return CodeItem(f"code#{company}#{_hash(email)}#{_hash(browser)[:24]}")


def _asked_item(company: str, email: str) -> CodeRequestsItem:
    return CodeRequestsItem(f"asked#{company}#{_hash(email)}")


def _address_item(address: str) -> FailuresItem:
    return FailuresItem(f"asked#address#{address}")


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
