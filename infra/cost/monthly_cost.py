"""What is called, kept and watched in a month, and what that costs."""

from collections import Counter
from dataclasses import dataclass

from chalicelib.domain.activation import CHECK_INTERVAL_MS, USE_INTERVAL_MS
from chalicelib.domain.transitions import NOTICE_DAYS
from chalicelib.observability import METRICS
from infra import budgets
from infra.budgets import Budget
from infra.cost.inputs import CostError, Inputs, Price, Prices, Usage
from infra.stage.resources import resources
from infra.stage.stages import PROTECTED, read_config, read_stage

_DAY_MS = 24 * 60 * 60 * 1000
NOTED_A_DAY, USES_A_DAY = _DAY_MS / CHECK_INTERVAL_MS, _DAY_MS / USE_INTERVAL_MS
"""Checks of one device that are written down, and those that its user's seat notes, too, at most."""
GB = 2**30
INDEX_BYTES = 100
"""What DynamoDB adds to each stored item."""
MILLIONS = (
    "check by key",
    "check by key, once in 15 minutes",
    "check by user, once in 15 minutes",
    "check by user, once in 12 hours",
    "activate by key",
    "activate by user",
    "deactivate by key",
    "deactivate by user",
)
"""Calls of which a million is reckoned, by their names in `infra.budgets`."""


@dataclass(frozen=True, slots=True)
class Load:
    """A kind of call, as often as it is made in a month."""

    count: float
    budget: Budget
    ms: float = 0
    """Of Lambda, each."""
    answer_bytes: float | None = None
    """None: nobody calls it over HTTP."""


def loads(devices: float, usage: Usage) -> list[Load]:
    """What so many devices, and the clock, call in a month."""
    checks = devices * usage.days_a_month * usage.checks_a_day
    noted = min(checks, devices * usage.days_a_month * NOTED_A_DAY)
    used = min(noted, devices * usage.days_a_month * USES_A_DAY)
    sweep = budgets.CALLS["sweep, nothing due"]
    calls = budgets.CALLS
    transition, notice = (_beside(sweep, calls[f"sweep, one license {does}"]) for does in ("expires", "will expire"))
    asked, queue, sent = calls["ask for a code"], calls["mail, nothing queued"], calls["mail, one is sent"]
    mail = Budget("4 reads + 4 writes", asked.read_units, asked.write_units + sent.write_units)
    result = [
        # As if each page were the first in five minutes of its session.
        Load(devices * usage.portal_pages_a_month, budgets.PORTAL_PAGE_NOTED, usage.page_ms, usage.page_bytes),
        Load(usage.days_a_month * usage.sweeps_a_day, sweep, usage.sweep_ms),
        Load(devices * usage.licenses_ending_a_month, transition),
        Load(devices * usage.licenses_ending_a_month * len(NOTICE_DAYS), notice),
        Load(usage.days_a_month * usage.mail_runs_a_day, queue, usage.mail_run_ms),
        Load(devices * usage.mails_a_month, mail),
        Load(usage.days_a_month * usage.event_runs_a_day, calls["events, nothing waits"], usage.event_run_ms),
        Load(
            usage.share_of_users * used,
            calls["check by user, once in 12 hours"],
            usage.check_ms,
            usage.answer_bytes,
        ),
    ]
    for by, share, beside in ("key", 1 - usage.share_of_users, 0.0), ("user", usage.share_of_users, used):
        for call, count, ms in (
            (f"check by {by}", checks - noted, usage.check_ms),
            (f"check by {by}, once in 15 minutes", noted - beside, usage.check_ms),
            (f"activate by {by}", devices * usage.activations_a_month, usage.activate_ms),
            (f"deactivate by {by}", devices * usage.deactivations_a_month, usage.deactivate_ms),
        ):
            result.append(Load(share * count, budgets.CALLS[call], ms, usage.answer_bytes))
    return result


def _beside(idle: Budget, due: Budget) -> Budget:
    """What a sweep costs more where one license is due."""
    return Budget("1 transaction", due.read_units - idle.read_units, due.write_units - idle.write_units)


