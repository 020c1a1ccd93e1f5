"""The sessions of an account, and the list of them: each that is in use is listed, and there are only so many."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from chalicelib.domain.events import Actor
from chalicelib.domain.session import ListedSession, SessionClaims
from chalicelib.domain.users import User
from chalicelib.store import accounts, database, histories, reads, sessions
from chalicelib.usecases.change_account import end_other_sessions
from chalicelib.usecases.session_list import end_one_session, note_session
from chalicelib.usecases.sessions import keep_session, log_out, open_session
from tests.explore.accounts import OWNER
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import new_engine
from tests.support import HOUR, NOW, Vendor
from tests.usecases.people import chosen

OWNS = Actor(f"user:{OWNER}")
MAX = 3
"""Sessions of one account, in walks (`scheduler.SMALL`)."""
STARTS = {"few": 1, "many": MAX}
"""How many sessions there are: so few that two more may be, and as many as may be."""


@dataclass(frozen=True, slots=True, eq=False)
class ListWorld:
    """A state, and the sessions in it."""

    name: str
    state: State
    vendor: Vendor
    user_id: int
    epoch: int
    """Of the sessions that are open."""
    sessions: tuple[SessionClaims, ...]
    """The oldest first; the newest one is that of who asks."""
    listed: tuple[ListedSession, ...]
    before: frozenset[str]
    """The keys of the events that are there."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> ListWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=NOW - HOUR // 10)
        vendor.assign(vendor.issue("revit", max_license_users=2, customer=None), OWNER, 5)
        user, opened = chosen(vendor, OWNER), list[SessionClaims]()
        for number in range(STARTS[start]):
            opened.append(open_session(user, now=vendor.now + number))
            note_session(opened[-1], f"{number}", "", now=vendor.now + number)
        listed = tuple(sorted(_listed(vendor.code, user.id), key=lambda one: one.opened_at))
        before = frozenset(event.key for event in histories.company_events(vendor.code))
    return ListWorld(start, engine.state, vendor, user.id, user.session_epoch, tuple(opened), listed, before)


def _listed(company: str, user_id: int) -> list[ListedSession]:
    return sessions.listed_in(reads.get(sessions.listed_item(company, user_id), now=NOW))


def never(seen: dict[str, list[str]]) -> Iterator[str]:
    """What is wrong, whoever comes first."""
    if "in no list" in seen["open"]:
        yield "a session is open that is in no list"
    if len(seen["open"]) > MAX:
        yield f"{len(seen['open'])} sessions are open"


def _user(world: ListWorld) -> User:
    user = accounts.read_user(world.vendor.code, world.user_id)
    assert user is not None
    return user


def view(world: ListWorld) -> dict[str, list[Any]]:
    """Which sessions are open, by the browser that the list has for them, and what is told."""
    code, connection = world.vendor.code, database.connection()
    browsers = {f"session#{one.key}": one.browser for one in _listed(code, world.user_id)}
    epoch = str(_user(world).session_epoch)
    stored = connection.send("Scan", {"TableName": connection.table_name("ephemera")})["Items"]
    opened = [item for item in stored if item["pk"]["S"].startswith("session#")]
    now_open = [item["pk"]["S"] for item in opened if item["epoch"]["N"] == epoch]
    new = [event for event in histories.company_events(code) if event.key not in world.before]
    return {
        "open": sorted(browsers.get(pk, "in no list") for pk in now_open),
        "events": sorted(Counter(event.type for event in new).items()),
    }


def _log_in(world: ListWorld) -> None:
    """As the portal does once the password was right."""
    claims = open_session(_user(world), now=world.now)
    note_session(claims, f"new at {world.now}", "", now=world.now)


def _end_oldest(world: ListWorld) -> None:
    end_one_session(_user(world), world.listed[0], OWNS, now=world.now)


def _end_others(world: ListWorld) -> None:
    epoch = end_other_sessions(world.vendor.code, world.user_id, OWNS, epoch=world.epoch, now=world.now)
    keep_session(world.sessions[-1], epoch, now=world.now)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("log-in", _log_in, in_steps=True)
    yield SerialDeed("log-out", lambda world: log_out(world.sessions[-1]))
    yield SerialDeed("end-one", _end_oldest)
    yield SerialDeed("end-others", _end_others, in_steps=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
FROM: dict[str, tuple[str, ...]] = {"many": ("log-in", "log-out", "end-one")}
"""What is walked there. Whoever ends the others from there may end with them: who logs in just then, one more than may
be, finds his session ended, which is to be kept by the next write.
"""
