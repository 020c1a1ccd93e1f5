"""The templates of all stages as they are packaged, without the libraries: Chalice's, with ours merged in."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.stage.package import default_architecture
from infra.stage.project import prepare, run_chalice
from infra.stage.stages import Stage, read_config, read_stage
from tests.store.kinds import kinds

STAGES = tuple(read_config()["stages"])

MODELS = kinds()
"""Every kind of item that is stored."""

Template = dict[str, Any]


@cache
def template(stage: str) -> Template:
    """What CloudFormation is given; to be looked at only."""
    return template_of(read_stage(stage))


def template_of(stage: Stage) -> Template:
    """What CloudFormation is given of a stage that may be made up."""
    with TemporaryDirectory(prefix="seatkeeper-tests-") as folder:
        project, new = Path(folder, "project"), Path(folder, "new")
        prepare(project, stage, default_architecture())
        run_chalice(project, stage, new)
        merged: Template = json.loads((new / "sam.json").read_bytes())
        return merged


def of_type(stage: str, kind: str) -> dict[str, Any]:
    """The resources of a type, without `AWS::`, by logical id."""
    return {name: r for name, r in template(stage)["Resources"].items() if r["Type"] == f"AWS::{kind}"}


def properties(stage: str, name: str) -> Any:
    """Of one resource."""
    return template(stage)["Resources"][name]["Properties"]


def functions(stage: str) -> dict[str, Any]:
    """The properties of the functions, by logical id."""
    return {name: function["Properties"] for name, function in of_type(stage, "Serverless::Function").items()}


def schedules(stage: str) -> set[str]:
    """The functions that the clock calls."""
    return {name for name in functions(stage) if events_of(stage, name, "Schedule")}


def events_of(stage: str, function: str, kind: str) -> dict[str, Any]:
    """What calls a function, of one type of event, by its name."""
    events: dict[str, Any] = functions(stage)[function].get("Events", {})
    return {name: event for name, event in events.items() if event["Type"] == kind}


def policy(stage: str, function: str) -> list[dict[str, Any]]:
    """The statements of a function's role, which are all that it has."""
    role = properties(stage, functions(stage)[function]["Role"]["Fn::GetAtt"][0])
    assert "ManagedPolicyArns" not in role
    (only,) = role["Policies"]
    statements: list[dict[str, Any]] = only["PolicyDocument"]["Statement"]
    return statements


def listed(value: Any) -> list[Any]:
    """Policies write one of a thing without brackets."""
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
