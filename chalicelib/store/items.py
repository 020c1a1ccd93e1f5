"""The tables, an item class for each kind of item in them, and how items become the domain's values.

`docs/data-model.md` draws the same. Sort keys (`part`) are built here, but for those of one name (`user#<id>`).
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar

from pynamodb.attributes import (
    Attribute,
    BooleanAttribute,
    JSONAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.constants import NUMBER
from pynamodb.models import Model

from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant

T = TypeVar("T")


class IntegerAttribute(Attribute[int]):
    """A number without a fraction: all of ours are."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


# The names that the code has for the tables; `store.database` puts the stage's prefix before them.


class _Licenses:
    table_name = "licenses"


class _Accounts:
    table_name = "accounts"


class _Ephemera:
    table_name = "ephemera"


TABLE_KEYS = {"licenses": ("pk", "part"), "accounts": ("pk", "part"), "ephemera": ("pk",)}
"""Partition key, and sort key where there is one; all are texts."""


def table_definition(table: str) -> dict[str, Any]:
    """How a table is made, on the embedded engine as in a stage: keys, and billing by what is used."""
    kinds = zip(TABLE_KEYS[table], ("HASH", "RANGE"), strict=False)
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in TABLE_KEYS[table]],
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
    }


# --- licenses: one license's truth in one partition ------------------------------------------------------------


class LicenseItem(Model):
    """`domain.license.License`, with `ends_at` for the conditions."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    company = UnicodeAttribute()
    id = IntegerAttribute()
    product = UnicodeAttribute()
    authorization_method = UnicodeAttribute()
    license_type = UnicodeAttribute()
    created_at = IntegerAttribute()
    license_key = UnicodeAttribute(null=True)
    enabled = BooleanAttribute()
    disabled_by = UnicodeAttribute(null=True)
    is_trial = BooleanAttribute(null=True)
    max_activations = IntegerAttribute(null=True)
    times_activated = IntegerAttribute()
    max_license_users = IntegerAttribute(null=True)
    users_assigned = IntegerAttribute()
    max_transfers = IntegerAttribute()
    free_resets = BooleanAttribute(null=True)
    transfer_count = IntegerAttribute()
    vacated = IntegerAttribute()
    last_vacated = UnicodeAttribute(null=True)
    validity_period = IntegerAttribute(null=True)
    valid_duration = UnicodeAttribute(null=True)
    start_date = IntegerAttribute(null=True)
    grace_period = IntegerAttribute()
    ends_at = IntegerAttribute(null=True)
    first_activated_at = IntegerAttribute(null=True)
    announced = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)
    customer = UnicodeAttribute(null=True)
    epoch = IntegerAttribute()
    bucket_full_at = IntegerAttribute(null=True)
    seats_full_at = IntegerAttribute(null=True)
    known_devices = IntegerAttribute(null=True)
    blocked_devices = IntegerAttribute(null=True)
    blacklist = UnicodeSetAttribute(null=True)


class SeatItem(Model):
    """`domain.license.Seat`."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    user_id = IntegerAttribute()
    email = UnicodeAttribute()
    max_activations = IntegerAttribute(null=True)
    activations = IntegerAttribute()
    epoch = IntegerAttribute()
    license_epoch = IntegerAttribute()
    assigned_at = IntegerAttribute()
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    phone_number = UnicodeAttribute(null=True)
    bucket_full_at = IntegerAttribute(null=True)


class DeviceItem(Model):
    """`domain.license.Device`."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    id = IntegerAttribute()
    hardware_id = UnicodeAttribute()
    user_id = IntegerAttribute(null=True)
    active = BooleanAttribute()
    epoch = IntegerAttribute()
    seat_epoch = IntegerAttribute(null=True)
    first_activated_at = IntegerAttribute()
    activated_at = IntegerAttribute()
    last_check_at = IntegerAttribute()
    hostname = UnicodeAttribute(null=True)
    os_ver = UnicodeAttribute(null=True)
    ip = UnicodeAttribute(null=True)
    mac_address = UnicodeAttribute(null=True)
    is_vm = BooleanAttribute(null=True)
    vm_info = UnicodeAttribute(null=True)
    app_ver = UnicodeAttribute(null=True)
    sdk_ver = UnicodeAttribute(null=True)


class BlockItem(Model):
    """A device that may never hold a place on a license; that it is there says so."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    hardware_id = UnicodeAttribute()
    blocked_at = IntegerAttribute()


