"""A working day of a model fleet, minute by minute: which calls are made, and how many a second."""

from collections import defaultdict
from dataclasses import dataclass

from infra.cost.inputs import Usage

MINUTES = 24 * 60
WORKING_DAYS = 21
"""Of a month; what is counted by the month happens on these."""
OPENS, CLOSES = 9 * 60, 18 * 60
"""Minutes of the local day: the working hours of each zone."""
ZONES = {-480: 0.10, -300: 0.20, 0: 0.10, 60: 0.30, 330: 0.05, 480: 0.15, 540: 0.10}
"""How much of the fleet is where, by minutes that the clock is ahead of UTC. A guess: most of it in Central Europe."""
LARGEST_ZONE = {max(ZONES, key=lambda ahead: ZONES[ahead]): 1.0}
"""All devices in one zone, as those of one license are."""
Calls = dict[str, float]
"""Calls a second, by their names in `infra.scale.items`."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The model. The largest license is one of the largest company's."""

    devices: int = 10_000_000
    companies: int = 10_000
    largest_company: int = 100_000
    """Licenses."""
    largest_license: int = 100_000
    """Devices."""
    devices_a_license: int = 10
    opening_minutes: int = 60
    """Each device of a zone starts, and checks, within so many minutes from nine o'clock on."""

    @property
    def licenses(self) -> float:
        """Of all companies."""
        return self.devices / self.devices_a_license

    @property
    def company_devices(self) -> int:
        """Of the largest company."""
        return self.largest_company * self.devices_a_license + self.largest_license


def calls(devices: float, minute: int, usage: Usage, fleet: Fleet, zones: dict[int, float] = ZONES) -> Calls:
    """Calls a second of so many devices in a minute of the day in UTC.

    Each device checks once as it starts, and as often as it does besides within the working hours, evenly.
    """
    made: Calls = defaultdict(float)
    for ahead, share in zones.items():
        since = (minute + ahead) % MINUTES - OPENS
        there, day = devices * share, (CLOSES - OPENS) * 60
        starting = min(1.0, usage.checks_a_day) / (fleet.opening_minutes * 60) * (0 <= since < fleet.opening_minutes)
        at_work = 0 <= since < CLOSES - OPENS
        later = max(0.0, usage.checks_a_day - 1) / day * at_work
        for by, part, first in (
            ("key", 1 - usage.share_of_users, "once in 15 minutes"),
            ("user", usage.share_of_users, "once in 12 hours"),
        ):
            made[f"check by {by}, {first}"] += there * part * starting
            made[f"check by {by}, once in 15 minutes"] += there * part * later
            made[f"activate by {by}"] += there * part * usage.activations_a_month / WORKING_DAYS / day * at_work
            made[f"deactivate by {by}"] += there * part * usage.deactivations_a_month / WORKING_DAYS / day * at_work
    return made


def peak(devices: float, usage: Usage, fleet: Fleet, zones: dict[int, float] = ZONES) -> tuple[int, Calls]:
    """The busiest minute of the day in UTC, and its calls."""
    made = {minute: calls(devices, minute, usage, fleet, zones) for minute in range(MINUTES)}
    busiest = max(made, key=lambda one: sum(made[one].values()))
    return busiest, made[busiest]
