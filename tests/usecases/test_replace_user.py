"""Replace a license user by another person: one seat goes, one comes, with no third person in between."""

import pytest

from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.domain.usage import activations_of
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.change_seat import remove_user, set_max_activations
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.idempotency import IdempotencyKey, perform_once
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.replace_user import replace_user
from tests.mailbox import mailed_link, mails
from tests.store.costs import counted
from tests.store.seam import empty
from tests.support import ADMIN, DAY, NOW, ChangeRuntime, Vendor
from tests.usecases.people import account
from tests.usecases.receivers import Receivers, listen
from tests.usecases.support import before_write, kinds, refused

ADA, BEN, CYD = "ada@customer.test", "ben@customer.test", "cyd@customer.test"
MANAGER = Actor("user:manager@customer.test")
LATER = NOW + DAY


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With Ben on it, who may have two devices of three; there is no room for another user."""
    license = vendor.issue("revit", max_activations=3, max_license_users=1)
    vendor.assign(license, BEN, 2)
    return license


def put(vendor: Vendor, license: License, by: str = ADA, actor: Actor = ADMIN) -> tuple[int | None, str | None]:
    """Replace Ben; answers the new seat's limit, and the initial password."""
    _, seat, user = replace_user(vendor.code, license.id, BEN, by, actor, now=vendor.now)
    return seat.max_activations, initial_password(user)


def test_who_comes_gets_the_seat_of_who_leaves_with_its_limit_and_none_of_its_devices(
    vendor: Vendor, license: License
) -> None:
    bens = initial_password(account(vendor, BEN))
    for device in ("a", "b"):
        vendor.activate(BEN, device, bens)
    limit, adas = put(vendor, license, " Ada@Customer.TEST ")
    assert limit == 2
    stored = vendor.stored(license)
    assert (stored.users_assigned, stored.times_activated) == (1, 0)
    with refused("license_not_found"):
        vendor.check(BEN, "a", license_id=license.id)
    vendor.activate(ADA, "a", adas)
    vendor.activate(ADA, "c", adas)
    with refused("user_activated_max_times"):
        vendor.activate(ADA, "d", adas)
    assert vendor.differences() == []


def test_it_is_one_event_of_who_leaves_that_says_who_comes(vendor: Vendor, license: License) -> None:
    vendor.activate(BEN, "pc", initial_password(account(vendor, BEN)))
    ben = account(vendor, BEN)
    put(vendor, license)
    assert sorted(kinds(vendor, license)) == ["device_activated", "user_assigned", "user_replaced"]
    (event,) = [event for event in vendor.history(license) if event.type == "user_replaced"]
    assert (event.user, event.user_id, event.actor) == (BEN, ben.id, ADMIN)
    assert event.detail == {"devices": 1, "replaced_by": ADA, "replaced_by_id": account(vendor, ADA).id}
    assert activations_of(event) == -1


def test_who_comes_is_invited_or_mailed_and_named_as_where_somebody_is_assigned(
    vendor: Vendor, license: License
) -> None:
    profile = Profile("Ada", "King", "+41 44")
    _, seat, user = replace_user(
        vendor.code, license.id, BEN, ADA, MANAGER, profile=profile, invite=True, now=vendor.now
    )
    assert (seat.first_name, seat.last_name, seat.phone_number) == ("Ada", "King", "+41 44")
    assert user.invited_at == vendor.now
    assert mailed_link(vendor, ADA)
    (event,) = [event for event in vendor.history(license) if event.type == "user_replaced"]
    assert event.detail["invited"] == 1
    other = vendor.issue("revit", max_license_users=1)
    vendor.assign(other, BEN)
    replace_user(vendor.code, other.id, BEN, ADA, MANAGER, invite=False, now=vendor.now)
    assert len(mails(vendor, ADA)) == 2


def test_the_account_of_who_leaves_stays_and_may_come_back(vendor: Vendor, license: License) -> None:
    before = account(vendor, BEN)
    put(vendor, license)
    assert account(vendor, BEN).password_hash == before.password_hash
    replace_user(vendor.code, license.id, ADA, BEN, ADMIN, now=LATER)
    assert vendor.stored(license).users_assigned == 1
    vendor.activate(BEN, "pc", initial_password(before), now=LATER)


def test_refusals_come_in_order_and_change_nothing(vendor: Vendor, license: License) -> None:
    other = vendor.issue("viewer")
    vendor.assign(vendor.issue("revit", max_license_users=1), CYD)
    close_account(vendor.code, CYD, ADMIN, now=NOW)
    before = vendor.stored(license)
    with refused("license_not_found"):
        replace_user(vendor.code, 1, BEN, ADA, ADMIN, now=NOW)
    with refused("license_not_found"):
        replace_user(vendor.code, 1, "nobody@customer.test", ADA, ADMIN, now=NOW)
    for leaving in (ADA, "nobody@customer.test"):
        with refused("user_not_found"):
            replace_user(vendor.code, license.id, leaving, BEN, ADMIN, now=NOW)
    with refused("user_not_found"):
        replace_user(vendor.code, other.id, BEN, ADA, ADMIN, now=NOW)
    with refused("user_already_assigned"):
        put(vendor, license, BEN)
    with refused("account_closed"):
        put(vendor, license, CYD)
    for malformed in ("", "ada"):
        with refused("email_malformed"):
            put(vendor, license, malformed)
    assert vendor.stored(license) == before
    assert kinds(vendor, license) == ["user_assigned"]


