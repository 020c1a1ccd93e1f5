"""What the pages of docs/management/ take to be there, by the names of the pages."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.domain.events import Event
from chalicelib.domain.instants import from_iso
from chalicelib.domain.license import DeviceReport, License
from chalicelib.domain.refusals import Refusal
from chalicelib.management.histories import event_id
from chalicelib.store.refusals import observe_refusal
from chalicelib.usecases.activate import activate
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.scheduled_updates import schedule_update
from chalicelib.web import clock
from tests.support import ADMIN, DAY, Vendor


def customers(vendor: Vendor) -> dict[str, str]:
    """A customer to whom something was sold."""
    vendor.issue(customer="office@studio.example", order_id="A-17")
    return {}


def _licenses(vendor: Vendor) -> dict[str, str]:
    """Two licenses of a product with two features, and one of another order."""
    now = clock.now()
    fields: Any = {"code": "export", "name": "Export to IFC", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", fields, ADMIN, now=now)
    more = create_feature(vendor.code, "viewer", fields | {"code": "dxf", "name": "Export to DXF"}, ADMIN, now=now)
    terms: Any = {"order_id": "A-17", "license_type": "time-limited", "valid_duration": "1y", "max_activations": 5}
    first = vendor.issue(**terms)
    vendor.now += 1
    second = vendor.issue(**terms)
    other = vendor.issue("revit", order_id="A-18", customer="buyer@other.test")
    names = {"891540000000031": first.id, "891540000000032": second.id, "891540000000036": more.id}
    return {name: str(id) for name, id in (names | {"891540000000037": other.id}).items()}


def _scheduled_updates(vendor: Vendor) -> dict[str, str]:
    """Two licenses; something is scheduled for the second."""
    names, at = _licenses(vendor), from_iso("2060-06-01T00:00:00.000Z")
    second = int(names["891540000000032"])
    update = schedule_update(vendor.code, second, at, {"max_activations": 8}, ADMIN, now=clock.now())
    return names | {"891540000000050": str(update.id)}


def _with_a_product(vendor: Vendor) -> dict[str, str]:
    return {"891540000000031": str(vendor.products["viewer"].id)}


def _license_policies(vendor: Vendor) -> dict[str, str]:
    """A product with a feature and a custom field, and a license that was sold by no policy."""
    names = _licenses(vendor)
    field: Any = {"name": "Campus", "data_type": "text"}
    create_field(vendor.code, "viewer", field, ADMIN, now=clock.now())
    return names | {"891540000000011": str(vendor.products["viewer"].id)}


def _devices(vendor: Vendor) -> dict[str, str]:
    """A license with a device that has a variable, and a floating one with a device that holds a slot."""
    floating = vendor.issue(floating_users=1)
    vendor.activate(floating, "in use")
    in_use = vendor.check(floating, "in use").device
    assert in_use is not None
    license = vendor.issue()
    report = DeviceReport("my-laptop", hostname="studio", os_ver="Windows 11", app_ver="3.2", sdk_ver="7.0")
    lookup = vendor.lookup(license, "my-laptop")
    device = activate(vendor.code, lookup, None, report, ADMIN, variables={"plan": "pro"}, now=vendor.now)[0].device
    assert device is not None
    return {
        "891540000000128-1795500000000-K3ZQ7RW2MA": event_id(license.id, _activation(vendor, license)),
        "891540000000128": str(license.id),
        "891540000000641": str(device.id + 1),
        "891540000000640": str(device.id),
        "891540000000660": str(in_use.id),
    }


def _activation(vendor: Vendor, license: License) -> Event:
    (event,) = [event for event in vendor.history(license) if event.type == "device_activated"]
    return event


def _license_fields(vendor: Vendor) -> dict[str, str]:
    """A license of a product that defines a custom field."""
    field = create_field(vendor.code, "viewer", {"name": "Campus"}, ADMIN, now=clock.now())
    license = vendor.issue()
    names = {"891540000000031": str(license.id), "891540000000051": str(field.id)}
    return {"-".join(names): f"{license.id}-{field.id}"} | names


def _license_users(vendor: Vendor) -> dict[str, str]:
    """A license that has users."""
    return {"891540000000031": str(vendor.issue("revit", max_license_users=5).id)}


def _imports(vendor: Vendor) -> dict[str, str]:
    """A product that defines a feature."""
    create_feature(
        vendor.code,
        "viewer",
        {"code": "export", "name": "Export", "feature_type": "activation"},
        ADMIN,
        now=clock.now(),
    )
    return {}


def _reports(vendor: Vendor) -> dict[str, str]:
    """Two licenses, one of them in use, and a call that was refused."""
    used = vendor.issue()
    vendor.activate(used, "my-laptop", now=clock.now())
    vendor.issue(license_type="time-limited", validity_period=clock.now() + 30 * DAY)
    refused: Any = {"call": "activate_license", "code": "license_activated_max_times", "product": "viewer"}
    observe_refusal(vendor.code, Refusal(**refused, at=clock.now(), license_id=used.id))
    return {}


WORLDS: Mapping[str, Callable[[Vendor], dict[str, str]]] = {
    "devices": _devices,
    "histories": _devices,
    "customers": customers,
    "imports": _imports,
    "license-custom-fields": _license_fields,
    "license-users": _license_users,
    "license-policies": _license_policies,
    "licenses": _licenses,
    "reports": _reports,
    "scheduled-updates": _scheduled_updates,
    "product-custom-fields": _with_a_product,
    "product-features": _with_a_product,
}
"""Makes it, and answers what there is in the place of what stands in the page: an id, a key."""
