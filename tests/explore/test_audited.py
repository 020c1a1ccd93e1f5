"""What parts of the audit are told by what they read finds the same as if each looked anew."""

from tests.explore.audited import audited
from tests.explore.engine import NO_ITEMS
from tests.explore.scheduler import controlled
from tests.explore.worlds import new_engine, world


def test_of_whatever_is_missing_it_finds_what_the_audit_finds() -> None:
    here, engine = world("users", "limit"), new_engine({})
    found = set[tuple[str, ...]]()
    with controlled(engine):
        for (table, pk), items in here.state.items():
            for part in items:
                engine.state = here.state | {(table, pk): here.state.get((table, pk), NO_ITEMS).having(part, None, 0)}
                assert audited(here.vendor, engine) == here.vendor.differences()
                found.add(tuple(audited(here.vendor, engine)))
        assert len(found) > 5  # of each kind what it is