class VariablesItem(Model):
    """What an application keeps with its device; apart, so that the device's item stays small."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    revision = IntegerAttribute()
    variables = JSONAttribute()
    told_in = UnicodeAttribute(null=True)
    """Sort key of the event that tells of the last change."""
    told_of = UnicodeAttribute(null=True)
    """Who made the change that the event was written for, and from which address."""
    told_by = JSONAttribute(null=True)
    """By who made changes within the last hour: the sort key of the event that tells of them. The two above are what
    older processes read."""


class DueItem(Model):
    """`store.due.Due`: a license with a transition to come, filed by when."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    company = UnicodeAttribute()
    id = IntegerAttribute()
    announced = UnicodeAttribute()
    grace_period = IntegerAttribute()
    validity_period = IntegerAttribute()


class MailItem(Model):
    """`store.mails.QueuedMail`: a mail that waits to be sent, filed by when it was queued; what it says is sealed."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    sealed = UnicodeAttribute()
    queued_at = IntegerAttribute()
    until = IntegerAttribute()
    tries = IntegerAttribute(null=True)
    not_before = IntegerAttribute(null=True)
    claim = UnicodeAttribute(null=True)


class BatchProgressItem(Model):
    """`domain.batch.BatchProgress`: a batch that is under way."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    id = IntegerAttribute()
    rows = IntegerAttribute()
    position = IntegerAttribute()
    reserved = IntegerAttribute()
    started_by = UnicodeAttribute()
    started_at = IntegerAttribute()


class EventItem(Model):
    """`domain.events.Event` of a license, in its partition."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    type = UnicodeAttribute()
    at = IntegerAttribute()
    actor = UnicodeAttribute()
    ip = UnicodeAttribute(null=True)
    user = UnicodeAttribute(null=True)
    user_id = IntegerAttribute(null=True)
    hardware_id = UnicodeAttribute(null=True)
    detail = JSONAttribute(null=True)
    repeats = IntegerAttribute(null=True)
    last_at = IntegerAttribute(null=True)
    last_key = UnicodeAttribute(null=True)
    """The sort key that the event of the last repeat would have: the proof that it was committed."""
    last_ip = UnicodeAttribute(null=True)
    addresses = UnicodeSetAttribute(null=True)


class RefusalItem(Model):
    """`domain.refusals.Refusal`, in a partition of the company's own."""

    class Meta(_Licenses):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    call = UnicodeAttribute()
    code = UnicodeAttribute()
    at = IntegerAttribute()
    times = IntegerAttribute()
    license_id = IntegerAttribute(null=True)
    product = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    hardware_id = UnicodeAttribute(null=True)
    hostname = UnicodeAttribute(null=True)
    ip = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute(null=True)
    last_at = IntegerAttribute(null=True)
    last_ip = UnicodeAttribute(null=True)
    last_request_id = UnicodeAttribute(null=True)
    limit = IntegerAttribute(null=True)
    used = IntegerAttribute(null=True)


# --- accounts: catalogue and people, uniqueness by items of their own ------------------------------------------


class AccountEventItem(EventItem):
    """`domain.events.Event` of a company or a user, in the company's partition."""

    class Meta(_Accounts):
        pass


class CompanyItem(Model):
    """`domain.catalogue.Company`."""

    class Meta(_Accounts):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    code = UnicodeAttribute()
    id = IntegerAttribute()
    name = UnicodeAttribute()
    created_at = IntegerAttribute()
    accent = UnicodeAttribute(null=True)
    logo = UnicodeAttribute(null=True)
    time_zone = UnicodeAttribute(null=True)


class ProductItem(Model):
    """`domain.catalogue.Product`."""

    class Meta(_Accounts):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    company = UnicodeAttribute()
    company_id = IntegerAttribute()
    code = UnicodeAttribute()
    id = IntegerAttribute()
    name = UnicodeAttribute()
    authorization_method = UnicodeAttribute()
    created_at = IntegerAttribute()
    prevent_vm = BooleanAttribute()
    state = UnicodeAttribute()


