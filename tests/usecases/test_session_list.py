"""The sessions of an account: each log-in is listed by one write, and one of them can be ended."""

import json

import pytest

from chalicelib.domain.events import Actor
from chalicelib.domain.session import ABSOLUTE_MS, IDLE_MS, MAX_SESSIONS, ListedSession, SessionClaims, listed_session
from chalicelib.store import reads, writes
from chalicelib.store.items.ephemera import ListedSessionsItem
from chalicelib.store.items.events import AccountEventItem
from chalicelib.store.keys import event_sort_key
from chalicelib.store.sessions import listed_in, listed_item, session_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases.change_account import end_other_sessions
from chalicelib.usecases.portal_queries import SessionRow, authenticate_session, own_sessions
from chalicelib.usecases.session_list import end_one_session, note_session
from chalicelib.usecases.sessions import keep_session, log_out, open_session
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, chosen, issued, logged_in
from tests.usecases.support import refused

OWN = Actor(f"user:{MANAGER}")


@pytest.fixture
def manager(vendor: Vendor) -> str:
    issued(vendor)
    return chosen(vendor, MANAGER).email


def enter(vendor: Vendor, browser: str, at: int = NOW) -> SessionClaims:
    """A session, as a log-in of the portal opens it."""
    claims = open_session(chosen(vendor, MANAGER), now=at)
    note_session(claims, browser, "192.0.2.1", now=at)
    return claims


def browsers(claims: SessionClaims, at: int = NOW) -> list[str]:
    return [row.listed.browser for row in own_sessions(claims, now=at).rows]


def row(claims: SessionClaims, browser: str) -> SessionRow:
    (found,) = [row for row in own_sessions(claims, now=NOW).rows if row.listed.browser == browser]
    return found


def stored(vendor: Vendor, claims: SessionClaims) -> set[str]:
    """The browsers that are listed, whatever their sessions are."""
    item = reads.get(listed_item(vendor.code, claims.user_id), now=NOW)
    return {one.browser for one in listed_in(item)}


@pytest.mark.parametrize(
    "listed", [ListedSession(NOW, "k" * 64, "2001:db8::1", "Samsung Internet (Android)"), ListedSession(1, "k", "", "")]
)
def test_what_is_listed_is_read_as_it_was_written(listed: ListedSession) -> None:
    assert listed_session(listed.text) == listed


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"key": "k"}', f"{NOW} k 192.0.2.1 Firefox (Windows)"])
def test_what_cannot_be_read_is_not_listed_and_breaks_nothing(vendor: Vendor, manager: str, text: str) -> None:
    here = enter(vendor, "here")
    if text:
        writes.update(listed_item(vendor.code, here.user_id), [ListedSessionsItem.entries.add({text})])
    assert listed_session(text) is None
    there = enter(vendor, "there")
    assert sorted(browsers(here)) == ["here", "there"]
    end_one_session(chosen(vendor, MANAGER), row(here, "there").listed, OWN, now=NOW)
    with refused("session_expired"):
        authenticate_session(there, now=NOW)


def test_what_newer_code_says_besides_is_left_out_and_the_session_can_be_ended(vendor: Vendor, manager: str) -> None:
    here, there = enter(vendor, "here"), logged_in(vendor, manager)
    listed = ListedSession(NOW, session_key(there.token), "192.0.2.1", "there")
    newer = json.dumps(json.loads(listed.text) | {"country": "DE"})
    writes.update(listed_item(vendor.code, here.user_id), [ListedSessionsItem.entries.add({newer})])
    assert row(here, "there").listed == listed
    end_one_session(chosen(vendor, MANAGER), listed, OWN, now=NOW)
    with refused("session_expired"):
        authenticate_session(there, now=NOW)
    assert browsers(here) == ["here"]


def test_each_session_that_lasts_is_listed_this_one_first(vendor: Vendor, manager: str) -> None:
    here, there = enter(vendor, "Firefox (Windows)"), enter(vendor, "Safari (iPhone)", NOW + 1)
    view = own_sessions(here, now=NOW + 2)
    assert [(one.listed.browser, one.listed.address, one.is_this) for one in view.rows] == [
        ("Firefox (Windows)", "192.0.2.1", True),
        ("Safari (iPhone)", "192.0.2.1", False),
    ]
    log_out(there)
    assert browsers(here) == ["Firefox (Windows)"]


def test_a_session_from_before_there_was_a_list_sees_itself(vendor: Vendor, manager: str) -> None:
    here = logged_in(vendor, manager)
    assert [(one.is_this, one.listed.browser) for one in own_sessions(here, now=NOW).rows] == [(True, "")]


def test_what_is_over_is_not_shown(vendor: Vendor, manager: str) -> None:
    enter(vendor, "idle")
    here = enter(vendor, "here", NOW + IDLE_MS - 1)
    assert browsers(here, NOW + IDLE_MS) == ["here"]
    there = enter(vendor, "there", NOW + IDLE_MS)
    user = chosen(vendor, MANAGER)
    end_other_sessions(vendor.code, user.id, ADMIN, epoch=user.session_epoch, now=NOW + IDLE_MS)
    with refused("session_expired"):
        own_sessions(there, now=NOW + IDLE_MS)


