"""Sweeps that run at the same time announce each transition once."""

from functools import partial
from typing import Any

from chalicelib.domain.license import License
from chalicelib.usecases.sweep import sweep
from tests.race.crew import PROCESSES
from tests.race.site import Site
from tests.support import DAY, HOUR, Vendor

LICENSES = 40
ANNOUNCED = ("license_will_expire", "grace_started", "license_expired")


def test_sweeps_in_several_processes_announce_each_transition_once(site: Site) -> None:
    end = site.vendor.now + 2 * DAY
    with_grace, without = site.crew.at_once([partial(issue, site.vendor, end, grace) for grace in (48, 0)] * 2)[:2]
    for at, expected in (
        (end - DAY, {"license_will_expire": 4 * LICENSES}),
        (end, {"grace_started": 2 * LICENSES, "license_expired": 2 * LICENSES}),
        (end + 48 * HOUR, {"grace_started": 0, "license_expired": 2 * LICENSES}),
    ):
        answers = site.crew.at_once([partial(sweep, now=at)] * PROCESSES)
        assert {kind: sum(counts[kind] for counts in answers) for kind in expected} == expected, answers
    for license in with_grace:
        assert transitions(site, license) == ["license_will_expire", "grace_started", "license_expired"]
    for license in without:
        assert transitions(site, license) == ["license_will_expire", "license_expired"]
    assert site.differences() == []


def issue(vendor: Vendor, end: int, grace: int) -> list[License]:
    """In one of the crew's processes: licenses that end together."""
    terms: dict[str, Any] = {"license_type": "time-limited", "validity_period": end, "grace_period": grace}
    return [vendor.issue(**terms) for _ in range(LICENSES)]


def transitions(site: Site, license: License) -> list[str]:
    """The announcements in a license's history."""
    history = site.crew.do(Vendor.history, site.vendor, license)
    return [event.type for event in history if event.type in ANNOUNCED]
