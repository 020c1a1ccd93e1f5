"""`teardown`: take a stage down with all that is its own: stack, tables, logs, secrets, artifacts. Never prod."""

import argparse
import sys

from infra.stage.artifacts import Artifacts
from infra.stage.aws import Aws, connect, translated_errors
from infra.stage.stack import Stack
from infra.stage.stages import Stage, StageError

HELP = "take a stage down, with its data, logs, secrets and artifacts; prod refuses"
EXAMPLE = ".venv/bin/python -m infra.stage teardown dev"


def add_arguments(page: argparse.ArgumentParser) -> None:
    """What the verb takes beside the stage."""
    page.add_argument("--yes", action="store_true", help="do not ask")


def run(stage: Stage, given: argparse.Namespace) -> int:
    """Ask, and take it down. What was interrupted is finished by the next run."""
    if stage.is_protected:
        raise StageError(f"{stage.stack} is never taken down by a command: it holds what was sold.")
    aws = connect()
    if not given.yes:
        _ask(aws, stage)
    with translated_errors():
        stack = Stack(aws, stage.stack)
        stack.guard_at_rest()
        stack.remove()
        _remove_logs(aws, stage)
        _remove_secrets(aws, stage)
        Artifacts(aws, stage.stack).remove()
    print(f"{stage.stack} is gone from {aws.region}, with its data, logs, secrets and artifacts.")
    return 0


def _ask(aws: Aws, stage: Stage) -> None:
    print(f"This removes {stage.stack} in account {aws.account}, {aws.region}, and all data in it, for good.")
    try:
        answer = input(f"Type {stage.name} to go on: ")
    except EOFError:
        answer = ""
    if answer.strip() != stage.name:
        raise StageError("Nothing was removed.")


def _remove_logs(aws: Aws, stage: Stage) -> None:
    """What the stack has left of them, or somebody has written after they were gone."""
    logs = aws.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/{stage.stack}/"):
        for group in page["logGroups"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])
            print(f"  removed  {group['logGroupName']} (logs)", file=sys.stderr)


def _remove_secrets(aws: Aws, stage: Stage) -> None:
    ssm = aws.client("ssm")
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/{stage.stack}", Recursive=True):
        names = [parameter["Name"] for parameter in page["Parameters"]]
        if names:
            ssm.delete_parameters(Names=names)
        for name in names:
            print(f"  removed  {name} (secret)", file=sys.stderr)
