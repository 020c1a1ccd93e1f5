"""The three tables, as what each item class begins with."""

from typing import TypeVar

from pynamodb.attributes import UnicodeAttribute

from chalicelib.store.schema import IntegerAttribute, Item

T = TypeVar("T")


class LicensesItem(Item[T]):
    """In `licenses`: one license's truth in one partition."""

    class Meta:
        table_name = "licenses"

    pk = UnicodeAttribute(hash_key=True)
    sort_key = UnicodeAttribute(range_key=True, attr_name="part")


class AccountsItem(Item[T]):
    """In `accounts`: catalogue and people, uniqueness by items of their own."""

    class Meta:
        table_name = "accounts"

    pk = UnicodeAttribute(hash_key=True)
    sort_key = UnicodeAttribute(range_key=True, attr_name="part")


class EphemeraItem(Item[T]):
    """In `ephemera`: may be lost."""

    class Meta:
        table_name = "ephemera"

    pk = UnicodeAttribute(hash_key=True)
    expires = IntegerAttribute()
    """TTL in seconds since the epoch. It tidies up hours late: to `reads.batch_get`, what has expired is not there."""
