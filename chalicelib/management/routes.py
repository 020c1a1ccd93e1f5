"""Management API v1: every call, gathered from the modules of its resources, and the document that lists them."""

from importlib import import_module

from chalicelib.domain.types import Json
from chalicelib.management import (
    activities,
    customer_accounts,
    customer_labels,
    customers,
    device_variables,
    devices,
    exports,
    histories,
    imports,
    license_changes,
    license_checks,
    license_fields,
    license_lifecycle,
    license_policies,
    license_users,
    licenses,
    new_licenses,
    new_orders,
    order_changes,
    order_managers,
    orders,
    product_features,
    product_fields,
    products,
    reports,
    scheduled_updates,
    webhooks,
)
from chalicelib.management.adapter import PREFIX, blueprint, endpoint
from chalicelib.management.models import NoQuery

__all__ = [
    "PREFIX",
    "activities",
    "blueprint",
    "customer_accounts",
    "customer_labels",
    "customers",
    "device_variables",
    "devices",
    "endpoint",
    "exports",
    "histories",
    "imports",
    "license_changes",
    "license_checks",
    "license_fields",
    "license_lifecycle",
    "license_policies",
    "license_users",
    "licenses",
    "new_licenses",
    "new_orders",
    "order_changes",
    "order_managers",
    "orders",
    "product_features",
    "product_fields",
    "products",
    "reports",
    "scheduled_updates",
    "webhooks",
]


@endpoint("GET", "/openapi.json", writes=False, public=True)
def openapi(query: NoQuery) -> Json:  # noqa: ARG001 - it takes nothing, and says so
    """This document."""
    # Imported when it is first asked for: no call waits for pydantic's writer of schemas.
    document: Json = import_module("chalicelib.management.openapi").document()
    return document