class ApiKeyItem(Model):
    """`domain.catalogue.ApiKey`."""

    class Meta(_Accounts):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    company = UnicodeAttribute()
    api_key = UnicodeAttribute()
    sealed_shared_key = UnicodeAttribute()
    created_at = IntegerAttribute()
    read_only = BooleanAttribute()
    revoked = BooleanAttribute()
    products = UnicodeSetAttribute(null=True)
    signing_key = UnicodeAttribute(null=True)
    scopes = UnicodeSetAttribute(null=True)
    require_digest = BooleanAttribute(null=True)
    origins = UnicodeSetAttribute(null=True)


class UserItem(Model):
    """`domain.users.User`."""

    class Meta(_Accounts):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    company = UnicodeAttribute()
    id = IntegerAttribute()
    email = UnicodeAttribute()
    password_hash = UnicodeAttribute()
    is_initial_password = BooleanAttribute()
    created_at = IntegerAttribute()
    sealed_initial_password = UnicodeAttribute(null=True)
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    phone_number = UnicodeAttribute(null=True)
    is_manager = BooleanAttribute(null=True)
    session_epoch = IntegerAttribute(null=True)
    seats_given = IntegerAttribute(null=True)
    proved = BooleanAttribute(null=True)
    batch = IntegerAttribute(null=True)
    password_scope = UnicodeSetAttribute(null=True)
    closed_at = IntegerAttribute(null=True)
    reopened_at = IntegerAttribute(null=True)


class LookupItem(Model):
    """A name that leads to an id: of a license key, an e-mail, a user's seat, a customer's license."""

    class Meta(_Accounts):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    to = IntegerAttribute(null=True)
    product = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    order_id = UnicodeAttribute(null=True)


class LicenseSummaryItem(Model):
    """`domain.catalogue.LicenseSummary`: a license, filed under its order and under each user who manages it.

    `facts`: all fields by their position, in JSON, as they were written for a while. Nothing writes it any more.
    """

    class Meta(_Accounts):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    facts = UnicodeAttribute(null=True)
    license_id = IntegerAttribute(null=True)
    product = UnicodeAttribute(null=True)
    license_type = UnicodeAttribute(null=True)
    order_id = UnicodeAttribute(null=True)
    license_key = UnicodeAttribute(null=True)
    customer = UnicodeAttribute(null=True)


class OrderItem(Model):
    """`domain.catalogue.Order`."""

    class Meta(_Accounts):
        pass

    pk = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    customer = UnicodeAttribute(null=True)
    managers = UnicodeSetAttribute(null=True)
    joining = UnicodeSetAttribute(null=True)
    number = IntegerAttribute(null=True)


# --- ephemera: may be lost ------------------------------------------------------------------------------------


class AttemptsItem(Model):
    """`domain.users.Attempts` on one account."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    started = IntegerAttribute(null=True)
    failures = IntegerAttribute(null=True)
    not_before = IntegerAttribute(null=True)
    until = IntegerAttribute(null=True)
    expires = IntegerAttribute()
    """TTL in seconds since the epoch; only tidies up, nothing is decided by it."""
    begun = IntegerAttribute(null=True)


class FailuresItem(Model):
    """`domain.origin.Failures` of strangers: on one account, from one address or with one password. And what else is
    counted in a window: codes that an address has asked for, notices alike to one mailbox."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    times = IntegerAttribute(null=True)
    until = IntegerAttribute(null=True)
    forgiven_at = IntegerAttribute(null=True)
    expires = IntegerAttribute()


class SeriesItem(Model):
    """What happens to one account again and again within an hour, and the row of history that tells of it."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute()
    """Of the event that began it."""
    ip = UnicodeAttribute(null=True)
    """Where that came from."""
    times = IntegerAttribute()
    expires = IntegerAttribute()


class NobodysEventItem(Model):
    """What stands in the place of an event where there is no such account, for the same work. Nobody reads it."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    expires = IntegerAttribute()


class CodeItem(Model):
    """`domain.one_time_code.OneTimeCode` of one account in one browser; stored as a hash that needs our key."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    code_hash = UnicodeAttribute()
    until = IntegerAttribute()
    tries = IntegerAttribute()
    used = BooleanAttribute()
    expires = IntegerAttribute()


class CodeRequestsItem(Model):
    """`domain.one_time_code.CodeRequests` of one account: pairs of an instant and who asked."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    revision = IntegerAttribute()
    claim = UnicodeAttribute()
    mailed = JSONAttribute()
    expires = IntegerAttribute()


