"""`.venv/bin/python -m infra.scale`: a day of a model fleet, and what is hottest, as tables in Markdown."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import fields

from infra import output
from infra.cost.inputs import DEFAULT, Usage, read_inputs
from infra.markdown import markdown_table
from infra.scale.fleet import Fleet, calls, peak
from infra.scale.hot import hottest, total, units
from infra.stage.stages import PROTECTED, Firewall, read_config, read_stage
from infra.version import add_version

_OPTIONS = {
    "devices": "of all companies",
    "companies": "over which they are spread",
    "largest_company": "licenses of the largest company",
    "largest_license": "devices of its largest license",
    "devices_a_license": "devices of any other license",
    "opening_minutes": "within which, from nine o'clock on, all devices of a zone start and check",
}
"""What each number of the model is."""


def day(fleet: Fleet, usage: Usage) -> str:
    """Each hour of the day in UTC, by its first minute, in which offices open: calls and units a second."""
    rows = []
    for hour in range(24):
        made = calls(fleet.devices, hour * 60, usage, fleet)
        asked = total(units(made))
        rows.append([f"{hour:02}:00", *(f"{number:,.0f}" for number in (sum(made.values()), *asked))])
    return _table(["UTC", "calls a second", "read units", "write units"], rows)


def items(fleet: Fleet, usage: Usage) -> str:
    """The busiest minute: units a second of each kind of item."""
    minute, made = peak(fleet.devices, usage, fleet)
    rows = [[f"`{kind}`", *(f"{number:,.1f}" for number in of_kind)] for kind, of_kind in sorted(units(made).items())]
    return _table([f"at {minute // 60:02}:{minute % 60:02}", "read units", "write units"], rows)


def hot_table(fleet: Fleet, usage: Usage) -> str:
    """What is hottest first, and at how much it binds. Raises `StageError`."""
    firewall = read_stage(PROTECTED).firewall or Firewall(calls_a_minute=10**9, log_ins_a_minute=10**9)
    sweep_seconds = read_config()["lambda_functions"]["sweep_due"]["lambda_timeout"]
    rows = [
        [
            hot.what,
            f"{hot.asked:,.1f} {hot.unit}",
            f"{hot.limit:,.0f}",
            f"{hot.share:.1%}",
            _about(hot.binds_at),
            hot.of,
        ]
        for hot in hottest(fleet, usage, firewall, sweep_seconds)
    ]
    return _table(["what", "asked", "limit", "share", "binds at", "of"], rows)


def _about(number: float) -> str:
    """In two figures."""
    return f"{float(f'{number:.1e}'):,.0f}"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    return markdown_table([head, ["---", *["--:"] * (len(head) - 1)], *rows])


def main(arguments: Sequence[str] | None = None) -> None:
    """Reckon and print."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.scale",
        description="A day of a model fleet on AWS, and what is hottest, from the budgets that tests hold.",
        epilog="example: .venv/bin/python -m infra.scale --devices 1000000 --opening-minutes 10",
    )
    for field in fields(Fleet):
        option = f"--{field.name.replace('_', '-')}"
        text = f"{_OPTIONS[field.name]} ({field.default:,})"
        parser.add_argument(option, type=_number, default=field.default, metavar="N", help=text)
    add_version(parser)
    given = parser.parse_args(arguments)
    fleet, usage = Fleet(*(getattr(given, field.name) for field in fields(Fleet))), read_inputs(DEFAULT).usage
    output.answer("\n\n".join((day(fleet, usage), items(fleet, usage), hot_table(fleet, usage))))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


if __name__ == "__main__":
    main()
