"""Tenants are walls: whatever of another company's a caller names does not exist, and nothing of it moves.

Who adds a use case adds it to the table; a test asks for it.
"""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

from chalicelib import usecases
from chalicelib.domain.catalog import guard_product
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import DeviceReport, License
from chalicelib.domain.terms import Terms
from chalicelib.store import accounts
from chalicelib.usecases import endpoints
from chalicelib.usecases.activate import activate
from chalicelib.usecases.adopt import add_legacy_devices
from chalicelib.usecases.assign_manager import assign_manager, manages
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.audit import audit
from chalicelib.usecases.batch_assign import batch_result, continue_batch, end_batch, find_batch, preview, start_batch
from chalicelib.usecases.catalog import find_product, known_product
from chalicelib.usecases.change_account import (
    change_profile,
    choose_language,
    choose_mails,
    choose_password,
    end_other_sessions,
)
from chalicelib.usecases.change_device import allow_device, blacklist_device, known_devices, reset_device
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_license import extend, reset_license, set_enabled, set_name
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import (
    remove_account,
    remove_user,
    reset_activations,
    set_max_activations,
    set_password,
)
from chalicelib.usecases.change_terms import change_terms, find_sold, preview_terms
from chalicelib.usecases.check import check, check_feature, hear_of
from chalicelib.usecases.close_account import close_account, reopen_account
from chalicelib.usecases.customer_license_users import customer_license_users, page_of_license_users
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.device_licenses import device_licenses
from chalicelib.usecases.device_variables import device_variables, track_variables
from chalicelib.usecases.explain import Subject, explain, find_license_id, find_refusal, recorded_refusals
from chalicelib.usecases.find_license import (
    find_account,
    find_license,
    find_license_user,
    find_owner,
    find_seat,
    find_user,
)
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.initial_password import reveal_initial_password
from chalicelib.usecases.invitations import invite_again
from chalicelib.usecases.issue_license import issue_license, terms_of
from chalicelib.usecases.license_extras import grant_features, set_fields
from chalicelib.usecases.license_lookup import find_snapshot
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.operator_queries import account_history, license_details, license_history, order_details
from chalicelib.usecases.order_managers import add_manager, change_order, find_order, remove_manager
from chalicelib.usecases.passkey_answers import PasskeyAnswer
from chalicelib.usecases.passkeys import add_passkey, remove_passkey
from chalicelib.usecases.policies import (
    change_policy,
    create_policy,
    delete_policy,
    find_policy,
    find_policy_by_code,
)
from chalicelib.usecases.product_features import change_feature, create_feature, delete_feature, find_feature
from chalicelib.usecases.product_fields import change_field, create_field, delete_field, find_field
from chalicelib.usecases.products import change_product, find_product_by_id, show_product
from chalicelib.usecases.record_refusal import record_refusal
from chalicelib.usecases.replace_user import replace_user
from chalicelib.usecases.second_factor import (
    account_in_epoch,
    remove_second_factor,
    renew_recovery_codes,
    turn_off,
    turn_on,
)
from chalicelib.usecases.sessions import log_in_to_portal
from chalicelib.usecases.slots import take_slot_back
from chalicelib.usecases.unlock import unlock
from chalicelib.usecases.user_licenses import user_licenses
from tests.mailbox import mailed_code
from tests.store.adoption_cases import UNTIL
from tests.store.product_cases import PAGES, PRO, REGION, feature, policy
from tests.store.product_cases import field as field_of
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.customer_walls import CUSTOMER_WALLS, CUSTOMERS_NAME_NOTHING
from tests.usecases.device_walls import OF_DEVICES
from tests.usecases.export_walls import OF_EXPORTS
from tests.usecases.field_walls import OF_FIELDS
from tests.usecases.import_walls import OF_IMPORTS
from tests.usecases.key_walls import OF_KEYS
from tests.usecases.lifecycle_walls import OF_LIFE
from tests.usecases.order_walls import OF_ORDERS
from tests.usecases.people import reader
from tests.usecases.receivers import URL, listen
from tests.usecases.refusals import a_refusal
from tests.usecases.support import there