def test_who_has_a_seat_gets_no_second_one(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=3)
    for email in (ADA, BEN):
        vendor.assign(license, email)
    with refused("user_already_assigned"):
        put(vendor, license)
    put(vendor, license, CYD)
    with refused("user_not_found"):
        put(vendor, license, CYD)
    assert vendor.stored(license).users_assigned == 2


def test_a_license_that_is_disabled_is_prepared_for_somebody_else(vendor: Vendor, license: License) -> None:
    set_enabled(vendor.code, license.id, False, ADMIN, now=NOW)
    put(vendor, license)
    assert vendor.stored(license).users_assigned == 1


def test_a_customer_frees_no_more_devices_than_could_be_taken_again(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=3, max_license_users=1, max_transfers=1)
    _, password = vendor.assign(license, BEN, 2)
    vendor.activate(BEN, "a", password)
    vendor.activate(BEN, "b", password)
    with refused("device_transfer_limit_reached"):
        put(vendor, license, actor=MANAGER)
    vendor.deactivate(BEN, "b")
    vendor.activate(BEN, "b", password)
    assert vendor.stored(license).released == 0
    put(vendor, license)
    assert vendor.stored(license).released == 0, "what the vendor frees is given up by nobody"


def test_what_a_customer_frees_is_released_so_that_the_next_device_is_a_transfer(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_activations=3, max_license_users=1, max_transfers=1)
    _, password = vendor.assign(license, BEN, 2)
    vendor.activate(BEN, "a", password)
    adas = put(vendor, license, actor=MANAGER)[1]
    assert vendor.stored(license).released == 1
    vendor.activate(ADA, "b", adas)
    assert vendor.stored(license).transfer_count == 1


def test_a_limit_that_is_changed_at_the_same_time_is_that_of_who_comes(vendor: Vendor, license: License) -> None:
    lower = lambda: set_max_activations(vendor.code, license.id, BEN, 1, ADMIN, now=NOW)  # noqa: E731 - short and local
    with before_write(1, lower) as done:
        assert put(vendor, license)[0] == 1
    assert done()


def test_a_device_that_is_activated_at_the_same_time_is_freed(vendor: Vendor, license: License) -> None:
    password = initial_password(account(vendor, BEN))
    with before_write(1, lambda: vendor.activate(BEN, "pc", password)) as done:
        put(vendor, license)
    assert done()
    assert vendor.stored(license).times_activated == 0
    assert vendor.differences() == []


def test_who_is_removed_at_the_same_time_is_replaced_by_nobody(vendor: Vendor, license: License) -> None:
    leave = lambda: remove_user(vendor.code, license.id, BEN, ADMIN, now=NOW)  # noqa: E731 - short and local
    with before_write(1, leave), refused("user_not_found"):
        put(vendor, license)
    assert vendor.stored(license).users_assigned == 0


def test_a_form_that_is_sent_again_is_answered_as_before(vendor: Vendor, license: License) -> None:
    def once() -> object:
        call = lambda: replace_user(vendor.code, license.id, BEN, ADA, ADMIN, now=NOW)  # noqa: E731 - short and local
        key = IdempotencyKey("session", f"{vendor.code} nonce", "content")
        return perform_once(key, call, lambda replaced: {"user": replaced[1].email}, now=NOW).answer

    assert [once(), once()] == [{"user": ADA}] * 2
    assert kinds(vendor, license).count("user_replaced") == 1


def test_what_it_costs_does_not_grow_with_the_devices(vendor: Vendor) -> None:
    costs = []
    for devices in (0, 1, 12):
        license = vendor.issue("revit", max_activations=None, max_license_users=1)
        _, password = vendor.assign(license, BEN, None)
        for number in range(devices):
            vendor.activate(BEN, f"pc {number}", password)
        with counted() as cost:
            put(vendor, license, f"new{devices}@customer.test")
        costs.append((cost.round_trips, cost.write_units))
    assert costs[0] == costs[1] == costs[2]


def test_a_webhook_says_of_both_what_each_is(vendor: Vendor, change_runtime: ChangeRuntime) -> None:
    empty("licenses")  # what other tests have left to be delivered
    receivers = Receivers()
    change_runtime(webhooks=receivers)
    listen(vendor, "license.license_user.*", "user.invited")
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, BEN)
    replace_user(vendor.code, license.id, BEN, ADA, ADMIN, invite=True, now=LATER)
    deliver_events(now=LATER)
    ben, ada = account(vendor, BEN), account(vendor, ADA)
    heard = {body["event"]: body for body in receivers.bodies()}
    came, left = heard["license.license_user.assigned"], heard["license.license_user.unassigned"]
    assert (left["user_id"], left["data"]["license_user"]["true_email"]) == (ben.id, BEN)
    assert left["data"]["changed"] == {"devices": 0, "replaced_by": ADA, "replaced_by_id": ada.id}
    assert (came["user_id"], came["data"]["license_user"]["true_email"]) == (ada.id, ADA)
    assert came["data"]["changed"] == {"invited": 1, "replaces": BEN, "replaces_id": ben.id}
    assert heard["user.invited"]["user_id"] == ada.id
