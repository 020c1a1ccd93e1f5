"""A closed account lets nobody in and has nothing, whatever goes on meanwhile, until the vendor reopens it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import DeviceReport, License
from chalicelib.domain.origin import Origin
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import guard_open
from chalicelib.store import (
    accounts,
    activations,
    batches,
    histories,
    licenses,
    mails,
    one_time_codes,
    orders,
    seats,
    sessions,
    writes,
)
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import user_license_sort_key, user_sort_key
from chalicelib.usecases import portal_queries
from chalicelib.usecases.activate import activate
from chalicelib.usecases.batch_assign import continue_batch, preview, start_batch
from chalicelib.usecases.change_account import choose_password, end_other_sessions
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.close_account import close_account, reopen_account
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.known_browser import from_cookie, origin_of, to_cookie
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.order_managers import add_manager, find_order
from chalicelib.usecases.sessions import keep_session, log_in_to_portal, open_session
from tests.mailbox import code_mails, mailed_code
from tests.store.seam import Request, noted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import PASSWORD, account, chosen, issued, result_of
from tests.usecases.support import READS, before_write, calls_counted, refused

DON, LATER = "don@customer.test", NOW + 1000


@dataclass
class Employee:
    """Somebody with all that an account can have: seats, a device, an order, a session, a mail that waits."""

    vendor: Vendor
    held: License = field(init=False)
    free: License = field(init=False)
    session: SessionClaims = field(init=False)

    def __post_init__(self) -> None:
        vendor = self.vendor
        self.held, self.free = issued(vendor), issued(vendor)
        vendor.assign(self.held, DON, 2)
        issued(vendor, manager=DON, order_id="managed")
        self.session = open_session(chosen(vendor, DON), now=NOW)
        vendor.activate(DON, "pc", PASSWORD, license_id=self.held.id)

    def close(self, at: int = NOW) -> Any:
        return close_account(self.vendor.code, DON, ADMIN, now=at)

    def has_nothing(self) -> bool:
        """And nothing of it stands in any license or order."""
        code, user = self.vendor.code, account(self.vendor, DON)
        with refused("session_expired"):
            portal_queries.authenticate_session(self.session, now=NOW)
        managers = [order.managers for sold in ("managed", "new") if (order := orders.read_order(code, sold))]
        managed = list(orders.read_managed_licenses(code, user.id)), [ids for ids in managers if user.id in ids]
        left = accounts.held_license_ids(code, user.id)
        waiting = [mail for _, mail in mails.mails_of(code) if mail.to == DON]
        assert (left, managed, waiting) == ([], ([], []), [])
        assert self.vendor.differences() == []  # and no seat without its link
        return user.closed_at is not None


@pytest.fixture
def don(vendor: Vendor) -> Employee:
    return Employee(vendor)


def closures(vendor: Vendor) -> list[tuple[str, str | None, str]]:
    events = histories.company_events(vendor.code)
    return [(e.type, e.user, e.actor.name) for e in events if e.type in ("user_closed", "user_reopened")]


# --- closed ------------------------------------------------------------------------------------------------------


def test_all_is_taken_and_told_once(don: Employee) -> None:
    vendor, before = don.vendor, don.vendor.stored(don.held)
    closed = don.close()
    assert (closed.orders, closed.seats) == (["managed"], 1)
    assert don.has_nothing()
    after = vendor.stored(don.held)
    assert (before.times_activated, before.users_assigned) == (1, 1)
    assert (after.times_activated, after.users_assigned) == (0, 0)
    assert ("user_removed", DON, ADMIN) in [(e.type, e.user, e.actor) for e in vendor.history(don.held)]
    with refused("license_not_found"):
        vendor.check(DON, "pc", license_id=don.held.id)
    again = don.close(LATER)
    assert (again.orders, again.seats, again.user.closed_at) == ([], 0, NOW)
    assert closures(vendor) == [("user_closed", DON, "admin")]
    assert find_order(vendor.code, "managed").managers == set()


@pytest.mark.parametrize("origin", [Origin("192.0.2.1"), Origin("192.0.2.1", "browser of long ago")])
@pytest.mark.parametrize("password", [PASSWORD, "a wrong one"])
def test_the_right_password_is_as_wrong_as_any_other_and_takes_the_same_work(
    don: Employee, origin: Origin, password: str
) -> None:
    code = don.vendor.code
    issued(don.vendor, manager="open@customer.test")
    don.close()
    seen = []
    for email, tried in ((DON, password), ("open@customer.test", "a wrong one"), ("nobody@customer.test", PASSWORD)):
        with calls_counted() as calls, pytest.raises(SeatkeeperError) as caught:
            log_in_to_portal(code, email, tried, origin, now=LATER)
        seen.append((calls, caught.value.code, caught.value.params))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1:] == ("invalid_credentials", {})


def test_a_password_that_is_right_again_by_an_older_process_lets_nobody_in(don: Employee) -> None:
    user = account(don.vendor, DON)
    don.close()
    item = UserItem(don.vendor.code, user_sort_key(user.id))
    writes.update(item, [UserItem.password_hash.set(user.password_hash)])
    with refused("invalid_credentials"):
        log_in(don.vendor.code, DON, PASSWORD, now=LATER)
    with refused("session_expired"):
        portal_queries.authenticate_session(open_session(account(don.vendor, DON), now=LATER), now=LATER)


def test_codes_are_void_and_asking_for_one_is_as_for_nobody(don: Employee) -> None:
    code, company = asked(don), don.vendor.code
    don.close()
    with refused("invalid_code"):
        set_password_by_code(company, DON, code, "chosen by code", ADMIN, now=LATER)
    seen = []
    for email in (DON, "nobody@customer.test"):
        with calls_counted() as calls:
            request_code(company, email, now=LATER)
        seen.append(calls)
    assert seen[0] == seen[1]
    assert len(code_mails(don.vendor, DON)) == 1


def test_who_is_given_something_is_refused_by_name(don: Employee) -> None:
    vendor = don.vendor
    don.close()
    for call in (
        lambda: vendor.assign(don.free, DON),
        lambda: add_manager(vendor.code, "managed", DON, ADMIN, now=NOW),
        lambda: issued(vendor, manager=DON),
        lambda: end_other_sessions(vendor.code, account(vendor, DON).id, ADMIN, epoch=0, now=NOW),
    ):
        with refused("account_closed"):
            call()
    assert don.has_nothing()


def test_a_batch_goes_past_a_closed_account_and_says_so_when_it_is_over(don: Employee) -> None:
    code, license = don.vendor.code, don.free
    batch = start_batch(code, license.id, f"{DON}\nada@customer.test", True, ADMIN, now=NOW)
    don.close()
    looked_at = preview(code, license.id, f"{DON}\nnobody@customer.test").results
    assert [result.code for result in looked_at] == ["gets_seat"] * 2  # to look costs nothing, so it tells nothing
    assert continue_batch(code, license.id, batch, ADMIN, lambda: True, now=NOW) is None
    results = {result.row.email: result.code for result in result_of(don.vendor, license, batch)}
    assert results == {DON: "account_closed", "ada@customer.test": "assigned_with_password"}
    assert don.vendor.stored(license).users_assigned == 1
    assert don.has_nothing()


def test_a_browser_that_has_logged_in_to_it_is_known_no_more(don: Employee) -> None:
    vendor = don.vendor
    cookie = to_cookie(from_cookie("", NOW), account(vendor, DON), NOW)
    known = [origin_of(from_cookie(cookie, NOW), vendor.code, DON, "").known]
    don.close()
    known.append(origin_of(from_cookie(cookie, NOW), vendor.code, DON, "").known)
    reopen_account(vendor.code, DON, ADMIN, now=LATER)
    known.append(origin_of(from_cookie(cookie, NOW), vendor.code, DON, "").known)
    assert [bool(name) for name in known] == [True, False, False]


# --- reopened ----------------------------------------------------------------------------------------------------


def test_who_is_let_in_again_has_nothing_and_gets_a_new_password_with_the_next_seat(don: Employee) -> None:
    vendor, old = don.vendor, asked(don)
    don.close()
    user = reopen_account(vendor.code, DON, ADMIN, now=LATER)
    assert reopen_account(vendor.code, DON, ADMIN, now=LATER) == user == account(vendor, DON)
    assert not don.has_nothing()  # open, and nothing came back
    with refused("invalid_code"):
        set_password_by_code(vendor.code, DON, old, "chosen by code", ADMIN, now=LATER)
    with refused("invalid_credentials"):
        log_in(vendor.code, DON, PASSWORD, now=LATER)
    _, initial = vendor.assign(don.free, DON)
    assert initial
    assert vendor.activate(DON, "pc", initial, now=LATER).device
    assert closures(vendor) == [("user_reopened", DON, "admin"), ("user_closed", DON, "admin")]


def test_who_manages_an_order_again_gets_a_new_password_or_sets_one_by_a_code(don: Employee) -> None:
    vendor = don.vendor
    don.close()
    reopen_account(vendor.code, DON, ADMIN, now=LATER)
    request_code(vendor.code, DON, now=LATER)
    set_password_by_code(vendor.code, DON, mailed_code(vendor, DON), "chosen by code", ADMIN, now=LATER)
    assert log_in(vendor.code, DON, "chosen by code", now=LATER)
    don.close(LATER)
    reopen_account(vendor.code, DON, ADMIN, now=LATER)
    add_manager(vendor.code, "managed", DON, ADMIN, now=LATER)
    assert account(vendor, DON).is_initial_password


# --- cut short ---------------------------------------------------------------------------------------------------


class CutShortError(Exception):
    """Stands for the end of the process."""


def cut_short(act: Callable[[], Any], after: int) -> bool:
    """Do it, and end after so many writes; whether it was cut short."""
    written = count(1)

    def end(request: Request) -> None:
        if request.operation not in READS and next(written) > after:
            raise CutShortError

    try:
        with noted(end):
            act()
    except CutShortError:
        return True
    return False


def test_wherever_it_is_cut_short_nobody_gets_in_and_the_next_call_finishes_it() -> None:
    for after, finish in enumerate(cycle((close_account, reopen_account)), start=1):
        don = Employee(Vendor())
        if not cut_short(don.close, after):
            break
        with refused("session_expired"):
            portal_queries.authenticate_session(don.session, now=NOW)
        with refused("invalid_credentials"):
            log_in(don.vendor.code, DON, PASSWORD, now=LATER)
        finish(don.vendor.code, DON, ADMIN, now=NOW)
        assert don.has_nothing() == (finish is close_account), f"after {after} writes"
    assert after > 4


def reopened_and_given(don: Employee) -> None:
    """Another call closes the account, and opens it again; then it is given what it had, and more."""
    vendor = don.vendor
    don.close()
    reopen_account(vendor.code, DON, ADMIN, now=LATER)
    for license in (don.held, don.free):
        vendor.assign(license, DON, 2)
    add_manager(vendor.code, "managed", DON, ADMIN, now=LATER)


@pytest.mark.parametrize("act", [close_account, reopen_account])
def test_a_call_that_comes_late_takes_nothing_that_was_given_since(act: Any) -> None:
    """Before each write of it, but the mark, another does all of it, and the account is given seats and an order."""
    for write in count(1 if act is reopen_account else 2):
        don = Employee(Vendor())
        if act is reopen_account:
            assert cut_short(don.close, 1)
        interrupted = before_write(write, lambda don=don: reopened_and_given(don))  # type: ignore[misc]
        with interrupted as is_over:
            act(don.vendor.code, DON, ADMIN, now=NOW)
        if not is_over():
            break
        code, user = don.vendor.code, account(don.vendor, DON)
        assert user.closed_at is None
        assert set(accounts.held_license_ids(code, user.id)) == {don.held.id, don.free.id}, f"before write {write}"
        assert [sold.order_id for sold in orders.read_managed_licenses(code, user.id)] == ["managed"]
        assert user.id in find_order(code, "managed").managers
        assert [mail.to for _, mail in mails.mails_of(code)].count(DON) == 3
        assert don.vendor.differences() == []
    assert write > 5


# --- at the same instant -----------------------------------------------------------------------------------------


def asked(don: Employee) -> str:
    """The code that is mailed; one of nobody's, where none is."""
    request_code(don.vendor.code, DON, now=NOW)
    return mailed_code(don.vendor, DON) if code_mails(don.vendor, DON) else "00000000"


