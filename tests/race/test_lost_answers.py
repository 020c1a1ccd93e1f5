"""A client that did not get its answer sends the same call again and gets the same place, not a second one."""

from collections import Counter
from functools import partial

from tests.model.license import License
from tests.race import storms
from tests.race.clients import OK, as_text
from tests.race.judge import contradictions
from tests.race.site import CLIENTS, Site

ABSENT, FULL = "device_not_found", "license_activated_max_times"
MANY_CHECKS = 2000


def test_the_place_of_a_call_whose_answer_was_lost_is_the_place_of_its_repeat(site: Site) -> None:
    license = site.issue()
    client = site.client(0, license)
    client.activate_and_hang_up()
    taken = next((call for call in (client.check() for _ in range(MANY_CHECKS)) if call.outcome == OK), None)
    assert taken is not None, "a call whose client has hung up is dropped"
    repeat = client.activate()
    client.close()
    assert (repeat.outcome, repeat.device_id) == (OK, taken.device_id)
    assert site.stored(license).times_activated == len(site.events(license, "device_activated")) == 1


def test_64_devices_whose_answers_are_lost_get_one_place_each(site: Site) -> None:
    license = site.issue(max_activations=CLIENTS)
    calls = site.storm([partial(storms.lose_and_repeat, site.client(i, license)) for i in range(CLIENTS)])
    assert Counter(call.outcome for call in calls if not call.is_open) == {OK: 2 * CLIENTS}, as_text(calls)
    assert contradictions(calls, License(CLIENTS)) == ""
    assert site.stored(license).times_activated == len(site.events(license, "device_activated")) == CLIENTS
    assert site.differences() == []


def test_lost_answers_do_not_pass_the_limit(site: Site) -> None:
    license = site.issue(max_activations=5)
    calls = site.storm([partial(storms.lose_and_repeat, site.client(i, license)) for i in range(CLIENTS)])
    answers = Counter((call.verb, call.outcome) for call in calls if not call.is_open)
    assert answers == {
        ("activate", OK): 5,
        ("check", OK): 5,
        ("activate", FULL): CLIENTS - 5,
        ("check", ABSENT): CLIENTS - 5,
    }, as_text(calls)
    assert contradictions(calls, License(places=5)) == ""
    assert site.stored(license).times_activated == len(site.events(license, "device_activated")) == 5
    assert site.differences() == []
