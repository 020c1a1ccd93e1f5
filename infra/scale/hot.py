"""What is hottest, beside the limit that it meets, and at how much it would bind (docs/scale.md)."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import reduce

from chalicelib.store.due import GROUPS, SHARDS_OF_A_COMPANY
from infra.cost.inputs import Usage
from infra.scale.fleet import LARGEST_ZONE, Calls, Fleet, peak
from infra.scale.items import CALLS, OF_NO_COMPANY, OF_NO_LICENSE, Units
from infra.stage.stages import Firewall

PARTITION = Units(3_000, 1_000)
"""A second, of a partition, and so of an item."""
TABLE = Units(40_000, 40_000)
"""A second, of a table on demand, unless more is asked for."""
REQUESTS = 10_000
"""A second, of API Gateway for an account, likewise."""
FUNCTIONS = 1_000
"""At once, of Lambda for an account, likewise."""
TRANSACTION_MS = 25
"""A transaction of five items at the median, as others have measured it."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Hot:
    """Something, what is asked of it, and what it bears."""

    what: str
    asked: float
    limit: float
    unit: str
    size: float
    """Of what asks: so many `of`."""
    of: str

    @property
    def share(self) -> float:
        """Of the limit; above 1 it binds."""
        return self.asked / self.limit

    @property
    def binds_at(self) -> float:
        """So many `of` ask for all that the limit lets them."""
        return self.size / self.share


def units(made: Calls) -> dict[str, Units]:
    """A second's units of each kind of item."""
    found: dict[str, Units] = {}
    for call, count in made.items():
        for kind, of_one in CALLS[call].items():
            found[kind] = found.get(kind, Units()).plus(of_one.times(count))
    return found


def total(of: dict[str, Units], table: str = "", without: Collection[str] = ()) -> Units:
    """The units of all kinds of a table, or of all tables, but for some."""
    kinds = [of[kind] for kind in of if kind.startswith(table) and kind not in without]
    return reduce(Units.plus, kinds, Units())


def hottest(fleet: Fleet, usage: Usage, firewall: Firewall, sweep_seconds: float) -> list[Hot]:
    """All that is looked at, the hottest first. `sweep_seconds`: how long a sweep may go on."""
    found = [
        *_usual_day(fleet, usage, firewall),
        *_sale(fleet),
        *_end(fleet, sweep_seconds),
        *_rollout(fleet, firewall),
    ]
    return sorted(found, key=lambda hot: -hot.share)


def _usual_day(fleet: Fleet, usage: Usage, firewall: Firewall) -> list[Hot]:
    """Each at its own busiest minute."""
    everybody, usual = (fleet.devices, "devices"), (fleet.devices / fleet.companies, "devices of a company")
    company, license = (fleet.company_devices, usual[1]), (fleet.largest_license, "devices of a license")
    of_all, of_usual, of_company = (peak(n, usage, fleet)[1] for n, _ in (everybody, usual, company))
    _, of_license = peak(fleet.largest_license, usage, fleet, LARGEST_ZONE)
    busy = sum(count * getattr(usage, f"{call.split()[0]}_ms") / 1000 for call, count in of_all.items())
    a_minute = sum(of_license.values()) * 60
    return [
        Hot("all calls", sum(of_all.values()), REQUESTS, "calls", *everybody),
        Hot("functions at once", busy, FUNCTIONS, "functions", *everybody),
        _hotter("table licenses", total(units(of_all), "licenses"), TABLE, *everybody),
        _hotter("table accounts", total(units(of_all), "accounts"), TABLE, *everybody),
        _hotter("a usual company's partition", _of_company(of_usual), PARTITION, *usual),
        _hotter("largest company's partition", _of_company(of_company), PARTITION, *company),
        _hotter("largest license's partition", _of_license(of_license), PARTITION, *license),
        _hotter("largest license's item", units(of_license)["licenses license"], PARTITION, *license),
        Hot("largest license, behind one address", a_minute, firewall.calls_a_minute, "calls a minute", *license),
    ]


def _sale(fleet: Fleet) -> list[Hot]:
    """The largest company sells all its licenses within an hour."""
    of, issued = (fleet.largest_company, "licenses of a company"), {"issue a license": fleet.largest_company / HOUR}
    return [
        _hotter("sale: the company's partition", _of_company(issued), PARTITION, *of),
        _hotter("sale: the end of the list of licenses", units(issued)["accounts license#"], PARTITION, *of),
    ]


def _end(fleet: Fleet, sweep_seconds: float) -> list[Hot]:
    """Licenses that are extended within an hour, of the largest company or of all, or that end at one instant."""
    of, everybody = (fleet.largest_company, "licenses of a company"), (fleet.licenses, "licenses")
    extended = units({"extend a license": 1 / HOUR})["licenses due#"].times(1 / SHARDS_OF_A_COMPANY)
    of_company, of_all = extended.times(fleet.largest_company), extended.times(fleet.licenses / GROUPS)
    swept_a_second = SHARDS_OF_A_COMPANY * 1000 / TRANSACTION_MS
    swept = fleet.largest_company / swept_a_second
    return [
        _hotter("extension of all of a company: a due shard", of_company, PARTITION, *of),
        _hotter("extension of all: a due shard", of_all, PARTITION, *everybody),
        Hot("end of all of a company: the sweep", swept, sweep_seconds, "s", *of),
    ]


def _rollout(fleet: Fleet, firewall: Firewall) -> list[Hot]:
    """The largest license is activated on all its devices within an hour: by user, for that asks for more."""
    of, a_second = (fleet.largest_license, "devices of a license"), fleet.largest_license / HOUR
    taken = {"activate by user": a_second}
    return [
        _hotter("rollout: the license's partition", _of_license(taken), PARTITION, *of),
        _hotter("rollout: the license's item", units(taken)["licenses license"], PARTITION, *of),
        _hotter("rollout: the end of its history", units(taken)["licenses at#"], PARTITION, *of),
        Hot("rollout: transactions in turn", a_second, 1000 / TRANSACTION_MS, "transactions", *of),
        Hot("rollout behind one address", a_second * 60, firewall.log_ins_a_minute, "log-ins a minute", *of),
    ]


def _of_company(made: Calls) -> Units:
    """What calls ask of the partition of one company."""
    return total(units(made), "accounts", OF_NO_COMPANY)


def _of_license(made: Calls) -> Units:
    """What calls ask of the partition of one license."""
    return total(units(made), "licenses", OF_NO_LICENSE)


def _hotter(what: str, asked: Units, limit: Units, size: float, of: str) -> Hot:
    """Reads or writes, whichever is nearer to the limit."""
    read = Hot(what, asked.read, limit.read, "read units", size, of)
    write = Hot(what, asked.write, limit.write, "write units", size, of)
    return max(read, write, key=lambda hot: hot.share)
