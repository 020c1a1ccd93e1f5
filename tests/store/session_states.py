"""What stands before a use case of the list of sessions, and the call."""

from typing import Any

from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.store import accounts
from chalicelib.store.batch_reads import ReadRequest, batch_read
from chalicelib.store.sessions import session_key
from chalicelib.usecases import session_list, sessions
from tests.store.states import logged_in
from tests.support import ADMIN, Vendor


def list_session(vendor: Vendor, claims: SessionClaims) -> Any:
    session_list.note_session(claims, "Firefox (Windows)", "192.0.2.1", now=vendor.now)
    return [one.browser for one in batch_read(claims, ReadRequest(sessions=True), vendor.now).sessions]


def two_sessions(vendor: Vendor) -> tuple[User, SessionClaims, SessionClaims]:
    here = logged_in(vendor)
    user = accounts.read_user(vendor.code, here.user_id)
    assert user is not None
    there = sessions.open_session(user, now=vendor.now)
    for claims in (here, there):
        session_list.note_session(claims, "Firefox (Windows)", "192.0.2.1", now=vendor.now)
    return user, here, there


def end_session(vendor: Vendor, opened: tuple[User, SessionClaims, SessionClaims]) -> Any:
    user, here, there = opened
    key = session_key(there.token)
    listed = batch_read(here, ReadRequest(sessions=True), vendor.now).sessions
    session_list.end_one_session(user, next(one for one in listed if one.key == key), ADMIN, now=vendor.now)
    return batch_read(there, ReadRequest(), vendor.now).session