ADA, SHOP = "ada@customer.test", "shop@customer.test"
PC = DeviceReport("pc")
NO_ANSWER = PasskeyAnswer("", "")


@dataclass(frozen=True)
class Victim:
    """A company with one license of each kind, both active on one machine, and a product that only it has."""

    vendor: Vendor
    by_key: License
    by_user: License
    password: str
    batch: int


def ada(victim: Victim) -> int:
    """Her account's id."""
    return accounts.user_of_email(victim.vendor.code, ADA) or 0


@pytest.fixture
def victim() -> Victim:
    vendor = Vendor()
    vendor.product("own", "license-key")
    by_key = vendor.issue("viewer", customer=SHOP)
    end: dict[str, Any] = {"license_type": "time-limited", "validity_period": NOW + 4000 * DAY}
    by_user = vendor.issue("revit", customer=SHOP, max_license_users=2, **end)
    _, password = vendor.assign(by_user, ADA)
    vendor.activate(by_key, "pc")
    vendor.activate(ADA, "pc", password)
    track_variables(vendor.code, vendor.lookup(by_key, "pc"), {"a": "b"}, ADMIN, now=NOW)
    batch = start_batch(vendor.code, by_user.id, "bob@customer.test", True, ADMIN, now=NOW)
    return Victim(vendor, by_key, by_user, password or "", batch)


def idents(victim: Victim) -> list[Any]:
    """Every way to name the victim's licenses."""
    vendor = victim.vendor
    return [
        vendor.lookup(victim.by_key, "pc"),
        vendor.lookup(victim.by_key, "pc", license_id=victim.by_key.id),
        vendor.lookup(victim.by_key, "pc", license_key=None, license_id=victim.by_key.id),
        vendor.lookup(ADA, "pc"),
        vendor.lookup(ADA, "pc", license_id=victim.by_user.id),
        vendor.lookup(ADA, "pc", username=None, license_id=victim.by_user.id),
    ]


Attack = Callable[[str, Victim], Any]


def by_ident(act: Callable[[str, Any, Victim], Any]) -> list[Attack]:
    """One attack for every way to name a license."""
    return [lambda company, victim, n=n: act(company, idents(victim)[n], victim) for n in range(6)]  # type: ignore[misc]


def on_webhook(use_case: Any, more: dict[str, Any]) -> Attack:
    """Ask for the victim's webhook."""
    return lambda company, victim: use_case(company, listen(victim.vendor), **more)


