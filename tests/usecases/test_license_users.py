"""The list of a license's users: who is found, what they do, and how many there are of each."""

import pytest

from chalicelib.domain.license import License
from chalicelib.usecases import portal_queries
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.portal_queries import ListQuery, UsersView, users
from infra.budgets import LIST_PAGE_READS, SEARCHED_PAGE_READS
from tests.store.costs import counted
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor
from tests.usecases.people import MANAGER, issued, logged_in

ADA, BOB, EVE = "ada@customer.test", "bob@customer.test", "eve@customer.test"
LATER = NOW + 91 * DAY


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Ada and Bob have used it, Ada again a while later; Bob's device was lost; Eve was invited a day ago."""
    license = issued(vendor, max_activations=20, max_license_users=20)
    names = {ADA: Profile("Ada", "Schäfer"), BOB: Profile("Bjørn", "Dahl")}
    for email, profile in names.items():
        user = assign_user(vendor.code, license.id, email, 3, ADMIN, profile=profile, now=NOW).user
        for device in ("pc", "laptop"):
            vendor.activate(email, f"{device} of {email}", initial_password(user))
    vendor.check(ADA, f"pc of {ADA}", now=LATER - HOUR)
    for device in ("pc", "laptop"):
        vendor.deactivate(BOB, f"{device} of {BOB}", now=NOW + HOUR)
    assign_user(vendor.code, license.id, EVE, 1, ADMIN, invite=True, now=LATER - DAY)
    return license


def view(vendor: Vendor, license: License, **asked: str) -> UsersView:
    """The list, within the budget of a page."""
    vendor.now = LATER
    claims = logged_in(vendor, MANAGER)
    find_product(vendor.code, "revit", now=LATER)  # from now on it is remembered
    with counted() as cost:
        view = portal_queries.license_users(claims, license.id, ListQuery(**asked), now=LATER)
    assert len(cost.calls) <= LIST_PAGE_READS, cost.calls
    return view


def emails(view: UsersView) -> list[str]:
    return [row.user.email for row in view.page.rows]


def test_each_user_stands_with_the_last_use_of_any_device(vendor: Vendor, license: License) -> None:
    rows = view(vendor, license).page.rows
    assert [(row.user.email, row.seat.last_used_at) for row in rows] == [(ADA, LATER - HOUR), (BOB, NOW), (EVE, None)]


@pytest.mark.parametrize(
    ("status", "found"), [("", [ADA, BOB, EVE]), ("invited", [EVE]), ("using", [ADA]), ("idle", [BOB])]
)
def test_a_filter_lets_through_who_does_that_and_all_are_counted(
    vendor: Vendor, license: License, status: str, found: list[str]
) -> None:
    shown = view(vendor, license, status=status)
    assert emails(shown) == found
    assert shown.counts == {"invited": 1, "using": 1, "idle": 1}


def test_who_was_assigned_90_days_ago_and_never_used_it_is_idle(vendor: Vendor, license: License) -> None:
    vendor.assign(license, "zoe@customer.test")
    assert emails(view(vendor, license, status="idle")) == [BOB, "zoe@customer.test"]


@pytest.mark.parametrize("search", ["schäfer", "SCHAEFER", "schafer", "ada sch", ADA])
def test_a_user_is_found_by_the_name_however_it_is_typed(vendor: Vendor, license: License, search: str) -> None:
    shown = view(vendor, license, search=search)
    assert (emails(shown), shown.page.rows[0].seat.last_used_at) == ([ADA], LATER - HOUR)
    assert emails(view(vendor, license, search=search, status="idle")) == []


def test_the_last_use_is_said_however_many_devices_there_are_and_none_is_read(vendor: Vendor, license: License) -> None:
    with counted() as cost:
        shown = view(vendor, license)
    assert "licenses device#" not in cost.read
    assert [row.seat.last_used_at for row in shown.page.rows] == [LATER - HOUR, NOW, None]


def test_batches_that_are_under_way_are_shown_beside_the_last_use(vendor: Vendor, license: License) -> None:
    start_batch(vendor.code, license.id, "last@customer.test", True, ADMIN, now=LATER)
    shown = view(vendor, license)
    assert (len(shown.pending), shown.counts["idle"]) == (1, 1)


def test_who_has_not_used_it_for_longest_comes_first_if_asked_for(vendor: Vendor, license: License) -> None:
    assert emails(view(vendor, license, sort="unused")) == [EVE, BOB, ADA]


def test_a_list_that_is_too_long_to_be_read_whole_is_filtered_and_not_counted(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(users, "SEATS_AT_ONCE", 2)
    vendor.now, found = LATER, {}
    for status in ("", *users.FILTERS):
        with counted() as cost:
            claims = logged_in(vendor, MANAGER)
            shown = portal_queries.license_users(claims, license.id, ListQuery(status=status), now=LATER)
        assert len(cost.calls) <= SEARCHED_PAGE_READS
        found[status] = sorted(emails(shown))
        assert shown.counts == {}
    assert found == {"": [ADA, BOB, EVE], "invited": [EVE], "using": [ADA], "idle": [BOB]}
