"""Attempts of one company to take away what is another's, for tests/usecases/test_access.py."""

from collections.abc import Callable
from typing import Any

from chalicelib.store import orders
from chalicelib.usecases import export
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.customer_accounts import create_customer_account
from chalicelib.usecases.customer_labels import create_customer_label
from tests.store.product_cases import feature, field, policy
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import there

Make = Callable[[Vendor], object]


def _block(vendor: Vendor) -> None:
    blacklist_device(vendor.code, vendor.issue().id, "bad", ADMIN, now=NOW)


def _walk(walk: Callable[..., Any], make: Make = lambda _: None) -> tuple[Any, str, list[Any]]:
    """Of a walk over all, from its start and from a place of the victim's; `make`: what the victim has not yet."""

    def attack(company: str, victim: Any) -> None:
        make(victim.vendor)
        theirs = [*walk(victim.vendor.code)]
        assert theirs
        place, _ = theirs[0]
        there([row for row in [*walk(company), *walk(company, place)] if row in theirs])

    return walk, "license_not_found", [attack]


def _managers(company: str, victim: Any) -> None:
    """Who manages the victim's order."""
    license = victim.vendor.issue(manager="boss@customer.test")
    order = orders.read_order(victim.vendor.code, license.order_id or "")
    ((_, (_, theirs)),) = export.with_managers(victim.vendor.code, [order] if order else [])
    assert theirs
    ((_, (_, found)),) = export.with_managers(company, [order] if order else [])
    there(found)


OF_EXPORTS: list[tuple[Any, str, list[Any]]] = [
    _walk(export.export_products),
    _walk(export.export_features, feature),
    _walk(export.export_fields, field),
    _walk(export.export_policies, policy),
    _walk(
        export.export_customer_accounts,
        lambda v: create_customer_account(v.code, {"name": "Studio"}, ADMIN, now=NOW),
    ),
    _walk(export.export_customer_labels, lambda v: create_customer_label(v.code, "theirs", "", ADMIN, now=NOW)),
    _walk(export.export_customers),
    _walk(export.export_users),
    _walk(export.export_orders),
    _walk(export.export_licenses),
    _walk(export.export_license_users),
    _walk(export.export_devices),
    _walk(export.export_blocked_devices, _block),
    _walk(export.export_license_histories),
    _walk(export.export_company_history),
    (export.with_managers, "license_not_found", [_managers]),
]