def by_batch(don: Employee) -> None:
    code, license = don.vendor.code, don.free
    batch = start_batch(code, license.id, DON, True, ADMIN, now=NOW)
    continue_batch(code, license.id, batch, ADMIN, lambda: True, now=NOW)


def by_code(don: Employee) -> None:
    set_password_by_code(don.vendor.code, DON, asked(don), "chosen by code", ADMIN, now=NOW)


def ending_others(don: Employee) -> None:
    user = portal_queries.authenticate_session(don.session, now=NOW).user
    epoch = end_other_sessions(don.vendor.code, user.id, ADMIN, epoch=user.session_epoch, now=NOW)
    keep_session(don.session, epoch, now=NOW)


def own_password(don: Employee) -> None:
    user = portal_queries.authenticate_session(don.session, now=NOW).user
    chosen = (don.vendor.code, user.id, "another one", ADMIN)
    changed = choose_password(*chosen, old_password=PASSWORD, epoch=user.session_epoch, now=NOW)
    keep_session(don.session, changed.session_epoch, now=NOW)


def logging_in(don: Employee) -> None:
    session = log_in_to_portal(don.vendor.code, DON, PASSWORD, now=NOW)[1]
    assert session is not None
    don.session = session


def new_device(don: Employee) -> None:
    lookup = don.vendor.lookup(DON, "laptop", license_id=don.held.id)
    activate(don.vendor.code, lookup, PASSWORD, DeviceReport("laptop"), ADMIN, now=NOW)


