"""An operator at the command line, and the AWS account that he works in."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from infra.stage.artifacts import Artifacts, Marker
from infra.stage.aws import Aws
from infra.stage.deploy import SECRETS, apply
from infra.stage.package import Package
from infra.stage.stages import ROOT, read_stage
from tests.stage.emulator import ACCOUNT, REGION, Ministack

STAGE = read_stage("dev")
TABLES = [f"{STAGE.stack}-{name}" for name in ("licenses", "accounts", "ephemera")]


@dataclass(frozen=True, slots=True)
class Operator:
    """Of one account."""

    ministack: Ministack
    account: str = ACCOUNT

    @property
    def aws(self) -> Aws:
        """What our own functions take for his."""
        return Aws(boto3.Session(self.account, "root", region_name=REGION), self.account)

    def run(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """`python -m …` in his environment and `more`."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=self.ministack.environment(self.account) | more,
            capture_output=True,
            text=True,
            check=False,
        )

    def succeeds(self, *arguments: str, **more: str) -> str:
        """What the command prints; it has to exit 0."""
        done = self.run(*arguments, **more)
        assert done.returncode == 0, f"{arguments} exit {done.returncode}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
        return done.stdout

    def admin(self, *arguments: str) -> dict[str, Any]:
        """The answer of an admin command for the stage."""
        document: dict[str, Any] = json.loads(self.succeeds("infra.admin", *arguments, "--stage", STAGE.name, "--json"))
        return document

    def take_secrets(self, other: "Operator") -> None:
        """The same secrets as in another account."""
        names = [f"/{STAGE.stack}/{name}" for name in SECRETS]
        theirs = other.aws.client("ssm").get_parameters(Names=names, WithDecryption=True)["Parameters"]
        for secret in theirs:
            self.aws.client("ssm").put_parameter(Name=secret["Name"], Value=secret["Value"], Type="SecureString")

    def deploy(self, package: Package, edit: Callable[[dict[str, Any]], None] = lambda _: None) -> int:
        """Deploy a package whose template is edited before; the archive is the same."""
        resources = json.loads(package.template.read_bytes())
        edit(resources["Resources"])
        edited = package.template.with_name(f"template-{self.account}.json")
        edited.write_text(json.dumps(resources))
        artifacts = Artifacts(self.aws, STAGE.stack)
        artifacts.make_bucket()
        release = Marker(artifacts.upload(Package(edited, package.archive)))
        return apply(self.aws, STAGE, release, allow_table_loss=False)

    def outputs(self) -> dict[str, str]:
        """Of the stack."""
        [stack] = self.aws.client("cloudformation").describe_stacks(StackName=STAGE.stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def items(self) -> list[dict[str, Any]]:
        """Every item of the stage."""
        return [
            item
            for table in TABLES
            for page in self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=table)
            for item in page["Items"]
        ]
