"""Events: who, what, from where, when."""

from chalicelib.domain.events import Actor, Event
from tests.domain.samples import NOW


def test_an_event_says_who_did_what_from_where_and_when() -> None:
    event = Event.new(
        "device_activated", Actor("api:K", "192.0.2.7"), NOW, user="ada@example.com", hardware_id="pc", transfer=1
    )
    assert (event.type, event.at, event.actor.name, event.actor.ip) == ("device_activated", NOW, "api:K", "192.0.2.7")
    assert (event.user, event.hardware_id, event.detail) == ("ada@example.com", "pc", {"transfer": 1})


def test_events_of_one_millisecond_have_keys_of_their_own_and_keys_order_by_time() -> None:
    keys = {Event.new("license_reset", Actor("admin"), NOW).key for _ in range(1000)}
    assert len(keys) == 1000
    assert max(keys) < Event.new("license_reset", Actor("admin"), NOW + 1).key
