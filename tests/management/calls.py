"""Every call of the Management API, as it can be made of objects that there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, NoReturn

import httpx

from chalicelib.domain.events import Actor
from chalicelib.domain.refusals import Refusal
from chalicelib.management.histories import event_id
from chalicelib.management.routes import endpoint
from chalicelib.store import licenses
from chalicelib.store.refusals import observe_refusal
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_license import set_archived, set_enabled
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.devices import find_device
from chalicelib.usecases.order_managers import add_manager
from chalicelib.usecases.product_features import create_feature
from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from tests.management.server import VendorsServer, granted
from tests.support import ADMIN

FEATURE = {"name": "Pages", "feature_type": "consumption", "max_consumption": 100}
FIELD = {"default_value": "EU"}
POLICY = {"name": "Pro", "max_activations": 5, "metadata": {"tier": "pro"}}
CALLS = [one for one in endpoint.declared if not one.public and one.returns is not NoReturn]
"""Those that somebody is let do; what is refused to all is in test_activities.py."""
BODIES: dict[str, Any] = {
    "create_product": lambda ids: {
        "product_name": "Cad",
        "short_code": ids["unused_name"],
        "authorization_method": "user",
    },
    "change_product": {"prevent_vm": True},
    "create_product_feature": lambda ids: FEATURE | {"code": ids["unused_name"], "product": int(ids["product_id"])},
    "change_product_feature": {"max_consumption": 50},
    "create_product_custom_field": lambda ids: FIELD | {"name": ids["unused_name"], "product": int(ids["product_id"])},
    "change_product_custom_field": {"default_value": "US"},
    "create_license_policy": lambda ids: POLICY | {"code": ids["unused_name"], "product": int(ids["product_id"])},
    "change_license_policy": {"max_activations": 50},
    "preview_license_policy": lambda ids: {"license_ids": [int(ids["license_id"])]},
    "apply_license_policy": lambda ids: {"license_ids": [int(ids["license_id"])]},
    "create_customer_account": {"name": "Studio group", "code": "studio"},
    "change_customer_account": {"description": "three offices"},
    "create_customer_label": {"label": "reseller", "color": "#0a6e5c"},
    "change_customer_label": {"label": "partner"},
    "add_customer_label": lambda ids: {"customer": int(ids["customer_id"]), "customer_label": int(ids["label_id"])},
    "create_customer": lambda ids: {"email": ids["new_email"], "city": "Ulm"},
    "change_customer": {"city": "Bonn"},
    "merge_customers": lambda ids: {"customer_to_merge_id": int(ids["other_customer_id"])},
    "import_licenses": lambda ids: {
        "csv_file": f"license__license_key,product__short_code\n{ids['unused_name']},viewer"
    },
    "import_license_features": lambda ids: {"csv_file": f"license_key,code\n{ids['license_key']},{ids['feature']}"},
    "import_customers": lambda ids: {"csv_file": f"email,city\n{ids['new_email']},Ulm"},
    "create_webhook": {"url": "https://hooks.example/two"},
    "create_license": lambda ids: {
        "product": int(ids["product_id"]),
        "order": int(ids["order_id"]),
        "license_key": ids["unused_name"],
        "validity_period": "2030-12-31",
        "enabled": False,
        "note": "By phone",
    },
    "change_order": {"denied": ["set_passwords"]},
    "move_one_license": lambda ids: {"order": int(ids["order_id"])},
    "rotate_license_key": {"old_key_for": "7d"},
    "change_license": {"max_activations": 9, "note": "Renewed by phone"},
    "change_licenses": lambda ids: [{"id": int(ids["license_id"]), "is_trial": 1}],
    "post_license_changes": lambda ids: {"licenses": [{"id": int(ids["license_id"]), "max_transfers": 3}]},
    "update_features": lambda ids: {"product_features": [{"product_feature": ids["feature"]}]},
    "grant_product_feature": lambda ids: {
        "license": int(ids["license_id"]),
        "product_feature": int(ids["feature_id"]),
    },
    "create_license_custom_field": lambda ids: {
        "license": int(ids["license_id"]),
        "product_custom_field": int(ids["field_id"]),
        "value": "Ulm",
    },
    "change_license_custom_field": {"value": "Bonn"},
    "change_scheduled_update": {"name": "Renewal", "scheduled_at": "2061-01-01"},
    "create_scheduled_update": lambda ids: {
        "license": int(ids["license_id"]),
        "scheduled_at": "2060-01-01",
        "scheduled_update_data": [{"action": "license-update", "update_data": {"max_activations": 9}}],
    },
    "disable_licenses": lambda ids: [int(ids["license_id"])],
    "reset_licenses": lambda ids: {"license_ids": [int(ids["license_id"])]},
    "assign_user": {"email": "new@customer.test", "first_name": "Nia"},
    "set_password": {"password": "correct horse battery"},
    "set_password_by_email": {"password": "correct horse battery"},
    "assign_users": {"emails": [{"email": "new@customer.test"}, {"email": "two@customer.test", "is_manager": False}]},
    "set_users_activations": lambda ids: {ids["user_id"]: {"max_activations": 2, "reset_total_activations": True}},
    "change_license_user": {"first_name": "Ada", "phone_number": "+44 20"},
    "unassign_user": lambda ids: {"license_user_id": int(ids["user_id"])},
    "create_one_order": {
        "id": "S-1",
        "customer": {"email": "office@customer.test"},
        "items": [{"product_code": "viewer", "licenses": [{"max_activations": 2}, {"valid_duration": "1y"}]}],
    },
    "add_one_manager": {"email": "ann@customer.test"},
    "add_managers": [{"email": "ann@customer.test"}, {"email": "ben@customer.test"}],
    "remove_one_manager": lambda ids: {"license_user_id": int(ids["manager"])},
    "change_webhook": {"paused": True},
    "send_span_again": {"since": "2026-01-01"},
    "change_device_variable": {"value": "another"},
}
"""What is sent, by the name of the call; a new call that takes a body needs one here. A function is given what was
made, where the body names objects."""
IN_STEPS = {"change_licenses", "post_license_changes", "disable_licenses", "reset_licenses"} | {
    "apply_license_policy",
    "import_licenses",
    "import_license_features",
    "import_customers",
    "assign_users",
    "set_users_activations",
    "create_one_order",
    "change_order",
    "add_one_manager",
    "add_managers",
    "remove_one_manager",
    "send_delivery_again",
    "send_span_again",
    "blacklist_device",
    "allow_device",
}
"""Calls that take several transactions: one that was cut short goes on with what is left. Or none, of what was
made here."""
QUERIES: dict[str, str] = {
    "set_password_by_email": "?email={user_email}",
    "list_devices": "?hardware_id={hardware_id}",
    "list_device_variables": "?device={device_id}",
    "list_activation_histories": "?license={of_event}",
    "count_transfers": "?license={of_event}",
    "list_usage_histories": "?license={of_event}",
    "export_usage_histories": "?license={of_event}&ts__gte=2026-11-24T00:00Z&ts__lte=2026-11-24T23:00Z",
    "export_license_history": "?license={of_event}",
    "export_orders": "?range=10y",
    "list_most_devices": "?limit={an_active_device}",
    "sum_activations": "?days={days_with_activation}",
    "sum_refusals": "?days={days_with_refusal}",
    "check_license": "?hardware_id={hardware_id}&license={of_event}",
    "generate_license": "?product=viewer&quantity=3",
}
"""What is asked for, of calls that answer nothing without it."""
OF_ONE_LICENSE = QUERIES | {
    "list_devices": "?license={license_id}",
    "list_license_custom_fields": "?license={license_id}",
    "list_license_users": "?license_id={license_of_users}",
    "list_scheduled_updates": "?license={license_id}",
}
"""The same, where lists are of one license."""


OF_SEATS = {"assign_user", "assign_users", "set_users_activations", "unassign_user"}
"""Calls of a license that has users."""


class Ids(dict[str, str]):
    """The ids of what calls are about, by the names in their routes: each is made when it is first asked for."""

    def __init__(self, server: VendorsServer) -> None:
        super().__init__()
        self.server = server

    def __missing__(self, name: str) -> str:
        self[name] = str(MAKERS[name](self))
        return self[name]


def _webhook(ids: Ids) -> int:
    id: int = granted(ids.server.post("webhooks", {"url": "https://hooks.example/one"}), 201)["id"]
    return id


def _delivery(ids: Ids) -> str:
    return str(granted(ids.server.post(f"webhooks/{ids['webhook_id']}/test"))["id"])


def _license(ids: Ids) -> int:
    """Disabled by its customer: so to enable and to disable it both change something."""
    license, vendor = ids.server.vendor.issue(), ids.server.vendor
    set_enabled(vendor.code, license.id, False, Actor("user:1"), now=vendor.now)
    return license.id


def _feature(ids: Ids) -> str:
    """Of the product of the licenses; its code."""
    fields = {"code": f"export-{ids['license_id']}", "name": "Export", "feature_type": "activation"}
    return create_feature(ids.server.vendor.code, "viewer", fields, ADMIN, now=clock.now()).code


def _product(ids: Ids) -> int:
    return ids.server.vendor.products["viewer"].id


def _defined_feature(ids: Ids) -> int:
    given = FEATURE | {"code": token_hex(), "product": int(ids["product_id"])}
    id: int = granted(ids.server.post("product-features", given))["id"]
    return id


def _field(ids: Ids) -> int:
    given = FIELD | {"name": token_hex(), "product": int(ids["product_id"])}
    id: int = granted(ids.server.post("product-custom-fields", given))["id"]
    return id


def _value(ids: Ids) -> str:
    """What the license says in the custom field."""
    said = {"license": int(ids["license_id"]), "product_custom_field": int(ids["field_id"]), "value": "Jena"}
    return str(granted(ids.server.post("license-custom-fields", said), 201)["id"])


def _policy(ids: Ids) -> int:
    given = POLICY | {"code": token_hex(), "product": int(ids["product_id"])}
    id: int = granted(ids.server.post("license-policies", given), 201)["id"]
    return id


def _update(ids: Ids) -> int:
    """That is pending."""
    given = BODIES["create_scheduled_update"](ids)
    id: int = granted(ids.server.post("scheduled-updates", given), 201)["id"]
    return id


def _device(ids: Ids) -> int:
    """Active, with a variable."""
    vendor = ids.server.vendor
    license = vendor.issue()
    device = vendor.activate(license, "pc").device
    track_variables(vendor.code, vendor.lookup(license, "pc"), {"plan": "pro"}, ADMIN, now=vendor.now)
    return 0 if device is None else device.id


def _device_in_slot(ids: Ids) -> int:
    """That holds a slot of a floating license."""
    vendor = ids.server.vendor
    license = vendor.issue(floating_users=1)
    vendor.activate(license, "pc")
    device = vendor.check(license, "pc").device
    return 0 if device is None else device.id


def _hardware_id(ids: Ids) -> str:
    return "pc" if ids["device_id"] else ""


def _variable(ids: Ids) -> int:
    return int(ids["device_id"]) + 1


def _event(ids: Ids) -> str:
    """Of the activation of the device."""
    vendor = ids.server.vendor
    license = find_device(vendor.code, int(ids["device_id"])).license
    (event,) = [event for event in vendor.history(license) if event.type == "device_activated"]
    return event_id(license.id, event)


def _email(_: Ids) -> str:
    return f"{token_hex(4)}@customer.test"


def _customer(ids: Ids) -> int:
    id: int = granted(ids.server.post("customers", {"email": _email(ids)}))["id"]
    return id


def _label(ids: Ids) -> int:
    id: int = granted(ids.server.post("clabels", {"label": "reseller"}))["id"]
    return id


def _labeling(ids: Ids) -> int:
    asked = {"customer": int(ids["customer_id"]), "customer_label": int(ids["label_id"])}
    id: int = granted(ids.server.post("customerclabels", asked), 201)["id"]
    return id


def _account(ids: Ids) -> int:
    id: int = granted(ids.server.post("customer-accounts", {"name": "Studio group"}), 201)["id"]
    return id


def _key(ids: Ids) -> str:
    """Of the license."""
    license = licenses.read_license(ids.server.vendor.code, int(ids["license_id"]))
    return "" if license is None else license.license_key or ""


def _import(call: str, name: str) -> Callable[[Ids], int]:
    """What imports a file, and answers the id of what came of it."""

    def make(ids: Ids) -> int:
        id: int = granted(ids.server.post(call, BODIES[name](ids)))["job_id"]
        return id

    return make


def _license_of_users(ids: Ids) -> int:
    return ids.server.vendor.issue("revit").id


def _metered_license(ids: Ids) -> int:
    return ids.server.vendor.issue(license_type="consumption", max_consumptions=9).id


def _archived_license(ids: Ids) -> int:
    license, vendor = ids.server.vendor.issue(), ids.server.vendor
    return set_archived(vendor.code, license.id, True, ADMIN, now=vendor.now).id


def _days_with_refusal(ids: Ids) -> int:
    """Of a call for the product of the licenses."""
    refused = Refusal("activate_license", "license_expired", clock.now(), product="viewer")
    observe_refusal(ids.server.vendor.code, refused)
    return 30


def _days_with_activation(ids: Ids) -> int:
    ids.server.vendor.activate(ids.server.vendor.issue(), "pc", now=clock.now())
    return 30


def _user(ids: Ids) -> int:
    """On that license."""
    vendor, license_id = ids.server.vendor, int(ids["license_of_users"])
    return assign_user(vendor.code, license_id, "ada@customer.test", 1, ADMIN, now=clock.now()).user.id


def _order(ids: Ids) -> int:
    """Of one license, with a manager."""
    license, company = ids.server.vendor.issue(), ids.server.vendor.code
    manager = add_manager(company, license.order_id or "", "max@customer.test", ADMIN, now=clock.now())
    ids["manager"] = str(manager.id)
    return license.id


MAKERS: Mapping[str, Callable[[Ids], int | str]] = {
    "license_id": _license,
    "feature": _feature,
    "unused_name": lambda _: token_hex(),
    "product_id": _product,
    "feature_id": _defined_feature,
    "field_id": _field,
    "value_id": _value,
    "policy_id": _policy,
    "update_id": _update,
    "account_id": _account,
    "customer_id": _customer,
    "label_id": _label,
    "labeling_id": _labeling,
    "new_email": _email,
    "other_customer_id": _customer,
    "license_key": _key,
    "license_import_id": _import("licenses/import_from_csv", "import_licenses"),
    "feature_import_id": _import("licenses/import_features_from_csv", "import_license_features"),
    "customer_import_id": _import("customers/import_from_csv", "import_customers"),
    "license_of_users": _license_of_users,
    "metered_license": _metered_license,
    "archived_license": _archived_license,
    "user_id": _user,
    "order_id": _order,
    "user_email": lambda ids: "ada@customer.test" if ids["user_id"] else "",
    "webhook_id": _webhook,
    "delivery_id": _delivery,
    "device_id": _device,
    "device_in_slot": _device_in_slot,
    "hardware_id": _hardware_id,
    "an_active_device": lambda ids: 1 if _device(ids) else 0,
    "days_with_activation": _days_with_activation,
    "days_with_refusal": _days_with_refusal,
    "variable_id": _variable,
    "event_id": _event,
    "of_event": lambda ids: ids["event_id"].partition("-")[0],
}
"""What makes an object of each kind, and answers its id; by its name in routes."""


@dataclass(frozen=True)
class Made:
    """What calls are about."""

    ids: Ids
    queries: Mapping[str, str] = field(default_factory=lambda: QUERIES)

    @staticmethod
    def by(server: VendorsServer, declared: Endpoint | None = None, queries: Mapping[str, str] = QUERIES) -> "Made":
        """Nothing yet, or all that a call is about."""
        made = Made(Ids(server), queries)
        if declared is not None:
            made.path(declared)
            made.query(declared)
            made.body(declared)
        return made

    def path(self, declared: Endpoint) -> str:
        """The path of a call, below `/api/v1/`."""
        route = declared.route.removeprefix("/")
        if declared.name in OF_SEATS:
            route = route.replace("{license_id}", "{license_of_users}")
        if declared.name == "take_slot_back":
            route = route.replace("{device_id}", "{device_in_slot}")
        if declared.name == "restore_license":
            route = route.replace("{license_id}", "{archived_license}")
        return route.format_map(self.ids)

    def query(self, declared: Endpoint) -> str:
        """What a call asks for."""
        return self.queries.get(declared.name, "").format_map(self.ids)

    def body(self, declared: Endpoint) -> Any:
        """The body of a call."""
        body = BODIES.get(declared.name)
        return body(self.ids) if callable(body) else body

    def call(self, server: VendorsServer, declared: Endpoint, slash: str = "", **headers: str) -> httpx.Response:
        """Make a call."""
        path = self.path(declared) + slash + self.query(declared)
        return server.call(declared.method, path, self.body(declared), **headers)


def named(value: Any) -> str:
    """A call, as tests name it."""
    return value.name if isinstance(value, Endpoint) else str(value)
