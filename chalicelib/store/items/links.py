"""Items that lead to others: names to ids, what lists say of a license, and how many there are."""

import json

from chalicelib.domain.adoption import LegacyPlace
from chalicelib.domain.catalog import LicenseSummary
from chalicelib.store.attributes import IntegerAttribute, TextAttribute, TextSetAttribute
from chalicelib.store.items.base import AccountsItem, LicensesItem
from chalicelib.store.schema import Raw, from_row


class LookupItem(AccountsItem[None]):
    """A name that leads to an id: of a license key, an email, a user's seat, a customer's license."""

    target_id = IntegerAttribute(null=True, attr_name="to")
    product = TextAttribute(null=True)
    company = TextAttribute(null=True)
    order_id = TextAttribute(null=True)
    until = IntegerAttribute(null=True)
    """Of a license key that was replaced: before when it is answered yet."""
    device = TextAttribute(null=True)
    """Of a device's id: the sort key of the device in the partition of its license."""
    buyer = TextAttribute(null=True)
    """Of a user's seat: whose the license is (`domain.access.buyer`). Links of older processes do not say it."""
    import_id = IntegerAttribute(null=True)
    """Of a row of another system: the file that has brought it first (`SourceRow`)."""


class LicenseSummaryItem(AccountsItem[LicenseSummary]):
    """What a list says of a license, filed under its order and under each user who manages it.

    Under a manager it proves that he manages the license, and what he may do with it.
    """

    denied: TextSetAttribute

    facts = TextAttribute(null=True)
    """All of `FACTS` by their position, in JSON, as they were written for a while. Nothing writes it any more."""
    FACTS = ("license_id", "product", "license_type", "order_id", "license_key", "customer")

    @classmethod
    def from_raw(cls, raw: Raw) -> LicenseSummary:
        row = raw.get("facts", {}).get("S")
        return super().from_raw(raw) if row is None else from_row(cls.FACTS, json.loads(row), LicenseSummary)


class CountItem(AccountsItem[None]):
    """How many things of a kind a company has, as far as this counter counts them; and that all are counted.

    The one that says that has no number: it is there.
    """

    number = IntegerAttribute(null=True)
    moves = IntegerAttribute(null=True)
    """How often it was moved."""


class UserDeviceItem(LicensesItem[None]):
    """A link from a user of a license to a device there; and under the prefix of all, that no link is missing."""


class LegacyItem(LicensesItem[LegacyPlace]):
    """A link from whose it is to a legacy device that waits to be adopted."""

    hardware_id: TextAttribute
    user_id: IntegerAttribute
