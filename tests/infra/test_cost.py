"""`.venv/bin/python -m infra.cost`: the arithmetic by hand, and inputs that cannot be reckoned with."""

import json
import re
from math import inf
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.activation import CHECK_INTERVAL_MS
from chalicelib.domain.transitions import NOTICE_DAYS
from infra import budgets
from infra.cost import monthly_cost as months
from infra.cost.__main__ import main
from infra.cost.inputs import DEFAULT, CostError, Inputs, Price, Usage, read_inputs
from infra.cost.monthly_cost import GB, MILLIONS, Function, Monitoring, function, loads, million, month, watch
from infra.stage.stages import Stage

NOTHING = dict.fromkeys(Usage.model_fields, 0) | {"days_a_month": 30}
ARM, UNWATCHED = Function(0.5, "arm64"), Monitoring(0, 0, 0, 0)


def inputs(**usage: float) -> Inputs:
    """Usage of nothing else, and prices that can be reckoned in the head."""
    one = {"page": "a page", "unit": "a thing", "size": 1, "tiers": [[inf, 1]]}
    million = one | {"size": 1e6}
    prices: dict[str, Any] = dict.fromkeys(
        (
            "lambda_x86_64",
            "provisioned_x86_64",
            "stored",
            "recoverable",
            "logged",
            "metric",
            "alarm",
            "dashboard",
            "key",
            "sent",
            "firewall",
            "firewall_rule",
        ),
        one,
    )
    prices |= {
        "api_request": million,
        "lambda_request": million,
        "read_unit": million,
        "write_unit": million,
        "firewall_request": million,
    }
    prices |= {"region": "nowhere", "as_of": "today", "lambda_arm64": one | {"tiers": [[inf, 0.001]]}}
    prices["provisioned_arm64"] = one | {"tiers": [[inf, 0.0001]]}
    return Inputs.model_validate({"usage": NOTHING | usage, "prices": prices})


def test_a_month_of_checks_is_what_a_hand_reckons() -> None:
    usage = {"checks_a_day": 2.0, "check_ms": 50, "log_bytes": GB / 1000, "answer_bytes": GB / 500}
    # 1,000 devices, two checks a day, 30 days: 60,000 calls; each 1.5 read units, a write unit, 50 ms of half a GB
    assert month(1000, inputs(**usage), ARM, UNWATCHED) == pytest.approx(
        {
            "API Gateway": 0.06,
            "Lambda": 0.06 + 60_000 * 0.05 * 0.5 * 0.001,
            "Lambda, kept started": 0,
            "DynamoDB, reads": 0.09,
            "DynamoDB, writes": 0.06,
            "DynamoDB, storage and recovery": 0,
            "Logs": 60,
            "Metrics, alarms, dashboard, key": 0,
            "Firewall": 0,
            "Data sent": 120,
        }
    )


def test_a_million_calls_cost_what_a_hand_reckons_and_nothing_that_waits_for_them() -> None:
    made = inputs(activate_ms=100, log_bytes=GB / 1e6, answer_bytes=GB / 2e6, items_a_device=1, refusal_codes=9)
    budget = budgets.CALLS["activate by user"]
    assert million("activate by user", made, ARM, Monitoring(1, 1, 1, 1, firewalls=1, firewall_rules=1)) == (
        pytest.approx(
            {
                "API Gateway": 1,
                "Lambda": 1 + 1e6 * 0.1 * 0.5 * 0.001,
                "DynamoDB, reads": budget.read_units,
                "DynamoDB, writes": budget.write_units,
                "Logs": 1,
                "Firewall": 1,
                "Data sent": 0.5,
            }
        )
    )
    assert million("check by key", made, ARM, UNWATCHED)["Firewall"] == 0


def test_a_firewall_is_paid_for_by_its_rules_and_by_every_call_over_http_also_where_nobody_calls() -> None:
    guarded = Monitoring(0, 0, 0, 0, firewalls=1, firewall_rules=2)
    assert month(1000, inputs(), ARM, guarded)["Firewall"] == 1 + 2
    lines = month(1000, inputs(checks_a_day=2.0, sweeps_a_day=1e6), ARM, guarded)
    assert lines["Firewall"] == pytest.approx(1 + 2 + 0.06)
    assert (watch("prod").firewalls, watch("dev").firewalls) == (1, 0)


def test_functions_that_are_kept_started_are_paid_for_by_the_second_also_where_nobody_calls() -> None:
    lines = month(1000, inputs(), Function(0.5, "arm64", provisioned=3), UNWATCHED)
    assert {name: usd for name, usd in lines.items() if usd} == {
        "Lambda, kept started": pytest.approx(3 * 0.5 * 30 * 24 * 3600 * 0.0001)
    }


