"""API Gateway may write access logs: an account lets it once, for all stages. AWS is a stand-in that remembers."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.stage import account
from infra.stage.account import LOG_ROLE, let_api_gateway_log
from infra.stage.aws import Aws

MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


class Iam:
    """Roles, and what is attached to each."""

    def __init__(self) -> None:
        self.trusts: dict[str, Any] = {}
        self.attached: set[tuple[str, str]] = set()

    def create_role(self, RoleName: str, AssumeRolePolicyDocument: str) -> None:  # noqa: N803 - as boto3 has it
        if RoleName in self.trusts:
            raise ClientError({"Error": {"Code": "EntityAlreadyExists"}}, "CreateRole")
        self.trusts[RoleName] = json.loads(AssumeRolePolicyDocument)

    def attach_role_policy(self, RoleName: str, PolicyArn: str) -> None:  # noqa: N803 - as boto3 has it
        self.attached.add((RoleName, PolicyArn))

    def get_role(self, RoleName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        assert RoleName in self.trusts
        return {"Role": {"Arn": f"arn:aws:iam::123456789012:role/{RoleName}"}}


class Gateway:
    """API Gateway of one region: the role of the account, and how often it does not know a new one yet."""

    class exceptions:  # noqa: N801 - as boto3 has it
        class BadRequestException(ClientError):
            pass

        class TooManyRequestsException(ClientError):
            pass

    def __init__(self, role: str | None = None, *, slow: int = 0) -> None:
        self.role, self.slow, self.held_off = role, slow, False

    def get_account(self) -> dict[str, str]:
        return {} if self.role is None else {"cloudwatchRoleArn": self.role}

    def update_account(self, patchOperations: list[dict[str, str]]) -> None:  # noqa: N803 - as boto3 has it
        (change,) = patchOperations
        assert (change["op"], change["path"]) == ("replace", "/cloudwatchRoleArn")
        self.held_off = not self.held_off
        if self.slow and not self.held_off:
            raise self.exceptions.TooManyRequestsException({"Error": {"Code": "TooMany"}}, "UpdateAccount")
        if self.slow:
            self.slow -= 1
            raise self.exceptions.BadRequestException({"Error": {"Code": "BadRequestException"}}, "UpdateAccount")
        self.role = change["value"]


@pytest.fixture
def iam() -> Iam:
    return Iam()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(account, "sleep", waits.append)
    return waits


@pytest.fixture
def let(iam: Iam, monkeypatch: pytest.MonkeyPatch) -> Any:
    def let(gateway: Gateway) -> str | None:
        clients = {"apigateway": gateway, "iam": iam}
        monkeypatch.setattr(Aws, "client", lambda _, service: clients[service])
        let_api_gateway_log(Aws(boto3.Session(region_name="eu-central-1"), "123456789012"))
        return gateway.role

    return let


def test_a_fresh_account_lets_api_gateway_log_by_a_role_that_it_alone_may_take(let: Any, iam: Iam) -> None:
    assert let(Gateway()) == iam.get_role(LOG_ROLE)["Role"]["Arn"]
    (trust,) = iam.trusts[LOG_ROLE]["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"Service": "apigateway.amazonaws.com"}, "sts:AssumeRole")
    assert iam.attached == {(LOG_ROLE, MANAGED)}


def test_a_role_that_the_account_has_already_is_left_as_it_is(let: Any, iam: Iam) -> None:
    assert let(Gateway("theirs")) == "theirs"
    assert iam.trusts == {}


def test_a_second_region_of_the_account_has_the_same_role(let: Any) -> None:
    assert let(Gateway()) == let(Gateway()) is not None


def test_a_role_that_is_not_known_everywhere_yet_is_waited_for(let: Any, waited: list[float]) -> None:
    assert let(Gateway(slow=2)) is not None  # and was held off in between, for it asked again
    assert waited == [20, 20, 20]


def test_a_role_that_is_never_taken_is_reported(let: Any, waited: list[float]) -> None:
    with pytest.raises(ClientError, match="UpdateAccount"):
        let(Gateway(slow=99))
    assert sum(waited) <= 60
