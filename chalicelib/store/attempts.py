"""Log-in attempts, counted by conditional writes before the password is looked at (`domain.people`)."""

from contextlib import suppress
from hashlib import sha256

from chalicelib.domain.instants import Instant
from chalicelib.domain.people import LOCK_MS, LOST_MS, MAX_FAILURES, Attempts, wait_after
from chalicelib.store import dynamo
from chalicelib.store.tables import AttemptsItem, to_domain


def read_attempts(company: str, email: str) -> Attempts:
    """The attempts on an account, whether it exists or not. Consistent."""
    item = dynamo.get(_item(company, email))
    return Attempts() if item is None else to_domain(item, Attempts)


def start_attempt(company: str, email: str, seen: Attempts, now: Instant) -> Attempts:
    """Count an attempt before it is made; answers the attempts with this one, and without what is forgotten.

    Raises `Stale` while too many are under way, or the account is slowed.
    """
    item, until = AttemptsItem, now + LOCK_MS
    lasting = [item.until.set(until), item.expires.set(until // 1000)]
    if seen.until <= now:  # never attempted, or forgotten: count from one
        begun = item.until.does_not_exist() | (item.until == seen.until)
        fresh = [item.started.set(1), item.failures.set(0), item.not_before.set(0), *lasting]
        return to_domain(dynamo.update(_item(company, email), fresh, begun), Attempts)
    if seen.failures < MAX_FAILURES <= seen.started and seen.until - LOCK_MS <= now - LOST_MS:
        # Nobody is at it any more: servers have died with attempts under way, which would keep out who is right.
        same = (item.started == seen.started) & (item.failures == seen.failures) & (item.until == seen.until)
        recounted = [item.started.set(seen.failures + 1), *lasting]
        return to_domain(dynamo.update(_item(company, email), recounted, same & (item.not_before <= now)), Attempts)
    allowed = (item.started < MAX_FAILURES) & (item.not_before <= now)
    return to_domain(dynamo.update(_item(company, email), [item.started.add(1), *lasting], allowed), Attempts)


def attempt_failed(company: str, email: str, started: Attempts, now: Instant) -> None:
    """The started attempt was wrong: it stays counted, and the next must wait."""
    wait = wait_after(started.failures + 1)
    failed = [AttemptsItem.failures.add(1), AttemptsItem.not_before.set(now + wait)]
    with suppress(dynamo.Stale):  # all was forgiven or forgotten meanwhile: what would be left alone would never expire
        dynamo.update(_item(company, email), failed, AttemptsItem.until.exists())


def attempt_succeeded(company: str, email: str, started: Attempts) -> None:
    """The started attempt was right: it counts no longer, and earlier failures are forgiven."""
    account = _item(company, email)
    if started.failures:
        dynamo.delete(account)
        return
    with suppress(dynamo.Stale):  # somebody else's success may have forgiven all meanwhile
        dynamo.update(account, [AttemptsItem.started.add(-1)], AttemptsItem.started > 0)


def forgive(company: str, email: str) -> None:
    """Forget all attempts: the account is neither slowed nor locked."""
    dynamo.delete(_item(company, email))


def _item(company: str, email: str) -> AttemptsItem:
    return AttemptsItem(f"attempts#{company}#{sha256(email.encode()).hexdigest()}")