def test_a_check_within_15_minutes_of_another_costs_no_write() -> None:
    often = 24 * 60 * 60 * 1000 / CHECK_INTERVAL_MS * 10
    lines = month(1000, inputs(checks_a_day=often), ARM, UNWATCHED)
    assert lines["DynamoDB, reads"] == pytest.approx(1.5 * 1000 * 30 * often / 1e6)
    assert lines["DynamoDB, writes"] == pytest.approx(lines["DynamoDB, reads"] / 1.5 / 10)


def test_users_cost_what_the_budgets_of_their_calls_say() -> None:
    lines = month(1e6, inputs(activations_a_month=1, deactivations_a_month=1, share_of_users=0.25), ARM, UNWATCHED)
    calls = budgets.CALLS
    written = [calls[f"{call} by {by}"].write_units for by in ("key", "user") for call in ("activate", "deactivate")]
    assert lines["DynamoDB, writes"] == pytest.approx(0.75 * sum(written[:2]) + 0.25 * sum(written[2:]))


def test_sweeps_are_no_calls_over_http_and_cost_a_write_for_each_license_that_ends() -> None:
    lines = month(1e6, inputs(sweeps_a_day=1e6 / 30, sweep_ms=1, licenses_ending_a_month=1), ARM, UNWATCHED)
    assert (lines["API Gateway"], lines["Data sent"]) == (0, 0)
    assert lines["DynamoDB, reads"] == pytest.approx(budgets.CALLS["sweep, nothing due"].read_units)
    ends, will_end = (budgets.CALLS[f"sweep, one license {does}"].write_units for does in ("expires", "will expire"))
    assert lines["DynamoDB, writes"] == pytest.approx(ends + len(NOTICE_DAYS) * will_end)


def test_mails_are_written_twice_and_read_once_and_runs_of_the_mail_are_no_calls_over_http() -> None:
    lines = month(1e6, inputs(mail_runs_a_day=1e6 / 30, mail_run_ms=1, mails_a_month=1), ARM, UNWATCHED)
    calls = budgets.CALLS
    asked, queue, sent = (calls[name] for name in ("ask for a code", "mail, nothing queued", "mail, one is sent"))
    assert (lines["API Gateway"], lines["Data sent"]) == (0, 0)
    assert lines["DynamoDB, reads"] == pytest.approx(asked.read_units + queue.read_units)
    assert lines["DynamoDB, writes"] == pytest.approx(asked.write_units + sent.write_units)


def test_pages_of_the_portal_are_read_and_noted() -> None:
    made = inputs(portal_pages_a_month=2, page_bytes=GB)
    lines = month(1e6, made, ARM, UNWATCHED)
    assert lines["DynamoDB, reads"] == pytest.approx(2 * budgets.PORTAL_PAGE.read_units)
    assert lines["DynamoDB, writes"] == pytest.approx(2)
    assert lines["Data sent"] == pytest.approx(2e6)


def test_what_is_stored_is_paid_for_twice_once_to_keep_and_once_to_recover() -> None:
    made = inputs(items_a_device=2, activations_a_month=0.5, deactivations_a_month=0.5, months_of_history=3)
    gb = 1e6 * (2 + 3) * (1024 + 100) / GB
    assert month(1e6, made, ARM, UNWATCHED)["DynamoDB, storage and recovery"] == pytest.approx(2 * gb)


def test_a_stage_that_nobody_calls_costs_what_watches_it() -> None:
    lines = month(1000, inputs(refusal_codes=4), ARM, Monitoring(metrics=6, alarms=9, dashboards=1, keys=1))
    assert {name for name, usd in lines.items() if usd} == {"Metrics, alarms, dashboard, key"}
    assert lines["Metrics, alarms, dashboard, key"] == 4 + 6 + 9 + 1 + 1


def test_an_alarm_is_paid_by_the_metrics_that_it_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = [{"Id": "rate", "Expression": "a / b"}, {"Id": "a", "MetricStat": {}}, {"Id": "b", "MetricStat": {}}]
    alarm = {"Type": "AWS::CloudWatch::Alarm"}
    template = {
        "Simple": alarm | {"Properties": {"MetricName": "Errors"}},
        "Rate": alarm | {"Properties": {"Metrics": rate}},
        "Dashboard": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {}},
        "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
        "Firewall": {"Type": "AWS::WAFv2::WebACL", "Properties": {"Rules": [{}, {}, {}]}},
        "Generated": {"Properties": {}},
    }
    monkeypatch.setattr(months, "resources", lambda _stage: {"Resources": template})
    assert (watch().alarms, watch().dashboards, watch().keys) == (1 + 2, 1, 1)
    assert (watch().firewalls, watch().firewall_rules) == (1, 3)


