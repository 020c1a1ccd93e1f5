"""`.venv/bin/python -m infra.cost`: what a month and a million calls cost, as Markdown or JSON. AWS is not asked."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from infra import output
from infra.cost.inputs import DEFAULT, CostError, Inputs, read_inputs
from infra.cost.monthly_cost import MILLIONS, Function, Monitoring, function, kept_started, loads, million, month, watch
from infra.markdown import markdown_table
from infra.stage.stages import StageError
from infra.version import add_version

DEVICES = (1_000, 100_000, 10_000_000)
PER = 1_000
"""The last row of the table is for so many devices."""
Usd = dict[str, float]
"""By what they are for."""


def months_table(inputs: Inputs, run: Function, months: dict[int, Usd]) -> str:
    """In Markdown, a column for each number of devices; and what it rests on."""
    usage, prices = inputs.usage, inputs.prices
    totals = {devices: sum(lines.values()) for devices, lines in months.items()}
    calls = {d: sum(load.count for load in loads(d, usage) if load.answer_bytes is not None) for d in months}
    rows = [["USD a month", *(f"{devices:,} devices" for devices in months)], ["---", *("--:" for _ in months)]]
    rows.append(["calls over HTTP", *(f"{calls[devices]:,.0f}" for devices in months)])
    rows += [[name, *(_usd(lines[name]) for lines in months.values())] for name in next(iter(months.values()))]
    rows.append(["**all**", *(f"**{_usd(total)}**" for total in totals.values())])
    rows.append([f"for each {PER:,} devices", *(_usd(total / devices * PER) for devices, total in totals.items())])
    rest = (
        f"List prices of {prices.region}, {prices.as_of}, without free tiers. For each device: "
        f"{usage.checks_a_day:g} checks a day; {usage.activations_a_month:g} activations, "
        f"{usage.deactivations_a_month:g} deactivations, {usage.portal_pages_a_month:g} pages of the portal a month. "
        f"{usage.share_of_users:.0%} are licensed by user. "
        f"Each function that is kept started (`provisioned_concurrency`) is {_usd(kept_started(inputs, run))} a month."
    )
    return f"{markdown_table(rows)}\n\n{rest}"


def millions_table(millions: dict[str, Usd]) -> str:
    """In Markdown, a row for each call."""
    columns = list(next(iter(millions.values())))
    rows = [["USD a million calls", *columns, "**all**"], ["---", *("--:" for _ in columns), "--:"]]
    for call, usd in millions.items():
        rows.append([call, *map(_usd, usd.values()), f"**{_usd(sum(usd.values()))}**"])
    return markdown_table(rows)


def _usd(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def _document(
    inputs: Inputs, run: Function, watched: Monitoring, months: dict[int, Usd], millions: dict[str, Usd]
) -> str:
    answer = {
        "region": inputs.prices.region,
        "as_of": inputs.prices.as_of,
        "usage": inputs.usage.model_dump(),
        "function": asdict(run),
        "watch": asdict(watched),
        "months": [
            {"devices": devices, "usd": lines, "total": sum(lines.values())} for devices, lines in months.items()
        ],
        "millions": [{"call": call, "usd": usd, "total": sum(usd.values())} for call, usd in millions.items()],
    }
    return json.dumps(answer, indent=2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Reckon and print; answers the exit code."""
    given = _parser().parse_args(arguments)
    try:
        inputs, run, watched = read_inputs(given.inputs), function(), watch()
        months = {devices: month(devices, inputs, run, watched) for devices in given.devices}
        millions = {call: million(call, inputs, run, watched) for call in MILLIONS}
    except (CostError, StageError) as error:
        print(error, file=sys.stderr)
        return 2
    if given.json:
        output.answer(_document(inputs, run, watched, months, millions))
    else:
        output.answer(f"{months_table(inputs, run, months)}\n\n{millions_table(millions)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.cost",
        description="What a month, and a million calls, on AWS cost, by list prices and the budgets that tests hold.",
        epilog="example: .venv/bin/python -m infra.cost --devices 250000",
    )
    parser.add_argument(
        "--devices",
        type=_number,
        nargs="+",
        default=DEVICES,
        metavar="N",
        help=f"active devices ({', '.join(f'{one:,}' for one in DEVICES)})",
    )
    parser.add_argument(
        "--inputs", type=Path, default=DEFAULT, metavar="FILE", help=f"usage and prices ({DEFAULT.name})"
    )
    parser.add_argument("--json", action="store_true", help="answer one JSON document")
    add_version(parser)
    return parser


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of devices")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
