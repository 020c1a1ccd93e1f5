"""What a manager may do is the vendor's to say: each route that needs a permission is refused without it."""

import re
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from chalicelib.domain.invitation import AGAIN_MS, invitation_state
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.domain.permissions import PERMISSIONS, Permission
from chalicelib.store import accounts, batches, licenses
from chalicelib.usecases import change_license
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.batch_assign import continue_batch, start_batch
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_email import MAX_SEATS
from chalicelib.usecases.idempotency import perform_once
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.order_managers import change_order, remove_manager
from chalicelib.usecases.remove_person import remove_person
from tests.portal.browser import Browser, Page, browser_of
from tests.portal.test_access import ADA, OF_LICENSES, OTHERS, real_now
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, account, chosen, issued
from tests.usecases.receivers import told_of_all

ONE, USER = "/portal/licenses/{license_id}", "/portal/licenses/{license_id}/users/{user_id}"
BATCH = "/portal/licenses/{license_id}/users/batch"
EVERYBODY: set[tuple[str, str]] = {
    (ONE, "GET"),
    (ONE + "/history", "GET"),
    (ONE + "/export/{name}", "GET"),
    (ONE + "/devices", "GET"),
    (ONE + "/devices/{device}", "GET"),
    (ONE + "/users", "GET"),
    (BATCH + "/{batch_id}", "GET"),  # how far it is
    (BATCH + "/{batch_id}/result.csv", "GET"),  # without passwords, for who may see none
    (BATCH + "/{batch_id}/end", "GET"),
    (BATCH + "/{batch_id}/end", "POST"),  # it gives back what is reserved
}
"""Routes that no permission is needed for: they show what there is."""
NEEDS: dict[str, tuple[Permission, ...]] = {
    ONE + "/name": ("name_license",),
    ONE + "/reset": ("reset_license",),
    ONE + "/disable": ("disable_license",),
    ONE + "/enable": ("disable_license",),
    ONE + "/devices/{device}/reset": ("reset_devices",),
    ONE + "/users/assign": ("assign_users",),
    ONE + "/users/chosen?do=reset": ("reset_devices",),
    ONE + "/users/chosen?do=limit": ("set_max_activations",),
    ONE + "/users/chosen?do=replace": ("remove_users", "assign_users"),
    ONE + "/users/chosen?do=remove": ("remove_users",),
    ONE + "/users/restore": ("assign_users",),
    BATCH: ("assign_users",),
    BATCH + "/start": ("assign_users",),
    BATCH + "/{batch_id}": ("assign_users",),
    USER + "/initial-password": ("set_passwords",),
    USER + "/invitation": ("assign_users",),
    USER + "/email": ("change_emails",),
    USER + "/password": ("set_passwords",),
    USER + "/limit": ("set_max_activations",),
    USER + "/reset": ("reset_devices",),
    USER + "/replace": ("remove_users", "assign_users"),
    USER + "/remove": ("remove_users",),
}
"""What all others need."""
OVER_LICENSES: dict[str, Permission] = {
    "/portal/people/{user_id}/leave": "remove_users",
    "/portal/invited/again": "assign_users",
}
"""Forms over several licenses, and what they need of each."""
OF_ONESELF = re.compile(r"/portal/(log-|forgotten|invitation|account|password)")
"""Forms that are about the own account."""
REFUSED = "A vendor has not allowed this for your order."


def routes() -> Iterator[tuple[str, str, tuple[Permission, ...]]]:
    """Each route with its method and what it needs."""
    for path, needed in NEEDS.items():
        for route, method in OF_LICENSES:
            if route == path.partition("?")[0] and (route, method) not in EVERYBODY:
                yield path, method, needed


