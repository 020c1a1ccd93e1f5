"""Items that may be lost: sessions, codes, counts, and what was answered."""

from chalicelib.domain.meters import Use
from chalicelib.domain.one_time_code import OneTimeCode
from chalicelib.domain.origin import Failures
from chalicelib.domain.session import Session
from chalicelib.domain.users import Attempts
from chalicelib.store.attributes import (
    BooleanAttribute,
    IntegerAttribute,
    JSONAttribute,
    TextAttribute,
    TextSetAttribute,
)
from chalicelib.store.items.base import EphemeraItem


class SessionItem(EphemeraItem[Session]):
    """A session, under the hash of its token."""

    epoch: IntegerAttribute
    seen_at: IntegerAttribute


class ListedSessionsItem(EphemeraItem[None]):
    """The sessions of one account (`domain.session.ListedSession`); also some that are over."""

    entries = TextSetAttribute()


class AttemptsItem(EphemeraItem[Attempts]):
    """Log-in attempts on one account from one origin."""

    by_hand = ("forgiven_until",)
    started: IntegerAttribute
    failures: IntegerAttribute
    not_before: IntegerAttribute
    until: IntegerAttribute
    begun: IntegerAttribute


class FailuresItem(EphemeraItem[Failures]):
    """What is counted in a window of time: failures of strangers on one account, from one address or with one password,
    codes that an address has asked for, notices alike to one mailbox."""

    times: IntegerAttribute
    until: IntegerAttribute
    forgiven_at: IntegerAttribute


class LimitReachedItem(EphemeraItem[None]):
    """That a limit of a license was reached on a day; that it is there says so."""


class SweepLateItem(EphemeraItem[None]):
    """That a company was told of a late sweep, and is not again until this expires."""


class CodeItem(EphemeraItem[OneTimeCode]):
    """The newest one-time code of one account in one browser; stored as a hash that needs our key."""

    code_hash: TextAttribute
    until: IntegerAttribute
    tries: IntegerAttribute
    used: BooleanAttribute


class CodeRequestsItem(EphemeraItem[None]):
    """`domain.one_time_code.CodeRequests` of one account."""

    revision = IntegerAttribute()
    claim = TextAttribute()
    mailed = JSONAttribute()
    """A row for each `MailedCode`."""
    columns = JSONAttribute(null=True)
    """The names of what stands in each row, in its order. None: those of before there was this."""


class CallRateItem(EphemeraItem[None]):
    """The bucket of calls of one key of the Management API."""

    full_at = IntegerAttribute()


class IdempotencyItem(EphemeraItem[None]):
    """What was answered to a call, under the hash of who made it and its key.

    It counts until `expires`, which the write compares as each read does: what is over may still be there.
    """

    content_hash = TextAttribute(null=True)
    sealed_answer = TextAttribute(null=True)
    outcome = JSONAttribute(null=True)
    """The answer as older versions have stored it, of forms alone."""


class UseItem(EphemeraItem[Use]):
    """A use that was counted, under the hash of its call's key; as for an answer, `expires` counts."""

    company: TextAttribute


class ProbeItem(EphemeraItem[None]):
    """What a probe of the database has written; it means nothing."""

    nonce = TextAttribute()