OF_WEBHOOK: list[tuple[Any, dict[str, Any]]] = [
    (endpoints.find_endpoint, {}),
    (endpoints.find_backlog, {}),
    (endpoints.change_endpoint, {"actor": ADMIN, "paused": True, "now": NOW}),
    (endpoints.roll_secret, {"actor": ADMIN, "now": NOW}),
    (endpoints.delete_endpoint, {"actor": ADMIN, "now": NOW}),
    (endpoints.send_test, {"actor": ADMIN, "now": NOW}),
    (endpoints.delivery_log, {}),
    (endpoints.waiting_deliveries, {}),
    (endpoints.send_again, {"since": NOW, "until": NOW, "now": NOW}),
    (endpoints.find_delivery, {"key": "1"}),
    (endpoints.send_one_again, {"key": "1", "now": NOW}),
]
"""Use cases about one webhook, with what else they take."""
OF_PRODUCTS: list[tuple[Any, str, list[Attack]]] = [
    (find_product_by_id, "product_not_found", [lambda c, v: find_product_by_id(c, v.vendor.products["own"].id)]),
    (show_product, "unknown_product", [lambda c, _v: show_product(c, "own")]),
    (terms_of, "unknown_product", [lambda c, _v: terms_of(c, "own", {}, now=NOW)]),
    (change_product, "unknown_product", [lambda c, _v: change_product(c, "own", {"name": "X"}, ADMIN, now=NOW)]),
    (find_feature, "feature_not_found", [lambda c, v: find_feature(c, feature(v.vendor))]),
    (
        create_feature,
        "unknown_product",
        [lambda c, _v: create_feature(c, "own", PAGES, ADMIN, now=NOW)],
    ),
    (
        change_feature,
        "feature_not_found",
        [lambda c, v: change_feature(c, feature(v.vendor), {"name": "Theirs"}, ADMIN, now=NOW)],
    ),
    (
        delete_feature,
        "feature_not_found",
        [lambda c, v: delete_feature(c, feature(v.vendor), ADMIN, now=NOW)],
    ),
    (find_field, "field_not_found", [lambda c, v: find_field(c, field_of(v.vendor))]),
    (create_field, "unknown_product", [lambda c, _v: create_field(c, "own", REGION, ADMIN, now=NOW)]),
    (
        change_field,
        "field_not_found",
        [lambda c, v: change_field(c, field_of(v.vendor), {"name": "Theirs"}, ADMIN, now=NOW)],
    ),
    (delete_field, "field_not_found", [lambda c, v: delete_field(c, field_of(v.vendor), ADMIN, now=NOW)]),
    (find_policy, "policy_not_found", [lambda c, v: find_policy(c, policy(v.vendor))]),
    (find_policy_by_code, "unknown_product", [lambda c, _v: find_policy_by_code(c, "own", "pro")]),
    (create_policy, "unknown_product", [lambda c, _v: create_policy(c, "own", PRO, ADMIN, now=NOW)]),
    (
        change_policy,
        "policy_not_found",
        [lambda c, v: change_policy(c, policy(v.vendor), {"name": "Theirs"}, ADMIN, now=NOW)],
    ),
    (delete_policy, "policy_not_found", [lambda c, v: delete_policy(c, policy(v.vendor), ADMIN, now=NOW)]),
]
"""Use cases about products, and what they define."""
# A use case: attacks on it, by the attacker's company, and the code that answers.
WALLS: list[tuple[Any, str, list[Attack]]] = [
    *CUSTOMER_WALLS,
    *OF_LIFE,
    (activate, "license_not_found", by_ident(lambda c, i, v: activate(c, i, v.password, PC, ADMIN, now=NOW))[:3]),
    (activate, "invalid_credentials", by_ident(lambda c, i, v: activate(c, i, v.password, PC, ADMIN, now=NOW))[3:5]),
    (activate, "license_not_found", by_ident(lambda c, i, _v: activate(c, i, None, PC, ADMIN, now=NOW))[5:]),
    (
        check_feature,
        "license_not_found",
        by_ident(lambda c, i, _v: check_feature(c, i, "export", PC, ADMIN, now=NOW)),
    ),
    (find_sold, "license_not_found", [lambda c, v: find_sold(c, v.by_key.id)]),
    (preview_terms, "license_not_found", [lambda c, v: preview_terms(c, v.by_key.id, lambda _: {}, now=NOW)]),
    (change_terms, "license_not_found", [lambda c, v: change_terms(c, v.by_key.id, {"note": "x"}, ADMIN, now=NOW)]),
    (grant_features, "license_not_found", [lambda c, v: grant_features(c, v.by_key.id, [], ADMIN, now=NOW)]),
    (set_fields, "license_not_found", [lambda c, v: set_fields(c, v.by_key.id, {"a": "b"}, ADMIN, now=NOW)]),
    (
        add_legacy_devices,
        "license_not_found",
        [lambda c, v: add_legacy_devices(c, v.by_key.id, [], UNTIL, ADMIN, now=NOW)],
    ),
    (hear_of, "license_not_found", by_ident(lambda c, i, _v: hear_of(c, i, PC, ADMIN, now=NOW))),
    (check, "license_not_found", by_ident(lambda c, i, _v: check(c, i, PC, ADMIN, now=NOW))),
    (deactivate, "license_not_found", by_ident(lambda c, i, _v: deactivate(c, i, ADMIN, now=NOW))),
    (find_snapshot, "license_not_found", by_ident(lambda c, i, _v: snapshot(c, i))),
    (
        track_variables,
        "license_not_found",
        by_ident(lambda c, i, _v: track_variables(c, i, {"a": "b"}, ADMIN, now=NOW)),
    ),
    (device_variables, "license_not_found", by_ident(lambda c, i, _v: device_variables(c, i, now=NOW))),
    (find_product, "unknown_product", [lambda c, _v: find_product(c, "own", now=NOW)]),
    (find_license, "license_not_found", [lambda c, v: find_license(c, v.by_key.id)]),
    (find_owner, "license_not_found", [lambda c, v: find_owner(v.by_key.id, c)]),
    (find_seat, "license_not_found", [lambda c, v: find_seat(c, v.by_user.id, ADA)]),
    (assign_user, "license_not_found", [lambda c, v: assign_user(c, v.by_user.id, "x@y.test", 1, ADMIN, now=NOW)]),
    (
        assign_manager,
        "license_not_found",
        [lambda c, v: assign_manager(c, v.by_user.id, "x@y.test", 1, ADMIN, now=NOW)],
    ),
    (manages, "license_not_found", [lambda c, v: manages(c, v.by_user.id, ADA)]),
    (
        replace_user,
        "license_not_found",
        [lambda c, v: replace_user(c, v.by_user.id, ADA, "new@customer.test", ADMIN, now=NOW)],
    ),
    (remove_user, "license_not_found", [lambda c, v: remove_user(c, v.by_user.id, ADA, ADMIN, now=NOW)]),
    (reset_activations, "license_not_found", [lambda c, v: reset_activations(c, v.by_user.id, ADA, ADMIN, now=NOW)]),
    (
        set_max_activations,
        "license_not_found",
        [lambda c, v: set_max_activations(c, v.by_user.id, ADA, 2, ADMIN, now=NOW)],
    ),
    (invite_again, "license_not_found", [lambda c, v: invite_again(c, v.by_user.id, ADA, ADMIN, now=NOW)]),
    (set_password, "license_not_found", [lambda c, v: set_password(c, v.by_user.id, ADA, None, ADMIN, now=NOW)]),
    (set_enabled, "license_not_found", [lambda c, v: set_enabled(c, v.by_key.id, False, ADMIN, now=NOW)]),
    (set_name, "license_not_found", [lambda c, v: set_name(c, v.by_key.id, "x", ADMIN, now=NOW)]),
    (extend, "license_not_found", [lambda c, v: extend(c, v.by_user.id, NOW + DAY, None, ADMIN, now=NOW)]),
    (reset_license, "license_not_found", [lambda c, v: reset_license(c, v.by_key.id, ADMIN, now=NOW)]),
    (reset_device, "license_not_found", [lambda c, v: reset_device(c, v.by_key.id, "pc", ADMIN, now=NOW)]),
    (known_devices, "device_not_found", [lambda c, v: known_devices(c, v.by_key.id, "pc", None)]),
    (take_slot_back, "license_not_found", [lambda c, v: take_slot_back(c, v.by_key.id, "pc", ADMIN, now=NOW)]),
    (allow_device, "license_not_found", [lambda c, v: allow_device(c, v.by_key.id, "pc", ADMIN, now=NOW)]),
    (blacklist_device, "license_not_found", [lambda c, v: blacklist_device(c, v.by_key.id, "pc", ADMIN, now=NOW)]),
    (find_order, "order_not_found", [lambda c, v: find_order(c, v.by_key.order_id or "")]),
    (license_details, "license_not_found", [lambda c, v: license_details(v.by_key.id, c, 9, now=NOW)]),
    (license_history, "license_not_found", [lambda c, v: license_history(v.by_key.id, c, 9, None)]),
    (order_details, "order_not_found", [lambda c, v: order_details(c, v.by_key.order_id or "", 9, None)]),
    (account_history, "user_not_found", [lambda c, _v: account_history(c, ADA, 9, None)]),
    (
        add_manager,
        "order_not_found",
        [lambda c, v: add_manager(c, v.by_key.order_id or "", "eve@customer.test", ADMIN, now=NOW)],
    ),
    (
        remove_manager,
        "user_not_found",
        [lambda c, v: remove_manager(c, v.by_key.order_id or "", ADA, ADMIN, now=NOW)],
    ),
    (
        change_order,
        "order_not_found",
        [lambda c, v: change_order(c, v.by_key.order_id or "", ADMIN, denied=frozenset(), now=NOW)],
    ),
    (find_user, "license_not_found", [lambda c, v: find_user(c, v.by_user.id, ADA)]),
    (find_license_user, "license_not_found", [lambda c, v: find_license_user(c, v.by_user.id, ADA)]),
    (
        change_email,
        "license_not_found",
        [lambda c, v: change_email(c, v.by_user.id, ADA, "eve@customer.test", ADMIN, manager_id=None, now=NOW)],
    ),
    (
        reveal_initial_password,
        "license_not_found",
        [lambda c, v: reveal_initial_password(c, v.by_user.id, ADA, 1, ADMIN, now=NOW)],
    ),
    (change_profile, "user_not_found", [lambda c, v: change_profile(c, ada(v), Profile("Eve"), ADMIN, now=NOW)]),
    (choose_language, "user_not_found", [lambda c, v: choose_language(c, ada(v), "de", "", ADMIN, now=NOW)]),
    (choose_mails, "user_not_found", [lambda c, v: choose_mails(c, ada(v), frozenset(), ADMIN, now=NOW)]),
    (end_other_sessions, "user_not_found", [lambda c, v: end_other_sessions(c, ada(v), ADMIN, epoch=0, now=NOW)]),
    (
        choose_password,
        "user_not_found",
        [lambda c, v: choose_password(c, ada(v), "chosen by eve", ADMIN, old_password=None, epoch=0, now=NOW)],
    ),
    (account_in_epoch, "session_expired", [lambda c, v: account_in_epoch(c, ada(v), 0)]),
    (
        turn_on,
        "session_expired",
        [lambda c, v: turn_on(c, ada(v), "", "123456", v.password, ADMIN, epoch=0, now=NOW)],
    ),
    (turn_off, "session_expired", [lambda c, v: turn_off(c, ada(v), "123456", ADMIN, epoch=0, now=NOW)]),
    (
        renew_recovery_codes,
        "session_expired",
        [lambda c, v: renew_recovery_codes(c, ada(v), "123456", ADMIN, epoch=0, now=NOW)],
    ),
    (
        add_passkey,
        "session_expired",
        [lambda c, v: add_passkey(c, ada(v), "A", NO_ANSWER, v.password, ADMIN, epoch=0, now=NOW)],
    ),
    (
        remove_passkey,
        "session_expired",
        [lambda c, v: remove_passkey(c, ada(v), "0" * 16, NO_ANSWER, ADMIN, epoch=0, now=NOW)],
    ),
    (remove_second_factor, "user_not_found", [lambda c, _v: remove_second_factor(c, ADA, ADMIN, now=NOW)]),
    (preview, "license_not_found", [lambda c, v: preview(c, v.by_user.id, "eve@customer.test")]),
    (
        start_batch,
        "license_not_found",
        [lambda c, v: start_batch(c, v.by_user.id, "eve@customer.test", True, ADMIN, now=NOW)],
    ),
    (
        continue_batch,
        "batch_not_found",
        [lambda c, v: continue_batch(c, v.by_user.id, v.batch, ADMIN, lambda: True, now=NOW)],
    ),
    (end_batch, "license_not_found", [lambda c, v: end_batch(c, v.by_user.id, v.batch, ADMIN, now=NOW)]),
    (find_batch, "batch_not_found", [lambda c, v: find_batch(c, v.by_user.id, v.batch, now=NOW)]),
    (
        batch_result,
        "batch_not_found",
        [lambda c, v: batch_result(c, v.by_user.id, v.batch, reader(v.vendor), ADMIN, now=NOW)],
    ),
    (log_in_to_portal, "invalid_credentials", [lambda c, v: log_in_to_portal(c, ADA, v.password, now=NOW)]),
    (known_product, "unknown_product", [lambda c, _v: guard_product(known_product(c, "own", now=NOW))]),
    (
        change_email,
        "user_not_found",
        [lambda c, _v: change_email(c, None, ADA, "eve@customer.test", ADMIN, manager_id=None, now=NOW)],
    ),
    (close_account, "user_not_found", [lambda c, _v: close_account(c, ADA, ADMIN, now=NOW)]),
    (reopen_account, "user_not_found", [lambda c, _v: reopen_account(c, ADA, ADMIN, now=NOW)]),
    (find_account, "user_not_found", [lambda c, _v: find_account(c, ADA)]),
    (
        remove_account,
        "license_not_found",
        [lambda c, v: remove_account(c, v.by_user.id, ada(v), ADMIN, now=NOW)],
    ),
    (unlock, "user_not_found", [lambda c, _v: unlock(c, ADA, ADMIN, now=NOW)]),
    (log_in, "invalid_credentials", [lambda c, v: log_in(c, ADA, v.password, now=NOW)]),
    (
        change_password,
        "invalid_credentials",
        [lambda c, v: change_password(c, ADA, v.password, "chosen by eve", ADMIN, now=NOW)],
    ),
    (
        set_password_by_code,
        "invalid_code",
        [lambda c, v: set_password_by_code(c, ADA, code_of(v), "chosen by eve", ADMIN, now=NOW)],
    ),
    (user_licenses, "invalid_credentials", [lambda c, v: user_licenses(c, "revit", ADA, v.password, now=NOW)]),
    (customer_license_users, "customer_not_found", [lambda c, _v: customer_license_users(c, "revit", SHOP, now=NOW)]),
    (
        page_of_license_users,
        "customer_not_found",
        [lambda c, _v: page_of_license_users(c, "revit", SHOP, "", 25, now=NOW)],
    ),
    (
        device_licenses,
        "unknown_product",
        [lambda c, _v: device_licenses(c, "pc", "own", frozenset(), now=NOW)],
    ),
    (
        issue_license,
        "unknown_product",
        [lambda c, _v: issue_license(c, "own", Terms("perpetual", 1), None, ADMIN, now=NOW)],
    ),
    *OF_KEYS,
    *OF_PRODUCTS,
    *OF_DEVICES,
    *OF_ORDERS,
    *OF_EXPORTS,
    *OF_FIELDS,
    *OF_IMPORTS,
    *[(use_case, "webhook_not_found", [on_webhook(use_case, more)]) for use_case, more in OF_WEBHOOK],
    (
        endpoints.create_endpoint,
        "unknown_product",
        [
            lambda c, _v: endpoints.create_endpoint(
                c, URL, frozenset({"*"}), ADMIN, products=frozenset({"own"}), now=NOW
            )
        ],
    ),
    (
        explain,
        "license_not_found",
        [
            lambda c, v: explain(c, Subject(license_id=v.by_key.id, hardware_id="pc"), now=NOW),
            lambda c, _v: there(explain(c, Subject(hardware_id="pc"), now=NOW)),
            lambda c, _v: there(explain(c, Subject(email=ADA), now=NOW)),
        ],
    ),
    (find_license_id, "license_not_found", [lambda c, v: there(find_license_id(c, v.by_key.license_key or ""))]),
    (find_refusal, "license_not_found", [lambda c, v: there(find_refusal(c, refused_to(v.vendor.code, v), now=NOW))]),
    (
        recorded_refusals,
        "license_not_found",
        [lambda c, v: there(refused_to(v.vendor.code, v) and recorded_refusals(c, Subject(v.by_key.id), now=NOW))],
    ),
    (
        record_refusal,
        "license_not_found",
        [lambda c, v: there(refused_to(c, v) and recorded_refusals(v.vendor.code, Subject(v.by_key.id), now=NOW))],
    ),
]