def stored_gb(devices: float, usage: Usage) -> float:
    """What lies in the tables."""
    events = (usage.activations_a_month + usage.deactivations_a_month) * usage.months_of_history
    return devices * (usage.items_a_device + events) * (budgets.ITEM_BYTES + INDEX_BYTES) / GB


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What watches a stage, whether it is called or not."""

    metrics: int
    alarms: int
    """The metrics that alarms look at."""
    dashboards: int
    keys: int
    """That encrypt, and are ours."""
    firewalls: int = 0
    """Web ACLs, which look at every call over HTTP."""
    firewall_rules: int = 0


def watch(stage: str = PROTECTED) -> Monitoring:
    """As the stage's template has it, and the names of our metrics."""
    made = [one for one in resources(read_stage(stage))["Resources"].values() if "Type" in one]
    of = Counter(one["Type"] for one in made)
    alarms = [one["Properties"] for one in made if one["Type"] == "AWS::CloudWatch::Alarm"]
    looked_at = [[m for m in alarm.get("Metrics", [{"MetricStat": {}}]) if "MetricStat" in m] for alarm in alarms]
    acls = [one["Properties"]["Rules"] for one in made if one["Type"] == "AWS::WAFv2::WebACL"]
    return Monitoring(
        len(METRICS),
        sum(map(len, looked_at)),
        of["AWS::CloudWatch::Dashboard"],
        of["AWS::KMS::Key"],
        len(acls),
        sum(map(len, acls)),
    )


@dataclass(frozen=True, slots=True)
class Function:
    """How Lambda runs us."""

    gb: float
    architecture: str
    provisioned: int = 0
    """So many are kept started."""


def function() -> Function:
    """As `.chalice/config.json` has it."""
    config = read_config()
    provisioned = read_stage(PROTECTED).provisioned_concurrency
    return Function(config["lambda_memory_size"] / 1024, config["lambda_architecture"], provisioned)


def kept_started(inputs: Inputs, run: Function) -> float:
    """USD of a month for each function that is kept started, whether it is called or not.

    For the time of its calls AWS asks four tenths less than for that of others, which is left out. Raises `CostError`.
    """
    seconds = inputs.usage.days_a_month * 24 * 60 * 60
    return _price(inputs.prices, "provisioned", run.architecture).of(run.gb * seconds)


def _price(prices: Prices, kind: str, architecture: str) -> Price:
    price: Price | None = getattr(prices, f"{kind}_{architecture}", None)
    if price is None:
        raise CostError(f"There is no price for Lambda on {architecture}.")
    return price


def month(devices: float, inputs: Inputs, run: Function, watched: Monitoring) -> dict[str, float]:
    """USD of a month, by what they are for. Raises `CostError` where the architecture has no price."""
    usage, prices = inputs.usage, inputs.prices
    gb = stored_gb(devices, usage)
    of_calls = usd_of_calls(loads(devices, usage), inputs, run, watched)
    return of_calls | {
        "Lambda, kept started": run.provisioned * kept_started(inputs, run),
        "Firewall": of_calls["Firewall"]
        + prices.firewall.of(watched.firewalls)
        + prices.firewall_rule.of(watched.firewall_rules),
        "DynamoDB, storage and recovery": prices.stored.of(gb) + prices.recoverable.of(gb),
        "Metrics, alarms, dashboard, key": prices.metric.of(watched.metrics + usage.refusal_codes)
        + prices.alarm.of(watched.alarms)
        + prices.dashboard.of(watched.dashboards)
        + prices.key.of(watched.keys),
    }


def million(call: str, inputs: Inputs, run: Function, watched: Monitoring) -> dict[str, float]:
    """USD of a million of one of `MILLIONS`, by what they are for, as if there were no others. Raises `CostError`."""
    ms = getattr(inputs.usage, f"{call.split(maxsplit=1)[0]}_ms")
    load = Load(1e6, budgets.CALLS[call], ms, inputs.usage.answer_bytes)
    return usd_of_calls([load], inputs, run, watched)


def usd_of_calls(made: list[Load], inputs: Inputs, run: Function, watched: Monitoring) -> dict[str, float]:
    """USD of calls alone, by what they are for. Raises `CostError` where the architecture has no price."""
    usage, prices = inputs.usage, inputs.prices
    gb_second = _price(prices, "lambda", run.architecture)
    over_http = [(load.count, load.answer_bytes) for load in made if load.answer_bytes is not None]
    calls = sum(count for count, _ in over_http)
    requests = sum(load.count for load in made if load.ms)
    gb_seconds = run.gb * sum(load.count * load.ms for load in made) / 1000
    return {
        "API Gateway": prices.api_request.of(calls),
        "Lambda": prices.lambda_request.of(requests) + gb_second.of(gb_seconds),
        "DynamoDB, reads": prices.read_unit.of(sum(load.count * load.budget.read_units for load in made)),
        "DynamoDB, writes": prices.write_unit.of(sum(load.count * load.budget.write_units for load in made)),
        "Logs": prices.logged.of(requests * usage.log_bytes / GB),
        "Firewall": prices.firewall_request.of(calls * watched.firewalls),
        "Data sent": prices.sent.of(sum(count * sent for count, sent in over_http) / GB),
    }
