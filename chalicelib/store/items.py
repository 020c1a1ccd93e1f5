"""Every kind of item in the tables, each with the value that it holds, and the one registry of them.

What an item has of its dataclass follows from that (`store.schema`); here stands what the dataclass does not say.
`docs/data-model.md` draws the same, `store.keys` builds the keys.
"""

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.catalogue import ApiKey, Company, LicenseSummary, Order, Product
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.license import Device, License, Seat, ends_at
from chalicelib.domain.mail import QueuedMail
from chalicelib.domain.one_time_code import OneTimeCode
from chalicelib.domain.origin import Failures
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.session import Session
from chalicelib.domain.transitions import Due
from chalicelib.domain.users import Attempts, User
from chalicelib.store import keys
from chalicelib.store.schema import IdSetAttribute, IntegerAttribute, Item, Raw, TextSetAttribute, from_row

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
    """TTL in seconds since the epoch; it only tidies up, and but for `IdempotencyItem` nothing is decided by it."""


# --- licenses ---------------------------------------------------------------------------------------------------


class LicenseItem(LicensesItem[License]):
    """A license: terms and counters together, so that one condition covers them."""

    stored_as = MappingProxyType(
        {"released": "vacated", "last_released_by": "last_vacated", "announced_phase": "announced"}
    )

    guarded = frozenset(
        {
            "times_activated",
            "users_assigned",
            "transfer_count",
            "released",
            "last_released_by",
            "first_activated_at",
            "announced_phase",
            "epoch",
            "bucket_full_at",
            "seats_full_at",
            "known_devices",
            "blocked_devices",
            "blacklist",
            # What links and summaries are filed by:
            "company",
            "id",
            "product",
            "license_type",
            "license_key",
            "order_id",
            "customer",
        }
    )

    enabled: BooleanAttribute
    revision: IntegerAttribute
    disabled_by: UnicodeAttribute
    license_key: UnicodeAttribute
    max_activations: IntegerAttribute
    times_activated: IntegerAttribute
    max_license_users: IntegerAttribute
    users_assigned: IntegerAttribute
    max_transfers: IntegerAttribute
    transfer_count: IntegerAttribute
    released: IntegerAttribute
    last_released_by: UnicodeAttribute
    validity_period: IntegerAttribute
    start_date: IntegerAttribute
    grace_period: IntegerAttribute
    first_activated_at: IntegerAttribute
    announced_phase: UnicodeAttribute
    order_id: UnicodeAttribute
    customer: UnicodeAttribute
    epoch: IntegerAttribute
    bucket_full_at: IntegerAttribute
    seats_full_at: IntegerAttribute
    known_devices: IntegerAttribute
    blocked_devices: IntegerAttribute
    blacklist: TextSetAttribute

    ends_at = IntegerAttribute(null=True)
    """What the conditions judge the end by; it follows from the dates."""

    @classmethod
    def attributes_by_hand(cls, value: License) -> dict[str, Any]:
        return {"ends_at": ends_at(value.validity_period, value.grace_period)}


class SeatItem(LicensesItem[Seat]):
    """A user's seat on a license."""

    guarded = frozenset({"activations", "epoch", "license_epoch", "bucket_full_at"})

    user_id: IntegerAttribute
    email: UnicodeAttribute
    max_activations: IntegerAttribute
    activations: IntegerAttribute
    epoch: IntegerAttribute
    license_epoch: IntegerAttribute
    bucket_full_at: IntegerAttribute


class DeviceItem(LicensesItem[Device]):
    """A hardware id on a license, of one user where that is user-based."""

    id: IntegerAttribute
    hardware_id: UnicodeAttribute
    user_id: IntegerAttribute
    active: BooleanAttribute
    epoch: IntegerAttribute
    seat_epoch: IntegerAttribute
    first_activated_at: IntegerAttribute
    activated_at: IntegerAttribute
    last_check_at: IntegerAttribute
    hostname: UnicodeAttribute


class BlockItem(LicensesItem[Any]):
    """A device that may never be activated on a license; that it is there says so."""

    hardware_id = UnicodeAttribute()
    blocked_at = IntegerAttribute()


class UserDeviceItem(LicensesItem[Any]):
    """A link from a user of a license to a device there; and under the prefix of all, that no link is missing."""


