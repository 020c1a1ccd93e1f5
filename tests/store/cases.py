"""Every use case that writes, in a small state of its own: what the tests of faults run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from chalicelib.domain.errors import LimitReached
from chalicelib.domain.events import EventType
from chalicelib.domain.license import License
from chalicelib.domain.session import TOUCH_MS
from chalicelib.usecases import (
    activate,
    assign_user,
    batch_assign,
    branding,
    call_rate,
    change_account,
    change_device,
    change_email,
    change_license,
    change_password,
    change_seat,
    check,
    close_account,
    create,
    deactivate,
    delete_company,
    device_variables,
    endpoints,
    forget_devices,
    forgotten_password,
    idempotency,
    invitations,
    issue_license,
    limit_reached,
    log_in,
    management_keys,
    order_managers,
    portal_queries,
    record_refusal,
    remove_person,
    repair_links,
    replace_user,
    send_mails,
    sessions,
    sweep,
    unlock,
    user_licenses,
)
from chalicelib.usecases import initial_password as initial_password_module
from tests.store import states
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.refusals import a_refusal


@dataclass(frozen=True)
class Case:
    """A use case: what stands before, the call, and the events that it writes, each once."""

    name: str
    function: Callable[..., Any]
    prepare: Callable[[Vendor], Any]
    act: Callable[[Vendor, Any], Any]
    events: tuple[EventType, ...] = ()
    only_if_new: bool = False
    """A failed condition is an answer, as "there is one already": it is not decided anew."""
    observes: bool = False
    """What it writes is an observation, which may be lost: the answer neither waits nor fails for it."""


def _noted(vendor: Vendor, license: License) -> None:
    error = LimitReached("license_activated_max_times", limit=5, used=5)
    with patch.object(limit_reached, "listened", lambda *_: True):
        limit_reached.note_limit_reached(vendor.code, license.id, error, ADMIN, now=NOW)


CASES = (
    Case("activate", activate.activate, states.key_license, lambda v, x: v.activate(x, "pc"), ("device_activated",)),
    Case(
        "activate for the first time",
        activate.activate,
        lambda v: v.issue(license_type="time-limited", valid_duration="30d", grace_period=24),
        lambda v, x: v.activate(x, "pc"),
        ("device_activated",),
    ),
    Case(
        "activate by transfer",
        activate.activate,
        states.released,
        lambda v, x: v.activate(x, "pc"),
        ("device_activated",),
    ),
    Case(
        "activate by email",
        activate.activate,
        states.seated,
        lambda v, x: v.activate(states.ADA, "pc", x.password),
        ("device_activated",),
    ),
    Case(
        "activate again with news",
        activate.activate,
        states.active,
        lambda v, x: v.activate(x, "pc", report={"hostname": "desk"}),
        observes=True,
    ),
    Case("check", check.check, states.active, lambda v, x: v.check(x, "pc", now=NOW + HOUR), observes=True),
    Case(
        "check by email",
        check.check,
        states.at_work,
        lambda v, _: v.check(states.ADA, "pc", now=NOW + HOUR),
        observes=True,
    ),
    Case(
        "record a refused call",
        record_refusal.record_refusal,
        lambda v: v.issue(),
        lambda v, x: record_refusal.record_refusal(v.code, a_refusal(x.id)),
        observes=True,
    ),
    Case(
        "note a limit that was reached",
        limit_reached.note_limit_reached,
        lambda v: v.issue(),
        _noted,
        ("license_limit_reached",),
        only_if_new=True,
        observes=True,
    ),
    Case(
        "look at a page",
        portal_queries.authenticate_session,
        states.logged_in,
        lambda _, x: portal_queries.authenticate_session(x, now=NOW + TOUCH_MS).user,
        observes=True,
    ),
    Case(
        "deactivate, with last words",
        deactivate.deactivate,
        states.with_variables,
        states.say_goodbye,
        ("variables_tracked", "device_deactivated"),
    ),
    Case(
        "deactivate by email",
        deactivate.deactivate,
        states.at_work,
        lambda v, _: v.deactivate(states.ADA, "pc"),
        ("device_deactivated",),
    ),
    Case(
        "track variables",
        device_variables.track_variables,
        states.active,
        lambda v, x: states.track(v, x, color="red"),
        ("variables_tracked",),
    ),
    Case(
        "track more variables",
        device_variables.track_variables,
        states.with_variables,
        lambda v, x: states.track(v, x, color="blue", weight="2"),
        ("variables_tracked",),
    ),
    Case(
        "track variables on a place that was granted",
        device_variables.track_on,
        states.active,
        states.track_on_granted,
        ("variables_tracked",),
    ),
    Case("log in", log_in.log_in, states.seated, lambda v, x: states.enter(v, x.password)),
    Case("log in after a failure", log_in.log_in, states.after_a_failure, lambda v, x: states.enter(v, x.password)),
    Case("fail to log in", log_in.log_in, states.seated, lambda v, _: states.enter(v, "wrong"), ("log_in_failed",)),
    Case(
        "list one's licenses",
        user_licenses.user_licenses,
        states.seated,
        lambda v, x: user_licenses.user_licenses(v.code, "revit", states.ADA, x.password, now=v.now),
    ),
    Case(
        "change the password",
        change_password.change_password,
        states.seated,
        states.choose_password,
        ("password_changed",),
        True,
    ),
    Case("send mails", send_mails.send_mails, states.with_mail, states.send),
    Case("ask for a code", forgotten_password.request_code, states.seated, states.ask_for_code, ("code_asked",)),
    Case(
        "set the password by a code",
        forgotten_password.set_password_by_code,
        states.with_code,
        states.use_code,
        ("password_changed",),
    ),
    Case("assign a new user", assign_user.assign_user, states.user_license, states.assign, ("user_assigned",)),
    Case("assign and invite", assign_user.assign_user, states.user_license, states.assign_invited, ("user_assigned",)),
    Case("accept", invitations.accept_invitation, states.invited, states.accept, ("password_changed",)),
    Case("invite again", invitations.invite_again, states.invited, states.invite_again, ("user_invited",)),
    Case("assign a known user", assign_user.assign_user, states.known_elsewhere, states.assign, ("user_assigned",)),
    Case(
        "remove a user",
        change_seat.remove_user,
        states.at_work,
        states.on_seat(change_seat.remove_user),
        ("user_removed",),
    ),
    Case("replace a user", replace_user.replace_user, states.at_work, states.replace_ada, ("user_replaced",)),
    Case(
        "replace by a known user", replace_user.replace_user, states.known_bob, states.replace_ada, ("user_replaced",)
    ),
    Case(
        "reset a user's activations",
        change_seat.reset_activations,
        states.at_work,
        states.on_seat(change_seat.reset_activations),
        ("user_activations_reset",),
    ),
    Case(
        "change a user's limit",
        change_seat.set_max_activations,
        states.seated,
        states.on_seat(change_seat.set_max_activations, 3),
        ("user_limit_changed",),
    ),
    Case(
        "unlock",
        unlock.unlock,
        states.after_a_failure,
        states.let_in,
        ("user_unlocked",),
    ),
    Case(
        "close an account",
        close_account.close_account,
        states.closing,
        states.close,
        ("manager_removed", "user_closed", "user_removed"),
    ),
    Case(
        "open an account again",
        close_account.reopen_account,
        states.closed,
        states.reopen,
        ("user_assigned", "user_reopened"),
    ),
    Case(
        "take the seat of an account",
        change_seat.remove_account,
        states.at_work,
        lambda v, x: change_seat.remove_account(v.code, x.license.id, x.user.id, ADMIN, now=v.now),
        ("user_removed",),
    ),
    Case(
        "take all seats of a person",
        remove_person.remove_person,
        states.at_work,
        lambda v, x: remove_person.remove_person(v.code, [x.license.id], x.user.id, ADMIN, now=v.now),
        ("user_removed",),
    ),
    Case(
        "let somebody manage an order",
        order_managers.add_manager,
        states.key_license,
        lambda v, x: states.in_order(order_managers.add_manager, v, x),
        ("manager_added",),
    ),
    Case(
        "take a manager off an order",
        order_managers.remove_manager,
        states.managed_order,
        lambda v, x: states.in_order(order_managers.remove_manager, v, x),
        ("manager_removed",),
    ),
    Case(
        "read an initial password",
        initial_password_module.reveal_initial_password,
        states.managed_seat,
        states.read_password,
        ("initial_password_read",),
    ),
    Case("set a user's password", change_seat.set_password, states.seated, states.set_password, ("password_set",)),
    Case("disable", change_license.set_enabled, states.key_license, states.enable(False), ("license_disabled",)),
    Case("enable", change_license.set_enabled, states.disabled, states.enable(True), ("license_enabled",)),
    Case("name a license", change_license.set_name, states.key_license, states.name_license, ("license_named",)),
    Case(
        "extend",
        change_license.extend,
        states.ending,
        states.extend_late,
        ("grace_started", "license_expired", "license_extended"),
    ),
    Case(
        "reset a license",
        change_license.reset_license,
        states.active,
        states.on_license(change_license.reset_license),
        ("license_reset",),
    ),
    Case(
        "reset a device",
        change_device.reset_device,
        states.active,
        states.on_license(change_device.reset_device, "pc"),
        ("device_reset",),
    ),
    Case(
        "blacklist a device",
        change_device.blacklist_device,
        states.active,
        states.on_license(change_device.blacklist_device, "pc"),
        ("device_blacklisted", "device_reset"),
        True,
    ),
    Case(
        "allow a device again",
        change_device.allow_device,
        states.blacklisted,
        states.on_license(change_device.allow_device, "pc"),
        ("device_allowed",),
        True,
    ),
    Case(
        "activate beside a blacklisted device",
        activate.activate,
        states.blacklisted,
        lambda v, x: v.activate(x, "another pc"),
        ("device_activated",),
    ),
    Case(
        "forget devices that are not used any more",
        forget_devices.forget_idle_devices,
        states.with_idle_devices,
        lambda v, x: forget_devices.forget_idle_devices(v.stored(x), ADMIN, now=v.now),
        ("devices_forgotten",),
        True,
    ),
    Case(
        "repair a link",
        repair_links.repair_links,
        states.before_links,
        lambda v, _: repair_links.repair_links(v.code, ADMIN, now=v.now),
        ("links_repaired",),
    ),
    Case("issue by key", issue_license.issue_license, states.nothing, states.issue_by_key, ("license_issued",)),
    Case(
        "issue with a new manager",
        issue_license.issue_license,
        states.nothing,
        states.issue_to_manager,
        ("license_issued",),
    ),
    Case(
        "issue to a second manager",
        issue_license.issue_license,
        states.second_manager,
        states.join_order,
        ("license_issued", "manager_added"),
    ),
    Case(
        "issue another order",
        issue_license.issue_license,
        states.second_manager,
        states.issue_another_order,
        ("license_issued",),
    ),
    Case(
        "change an email",
        change_email.change_email,
        states.managed,
        states.new_email,
        ("email_changed", "email_changed"),
    ),
    Case(
        "change an email for an operator",
        change_email.change_email,
        states.seated,
        states.other_email,
        ("email_changed",),
    ),
    Case("choose mails", change_account.choose_mails, states.seated, states.new_choice, ("person_changed",)),
    Case("choose a language", change_account.choose_language, states.seated, states.new_language, ("person_changed",)),
    Case("change a name", change_account.change_profile, states.seated, states.new_name, ("person_changed",)),
    Case(
        "end all sessions", change_account.end_other_sessions, states.seated, states.end_sessions, ("sessions_ended",)
    ),
    Case(
        "choose the first password",
        change_account.choose_password,
        states.seated,
        states.choose_first_password,
        ("password_changed",),
        True,
    ),
    Case("start a batch", batch_assign.start_batch, states.user_license, states.start_batch, ("batch_started",)),
    Case(
        "go on with a batch",
        batch_assign.continue_batch,
        states.with_batch,
        states.finish_batch,
        ("batch_finished", "user_assigned", "user_assigned"),
    ),
    Case(
        "read a batch's result",
        batch_assign.batch_result,
        states.finished_batch,
        states.read_batch_result,
        ("batch_result_read",),
    ),
    Case("end a batch", batch_assign.end_batch, states.with_batch, states.end_batch, ("batch_ended",)),
    Case("log in to the portal", sessions.log_in_to_portal, states.seated, states.enter_portal, ("signed_in",)),
    Case("keep a session", sessions.keep_session, states.logged_in, states.keep_session),
    Case("log out", sessions.log_out, states.logged_in, states.log_out),
    Case("call with a key", idempotency.perform_once, states.logged_in, states.once_only, (), True),
    Case("create a company", create.create_company, states.nothing, states.create_company, ("company_created",), True),
    Case("brand a company", branding.set_branding, states.nothing, states.brand, ("company_changed",), True),
    Case(
        "create a product",
        create.create_product,
        states.nothing,
        lambda v, _: v.product("more", "user"),
        ("product_created",),
        True,
    ),
    Case("create an API key", create.create_api_key, states.nothing, states.create_api_key, ("api_key_created",), True),
    Case("revoke an API key", create.revoke_api_key, states.nothing, states.revoke, ("api_key_revoked",), True),
    Case(
        "create a management key",
        management_keys.create_management_key,
        states.nothing,
        states.create_management_key,
        ("management_key_created",),
        True,
    ),
    Case(
        "revoke a management key",
        management_keys.revoke_management_key,
        states.management_key,
        states.revoke_management_key,
        ("management_key_revoked",),
        True,
    ),
    Case(
        "call with a management key",
        management_keys.find_caller,
        states.management_key,
        states.find_caller,
        observes=True,
    ),
    Case(
        "create a webhook", endpoints.create_endpoint, states.nothing, states.create_webhook, ("webhook_created",), True
    ),
    Case(
        "pause a webhook",
        endpoints.change_endpoint,
        states.webhook,
        lambda v, id: endpoints.change_endpoint(v.code, id, ADMIN, paused=True, now=v.now),
        ("webhook_changed",),
        True,
    ),
    Case(
        "disable a webhook",
        endpoints.disable_endpoint,
        states.webhook,
        states.disable_webhook,
        ("webhook_disabled",),
        True,
    ),
    Case(
        "send one event again",
        endpoints.send_one_again,
        states.failed_delivery,
        states.send_one_again,
        (),
        True,
    ),
    Case("count a call", call_rate.take_call, states.management_key, states.take_call),
    Case("roll a secret", endpoints.roll_secret, states.webhook, states.roll_secret, ("webhook_secret_changed",), True),
    Case(
        "delete a webhook",
        endpoints.delete_endpoint,
        states.webhook,
        lambda v, id: endpoints.delete_endpoint(v.code, id, ADMIN, now=v.now),
        ("webhook_deleted",),
        True,
    ),
    Case(
        "test a webhook",
        endpoints.send_test,
        states.webhook,
        lambda v, id: endpoints.send_test(v.code, id, ADMIN, now=v.now).state,
        ("webhook_tested",),
        True,
    ),
    Case(
        "sweep",
        sweep.sweep,
        states.due,
        lambda _, __: sweep.sweep(now=states.END + 2 * DAY),
        ("grace_started", "license_expired", "sweep_late"),
        True,
    ),
    Case(
        "delete a company",
        delete_company.delete_company,
        states.at_work,
        lambda v, _: delete_company.delete_company(v.code),
    ),
)