class SessionItem(Model):
    """`domain.session.Session`, under the hash of its token."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    company = UnicodeAttribute()
    user_id = IntegerAttribute()
    epoch = IntegerAttribute()
    opened_at = IntegerAttribute()
    seen_at = IntegerAttribute()
    expires = IntegerAttribute()


class ProbeItem(Model):
    """What a probe of the database has written; it means nothing."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    nonce = UnicodeAttribute()
    expires = IntegerAttribute()


class SubmissionItem(Model):
    """A form that was sent, under the hash of its one-time token; what came of it, once it is done."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    claim = UnicodeAttribute(null=True)
    outcome = JSONAttribute(null=True)
    expires = IntegerAttribute()


class BatchItem(Model):
    """The people of a batch, in order; the first `places` of them have got places."""

    class Meta(_Ephemera):
        pass

    pk = UnicodeAttribute(hash_key=True)
    people = JSONAttribute()
    refused = JSONAttribute(null=True)
    """Who stood in the list and gets no seat."""
    places = IntegerAttribute()
    expires = IntegerAttribute()


# --- keys ------------------------------------------------------------------------------------------------------


def license_pk(company: str, license_id: int) -> str:
    """The partition of a license: below its company, so that another company's id leads nowhere."""
    return f"{company}#{license_id}"


def seat_sort_key(user_id: int | None = None) -> str:
    """Sort key of a user's seat, or the prefix of all."""
    return "seat#" + ("" if user_id is None else f"{user_id:016d}")


def device_sort_key(hardware_hash: str, user_id: int | None) -> str:
    """Sort key of a device; on a user-based license each user's use of a machine is a device of its own."""
    return f"device#{hardware_hash}#{'' if user_id is None else f'{user_id:016d}'}"


def block_sort_key(hardware_hash: str = "") -> str:
    """Sort key of a device that is blocked, or the prefix of all. It sorts between the history and the devices."""
    return f"block#{hardware_hash}"


def batch_sort_key(batch_id: int | None = None) -> str:
    """Sort key of a batch under way, or the prefix of all. It sorts between the license and its seats."""
    return "pending#" + ("" if batch_id is None else f"{batch_id:016d}")


def event_sort_key(key: str = "") -> str:
    """Sort key of an event, or the prefix of all. It sorts below the devices, and they below the license."""
    return f"at#{key}"


def variables_sort_key(hardware_hash: str, user_id: int | None) -> str:
    """Sort key of what an application keeps with a device."""
    return device_sort_key(hardware_hash, user_id).replace("device#", "variables#", 1)


def user_license_sort_key(user_id: int, license_id: int | None = None) -> str:
    """Sort key of the link from a user to a license on which the user has a seat, or the prefix of all."""
    return f"held#{user_id:016d}#" + ("" if license_id is None else f"{license_id:016d}")


def hardware_sort_key(hardware_hash: str, license_id: int | None = None, user_id: int | None = None) -> str:
    """Sort key of the link from a hardware id to a license that has seen it (with this user), or the prefix of all."""
    user = "" if user_id is None else f"{user_id:016d}"
    return f"hardware#{hardware_hash}#" + ("" if license_id is None else f"{license_id:016d}#{user}")


def customer_license_sort_key(email: str, license_id: int | None = None) -> str:
    """Sort key of the link from a customer to a license, or the prefix of all."""
    return f"customer#{email}#" + ("" if license_id is None else f"{license_id:016d}")


def manager_license_sort_key(user_id: int, license_id: int | None = None) -> str:
    """Sort key of a license under a user who manages it, or the prefix of all."""
    return f"managed#{user_id:016d}#" + ("" if license_id is None else f"{license_id:016d}")


def order_license_sort_key(order_id: str, license_id: int | None = None) -> str:
    """Sort key of a license under its order, or the prefix of all. An order's id may hold any printable character."""
    return f"ordered#{sha256(order_id.encode()).hexdigest()[:24]}#" + (
        "" if license_id is None else f"{license_id:016d}"
    )


def company_license_sort_key(license_id: int | None = None) -> str:
    """Sort key of the link from a company to a license, or the prefix of all."""
    return "license#" + ("" if license_id is None else f"{license_id:016d}")


COMPANIES = "companies"
"""The partition of the links to all companies; no company's code has small letters."""


