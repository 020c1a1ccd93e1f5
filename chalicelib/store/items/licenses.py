"""Items of a license's partition: the license, its seats and its devices."""

from dataclasses import asdict
from types import MappingProxyType

from chalicelib.domain.extras import Extras, FeatureGrant, FieldValue, PolicyOrigin
from chalicelib.domain.license import Device, License, Seat, ends_at
from chalicelib.domain.meters import Meter
from chalicelib.domain.slots import Slot
from chalicelib.store.attributes import (
    BooleanAttribute,
    IdSetAttribute,
    IntegerAttribute,
    JSONAttribute,
    TextAttribute,
    TextSetAttribute,
)
from chalicelib.store.items.base import LicensesItem
from chalicelib.store.schema import Fields, from_names


class LicenseItem(LicensesItem[License]):
    """A license: terms and counters together, so that one condition covers them."""

    stored_as = MappingProxyType(
        {
            "released": "vacated",
            "last_released_by": "last_vacated",
            "announced_phase": "announced",
            "name": "license_name",
        }
    )
    """`name` is a word that DynamoDB keeps for itself."""

    omitted = frozenset(
        {
            *("overage", "renewal_basis", "floating_users", "floating_timeout"),
            *("slots_known", "slot_takes", "slot_releases"),
            *("allow_negative_consumptions", "allow_overages", "max_overages"),
        }
    )

    guarded = frozenset(
        {
            "times_activated",
            "users_assigned",
            "transfer_count",
            "activations_kept",
            "users_kept",
            "transfers_kept",
            "released",
            "last_released_by",
            "first_activated_at",
            "announced_phase",
            "notified_until",
            "epoch",
            "bucket_full_at",
            "seats_full_at",
            "legacy_devices",
            "adopt_until",
            "known_devices",
            "blocked_devices",
            "blacklist",
            "slots_known",
            "slot_takes",
            "slot_releases",
            # What links and summaries are filed by:
            "company",
            "id",
            "product",
            "license_type",
            "license_key",
            "order_id",
            "customer",
            "bought_as",
            "sold_in",
            "customer_id",
            "listed_users",
        }
    )

    id: IntegerAttribute
    product: TextAttribute
    enabled: BooleanAttribute
    revision: IntegerAttribute
    disabled_by: TextAttribute
    license_key: TextAttribute
    bought_as: TextAttribute
    sold_in: TextAttribute
    max_activations: IntegerAttribute
    overage: TextAttribute
    floating_users: IntegerAttribute
    slots_known: IntegerAttribute
    slot_takes: IntegerAttribute
    slot_releases: IntegerAttribute
    times_activated: IntegerAttribute
    max_license_users: IntegerAttribute
    users_assigned: IntegerAttribute
    max_transfers: IntegerAttribute
    prevent_vm: BooleanAttribute
    transfer_count: IntegerAttribute
    released: IntegerAttribute
    last_released_by: TextAttribute
    validity_period: IntegerAttribute
    valid_duration: TextAttribute
    start_date: IntegerAttribute
    grace_period: IntegerAttribute
    first_activated_at: IntegerAttribute
    announced_phase: TextAttribute
    notified_until: IntegerAttribute
    order_id: TextAttribute
    customer: TextAttribute
    epoch: IntegerAttribute
    bucket_full_at: IntegerAttribute
    seats_full_at: IntegerAttribute
    legacy_devices: IntegerAttribute
    adopt_until: IntegerAttribute
    known_devices: IntegerAttribute
    blocked_devices: IntegerAttribute
    blacklist: TextSetAttribute
    customer_id: IntegerAttribute
    listed_users: IdSetAttribute

    ends_at = IntegerAttribute(null=True)
    """What the conditions judge the end by; it follows from the dates."""

    @classmethod
    def attributes_by_hand(cls, value: License) -> Fields:
        return {"ends_at": ends_at(value.validity_period, value.grace_period)}


class ExtrasItem(LicensesItem[Extras]):
    """What a license carries besides its limits and dates; apart, for it may be long."""

    by_hand = ("features", "custom_fields", "policy")
    omits_defaults = True

    feature_rows = JSONAttribute(null=True, attr_name="features")
    field_rows = JSONAttribute(null=True, attr_name="custom_fields")
    origin = JSONAttribute(null=True, attr_name="policy")

    @classmethod
    def attributes_by_hand(cls, value: Extras) -> Fields:
        features, custom_fields = map(asdict, value.features), map(asdict, value.custom_fields)
        origin = None if value.policy is None else asdict(value.policy)
        return {"feature_rows": list(features) or None, "field_rows": list(custom_fields) or None, "origin": origin}

    def fields_by_hand(self) -> Fields:
        return {
            "features": tuple(from_names(row, FeatureGrant) for row in self.feature_rows or ()),
            "custom_fields": tuple(from_names(row, FieldValue) for row in self.field_rows or ()),
            "policy": None if self.origin is None else from_names(self.origin, PolicyOrigin),
        }


class SeatItem(LicensesItem[Seat]):
    """A user's seat on a license."""

    guarded = frozenset(
        {
            "user_id",
            "email",
            "activations",
            "epoch",
            "license_epoch",
            "bucket_full_at",
            "legacy_devices",
            "last_used_at",
        }
    )

    user_id: IntegerAttribute
    email: TextAttribute
    max_activations: IntegerAttribute
    activations: IntegerAttribute
    epoch: IntegerAttribute
    license_epoch: IntegerAttribute
    revision: IntegerAttribute
    bucket_full_at: IntegerAttribute
    legacy_devices: IntegerAttribute
    last_used_at: IntegerAttribute


class DeviceItem(LicensesItem[Device]):
    """A hardware id on a license, of one user where that is user-based."""

    id: IntegerAttribute
    hardware_id: TextAttribute
    user_id: IntegerAttribute
    active: BooleanAttribute
    epoch: IntegerAttribute
    seat_epoch: IntegerAttribute
    first_activated_at: IntegerAttribute
    activated_at: IntegerAttribute
    last_check_at: IntegerAttribute
    hostname: TextAttribute
    legacy: BooleanAttribute
    slot: IntegerAttribute
    slot_moves: IntegerAttribute
    slots_full_at: IntegerAttribute


class SlotItem(LicensesItem[Slot]):
    """A slot of a floating license, as it was taken last; there is none for one that nobody has taken."""

    holder: IntegerAttribute
    held_until: IntegerAttribute
    epoch: IntegerAttribute
    seat_epoch: IntegerAttribute


class MeterItem(LicensesItem[Meter]):
    """What counts the uses of a license."""

    total: IntegerAttribute
    counted_from: IntegerAttribute
    day: IntegerAttribute
    day_total: IntegerAttribute
    day_uses: IntegerAttribute


class BlockItem(LicensesItem[None]):
    """A device that may never be activated on a license; that it is there says so."""

    hardware_id = TextAttribute()
    blocked_at = IntegerAttribute()


class VariablesItem(LicensesItem[None]):
    """What an application keeps with its device; apart, so that the device's item stays small."""

    revision = IntegerAttribute()
    variables = JSONAttribute()
    last_place = IntegerAttribute(null=True)
    """That was given last to a variable; None, of older code: the highest."""
    last_event = TextAttribute(null=True, attr_name="told_in")
    """Sort key of the event of the last change."""
    last_caller = TextAttribute(null=True, attr_name="told_of")
    """Who made the change that the event was written for, and from which address."""
    event_by = JSONAttribute(null=True, attr_name="told_by")
    """By who made changes within the last hour: the sort key of their event. The two above are what
    older processes read."""
