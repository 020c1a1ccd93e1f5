"""Log-in attempts, counted by conditional writes before the password is looked at (`domain.users`, `domain.origin`).

What strangers do together is counted where they have failed, and read with the attempts: to who is right it costs
nothing.
"""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import NOWHERE, WINDOW_MS, Failures, Origin
from chalicelib.domain.pasted import composed, visible
from chalicelib.domain.users import LOCK_MS, LOST_MS, MAX_FAILURES, Attempts, wait_after
from chalicelib.encryption import hmac_sha256
from chalicelib.store import reads, writes
from chalicelib.store.counters import count_one, to_failures
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Action
from chalicelib.store.items.ephemera import AttemptsItem, FailuresItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import email_sort_key
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import THERE_OR_NOT, Transaction


@dataclass(frozen=True, slots=True)
class Account:
    """Who is meant, whether there is such an account or not, and where the attempt comes from."""

    company: str
    email: str
    origin: Origin = NOWHERE


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known when an attempt is made: of this origin, and of strangers together."""

    own: Attempts
    account: Failures
    address: Failures
    password: Failures
    user_id: int | None = None
    """Who has the email. Consistent in any case."""


def read_attempts(account: Account, password: str, now: Instant, *, consistent: bool) -> Seen:
    """All that may hold an attempt back, and whose it is, in one round trip. What was forgiven, or is over, counts no
    more.

    `consistent`: as it stood at one instant, for nobody is refused for what was never true at once.
    """
    link = LookupItem(account.company, email_sort_key(account.email))
    items: list[AnyItem] = [attempts_item(account), link, *_counters(account, password)]
    link_only = {LookupItem.Meta.table_name}
    if consistent:
        raws = reads.transact_get(items, now=now)
    else:
        raws = reads.batch_get_raw(items, consistent=link_only, now=now)
    own, found, *failures = reads.as_asked(items, raws)
    on_account, from_address, with_password = (to_failures(item, now) for item in failures)
    attempts = Attempts() if own is None else own.to_domain()
    if attempts.begun < on_account.forgiven_at and attempts.until > now:
        attempts = Attempts(forgiven_until=attempts.until)
    return Seen(attempts, on_account, from_address, with_password, None if found is None else found.target_id)


def start_attempt(account: Account, seen: Attempts, now: Instant) -> Attempts:
    """Count an attempt before it is made; answers the attempts with this one, and without what is forgotten.

    Raises `ConditionFailed` while too many are under way, or the account is slowed.
    """
    item, until = AttemptsItem, now + LOCK_MS
    lasting = [item.until.set(until), item.expires.set(until // 1000)]
    if seen.until <= now:  # never attempted, forgotten or forgiven: count from one
        begun = item.until.does_not_exist() | (item.until <= now) | (item.until == seen.forgiven_until)
        fresh = [item.started.set(1), item.failures.set(0), item.not_before.set(0), item.begun.set(now), *lasting]
        return writes.update(attempts_item(account), fresh, begun).to_domain()
    if seen.failures < MAX_FAILURES <= seen.started and seen.until - LOCK_MS <= now - LOST_MS:
        # Nobody is at it any more: servers have died with attempts under way, which would keep out who is right.
        same = (item.started == seen.started) & (item.failures == seen.failures) & (item.until == seen.until)
        recounted = [item.started.set(seen.failures + 1), *lasting]
        return writes.update(attempts_item(account), recounted, same & (item.not_before <= now)).to_domain()
    allowed = (item.started < MAX_FAILURES) & (item.not_before <= now)
    return writes.update(attempts_item(account), [item.started.add(1), *lasting], allowed).to_domain()


def attempt_failed(account: Account, password: str, started: Attempts, seen: Seen, now: Instant) -> None:
    """The started attempt was wrong: it stays counted, and the next must wait. A stranger's counts for strangers."""
    wait = wait_after(started.failures + 1)
    failed: list[Action] = [AttemptsItem.failures.add(1)]
    if wait:  # else who has come a moment before, or asks a server whose clock is behind, would be held back by it
        failed.append(AttemptsItem.not_before.set(now + wait))
    with suppress(
        ConditionFailed
    ):  # all was forgiven or forgotten meanwhile: what would be left alone would never expire
        writes.update(attempts_item(account), failed, AttemptsItem.until.exists())
    if not account.origin.known:
        before = (seen.account, seen.address, seen.password)
        for item, failures in zip(_counters(account, password), before, strict=True):
            count_one(item, now, WINDOW_MS, until=failures.until)


def attempt_succeeded(account: Account, started: Attempts) -> None:
    """The started attempt was right: it counts no longer, and earlier failures of this origin are forgiven."""
    if started.failures:
        writes.delete(attempts_item(account))
        return
    with suppress(ConditionFailed):  # somebody else's success may have forgiven all meanwhile
        writes.update(attempts_item(account), [AttemptsItem.started.add(-1)], AttemptsItem.started > 0)


def put_forgiveness(write: Transaction, company: str, email: str, now: Instant) -> None:
    """Let a transaction forget all attempts on an account: from nowhere is it slowed or locked."""
    item, counted = FailuresItem, _counters(Account(company, email), "")[0]
    until = now + LOCK_MS  # as long as any lock that began before
    actions = [item.times.set(0), item.until.set(until), item.forgiven_at.set(now), item.expires.set(until // 1000)]
    write.update(counted, actions, THERE_OR_NOT)  # whatever was counted


def attempts_item(account: Account) -> AttemptsItem:
    """The item that counts the attempts on an account from one origin, by its key."""
    whose, where = _whose(account.company, account.email), account.origin.source
    return AttemptsItem(f"attempts#{whose}" + (f"#{_hash(where)[:24]}" if where else ""))


def _counters(account: Account, password: str) -> list[FailuresItem]:
    """Of strangers: on the account, from the address, with the password."""
    company, address = account.company, account.origin.address
    # As `usecases.passwords` reads it last: what stands around it and is not seen makes no other password of it.
    tried = hmac_sha256(composed(visible(password)), f"password-tried#{company}")
    return [
        FailuresItem(f"failures#account#{_whose(company, account.email)}"),
        FailuresItem(f"failures#address#{address or f'none#{_whose(company, account.email)}'}"),
        FailuresItem(f"failures#password#{company}#{tried}"),
    ]


def _whose(company: str, email: str) -> str:
    return f"{company}#{_hash(email)}"


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