def test_one_that_is_ended_is_over_at_once_and_the_others_go_on(vendor: Vendor, manager: str) -> None:
    here, there, third = enter(vendor, "here"), enter(vendor, "there"), enter(vendor, "third")
    user, listed = chosen(vendor, MANAGER), row(here, "there").listed
    for _ in range(2):
        end_one_session(user, listed, OWN, now=NOW)
    with refused("session_expired"):
        authenticate_session(there, now=NOW)
    assert authenticate_session(third, now=NOW)
    assert sorted(browsers(here)) == ["here", "third"]
    assert stored(vendor, here) == {"here", "third"}
    events = [item.to_domain() for item in reads.query(AccountEventItem, vendor.code, event_sort_key())]
    assert [(event.type, event.user_id) for event in events if event.type == "sessions_ended"] == [
        ("sessions_ended", user.id)
    ]


def test_an_account_has_so_many_sessions_and_the_oldest_ends(vendor: Vendor, manager: str) -> None:
    claims = [enter(vendor, f"browser {n}", NOW + n) for n in range(MAX_SESSIONS + 1)]
    with refused("session_expired"):
        authenticate_session(claims[0], now=NOW + 99)
    assert sorted(browsers(claims[-1], NOW + 99)) == sorted(f"browser {n}" for n in range(1, MAX_SESSIONS + 1))
    assert len(stored(vendor, claims[-1])) == MAX_SESSIONS


def test_what_is_over_goes_first(vendor: Vendor, manager: str) -> None:
    for n in range(MAX_SESSIONS):
        enter(vendor, f"old {n}", NOW + n)
    here = enter(vendor, "here", NOW + ABSOLUTE_MS + MAX_SESSIONS)
    assert stored(vendor, here) == {"here"}


def test_who_logs_out_again_and_again_ends_no_session_elsewhere(vendor: Vendor, manager: str) -> None:
    here = enter(vendor, "here")
    for n in range(MAX_SESSIONS):
        log_out(enter(vendor, f"left {n}", NOW + 1))
    there = enter(vendor, "there", NOW + 1)
    assert sorted(browsers(here, NOW + 1)) == ["here", "there"]
    assert len(stored(vendor, there)) <= MAX_SESSIONS


def test_sessions_that_nobody_uses_end_none_that_is_used(vendor: Vendor, manager: str) -> None:
    here = enter(vendor, "here")
    for n in range(MAX_SESSIONS - 1):
        enter(vendor, f"idle {n}", NOW + 1)
    authenticate_session(here, now=NOW + IDLE_MS - 1)
    there = enter(vendor, "there", NOW + IDLE_MS + 1)
    assert stored(vendor, there) == {"here", "there"}
    authenticate_session(here, now=NOW + IDLE_MS + 1)


def test_sessions_that_were_ended_end_none_that_goes_on(vendor: Vendor, manager: str) -> None:
    here, user = enter(vendor, "here"), chosen(vendor, MANAGER)
    for n in range(MAX_SESSIONS - 1):
        enter(vendor, f"ended {n}", NOW + 1)
    keep_session(here, end_other_sessions(vendor.code, user.id, OWN, epoch=user.session_epoch, now=NOW + 2), now=NOW)
    there = enter(vendor, "there", NOW + 3)
    assert stored(vendor, there) == {"here", "there"}
    authenticate_session(here, now=NOW + 3)


def test_many_who_log_in_at_once_are_all_listed(vendor: Vendor, manager: str) -> None:
    user = chosen(vendor, MANAGER)

    def go(n: int) -> SessionClaims:
        claims = open_session(user, now=NOW + n)
        note_session(claims, f"browser {n}", "", now=NOW + n)
        return claims

    with ThreadPool(6) as threads:
        claims = list(threads.map(go, range(MAX_SESSIONS)))
    assert len(browsers(claims[0], NOW + 99)) == MAX_SESSIONS


def test_a_log_in_is_listed_by_one_write_and_the_list_is_two_reads(vendor: Vendor, manager: str) -> None:
    here = enter(vendor, "here")
    claims = open_session(chosen(vendor, MANAGER), now=NOW)
    with counted() as cost:
        note_session(claims, "Firefox (Windows)", "192.0.2.1", now=NOW)
    assert (len(cost.calls), cost.write_units) == (1, 1)
    with counted() as cost:
        own_sessions(here, now=NOW)
    assert (len(cost.calls), cost.write_units) == (2, 0)


def test_the_list_holds_no_token(vendor: Vendor, manager: str) -> None:
    here = enter(vendor, "here")
    item = reads.get(listed_item(vendor.code, here.user_id), now=NOW)
    (one,) = listed_in(item)
    assert here.token not in one.text
    assert one.key == session_key(here.token)