def password_of_another(don: Employee) -> None:
    set_password(don.vendor.code, don.held.id, DON, None, ADMIN, now=NOW)


def sold_to_him(don: Employee) -> None:
    issued(don.vendor, manager=DON, order_id="new")


def sold_in_his_order(don: Employee) -> None:
    issued(don.vendor, manager=DON, order_id="managed")


def another_email(don: Employee) -> None:
    change_email(don.vendor.code, don.held.id, DON, "new@customer.test", ADMIN, manager_id=None, now=NOW)


RACES: list[tuple[Callable[[Employee], Any], Any, str]] = [
    (lambda don: don.vendor.assign(don.free, DON), seats, "assign"),
    (by_batch, batches, "fill"),
    (sold_to_him, licenses, "issue"),
    (sold_in_his_order, licenses, "issue"),
    (lambda don: add_manager(don.vendor.code, don.free.order_id or "", DON, ADMIN, now=NOW), orders, "add_manager"),
    (password_of_another, accounts, "change_password"),
    (own_password, accounts, "change_password"),
    (by_code, one_time_codes, "redeem"),
    (ending_others, accounts, "end_sessions"),
    (logging_in, sessions, "open_session"),
    (new_device, activations, "activate"),
    (another_email, accounts, "change_email"),
]
"""What gives an account something, and the write that does."""
ALL = pytest.mark.parametrize(("act", "module", "write"), RACES, ids=[f"{w}-{n}" for n, (*_, w) in enumerate(RACES)])


