"""Deploying, deploying again, failing, going back and taking down: each in an account of its own."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.stage import package as packaging
from infra.stage.artifacts import Artifacts
from infra.stage.functions import ALIAS, SENDER
from infra.stage.package import Package
from infra.stage.stages import DeploymentError, StageError
from tests.stage.conftest import ARCHITECTURE
from tests.stage.operator import STAGE, TABLES, Operator
from tests.web.events import event

WINDOW = "SEATKEEPER_HMAC_WINDOW_MINUTES"


def widen(resources: dict[str, Any]) -> None:
    """Another setting."""
    resources["APIHandler"]["Properties"]["Environment"]["Variables"][WINDOW] = "20"


def break_it(resources: dict[str, Any]) -> None:
    """Another setting, and then a resource that AWS does not make: a secret in a template."""
    widen(resources)
    secret = {"Type": "SecureString", "Value": "not a secret"}
    resources["Broken"] = {"Type": "AWS::SSM::Parameter", "Properties": secret, "DependsOn": "APIHandler"}


def setting(operator: Operator) -> str | None:
    """What the function is told."""
    functions = operator.aws.client("lambda")
    output = functions.get_function_configuration(FunctionName=operator.outputs()["APIHandlerName"])
    value: str | None = output["Environment"]["Variables"].get(WINDOW)
    return value


def change_sets(operator: Operator) -> list[str]:
    """Those that wait to be carried out."""
    found = operator.aws.client("cloudformation").list_change_sets(StackName=STAGE.stack)["Summaries"]
    return [one["ChangeSetName"] for one in found if one.get("ExecutionStatus") != "EXECUTE_COMPLETE"]


def test_the_same_again_changes_nothing_and_says_so(
    other: Operator, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    assert other.deploy(package) == 0
    capsys.readouterr()
    assert other.deploy(package) == 0
    assert "nothing to change" in capsys.readouterr().out
    assert change_sets(other) == []
    assert len(Artifacts(other.aws, STAGE.stack).markers()) == 1


def test_what_changes_is_told_and_a_rollback_takes_it_back(
    other: Operator, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    other.deploy(package)
    capsys.readouterr()
    other.deploy(package, widen)
    changed = [line.split() for line in capsys.readouterr().out.splitlines() if "Lambda::Function" in line]
    assert ["modify", "APIHandler", "Lambda::Function", "Environment"] in changed
    assert {name for _, name, *_ in changed} <= {"APIHandler", "SendQueuedMails"}  # which knows the API's address
    assert setting(other) == "20"
    assert "APIHandler" in other.succeeds("infra.stage", "rollback", STAGE.name)
    assert setting(other) is None
    again = other.run("infra.stage", "rollback", STAGE.name)
    assert (again.returncode, again.stderr) == (2, f"There is no earlier release of {STAGE.stack} to go back to.\n")


def test_functions_are_kept_started_from_one_deployment_to_another(
    other: Operator, package: Package, tmp_path: Path
) -> None:
    """Other accounts have no address of their own here: who is called, the gateway says, and Lambda lets us call it."""
    functions, gateway = other.aws.client("lambda"), other.aws.client("apigateway")

    def name() -> str:
        return other.outputs()["APIHandlerName"]

    def called() -> str:
        api = other.outputs()["RestAPIId"]
        [resource] = [r for r in gateway.get_resources(restApiId=api, limit=500)["items"] if r["path"] == "/healthz"]
        integration = gateway.get_integration(restApiId=api, resourceId=resource["id"], httpMethod="GET")
        uri: str = integration["uri"].removesuffix("/invocations")
        return uri.rpartition(":function:")[2]

    def answered(qualified: str) -> int:
        output = functions.invoke(FunctionName=qualified, Payload=json.dumps(event("GET", "/", {})).encode())
        status: int = json.load(output["Payload"])["statusCode"]
        return status

    other.deploy(package)
    assert (called(), answered(called())) == (name(), 200)
    other.deploy(packaging.package(replace(STAGE, provisioned_concurrency=2), ARCHITECTURE, tmp_path / "dev"))
    kept = functions.get_provisioned_concurrency_config(FunctionName=name(), Qualifier=ALIAS)
    assert kept["RequestedProvisionedConcurrentExecutions"] == 2
    assert (called(), answered(called())) == (f"{name()}:{ALIAS}", 200)
    other.deploy(package)
    assert functions.list_aliases(FunctionName=name())["Aliases"] == []
    assert (called(), answered(called())) == (name(), 200)


def test_a_change_that_fails_says_why_and_the_stage_is_as_it_was(other: Operator, package: Package) -> None:
    other.deploy(package)
    with pytest.raises(DeploymentError, match=r"Broken \(SSM::Parameter\): .*SecureString"):
        other.deploy(package, break_it)
    assert setting(other) is None
    assert len(Artifacts(other.aws, STAGE.stack).markers()) == 1
    other.deploy(package, widen)
    assert setting(other) == "20"


def test_after_a_first_creation_that_failed_the_next_begins_anew(other: Operator, package: Package) -> None:
    with pytest.raises(DeploymentError, match="Broken"):
        other.deploy(package, break_it)
    other.deploy(package)
    assert setting(other) is None


def test_a_table_is_not_taken_away_by_a_deployment(other: Operator, package: Package) -> None:
    def forget(resources: dict[str, Any]) -> None:
        resources["LicensesTable"]["Properties"]["KeySchema"].reverse()

    other.deploy(package)
    with pytest.raises(StageError, match="--allow-table-loss"):
        other.deploy(package, forget)
    assert change_sets(other) == []
    assert set(TABLES) <= set(other.aws.client("dynamodb").list_tables()["TableNames"])


def test_a_stage_from_before_streams_gets_one_and_keeps_its_data_and_so_it_does_on_the_way_back(
    other: Operator, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    def before_streams(resources: dict[str, Any]) -> None:
        del resources["LicensesTable"]["Properties"]["StreamSpecification"]
        del resources[SENDER]["Properties"]["Events"][f"{SENDER}Kick"]
        [policy] = resources[f"{SENDER}Role"]["Properties"]["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        policy["PolicyDocument"]["Statement"] = [s for s in statements if "StreamArn" not in str(s["Resource"])]

    def changed() -> list[str]:
        [line] = [line.split() for line in capsys.readouterr().out.splitlines() if "DynamoDB::Table" in line]
        return line

    def stream() -> str:
        table = other.aws.client("dynamodb").describe_table(TableName=TABLES[0])["Table"]
        return str(table.get("StreamSpecification", {}).get("StreamViewType", ""))

    in_place = ["modify", "LicensesTable", "DynamoDB::Table", "StreamSpecification"]
    other.deploy(package, before_streams)
    assert stream() == ""
    other.aws.client("dynamodb").put_item(TableName=TABLES[0], Item={"pk": {"S": "kept"}, "part": {"S": "kept"}})
    items = other.items()
    assert items
    capsys.readouterr()
    other.deploy(package)
    assert (changed(), stream(), other.items()) == (in_place, "KEYS_ONLY", items)
    other.deploy(package, before_streams)
    assert (changed(), stream(), other.items()) == (in_place, "", items)


def test_taken_down_nothing_of_it_is_left(other: Operator, package: Package) -> None:
    def left() -> dict[str, Any]:
        client = other.aws.client
        stacks = client("cloudformation").describe_stacks()["Stacks"]
        return {
            "stacks": [stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"],
            "tables": client("dynamodb").list_tables()["TableNames"],
            "functions": client("lambda").list_functions()["Functions"],
            "apis": client("apigateway").get_rest_apis()["items"],
            "rules": client("events").list_rules()["Rules"],
            "mappings": client("lambda").list_event_source_mappings()["EventSourceMappings"],
            "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
            "logs": client("logs").describe_log_groups()["logGroups"],
            "secrets": client("ssm").describe_parameters()["Parameters"],
            "buckets": client("s3").list_buckets()["Buckets"],
            "roles": [role["RoleName"] for role in client("iam").list_roles()["Roles"]],
        }

    other.deploy(package)
    assert [kind for kind, found in left().items() if not found] == []
    assert "is gone" in other.succeeds("infra.stage", "teardown", STAGE.name, "--yes")
    assert {kind: found for kind, found in left().items() if found} == {}
    other.succeeds("infra.stage", "teardown", STAGE.name, "--yes")
