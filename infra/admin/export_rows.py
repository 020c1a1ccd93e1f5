"""The rows of an export, a file for each noun: the objects of the Management API, and what these leave out.

The files stand in the order in which an import can take them: what a row names stands in a file before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from typing_extensions import TypedDict  # as the objects of the API, which some of these are made of

from chalicelib.domain.catalog import Product
from chalicelib.domain.events import Event
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, Seat
from chalicelib.domain.policies import Policy
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.management.customer_accounts import AccountBody, account_body
from chalicelib.management.customer_labels import LabelBody, label_body
from chalicelib.management.customers import CustomerBody, customer_body
from chalicelib.management.devices import DeviceBody, device_body
from chalicelib.management.exports import LicenseRow, OrderRow, license_row_of, order_row
from chalicelib.management.license_policies import PolicyBody, policy_body
from chalicelib.management.license_user_body import LicenseUserBody, SeatBody, seat_body, user_body
from chalicelib.management.product_feature_body import ProductFeatureBody, feature_body
from chalicelib.management.product_fields import ProductCustomFieldBody, field_body
from chalicelib.management.products import ProductBody, product_body
from chalicelib.usecases import export
from chalicelib.usecases.devices import WholeDevice
from chalicelib.usecases.export import T, Walk
from chalicelib.web.freshness import Date


class PolicyRow(PolicyBody):
    """A policy by which licenses are sold."""

    allow_unlimited_license_users: bool


class UserRow(LicenseUserBody):
    """Everybody who has an account. No password, and nothing that is made of one."""

    closed_at: Date | None
    language: str
    time_zone: str
    mails_off: list[str]


class LicenseUserRow(SeatBody):
    """The seat of a user on a license."""

    license_user: int
    email: str


class DeviceRow(DeviceBody):
    """A device."""

    email: str | None
    """Of its user."""


class BlockedDeviceRow(TypedDict):
    """A hardware id that is blacklisted on a license, also one that it has never seen."""

    license: int
    hardware_id: str


class EventRow(TypedDict):
    """What has happened."""

    id: str
    ts: Date
    type: str
    actor: str
    ip: str | None
    license_user: int | None
    user: str | None
    """The email of then."""
    hardware_id: str | None
    data: Json
    times: int
    last_ts: Date | None
    """Where it happened several times: when last."""


class LicenseEventRow(EventRow):
    """What has happened to a license."""

    license: int


Rows = Iterator[tuple[str, Json]]
"""Each with the position to go on from."""


@dataclass(frozen=True, slots=True)
class Noun:
    """A file of an export."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[str, Instant, str], Rows]
    """Of a company, as of an instant, behind a position."""


def _noun(name: str, body: type[object], walk: Callable[[str, str], Walk[T]], row: Callable[[T], Json]) -> Noun:
    def rows(company: str, _now: Instant, after: str) -> Rows:
        return ((position, row(found)) for position, found in walk(company, after))

    return Noun(name, tuple(body.__annotations__), rows)


def _licenses(company: str, now: Instant, after: str) -> Rows:
    row = license_row_of(company, now)
    return ((position, dict(row(sold))) for position, sold in export.export_licenses(company, after))


def _product(found: tuple[Product, list[ProductFeature]]) -> Json:
    return dict(product_body(*found))


def _policy(policy: Policy) -> Json:
    row: PolicyRow = {**policy_body(policy), "allow_unlimited_license_users": policy.max_license_users is None}
    return dict(row)


def _user(user: User) -> Json:
    row: UserRow = {
        **user_body(user),
        "closed_at": to_iso(user.closed_at),
        "language": user.language,
        "time_zone": user.time_zone,
        "mails_off": sorted(user.mails_off),
    }
    return dict(row)


def _license_user(found: tuple[License, Seat]) -> Json:
    license, seat = found
    body = seat_body(seat, license.id, seat.activations_in(license))
    row: LicenseUserRow = {**body, "license_user": seat.user_id, "email": seat.email}
    return dict(row)


def _devices(company: str, now: Instant, after: str) -> Rows:
    return ((position, _device(device, now)) for position, (_, device) in export.export_devices(company, after))


def _device(found: WholeDevice, now: Instant) -> Json:
    row: DeviceRow = {**device_body(found, now), "email": None if found.seat is None else found.seat.email}
    return dict(row)


def _blocked_device(found: tuple[License, str]) -> Json:
    row: BlockedDeviceRow = {"license": found[0].id, "hardware_id": found[1]}
    return dict(row)


def _event(event: Event) -> EventRow:
    return {
        "id": event.key.replace("#", "-"),
        "ts": to_iso(event.at),
        "type": event.type,
        "actor": event.actor.name,
        "ip": event.actor.ip,
        "license_user": event.user_id,
        "user": event.user,
        "hardware_id": event.hardware_id,
        "data": dict(event.detail),
        "times": event.repeats + 1,
        "last_ts": to_iso(event.last_at),
    }


def _license_event(found: tuple[License, Event]) -> Json:
    license, event = found
    body = _event(event)
    row: LicenseEventRow = {**body, "id": f"{license.id}-{body['id']}", "license": license.id}
    return dict(row)


NOUNS = (
    _noun("products", ProductBody, export.export_products, _product),
    _noun("product_features", ProductFeatureBody, export.export_features, lambda one: dict(feature_body(one))),
    _noun("product_custom_fields", ProductCustomFieldBody, export.export_fields, lambda one: dict(field_body(one))),
    _noun("license_policies", PolicyRow, export.export_policies, _policy),
    _noun("customer_accounts", AccountBody, export.export_customer_accounts, lambda one: dict(account_body(one))),
    _noun("customer_labels", LabelBody, export.export_customer_labels, lambda one: dict(label_body(one))),
    _noun("customers", CustomerBody, export.export_customers, lambda one: dict(customer_body(one))),
    _noun("users", UserRow, export.export_users, _user),
    _noun("orders", OrderRow, export.export_orders, lambda found: dict(order_row(*found))),
    Noun("licenses", tuple(LicenseRow.__annotations__), _licenses),
    _noun("license_users", LicenseUserRow, export.export_license_users, _license_user),
    Noun("devices", tuple(DeviceRow.__annotations__), _devices),
    _noun("blocked_devices", BlockedDeviceRow, export.export_blocked_devices, _blocked_device),
    _noun("license_histories", LicenseEventRow, export.export_license_histories, _license_event),
    _noun("company_history", EventRow, export.export_company_history, lambda event: dict(_event(event))),
)
