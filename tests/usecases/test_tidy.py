"""What has expired is deleted, a little at a time, and nothing else is."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.origin import Failures, Origin
from chalicelib.domain.users import Attempts
from chalicelib.store import login_attempts, reads, sessions, writes
from chalicelib.store.expiry import MARGIN_SECONDS
from chalicelib.store.items.ephemera import AttemptsItem, SessionItem
from chalicelib.store.login_attempts import Account, Seen
from chalicelib.usecases import tidy as tidying
from chalicelib.usecases.sessions import open_session
from chalicelib.usecases.tidy import tidy
from tests.store.kinds import kinds
from tests.support import DAY, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued

EPHEMERA: Any = AttemptsItem.Meta
FAR = NOW - 4000 * DAY
"""Before everything that other tests store."""


@pytest.fixture
def keys() -> Iterator[list[str]]:
    """Ten sessions that have expired long ago."""
    keys = [f"session#test-of-tidying-{n}" for n in range(10)]
    writes.batch_put(
        SessionItem(key, company="T", user_id=1, epoch=0, opened_at=1, seen_at=1, expires=1) for key in keys
    )
    yield keys
    for key in keys:
        writes.delete(SessionItem(key))


def left(keys: list[str]) -> int:
    return sum(item is not None for item in reads.batch_get([SessionItem(key) for key in keys], consistent=True, now=0))


def tidy_all(now: int) -> int:
    """How many went in as many rounds as are needed; what other tests have left may be among them."""
    gone, after = tidy(now=now)
    while after:
        more, after = tidy(after, now=now)
        gone += more
    return gone


def test_what_has_expired_goes_and_what_lasts_stays(vendor: Vendor, keys: list[str]) -> None:
    issued(vendor)
    claims = open_session(account(vendor, MANAGER), now=NOW)
    assert tidy_all(FAR) >= 10
    assert left(keys) == 0
    assert reads.get(sessions.session_item(claims.token), now=NOW) is not None


def test_nothing_goes_in_its_last_minute_or_before(keys: list[str]) -> None:
    for second, stay in ((1, 10), (1 + MARGIN_SECONDS, 10), (2 + MARGIN_SECONDS, 0)):
        tidy_all(second * 1000)
        assert left(keys) == stay


def test_a_round_is_bounded_and_the_next_goes_on_where_it_was_left(
    keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "MOST", 3)
    deleted, rounds, after = 0, 0, ""
    while rounds == 0 or after:
        gone, after = tidy(after, now=FAR)  # behind a key that has just been deleted itself, at times
        assert gone <= 3
        deleted, rounds = deleted + gone, rounds + 1
    assert (deleted >= 10, left(keys)) == (True, 0)
    assert rounds >= 4


def test_a_round_ends_when_it_is_to_end(keys: list[str]) -> None:
    gone, after = tidy(now=FAR, keep_going=lambda: False)
    assert gone <= 1
    assert after


def test_what_comes_to_last_longer_while_it_is_looked_at_stays(
    keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = writes.delete

    def delete_late(item: Any, condition: Any = None) -> None:
        if item.pk == keys[4]:
            writes.update(SessionItem(item.pk), [SessionItem.expires.set(NOW)])
        delete(item, condition)

    monkeypatch.setattr(writes, "delete", delete_late)
    assert tidy_all(FAR) >= 9
    monkeypatch.undo()
    assert left(keys) == 1


def test_every_kind_that_may_be_lost_expires() -> None:
    ephemera = [kind for kind in kinds() if kind.Meta.table_name == EPHEMERA.table_name]
    assert len(ephemera) >= 5
    assert [kind.__name__ for kind in ephemera if kind.get_attributes()["expires"].null] == []


def test_what_is_noted_of_what_was_forgotten_meanwhile_stores_nothing(vendor: Vendor) -> None:
    account = Account(vendor.code, "nobody@customer.test", Origin("", "a browser"))
    login_attempts.attempt_failed(account, "", Attempts(), Seen(Attempts(), Failures(), Failures(), Failures()), NOW)
    assert reads.get(login_attempts.attempts_item(account), now=NOW) is None
