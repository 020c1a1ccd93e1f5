"""Security events: in the account's history, however often something happens in few rows, and nothing of nobody."""

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.origin import Origin
from chalicelib.store import database, histories, licenses, reads
from chalicelib.store.items.events import AccountEventItem
from chalicelib.store.keys import event_sort_key
from chalicelib.store.security_events import ADDRESSES_OF
from chalicelib.usecases.change_account import end_other_sessions
from chalicelib.usecases.forgotten_password import request_code
from chalicelib.usecases.initial_password import reveal_initial_password
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.security_events import note_security_event
from chalicelib.usecases.sessions import log_in_to_portal
from tests.store.faults import answer_timed_out, wire
from tests.support import ADMIN, HOUR, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued
from tests.usecases.support import calls_answered

ADA, NOBODY = "ada@customer.test", "nobody@customer.test"
SECURITY = {"log_in_failed", "log_in_locked", "signed_in", "code_asked", "initial_password_read", "batch_result_read"}
HERE = Origin("198.51.100.77")


@pytest.fixture
def password(vendor: Vendor) -> str:
    """Ada's."""
    return vendor.assign(issued(vendor, max_license_users=1), ADA)[1] or ""


def security_rows(vendor: Vendor) -> list[Event]:
    events = [item.to_domain() for item in reads.query(AccountEventItem, vendor.code, event_sort_key())]
    return [event for event in events if event.type in SECURITY]


def guess(vendor: Vendor, email: str, now: int) -> None:
    with pytest.raises(SeatkeeperError):
        log_in(vendor.code, email, "wrong", Origin("", "browser") if email == ADA else HERE, now=now)


def test_failures_and_the_lock_are_told_in_a_row_an_hour(vendor: Vendor, password: str) -> None:
    now = NOW - NOW % HOUR
    for number in range(10):
        guess(vendor, ADA, now + number * 200_000)
    failed, locked = sorted(security_rows(vendor), key=lambda event: event.type)
    assert (failed.type, failed.user, failed.repeats, failed.at) == ("log_in_failed", ADA, 8, now)
    assert failed.last_at == now + 8 * 200_000
    assert (locked.type, locked.repeats, locked.actor.name) == ("log_in_locked", 0, "somebody")
    guess(vendor, ADA, now + 2 * HOUR)
    assert [event.type for event in security_rows(vendor)].count("log_in_failed") == 2, "an hour later in another row"


def test_what_somebody_does_rightly_is_told_with_who_and_where(vendor: Vendor, password: str) -> None:
    log_in_to_portal(vendor.code, ADA, password, HERE, now=NOW)
    request_code(vendor.code, ADA, "a browser", HERE, now=NOW)
    boss = account(vendor, MANAGER)
    (license_id,) = vendor_licenses(vendor)
    assert reveal_initial_password(vendor.code, license_id, ADA, boss.id, ADMIN, now=NOW) == password
    rows = {event.type: event for event in security_rows(vendor)}
    assert set(rows) == {"signed_in", "code_asked", "initial_password_read"}
    assert all(event.user_id == account(vendor, ADA).id for event in rows.values())
    assert (rows["signed_in"].actor.name, rows["signed_in"].actor.ip) == (f"user:{ADA}", HERE.address)
    assert rows["initial_password_read"].actor == ADMIN
    assert password not in str([item.attribute_values for item in reads.query(AccountEventItem, vendor.code, "at#")])


def vendor_licenses(vendor: Vendor) -> list[int]:
    return list(licenses.license_ids(vendor.code))


def test_of_an_account_that_does_not_exist_nothing_is_stored_for_the_same_work(vendor: Vendor, password: str) -> None:
    work = []
    for email in (ADA, NOBODY):
        with calls_answered() as answers:
            for _ in range(2):
                with pytest.raises(SeatkeeperError):
                    log_in(vendor.code, email, "wrong", HERE, now=NOW)
            request_code(vendor.code, email, "a browser", Origin("198.51.100.78"), now=NOW)
        work.append(answers)
    assert work[0] == work[1], "a write that is refused is none, and faster"
    assert ("UpdateItem", 200) in work[0]
    assert {event.user for event in security_rows(vendor)} == {ADA}


def test_an_event_whose_answer_was_lost_is_counted_once(
    vendor: Vendor, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)
    user = account(vendor, ADA)
    for lost in (1, 2):
        with wire(answer_timed_out, range(lost, lost + 1)):
            note_security_event(vendor.code, user, "initial_password_read", ADMIN, NOW + lost * HOUR)
    assert [(event.repeats, event.last_at) for event in security_rows(vendor)] == [(0, None)] * 2


def test_a_row_says_from_where_the_first_and_the_last_came_and_keeps_the_first_addresses(
    vendor: Vendor, password: str
) -> None:
    user, begun, addresses = account(vendor, ADA), NOW - NOW % HOUR, [f"198.51.100.{n}" for n in range(1, 60)]
    for number, address in enumerate(addresses):
        note_security_event(vendor.code, user, "code_asked", Actor("somebody", address), begun + 1000 * number)
    (row,) = security_rows(vendor)
    assert (row.at, row.actor.ip, row.repeats) == (begun, addresses[0], 58)
    assert (row.last_at, row.last_ip) == (begun + 58_000, addresses[-1])
    assert row.also_from == [*sorted(addresses[1:ADDRESSES_OF]), addresses[-1]]


def test_the_newest_stands_first_on_every_page_also_of_what_is_merged(vendor: Vendor, password: str) -> None:
    user, begun = account(vendor, ADA), NOW - NOW % HOUR
    for minute in range(12):
        now = begun + minute * 60_000
        end_other_sessions(vendor.code, user.id, ADMIN, epoch=user.session_epoch + minute, now=now)
        note_security_event(vendor.code, user, "signed_in", Actor(f"user {minute % 7}"), now + 1000)
    whole = list(histories.company_events(vendor.code))
    paged: list[Event] = []
    after = None
    while page := list(histories.company_events(vendor.code, after=after, limit=3)):
        paged, after = paged + page, page[-1].key
    assert paged == whole
    assert [event.at for event in whole] == sorted((event.at for event in whole), reverse=True)
    assert [event.repeats for event in whole if event.type == "signed_in"] == [0, 0, 1, 1, 1, 1, 1]