def due_pk(shard: int) -> str:
    """The partition of what is due in one shard; a license belongs to the shard `id % DUE_SHARDS`."""
    return f"due#{shard}"


def due_sort_key(at: Instant, license: str = "") -> str:
    """Sort key of a license (its `pk`) that is due at an instant; without one, what is due before sorts before it."""
    return f"{at:015d}#{license}" if license else f"{at:015d}"


def mail_pk(shard: int) -> str:
    """The partition of the mails that are queued in one shard."""
    return f"mail#{shard}"


def mail_sort_key(at: Instant, nonce: str = "") -> str:
    """Sort key of a mail that was queued at an instant; without a nonce, what was queued before sorts before it."""
    return f"{at:015d}#{nonce}" if nonce else f"{at:015d}"


def refusals_pk(company: str) -> str:
    """The partition of the refusals of a company's calls."""
    return f"refusals#{company}"


def refusal_sort_key(license_id: int | None, hour: Instant | None = None, kind: str = "") -> str:
    """Sort key of what was refused in an hour, or the prefix of all of a license; without one, of what matched none."""
    return f"{license_id or 0:016d}#" + ("" if hour is None else f"{hour:015d}#{kind}")


# --- items ↔ domain --------------------------------------------------------------------------------------------


def to_domain(item: Model, kind: type[T]) -> T:
    """The domain value that an item holds: attributes and fields have the same names."""
    return from_names(item.attribute_values, kind)


def from_names(stored: Mapping[str, Any], kind: type[T]) -> T:
    """The domain value of fields by name, whichever code has written them.

    What older code did not write, or nobody gave, has its default; what newer code has added is let be.
    """
    fields: dict[str, Any] = kind.__dataclass_fields__  # type: ignore[attr-defined] # all of the domain are dataclasses
    given = {name: value for name, value in stored.items() if name in fields and value is not None}
    return kind(**{name: _FROZEN.get(type(value), _as_it_is)(value) for name, value in given.items()})


def _as_it_is(value: Any) -> Any:
    return value


_FROZEN: dict[type, Any] = {set: frozenset, list: tuple}


def from_row(stored: Sequence[Any], kind: type[T]) -> T:
    """The domain value of fields in their order: fewer from older code, more from newer, as in `from_names`."""
    fields: dict[str, Any] = kind.__dataclass_fields__  # type: ignore[attr-defined] # all of the domain are dataclasses
    return kind(*stored[: len(fields)])


def from_raw(raw: dict[str, dict[str, Any]], kind: type[T]) -> T:
    """The domain value that a stored item holds, as `to_domain`, in a quarter of the time: for lists of thousands.

    For items of texts, integers, booleans and sets of texts alone.
    """
    fields: dict[str, Any] = kind.__dataclass_fields__  # type: ignore[attr-defined] # all of the domain are dataclasses
    known = ((name, typed) for name, typed in raw.items() if name in fields)
    return kind(**{name: _READ[t](value) for name, typed in known for t, value in typed.items() if t in _READ})


_READ: dict[str, Any] = {"S": str, "N": int, "BOOL": bool, "SS": frozenset}


def to_item(item: type[Any], value: Any, pk: str, part: str, **extra: Any) -> Any:
    """The item that holds a domain value; what is None or an empty set has no attribute."""
    values = {name: getattr(value, name) for name in item.get_attributes() if hasattr(value, name)}
    return item(pk, part, **{n: v for n, v in values.items() if v is not None and v != frozenset()}, **extra)


def event_item(pk: str, event: Event, kind: type[EventItem] = EventItem) -> EventItem:
    """The item of an event: in a license's partition, or as `AccountEventItem` in a company's."""
    return kind(
        pk,
        event_sort_key(event.key),
        type=event.type,
        at=event.at,
        actor=event.actor.name,
        ip=event.actor.ip,
        user=event.user,
        user_id=event.user_id,
        hardware_id=event.hardware_id,
        detail=event.detail or None,
    )


def to_event(item: EventItem) -> Event:
    """The event that an item holds."""
    actor, key = Actor(item.actor, item.ip), item.part.removeprefix(event_sort_key())
    about = (item.user, item.hardware_id, item.detail or {}, key, item.user_id)
    again = (item.repeats, item.last_at, item.last_ip, frozenset(item.addresses or ())) if item.repeats else ()
    return Event(item.type, item.at, actor, *about, *again)  # type: ignore[arg-type]