@dataclass(frozen=True)
class Shop:
    """A license with one user, a device, and a batch that is under way."""

    vendor: Vendor
    license: License
    user_id: int
    batch_id: int

    def deny(self, *denied: Permission) -> None:
        change_order(
            self.vendor.code, self.license.order_id or "", ADMIN, denied=frozenset(denied), now=self.vendor.now
        )

    def address(self, path: str) -> str:
        boxed = f"{path}&user-{self.user_id}=on" if "?" in path else path
        boxed = boxed.replace("{batch_id}", str(self.batch_id)).replace("{user_id}", str(self.user_id))
        return boxed.format(license_id=self.license.id, device=f"{hash_hardware_id('pc')}-{self.user_id}")

    def stored(self) -> object:
        """All that a form of a manager's may change."""
        code, id, now = self.vendor.code, self.license.id, self.vendor.stored(self.license)
        people = (
            list(licenses.seats(code, id)),
            list(batches.all_pending(code, id)),
            accounts.read_user(code, self.user_id),
        )
        return now, people, self.vendor.history(self.license)


@pytest.fixture
def shop() -> Shop:
    vendor = real_now()
    license = issued(vendor, max_license_users=9)
    user, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    batch_id = start_batch(vendor.code, license.id, "bob@victim.test", True, ADMIN, now=vendor.now)
    return Shop(vendor, license, user.id, batch_id)


def is_refused(page: Page) -> bool:
    return (page.status, REFUSED in page.words) == (403, True)


def test_what_each_route_needs_is_said() -> None:
    of_everybody = {(path, method) for path, method in OF_LICENSES if (path, method) in EVERYBODY}
    assert of_everybody == EVERYBODY
    needing = {(path.partition("?")[0], method) for path, method, _ in routes()}
    assert sorted(needing | EVERYBODY) == OF_LICENSES
    assert {permission for needed in NEEDS.values() for permission in needed} == set(PERMISSIONS)
    others = {path for path, method in OTHERS if method == "POST" and not OF_ONESELF.match(path)}
    assert others == OVER_LICENSES.keys()


def asked(browser: Browser, address: str, method: str, **fields: str) -> Page:
    """What is at an address; a form is sent with what the address says."""
    path, _, query = address.partition("?")
    return browser.get(address) if method == "GET" else browser.post(path, dict(parse_qsl(query)) | fields)


@pytest.mark.parametrize("denied", PERMISSIONS)
def test_a_route_is_refused_where_what_it_needs_is_denied_and_no_other(shop: Shop, denied: Permission) -> None:
    manager = browser_of(shop.vendor, MANAGER)
    shop.deny(denied)
    before = shop.stored()
    for path, method, needed in routes():
        page = asked(manager, shop.address(path), method, form="x.y")
        assert is_refused(page) == (denied in needed), (method, path, page.status)
    assert shop.stored() == before


TYPED: dict[str, dict[str, str]] = {
    ONE + "/name": {"name": "Studio"},
    ONE + "/users/assign": {"people": "eve@victim.test"},
    ONE + "/users/chosen?do=limit": {"max_activations": "3"},
    BATCH + "/start": {"people": "fay@victim.test"},
    USER + "/email": {"email": "ada@other.test"},
    USER + "/limit": {"max_activations": "3"},
    USER + "/replace": {"email": "eve@victim.test"},
}
"""What is typed into forms."""
FORMS = [path for path, method, _ in routes() if method == "POST" and path != BATCH]  # that shows a preview


def form_of(shop: Shop, manager: Browser, path: str) -> dict[str, str]:
    """The fields of the form that goes to a route, as its page fills them in, with what is typed."""
    if path == ONE + "/enable":
        manager.send(shop.address(ONE + "/disable"))
    if path == BATCH + "/start":
        page = manager.send(shop.address(BATCH), people=TYPED[path]["people"])
    elif path == ONE + "/users/restore":
        if not list(licenses.seats(shop.vendor.code, shop.license.id)):
            shop.vendor.assign(shop.license, ADA)
        page = manager.send(shop.address(ONE + "/users/chosen?do=remove"), shop.address(ONE + "/users/chosen"))
    else:
        page = manager.get(shop.address(path))
    typed = {f"user-{shop.user_id}": "eve@victim.test"} if path.endswith("do=replace") else TYPED.get(path, {})
    return page.form(shop.address(path).partition("?")[0]).fields | typed