NAMES_NOTHING = {
    "finish_deletion",  # answers nothing, and finds nothing of another company
    "finish_joining",  # likewise
    "finish_move",  # likewise
    "finish_deletions",  # of a company all that was cut short
    "lapse",  # answers how many lapse, of a license of another company none
    *("report_licenses", "report_days", "sum_some_licenses", "sum_some_refusals", "sum_some_activations"),
    "some_with_most_devices",
    "reader_of",  # a company as it was read
    "ask_for_new",  # likewise
    "account_name",
    "named_user",
    "origin_of",
    "named_user_id",
    "named_user_of",
    "audit_due",
    "bounded_probe",
    "count_guess",
    "guard_guesses",
    "event_mails",
    "not_allowed",
    "note_limit_reached",
    "noting_limits",
    "permitted",  # a condition: without the item that it is about, nothing is written
    "audit_counts",
    "audit_links",
    "audit_webhooks",
    "repair_links",
    "manager_notice",
    "endpoint_disabled_notice",
    "sweep_late_notice",
    "account_of_manager",
    "manager_of",
    "seat_notice",
    *("guard_chosen", "guard_new_account"),
    "note_security_event",
    "audit",
    "create_management_key",
    *("find_management_keys", "find_api_keys", "remove_person"),
    "create_product",
    "delete_company",
    "new_user",
    "products",
    "list_licenses",
    "search_licenses",
    "list_orders",
    "count_licenses",
    "count_orders",
    "count_users",
    "request_code",
    "encrypt_initial_password",
    "set_branding",
    "portal_url_of",
    "require_second_factor",
    *("company_details", "company_history"),
    "find_candidates",
    "find_backlogs",
    "find_endpoints",
    "create_definition",
    "find_definition",
    "read_defined",
    "find_features",
    "find_fields",
    "find_all_features",
    "find_all_fields",
    "find_policies",
    "find_all_policies",
    "list_products",
}
"""They take a company, and nothing that may belong to another one; or are parts of others in the table."""


