"""Homes that older code has written are served by today's: every page, every call, the audit, and what changes them.

A test that goes red here says that stored data has come to be read in another way. Do not mend the home: it is what
people have. Let the code read both.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from chalicelib.domain.errors import Denied
from chalicelib.domain.license import hash_hardware_id
from chalicelib.store import accounts
from chalicelib.store.items.kinds import kind_of
from chalicelib.store.licenses import read_license
from chalicelib.store.one_time_codes import read_code_requests
from chalicelib.store.orders import read_managed_licenses
from chalicelib.store.refusals import refusals_of
from chalicelib.usecases.cursors import from_cursor
from chalicelib.usecases.idempotency import IdempotencyKey, Performed, find_performed
from chalicelib.usecases.order_managers import add_manager, find_order, remove_manager
from chalicelib.usecases.repair_links import repair_links
from chalicelib.usecases.sweep import sweep
from chalicelib.web import clock
from tests.homes.home import Home, as_newer, items, names, noted_of, opened
from tests.homes.make import ADA, BOB, CUSTOMER, MANAGER, TABLES
from tests.portal.browser import Browser, Page
from tests.support import ADMIN, DAY, NOW

pytestmark = pytest.mark.in_process("the items are put into the tables of this process")
SORTS = ("", "oldest", "product", "order", "ends", "users", "activations", "newest", "host", "user", "first")
STATES = ("", "active", "inactive", "scheduled", "expired", "disabled", "grace", "deactivated", "blacklisted")
LISTS = ("/licenses", "/devices", "/users", "/seats")
NO_PAGE = ("/portal/log-out", "/static")


BEFORE_LISTS = "4449091"
"""In its time no license was filed under those who manage it: the audit says so, and they are shown none."""
NEVER_REPAIRED = {BEFORE_LISTS: {"has no manager's account"}}
"""Whether an account is a manager's is no name: that is said by giving him an order to manage, again."""
BEFORE_DEVICES = "a device is not found by its hardware id"
BEFORE_LINKS = (
    BEFORE_DEVICES,
    "a device is not found by its id",
    "a device is not found by its host name",
    "a device is not linked to its user",
    "the devices of its users are not marked as linked",
    "that it will expire is not in the due index",
    "it is not listed under its product",
    "the last use is not noted on the seat of ada@customer.test",
    "its licenses are not counted",
    "its orders are not counted",
    "its users are not counted",
    "its customers are not counted",
    "the customer office@studio.test has no record",
)
"""What the audit says of devices that older code has activated, and of what it has issued: a repair files it."""
NEWER = "newer"
"""What the newest code writes, with attributes that are not known yet: as in a rolling deploy."""


@pytest.fixture(params=[*(name for name in names() if name != BEFORE_LISTS), NEWER])
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    """Each home that is kept."""
    newer = request.param == NEWER
    with opened("7c51f88", as_newer) if newer else opened(request.param) as home:
        yield home


def others(home: Home) -> list[str]:
    """What the audit finds besides."""
    return [difference for difference in home.differences() if not difference.startswith(BEFORE_LINKS)]


def walked(browser: Browser) -> dict[str, Page]:
    """Every page of the portal that can be reached by links and by asking lists otherwise."""
    found: dict[str, Page] = {}
    left = ["/portal"]
    while left:
        path = left.pop()
        if path in found or path.startswith(NO_PAGE):
            continue
        found[path] = page = browser.get(path)
        assert page.status == 200, path
        left += [link for link in page.links if link.startswith("/portal") and "?" not in link]
        left += [form.action for form in page.forms if form.method == "get" and form.action not in found]
    lists = {path.rsplit("/", 1)[1]: path for path in found if path.endswith(LISTS)}
    for path in lists.values():
        for asked in [{"sort": sort} for sort in SORTS] + [{"status": state} for state in STATES]:
            assert browser.get(path, search="", **asked).status == 200, (path, asked)
    return found


@pytest.mark.parametrize("email", [MANAGER, ADA])
def test_every_page_of_the_portal_opens(home: Home, email: str) -> None:
    pages = walked(home.browser(email))
    below, shown = ("seats", ["revit"]) if email == ADA else ("licenses", ["viewer", "revit", "ended"])
    for name in shown:
        assert any(path.startswith(f"/portal/{below}/{home.id(name)}") for path in pages), name
    words = " ".join(page.words for page in pages.values())
    assert "laptop-of-ada" in words
    assert email == ADA or all(answer in words for answer in ("host-0", BOB, "Ada King"))


