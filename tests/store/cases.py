"""Every use case that writes, in a small state of its own: what the tests of faults run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import EventType
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.domain.mail import Mail
from chalicelib.domain.session import TOUCH_MS, SessionClaims
from chalicelib.domain.users import User
from chalicelib.store import accounts, one_time_codes, orders, writes
from chalicelib.store.batch_reads import ReadRequest, batch_read
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import hardware_sort_key, license_pk
from chalicelib.store.mails import queue_mail
from chalicelib.usecases import (
    activate,
    assign_user,
    batch_assign,
    branding,
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
    forget_devices,
    forgotten_password,
    idempotency,
    issue_license,
    log_in,
    order_managers,
    portal_queries,
    record_refusal,
    repair_links,
    send_mails,
    sessions,
    sweep,
    unlock,
    user_licenses,
)
from chalicelib.usecases import initial_password as initial_password_module
from chalicelib.usecases.idempotency import IdempotencyKey
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.passwords import verify_password
from tests.mailbox import code_mails, deliver, mailed_code
from tests.support import ADMIN, CUSTOMER, DAY, HOUR, NOW, Vendor
from tests.usecases.people import result_of
from tests.usecases.refusals import a_refusal

ADA, NEW_PASSWORD = "ada@customer.test", "a new password"
END = NOW + 6000 * DAY
"""In a year of its own: a sweep is of all companies."""


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


@dataclass(frozen=True)
class Seated:
    """A user-based license with a user on it."""

    license: License
    user: User
    password: str


def key_license(vendor: Vendor) -> License:
    return vendor.issue()


def ending(vendor: Vendor) -> License:
    return vendor.issue(license_type="time-limited", validity_period=NOW + DAY, grace_period=24)


def active(vendor: Vendor) -> License:
    license = vendor.issue()
    vendor.activate(license, "pc")
    return license


def before_links(vendor: Vendor) -> License:
    """As older code has left a device."""
    license = active(vendor)
    writes.delete(LookupItem(vendor.code, hardware_sort_key(hash_hardware_id("pc"), license.id)))
    return license


def released(vendor: Vendor) -> License:
    license = vendor.issue(max_transfers=1)
    vendor.activate(license, "old pc")
    vendor.deactivate(license, "old pc")
    return license


def with_variables(vendor: Vendor) -> License:
    license = active(vendor)
    track(vendor, license, colour="red", size="1")
    return license


def user_license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=2)


def seated(vendor: Vendor) -> Seated:
    license = user_license(vendor)
    user, password = vendor.assign(license, ADA)
    assert password is not None
    return Seated(license, user, password)


def at_work(vendor: Vendor) -> Seated:
    seat = seated(vendor)
    vendor.activate(ADA, "pc", seat.password)
    return seat


def after_a_failure(vendor: Vendor) -> Seated:
    seat = seated(vendor)
    enter(vendor, "wrong")
    return seat


def managed_order(vendor: Vendor) -> License:
    return vendor.issue(manager=ADA)


def managed_seat(vendor: Vendor) -> License:
    license = vendor.issue("revit", manager=CUSTOMER, max_license_users=2)
    vendor.assign(license, ADA)
    return license


def closing(vendor: Vendor) -> Seated:
    """An account with all that one can have."""
    vendor.issue(manager=ADA)
    seat = at_work(vendor)
    deliver()
    forgotten_password.request_code(vendor.code, ADA, now=vendor.now)
    return seat


def close(vendor: Vendor, seat: Seated) -> Any:
    closed = close_account.close_account(vendor.code, ADA, ADMIN, now=vendor.now)
    return closed.orders, closed.seats, enter(vendor, seat.password), code_mails(vendor, ADA)


def closed(vendor: Vendor) -> Seated:
    seat = closing(vendor)
    close_account.close_account(vendor.code, ADA, ADMIN, now=vendor.now)
    return seat


def reopen(vendor: Vendor, seat: Seated) -> Any:
    user = close_account.reopen_account(vendor.code, ADA, ADMIN, now=vendor.now)
    return user.closed_at, bool(vendor.assign(seat.license, ADA)[1])


def in_order(change: Callable[..., User], vendor: Vendor, license: License) -> Any:
    user = change(vendor.code, license.order_id, ADA, ADMIN, now=vendor.now)
    return user.email, list(order_managers.find_order(vendor.code, license.order_id or "").managers) == [user.id]


def read_password(vendor: Vendor, license: License) -> Any:
    manager = accounts.user_of_email(vendor.code, CUSTOMER) or 0
    reveal = initial_password_module.reveal_initial_password
    return bool(reveal(vendor.code, license.id, ADA, manager, ADMIN, now=vendor.now))


def known_elsewhere(vendor: Vendor) -> License:
    seated(vendor)
    vendor.now += 1000
    return user_license(vendor)


def due(vendor: Vendor) -> License:
    sweep.sweep(now=END - 1)  # what other tests of this process left behind
    return vendor.issue(license_type="time-limited", validity_period=END, grace_period=24)


def nothing(_: Vendor) -> None:
    return None


def enter(vendor: Vendor, password: str) -> Any:
    try:
        return log_in.log_in(vendor.code, ADA, password, now=vendor.now)
    except SeatkeeperError as refused:
        return refused.code


def track(vendor: Vendor, license: License, **told: str) -> Any:
    lookup = vendor.lookup(license, "pc")
    return device_variables.track_variables(vendor.code, lookup, told, ADMIN, now=vendor.now)


def track_on_granted(vendor: Vendor, license: License) -> Any:
    snapshot = vendor.activate(license, "pc")
    assert snapshot.license is not None
    assert snapshot.device is not None
    return device_variables.track_on(snapshot.license, snapshot.device, {"colour": "red"}, ADMIN, now=vendor.now)


def say_goodbye(vendor: Vendor, license: License) -> None:
    lookup, told = vendor.lookup(license, "pc"), {"colour": "blue"}
    deactivate.deactivate(vendor.code, lookup, ADMIN, variables=told, now=vendor.now)


def choose_password(vendor: Vendor, seat: Seated) -> Any:
    user = change_password.change_password(vendor.code, ADA, seat.password, NEW_PASSWORD, ADMIN, now=vendor.now)
    return user, enter(vendor, NEW_PASSWORD) == user


def ask_for_code(vendor: Vendor, _: Seated) -> Any:
    forgotten_password.request_code(vendor.code, ADA, now=vendor.now)
    stored, code = one_time_codes.read_code(vendor.code, ADA, "", NOW), mailed_code(vendor, ADA)
    asked = one_time_codes.read_code_requests(vendor.code, ADA, "", vendor.now)[0]
    right = stored.code_hash == one_time_codes.hash_code(vendor.code, ADA, code)
    return right, stored.until, asked.mailed, len(code_mails(vendor, ADA))


def with_mail(vendor: Vendor) -> None:
    deliver()  # what other tests of this process left behind
    queue_mail(Mail(ADA, "Hello", f"Company code: {vendor.code}", company=vendor.code), vendor.now)


def send(vendor: Vendor, _: None) -> Any:
    return send_mails.send_mails(now=vendor.now), len(code_mails(vendor, ADA))


def with_code(vendor: Vendor) -> str:
    after_a_failure(vendor)
    forgotten_password.request_code(vendor.code, ADA, now=vendor.now)
    return mailed_code(vendor, ADA)


def use_code(vendor: Vendor, code: str) -> Any:
    given = (vendor.code, ADA, code, NEW_PASSWORD, ADMIN)
    user = forgotten_password.set_password_by_code(*given, now=vendor.now)
    return user, enter(vendor, NEW_PASSWORD) == user


def let_in(vendor: Vendor, seat: Seated) -> Any:
    unlock.unlock(vendor.code, ADA, ADMIN, now=vendor.now)
    return enter(vendor, seat.password)


def set_password(vendor: Vendor, seat: Seated) -> Any:
    user, initial = change_seat.set_password(vendor.code, seat.license.id, ADA, None, ADMIN, now=vendor.now)
    stored = accounts.read_user(vendor.code, user.id)
    assert stored is not None
    return user, stored == user, verify_password(stored.password_hash, initial), initial_password(stored) == initial


def assign(vendor: Vendor, license: License) -> Any:
    user, initial = vendor.assign(license, ADA)
    stored = accounts.read_user(vendor.code, user.id)
    assert stored is not None
    assert initial is not None
    return user, stored == user, verify_password(stored.password_hash, initial)


def issue_by_key(vendor: Vendor, _: None) -> Any:
    license = vendor.issue(license_type="subscription", validity_period=NOW + DAY, customer="c@customer.test")
    return license, vendor.stored(license) == license


def issue_to_manager(vendor: Vendor, _: None) -> Any:
    terms = issue_license.Terms("perpetual", 5, max_license_users=2, order_id="order")
    return issue_license.issue_license(vendor.code, "revit", terms, ADA, ADMIN, now=vendor.now)


def create_company(vendor: Vendor, _: None) -> Any:
    return create.create_company(f"{vendor.code}2", "Another vendor", ADMIN, now=vendor.now)


def brand(vendor: Vendor, _: None) -> Any:
    logo = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    company = branding.set_branding(vendor.code, "#0a6e5c", logo, ADMIN, name="Qbitec", now=vendor.now)
    return company, accounts.read_company(vendor.code) == company


def create_api_key(vendor: Vendor, _: None) -> Any:
    key, shared = create.create_api_key(vendor.code, frozenset({"revit"}), False, ADMIN, now=vendor.now)
    return key, create.shared_key(key) == shared, accounts.read_api_key(vendor.code, key.api_key) == key


def revoke(vendor: Vendor, _: None) -> Any:
    create.revoke_api_key(vendor.code, vendor.api_key, ADMIN, now=vendor.now)
    return accounts.read_api_key(vendor.code, vendor.api_key)


def enable(enabled: bool) -> Callable[[Vendor, License], Any]:
    def act(vendor: Vendor, license: License) -> Any:
        return change_license.set_enabled(vendor.code, license.id, enabled, ADMIN, now=vendor.now)

    return act


def disabled(vendor: Vendor) -> License:
    license = vendor.issue()
    enable(False)(vendor, license)
    return license


def blacklisted(vendor: Vendor) -> License:
    license = vendor.issue()
    change_device.blacklist_device(vendor.code, license.id, "pc", ADMIN, now=vendor.now)
    return license


def with_idle_devices(vendor: Vendor) -> License:
    license = released(vendor)
    item = LicenseItem(license_pk(vendor.code, license.id), "license")
    writes.update(item, [LicenseItem.known_devices.set(5000)], LicenseItem.pk.exists())
    return license


def extend_late(vendor: Vendor, license: License) -> Any:
    """No sweep has run: what it would have announced is announced in the same transaction."""
    return change_license.extend(vendor.code, license.id, None, "30d", ADMIN, now=NOW + 3 * DAY)


def on_license(function: Callable[..., Any], *more: Any) -> Callable[[Vendor, License], Any]:
    return lambda vendor, license: function(vendor.code, license.id, *more, ADMIN, now=vendor.now)


def on_seat(function: Callable[..., Any], *more: Any) -> Callable[[Vendor, Seated], Any]:
    return lambda vendor, seat: function(vendor.code, seat.license.id, ADA, *more, ADMIN, now=vendor.now)


def second_manager(vendor: Vendor) -> Any:
    """An order that has a license and a manager."""
    license = vendor.issue("viewer", "first@customer.test", order_id="A")
    vendor.now += 1000
    return license


def join_order(vendor: Vendor, _: License) -> Any:
    terms = issue_license.Terms("perpetual", 5, customer=CUSTOMER, order_id="A")
    license = issue_license.issue_license(vendor.code, "viewer", terms, ADA, ADMIN, now=vendor.now)[0]
    order = orders.read_order(vendor.code, "A")
    assert order is not None
    shown = [list(orders.read_managed_licenses(vendor.code, user_id)) for user_id in sorted(order.managers)]
    return license, len(order.managers), order.pending_managers, [len(licenses) for licenses in shown]


def issue_another_order(vendor: Vendor, _: License) -> Any:
    """To who manages one already."""
    terms = issue_license.Terms("perpetual", 5, customer=CUSTOMER, order_id="B")
    given = (vendor.code, "viewer", terms, "first@customer.test", ADMIN)
    license, manager = issue_license.issue_license(*given, now=vendor.now)
    assert manager is not None
    return license, accounts.read_user(vendor.code, manager.id)


def managed(vendor: Vendor) -> Seated:
    """A seat on a license whose manager is known."""
    license = vendor.issue("revit", "manager@customer.test", max_license_users=2)
    user, password = vendor.assign(license, ADA)
    return Seated(license, user, password or "")


def new_email(vendor: Vendor, seat: Seated) -> Any:
    given = (vendor.code, seat.license.id, ADA, "countess@customer.test", ADMIN)
    manager = accounts.user_of_email(vendor.code, "manager@customer.test")
    user = change_email.change_email(*given, manager_id=manager, now=vendor.now)
    return user, accounts.read_user(vendor.code, seat.user.id) == user


def other_email(vendor: Vendor, seat: Seated) -> Any:
    given = (vendor.code, None, ADA, "countess@customer.test", ADMIN)
    user = change_email.change_email(*given, manager_id=None, now=vendor.now)
    return user, accounts.read_user(vendor.code, seat.user.id) == user


def new_name(vendor: Vendor, seat: Seated) -> Any:
    profile = assign_user.Profile("Ada", "King", "+41")
    return change_account.change_profile(vendor.code, seat.user.id, profile, ADMIN, now=vendor.now)


def end_sessions(vendor: Vendor, seat: Seated) -> Any:
    return change_account.end_other_sessions(
        vendor.code, seat.user.id, ADMIN, epoch=seat.user.session_epoch, now=vendor.now
    )


def choose_first_password(vendor: Vendor, seat: Seated) -> Any:
    given = (vendor.code, seat.user.id, NEW_PASSWORD, ADMIN)
    user = change_account.choose_password(*given, old_password=None, epoch=seat.user.session_epoch, now=vendor.now)
    return user, enter(vendor, NEW_PASSWORD) == user


PEOPLE = "\n".join(f"p{n}@customer.test,P,{n}" for n in range(3))


def start_batch(vendor: Vendor, license: License) -> Any:
    batch = batch_assign.start_batch(vendor.code, license.id, PEOPLE, False, ADMIN, now=vendor.now)
    return batch, vendor.stored(license).users_assigned


def with_batch(vendor: Vendor) -> tuple[License, int]:
    license = user_license(vendor)
    return license, start_batch(vendor, license)[0]


def finish_batch(vendor: Vendor, begun: tuple[License, int]) -> Any:
    license, batch = begun
    left = batch_assign.continue_batch(vendor.code, license.id, batch, ADMIN, lambda: True, now=vendor.now)
    return left, vendor.stored(license).users_assigned


def finished_batch(vendor: Vendor) -> tuple[License, int]:
    begun = with_batch(vendor)
    finish_batch(vendor, begun)
    return begun


def read_batch_result(vendor: Vendor, done: tuple[License, int]) -> Any:
    results = result_of(vendor, *done)
    return [(fate.code, fate.ok, bool(fate.password)) for fate in results]


def end_batch(vendor: Vendor, begun: tuple[License, int]) -> Any:
    license, batch = begun
    batch_assign.end_batch(vendor.code, license.id, batch, ADMIN, now=vendor.now)
    return vendor.stored(license).users_assigned


def logged_in(vendor: Vendor) -> SessionClaims:
    seat = seated(vendor)
    choose_password(vendor, seat)
    user = accounts.read_user(vendor.code, seat.user.id)
    assert user is not None
    return sessions.open_session(user, now=vendor.now)


def enter_portal(vendor: Vendor, seat: Seated) -> Any:
    user, claims = sessions.log_in_to_portal(vendor.code, ADA, seat.password, now=vendor.now)
    return user, batch_read(claims, ReadRequest(), vendor.now).session


def keep_session(vendor: Vendor, claims: SessionClaims) -> Any:
    sessions.keep_session(claims, 7, now=vendor.now)
    session = batch_read(claims, ReadRequest(), vendor.now).session
    return session and session.epoch


def log_out(vendor: Vendor, claims: SessionClaims) -> Any:
    sessions.log_out(claims)
    return batch_read(claims, ReadRequest(), vendor.now).session


def once_only(vendor: Vendor, claims: SessionClaims) -> Any:
    key = IdempotencyKey(claims.token, "nonce", "content")
    return idempotency.perform_once(key, lambda: None, lambda _: {"to": "/there"}, now=vendor.now)


CASES = (
    Case("activate", activate.activate, key_license, lambda v, x: v.activate(x, "pc"), ("device_activated",)),
    Case(
        "activate for the first time",
        activate.activate,
        lambda v: v.issue(license_type="time-limited", valid_duration="30d", grace_period=24),
        lambda v, x: v.activate(x, "pc"),
        ("device_activated",),
    ),
    Case("activate by transfer", activate.activate, released, lambda v, x: v.activate(x, "pc"), ("device_activated",)),
    Case(
        "activate by e-mail",
        activate.activate,
        seated,
        lambda v, x: v.activate(ADA, "pc", x.password),
        ("device_activated",),
    ),
    Case(
        "activate again with news",
        activate.activate,
        active,
        lambda v, x: v.activate(x, "pc", report={"hostname": "desk"}),
        observes=True,
    ),
    Case("check", check.check, active, lambda v, x: v.check(x, "pc", now=NOW + HOUR), observes=True),
    Case("check by e-mail", check.check, at_work, lambda v, _: v.check(ADA, "pc", now=NOW + HOUR), observes=True),
    Case(
        "record a refused call",
        record_refusal.record_refusal,
        lambda v: v.issue(),
        lambda v, x: record_refusal.record_refusal(v.code, a_refusal(x.id)),
        observes=True,
    ),
    Case(
        "look at a page",
        portal_queries.authenticate_session,
        logged_in,
        lambda _, x: portal_queries.authenticate_session(x, now=NOW + TOUCH_MS).user,
        observes=True,
    ),
    Case(
        "deactivate, with last words",
        deactivate.deactivate,
        with_variables,
        say_goodbye,
        ("variables_tracked", "device_deactivated"),
    ),
    Case(
        "deactivate by e-mail",
        deactivate.deactivate,
        at_work,
        lambda v, _: v.deactivate(ADA, "pc"),
        ("device_deactivated",),
    ),
    Case(
        "track variables",
        device_variables.track_variables,
        active,
        lambda v, x: track(v, x, colour="red"),
        ("variables_tracked",),
    ),
    Case(
        "track more variables",
        device_variables.track_variables,
        with_variables,
        lambda v, x: track(v, x, colour="blue", weight="2"),
        ("variables_tracked",),
    ),
    Case(
        "track variables on a place that was granted",
        device_variables.track_on,
        active,
        track_on_granted,
        ("variables_tracked",),
    ),
    Case("log in", log_in.log_in, seated, lambda v, x: enter(v, x.password)),
    Case("log in after a failure", log_in.log_in, after_a_failure, lambda v, x: enter(v, x.password)),
    Case("fail to log in", log_in.log_in, seated, lambda v, _: enter(v, "wrong"), ("log_in_failed",)),
    Case(
        "list one's licenses",
        user_licenses.user_licenses,
        seated,
        lambda v, x: user_licenses.user_licenses(v.code, "revit", ADA, x.password, now=v.now),
    ),
    Case("change the password", change_password.change_password, seated, choose_password, ("password_changed",), True),
    Case("send mails", send_mails.send_mails, with_mail, send),
    Case("ask for a code", forgotten_password.request_code, seated, ask_for_code, ("code_asked",)),
    Case(
        "set the password by a code",
        forgotten_password.set_password_by_code,
        with_code,
        use_code,
        ("password_changed",),
    ),
    Case("assign a new user", assign_user.assign_user, user_license, assign, ("user_assigned",)),
    Case("assign a known user", assign_user.assign_user, known_elsewhere, assign, ("user_assigned",)),
    Case("remove a user", change_seat.remove_user, at_work, on_seat(change_seat.remove_user), ("user_removed",)),
    Case(
        "reset a user's activations",
        change_seat.reset_activations,
        at_work,
        on_seat(change_seat.reset_activations),
        ("user_activations_reset",),
    ),
    Case(
        "change a user's limit",
        change_seat.set_max_activations,
        seated,
        on_seat(change_seat.set_max_activations, 3),
        ("user_limit_changed",),
    ),
    Case(
        "unlock",
        unlock.unlock,
        after_a_failure,
        let_in,
        ("user_unlocked",),
    ),
    Case(
        "close an account",
        close_account.close_account,
        closing,
        close,
        ("manager_removed", "user_closed", "user_removed"),
    ),
    Case("open an account again", close_account.reopen_account, closed, reopen, ("user_assigned", "user_reopened")),
    Case(
        "take the seat of an account",
        change_seat.remove_account,
        at_work,
        lambda v, x: change_seat.remove_account(v.code, x.license.id, x.user.id, ADMIN, now=v.now),
        ("user_removed",),
    ),
    Case(
        "let somebody manage an order",
        order_managers.add_manager,
        key_license,
        lambda v, x: in_order(order_managers.add_manager, v, x),
        ("manager_added",),
    ),
    Case(
        "take a manager off an order",
        order_managers.remove_manager,
        managed_order,
        lambda v, x: in_order(order_managers.remove_manager, v, x),
        ("manager_removed",),
    ),
    Case(
        "read an initial password",
        initial_password_module.reveal_initial_password,
        managed_seat,
        read_password,
        ("initial_password_read",),
    ),
    Case("set a user's password", change_seat.set_password, seated, set_password, ("password_set",)),
    Case("disable", change_license.set_enabled, key_license, enable(False), ("license_disabled",)),
    Case("enable", change_license.set_enabled, disabled, enable(True), ("license_enabled",)),
    Case(
        "extend",
        change_license.extend,
        ending,
        extend_late,
        ("grace_started", "license_expired", "license_extended"),
    ),
    Case(
        "reset a license",
        change_license.reset_license,
        active,
        on_license(change_license.reset_license),
        ("license_reset",),
    ),
    Case(
        "reset a device",
        change_device.reset_device,
        active,
        on_license(change_device.reset_device, "pc"),
        ("device_reset",),
    ),
    Case(
        "blacklist a device",
        change_device.blacklist_device,
        active,
        on_license(change_device.blacklist_device, "pc"),
        ("device_blacklisted", "device_reset"),
        True,
    ),
    Case(
        "allow a device again",
        change_device.allow_device,
        blacklisted,
        on_license(change_device.allow_device, "pc"),
        ("device_allowed",),
        True,
    ),
    Case(
        "activate beside a blacklisted device",
        activate.activate,
        blacklisted,
        lambda v, x: v.activate(x, "another pc"),
        ("device_activated",),
    ),
    Case(
        "forget devices that are not used any more",
        forget_devices.forget_idle_devices,
        with_idle_devices,
        lambda v, x: forget_devices.forget_idle_devices(v.stored(x), ADMIN, now=v.now),
        ("devices_forgotten",),
        True,
    ),
    Case(
        "repair a link",
        repair_links.repair_links,
        before_links,
        lambda v, _: repair_links.repair_links(v.code, ADMIN, now=v.now),
        ("links_repaired",),
    ),
    Case("issue by key", issue_license.issue_license, nothing, issue_by_key, ("license_issued",)),
    Case("issue with a new manager", issue_license.issue_license, nothing, issue_to_manager, ("license_issued",)),
    Case(
        "issue to a second manager",
        issue_license.issue_license,
        second_manager,
        join_order,
        ("license_issued", "manager_added"),
    ),
    Case("issue another order", issue_license.issue_license, second_manager, issue_another_order, ("license_issued",)),
    Case("change an e-mail", change_email.change_email, managed, new_email, ("email_changed", "email_changed")),
    Case("change an e-mail for an operator", change_email.change_email, seated, other_email, ("email_changed",)),
    Case("change a name", change_account.change_profile, seated, new_name, ("person_changed",)),
    Case("end all sessions", change_account.end_other_sessions, seated, end_sessions, ("sessions_ended",)),
    Case(
        "choose the first password",
        change_account.choose_password,
        seated,
        choose_first_password,
        ("password_changed",),
        True,
    ),
    Case("start a batch", batch_assign.start_batch, user_license, start_batch, ("batch_started",)),
    Case(
        "go on with a batch",
        batch_assign.continue_batch,
        with_batch,
        finish_batch,
        ("batch_finished", "user_assigned", "user_assigned"),
    ),
    Case(
        "read a batch's result",
        batch_assign.batch_result,
        finished_batch,
        read_batch_result,
        ("batch_result_read",),
    ),
    Case("end a batch", batch_assign.end_batch, with_batch, end_batch, ("batch_ended",)),
    Case("log in to the portal", sessions.log_in_to_portal, seated, enter_portal, ("signed_in",)),
    Case("keep a session", sessions.keep_session, logged_in, keep_session),
    Case("log out", sessions.log_out, logged_in, log_out),
    Case("call with a key", idempotency.perform_once, logged_in, once_only, (), True),
    Case("create a company", create.create_company, nothing, create_company, ("company_created",), True),
    Case("brand a company", branding.set_branding, nothing, brand, ("company_changed",), True),
    Case(
        "create a product",
        create.create_product,
        nothing,
        lambda v, _: v.product("more", "user"),
        ("product_created",),
        True,
    ),
    Case("create an API key", create.create_api_key, nothing, create_api_key, ("api_key_created",), True),
    Case("revoke an API key", create.revoke_api_key, nothing, revoke, ("api_key_revoked",), True),
    Case(
        "sweep",
        sweep.sweep,
        due,
        lambda _, __: sweep.sweep(now=END + 2 * DAY),
        ("grace_started", "license_expired"),
        True,
    ),
    Case(
        "delete a company",
        delete_company.delete_company,
        at_work,
        lambda v, _: delete_company.delete_company(v.code),
    ),
)