def code_of(victim: Victim) -> str:
    """The code by which Ada may set her password, at the victim."""
    request_code(victim.vendor.code, ADA, now=NOW)
    return mailed_code(victim.vendor, ADA)


def refused_to(company: str, victim: Victim) -> str:
    """The request id of a call of this company's that was refused, and named the victim's license."""
    record_refusal(company, a_refusal(victim.by_key.id, request_id="theirs"))
    return "theirs"


def snapshot(company: str, lookup: Any) -> Any:
    """Where nothing is found there is no license in the place."""
    return there(find_snapshot(company, lookup, now=NOW, consistent=True).license)


@pytest.mark.parametrize(
    ("code", "attack"),
    [
        pytest.param(code, attack, id=f"{use_case.__name__}-{n}")
        for use_case, code, attacks in WALLS
        for n, attack in enumerate(attacks)
    ],
)
def test_what_belongs_to_another_company_does_not_exist_and_does_not_move(
    vendor: Vendor, victim: Victim, code: str, attack: Attack
) -> None:
    theirs = (victim.by_key, victim.by_user)
    before = [(victim.vendor.stored(license), victim.vendor.history(license)) for license in theirs]
    with pytest.raises(SeatkeeperError) as refused:
        attack(vendor.code, victim)
    assert refused.value.code == code
    assert [(victim.vendor.stored(license), victim.vendor.history(license)) for license in theirs] == before
    assert victim.vendor.check(victim.by_key, "pc").device
    assert victim.vendor.check(ADA, "pc").device
    assert victim.vendor.differences() == []


def test_a_company_audits_its_own_licenses_alone(vendor: Vendor, victim: Victim) -> None:
    ours = vendor.issue()
    assert dict(audit(vendor.code)) == {ours.id: []}


def test_one_email_is_an_account_of_its_own_at_each_company(vendor: Vendor, victim: Victim) -> None:
    user, password = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    assert password != victim.password
    assert log_in(vendor.code, ADA, password or "", now=NOW).id == user.id
    assert victim.vendor.activate(ADA, "pc", victim.password).device


def test_every_use_case_of_a_company_is_in_the_table() -> None:
    found = set()
    for module in pkgutil.iter_modules(usecases.__path__, f"{usecases.__name__}."):
        for name, function in inspect.getmembers(import_module(module.name), inspect.isfunction):
            ours = function.__module__ == module.name and not name.startswith("_")
            if ours and "company" in inspect.signature(function).parameters:
                found.add(name)
    assert found == {use_case.__name__ for use_case, _, _ in WALLS} | NAMES_NOTHING | CUSTOMERS_NAME_NOTHING
