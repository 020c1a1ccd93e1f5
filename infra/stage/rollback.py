"""`rollback`: deploy again what was deployed before the current release. Another rollback goes back further."""

import argparse

from infra.stage.artifacts import Artifacts, Marker, release_before
from infra.stage.aws import connect, translated_errors
from infra.stage.deploy import add_table_loss, apply
from infra.stage.stages import Stage, StageError

HELP = "deploy the release before the current one again"
EXAMPLE = ".venv/bin/python -m infra.stage rollback dev"


def add_arguments(page: argparse.ArgumentParser) -> None:
    """What the verb takes beside the stage."""
    add_table_loss(page)


def run(stage: Stage, given: argparse.Namespace) -> int:
    """Find the release, and deploy it."""
    aws = connect()
    with translated_errors():
        artifacts = Artifacts(aws, stage.stack)
        earlier = release_before(artifacts.markers(), artifacts.read_marker)
        if earlier is None:
            raise StageError(f"There is no earlier release of {stage.stack} to go back to.")
        key, marker = earlier
        print(f"Back to what was deployed at {key.rpartition('/')[2]}.")
        return apply(aws, stage, Marker(marker.template, key), allow_table_loss=given.allow_table_loss)
