"""The three tables, as what each item class begins with."""

from typing import TypeVar

from chalicelib.domain.instants import Instant
from chalicelib.store.attributes import IntegerAttribute, TextAttribute
from chalicelib.store.expressions import Condition
from chalicelib.store.schema import Item

T = TypeVar("T")


class LicensesItem(Item[T]):
    """In `licenses`: one license's truth in one partition."""

    class Meta:
        table_name = "licenses"

    pk = TextAttribute(hash_key=True)
    sort_key = TextAttribute(range_key=True, attr_name="part")


class AccountsItem(Item[T]):
    """In `accounts`: catalog and people, uniqueness by items of their own."""

    class Meta:
        table_name = "accounts"

    pk = TextAttribute(hash_key=True)
    sort_key = TextAttribute(range_key=True, attr_name="part")


class EphemeraItem(Item[T]):
    """In `ephemera`: may be lost."""

    class Meta:
        table_name = "ephemera"

    pk = TextAttribute(hash_key=True)
    expires = IntegerAttribute()
    """TTL in seconds since the epoch. It tidies up hours late: to `reads.batch_get`, what has expired is not there, and
    a write that rests on such a read says `is_absent`."""

    @classmethod
    def is_absent(cls, now: Instant) -> Condition:
        """That the item is not there, as reads see it: also one that has expired may be written anew."""
        absent: Condition = cls.pk.does_not_exist() | (cls.expires < now // 1000)
        return absent
