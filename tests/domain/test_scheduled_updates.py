"""Of the updates that a history names, those that are over are not looked for."""

import pytest

from chalicelib.domain.events import Event, EventType
from chalicelib.domain.scheduled_updates import pending_in
from tests.support import ADMIN, NOW


def event(type: EventType, update_id: int) -> Event:
    return Event.new(type, ADMIN, NOW + update_id, scheduled_update=update_id)


@pytest.mark.parametrize("over", ["update_applied", "update_failed", "update_canceled", "update_deleted"])
def test_an_update_that_is_over_is_not_pending(over: EventType) -> None:
    scheduled = [event("update_scheduled", id) for id in (1, 2, 3)]
    assert pending_in([event(over, 2), *scheduled, Event.new("license_changed", ADMIN, NOW)]) == {1, 3}
    assert pending_in([event(over, 2)]) == set()