def test_what_a_list_says_of_a_license_is_what_the_license_says(home: Home) -> None:
    user_id = accounts.user_of_email(home.company, MANAGER)
    assert user_id is not None
    all_sold = list(read_managed_licenses(home.company, user_id))
    assert {home.id("viewer"), home.id("revit"), home.id("ended")} <= {sold.license_id for sold in all_sold}
    for sold in all_sold:
        license = read_license(home.company, sold.license_id)
        assert license is not None
        assert (sold.product, sold.license_type) == (license.product, license.license_type)
        assert sold.license_key == (license.license_key or "")
        assert (sold.order_id, sold.customer) == (license.order_id, license.customer or "")


def test_every_call_of_an_application_is_answered(home: Home) -> None:
    application = home.application()
    key = {"product": "viewer", "license_key": home.key("viewer"), "hardware_id": "machine-0"}
    user = {"product": "revit", "username": ADA, "hardware_id": "laptop"}
    own = {"product": "revit", "username": ADA, "password": home.password}

    def get(call: str, **query: Any) -> Any:
        return granted(application.get(call, **query))

    def post(call: str, **body: Any) -> Any:
        return granted(application.post(call, **body))

    assert get("get_device_variables", **key)[0]["value"] == "ä"
    assert get("check_license", **key)["times_activated"] == 1
    assert post("activate_license", **key)["times_activated"] == 1
    assert post("activate_license", **key | {"hardware_id": "new"}, variables={"a": "b"})["times_activated"] == 2
    post("track_device_variables", **key, variables={"plan": "other"})
    post("deactivate_license", **key)
    assert get("check_license", **user)["user"]["email"] == ADA
    post("activate_license", **user, password=home.password)
    assert str(home.id("revit")) in str(get("user_licenses", **own))
    assert get("product_details", product="viewer")["product_name"] == "Viewer"
    people = application.get("customer_license_users", product="revit", customer=CUSTOMER)
    assert people.json()["code"] == "api_key_scope_missing"  # a key from before there were scopes
    post("deactivate_license", **user)
    post("change_password", username=ADA, password=home.password, new_password="chosen again")
    trial = key | {"license_key": home.key("trial")}
    assert post("activate_license", **trial)["validity_period"]
    for name, code in (
        ("viewer", "blacklisted"),
        ("disabled", "license_not_enabled"),
        ("ended", "license_expired"),
    ):
        refused = application.post(
            "activate_license", **key | {"license_key": home.key(name), "hardware_id": "machine-3"}
        )
        assert refused.json()["code"] == code, name
    assert others(home) == []


