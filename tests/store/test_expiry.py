"""What has expired is there for nobody, however late it is deleted."""

from typing import Any

import pytest

from chalicelib.store import reads, writes
from chalicelib.store.items.kinds import KINDS
from tests.store.test_items import least
from tests.support import NOW

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
        with pytest.raises(TypeError):
            reads.get(kind(item.pk))
    finally:
        writes.delete(kind(item.pk))