class VariablesItem(LicensesItem[Any]):
    """What an application keeps with its device; apart, so that the device's item stays small."""

    revision = IntegerAttribute()
    variables = JSONAttribute()
    last_event = UnicodeAttribute(null=True, attr_name="told_in")
    """Sort key of the event that tells of the last change."""
    last_caller = UnicodeAttribute(null=True, attr_name="told_of")
    """Who made the change that the event was written for, and from which address."""
    event_by = JSONAttribute(null=True, attr_name="told_by")
    """By who made changes within the last hour: the sort key of the event that tells of them. The two above are what
    older processes read."""


class DueItem(LicensesItem[Due]):
    """A license with a transition to come, filed by when."""

    stored_as = MappingProxyType({"announced_phase": "announced"})

    company: UnicodeAttribute
    id: IntegerAttribute


class MailItem(LicensesItem[QueuedMail]):
    """A mail that waits to be sent, filed by when it was queued; what it says is sealed."""

    by_hand = ("shard", "id")
    omits_defaults = True
    sealed: UnicodeAttribute
    queued_at: IntegerAttribute
    tries: IntegerAttribute
    not_before: IntegerAttribute

    claim = UnicodeAttribute(null=True)

    def fields_by_hand(self) -> dict[str, Any]:
        return {"shard": int(self.pk.removeprefix(keys.mail_pk())), "id": self.sort_key}


class BatchProgressItem(LicensesItem[BatchProgress]):
    """A batch that is under way."""

    position: IntegerAttribute
    reserved: IntegerAttribute


class EventItem(LicensesItem[Event]):
    """A row of a license's history, in its partition."""

    by_hand = ("key", "actor")
    omits_defaults = True
    type: UnicodeAttribute
    at: IntegerAttribute
    user: UnicodeAttribute
    user_id: IntegerAttribute
    detail: JSONAttribute
    repeats: IntegerAttribute
    last_at: IntegerAttribute
    last_ip: UnicodeAttribute
    addresses: TextSetAttribute

    actor = UnicodeAttribute()
    ip = UnicodeAttribute(null=True)
    last_key = UnicodeAttribute(null=True)
    """The sort key that the event of the last repeat would have: the proof that it was committed."""

    @classmethod
    def attributes_by_hand(cls, value: Event) -> dict[str, Any]:
        return {"actor": value.actor.name, "ip": value.actor.ip}

    def fields_by_hand(self) -> dict[str, Any]:
        return {"key": self.sort_key.removeprefix(keys.event_sort_key()), "actor": Actor(self.actor, self.ip)}


class RefusalItem(LicensesItem[Refusal]):
    """Calls that were refused alike within an hour, in a partition of the company's own."""

    times: IntegerAttribute


class AccountEventItem(EventItem):
    """A row of a company's or a user's history, in the company's partition."""

    class Meta:
        table_name = "accounts"


# --- accounts ---------------------------------------------------------------------------------------------------


class CompanyItem(AccountsItem[Company]):
    """A company."""

    name: UnicodeAttribute


class ProductItem(AccountsItem[Product]):
    """A product."""

    prevent_vm: BooleanAttribute
    state: UnicodeAttribute


class ApiKeyItem(AccountsItem[ApiKey]):
    """An API key; the half of it that is secret is sealed."""

    api_key: UnicodeAttribute
    revoked: BooleanAttribute
    signing_key: UnicodeAttribute


class UserItem(AccountsItem[User]):
    """A user's account."""

    stored_as = MappingProxyType({"access_revision": "seats_given", "email_verified": "proved"})

    guarded = frozenset(
        {
            "email",
            "password_hash",
            "is_initial_password",
            "sealed_initial_password",
            "is_manager",
            "session_epoch",
            "access_revision",
            "email_verified",
            "password_scope",
            "closed_at",
            "reopened_at",
        }
    )

    email: UnicodeAttribute
    password_hash: UnicodeAttribute
    is_initial_password: BooleanAttribute
    sealed_initial_password: UnicodeAttribute
    is_manager: BooleanAttribute
    session_epoch: IntegerAttribute
    access_revision: IntegerAttribute
    email_verified: BooleanAttribute
    password_scope: TextSetAttribute
    closed_at: IntegerAttribute
    reopened_at: IntegerAttribute


class LookupItem(AccountsItem[Any]):
    """A name that leads to an id: of a license key, an e-mail, a user's seat, a customer's license."""

    target_id = IntegerAttribute(null=True, attr_name="to")
    product = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    order_id = UnicodeAttribute(null=True)


