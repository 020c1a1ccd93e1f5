"""What stands before a use case that writes, and the call of it; `tests.store.cases` says which belong together."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.invitation import AGAIN_MS
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.domain.mail import Mail, MailCode
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.terms import Terms
from chalicelib.domain.users import User
from chalicelib.runtime import runtime, using
from chalicelib.store import accounts, one_time_codes, orders, portal_hosts, writes
from chalicelib.store.batch_reads import ReadRequest, batch_read
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import hardware_sort_key, license_pk
from chalicelib.store.mails import queue_mail
from chalicelib.usecases import (
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
    change_terms,
    close_account,
    create,
    deactivate,
    deliver_events,
    device_variables,
    endpoints,
    forgotten_password,
    idempotency,
    invitations,
    issue_license,
    log_in,
    management_keys,
    replace_user,
    send_mails,
    sessions,
    sweep,
    unlock,
)
from chalicelib.usecases import initial_password as initial_password_module
from chalicelib.usecases.idempotency import IdempotencyKey
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.passwords import verify_password
from chalicelib.webhooks.client import WebhookClient
from tests.mailbox import code_mails, deliver, mailed_code, mailed_link
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor
from tests.usecases.people import result_of
from tests.usecases.receivers import BROKEN, URL, Receivers, listen

ADA, BOB, NEW_PASSWORD = "ada@customer.test", "bob@customer.test", "a new password"
END = NOW + 6000 * DAY
"""In a year of its own: a sweep is of all companies."""


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
    track(vendor, license, color="red", size="1")
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


def known_bob(vendor: Vendor) -> Seated:
    """Who is known to the company has another license."""
    vendor.assign(user_license(vendor), BOB)
    vendor.now += 1000
    return at_work(vendor)


def replace_ada(vendor: Vendor, seat: Seated) -> Any:
    given = (vendor.code, seat.license.id, ADA, BOB, ADMIN)
    _, new, user = replace_user.replace_user(*given, invite=True, now=vendor.now)
    stored = vendor.stored(seat.license)
    return new, accounts.read_user(vendor.code, user.id) == user, stored.users_assigned, stored.times_activated


def enter(vendor: Vendor, password: str) -> Any:
    try:
        return log_in.log_in(vendor.code, ADA, password, now=vendor.now)
    except SeatkeeperError as refused:
        return refused.code


def track(vendor: Vendor, license: License, **variables: str) -> Any:
    lookup = vendor.lookup(license, "pc")
    return device_variables.track_variables(vendor.code, lookup, variables, ADMIN, now=vendor.now)


def track_on_granted(vendor: Vendor, license: License) -> Any:
    snapshot = vendor.activate(license, "pc")
    assert snapshot.license is not None
    assert snapshot.device is not None
    return device_variables.track_on(snapshot.license, snapshot.device, {"color": "red"}, ADMIN, now=vendor.now)


def say_goodbye(vendor: Vendor, license: License) -> None:
    lookup, variables = vendor.lookup(license, "pc"), {"color": "blue"}
    deactivate.deactivate(vendor.code, lookup, ADMIN, variables=variables, now=vendor.now)


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


def assign_invited(vendor: Vendor, license: License) -> Any:
    user = assign_user.assign_user(vendor.code, license.id, ADA, 1, ADMIN, invite=True, now=vendor.now).user
    assert invitations.find_invited(mailed_link(vendor, ADA), "", now=vendor.now) == user
    return user.invited_at


def invited(vendor: Vendor) -> License:
    license = user_license(vendor)
    assign_invited(vendor, license)
    return license


def accept(vendor: Vendor, _: License) -> Any:
    user = invitations.accept_invitation(mailed_link(vendor, ADA), NEW_PASSWORD, ADMIN, now=vendor.now)
    return user.email, user.email_verified, enter(vendor, NEW_PASSWORD)


def invite_again(vendor: Vendor, license: License) -> Any:
    now = vendor.now + AGAIN_MS
    user = invitations.invite_again(vendor.code, license.id, ADA, ADMIN, now=now)
    return invitations.find_invited(mailed_link(vendor, ADA), "", now=now) == user, user.invited_at


def issue_by_key(vendor: Vendor, _: None) -> Any:
    license = vendor.issue(license_type="subscription", validity_period=NOW + DAY, customer="c@customer.test")
    return license, vendor.stored(license) == license


def issue_to_manager(vendor: Vendor, _: None) -> Any:
    terms = Terms("perpetual", 5, max_license_users=2, order_id="order")
    return issue_license.issue_license(vendor.code, "revit", terms, ADA, ADMIN, now=vendor.now)


def create_company(vendor: Vendor, _: None) -> Any:
    return create.create_company(f"{vendor.code}2", "Another vendor", ADMIN, now=vendor.now)


def brand(vendor: Vendor, _: None) -> Any:
    logo = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    company = branding.set_branding(vendor.code, "#0a6e5c", logo, ADMIN, name="Qbitec", now=vendor.now)
    return company, accounts.read_company(vendor.code) == company


def give_host(vendor: Vendor, _: None) -> Any:
    host = f"{vendor.code.lower()}.vendor.test"
    company = branding.set_branding(vendor.code, None, None, ADMIN, host=host, now=vendor.now)
    return company.portal_host == host, portal_hosts.company_code_of(host) == vendor.code


def management_key(vendor: Vendor) -> tuple[int, str]:
    """The id of a key and its text."""
    scopes = frozenset({"webhooks:read"})
    key, text = management_keys.create_management_key(vendor.code, "CRM", scopes, ADMIN, now=vendor.now)
    return key.id, text


def create_management_key(vendor: Vendor, _: None) -> Any:
    id, text = management_key(vendor)
    return text, [key.id == id for key in management_keys.find_management_keys(vendor.code)]


def revoke_management_key(vendor: Vendor, key: tuple[int, str]) -> Any:
    return management_keys.revoke_management_key(vendor.code, key[0], ADMIN, now=vendor.now)


def find_caller(vendor: Vendor, key: tuple[int, str]) -> Any:
    return management_keys.find_caller(key[1], now=vendor.now)


def webhook(vendor: Vendor) -> int:
    return listen(vendor)


def create_webhook(vendor: Vendor, _: None) -> Any:
    endpoint, secret = endpoints.create_endpoint(vendor.code, URL, frozenset({"license.*"}), ADMIN, now=vendor.now)
    return endpoint, endpoints.secrets_of(endpoint, vendor.now) == [secret]


def disable_webhook(vendor: Vendor, endpoint_id: int) -> Any:
    endpoints.disable_endpoint(endpoints.find_endpoint(vendor.code, endpoint_id), ADMIN, now=vendor.now)
    return endpoints.find_endpoint(vendor.code, endpoint_id)


def roll_secret(vendor: Vendor, endpoint_id: int) -> Any:
    endpoint, secret = endpoints.roll_secret(vendor.code, endpoint_id, ADMIN, now=vendor.now)
    return endpoint, endpoints.secrets_of(endpoint, vendor.now)[0] == secret


def failed_delivery(vendor: Vendor) -> int:
    """One that was given up, three days after its first try."""
    endpoint_id = listen(vendor)
    endpoints.send_test(vendor.code, endpoint_id, ADMIN, now=vendor.now)
    with using(replace(runtime(), webhooks=cast("WebhookClient", Receivers(lambda *_: BROKEN)))):
        for days in range(4):
            deliver_events.deliver_events(now=vendor.now + days * DAY)
    return endpoint_id


def send_again(vendor: Vendor, endpoint_id: int) -> Any:
    return endpoints.send_again(vendor.code, endpoint_id, since=NOW, until=NOW, now=vendor.now + 4 * DAY)


def send_one_again(vendor: Vendor, endpoint_id: int) -> Any:
    (logged,) = endpoints.delivery_log(vendor.code, endpoint_id)
    now = vendor.now + 4 * DAY
    return endpoints.send_one_again(vendor.code, endpoint_id, logged.key, now=now).state


def take_call(vendor: Vendor, _: object) -> Any:
    """Which is counted twice where an answer is lost."""
    (caller,) = management_keys.find_management_keys(vendor.code)
    return call_rate.take_call(caller, now=vendor.now).remaining > 0


def enable(enabled: bool) -> Callable[[Vendor, License], Any]:
    def act(vendor: Vendor, license: License) -> Any:
        return change_license.set_enabled(vendor.code, license.id, enabled, ADMIN, now=vendor.now)

    return act


def name_license(vendor: Vendor, license: License) -> License:
    return change_license.set_name(vendor.code, license.id, "Büro Berlin", ADMIN, now=vendor.now)


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


def change_terms_late(vendor: Vendor, license: License) -> Any:
    """Likewise, of all kinds of terms together, none of them below what is in use."""
    changes = {"validity_period": NOW + 30 * DAY, "grace_period": 48, "max_activations": 9, "name": "Office"}
    return change_terms.change_terms(vendor.code, license.id, changes, ADMIN, strict=True, now=NOW + 3 * DAY)


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
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id="A")
    license = issue_license.issue_license(vendor.code, "viewer", terms, ADA, ADMIN, now=vendor.now)[0]
    order = orders.read_order(vendor.code, "A")
    assert order is not None
    shown = [list(orders.read_managed_licenses(vendor.code, user_id)) for user_id in sorted(order.managers)]
    return license, len(order.managers), order.pending_managers, [len(licenses) for licenses in shown]


def issue_another_order(vendor: Vendor, _: License) -> Any:
    """To who manages one already."""
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id="B")
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


def new_choice(vendor: Vendor, seat: Seated) -> Any:
    off = frozenset[MailCode]({"seat_given"})
    return change_account.choose_mails(vendor.code, seat.user.id, off, ADMIN, now=vendor.now)


def new_language(vendor: Vendor, seat: Seated) -> Any:
    given = (vendor.code, seat.user.id, "de", "Europe/Berlin", ADMIN)
    return change_account.choose_language(*given, now=vendor.now)


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
    assert claims is not None
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
