"""The queue of mails: put by changes, taken by one sender at a time, gone when they are sent.

A mail may be put in the transaction of a change, so that neither is without the other. It is sent at least once: twice
where a sender dies between sending it and forgetting it.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields, replace

from cryptography.exceptions import InvalidTag

from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import ALIKE_WINDOW_MS, DAY_MS, GATHER_MS, MAX_ALIKE, Mail, QueuedMail, next_try
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.store import reads, writes
from chalicelib.store.counters import count_one, read_count
from chalicelib.store.items.ephemera import FailuresItem
from chalicelib.store.items.work import MailItem
from chalicelib.store.keys import mail_pk, mail_sort_key
from chalicelib.store.reads import Unreadable
from chalicelib.store.schema import Fields, from_names
from chalicelib.store.transactions import Transaction

MAIL_SHARDS = 4
"""Partitions of the mails that are queued: their writes spread, and a run reads each of them."""


def put_mail(write: Transaction, mail: Mail, now: Instant) -> None:
    """Let a transaction queue a mail."""
    write.put(_item(mail, now), MailItem.pk.does_not_exist())


def queue_mail(mail: Mail, now: Instant) -> None:
    """Queue a mail by itself, in one write."""
    writes.put(_item(mail, now))


def queued_mails(shard: int, now: Instant) -> Iterator[QueuedMail | Unreadable]:
    """The mails of one shard that were queued up to `now`, the oldest first, read in pages. Consistent."""
    return reads.read_each(MailItem, mail_pk(shard), mail_sort_key(0), mail_sort_key(now + 1))


def mails_of(company: str) -> Iterator[tuple[QueuedMail, Mail]]:
    """All mails about a company, whenever they were queued; what cannot be opened is the sender's to give up."""
    for shard in range(MAIL_SHARDS):
        for queued in reads.query_readable(MailItem, mail_pk(shard)):
            with suppress(InvalidTag):
                if (mail := opened(queued)).company == company:
                    yield queued, mail


def lease_mail(queued: QueuedMail, now: Instant) -> None:
    """Take a mail to try it: nobody else does before the next try is due.

    Raises `ConditionFailed` where somebody else has.
    """
    item, claim = MailItem, secrets.token_hex(8)
    tries = queued.tries + 1
    leased = [item.tries.set(tries), item.not_before.set(next_try(tries, now)), item.claim.set(claim)]
    untried = item.tries == queued.tries if queued.tries else item.tries.does_not_exist()
    # The claim tells our own write, sent again after its answer was lost, from another's.
    writes.update(queued_item(queued), leased, item.pk.exists() & (untried | (item.claim == claim)))


def postpone_mail(queued: QueuedMail, until: Instant) -> None:
    """Leave a mail for later, as one that was never tried. Raises `ConditionFailed` where it is gone."""
    item = MailItem
    left = [item.tries.remove(), item.claim.remove(), item.not_before.set(until)]
    writes.update(queued_item(queued), left, item.pk.exists())


def count_alike(mail: Mail, now: Instant) -> None:
    """Count a notice among those alike to its address: of its company and subject, or of its kind if it is a digest.

    Raises `ConditionFailed` where it is one too many.
    """
    window_ms, most = (DAY_MS, 1) if mail.is_digest else (ALIKE_WINDOW_MS, MAX_ALIKE)
    count_one(_counted(mail), now, window_ms, most=most)


def alike_until(mail: Mail, now: Instant) -> Instant:
    """When mails alike are no more counted that were sent; now, where none were."""
    return max(now, read_count(_counted(mail), now).until)


def _counted(mail: Mail) -> FailuresItem:
    what = mail.code if mail.is_digest and mail.code else mail.subject
    return FailuresItem(f"mailed#{hmac_sha256(what, f'mailed#{mail.company}#{mail.to}')}")


def forget_mail(queued: QueuedMail) -> None:
    """Take a mail out of the queue."""
    writes.delete(queued_item(queued))


def opened(queued: QueuedMail) -> Mail:
    """What a mail says. Raises `cryptography.exceptions.InvalidTag` where it was sealed with another key."""
    return from_names(json.loads(decrypt(queued.sealed, queued.id)), Mail)


def queued_item(queued: QueuedMail) -> MailItem:
    """Where a mail waits."""
    return MailItem(mail_pk(queued.shard), queued.id)


def _item(mail: Mail, now: Instant) -> MailItem:
    """Mails that may go out as one lie in one shard, where one sender meets them all."""
    shard, id = secrets.randbelow(MAIL_SHARDS), mail_sort_key(now, secrets.token_hex(8))
    sealed = encrypt(json.dumps(_without_defaults(mail), ensure_ascii=False, separators=(",", ":")), id)
    queued = QueuedMail(shard, id, sealed, now, now + mail.valid_ms)
    if mail.is_digest:
        alike = hmac_sha256(f"{mail.code}#{mail.to}", f"digest#{mail.company}")
        queued = replace(queued, shard=int(alike, 16) % MAIL_SHARDS, digest=alike[:16], not_before=now + GATHER_MS)
    return MailItem.of(queued, mail_pk(queued.shard), id)


def _without_defaults(mail: Mail) -> Fields:
    """A mail by the names of its fields: as short as may be, for each kilobyte is paid for."""
    return {field.name: value for field in fields(mail) if (value := getattr(mail, field.name)) != field.default}
