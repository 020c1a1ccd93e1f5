"""The CloudFormation stack of a stage: its state, what a template would change, and changing it.

Nothing is changed but by a change set: what it says is shown before it is carried out. AWS goes on when we stop
watching; whoever looks again finds the stack in one of the states below.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.types import Json
from infra.stage.aws import Aws
from infra.stage.stages import DeploymentError, StageError

T = TypeVar("T")

FIRST_WAIT, MAX_WAIT = 0.2, 3.0
"""Seconds between two looks at what AWS is about."""
TABLE = "AWS::DynamoDB::Table"
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]  # roles, and the transform of a serverless template
_STILLBORN = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
"""It was never there: the first creation failed. AWS takes no change of it, but to delete it."""
_EMPTY = ("didn't contain changes", "No updates are to be performed")
_ENDED = {"CREATE": "made", "UPDATE": "changed", "DELETE": "removed"}


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one resource."""

    action: str
    """Add, Modify, Remove; Import, Dynamic."""
    logical_id: str
    type: str
    replacement: str = ""
    """Whether another takes its place: True, False or Conditional; nothing where it does not apply."""
    properties: tuple[str, ...] = ()
    """Which of its properties differ."""

    @property
    def replaces_data(self) -> bool:
        """Whether a table would be gone, or might be."""
        return self.type == TABLE and (self.action == "Remove" or self.replacement in ("True", "Conditional"))


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set: what is in it, and its name at AWS."""

    id: str
    changes: list[Change]


class Stack:
    """The stack of a stage."""

    def __init__(self, aws: Aws, name: str) -> None:
        self.name, self._region = name, aws.region
        self._cloudformation = aws.client("cloudformation")

    def look(self) -> Json | None:
        """As AWS describes it; None where there is none."""
        try:
            stack: Json = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        return stack

    def is_made(self) -> bool:
        """Whether there is more than a first change set that nobody carried out."""
        return self._status() not in ("", "REVIEW_IN_PROGRESS")

    def guard_at_rest(self) -> None:
        """Raises `StageError` where somebody is changing it."""
        status = self._status()
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise StageError(f"{self.name} is being changed just now ({status}): wait for that. {self._how}")

    def guard_changeable(self) -> None:
        """Raises `StageError` where somebody is changing it, or where it needs an operator's hand first."""
        self.guard_at_rest()
        if self._status() == "UPDATE_ROLLBACK_FAILED":
            command = f"aws cloudformation continue-update-rollback --stack-name {self.name}"
            raise StageError(
                f"AWS could not undo the last change of {self.name}: mend what it names, then `{command}`."
            )
        if self._status() == "DELETE_FAILED":
            raise StageError(f"{self.name} was to be removed, and not all of it could be: remove it again. {self._how}")

    def outputs(self) -> dict[str, str]:
        """What it says of itself. Raises `StageError` where there is none."""
        stack = self.look()
        if stack is None or "Outputs" not in stack:
            raise StageError(f"{self.name} is not deployed in {self._region}: deploy it first.")
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def propose(self, template_url: str, tags: dict[str, str]) -> ChangeSet | None:
        """Ask what the template would change; None: nothing, and nothing is left behind. Raises `DeploymentError`.

        Where only outputs or tags differ there is a change set, without a change of any resource.
        """
        name = f"deploy-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        made = self._cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ClientToken=name,  # asked again, because the answer was lost, it is the same one
            ChangeSetType="UPDATE" if self.is_made() else "CREATE",
            TemplateURL=template_url,
            Capabilities=_CAPABILITIES,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        description = _until(
            lambda: self._describe(made["Id"]),
            lambda description: "PROGRESS" in description["Status"] or "PENDING" in description["Status"],
        )
        if description["Status"] != "FAILED":
            return ChangeSet(made["Id"], [_change(change) for change in description["Changes"]])
        reason = description.get("StatusReason", "no reason given")
        self.forget(ChangeSet(made["Id"], []))
        if any(words in reason for words in _EMPTY):
            return None
        raise DeploymentError(f"AWS does not take the template: {reason}")

    def forget(self, change_set: ChangeSet) -> None:
        """Delete a change set that is not carried out."""
        self._cloudformation.delete_change_set(ChangeSetName=change_set.id)

    def carry_out(self, change_set: ChangeSet) -> None:
        """Make the changes; reports each as it is done. Raises `DeploymentError`: why the first that failed did."""
        newest = self._newest_event()
        self._cloudformation.execute_change_set(ChangeSetName=change_set.id, ClientRequestToken=str(uuid4()))
        self._follow(self.name, newest)

    def remove(self) -> None:
        """Delete the stack, if there is one; reports each resource as it goes. Raises `DeploymentError`."""
        stack = self.look()
        if stack is None:
            return
        newest = self._newest_event()
        self._cloudformation.delete_stack(StackName=self.name, ClientRequestToken=str(uuid4()))
        self._follow(stack["StackId"], newest)  # a deleted stack is found by its id alone

    def clear_stillborn(self) -> None:
        """Remove what a first creation that failed has left: AWS takes no template for it. Raises `DeploymentError`."""
        stack = self.look()
        if stack is not None and stack["StackStatus"] in _STILLBORN:
            print(f"The first creation of {self.name} had failed; what is left of it is removed.", file=sys.stderr)
            self.remove()

    def protect(self) -> None:
        """Let nobody delete the stack, by whatever tool, without lifting this first."""
        self._cloudformation.update_termination_protection(StackName=self.name, EnableTerminationProtection=True)

    def _describe(self, change_set: str) -> Json:
        pages = list(self._cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set))
        description: Json = pages[0]
        return description | {"Changes": [change for page in pages for change in page.get("Changes", [])]}

    def _newest_event(self) -> str:
        return next((event["EventId"] for event in self._events(self.name)), "")

    def _events(self, stack: str) -> Iterator[Json]:
        """The newest first."""
        for page in self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
            yield from page["StackEvents"]

    def _follow(self, stack: str, newest: str) -> None:
        """Report what happens after the event `newest`, until the stack itself is said to be done.

        Its status alone would not do: right after a change was asked for it is still that of the change before.
        """
        failures: list[str] = []

        def look() -> str:
            nonlocal newest
            status = "_IN_PROGRESS"
            fresh = list(_before(newest, self._events(stack)))
            for event in reversed(fresh):
                newest = event["EventId"]
                _tell(event)
                failures.extend(_failure(event))
                if event["LogicalResourceId"] == self.name:
                    status = event["ResourceStatus"]
            return status

        try:
            status = _until(look, lambda status: status.endswith("_IN_PROGRESS"))
        except (BotoCoreError, ClientError) as error:
            raise DeploymentError(f"AWS goes on with {self.name}, but no longer tells: {error}. {self._how}") from None
        if "ROLLBACK" in status or status.endswith("_FAILED"):
            reason = failures[0] if failures else f"it ended as {status}"
            raise DeploymentError(f"{self.name} was not changed as it was to be: {reason}")

    def _status(self) -> str:
        return str((self.look() or {}).get("StackStatus", ""))

    @property
    def _how(self) -> str:
        return f"To look: aws cloudformation describe-stack-events --stack-name {self.name}"


