"""What a webhook says: the public reference's envelope, in it the object that the event is about, and what changed.

The object is as it was when the event was filed for its endpoints, which is a moment after the event.
"""

import json
from dataclasses import dataclass
from uuid import UUID, uuid5

from chalicelib.domain.catalog import Company, Product
from chalicelib.domain.deliveries import Delivery, Endpoint
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, status
from chalicelib.domain.public_events import as_told, told_detail
from chalicelib.domain.types import Json

_NAMESPACE = "6f1d7b2e-5c0a-4d39-9a55-0f8f0f4f3b1c"
"""Of our ids among all that are made of names."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about."""

    company: Company
    license: License | None = None
    product: Product | None = None
    license_id: int | None = None
    """Of a license that may be gone by now."""


def webhook_id(history: str, event: Event, type: str) -> str:
    """The id of an event of a history, told as a type: the same however often it is made."""
    return str(uuid5(UUID(_NAMESPACE), f"{history}#{event.key}#{type}"))


def payload(id: str, type: str, event: Event, subject: Subject, sequence: int, now: Instant) -> str:
    """The body of a webhook. `sequence`: the number of the event among those of its license, or company."""
    event = as_told(event, type)
    body = {
        "id": id,
        "event": type,
        "company_id": subject.company.id,
        "user_id": event.user_id,
        "ts": to_iso(event.at),
        "sequence": sequence,
        "actor": event.actor.name,
        "data": {**_object(subject, event, now), **_about(event), "changed": _changed(event)},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def new_delivery(endpoint: Endpoint, key: str, id: str, type: str, body: str, now: Instant) -> Delivery:
    """A delivery that is to be tried from now on; `key` orders it among those of the endpoint."""
    return Delivery(endpoint.company, endpoint.id, key, id, type, now, body, next_try_at=now)


def _object(subject: Subject, event: Event, now: Instant) -> Json:
    if event.type == "license_deleted":
        names = {"license_key": event.detail.get("license_key"), "order_store_id": event.detail.get("order")}
        return {"id": subject.license_id, **names, "product": _product(str(event.detail["product"]), subject.product)}
    if subject.license is not None:
        return license_object(subject.license, subject.product, now)
    return {} if subject.product is None else {"product": _product(subject.product.code, subject.product)}


def license_object(license: License, product: Product | None, now: Instant) -> Json:
    """A license, with the names that the public reference has for what it is and has."""
    return {
        "id": license.id,
        "license_key": license.license_key,
        "license_type": license.license_type,
        "status": status(license, now),
        "enabled": license.enabled,
        "is_trial": license.is_trial,
        "product": _product(license.product, product),
        "order_store_id": license.order_id,
        "customer": None if license.customer is None else {"email": license.customer},
        "created_at": to_iso(license.created_at),
        "validity_period": to_iso(license.validity_period),
        "start_date": to_iso(license.start_date),
        "grace_period": license.grace_period,
        "max_activations": license.max_activations,
        "times_activated": license.times_activated,
        "max_license_users": license.max_license_users,
        "users_assigned": license.users_assigned,
        "max_transfers": license.max_transfers,
        "transfer_count": license.transfer_count,
    }


def _product(code: str, product: Product | None) -> Json:
    return {"id": product and product.id, "product_name": product and product.name, "short_code": code}


def _about(event: Event) -> Json:
    """The person and the device that the event is about, if it is."""
    person = {} if event.user_id is None else {"license_user": {"id": event.user_id, "true_email": event.user}}
    if event.hardware_id is None:
        return person
    return person | {"device": {"hardware_id": event.hardware_id, "hostname": event.detail.get("hostname")}}


def _changed(event: Event) -> Json:
    """What the event says besides the device."""
    return {name: value for name, value in told_detail(event).items() if name != "hostname"}
