"""Send the mails that are queued, each at least once (`store.mails`).

What cannot be sent is tried again until it is of no use any more, but not where the recipient is refused for good.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag

from chalicelib import observability
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import MAX_DIGEST, Mail, QueuedMail, digest
from chalicelib.mail.letter import to_letter
from chalicelib.mail.sender import MailError, RecipientRefused
from chalicelib.runtime import runtime
from chalicelib.store import accounts, mails
from chalicelib.store.database import ConditionFailed
from chalicelib.store.mails import MAIL_SHARDS
from chalicelib.store.reads import Unreadable
from chalicelib.threads import ThreadPool
from chalicelib.usecases.branding import portal_url_of
from chalicelib.usecases.refused_mails import give_up_refused

_log = logging.getLogger(__name__)
RUN_SECONDS = 45
"""How long a run goes on, at most: the next one begins after a minute."""
_OUTCOMES = ("sent", "failed", "given_up")


def send_mails(*, now: Instant, keep_going: Callable[[], bool] = lambda: True) -> dict[str, int]:
    """Send what is queued while `keep_going()`; answers how many were sent, failed and were given up.

    Costs one Query a shard, and a read and two writes a mail, four writes at the most. Safe to run again and at the
    same time, as long as a run lasts less than `domain.mail.FIRST_WAIT_MS`. Why mails failed is logged, once for each
    reason, without what they say.
    """

    def send_shard(shard: int) -> Counter[str]:
        return _send_shard(shard, now, keep_going)

    observability.set_max_metric(observability.OLDEST_MAIL_AGE, 0)
    with ThreadPool(MAIL_SHARDS) as threads:
        counts = threads.map(send_shard, range(MAIL_SHARDS))
        total: Counter[str] = sum(counts, Counter())
    for reason, times in total.items():
        if reason not in _OUTCOMES:
            _log.error("mails not sent: %d, %s", times, reason)
    observability.add_metric(observability.MAILS_SENT, total["sent"])
    return {outcome: total[outcome] for outcome in _OUTCOMES}


def _send_shard(shard: int, now: Instant, keep_going: Callable[[], bool]) -> Counter[str]:
    """Counts by outcome, and by the reason of a failure: what the mail adapter says, or one of the codes below."""
    counts, digests = Counter[str](), defaultdict[str, list[QueuedMail]](list)
    for queued in mails.queued_mails(shard, now):
        if not keep_going():
            _measure_age(queued, now)
            break
        if isinstance(queued, Unreadable):
            counts.update(["failed", f"unreadable: {queued}"])
        elif queued.until <= now:
            mails.forget_mail(queued)
            counts.update(["given_up", "too_late"])
        elif queued.not_before > now:
            _measure_age(queued, now)
        elif queued.digest:
            digests[queued.digest].append(queued)
        else:
            counts.update(_try([queued], now))
    for alike in digests.values():
        if keep_going():
            counts.update(_try(alike[:MAX_DIGEST], now))
    return counts


def _try(alike: Sequence[QueuedMail], now: Instant) -> list[str]:
    """Send one mail, or several as one; answers what came of it: nothing where others are at it, or it was for nobody.

    The first is leased, and taken out of the queue last: what is sent once more has the same id.
    """
    queued = alike[0]
    try:
        contents = [mails.opened(each) for each in alike]
        content = digest(contents) if queued.digest else contents[0]
        if content.to:
            mails.lease_mail(queued, now)
            if not queued.tries and content.is_notice and not _may_be_sent(content, now):
                return _withhold(alike, content, now)
            if refusal := _send(queued, content):
                return _give_up(alike, contents, refusal, now)
    except ConditionFailed:
        return []
    except InvalidTag:
        mails.forget_mail(queued)
        return ["given_up", "other_data_key"]
    except Unavailable:
        raise
    except Exception as error:  # one mail's trouble keeps no other from being sent
        _measure_age(queued, now)
        return ["failed", str(error) if isinstance(error, MailError) else type(error).__name__]
    for each in reversed(alike):
        mails.forget_mail(each)
    return ["sent"] if content.to else []


def _withhold(alike: Sequence[QueuedMail], content: Mail, now: Instant) -> list[str]:
    """One notice too many is dropped; what may go out as one waits until the next may."""
    if not content.is_digest:
        mails.forget_mail(alike[0])
        return ["given_up", "too_many_alike"]
    until = mails.alike_until(content, now)
    for each in alike:
        mails.postpone_mail(each, until)
    return []


def _give_up(alike: Sequence[QueuedMail], contents: Sequence[Mail], refusal: str, now: Instant) -> list[str]:
    for each, content in zip(alike, contents, strict=True):
        give_up_refused(each, content, now=now)
    return ["given_up", refusal]


def _send(queued: QueuedMail, content: Mail) -> str:
    """Answers why the recipient is refused for good; empty: the mail is sent. Raises `MailError`, `Unavailable`."""
    company = accounts.read_company(content.company) if content.company else None
    letter = to_letter(queued.id.replace("#", "."), content, company, portal_url_of(company))
    try:
        runtime().mailer.send(letter)
    except RecipientRefused as refused:
        return str(refused)
    return ""


def _may_be_sent(content: Mail, now: Instant) -> bool:
    try:
        mails.count_alike(content, now)
    except ConditionFailed:
        return False
    return True


def _measure_age(queued: QueuedMail | Unreadable, now: Instant) -> None:
    """For how long a mail has waited that should have been sent: one that waits for others of its kind should not."""
    if isinstance(queued, QueuedMail) and (queued.tries or queued.not_before <= now):
        observability.set_max_metric(observability.OLDEST_MAIL_AGE, (now - queued.queued_at) / 1000)
