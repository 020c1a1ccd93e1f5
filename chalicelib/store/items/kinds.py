"""The one registry of the kinds of items: which class writes and reads an item, by its keys, what removes it with its
company, and what audits it. A kind without one of these stops the import.
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.store import keys
from chalicelib.store.items.accounts import (
    ApiKeyItem,
    CompanyItem,
    DeletedLicenseItem,
    FeatureItem,
    FieldItem,
    ManagementKeyItem,
    OrderItem,
    PolicyItem,
    ProductItem,
    UserItem,
)
from chalicelib.store.items.customers import (
    CustomerAccountItem,
    CustomerItem,
    CustomerLabelItem,
    ImportResultItem,
    SalesItem,
)
from chalicelib.store.items.ephemera import (
    AttemptsItem,
    CallRateItem,
    CodeItem,
    CodeRequestsItem,
    FailuresItem,
    IdempotencyItem,
    LimitReachedItem,
    ListedSessionsItem,
    ProbeItem,
    SessionItem,
    SweepLateItem,
    UseItem,
)
from chalicelib.store.items.events import AccountEventItem, EventItem, NobodysEventItem, RefusalItem, SeriesItem
from chalicelib.store.items.licenses import (
    BlockItem,
    DeviceItem,
    ExtrasItem,
    LicenseItem,
    MeterItem,
    SeatItem,
    SlotItem,
    VariablesItem,
)
from chalicelib.store.items.links import CountItem, LegacyItem, LicenseSummaryItem, LookupItem, UserDeviceItem
from chalicelib.store.items.webhooks import (
    DeliveryItem,
    EndpointItem,
    ListenersItem,
    OutgoingItem,
    QueueItem,
    SequenceItem,
)
from chalicelib.store.items.work import (
    BatchItem,
    BatchProgressItem,
    DueItem,
    ImportJobItem,
    ImportPartItem,
    MailItem,
    ScheduledUpdateItem,
    UpdateSlotItem,
)
from chalicelib.store.schema import AnyItem, Raw

Removal = Literal["license", "refusals", "company", "mail", "webhooks", "imports", "listing", "ephemera", "expires"]
"""What removes an item with its company: the step in which it goes (`store.removal`), with its license or with all that
has the company in its partition, its attributes or its key. `listing`: before or behind all steps. `expires`: none,
for it does not say whose it is, and is of no use to anybody for the hours until it expires."""

Audit = Literal["license", "link", "count", "due", "webhooks", "alone", "record", "ephemera"]
"""What finds that an item is not as it has to be, or not there: the count of its license (`usecases.audit`), the walk
over links (`store.links`), over what is counted (`store.counts`) or over what is due. Or that it cannot be read: the
walk over webhooks (`store.unreadable`). Or why nothing does: nothing else that is stored says what it says (`alone`),
it is of the past (`record`), or it may be lost (`ephemera`)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item: the class that writes and reads it, and how its key begins."""

    item: type[AnyItem]
    prefix: str
    """Of the sort key, in `ephemera` of the key; all of it where no `#` ends it. Empty: whatever it is."""
    removal: Removal
    audit: Audit
    partition: str = ""
    """How the partition begins, where that is not the one of a company or a license."""

    @property
    def is_of_license(self) -> bool:
        """Whether it lies in a license's partition."""
        return self.item.Meta.table_name == "licenses" and not self.partition

    def is_of(self, company: str, raw: Raw) -> bool:
        """Whether an item of this kind, in `ephemera`, is of a company: it is an attribute, or follows the prefix."""
        behind = raw["pk"]["S"].removeprefix(self.prefix)
        return raw.get("company") == {"S": company} or f"{behind}#".startswith(f"{company}#")

    def is_kind_of(self, table: str, pk: str, sort_key: str) -> bool:
        """Whether an item with these keys is of this kind."""
        key = sort_key if hasattr(self.item, "sort_key") else pk
        fits = key.startswith(self.prefix) if self.prefix.endswith("#") or not self.prefix else key == self.prefix
        return table == self.item.Meta.table_name and fits and pk.startswith(self.partition)