def test_prices_fall_tier_by_tier() -> None:
    price = Price(page="", unit="", size=1e6, tiers=[(333, 3.5), (1000, 2.8), (inf, 2.38)])
    assert price.of(0) == 0
    assert price.of(100e6) == pytest.approx(350)
    assert price.of(400e6) == pytest.approx(333 * 3.5 + 67 * 2.8)
    assert price.of(2e9) == pytest.approx(333 * 3.5 + 667 * 2.8 + 1000 * 2.38)


def test_an_architecture_without_a_price_is_one_sentence() -> None:
    with pytest.raises(CostError, match=r"^There is no price for Lambda on riscv\.$"):
        month(1, inputs(), Function(1, "riscv"), UNWATCHED)


def test_the_function_is_that_of_the_configuration() -> None:
    config = json.loads(Path(".chalice/config.json").read_text())
    assert function() == Function(config["lambda_memory_size"] / 1024, config["lambda_architecture"])


def test_what_the_stage_keeps_started_is_reckoned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "read_stage", lambda _name: Stage("prod", {}, provisioned_concurrency=7))
    assert function().provisioned == 7


def test_the_answer_as_json_has_the_figures_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--devices", "100000", "2000"]) == 0
    rows = {row[0]: row[1:] for row in _rows(capsys.readouterr().out)}
    assert main(["--devices", "100000", "2000", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [one["devices"] for one in answer["months"]] == [100_000, 2000]
    for column, one in enumerate(answer["months"]):
        assert one["total"] == pytest.approx(sum(one["usd"].values()))
        for name, usd in (one["usd"] | {"**all**": one["total"]}).items():
            assert float(rows[name][column].strip("*").replace(",", "")) == pytest.approx(usd, abs=0.005, rel=0.005)
    assert [one["call"] for one in answer["millions"]] == list(MILLIONS)
    for one in answer["millions"]:
        shown = [float(cell.strip("*")) for cell in rows[one["call"]]]
        assert shown == pytest.approx([*one["usd"].values(), one["total"]], abs=0.0051)
    assert answer["usage"] == read_inputs(DEFAULT).usage.model_dump()


def _rows(text: str) -> list[list[str]]:
    return [re.split(r" \| ", line.strip("| ")) for line in text.splitlines() if line.startswith("|")]


def test_every_price_names_the_page_that_it_is_from() -> None:
    prices = [price for _, price in read_inputs(DEFAULT).prices if isinstance(price, Price)]
    assert [price for price in prices if not re.match(r"^(Amazon|AWS) .+ pricing", price.page) or not price.unit] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("read_unit = {", "#"), r"prices\.read_unit \(is missing\)"),
        (("read_unit = {", "reed_unit = {"), r"prices\.read_unit .*prices\.reed_unit \(is not known here"),
        (("checks_a_day = 4", "checks_a_day = -4"), r"usage\.checks_a_day \(must be 0 or more\)"),
        (("share_of_users = 0.5", "share_of_users = 50"), r"usage\.share_of_users \(must be 1 or less\)"),
        (("[333, 3.50]", "[3333, 3.50]"), r"prices\.api_request\.tiers \(the ends of the tiers must rise"),
        (("[inf, 0.125]", "[5, 0.125]"), r"prices\.read_unit\.tiers \(.*the last one be inf"),
        (("[usage]", "[usage"), r"cannot be read: it is no TOML at line 3, column 9\."),
    ],
)
def test_inputs_that_are_wrong_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], said: str
) -> None:
    file = tmp_path / "inputs.toml"
    file.write_text(DEFAULT.read_text().replace(*change))
    assert main(["--inputs", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(said, err)
    assert err.count("\n") == 1


def test_inputs_that_are_not_there_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--inputs", str(tmp_path / "none.toml")]) == 2
    assert re.fullmatch(r".*none\.toml cannot be read: No such file or directory\.\n", capsys.readouterr().err)


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_a_number_of_devices_that_is_none_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([f"--devices={number}"])
    assert stopped.value.code == 2
    assert f"{number!r} is no number of devices" in capsys.readouterr().err


def test_the_loads_of_a_month_are_in_proportion_to_the_devices() -> None:
    usage = read_inputs(DEFAULT).usage
    runs_a_day = usage.sweeps_a_day, usage.mail_runs_a_day, usage.event_runs_a_day
    of_the_clock = [usage.days_a_month * runs for runs in runs_a_day]
    one, ten = ([load.count for load in loads(n, usage)] for n in (1, 10))
    assert [after / before for before, after in zip(one, ten, strict=True) if before] == pytest.approx(
        [1 if before in of_the_clock else 10 for before in one if before]
    )
