"""One ministack for all tests. In its first account a stage that is made as an operator makes it, for all to use.

What a test changes of a stage, or takes down, it has in an account of its own.
"""

import os
import platform
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from infra.stage.package import Package, build_folder
from tests.stage import emulator
from tests.stage.browser import StageBrowser
from tests.stage.emulator import Ministack
from tests.stage.operator import STAGE, Operator

ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
_accounts = count(111111111111)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """The AWS on this machine, for our own functions too."""
    with emulator.start(tmp_path_factory.mktemp("ministack")) as running, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in running.environment().items():
            patch.setenv(name, value)
        yield running


@pytest.fixture(scope="session")
def operator(ministack: Ministack) -> Operator:
    """Who has deployed the stage, by the commands that `docs/operations.md` names."""
    operator = Operator(ministack)
    operator.succeeds("infra.admin", "secrets", "create", "--stage", STAGE.name)
    operator.succeeds("infra.stage", "deploy", STAGE.name, "--architecture", ARCHITECTURE)
    return operator


@pytest.fixture(scope="session")
def package(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """What was deployed."""
    made = build_folder(STAGE)
    template = tmp_path_factory.mktemp("package") / "template.json"
    template.write_bytes((made / "template.json").read_bytes())
    return Package(template, made / "deployment.zip")


@pytest.fixture(scope="session")
def newcomer(ministack: Ministack, operator: Operator) -> Callable[[], Operator]:
    """Makes an operator of an account that has secrets, and nothing else."""

    def make() -> Operator:
        other = Operator(ministack, str(next(_accounts)))
        other.take_secrets(operator)
        return other

    return make


@pytest.fixture
def other(newcomer: Callable[[], Operator]) -> Operator:
    """An operator of an account of the test's own."""
    return newcomer()


@pytest.fixture(scope="session")
def host(operator: Operator) -> str:
    """The name by which API Gateway knows the stage."""
    return f"{operator.outputs()['RestAPIId']}.execute-api.localhost"


@pytest.fixture(scope="session")
def url(operator: Operator) -> str:
    """The address of the stage, without a name that would have to be resolved."""
    return f"{operator.ministack.endpoint}/_aws/execute-api/{operator.outputs()['RestAPIId']}/{STAGE.name}"


@pytest.fixture(scope="session", autouse=True)
def clocked(package: Package, newcomer: Callable[[], Operator]) -> Operator:
    """Of a stage whose sweep runs every minute, not every five; made first, so that the minute passes meanwhile."""
    operator = newcomer()

    def hasten(resources: dict[str, Any]) -> None:
        event = resources["SweepDue"]["Properties"]["Events"]["SweepDueEvent"]["Properties"]
        assert event["Schedule"] == "rate(5 minutes)"
        event["Schedule"] = "rate(1 minute)"

    operator.deploy(package, hasten)
    return operator


@pytest.fixture
def browser(operator: Operator, host: str) -> Iterator[StageBrowser]:
    """With nothing in it."""
    browser = StageBrowser(operator.ministack.endpoint, host)
    with browser.http:
        yield browser
