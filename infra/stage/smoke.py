"""`smoke`: make a license, use it as an application would through the deployed address, and leave nothing behind."""

import argparse
import os

import httpx

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from chalicelib.settings import SettingsError
from infra.stage.aws import connect, translated_errors
from infra.stage.smoke_scenario import run_smoke_scenario
from infra.stage.stack import Stack
from infra.stage.stages import Stage, StageError

HELP = "activate, check and deactivate a license through the deployed address, and leave nothing behind"
EXAMPLE = ".venv/bin/python -m infra.stage smoke dev"

TIMEOUT_SECONDS = 60
"""Twice as long as API Gateway waits for a function, which a first call starts."""


def add_arguments(page: argparse.ArgumentParser) -> None:
    """What the verb takes beside the stage."""
    page.add_argument("--url", help="where customers reach the stage, if not where API Gateway has put it")


def run(stage: Stage, given: argparse.Namespace) -> int:
    """Try the stage; reports each step that holds."""
    aws = connect()
    with translated_errors():
        url = given.url or Stack(aws, stage.stack).outputs()["EndpointURL"]
    environment = dict(os.environ) | stage.environment | {"AWS_REGION": aws.region}
    print(f"Trying {url}")
    try:
        with (
            using(bootstrap(environment)),
            httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as http,
            translated_errors(),
        ):
            run_smoke_scenario(http)
    except httpx.InvalidURL as error:
        raise StageError(f"{url} is no address: {error}.") from None
    except SettingsError as error:
        raise StageError(str(error)) from None
    print("All is well, and nothing was left behind.")
    return 0
