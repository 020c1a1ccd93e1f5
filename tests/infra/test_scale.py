"""`.venv/bin/python -m infra.scale`: the day adds up to what devices do, and what is hottest binds where it says."""

import re
from dataclasses import replace
from functools import cache

import pytest

from infra import budgets
from infra.cost.inputs import DEFAULT, read_inputs
from infra.scale.__main__ import main
from infra.scale.fleet import MINUTES, WORKING_DAYS, Fleet, calls
from infra.scale.hot import Hot, hottest, total, units
from infra.scale.items import CALLS, Units
from infra.stage.stages import Firewall

USAGE = read_inputs(DEFAULT).usage
FIREWALL = Firewall(calls_a_minute=1200, log_ins_a_minute=120)
FLEET = Fleet()


@cache
def hot(fleet: Fleet) -> dict[str, Hot]:
    """What of a fleet is hottest; to be looked at only."""
    return {one.what: one for one in hottest(fleet, USAGE, FIREWALL, 300)}


@pytest.mark.parametrize("opening_minutes", [1, 60, 540])
def test_a_day_adds_up_to_what_its_devices_do(opening_minutes: int) -> None:
    fleet = Fleet(opening_minutes=opening_minutes)
    made = [calls(1000, minute, USAGE, fleet) for minute in range(MINUTES)]
    of_each = {name: 60 * sum(one[name] for one in made) for name in made[0]}
    checks = sum(count for name, count in of_each.items() if name.startswith("check"))
    activations = sum(count for name, count in of_each.items() if name.startswith("activate"))
    assert checks == pytest.approx(1000 * USAGE.checks_a_day)
    assert activations == pytest.approx(1000 * USAGE.activations_a_month / WORKING_DAYS)


@pytest.mark.parametrize("call", CALLS)
def test_the_items_of_a_call_cost_its_budget(call: str) -> None:
    budget = budgets.CALLS[call]
    assert total(units({call: 1})) == Units(budget.read_units, budget.write_units)


@pytest.mark.parametrize("what", hot(FLEET))
def test_what_is_hottest_binds_where_it_says(what: str) -> None:
    before = hot(FLEET)[what]
    factor = 1 / before.share
    larger = replace(
        FLEET,
        devices=round(FLEET.devices * factor),
        largest_company=round(FLEET.largest_company * factor),
        largest_license=round(FLEET.largest_license * factor),
    )
    assert hot(larger)[what].share == pytest.approx(1, rel=1e-3)
    assert hot(larger)[what].size == pytest.approx(before.binds_at, rel=1e-3)


def test_the_hottest_comes_first_and_a_slower_opening_cools() -> None:
    shares = [one.share for one in hottest(FLEET, USAGE, FIREWALL, 300)]
    assert shares == sorted(shares, reverse=True)
    assert hot(replace(FLEET, opening_minutes=120))["all calls"].share < hot(FLEET)["all calls"].share


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_a_number_that_is_none_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([f"--devices={number}"])
    assert stopped.value.code == 2
    assert f"{number!r} is no number from 1 on" in capsys.readouterr().err


def test_the_example_of_the_help_works(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    example = re.search(r"example: \.venv/bin/python -m infra\.scale (.+)", capsys.readouterr().out, re.DOTALL)
    assert example is not None
    main(example[1].split())
    assert "| UTC |" in capsys.readouterr().out
