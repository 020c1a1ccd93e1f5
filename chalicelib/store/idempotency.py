"""Answers to calls that may come again, each under who calls and the key of the call.

They may be lost with `ephemera`: then a repeat is decided anew, as it is after a day. An answer may hold secrets, so it
is stored encrypted; of what a call says only a keyed hash is kept, for passwords are among it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.store import reads, transactions, writes
from chalicelib.store.items.ephemera import IdempotencyItem
from chalicelib.store.transactions import AlreadyPut, Companion

Answer = Json
"""What is answered, as JSON has it."""

KEPT_SECONDS = 24 * 3600
MAX_ANSWER_BYTES = 256 * 1024
"""Sealed it is a third longer, and an item has 400 KB."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What tells a call that comes again from another one."""

    caller: str
    """Who calls, over all companies: an API key, the token of a session."""
    key: str
    """Chosen by the caller, or given to him with a form."""
    content: str
    """All that the call says: the same key with another content is a mistake."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What was answered to a call. `answer` is None while that is not known: an older version has made the change."""

    answer: Answer | None
    same_content: bool


def idempotency_item(caller: str, key: str) -> IdempotencyItem:
    """Where the answer to a call is stored. The name is of the time when forms alone could come again."""
    return IdempotencyItem(f"form#{sha256(f'{caller}#{key}'.encode()).hexdigest()}")


def read_answer(call: IdempotencyKey, now: Instant) -> StoredAnswer | None:
    """What was answered to a call, consistently; None where nothing was, or that is over."""
    item = reads.get(idempotency_item(call.caller, call.key), now=now)
    return None if item is None else _stored(item, call)


def answer_of(item: IdempotencyItem) -> Answer | None:
    """The answer that an item holds."""
    if item.sealed_answer is None:
        outcome: Answer | None = item.outcome
        return outcome
    answer: Answer = json.loads(decrypt(item.sealed_answer, item.pk))
    return answer


@contextmanager
def stored_with_change(call: IdempotencyKey, answer: Answer, now: Instant) -> Iterator[Companion]:
    """Store an answer in the transaction of the change that is made inside, `is_put` then.

    Raises `AnsweredBefore` where there is one; then nothing is changed.
    """
    item = _item(call, answer, now)
    companion = Companion(item, IdempotencyItem.is_absent(now))
    try:
        with transactions.accompanied(companion):
            yield companion
    except AlreadyPut as before:
        raise AnsweredBefore(_stored(IdempotencyItem.from_raw_data(before.raw), call)) from None


def store_answer(call: IdempotencyKey, answer: Answer, now: Instant) -> None:
    """Store the answer to a call that has changed nothing. Raises `ConditionFailed` where there is one."""
    item = _item(call, answer, now)
    names = ("content_hash", "sealed_answer", "expires")
    actions = [getattr(IdempotencyItem, name).set(getattr(item, name)) for name in names]
    writes.update(item, actions, IdempotencyItem.is_absent(now))


class AnsweredBefore(Exception):
    """The call was made before; `stored` is what was answered."""

    def __init__(self, stored: StoredAnswer) -> None:
        super().__init__()
        self.stored = stored


def _item(call: IdempotencyKey, answer: Answer, now: Instant) -> IdempotencyItem:
    item = idempotency_item(call.caller, call.key)
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    if (size := len(text.encode())) > MAX_ANSWER_BYTES:
        raise AssertionError(f"an answer of {size} bytes is too long to be kept for a repeat")
    item.content_hash = hmac_sha256(call.content, item.pk)
    item.sealed_answer = encrypt(text, item.pk)
    item.expires = now // 1000 + KEPT_SECONDS
    return item


def _stored(item: IdempotencyItem, call: IdempotencyKey) -> StoredAnswer:
    same = item.content_hash in (None, hmac_sha256(call.content, item.pk))
    return StoredAnswer(answer_of(item), same)