def table(changes: Iterable[Change]) -> str:
    """Changes as lines of columns: what becomes of which resource, whether it is replaced, and what of it differs."""
    rows = [("", "resource", "type", "replaced", "what differs")]
    for change in sorted(changes, key=lambda change: (change.action, change.type, change.logical_id)):
        replaced = {"True": "yes", "Conditional": "perhaps"}.get(change.replacement, "")
        kind, differs = change.type.removeprefix("AWS::"), ", ".join(change.properties)
        rows.append((change.action.lower(), change.logical_id, kind, replaced, differs))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _change(raw: Json) -> Change:
    resource = raw["ResourceChange"]
    targets = [detail.get("Target", {}) for detail in resource.get("Details", [])]
    names = dict.fromkeys(target.get("Name") or target.get("Attribute", "") for target in targets)
    return Change(
        resource["Action"],
        resource["LogicalResourceId"],
        resource["ResourceType"],
        resource.get("Replacement", ""),
        tuple(name for name in names if name),
    )


def _before(newest: str, events: Iterator[Json]) -> Iterator[Json]:
    for event in events:
        if event["EventId"] == newest:
            return
        yield event


def _tell(event: Json) -> None:
    """One line for each resource that is done, or could not be."""
    verb, _, how = event["ResourceStatus"].partition("_")
    name, kind = event["LogicalResourceId"], event["ResourceType"].removeprefix("AWS::")
    if how == "COMPLETE" and verb in _ENDED and kind != "CloudFormation::Stack":
        print(f"  {_ENDED[verb]:8} {name} ({kind})", file=sys.stderr)
    for reason in _failure(event):
        print(f"  FAILED   {reason}", file=sys.stderr)


def _failure(event: Json) -> list[str]:
    """What went wrong; nothing for what was only given up because of another."""
    reason = event.get("ResourceStatusReason", "")
    if not event["ResourceStatus"].endswith("_FAILED") or "cancelled" in reason:
        return []
    return [f"{event['LogicalResourceId']} ({event['ResourceType'].removeprefix('AWS::')}): {reason}"]


def _until(look: Callable[[], T], goes_on: Callable[[T], bool]) -> T:
    """Look again and again, ever more slowly, as long as it goes on; answers what was seen last."""
    wait = FIRST_WAIT
    while goes_on(seen := look()):
        time.sleep(wait)
        wait = min(MAX_WAIT, wait * 1.5)
    return seen