@pytest.mark.parametrize("path", FORMS)
def test_a_form_writes_nothing_whose_permission_is_taken_away_amid_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    manager = browser_of(shop.vendor, MANAGER)
    fields = form_of(shop, manager, path)
    before = shop.stored()
    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.portal.handlers.guard_permitted", lambda *_: None)  # all was read before
        shop.deny(*NEEDS[path])
        page = asked(manager, shop.address(path), "POST", **fields)
        assert any(sentence in page.words for sentence in ("has not allowed this", "licenses that you do not manage"))
        assert shop.stored() == before
    shop.deny()
    assert asked(manager, shop.address(path), "POST", **form_of(shop, manager, path)).status == 200
    assert shop.stored() != before, "the form does something else"


@pytest.mark.parametrize("path", OVER_LICENSES)
def test_nor_does_one_over_several_licenses(shop: Shop, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    given = (shop.vendor.code, shop.license.id, "eve@victim.test", 1, ADMIN)
    eve = assign_user(*given, invite=True, now=shop.vendor.now - AGAIN_MS).user
    shop = replace(shop, user_id=eve.id)
    manager = browser_of(shop.vendor, MANAGER)
    address = f"{path.format(user_id=eve.id)}?user-{eve.id}={shop.license.id}"
    form = manager.get(address)
    before, right, outside = shop.stored(), perform_once, copy_context()

    def denied_first(*given: Any, **more: Any) -> Any:
        outside.run(shop.deny, OVER_LICENSES[path])  # all was read before
        return right(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr("chalicelib.portal.handlers.perform_once", denied_first)
        assert manager.send(form).status == 200
    assert shop.stored() == before
    shop.deny()
    manager.send(address)
    assert shop.stored() != before, "the form does something else"


def test_nor_does_who_is_taken_off_the_order_amid_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = browser_of(shop.vendor, MANAGER)
    before = shop.stored()
    right, outside = change_license.set_enabled, copy_context()

    def taken_off(*given: Any, **more: Any) -> License:
        order = (shop.vendor.code, shop.license.order_id or "")
        outside.run(remove_manager, *order, MANAGER, ADMIN, now=shop.vendor.now)  # by somebody else
        return right(*given, **more)

    monkeypatch.setattr(change_license, "set_enabled", taken_off)
    page = manager.send(shop.address(ONE + "/disable"))
    assert (page.status, shop.stored()) == (403, before)
    assert manager.get(shop.address(ONE)).status == 404


def test_a_form_that_was_carried_out_is_answered_alike_after_it_is_denied(shop: Shop) -> None:
    manager = browser_of(shop.vendor, MANAGER)
    page = manager.get(shop.address(ONE + "/disable"))
    manager.send(page)
    shop.deny("disable_license")
    again = manager.send(page)
    assert (again.status, "The license is paused." in again.words) == (200, True)


def test_pages_offer_what_is_allowed_and_nothing_else(shop: Shop) -> None:
    manager = browser_of(shop.vendor, MANAGER)
    pages = (ONE, ONE + "/users", ONE + "/devices", ONE + "/devices/{device}", "/portal")

    def offered() -> set[str]:
        shown = [manager.get(shop.address(path)) for path in pages]
        links = {link.partition("?")[0] for page in shown for link in page.links}
        forms = {form.action.partition("?")[0] for page in shown for form in page.forms}
        return links | forms

    needing = {shop.address(path).partition("?")[0] for path in NEEDS} - {shop.address(BATCH + "/{batch_id}")}
    first_seen = offered() & needing
    assert len(first_seen) > 12
    shop.deny(*PERMISSIONS)
    assert not offered() & needing
    assert "Only A vendor may name the license, reset the license" in manager.get(shop.address(ONE)).words
    shop.deny()
    assert offered() & needing == first_seen


def test_who_may_show_no_passwords_invites(shop: Shop) -> None:
    manager = browser_of(shop.vendor, MANAGER)
    shop.deny("set_passwords")
    address = shop.address(ONE + "/users/assign")
    assert "how" not in manager.get(address).form(address).fields
    page = manager.send(address, people="eve@victim.test", how="show")
    assert "An invitation is on its way" in page.words
    assert invitation_state(account(shop.vendor, "eve@victim.test"), shop.vendor.now) == "open"


def test_the_result_of_a_batch_holds_no_passwords_for_who_may_see_none(shop: Shop) -> None:
    vendor, manager = shop.vendor, browser_of(shop.vendor, MANAGER)
    continue_batch(vendor.code, shop.license.id, shop.batch_id, ADMIN, lambda: True, now=vendor.now)
    file = shop.address(BATCH + "/{batch_id}/result.csv")
    password = initial_password(account(vendor, "bob@victim.test")) or ""
    assert password
    assert password in manager.get(file).answer.text
    shop.deny("set_passwords")
    assert password not in manager.get(file).answer.text


def test_the_refusal_names_whom_to_write_to(shop: Shop) -> None:
    set_branding(shop.vendor.code, None, None, ADMIN, support_email="help@vendor.test", now=shop.vendor.now)
    shop.deny("reset_license")
    page = browser_of(shop.vendor, MANAGER).get(shop.address(ONE + "/reset"))
    assert f"{REFUSED} Write to help@vendor.test ." in page.words


def test_who_leaves_the_company_keeps_the_seat_where_removing_users_is_denied(shop: Shop) -> None:
    vendor, manager = shop.vendor, browser_of(shop.vendor, MANAGER)
    other = issued(vendor)
    vendor.assign(other, ADA)
    person = f"/portal/people/{shop.user_id}"
    shop.deny("remove_users")
    asked_first = manager.get(f"{person}/leave")
    assert "The seat stays on Revit: A vendor has not allowed you to remove users there." in asked_first.words
    assert "was removed from one license." in manager.send(asked_first).words
    assert (vendor.stored(other).users_assigned, vendor.stored(shop.license).users_assigned) == (0, 2)
    assert f"{person}/leave" not in manager.get(person).links
    assert is_refused(manager.get(f"{person}/leave"))


def test_a_seat_stays_where_removing_users_is_denied_amid_it(shop: Shop) -> None:
    vendor, manager_id = shop.vendor, account(shop.vendor, MANAGER).id
    shop.deny("remove_users")
    person = (vendor.code, [shop.license.id], shop.user_id)
    removed = remove_person(*person, ADMIN, manager_id=manager_id, now=vendor.now)
    assert (removed.licenses, [error.code for error in removed.refused.values()]) == ([], ["not_allowed_by_vendor"])


def test_a_users_own_devices_are_the_users_to_reset(shop: Shop) -> None:
    shop.deny(*PERMISSIONS)
    chosen(shop.vendor, ADA)
    address = f"/portal/seats/{shop.license.id}/devices/{hash_hardware_id('pc')}-{shop.user_id}/reset"
    assert browser_of(shop.vendor, ADA).send(address).status == 200
    assert shop.vendor.stored(shop.license).times_activated == 0


def test_the_largest_change_of_a_manager_fits_into_one_transaction() -> None:
    vendor = real_now()
    told_of_all(vendor)
    held = [issued(vendor, order_id="A") for _ in range(MAX_SEATS)]
    for license in held:
        vendor.assign(license, ADA)
    address = f"/portal/licenses/{held[0].id}/users/{account(vendor, ADA).id}/email"
    assert browser_of(vendor, MANAGER).send(address, email="ada@other.test").status == 200
    assert account(vendor, "ada@other.test")
