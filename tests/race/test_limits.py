"""64 clients, in four processes, race over two servers for few places: no limit is passed at any instant."""

from collections import Counter
from functools import partial

from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.license import License
from chalicelib.turns import STRANGERS
from tests.model import license as model
from tests.race import storms
from tests.race.clients import OK, Client, as_text
from tests.race.crew import a_seed
from tests.race.judge import contradictions
from tests.race.site import CLIENTS, Site
from tests.support import Vendor

PLACES = 5
FULL = "license_activated_max_times"
SEAT_FULL = "user_activated_max_times"
NO_MORE_TRANSFERS = "device_transfer_limit_reached"


def test_of_64_devices_that_rush_for_5_places_5_get_one(site: Site) -> None:
    for _ in range(3):
        license = site.issue(max_activations=PLACES)
        calls = site.rush([site.client(number, license) for number in range(CLIENTS)])
        assert Counter(call.outcome for call in calls) == {OK: PLACES, FULL: CLIENTS - PLACES}, as_text(calls)
        assert site.stored(license).times_activated == PLACES
        assert len(site.events(license, "device_activated")) == PLACES
    assert site.differences() == []


def test_a_device_that_calls_several_times_at_once_is_answered_the_same_each_time(site: Site) -> None:
    for _ in range(3):
        license = site.issue(max_activations=PLACES)
        calls = site.rush([site.client(number, license, device=number % 8) for number in range(CLIENTS)])
        answers = {(call.hardware_id, call.outcome, call.device_id) for call in calls}
        assert Counter(outcome for _, outcome, _ in answers) == {OK: PLACES, FULL: 8 - PLACES}, as_text(calls)
        assert site.stored(license).times_activated == PLACES
    assert site.differences() == []


def test_coming_and_going_never_holds_more_than_5_places(site: Site) -> None:
    license = site.issue(max_activations=PLACES)
    calls = site.mix([site.client(number, license) for number in range(CLIENTS)], a_seed(), steps=25)
    assert contradictions(calls, model.License(PLACES)) == ""
    assert Counter(call.outcome for call in calls if call.is_open) == {}
    granted = len(site.events(license, "device_activated"))
    assert granted > 4 * PLACES, "hardly a place changed hands: this was no race"
    assert site.stored(license).times_activated == granted - len(site.events(license, "device_deactivated"))
    assert site.differences() == []


def test_no_more_transfers_than_allowed_happen_however_many_devices_come_and_go(site: Site) -> None:
    license = site.issue(max_activations=PLACES, max_transfers=3)
    calls = site.mix([site.client(number, license) for number in range(CLIENTS)], a_seed(), steps=8)
    assert contradictions(calls, model.License(PLACES, transfers=3)) == ""
    assert transfers(site, license) == site.stored(license).transfer_count == 3, as_text(calls)
    assert site.differences() == []


def test_of_64_devices_that_rush_for_5_vacated_places_as_many_get_one_as_transfers_are_allowed(site: Site) -> None:
    for _ in range(3):
        license = site.issue(max_activations=PLACES, max_transfers=2)
        before = [site.client(number, license, device=100 + number) for number in range(PLACES)]
        site.rush(before)
        site.storm([partial(storms.deactivate, client) for client in before])
        calls = site.rush([site.client(number, license) for number in range(CLIENTS)])
        assert Counter(call.outcome for call in calls) == {OK: 2, NO_MORE_TRANSFERS: CLIENTS - 2}, as_text(calls)
        assert transfers(site, license) == site.stored(license).transfer_count == 2
    assert site.differences() == []


def test_a_place_that_is_given_back_by_many_calls_at_once_is_given_back_once(site: Site) -> None:
    license = site.issue(max_activations=8)
    clients = [site.client(number, license, device=number % 8) for number in range(CLIENTS)]
    site.rush(clients)
    calls = site.storm([partial(storms.deactivate, client) for client in clients])
    assert Counter(call.outcome for call in calls) == {OK: CLIENTS}, as_text(calls)
    assert site.stored(license).times_activated == 0
    assert len(site.events(license, "device_deactivated")) == 8
    assert site.differences() == []


def test_neither_a_seat_nor_the_license_holds_more_than_it_may(site: Site) -> None:
    license = site.issue("revit", max_activations=PLACES, max_license_users=4)
    clients = users_of(site, license, users=4, seat=2)
    rush = site.rush(clients)
    outcomes = Counter(call.outcome for call in rush)
    assert set(outcomes) <= {OK, SEAT_FULL, FULL}, outcomes
    assert outcomes[OK] == PLACES, as_text(rush)

    # Half of them: no more than may log in at once at either server, however they meet there.
    calls = rush + site.mix(clients[: CLIENTS // 2], a_seed(), steps=4)
    seats = frozenset((client.lookup["username"], 2) for client in clients)
    assert contradictions(calls, model.License(PLACES, users=4, seats=seats)) == ""
    assert Counter(call.outcome for call in calls if call.is_open) == {}
    assert site.differences() == []


def test_of_64_users_who_are_assigned_at_once_5_get_a_seat(site: Site) -> None:
    license = site.issue("revit", max_activations=CLIENTS, max_license_users=PLACES)
    emails = [f"user-{license.id}-{number}@customer.test" for number in range(CLIENTS)]
    answers = site.crew.at_once([partial(assign, site.vendor, license, email) for email in emails])
    refused = CLIENTS - PLACES
    assert Counter(answers) == {OK: PLACES, "license_users_limit_reached": refused}, list(
        zip(emails, answers, strict=True)
    )
    assert site.stored(license).users_assigned == PLACES
    assert len(site.events(license, "user_assigned")) == PLACES
    assert site.differences() == []


def test_a_user_who_is_assigned_by_many_at_once_gets_one_seat(site: Site) -> None:
    license = site.issue("revit", max_activations=CLIENTS, max_license_users=PLACES)
    email = f"user-{license.id}@customer.test"
    answers = site.crew.at_once([partial(assign, site.vendor, license, email) for _ in range(CLIENTS)])
    assert Counter(answers) == {OK: 1, "user_already_assigned": CLIENTS - 1}
    assert site.stored(license).users_assigned == 1
    assert site.differences() == []


def assign(vendor: Vendor, license: License, email: str) -> str:
    """In one of the crew's processes: give a user a seat; answers `ok` or the code of the refusal."""
    try:
        vendor.assign(license, email)
    except SeatkeeperError as refused:
        return refused.code
    except Unavailable:
        return "service_busy"
    return OK


def transfers(site: Site, license: License) -> int:
    """How many activations the history calls a transfer."""
    return sum("transfer" in event.detail for event in site.events(license, "device_activated"))


def users_of(site: Site, license: License, *, users: int, seat: int) -> list[Client]:
    """As many clients as may log in at one server at once, shared out evenly among users who hold a seat."""
    emails = [f"user-{license.id}-{number}@customer.test" for number in range(users)]
    passwords = {email: site.assign(license, email, seat) for email in emails}
    clients = []
    for number in range(STRANGERS):
        email = emails[number % users]
        lookup = {"product": license.product, "username": email}
        clients.append(site.client(number, license, lookup=lookup, password=passwords[email]))
    return clients
