"""Batches of several managers at once, in four processes: no limit is passed, and each person is done once."""

from collections import Counter
from functools import partial

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import License
from chalicelib.store import licenses
from chalicelib.usecases.batch_assign import continue_batch, end_batch, start_batch
from tests.race.crew import PROCESSES
from tests.race.site import Site
from tests.support import ADMIN, Vendor

PLACES = 40
ROUNDS = 3
FULL = "license_users_limit_reached"
Seen = tuple[str, int]
"""How it ended, and the most places that were taken at once while it went on."""


def test_two_batches_and_single_assignments_never_take_more_than_the_places(site: Site) -> None:
    for _ in range(ROUNDS):
        license = for_users(site)
        singles = [partial(assign_one, site.vendor, license, f"single{n}@customer.test") for n in range(12)]
        batches_of_30 = [partial(run, site.vendor, license, who, everybody=False) for who in "ab"]
        answers = site.crew.at_once([*batches_of_30, *singles])
        assert max(most for _, most in answers) <= PLACES
        assert Counter(outcome for outcome, _ in answers).keys() <= {"done", FULL}
        assert site.crew.do(seats, site.vendor, license) == site.stored(license).users_assigned == PLACES
        assert len(site.events(license, "user_assigned")) == PLACES
    assert site.differences() == []


def test_of_two_batches_that_do_not_both_fit_one_gets_all_and_the_other_nothing(site: Site) -> None:
    for _ in range(ROUNDS):
        license = for_users(site)
        answers = site.crew.at_once([partial(run, site.vendor, license, who, everybody=True) for who in "abcd"])
        assert Counter(outcome for outcome, _ in answers) == {"done": 1, FULL: 3}
        emails = site.crew.do(emails_of, site.vendor, license)
        assert emails in [people(who) for who in "abcd"]
        assert site.stored(license).users_assigned == 30
    assert site.differences() == []


def test_however_many_go_on_with_a_batch_each_person_is_done_once(site: Site) -> None:
    license = for_users(site)
    batch_id = site.crew.do(start, site.vendor, license, "a", everybody=True)
    site.crew.at_once([partial(carry_on, site.vendor, license, batch_id)] * (2 * PROCESSES))
    assert site.crew.do(emails_of, site.vendor, license) == people("a")
    assert [event.type for event in site.events(license, "batch_finished")] == ["batch_finished"]
    assert site.differences() == []


def test_a_batch_that_is_ended_while_others_go_on_with_it_gives_back_each_place_once(site: Site) -> None:
    for _ in range(ROUNDS):
        license = for_users(site)
        batch_id = site.crew.do(start, site.vendor, license, "a", everybody=True)
        going = [partial(carry_on, site.vendor, license, batch_id)] * PROCESSES
        site.crew.at_once([*going, *[partial(stop, site.vendor, license, batch_id)] * 2])
        done = len(site.events(license, "user_assigned"))
        assert site.stored(license).users_assigned == site.crew.do(seats, site.vendor, license) == done
        ends = site.events(license, "batch_finished") + site.events(license, "batch_ended")
        assert len(ends) == 1
    assert site.differences() == []


def for_users(site: Site) -> License:
    """A license for 40 users."""
    return site.issue("revit", max_license_users=PLACES)


def people(who: str) -> list[str]:
    """The emails of a batch."""
    return sorted(f"{who}{n}@customer.test" for n in range(30))


# --- in one of the crew's processes ------------------------------------------------------------------------------


def start(vendor: Vendor, license: License, who: str, *, everybody: bool) -> int:
    """Reserve the places."""
    return start_batch(vendor.code, license.id, "\n".join(people(who)), everybody, ADMIN, now=vendor.now)


def run(vendor: Vendor, license: License, who: str, *, everybody: bool) -> Seen:
    """A whole batch."""
    try:
        return carry_on(vendor, license, start(vendor, license, who, everybody=everybody))
    except SeatkeeperError as refused:
        return refused.code, taken(vendor, license)


def carry_on(vendor: Vendor, license: License, batch_id: int) -> Seen:
    """Step by step to its end, with a look at the license after each."""
    most = taken(vendor, license)
    while continue_batch(vendor.code, license.id, batch_id, ADMIN, lambda: False, now=vendor.now) is not None:
        most = max(most, taken(vendor, license))
    return "done", max(most, taken(vendor, license))


def stop(vendor: Vendor, license: License, batch_id: int) -> Seen:
    """End a batch."""
    end_batch(vendor.code, license.id, batch_id, ADMIN, now=vendor.now)
    return "done", taken(vendor, license)


def assign_one(vendor: Vendor, license: License, email: str) -> Seen:
    """A single assignment."""
    try:
        vendor.assign(license, email)
    except SeatkeeperError as refused:
        return refused.code, taken(vendor, license)
    return "done", taken(vendor, license)


def taken(vendor: Vendor, license: License) -> int:
    """Places that are taken: as the license counts them, or as there are seats."""
    return max(vendor.stored(license).users_assigned, seats(vendor, license))


def seats(vendor: Vendor, license: License) -> int:
    """How many seats there are."""
    return len(emails_of(vendor, license))


def emails_of(vendor: Vendor, license: License) -> list[str]:
    """Whose seats there are."""
    return sorted(seat.email for seat in licenses.seats(vendor.code, license.id))
