"""The one registry of the kinds of items: which class writes and reads an item, by its keys."""

from dataclasses import dataclass

from chalicelib.store import keys
from chalicelib.store.items.accounts import ApiKeyItem, CompanyItem, OrderItem, ProductItem, UserItem
from chalicelib.store.items.ephemera import (
    AttemptsItem,
    CodeItem,
    CodeRequestsItem,
    FailuresItem,
    IdempotencyItem,
    ProbeItem,
    SessionItem,
)
from chalicelib.store.items.events import AccountEventItem, EventItem, NobodysEventItem, RefusalItem, SeriesItem
from chalicelib.store.items.licenses import BlockItem, DeviceItem, LicenseItem, SeatItem, VariablesItem
from chalicelib.store.items.links import LicenseSummaryItem, LookupItem, UserDeviceItem
from chalicelib.store.items.work import BatchItem, BatchProgressItem, DueItem, MailItem
from chalicelib.store.schema import AnyItem, Raw


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item: the class that writes and reads it, and how its key begins."""

    item: type[AnyItem]
    prefix: str
    """Of the sort key, in `ephemera` of the key; all of it where no `#` ends it. Empty: whatever it is."""
    partition: str = ""
    """How the partition begins, where that is not the one of a company or a license."""

    def is_kind_of(self, table: str, pk: str, sort_key: str) -> bool:
        """Whether an item with these keys is of this kind."""
        key = sort_key if hasattr(self.item, "sort_key") else pk
        fits = key.startswith(self.prefix) if self.prefix.endswith("#") or not self.prefix else key == self.prefix
        return table == self.item.Meta.table_name and fits and pk.startswith(self.partition)


KINDS = (
    Kind(DueItem, "", keys.due_pk()),
    Kind(MailItem, "", keys.mail_pk()),
    Kind(RefusalItem, "", keys.refusals_pk()),
    Kind(LicenseItem, keys.LICENSE),
    Kind(SeatItem, keys.seat_sort_key()),
    Kind(DeviceItem, keys.device_prefix()),
    Kind(BlockItem, keys.block_sort_key()),
    Kind(UserDeviceItem, keys.user_device_sort_key()),
    Kind(VariablesItem, keys.variables_prefix()),
    Kind(BatchProgressItem, keys.batch_sort_key()),
    Kind(EventItem, keys.event_sort_key()),
    Kind(LookupItem, "", keys.COMPANIES),
    Kind(LookupItem, keys.COMPANY, keys.company_of_license_pk()),
    Kind(CompanyItem, keys.COMPANY),
    Kind(AccountEventItem, keys.event_sort_key()),
    Kind(ProductItem, keys.product_sort_key()),
    Kind(ApiKeyItem, keys.api_key_sort_key()),
    Kind(UserItem, keys.user_sort_key()),
    Kind(OrderItem, keys.order_sort_key()),
    Kind(LookupItem, keys.license_key_sort_key()),
    Kind(LookupItem, keys.email_sort_key()),
    Kind(LookupItem, keys.company_license_sort_key()),
    Kind(LookupItem, keys.USER_LICENSE),
    Kind(LookupItem, keys.CUSTOMER_LICENSE),
    Kind(LookupItem, keys.HARDWARE_LICENSE),
    Kind(LicenseSummaryItem, keys.ORDER_LICENSE),
    Kind(LicenseSummaryItem, keys.MANAGER_LICENSE),
    Kind(AttemptsItem, "attempts#"),
    Kind(FailuresItem, "failures#"),
    Kind(FailuresItem, "asked#address#"),
    Kind(CodeRequestsItem, "asked#"),
    Kind(FailuresItem, "mailed#"),
    Kind(FailuresItem, "taken#"),
    Kind(FailuresItem, "guesses#"),
    Kind(SeriesItem, "security#"),
    Kind(NobodysEventItem, "nobody#"),
    Kind(SessionItem, "session#"),
    Kind(IdempotencyItem, "form#"),
    Kind(BatchItem, "batch#"),
    Kind(CodeItem, "code#"),
    Kind(ProbeItem, "probe#"),
)
"""All that is stored. The first that fits is an item's kind."""


_OF_LICENSE = {
    kind.prefix.partition("#")[0]: kind.item
    for kind in KINDS
    if kind.item.Meta.table_name == "licenses" and not kind.partition
}


def item_of_license(raw: Raw) -> type[AnyItem] | None:
    """The class of a stored item in a license's partition, by its sort key alone. None for any other item."""
    return _OF_LICENSE.get(raw["part"]["S"].partition("#")[0])


def kind_of(table: str, raw: Raw) -> Kind:
    """The kind of a stored item, by its keys. Raises `LookupError` for one that is none of ours."""
    pk, sort_key = raw["pk"]["S"], raw.get("part", {}).get("S", "")
    for kind in KINDS:
        if kind.is_kind_of(table, pk, sort_key):
            return kind
    raise LookupError(f"no kind of item in {table} has the keys {pk}, {sort_key}")
