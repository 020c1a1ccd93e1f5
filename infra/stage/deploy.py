"""`deploy`: make a stage what the working copy says, by one CloudFormation change set.

Package, upload, ask AWS what would change, show it, change it, show the addresses. The same again changes nothing.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chalicelib.settings import Secrets
from infra.stage import package as packaging
from infra.stage.account import let_api_gateway_log
from infra.stage.artifacts import Artifacts, Marker
from infra.stage.aws import Aws, connect, translated_errors
from infra.stage.stack import ChangeSet, Stack, table
from infra.stage.stages import Stage, StageError
from infra.stage.tables import TABLES

HELP = "make a stage what the working copy says, and show what changes"
EXAMPLE = ".venv/bin/python -m infra.stage deploy dev"

SECRETS = tuple(name for name, field in Secrets.model_fields.items() if field.is_required())
"""Without these no function starts."""
_NOT_OURS = ("@example.com", ".example")


def add_arguments(page: argparse.ArgumentParser) -> None:
    """What the verb takes beside the stage."""
    packaging.add_arguments(page)
    add_table_loss(page)


def add_table_loss(page: argparse.ArgumentParser) -> None:
    """The one consent that no habit should give."""
    page.add_argument(
        "--allow-table-loss", action="store_true", help="go on where a table is removed or replaced, and its data lost"
    )


def run(stage: Stage, given: argparse.Namespace) -> int:
    """Package and deploy."""
    guard_mail(stage)
    aws = connect()
    with translated_errors():
        guard_secrets(aws, stage)
        Stack(aws, stage.stack).guard_changeable()
        package = packaging.package(stage, given.architecture, packaging.build_folder(stage))
        artifacts = Artifacts(aws, stage.stack)
        artifacts.make_bucket()
        let_api_gateway_log(aws)
        return apply(aws, stage, Marker(artifacts.upload(package)), allow_table_loss=given.allow_table_loss)


def apply(aws: Aws, stage: Stage, release: Marker, *, allow_table_loss: bool) -> int:
    """Make the stage what a release that was uploaded says. Raises `StageError`, `DeploymentError`."""
    stack, artifacts = Stack(aws, stage.stack), Artifacts(aws, stage.stack)
    stack.guard_changeable()
    stack.clear_stillborn()
    if not stack.is_made():
        guard_tables(aws, stage)
    tags = {"application": "seatkeeper", "stage": stage.name}
    change_set = stack.propose(artifacts.url(release.template), tags)
    if change_set is not None:
        print(table(change_set.changes))
        if any(change.replaces_data for change in change_set.changes) and not allow_table_loss:
            stack.forget(change_set)
            raise StageError(
                "A table would be removed or replaced, and its data lost: if you mean it, --allow-table-loss."
            )
        with _report_interruption(stage):
            stack.carry_out(change_set)
    if stage.is_protected:
        stack.protect()
    markers = artifacts.markers()
    if change_set is not None or not markers or artifacts.read_marker(markers[-1]).template != release.template:
        artifacts.mark(release)
    _tell(stage, stack.outputs()["EndpointURL"], change_set)
    return 0


def guard_mail(stage: Stage) -> None:
    """Raises `StageError` where customers would wait for mail from an address that is nobody's."""
    mail = stage.environment.get("SEATKEEPER_MAIL", "")
    if not mail.endswith(_NOT_OURS):
        return
    sentence = f"No mail goes out from {mail}: put an address of yours into .chalice/config.json, stage {stage.name}."
    if stage.name != "dev":
        raise StageError(sentence)
    print(f"Note: {sentence}", file=sys.stderr)


def guard_secrets(aws: Aws, stage: Stage) -> None:
    """Raises `StageError` where the secrets have not been made: no function would start."""
    names = [f"/{stage.stack}/{name}" for name in SECRETS]
    missing = aws.client("ssm").get_parameters(Names=names)["InvalidParameters"]
    if missing:
        command = f".venv/bin/python -m infra.admin secrets create --stage {stage.name}"
        missing_names = ", ".join(sorted(missing))
        raise StageError(f"The stage has no secrets in {aws.region} yet ({missing_names}): make them by `{command}`.")


def guard_tables(aws: Aws, stage: Stage) -> None:
    """Raises `StageError` where tables have outlived their stack, and a new one would fail to make them."""
    dynamodb = aws.client("dynamodb")
    for own in TABLES:
        name = f"{stage.stack}-{own}"
        with suppress(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.describe_table(TableName=name)
            raise StageError(
                f"{name} is there, but its stack is not: a new one adopts it first, see Restore in docs/operations.md."
            )


@contextmanager
def _report_interruption(stage: Stage) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        look = f"aws cloudformation describe-stack-events --stack-name {stage.stack}"
        print(
            f"\nYou stopped watching; AWS goes on. To look: {look}; or deploy again, once it is at rest.",
            file=sys.stderr,
        )
        raise


def _tell(stage: Stage, url: str, done: ChangeSet | None) -> None:
    what = "nothing to change" if done is None else f"{len(done.changes)} resources changed"
    print(f"{stage.stack}: {what}.")
    print(f"API     {url}api/v4\nPortal  {url}portal")