class LicenseSummaryItem(AccountsItem[LicenseSummary]):
    """What a list says of a license, filed under its order and under each user who manages it."""

    facts = UnicodeAttribute(null=True)
    """All of `FACTS` by their position, in JSON, as they were written for a while. Nothing writes it any more."""
    FACTS = ("license_id", "product", "license_type", "order_id", "license_key", "customer")

    @classmethod
    def from_raw(cls, raw: Raw) -> LicenseSummary:
        row = raw.get("facts", {}).get("S")
        return super().from_raw(raw) if row is None else from_row(cls.FACTS, json.loads(row), LicenseSummary)


class OrderItem(AccountsItem[Order]):
    """An order."""

    by_hand = ("company", "id")
    stored_as = MappingProxyType({"pending_managers": "joining"})
    customer: UnicodeAttribute
    managers: IdSetAttribute
    pending_managers: IdSetAttribute
    number: IntegerAttribute

    def fields_by_hand(self) -> dict[str, Any]:
        return {"company": self.pk, "id": self.sort_key.removeprefix(keys.order_sort_key())}


# --- ephemera ---------------------------------------------------------------------------------------------------


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


class SeriesItem(EphemeraItem[Any]):
    """What happens to one account again and again within an hour, and the row of history that tells of it."""

    key = UnicodeAttribute()
    """Of the event that began it."""
    ip = UnicodeAttribute(null=True)
    """Where that came from."""
    times = IntegerAttribute()


class NobodysEventItem(EphemeraItem[Any]):
    """What stands in the place of an event where there is no such account, for the same work. Nobody reads it."""


class CodeItem(EphemeraItem[OneTimeCode]):
    """The newest one-time code of one account in one browser; stored as a hash that needs our key."""

    code_hash: UnicodeAttribute
    until: IntegerAttribute
    tries: IntegerAttribute
    used: BooleanAttribute


class CodeRequestsItem(EphemeraItem[Any]):
    """`domain.one_time_code.CodeRequests` of one account: pairs of an instant and who asked."""

    revision = IntegerAttribute()
    claim = UnicodeAttribute()
    mailed = JSONAttribute()


class SessionItem(EphemeraItem[Session]):
    """A session, under the hash of its token."""

    epoch: IntegerAttribute
    seen_at: IntegerAttribute


class ProbeItem(EphemeraItem[Any]):
    """What a probe of the database has written; it means nothing."""

    nonce = UnicodeAttribute()


class IdempotencyItem(EphemeraItem[Any]):
    """What was answered to a call, under the hash of who made it and its key.

    It counts until `expires`, which is compared at each read and write: what is over may still be there.
    """

    content_hash = UnicodeAttribute(null=True)
    sealed_answer = UnicodeAttribute(null=True)
    outcome = JSONAttribute(null=True)
    """The answer as older versions have stored it, of forms alone."""


class BatchItem(EphemeraItem[Any]):
    """The people of a batch, in order; the first `places` of them have got places."""

    people = JSONAttribute()
    refused = JSONAttribute(null=True)
    """Who stood in the list and gets no seat."""
    columns = JSONAttribute(null=True)
    """The names of what stands in each row of the two, in its order. None: those of before there was this."""
    places = IntegerAttribute()


# --- the registry -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item: the class that writes and reads it, and how its key begins."""

    item: type[Item[Any]]
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


def item_of_license(raw: Raw) -> type[Item[Any]] | None:
    """The class of a stored item in a license's partition, by its sort key alone. None for any other item."""
    return _OF_LICENSE.get(raw["part"]["S"].partition("#")[0])


def kind_of(table: str, raw: Raw) -> Kind:
    """The kind of a stored item, by its keys. Raises `LookupError` for one that is none of ours."""
    pk, sort_key = raw["pk"]["S"], raw.get("part", {}).get("S", "")
    for kind in KINDS:
        if kind.is_kind_of(table, pk, sort_key):
            return kind
    raise LookupError(f"no kind of item in {table} has the keys {pk}, {sort_key}")


def event_item(pk: str, event: Event, kind: type[EventItem] = EventItem) -> EventItem:
    """The item of an event: in a license's partition, or as `AccountEventItem` in a company's."""
    return kind.of(event, pk, keys.event_sort_key(event.key))
