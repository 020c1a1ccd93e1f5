"""License users by the Management API: who has a seat, since when, and how the person gets in."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from chalicelib.store import orders, seats, writes
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.keys import user_sort_key
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.change_seat import set_max_activations
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.order_managers import add_manager, find_managers, find_order
from chalicelib.usecases.passwords import verify_password
from chalicelib.usecases.sessions import log_in_to_portal
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.store.faults import Crash
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import before_write

ADA, BOB = "ada@customer.test", "bob@customer.test"
CHOSEN = "correct horse battery"


@pytest.fixture
def license(vendor: Vendor) -> License:
    return vendor.issue("revit", max_license_users=3)


def assign(shop: VendorsServer, license: License, email: str = ADA, **more: Any) -> Any:
    return granted(shop.post(f"licenses/{license.id}/assign_user", {"email": email, **more}))


def listed(shop: VendorsServer, query: str = "") -> Any:
    return granted(shop.get(f"license-users{query}"))


def emails(page: Any) -> list[str]:
    return [row["email"] for row in page["results"]]


# --- assign --------------------------------------------------------------------------------------------------------


def test_who_is_new_gets_a_seat_and_an_initial_password_that_is_answered_once(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    answer = assign(shop, license, first_name="Ada", phone_number="+44 20", max_activations=3)
    assert answer["message"] == "License assigned."
    user = find_account(vendor.code, ADA)
    assert verify_password(user.password_hash, answer["new_password"])
    (row,) = listed(shop, f"?license_id={license.id}")["results"]
    assert (row["initial_password"], row["is_initial_password"]) == (None, True)
    assert (row["seat"]["first_name"], row["seat"]["phone_number"], row["first_name"]) == ("Ada", "+44 20", "")
    (event,) = [event for event in vendor.history(license) if event.type == "user_assigned"]
    assert (event.user, event.actor.is_server) == (ADA, True)


def test_who_has_an_account_keeps_the_password(shop: VendorsServer, vendor: Vendor, license: License) -> None:
    other = vendor.issue("revit")
    first = assign(shop, other, password=CHOSEN)
    assert first["new_password"] == CHOSEN
    assert assign(shop, license, password="another horse battery")["new_password"] is None
    assert verify_password(find_account(vendor.code, ADA).password_hash, CHOSEN)


def test_a_password_that_opens_no_license_more_is_made_anew_and_answered(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    elsewhere = vendor.issue("revit", customer="other@customer.test")
    first = assign(shop, elsewhere)["new_password"]
    granted(shop.post(f"licenses/{elsewhere.id}/unassign_user", {"license_user_email": ADA}))
    second = assign(shop, license)["new_password"]
    assert second not in (None, first)
    assert verify_password(find_account(vendor.code, ADA).password_hash, second)


def test_a_seat_has_one_activation_unless_more_is_said(shop: VendorsServer, license: License) -> None:
    assign(shop, license)
    assign(shop, license, BOB, max_activations=5, total_activations=0, is_manager=False)
    rows = listed(shop, f"?license_id={license.id}")["results"]
    assert {row["email"]: row["seat"]["max_activations"] for row in rows} == {ADA: 1, BOB: 5}


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"first_name": "x" * 101}, "first_name"),
        ({"phone_number": "\x07"}, "phone_number"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"is_manager": "yes"}, "is_manager"),
        ({"total_activations": 2}, "total_activations"),
        ({"max_activations": -1}, "max_activations"),
        ({"username": ADA}, "username"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nobody_gets_a_seat(
    shop: VendorsServer, vendor: Vendor, license: License, sent: dict[str, Any], field: str
) -> None:
    answer = shop.post(f"licenses/{license.id}/assign_user", {"email": ADA} | sent)
    assert refused(answer, 400) == "validation_error"
    assert [*answer.json()["errors"]] == [field]
    assert vendor.stored(license).users_assigned == 0


def test_why_nobody_gets_a_seat_is_told_by_its_code(shop: VendorsServer, vendor: Vendor, license: License) -> None:
    def code(of: License, email: str, status: int, **more: Any) -> str:
        return refused(shop.post(f"licenses/{of.id}/assign_user", {"email": email, **more}), status)

    assign(shop, license)
    assert code(license, ADA, 409) == "user_already_assigned"
    assert code(license, BOB, 400, max_activations=6) == "max_activations_too_high"
    for n in range(2):
        assign(shop, license, f"n{n}@customer.test")
    assert code(license, BOB, 409) == "license_users_limit_reached"
    assert code(vendor.issue(), BOB, 400) == "validation_error"


# --- assign a manager ------------------------------------------------------------------------------------------------


def managers(vendor: Vendor, license: License) -> list[str]:
    return [user.email for user in find_managers(find_order(vendor.code, license.order_id or ""))]


def test_who_gets_a_seat_may_manage_the_order_and_a_new_account_has_one_password(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    done = assign(shop, license, is_manager=1, password=CHOSEN, first_name="Ada")
    assert done["new_password"] == CHOSEN
    user = find_account(vendor.code, ADA)
    assert (user.is_manager, user.is_initial_password, user.first_name) == (True, True, "")
    assert verify_password(user.password_hash, CHOSEN)
    assert (managers(vendor, license), vendor.stored(license).users_assigned) == ([ADA], 1)
    vendor.activate(ADA, "pc", CHOSEN, license_id=license.id)
    rows = [{"email": BOB, "is_manager": True}, {"email": "c@customer.test", "is_manager": False}]
    answer = granted(shop.post(f"licenses/{license.id}/assign_users", {"emails": rows}))
    assert [(row["new_user"], row["status"]) for row in answer] == [(True, "done")] * 2
    assert verify_password(find_account(vendor.code, BOB).password_hash, answer[0]["password"])
    assert managers(vendor, license) == [ADA, BOB]


def test_what_was_cut_short_is_shown_by_the_same_call_with_its_key(shop: VendorsServer, vendor: Vendor) -> None:
    vendor.issue("viewer", order_id="A")
    vendor.now += 1
    license = vendor.issue("revit", order_id="A", max_license_users=1)
    path, body = f"licenses/{license.id}/assign_user", {"email": ADA, "is_manager": True}
    with patch.object(orders, "backfill_managers", side_effect=Unavailable("too_many_rivals")):
        first = granted(shop.post(path, body, Idempotency_Key="one call"))
    assert find_order(vendor.code, "A").pending_managers
    assert granted(shop.post(path, body, Idempotency_Key="one call")) == first
    shown = [*orders.read_managed_licenses(vendor.code, find_account(vendor.code, ADA).id)]
    assert (len(shown), find_order(vendor.code, "A").pending_managers) == (2, frozenset())


def proved(vendor: Vendor, license: License) -> None:
    """The person has chosen a password by a mailed code."""
    user, _ = vendor.assign(license, ADA)
    item = UserItem(vendor.code, user_sort_key(user.id))
    writes.update(item, [UserItem.email_verified.set(True), UserItem.password_scope.remove()])


def of_the_same_customer(vendor: Vendor, license: License) -> None:
    """The person manages another order of it, with an initial password."""
    vendor.issue("revit", customer=license.customer, manager=ADA)


@pytest.mark.parametrize("before", [proved, of_the_same_customer])
def test_an_account_that_is_there_keeps_its_password_and_none_is_answered(
    shop: VendorsServer, vendor: Vendor, license: License, before: Callable[[Vendor, License], None]
) -> None:
    before(vendor, vendor.issue("revit", customer=license.customer))
    was = find_account(vendor.code, ADA)
    assert assign(shop, license, is_manager=True, password=CHOSEN)["new_password"] is None
    now = find_account(vendor.code, ADA)
    assert (now.password_hash, now.session_epoch) == (was.password_hash, was.session_epoch)
    assert managers(vendor, license) == [ADA]


@pytest.mark.parametrize("customer", ["other@customer.test", "office@customer.test"])
def test_who_has_a_password_that_others_may_know_is_not_let_in_and_not_locked_out(
    shop: VendorsServer, vendor: Vendor, customer: str
) -> None:
    license = vendor.issue("revit", customer="office@customer.test", max_license_users=2)
    vendor.assign(vendor.issue("revit", customer=customer), ADA)
    was = find_account(vendor.code, ADA)
    answer = shop.post(f"licenses/{license.id}/assign_user", {"email": ADA, "is_manager": True})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["is_manager"])
    (row,) = granted(shop.post(f"licenses/{license.id}/assign_users", {"emails": [{"email": ADA, "is_manager": True}]}))
    assert (row["status"], row["error"]["code"], row["password"]) == ("refused", "validation_error", None)
    assert (find_account(vendor.code, ADA), managers(vendor, license)) == (was, [])
    assert vendor.stored(license).users_assigned == 0


def test_of_who_has_a_seat_it_is_not_said_that_he_manages_what_he_does_not(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    path, rows = f"licenses/{license.id}/assign_users", [{"email": ADA, "is_manager": True}, {"email": BOB}]
    vendor.assign(license, ADA)
    for outcome in ("refused", "done"):
        ada, bob = granted(shop.post(path, {"emails": rows}))
        code = ada["error"] and ada["error"]["code"]
        assert (ada["status"], code) == (outcome, "user_already_assigned" if outcome == "refused" else None)
        assert (bob["status"], ada["password"]) == ("done", None)
        assert managers(vendor, license) == ([] if outcome == "refused" else [ADA])
        add_manager(vendor.code, license.order_id or "", ADA, ADMIN, now=NOW)


def test_nobody_manages_what_there_is_no_seat_on(shop: VendorsServer, vendor: Vendor) -> None:
    full, by_key = vendor.issue("revit", max_license_users=0), vendor.issue()
    for license, code, status in ((full, "license_users_limit_reached", 409), (by_key, "validation_error", 400)):
        answer = shop.post(f"licenses/{license.id}/assign_user", {"email": ADA, "is_manager": True})
        assert refused(answer, status) == code
        assert managers(vendor, license) == []


def test_who_manages_the_order_already_is_given_a_seat(shop: VendorsServer, vendor: Vendor, license: License) -> None:
    add_manager(vendor.code, license.order_id or "", ADA, ADMIN, now=NOW)
    was = find_account(vendor.code, ADA)
    assert assign(shop, license, is_manager=True)["new_password"] is None
    assert find_account(vendor.code, ADA).password_hash == was.password_hash
    assert (managers(vendor, license), vendor.stored(license).users_assigned) == ([ADA], 1)


def test_who_has_not_heard_of_the_password_is_answered_it_again(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    body = {"email": ADA, "is_manager": True}
    with patch.object(orders, "backfill_managers", side_effect=Crash), pytest.raises(Crash):
        shop.post(f"licenses/{license.id}/assign_user", body, Idempotency_Key="once")
    made = granted(shop.post(f"licenses/{license.id}/assign_user", body, Idempotency_Key="once"))
    assert verify_password(find_account(vendor.code, ADA).password_hash, made["new_password"])


def test_who_adds_a_manager_needs_the_scope_of_orders_and_all_products(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    body = {"email": ADA, "is_manager": True}
    for key, code in (
        (new_key(vendor, "users:write"), "management_key_scope_missing"),
        (new_key(vendor, products=frozenset({"revit"})), "management_key_product_not_allowed"),
    ):
        other = VendorsServer(key, shop.http)
        assert refused(other.post(f"licenses/{license.id}/assign_user", body), 403) == code
        assert refused(other.post(f"licenses/{license.id}/assign_users", {"emails": [body]}), 403) == code
    assert managers(vendor, license) == []


# --- unassign ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["license_user_id", "license_user_email"])
def test_a_seat_is_taken_by_id_or_by_email_with_its_devices(
    shop: VendorsServer, vendor: Vendor, license: License, by: str
) -> None:
    user, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password, license_id=license.id)
    named: Any = user.id if by == "license_user_id" else "Ada@Customer.test"
    done = granted(shop.post(f"licenses/{license.id}/unassign_user", {by: named}))
    assert done == {"message": "License unassigned."}
    stored = vendor.stored(license)
    assert (stored.users_assigned, stored.times_activated) == (0, 0)
    assert refused(shop.post(f"licenses/{license.id}/unassign_user", {by: named}), 404) == "user_not_found"


def test_the_seat_that_was_changed_meanwhile_stays(shop: VendorsServer, vendor: Vendor, license: License) -> None:
    user, _ = vendor.assign(license, ADA)
    set_max_activations(vendor.code, license.id, ADA, 3, ADMIN, now=NOW)
    path, body = f"licenses/{license.id}/unassign_user", {"license_user_id": user.id}
    assert refused(shop.post(path, body, If_Match='"0"'), 412) == "revision_changed"
    assert seats.read_seat(vendor.code, license.id, user.id) is not None
    granted(shop.post(path, body, If_Match='"1"'))


def test_of_two_at_once_the_seat_is_not_taken_that_was_not_meant(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    user, _ = vendor.assign(license, ADA)

    def rival() -> None:
        set_max_activations(vendor.code, license.id, ADA, 3, ADMIN, now=NOW)

    path, body = f"licenses/{license.id}/unassign_user", {"license_user_id": user.id}
    with before_write(3, rival) as done:  # behind the two that note the key and count the call
        assert refused(shop.post(path, body, If_Match='"0"'), 412) == "revision_changed"
    assert done()
    assert seats.read_seat(vendor.code, license.id, user.id) is not None


@pytest.mark.parametrize("body", [{}, {"license_user_id": 1, "license_user_email": ADA}])
def test_whose_seat_is_taken_is_said_in_one_way(shop: VendorsServer, license: License, body: Any) -> None:
    answer = shop.post(f"licenses/{license.id}/unassign_user", body)
    assert refused(answer, 400) == "validation_error"
    assert "license_user_id or by license_user_email" in answer.json()["detail"]


# --- who there is --------------------------------------------------------------------------------------------------


def test_all_users_of_the_company_are_walked_and_counted(shop: VendorsServer, vendor: Vendor) -> None:
    licenses = [vendor.issue("revit") for _ in range(2)]
    people = {f"n{n}@customer.test" for n in range(5)}
    for n, email in enumerate(sorted(people)):
        vendor.assign(licenses[n % 2], email)
    page, seen = listed(shop, "?limit=2"), list[str]()
    while True:
        seen += emails(page)
        assert page["count"] == 5
        if page["next"] is None:
            break
        page = granted(shop.get(page["next"]))
    assert (len(seen), {*seen}) == (5, people)
    assert emails(listed(shop, "?limit=2&offset=3")) == seen[3:]


def test_the_users_of_a_license_are_walked_and_what_a_batch_has_reserved_is_none_yet(
    shop: VendorsServer, vendor: Vendor
) -> None:
    license, other = (vendor.issue("revit") for _ in range(2))
    for n in range(3):
        vendor.assign(license, f"n{n}@customer.test")
    vendor.assign(other, BOB)
    start_batch(vendor.code, license.id, "late@customer.test", True, ADMIN, now=NOW)
    page = listed(shop, f"?license_id={license.id}&limit=2")
    following = granted(shop.get(page["next"]))
    assert [len(emails(part)) for part in (page, following)] == [2, 1]
    assert [part["count"] for part in (page, following)] == [3, 3]
    assert following["next"] is None
    assert {row["seat"]["license"] for row in page["results"]} == {license.id}
    assert refused(shop.get("license-users?license_id=1"), 404) == "license_not_found"


@pytest.mark.parametrize("name", ["email", "true_email__iexact"])
def test_one_is_found_by_the_email_in_any_letters(
    shop: VendorsServer, vendor: Vendor, license: License, name: str
) -> None:
    vendor.assign(license, ADA)
    vendor.assign(vendor.issue("revit"), BOB)
    page = listed(shop, f"?{name}=ADA@customer.test")
    assert (page["count"], emails(page), page["results"][0]["seat"]) == (1, [ADA], None)
    assert listed(shop, f"?{name}=nobody@customer.test")["count"] == 0
    assert listed(shop, f"?{name}={ADA}&license_id={license.id}")["results"][0]["seat"]["license"] == license.id
    assert emails(listed(shop, f"?{name}={BOB}&license_id={license.id}")) == []
    assert refused(shop.get(f"license-users?{name}=nobody"), 400) == "validation_error"


def test_two_emails_are_nobodys(shop: VendorsServer, vendor: Vendor, license: License) -> None:
    vendor.assign(license, ADA)
    assert emails(listed(shop, f"?email={ADA}&true_email__iexact={BOB}")) == []


def test_one_is_shown_with_how_many_licenses_there_are(shop: VendorsServer, vendor: Vendor, license: License) -> None:
    user, _ = vendor.assign(license, ADA)
    vendor.assign(vendor.issue("revit"), ADA)
    assert granted(shop.get(f"license-users/{user.id}")) == {
        "id": user.id,
        "last_login": None,
        "email": ADA,
        "true_email": ADA,
        "first_name": "",
        "last_name": "",
        "phone_number": "",
        "created_at": to_iso(user.created_at),
        "updated_at": to_iso(user.created_at),
        "is_active": True,
        "is_manager": False,
        "is_initial_password": True,
        "initial_password": None,
        "metadata": {},
        "revision": 0,
        "total_licenses": 2,
        "customer_accounts": [],
    }


def test_it_is_told_when_a_person_logged_in_last_and_when_what_is_said_of_it_was_changed(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    user, password = vendor.assign(license, ADA)
    log_in_to_portal(vendor.code, ADA, password or "", now=NOW + 5)
    changed = granted(shop.call("PATCH", f"license-users/{user.id}", {"metadata": {"crm": 17}}))
    assert (changed["last_login"], changed["revision"]) == (to_iso(NOW + 5), 1)
    at = changed["updated_at"]
    assert (at > changed["created_at"], changed["metadata"]) == (True, {"crm": 17})
    named = granted(shop.call("PATCH", f"license-users/{user.id}", {"first_name": "Ada"}))
    assert (named["metadata"], named["updated_at"] >= at) == ({"crm": 17}, True)
    (seated,) = granted(shop.get(f"licenses/{license.id}"))["license_users"]
    (row,) = listed(shop)["results"]
    for one in (seated, row):
        assert (one["last_login"], one["updated_at"]) == (to_iso(NOW + 5), named["updated_at"])
    partner = VendorsServer(new_key(vendor, products=frozenset({"revit"})), shop.http)
    (of_one,) = listed(partner, f"?license_id={license.id}")["results"]
    (seated,) = granted(partner.get(f"licenses/{license.id}"))["license_users"]
    assert (of_one["last_login"], of_one["metadata"], seated["last_login"]) == (None, {}, None)
    wrong = shop.call(
        "PATCH", f"license-users/{user.id}", {"metadata": {"note": "x" * 17_000}, "first_name": "x" * 200}
    )
    assert (refused(wrong, 400), [*wrong.json()["errors"]]) == ("validation_error", ["first_name", "metadata"])


def test_a_person_belongs_to_the_accounts_of_those_whose_licenses_it_uses_and_to_the_own(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    user, _ = vendor.assign(license, ADA)
    vendor.assign(vendor.issue("revit", customer=ADA), ADA)
    ids = [granted(shop.post("customer-accounts", {"name": name}), 201)["id"] for name in ("Group", "Own", "Other")]
    for email, account in ((license.customer, ids[0]), (ADA, ids[1])):
        (customer,) = granted(shop.get(f"customers?email={email}"))["results"]
        granted(shop.call("PATCH", f"customers/{customer['id']}", {"customer_account": account}))
    path = f"license-users/{user.id}"
    assert [one["name"] for one in granted(shop.get(path))["customer_accounts"]] == ["Group", "Own"]
    server = VendorsServer(new_key(vendor, "users:read"), shop.http)
    assert granted(server.get(path))["customer_accounts"] == []


def test_a_user_of_another_company_does_not_exist(shop: VendorsServer, vendor: Vendor) -> None:
    other = Vendor(now=NOW)
    user, _ = other.assign(other.issue("revit"), ADA)
    assert refused(shop.get(f"license-users/{user.id}"), 404) == "user_not_found"
    assert emails(listed(shop, f"?email={ADA}")) == []
    assert emails(listed(shop)) == []


# --- passwords -----------------------------------------------------------------------------------------------------


def test_a_password_is_set_by_id_or_by_email_and_is_to_be_chosen_anew(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    user, _ = vendor.assign(license, ADA)
    for path, password in ((f"{user.id}/set_password", CHOSEN), (f"set_password?email={ADA}", f"another {CHOSEN}")):
        done = granted(shop.post(f"license-users/{path}", {"password": password}))
        assert done == {"message": "Password set."}
        stored = find_account(vendor.code, ADA)
        assert (verify_password(stored.password_hash, password), stored.is_initial_password) == (True, True)
    vendor.activate(ADA, "pc", f"another {CHOSEN}", license_id=license.id)


def test_a_password_that_is_guessed_first_is_refused_and_one_of_another_revision_kept(
    shop: VendorsServer, vendor: Vendor, license: License
) -> None:
    user, password = vendor.assign(license, ADA)
    path = f"license-users/{user.id}/set_password"
    answer = shop.post(path, {"password": "password"})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["password"])
    assert refused(shop.post(path, {"password": CHOSEN}, If_Match='"7"'), 412) == "revision_changed"
    assert (
        refused(shop.post("license-users/set_password?email=x@y.test", {"password": CHOSEN}), 404) == "user_not_found"
    )
    assert verify_password(find_account(vendor.code, ADA).password_hash, password or "")
