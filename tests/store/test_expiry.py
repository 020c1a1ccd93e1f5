"""What has expired is there for nobody, however late it is deleted."""

from typing import Any

import pytest

from chalicelib.domain.origin import Failures, Origin
from chalicelib.domain.users import Attempts
from chalicelib.store import login_attempts, reads, writes
from chalicelib.store.items.kinds import KINDS
from chalicelib.store.login_attempts import Account, Seen
from tests.store.test_items import least
from tests.support import NOW, Vendor

EPHEMERA = {kind.item: kind.prefix for kind in KINDS if kind.item.Meta.table_name == "ephemera"}
SECOND = NOW // 1000


@pytest.mark.parametrize("kind", EPHEMERA, ids=lambda kind: kind.__name__)
def test_what_expires_is_read_as_of_an_instant_and_is_not_there_after_its_last_second(kind: Any) -> None:
    item = kind.from_raw_data(least(kind) | {"pk": {"S": f"{EPHEMERA[kind]}of-expiry"}, "expires": {"N": str(SECOND)}})
    writes.batch_put([item])
    try:
        for now, there in ((NOW, True), (NOW + 999, True), (NOW + 1000, False)):
            assert (reads.get(kind(item.pk), now=now) is not None) == there
            assert [one is not None for one in reads.batch_get([kind(item.pk)], consistent=False, now=now)] == [there]
            assert [raw is not None for raw in reads.transact_get([kind(item.pk)], now=now)] == [there]
        with pytest.raises(TypeError):
            reads.get(kind(item.pk))
        with pytest.raises(TypeError):
            reads.transact_get([kind(item.pk)])
    finally:
        writes.delete(kind(item.pk))


def test_every_kind_that_may_be_lost_expires() -> None:
    assert len(EPHEMERA) >= 5
    assert [kind.__name__ for kind in EPHEMERA if kind.get_attributes()["expires"].null] == []


def test_what_is_noted_of_what_was_forgotten_meanwhile_stores_nothing(vendor: Vendor) -> None:
    account = Account(vendor.code, "nobody@customer.test", Origin("", "a browser"))
    login_attempts.attempt_failed(account, "", Attempts(), Seen(Attempts(), Failures(), Failures(), Failures()), NOW)
    assert reads.get(login_attempts.attempts_item(account), now=NOW) is None
