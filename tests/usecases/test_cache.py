"""What a warm process remembers: bounded in number and time, never an absence, and never what refuses a call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import pytest
from chalice.app import Request

from chalicelib.cache import TtlCache
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import MINUTE_MS
from chalicelib.domain.license import License
from chalicelib.runtime import Caches
from chalicelib.store import writes
from chalicelib.store.items.accounts import ApiKeyItem, ProductItem
from chalicelib.store.keys import api_key_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.delete_company import delete_company
from chalicelib.web.authentication import authenticate
from infra.call import signed_headers
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import refused
from tests.web.events import event


def test_a_value_is_remembered_for_its_time_to_the_millisecond() -> None:
    memory: TtlCache[str] = TtlCache(10, MINUTE_MS)
    assert memory.get("k", lambda: "first", NOW) == "first"
    assert memory.get("k", lambda: "second", NOW + MINUTE_MS - 1) == "first"
    assert memory.get("k", lambda: "second", NOW + MINUTE_MS) == "second"


def test_a_clock_that_goes_back_remembers_nothing_of_the_future() -> None:
    memory: TtlCache[str] = TtlCache(10, MINUTE_MS)
    memory.get("k", lambda: "first", NOW)
    assert memory.get("k", lambda: "second", NOW - 1) == "second"


def test_without_a_time_it_is_for_good() -> None:
    memory: TtlCache[str] = TtlCache(10, None)
    memory.get("k", lambda: "first", NOW)
    assert memory.get("k", lambda: "second", NOW + 10**12) == "first"


def test_absence_is_never_remembered_and_a_fresh_look_forgets() -> None:
    memory: TtlCache[str] = TtlCache(10, None)
    assert memory.get("k", lambda: None, NOW) is None
    assert memory.get("k", lambda: "first", NOW) == "first"
    assert memory.get("k", lambda: "second", NOW, fresh=True) == "second"
    assert memory.get("k", lambda: None, NOW, fresh=True) is None
    assert memory.get("k", lambda: "third", NOW) == "third"


def test_no_more_than_its_size_is_kept_and_the_oldest_goes_first() -> None:
    memory: TtlCache[int] = TtlCache(2, None)
    for n in range(3):
        memory.get(n, lambda n=n: n, NOW)  # type: ignore[misc] # a default binds the loop's value
    assert [memory.get(n, lambda: -1, NOW) for n in (2, 1, 0)] == [2, 1, -1]


def test_threads_may_share_a_memory() -> None:
    memory: TtlCache[int] = TtlCache(5, MINUTE_MS)
    with ThreadPool(8) as threads:
        answers = list(threads.map(lambda n: memory.get(n % 9, lambda: n % 9, NOW + n), range(4000)))
    assert answers == [n % 9 for n in range(4000)]


# --- a refusal never rests on memory --------------------------------------------------------------------------------

Call = Callable[[Vendor, License], Any]
Change = Callable[[Vendor], Any]


@contextmanager
def denied(code: str) -> Iterator[None]:
    """What is done inside is refused with this code, by a rule or at the door."""
    with pytest.raises(SeatkeeperError) as caught:
        yield
    assert caught.value.code == code


def product_is(**values: Any) -> Change:
    """As a vendor changes a product that other processes remember."""

    def change(vendor: Vendor) -> None:
        actions = [getattr(ProductItem, name).set(value) for name, value in values.items()]
        writes.update(ProductItem(vendor.code, "product#viewer"), actions, ProductItem.pk.exists())

    return change


def key_is(**values: Any) -> Change:
    def change(vendor: Vendor) -> None:
        actions = [
            getattr(ApiKeyItem, n).remove() if v is None else getattr(ApiKeyItem, n).set(v) for n, v in values.items()
        ]
        writes.update(ApiKeyItem(vendor.code, api_key_sort_key(vendor.api_key)), actions, ApiKeyItem.pk.exists())

    return change


def by_key(vendor: Vendor, license: License) -> Any:
    return vendor.activate(license, "pc")


def on_vm(vendor: Vendor, license: License) -> Any:
    return vendor.activate(license, "vm", report={"is_vm": True})


def entering(product: str = "viewer", scope: Any = None, *, writes: bool = True) -> Call:
    def call(vendor: Vendor, _: License) -> None:
        signed = signed_headers(vendor.api_key, vendor.shared_key, vendor.now / 1000)
        request = Request(event("POST", "/api/v4/check_license", signed | {"origin": "https://app.example"}))
        caller = authenticate(request, writes=writes, now=vendor.now)
        caller.guard_origin()
        caller.guard_product(product)
        caller.guard_scope(scope)

    return call


LIFTED: dict[str, list[tuple[Change, Call, str, Change]]] = {
    "products": [
        (product_is(state="disabled"), by_key, "disabled_product", product_is(state="active")),
        (product_is(state="archived"), by_key, "archived_product", product_is(state="active")),
        (product_is(prevent_vm=True), on_vm, "vm_not_allowed", product_is(prevent_vm=False)),
    ],
    "api_keys": [
        (key_is(is_refused=True), entering(), "api_key_revoked", key_is(is_refused=False)),
        (key_is(disabled=True), entering(), "api_key_disabled", key_is(disabled=False)),
        (key_is(read_only=True), entering(), "api_key_read_only", key_is(read_only=False)),
        (key_is(require_digest=True), entering(), "api_key_digest_required", key_is(require_digest=None)),
        (key_is(origins={"https://b.example"}), entering(), "api_key_origin_not_allowed", key_is(origins=None)),
        (key_is(products={"revit"}), entering(), "api_key_product_not_allowed", key_is(products=None)),
        (key_is(scopes=None), entering(scope="people"), "api_key_scope_missing", key_is(scopes={"people"})),
    ],
    "limits_reached": [],  # refuses nothing
    "portal_hosts": [],  # likewise
    "faces": [],  # likewise
    "slots_in_use": [],  # likewise
    "full_pools": [],
    "license_ids": [],
    "user_ids": [],
    "listened_to": [],
}
"""By memory: what refuses a call, the call, the code, and what lifts it. Of full pools tests in
`test_slots`. The last three refuse no call: tests of their own below, and that of a new webhook in
`test_deliver_events`."""


@pytest.mark.parametrize(
    ("refusing", "call", "code", "lift"),
    [pytest.param(*case, id=case[2]) for cases in LIFTED.values() for case in cases],
)
def test_what_is_lifted_is_granted_at_once_also_where_it_is_remembered(
    vendor: Vendor, refusing: Change, call: Call, code: str, lift: Change
) -> None:
    license = vendor.issue()
    refusing(vendor)
    vendor.now += MINUTE_MS  # what was remembered before is forgotten
    with denied(code):
        call(vendor, license)
    lift(vendor)
    call(vendor, license)


def test_a_key_that_was_not_found_is_found_at_once_when_it_is_issued(vendor: Vendor) -> None:
    license = vendor.issue()
    with refused("license_not_found"):
        vendor.activate(license, "pc", license_key="LATER")
    vendor.issue(license_key="LATER")
    assert vendor.activate(license, "pc", license_key="LATER").device


@pytest.mark.parametrize("with_id", [False, True])
def test_a_vendors_key_is_of_its_new_license_at_once_when_the_company_was_made_anew(with_id: bool) -> None:
    old = Vendor()
    license = old.issue(license_key="VENDORS-OWN")
    old.activate(license, "pc")
    old.check(license, "pc")
    delete_company(old.code)
    vendor = Vendor(old.code, now=old.now + 1000)
    license = vendor.issue(license_key="VENDORS-OWN")
    more: dict[str, Any] = {"license_id": license.id} if with_id else {}
    with refused("device_not_found"):
        vendor.check(license, "pc", **more)
    assert vendor.activate(license, "pc", **more).license == vendor.stored(license)
    delete_company(old.code)
    again = Vendor(old.code, now=vendor.now + 1000)
    again.activate(again.issue(license_key="VENDORS-OWN"), "pc")


def test_an_email_that_is_another_persons_by_now_is_of_that_person_at_once(vendor: Vendor) -> None:
    old, new, other = "ada@customer.test", "bob@customer.test", "eve@customer.test"
    license = vendor.issue("revit", max_license_users=2)
    passwords = {who: vendor.assign(license, who)[1] for who in (old, new)}
    vendor.activate(new, "pc", passwords[new])
    with refused("device_not_found"):
        vendor.check(old, "pc")
    for before, after in ((old, other), (new, old)):
        change_email(vendor.code, license.id, before, after, ADMIN, manager_id=None, now=vendor.now)
    assert vendor.check(old, "pc").device
    remove_user(vendor.code, license.id, old, ADMIN, now=vendor.now)


def test_every_memory_is_held_against_this() -> None:
    assert {field.name for field in fields(Caches)} == set(LIFTED)