def granted(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json() if answer.headers["Content-Type"] == "application/json" else None


@pytest.mark.parametrize("changed", [dict, as_newer])
@pytest.mark.parametrize("name", [name for name in names() if "answered" in noted_of(name)])
def test_what_a_caller_was_given_holds_and_support_finds_what_was_refused(name: str, changed: Any) -> None:
    call, of_list = noted_of(name)["answered"], noted_of(name)["cursor"]
    with opened(name, changed) as home:
        key = IdempotencyKey(call["caller"], call["key"], call["content"])
        assert find_performed(key, now=NOW + DAY) == Performed(call["answer"], replayed=True)
        with pytest.raises(Denied, match="idempotency_key_reused"):
            find_performed(replace(key, content="other"), now=NOW + DAY)
        assert from_cursor(of_list["scope"], of_list["cursor"]) == of_list["position"]
        (refusal,) = refusals_of(home.company, home.id("viewer"), NOW + DAY)
        assert (refusal.code, refusal.hardware_id, refusal.times) == ("blacklisted", "machine-3", 1)
        (mailed,) = read_code_requests(home.company, ADA, "", NOW + DAY)[0].mailed
        assert mailed.at == NOW + DAY


def test_the_audit_finds_no_difference_and_the_sweep_what_is_due(home: Home) -> None:
    assert others(home) == []
    assert sweep(now=clock.now())["license_expired"] >= 1
    assert "expired" in home.browser(MANAGER).get(f"/portal/licenses/{home.id('ended')}/history").words.lower()
    assert others(home) == []


def test_a_manager_changes_all_there_is_to_change(home: Home) -> None:
    manager = home.browser(MANAGER)
    license = f"/portal/licenses/{home.id('revit')}"
    assert manager.send(f"{license}/users/assign", people="new@customer.test").status == 200
    people = manager.get(f"{license}/users")
    bob = next(link for link in people.links if link.endswith("/limit") and BOB in manager.get(link).words)
    bob = bob.removesuffix("/limit")
    for path, typed in (
        (f"{bob}/limit", {"max_activations": "3"}),
        (f"{bob}/email", {"email": "robert@customer.test"}),
        (f"{bob}/password", {}),
        (f"{bob}/reset", {}),
        (f"{bob}/remove", {}),
        (f"/portal/licenses/{home.id('viewer')}/devices/{hash_hardware_id('machine-0')}/reset", {}),
        (f"{license}/disable", {}),
        (f"{license}/enable", {}),
        (f"{license}/reset", {}),
    ):
        assert manager.send(path, **typed).status == 200, path
    assert others(home) == []


def test_a_home_from_before_the_lists_of_managers_is_used_by_applications_and_told_of_by_the_audit() -> None:
    with opened(BEFORE_LISTS) as home:
        key = {"product": "viewer", "license_key": home.key("viewer"), "hardware_id": "machine-0"}
        assert granted(home.application().get("check_license", **key))["times_activated"] == 1
        assert granted(home.application().post("activate_license", **key | {"hardware_id": "new"}))
        answers = {difference.rstrip("0123456789 isnothw") for difference in others(home)}
        assert answers == {"the order's manager", "it is not listed under its order"}
        assert walked(home.browser(MANAGER))


def test_who_managed_before_there_were_managers_accounts_is_taken_off_the_order_and_added_again() -> None:
    with opened(BEFORE_LISTS) as home:
        repair_links(home.company, ADMIN, now=NOW)
        for order_id, managers in ordered(home).items():
            for email in managers:
                remove_manager(home.company, order_id, email, ADMIN, now=NOW)
                add_manager(home.company, order_id, email, ADMIN, now=NOW)
        assert home.differences() == []


def ordered(home: Home) -> dict[str, list[str]]:
    """The emails of the managers of each order."""
    found: dict[str, list[str]] = {}
    for sold in home.licenses.values():
        license = read_license(home.company, sold["id"])
        assert license is not None
        id = license.order_id or ""
        users = accounts.read_users(home.company, sorted(find_order(home.company, id).managers))
        found[id] = [user.email for user in users.values()]
    return found


def _leads_from_hardware_ids(name: str) -> bool:
    return any(item["part"]["S"].startswith("hardware#") for item in items(name, "accounts"))


@pytest.mark.parametrize("name", [name for name in names() if _leads_from_hardware_ids(name)])
def test_nothing_is_wrong_with_a_home_from_after_the_links(name: str) -> None:
    with opened(name) as home:
        assert others(home) == []
        repair_links(home.company, ADMIN, now=NOW)
        assert home.differences() == []


@pytest.mark.parametrize("name", [name for name in names() if not _leads_from_hardware_ids(name)])
def test_a_repair_ends_all_that_the_audit_finds_in_a_home_from_before_the_links(name: str) -> None:
    with opened(name) as home:

        def of_device() -> list[Any]:
            found = granted(home.application().get("device_licenses", product="viewer", hardware_id="machine-0"))
            return [license["id"] for license in found]

        assert of_device() == []
        missing = home.differences()
        assert any(difference.startswith(BEFORE_DEVICES) for difference in missing)
        assert repair_links(home.company, ADMIN, now=NOW)["filed"] >= len(missing)
        assert {difference.partition(", and ")[2] for difference in home.differences()} == NEVER_REPAIRED.get(
            name, set()
        )
        assert of_device() == [home.id("viewer")]
        assert repair_links(home.company, ADMIN, now=NOW) == {"filed": 0, "removed": 0}


@pytest.mark.parametrize("name", names())
def test_every_item_of_a_home_is_still_one_of_our_kinds(name: str) -> None:
    lasting = [table for table in TABLES if table != "ephemera"]  # what may be lost may be forgotten by newer code
    for table in lasting:
        for raw in items(name, table):
            if raw["part"]["S"].startswith("event#"):
                continue  # of before events were kept by their instants: read by nobody since
            kind = kind_of(table, raw).item
            assert set(raw) <= {attribute.attr_name for attribute in kind.get_attributes().values()}, raw
            assert kind.value_type is None or isinstance(kind.from_raw(raw), kind.value_type), raw
