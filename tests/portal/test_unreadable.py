"""An item of the wrong types, such as one that was written by hand, keeps nothing else from being read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.store import database
from chalicelib.store.accounts import find_license_id_by_key
from chalicelib.store.items.kinds import KINDS, Kind, kind_of
from chalicelib.store.links import AUDITED
from chalicelib.store.refusals import observe_refusal
from chalicelib.usecases.audit import audit, audit_counts, audit_due, audit_links, audit_webhooks, companies
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.customer_accounts import create_customer_account
from chalicelib.usecases.customer_labels import create_customer_label
from chalicelib.usecases.customers import add_label
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.explain import Subject, find_refusal, recorded_refusals
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.import_files import continue_import, start_import
from chalicelib.usecases.management_keys import create_management_key
from chalicelib.usecases.policies import create_policy
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.scheduled_updates import schedule_update
from chalicelib.usecases.send_mails import send_mails
from chalicelib.usecases.sweep import sweep
from infra.admin.differences import difference
from tests.portal.browser import browser_of
from tests.store.adoption_cases import add
from tests.store.product_cases import PAGES, PRO, REGION
from tests.store.seam import ask, every_item
from tests.support import ADMIN, DAY, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued
from tests.usecases.receivers import told_of_all
from tests.usecases.refusals import a_refusal

ADA, PC = "ada@customer.test", hash_hardware_id("pc")
LASTING = [kind for kind in KINDS if hasattr(kind.item, "sort_key")]
Raw = dict[str, Any]
ITS_OWN = {"one", "history", "devices", "device", "users", "own devices"}
FAIL: dict[str, set[str]] = {
    "license": ITS_OWN,
    "seat#": {"devices", "device", "users", "own", "own devices"},
    "device#": {"one", "devices", "device", "own devices"},
    "slot#": {"devices", "device", "own devices"},  # which say of each whether it holds one
    "meter#": {"one"},
    "variables#": {"device"},
    "pending#": {"users"},
    "user#": {"users", "own", "own devices"},
    "managed#": {"one", "history", "devices", "device", "users"},  # the proof of what the manager may do
}
"""The pages that are about an item, by how its key begins: there it is a mistake of ours. All others open."""


@pytest.fixture
def license(vendor: Vendor) -> License:
    """One of everything that is stored of a license."""
    end = vendor.now + 900 * DAY
    terms: dict[str, Any] = {"license_type": "consumption", "validity_period": end, "floating_users": 1}
    license = issued(vendor, "revit", customer="office@customer.test", **terms)
    vendor.assign(license, ADA, 2)
    chosen(vendor, ADA)
    vendor.activate(ADA, "pc", PASSWORD, report={"hostname": "ADA-PC"})
    vendor.check(ADA, "pc")  # takes a slot
    track_variables(vendor.code, vendor.lookup(ADA, "pc"), {"plan": "all"}, ADMIN, now=vendor.now)
    start_batch(vendor.code, license.id, "bob@customer.test", True, ADMIN, now=vendor.now)
    observe_refusal(vendor.code, a_refusal(license.id, at=vendor.now))
    blacklist_device(vendor.code, license.id, "bad", ADMIN, now=vendor.now)
    add(vendor, license, "old-2", email=ADA)  # which lies behind the first
    change_terms(vendor.code, license.id, {"note": "by phone"}, ADMIN, now=vendor.now)
    schedule_update(vendor.code, license.id, end, {"note": "by then"}, ADMIN, now=vendor.now)
    label_and_account(vendor)
    imported_and_deleted(vendor)
    create_management_key(vendor.code, "shop", frozenset({"webhooks:read"}), ADMIN, now=vendor.now)
    create_feature(vendor.code, "revit", PAGES, ADMIN, now=vendor.now)
    create_field(vendor.code, "revit", REGION, ADMIN, now=vendor.now)
    create_policy(vendor.code, "revit", PRO, ADMIN, now=vendor.now)
    told_of_all(vendor)
    return license


def label_and_account(vendor: Vendor) -> None:
    """A customer account, and a label on the customer."""
    create_customer_account(vendor.code, {"name": "Studio"}, ADMIN, now=vendor.now)
    label = create_customer_label(vendor.code, "reseller", "", ADMIN, now=vendor.now)
    customer = find_customer_by_email(vendor.code, "office@customer.test")
    assert customer is not None
    add_label(vendor.code, customer.id, label.id, ADMIN, now=vendor.now)


def imported_and_deleted(vendor: Vendor) -> None:
    """What stays of an imported file, and of the license that was made of it and deleted since."""
    file = start_import(vendor.code, "licenses", "license_key,product\nK-1,viewer", "", ADMIN, now=vendor.now)
    continue_import(vendor.code, "licenses", file.id, lambda: vendor.now, lambda: True)
    start_import(vendor.code, "licenses", "license_key,product\nK-2,viewer", "", ADMIN, now=vendor.now)
    id = find_license_id_by_key(vendor.code, "K-1")
    assert id is not None
    delete_license(vendor.code, id, ADMIN, now=vendor.now)


def items_of(vendor: Vendor, *ids: int) -> Iterator[tuple[Kind, str, Raw]]:
    """An item of each kind that names one of these, where there is one, or of the company, with its table."""
    found = dict[Kind, tuple[str, Raw]]()
    for table in dict.fromkeys(kind.item.Meta.table_name for kind in LASTING):
        name = database.connection().table_name(table)
        for raw in every_item(table):
            if vendor.code in str(raw) and not (
                (kind := kind_of(table, raw)) in found and any(str(id) in str(found[kind]) for id in ids)
            ):
                found[kind] = name, raw
    return ((kind, *place) for kind, place in found.items())


@contextmanager
def unreadable(table: str, raw: Raw) -> Iterator[None]:
    """While nothing of an item but its keys is of the right type."""
    ask("PutItem", TableName=table, Item=raw | {name: {"M": {}} for name in raw if name not in ("pk", "part")})
    try:
        yield
    finally:
        ask("PutItem", TableName=table, Item=raw)


def pages(vendor: Vendor, license: License, other: License, ada: int) -> dict[str, Callable[[], int]]:
    """What opens the pages of a manager and of a user, by their names."""
    manager, user, at = browser_of(vendor, MANAGER), browser_of(vendor, ADA), f"/portal/licenses/{license.id}"
    return {
        name: lambda browser=browser, path=path: browser.get(path).status  # type: ignore[misc]
        for name, browser, path in (
            ("list", manager, "/portal/licenses"),
            ("list by end", manager, "/portal/licenses?sort=ends"),
            ("other", manager, f"/portal/licenses/{other.id}"),
            ("history of other", manager, f"/portal/licenses/{other.id}/history"),
            ("one", manager, at),
            ("history", manager, f"{at}/history"),
            ("devices", manager, f"{at}/devices"),
            ("device", manager, f"{at}/devices/{PC}-{ada}"),
            ("users", manager, f"{at}/users"),
            ("own", user, "/portal/seats"),
            ("own devices", user, f"/portal/seats/{license.id}"),
        )
    }


def test_what_cannot_be_read_ends_no_job_and_is_named_and_no_page_that_is_not_about_it(
    vendor: Vendor, license: License
) -> None:
    other = issued(vendor, "viewer")
    ada = account(vendor, ADA).id
    opens = pages(vendor, license, other, ada)
    assert {name for name, status in opens.items() if status() != 200} == set()
    seen = set[str]()
    for kind, table, raw in items_of(vendor, license.id, ada):
        with unreadable(table, raw):
            counted = dict(audit(vendor.code))
            named = [difference(fault) for _, faults in audit_links(vendor.code) for fault in faults]
            named += [difference(fault) for _, fault in audit_due(vendor.code) if fault is not None]
            assert counted[other.id] == [] or str(other.id) in str(raw), kind
            assert "license_not_countable" not in str(counted) or str(license.id) in str(raw), kind
            if kind.audit == "webhooks":
                of_webhooks = [difference(fault) for _, faults in audit_webhooks(vendor.code) for fault in faults]
                assert f"an item cannot be read: {raw['pk']['S']}, {raw['part']['S']}" in of_webhooks, kind
            is_more_than_its_keys = raw.keys() > {"pk", "part"}
            if is_more_than_its_keys and (kind.prefix in AUDITED or kind.item.__name__ == "DueItem"):
                assert f"an item cannot be read: {raw['part']['S']}" in named, kind
            assert bool(audit_counts(vendor.code)) == (kind.audit == "count" and "number" in raw), kind
            assert vendor.code in companies()
            if kind.partition:
                sweep(now=vendor.now)
                deliver_events(now=vendor.now)
                send_mails(now=vendor.now)
            recorded_refusals(vendor.code, Subject(hardware_id="pc"), now=vendor.now)
            assert find_refusal(vendor.code, "unknown", now=vendor.now) is None
            failing = {name for name, status in opens.items() if status() != 200}
            assert kind.prefix == "company" or failing == FAIL.get(kind.prefix, set()), kind
        seen.add(kind.prefix)
    assert {kind.prefix for kind in LASTING} - seen == set()
    assert vendor.differences() == []