@ALL
def test_what_was_decided_before_the_account_was_closed_leaves_nothing_behind(
    don: Employee, act: Any, module: Any, write: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing, real = iter([don.close]), getattr(module, write)

    def late(*given: Any, **named: Any) -> Any:
        for close in closing:
            close()
        return real(*given, **named)

    monkeypatch.setattr(module, write, late)
    with suppress(SeatkeeperError):
        act(don)
    assert next(closing, None) is None, "the write was not reached"
    assert don.has_nothing()
    with refused("invalid_credentials"):
        log_in(don.vendor.code, DON, PASSWORD, now=LATER)


@pytest.mark.parametrize(("module", "name"), [(accounts, "close_account"), (orders, "read_managed_licenses")])
def test_what_comes_while_the_account_is_being_closed_leaves_nothing_behind(
    don: Employee, module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, at the instant before the account is marked as closed, and at that after."""
    acts, real = iter([act for act, *_ in RACES if act is not another_email or module is orders]), getattr(module, name)

    def amid(*given: Any, **named: Any) -> Any:
        for act in acts:
            with suppress(SeatkeeperError):
                act(don)
        return real(*given, **named)

    monkeypatch.setattr(module, name, amid)
    don.close()
    assert next(acts, None) is None
    assert don.has_nothing()


def test_the_email_of_an_account_stays_from_the_mark_on(don: Employee, monkeypatch: pytest.MonkeyPatch) -> None:
    """By it the call is repeated that was cut short."""
    real = accounts.change_email

    def late(*given: Any) -> None:
        assert cut_short(don.close, 1)
        real(*given)

    monkeypatch.setattr(accounts, "change_email", late)
    with refused("account_closed"):
        another_email(don)
    don.close()
    assert don.has_nothing()


def test_an_open_account_is_let_be(don: Employee) -> None:
    guard_open(account(don.vendor, DON))
    change_password(don.vendor.code, DON, PASSWORD, "another one", ADMIN, now=NOW)


def test_a_link_that_leads_nowhere_keeps_no_seat_from_being_taken(don: Employee) -> None:
    vendor = don.vendor
    lost = LookupItem(vendor.code, user_license_sort_key(account(vendor, DON).id, 5), product="revit")
    writes.put(lost)
    don.close()
    writes.delete(lost)
    assert don.has_nothing()