KINDS = (
    Kind(DueItem, "", "license", "due", keys.due_pk()),
    Kind(MailItem, "", "mail", "alone", keys.mail_pk()),
    Kind(RefusalItem, "", "refusals", "record", keys.refusals_pk()),
    Kind(OutgoingItem, "", "webhooks", "webhooks", keys.out_pk()),
    Kind(QueueItem, "", "webhooks", "webhooks", keys.queue_pk()),
    Kind(SequenceItem, keys.sequence_sort_key(), "webhooks", "webhooks", keys.webhooks_pk()),
    Kind(DeliveryItem, "", "webhooks", "webhooks", keys.webhooks_pk()),
    Kind(ImportJobItem, "", "imports", "alone", keys.imports_pk()),
    Kind(LicenseItem, keys.LICENSE, "license", "license"),
    Kind(ExtrasItem, keys.EXTRAS, "license", "alone"),
    Kind(SeatItem, keys.seat_sort_key(), "license", "license"),
    Kind(DeviceItem, keys.device_prefix(), "license", "license"),
    Kind(SlotItem, keys.slot_sort_key(), "license", "alone"),
    Kind(MeterItem, keys.meter_sort_key(), "license", "license"),
    Kind(BlockItem, keys.block_sort_key(), "license", "license"),
    Kind(UserDeviceItem, keys.user_device_sort_key(), "license", "license"),
    Kind(LegacyItem, keys.legacy_prefix(), "license", "license"),
    Kind(VariablesItem, keys.variables_prefix(), "license", "alone"),
    Kind(UpdateSlotItem, keys.update_slot_sort_key(), "license", "license"),
    Kind(BatchProgressItem, keys.batch_sort_key(), "license", "license"),
    Kind(EventItem, keys.event_sort_key(), "license", "record"),
    Kind(LookupItem, "", "listing", "alone", keys.COMPANIES),
    Kind(LookupItem, keys.COMPANY, "listing", "alone", keys.portal_host_pk()),
    Kind(LookupItem, keys.COMPANY, "license", "license", keys.company_of_license_pk()),
    Kind(CompanyItem, keys.COMPANY, "company", "alone"),
    Kind(ListenersItem, keys.LISTENERS, "company", "webhooks"),
    Kind(EndpointItem, keys.endpoint_sort_key(), "company", "webhooks"),
    Kind(AccountEventItem, keys.event_sort_key(), "company", "record"),
    Kind(ProductItem, keys.product_sort_key(), "company", "alone"),
    Kind(FeatureItem, keys.feature_sort_key(), "company", "alone"),
    Kind(FieldItem, keys.field_sort_key(), "company", "alone"),
    Kind(PolicyItem, keys.policy_sort_key(), "company", "alone"),
    Kind(ApiKeyItem, keys.api_key_sort_key(), "company", "alone"),
    Kind(ManagementKeyItem, keys.management_key_sort_key(), "company", "alone"),
    Kind(UserItem, keys.user_sort_key(), "company", "link"),
    Kind(OrderItem, keys.order_sort_key(), "company", "license"),
    Kind(LookupItem, keys.license_key_sort_key(), "company", "link"),
    Kind(LookupItem, keys.source_sort_key(), "company", "alone"),
    Kind(LookupItem, keys.email_sort_key(), "company", "link"),
    Kind(LookupItem, keys.company_license_sort_key(), "company", "license"),
    Kind(DeletedLicenseItem, keys.deleted_license_sort_key(), "company", "alone"),
    Kind(LookupItem, keys.USER_LICENSE, "company", "link"),
    Kind(LookupItem, keys.CUSTOMER_LICENSE, "company", "link"),
    Kind(CustomerItem, keys.customer_sort_key(), "company", "link"),
    Kind(SalesItem, keys.customer_email_sort_key(), "company", "link"),
    Kind(ImportResultItem, keys.import_result_sort_key(), "company", "record"),
    Kind(ScheduledUpdateItem, keys.scheduled_update_sort_key(), "company", "link"),
    Kind(CustomerLabelItem, keys.customer_label_sort_key(), "company", "alone"),
    Kind(CustomerAccountItem, keys.customer_account_sort_key(), "company", "alone"),
    Kind(LookupItem, keys.labeling_sort_key(), "company", "alone"),
    Kind(LookupItem, keys.HARDWARE_LICENSE, "company", "link"),
    Kind(LookupItem, keys.HOST_LICENSE, "company", "link"),
    Kind(LookupItem, keys.device_id_sort_key(), "company", "link"),
    Kind(LookupItem, keys.PRODUCT_LICENSE, "company", "link"),
    Kind(CountItem, keys.count_sort_key(), "company", "count"),
    Kind(LicenseSummaryItem, keys.ORDER_LICENSE, "company", "link"),
    Kind(LicenseSummaryItem, keys.MANAGER_LICENSE, "company", "link"),
    Kind(AttemptsItem, "attempts#", "ephemera", "ephemera"),
    Kind(FailuresItem, "failures#account#", "ephemera", "ephemera"),
    Kind(FailuresItem, "failures#password#", "ephemera", "ephemera"),
    Kind(FailuresItem, "failures#address#none#", "ephemera", "ephemera"),
    Kind(FailuresItem, "failures#address#", "expires", "ephemera"),
    Kind(FailuresItem, "asked#address#", "expires", "ephemera"),
    Kind(CodeRequestsItem, "asked#", "ephemera", "ephemera"),
    Kind(FailuresItem, "mailed#", "expires", "ephemera"),
    Kind(FailuresItem, "taken#", "ephemera", "ephemera"),
    Kind(FailuresItem, "guesses#", "ephemera", "ephemera"),
    Kind(CallRateItem, "calls#", "ephemera", "ephemera"),
    Kind(LimitReachedItem, "limit#", "ephemera", "ephemera"),
    Kind(SweepLateItem, "late#", "ephemera", "ephemera"),
    Kind(SeriesItem, "security#", "ephemera", "ephemera"),
    Kind(NobodysEventItem, "nobody#security#", "ephemera", "ephemera"),
    Kind(SessionItem, "session#", "ephemera", "ephemera"),
    Kind(ListedSessionsItem, "sessions#", "ephemera", "ephemera"),
    Kind(IdempotencyItem, "form#", "expires", "ephemera"),
    Kind(BatchItem, "batch#", "ephemera", "ephemera"),
    Kind(ImportPartItem, "import#", "ephemera", "ephemera"),
    Kind(CodeItem, "code#", "ephemera", "ephemera"),
    Kind(UseItem, "use#", "ephemera", "ephemera"),
    Kind(ProbeItem, "probe#", "expires", "ephemera"),
)
"""All that is stored. The first that fits is an item's kind."""


_OF_LICENSE = {kind.prefix.partition("#")[0]: kind.item for kind in KINDS if kind.is_of_license}


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
