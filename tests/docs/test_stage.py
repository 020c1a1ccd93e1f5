"""docs/stage.md: its alarms are those of the code, and its limits those of the template."""

import json
import re

from infra.stage.alarms import ALARMS, LESS_THAN, PERIOD_SECONDS, Alarm
from infra.stage.firewall import GUARDED, RETRY_AFTER_SECONDS
from infra.stage.resources import resources
from infra.stage.stages import read_config, read_stage
from tests.docs.pages import DOCS, ROOT

PAGE = (DOCS / "stage.md").read_text()
OF = {"Sum": "sum", "Maximum": "maximum", "SampleCount": "samples"}


def row(alarm: Alarm) -> str:
    statistic = alarm.metric.get("ExtendedStatistic") or OF[alarm.metric["Statistic"]]
    begins = f"{'<' if alarm.comparison == LESS_THAN else '≥'} {alarm.threshold}"
    begins += ", or silence" if alarm.silence == "breaching" else ""
    minutes = alarm.periods * PERIOD_SECONDS // 60
    return f"| `{alarm.name}` | {statistic} of `{alarm.metric['MetricName']}` | {begins} | {minutes} |"


def test_every_alarm_is_told_with_what_it_watches_and_when_it_begins() -> None:
    section = PAGE.partition("\n## Alarms")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `.*$", section, re.MULTILINE) == [row(alarm) for alarm in ALARMS]


def test_how_many_calls_a_stage_takes_and_how_long_logs_are_kept_is_reported() -> None:
    for name in read_config()["stages"]:
        made = resources(read_stage(name))["Resources"]
        method, *_ = made["RestAPI"]["Properties"]["MethodSettings"]
        rate, burst = method["ThrottlingRateLimit"], method["ThrottlingBurstLimit"]
        days = made["ApiLogs"]["Properties"]["RetentionInDays"]
        if name == "prod":
            answers = f"{rate:,} calls a second and bursts of {burst:,} in `prod`", f"{days} days in `prod`"
        else:
            answers = f"`prod`, else {rate} and {burst}", f"`prod`, else for {days}"
        assert [words for words in answers if words not in PAGE] == []


def test_the_limits_of_one_address_are_reported() -> None:
    limits = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]["prod"]["firewall"]
    assert f'"firewall": {json.dumps(limits)}' in PAGE
    assert f"`Retry-After: {RETRY_AFTER_SECONDS}`" in PAGE
    answers = f"| {limits['calls_a_minute']:,} a minute, {limits['log_ins_a_minute']} of them where passwords are tried"
    assert answers in (DOCS / "operations.md").read_text()
    section = PAGE.partition("\n## One address\n")[2].partition("\n## ")[0]
    calls = [path.removeprefix("/api/v4/") for path in GUARDED if path.startswith("/api/v4/")]
    assert [name for name in calls if f"`{name}`" not in section] == []
